//! A redemption as it goes out.

use largesse_domain::redemption::{Part, Redemption};
use serde::{Deserialize, Serialize};

use crate::time::instant_text;

/// Something that was used, or is reserved to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RedemptionView {
    /// The identifier that whoever asked gave it; of one that a policy reserved, `campaign@key@customer`.
    pub id: String,
    /// Out of whose wallet.
    pub customer: String,
    /// Of what.
    pub unit: String,
    /// How much.
    pub quantity: u64,
    /// `reserved`, `redeemed`, `released`, `timed-out` or `reversed`.
    pub state: String,
    /// Reserved until then, if it was reserved first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reserve_until: Option<String>,
    /// What it is for, in the words of whoever asked.
    pub reference: String,
    /// Of which grants, the first given first.
    pub parts: Vec<PartView>,
    /// When it was made, by the host's clock.
    pub made_at: String,
    /// When its state last changed, by the host's clock.
    pub changed_at: String,
}

/// How much of which grant was used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PartView {
    /// The campaign that granted.
    pub campaign: String,
    /// The policy's name for the reward.
    pub key: String,
    /// Which issue of the key, from 1.
    pub issue: u32,
    /// How much of it.
    pub quantity: u64,
}

impl RedemptionView {
    /// The redemption as it goes out.
    #[must_use]
    pub fn of(redemption: &Redemption) -> Self {
        let request = &redemption.request;
        let part = |part: &Part| PartView {
            campaign: part.slot.campaign.to_string(),
            key: part.slot.key.to_string(),
            issue: part.issue,
            quantity: part.quantity.get(),
        };
        Self {
            id: request.id.to_string(),
            customer: request.customer.to_string(),
            unit: request.unit.to_string(),
            quantity: request.quantity.get(),
            state: redemption.state.as_str().to_owned(),
            reserve_until: request.reserve_until.map(instant_text),
            reference: request.reference.clone(),
            parts: redemption.parts.iter().map(part).collect(),
            made_at: instant_text(redemption.made_at),
            changed_at: instant_text(redemption.changed_at),
        }
    }
}
