//! Why a command is not carried out.

use largesse_documents::rollout::StatesReport;
use largesse_domain::customer::TooMany;
use largesse_domain::delivery::DeliveryId;
use largesse_domain::id::{CampaignId, DestinationId, Digest};
use largesse_domain::lifecycle::Illegal;
use largesse_domain::lot::SettleError;
use largesse_domain::problem::Problem;
use largesse_domain::redeem::RedeemError;
use largesse_domain::reservation::ReserveError;
use largesse_domain::restock::RestockError;
use largesse_domain::unit::Unit;
use largesse_store::StoreError;

use crate::registry::Unfit;

/// Why a command was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// For a reason that whoever asked is told. Nothing was changed.
    #[error(transparent)]
    Refused(#[from] ControlError),
    /// The store failed, which ends the host: what is on disk is not known then.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<LedgerError> for CommandError {
    fn from(error: LedgerError) -> Self {
        Self::Refused(error.into())
    }
}

/// Why something was not changed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ControlError {
    /// The campaign's policy answers no questions now: the campaign does not run, or its policy cannot.
    #[error("the policy of {0} cannot be asked now")]
    NotAsked(CampaignId),
    /// There is no such thing.
    #[error("there is no {what} {name}")]
    NotFound {
        /// A policy, a campaign.
        what: &'static str,
        /// What it was called.
        name: String,
    },
    /// Nobody knows of the delivery: whoever settles it may have been told of it before a backup was restored.
    #[error("there is no delivery {0}: it was never made, or it was made before a backup was restored")]
    UnknownDelivery(DeliveryId),
    /// The document does not fit the policy, or may not change so.
    #[error("the document cannot be taken")]
    Problems(Vec<Problem>),
    /// Someone else changed it in the meantime.
    #[error("the campaign is at version {found}, not at {expected}")]
    Changed {
        /// What the sender knew.
        expected: u64,
        /// What it is.
        found: u64,
    },
    /// It is there, and the sender did not say which version it changes.
    #[error("the campaign exists at version {found}; say which version you change (If-Match)")]
    Unconditional {
        /// What it is.
        found: u64,
    },
    /// Another component was published under this name and version.
    #[error("{name} {version} was published with digest {digest}; versions do not change")]
    VersionTaken {
        /// The policy.
        name: String,
        /// Its version.
        version: String,
        /// The digest of what was published.
        digest: Digest,
    },
    /// The campaign's life does not allow it.
    #[error(transparent)]
    Illegal(#[from] Illegal),
    /// A version is tried in the campaign; parameters cannot change for both at once.
    #[error("a version is tried in the campaign; promote it or stop the rollout first")]
    RolloutOn,
    /// No version is tried in the campaign.
    #[error("no version is tried in the campaign")]
    NoRollout,
    /// There is nothing to try a version on.
    #[error("a campaign that is {lifecycle} decides nothing that a version could be tried on")]
    NothingToTry {
        /// Where the campaign is in its life.
        lifecycle: &'static str,
    },
    /// There is no earlier version that was good.
    #[error("there is no earlier version to go back to")]
    NothingEarlier,
    /// The version is stopped.
    #[error("version {policy} is stopped: {reason}")]
    Stopped {
        /// Which.
        policy: Digest,
        /// Why.
        reason: String,
    },
    /// There are states that the version cannot migrate.
    #[error("the version cannot migrate {} of {} states tried", .0.stuck, .0.tried)]
    StuckStates(Box<StatesReport>),
    /// The campaign is over.
    #[error("the campaign has ended and does not change any more")]
    Ended,
    /// The customer would have too much of something.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// Nothing is sent to the destination now.
    #[error("the destination {0} is paused")]
    Paused(DestinationId),
    /// The delivery tells of no grant, or its destination does not settle grants.
    #[error("delivery {0} settles no grant")]
    SettlesNothing(DeliveryId),
    /// The destination said otherwise before, and that stands.
    #[error("delivery {id} is {before} and stays so")]
    SettledOtherwise {
        /// Which.
        id: DeliveryId,
        /// What the destination said: confirmed, or failed.
        before: &'static str,
    },
    /// The ledger did nothing.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl From<Unfit> for ControlError {
    fn from(unfit: Unfit) -> Self {
        match unfit {
            Unfit::Unknown { what, name } => Self::NotFound { what, name },
            Unfit::Condition(problem) => Self::Problems(vec![problem]),
        }
    }
}

/// Why the ledger did nothing.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum LedgerError {
    /// A redemption, or the settling of one.
    #[error(transparent)]
    Redeem(#[from] RedeemError),
    /// A reservation.
    #[error(transparent)]
    Reserve(#[from] ReserveError),
    /// The settling of a grant.
    #[error(transparent)]
    Settle(#[from] SettleError),
    /// There is nothing left to take back.
    #[error("there is nothing left to take back")]
    NothingLeft,
    /// The identifier was used for another request.
    #[error("the id was used for another request")]
    OtherRequest,
    /// The unit has no stock.
    #[error("{0} is not stocked")]
    NotStocked(Unit),
    /// A change of stock.
    #[error(transparent)]
    Restock(#[from] RestockError),
}
