//! What an operator sets.

use largesse_sdk::{Problem, Problems, Refusal, Rounding, Slug, UnitClass, ladder};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::memory::days_ms;
use crate::trigger::Trigger;

/// The classes of unit that a rebate may be given in.
pub(crate) const CLASSES: [UnitClass; 5] =
    [UnitClass::Cash, UnitClass::Points, UnitClass::Growth, UnitClass::Coupon, UnitClass::DrawChances];

/// The units of those classes.
const UNIT: &str = "^(points|growth|cash:[A-Z]{3}|(coupon|draw-chances):[A-Za-z0-9._/-]{1,64})$";

/// The parameters of a campaign of rebates.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// What is given on what.
    #[schemars(length(min = 1, max = 32))]
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
    /// The name in grant keys. It must not change while the campaign runs.
    pub id: Slug<40>,
    /// What it is given on.
    pub on: Trigger,
    /// On every loan, order or investment, instead of once for each customer.
    #[serde(default)]
    pub every: bool,
    /// What is given, such as cash:CNY, points, growth, coupon:welcome or draw-chances:wheel.
    #[schemars(regex(pattern = UNIT))]
    pub unit: String,
    /// So much, whatever the amount. Money in minor units.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub fixed: Option<u64>,
    /// The step with the highest from that the amount reaches.
    #[serde(default)]
    pub steps: Vec<Step>,
    /// A share of the amount.
    #[serde(default)]
    pub rate: Option<Rate>,
    /// Never more than this, whatever the step and the term; with a rate it stands in the rate.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub at_most: Option<u64>,
    /// Which way parts of a unit go, once share and term are multiplied.
    #[serde(default = "Rounding::half_up")]
    pub rounding: Rounding,
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
    #[schemars(range(min = 1))]
    pub quantity: u64,
}

/// A share of the amount.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// Hundredths of a per cent.
    pub basis_points: u32,
    /// Never more than this, whatever the term.
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
        let mut problems = Problems::new();
        for (index, rebate) in self.rebates.iter().enumerate() {
            rebate.check(&format!("/rebates/{index}"), &mut problems);
        }
        problems.unique("/rebates", "id", self.rebates.iter().map(|rebate| &rebate.id));
        // A refund in part takes back the difference of one rebate.
        let on_orders = self.rebates.iter().filter(|rebate| rebate.on == Trigger::OrderPaid).count();
        problems.unless(on_orders <= 1, "/rebates", "only one rebate can be given on orders");
        problems.done()
    }
}

impl Rebate {
    fn check(&self, pointer: &str, problems: &mut Problems) {
        let mut unless = |fits: bool, field: &str, message: &str| {
            problems.unless(fits, format!("{pointer}{field}"), message);
        };
        let ways = [self.fixed.is_some(), !self.steps.is_empty(), self.rate.is_some()];
        let one = ways.iter().filter(|way| **way).count() == 1;
        unless(one, "", "give exactly one of fixed, steps and rate");
        unless(self.at_most.is_none() || self.rate.is_none(), "/at_most", "stands in the rate");
        let by_amount = self.fixed.is_none() || self.min_amount > 0;
        unless(!by_amount || self.on.has_amount(), "/on", "has no amount: give fixed, without min_amount");
        let by_term = self.min_term.is_some() || !self.term.is_empty();
        unless(!by_term || self.on.has_term(), "/term", "has no term");
        unless(!self.every || self.on.has_about(), "/every", "happens once for each customer");
        problems.extend(ladder::problems(&self.steps, |step| step.from, &format!("{pointer}/steps"), "from"));
        problems.extend(ladder::problems(&self.term, |term| term.from, &format!("{pointer}/term"), "from"));
    }
}
