//! What an operator sets.

use std::collections::BTreeSet;

use largesse_sdk::{BenefitParam, DAY_SECONDS, Dimension, Problem, UnitClass, benefit_problems, ladder, no_problems};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::deed::{Deed, Subject};
use crate::state::KEPT_MAX;

/// Most benefits in one list, and most honours.
const LIST_MAX: usize = 8;
const DAY_MS: i64 = DAY_SECONDS as i64 * 1_000;
/// Most ranks: a programme has no more tiers, a team no more members.
const PLACES_MAX: u32 = 64;

/// The parameters of recognition.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Badges and titles.
    #[serde(default)]
    pub honours: Vec<Honour>,
    /// What is given to whoever was selected for the support of a pool.
    #[serde(default)]
    pub selected: Option<Selected>,
    /// What a customer's poster brings.
    #[serde(default)]
    pub poster: Option<Poster>,
    /// Where members of a team stand among one another.
    #[serde(default)]
    pub board: Option<Board>,
}

/// What deeds give: something for each, or for a number of them, or both.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Honour {
    /// The name in grant keys: a-z, 0-9 and -. It must not change while the campaign runs.
    pub id: String,
    /// The deed.
    pub on: Deed,
    /// Only these tasks or posts; all when empty.
    #[serde(default)]
    pub of: Vec<String>,
    /// Only investments of at least so much, in minor units.
    #[serde(default)]
    pub min_amount: u64,
    /// An investment that is redeemed within so many times 24 hours does not count.
    #[serde(default)]
    pub cooling_off_days: u32,
    /// What each deed gives, other than an investment. It goes back when a post is featured no more.
    #[serde(default)]
    pub each: Vec<BenefitParam>,
    /// What numbers of deeds give.
    #[serde(default)]
    pub steps: Vec<Step>,
    /// Whether titles and gifts go back when posts are featured no more, or investments redeemed, and too few are left; twice as
    /// many as the last step takes are remembered.
    #[serde(default)]
    pub falls: bool,
}

/// What a number of deeds gives.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// So many different deeds; part of the grant key.
    pub at: u64,
    /// What is given for reaching it, once. While the campaign runs, add to this list and to each at the end only: the place in
    /// the list is part of the grant key.
    #[serde(default)]
    pub gifts: Vec<BenefitParam>,
    /// The title: a tag that is set for reaching it.
    #[serde(default)]
    pub title: Option<String>,
}

/// What is given to whoever was selected.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Selected {
    /// What is given, once for each pool.
    pub gifts: Vec<BenefitParam>,
    /// Given once to each of these, however many accounts: identity, device, card, address.
    #[serde(default)]
    pub once_per: Vec<Dimension>,
}

/// What a poster brings.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Poster {
    /// The tag of a customer who registered by a poster.
    pub source_tag: String,
    /// What its owner is given for each of them.
    #[serde(default)]
    pub gifts: Vec<BenefitParam>,
}

/// A board: whoever joins the team competes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Board {
    /// The programme that tells where each stands: its tiers are rank-1, rank-2 and so on.
    pub programme: String,
    /// How many ranks it has, 1 to 64. Who comes after them stands nowhere.
    pub places: u32,
    /// What counts of several results.
    #[serde(default)]
    pub takes: Takes,
    /// Of two with the same result.
    #[serde(default)]
    pub tie: Tie,
}

/// What counts of several results.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Takes {
    /// All of them together.
    #[default]
    Sum,
    /// The best.
    Best,
}

/// Of two with the same result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Tie {
    /// Both have the better rank.
    #[default]
    Shared,
    /// Who had it earlier is before the other.
    Earlier,
}

fn is_tag(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b':' | b'/' | b'-');
    (1..=64).contains(&text.len()) && text.bytes().all(allowed)
}

fn check_list(list: &[BenefitParam], pointer: &str, problems: &mut Vec<Problem>) {
    if list.len() > LIST_MAX {
        problems.push(Problem::new(pointer, format!("at most {LIST_MAX} benefits")));
    }
    for (index, benefit) in list.iter().enumerate() {
        if matches!(benefit.class(), Some(UnitClass::RateBoost | UnitClass::CreditLimit)) {
            problems.push(Problem::new(
                format!("{pointer}/{index}/unit"),
                "this policy gives no rates and no credit limits",
            ));
        }
    }
    problems.extend(benefit_problems(list, pointer));
}

impl Params {
    /// What the schema cannot say.
    pub(crate) fn check(&self) -> Result<(), Vec<Problem>> {
        let mut problems = Vec::new();
        if self.honours.is_empty() && self.selected.is_none() && self.poster.is_none() && self.board.is_none() {
            problems.push(Problem::new("", "honours nothing: add honours, selected, poster or board"));
        }
        if self.honours.len() > LIST_MAX {
            problems.push(Problem::new("/honours", format!("at most {LIST_MAX} honours")));
        }
        let mut ids = BTreeSet::new();
        for (index, honour) in self.honours.iter().enumerate() {
            let pointer = format!("/honours/{index}");
            if !ids.insert(honour.id.as_str()) {
                problems.push(Problem::new(format!("{pointer}/id"), "is used twice"));
            }
            honour.problems(&pointer, &mut problems);
        }
        let kept: usize = self.honours.iter().map(Honour::keeps).sum();
        if kept > KEPT_MAX {
            let message = format!("would remember {kept} deeds of a customer; at most {KEPT_MAX}");
            problems.push(Problem::new("/honours", message));
        }
        if let Some(selected) = &self.selected {
            if selected.gifts.is_empty() {
                problems.push(Problem::new("/selected/gifts", "gives nothing"));
            }
            check_list(&selected.gifts, "/selected/gifts", &mut problems);
        }
        if let Some(poster) = &self.poster {
            if !is_tag(&poster.source_tag) {
                problems.push(Problem::new("/poster/source_tag", "expected 1 to 64 of A-Z a-z 0-9 . _ : / -"));
            }
            check_list(&poster.gifts, "/poster/gifts", &mut problems);
        }
        if self.board.as_ref().is_some_and(|board| !(1..=PLACES_MAX).contains(&board.places)) {
            problems.push(Problem::new("/board/places", format!("expected 1 to {PLACES_MAX}")));
        }
        no_problems(problems)
    }
}

impl Honour {
    fn last(&self) -> u64 {
        self.steps.last().map_or(0, |step| step.at)
    }

    /// How many deeds are remembered for it.
    pub(crate) fn keeps(&self) -> usize {
        let last = usize::try_from(self.last()).unwrap_or(usize::MAX);
        if self.falls { last.saturating_mul(2) } else { last }
    }

    /// Whether nothing is left to be reached, or to fall.
    pub(crate) fn is_over(&self, reached: u64) -> bool {
        !self.falls && reached >= self.last()
    }

    /// Whether a deed about this counts.
    pub(crate) fn wants(&self, deed: Deed, subject: &Subject) -> bool {
        let named = self.of.is_empty() || self.of.contains(&subject.name);
        self.on == deed && named && subject.amount >= self.min_amount
    }

    /// Whether a deed of then is undone by its end at this time.
    pub(crate) fn is_undone(&self, done: i64, at: i64) -> bool {
        let cooling_off = i64::from(self.cooling_off_days) * DAY_MS;
        self.on == Deed::Featured || at.saturating_sub(done) <= cooling_off
    }

    fn problems(&self, pointer: &str, problems: &mut Vec<Problem>) {
        let mut problem =
            |field: &str, message: &str| problems.push(Problem::new(format!("{pointer}/{field}"), message));
        let id_byte = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if !(1..=32).contains(&self.id.len()) || !self.id.bytes().all(id_byte) {
            problem("id", "expected 1 to 32 of a-z, 0-9 and -");
        }
        if self.each.is_empty() && self.steps.is_empty() {
            problem("each", "gives nothing: add to each or to steps");
        }
        if self.steps.len() > LIST_MAX {
            problem("steps", "at most 8 steps");
        }
        if !self.of.is_empty() && usize::try_from(self.last()).is_ok_and(|last| last > self.of.len()) {
            problem("steps", "more than there are to count");
        }
        if !self.of.is_empty() && matches!(self.on, Deed::RepaidOnTime | Deed::Invested) {
            problem("of", "only for tasks and posts");
        }
        if self.falls && (!matches!(self.on, Deed::Featured | Deed::Invested) || self.steps.is_empty()) {
            problem("falls", "only a number of featured posts or investments can fall");
        }
        if self.on != Deed::Invested && (self.min_amount > 0 || self.cooling_off_days > 0) {
            problem("on", "only investments have amounts and a cooling-off time");
        }
        if self.on == Deed::Invested && !self.each.is_empty() {
            problem("each", "not for investments: sign-up-rebate gives on each");
        }
        check_list(&self.each, &format!("{pointer}/each"), problems);
        problems.extend(ladder::problems(&self.steps, |step| step.at, &format!("{pointer}/steps"), "at"));
        for (index, step) in self.steps.iter().enumerate() {
            let pointer = format!("{pointer}/steps/{index}");
            if step.gifts.is_empty() && step.title.is_none() {
                problems.push(Problem::new(format!("{pointer}/gifts"), "gives nothing: add gifts or a title"));
            }
            if !step.title.as_deref().is_none_or(is_tag) {
                problems.push(Problem::new(format!("{pointer}/title"), "expected 1 to 64 of A-Z a-z 0-9 . _ : / -"));
            }
            check_list(&step.gifts, &format!("{pointer}/gifts"), problems);
        }
    }
}
