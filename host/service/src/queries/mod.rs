//! What the host is asked to show: one query, one file (small ones of one noun share theirs).
//!
//! A query names its fields, what it reads and the type of its answer. [`Service::query`] reads beside the pipeline, from what is
//! committed, and within the bounds on reads. What may be long goes into a [`Sink`] as it is read, so that whoever asks bounds what
//! is held.

mod calendar;
mod customers;
mod redemptions;
mod spend;
mod pockets;
mod units;
mod measures;
mod decisions;
mod deliveries;
mod journal;
mod versions;

use std::fmt::Display;
use std::sync::Arc;

use largesse_domain::id::CampaignId;
use largesse_domain::time::Instant;
use largesse_store::{Store, StoreError};

use crate::registry::{Active, Registry};
use crate::{ReadError, Service};

pub use calendar::{Calendar, Entry, TooManyOccurrences};
pub use customers::{Balance, Balances, Grants, KnownCustomer, Referrals, ShowCustomer, ShowReferrals};
pub use decisions::{ChainHead, Decisions, Listed, ShowDecision, Shown};
pub use deliveries::{Deliveries, ShowDelivery};
pub use journal::{Audit, Positions, Runs, Transfers};
pub use largesse_store::GrantPlace;
pub use measures::ShowMeasures;
pub use pockets::{PocketUse, Pockets, ShowPocket, UseOfPocket};
pub use redemptions::{Redemptions, ShowRedemption};
pub use spend::{BudgetUse, ShowSpend, Spend};
pub use units::{OnHand, ShowUnit, UnitOnHand, Units};
pub use versions::{Activations, Differences, ShowMigration, ShowRollout, StuckStates, Tried};

/// Items that are read from the store at a time where they may be large.
const READ_ITEMS: usize = 64;

/// Something that the host is asked to show.
pub trait Query: Send + 'static {
    /// What whoever asked is shown.
    type Answer: Send + 'static;
    /// Whether it looks at everything that is stored; see [`largesse_domain::limits::AUDITS_MAX`].
    const READS_ALL: bool = false;

    /// Reads the answer, on a thread where that may take its time.
    ///
    /// # Errors
    /// When there is no such thing, or the store fails.
    fn read(self, committed: &Committed<'_>) -> Result<Self::Answer, QueryError>;
}

/// Why a query has no answer.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// There is no such thing.
    #[error("there is no {what} {name}")]
    NotFound {
        /// A campaign, a pocket.
        what: &'static str,
        /// What it was called.
        name: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What queries read. Only this crate looks into it.
pub struct Committed<'a> {
    store: &'a dyn Store,
    /// What was published and ran when the query came.
    registry: &'a Registry,
    now: Instant,
}

/// Takes what a query finds, in order, as far as there is room.
pub trait Sink: Send + 'static {
    /// What it takes.
    type Item;

    /// Returns how many more items it takes at most.
    fn room(&self) -> usize;

    /// Takes an item. Reports whether it takes another one.
    fn put(&mut self, item: &Self::Item) -> bool;
}

impl Service {
    /// Answers a query from what is committed. The read ends when the returned future is dropped.
    ///
    /// # Errors
    /// When there is no such thing, the store fails, or no room for the read becomes free within some seconds.
    pub async fn query<Q: Query>(&self, query: Q) -> Result<Q::Answer, ReadError> {
        let (registry, now) = (self.registry(), self.clock().now());
        let read = move |store: &dyn Store| match query.read(&Committed { store, registry: &registry, now }) {
            Ok(answer) => Ok(Ok(answer)),
            Err(QueryError::NotFound { what, name }) => Ok(Err(ReadError::NotFound { what, name })),
            Err(QueryError::Store(error)) => Err(error),
        };
        if Q::READS_ALL { self.read_all(read).await? } else { self.read(read).await? }
    }
}

impl Committed<'_> {
    fn campaign(&self, id: &CampaignId) -> Result<&Arc<Active>, QueryError> {
        self.registry.campaign(id).ok_or_else(|| not_found("campaign", id))
    }
}

fn not_found(what: &'static str, name: &impl Display) -> QueryError {
    QueryError::NotFound { what, name: name.to_string() }
}

/// Fills a sink with what is read after a number, some items at a time, so that few are held beside it.
fn fill<S: Sink>(
    into: &mut S,
    mut after: u64,
    mut read: impl FnMut(u64, usize) -> Result<Vec<S::Item>, StoreError>,
    number: impl Fn(&S::Item) -> u64,
) -> Result<(), StoreError> {
    loop {
        let some = into.room().min(READ_ITEMS);
        let items = read(after, some)?;
        let is_last = items.len() < some;
        for item in &items {
            if !into.put(item) {
                return Ok(());
            }
            after = number(item);
        }
        if is_last {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes items until one is too large for it.
    struct Bounded {
        room: usize,
        largest: u64,
        taken: Vec<u64>,
    }

    impl Sink for Bounded {
        type Item = u64;

        fn room(&self) -> usize {
            self.room - self.taken.len()
        }

        fn put(&mut self, item: &u64) -> bool {
            if *item > self.largest {
                return false;
            }
            self.taken.push(*item);
            self.taken.len() < self.room
        }
    }

    fn filled(room: usize, largest: u64, stored: u64) -> (Vec<u64>, Vec<usize>) {
        let (mut into, mut asked) = (Bounded { room, largest, taken: Vec::new() }, Vec::new());
        let read = |after: u64, some: usize| {
            asked.push(some);
            Ok((after + 1..=stored).take(some).collect())
        };
        fill(&mut into, 0, read, |number| *number).unwrap();
        (into.taken, asked)
    }

    #[test]
    fn a_sink_is_filled_some_items_at_a_time_and_no_further_than_it_takes() {
        assert_eq!(filled(3, 100, 2), (vec![1, 2], vec![3]));
        assert_eq!(filled(2, 100, 5), (vec![1, 2], vec![2]));
        assert_eq!(filled(READ_ITEMS + 1, 100, 100).1, [READ_ITEMS, 1]);
        assert_eq!(filled(10, 3, 100), (vec![1, 2, 3], vec![10]), "one that is too large ends it");
        assert_eq!(filled(10, 100, 0), (vec![], vec![10]));
    }
}
