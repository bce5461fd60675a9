//! How much may wait: of one caller, and of all together.

use std::collections::HashMap;
use std::fmt;

use largesse_domain::limits::{
    BATCH_EVENTS_MAX, EVENT_OVERHEAD_BYTES, WAITING_BYTES_MAX, WAITING_BYTES_PER_TOKEN_MAX, WAITING_EVENTS_MAX,
    WAITING_EVENTS_PER_TOKEN_MAX, WAITING_REQUESTS_MAX, WAITING_REQUESTS_PER_TOKEN_MAX, WAITING_RETRY_SECONDS_MAX,
};

use super::Flow;
use crate::intake::Arrival;

/// The part of each bound of the host that is kept for callers of whom little waits.
const RESERVE: usize = 8;
/// The part of each bound of a token up to which little of it waits.
const LITTLE: usize = 64;

/// What there is too much of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// Requests.
    Requests,
    /// Events.
    Events,
    /// Bytes of data.
    Bytes,
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Requests => "requests",
            Self::Events => "events",
            Self::Bytes => "bytes",
        })
    }
}

/// Why work does not get into the queue now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Full {
    /// As much of this caller's waits as may.
    #[error("{waiting} {bound} of this token wait, and at most {max} may")]
    Caller {
        /// What there is too much of.
        bound: Bound,
        /// How much waits.
        waiting: usize,
        /// How much of it may wait now.
        max: usize,
        /// When to try again.
        retry_after_seconds: u32,
    },
    /// As much waits as the host takes.
    #[error("{waiting} {bound} wait, and the host takes at most {max}")]
    Host {
        /// What there is too much of.
        bound: Bound,
        /// How much waits.
        waiting: usize,
        /// How much may wait.
        max: usize,
        /// When to try again.
        retry_after_seconds: u32,
    },
}

/// How much work is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    pub(crate) requests: usize,
    pub(crate) events: usize,
    pub(crate) bytes: usize,
}

impl Usage {
    pub(crate) fn of_event(arrival: &Arrival) -> Self {
        Self { requests: 0, events: 1, bytes: arrival.event.data.as_str().len() + EVENT_OVERHEAD_BYTES }
    }

    pub(super) fn of_request(arrivals: &[Arrival]) -> Self {
        let mut usage = Self { requests: 1, ..Self::default() };
        arrivals.iter().for_each(|arrival| usage.add(Self::of_event(arrival)));
        usage
    }

    pub(super) fn add(&mut self, other: Self) {
        self.requests += other.requests;
        self.events += other.events;
        self.bytes += other.bytes;
    }

    fn remove(&mut self, other: Self) {
        self.requests = self.requests.saturating_sub(other.requests);
        self.events = self.events.saturating_sub(other.events);
        self.bytes = self.bytes.saturating_sub(other.bytes);
    }

    fn get(self, bound: Bound) -> usize {
        match bound {
            Bound::Requests => self.requests,
            Bound::Events => self.events,
            Bound::Bytes => self.bytes,
        }
    }
}

/// Bound, most of one token, most of all.
const BOUNDS: [(Bound, usize, usize); 3] = [
    (Bound::Requests, WAITING_REQUESTS_PER_TOKEN_MAX, WAITING_REQUESTS_MAX),
    (Bound::Events, WAITING_EVENTS_PER_TOKEN_MAX, WAITING_EVENTS_MAX),
    (Bound::Bytes, WAITING_BYTES_PER_TOKEN_MAX, WAITING_BYTES_MAX),
];

/// How much waits.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    total: Usage,
    flows: HashMap<Flow, Usage>,
}

impl Waiting {
    /// Returns how many requests and events of a caller wait.
    #[cfg(test)]
    pub(super) fn of(&self, flow: &Flow) -> (usize, usize) {
        self.flows.get(flow).map_or((0, 0), |usage| (usage.requests, usage.events))
    }

    /// Counts work of a caller, unless there would be too much.
    pub(super) fn add(&mut self, flow: &Flow, usage: Usage, nanos_per_event: u64) -> Result<(), Full> {
        let own = self.flows.get(flow).copied().unwrap_or_default();
        let callers = self.flows.len() + usize::from(!self.flows.contains_key(flow));
        let retry_after_seconds = self.retry_after_seconds(nanos_per_event);
        for (bound, token_max, host_max) in BOUNDS {
            let (own, total, more) = (own.get(bound), self.total.get(bound), usage.get(bound));
            let max = if bound == Bound::Events { self.share(token_max, callers) } else { token_max };
            if !flow.is_host() && own + more > max {
                return Err(Full::Caller { bound, waiting: own, max, retry_after_seconds });
            }
            let is_little = own + more <= token_max / LITTLE;
            let max = if is_little { host_max } else { host_max - host_max / RESERVE };
            if total + more > max {
                return Err(Full::Host { bound, waiting: total, max, retry_after_seconds });
            }
        }
        self.restore(flow, usage);
        Ok(())
    }

    /// Returns how many events of one caller may wait: once the queue is half full, no more than an equal share.
    fn share(&self, token_max: usize, callers: usize) -> usize {
        if self.total.events < WAITING_EVENTS_MAX / 2 {
            return token_max;
        }
        (WAITING_EVENTS_MAX / callers.max(1)).clamp(BATCH_EVENTS_MAX, token_max)
    }

    fn retry_after_seconds(&self, nanos_per_event: u64) -> u32 {
        let nanos = nanos_per_event.saturating_mul(self.total.events as u64);
        let seconds = u32::try_from(nanos.div_ceil(1_000_000_000)).unwrap_or(u32::MAX);
        seconds.clamp(1, WAITING_RETRY_SECONDS_MAX)
    }

    /// Counts work of a caller that was taken and waits again, however much waits by now.
    pub(super) fn restore(&mut self, flow: &Flow, usage: Usage) {
        self.total.add(usage);
        self.flows.entry(flow.clone()).or_default().add(usage);
    }

    /// Work of a caller waits no more.
    pub(super) fn remove(&mut self, flow: &Flow, usage: Usage) {
        self.total.remove(usage);
        if let Some(own) = self.flows.get_mut(flow) {
            own.remove(usage);
            if *own == Usage::default() {
                self.flows.remove(flow);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(events: usize) -> Usage {
        Usage { requests: 1, events, bytes: 0 }
    }

    fn token(number: usize) -> Flow {
        Flow::token(&format!("t{number}"))
    }

    fn caller_full(told: Result<(), Full>) -> (Bound, usize) {
        match told {
            Err(Full::Caller { bound, max, .. }) => (bound, max),
            other => panic!("{other:?}"),
        }
    }

    fn host_full(told: Result<(), Full>) -> (Bound, usize) {
        match told {
            Err(Full::Host { bound, max, .. }) => (bound, max),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_token_reaches_each_of_its_bounds_and_no_further() {
        let cases = [
            (Bound::Requests, WAITING_REQUESTS_PER_TOKEN_MAX, Usage { requests: 1, events: 0, bytes: 0 }),
            (Bound::Events, WAITING_EVENTS_PER_TOKEN_MAX, Usage { requests: 0, events: 1, bytes: 0 }),
            (Bound::Bytes, WAITING_BYTES_PER_TOKEN_MAX, Usage { requests: 0, events: 0, bytes: 1 }),
        ];
        for (bound, max, one) in cases {
            let mut waiting = Waiting::default();
            let all = Usage { requests: one.requests * max, events: one.events * max, bytes: one.bytes * max };
            waiting.add(&token(1), all, 1).unwrap();
            assert_eq!(caller_full(waiting.add(&token(1), one, 1)), (bound, max));
            waiting.add(&token(2), one, 1).unwrap();
            waiting.remove(&token(1), one);
            waiting.add(&token(1), one, 1).unwrap();
        }
    }

    #[test]
    fn the_host_reaches_its_bound_and_keeps_a_reserve_for_those_of_whom_little_waits() {
        let mut waiting = Waiting::default();
        let ordinary = WAITING_EVENTS_MAX - WAITING_EVENTS_MAX / RESERVE;
        let each = BATCH_EVENTS_MAX;
        for number in 0..ordinary / each {
            waiting.add(&token(number), events(each), 1).unwrap();
        }
        let left = ordinary - ordinary / each * each;
        waiting.add(&token(900), events(left), 1).unwrap();
        assert_eq!(host_full(waiting.add(&token(901), events(each), 1)), (Bound::Events, ordinary));
        let little = WAITING_EVENTS_PER_TOKEN_MAX / LITTLE;
        let mut number = 1_000;
        while waiting.total.events < WAITING_EVENTS_MAX {
            let more = little.min(WAITING_EVENTS_MAX - waiting.total.events);
            waiting.add(&token(number), events(more), 1).unwrap();
            number += 1;
        }
        assert_eq!(host_full(waiting.add(&token(number), events(1), 1)), (Bound::Events, WAITING_EVENTS_MAX));
        waiting.remove(&token(1_000), events(1));
        waiting.add(&token(number), events(1), 1).unwrap();
    }

    #[test]
    fn requests_and_bytes_of_all_are_bounded_too() {
        for (bound, max, one) in [
            (Bound::Requests, WAITING_REQUESTS_MAX, Usage { requests: 1, events: 0, bytes: 0 }),
            (Bound::Bytes, WAITING_BYTES_MAX, Usage { requests: 0, events: 0, bytes: 1 }),
        ] {
            let mut waiting = Waiting::default();
            let little = BOUNDS.iter().find(|(other, ..)| *other == bound).unwrap().1 / LITTLE;
            let part = Usage { requests: one.requests * little, events: 0, bytes: one.bytes * little };
            for number in 0..max / little {
                waiting.add(&token(number), part, 1).unwrap();
            }
            assert_eq!(host_full(waiting.add(&token(9_999), one, 1)), (bound, max));
        }
    }

    #[test]
    fn once_the_queue_is_half_full_nobody_has_more_than_a_share() {
        let mut waiting = Waiting::default();
        let batch = events(BATCH_EVENTS_MAX);
        for number in 0..4 {
            for _ in 0..2 {
                waiting.add(&token(number), batch, 1).unwrap();
            }
        }
        waiting.add(&token(5), events(192), 1).unwrap();
        assert_eq!(waiting.total.events, WAITING_EVENTS_MAX / 2);
        // Five callers: 3,276 events each.
        waiting.add(&token(0), batch, 1).unwrap();
        assert_eq!(caller_full(waiting.add(&token(0), batch, 1)), (Bound::Events, WAITING_EVENTS_MAX / 5));
        waiting.add(&token(5), batch, 1).unwrap();
    }

    #[test]
    fn the_host_itself_has_only_the_bounds_of_all() {
        let mut waiting = Waiting::default();
        waiting.add(&Flow::default(), events(WAITING_EVENTS_PER_TOKEN_MAX + 1), 1).unwrap();
        assert!(matches!(waiting.add(&Flow::default(), events(WAITING_EVENTS_MAX), 1), Err(Full::Host { .. })));
    }

    #[test]
    fn how_long_to_wait_follows_from_what_waits() {
        let mut waiting = Waiting::default();
        waiting.add(&token(1), events(WAITING_EVENTS_PER_TOKEN_MAX), 1).unwrap();
        let seconds = |nanos| match waiting.retry_after_seconds(nanos) {
            seconds @ 1..=WAITING_RETRY_SECONDS_MAX => seconds,
            other => panic!("{other}"),
        };
        assert_eq!(seconds(1), 1);
        assert_eq!(seconds(1_000_000), 9);
        assert_eq!(seconds(u64::MAX), WAITING_RETRY_SECONDS_MAX);
    }
}
