//! Requests to take back what was granted.

use crate::rows::event::EventKey;
use crate::words::id::RequestId;
use crate::words::key::GrantSlot;
use crate::words::unit::Quantity;

/// What is taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReversalTarget {
    /// A grant, or at most so much of it.
    Grant(GrantSlot, Option<Quantity>),
    /// Whatever decisions on an event gave, and the tags that they set.
    Event(EventKey),
}

/// A request to take back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReversalRequest {
    /// The asker's own identifier: the same request again gets the same answer.
    pub id: RequestId,
    /// What is taken back.
    pub of: ReversalTarget,
    /// Why.
    pub reason: String,
}
