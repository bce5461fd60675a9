//! What an operator sets.

use largesse_sdk::money::AMOUNT_MAX;
use largesse_sdk::param::COUNTED_UNIT;
use largesse_sdk::{BenefitParam, Problem, Problems, Rounding, Slug, Tag, TimeOfDay, benefit_problems, ladder};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::trigger::Trigger;

/// Most rules in one list.
const RULES_MAX: usize = 16;
/// Most days that may be missed within a streak.
const GAP_DAYS_MAX: u32 = 31;
/// Most days with which a streak begins to give something for each further day: a late day that joins two streaks gives as much at
/// once.
const EACH_DAY_MAX: u32 = 16;

/// Each part may be left out.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {
    /// Counts days and rewards them.
    pub daily: Option<Daily>,
    /// A chest that may be opened once in each ISO week.
    pub chest: Option<Chest>,
    /// Fixed rewards for single actions.
    #[schemars(length(max = RULES_MAX))]
    pub tasks: Vec<Task>,
    /// Rewards in proportion to money spent.
    pub spend: Option<Spend>,
    /// What happens when a customer has collected enough.
    #[schemars(length(max = RULES_MAX))]
    pub milestones: Vec<Milestone>,
    /// By whose clock a day is a day.
    pub clock: Clock,
    /// When a day begins by the clock on the wall, such as 04:00: what is earlier belongs to the day before.
    pub day_begins: TimeOfDay,
}

/// By whose clock a day is a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Clock {
    /// That of the campaign's time zone.
    #[default]
    Campaign,
    /// The customer's own: so many minutes ahead of UTC as the attribute `utc_offset_minutes` says, and that of the campaign's time zone
    /// where it is not known.
    Customer,
}

/// Counts the local days on which something happened, each once.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Daily {
    /// The events that count a day.
    #[schemars(length(min = 1))]
    pub on: Vec<Trigger>,
    /// Payments below this many minor units do not count a day.
    #[serde(default)]
    pub least_amount: u64,
    /// Given for each day.
    #[serde(default)]
    pub rewards: Vec<BenefitParam>,
    /// Given for days in a row; no two with the same `days` and `gap_days`.
    #[serde(default)]
    #[schemars(length(max = RULES_MAX))]
    pub streaks: Vec<Streak>,
    /// Given for a number of days within a week, a month, a year or the campaign, in a row or not.
    #[serde(default)]
    #[schemars(length(max = RULES_MAX))]
    pub totals: Vec<Total>,
    /// Given for keeping to a plan of days that begins with the customer's first day.
    #[serde(default)]
    #[schemars(length(max = RULES_MAX))]
    pub plans: Vec<Plan>,
    /// Lets customers make up for missed days; without it they cannot.
    pub make_up: Option<MakeUp>,
}

/// A bonus for days in a row.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Streak {
    /// How many days in a row; a reward for each day is in `rewards` of `daily`.
    #[schemars(range(min = 2))]
    pub days: u32,
    /// Again after each further so many days of the same streak; otherwise once a streak.
    #[serde(default)]
    pub every: bool,
    /// Again for each further day of the same streak.
    #[serde(default)]
    pub each_day: bool,
    /// So many days may be missed between two days of the streak. Only days that are counted make it longer.
    #[serde(default)]
    #[schemars(range(max = GAP_DAYS_MAX))]
    pub gap_days: u32,
    /// What is given.
    pub rewards: Vec<BenefitParam>,
}

/// A bonus for a number of days.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Total {
    /// A stable name, part of the grant key.
    pub id: Slug<32>,
    /// Within what the days are counted.
    pub within: Within,
    /// How many days; at most 7 within a week, 31 within a month and 366 within a year.
    #[schemars(range(min = 1))]
    pub days: u32,
    /// Again with each further so many days within the same.
    #[serde(default)]
    pub every: bool,
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
    /// The calendar year.
    Year,
    /// The whole campaign.
    Campaign,
}

/// A bonus for a plan of consecutive days, once for each customer.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// A stable name, part of the grant key.
    pub id: Slug<32>,
    /// How many days the plan lasts, from the customer's first day on.
    #[schemars(range(min = 1, max = 366))]
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
    #[schemars(range(max = 7))]
    pub needs_days: u32,
    /// A quantity of a unit, each from `from` to `to` equally likely.
    pub range: Option<PrizeRange>,
    /// One of these, by weight.
    #[serde(default)]
    #[schemars(length(max = RULES_MAX))]
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
    #[schemars(regex(pattern = COUNTED_UNIT))]
    pub unit: String,
    /// The least.
    #[schemars(range(min = 1, max = AMOUNT_MAX))]
    pub from: u64,
    /// The most.
    #[schemars(range(min = 1, max = AMOUNT_MAX))]
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
    /// A stable name, part of the grant key.
    pub id: Slug<32>,
    /// The event that is rewarded.
    pub on: Trigger,
    /// Only for this task of a task-completed event.
    pub task: Option<String>,
    /// Once for each customer.
    #[serde(default)]
    pub once: bool,
    /// At most so often on a local day.
    #[schemars(range(min = 1))]
    pub per_day: Option<u32>,
    /// What is given.
    #[schemars(length(min = 1))]
    pub rewards: Vec<BenefitParam>,
}

/// Rewards in proportion to money spent.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Spend {
    /// The payments that count.
    #[schemars(length(min = 1))]
    pub on: Vec<Trigger>,
    /// The unit given.
    #[schemars(regex(pattern = COUNTED_UNIT))]
    pub unit: String,
    /// Minor units of money that earn one of the unit; what is left over earns nothing.
    #[schemars(range(min = 1))]
    pub minor_per_unit: u64,
    /// Whether what is left over counts as well where a rate is better than the plain one.
    #[serde(default)]
    pub pro_rata: bool,
    /// Which way parts of a unit go.
    #[serde(default = "Rounding::down")]
    pub rounding: Rounding,
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
    /// A stable name, part of the grant key.
    pub id: Slug<32>,
    /// points or growth.
    #[schemars(regex(pattern = "^(points|growth)$"))]
    pub unit: String,
    /// How much must be held, with what the event itself earns.
    pub at: u64,
    /// A tag set on the customer.
    pub tag: Option<Tag>,
    /// What is given.
    #[serde(default)]
    pub rewards: Vec<BenefitParam>,
}

impl Params {
    /// What the schema cannot say.
    pub(crate) fn check(&self) -> Result<(), Vec<Problem>> {
        let mut found = Problems::new();
        if let Some(daily) = &self.daily {
            daily.check(&mut found);
        }
        if let Some(chest) = &self.chest {
            chest.check(self.daily.is_some(), &mut found);
        }
        if let Some(spend) = &self.spend {
            for (index, trigger) in spend.on.iter().enumerate() {
                found.unless(trigger.has_amount(), format!("/spend/on/{index}"), "is not a payment");
            }
            let boosts = ladder::problems(&spend.boosts, |boost| boost.from_purchase, "/spend/boosts", "from_purchase");
            found.extend(boosts);
        }
        check_rewards("/tasks", self.tasks.iter().map(|task| &*task.rewards), &mut found);
        found.unique("/tasks", "id", self.tasks.iter().map(|task| &task.id));
        for (index, task) in self.tasks.iter().enumerate() {
            let fits = task.task.is_none() || task.on == Trigger::TaskCompleted;
            found.unless(fits, format!("/tasks/{index}/task"), "goes with task-completed only");
        }
        check_rewards("/milestones", self.milestones.iter().map(|milestone| &*milestone.rewards), &mut found);
        found.unique("/milestones", "id", self.milestones.iter().map(|milestone| &milestone.id));
        found.done()
    }
}

impl Daily {
    fn check(&self, found: &mut Problems) {
        for (index, trigger) in self.on.iter().enumerate() {
            let counts = !matches!(trigger, Trigger::ChestOpened | Trigger::FriendUserRegistered);
            found.unless(counts, format!("/daily/on/{index}"), "cannot count a day");
        }
        found.extend(benefit_problems(&self.rewards, "/daily/rewards"));
        check_rewards("/daily/streaks", self.streaks.iter().map(|rule| &*rule.rewards), found);
        let keys = self.streaks.iter().map(|rule| (rule.days, rule.gap_days));
        found.unique("/daily/streaks", "days", keys);
        for (index, streak) in self.streaks.iter().enumerate() {
            let pointer = format!("/daily/streaks/{index}/each_day");
            found.unless(!(streak.each_day && streak.every), pointer.as_str(), "does not go with every");
            let message = format!("goes with at most {EACH_DAY_MAX} days");
            found.unless(!streak.each_day || streak.days <= EACH_DAY_MAX, pointer, message);
        }
        check_rewards("/daily/totals", self.totals.iter().map(|rule| &*rule.rewards), found);
        found.unique("/daily/totals", "id", self.totals.iter().map(|rule| &rule.id));
        for (index, total) in self.totals.iter().enumerate() {
            let most = match total.within {
                Within::Week => 7,
                Within::Month => 31,
                Within::Year => 366,
                Within::Campaign => u32::MAX,
            };
            let message = format!("must be within 1 to {most}");
            found.unless(total.days <= most, format!("/daily/totals/{index}/days"), message);
        }
        check_rewards("/daily/plans", self.plans.iter().map(|rule| &*rule.rewards), found);
        found.unique("/daily/plans", "id", self.plans.iter().map(|rule| &rule.id));
        for (index, plan) in self.plans.iter().enumerate() {
            let message = format!("must be less than the {} days of the plan", plan.days);
            found.unless(plan.allowed_misses < plan.days, format!("/daily/plans/{index}/allowed_misses"), message);
        }
    }
}

impl Chest {
    fn check(&self, counts_days: bool, found: &mut Problems) {
        found.unless(self.needs_days == 0 || counts_days, "/chest/needs_days", "needs daily, or must be 0");
        found.unless(self.range.is_some() == self.prizes.is_empty(), "/chest", "must have either range or prizes");
        if let Some(range) = &self.range {
            found.unless(range.from <= range.to, "/chest/range", "needs from <= to");
        }
        check_rewards("/chest/prizes", self.prizes.iter().map(|prize| &*prize.rewards), found);
        let weighs = self.prizes.is_empty() || self.prizes.iter().any(|prize| prize.weight > 0);
        found.unless(weighs, "/chest/prizes", "must have a weight above 0");
    }
}

/// Checks the rewards of a list of rules.
fn check_rewards<'a>(list: &str, rules: impl Iterator<Item = &'a [BenefitParam]>, found: &mut Problems) {
    for (index, rewards) in rules.enumerate() {
        found.extend(benefit_problems(rewards, &format!("{list}/{index}/rewards")));
    }
}
