//! What an operator sets.

use std::collections::BTreeMap;

use largesse_sdk::{
    BenefitParam, Date, Problem, Problems, Refusal, Rounding, Slug, benefit_problems,
    money::{AMOUNT_MAX, OutOfRange, WHOLE_BASIS_POINTS},
};
use schemars::JsonSchema;
use serde::Deserialize;

/// The parameters of a mall.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// What is earned by spending.
    #[serde(default)]
    pub earn: Option<Earn>,
    /// The programme whose tiers prices, discounts and free withdrawals go by.
    #[serde(default)]
    pub programme: Option<Slug>,
    /// What can be had for points and money.
    #[serde(default)]
    pub items: Vec<Item>,
    /// What part of an order's amount the members of a tier pay, in basis points: 9500 is 95 %. Everybody else pays all of it.
    #[serde(default)]
    #[schemars(extend("additionalProperties" = {"type": "integer", "minimum": 0, "maximum": WHOLE_BASIS_POINTS}))]
    pub discounts: BTreeMap<String, u32>,
    /// Which way parts of a minor unit go in what members pay; to the nearest when absent.
    #[serde(default)]
    pub discount_rounding: Option<Rounding>,
    /// What a withdrawal costs.
    #[serde(default)]
    pub withdrawals: Option<Withdrawals>,
}

/// What is earned by spending: so much for every full so much.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Earn {
    /// points or growth.
    #[serde(default = "points")]
    #[schemars(regex(pattern = "^(points|growth)$"))]
    pub unit: String,
    /// So much of it.
    #[schemars(range(min = 1, max = AMOUNT_MAX))]
    pub quantity: u64,
    /// For every so many minor units of an order.
    #[schemars(range(min = 1, max = AMOUNT_MAX))]
    pub per: u64,
    /// Whether a part of so many minor units earns its part of the quantity. Otherwise it earns nothing.
    #[serde(default)]
    pub pro_rata: bool,
    /// Which way parts of a unit go where it is earned pro rata.
    #[serde(default = "Rounding::down")]
    pub rounding: Rounding,
}

/// What can be had.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// The name by which it is asked for.
    #[schemars(length(min = 1, max = 128))]
    pub item: String,
    /// What is given for one.
    #[schemars(length(min = 1, max = 8))]
    pub gives: Vec<BenefitParam>,
    /// What one costs. Without it, only the tiers below can have it.
    #[serde(default)]
    pub price: Option<Price>,
    /// What one costs in a tier.
    #[serde(default)]
    pub tiers: BTreeMap<String, Price>,
    /// The first day on which it can be had.
    #[serde(default)]
    pub from: Option<Date>,
    /// The last day on which it can be had.
    #[serde(default)]
    pub to: Option<Date>,
}

/// A price: points, money, or both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// Points.
    #[serde(default)]
    #[schemars(range(max = AMOUNT_MAX))]
    pub points: u64,
    /// Money beside them, in minor units.
    #[serde(default)]
    #[schemars(range(max = AMOUNT_MAX))]
    pub cash: u64,
}

/// What a withdrawal costs.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Withdrawals {
    /// The fee of one, in minor units.
    #[schemars(range(max = AMOUNT_MAX))]
    pub fee: u64,
    /// How many a calendar month are free, by tier.
    #[serde(default)]
    pub free_a_month: BTreeMap<String, u32>,
}

fn points() -> String {
    "points".to_owned()
}

impl Earn {
    /// What an amount earns.
    pub(crate) fn of(&self, amount: u64) -> Result<u64, OutOfRange> {
        self.rounding.earned(amount, self.quantity, self.per, self.pro_rata)
    }
}

impl Price {
    /// What so many cost.
    pub(crate) fn times(self, quantity: u64) -> Result<Self, Refusal> {
        let times = |one: u64| one.checked_mul(quantity).filter(|all| *all <= AMOUNT_MAX);
        match (times(self.points), times(self.cash)) {
            (Some(points), Some(cash)) => Ok(Self { points, cash }),
            _ => Err(OutOfRange.into()),
        }
    }

    fn check(self, pointer: String, problems: &mut Problems) {
        problems.unless((self.points, self.cash) != (0, 0), pointer, "expected points, cash or both");
    }
}

impl Item {
    /// What one costs in a tier.
    pub(crate) fn price(&self, tier: Option<&str>) -> Option<Price> {
        tier.and_then(|tier| self.tiers.get(tier)).copied().or(self.price)
    }

    pub(crate) fn on_sale(&self, day: Date) -> bool {
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day <= to)
    }

    fn check(&self, pointer: &str, problems: &mut Problems) {
        let whole = self.gives.iter().all(|benefit| benefit.on_shortfall.is_none());
        let message = "what is paid for is given whole or not at all: leave out on_shortfall";
        problems.unless(whole, format!("{pointer}/gives"), message);
        let priced = self.price.is_some() || !self.tiers.is_empty();
        let message = "nobody can have it: add a price, or prices by tier";
        problems.unless(priced, format!("{pointer}/price"), message);
        let ends = self.from.zip(self.to).is_none_or(|(from, to)| from <= to);
        problems.unless(ends, format!("{pointer}/to"), "is before the first day");
        problems.extend(benefit_problems(&self.gives, &format!("{pointer}/gives")));
        if let Some(price) = self.price {
            price.check(format!("{pointer}/price"), problems);
        }
        for (tier, price) in &self.tiers {
            price.check(format!("{pointer}/tiers/{tier}"), problems);
        }
    }
}

impl Params {
    /// What the schema cannot say.
    pub(crate) fn check(&self) -> Result<(), Vec<Problem>> {
        let mut problems = Problems::new();
        for (index, item) in self.items.iter().enumerate() {
            item.check(&format!("/items/{index}"), &mut problems);
        }
        problems.unique("/items", "item", self.items.iter().map(|item| &item.item));
        let by_tier = self.items.iter().any(|item| !item.tiers.is_empty())
            || !self.discounts.is_empty()
            || self.withdrawals.as_ref().is_some_and(|withdrawals| !withdrawals.free_a_month.is_empty());
        let known = self.programme.is_some();
        problems.unless(known || !by_tier, "/programme", "is missing: whose tiers are they?");
        problems.unless(by_tier || !known, "/programme", "nothing goes by its tiers");
        problems.done()
    }
}
