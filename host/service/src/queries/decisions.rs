//! Decisions: the list that integrators follow, each in full, and where their chain ends.

use largesse_domain::id::{CampaignId, CustomerId, DecisionId};
use largesse_domain::outcome::{Decision, Remains};
use largesse_store::{Anchor, DecisionFilter};

use super::{Committed, Query, QueryError, Sink, not_found};

/// A page of decisions, in the order in which they were made.
#[derive(Clone, Debug)]
pub struct Decisions<K, R> {
    /// Of this campaign only.
    pub campaign: Option<CampaignId>,
    /// On events of this customer only, by any id.
    pub customer: Option<CustomerId>,
    /// After this decision.
    pub after: DecisionId,
    /// Takes those whose records are kept.
    pub kept: K,
    /// Takes those whose records were removed.
    pub removed: R,
}

/// What was found of a page of decisions. Those whose records were removed come before all others.
#[derive(Clone, Debug)]
pub struct Listed<K, R> {
    /// The earlier ones, whose records were removed.
    pub removed: R,
    /// The later ones, whose records are kept.
    pub kept: K,
}

impl<K: Sink<Item = Decision>, R: Sink<Item = Remains>> Query for Decisions<K, R> {
    type Answer = Listed<K, R>;

    fn read(self, committed: &Committed<'_>) -> Result<Self::Answer, QueryError> {
        let Self { campaign, customer, after, mut kept, mut removed } = self;
        let store = committed.store;
        let actors = customer.map(|customer| store.ids_of(&customer)).transpose()?.unwrap_or_default();
        let filter = DecisionFilter { campaign, actors };
        let mut before = DecisionId(u64::MAX);
        store.each_decision(&filter, after, &mut |decision| {
            before = before.min(decision.id);
            kept.put(&decision)
        })?;
        // A record that was removed between the two is among both.
        for remains in store.remains(&filter, after, removed.room())?.iter().filter(|remains| remains.id < before) {
            removed.put(remains);
        }
        Ok(Listed { removed, kept })
    }
}

/// A decision in full.
#[derive(Clone, Copy, Debug)]
pub struct ShowDecision(pub DecisionId);

/// A decision, as far as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub enum Shown {
    /// Its record.
    Kept(Box<Decision>),
    /// What remains of it: its record was removed.
    Removed(Box<Remains>),
}

impl Query for ShowDecision {
    type Answer = Shown;

    fn read(self, committed: &Committed<'_>) -> Result<Self::Answer, QueryError> {
        let Self(wanted) = self;
        if let Some(decision) = committed.store.decision(wanted)? {
            return Ok(Shown::Kept(Box::new(decision)));
        }
        let before = DecisionId(wanted.0.saturating_sub(1));
        let remains = committed.store.remains(&DecisionFilter::default(), before, 1)?.pop();
        let remains = remains.filter(|remains| remains.id == wanted);
        remains.map(|remains| Shown::Removed(Box::new(remains))).ok_or_else(|| not_found("decision", &wanted))
    }
}

/// Where the chain of decisions ends.
#[derive(Clone, Copy, Debug)]
pub struct ChainHead;

impl Query for ChainHead {
    /// The last decision and its link.
    type Answer = Anchor;

    fn read(self, committed: &Committed<'_>) -> Result<Self::Answer, QueryError> {
        Ok(committed.store.chain_head()?)
    }
}
