//! Trying a version beside the one that decides: on a share of the owners, or on everyone without effect.

use crate::rows::decision::Evaluation;
use crate::rows::outcome::Verdict;
use crate::words::id::{CampaignId, DecisionId, Digest};
use crate::words::time::Instant;

/// How a candidate is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RolloutMode {
    /// It decides for so many of a hundred owners, always the same ones; 1 to 100.
    Canary {
        /// How many.
        percent: u8,
    },
    /// It is run on what the active version decides; only what it would have asked for otherwise is kept.
    Shadow,
}

impl RolloutMode {
    /// Returns which version decides for an owner who falls on this place of a hundred.
    #[must_use]
    pub fn side(self, place: u8) -> Side {
        match self {
            Self::Canary { percent } if place < percent => Side::Candidate,
            _ => Side::Active,
        }
    }
}

/// A version that is tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rollout {
    /// Counts the campaign's rollouts, from 1. The same owners fall to the candidate for as long as it stays.
    pub number: u32,
    /// The candidate.
    pub policy: Digest,
    /// The numbers of the revisions of parameters that it decides with, rising; at least one.
    pub revisions: Vec<u32>,
    /// How it is tried.
    pub mode: RolloutMode,
    /// Since when.
    pub since: Instant,
}

/// One of the two versions that are at work while another is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// The version that decides.
    Active,
    /// The one that is tried.
    Candidate,
}

impl Side {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Active, Self::Candidate];

    /// Returns the word in answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Candidate => "candidate",
        }
    }
}

/// Whose decisions are counted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TallyKey {
    /// In which campaign.
    pub campaign: CampaignId,
    /// In which rollout.
    pub rollout: u32,
    /// Of which version.
    pub side: Side,
}

/// What came of a version's decisions while a rollout was on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Decisions made. Of a candidate in the shadow: decisions that it was run on.
    pub decisions: u64,
    /// Those whose effects were accepted. Of a shadow, which is not judged: those that proposed something.
    pub accepted: u64,
    /// Those that the host denied.
    pub denied: u64,
    /// Those that the policy refused.
    pub refused: u64,
    /// Those that broke the contract.
    pub faulted: u64,
    /// Those in which a shadow asked for something else than the active version.
    pub differing: u64,
    /// Fuel used by all of them.
    pub fuel: u64,
}

impl Tally {
    /// Counts a decision.
    pub fn count(&mut self, verdict: &Verdict, fuel: u64) {
        self.decisions = self.decisions.saturating_add(1);
        self.fuel = self.fuel.saturating_add(fuel);
        let of_verdict = match verdict {
            Verdict::Accepted(_) => &mut self.accepted,
            Verdict::Denied(..) => &mut self.denied,
            Verdict::Refused => &mut self.refused,
            Verdict::Faulted => &mut self.faulted,
        };
        *of_verdict = of_verdict.saturating_add(1);
    }
}

/// A decision in which a shadow asked for something else than the active version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShadowDifference {
    /// In which campaign.
    pub campaign: CampaignId,
    /// In which rollout.
    pub rollout: u32,
    /// On which decision of the active version.
    pub decision: DecisionId,
    /// What came of the candidate.
    pub candidate: Evaluation,
}
