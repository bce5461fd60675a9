//! `largesse redemption`: use what customers were granted.

use std::fmt::Write as _;

use largesse_documents::request::{GrantName, ReturnDocument, SettleDocument};
use largesse_documents::{RedemptionDocument, RedemptionView};
use largesse_http::views::RedemptionList;

use crate::campaign::quantity;
use crate::client::{Client, Connection, step};
use crate::failure::{Failure, Result};
use crate::listing::{Paging, with_next};
use crate::output::Output;
use crate::table::Table;

/// Use what customers were granted
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
    /// Use points, a coupon, cash; or reserve them first
    Make {
        /// Your own identifier: the same redemption again changes nothing
        id: String,
        /// Whose wallet
        #[arg(long)]
        customer: String,
        /// Of what, such as points or coupon:tea
        #[arg(long)]
        unit: String,
        /// How much, in the unit's smallest part
        #[arg(long)]
        quantity: u64,
        /// Only from this grant; without it, as the terms of the unit say
        #[arg(long, value_name = "CAMPAIGN/KEY")]
        grant: Option<String>,
        /// Only reserve, until then
        #[arg(long, value_name = "TIME")]
        reserve_until: Option<String>,
        /// For the statement and the auditor: an order, a transfer
        #[arg(long, default_value = "", hide_default_value = true)]
        reference: String,
    },
    /// List what a customer has used
    List {
        /// The customer's id
        customer: String,
        #[command(flatten)]
        paging: Paging,
    },
    /// Show a redemption
    Show {
        /// Its id
        id: String,
    },
    /// Use what is reserved
    Commit(Settle),
    /// Give back what is reserved
    Release(Settle),
    /// Give back what was used, or some of it
    Reverse {
        #[command(flatten)]
        settle: Settle,
        /// So much comes back; without it, all that has not come back yet
        #[arg(long)]
        quantity: Option<u64>,
        /// Your own identifier of this return: the same again changes nothing
        #[arg(long, value_name = "ID")]
        return_id: Option<String>,
    },
}

#[derive(Debug, clap::Args)]
struct Settle {
    /// Its id
    id: String,
    /// Only if it is this customer's
    #[arg(long)]
    customer: Option<String>,
}

pub(crate) fn run(args: Args, output: Output) -> Result {
    let client = args.connection.client()?;
    let redemption = match args.action {
        Action::Make { id, customer, unit, quantity, grant, reserve_until, reference } => {
            let grant = grant.as_deref().map(grant_name).transpose()?;
            let quantity = quantity.into();
            let document = RedemptionDocument { id, customer, unit, quantity, grant, reserve_until, reference };
            client.post_document("/v1/redemptions", &document)?
        }
        Action::List { customer, paging } => {
            let path = format!("/v1/customers/{}/redemptions", step(&customer));
            let list: RedemptionList = paging.read(&client, &path)?;
            return output.print(&list, || with_next(list_text(&list), &list));
        }
        Action::Show { id } => client.get(&format!("/v1/redemptions/{}", step(&id)))?,
        Action::Commit(settle) => settle.go(&client, "commit")?,
        Action::Release(settle) => settle.go(&client, "release")?,
        Action::Reverse { settle: Settle { id, customer }, quantity, return_id } => {
            let document = ReturnDocument { id: return_id, quantity: quantity.map(Into::into), customer };
            client.settle(("redemptions", &id), "reverse", &document)?
        }
    };
    output.print(&redemption, || text(&redemption))
}

impl Settle {
    fn go(self, client: &Client, how: &str) -> Result<RedemptionView> {
        client.settle(("redemptions", &self.id), how, &SettleDocument { customer: self.customer })
    }
}

/// A campaign's id has no `/`, a key may have.
fn grant_name(text: &str) -> Result<GrantName> {
    match text.split_once('/') {
        Some((campaign, key)) => Ok(GrantName { campaign: campaign.to_owned(), key: key.to_owned() }),
        None => Err(Failure::usage(anyhow::anyhow!("`{text}` does not name a grant"))
            .hint("a grant is named by its campaign and its key, such as welcome/first-order")),
    }
}

fn text(redemption: &RedemptionView) -> String {
    let amount = quantity(&redemption.unit, redemption.quantity);
    let RedemptionView { id, state, customer, unit, .. } = redemption;
    let mut text = format!("{id} is {state}: {amount} of {unit}, {customer}\n");
    if let Some(until) = redemption.reserve_until.as_ref().filter(|_| redemption.state == "reserved") {
        let _ = writeln!(text, "reserved until {until}");
    }
    if redemption.returned > 0 {
        let _ = writeln!(text, "returned: {}", quantity(unit, redemption.returned));
    }
    let mut table = Table::new(["campaign", "key", ">quantity"]);
    for part in &redemption.parts {
        table.row([part.campaign.clone(), part.key.clone(), quantity(&redemption.unit, part.quantity)]);
    }
    let _ = write!(text, "\n{table}");
    text
}

fn list_text(list: &RedemptionList) -> String {
    let mut table = Table::new(["redemption", "made", "unit", ">quantity", "state", "reference"]);
    for redemption in &list.items {
        table.row([
            redemption.id.clone(),
            redemption.made_at.clone(),
            redemption.unit.clone(),
            quantity(&redemption.unit, redemption.quantity),
            redemption.state.clone(),
            redemption.reference.clone(),
        ]);
    }
    if table.is_empty() { "No redemption.\n".into() } else { table.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redemption(state: &str) -> RedemptionView {
        serde_json::from_value(serde_json::json!({
            "id": "order/7", "customer": "u1", "unit": "cash:CNY", "quantity": 8_800, "state": state,
            "reserve_until": "2026-11-20T00:00:00Z", "reference": "order 7",
            "parts": [
                {"campaign": "welcome", "key": "first", "issue": 1, "quantity": 8_000},
                {"campaign": "daily", "key": "day/2", "issue": 1, "quantity": 800},
            ],
            "made_at": "2026-11-19T00:00:00Z", "changed_at": "2026-11-19T00:00:00Z",
        }))
        .unwrap()
    }

    #[test]
    fn a_redemption_is_shown_with_its_parts() {
        insta::assert_snapshot!([text(&redemption("reserved")), text(&redemption("redeemed"))].join("\n"));
        insta::assert_snapshot!(list_text(&RedemptionList { items: vec![redemption("redeemed")], next: None }));
    }

    #[test]
    fn a_grant_is_named_by_campaign_and_key() {
        assert_eq!(grant_name("welcome/day/2").unwrap().key, "day/2");
        assert!(grant_name("welcome").is_err());
    }
}
