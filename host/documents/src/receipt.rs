//! What is answered to requests that are answered once: the same text is kept as the receipt, for when they are sent again.

use largesse_domain::id::{CustomerId, Tag};
use largesse_domain::outcome::Reversal;
use largesse_domain::unit::{Quantity, Unit};
use serde::{Deserialize, Serialize};

/// How many pieces are on hand after a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StockAnswer {
    /// Of what.
    pub unit: String,
    /// So many.
    pub on_hand: u64,
}

impl StockAnswer {
    /// Says how many pieces of a unit are on hand.
    #[must_use]
    pub fn of(unit: &Unit, on_hand: Quantity) -> Self {
        Self { unit: unit.to_string(), on_hand: on_hand.get() }
    }
}

/// What a reversal took back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReversalAnswer {
    /// The grants, and how much of each.
    pub reversed: Vec<ReversedGrant>,
    /// The tags that were taken away again.
    pub tags: Vec<TakenTag>,
}

/// How much of a grant was taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReversedGrant {
    /// The campaign that granted.
    pub campaign: String,
    /// Who got it.
    pub to: String,
    /// Its key.
    pub key: String,
    /// Of what.
    pub unit: String,
    /// How much.
    pub quantity: u64,
}

impl From<&Reversal> for ReversedGrant {
    fn from(Reversal { grant, unit, quantity }: &Reversal) -> Self {
        Self {
            campaign: grant.campaign.to_string(),
            to: grant.to.to_string(),
            key: grant.key.to_string(),
            unit: unit.to_string(),
            quantity: quantity.get(),
        }
    }
}

/// A tag that was taken away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TakenTag {
    /// Whose.
    pub customer: String,
    /// The tag.
    pub tag: String,
}

impl TakenTag {
    /// Says which tag a customer has no more.
    #[must_use]
    pub fn of(customer: &CustomerId, tag: &Tag) -> Self {
        Self { customer: customer.to_string(), tag: tag.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Receipts are stored: what was written once is read for ever.
    #[test]
    fn receipts_keep_their_form() {
        let stock = r#"{"unit":"coupon:tea","on_hand":7}"#;
        assert_eq!(StockAnswer::of(&"coupon:tea".parse().unwrap(), Quantity::new(7).unwrap()), read(stock));
        let reversal = concat!(
            r#"{"reversed":[{"campaign":"c","to":"u","key":"k/1","unit":"points","quantity":5}],"#,
            r#""tags":[{"customer":"u","tag":"lucky"}]}"#
        );
        let answer: ReversalAnswer = read(reversal);
        assert_eq!((answer.reversed[0].quantity, answer.tags[0].tag.as_str()), (5, "lucky"));
    }

    fn read<T: Serialize + serde::de::DeserializeOwned>(text: &str) -> T {
        let read: T = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
        read
    }
}
