//! Compares what a step led to with what the scenario says it must.

use std::collections::BTreeMap;
use std::fmt;

use largesse_documents::time::{instant_text, read_instant};
use largesse_domain::decision::Output;
use largesse_domain::effect::{Effect, Message, MessageClass};
use largesse_domain::hold::HoldAction;
use largesse_domain::outcome::{Decision, Done, HeldSlot, Outcome, Verdict};
use largesse_domain::time::Instant;
use largesse_domain::unit::{Quantity, Unit};
use serde_json::Value;

use crate::difference::Difference;
use crate::scenario::{
    EnrolledExpected, GrantExpected, MessageExpected, PlacedExpected, ShareExpected, Step, TagExpected, TimerExpected,
};
use crate::sums::{ratios, sums};

/// What a step led to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Actual {
    pub(crate) grants: Vec<GrantExpected>,
    pub(crate) revoked: Vec<GrantExpected>,
    pub(crate) refused: Vec<String>,
    pub(crate) denied: Vec<String>,
    pub(crate) skipped: Vec<String>,
    pub(crate) tags: Vec<TagExpected>,
    pub(crate) messages: Vec<MessageExpected>,
    pub(crate) timers: Vec<TimerExpected>,
    pub(crate) cancelled: Vec<String>,
    pub(crate) reserved: Vec<GrantExpected>,
    pub(crate) committed: Vec<GrantExpected>,
    pub(crate) released: Vec<GrantExpected>,
    pub(crate) faults: Vec<String>,
    /// Of the customers and units that the step names.
    pub(crate) balances: BTreeMap<String, BTreeMap<String, u64>>,
    /// Of the owners that the step names; `None` where nothing is kept.
    pub(crate) states: BTreeMap<String, Option<Value>>,
    pub(crate) answer: Option<Value>,
    pub(crate) problems: Vec<String>,
    pub(crate) entries: Vec<String>,
    pub(crate) placed: Vec<PlacedExpected>,
    pub(crate) shares: Vec<ShareExpected>,
    pub(crate) enrolled: Vec<EnrolledExpected>,
    pub(crate) measures: BTreeMap<String, u64>,
    /// Of the customers that the step names.
    pub(crate) standings: BTreeMap<String, BTreeMap<String, String>>,
}

impl Actual {
    /// What its decisions did.
    pub(crate) fn of(decisions: &[Decision]) -> Self {
        let mut actual = Self::default();
        for decision in decisions {
            match (&decision.verdict, &decision.evaluation.output) {
                (Verdict::Accepted(outcomes), Output::Proposal(proposal)) => {
                    for (outcome, effect) in outcomes.iter().zip(&proposal.effects) {
                        actual.add(outcome, effect, decision.input.owner.id());
                    }
                }
                (Verdict::Denied(_, reason), _) => actual.denied.push(reason.as_str().into()),
                (_, Output::Refusal(refusal)) => actual.refused.push(refusal.code.to_string()),
                (_, Output::Fault(fault)) => actual.faults.push(fault.to_string()),
                (Verdict::Refused | Verdict::Faulted, Output::Proposal(_)) => {
                    actual.faults.push("the verdict does not belong to the output".into());
                }
            }
        }
        actual
    }

    fn add(&mut self, outcome: &Outcome, effect: &Effect, owner: &str) {
        let done = match outcome {
            Outcome::Applied(done) | Outcome::Reduced(done, _) => done,
            Outcome::Skipped(_, reason) => return self.skipped.push(reason.as_str().into()),
        };
        match done {
            Done::Granted { grant, unit, quantity, .. } => {
                self.grants.push(amount((&grant.to, &grant.key), unit, *quantity));
            }
            Done::Revoked(reversals) => {
                self.revoked.extend(reversals.iter().map(|reversal| {
                    amount((&reversal.grant.to, &reversal.grant.key), &reversal.unit, reversal.quantity)
                }))
            }
            Done::Reserved { reservation, unit, quantity, .. } => {
                self.reserved.push(amount((&reservation.party, &reservation.key), unit, *quantity));
            }
            Done::Settled { of, how, unit, quantity } => {
                let settled = match of {
                    HeldSlot::Grant(slot) => amount((&slot.to, &slot.key), unit, *quantity),
                    HeldSlot::Reservation(slot) => amount((&slot.party, &slot.key), unit, *quantity),
                };
                match how {
                    HoldAction::Commit => self.committed.push(settled),
                    HoldAction::Release => self.released.push(settled),
                }
            }
            Done::Messaged { not_before, without, .. } => {
                if let Effect::Message(message) = effect {
                    self.messages.push(sent(message, *not_before, without));
                }
            }
            Done::Placed { to, programme, tier, .. } => self.placed.push(PlacedExpected {
                to: to.to_string(),
                programme: programme.to_string(),
                tier: tier.as_ref().map(ToString::to_string),
            }),
            Done::Shared { to, pool, weight } => {
                self.shares.push(ShareExpected { pool: pool.to_string(), to: to.to_string(), weight: *weight });
            }
            Done::Enrolled { party, campaign } => {
                self.enrolled.push(EnrolledExpected { campaign: campaign.to_string(), party: party.to_string() });
            }
            // Counts are read after the step.
            Done::Measured { .. } => {}
            Done::Scheduled { name, due } => self.timers.push(TimerExpected {
                owner: Some(owner.to_owned()),
                name: name.to_string(),
                due: instant_text(*due),
            }),
            Done::TimerCancelled { name } => self.cancelled.push(name.to_string()),
            Done::Tagged { to, tag, present } => {
                self.tags.push(TagExpected { to: to.to_string(), tag: tag.to_string(), present: *present });
            }
        }
    }
}

/// A message as it goes out: not by channels that the customer has refused.
fn sent(message: &Message, not_before: Option<Instant>, without: &[String]) -> MessageExpected {
    let vars: Option<Value> = serde_json::from_str(message.vars.as_str()).ok();
    MessageExpected {
        template: message.template.to_string(),
        to: Some(message.to.to_string()),
        channels: Some(message.channels.iter().filter(|channel| !without.contains(channel)).cloned().collect()),
        class: Some(if message.class == MessageClass::Service { "service" } else { "marketing" }.to_owned()),
        vars: vars.as_ref().and_then(Value::as_object).cloned(),
        not_before: Some(not_before.map(instant_text).unwrap_or_default()),
    }
}

fn amount((to, key): (&dyn fmt::Display, &dyn fmt::Display), unit: &Unit, quantity: Quantity) -> GrantExpected {
    let (to, key) = (to.to_string(), Some(key.to_string()));
    GrantExpected { to, key, unit: unit.to_string(), quantity: quantity.get() }
}

/// How what happened differs from what must; empty when it does not.
pub(crate) fn differences(step: &Step, actual: &Actual) -> Vec<Difference> {
    let actual = actual.clone();
    let sums_of_step = sums(&step.sums, &actual.grants);
    let mut found: Vec<Difference> =
        actual.faults.iter().map(|fault| Difference::wrong(format!("the policy faulted: {fault}"))).collect();
    found.extend(reached(step, &actual));
    found.extend(grants("grants", step.grants.as_deref(), actual.grants));
    found.extend(grants("revoked", step.revoked.as_deref(), actual.revoked));
    found.extend(code("refused", step.refused.as_ref(), &actual.refused));
    found.extend(code("denied", step.denied.as_ref(), &actual.denied));
    found.extend(texts("skipped", step.skipped.as_deref(), actual.skipped));
    found.extend(tags(step.tags.as_deref(), actual.tags));
    found.extend(messages(step.messages.as_deref(), actual.messages));
    found.extend(sums_of_step);
    found.extend(timers(step.timers.as_deref(), actual.timers));
    found.extend(texts("cancelled", step.cancelled.as_deref(), actual.cancelled));
    found.extend(grants("reserved", step.reserved.as_deref(), actual.reserved));
    found.extend(grants("committed", step.committed.as_deref(), actual.committed));
    found.extend(grants("released", step.released.as_deref(), actual.released));
    found.extend(step.balances.iter().flat_map(|(customer, units)| {
        let actual = actual.balances.get(customer);
        units.iter().filter_map(move |(unit, expected)| amounts("balances", (customer, unit), *expected, actual))
    }));
    found.extend(step.states.iter().filter_map(|(owner, expected)| {
        let actual = actual.states.get(owner).and_then(Option::as_ref);
        let one = |state: &Value| format!("{owner}: {state}");
        let unexpected = actual.map_or_else(|| format!("{owner}: nothing is kept"), one);
        let differs =
            || Difference { what: "states".into(), missing: vec![one(expected)], unexpected: vec![unexpected] };
        (actual != Some(expected)).then(differs)
    }));
    found
}

/// How what reaches beyond rewards differs: answers, programmes, pools, other campaigns, counts.
fn reached(step: &Step, actual: &Actual) -> Vec<Difference> {
    let mut found = Vec::new();
    if let Some(expected) = &step.answer {
        let empty = Value::Null;
        let answer = actual.answer.as_ref().unwrap_or(&empty);
        let unmet = |(name, value): (&String, &Value)| {
            let got = answer.get(name).unwrap_or(&empty);
            let one = |value: &Value| vec![format!("{name} = {value}")];
            (got != value).then(|| Difference { what: "answer".into(), missing: one(value), unexpected: one(got) })
        };
        found.extend(expected.iter().filter_map(unmet));
    }
    found.extend(texts("problems", step.problems.as_deref(), actual.problems.clone()));
    found.extend(texts("entries", step.entries.as_deref(), actual.entries.clone()));
    let placed = |one: &PlacedExpected| match &one.tier {
        Some(tier) => format!("{} into {tier} of {}", one.to, one.programme),
        None => format!("{} out of {}", one.to, one.programme),
    };
    let share = |one: &ShareExpected| format!("{} of {} in {}", one.weight, one.to, one.pool);
    let enrolled = |one: &EnrolledExpected| format!("{} to {}", one.party, one.campaign);
    let same = step.placed.as_deref();
    found.extend(same.and_then(|wanted| exactly("placed", wanted, actual.placed.clone(), PartialEq::eq, placed)));
    let same = step.shares.as_deref();
    found.extend(same.and_then(|wanted| exactly("shares", wanted, actual.shares.clone(), PartialEq::eq, share)));
    let same = step.enrolled.as_deref();
    found.extend(same.and_then(|wanted| exactly("enrolled", wanted, actual.enrolled.clone(), PartialEq::eq, enrolled)));
    found.extend(step.measures.iter().filter_map(|(measure, expected)| {
        let actual = actual.measures.get(measure).copied().unwrap_or_default();
        let one = |count: u64| vec![format!("{count} of {measure}")];
        let differs = || Difference { what: "measures".into(), missing: one(*expected), unexpected: one(actual) };
        (actual != *expected).then(differs)
    }));
    found.extend(ratios(&step.ratios, &actual.measures));
    for (customer, programmes) in &step.standings {
        let actual = actual.standings.get(customer);
        found.extend(programmes.iter().filter_map(|(programme, expected)| {
            let actual = actual.and_then(|standings| standings.get(programme)).map_or("", String::as_str);
            let one = |tier: &str| vec![format!("{customer} in {tier:?} of {programme}")];
            let differs = || Difference { what: "standings".into(), missing: one(expected), unexpected: one(actual) };
            (actual != expected).then(differs)
        }));
    }
    found
}

/// How what a customer has of a unit differs.
pub(crate) fn amounts(
    what: &str,
    (customer, unit): (&str, &str),
    expected: u64,
    actual: Option<&BTreeMap<String, u64>>,
) -> Option<Difference> {
    let actual = actual.and_then(|units| units.get(unit)).copied().unwrap_or_default();
    let one = |quantity: u64| vec![format!("{quantity} {unit} of {customer}")];
    let differs = || Difference { what: what.into(), missing: one(expected), unexpected: one(actual) };
    (actual != expected).then(differs)
}

fn code(what: &str, expected: Option<&String>, actual: &[String]) -> Option<Difference> {
    let expected = expected?;
    let differs = || Difference { what: what.into(), missing: vec![expected.clone()], unexpected: actual.to_vec() };
    (!actual.contains(expected)).then(differs)
}

fn texts(what: &str, expected: Option<&[String]>, actual: Vec<String>) -> Option<Difference> {
    exactly(what, expected?, actual, |wanted, got| wanted == got, String::clone)
}

fn messages(expected: Option<&[MessageExpected]>, actual: Vec<MessageExpected>) -> Option<Difference> {
    exactly("messages", expected?, actual, MessageExpected::fits, MessageExpected::text)
}

fn tags(expected: Option<&[TagExpected]>, actual: Vec<TagExpected>) -> Option<Difference> {
    let one = |tag: &TagExpected| format!("{}{} on {}", if tag.present { "+" } else { "-" }, tag.tag, tag.to);
    exactly("tags", expected?, actual, |wanted, got| wanted == got, one)
}

fn grants(what: &str, expected: Option<&[GrantExpected]>, actual: Vec<GrantExpected>) -> Option<Difference> {
    let one = |grant: &GrantExpected| {
        let key = grant.key.as_ref().map_or(String::new(), |key| format!(" ({key})"));
        format!("{} {} to {}{key}", grant.quantity, grant.unit, grant.to)
    };
    exactly(what, expected?, actual, GrantExpected::fits, one)
}

fn timers(expected: Option<&[TimerExpected]>, actual: Vec<TimerExpected>) -> Option<Difference> {
    let one = |timer: &TimerExpected| {
        let owner = timer.owner.as_ref().map_or(String::new(), |owner| format!(" of {owner}"));
        format!("{}{owner} at {}", timer.name, in_utc(&timer.due))
    };
    exactly("timers", expected?, actual, TimerExpected::fits, one)
}

fn in_utc(due: &str) -> String {
    read_instant(due).map_or_else(|_| due.to_owned(), instant_text)
}

impl GrantExpected {
    /// Whether this one, of something expected, allows for that one.
    pub(crate) fn fits(&self, got: &Self) -> bool {
        let key = self.key.is_none() || self.key == got.key;
        key && (&self.to, &self.unit, self.quantity) == (&got.to, &got.unit, got.quantity)
    }
}

impl MessageExpected {
    /// Whether this one, of something expected, allows for that one.
    pub(crate) fn fits(&self, got: &Self) -> bool {
        fn same<T: PartialEq>(expected: &Option<T>, got: &Option<T>) -> bool {
            expected.is_none() || expected == got
        }
        let vars = self
            .vars
            .iter()
            .flatten()
            .all(|(name, value)| got.vars.as_ref().and_then(|vars| vars.get(name)) == Some(value));
        let at = |time: &Option<String>| time.as_deref().map(in_utc);
        let whole = same(&self.to, &got.to) && same(&self.channels, &got.channels) && same(&self.class, &got.class);
        self.template == got.template && whole && vars && same(&at(&self.not_before), &at(&got.not_before))
    }

    /// In a word: what is said of it beside its template stands in brackets.
    fn text(&self) -> String {
        let to = self.to.as_ref().map(|to| format!("to {to}"));
        let channels = self.channels.as_ref().map(|channels| format!("by {}", channels.join("/")));
        let vars = self.vars.as_ref().map(|vars| Value::Object(vars.clone()).to_string());
        let not_before = self.not_before.as_ref().filter(|time| !time.is_empty());
        let parts = [to, channels, self.class.clone(), vars, not_before.map(|time| format!("not before {time}"))];
        let said: Vec<String> = parts.into_iter().flatten().collect();
        if said.is_empty() { self.template.clone() } else { format!("{} ({})", self.template, said.join(", ")) }
    }
}

impl TimerExpected {
    /// Whether this one, of something expected, allows for that one.
    pub(crate) fn fits(&self, got: &Self) -> bool {
        let owner = self.owner.is_none() || self.owner == got.owner;
        owner && (&self.name, in_utc(&self.due)) == (&got.name, in_utc(&got.due))
    }
}

/// Each expected thing once and nothing else, in any order.
fn exactly<T>(
    what: &str,
    expected: &[T],
    mut actual: Vec<T>,
    fits: impl Fn(&T, &T) -> bool,
    one: impl Fn(&T) -> String,
) -> Option<Difference> {
    let mut missing = Vec::new();
    for wanted in expected {
        match actual.iter().position(|got| fits(wanted, got)) {
            Some(place) => drop(actual.remove(place)),
            None => missing.push(one(wanted)),
        }
    }
    let differs = !missing.is_empty() || !actual.is_empty();
    differs.then(|| Difference { what: what.into(), missing, unexpected: actual.iter().map(one).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(to: &str, key: Option<&str>, quantity: u64) -> GrantExpected {
        GrantExpected { to: to.into(), key: key.map(Into::into), unit: "points".into(), quantity }
    }

    #[test]
    fn grants_match_in_any_order_and_exactly() {
        let got = vec![grant("a", Some("x"), 1), grant("a", Some("y"), 2)];
        let expected = [grant("a", None, 2), grant("a", Some("x"), 1)];
        assert_eq!(grants("grants", Some(&expected), got.clone()), None);
        assert_eq!(grants("grants", None, got.clone()), None);
        let found = grants("grants", Some(&expected[..1]), got.clone()).unwrap();
        assert_eq!(found.to_string(), "grants: unexpected 1 points to a (x)");
        let found = grants("grants", Some(&[grant("b", None, 2)]), vec![grant("a", Some("x"), 1)]).unwrap();
        assert_eq!(found.to_string(), "grants: missing 2 points to b; unexpected 1 points to a (x)");
        assert!(grants("grants", Some(&[]), got).is_some());
    }

    #[test]
    fn a_thing_twice_is_not_a_thing_once() {
        let text = |text: &str| text.to_owned();
        let found = texts("messages", Some(&[text("a"), text("a")]), vec![text("a"), text("b")]).unwrap();
        assert_eq!(found.to_string(), "messages: missing a; unexpected b");
        let tag = |present| TagExpected { to: "u1".into(), tag: "gold".into(), present };
        let found = super::tags(Some(&[tag(true)]), vec![tag(false)]).unwrap();
        assert_eq!(found.to_string(), "tags: missing +gold on u1; unexpected -gold on u1");
        let found = code("refused", Some(&text("late")), &[text("early")]).unwrap();
        assert_eq!(found.to_string(), "refused: missing late; unexpected early");
        assert_eq!(code("refused", Some(&text("late")), &[text("early"), text("late")]), None);
    }

    #[test]
    fn timers_match_at_any_offset_and_by_owner_where_one_is_named() {
        let timer = |owner: Option<&str>, due: &str| TimerExpected {
            owner: owner.map(Into::into),
            name: "remind".into(),
            due: due.into(),
        };
        let got = vec![timer(Some("u1"), "2026-03-01T01:00:00Z")];
        assert_eq!(timers(Some(&[timer(None, "2026-03-01T09:00:00+08:00")]), got.clone()), None);
        assert_eq!(timers(None, got.clone()), None);
        let found = timers(Some(&[timer(Some("u2"), "2026-03-01T01:00:00Z")]), got.clone()).unwrap();
        let text =
            "timers: missing remind of u2 at 2026-03-01T01:00:00Z; unexpected remind of u1 at 2026-03-01T01:00:00Z";
        assert_eq!(found.to_string(), text);
        assert!(timers(Some(&[]), got).is_some());
    }
}
