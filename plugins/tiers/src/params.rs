//! What an operator sets.

use largesse_sdk::{BenefitParam, Problem, Problems, Slug, Span, UnitClass, benefit_problems, ladder};
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
    pub programme: Slug,
    /// The tiers, the lowest first.
    #[schemars(length(min = 1, max = TIERS_MAX))]
    pub tiers: Vec<Tier>,
    /// What customers are measured by.
    pub metric: Metric,
    /// How the tier follows what is measured.
    pub service: Service,
    /// Whether a tier falls when growth that led to it is taken back: because the order that earned it was refunded, say. Nobody falls
    /// below the tier in which the cycle or period began. What was given for the tiers that are lost, and is not used, goes back.
    #[serde(default)]
    pub falls_when_taken_back: bool,
    /// Whether a rise over several tiers is made one tier at a time, with the gifts of each. Otherwise it is one rise.
    #[serde(default)]
    pub step_by_step: bool,
    /// Whether whoever joins or rises gets at once what the month's benefits of the new tier are more than those already given.
    /// Otherwise they begin with the next month.
    #[serde(default)]
    pub top_up: bool,
    /// Whoever got the gift for joining, or for reaching a tier, gets that gift again after so many days at the earliest.
    #[serde(default = "year")]
    #[schemars(range(max = CYCLE_DAYS_MAX))]
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
    pub name: Slug,
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
    /// For so many days running.
    #[schemars(range(min = 1, max = HELD_DAYS_MAX))]
    pub days: u32,
    /// Products that do not count.
    #[serde(default)]
    pub without: Vec<String>,
    /// Which events tell of it.
    #[serde(default)]
    pub told_by: ToldBy,
}

/// Which events tell of a balance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ToldBy {
    /// A `balance-snapshot` of every day.
    #[default]
    Snapshots,
    /// Every `deposit-made` and `withdrawal-made`, with the balance after it: that after the last of a day is the day's, and that of the
    /// days after it until the next.
    Movements,
}

/// How the tier follows what is measured. Whatever it is, a higher tier is reached at once.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Service {
    /// The tier stays, and is looked at again when a period ends. Periods follow on one another from the day of joining, or with the
    /// calendar. Without a length nobody ever falls.
    Growth(Span),
    /// The tier is for a period from the day on which it was reached; then it is looked at again.
    Periodic(Span),
    /// The tier is for as long as its condition holds.
    RealTime,
}

/// What customers are told.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Messages {
    /// The template that tells of every tier, old or new, that begins, with its last day.
    #[serde(default)]
    pub placed: Option<Slug>,
    /// The template that tells of the end of a membership.
    #[serde(default)]
    pub left: Option<Slug>,
    /// A notice to those who would not stay in their tier.
    #[serde(default)]
    pub notice: Option<Notice>,
}

/// A notice before a cycle or period ends.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    /// The template.
    pub template: Slug,
    /// So many days before the first day after it.
    #[schemars(range(min = 1))]
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

    fn check(&self, pointer: &str, problems: &mut Problems) {
        for (field, list) in self.lists() {
            problems.extend(benefit_problems(list, &format!("{pointer}/{field}")));
        }
        let less = self.keep.is_none_or(|keep| keep <= self.from);
        problems.unless(less, format!("{pointer}/keep"), format!("must not be more than {}", self.from));
        for (index, benefit) in self.monthly.iter().enumerate() {
            let counted =
                benefit.class().is_none_or(|class| !matches!(class, UnitClass::CreditLimit | UnitClass::RateBoost));
            let once = self.monthly[..index].iter().all(|other| other.unit != benefit.unit);
            let message = "expected a quantity of a unit that does not stand there twice";
            problems.unless(counted && once, format!("{pointer}/monthly/{index}/unit"), message);
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

    /// How long a cycle or period is; none when it has no end.
    pub(crate) fn span(&self) -> Option<Span> {
        match self.service {
            Service::Growth(span) | Service::Periodic(span) => Some(span).filter(|span| !span.is_endless()),
            Service::RealTime => None,
        }
    }

    /// The balance that customers are measured by, where movements tell of it.
    pub(crate) fn moved(&self) -> Option<&Held> {
        match &self.metric {
            Metric::Held(held) if held.told_by == ToldBy::Movements => Some(held),
            _ => None,
        }
    }

    pub(crate) fn is_monthly(&self) -> bool {
        self.tiers.iter().any(|tier| !tier.monthly.is_empty())
    }

    /// What the schema cannot say.
    pub(crate) fn check(&self) -> Result<(), Vec<Problem>> {
        let mut problems = Problems::new();
        let benefits: usize = self.tiers.iter().flat_map(Tier::lists).map(|(_, list)| list.len()).sum();
        let message = format!("{benefits} benefits; at most {BENEFITS_MAX} are allowed");
        problems.unless(benefits <= BENEFITS_MAX, "/tiers", message);
        self.check_times(&mut problems);
        problems.unique("/tiers", "name", self.tiers.iter().map(|tier| &tier.name));
        for (index, tier) in self.tiers.iter().enumerate() {
            tier.check(&format!("/tiers/{index}"), &mut problems);
        }
        // The lowest tier may be everybody's.
        let first = usize::from(self.tiers.first().is_some_and(|tier| tier.from == 0) && self.tiers.len() > 1);
        let rising = ladder::problems(&self.tiers[first..], |tier| tier.from, "", "from");
        problems.extend(rising.map(|problem| {
            let index = problem.pointer.split('/').nth(1).and_then(|index| index.parse::<usize>().ok()).unwrap_or(0);
            Problem::new(format!("/tiers/{}/from", index + first), problem.message)
        }));
        problems.done()
    }

    fn check_times(&self, problems: &mut Problems) {
        let held = matches!(self.metric, Metric::Held(_));
        let everybody = self.tiers.first().is_some_and(|tier| tier.from == 0);
        let message = "a balance of nothing is held by everybody: expected more";
        problems.unless(!(held && everybody), "/tiers/0/from", message);
        if let Some(notice) = &self.messages.notice {
            let before = self.span().is_some_and(|span| notice.days_before < span.least_days());
            problems.unless(before, "/messages/notice/days_before", "expected less than the service's days");
        }
        let (name, span) = match self.service {
            Service::Growth(span) => ("growth", Some(span).filter(|span| !span.is_endless())),
            Service::Periodic(span) => ("periodic", Some(span)),
            Service::RealTime => ("real-time", None),
        };
        if let Some(span) = span {
            span.check(&format!("/service/{name}"), problems);
        }
        let apart = self.moved().is_none_or(|held| held.without.is_empty());
        problems.unless(apart, "/metric/held/without", "goes with snapshots: a movement does not tell of products");
        let of_growth = matches!(self.service, Service::Growth(span) if !span.is_endless());
        if let (false, Some(index)) = (of_growth, self.tiers.iter().position(|tier| tier.keep.is_some())) {
            let message = "only where the service goes by growth and has periods";
            problems.add(format!("/tiers/{index}/keep"), message);
        }
        let blind = matches!((&self.metric, &self.service), (Metric::Growth, Service::Periodic(_)));
        let message = "growth has no last days to look at: use the service growth, or the metric held";
        problems.unless(!blind, "/service", message);
    }
}
