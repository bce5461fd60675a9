//! What an operator sets.

use std::collections::BTreeSet;

use largesse_sdk::{Problem, Refusal, UnitClass, ladder, no_problems};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::memory::days_ms;
use crate::trigger::Trigger;

/// The classes of unit that a rebate may be given in.
pub(crate) const CLASSES: [UnitClass; 5] =
    [UnitClass::Cash, UnitClass::Points, UnitClass::Growth, UnitClass::Coupon, UnitClass::DrawChances];

/// The parameters of a campaign of rebates.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// What is given on what.
    pub rebates: Vec<Rebate>,
    /// When it goes back, other than when a loan is cancelled, an order refunded or an investment redeemed early.
    #[serde(default)]
    pub take_back: TakeBack,
    /// Nothing for a customer who has an instalment overdue.
    #[serde(default)]
    pub no_overdue: bool,
    /// Only so many times 24 hours from registration.
    #[serde(default)]
    pub within_days: Option<u32>,
}

/// A rebate: exactly one of fixed, steps and rate says how much.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rebate {
    /// The name in grant keys: a-z, 0-9 and -. It must not change while the campaign runs.
    pub id: String,
    /// What it is given on.
    pub on: Trigger,
    /// On every loan, order or investment, instead of once for each customer.
    #[serde(default)]
    pub every: bool,
    /// What is given, such as cash:CNY, points, growth, coupon:welcome or draw-chances:wheel.
    pub unit: String,
    /// So much, whatever the amount. Money in minor units.
    #[serde(default)]
    pub fixed: Option<u64>,
    /// The step with the highest from that the amount reaches.
    #[serde(default)]
    pub steps: Vec<Step>,
    /// A share of the amount.
    #[serde(default)]
    pub rate: Option<Rate>,
    /// Nothing on less than this amount, in minor units.
    #[serde(default)]
    pub min_amount: u64,
    /// Nothing on a shorter term, or none: instalments of a loan, days of an investment.
    #[serde(default)]
    pub min_term: Option<u64>,
    /// More (or less) from a term on.
    #[serde(default)]
    pub term: Vec<Term>,
}

/// A step of a ladder.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// The least amount, in minor units.
    pub from: u64,
    /// What is given.
    pub quantity: u64,
}

/// A share of the amount, rounded to the nearest unit.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// Hundredths of a per cent.
    pub basis_points: u32,
    /// Never more than this.
    #[serde(default)]
    pub at_most: Option<u64>,
}

/// A multiplier by term.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Term {
    /// The least term: instalments of a loan, days of an investment.
    pub from: u64,
    /// Per cent of the rebate; 150 is half as much again.
    pub percent: u32,
}

/// When a rebate goes back.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TakeBack {
    /// When the loan is fully repaid within so many times 24 hours.
    #[serde(default)]
    pub loan_repaid_within_days: Option<u32>,
}

impl Params {
    /// Refuses with `too-late` or `not-eligible`.
    pub(crate) fn registered_in_time(&self, at: i64, registered: Option<i64>) -> Result<(), Refusal> {
        match (self.within_days, registered) {
            (None, _) => Ok(()),
            (Some(_), None) => Err(Refusal::new("not-eligible", "it is not known when the customer registered")),
            (Some(days), Some(registered)) if at.saturating_sub(registered) > days_ms(days) => {
                Err(Refusal::new("too-late", format!("more than {days} days after registration")))
            }
            (Some(_), Some(_)) => Ok(()),
        }
    }

    /// What the schema cannot say.
    pub(crate) fn check(&self) -> Result<(), Vec<Problem>> {
        let mut problems = Vec::new();
        let mut ids = BTreeSet::new();
        if !(1..=32).contains(&self.rebates.len()) {
            problems.push(Problem::new("/rebates", "expected 1 to 32 rebates"));
        }
        for (index, rebate) in self.rebates.iter().enumerate() {
            let pointer = format!("/rebates/{index}");
            rebate.problems(&pointer, &mut problems);
            if !ids.insert(&rebate.id) {
                problems.push(Problem::new(format!("{pointer}/id"), "is used twice"));
            }
        }
        if self.rebates.iter().filter(|rebate| rebate.on == Trigger::OrderPaid).count() > 1 {
            // A refund in part takes back the difference of one rebate.
            problems.push(Problem::new("/rebates", "only one rebate can be given on orders"));
        }
        no_problems(problems)
    }
}

impl Rebate {
    fn problems(&self, pointer: &str, problems: &mut Vec<Problem>) {
        let mut problem =
            |field: &str, message: &str| problems.push(Problem::new(format!("{pointer}/{field}"), message));
        let id_byte = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if !(1..=40).contains(&self.id.len()) || !self.id.bytes().all(id_byte) {
            problem("id", "expected 1 to 40 of a-z, 0-9 and -");
        }
        if !UnitClass::of(&self.unit).is_some_and(|class| CLASSES.contains(&class)) {
            problem("unit", "expected cash:<currency>, points, growth, coupon:<template> or draw-chances:<pool>");
        }
        let ways =
            usize::from(self.fixed.is_some()) + usize::from(!self.steps.is_empty()) + usize::from(self.rate.is_some());
        if ways != 1 {
            problem("", "give exactly one of fixed, steps and rate");
        }
        let by_amount = self.fixed.is_none() || self.min_amount > 0;
        if by_amount && !self.on.has_amount() {
            problem("on", "has no amount: give fixed, without min_amount");
        }
        if (self.min_term.is_some() || !self.term.is_empty()) && !self.on.has_term() {
            problem("term", "has no term");
        }
        if self.every && !self.on.has_about() {
            problem("every", "happens once for each customer");
        }
        if self.fixed == Some(0) || self.steps.iter().any(|step| step.quantity == 0) {
            problem("fixed", "a quantity must be more than nothing");
        }
        problems.extend(ladder::problems(&self.steps, |step| step.from, &format!("{pointer}/steps"), "from"));
        problems.extend(ladder::problems(&self.term, |term| term.from, &format!("{pointer}/term"), "from"));
    }
}
