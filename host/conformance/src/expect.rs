//! Compares what a step led to with what the scenario says it must.

use std::fmt;

use largesse_documents::time::{instant_text, read_instant};
use largesse_domain::decision::Output;
use largesse_domain::effect::Effect;
use largesse_domain::lot::Settle;
use largesse_domain::outcome::{Decision, Done, HeldSlot, Outcome, Verdict};
use largesse_domain::unit::{Quantity, Unit};

use crate::scenario::{GrantExpected, Step, TagExpected, TimerExpected};

/// What a step's decisions did.
#[derive(Debug, Default)]
struct Actual {
    grants: Vec<GrantExpected>,
    revoked: Vec<GrantExpected>,
    refused: Vec<String>,
    denied: Vec<String>,
    skipped: Vec<String>,
    tags: Vec<TagExpected>,
    messages: Vec<String>,
    timers: Vec<TimerExpected>,
    cancelled: Vec<String>,
    reserved: Vec<GrantExpected>,
    committed: Vec<GrantExpected>,
    released: Vec<GrantExpected>,
    faults: Vec<String>,
}

impl Actual {
    fn of(decisions: &[Decision]) -> Self {
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
                    Settle::Commit => self.committed.push(settled),
                    Settle::Release => self.released.push(settled),
                }
            }
            Done::Messaged { .. } => {
                if let Effect::Message(message) = effect {
                    self.messages.push(message.template.to_string());
                }
            }
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

fn amount((to, key): (&dyn fmt::Display, &dyn fmt::Display), unit: &Unit, quantity: Quantity) -> GrantExpected {
    let (to, key) = (to.to_string(), Some(key.to_string()));
    GrantExpected { to, key, unit: unit.to_string(), quantity: quantity.get() }
}

/// How what happened differs from what must; empty when it does not.
#[must_use]
pub fn differences(step: &Step, decisions: &[Decision]) -> Vec<String> {
    let actual = Actual::of(decisions);
    let mut found: Vec<String> = actual.faults.iter().map(|fault| format!("the policy faulted: {fault}")).collect();
    found.extend(grants("grants", step.grants.as_deref(), actual.grants));
    found.extend(grants("revoked", step.revoked.as_deref(), actual.revoked));
    found.extend(code("refused", step.refused.as_ref(), &actual.refused));
    found.extend(code("denied", step.denied.as_ref(), &actual.denied));
    found.extend(lists("skipped", step.skipped.clone(), actual.skipped));
    found.extend(lists("tags", step.tags.clone(), actual.tags));
    found.extend(lists("messages", step.messages.clone(), actual.messages));
    found.extend(timers(step.timers.as_deref(), actual.timers));
    found.extend(lists("cancelled", step.cancelled.clone(), actual.cancelled));
    found.extend(grants("reserved", step.reserved.as_deref(), actual.reserved));
    found.extend(grants("committed", step.committed.as_deref(), actual.committed));
    found.extend(grants("released", step.released.as_deref(), actual.released));
    found
}

fn code(what: &str, expected: Option<&String>, actual: &[String]) -> Option<String> {
    let expected = expected?;
    (!actual.contains(expected)).then(|| format!("{what}: expected {expected}, got {}", or_nothing(&actual.join(", "))))
}

fn lists<T: Ord + std::fmt::Debug>(what: &str, expected: Option<Vec<T>>, mut actual: Vec<T>) -> Option<String> {
    let mut expected = expected?;
    expected.sort();
    actual.sort();
    (expected != actual).then(|| format!("{what}: expected {expected:?}, got {actual:?}"))
}

fn grants(what: &str, expected: Option<&[GrantExpected]>, actual: Vec<GrantExpected>) -> Option<String> {
    let fits = |wanted: &GrantExpected, got: &GrantExpected| {
        let key = wanted.key.is_none() || wanted.key == got.key;
        key && (&wanted.to, &wanted.unit, wanted.quantity) == (&got.to, &got.unit, got.quantity)
    };
    exactly(what, expected?, actual, fits, line)
}

fn timers(expected: Option<&[TimerExpected]>, actual: Vec<TimerExpected>) -> Option<String> {
    let in_utc = |due: &str| read_instant(due).map_or_else(|_| due.to_owned(), instant_text);
    let fits = |wanted: &TimerExpected, got: &TimerExpected| {
        let owner = wanted.owner.is_none() || wanted.owner == got.owner;
        owner && (&wanted.name, in_utc(&wanted.due)) == (&got.name, got.due.clone())
    };
    let one = |timer: &TimerExpected| {
        let owner = timer.owner.as_ref().map_or(String::new(), |owner| format!(" of {owner}"));
        format!("{}{owner} at {}", timer.name, in_utc(&timer.due))
    };
    let line = |timers: &[TimerExpected]| timers.iter().map(one).collect::<Vec<_>>().join(", ");
    exactly("timers", expected?, actual, fits, line)
}

/// Each expected thing once and nothing else, in any order.
fn exactly<T: Clone>(
    what: &str,
    expected: &[T],
    mut actual: Vec<T>,
    fits: impl Fn(&T, &T) -> bool,
    line: impl Fn(&[T]) -> String,
) -> Option<String> {
    let all = line(&actual);
    let mut missing = Vec::new();
    for wanted in expected {
        match actual.iter().position(|got| fits(wanted, got)) {
            Some(place) => drop(actual.swap_remove(place)),
            None => missing.push(wanted.clone()),
        }
    }
    if missing.is_empty() && actual.is_empty() {
        return None;
    }
    let mut text = format!("{what}: expected {}, got {}", or_nothing(&line(expected)), or_nothing(&all));
    if !missing.is_empty() {
        text.push_str(&format!("; missing {}", line(&missing)));
    }
    if !actual.is_empty() {
        text.push_str(&format!("; too much {}", line(&actual)));
    }
    Some(text)
}

fn line(grants: &[GrantExpected]) -> String {
    let one = |grant: &GrantExpected| {
        let key = grant.key.as_ref().map_or(String::new(), |key| format!(" ({key})"));
        format!("{} {} to {}{key}", grant.quantity, grant.unit, grant.to)
    };
    grants.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn or_nothing(text: &str) -> &str {
    if text.is_empty() { "nothing" } else { text }
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
        let text = grants("grants", Some(&expected[..1]), got.clone()).unwrap();
        assert!(text.contains("too much 1 points to a (x)"), "{text}");
        let text = grants("grants", Some(&[grant("b", None, 2)]), Vec::new()).unwrap();
        assert_eq!(text, "grants: expected 2 points to b, got nothing; missing 2 points to b");
        assert!(grants("grants", Some(&[]), got).is_some());
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
        let text = timers(Some(&[timer(Some("u2"), "2026-03-01T01:00:00Z")]), got.clone()).unwrap();
        assert!(text.contains("missing remind of u2 at 2026-03-01T01:00:00Z; too much remind of u1 at"), "{text}");
        assert!(timers(Some(&[]), got).is_some());
    }
}
