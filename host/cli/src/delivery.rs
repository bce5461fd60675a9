//! `largesse delivery`: what destinations were told, and what still waits.

use std::fmt::Write as _;

use largesse_documents::{DeliveryView, WholeDeliveryView};
use largesse_http::views::{DeliveryPage, FailureDocument, ReplayAnswer, ReplayDeadDocument};

use crate::client::{Connection, with_query};
use crate::failure::Result;
use crate::output::Output;
use crate::table::Table;

/// See what destinations were told, and have it sent again
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
    /// List deliveries, the earliest first
    List {
        /// Only those that are waiting, delivered or dead
        #[arg(long)]
        state: Option<String>,
        /// Only those to this destination
        #[arg(long, value_name = "ID")]
        destination: Option<String>,
        /// Only those after this one
        #[arg(long, value_name = "ID")]
        after: Option<u64>,
        /// At most so many, up to 1000
        #[arg(long, default_value_t = 100)]
        limit: u64,
    },
    /// Show a delivery with what is sent
    Show {
        /// Its id
        id: u64,
    },
    /// Send a delivery again, or all dead ones to a destination
    #[command(group = clap::ArgGroup::new("what").required(true).args(["id", "destination"]))]
    Replay {
        /// Its id
        id: Option<u64>,
        /// All dead ones to this destination
        #[arg(long, value_name = "ID")]
        destination: Option<String>,
    },
    /// Say that the grant which a delivery told of was carried out
    Confirm {
        /// Its id
        id: u64,
    },
    /// Say that the grant which a delivery told of could not be carried out: it is taken back
    Fail {
        /// Its id
        id: u64,
        /// Why
        #[arg(long)]
        reason: String,
    },
}

pub(crate) fn run(args: Args, output: Output) -> Result {
    let client = args.connection.client()?;
    let delivery: DeliveryView = match args.action {
        Action::List { state, destination, after, limit } => {
            let query = [
                ("state", state),
                ("destination", destination),
                ("after", after.map(|after| after.to_string())),
                ("limit", Some(limit.to_string())),
            ];
            let page: DeliveryPage = client.get(&with_query("/v1/deliveries", &query))?;
            return output.print(&page, || list_text(&page));
        }
        Action::Show { id } => {
            let delivery: WholeDeliveryView = client.get(&format!("/v1/deliveries/{id}"))?;
            return output.print(&delivery, || show_text(&delivery));
        }
        Action::Replay { destination: Some(destination), .. } => {
            let document = serde_json::to_vec(&ReplayDeadDocument { destination })?;
            // The host sends a bounded number again at a time.
            let mut answer = ReplayAnswer { replayed: 0 };
            loop {
                let some: ReplayAnswer = client.post_body("/v1/deliveries/replay", ("application/json", &document))?;
                answer.replayed += some.replayed;
                if some.replayed < largesse_domain::limits::REPLAY_MAX {
                    break;
                }
            }
            return output.print(&answer, || format!("{} sent again\n", answer.replayed));
        }
        Action::Replay { id, .. } => client.post(&format!("/v1/deliveries/{}/replay", id.unwrap_or_default()))?,
        Action::Confirm { id } => client.post(&format!("/v1/deliveries/{id}/confirm"))?,
        Action::Fail { id, reason } => {
            let document = serde_json::to_vec(&FailureDocument { reason })?;
            client.post_body(&format!("/v1/deliveries/{id}/fail"), ("application/json", &document))?
        }
    };
    output.print(&delivery, || list_text(&DeliveryPage { items: vec![delivery.clone()], next: None }))
}

fn list_text(page: &DeliveryPage) -> String {
    let mut table = Table::new([">id", "destination", "topic", "customer", "state", ">tries", "settled", "last error"]);
    for delivery in &page.items {
        table.row([
            delivery.id.to_string(),
            delivery.destination.clone(),
            delivery.topic.clone(),
            delivery.customer.clone().unwrap_or_default(),
            delivery.state.clone(),
            delivery.attempts.to_string(),
            delivery.settlement.as_ref().map(|settlement| settlement.settled.clone()).unwrap_or_default(),
            delivery.last_error.clone().unwrap_or_default(),
        ]);
    }
    let mut text = table.to_string();
    if table.is_empty() {
        text = "No such delivery.\n".into();
    } else if let Some(next) = page.next {
        let _ = writeln!(text, "\nThere may be more: --after {next}");
    }
    text
}

fn show_text(whole: &WholeDeliveryView) -> String {
    let delivery = &whole.delivery;
    let mut text = format!("delivery {}: {}\n\n", delivery.id, delivery.state);
    let settlement = delivery.settlement.as_ref().map(|settlement| {
        let reason = settlement.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
        format!("{} at {}{reason}", settlement.settled, settlement.at)
    });
    for (name, value) in [
        ("destination", Some(delivery.destination.clone())),
        ("topic", Some(delivery.topic.clone())),
        ("customer", delivery.customer.clone()),
        ("made at", Some(delivery.made_at.clone())),
        ("tries", Some(delivery.attempts.to_string())),
        ("due", delivery.due.clone()),
        ("last error", delivery.last_error.clone()),
        ("settled", settlement),
        ("body", Some(whole.body.to_string())),
    ] {
        if let Some(value) = value {
            let _ = writeln!(text, "{name:14}{value}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn delivery() -> Value {
        json!({"id": 7, "destination": "bank", "topic": "grant.granted", "customer": "u1", "state": "waiting", "attempts": 2,
            "made_at": "2026-11-21T00:00:00Z", "due": "2026-11-21T00:00:15Z", "last_error": "answered 503",
            "settles": true, "settlement": {"settled": "failed", "reason": "no account", "at": "2026-11-21T00:01:00Z"}})
    }

    #[test]
    fn deliveries_are_listed() {
        let mut other = delivery();
        for name in ["settlement", "last_error", "customer"] {
            other.as_object_mut().unwrap().remove(name);
        }
        let page = json!({"next": 8, "items": [delivery(), other]});
        insta::assert_snapshot!(list_text(&serde_json::from_value(page).unwrap()));
    }

    #[test]
    fn a_delivery_is_shown_with_what_is_sent() {
        let mut whole = delivery();
        whole["body"] = json!({"id": 7, "type": "grant.granted"});
        insta::assert_snapshot!(show_text(&serde_json::from_value(whole).unwrap()));
    }
}
