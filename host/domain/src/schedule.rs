//! Timers that policies set and cancel for the owner of a decision.
//!
//! A name that is set again is put to its new time and keeps nothing of the old one. A timer is never due before the event
//! on which it is set; set while an event of the host's own is decided on, it is due [`TIMER_AGAIN_MS_MIN`] after that at the
//! earliest, so that no policy keeps the host busy with itself.

use crate::adjudicate::Case;
use crate::cascade;
use crate::effect::{EffectKind, Schedule};
use crate::facts::{Facts, StateKey};
use crate::id::TimerName;
use crate::limits::{TIMER_AGAIN_MS_MIN, TIMERS_PER_OWNER_MAX};
use crate::outcome::{Done, Outcome, Reason};
use crate::time::{Instant, When};
use crate::timer::{Timer, TimerBody, TimerKey};

pub(crate) fn set(case: &Case<'_>, schedule: &Schedule, facts: &mut Facts) -> Outcome {
    let names = facts.timer_names.get(&owner(case));
    if names.len() >= TIMERS_PER_OWNER_MAX && !names.contains(&schedule.name) {
        return Outcome::Skipped(EffectKind::Schedule, Reason::TooManyTimers);
    }
    let due = due(case, schedule.due);
    let actor = case.input.event.actor.clone();
    let body = TimerBody::Policy { set_by: case.decision, actor, data: schedule.data.clone() };
    facts.set_timer(key(case, &schedule.name), Some(Timer { due, body }));
    Outcome::Applied(Done::Scheduled { name: schedule.name.clone(), due })
}

pub(crate) fn cancel(case: &Case<'_>, name: &TimerName, facts: &mut Facts) -> Outcome {
    let key = key(case, name);
    if facts.timers.get(&key).is_none() {
        return Outcome::Skipped(EffectKind::Schedule, Reason::NoSuchTimer);
    }
    facts.set_timer(key, None);
    Outcome::Applied(Done::TimerCancelled { name: name.clone() })
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

pub(crate) fn key(case: &Case<'_>, name: &TimerName) -> TimerKey {
    let StateKey { campaign, owner } = owner(case);
    TimerKey::Policy { campaign, owner, name: name.clone() }
}
