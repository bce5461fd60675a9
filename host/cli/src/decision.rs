//! `largesse decision`: what was decided, and why.

mod stats;
mod verify;

use std::fmt::Write as _;

use largesse_documents::outcome::OutcomeView;
use largesse_documents::{DecisionView, HeadView};
use largesse_http::views::{DecisionItem, DecisionPage};

use crate::client::{Connection, with_query};
use crate::failure::Result;
use crate::money::{count, worth};
use crate::output::Output;
use crate::table::Table;

/// See what was decided, and why
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
    /// Show a decision with its whole input and outcome
    Show {
        /// Its id
        id: u64,
    },
    /// List decisions, the earliest first
    List {
        /// Only those of this campaign
        #[arg(long, value_name = "ID")]
        campaign: Option<String>,
        /// Only those on events of this customer
        #[arg(long, value_name = "ID")]
        customer: Option<String>,
        /// Only those after this one
        #[arg(long, value_name = "ID")]
        after: Option<u64>,
        /// At most so many, up to 1000
        #[arg(long, default_value_t = 100)]
        limit: u64,
    },
    /// Print where the chain of decisions ends, to be noted where nobody else writes
    Head,
    /// Check that the records are those that the host wrote, in a data directory of a host that is stopped
    ///
    /// Makes the link of every decision anew. Prints how many there are, and the last one with its link. Ends with 1 and tells the first
    /// decision that was changed, is missing or was put in, when there is one.
    Verify(verify::Args),
    /// Tell how much room decisions take in the database of a host that is stopped
    Stats(stats::Args),
}

pub(crate) fn run(args: Args, output: Output) -> Result {
    let client = || args.connection.client();
    match args.action {
        Action::Verify(args) => verify::run(&args, output),
        Action::Stats(args) => stats::run(&args, output),
        Action::Head => {
            let head: HeadView = client()?.get("/v1/decisions/head")?;
            output.print(&head, || format!("{}:{}\n", head.decision, head.link))
        }
        Action::Show { id } => {
            let decision: DecisionView = client()?.get(&format!("/v1/decisions/{id}"))?;
            output.print(&decision, || show_text(&decision))
        }
        Action::List { campaign, customer, after, limit } => {
            let query = [
                ("campaign", campaign),
                ("customer", customer),
                ("after", after.map(|after| after.to_string())),
                ("limit", Some(limit.to_string())),
            ];
            let page: DecisionPage = client()?.get(&with_query("/v1/decisions", &query))?;
            output.print(&page, || list_text(&page))
        }
    }
}

/// What a decision did, in a few words.
pub(crate) fn result_text(reason: Option<&str>, code: Option<&str>, outcomes: &[OutcomeView]) -> String {
    let mut parts: Vec<String> = reason.into_iter().chain(code).map(str::to_owned).collect();
    parts.extend(outcomes.iter().map(outcome_text));
    parts.join("; ")
}

pub(crate) fn outcome_text(outcome: &OutcomeView) -> String {
    let to = outcome.to.as_deref().unwrap_or_default();
    let text = match outcome.effect.as_str() {
        "grant" => match (&outcome.unit, outcome.quantity) {
            (Some(unit), Some(quantity)) => format!("{} to {to}", quantity_text(unit, quantity)),
            _ => "grant".to_owned(),
        },
        "revoke" => {
            let reversals = outcome.reversals.iter().flatten();
            let texts: Vec<_> = reversals
                .map(|reversal| {
                    format!("{} back from {}", quantity_text(&reversal.unit, reversal.quantity), reversal.to)
                })
                .collect();
            if texts.is_empty() { "nothing to take back".into() } else { texts.join(", ") }
        }
        "tag" => {
            let sign = if outcome.present == Some(false) { '-' } else { '+' };
            format!("{sign}{} on {to}", outcome.tag.as_deref().unwrap_or_default())
        }
        "schedule" => match (&outcome.timer, &outcome.due) {
            (Some(name), Some(due)) => format!("timer {name} at {due}"),
            (Some(name), None) => format!("timer {name} cancelled"),
            (None, _) => "timer".to_owned(),
        },
        "reserve" => match (&outcome.unit, outcome.quantity) {
            (Some(unit), Some(quantity)) => format!("{} of {to} reserved", quantity_text(unit, quantity)),
            _ => "reservation".to_owned(),
        },
        "settle" => match (&outcome.unit, outcome.quantity) {
            (Some(unit), Some(quantity)) => {
                let how = if outcome.how.as_deref() == Some("release") { "released" } else { "committed" };
                format!("{} of {to} {how}", quantity_text(unit, quantity))
            }
            _ => "settlement".to_owned(),
        },
        effect => format!("{effect} to {to}"),
    };
    match (&*outcome.status, &outcome.reason) {
        ("applied", _) => text,
        (status, Some(reason)) => format!("{text} {status}: {reason}"),
        (status, None) => format!("{text} {status}"),
    }
}

pub(crate) fn quantity_text(unit: &str, quantity: u64) -> String {
    let money = i64::try_from(quantity).map(|quantity| worth(unit, quantity)).unwrap_or_default();
    if money.is_empty() { format!("{} {unit}", count(quantity)) } else { money }
}

fn list_text(page: &DecisionPage) -> String {
    let mut table = Table::new([">id", "occurred", "event", "customer", "campaign", "verdict", "result"]);
    for DecisionItem { id, event, campaign, verdict, reason, refusal, fault, outcomes, .. } in &page.items {
        let code = refusal.as_deref().or(fault.as_deref());
        table.row([
            id.to_string(),
            event.occurred.clone(),
            event.kind.clone(),
            event.actor.clone(),
            campaign.clone(),
            verdict.clone(),
            result_text(reason.as_deref(), code, outcomes),
        ]);
    }
    let mut text = table.to_string();
    if table.is_empty() {
        text = "No such decision.\n".into();
    } else if let Some(next) = page.next {
        let _ = writeln!(text, "\nThere may be more: --after {next}");
    }
    text
}

fn show_text(decision: &DecisionView) -> String {
    let DecisionView { event, owner, .. } = decision;
    let mut text = format!("decision {}: {}\n\n", decision.id, decision.verdict);
    for (name, value) in [
        ("event", format!("{} {} of {} ({})", event.kind, event.id, event.actor, event.source)),
        ("occurred", event.occurred.clone()),
        ("campaign", format!("{}, revision {}, {}", decision.campaign, decision.revision, decision.phase)),
        ("subscription", decision.subscription.clone()),
        ("owner", format!("{} {}", owner.kind, owner.id)),
        ("policy", decision.policy.clone()),
        ("now, seed", format!("{}, {}", decision.now, decision.seed)),
        ("fuel", count(decision.fuel)),
        ("made at", decision.made_at.clone()),
    ] {
        let _ = writeln!(text, "{name:14}{value}");
    }
    if let Some(denied) = &decision.denied {
        let _ = writeln!(text, "{:14}{}", "denied", denied.reason);
    }
    if let Some(refusal) = &decision.refusal {
        let _ = writeln!(text, "{:14}{}: {}", "refused", refusal.code, refusal.message);
    }
    if let Some(fault) = &decision.fault {
        let _ = writeln!(text, "{:14}{}: {}", "fault", fault.kind, fault.detail);
    }
    for outcome in &decision.outcomes {
        let key = outcome.key.as_deref().map(|key| format!("  [{key}]")).unwrap_or_default();
        let _ = writeln!(text, "{:14}{}{key}", outcome.status, outcome_text(outcome));
    }
    let _ = writeln!(text, "{:14}{}", "event data", event.data);
    if let Some(state) = &decision.state_before {
        let _ = writeln!(text, "{:14}{state}", "state before");
    }
    if !decision.log.is_empty() {
        let _ = writeln!(text, "\nlog\n{}", decision.log.trim_end());
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn outcomes_are_said_in_words() {
        let outcomes = json!([
            {"status": "applied", "effect": "grant", "to": "u1", "key": "k", "unit": "cash:CNY", "quantity": 800, "choice": 0},
            {"status": "reduced", "effect": "grant", "reason": "budget", "to": "u1", "unit": "points", "quantity": 1200},
            {"status": "skipped", "effect": "grant", "reason": "already-granted"},
            {"status": "applied", "effect": "revoke", "reversals": [{"to": "u2", "key": "k", "unit": "points", "quantity": 5}]},
            {"status": "applied", "effect": "revoke", "reversals": []},
            {"status": "applied", "effect": "tag", "to": "u1", "tag": "vip", "present": false},
            {"status": "applied", "effect": "message", "to": "u1", "key": "m"},
            {"status": "applied", "effect": "schedule", "timer": "remind", "due": "2026-11-22T00:00:00Z", "present": true},
            {"status": "applied", "effect": "schedule", "timer": "remind", "present": false},
            {"status": "skipped", "effect": "schedule", "reason": "no-such-timer"},
            {"status": "reduced", "effect": "reserve", "reason": "insufficient-balance", "to": "u1", "key": "order/7",
             "unit": "points", "quantity": 60, "redemption": "spring@order/7@u1", "until": "2026-11-22T00:00:00Z"},
            {"status": "skipped", "effect": "reserve", "reason": "already-reserved"},
            {"status": "applied", "effect": "settle", "to": "u1", "key": "k", "unit": "points", "quantity": 6, "how": "commit"},
            {"status": "applied", "effect": "settle", "to": "u1", "unit": "points", "quantity": 6, "how": "release"},
            {"status": "skipped", "effect": "settle", "reason": "nothing-to-settle"}
        ]);
        let outcomes: Vec<OutcomeView> = serde_json::from_value(outcomes).unwrap();
        let text = result_text(None, Some("code"), &outcomes).replace("; ", "\n");
        insta::assert_snapshot!(text);
    }

    #[test]
    fn decisions_are_listed() {
        let page = json!({"next": 7, "items": [{
            "id": 7, "campaign": "welcome", "policy": "ab", "subscription": "registered", "verdict": "denied", "reason": "limit",
            "outcomes": [], "made_at": "2026-11-21T00:00:00Z",
            "event": {"seq": 3, "source": "/shop", "id": "e1", "kind": "user.registered", "actor": "u1",
                      "occurred": "2026-11-20T00:00:00Z"}
        }]});
        insta::assert_snapshot!(list_text(&serde_json::from_value(page).unwrap()));
    }
}
