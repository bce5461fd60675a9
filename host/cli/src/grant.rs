//! `largesse grant`: take back what was granted.

use std::fmt::Write as _;

use largesse_documents::ReversalDocument;
use largesse_documents::receipt::ReversalAnswer;
use largesse_documents::request::SlotDocument;

use crate::campaign::quantity;
use crate::client::{Client, Connection};
use crate::failure::Result;
use crate::output::Output;
use crate::table::Table;

/// Take back what was granted
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
    /// Take back a grant, or some of it; what was used becomes the customer's debt
    Reverse {
        /// The campaign that granted
        campaign: String,
        /// Who got it
        customer: String,
        /// The grant's key; `largesse customer show` lists them
        key: String,
        /// Take back at most so much
        #[arg(long)]
        quantity: Option<u64>,
        #[command(flatten)]
        request: ReversalArgs,
    },
}

/// What every reversal says.
#[derive(Debug, clap::Args)]
pub(crate) struct ReversalArgs {
    /// Your own identifier: the same reversal again changes nothing
    #[arg(long)]
    id: String,
    /// Why, for the auditor
    #[arg(long)]
    reason: String,
}

impl ReversalArgs {
    /// A reversal of nothing yet.
    pub(crate) fn document(self) -> ReversalDocument {
        ReversalDocument { id: self.id, grant: None, quantity: None, event: None, reason: self.reason }
    }
}

pub(crate) fn run(args: Args, output: Output) -> Result {
    let client = args.connection.client()?;
    let Action::Reverse { campaign, customer, key, quantity, request } = args.action;
    let grant = Some(SlotDocument { campaign, customer, key });
    let quantity = quantity.map(Into::into);
    reverse(&client, output, &ReversalDocument { grant, quantity, ..request.document() })
}

/// Takes something back and says what.
pub(crate) fn reverse(client: &Client, output: Output, document: &ReversalDocument) -> Result {
    let answer: ReversalAnswer = client.post_document("/v1/reversals", document)?;
    output.print(&answer, || text(&answer))
}

fn text(answer: &ReversalAnswer) -> String {
    let mut table = Table::new(["campaign", "customer", "key", "unit", ">taken back"]);
    for taken in &answer.reversed {
        let amount = quantity(&taken.unit, taken.quantity);
        table.row([taken.campaign.clone(), taken.to.clone(), taken.key.clone(), taken.unit.clone(), amount]);
    }
    let mut text = if table.is_empty() { String::new() } else { table.to_string() };
    for taken in &answer.tags {
        let _ = writeln!(text, "{} is no longer tagged {}", taken.customer, taken.tag);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_taken_back_is_told() {
        let answer = serde_json::json!({
            "reversed": [
                {"campaign": "welcome", "to": "u1", "key": "first", "unit": "points", "quantity": 1_500},
                {"campaign": "welcome", "to": "u0", "key": "bonus/u1", "unit": "cash:CNY", "quantity": 8_800},
            ],
            "tags": [{"customer": "u1", "tag": "vip"}],
        });
        insta::assert_snapshot!(text(&serde_json::from_value(answer).unwrap()));
    }
}
