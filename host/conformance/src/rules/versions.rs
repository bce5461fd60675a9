//! Two versions side by side: states that the one before wrote, and what another decides on the same inputs.

use std::collections::BTreeSet;
use std::sync::Arc;

use largesse_documents::decision::{FaultView, RefusalView};
use largesse_documents::effect::ProposalView;
use largesse_domain::decision::{Input, Output};
use largesse_domain::effect::{Proposal, StateChange};
use largesse_domain::json::Json;
use largesse_domain::owner::OwnerKind;
use serde_json::{Value, json};

use super::decisions::means_the_same;
use super::inputs::{Generator, Situation, World, shown};
use super::list::Rule;
use super::report::{Comparison, Difference, Finding};
use super::subject::Subject;
use super::tape::Tape;
use super::trial::{Done, Run, decide};

/// Differences that are shown.
const SHOWN: usize = 3;

/// Migrates every state that the version before came to in these runs.
pub(super) fn previous(subject: &dyn Subject, before: &dyn Subject, runs: &[Run]) -> Finding {
    let rule = Rule::Previous;
    let (wrote, reads) = (before.manifest().state_writes, &subject.manifest().state_reads);
    let states: BTreeSet<_> = runs.iter().flat_map(|run| &run.done).filter_map(put).collect();
    if states.is_empty() {
        return Finding::skipped(rule, "the previous version came to no state");
    }
    if !reads.contains(&wrote) {
        return Finding::fail(
            rule,
            format!("the previous version writes states of version {wrote}, this one reads {reads:?}"),
        );
    }
    let mut failed = Vec::new();
    for (length, owner, text) in &states {
        let state = Json::from_checked(text.as_str());
        if let Err(error) = subject.migrate(*owner, &state, wrote) {
            failed.push((*length, error, text));
        }
    }
    // The states are in order of length: the first is the smallest.
    match failed.first() {
        None => Finding::pass(rule, format!("{} states of {}", states.len(), before.manifest().version)),
        Some((_, error, text)) => {
            let state: Value = serde_json::from_str(text).unwrap_or_default();
            Finding::fail(rule, format!("{error} ({} of {} states)", failed.len(), states.len()))
                .with(json!({"state": state, "written_by": wrote}))
        }
    }
}

/// The state that a decision put, with its length and the kind of its owner.
fn put(done: &Done) -> Option<(usize, OwnerKind, String)> {
    match &done.proposal()?.state {
        StateChange::Put(state) => Some((state.len(), done.situation.input.owner.kind(), state.to_string())),
        _ => None,
    }
}

/// Decides the same inputs with two versions, each on its own states.
pub(super) fn compare(
    (checked, other): (&dyn Subject, &dyn Subject),
    (generator, others): (&Generator<'_>, &Generator<'_>),
    (seed, cases): (u64, usize),
) -> Comparison {
    let (own, manifest) = (checked.manifest(), other.manifest());
    let with = format!("{}@{}", manifest.name, manifest.version);
    let mut comparison = Comparison { with, inputs: 0, differing: 0, incomparable: 0, first: Vec::new() };
    let (mut world, mut theirs) = (World::default(), World::default());
    for number in 0..cases as u64 {
        let Some(situation) = generator.situation(&mut Tape::random(seed, number), &world) else { continue };
        let input = &situation.input;
        let subscribed = manifest
            .subscriptions
            .iter()
            .any(|one| own.subscription(&one.name) == Some(one) && one.name == input.subscription);
        if !subscribed || own.roles != manifest.roles || !others.params.contains(&input.campaign.params) {
            comparison.incomparable += 1;
            continue;
        }
        let state = input.state.as_ref().and_then(|_| theirs.states.get(&input.owner).cloned());
        let seen_by_other = Input { state, ..Input::clone(input) };
        let second = Situation { input: Arc::new(seen_by_other), about: situation.about.clone() };
        let (mut first, mut second_output) =
            (decide(checked, &situation).evaluation.output, decide(other, &second).evaluation.output);
        for (world, output) in [(&mut world, &first), (&mut theirs, &second_output)] {
            if let Output::Proposal(proposal) = output {
                world.take(input, proposal);
            }
        }
        if own.state_writes != manifest.state_writes {
            [&mut first, &mut second_output].into_iter().for_each(forget_state);
        }
        comparison.inputs += 1;
        if !means_the_same(&first, &second_output) {
            comparison.differing += 1;
            if comparison.first.len() < SHOWN {
                let difference = Difference { input: shown(input), checked: view(&first), other: view(&second_output) };
                comparison.first.push(difference);
            }
        }
    }
    comparison
}

/// States of different versions cannot be compared.
fn forget_state(output: &mut Output) {
    if let Output::Proposal(Proposal { state, .. }) = output {
        *state = StateChange::Keep;
    }
}

fn view(output: &Output) -> Value {
    match output {
        Output::Proposal(proposal) => json!({"proposal": ProposalView::from(proposal)}),
        Output::Refusal(refusal) => json!({"refusal": RefusalView::from(refusal)}),
        Output::Fault(fault) => json!({"fault": FaultView::from(fault)}),
    }
}
