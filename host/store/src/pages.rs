//! Lists that may be too long to be held at once: read item by item, or page by page.

use std::fmt;
use std::str::FromStr;

use largesse_domain::grant::Grant;
use largesse_domain::id::{CustomerId, DecisionId};
use largesse_domain::outcome::Decision;
use largesse_domain::redemption::{Redemption, RedemptionId};

use crate::{DecisionFilter, StoreError};

/// Where a grant stands among those of one customer: by time, decision, campaign, key, issue and id of the customer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct GrantPlace {
    pub(crate) granted_at: i64,
    /// 0 for what no decision granted.
    pub(crate) decision: u64,
    pub(crate) campaign: String,
    pub(crate) key: String,
    pub(crate) issue: u32,
    pub(crate) to: String,
}

impl GrantPlace {
    /// Returns the place of a grant.
    #[must_use]
    pub fn of(grant: &Grant) -> Self {
        Self {
            granted_at: grant.granted_at.as_millis(),
            decision: grant.decision.map_or(0, |decision| decision.0),
            campaign: grant.slot.campaign.to_string(),
            key: grant.slot.key.to_string(),
            issue: grant.issue,
            to: grant.slot.to.to_string(),
        }
    }
}

impl fmt::Display for GrantPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { granted_at, decision, campaign, key, issue, to } = self;
        let place = serde_json::json!([granted_at, decision, campaign, key, issue, to]);
        write!(f, "{place}")
    }
}

/// A text that names no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the place of a grant")]
pub struct InvalidPlace;

impl FromStr for GrantPlace {
    type Err = InvalidPlace;

    fn from_str(text: &str) -> Result<Self, InvalidPlace> {
        let read: Result<(i64, u64, String, String, u32, String), _> = serde_json::from_str(text);
        let (granted_at, decision, campaign, key, issue, to) = read.map_err(|_| InvalidPlace)?;
        // As far as a column goes.
        let decision = i64::try_from(decision).map(i64::unsigned_abs).map_err(|_| InvalidPlace)?;
        Ok(Self { granted_at, decision, campaign, key, issue, to })
    }
}

/// Lists that may be too long to be held at once.
pub trait Pages {
    /// Hands over decisions after one whose records are kept, in order, until it is told that it is enough.
    ///
    /// # Errors
    /// When the database fails.
    fn each_decision(
        &self,
        filter: &DecisionFilter,
        after: DecisionId,
        take: &mut dyn FnMut(Decision) -> bool,
    ) -> Result<(), StoreError>;

    /// Hands over all issues of all grants to a customer, in no order, until it is told that it is enough.
    ///
    /// # Errors
    /// When the database fails.
    fn each_grant_to(&self, customer: &CustomerId, take: &mut dyn FnMut(Grant) -> bool) -> Result<(), StoreError>;

    /// Returns issues of grants to any of these ids after a place, in order of place, at most `limit`.
    ///
    /// # Errors
    /// When the database fails.
    fn grants_page(
        &self,
        customers: &[CustomerId],
        after: Option<&GrantPlace>,
        limit: usize,
    ) -> Result<Vec<Grant>, StoreError>;

    /// Returns redemptions of any of these ids after one, by the texts of their ids, at most `limit`.
    ///
    /// # Errors
    /// When the database fails.
    fn redemptions_of(
        &self,
        customers: &[CustomerId],
        after: Option<&RedemptionId>,
        limit: usize,
    ) -> Result<Vec<Redemption>, StoreError>;
}
