//! What an operator sets.

use largesse_sdk::{BenefitParam, Problem, UnitClass, benefit_problems, ladder};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::WATCHED_UNITS;
use crate::trigger::Trigger;

/// Most rules in one list.
const RULES_MAX: usize = 16;
/// Longest id of a rule, in bytes.
const ID_BYTES_MAX: usize = 32;
/// Longest plan, in days.
const PLAN_DAYS_MAX: u32 = 366;

/// Each part may be left out.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {
    /// Counts days and rewards them.
    pub daily: Option<Daily>,
    /// A chest that may be opened once in each ISO week.
    pub chest: Option<Chest>,
    /// Fixed rewards for single actions.
    pub tasks: Vec<Task>,
    /// Rewards in proportion to money spent.
    pub spend: Option<Spend>,
    /// What happens when a customer has collected enough.
    pub milestones: Vec<Milestone>,
}

/// Counts the local days on which something happened, each once.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Daily {
    /// The events that count a day.
    pub on: Vec<Trigger>,
    /// Payments below this many minor units do not count a day.
    pub least_amount: u64,
    /// Given for each day.
    pub rewards: Vec<BenefitParam>,
    /// Given for days in a row; `days` rises from rule to rule.
    pub streaks: Vec<Streak>,
    /// Given for a number of days within a week, a month or the campaign, in a row or not.
    pub totals: Vec<Total>,
    /// Given for keeping to a plan of days that begins with the customer's first day.
    pub plans: Vec<Plan>,
    /// Lets customers make up for missed days; without it they cannot.
    pub make_up: Option<MakeUp>,
}

/// A bonus for days in a row.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Streak {
    /// How many days in a row; at least 2.
    pub days: u32,
    /// Again after each further so many days of the same streak; otherwise once a streak.
    #[serde(default)]
    pub every: bool,
    /// What is given.
    pub rewards: Vec<BenefitParam>,
}

/// A bonus for a number of days.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Total {
    /// A stable name, part of the grant key: 1 to 32 of a-z, 0-9 and -.
    pub id: String,
    /// Within what the days are counted.
    pub within: Within,
    /// How many days.
    pub days: u32,
    /// What is given.
    pub rewards: Vec<BenefitParam>,
}

/// A window of days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Within {
    /// The ISO week, Monday to Sunday.
    Week,
    /// The calendar month.
    Month,
    /// The whole campaign.
    Campaign,
}

/// A bonus for a plan of consecutive days, once for each customer.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// A stable name, part of the grant key: 1 to 32 of a-z, 0-9 and -.
    pub id: String,
    /// How many days the plan lasts, from the customer's first day on; at most 366.
    pub days: u32,
    /// How many of them may be missed.
    #[serde(default)]
    pub allowed_misses: u32,
    /// What is given, as soon as enough days are done.
    pub rewards: Vec<BenefitParam>,
}

/// How missed days may be made up for: a `checked_in` event that names the day in `makeup_for`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MakeUp {
    /// How many in a calendar month (the month in which they are used).
    pub per_month: u32,
    /// How many days back at most.
    pub within_days: u32,
    /// Whether a day made up for earns the daily reward too; it always counts for streaks, totals and plans.
    #[serde(default)]
    pub pays_daily_reward: bool,
}

/// A chest with a prize by chance: `range` or `prizes`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Chest {
    /// How many days of the same week must have been counted before; 0 for none.
    #[serde(default = "one")]
    pub needs_days: u32,
    /// A quantity of a unit, each from `from` to `to` equally likely.
    pub range: Option<PrizeRange>,
    /// One of these, by weight.
    #[serde(default)]
    pub prizes: Vec<Prize>,
}

fn one() -> u32 {
    1
}

/// A prize whose quantity is by chance.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PrizeRange {
    /// The unit, such as points.
    pub unit: String,
    /// The least.
    pub from: u64,
    /// The most.
    pub to: u64,
}

/// One of several prizes.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Prize {
    /// How likely: with weights 1 and 3 the second comes three times in four.
    pub weight: u32,
    /// What is given; empty for a blank.
    pub rewards: Vec<BenefitParam>,
}

/// A fixed reward for an action.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Task {
    /// A stable name, part of the grant key: 1 to 32 of a-z, 0-9 and -.
    pub id: String,
    /// The event that is rewarded.
    pub on: Trigger,
    /// Only for this task of a task-completed event.
    pub task: Option<String>,
    /// Once for each customer.
    #[serde(default)]
    pub once: bool,
    /// At most so often on a local day.
    pub per_day: Option<u32>,
    /// What is given.
    pub rewards: Vec<BenefitParam>,
}

/// Rewards in proportion to money spent.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Spend {
    /// The payments that count.
    pub on: Vec<Trigger>,
    /// The unit given.
    pub unit: String,
    /// Minor units of money that earn one of the unit; what is left over earns nothing.
    pub minor_per_unit: u64,
    /// Better rates for returning buyers; `from_purchase` rises from rule to rule.
    #[serde(default)]
    pub boosts: Vec<Boost>,
}

/// A better rate from some purchase on.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Boost {
    /// From the customer's so many-th purchase on.
    pub from_purchase: u64,
    /// 10,000 is the plain rate, 12,000 a fifth more.
    pub basis_points: u32,
}

/// Something that happens when a customer holds so much of a unit.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Milestone {
    /// A stable name, part of the grant key: 1 to 32 of a-z, 0-9 and -.
    pub id: String,
    /// points or growth.
    pub unit: String,
    /// How much must be held, with what the event itself earns.
    pub at: u64,
    /// A tag set on the customer.
    pub tag: Option<String>,
    /// What is given.
    #[serde(default)]
    pub rewards: Vec<BenefitParam>,
}

impl Params {
    /// What is wrong beyond the schema.
    pub(crate) fn problems(&self) -> Vec<Problem> {
        let mut found = Vec::new();
        if let Some(daily) = &self.daily {
            daily.problems(&mut found);
        }
        if let Some(chest) = &self.chest {
            chest.problems(self.daily.is_some(), &mut found);
        }
        if let Some(spend) = &self.spend {
            spend.problems(&mut found);
        }
        rule_problems("/tasks", self.tasks.iter().map(|task| (Some(&*task.id), &*task.rewards)), &mut found);
        for (index, task) in self.tasks.iter().enumerate() {
            if task.task.is_some() && task.on != Trigger::TaskCompleted {
                found.push(Problem::new(format!("/tasks/{index}/task"), "goes with task-completed only"));
            }
            if task.rewards.is_empty() {
                found.push(Problem::new(format!("/tasks/{index}/rewards"), "must not be empty"));
            }
            if task.per_day == Some(0) {
                found.push(Problem::new(format!("/tasks/{index}/per_day"), "must be at least 1"));
            }
        }
        let milestones = self.milestones.iter().map(|milestone| (Some(&*milestone.id), &*milestone.rewards));
        rule_problems("/milestones", milestones, &mut found);
        for (index, milestone) in self.milestones.iter().enumerate() {
            if !WATCHED_UNITS.contains(&&*milestone.unit) {
                found.push(Problem::new(format!("/milestones/{index}/unit"), "must be points or growth"));
            }
        }
        found
    }
}

impl Daily {
    fn problems(&self, found: &mut Vec<Problem>) {
        if self.on.is_empty() {
            found.push(Problem::new("/daily/on", "must name at least one event"));
        }
        for (index, trigger) in self.on.iter().enumerate() {
            if matches!(trigger, Trigger::ChestOpened | Trigger::FriendRegistered) {
                found.push(Problem::new(format!("/daily/on/{index}"), "cannot count a day"));
            }
        }
        found.extend(benefit_problems(&self.rewards, "/daily/rewards"));
        rule_problems("/daily/streaks", self.streaks.iter().map(|rule| (None, &*rule.rewards)), found);
        found.extend(ladder::problems(&self.streaks, |rule| u64::from(rule.days), "/daily/streaks", "days"));
        if self.streaks.first().is_some_and(|rule| rule.days == 1) {
            found
                .push(Problem::new("/daily/streaks/0/days", "must be at least 2; a reward for each day is in rewards"));
        }
        rule_problems("/daily/totals", self.totals.iter().map(|rule| (Some(&*rule.id), &*rule.rewards)), found);
        for (index, total) in self.totals.iter().enumerate() {
            let most = match total.within {
                Within::Week => 7,
                Within::Month => 31,
                Within::Campaign => u32::MAX,
            };
            if total.days == 0 || total.days > most {
                let message = format!("must be within 1 to {most}");
                found.push(Problem::new(format!("/daily/totals/{index}/days"), message));
            }
        }
        rule_problems("/daily/plans", self.plans.iter().map(|rule| (Some(&*rule.id), &*rule.rewards)), found);
        for (index, plan) in self.plans.iter().enumerate() {
            if plan.days == 0 || plan.days > PLAN_DAYS_MAX {
                let message = format!("must be within 1 to {PLAN_DAYS_MAX}");
                found.push(Problem::new(format!("/daily/plans/{index}/days"), message));
            } else if plan.allowed_misses >= plan.days {
                let message = format!("must be less than the {} days of the plan", plan.days);
                found.push(Problem::new(format!("/daily/plans/{index}/allowed_misses"), message));
            }
        }
    }
}

impl Chest {
    fn problems(&self, counts_days: bool, found: &mut Vec<Problem>) {
        if self.needs_days > 7 {
            found.push(Problem::new("/chest/needs_days", "must be within 0 to 7: a week has no more days"));
        } else if self.needs_days > 0 && !counts_days {
            found.push(Problem::new("/chest/needs_days", "needs daily, or must be 0"));
        }
        if self.range.is_some() != self.prizes.is_empty() {
            found.push(Problem::new("/chest", "must have either range or prizes"));
        }
        if let Some(range) = &self.range {
            found.extend(unit_problem(&range.unit, "/chest/range/unit"));
            if range.from == 0 || range.to < range.from || range.to > largesse_sdk::money::AMOUNT_MAX {
                found.push(Problem::new("/chest/range", "needs 1 <= from <= to <= 10^15"));
            }
        }
        rule_problems("/chest/prizes", self.prizes.iter().map(|prize| (None, &*prize.rewards)), found);
        if !self.prizes.is_empty() && self.prizes.iter().all(|prize| prize.weight == 0) {
            found.push(Problem::new("/chest/prizes", "must have a weight above 0"));
        }
    }
}

impl Spend {
    fn problems(&self, found: &mut Vec<Problem>) {
        for (index, trigger) in self.on.iter().enumerate() {
            if !trigger.has_amount() {
                found.push(Problem::new(format!("/spend/on/{index}"), "is not a payment"));
            }
        }
        if self.on.is_empty() {
            found.push(Problem::new("/spend/on", "must name at least one payment"));
        }
        found.extend(unit_problem(&self.unit, "/spend/unit"));
        if self.minor_per_unit == 0 {
            found.push(Problem::new("/spend/minor_per_unit", "must be at least 1"));
        }
        found.extend(ladder::problems(&self.boosts, |boost| boost.from_purchase, "/spend/boosts", "from_purchase"));
    }
}

/// A unit of which a plain quantity can be given.
fn unit_problem(unit: &str, pointer: &str) -> Option<Problem> {
    match UnitClass::of(unit) {
        Some(UnitClass::CreditLimit | UnitClass::RateBoost) | None => {
            Some(Problem::new(pointer, "must be a unit of which a quantity can be given, such as points or cash:CNY"))
        }
        Some(_) => None,
    }
}

/// Checks a list of rules: how many, their ids, their rewards.
fn rule_problems<'a>(
    pointer: &str,
    rules: impl ExactSizeIterator<Item = (Option<&'a str>, &'a [BenefitParam])>,
    found: &mut Vec<Problem>,
) {
    if rules.len() > RULES_MAX {
        found.push(Problem::new(pointer, format!("must have at most {RULES_MAX} entries")));
    }
    let mut seen = Vec::new();
    for (index, (id, rewards)) in rules.enumerate() {
        found.extend(benefit_problems(rewards, &format!("{pointer}/{index}/rewards")));
        let Some(id) = id else { continue };
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if id.is_empty() || id.len() > ID_BYTES_MAX || !id.bytes().all(allowed) {
            let message = format!("must be 1 to {ID_BYTES_MAX} of a-z, 0-9 and -");
            found.push(Problem::new(format!("{pointer}/{index}/id"), message));
        }
        if seen.contains(&id) {
            found.push(Problem::new(format!("{pointer}/{index}/id"), "is used twice"));
        }
        seen.push(id);
    }
}
