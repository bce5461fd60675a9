//! What an operator sets.

use std::collections::BTreeMap;

use largesse_sdk::{
    BenefitParam, Date, Dimension, Problem, Problems, Rounding, Slug, UnitClass, benefit_problems,
    money::{AMOUNT_MAX, WHOLE_BASIS_POINTS, ratio},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Most benefits of a plan or right.
const GIVES_MAX: usize = 8;
/// Most claims of all rights in their periods together: they are remembered of each customer.
const CLAIMS_MAX: u32 = 60;
/// Longest plan, in months.
const MONTHS_MAX: u32 = 120;
/// Longest trial, in days.
const DAYS_MAX: u32 = 366;
/// Longest time for an offer, in hours.
const HOURS_MAX: u32 = 8_784;

/// The parameters of a membership and of rights.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// The programme in which members stand.
    pub programme: Slug,
    /// The membership that is sold here. Without it there are rights only, for those whom others have placed.
    #[serde(default)]
    pub membership: Option<Membership>,
    /// What members and others can claim.
    #[serde(default)]
    pub rights: Vec<Right>,
    /// How many users live where: rights with cities are held against it.
    #[serde(default)]
    pub users_by_city: BTreeMap<String, u64>,
    /// The least part of all users who must live where a right can be used, in basis points.
    #[serde(default)]
    #[schemars(range(max = WHOLE_BASIS_POINTS))]
    pub overlap_min: u32,
}

/// A membership that is sold.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Membership {
    /// The tier of the programme in which its members stand.
    pub tier: Slug,
    /// How it can be bought.
    #[schemars(length(min = 1))]
    pub plans: Vec<Plan>,
    /// An offer to those who are not members yet.
    #[serde(default)]
    pub offer: Option<Offer>,
    /// Which queue a customer is in, by name.
    #[serde(default)]
    pub queues: Option<Queues>,
}

/// A way to buy the membership.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The plan's name in events.
    pub plan: String,
    /// What it costs, in minor units.
    #[schemars(range(max = AMOUNT_MAX))]
    pub fee: u64,
    /// For so many months. It begins on the day on which it is bought, or when what was bought before is over.
    #[schemars(range(min = 1, max = MONTHS_MAX))]
    pub months: u32,
    /// Given with it; what of it is not used goes back when it is refunded.
    #[serde(default)]
    #[schemars(length(max = GIVES_MAX))]
    pub gifts: Vec<BenefitParam>,
}

/// An offer, for a time from when it was first shown.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Offer {
    /// The popup that shows it.
    pub popup: String,
    /// What part of the fee is paid, in basis points: 5000 is half.
    #[schemars(range(max = WHOLE_BASIS_POINTS - 1))]
    pub basis_points: u32,
    /// Which way parts of a minor unit go.
    #[serde(default = "Rounding::half_up")]
    pub rounding: Rounding,
    /// For so many hours.
    #[schemars(range(min = 1, max = HOURS_MAX))]
    pub within_hours: u32,
}

/// Names of queues.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Queues {
    /// That of members.
    pub member: String,
    /// That of everybody else.
    pub other: String,
}

/// What can be claimed.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Right {
    /// The name by which it is claimed.
    pub right: Slug<32>,
    /// Who can claim it.
    #[serde(default)]
    pub whose: Whose,
    /// Only members in one of these tiers.
    #[serde(default)]
    pub tiers: Vec<Slug>,
    /// Only on this day of the month, 1 to 31: on the last day where a month is shorter.
    #[serde(default)]
    #[schemars(range(min = 1, max = 31))]
    pub on_day: Option<u8>,
    /// Only customers whose region is one of these.
    #[serde(default)]
    pub cities: Vec<String>,
    /// How often it can be claimed; as often as one likes when absent.
    #[serde(default)]
    pub at_most: Option<AtMost>,
    /// Who counts as one, however many accounts: identity, device, card, address. Only with at_most.
    #[serde(default)]
    pub once_per: Vec<Dimension>,
    /// What is given for a claim. The use of a right takes one of the first.
    #[serde(default)]
    #[schemars(length(max = GIVES_MAX))]
    pub gives: Vec<BenefitParam>,
    /// A trial of the membership.
    #[serde(default)]
    pub trial: Option<Trial>,
    /// What the use of it takes off a price.
    #[serde(default)]
    pub voucher: Option<Voucher>,
}

/// Who can claim a right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Whose {
    /// Whoever stands in the programme.
    #[default]
    Members,
    /// Whoever does not.
    Others,
    /// Both.
    Everybody,
}

/// How often.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AtMost {
    /// So many times.
    #[schemars(range(min = 1))]
    pub times: u32,
    /// In each of these.
    pub per: Per,
}

/// A period of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Per {
    /// A day.
    Day,
    /// A calendar month.
    Month,
    /// A calendar year.
    Year,
}

/// A trial of the membership.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Trial {
    /// The tier in which whoever tries it stands.
    pub tier: Slug,
    /// For so many days, the first of which is that of the claim.
    #[schemars(range(min = 1, max = DAYS_MAX))]
    pub days: u32,
}

/// What a voucher takes off.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Voucher {
    /// So much, in minor units.
    #[schemars(range(min = 1))]
    pub off: u64,
    /// On prices of at least so much.
    #[schemars(range(max = AMOUNT_MAX))]
    pub minimum: u64,
}

impl Per {
    /// The period that a day is in; later ones sort after earlier ones.
    pub(crate) fn of(self, day: Date) -> String {
        match self {
            Self::Day => day.to_string(),
            Self::Month => day.month_key(),
            Self::Year => format!("{:04}", day.year_month_day().0),
        }
    }
}

impl Right {
    /// Whether it can be claimed on a day.
    pub(crate) fn is_on(&self, day: Date) -> bool {
        let (_, last) = day.month_range();
        let (_, _, of_month) = day.year_month_day();
        let (_, _, of_last) = last.year_month_day();
        self.on_day.is_none_or(|on| of_month == on.min(of_last))
    }

    fn check(&self, pointer: &str, problems: &mut Problems) {
        let mut unless = |fits: bool, field: &str, message: &str| {
            problems.unless(fits, format!("{pointer}/{field}"), message);
        };
        unless(!self.gives.is_empty() || self.trial.is_some(), "gives", "expected a trial or a benefit");
        unless(self.whose == Whose::Members || self.tiers.is_empty(), "tiers", "only members stand in tiers");
        let message = "members have what a trial shows: expected whose = \"others\"";
        unless(self.whose == Whose::Others || self.trial.is_none(), "trial", message);
        let once = self.at_most.is_some_and(|at_most| at_most.times == 1);
        unless(once || self.once_per.is_empty(), "once_per", "only with at_most once in a period");
        let twice = (1..self.once_per.len()).any(|index| self.once_per[..index].contains(&self.once_per[index]));
        unless(!twice, "once_per", "a dimension stands there twice");
        if let Some(voucher) = &self.voucher {
            let used_up = |benefit: &BenefitParam| benefit.class().is_some_and(UnitClass::is_used_up);
            let message = "what is given first must be something that is used up, such as a coupon";
            unless(self.gives.first().is_some_and(used_up), "voucher", message);
            unless(voucher.off <= voucher.minimum, "voucher/off", "must be at most the minimum");
        }
        problems.extend(benefit_problems(&self.gives, &format!("{pointer}/gives")));
    }
}

impl Params {
    pub(crate) fn right(&self, name: &str) -> Option<&Right> {
        self.rights.iter().find(|right| right.right == name)
    }

    /// What part of all users live where a right can be used, in basis points; unknown without cities or users.
    pub(crate) fn overlap(&self, right: &Right) -> Option<u64> {
        let all: u64 = self.users_by_city.values().fold(0, |sum, users| sum.saturating_add(*users));
        let there = right.cities.iter().filter_map(|city| self.users_by_city.get(city));
        let there = there.fold(0_u64, |sum, users| sum.saturating_add(*users));
        let known = !right.cities.is_empty() && all > 0;
        known.then(|| ratio(there.min(all), u64::from(WHOLE_BASIS_POINTS), all).unwrap_or(0))
    }

    /// What the schema cannot say.
    pub(crate) fn check(&self) -> Result<(), Vec<Problem>> {
        let mut problems = Problems::new();
        let something = self.membership.is_some() || !self.rights.is_empty();
        problems.unless(something, "", "neither sells a membership nor has rights");
        if let Some(membership) = &self.membership {
            problems.unique("/membership/plans", "plan", membership.plans.iter().map(|plan| &plan.plan));
            for (index, plan) in membership.plans.iter().enumerate() {
                problems.extend(benefit_problems(&plan.gifts, &format!("/membership/plans/{index}/gifts")));
            }
        }
        problems.unique("/rights", "right", self.rights.iter().map(|right| &right.right));
        for (index, right) in self.rights.iter().enumerate() {
            let pointer = format!("/rights/{index}");
            right.check(&pointer, &mut problems);
            if let Some(overlap) = self.overlap(right).filter(|overlap| *overlap < u64::from(self.overlap_min)) {
                let message = format!("only {overlap} of 10000 users live there; {} are asked for", self.overlap_min);
                problems.add(format!("{pointer}/cities"), message);
            }
        }
        let times = self.rights.iter().filter_map(|right| right.at_most).map(|at_most| at_most.times);
        let claims = times.fold(0_u32, u32::saturating_add);
        let message = format!("{claims} claims would be remembered; at most {CLAIMS_MAX} are");
        problems.unless(claims <= CLAIMS_MAX, "/rights", message);
        problems.done()
    }
}
