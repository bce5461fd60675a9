//! `largesse reservation`: hold budget and stock for customers.

use largesse_documents::request::ReservationName;
use largesse_documents::{GrantView, ReservationDocument};

use crate::campaign::quantity;
use crate::client::{Client, Connection};
use crate::failure::Result;
use crate::output::Output;

/// Hold budget and stock for customers
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
    /// Reserve out of a campaign's budget, all or nothing
    Make {
        /// Your own identifier: the same reservation again changes nothing
        id: String,
        /// Out of which campaign's budget
        #[arg(long)]
        campaign: String,
        /// For whom
        #[arg(long)]
        customer: String,
        /// Of what, such as points or item:cup
        #[arg(long)]
        unit: String,
        /// How much, in the unit's smallest part
        #[arg(long)]
        quantity: u64,
        /// Until when; then it is released
        #[arg(long, value_name = "TIME")]
        until: String,
        /// For the statement and the auditor
        #[arg(long, default_value = "", hide_default_value = true)]
        reason: String,
    },
    /// Give what is reserved
    Commit(Settle),
    /// Let go of what is reserved
    Release(Settle),
}

#[derive(Debug, clap::Args)]
struct Settle {
    /// Its id
    id: String,
    /// Out of which campaign's budget
    #[arg(long)]
    campaign: String,
    /// For whom
    #[arg(long)]
    customer: String,
}

pub(crate) fn run(args: Args, output: Output) -> Result {
    let client = args.connection.client()?;
    let grant = match args.action {
        Action::Make { id, campaign, customer, unit, quantity, until, reason } => {
            let quantity = quantity.into();
            let document = ReservationDocument { id, campaign, customer, unit, quantity, until, reason };
            client.post_document("/v1/reservations", &document)?
        }
        Action::Commit(settle) => settle.go(&client, "commit")?,
        Action::Release(settle) => settle.go(&client, "release")?,
    };
    output.print(&grant, || text(&grant))
}

impl Settle {
    fn go(self, client: &Client, how: &str) -> Result<GrantView> {
        let Self { id, campaign, customer } = self;
        client.settle(("reservations", &id), how, &ReservationName { campaign, customer })
    }
}

fn text(grant: &GrantView) -> String {
    let GrantView { campaign, key, to, unit, state, .. } = grant;
    let until = grant.hold_until.as_ref().map(|until| format!(" until {until}")).unwrap_or_default();
    format!("{key} of {campaign} is {state}{until}: {} of {unit}, {to}\n", quantity(unit, grant.quantity))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reservation_is_told() {
        let mut grant: GrantView = serde_json::from_value(serde_json::json!({
            "campaign": "welcome", "to": "u1", "key": "reservation/order/7", "issue": 1, "unit": "item:cup", "quantity": 2,
            "reversed": 0, "redeemed": 0, "reserved": 0, "available": 0, "state": "pending",
            "granted_at": "2026-11-19T00:00:00Z", "hold_until": "2026-11-20T00:00:00Z", "reason": "",
        }))
        .unwrap();
        let pending = text(&grant);
        (grant.state, grant.hold_until) = ("posted".into(), None);
        insta::assert_snapshot!([pending, text(&grant)].concat());
    }
}
