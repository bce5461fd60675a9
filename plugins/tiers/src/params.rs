//! What an operator sets.

use largesse_sdk::{BenefitParam, Problem, UnitClass, benefit_problems, ladder, no_problems};
use schemars::JsonSchema;
use serde::Deserialize;

/// Most days that a balance can be asked to be held: what is remembered of each customer grows with them.
const HELD_DAYS_MAX: u32 = 366;
/// Most days of a cycle.
const CYCLE_DAYS_MAX: u32 = 3_660;
/// Most tiers, and most benefits of all of them together: one rise over all tiers asks for two effects for each of them, for the
/// benefits, a message and three timers, which is as many as one decision may ask for.
const TIERS_MAX: usize = 12;
const BENEFITS_MAX: usize = 36;

/// The parameters of a programme of tiers.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// The programme in which customers are placed; its operator defines it with tiers of these names.
    pub programme: String,
    /// The tiers, the lowest first.
    pub tiers: Vec<Tier>,
    /// What customers are measured by.
    pub metric: Metric,
    /// How the tier follows what is measured.
    pub service: Service,
    /// Whether a rise over several tiers is made one tier at a time, with the gifts of each. Otherwise it is one rise.
    #[serde(default)]
    pub step_by_step: bool,
    /// Whether whoever joins or rises gets at once what the month's benefits of the new tier are more than those already given.
    /// Otherwise they begin with the next month.
    #[serde(default)]
    pub top_up: bool,
    /// Whoever got the gift for joining, or for reaching a tier, gets that gift again after so many days at the earliest.
    #[serde(default = "year")]
    pub gifts_again_after_days: u32,
    /// What customers are told.
    #[serde(default)]
    pub messages: Messages,
}

/// A tier.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tier {
    /// Its name in the programme. It must not change while the campaign runs.
    pub name: String,
    /// The least growth, or the least balance in minor units, that leads to it; with 0 everybody who registers joins.
    pub from: u64,
    /// What is enough to stay in it when a period ends, where that is less than what leads to it.
    #[serde(default)]
    pub keep: Option<u64>,
    /// Given to whoever joins the programme in this tier.
    #[serde(default)]
    pub join: Vec<BenefitParam>,
    /// Given to whoever rises to this tier.
    #[serde(default)]
    pub upgrade: Vec<BenefitParam>,
    /// Given on the first of every month; quantities of different units.
    #[serde(default)]
    pub monthly: Vec<BenefitParam>,
    /// Given on a member's birthday.
    #[serde(default)]
    pub birthday: Vec<BenefitParam>,
}

/// What customers are measured by.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Metric {
    /// Growth: all of it, or, where the service has periods, what was gathered in the period.
    Growth,
    /// What was outstanding at the end of every one of the last days.
    Held(Held),
}

/// A balance that is held.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Held {
    /// For so many days running, 1 to 366.
    pub days: u32,
    /// Products that do not count.
    #[serde(default)]
    pub without: Vec<String>,
}

/// How the tier follows what is measured. Whatever it is, a higher tier is reached at once.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Service {
    /// The tier stays, and is looked at again when a period ends. Periods follow on one another from the day of joining.
    Growth(Period),
    /// The tier is for so many days from the day on which it was reached; then it is looked at again.
    Periodic(Cycle),
    /// The tier is for as long as its condition holds.
    RealTime,
}

/// The periods of a service that goes by growth.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Period {
    /// Each is so many days, 1 to 3,660. Without it nobody ever falls.
    #[serde(default)]
    pub days: Option<u32>,
}

/// The cycle of a periodic service.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cycle {
    /// So many days, 1 to 3,660, the first of which is the one on which the tier was reached.
    pub days: u32,
}

/// What customers are told.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Messages {
    /// The template that tells of every tier, old or new, that begins, with its last day.
    #[serde(default)]
    pub placed: Option<String>,
    /// The template that tells of the end of a membership.
    #[serde(default)]
    pub left: Option<String>,
    /// A notice to those who would not stay in their tier.
    #[serde(default)]
    pub notice: Option<Notice>,
}

/// A notice before a cycle or period ends.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    /// The template.
    pub template: String,
    /// So many days before the first day after it.
    pub days_before: u32,
}

fn year() -> u32 {
    365
}

impl Tier {
    /// What is enough to stay in it.
    pub(crate) fn keep(&self) -> u64 {
        self.keep.unwrap_or(self.from)
    }

    fn lists(&self) -> [(&'static str, &[BenefitParam]); 4] {
        [("join", &self.join), ("upgrade", &self.upgrade), ("monthly", &self.monthly), ("birthday", &self.birthday)]
    }

    fn problems(&self, pointer: &str, problems: &mut Vec<Problem>) {
        for (field, list) in self.lists() {
            problems.extend(benefit_problems(list, &format!("{pointer}/{field}")));
        }
        if self.keep.is_some_and(|keep| keep > self.from) {
            problems.push(Problem::new(format!("{pointer}/keep"), format!("must not be more than {}", self.from)));
        }
        for (index, benefit) in self.monthly.iter().enumerate() {
            let counted =
                benefit.class().is_none_or(|class| !matches!(class, UnitClass::CreditLimit | UnitClass::RateBoost));
            let twice = self.monthly[..index].iter().any(|other| other.unit == benefit.unit);
            if !counted || twice {
                let message = "expected a quantity of a unit that does not stand there twice";
                problems.push(Problem::new(format!("{pointer}/monthly/{index}/unit"), message));
            }
        }
    }
}

impl Params {
    /// The place among the tiers of the one that a value leads to.
    pub(crate) fn reached(&self, value: u64) -> Option<usize> {
        self.tiers.iter().rposition(|tier| tier.from <= value)
    }

    /// The place of the tier in which a customer stays at the end of a period: no higher one.
    pub(crate) fn kept(&self, place: usize, value: u64) -> Option<usize> {
        self.tiers.iter().take(place.saturating_add(1)).rposition(|tier| tier.keep() <= value)
    }

    /// The place of a tier; none once parameters have dropped it.
    pub(crate) fn place_of(&self, name: &str) -> Option<usize> {
        self.tiers.iter().position(|tier| tier.name == name)
    }

    /// How many days a cycle or period has.
    pub(crate) fn cycle_days(&self) -> Option<u32> {
        match &self.service {
            Service::Growth(period) => period.days,
            Service::Periodic(cycle) => Some(cycle.days),
            Service::RealTime => None,
        }
    }

    pub(crate) fn is_monthly(&self) -> bool {
        self.tiers.iter().any(|tier| !tier.monthly.is_empty())
    }

    /// What the schema cannot say.
    pub(crate) fn check(&self) -> Result<(), Vec<Problem>> {
        let mut problems = Vec::new();
        let mut problem = |pointer: &str, message: String| problems.push(Problem::new(pointer, message));
        if !is_name(&self.programme) {
            problem("/programme", NAME.into());
        }
        if self.tiers.is_empty() || self.tiers.len() > TIERS_MAX {
            problem("/tiers", format!("expected 1 to {TIERS_MAX} tiers"));
        }
        let benefits: usize = self.tiers.iter().flat_map(Tier::lists).map(|(_, list)| list.len()).sum();
        if benefits > BENEFITS_MAX {
            problem("/tiers", format!("{benefits} benefits; at most {BENEFITS_MAX} are allowed"));
        }
        self.times(&mut problem);
        for (index, tier) in self.tiers.iter().enumerate() {
            let pointer = format!("/tiers/{index}");
            if !is_name(&tier.name) || self.tiers[..index].iter().any(|other| other.name == tier.name) {
                problems.push(Problem::new(format!("{pointer}/name"), format!("{NAME}, other than those before")));
            }
            tier.problems(&pointer, &mut problems);
        }
        // The lowest tier may be everybody's.
        let above = self.tiers.get(1..).filter(|_| self.tiers[0].from == 0);
        let first = usize::from(above.is_some());
        let rising = ladder::problems(above.unwrap_or(&self.tiers), |tier| tier.from, "", "from");
        problems.extend(rising.map(|problem| {
            let index = problem.pointer.split('/').nth(1).and_then(|index| index.parse::<usize>().ok()).unwrap_or(0);
            Problem::new(format!("/tiers/{}/from", index + first), problem.message)
        }));
        no_problems(problems)
    }

    fn times(&self, problem: &mut impl FnMut(&str, String)) {
        if let Metric::Held(held) = &self.metric {
            if !(1..=HELD_DAYS_MAX).contains(&held.days) {
                problem("/metric/held/days", format!("expected 1 to {HELD_DAYS_MAX}"));
            }
            if self.tiers.first().is_some_and(|tier| tier.from == 0) {
                problem("/tiers/0/from", "a balance of nothing is held by everybody: expected more".into());
            }
        }
        let pointer =
            if matches!(self.service, Service::Growth(_)) { "/service/growth/days" } else { "/service/periodic/days" };
        let days = self.cycle_days();
        if days.is_some_and(|days| !(1..=CYCLE_DAYS_MAX).contains(&days)) {
            problem(pointer, format!("expected 1 to {CYCLE_DAYS_MAX}"));
        }
        if let Some(notice) = &self.messages.notice
            && days.is_none_or(|days| notice.days_before == 0 || notice.days_before >= days)
        {
            problem("/messages/notice/days_before", "expected at least 1 and less than the service's days".into());
        }
        let of_growth = matches!(self.service, Service::Growth(Period { days: Some(_) }));
        if let (false, Some(index)) = (of_growth, self.tiers.iter().position(|tier| tier.keep.is_some())) {
            problem(&format!("/tiers/{index}/keep"), "only where the service goes by growth and has periods".into());
        }
        if matches!((&self.metric, &self.service), (Metric::Growth, Service::Periodic(_))) {
            problem(
                "/service",
                "growth has no last days to look at: use the service growth, or the metric held".into(),
            );
        }
        if self.gifts_again_after_days > CYCLE_DAYS_MAX {
            problem("/gifts_again_after_days", format!("expected at most {CYCLE_DAYS_MAX}"));
        }
        for (field, template) in [("placed", &self.messages.placed), ("left", &self.messages.left)] {
            if template.as_ref().is_some_and(|template| !is_name(template)) {
                problem(&format!("/messages/{field}"), NAME.into());
            }
        }
        if self.messages.notice.as_ref().is_some_and(|notice| !is_name(&notice.template)) {
            problem("/messages/notice/template", NAME.into());
        }
    }
}

const NAME: &str = "expected 1 to 64 of a-z, 0-9 and -";

fn is_name(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=64).contains(&text.len()) && text.bytes().all(allowed)
}
