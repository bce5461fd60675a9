//! A redemption as it goes out.

use largesse_domain::redemption::{Part, Redemption, Return};
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
    /// How much came back after it was used.
    #[serde(default)]
    pub returned: u64,
    /// `reserved`, `redeemed`, `released`, `timed-out` or, when all of it came back, `reversed`.
    pub state: String,
    /// Reserved until then, if it was reserved first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reserve_until: Option<String>,
    /// What it is for, in the words of whoever asked.
    pub reference: String,
    /// Of which grants, in the order in which they were used. What was used last comes back first.
    pub parts: Vec<PartView>,
    /// What came back after it was used, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub returns: Vec<ReturnView>,
    /// When it was made, by the host's clock.
    pub made_at: String,
    /// When its state last changed or some of it came back, by the host's clock.
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
    /// How much of that came back.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub returned: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_nothing(quantity: &u64) -> bool {
    *quantity == 0
}

/// Something that came back of what was used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReturnView {
    /// What whoever asked calls it, if they named it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// How much came back.
    pub quantity: u64,
    /// When, by the host's clock.
    pub at: String,
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
            returned: part.returned.get(),
        };
        let come_back = |known: &Return| ReturnView {
            id: known.request.id.as_ref().map(ToString::to_string),
            quantity: known.quantity.get(),
            at: instant_text(known.at),
        };
        Self {
            id: request.id.to_string(),
            customer: request.customer.to_string(),
            unit: request.unit.to_string(),
            quantity: request.quantity.get(),
            returned: redemption.returned().get(),
            state: redemption.state.as_str().to_owned(),
            reserve_until: request.reserve_until.map(instant_text),
            reference: request.reference.clone(),
            parts: redemption.parts.iter().map(part).collect(),
            returns: redemption.returns.iter().map(come_back).collect(),
            made_at: instant_text(redemption.made_at),
            changed_at: instant_text(redemption.changed_at),
        }
    }
}
