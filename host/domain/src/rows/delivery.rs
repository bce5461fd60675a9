//! Deliveries: what destinations are told, in which order, how often it is tried, and what their answers mean.
//!
//! What is to be told is written together with what it tells of, so that neither is there without the other, and it is sent
//! afterwards until the destination has taken it. Of two deliveries about one customer to one destination the later waits
//! until the earlier is delivered or dead.

use std::fmt;
use std::str::FromStr;

use crate::rows::ledger::Lot;
use crate::words::id::{CustomerId, DestinationId};
use crate::words::json::Json;
use crate::words::time::Instant;
use crate::words::topic::Topic;

/// A delivery's place in the order of deliveries: at least 1, at most [`NUMBER_MAX`](crate::limits::NUMBER_MAX). Never given twice, after a
/// restore either: receivers know by it what they have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeliveryId(pub u64);

impl fmt::Display for DeliveryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Something that one destination is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Its place in the order of deliveries.
    pub id: DeliveryId,
    /// To whom it goes.
    pub destination: DestinationId,
    /// Whom it is about; deliveries about nobody wait for one another.
    pub customer: Option<CustomerId>,
    /// What it tells of.
    pub topic: Topic,
    /// The grant that the destination settles by this delivery.
    pub grant: Option<Lot>,
    /// What is sent. Written once, and the same at every attempt.
    pub body: Json,
    /// When it was written, by the host's clock.
    pub made_at: Instant,
    /// How far it has got.
    pub progress: Progress,
    /// What the destination said of the grant.
    pub settlement: Option<Settlement>,
}

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeliveryState {
    /// Still to be sent, or sent again.
    Waiting,
    /// The destination has taken it.
    Delivered,
    /// It was given up; an operator can have it sent again.
    Dead,
}

impl DeliveryState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Waiting, Self::Delivered, Self::Dead];

    /// Returns the word in answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Dead => "dead",
        }
    }
}

impl FromStr for DeliveryState {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let found = Self::ALL.into_iter().find(|state| state.as_str() == text);
        found.ok_or("expected waiting, delivered or dead")
    }
}

/// How far a delivery has got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Where it stands.
    pub state: DeliveryState,
    /// How often it was tried since it was written, or since it was last sent again by an operator.
    pub attempts: u32,
    /// Not to be tried before.
    pub due: Instant,
    /// Why the last attempt failed, in at most 256 bytes.
    pub last_error: Option<String>,
}

impl Progress {
    /// Returns the progress of a delivery that is not tried yet, and due at once.
    #[must_use]
    pub fn new(now: Instant) -> Self {
        Self { state: DeliveryState::Waiting, attempts: 0, due: now, last_error: None }
    }
}

/// What a destination says of the grant that it was told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It was carried out.
    Confirmed,
    /// It could not be carried out, for that reason.
    Failed(String),
}

/// What a destination said of a grant, and when. It does not change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// What it said.
    pub settled: Settled,
    /// When, by the host's clock.
    pub at: Instant,
}
