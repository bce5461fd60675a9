//! The rules about single decisions.

use std::collections::BTreeSet;
use std::sync::Arc;

use largesse_domain::decision::{Evaluation, Input, Output};
use largesse_domain::effect::StateChange;
use largesse_domain::json::Json;
use serde_json::Value;

use super::inputs::{DAY_MS, Generator, Situation, shown};
use super::list::Rule;
use super::report::Finding;
use super::subject::Subject;
use super::trial::{Done, Run, decide, granted, smallest};

/// How much later an event is taken the second time.
const LATER_MS: i64 = 3 * DAY_MS;
/// Most states that are migrated and decided on again.
const STATES_TRIED: usize = 200;

/// What inputs said of traps, output, declarations and parties.
pub(super) fn direct(run: &Run, generator: &Generator<'_>) -> Vec<Finding> {
    let proposals = run.done.iter().filter_map(Done::proposal);
    let effects: usize = proposals.clone().map(|proposal| proposal.effects.len() + proposal.claims.len()).sum();
    let proposed = proposals.count();
    let refused = run.done.len() - proposed;
    let inputs = format!("{} inputs: {proposed} proposals, {refused} refusals{}", run.tried, untried(run, generator));
    let of = |rule: Rule| {
        run.failure(rule).unwrap_or_else(|| match rule {
            _ if run.tried == 0 => Finding::skipped(rule, "no input could be made for its subscriptions"),
            Rule::Traps => Finding::pass(rule, &inputs),
            Rule::Output => Finding::pass(rule, format!("{proposed} proposals, {refused} refusals")),
            _ if effects == 0 => Finding::skipped(rule, "no input led to an effect"),
            _ => Finding::pass(rule, format!("{effects} effects and claims")),
        })
    };
    [Rule::Traps, Rule::Output, Rule::Declared, Rule::Parties].map(of).into()
}

/// The subscriptions that no input was made for.
fn untried(run: &Run, generator: &Generator<'_>) -> String {
    if !run.breaches.is_empty() {
        return String::new();
    }
    let tried: BTreeSet<_> = run.done.iter().map(|done| &done.situation.input.subscription).collect();
    let names = generator.manifest.subscriptions.iter().map(|subscription| &subscription.name);
    let untried: Vec<&str> = names.filter(|name| !tried.contains(name)).map(|name| name.as_str()).collect();
    if untried.is_empty() { String::new() } else { format!("; never tried: {}", untried.join(", ")) }
}

/// Decides everything again, last first and several at a time, and once more in order.
pub(super) fn deterministic(run: &Run, subject: &dyn Subject) -> Finding {
    let rule = Rule::Deterministic;
    if run.done.is_empty() {
        return Finding::skipped(rule, "no decision to repeat");
    }
    let inputs: Vec<_> = run.done.iter().map(|done| Arc::clone(&done.situation.input)).collect();
    let mut again = subject.decide_all(inputs.iter().rev().cloned().collect());
    again.reverse();
    let by_chance =
        |evaluation: &Evaluation| matches!(&evaluation.output, Output::Fault(fault) if !fault.kind.is_deterministic());
    for (done, evaluation) in run.done.iter().zip(&again) {
        let alone = decide(subject, &done.situation).evaluation;
        let first = &done.measured.evaluation;
        for other in [evaluation, &alone].into_iter().filter(|other| !by_chance(other)) {
            if let Some(what) = difference(first, other) {
                let seen = format!("the same input came to {what} the second time");
                return Finding::fail(rule, seen).with(shown(&done.situation.input));
            }
        }
    }
    Finding::pass(rule, format!("{} inputs, three times in different orders", inputs.len()))
}

fn difference(first: &Evaluation, second: &Evaluation) -> Option<String> {
    if first.output != second.output {
        return Some("another decision".to_owned());
    }
    if first.fuel != second.fuel {
        return Some(format!("{} units of fuel instead of {}", second.fuel, first.fuel));
    }
    (first.log != second.log).then(|| "another log".to_owned())
}

/// Asks again as if the event were taken later.
pub(super) fn keys(run: &Run, subject: &dyn Subject, generator: &Generator<'_>) -> Finding {
    let rule = Rule::Keys;
    let moved = |situation: &Situation| {
        let first = granted(&decide(subject, situation).evaluation.output);
        let input = &situation.input;
        let at = input.now.at.plus_millis(LATER_MS)?;
        let later = Input { now: generator.stage.zone.moment(at), ..Input::clone(input) };
        let later = Situation { input: Arc::new(later), about: situation.about.clone() };
        let second = granted(&decide(subject, &later).evaluation.output);
        // Whether anything is granted may depend on the delay; under which key may not.
        let (own, other) = (first.difference(&second).next()?, second.difference(&first).next()?);
        Some(format!("taken three days later, it grants under {:?} instead of {:?}", other.1, own.1))
    };
    let granting: Vec<&Done> = run.done.iter().filter(|done| !done.keys().is_empty()).collect();
    if granting.is_empty() {
        return Finding::skipped(rule, "no input led to a grant");
    }
    for done in &granting {
        if let Some(seen) = moved(&done.situation) {
            let found = smallest(generator, &done.tape, &done.world, moved);
            let (seen, input) = found.unwrap_or((seen, shown(&done.situation.input)));
            return Finding::fail(rule, seen).with(input);
        }
    }
    Finding::pass(rule, format!("{} decisions with grants, taken again three days later", granting.len()))
}

/// Migrates states that the policy wrote from its own version, and decides on them.
pub(super) fn states(run: &Run, subject: &dyn Subject) -> Finding {
    let rule = Rule::StateRead;
    let mut tried = 0;
    for done in run.done.iter().filter(|done| done.situation.input.state.is_some()).take(STATES_TRIED) {
        let input = &done.situation.input;
        let Some(state) = &input.state else { continue };
        let told = |seen: String| Finding::fail(rule, seen).with(shown(input));
        let migrated = match subject.migrate(input.owner.kind(), state, subject.manifest().state_writes) {
            Ok(migrated) => migrated,
            Err(error) => return told(error.to_string()),
        };
        let again = Input { state: Some(migrated.clone()), ..Input::clone(input) };
        let again = Situation { input: Arc::new(again), about: done.situation.about.clone() };
        let output = decide(subject, &again).evaluation.output;
        if !means_the_same(&done.measured.evaluation.output, &output) {
            return told(format!("it decides otherwise on the state that `migrate` made of its own: {migrated}"));
        }
        tried += 1;
    }
    if tried == 0 {
        return Finding::skipped(rule, "no input led to a state");
    }
    Finding::pass(rule, format!("{tried} states"))
}

/// Whether two outputs are one, states being compared as values and not as texts.
pub(super) fn means_the_same(first: &Output, second: &Output) -> bool {
    let value = |json: &Json| serde_json::from_str::<Value>(json.as_str()).ok();
    let (Output::Proposal(first), Output::Proposal(second)) = (first, second) else { return first == second };
    let states = match (&first.state, &second.state) {
        (StateChange::Put(first), StateChange::Put(second)) => value(first) == value(second),
        (first, second) => first == second,
    };
    states && (&first.claims, &first.effects) == (&second.claims, &second.effects)
}
