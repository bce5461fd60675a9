//! Pools: fixed amounts that a campaign shares out by weight at a set time, exact to the smallest part.
//!
//! Policies set weights until then. The shares are worked out once, from all weights together, by the method of the largest
//! remainder: each gets the whole part of its due, and what is left over goes in single parts to those with the largest
//! remainders, of equal ones to the customer whose id comes first. They add up to the pool's amount unless nobody weighs
//! anything.

use crate::words::id::PoolId;
use crate::words::time::Instant;
use crate::words::unit::{Quantity, Unit};

/// The source of the events that shares of pools become. Nobody but the host sends from there.
pub const EVENT_SOURCE: &str = "largesse:pool";

/// The kind of those events.
pub const EVENT_KIND: &str = "pool.settled";

/// An amount that a campaign shares out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Its id in the campaign.
    pub id: PoolId,
    /// Of what.
    pub unit: Unit,
    /// How much.
    pub total: Quantity,
    /// When it is shared out. Weights are set before.
    pub settles: Instant,
}

/// A weight in a pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// How much; at most [`WEIGHT_MAX`](crate::limits::WEIGHT_MAX).
    pub weight: u64,
    /// Whether the policy was told what it came to.
    pub settled: bool,
}
