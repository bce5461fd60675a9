//! Timers that policies set and cancel for the owner of a decision.
//!
//! A name that is set again is put to its new time and keeps nothing of the old one. A timer is never due before the event
//! on which it is set; set while an event of the host's own is decided on, it is due [`TIMER_AGAIN_MS_MIN`] after that at the
//! earliest, so that no policy keeps the host busy with itself.

use crate::limits::{TIMER_AGAIN_MS_MIN, TIMERS_PER_OWNER_MAX};
use crate::rows::effect::{EffectKind, Schedule};
use crate::rows::facts::Facts;
use crate::rows::outcome::{Done, Outcome, Reason};
use crate::rows::timer::{Timer, TimerBody, TimerKey};
use crate::rules::cascade;
use crate::rules::case::Case;
use crate::words::id::TimerName;
use crate::words::key::StateKey;
use crate::words::owner::Owner;
use crate::words::time::{Instant, When};

pub(crate) fn set(case: &Case<'_>, schedule: &Schedule, facts: &mut Facts) -> Outcome {
    let owners = owners(case, facts);
    let set: usize = owners.iter().map(|of| facts.timer_names.get(of).len()).sum();
    let is_set = owners.iter().any(|of| facts.timer_names.get(of).contains(&schedule.name));
    if set >= TIMERS_PER_OWNER_MAX && !is_set {
        return Outcome::Skipped(EffectKind::Schedule, Reason::TooManyTimers);
    }
    drop_all(case, &schedule.name, facts);
    let due = due(case, schedule.due);
    let (event, set_by) = (&case.input.event, case.input.subscription.clone());
    let (set_on, actor) = (event.key.clone(), event.actor.clone());
    let body = TimerBody::Policy { set_on, set_by, actor, data: schedule.data.clone() };
    facts.set_timer(key(owner(case), &schedule.name), Some(Timer { due, body }));
    Outcome::Applied(Done::Scheduled { name: schedule.name.clone(), due })
}

pub(crate) fn cancel(case: &Case<'_>, name: &TimerName, facts: &mut Facts) -> Outcome {
    if !drop_all(case, name, facts) {
        return Outcome::Skipped(EffectKind::Schedule, Reason::NoSuchTimer);
    }
    Outcome::Applied(Done::TimerCancelled { name: name.clone() })
}

/// Drops the owner's timers of that name: of a customer with several ids there may be one for each. Reports whether there was any.
fn drop_all(case: &Case<'_>, name: &TimerName, facts: &mut Facts) -> bool {
    let mut keys = keys(case, name, facts);
    keys.retain(|key| facts.timers.get(key).is_some());
    let any = !keys.is_empty();
    keys.into_iter().for_each(|key| facts.set_timer(key, None));
    any
}

fn due(case: &Case<'_>, when: When) -> Instant {
    let event = &case.input.event;
    let pause = if cascade::is_own(&event.kind) { TIMER_AGAIN_MS_MIN } else { 0 };
    let earliest = event.occurred.plus_millis(pause).unwrap_or(Instant::MAX);
    (case.resolve)(when).map_or(earliest, |due| due.max(earliest))
}

fn owner(case: &Case<'_>) -> StateKey {
    StateKey { campaign: case.campaign.id.clone(), owner: case.input.owner.clone() }
}

/// Returns the owner under each of their ids.
fn owners(case: &Case<'_>, facts: &Facts) -> Vec<StateKey> {
    let campaign = &case.campaign.id;
    match &case.input.owner {
        Owner::Party(id) => {
            let of = |id| StateKey { campaign: campaign.clone(), owner: Owner::Party(id) };
            facts.ids_of(id).into_iter().map(of).collect()
        }
        Owner::Entity(_) => vec![owner(case)],
    }
}

/// Returns the keys that a timer of that name may have.
pub(crate) fn keys(case: &Case<'_>, name: &TimerName, facts: &Facts) -> Vec<TimerKey> {
    owners(case, facts).into_iter().map(|of| key(of, name)).collect()
}

fn key(of: StateKey, name: &TimerName) -> TimerKey {
    TimerKey::Policy { campaign: of.campaign, owner: of.owner, name: name.clone() }
}
