//! `largesse customer`: what is known of a customer, and what they were granted.

use std::fmt::Write as _;

use largesse_documents::customer::AttributeDocument;
use largesse_http::views::{BalanceList, CustomerAnswer, GrantList};
use serde_json::json;

use crate::client::{Client, Connection, step};
use crate::failure::Result;
use crate::listing::read_all;
use crate::money::{count, worth};
use crate::output::Output;
use crate::table::Table;

/// See what is known of a customer, and what they were granted
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub(crate) struct Args {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Show attributes, tags, inviters, grants and balances
    Show {
        /// The customer's id
        id: String,
    },
}

/// All that the host has on a customer.
struct Shown {
    customer: CustomerAnswer,
    grants: GrantList,
    balances: BalanceList,
}

pub(crate) fn run(args: Args, output: Output) -> Result {
    let client = args.connection.client()?;
    let Action::Show { id } = args.action;
    let shown = read(&client, &id)?;
    let Shown { customer, grants, balances } = &shown;
    let document = json!({"customer": customer, "grants": grants.items, "balances": balances.items});
    output.print(&document, || text(&shown))
}

fn read(client: &Client, id: &str) -> Result<Shown> {
    let path = format!("/v1/customers/{}", step(id));
    Ok(Shown {
        customer: client.get(&path)?,
        grants: read_all(client, &format!("{path}/grants"))?,
        balances: read_all(client, &format!("{path}/balances"))?,
    })
}

fn text(shown: &Shown) -> String {
    let Shown { customer, grants, balances } = shown;
    let mut text = format!("customer {}\n", customer.customer.id);
    if !customer.customer.also.is_empty() {
        let _ = writeln!(text, "also known as {}", customer.customer.also.join(", "));
    }
    let tags: Vec<_> = customer.customer.tags.iter().map(|tag| tag.tag.as_str()).collect();
    if !tags.is_empty() {
        let _ = writeln!(text, "tags: {}", tags.join(", "));
    }
    for (campaign, inviter) in &customer.inviters {
        let _ = writeln!(text, "invited by {inviter} ({campaign})");
    }
    let mut attributes = Table::new(["attribute", "value", "as of"]);
    for (name, attribute) in &customer.customer.attributes {
        let value = match &attribute.value {
            AttributeDocument::Bool(value) => value.to_string(),
            AttributeDocument::Int(value) => value.to_string(),
            AttributeDocument::Text(value) => value.clone(),
        };
        attributes.row([name.clone(), value, attribute.as_of.clone()]);
    }
    let mut given = Table::new(["granted", "campaign", "key", "unit", ">quantity", ">amount", "state", ">decision"]);
    for grant in &grants.items {
        let state = match grant.reversed {
            0 => grant.state.clone(),
            reversed => format!("{}, {} taken back", grant.state, count(reversed)),
        };
        given.row([
            grant.granted_at.clone(),
            grant.campaign.clone(),
            grant.key.clone(),
            grant.unit.clone(),
            count(grant.quantity),
            amount(&grant.unit, grant.quantity),
            state,
            grant.decision.map_or_else(|| "-".to_owned(), |decision| decision.to_string()),
        ]);
    }
    let columns = [
        "unit",
        ">available",
        ">amount",
        ">pending",
        ">reserved",
        ">redeemed",
        ">paid",
        ">expired",
        ">reversed",
        ">owed",
    ];
    let mut held = Table::new(columns);
    for balance in &balances.items {
        held.row([
            balance.unit.clone(),
            count(balance.available),
            amount(&balance.unit, balance.available),
            count(balance.pending),
            count(balance.reserved),
            count(balance.redeemed),
            count(balance.paid),
            count(balance.expired),
            count(balance.reversed),
            count(balance.owed),
        ]);
    }
    for table in [attributes, given, held].iter().filter(|table| !table.is_empty()) {
        let _ = write!(text, "\n{table}");
    }
    text
}

fn amount(unit: &str, quantity: u64) -> String {
    i64::try_from(quantity).map(|quantity| worth(unit, quantity)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_customer_is_shown() {
        let customer = json!({
            "id": "u1", "attributes": {
                "registered_at": {"value": 1_000, "as_of": "2026-11-20T00:00:00Z"},
                "city": {"value": "Brno", "as_of": "2026-11-20T00:00:00Z"}
            },
            "tags": [{"tag": "came-by:app"}, {"tag": "vip"}], "identifiers": {}, "touches": [], "raises_under_way": 0,
            "also": ["device:7", "phone:3"],
            "inviters": {"invite": "u0"}
        });
        let grant = |unit: &str, reversed: u64, state: &str| {
            json!({
                "campaign": "welcome", "to": "u1", "key": "verified", "issue": 1, "unit": unit, "quantity": 8_800,
                "reversed": reversed, "redeemed": 0, "reserved": 0, "available": 8_800 - reversed, "state": state, "decision": 12, "granted_at": "2026-11-20T00:00:00Z", "reason": ""
            })
        };
        let shown = Shown {
            customer: serde_json::from_value(customer).unwrap(),
            grants: serde_json::from_value(
                json!({"items": [grant("cash:CNY", 0, "posted"), grant("points", 800, "posted")]}),
            )
            .unwrap(),
            balances: serde_json::from_value(json!({"items": [
                {"unit": "cash:CNY", "available": 8_800, "pending": 0, "reserved": 0, "redeemed": 0, "paid": 0, "expired": 0,
                 "reversed": 0, "owed": 0},
                {"unit": "points", "available": 7_000, "pending": 0, "reserved": 200, "redeemed": 800, "paid": 0, "expired": 0,
                 "reversed": 800, "owed": 0}
            ]}))
            .unwrap(),
        };
        insta::assert_snapshot!(text(&shown));
    }
}
