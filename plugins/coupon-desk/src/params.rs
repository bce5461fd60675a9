//! What an operator sets.

use std::collections::BTreeSet;

use largesse_sdk::{BenefitParam, Party, Problem, UnitClass, no_problems};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Most periods of a loan.
const PERIODS_MAX: u32 = 120;
/// Most days that interest is waived or income runs.
const DAYS_MAX: u32 = 36_500;
/// Highest yearly rate, in basis points.
const BASIS_POINTS_MAX: u32 = 1_000_000;

/// The parameters of a desk for coupons.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// What each coupon is worth.
    pub coupons: Vec<Coupon>,
    /// Quizzes that give one of the coupons to whoever passes.
    #[serde(default)]
    pub quizzes: Vec<Quiz>,
}

/// A coupon, a voucher, a right: what is held, and what it is worth.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Coupon {
    /// What is held and spent, such as coupon:interest-free-30d or entitlement:trial-fund. It is also the coupon's name.
    pub unit: String,
    /// What it is used on.
    pub on: On,
    /// What it is worth.
    pub benefit: Kind,
    /// Only on this product.
    #[serde(default)]
    pub product: Option<String>,
    /// Whoever buys the product uses one, named or not: nobody else may buy it.
    #[serde(default)]
    pub exclusive: bool,
    /// For everyone who fits, held or not; nothing is spent.
    #[serde(default)]
    pub open_to_all: bool,
}

/// What a coupon is used on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum On {
    /// A loan.
    Loan,
    /// A repayment of a credit card.
    CardRepayment,
    /// An order, a booking, a premium.
    Order,
    /// An investment.
    Investment,
    /// A loss that is made good.
    Claim,
}

/// What a coupon is worth. Amounts are in minor units, rates are yearly and in hundredths of a per cent: by the day a rate is a
/// 365th, by the month a 12th. Each period is rounded by itself, half up.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Kind {
    /// The interest of the first days of a loan.
    InterestFreeDays {
        /// So many days, or the term when that is shorter.
        days: u32,
        /// On at most so much principal.
        #[serde(default)]
        principal_cap: Option<u64>,
    },
    /// The interest of the first periods of a loan that is repaid in equal parts of principal.
    InterestFreePeriods {
        /// Loans of so many periods only.
        periods: u32,
        /// So many of them are free.
        free: u32,
        /// Loans of at least so much.
        #[serde(default)]
        minimum: u64,
        /// At most so much for each period.
        #[serde(default)]
        cap_per_period: Option<u64>,
    },
    /// The interest in the first instalment of a loan.
    FirstInstalment {
        /// So much.
        cap: u64,
        /// Of the principal or of the interest.
        #[serde(default)]
        cap_kind: CapKind,
    },
    /// So many per cent off.
    PercentOff {
        /// Off the amount or off the service fee.
        #[serde(default)]
        of: Of,
        /// How much off, for whom. Of several that fit the highest counts.
        rates: Vec<Rate>,
    },
    /// So much off.
    MoneyOff {
        /// So much.
        off: u64,
        /// From so much on, of what is in the scope.
        minimum: u64,
        /// Special offers are not in the scope.
        #[serde(default)]
        without_specials: bool,
        /// Only these brands are in the scope; all when empty.
        #[serde(default)]
        brands: Vec<String>,
    },
    /// A lower rate on a loan.
    RateDiscount {
        /// So many per cent of the rate off.
        percent_off: u32,
        /// Never below this rate; a rate that is below it already stays.
        #[serde(default)]
        floor_basis_points: u32,
    },
    /// Income on an investment, or on a trial fund.
    Income {
        /// The yearly rate, or what a boost adds to it.
        basis_points: u32,
        /// On so much: a trial fund. On the amount invested when absent.
        #[serde(default)]
        principal: Option<u64>,
        /// On at most so much of the amount invested.
        #[serde(default)]
        principal_cap: Option<u64>,
        /// For so many days at most; for the whole term when absent.
        #[serde(default)]
        days: Option<u32>,
        /// Paid in this unit, such as cash:CNY, when the days are over. When absent the product pays.
        #[serde(default)]
        paid_in: Option<String>,
    },
    /// A loss is made good.
    Compensation {
        /// Up to so much.
        cap: u64,
        /// Paid in this unit, such as cash:CNY.
        paid_in: String,
    },
}

/// What a cap is of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CapKind {
    /// The interest on so much principal is waived.
    #[default]
    Principal,
    /// So much interest is waived.
    Interest,
}

/// What a percentage is of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Of {
    /// The amount.
    #[default]
    Amount,
    /// The service fee.
    Fee,
}

/// So many per cent off, for those who are all that it names.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// 20 is a fifth off.
    pub percent_off: u32,
    /// Only for members.
    #[serde(default)]
    pub member: bool,
    /// Only with this tag.
    #[serde(default)]
    pub tag: Option<String>,
    /// Only in this tier.
    #[serde(default)]
    pub tier: Option<Tier>,
}

/// A tier of a programme.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tier {
    /// The programme.
    pub programme: String,
    /// The tier.
    pub tier: String,
}

/// A quiz that gives a coupon.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Quiz {
    /// The quiz.
    pub quiz: String,
    /// The least score that passes.
    pub pass_mark: u64,
    /// What is given, once: one of the coupons.
    pub gives: BenefitParam,
}

impl Rate {
    /// Whether it is for this customer.
    pub(crate) fn is_for(&self, party: &Party) -> bool {
        let in_tier = |wanted: &Tier| party.tier(&wanted.programme) == Some(wanted.tier.as_str());
        (!self.member || party.flag("member") == Some(true))
            && self.tag.as_ref().is_none_or(|tag| party.has_tag(tag))
            && self.tier.as_ref().is_none_or(in_tier)
    }
}

impl Params {
    /// The coupon of a unit.
    pub(crate) fn coupon(&self, unit: &str) -> Option<&Coupon> {
        self.coupons.iter().find(|coupon| coupon.unit == unit)
    }

    /// What the schema cannot say.
    pub(crate) fn check(&self) -> Result<(), Vec<Problem>> {
        let mut problems = Vec::new();
        if !(1..=32).contains(&self.coupons.len()) {
            problems.push(Problem::new("/coupons", "expected 1 to 32 coupons"));
        }
        let mut units = BTreeSet::new();
        for (index, coupon) in self.coupons.iter().enumerate() {
            let pointer = format!("/coupons/{index}");
            if !units.insert(coupon.unit.as_str()) {
                problems.push(Problem::new(format!("{pointer}/unit"), "stands there twice"));
            }
            coupon.problems(&pointer, &mut problems);
        }
        let mut quizzes = BTreeSet::new();
        for (index, quiz) in self.quizzes.iter().enumerate() {
            let pointer = format!("/quizzes/{index}");
            if !quizzes.insert(quiz.quiz.as_str()) {
                problems.push(Problem::new(format!("{pointer}/quiz"), "stands there twice"));
            }
            if quiz.pass_mark == 0 {
                problems.push(Problem::new(format!("{pointer}/pass_mark"), "must be more than nothing"));
            }
            if !units.contains(quiz.gives.unit.as_str()) {
                problems.push(Problem::new(format!("{pointer}/gives/unit"), "is none of the coupons"));
            }
            problems.extend(quiz.gives.problems(&format!("{pointer}/gives")));
        }
        no_problems(problems)
    }
}

impl Coupon {
    fn problems(&self, pointer: &str, problems: &mut Vec<Problem>) {
        let mut problem =
            |field: &str, message: &str| problems.push(Problem::new(format!("{pointer}/{field}"), message));
        if !matches!(UnitClass::of(&self.unit), Some(UnitClass::Coupon | UnitClass::Entitlement)) {
            problem("unit", "expected coupon:<template> or entitlement:<right>");
        }
        if self.exclusive && (self.product.is_none() || self.on != On::Investment || self.open_to_all) {
            problem("exclusive", "only on an investment in a product, for those who hold it");
        }
        if !self.benefit.goes_on(self.on) {
            problem("on", "does not go with this benefit");
        }
        for (field, message) in self.benefit.problems() {
            problem(&format!("benefit/{field}"), message);
        }
    }
}

impl Kind {
    fn goes_on(&self, on: On) -> bool {
        match self {
            Self::InterestFreeDays { .. }
            | Self::InterestFreePeriods { .. }
            | Self::FirstInstalment { .. }
            | Self::RateDiscount { .. } => on == On::Loan,
            Self::PercentOff { of: Of::Fee, .. } => matches!(on, On::Loan | On::CardRepayment),
            Self::PercentOff { of: Of::Amount, .. } => on == On::Order,
            Self::MoneyOff { .. } => matches!(on, On::Order | On::Investment),
            Self::Income { .. } => on == On::Investment,
            Self::Compensation { .. } => on == On::Claim,
        }
    }

    /// Fields that are wrong, and what is wrong with them.
    fn problems(&self) -> Vec<(&'static str, &'static str)> {
        let mut found = Vec::new();
        let mut unless = |fits: bool, field, message| {
            if !fits {
                found.push((field, message));
            }
        };
        let (above_nothing, days) = ("must be more than nothing", "expected 1 to 36,500");
        let money = |unit: &str| matches!(UnitClass::of(unit), Some(UnitClass::Cash | UnitClass::Points));
        match self {
            Self::InterestFreeDays { days: free, principal_cap } => {
                unless((1..=DAYS_MAX).contains(free), "days", days);
                unless(*principal_cap != Some(0), "principal_cap", above_nothing);
            }
            Self::InterestFreePeriods { periods, free, cap_per_period, .. } => {
                unless((1..=PERIODS_MAX).contains(periods), "periods", "expected 1 to 120");
                unless((1..=*periods).contains(free), "free", "expected 1 to all periods");
                unless(*cap_per_period != Some(0), "cap_per_period", above_nothing);
            }
            Self::FirstInstalment { cap, .. } => unless(*cap > 0, "cap", above_nothing),
            Self::PercentOff { rates, .. } => {
                unless((1..=32).contains(&rates.len()), "rates", "expected 1 to 32 rates");
                let fits = rates.iter().all(|rate| (1..=100).contains(&rate.percent_off));
                unless(fits, "rates", "percent_off: expected 1 to 100");
            }
            Self::MoneyOff { off, minimum, .. } => {
                unless(*off > 0, "off", above_nothing);
                unless(off <= minimum, "minimum", "must be no less than what is taken off");
            }
            Self::RateDiscount { percent_off, floor_basis_points } => {
                unless((1..=100).contains(percent_off), "percent_off", "expected 1 to 100");
                unless(*floor_basis_points <= BASIS_POINTS_MAX, "floor_basis_points", "expected at most 1,000,000");
            }
            Self::Income { basis_points, principal, principal_cap, days: for_days, paid_in } => {
                unless((1..=BASIS_POINTS_MAX).contains(basis_points), "basis_points", "expected 1 to 1,000,000");
                unless(for_days.is_none_or(|many| (1..=DAYS_MAX).contains(&many)), "days", days);
                let both = principal.is_some() && principal_cap.is_some();
                unless(!both, "principal_cap", "a trial fund has a principal of its own");
                unless(principal.is_none() || for_days.is_some(), "days", "is missing for a trial fund");
                unless(*principal != Some(0), "principal", above_nothing);
                unless(*principal_cap != Some(0), "principal_cap", above_nothing);
                unless(paid_in.as_deref().is_none_or(money), "paid_in", "expected cash:<currency> or points");
            }
            Self::Compensation { cap, paid_in } => {
                unless(*cap > 0, "cap", above_nothing);
                unless(money(paid_in), "paid_in", "expected cash:<currency> or points");
            }
        }
        found
    }
}
