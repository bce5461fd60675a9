//! Timers go off: each once, the one due first, first.
//!
//! They are looked for between two commits, when nothing is being written: then the store and the rows held in memory tell
//! between them all that there is. What the batch that gathers has dropped or put off is known from the rows; what it has
//! set is found after it is written. A timer is dropped in the commit that does what it was set for, so that it is done
//! once whenever the host stops.
//!
//! A timer of a paused campaign waits, and so does one of a campaign that is making up for a pause: what was put off may
//! still drop it.

use std::collections::HashMap;

use largesse_domain::event::Admission;
use largesse_domain::facts::Wanted;
use largesse_domain::id::{CampaignId, EventSeq};
use largesse_domain::lifecycle::Lifecycle;
use largesse_domain::limits::TIMERS_AT_ONCE_MAX;
use largesse_domain::time::Instant;
use largesse_domain::timer::{Timer, TimerBody, TimerKey};
use largesse_failpoint::{Point, reach};
use largesse_store::StoreError;

use super::Decider;
use super::admit::Admitted;
use super::group::Numbered;
use crate::firing::Fired;
use crate::intake::Arrival;
use crate::seed::Purpose;

/// How long a timer is left alone after its decisions could not be made, in milliseconds.
const HELD_MS: i64 = 60_000;
/// How long until the next look when what is due cannot go off, in milliseconds.
const LOOK_AGAIN_MS: i64 = 1_000;

/// What is known of timers without asking the store.
#[derive(Debug)]
pub(crate) struct Timers {
    /// None goes off before.
    next: Instant,
    /// Those whose decisions could not be made for want of time or memory, and until when they are left alone.
    held: HashMap<TimerKey, Instant>,
}

impl Default for Timers {
    fn default() -> Self {
        Self { next: Instant::MIN, held: HashMap::new() }
    }
}

impl Timers {
    /// Forgets when the next is due: other campaigns' timers may go off now.
    pub(crate) fn look_again(&mut self) {
        self.next = Instant::MIN;
    }

    /// None goes off before.
    pub(super) fn next(&self) -> Instant {
        self.next
    }

    /// Takes note of the timers that a batch sets.
    pub(super) fn note(&mut self, changed: &[(TimerKey, Option<Timer>)]) {
        let due = changed.iter().filter_map(|(_, timer)| timer.as_ref()).map(|timer| timer.due);
        self.next = due.fold(self.next, Instant::min);
    }
}

impl Decider {
    /// Lets timers go off that are due. Nothing is being written.
    pub(super) fn fire_timers(&mut self) -> Result<(), StoreError> {
        let now = self.clock.now();
        if now < self.timers.next {
            return Ok(());
        }
        self.timers.held.retain(|_, until| *until > now);
        let campaigns = self.not_waiting();
        let stored = self.store.due_timers(&campaigns, now, TIMERS_AT_ONCE_MAX + self.timers.held.len())?;
        if stored.is_empty() {
            let next = self.store.due_timers(&campaigns, Instant::MAX, 1)?;
            self.timers.next = next.first().map_or(Instant::MAX, |(_, timer)| timer.due);
            return Ok(());
        }
        let due = self.still_due(stored, now)?;
        if due.is_empty() {
            self.timers.next = now.plus_millis(LOOK_AGAIN_MS).unwrap_or(Instant::MAX);
            return Ok(());
        }
        let alike = |(one, _): &(TimerKey, Timer), (other, _): &(TimerKey, Timer)| {
            let told = |key: &TimerKey| matches!(key, TimerKey::Policy { .. });
            let shared = |key: &TimerKey| matches!(key, TimerKey::Pool { .. });
            told(one) == told(other) && !shared(one) && !shared(other)
        };
        self.begin_turn();
        for together in due.chunk_by(alike) {
            if self.turn.is_over() {
                break;
            }
            match together {
                [(key @ TimerKey::Pool { .. }, _)] => self.settle_pool(key, now)?,
                [(TimerKey::Policy { .. }, _), ..] => self.go_off(together.to_vec(), now)?,
                _ => self.come_due(together, now)?,
            }
        }
        Ok(())
    }

    /// Does in the ledger what the time has come for.
    fn come_due(&mut self, due: &[(TimerKey, Timer)], now: Instant) -> Result<(), StoreError> {
        let mut late = Vec::with_capacity(due.len());
        for timer in due {
            if self.turn.is_over() {
                break;
            }
            let made = self.facts.transfers_made();
            self.facts.set_timer(timer.0.clone(), None);
            match &timer.0 {
                TimerKey::Grant(lot) => self.grant_is_due(lot, now)?,
                TimerKey::Redemption(id) => self.redemption_is_due(id, now)?,
                TimerKey::Message(slot) => self.message_is_due(slot, &timer.1)?,
                TimerKey::Policy { .. } | TimerKey::Pool { .. } => {}
            }
            self.turn.count(0, 1);
            self.pending.rows += 1;
            self.clock_caused(made, timer)?;
            late.push(now.as_millis() - timer.1.due.as_millis());
        }
        self.pending.after.push(Box::new(move || measure(late)));
        Ok(())
    }

    /// The campaigns whose timers do not wait.
    fn not_waiting(&self) -> Vec<CampaignId> {
        let campaigns = self.registry.campaigns().map(|active| &active.campaign);
        let not_waiting = campaigns.filter(|campaign| match campaign.lifecycle {
            Lifecycle::Running | Lifecycle::Closing if self.registry.holds(campaign) => false,
            Lifecycle::Running | Lifecycle::Closing => !self.backlog.contains(&campaign.id),
            Lifecycle::Paused | Lifecycle::Scheduled => false,
            Lifecycle::Draft | Lifecycle::Ended => true,
        });
        not_waiting.map(|campaign| campaign.id.clone()).collect()
    }

    /// Of the timers in the store, those that the batch that gathers has left as they were, or due.
    fn still_due(
        &mut self,
        stored: Vec<(TimerKey, Timer)>,
        now: Instant,
    ) -> Result<Vec<(TimerKey, Timer)>, StoreError> {
        let keys = stored.into_iter().map(|(key, _)| key).filter(|key| !self.timers.held.contains_key(key));
        let keys: Vec<TimerKey> = keys.collect();
        let mut wanted = Wanted::default();
        keys.iter().cloned().for_each(|key| wanted.timer(key));
        self.ensure(wanted)?;
        let row = |key: TimerKey| self.facts.timers.get(&key).clone().map(|timer| (key, timer));
        let mut due: Vec<_> = keys.into_iter().filter_map(row).filter(|(_, timer)| timer.due <= now).collect();
        due.sort_by_cached_key(|(key, timer)| (timer.due, key.to_string()));
        Ok(due)
    }

    fn go_off(&mut self, due: Vec<(TimerKey, Timer)>, now: Instant) -> Result<(), StoreError> {
        let fired = self.told(due)?;
        let mut admitted = Vec::with_capacity(fired.len());
        for ((key, _, arrival), number) in fired.iter().zip(1..) {
            self.facts.set_timer(key.clone(), None);
            let admission = Admission { seq: EventSeq(self.last_event.0 + number), at: now };
            admitted.push(Admitted { arrival: arrival.clone(), admission });
        }
        let decided = self.decide(&admitted, Purpose::Commit)?;
        for (index, why) in &decided.refused {
            let (key, timer, _) = &fired[*index];
            tracing::warn!(timer = %key, why, "a timer could not go off and is tried again later");
            self.timers.held.insert(key.clone(), now.plus_millis(HELD_MS).unwrap_or(Instant::MAX));
            self.facts.set_timer(key.clone(), Some(timer.clone()));
        }
        // The others go off in the next turn.
        for index in &decided.left {
            let (key, timer, _) = &fired[*index];
            self.facts.set_timer(key.clone(), Some(timer.clone()));
        }
        let Numbered { admitted, round, numbers } = decided.numbered(admitted);
        self.last_event = admitted.last().map_or(self.last_event, |last| last.admission.seq);
        self.keep(&admitted, round);
        reach(Point::TimersFired);
        self.cascade()?;
        let went_off = fired.into_iter().zip(numbers).filter(|(_, number)| number.is_some());
        let late = went_off.map(|((_, timer, _), _)| now.as_millis() - timer.due.as_millis()).collect();
        self.pending.after.push(Box::new(move || measure(late)));
        Ok(())
    }

    /// The events that policies' timers become. Those that can become none are dropped.
    fn told(&mut self, due: Vec<(TimerKey, Timer)>) -> Result<Vec<(TimerKey, Timer, Arrival)>, StoreError> {
        let mut told = Vec::with_capacity(due.len());
        for (key, timer) in due {
            match self.arrival_of(&key, &timer) {
                Some(arrival) => told.push((key, timer, arrival)),
                None => self.facts.set_timer(key, None),
            }
        }
        let keys: Vec<_> = told.iter().map(|(_, _, arrival)| arrival.event.key.clone()).collect();
        let mut stored = self.store.seen(&keys)?.into_iter();
        told.retain(|(key, _, arrival)| {
            let new = stored.next().flatten().is_none();
            if !new {
                tracing::error!(timer = %key, event = %arrival.event.key.id, "a timer is dropped: it went off before");
                self.facts.set_timer(key.clone(), None);
            }
            new
        });
        Ok(told)
    }

    fn arrival_of(&self, key: &TimerKey, timer: &Timer) -> Option<Arrival> {
        let TimerKey::Policy { campaign, owner, name } = key else { return None };
        let TimerBody::Policy { set_on, set_by, actor, data } = &timer.body else { return None };
        let active = self.registry.campaign(campaign).filter(|active| {
            let live = active.campaign.lifecycle.is_live() && !self.registry.holds(&active.campaign);
            live && active.campaign.over().is_none_or(|over| timer.due <= over)
        });
        if active.is_none() {
            tracing::info!(timer = %key, "a timer is dropped: its campaign decides nothing any more");
            return None;
        }
        let fired = Fired { campaign, owner, name, set_on, set_by, actor, data, due: timer.due };
        let arrival = fired.arrival(&self.registry.kinds);
        arrival.inspect_err(|error| tracing::error!(timer = %key, %error, "a timer is dropped: it cannot be told")).ok()
    }
}

/// Counts the timers that went off, each by how late it was, in milliseconds.
fn measure(late: Vec<i64>) {
    metrics::counter!("largesse_timers_fired_total").increment(late.len() as u64);
    let lateness = metrics::histogram!("largesse_timer_lateness_seconds");
    for millis in late {
        lateness.record(std::time::Duration::from_millis(millis.unsigned_abs()).as_secs_f64());
    }
}
