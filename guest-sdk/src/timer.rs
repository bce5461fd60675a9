//! Timers: a policy asks to be told later.

use serde::{Deserialize, Serialize};

use crate::when::When;

/// The kind of the events that timers become when they go off. Subscribe to it with
/// [`Subscription::timers`](crate::Subscription::timers) or
/// [`Subscription::entity_timers`](crate::Subscription::entity_timers).
pub const TIMER_FIRED: &str = "timer.fired";

/// A timer of the decision's owner. When it goes off the policy is told by an event [`TIMER_FIRED`], whose data reads as
/// [`TimerFired`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// At most one timer per campaign, owner and name; set again, it is put to its new time and data. 1 to 64 of
    /// `A-Z a-z 0-9 . _ : / -`. An owner has at most 16.
    pub name: String,
    /// When it goes off: at once when that is past, never before the event's own time, and, set on a [`TIMER_FIRED`], a
    /// minute after that at the earliest.
    pub due: When,
    /// What the policy is told then: a JSON object, at most 4 KiB.
    pub data: String,
}

impl Schedule {
    /// A timer without data.
    pub fn new(name: impl Into<String>, due: When) -> Self {
        Self { name: name.into(), due, data: "{}".to_owned() }
    }

    /// Says what to be told; `data` must serialise to a JSON object.
    ///
    /// # Panics
    /// When `data` does not serialise (a map whose keys are not texts).
    #[must_use]
    pub fn data(mut self, data: &impl Serialize) -> Self {
        self.data = serde_json::to_string(data).expect("a timer's data serialise to JSON");
        self
    }
}

/// The data of an event [`TIMER_FIRED`]: `input.event.data::<TimerFired<MyNote>>()`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct TimerFired<T> {
    /// The timer's name.
    pub timer: String,
    /// What it was given.
    pub data: T,
}
