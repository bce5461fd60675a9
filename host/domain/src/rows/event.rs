//! An event: a fact about a customer.

use crate::words::id::{CustomerId, EventId, EventKind, EventSeq, EventSource};
use crate::words::json::Json;
use crate::words::time::Instant;

/// What identifies an event.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventKey {
    /// The system that it comes from.
    pub source: EventSource,
    /// Its identifier there.
    pub id: EventId,
}

/// The sha-256 of an event's canonical body: object keys sorted, no white space.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BodyHash(pub [u8; 32]);

/// An event that has passed the schema of its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What identifies it.
    pub key: EventKey,
    /// What it tells.
    pub kind: EventKind,
    /// The customer who acted.
    pub actor: CustomerId,
    /// When it happened.
    pub occurred: Instant,
    /// Its data.
    pub data: Json,
    /// What tells it from another event of the same key.
    pub body_hash: BodyHash,
}

/// An event that the host has taken, for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Admission {
    /// Its place in the order of admission.
    pub seq: EventSeq,
    /// The host's clock when it was taken; `now` of all its decisions, whenever they are made.
    pub at: Instant,
}

/// What the host makes of an event with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Never seen: admit it.
    New,
    /// Seen with the same body: answer what was answered.
    Same(EventSeq),
    /// Seen with another body: refuse it.
    Other(EventSeq),
}

/// Compares an event with what is stored under its key.
#[must_use]
pub fn seen(stored: Option<(EventSeq, BodyHash)>, hash: BodyHash) -> Seen {
    match stored {
        None => Seen::New,
        Some((seq, stored)) if stored == hash => Seen::Same(seq),
        Some((seq, _)) => Seen::Other(seq),
    }
}
