//! What an operator sets.

use largesse_sdk::money::{AMOUNT_MAX, WHOLE_BASIS_POINTS};
use largesse_sdk::{Dimension, Problem, Problems, Rounding, ladder};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Longest term, in days: a century.
const DAYS_MAX: u32 = 36_500;

/// What an operator sets. Rates are in basis points a year: 730 is 7.3 %.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {
    /// The terms that count, with their rates; any purchase with a rate of its own when empty. `days` rises from one to the next.
    pub terms: Vec<Term>,
    /// What friends who register add.
    pub friends: Option<Friends>,
    /// What a customer's first purchase has added, as a coupon for a better rate does.
    pub with_purchase: Option<WithPurchase>,
    /// What a friend's investment gives to who invited the friend.
    pub commission: Option<Commission>,
    /// A friend counts only if nobody else, the holder least of all, has the same: identity, device, card or address.
    pub once_per: Vec<Dimension>,
}

/// A term and its rate.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Term {
    /// How long, in days.
    #[schemars(range(min = 1, max = DAYS_MAX))]
    pub days: u32,
    /// Without any boost.
    #[schemars(range(min = 1, max = WHOLE_BASIS_POINTS))]
    pub basis_points: u32,
}

/// What friends who register add to the rate of what is held.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Friends {
    /// Each friend adds so much.
    #[schemars(range(min = 1, max = WHOLE_BASIS_POINTS))]
    pub basis_points: u32,
    /// So many friends of one chain count, whoever heads it among them. The host sees three steps of a line.
    #[schemars(range(min = 1, max = 100))]
    pub chain: u8,
    /// The rate and all boosts together come to so much at most.
    #[serde(default = "whole")]
    #[schemars(range(min = 1, max = WHOLE_BASIS_POINTS))]
    pub ceiling_basis_points: u32,
    /// On at most so much principal, in minor units; on all of it when absent.
    #[serde(default)]
    #[schemars(range(min = 1, max = AMOUNT_MAX))]
    pub principal_cap: Option<u64>,
    /// Whose rate they add to.
    #[serde(default)]
    pub belongs_to: BelongsTo,
}

fn whole() -> u32 {
    WHOLE_BASIS_POINTS
}

/// Whose rate friends add to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BelongsTo {
    /// That of the one at the root of the line, whom nobody invited.
    #[default]
    Root,
    /// That of everybody up the line.
    Everybody,
}

/// What a customer's first purchase has added.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WithPurchase {
    /// So much.
    #[schemars(range(min = 1, max = WHOLE_BASIS_POINTS))]
    pub basis_points: u32,
    /// For so many days from the purchase on.
    #[schemars(range(min = 1, max = DAYS_MAX))]
    pub days: u32,
    /// On at most so much principal, in minor units; on all of it when absent.
    #[serde(default)]
    #[schemars(range(min = 1, max = AMOUNT_MAX))]
    pub principal_cap: Option<u64>,
}

/// What a friend's investment gives to who invited the friend. What is redeemed early takes its part of it back.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Commission {
    /// Which way parts of a unit go.
    #[serde(default = "Rounding::half_up")]
    pub rounding: Rounding,
    /// The unit: points, growth, or money such as cash:CNY.
    #[schemars(regex(pattern = "^(points|growth|cash:[A-Z]{3})$"))]
    pub unit: String,
    /// The share of the amount.
    #[schemars(range(min = 1, max = WHOLE_BASIS_POINTS))]
    pub basis_points: u32,
}

impl Params {
    /// What the schema cannot say.
    pub(crate) fn check(&self) -> Result<(), Vec<Problem>> {
        let mut found = Problems::new();
        found.extend(ladder::problems(&self.terms, |term| u64::from(term.days), "/terms", "days"));
        if let Some(friends) = &self.friends {
            for (index, term) in self.terms.iter().enumerate() {
                let left = term.basis_points.saturating_add(friends.basis_points) <= friends.ceiling_basis_points;
                found.unless(left, format!("/terms/{index}/basis_points"), "leaves nothing up to the ceiling");
            }
        }
        let something = self.friends.is_some() || self.with_purchase.is_some() || self.commission.is_some();
        found.unless(something, "", "must have friends, with_purchase or commission");
        found.done()
    }
}
