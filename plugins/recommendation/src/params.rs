//! What an operator sets.

use largesse_sdk::{BenefitParam, Problem, Problems, Slug, Tag, Template, UnitClass, benefit_problems, events};
use schemars::JsonSchema;
use serde::Deserialize;

/// Most benefits in one list.
const GIFTS_MAX: usize = 4;

/// The parameters of recommendations.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// The places where something is shown.
    #[schemars(length(min = 1, max = 8))]
    pub placements: Vec<Placement>,
}

/// A place where something is shown: a page, a part of one, a message.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Placement {
    /// The place, as applications ask for it and as views of its page name it.
    pub place: Slug<40>,
    /// What can be shown, in order of preference.
    #[schemars(length(min = 1, max = 8))]
    pub candidates: Vec<Candidate>,
    /// How many of those that fit are shown.
    #[serde(default = "one")]
    #[schemars(range(min = 1))]
    pub most: u32,
    /// What shows the first that fits by itself, without being asked.
    #[serde(default)]
    pub on: Option<Trigger>,
    /// By itself at most so often a day.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub daily: Option<u32>,
    /// By itself at most so often a month.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub monthly: Option<u32>,
}

/// Something that can be shown.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Candidate {
    /// Its name, as `ad` in what is shown and clicked.
    pub ad: Slug<40>,
    /// Who is shown it. Everyone, unless it says otherwise.
    #[serde(default)]
    pub when: When,
    /// What comes with it where it is shown by itself. While the campaign runs, add to this list and to on_click at the end only: the
    /// place in the list is part of the grant key.
    #[serde(default)]
    #[schemars(length(max = GIFTS_MAX))]
    pub gifts: Vec<BenefitParam>,
    /// What whoever clicks it is given, once.
    #[serde(default)]
    #[schemars(length(max = GIFTS_MAX))]
    pub on_click: Vec<BenefitParam>,
    /// The template of the message in which it is shown, where it is shown by itself.
    #[serde(default)]
    pub message: Option<Template<64>>,
    /// What counts as its success.
    #[serde(default)]
    pub converts: Option<Converts>,
}

/// Who is shown it: all of what it says must be so.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// Only members, or only others.
    #[serde(default)]
    pub member: Option<bool>,
    /// Only with all of these tags.
    #[serde(default)]
    pub with_tags: Vec<Tag>,
    /// Only without any of these tags.
    #[serde(default)]
    pub without_tags: Vec<Tag>,
    /// Only in one of these segments.
    #[serde(default)]
    pub segments: Vec<String>,
    /// Only with a product of one of these roles.
    #[serde(default)]
    pub holds: Vec<String>,
    /// Only without a product of any of these roles.
    #[serde(default)]
    pub lacks: Vec<String>,
    /// Only with at least this risk level; one that is not known is too low.
    #[serde(default)]
    pub risk_at_least: Option<i64>,
}

/// What counts as the success of what was clicked.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Converts {
    /// What the customer does.
    pub on: Goal,
    /// So many hours from the click at most.
    #[schemars(range(min = 1))]
    pub within_hours: u32,
}

events! {
    /// What the customer does after a click.
    pub enum Goal {
        InvestPurchased,
        DepositMade,
        /// The actor bought a membership; not a renewal.
        MembershipPurchased,
        LoanDrawn,
        OrderPaid,
    }
}

events! {
    /// What shows something by itself.
    pub enum Trigger {
        PaymentOfflineSucceeded,
        UtilityPaid,
        InvestPurchased,
        InvestMatured,
    }
}

fn one() -> u32 {
    1
}

impl Params {
    /// What can be shown by that name.
    pub(crate) fn candidate(&self, ad: &str) -> Option<&Candidate> {
        self.placements.iter().flat_map(|placement| &placement.candidates).find(|candidate| candidate.ad == ad)
    }

    /// What the schema cannot say.
    pub(crate) fn check(&self) -> Result<(), Vec<Problem>> {
        let mut problems = Problems::new();
        problems.unique("/placements", "place", self.placements.iter().map(|placement| &placement.place));
        let mut ads = Vec::new();
        for (index, placement) in self.placements.iter().enumerate() {
            let pointer = format!("/placements/{index}");
            for (field, cap) in [("daily", placement.daily), ("monthly", placement.monthly)] {
                let fits = cap.is_none() || placement.on.is_some();
                problems.unless(fits, format!("{pointer}/{field}"), "only where something is shown by itself");
            }
            for (nth, candidate) in placement.candidates.iter().enumerate() {
                let pointer = format!("{pointer}/candidates/{nth}");
                problems.unless(!ads.contains(&&candidate.ad), format!("{pointer}/ad"), "is used twice");
                ads.push(&candidate.ad);
                candidate.check(&pointer, placement.on.is_some(), &mut problems);
            }
        }
        problems.done()
    }
}

impl Candidate {
    fn check(&self, pointer: &str, by_itself: bool, problems: &mut Problems) {
        let mut unless = |fits: bool, field: &str, message: &str| {
            problems.unless(fits, format!("{pointer}/{field}"), message);
        };
        let message = "only where it is shown by itself: otherwise give on_click";
        unless(by_itself || self.gifts.is_empty(), "gifts", message);
        unless(by_itself || self.message.is_none(), "message", "only where it is shown by itself");
        let both = self.when.with_tags.iter().any(|tag| self.when.without_tags.contains(tag));
        unless(!both, "when/without_tags", "with and without the same tag: nobody is shown it");
        let both = !self.when.holds.is_empty() && self.when.holds.iter().all(|role| self.when.lacks.contains(role));
        unless(!both, "when/lacks", "holds and lacks the same roles: nobody is shown it");
        for (field, list) in [("gifts", &self.gifts), ("on_click", &self.on_click)] {
            let classes =
                [UnitClass::Coupon, UnitClass::Points, UnitClass::Cash, UnitClass::Entitlement, UnitClass::Item];
            let fits = list.iter().all(|gift| gift.class().is_none_or(|class| classes.contains(&class)));
            unless(fits, field, "expected coupons, points, cash, entitlements or items");
        }
        problems.extend(benefit_problems(&self.gifts, &format!("{pointer}/gifts")));
        problems.extend(benefit_problems(&self.on_click, &format!("{pointer}/on_click")));
    }
}
