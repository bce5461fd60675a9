//! What an operator sets.

use std::collections::BTreeSet;

use largesse_sdk::{BenefitParam, Party, Problem, UnitClass, benefit_problems, no_problems};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::state::State;

/// Most places, and most candidates of one.
const PLACEMENTS_MAX: usize = 8;
const CANDIDATES_MAX: usize = 8;
/// Most benefits in one list.
const GIFTS_MAX: usize = 4;

/// The parameters of recommendations.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// The places where something is shown.
    pub placements: Vec<Placement>,
}

/// A place where something is shown: a page, a part of one, a message.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Placement {
    /// The place, as applications ask for it and as views of its page name it: a-z, 0-9 and -.
    pub place: String,
    /// What can be shown, in order of preference.
    pub candidates: Vec<Candidate>,
    /// How many of those that fit are shown.
    #[serde(default = "one")]
    pub most: u32,
    /// What shows the first that fits by itself, without being asked.
    #[serde(default)]
    pub on: Option<Trigger>,
    /// By itself at most so often a day.
    #[serde(default)]
    pub daily: Option<u32>,
    /// By itself at most so often a month.
    #[serde(default)]
    pub monthly: Option<u32>,
}

/// Something that can be shown.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Candidate {
    /// Its name, as `ad` in what is shown and clicked: a-z, 0-9 and -.
    pub ad: String,
    /// Who is shown it. Everyone, unless it says otherwise.
    #[serde(default)]
    pub when: When,
    /// What comes with it where it is shown by itself. While the campaign runs, add to this list and to on_click at the end only: the
    /// place in the list is part of the grant key.
    #[serde(default)]
    pub gifts: Vec<BenefitParam>,
    /// What whoever clicks it is given, once.
    #[serde(default)]
    pub on_click: Vec<BenefitParam>,
    /// The template of the message in which it is shown, where it is shown by itself.
    #[serde(default)]
    pub message: Option<String>,
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
    pub with_tags: Vec<String>,
    /// Only without any of these tags.
    #[serde(default)]
    pub without_tags: Vec<String>,
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
    pub within_hours: u32,
}

/// What the customer does after a click.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Goal {
    /// Invested.
    Invested,
    /// Paid money in.
    Deposited,
    /// Bought a membership; not a renewal.
    MemberJoined,
    /// Drew a loan.
    LoanDrawn,
    /// Paid an order.
    Ordered,
}

/// What shows something by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Trigger {
    /// A payment in a shop.
    PaidOffline,
    /// A payment of a bill: electricity, telephone, transport.
    UtilityPaid,
    /// An investment.
    Invested,
    /// The end of an investment's term.
    Matured,
}

fn one() -> u32 {
    1
}

impl Goal {
    /// Every goal.
    pub const ALL: [Self; 5] = [Self::Invested, Self::Deposited, Self::MemberJoined, Self::LoanDrawn, Self::Ordered];

    /// The word in parameters; also the name of the subscription.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invested => "invested",
            Self::Deposited => "deposited",
            Self::MemberJoined => "member-joined",
            Self::LoanDrawn => "loan-drawn",
            Self::Ordered => "ordered",
        }
    }

    pub(crate) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|goal| goal.as_str() == name)
    }
}

impl Trigger {
    /// Every trigger.
    pub const ALL: [Self; 4] = [Self::PaidOffline, Self::UtilityPaid, Self::Invested, Self::Matured];

    /// The word in parameters; also the name of the subscription.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PaidOffline => "paid-offline",
            Self::UtilityPaid => "utility-paid",
            Self::Invested => "invested",
            Self::Matured => "matured",
        }
    }

    pub(crate) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|trigger| trigger.as_str() == name)
    }
}

impl When {
    /// Whether it is so of a customer.
    pub(crate) fn fits(&self, party: &Party, state: &State) -> bool {
        let holds = |role: &String| state.holdings.values().any(|own| own == role);
        self.member.is_none_or(|member| party.flag("member").unwrap_or(false) == member)
            && self.with_tags.iter().all(|tag| party.has_tag(tag))
            && !self.without_tags.iter().any(|tag| party.has_tag(tag))
            && (self.segments.is_empty() || self.segments.iter().any(|segment| state.segments.contains(segment)))
            && (self.holds.is_empty() || self.holds.iter().any(holds))
            && !self.lacks.iter().any(holds)
            && self.risk_at_least.is_none_or(|least| party.integer("risk_level").is_some_and(|level| least <= level))
    }
}

fn is_name(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=40).contains(&text.len()) && text.bytes().all(allowed)
}

fn is_template(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    (1..=64).contains(&text.len()) && text.bytes().all(allowed)
}

impl Params {
    /// What can be shown by that name.
    pub(crate) fn candidate(&self, ad: &str) -> Option<&Candidate> {
        self.placements.iter().flat_map(|placement| &placement.candidates).find(|candidate| candidate.ad == ad)
    }

    /// What the schema cannot say.
    pub(crate) fn check(&self) -> Result<(), Vec<Problem>> {
        let mut problems = Vec::new();
        if !(1..=PLACEMENTS_MAX).contains(&self.placements.len()) {
            problems.push(Problem::new("/placements", format!("expected 1 to {PLACEMENTS_MAX} places")));
        }
        let (mut places, mut ads) = (BTreeSet::new(), BTreeSet::new());
        for (index, placement) in self.placements.iter().enumerate() {
            let pointer = format!("/placements/{index}");
            if !places.insert(placement.place.as_str()) {
                problems.push(Problem::new(format!("{pointer}/place"), "stands there twice"));
            }
            placement.problems(&pointer, &mut problems);
            for (nth, candidate) in placement.candidates.iter().enumerate() {
                let pointer = format!("{pointer}/candidates/{nth}");
                if !ads.insert(candidate.ad.as_str()) {
                    problems.push(Problem::new(format!("{pointer}/ad"), "stands there twice"));
                }
                candidate.problems(&pointer, placement.on.is_some(), &mut problems);
            }
        }
        no_problems(problems)
    }
}

impl Placement {
    fn problems(&self, pointer: &str, problems: &mut Vec<Problem>) {
        let mut problem =
            |field: &str, message: &str| problems.push(Problem::new(format!("{pointer}/{field}"), message));
        if !is_name(&self.place) {
            problem("place", "expected 1 to 40 of a-z, 0-9 and -");
        }
        if !(1..=CANDIDATES_MAX).contains(&self.candidates.len()) {
            problem("candidates", "expected 1 to 8 candidates");
        }
        if self.most == 0 {
            problem("most", "must be more than nothing");
        }
        for (field, cap) in [("daily", self.daily), ("monthly", self.monthly)] {
            if cap == Some(0) {
                problem(field, "must be more than nothing");
            }
            if cap.is_some() && self.on.is_none() {
                problem(field, "only where something is shown by itself");
            }
        }
    }
}

impl Candidate {
    fn problems(&self, pointer: &str, by_itself: bool, problems: &mut Vec<Problem>) {
        let mut problem =
            |field: &str, message: &str| problems.push(Problem::new(format!("{pointer}/{field}"), message));
        if !is_name(&self.ad) {
            problem("ad", "expected 1 to 40 of a-z, 0-9 and -");
        }
        if !by_itself && !self.gifts.is_empty() {
            problem("gifts", "only where it is shown by itself: otherwise give on_click");
        }
        if !by_itself && self.message.is_some() {
            problem("message", "only where it is shown by itself");
        }
        if !self.message.as_deref().is_none_or(is_template) {
            problem("message", "expected 1 to 64 of A-Z a-z 0-9 . _ -");
        }
        if self.when.with_tags.iter().any(|tag| self.when.without_tags.contains(tag)) {
            problem("when/without_tags", "with and without the same tag: nobody is shown it");
        }
        if !self.when.holds.is_empty() && self.when.holds.iter().all(|role| self.when.lacks.contains(role)) {
            problem("when/lacks", "holds and lacks the same roles: nobody is shown it");
        }
        if self.converts.as_ref().is_some_and(|converts| converts.within_hours == 0) {
            problem("converts/within_hours", "must be more than nothing");
        }
        for (field, list) in [("gifts", &self.gifts), ("on_click", &self.on_click)] {
            if list.len() > GIFTS_MAX {
                problem(field, "at most 4 benefits");
            }
            let classes =
                [UnitClass::Coupon, UnitClass::Points, UnitClass::Cash, UnitClass::Entitlement, UnitClass::Item];
            if list.iter().any(|gift| gift.class().is_some_and(|class| !classes.contains(&class))) {
                problem(field, "expected coupons, points, cash, entitlements or items");
            }
        }
        problems.extend(benefit_problems(&self.gifts, &format!("{pointer}/gifts")));
        problems.extend(benefit_problems(&self.on_click, &format!("{pointer}/on_click")));
    }
}
