//! What an operator sets.

use std::collections::BTreeMap;

use largesse_sdk::{
    BenefitParam, Date, Dimension, Problem, UnitClass, benefit_problems,
    money::{AMOUNT_MAX, WHOLE_BASIS_POINTS, ratio},
    no_problems,
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
    pub programme: String,
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
    pub overlap_min: u32,
}

/// A membership that is sold.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Membership {
    /// The tier of the programme in which its members stand.
    pub tier: String,
    /// How it can be bought.
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
    pub fee: u64,
    /// For so many months. It begins on the day on which it is bought, or when what was bought before is over.
    pub months: u32,
    /// Given with it; what of it is not used goes back when it is refunded.
    #[serde(default)]
    pub gifts: Vec<BenefitParam>,
}

/// An offer, for a time from when it was first shown.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Offer {
    /// The popup that shows it.
    pub popup: String,
    /// What part of the fee is paid, in basis points: 5000 is half.
    pub basis_points: u32,
    /// For so many hours.
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
    pub right: String,
    /// Who can claim it.
    #[serde(default)]
    pub whose: Whose,
    /// Only members in one of these tiers.
    #[serde(default)]
    pub tiers: Vec<String>,
    /// Only on this day of the month, 1 to 31: on the last day where a month is shorter.
    #[serde(default)]
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
    pub tier: String,
    /// For so many days, the first of which is that of the claim.
    pub days: u32,
}

/// What a voucher takes off.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Voucher {
    /// So much, in minor units.
    pub off: u64,
    /// On prices of at least so much.
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

    fn problems(&self, pointer: &str, problems: &mut Vec<Problem>) {
        let mut problem =
            |field: &str, message: &str| problems.push(Problem::new(format!("{pointer}/{field}"), message));
        let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if !(1..=32).contains(&self.right.len()) || !self.right.bytes().all(letter) {
            problem("right", "expected 1 to 32 of a-z, 0-9 and -");
        }
        if self.gives.is_empty() && self.trial.is_none() || self.gives.len() > GIVES_MAX {
            problem("gives", &format!("expected a trial, or 1 to {GIVES_MAX} benefits"));
        }
        if self.whose != Whose::Members && !self.tiers.is_empty() {
            problem("tiers", "only members stand in tiers");
        }
        if self.whose != Whose::Others && self.trial.is_some() {
            problem("trial", "members have what a trial shows: expected whose = \"others\"");
        }
        if self.trial.as_ref().is_some_and(|trial| !(1..=DAYS_MAX).contains(&trial.days)) {
            problem("trial/days", &format!("expected 1 to {DAYS_MAX}"));
        }
        if self.on_day.is_some_and(|day| !(1..=31).contains(&day)) {
            problem("on_day", "expected 1 to 31");
        }
        if self.at_most.is_some_and(|at_most| at_most.times == 0) {
            problem("at_most/times", "nobody could claim it: expected at least 1");
        }
        if self.at_most.is_none_or(|at_most| at_most.times != 1) && !self.once_per.is_empty() {
            problem("once_per", "only with at_most once in a period");
        }
        if (1..self.once_per.len()).any(|index| self.once_per[..index].contains(&self.once_per[index])) {
            problem("once_per", "a dimension stands there twice");
        }
        let used_up = |benefit: &BenefitParam| benefit.class().is_some_and(UnitClass::is_used_up);
        if let Some(voucher) = &self.voucher {
            if !self.gives.first().is_some_and(used_up) {
                problem("voucher", "what is given first must be something that is used up, such as a coupon");
            }
            if voucher.off == 0 || voucher.off > voucher.minimum || voucher.minimum > AMOUNT_MAX {
                problem("voucher/off", "must be more than nothing and at most the minimum");
            }
        }
        problems.extend(benefit_problems(&self.gives, &format!("{pointer}/gives")));
    }
}

impl Membership {
    fn problems(&self, problems: &mut Vec<Problem>) {
        let mut problem = |pointer: String, message: &str| problems.push(Problem::new(pointer, message));
        if self.plans.is_empty() {
            problem("/membership/plans".into(), "it cannot be bought: add a plan");
        }
        for (index, plan) in self.plans.iter().enumerate() {
            let pointer = format!("/membership/plans/{index}");
            if self.plans[..index].iter().any(|other| other.plan == plan.plan) {
                problem(format!("{pointer}/plan"), "stands there twice");
            }
            if !(1..=MONTHS_MAX).contains(&plan.months) {
                problem(format!("{pointer}/months"), "expected 1 to 120");
            }
            if plan.fee > AMOUNT_MAX {
                problem(format!("{pointer}/fee"), "expected at most 10^15");
            }
            if plan.gifts.len() > GIVES_MAX {
                problem(format!("{pointer}/gifts"), "expected at most 8");
            }
        }
        if let Some(offer) = &self.offer {
            if offer.basis_points >= WHOLE_BASIS_POINTS {
                problem("/membership/offer/basis_points".into(), "expected less than 10000: it is what is paid");
            }
            if !(1..=HOURS_MAX).contains(&offer.within_hours) {
                problem("/membership/offer/within_hours".into(), "expected 1 to 8784");
            }
        }
        for (index, plan) in self.plans.iter().enumerate() {
            problems.extend(benefit_problems(&plan.gifts, &format!("/membership/plans/{index}/gifts")));
        }
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
        let mut problems = Vec::new();
        if self.membership.is_none() && self.rights.is_empty() {
            problems.push(Problem::new("", "neither sells a membership nor has rights"));
        }
        if let Some(membership) = &self.membership {
            membership.problems(&mut problems);
        }
        for (index, right) in self.rights.iter().enumerate() {
            let pointer = format!("/rights/{index}");
            right.problems(&pointer, &mut problems);
            if self.rights[..index].iter().any(|other| other.right == right.right) {
                problems.push(Problem::new(format!("{pointer}/right"), "stands there twice"));
            }
            if let Some(overlap) = self.overlap(right).filter(|overlap| *overlap < u64::from(self.overlap_min)) {
                let message = format!("only {overlap} of 10000 users live there; {} are asked for", self.overlap_min);
                problems.push(Problem::new(format!("{pointer}/cities"), message));
            }
        }
        if self.overlap_min > WHOLE_BASIS_POINTS {
            problems.push(Problem::new("/overlap_min", format!("expected at most {WHOLE_BASIS_POINTS}")));
        }
        let claims = self
            .rights
            .iter()
            .filter_map(|right| right.at_most)
            .fold(0_u32, |sum, at_most| sum.saturating_add(at_most.times));
        if claims > CLAIMS_MAX {
            let message = format!("{claims} claims would be remembered; at most {CLAIMS_MAX} are");
            problems.push(Problem::new("/rights", message));
        }
        no_problems(problems)
    }
}
