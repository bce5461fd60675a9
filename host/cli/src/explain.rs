//! `largesse explain`: a decision in plain words, for an auditor or whoever answers the customer.

use std::fmt::Write as _;

use largesse_documents::catalogue::{UnitView, ValuationDocument};
use largesse_documents::effect::{BenefitView, EffectView, ProposalView};
use largesse_documents::outcome::OutcomeView;
use largesse_documents::{DecisionView, GrantView, PolicyView};
use largesse_domain::catalogue::Valuation;
use largesse_domain::unit::{Currency, Quantity};
use largesse_http::views::GrantList;
use serde_json::json;

use crate::client::{Client, Connection, step};
use crate::decision::{outcome_text, quantity_text};
use crate::failure::Result;
use crate::listing::read_all;
use crate::money::money;
use crate::output::Output;

/// Tell in plain words what came in, what was asked, what was done about it and why, and what it costs
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    connection: Connection,
    /// The decision's id
    decision: u64,
}

/// Everything that an explanation is made from.
struct Case {
    decision: DecisionView,
    policy: Option<PolicyView>,
    /// What the decision gave, as it is now.
    grants: Vec<GrantView>,
    /// The terms of what it gave, as far as there are any.
    units: Vec<UnitView>,
}

pub(crate) fn run(args: &Args, output: Output) -> Result {
    let client = args.connection.client()?;
    let case = gather(&client, args.decision)?;
    let text = text(&case);
    output.print(&json!({"decision": case.decision.id, "explanation": text}), || text.clone())
}

fn gather(client: &Client, id: u64) -> Result<Case> {
    let decision: DecisionView = client.get(&format!("/v1/decisions/{id}"))?;
    let policy = client.find(&format!("/v1/policies/{}", step(&decision.policy)))?;
    let given = decision.outcomes.iter().filter(|outcome| outcome.effect == "grant");
    let mut customers: Vec<&str> = given.filter_map(|outcome| outcome.to.as_deref()).collect();
    customers.sort_unstable();
    customers.dedup();
    let mut grants = Vec::new();
    for customer in customers {
        let list: GrantList = read_all(client, &format!("/v1/customers/{}/grants", step(customer)))?;
        grants.extend(list.items.into_iter().filter(|grant| grant.decision == Some(id)));
    }
    let mut units: Vec<UnitView> = Vec::new();
    for grant in &grants {
        if !units.iter().any(|terms| terms.unit == grant.unit) {
            units.extend(client.find(&format!("/v1/units/{}", step(&grant.unit)))?);
        }
    }
    Ok(Case { decision, policy, grants, units })
}

fn text(case: &Case) -> String {
    let mut text = headline(&case.decision);
    for (heading, lines) in [
        ("What came in", came_in(&case.decision)),
        ("Who decided", decided(case)),
        ("What was asked, and what the host did", done(&case.decision)),
        ("What it costs", costs(case)),
        ("What has become of it", since(&case.grants)),
    ] {
        if !lines.is_empty() {
            let _ = write!(text, "\n{heading}\n");
            for line in lines {
                let _ = writeln!(text, "  {line}");
            }
        }
    }
    let DecisionView { id, event, .. } = &case.decision;
    let _ = write!(
        text,
        "\nThe whole record: largesse decision show {id}\nThe customer:     largesse customer show {}\n\
         Run it again:     largesse replay --decision {id}\n",
        event.actor
    );
    text
}

fn headline(decision: &DecisionView) -> String {
    let DecisionView { id, campaign, event, .. } = decision;
    let what = match decision.verdict.as_str() {
        "accepted" => "was accepted",
        "denied" => "was denied by the host: nothing of it was done",
        "refused" => "was refused by the policy: nothing was asked for",
        _ => "failed: the policy broke its contract, and nothing was done",
    };
    format!("Decision {id} of {campaign} on what {} did {what}.\n", event.actor)
}

fn came_in(decision: &DecisionView) -> Vec<String> {
    let event = &decision.event;
    let mut lines = vec![format!("{} {} from {}, about {}", event.kind, event.id, event.source, event.actor)];
    let seq = event.seq.map(|seq| format!(" as number {seq}")).unwrap_or_default();
    let admitted = event.admitted.as_deref().unwrap_or(&decision.now);
    lines.push(format!("it happened at {}, and the host took it at {admitted}{seq}", event.occurred));
    lines.push(format!("it says {}", event.data));
    lines
}

fn decided(case: &Case) -> Vec<String> {
    let decision = &case.decision;
    let policy = case.policy.as_ref().map_or_else(
        || decision.policy.clone(),
        |policy| format!("{}@{} ({})", policy.name, policy.version, policy.digest.get(..12).unwrap_or_default()),
    );
    let mut lines = vec![format!("the policy {policy}, for its subscription `{}`", decision.subscription)];
    let phase = match decision.phase.as_str() {
        "closing" => "; the campaign had ended and was closing",
        "between" => "; the event is from outside the campaign's windows",
        _ => "",
    };
    lines.push(format!("with revision {} of the campaign's parameters{phase}", decision.revision));
    for party in &decision.parties {
        let mut shown = format!("shown {} as {}", party.customer, party.role);
        if party.attributes.as_object().is_some_and(|attributes| !attributes.is_empty()) {
            let _ = write!(shown, ", {}", party.attributes);
        }
        if !party.tags.is_empty() {
            let _ = write!(shown, ", tagged {}", party.tags.join(", "));
        }
        for balance in &party.balances {
            let _ = write!(shown, ", holding {} {}", balance.amount, balance.unit);
        }
        lines.push(shown);
    }
    let owner = format!("{} {}", decision.owner.kind, decision.owner.id);
    lines.push(match &decision.state_before {
        Some(state) => format!("remembering of {owner}: {state}"),
        None => format!("remembering nothing of {owner}"),
    });
    lines
}

fn done(decision: &DecisionView) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(refusal) = &decision.refusal {
        lines.push(format!("the policy's own no: {} ({})", refusal.message, refusal.code));
    }
    if let Some(fault) = &decision.fault {
        lines.push(format!("{}: {}", fault.kind, fault.detail));
    }
    let Some(ProposalView { claims, effects, note, .. }) = &decision.proposal else { return lines };
    for claim in claims {
        lines.push(format!("once only in `{}`, by {}: {}", claim.scope, claim.by, claim.party));
    }
    for (place, effect) in effects.iter().enumerate() {
        lines.push(format!("{}. {}", place + 1, asked(effect)));
        if let Some(outcome) = decision.outcomes.get(place) {
            lines.push(format!("   -> {}", came_of(outcome)));
        }
    }
    if let Some(denied) = &decision.denied {
        let of = match (&denied.claim, denied.effect, &denied.winner) {
            (Some(claim), ..) => format!(" (once only in `{}`, by {})", claim.scope, claim.by),
            (None, Some(effect), _) => format!(" ({} must be given whole or not at all)", effect + 1),
            (None, None, Some(winner)) => format!(" (the campaign {winner} gives)"),
            (None, None, None) => String::new(),
        };
        lines.push(format!("-> all of it denied{of}: {}", why(&denied.reason)));
    }
    if effects.is_empty() && claims.is_empty() {
        lines.push("nothing was asked for".to_owned());
    }
    if !note.is_empty() {
        lines.push(format!("the policy's note: {note}"));
    }
    lines
}

fn came_of(outcome: &OutcomeView) -> String {
    match &outcome.reason {
        None => format!("done: {}", outcome_text(outcome)),
        Some(reason) if outcome.status == "reduced" => {
            let whole = OutcomeView { status: "applied".to_owned(), ..outcome.clone() };
            format!("done in part: {}; {}", outcome_text(&whole), why(reason))
        }
        Some(reason) => format!("left out: {}", why(reason)),
    }
}

fn asked(effect: &EffectView) -> String {
    match effect {
        EffectView::Grant { key, to, choices, hold, reason, .. } => {
            let choices: Vec<_> = choices.iter().map(benefit).collect();
            let held = hold.as_ref().map_or("", |_| ", held at first");
            format!("give {to} {}{held}, as `{key}`{}", choices.join(", or else "), because(reason))
        }
        EffectView::Revoke { to: Some(to), key: Some(key), quantity, reason, .. } => {
            let much = quantity.map_or_else(|| "all".to_owned(), |quantity| format!("{quantity}"));
            format!("take back {much} of `{key}` from {to}{}", because(reason))
        }
        EffectView::Revoke { reason, .. } => format!("take back all that was given about this{}", because(reason)),
        EffectView::Message { to, template, class, .. } => format!("send {to} the {class} message {template}"),
        EffectView::Tag { to, tag, present: true, .. } => format!("tag {to} {tag}"),
        EffectView::Tag { to, tag, .. } => format!("take the tag {tag} from {to}"),
        EffectView::Schedule { name, .. } => format!("set the timer {name}"),
        EffectView::CancelTimer { name } => format!("drop the timer {name}"),
        EffectView::Reserve { key, party, unit, quantity, reason, .. } => {
            format!("reserve {} of {party}, as `{key}`{}", quantity_text(unit, *quantity), because(reason))
        }
        EffectView::Settle { of, party, key, how, reason, .. } => {
            format!("{how} the {of} `{key}` of {party}{}", because(reason))
        }
        EffectView::Place { to, programme, tier: Some(tier), reason, .. } => {
            format!("place {to} into {tier} of {programme}{}", because(reason))
        }
        EffectView::Place { to, programme, tier: None, reason, .. } => {
            format!("take {to} out of {programme}{}", because(reason))
        }
        EffectView::Share { pool, to, weight } => format!("let {to} weigh {weight} in the pool {pool}"),
        EffectView::Enrol { campaign, party, .. } => format!("hand {party} on to {campaign}"),
        EffectView::Measure { name, label, by } => {
            format!("count {by} of {name}{}", if label.is_empty() { String::new() } else { format!(" ({label})") })
        }
    }
}

fn benefit(benefit: &BenefitView) -> String {
    match benefit {
        BenefitView::Units { unit, quantity } => quantity_text(unit, *quantity),
        BenefitView::CreditLimit { by, up_to, .. } => format!("a credit limit higher by {by}, up to {up_to}"),
        BenefitView::RateBoost { unit, basis_points, .. } => format!("{basis_points} basis points on {unit}"),
    }
}

fn because(reason: &str) -> String {
    if reason.is_empty() { String::new() } else { format!(", because: {reason}") }
}

/// What the host means by a reason code.
fn why(code: &str) -> String {
    let words = match code {
        "claim-unknown" => "what it is claimed by is not known of the customer",
        "claim-taken" => "another customer has claimed it",
        "already-granted" => "it was given under this key before",
        "already-reserved" => "something was reserved under this key before",
        "cancelled-before" => "everything about it was taken back before",
        "campaign-ended" => "the event is from after the campaign's end",
        "outside-window" => "the event is from outside the campaign's windows",
        "pocket-closed" => "a pocket that pays for it was not open at the event's time",
        "timed-out" => "the time until which it would be held is over",
        "class-not-allowed" => "the campaign does not give this class of unit",
        "credit-unknown" => "the customer's credit limit is not known",
        "credit-ceiling" => "the customer's credit limit is at its ceiling, with the raises under way",
        "identifier-unknown" => {
            "a limit counts by a device, card, address or identity that is not known of the customer"
        }
        "no-limit" => "no limit of the campaign counts this unit",
        "no-budget" => "no budget of the campaign counts this unit",
        "limit-reached" => "a limit leaves no room",
        "budget-exhausted" => "a budget leaves no room",
        "stock-exhausted" => "there are not as many pieces on hand",
        "below-minimum" => "it is less than may be used of the unit at once",
        "insufficient-balance" => "the customer does not have as much to use",
        "nothing-to-revoke" => "there was nothing left to take back",
        "nothing-to-settle" => "there is no such thing to settle, or it was settled before",
        "already-sent" => "it was sent before",
        "too-many-tags" => "the customer has as many tags as there may be",
        "too-many-timers" => "the owner has as many timers as there may be",
        "no-such-timer" => "no such timer is set",
        "no-such-programme" => "nobody has made such a programme",
        "no-such-tier" => "the programme has no such tier",
        "move-not-allowed" => "the programme does not let the one tier follow on the other",
        "too-many-programmes" => "the customer stands in as many programmes as there may be",
        "already-placed" => "the customer stands there already, or stood in no tier",
        "no-such-pool" => "the campaign has no such pool",
        "pool-settled" => "the pool is settled",
        "no-such-campaign" => "there is no such campaign that takes customers on",
        "too-many-counts" => "the campaign counts as much as it may",
        "no-consent" => "the customer has not agreed to be sent marketing messages",
        "too-many-messages" => "the customer is sent as many marketing messages as there may be for now",
        "excluded" => "only one campaign of its stacking group gives for an event",
        other => return other.to_owned(),
    };
    format!("{words} ({code})")
}

/// What the grants cost as they were given, by the terms of today.
fn costs(case: &Case) -> Vec<String> {
    let line = |grant: &GrantView| {
        let what = quantity_text(&grant.unit, grant.quantity);
        if let Some(currency) = grant.unit.strip_prefix("cash:") {
            let itself = i64::try_from(grant.quantity).map(|quantity| money(quantity, currency)).unwrap_or_default();
            return format!("{what}: {itself}");
        }
        let terms = case.units.iter().find(|terms| terms.unit == grant.unit);
        match terms.and_then(|terms| cost(terms.document.cost.as_ref()?, grant.quantity)) {
            Some(cost) => format!("{what}: {cost}"),
            None => format!("{what}: nobody has said what that costs (`largesse unit set {}`)", grant.unit),
        }
    };
    case.grants.iter().map(line).collect()
}

fn cost(document: &ValuationDocument, quantity: u64) -> Option<String> {
    let (amount, per) = (Quantity::new(document.amount).ok()?, Quantity::new(document.per).ok()?);
    let cost = Valuation { amount, per, currency: Currency::new(&document.currency).ok()? };
    Some(money(i64::try_from(cost.rounded_up(quantity.into())).ok()?, &document.currency))
}

fn since(grants: &[GrantView]) -> Vec<String> {
    let line = |grant: &GrantView| {
        let mut parts = vec![format!("`{}` of {} is {}", grant.key, grant.to, grant.state)];
        for (quantity, what) in [
            (grant.redeemed, "used"),
            (grant.paid, "kept for a debt"),
            (grant.reversed, "taken back"),
            (grant.reserved, "reserved"),
        ] {
            if quantity > 0 {
                parts.push(format!("{} {what}", quantity_text(&grant.unit, quantity)));
            }
        }
        parts.extend(grant.expires.as_ref().map(|expires| format!("expires {expires}")));
        parts.join(", ")
    };
    grants.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use largesse_domain::outcome::Reason;

    use super::*;

    #[test]
    fn every_reason_has_words() {
        for reason in Reason::ALL {
            assert!(why(reason.as_str()).ends_with(&format!(" ({})", reason.as_str())), "{}", reason.as_str());
        }
    }

    fn decision(more: serde_json::Value) -> DecisionView {
        let mut document = json!({
            "id": 12, "campaign": "welcome", "revision": 1, "phase": "open", "subscription": "registered",
            "event": {"seq": 3, "source": "/shop", "id": "e1", "kind": "user.registered", "actor": "ann",
                "occurred": "2026-03-10T19:59:00+08:00", "admitted": "2026-03-10T12:00:00Z", "data": {"channel": "app"}},
            "owner": {"kind": "party", "id": "ann"}, "policy": "ab".repeat(32), "wasi_profile": 1,
            "now": "2026-03-10T12:00:00Z", "seed": "7", "verdict": "accepted", "outcomes": [], "fuel": 9, "log": "",
            "parties": [{"role": "actor", "customer": "ann", "attributes": {"city": "Brno"}, "tags": ["vip"],
                "balances": [{"unit": "points", "amount": 5}]}], "made_at": "2026-03-10T12:00:00Z",
        });
        document.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(document).unwrap()
    }

    fn grant(unit: &str, quantity: u64, redeemed: u64) -> GrantView {
        serde_json::from_value(json!({
            "campaign": "welcome", "to": "ann", "key": "hello", "issue": 1, "unit": unit, "quantity": quantity, "reversed": 0,
            "redeemed": redeemed, "reserved": 0, "available": quantity - redeemed, "state": "posted", "decision": 12,
            "granted_at": "2026-03-10T12:00:00Z", "reason": "",
        }))
        .unwrap()
    }

    #[test]
    fn an_accepted_decision_is_explained() {
        let grant_of = |unit: &str, quantity: u64| {
            json!({"effect": "grant", "key": "hello", "to": "ann", "on_shortfall": "reduce",
            "choices": [{"units": {"unit": unit, "quantity": quantity}}], "reason": "Welcome"})
        };
        let accepted = decision(json!({
            "proposal": {"claims": [{"scope": "welcome", "by": "device", "party": "ann"}],
                "effects": [grant_of("points", 100), grant_of("cash:CNY", 800), {"effect": "tag", "to": "ann", "tag": "new",
                    "present": true}], "state": {"change": "keep"}, "note": "first time"},
            "outcomes": [{"status": "reduced", "effect": "grant", "to": "ann", "key": "hello", "unit": "points", "quantity": 60,
                    "reason": "budget-exhausted"},
                {"status": "skipped", "effect": "grant", "reason": "already-granted"},
                {"status": "applied", "effect": "tag", "to": "ann", "tag": "new", "present": true}],
        }));
        let points: UnitView = serde_json::from_value(json!({"unit": "points", "title": "Points",
            "cost": {"amount": 1, "per": 7, "currency": "CNY"}}))
        .unwrap();
        let case = Case {
            decision: accepted,
            policy: None,
            grants: vec![grant("points", 60, 10), grant("item:cup", 1, 0)],
            units: vec![points],
        };
        insta::assert_snapshot!(text(&case));
    }

    #[test]
    fn every_no_is_explained() {
        let proposal = json!({"claims": [{"scope": "welcome", "by": "device", "party": "ann"}], "effects": [],
            "state": {"change": "keep"}, "note": ""});
        let all = [
            json!({"verdict": "denied", "proposal": proposal, "denied": {"reason": "claim-taken",
                "claim": {"scope": "welcome", "by": "device"}}}),
            json!({"verdict": "denied", "proposal": proposal, "denied": {"reason": "excluded", "winner": "spring"}}),
            json!({"verdict": "refused", "refusal": {"code": "too-small", "message": "at least 100.00 are needed"}}),
            json!({"verdict": "faulted", "fault": {"kind": "fuel", "detail": "it used up its fuel"}}),
        ];
        let explained = all
            .map(|more| text(&Case { decision: decision(more), policy: None, grants: Vec::new(), units: Vec::new() }));
        insta::assert_snapshot!(explained.join("\n----\n"));
    }
}
