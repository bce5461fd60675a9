//! Compares what a step led to with what the scenario says it must.

use std::sync::Arc;

use largesse_domain::decision::Output;
use largesse_domain::effect::Effect;
use largesse_domain::outcome::{Decision, Done, Outcome, Verdict};

use crate::scenario::{GrantExpected, Step, TagExpected};

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
    faults: Vec<String>,
}

impl Actual {
    fn of(decisions: &[Arc<Decision>]) -> Self {
        let mut actual = Self::default();
        for decision in decisions {
            match (&decision.verdict, &decision.evaluation.output) {
                (Verdict::Accepted(outcomes), Output::Proposal(proposal)) => {
                    for (outcome, effect) in outcomes.iter().zip(&proposal.effects) {
                        actual.add(outcome, effect);
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

    fn add(&mut self, outcome: &Outcome, effect: &Effect) {
        let done = match outcome {
            Outcome::Applied(done) | Outcome::Reduced(done, _) => done,
            Outcome::Skipped(_, reason) => return self.skipped.push(reason.as_str().into()),
        };
        match done {
            Done::Granted { grant, unit, quantity, .. } => self.grants.push(GrantExpected {
                to: grant.to.to_string(),
                key: Some(grant.key.to_string()),
                unit: unit.to_string(),
                quantity: quantity.get(),
            }),
            Done::Revoked(reversals) => self.revoked.extend(reversals.iter().map(|reversal| GrantExpected {
                to: reversal.grant.to.to_string(),
                key: Some(reversal.grant.key.to_string()),
                unit: reversal.unit.to_string(),
                quantity: reversal.quantity.get(),
            })),
            Done::Messaged { .. } => {
                if let Effect::Message(message) = effect {
                    self.messages.push(message.template.to_string());
                }
            }
            Done::Tagged { to, tag, present } => {
                self.tags.push(TagExpected { to: to.to_string(), tag: tag.to_string(), present: *present });
            }
        }
    }
}

/// How what happened differs from what must; empty when it does not.
#[must_use]
pub fn differences(step: &Step, decisions: &[Arc<Decision>]) -> Vec<String> {
    let actual = Actual::of(decisions);
    let mut found: Vec<String> = actual.faults.iter().map(|fault| format!("the policy faulted: {fault}")).collect();
    found.extend(grants("grants", step.grants.as_deref(), actual.grants));
    found.extend(grants("revoked", step.revoked.as_deref(), actual.revoked));
    found.extend(code("refused", step.refused.as_ref(), &actual.refused));
    found.extend(code("denied", step.denied.as_ref(), &actual.denied));
    found.extend(lists("skipped", step.skipped.clone(), actual.skipped));
    found.extend(lists("tags", step.tags.clone(), actual.tags));
    found.extend(lists("messages", step.messages.clone(), actual.messages));
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

fn grants(what: &str, expected: Option<&[GrantExpected]>, mut actual: Vec<GrantExpected>) -> Option<String> {
    let expected = expected?;
    let all = actual.clone();
    let mut missing = Vec::new();
    for wanted in expected {
        let fits = |got: &GrantExpected| {
            let key = wanted.key.is_none() || wanted.key == got.key;
            key && (&wanted.to, &wanted.unit, wanted.quantity) == (&got.to, &got.unit, got.quantity)
        };
        match actual.iter().position(fits) {
            Some(place) => drop(actual.swap_remove(place)),
            None => missing.push(wanted.clone()),
        }
    }
    if missing.is_empty() && actual.is_empty() {
        return None;
    }
    let mut text = format!("{what}: expected {}, got {}", or_nothing(&line(expected)), or_nothing(&line(&all)));
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
}
