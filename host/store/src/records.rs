//! Records: how much room they take, which are the oldest, and what remains of those that were removed.
//!
//! A record is all that a decision knew and what came of it, with its event's data. Records go in order of decisions, from the first.

use largesse_domain::id::{DecisionId, EventSeq};
use largesse_domain::outcome::Remains;
use largesse_domain::time::Instant;

use crate::{DecisionFilter, StoreError};

/// Which records are removed by a batch. What the rest of the store needs is kept whatever it says: the data of an event goes when no
/// record is left on it and no decision on it is put off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Removal {
    /// Those of decisions up to and including this one.
    pub decision: DecisionId,
    /// The data of events on which nothing was decided, up to and including this one.
    pub event: EventSeq,
    /// The host's clock.
    pub at: Instant,
}

/// How much room records take, and how far they are removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Room {
    /// The bytes of all records as they are stored, and of all events' data.
    pub bytes: u64,
    /// The last decision whose record was removed; 0 when none was.
    pub decision: DecisionId,
    /// The last event that a removal went by; 0 when none did.
    pub event: EventSeq,
}

/// A record that is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptRecord {
    /// The decision.
    pub decision: DecisionId,
    /// The event.
    pub event: EventSeq,
    /// When the decision was made.
    pub made_at: Instant,
    /// The bytes of the record, and of its event's data.
    pub bytes: u64,
}

/// What is kept of decisions, and what was removed.
pub trait Records {
    /// How much room records take, and how far they are removed.
    ///
    /// # Errors
    /// When the database fails.
    fn room(&self) -> Result<Room, StoreError>;

    /// The oldest records, in order, at most `limit`.
    ///
    /// # Errors
    /// When the database fails.
    fn oldest_records(&self, limit: usize) -> Result<Vec<KeptRecord>, StoreError>;

    /// Returns the last of the next `limit` events after one whose data is kept; none when none follows.
    ///
    /// # Errors
    /// When the database fails.
    fn data_after(&self, event: EventSeq, limit: usize) -> Result<Option<EventSeq>, StoreError>;

    /// What remains of the decisions on one event whose records were removed, in order.
    ///
    /// # Errors
    /// When the database fails.
    fn remains_on(&self, event: EventSeq) -> Result<Vec<Remains>, StoreError>;

    /// What remains of decisions after one whose records were removed, in order, at most `limit`. They come before all that
    /// [`Store::decisions`](crate::Store::decisions) lists.
    ///
    /// # Errors
    /// When the database fails.
    fn remains(&self, filter: &DecisionFilter, after: DecisionId, limit: usize) -> Result<Vec<Remains>, StoreError>;

    /// How many records of decisions after one, up to and including another, were removed.
    ///
    /// # Errors
    /// When the database fails.
    fn removed_count(&self, filter: &DecisionFilter, after: DecisionId, until: DecisionId) -> Result<u64, StoreError>;
}
