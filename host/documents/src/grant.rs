//! A grant as it goes out.

use largesse_domain::grant::Grant;
use largesse_domain::time::Instant;
use serde::{Deserialize, Serialize};

use crate::time::instant_text;

/// A benefit that was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GrantView {
    /// The campaign that granted.
    pub campaign: String,
    /// Who got it.
    pub to: String,
    /// The policy's name for the reward.
    pub key: String,
    /// 1, or more when the key was freed by a revocation and granted again.
    pub issue: u32,
    /// What was given.
    pub unit: String,
    /// How much.
    pub quantity: u64,
    /// How much of it was taken back.
    pub reversed: u64,
    /// How much of it was used.
    pub redeemed: u64,
    /// How much of it was kept for a debt.
    #[serde(default)]
    pub paid: u64,
    /// How much of it is reserved for redemptions under way.
    pub reserved: u64,
    /// How much of it can be used now.
    pub available: u64,
    /// `pending`, `posted`, `redeemed`, `expired` or `reversed`.
    pub state: String,
    /// The decision that gave it; none when it was reserved through the API.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<u64>,
    /// What it is about: a loan, an order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// When it was given, by the host's clock.
    pub granted_at: String,
    /// Pending until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold_until: Option<String>,
    /// What becomes of it then: `post`, it is given; `void`, it is taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_hold: Option<String>,
    /// Worth nothing from then on. Of a credit-limit raise or a rate boost: when it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    /// Of a rate boost: on at most so much principal, in minor units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal_cap: Option<u64>,
    /// Why.
    pub reason: String,
}

impl GrantView {
    /// The grant as it goes out, with its state at `now`.
    #[must_use]
    pub fn of(grant: &Grant, now: Instant) -> Self {
        let hold = grant.hold.filter(|_| !grant.net().is_zero());
        Self {
            campaign: grant.slot.campaign.to_string(),
            to: grant.slot.to.to_string(),
            key: grant.slot.key.to_string(),
            issue: grant.issue,
            unit: grant.unit.to_string(),
            quantity: grant.quantity.get(),
            reversed: grant.reversed.get(),
            redeemed: grant.redeemed.get(),
            paid: grant.paid.get(),
            reserved: grant.reserved.get(),
            available: grant.available_at(now).get(),
            state: grant.state_at(now).as_str().to_owned(),
            decision: grant.decision.map(|decision| decision.0),
            about: grant.about.as_ref().map(ToString::to_string),
            granted_at: instant_text(grant.granted_at),
            hold_until: hold.map(|hold| instant_text(hold.until)),
            after_hold: hold.map(|hold| hold.then.as_str().to_owned()),
            expires: grant.expires.map(instant_text),
            principal_cap: grant.principal_cap.map(|cap| cap.get()),
            reason: grant.reason.clone(),
        }
    }
}
