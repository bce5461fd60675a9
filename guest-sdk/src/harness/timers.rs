//! The timers that a policy has set in the harness.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::input::{Owner, OwnerKind};
use crate::timer::{Schedule, TIMER_FIRED};

use super::clock;
use super::outcome::{Around, Decided};

/// Most timers of an owner.
const PER_OWNER_MAX: usize = 16;
/// How long after a timer went off one that is set because of it is due at the earliest, in milliseconds.
const AGAIN_MS_MIN: i64 = 60_000;

/// A timer that goes off.
pub(super) struct Fired {
    pub(super) owner: Owner,
    pub(super) actor: String,
    pub(super) due: i64,
    pub(super) data: Value,
}

#[derive(Clone)]
struct Timer {
    due: i64,
    actor: String,
    data: Value,
}

#[derive(Clone, Default)]
pub(super) struct Timers(BTreeMap<(Owner, String), Timer>);

impl Timers {
    pub(super) fn all(&self) -> Vec<(&str, &str, i64)> {
        let mut all: Vec<_> =
            self.0.iter().map(|((owner, name), timer)| (owner.id.as_str(), name.as_str(), timer.due)).collect();
        all.sort_by_key(|(_, _, due)| *due);
        all
    }

    /// Gives a customer the timers of another id of theirs; of two of a name their own.
    pub(super) fn merge(&mut self, stays: &str, other: &str) {
        for ((mut owner, name), mut timer) in std::mem::take(&mut self.0) {
            for id in [&mut owner.id, &mut timer.actor] {
                if id == other {
                    stays.clone_into(id);
                }
            }
            self.0.entry((owner, name)).or_insert(timer);
        }
    }

    /// Sets a timer.
    pub(super) fn set(&mut self, schedule: Schedule, around: &Around<'_>, decided: &mut Decided) {
        let Around { owner, actor, event, offset_minutes, .. } = *around;
        let key = (owner.clone(), schedule.name.clone());
        let count = self.0.keys().filter(|(other, _)| other == owner).count();
        if count >= PER_OWNER_MAX && !self.0.contains_key(&key) {
            decided.skipped.push((schedule.name, "too-many-timers"));
            return;
        }
        let at = event.occurred.at;
        let earliest = if event.kind == TIMER_FIRED { at + AGAIN_MS_MIN } else { at };
        let due = earliest.max(clock::resolve(schedule.due, at, offset_minutes));
        let data: Value = serde_json::from_str(&schedule.data).expect("a timer's data are JSON");
        self.0.insert(key, Timer { due, actor: actor.to_owned(), data });
        decided.scheduled.push(schedule);
    }

    /// Drops a timer.
    pub(super) fn cancel(&mut self, name: String, owner: &Owner, decided: &mut Decided) {
        match self.0.remove(&(owner.clone(), name.clone())) {
            Some(_) => decided.cancelled.push(name),
            None => decided.skipped.push((name, "no-such-timer")),
        }
    }

    /// Takes the timer that is due first, if one is due by then.
    pub(super) fn next(&mut self, until: i64, campaign: &str) -> Option<Fired> {
        let due = self.0.iter().filter(|(_, timer)| timer.due <= until);
        let key = due.min_by_key(|(_, timer)| timer.due).map(|(key, _)| key.clone())?;
        let Timer { due, actor, data } = self.0.remove(&key)?;
        let (owner, name) = key;
        let field = match owner.kind {
            OwnerKind::Party => "customer",
            OwnerKind::Entity => "entity",
        };
        let data = json!({"campaign": campaign, "timer": name, "data": data, field: owner.id.as_str()});
        Some(Fired { owner, actor, due, data })
    }
}

/// Panics where the real host would record a fault.
pub(super) fn assert_schedule(schedule: &Schedule) {
    assert_name(&schedule.name);
    let data: Option<Value> = serde_json::from_str(&schedule.data).ok();
    assert!(data.is_some_and(|data| data.is_object()), "the data of the timer {} are no JSON object", schedule.name);
    assert!(schedule.data.len() <= 4 * 1024, "the data of the timer {} have more than 4 KiB", schedule.name);
}

pub(super) fn assert_name(name: &str) {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b':' | b'/' | b'-');
    assert!((1..=64).contains(&name.len()) && name.bytes().all(allowed), "{name:?} is not a timer name");
}
