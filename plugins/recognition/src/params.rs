//! What an operator sets.

use largesse_sdk::{
    BenefitParam, DAY_SECONDS, Dimension, Problem, Problems, Slug, Tag, UnitClass, benefit_problems, ladder,
};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::deed::{Deed, Subject};

/// Most benefits in one list, and most honours.
const LIST_MAX: usize = 8;
const DAY_MS: i64 = DAY_SECONDS as i64 * 1_000;
/// Most ranks: a programme has no more tiers, a team no more members.
const PLACES_MAX: u32 = 64;
/// Most deeds that are remembered of a customer, each in at most 80 bytes.
const KEPT_MAX: usize = 120;

/// The parameters of recognition.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Badges and titles.
    #[serde(default)]
    #[schemars(length(max = LIST_MAX))]
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
    /// The name in grant keys. It must not change while the campaign runs.
    pub id: Slug<32>,
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
    #[schemars(length(max = LIST_MAX))]
    pub each: Vec<BenefitParam>,
    /// What numbers of deeds give.
    #[serde(default)]
    #[schemars(length(max = LIST_MAX))]
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
    #[schemars(length(max = LIST_MAX))]
    pub gifts: Vec<BenefitParam>,
    /// The title: a tag that is set for reaching it.
    #[serde(default)]
    pub title: Option<Tag>,
}

/// What is given to whoever was selected.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Selected {
    /// What is given, once for each pool.
    #[schemars(length(min = 1, max = LIST_MAX))]
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
    pub source_tag: Tag,
    /// What its owner is given for each of them.
    #[serde(default)]
    #[schemars(length(max = LIST_MAX))]
    pub gifts: Vec<BenefitParam>,
}

/// A board: whoever joins the team competes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Board {
    /// The programme that tells where each stands: its tiers are rank-1, rank-2 and so on.
    pub programme: Slug,
    /// How many ranks it has. Who comes after them stands nowhere.
    #[schemars(range(min = 1, max = PLACES_MAX))]
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

fn check_list(list: &[BenefitParam], pointer: &str, problems: &mut Problems) {
    for (index, benefit) in list.iter().enumerate() {
        let given = !matches!(benefit.class(), Some(UnitClass::RateBoost | UnitClass::CreditLimit));
        let message = "this policy gives no rates and no credit limits";
        problems.unless(given, format!("{pointer}/{index}/unit"), message);
    }
    problems.extend(benefit_problems(list, pointer));
}

impl Params {
    /// What the schema cannot say.
    pub(crate) fn check(&self) -> Result<(), Vec<Problem>> {
        let mut problems = Problems::new();
        let something =
            !self.honours.is_empty() || self.selected.is_some() || self.poster.is_some() || self.board.is_some();
        problems.unless(something, "", "honours nothing: add honours, selected, poster or board");
        problems.unique("/honours", "id", self.honours.iter().map(|honour| &honour.id));
        for (index, honour) in self.honours.iter().enumerate() {
            honour.check(&format!("/honours/{index}"), &mut problems);
        }
        let kept: usize = self.honours.iter().map(Honour::keeps).sum();
        let message = format!("would remember {kept} deeds of a customer; at most {KEPT_MAX}");
        problems.unless(kept <= KEPT_MAX, "/honours", message);
        if let Some(selected) = &self.selected {
            check_list(&selected.gifts, "/selected/gifts", &mut problems);
        }
        if let Some(poster) = &self.poster {
            check_list(&poster.gifts, "/poster/gifts", &mut problems);
        }
        problems.done()
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
        self.on == Deed::ContentFeatured || at.saturating_sub(done) <= cooling_off
    }

    fn check(&self, pointer: &str, problems: &mut Problems) {
        let mut unless = |fits: bool, field: &str, message: &str| {
            problems.unless(fits, format!("{pointer}/{field}"), message);
        };
        let invests = self.on == Deed::InvestPurchased;
        unless(!self.each.is_empty() || !self.steps.is_empty(), "each", "gives nothing: add to each or to steps");
        let enough = self.of.is_empty() || usize::try_from(self.last()).is_ok_and(|last| last <= self.of.len());
        unless(enough, "steps", "more than there are to count");
        let named = matches!(self.on, Deed::TaskCompleted | Deed::ContentFeatured);
        unless(self.of.is_empty() || named, "of", "only for tasks and posts");
        let can_fall = (invests || self.on == Deed::ContentFeatured) && !self.steps.is_empty();
        unless(!self.falls || can_fall, "falls", "only a number of featured posts or investments can fall");
        let amounts = self.min_amount > 0 || self.cooling_off_days > 0;
        unless(invests || !amounts, "on", "only investments have amounts and a cooling-off time");
        let message = "not for investments: sign-up-rebate gives on each";
        unless(!invests || self.each.is_empty(), "each", message);
        check_list(&self.each, &format!("{pointer}/each"), problems);
        problems.extend(ladder::problems(&self.steps, |step| step.at, &format!("{pointer}/steps"), "at"));
        for (index, step) in self.steps.iter().enumerate() {
            let pointer = format!("{pointer}/steps/{index}/gifts");
            let something = !step.gifts.is_empty() || step.title.is_some();
            problems.unless(something, pointer.as_str(), "gives nothing: add gifts or a title");
            check_list(&step.gifts, &pointer, problems);
        }
    }
}
