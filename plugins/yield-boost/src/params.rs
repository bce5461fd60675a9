//! What an operator sets.

use largesse_sdk::money::{AMOUNT_MAX, WHOLE_BASIS_POINTS};
use largesse_sdk::{Dimension, Problem, UnitClass, ladder};
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
    pub days: u32,
    /// Without any boost.
    pub basis_points: u32,
}

/// What friends who register add to the rate of what is held.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Friends {
    /// Each friend adds so much.
    pub basis_points: u32,
    /// So many friends of one chain count, whoever heads it among them; 1 to 100. The host sees three steps of a line.
    pub chain: u8,
    /// The rate and all boosts together come to so much at most.
    #[serde(default = "whole")]
    pub ceiling_basis_points: u32,
    /// On at most so much principal, in minor units; on all of it when absent.
    #[serde(default)]
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
    pub basis_points: u32,
    /// For so many days from the purchase on.
    pub days: u32,
    /// On at most so much principal, in minor units; on all of it when absent.
    #[serde(default)]
    pub principal_cap: Option<u64>,
}

/// What a friend's investment gives to who invited the friend. What is redeemed early takes its part of it back.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Commission {
    /// The unit, such as cash:CNY.
    pub unit: String,
    /// The share of the amount.
    pub basis_points: u32,
}

impl Params {
    /// What is wrong beyond the schema.
    pub(crate) fn problems(&self) -> Vec<Problem> {
        let mut found: Vec<Problem> =
            ladder::problems(&self.terms, |term| u64::from(term.days), "/terms", "days").collect();
        for (index, term) in self.terms.iter().enumerate() {
            days(term.days, &format!("/terms/{index}/days"), &mut found);
            rate(term.basis_points, &format!("/terms/{index}/basis_points"), &mut found);
        }
        if let Some(friends) = &self.friends {
            rate(friends.basis_points, "/friends/basis_points", &mut found);
            rate(friends.ceiling_basis_points, "/friends/ceiling_basis_points", &mut found);
            cap(friends.principal_cap, "/friends/principal_cap", &mut found);
            if !(1..=100).contains(&friends.chain) {
                found.push(Problem::new("/friends/chain", "must be within 1 to 100"));
            }
            for (index, _) in self.terms.iter().enumerate().filter(|(_, term)| {
                term.basis_points.saturating_add(friends.basis_points) > friends.ceiling_basis_points
            }) {
                found.push(Problem::new(format!("/terms/{index}/basis_points"), "leaves nothing up to the ceiling"));
            }
        }
        if let Some(with_purchase) = &self.with_purchase {
            rate(with_purchase.basis_points, "/with_purchase/basis_points", &mut found);
            days(with_purchase.days, "/with_purchase/days", &mut found);
            cap(with_purchase.principal_cap, "/with_purchase/principal_cap", &mut found);
        }
        if let Some(commission) = &self.commission {
            rate(commission.basis_points, "/commission/basis_points", &mut found);
            let counted = [UnitClass::Cash, UnitClass::Points, UnitClass::Growth];
            if !UnitClass::of(&commission.unit).is_some_and(|class| counted.contains(&class)) {
                found.push(Problem::new("/commission/unit", "must be points, growth or a unit such as cash:CNY"));
            }
        }
        if self.friends.is_none() && self.with_purchase.is_none() && self.commission.is_none() {
            found.push(Problem::new("", "must have friends, with_purchase or commission"));
        }
        found
    }
}

fn rate(basis_points: u32, pointer: &str, found: &mut Vec<Problem>) {
    if !(1..=WHOLE_BASIS_POINTS).contains(&basis_points) {
        found.push(Problem::new(pointer, format!("must be within 1 to {WHOLE_BASIS_POINTS}, which is 100 %")));
    }
}

fn days(days: u32, pointer: &str, found: &mut Vec<Problem>) {
    if !(1..=DAYS_MAX).contains(&days) {
        found.push(Problem::new(pointer, format!("must be within 1 to {DAYS_MAX}")));
    }
}

fn cap(principal: Option<u64>, pointer: &str, found: &mut Vec<Problem>) {
    if principal.is_some_and(|principal| !(1..=AMOUNT_MAX).contains(&principal)) {
        found.push(Problem::new(pointer, "must be within 1 to 10^15"));
    }
}
