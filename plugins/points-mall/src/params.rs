//! What an operator sets.

use std::collections::BTreeMap;

use largesse_sdk::{
    BenefitParam, Date, Problem, Refusal, UnitClass, benefit_problems,
    money::{AMOUNT_MAX, OutOfRange, WHOLE_BASIS_POINTS, ratio_down},
    no_problems,
};
use schemars::JsonSchema;
use serde::Deserialize;

/// Most benefits of one item.
const GIVES_MAX: usize = 8;

/// The parameters of a mall.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// What is earned by spending.
    #[serde(default)]
    pub earn: Option<Earn>,
    /// The programme whose tiers prices, discounts and free withdrawals go by.
    #[serde(default)]
    pub programme: Option<String>,
    /// What can be had for points and money.
    #[serde(default)]
    pub items: Vec<Item>,
    /// What part of an order's amount the members of a tier pay, in basis points: 9500 is 95 %. Everybody else pays all of it.
    #[serde(default)]
    pub discounts: BTreeMap<String, u32>,
    /// What a withdrawal costs.
    #[serde(default)]
    pub withdrawals: Option<Withdrawals>,
}

/// What is earned by spending: so much for every so much, what is left over dropped.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Earn {
    /// points or growth.
    #[serde(default = "points")]
    pub unit: String,
    /// So much of it.
    pub quantity: u64,
    /// For every so many minor units of an order.
    pub per: u64,
}

/// What can be had.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// The name by which it is asked for.
    pub item: String,
    /// What is given for one.
    pub gives: Vec<BenefitParam>,
    /// What one costs. Without it, only the tiers below can have it.
    #[serde(default)]
    pub price: Option<Price>,
    /// What one costs in a tier.
    #[serde(default)]
    pub tiers: BTreeMap<String, Price>,
    /// The first day on which it can be had.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub from: Option<Date>,
    /// The last day on which it can be had.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub to: Option<Date>,
}

/// A price: points, money, or both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// Points.
    #[serde(default)]
    pub points: u64,
    /// Money beside them, in minor units.
    #[serde(default)]
    pub cash: u64,
}

/// What a withdrawal costs.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Withdrawals {
    /// The fee of one, in minor units.
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
        ratio_down(amount, self.quantity, self.per)
    }

    fn problems(&self, problems: &mut Vec<Problem>) {
        let mut problem = |field: &str, message: &str| problems.push(Problem::new(format!("/earn/{field}"), message));
        if !matches!(UnitClass::of(&self.unit), Some(UnitClass::Points | UnitClass::Growth)) {
            problem("unit", "expected points or growth");
        }
        for (field, number) in [("quantity", self.quantity), ("per", self.per)] {
            if !(1..=AMOUNT_MAX).contains(&number) {
                problem(field, "must be within 1 to 10^15");
            }
        }
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

    fn problem(self, pointer: String) -> Option<Problem> {
        let fits = (self.points, self.cash) != (0, 0) && self.points <= AMOUNT_MAX && self.cash <= AMOUNT_MAX;
        (!fits).then(|| Problem::new(pointer, "expected points, cash or both, each at most 10^15"))
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

    fn problems(&self, pointer: &str, problems: &mut Vec<Problem>) {
        let mut problem =
            |field: &str, message: &str| problems.push(Problem::new(format!("{pointer}/{field}"), message));
        if self.item.is_empty() || self.item.len() > 128 {
            problem("item", "expected 1 to 128 bytes");
        }
        if self.gives.is_empty() || self.gives.len() > GIVES_MAX {
            problem("gives", &format!("expected 1 to {GIVES_MAX} benefits"));
        }
        if self.gives.iter().any(|benefit| benefit.on_shortfall.is_some()) {
            problem("gives", "what is paid for is given whole or not at all: leave out on_shortfall");
        }
        if self.price.is_none() && self.tiers.is_empty() {
            problem("price", "nobody can have it: add a price, or prices by tier");
        }
        if self.from.zip(self.to).is_some_and(|(from, to)| to < from) {
            problem("to", "is before the first day");
        }
        problems.extend(benefit_problems(&self.gives, &format!("{pointer}/gives")));
        problems.extend(self.price.and_then(|price| price.problem(format!("{pointer}/price"))));
        let of_tier = |(tier, price): (&String, &Price)| price.problem(format!("{pointer}/tiers/{tier}"));
        problems.extend(self.tiers.iter().filter_map(of_tier));
    }
}

impl Params {
    /// What the schema cannot say.
    pub(crate) fn check(&self) -> Result<(), Vec<Problem>> {
        let mut problems = Vec::new();
        if let Some(earn) = &self.earn {
            earn.problems(&mut problems);
        }
        for (index, item) in self.items.iter().enumerate() {
            let pointer = format!("/items/{index}");
            item.problems(&pointer, &mut problems);
            if self.items[..index].iter().any(|other| other.item == item.item) {
                problems.push(Problem::new(format!("{pointer}/item"), "stands there twice"));
            }
        }
        for (tier, part) in &self.discounts {
            if *part > WHOLE_BASIS_POINTS {
                let message = format!("expected at most {WHOLE_BASIS_POINTS}: it is what members pay");
                problems.push(Problem::new(format!("/discounts/{tier}"), message));
            }
        }
        if self.withdrawals.as_ref().is_some_and(|withdrawals| withdrawals.fee > AMOUNT_MAX) {
            problems.push(Problem::new("/withdrawals/fee", "expected at most 10^15"));
        }
        let by_tier = self.items.iter().any(|item| !item.tiers.is_empty())
            || !self.discounts.is_empty()
            || self.withdrawals.as_ref().is_some_and(|withdrawals| !withdrawals.free_a_month.is_empty());
        match &self.programme {
            None if by_tier => problems.push(Problem::new("/programme", "is missing: whose tiers are they?")),
            Some(_) if !by_tier => problems.push(Problem::new("/programme", "nothing goes by its tiers")),
            _ => {}
        }
        no_problems(problems)
    }
}
