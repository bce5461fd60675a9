//! A campaign: one running use of a policy.

use crate::rows::activation::Activations;
use crate::rows::budget::{Budget, Limit};
use crate::rows::gate::Gate;
use crate::rows::policy::Subscription;
use crate::rows::pool::Pool;
use crate::rows::protection::FaultThreshold;
use crate::rows::referral::Attribution;
use crate::rows::rollout::Rollout;
use crate::rows::segment::Audience;
use crate::rows::stacking::Stacking;
use crate::words::id::{CampaignId, PocketId, SubscriptionName};
use crate::words::json::Json;
use crate::words::lifecycle::{Lifecycle, Phase};
use crate::words::recurring::{self, RecurringWindow};
use crate::words::time::{Instant, LocalTime};
use crate::words::unit::{Currency, UnitClass};

/// What a claim on an unknown identity, device, card or address means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnknownClaim {
    /// The decision is denied.
    #[default]
    Deny,
    /// The claim is passed over.
    Allow,
}

/// What a fault of the policy means for the event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnFault {
    /// It is answered without reward, for good.
    #[default]
    Skip,
    /// It is decided again later, and becomes a dead letter after several attempts.
    Defer,
}

/// The kind of the events that say which ids are one customer's.
const IDENTITY_MERGED: &str = "identity.merged";

/// What an operator sets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// For people.
    pub title: String,
    /// The campaign's money. Fixed at start.
    pub currency: Currency,
    /// An IANA time zone. Fixed at start.
    pub time_zone: String,
    /// Events from then on count.
    pub opens: Instant,
    /// Events from then on do not count.
    pub closes: Option<Instant>,
    /// How long after `closes` late events are taken, in days.
    pub closing_days: u32,
    /// For whom.
    pub audience: Audience,
    /// The manifest's subscriptions in use; all when `None`. Those to `identity.merged` always are.
    pub subscriptions: Option<Vec<SubscriptionName>>,
    /// The manifest's classes of unit in use; all when `None`.
    pub unit_classes: Option<Vec<UnitClass>>,
    /// Who counts as an inviter.
    pub attribution: Attribution,
    /// What a claim on something unknown means.
    pub unknown_claim: UnknownClaim,
    /// What a fault means.
    pub on_fault: OnFault,
    /// When a version faults too often.
    pub fault_threshold: FaultThreshold,
    /// Whether a version of its policy that is published in a watched folder is activated.
    pub follow: bool,
    /// What it may spend. What each counts is fixed at start.
    pub budgets: Vec<Budget>,
    /// What one customer, or one device, card, address or identity, may receive. What each counts is fixed at start.
    pub limits: Vec<Limit>,
    /// Budgets that it shares with other campaigns. Fixed at start.
    pub pockets: Vec<PocketId>,
    /// At which shares of a budget operators are told, in per cent, 1 to 100, rising.
    pub warn_at: Vec<u8>,
    /// What it shares out by weight. Fixed at start, but for amounts that are not settled.
    pub pools: Vec<Pool>,
    /// When it grants, between opening and closing; always when empty.
    pub windows: Vec<RecurringWindow>,
    /// Which campaigns that decide on the same events it stacks with; with all when `None`.
    pub stacking: Option<Stacking>,
    /// What one customer may cost at most; nothing is checked when `None`.
    pub gate: Option<Gate>,
}

/// Parameters, from which event time on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// From 1.
    pub number: u32,
    /// The first event time that it applies to.
    pub effective_from: Instant,
    /// The parameters.
    pub params: Json,
}

/// One running use of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Campaign {
    /// Its id.
    pub id: CampaignId,
    /// Counts changes, from 1; the ETag.
    pub version: u64,
    /// Where in its life it is.
    pub lifecycle: Lifecycle,
    /// What the operator set.
    pub settings: Settings,
    /// Every revision ever made, in order of number; at least one.
    pub revisions: Vec<Revision>,
    /// Which version decides with which of them, and what can be gone back to.
    pub activations: Activations,
    /// What is tried beside it.
    pub rollout: Option<Rollout>,
    /// How many rollouts there were.
    pub rollouts: u32,
}

impl Campaign {
    /// Returns the revision for an event time among those of these numbers: the latest made of those effective by then, else the first.
    #[must_use]
    pub fn revision_at(&self, numbers: &[u32], occurred: Instant) -> &Revision {
        let mut taken = self.revisions.iter().filter(|revision| numbers.contains(&revision.number));
        let first = taken.clone().next().unwrap_or(&self.revisions[0]);
        taken.rfind(|revision| revision.effective_from <= occurred).unwrap_or(first)
    }

    /// Returns the revision made last of those that the active version decides with.
    #[must_use]
    pub fn latest(&self) -> &Revision {
        let numbers = &self.activations.active.revisions;
        let latest = self.revisions.iter().rfind(|revision| numbers.contains(&revision.number));
        latest.unwrap_or(&self.revisions[0])
    }

    /// Returns the number that the next revision gets.
    #[must_use]
    pub fn next_revision(&self) -> u32 {
        self.revisions.last().map_or(1, |last| last.number.saturating_add(1))
    }

    /// Reports whether it decides on an event of that time: decides at all, and the event is not from before it opened.
    #[must_use]
    pub fn takes(&self, occurred: Instant) -> bool {
        self.lifecycle.is_live() && self.settings.opens <= occurred
    }

    /// Reports whether an event of that time may be rewarded.
    #[must_use]
    pub fn grants_for(&self, occurred: Instant) -> bool {
        self.settings.closes.is_none_or(|closes| occurred < closes)
    }

    /// Reports whether events of that local time may be rewarded, as far as windows say.
    #[must_use]
    pub fn is_within_windows(&self, local: &LocalTime) -> bool {
        recurring::is_within(&self.settings.windows, local)
    }

    /// Returns where in its life it is for an event of that local time, as a policy is shown it.
    #[must_use]
    pub fn phase(&self, local: &LocalTime) -> Phase {
        match self.lifecycle {
            Lifecycle::Closing | Lifecycle::Ended => Phase::Closing,
            _ if self.is_within_windows(local) => Phase::Open,
            _ => Phase::Between,
        }
    }

    /// Returns when its closing ends: nothing is decided after. `None` when that is not foreseen.
    #[must_use]
    pub fn over(&self) -> Option<Instant> {
        let days = i64::from(self.settings.closing_days) * 24 * 60 * 60 * 1_000;
        self.settings.closes.and_then(|closes| closes.plus_millis(days))
    }

    /// Reports whether the subscription is in use. That ids are one customer's is told to every campaign that asks for it: what both
    /// together have reached would be lost otherwise.
    #[must_use]
    pub fn subscribes(&self, subscription: &Subscription) -> bool {
        let used = self.settings.subscriptions.as_ref();
        used.is_none_or(|used| used.contains(&subscription.name)) || subscription.kind.as_str() == IDENTITY_MERGED
    }

    /// Reports whether the class of unit is in use.
    #[must_use]
    pub fn allows(&self, class: UnitClass) -> bool {
        self.settings.unit_classes.as_ref().is_none_or(|used| used.contains(&class))
    }
}
