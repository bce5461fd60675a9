//! Where everything is kept: one trait, a memory model of it, and SQLite.
//!
//! The pipeline is the only writer. It loads rows, works on them in memory, and writes back what changed together with the
//! events and decisions that changed them: [`Store::commit`] is all or nothing and returns when the batch is on disk.
#![forbid(unsafe_code)]

mod chain;
mod numbers;
mod pack;
mod pages;
mod stop;
mod records;
mod outbox;
mod versions;
mod memory;
mod sqlite;
#[cfg(any(test, feature = "testing"))]
pub mod contract;

use std::path::PathBuf;
use std::sync::Arc;

use largesse_domain::audit::{Audited, Difference};
use largesse_domain::budget::Usage;
use largesse_domain::campaign::Campaign;
use largesse_domain::catalogue::{Catalogue, Pocket, UnitTerms};
use largesse_domain::customer::Customer;
use largesse_domain::delivery::DeliveryId;
use largesse_domain::event::{Admission, BodyHash, Event, EventKey};
use largesse_domain::facts::{Rows, Wanted};
use largesse_domain::grant::Grant;
use largesse_domain::id::{
    CampaignId, CustomerId, DecisionId, EventKind, EventSeq, PocketId, PoolId, SubscriptionName,
};
use largesse_domain::json::Json;
use largesse_domain::key::{PositionKey, UsageKey};
use largesse_domain::ledger::{Position, Transfer};
use largesse_domain::message_rules::MessageRules;
use largesse_domain::outcome::Decision;
use largesse_domain::policy::Policy;
use largesse_domain::pool::Share;
use largesse_domain::programme::Programme;
use largesse_domain::run::{Numbered, Numbers, Run, Spans};
use largesse_domain::segment::Segment;
use largesse_domain::time::Instant;
use largesse_domain::timer::{Timer, TimerKey};

pub use chain::{Anchor, Break, Chain, InvalidAnchor, Verified, Wrong};
pub use memory::MemoryStore;
pub use outbox::{DeliveryFilter, Outbox, OutboxChange};
pub use pack::{NotPacked, pack, unpack};
pub use pages::{GrantPlace, InvalidPlace, Pages};
pub use records::{KeptRecord, Records, Removal, Room};
pub use sqlite::{Sizes, SourceEnd, SqliteStore};
pub use stop::Stop;
pub use versions::{VersionChanges, Versions};

/// Why the store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database was written by a newer version of the host.
    #[error("the database has schema version {found}; this host knows versions up to {known}")]
    TooNew {
        /// What the database says.
        found: u32,
        /// The newest that this host knows.
        known: u32,
    },
    /// The database was written by an older version of the host, and may not be brought to the newest.
    #[error("the database has schema version {found}, but version {known} is needed to read it without writing")]
    TooOld {
        /// What the database says.
        found: u32,
        /// The one that this host reads.
        known: u32,
    },
    /// A part of the database is still in its log, and may not be copied into it.
    #[error("the host did not stop in good order: {} is not copied into the database", path.display())]
    UnfinishedLog {
        /// The log.
        path: PathBuf,
    },
    /// Another process has the database open.
    #[error("another host has {} open", path.display())]
    InUse {
        /// The database.
        path: PathBuf,
    },
    /// A row does not hold what a row of its kind holds.
    #[error("the database holds a {what} that cannot be read: {detail}")]
    Corrupt {
        /// The kind of row.
        what: &'static str,
        /// What is wrong with it.
        detail: String,
    },
    /// A read was ended before it was done, by a [`Stop`].
    #[error("the read was ended")]
    Stopped,
    /// The database failed.
    #[error("the database failed")]
    Database(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// An event kind with the JSON Schema of its data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kind {
    /// The kind.
    pub kind: EventKind,
    /// The schema, with the host's annotations.
    pub schema: Json,
}

/// A decision that is still to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deferred {
    /// Which.
    pub key: DeferredKey,
    /// How often it was tried.
    pub attempts: u32,
    /// Not before.
    pub due: Instant,
    /// Whose later decisions by the campaign wait for it; none when it waits for its campaign or a retry. Such a decision is
    /// queued: it can be made as soon as its turn comes.
    pub behind: Option<CustomerId>,
}

/// What a deferred decision is known by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeferredKey {
    /// By which campaign.
    pub campaign: CampaignId,
    /// For which event.
    pub event: EventSeq,
    /// By which of its policy's subscriptions.
    pub subscription: SubscriptionName,
}

/// The earliest event first, at most so many.
fn earliest_first(deferred: &mut Vec<Deferred>, limit: usize) {
    let place = |deferred: &Deferred| {
        let DeferredKey { campaign, event, subscription } = deferred.key.clone();
        (event, campaign, subscription)
    };
    deferred.sort_by_cached_key(place);
    deferred.truncate(limit);
}

/// The timer due first, first; at most so many.
fn due_first(timers: &mut Vec<(TimerKey, Timer)>, limit: usize) {
    timers.sort_by_cached_key(|(key, timer)| (timer.due, key.to_string()));
    timers.truncate(limit);
}

/// Everything that is written together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// The run that assigns these numbers, in the first batch of a run that has any.
    pub run: Option<Run>,
    /// Events admitted, in order of admission.
    pub events: Vec<(Admission, Arc<Event>)>,
    /// Decisions made, in order.
    pub decisions: Vec<Arc<Decision>>,
    /// Rows changed; one that is absent (`None`, empty, not sent) is forgotten, but no grant ever is. `rows.wallets` and
    /// `rows.timer_names` show what `rows.grants` and `rows.timers` already say and are not written.
    pub rows: Rows,
    /// Decisions put off (again).
    pub deferred: Vec<Deferred>,
    /// Decisions that were put off and are made now.
    pub undeferred: Vec<DeferredKey>,
    /// Campaigns created or changed.
    pub campaigns: Vec<Arc<Campaign>>,
    /// Policies published, in order; one that was published before takes the last place.
    pub policies: Vec<Arc<Policy>>,
    /// Event kinds registered or changed.
    pub kinds: Vec<Kind>,
    /// Changes to the outbox, in order.
    pub outbox: Vec<OutboxChange>,
    /// Units whose terms were set or changed.
    pub units: Vec<UnitTerms>,
    /// Pockets made or changed.
    pub pockets: Vec<Pocket>,
    /// Programmes made or changed.
    pub programmes: Vec<Programme>,
    /// Segments set or changed.
    pub segments: Vec<Segment>,
    /// The rules for messages, when they were set.
    pub message_rules: Option<MessageRules>,
    /// What changes about versions of policies.
    pub versions: VersionChanges,
    /// Old records that are removed, after all else is written.
    pub removal: Option<Removal>,
}

/// Where counting goes on after a start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counters {
    /// The last event admitted; 0 when none was.
    pub last_event: EventSeq,
    /// The last decision made; 0 when none was.
    pub last_decision: DecisionId,
    /// The last delivery written; 0 when none was.
    pub last_delivery: DeliveryId,
    /// The number of the last transfer; 0 when there is none.
    pub last_transfer: u64,
    /// When the last event was admitted, if any was. The host's time goes on from there.
    pub last_admitted: Option<Instant>,
}

impl Counters {
    /// Returns the last number of each kind.
    #[must_use]
    pub fn last(&self) -> Numbers {
        Numbers {
            event: self.last_event.0,
            decision: self.last_decision.0,
            delivery: self.last_delivery.0,
            transfer: self.last_transfer,
        }
    }
}

/// Which decisions are asked for; all conditions together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DecisionFilter {
    /// By this campaign.
    pub campaign: Option<CampaignId>,
    /// For events of any of these: the ids of one customer. Of everybody when there is none.
    pub actors: Vec<CustomerId>,
}

/// Where everything is kept.
pub trait Store: Chain + Records + Outbox + Versions + Pages + Send + Sync {
    /// What is stored under each event key, in the order asked.
    ///
    /// # Errors
    /// When the database fails.
    fn seen(&self, keys: &[EventKey]) -> Result<Vec<Option<(EventSeq, BodyHash)>>, StoreError>;

    /// The rows wanted: one for each key, the absent ones as such (`None`, an empty customer, no use).
    ///
    /// # Errors
    /// When the database fails or a row cannot be read.
    fn load(&self, wanted: &Wanted) -> Result<Rows, StoreError>;

    /// Writes all of the batch or nothing, and returns when it is on disk. Only the pipeline may call it.
    ///
    /// Refused are an event whose place or key is stored, a decision whose id does not follow on the last one's (or is not the first of a
    /// new run), a run whose number does not follow on the last one's, and a decision on an unknown event or by an unknown revision; a delivery that is stored, and a second settlement of one; a removal
    /// of records that are not there.
    ///
    /// # Errors
    /// When the batch contradicts what is stored, or the database fails. What was written then is not known; the host must stop and recover by starting again.
    fn commit(&self, batch: &Batch) -> Result<(), StoreError>;

    /// Where counting goes on.
    ///
    /// # Errors
    /// When the database fails.
    fn counters(&self) -> Result<Counters, StoreError>;

    /// Lists runs after one, in order, at most `limit`.
    ///
    /// # Errors
    /// When the database fails.
    fn runs(&self, after: u64, limit: usize) -> Result<Vec<Run>, StoreError>;

    /// Returns the last run that assigned numbers.
    ///
    /// # Errors
    /// When the database fails.
    fn last_run(&self) -> Result<Option<Run>, StoreError>;

    /// Returns the numbers of a kind that were assigned.
    ///
    /// # Errors
    /// When the database fails.
    fn assigned(&self, kind: Numbered) -> Result<Spans, StoreError> {
        let last = self.counters()?.last().of(kind);
        Ok(Spans::of(kind, &self.runs(0, usize::MAX)?, last))
    }

    /// Deferred decisions of these campaigns that are due and not queued, the earliest event first, at most `limit`.
    ///
    /// # Errors
    /// When the database fails.
    fn due(&self, campaigns: &[CampaignId], now: Instant, limit: usize) -> Result<Vec<Deferred>, StoreError>;

    /// Queued decisions of these campaigns, the earliest event first, at most `limit`.
    ///
    /// # Errors
    /// When the database fails.
    fn queued(&self, campaigns: &[CampaignId], limit: usize) -> Result<Vec<Deferred>, StoreError>;

    /// How many decisions are queued, by campaign and by whom they keep waiting, in order of both.
    ///
    /// # Errors
    /// When the database fails.
    fn queues(&self) -> Result<Vec<(CampaignId, CustomerId, u64)>, StoreError>;

    /// How many decisions of a campaign are put off.
    ///
    /// # Errors
    /// When the database fails.
    fn deferred_count(&self, campaign: &CampaignId) -> Result<u64, StoreError>;

    /// The decisions on one event that are put off, in order of campaign and subscription.
    ///
    /// # Errors
    /// When the database fails.
    fn deferred_on(&self, event: EventSeq) -> Result<Vec<Deferred>, StoreError>;

    /// Timers that are due by then, at most `limit`: those that wait with one of these campaigns and those that wait with
    /// none, in order of due and then of the text of their keys.
    ///
    /// # Errors
    /// When the database fails or a timer cannot be read.
    fn due_timers(
        &self,
        campaigns: &[CampaignId],
        until: Instant,
        limit: usize,
    ) -> Result<Vec<(TimerKey, Timer)>, StoreError>;

    /// All campaigns, by id.
    ///
    /// # Errors
    /// When the database fails.
    fn campaigns(&self) -> Result<Vec<Campaign>, StoreError>;

    /// All policies, in order of publication.
    ///
    /// # Errors
    /// When the database fails.
    fn policies(&self) -> Result<Vec<Policy>, StoreError>;

    /// All registered event kinds, by name.
    ///
    /// # Errors
    /// When the database fails.
    fn kinds(&self) -> Result<Vec<Kind>, StoreError>;

    /// Events by their place in the order of admission, in the order asked. One whose data was removed is none.
    ///
    /// # Errors
    /// When the database fails.
    fn events(&self, seqs: &[EventSeq]) -> Result<Vec<Option<(Admission, Event)>>, StoreError>;

    /// The decisions on one event whose records are kept, in order.
    ///
    /// # Errors
    /// When the database fails.
    fn decisions_on(&self, event: EventSeq) -> Result<Vec<Decision>, StoreError>;

    /// One decision, complete; none when its record was removed.
    ///
    /// # Errors
    /// When the database fails.
    fn decision(&self, id: DecisionId) -> Result<Option<Decision>, StoreError>;

    /// Decisions after one whose records are kept, in order, at most `limit`.
    ///
    /// # Errors
    /// When the database fails.
    fn decisions(&self, filter: &DecisionFilter, after: DecisionId, limit: usize) -> Result<Vec<Decision>, StoreError>;

    /// A customer, when anything is known of them.
    ///
    /// # Errors
    /// When the database fails.
    fn customer(&self, id: &CustomerId) -> Result<Option<Customer>, StoreError>;

    /// All ids of a customer, that of the one who stays first.
    ///
    /// # Errors
    /// When the database fails.
    fn ids_of(&self, id: &CustomerId) -> Result<Vec<CustomerId>, StoreError> {
        let mut stays = id.clone();
        let mut known = self.customer(id)?.unwrap_or_default();
        if let Some(merged_into) = known.merged_into {
            known = self.customer(&merged_into)?.unwrap_or_default();
            stays = merged_into;
        }
        Ok(std::iter::once(stays).chain(known.also).collect())
    }

    /// All issues of all grants to a customer, in order of time, decision, campaign, key and issue.
    ///
    /// # Errors
    /// When the database fails.
    fn grants_to(&self, customer: &CustomerId) -> Result<Vec<Grant>, StoreError>;

    /// Who was bound as a customer's inviter, in order of campaign.
    ///
    /// # Errors
    /// When the database fails.
    fn inviters_of(&self, invitee: &CustomerId) -> Result<Vec<(CampaignId, CustomerId)>, StoreError>;

    /// The use of a campaign's budgets, in order of unit, over the whole campaign and then by day.
    ///
    /// # Errors
    /// When the database fails.
    fn budget_usage(&self, campaign: &CampaignId) -> Result<Vec<(UsageKey, Usage)>, StoreError>;

    /// The balances of a campaign's accounts, or of every campaign's, in order of campaign and unit.
    ///
    /// # Errors
    /// When the database fails.
    fn positions(&self, campaign: Option<&CampaignId>) -> Result<Vec<(PositionKey, Position)>, StoreError>;

    /// Transfers after a number, in order, at most `limit`, each with its number. Numbers have no gaps within a run.
    ///
    /// # Errors
    /// When the database fails.
    fn transfers(&self, after: u64, limit: usize) -> Result<Vec<(u64, Transfer)>, StoreError>;

    /// The weights in a pool of a campaign, in order of customer.
    ///
    /// # Errors
    /// When the database fails.
    fn shares(&self, campaign: &CampaignId, pool: &PoolId) -> Result<Vec<(CustomerId, Share)>, StoreError>;

    /// What operators say of units, pockets, programmes and segments.
    ///
    /// # Errors
    /// When the database fails.
    fn catalogue(&self) -> Result<Catalogue, StoreError>;

    /// The use of a pocket's budgets, in order of unit, over its whole life and then by day.
    ///
    /// # Errors
    /// When the database fails.
    fn pocket_usage(&self, pocket: &PocketId) -> Result<Vec<(UsageKey, Usage)>, StoreError>;

    /// Works the books out anew and compares: says how much was looked at, or the first difference.
    ///
    /// # Errors
    /// When the database fails.
    fn audit(&self) -> Result<Result<Audited, Box<Difference>>, StoreError>;

    /// How many decisions of a campaign ended in each verdict that occurred, in order of its word.
    ///
    /// # Errors
    /// When the database fails.
    fn verdict_counts(&self, campaign: &CampaignId) -> Result<Vec<(String, u64)>, StoreError>;
}
