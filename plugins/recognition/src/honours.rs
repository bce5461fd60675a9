//! Badges and titles for deeds.

use largesse_sdk::{Decision, Input, Measurement, Refusal, Revocation, TagChange, grants, ladder};

use crate::ACTOR;
use crate::deed::{Deed, part};
use crate::params::{Honour, Params, Step};
use crate::state::State;

/// A deed: what it gives, and what the number of deeds that it makes gives.
pub(crate) fn done(input: &Input<Params, State>, deed: Deed) -> Result<Decision<State>, Refusal> {
    let subject = deed.subject(&input.event, &input.campaign.currency)?;
    let (name, at) = (part(&subject.name), input.event.occurred.at);
    let actor = &input.require(ACTOR)?.customer;
    let mut state = input.state.clone().unwrap_or_default();
    let before = state.clone();
    let mut decision = Decision::new();
    for honour in input.params.honours.iter().filter(|honour| honour.wants(deed, &subject)) {
        if state.undone.get(&name).is_some_and(|undone| at <= *undone && honour.is_undone(at, *undone)) {
            return Err(Refusal::new("undone", "it was undone before it was told of"));
        }
        let key = each_key(honour, &name);
        grants(&honour.each, &key, actor, deed.as_str()).for_each(|grant| _ = decision.grant(grant));
        let reached = state.reached.get(&*honour.id).copied().unwrap_or(0);
        if honour.is_over(reached) {
            continue;
        }
        let deeds = state.deeds.entry(honour.id.to_string()).or_default();
        if deeds.len() < honour.keeps() {
            // Told of again, it was done when it was done first.
            let done = deeds.entry(name.clone()).or_insert(at);
            *done = at.min(*done);
        }
        climb(honour, &mut state, actor, &mut decision);
    }
    if state != before {
        decision.put(state);
    }
    Ok(decision)
}

/// Two customers turn out to be one, with the deeds of both.
pub(crate) fn unite(input: &Input<Params, State>) -> Result<Decision<State>, Refusal> {
    let actor = &input.require(ACTOR)?.customer;
    let mut state = input.state.clone().unwrap_or_default();
    let before = state.clone();
    let mut decision = Decision::new();
    for honour in &input.params.honours {
        climb(honour, &mut state, actor, &mut decision);
    }
    if state != before {
        decision.put(state);
    }
    Ok(decision)
}

/// Bestows what the deeds that are known have reached.
fn climb(honour: &Honour, state: &mut State, actor: &str, decision: &mut Decision<State>) {
    let reached = state.reached.get(&*honour.id).copied().unwrap_or(0);
    let now = state.deeds.get(&*honour.id).map_or(0, |deeds| u64::try_from(deeds.len()).unwrap_or(u64::MAX));
    for step in ladder::reached(&honour.steps, |step| step.at, reached, now) {
        bestow(honour, step, actor, decision);
    }
    if now > reached {
        state.reached.insert(honour.id.to_string(), now);
    }
    if honour.is_over(now) {
        state.deeds.remove(&*honour.id);
    }
}

/// A post is featured no more, or an investment was redeemed in its cooling-off time: it no longer counts, what the post gave goes
/// back, and honours fall that are to fall.
pub(crate) fn undone(input: &Input<Params, State>, deed: Deed) -> Result<Decision<State>, Refusal> {
    let (name, at) = (part(&deed.undone(&input.event)?), input.event.occurred.at);
    let actor = &input.require(ACTOR)?.customer;
    let mut state = input.state.clone().unwrap_or_default();
    let before = state.clone();
    let mut decision = Decision::new();
    for honour in input.params.honours.iter().filter(|honour| honour.on == deed) {
        for grant in grants(&honour.each, &each_key(honour, &name), actor, "") {
            decision.revoke(Revocation::key(actor, grant.key).free_key().reason("undone"));
        }
        state.note_undone(&name, at);
        let Some(deeds) = state.deeds.get_mut(&*honour.id) else { continue };
        deeds.retain(|one, done| *one != name || !honour.is_undone(*done, at));
        let left = u64::try_from(deeds.len()).unwrap_or(u64::MAX);
        let reached = state.reached.get(&*honour.id).copied().unwrap_or(0);
        if honour.falls && left < reached {
            for step in ladder::reached(&honour.steps, |step| step.at, left, reached) {
                withdraw(honour, step, actor, &mut decision);
            }
            state.reached.insert(honour.id.to_string(), left);
        }
    }
    if state != before {
        decision.put(state);
    }
    Ok(decision)
}

fn each_key(honour: &Honour, name: &str) -> String {
    format!("each/{}/{name}", honour.id)
}

fn step_key(honour: &Honour, step: &Step) -> String {
    format!("honour/{}/{}", honour.id, step.at)
}

fn bestow(honour: &Honour, step: &Step, actor: &str, decision: &mut Decision<State>) {
    grants(&step.gifts, &step_key(honour, step), actor, "honour").for_each(|grant| _ = decision.grant(grant));
    if let Some(title) = &step.title {
        decision.tag(TagChange::set(actor, title));
    }
    decision.measure(Measurement::one("honours").of(&format!("{}/{}", honour.id, step.at)));
}

/// Takes back what [`bestow`] gave, so that it can be reached again.
fn withdraw(honour: &Honour, step: &Step, actor: &str, decision: &mut Decision<State>) {
    for grant in grants(&step.gifts, &step_key(honour, step), actor, "honour") {
        decision.revoke(Revocation::key(actor, grant.key).free_key().reason("too few are left"));
    }
    if let Some(title) = &step.title {
        decision.tag(TagChange::take(actor, title));
    }
}
