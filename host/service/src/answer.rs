//! What is answered to whoever sent an event.

use std::sync::Arc;

use largesse_domain::id::{CampaignId, EventSeq, SubscriptionName};
use largesse_domain::outcome::{Decision, Remains};
use largesse_store::Deferred;

/// Why a decision is put off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhyPutOff {
    /// The campaign is held: a policy of it cannot be run.
    Held,
    /// The campaign is paused, or is making up for a pause.
    Paused,
    /// The policy faulted, and the campaign defers then.
    Fault,
    /// It waits for its turn: the event leads to more decisions than are made at once, or came behind such an event of the same
    /// customer.
    Queued,
}

/// A decision that is put off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PutOff {
    /// By which campaign.
    pub campaign: CampaignId,
    /// By which subscription.
    pub subscription: SubscriptionName,
    /// Why.
    pub why: WhyPutOff,
}

impl PutOff {
    /// What is stored of it, when its campaign is held or not.
    pub(crate) fn stored(deferred: Deferred, is_held: bool) -> Self {
        let why = match deferred.attempts {
            _ if is_held => WhyPutOff::Held,
            _ if deferred.behind.is_some() => WhyPutOff::Queued,
            0 => WhyPutOff::Paused,
            _ => WhyPutOff::Fault,
        };
        Self { campaign: deferred.key.campaign, subscription: deferred.key.subscription, why }
    }
}

/// What became of an event.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Its place in the order of admission.
    pub seq: EventSeq,
    /// What remains of the first decisions on it, whose records were removed.
    pub remains: Vec<Remains>,
    /// The other decisions on it, in order.
    pub decisions: Vec<Arc<Decision>>,
    /// The decisions that are still to come, in order of campaign and subscription.
    pub put_off: Vec<PutOff>,
}

/// What the pipeline says of an event.
#[derive(Clone, Debug, PartialEq)]
pub enum EventResult {
    /// Taken now.
    Admitted(Answer),
    /// Taken before with the same body; this is what was decided then, or since.
    Duplicate(Answer),
    /// Taken before with another body; this one changes nothing.
    Conflict(EventSeq),
    /// Not taken: a policy ran out of wall time or is suspended because it did, or the host ran out of memory. It can be sent
    /// again.
    Unavailable(String),
}

/// What would have been decided.
#[derive(Clone, Debug, PartialEq)]
pub enum DryRun {
    /// These decisions; their numbers stand for nothing.
    Decided(Answer),
    /// A policy ran out of wall time, or the host of memory.
    Unavailable(String),
}
