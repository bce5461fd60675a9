//! Times that go by the clock on the wall, made out once the decision is there: the SDK knows the event's local time then, and no
//! policy has to hand it on.

use crate::decision::{Benefit, Decision, Effect, Grant};
use crate::time::LocalTime;
use crate::when::When;

impl<S> Decision<S> {
    /// Puts local times in place of those that go by the event's.
    pub(crate) fn clocked(mut self, local: &LocalTime) -> Self {
        for effect in &mut self.effects {
            match effect {
                Effect::Grant(grant) => clock_grant(grant, local),
                Effect::Tag(tag) => clock(tag.until.as_mut(), local),
                Effect::Schedule(schedule) => clock(Some(&mut schedule.due), local),
                Effect::Reserve(reservation) => clock(Some(&mut reservation.until), local),
                Effect::Place(placement) => clock(placement.until.as_mut(), local),
                _ => {}
            }
        }
        self
    }
}

fn clock_grant(grant: &mut Grant, local: &LocalTime) {
    clock(grant.expires.as_mut(), local);
    clock(grant.hold.as_mut().map(|hold| &mut hold.until), local);
    for choice in &mut grant.choices {
        match choice {
            Benefit::CreditLimit { until, .. } | Benefit::RateBoost { until, .. } => clock(until.as_mut(), local),
            Benefit::Units { .. } => {}
        }
    }
}

fn clock(when: Option<&mut When>, local: &LocalTime) {
    if let Some(when) = when {
        *when = when.by(local);
    }
}
