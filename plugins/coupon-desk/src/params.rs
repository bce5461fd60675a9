//! What an operator sets.

use largesse_sdk::{BenefitParam, Party, Problem, Problems, Rounding, Slug, Tag};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Most periods of a loan.
const PERIODS_MAX: u32 = 120;
/// Most days that interest is waived or income runs.
const DAYS_MAX: u32 = 36_500;
/// Highest yearly rate, in basis points.
const BASIS_POINTS_MAX: u32 = 1_000_000;
/// What is held and spent.
const COUPON_UNIT: &str = "^(coupon|entitlement):[A-Za-z0-9._/-]{1,64}$";
/// What money is paid in.
const MONEY_UNIT: &str = "^(points|cash:[A-Z]{3})$";

/// The parameters of a desk for coupons.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// What each coupon is worth.
    #[schemars(length(min = 1, max = 32))]
    pub coupons: Vec<Coupon>,
    /// Quizzes that give one of the coupons to whoever passes.
    #[serde(default)]
    pub quizzes: Vec<Quiz>,
}

/// A coupon, a voucher, a right: what is held, and what it is worth.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Coupon {
    /// Which way parts of a minor unit go, each period by itself.
    #[serde(default = "Rounding::half_up")]
    pub rounding: Rounding,
    /// What is held and spent, such as coupon:interest-free-30d or entitlement:trial-fund. It is also the coupon's name.
    #[schemars(regex(pattern = COUPON_UNIT))]
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
/// 365th, by the month a 12th. Each period is rounded by itself.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Kind {
    /// The interest of the first days of a loan.
    InterestFreeDays {
        /// So many days, or the term when that is shorter.
        #[schemars(range(min = 1, max = DAYS_MAX))]
        days: u32,
        /// On at most so much principal.
        #[serde(default)]
        #[schemars(range(min = 1))]
        principal_cap: Option<u64>,
    },
    /// The interest of the first periods of a loan that is repaid in equal parts of principal.
    InterestFreePeriods {
        /// Loans of so many periods only.
        #[schemars(range(min = 1, max = PERIODS_MAX))]
        periods: u32,
        /// So many of them are free.
        #[schemars(range(min = 1))]
        free: u32,
        /// Loans of at least so much.
        #[serde(default)]
        minimum: u64,
        /// At most so much for each period.
        #[serde(default)]
        #[schemars(range(min = 1))]
        cap_per_period: Option<u64>,
    },
    /// The interest in the first instalment of a loan.
    FirstInstalment {
        /// So much.
        #[schemars(range(min = 1))]
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
        #[schemars(length(min = 1, max = 32))]
        rates: Vec<Rate>,
    },
    /// So much off.
    MoneyOff {
        /// So much.
        #[schemars(range(min = 1))]
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
        #[schemars(range(min = 1, max = 100))]
        percent_off: u32,
        /// Never below this rate; a rate that is below it already stays.
        #[serde(default)]
        #[schemars(range(max = BASIS_POINTS_MAX))]
        floor_basis_points: u32,
    },
    /// Income on an investment, or on a trial fund.
    Income {
        /// The yearly rate, or what a boost adds to it.
        #[schemars(range(min = 1, max = BASIS_POINTS_MAX))]
        basis_points: u32,
        /// On so much: a trial fund. On the amount invested when absent.
        #[serde(default)]
        #[schemars(range(min = 1))]
        principal: Option<u64>,
        /// On at most so much of the amount invested.
        #[serde(default)]
        #[schemars(range(min = 1))]
        principal_cap: Option<u64>,
        /// For so many days at most; for the whole term when absent.
        #[serde(default)]
        #[schemars(range(min = 1, max = DAYS_MAX))]
        days: Option<u32>,
        /// Paid in this unit, such as cash:CNY, when the days are over. When absent the product pays.
        #[serde(default)]
        #[schemars(regex(pattern = MONEY_UNIT))]
        paid_in: Option<String>,
    },
    /// A loss is made good.
    Compensation {
        /// Up to so much.
        #[schemars(range(min = 1))]
        cap: u64,
        /// Paid in this unit, such as cash:CNY.
        #[schemars(regex(pattern = MONEY_UNIT))]
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
    #[schemars(range(min = 1, max = 100))]
    pub percent_off: u32,
    /// Only for members.
    #[serde(default)]
    pub member: bool,
    /// Only with this tag.
    #[serde(default)]
    pub tag: Option<Tag>,
    /// Only in this tier.
    #[serde(default)]
    pub tier: Option<Tier>,
}

/// A tier of a programme.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tier {
    /// The programme.
    pub programme: Slug,
    /// The tier.
    pub tier: Slug,
}

/// A quiz that gives a coupon.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Quiz {
    /// The quiz.
    pub quiz: String,
    /// The least score that passes.
    #[schemars(range(min = 1))]
    pub pass_mark: u64,
    /// What is given, once: one of the coupons.
    pub gives: BenefitParam,
}

impl Rate {
    /// Whether it is for this customer.
    pub(crate) fn is_for(&self, party: &Party) -> bool {
        let in_tier = |wanted: &Tier| party.tier(&wanted.programme) == Some(&*wanted.tier);
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
        let mut problems = Problems::new();
        problems.unique("/coupons", "unit", self.coupons.iter().map(|coupon| &coupon.unit));
        for (index, coupon) in self.coupons.iter().enumerate() {
            coupon.check(&format!("/coupons/{index}"), &mut problems);
        }
        problems.unique("/quizzes", "quiz", self.quizzes.iter().map(|quiz| &quiz.quiz));
        for (index, quiz) in self.quizzes.iter().enumerate() {
            let pointer = format!("/quizzes/{index}/gives");
            let known = self.coupon(&quiz.gives.unit).is_some();
            problems.unless(known, format!("{pointer}/unit"), "is none of the coupons");
            problems.extend(quiz.gives.problems(&pointer));
        }
        problems.done()
    }
}

impl Coupon {
    fn check(&self, pointer: &str, problems: &mut Problems) {
        let fits = !self.exclusive || (self.product.is_some() && self.on == On::Investment && !self.open_to_all);
        let message = "only on an investment in a product, for those who hold it";
        problems.unless(fits, format!("{pointer}/exclusive"), message);
        problems.unless(self.benefit.goes_on(self.on), format!("{pointer}/on"), "does not go with this benefit");
        self.benefit.check(&format!("{pointer}/benefit"), problems);
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

    fn check(&self, pointer: &str, problems: &mut Problems) {
        let mut unless = |fits: bool, field: &str, message: &str| {
            problems.unless(fits, format!("{pointer}/{field}"), message);
        };
        match self {
            Self::InterestFreePeriods { periods, free, .. } => {
                unless(free <= periods, "free", "expected 1 to all periods");
            }
            Self::MoneyOff { off, minimum, .. } => {
                unless(off <= minimum, "minimum", "must be no less than what is taken off");
            }
            Self::Income { principal, principal_cap, days, .. } => {
                let both = principal.is_some() && principal_cap.is_some();
                unless(!both, "principal_cap", "a trial fund has a principal of its own");
                unless(principal.is_none() || days.is_some(), "days", "is missing for a trial fund");
            }
            _ => {}
        }
    }
}
