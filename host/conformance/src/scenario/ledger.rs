//! What other systems do with wallets in a scenario.

use serde::Deserialize;

/// Something used out of a wallet.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedeemStep {
    /// The request's own id; `step-<number>` when absent.
    #[serde(default)]
    pub id: Option<String>,
    /// Whose wallet.
    pub customer: String,
    /// Of what.
    pub unit: String,
    /// How much.
    pub quantity: u64,
    /// Only reserve it, until then, in RFC 3339: a later step settles it.
    #[serde(default)]
    pub reserve_until: Option<String>,
    /// When, in RFC 3339; now when absent.
    #[serde(default)]
    pub time: Option<String>,
}

/// A redemption that is committed, released or reversed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SettleStep {
    /// The id of the step that redeemed.
    pub redemption: String,
    /// `commit`, `release` or `reverse`.
    pub how: String,
    /// How much is reversed; all that has not come back yet when absent.
    #[serde(default)]
    pub quantity: Option<u64>,
    /// What a reversal in part is known by.
    #[serde(default)]
    pub return_id: Option<String>,
    /// Only if it is this customer's.
    #[serde(default)]
    pub customer: Option<String>,
    /// When, in RFC 3339; now when absent.
    #[serde(default)]
    pub time: Option<String>,
}

/// Something that is taken back: whatever an event gave, or a grant.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReverseStep {
    /// The request's own id; `step-<number>` when absent.
    #[serde(default)]
    pub id: Option<String>,
    /// Whatever decisions on the event of this id gave.
    #[serde(default)]
    pub event: Option<String>,
    /// The grant of this key; with the customer who got it.
    #[serde(default)]
    pub grant: Option<String>,
    /// Whose grant.
    #[serde(default)]
    pub customer: Option<String>,
    /// The campaign that granted; the one under test when absent.
    #[serde(default)]
    pub campaign: Option<String>,
    /// At most so much of the grant; all that is left of it when absent.
    #[serde(default)]
    pub quantity: Option<u64>,
    /// When, in RFC 3339; now when absent.
    #[serde(default)]
    pub time: Option<String>,
}
