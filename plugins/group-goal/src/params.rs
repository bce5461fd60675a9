//! What an operator sets.

use largesse_sdk::money::AMOUNT_MAX;
use largesse_sdk::{BenefitParam, Dimension, Problem, UnitClass, benefit_problems};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Most seats of a goal.
const SIZE_MAX: u32 = 100;
/// Longest time that a goal is open, in hours: a year.
const HOURS_MAX: u32 = 24 * 366;
/// Most effects of one decision; a few are left for the timer, messages and counts.
const EFFECTS_MAX: usize = 58;

/// What an operator sets. It goes for every goal of the campaign, whatever its events say of size and amount.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Only what is opened as part of this activity; anything when absent.
    #[serde(default)]
    pub activity: Option<String>,
    /// How many seats a goal has: parts of a packet, members of a group, helpers, claims; 1 to 100.
    pub size: u32,
    /// How many hours it can be joined after it was opened.
    pub hours: u32,
    /// Whether the opener takes a seat.
    #[serde(default)]
    pub opener_seat: OpenerSeat,
    /// The goal is reached when so many of those who joined have used a benefit that they got; when all seats are taken if absent.
    #[serde(default)]
    pub uses: Option<u32>,
    /// Nobody joins a goal twice with the same: identity, device, card or address.
    #[serde(default)]
    pub once_per: Vec<Dimension>,
    /// What each member of a group pays out of the wallet: kept apart when they join, used up when the goal is reached, and
    /// given back when it is not reached in time. Groups only.
    #[serde(default)]
    pub price: Option<Pieces>,
    /// A fixed amount that is split by chance among those who join, to the last piece.
    #[serde(default)]
    pub split: Option<Pieces>,
    /// Given to each who joins, at once.
    #[serde(default)]
    pub joiner: Vec<BenefitParam>,
    /// Given to the opener when the goal is reached. The events that join must name the opener.
    #[serde(default)]
    pub opener: Vec<BenefitParam>,
    /// Given to each member when the goal is reached. Groups only.
    #[serde(default)]
    pub members: Vec<BenefitParam>,
    /// What is said to the opener, and to all members of a group.
    #[serde(default)]
    pub messages: Messages,
}

/// Whether the opener takes a seat.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OpenerSeat {
    /// None: the seats are for others.
    #[default]
    None,
    /// The first, by opening.
    First,
    /// One, by joining like the others.
    May,
}

/// So much of a unit.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pieces {
    /// The unit.
    pub unit: String,
    /// How much of it; money in minor units.
    pub quantity: u64,
}

/// Templates of messages.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Messages {
    /// When the goal is reached.
    pub reached: Option<String>,
    /// When the time is over before that.
    pub expired: Option<String>,
}

impl Params {
    /// What is wrong beyond the schema.
    pub(crate) fn problems(&self) -> Vec<Problem> {
        let mut found = Vec::new();
        let mut problem = |pointer: &str, message: String| found.push(Problem::new(pointer, message));
        if !(1..=SIZE_MAX).contains(&self.size) {
            problem("/size", format!("must be within 1 to {SIZE_MAX}"));
        }
        if !(1..=HOURS_MAX).contains(&self.hours) {
            problem("/hours", format!("must be within 1 to {HOURS_MAX}"));
        }
        if self.uses.is_some_and(|uses| uses == 0 || uses > self.size) {
            problem("/uses", format!("must be within 1 to the {} who can join", self.size));
        }
        if self.uses.is_some() && self.joiner.is_empty() {
            problem("/uses", "needs joiner: what can be used".to_owned());
        }
        if self.uses.is_some() && (self.price.is_some() || !self.members.is_empty()) {
            problem("/uses", "goes with neither price nor members".to_owned());
        }
        if let Some(price) = &self.price {
            price.problems("/price", UnitClass::is_used_up, &mut found);
        }
        if let Some(split) = &self.split {
            let given = |class| !matches!(class, UnitClass::CreditLimit | UnitClass::RateBoost);
            split.problems("/split", given, &mut found);
            if split.quantity < u64::from(self.size) {
                let message = format!("must be at least {}: nobody gets less than 1", self.size);
                found.push(Problem::new("/split/quantity", message));
            }
            if self.opener_seat == OpenerSeat::First {
                found.push(Problem::new("/split", "goes with opener_seat none or may"));
            }
        }
        for (benefits, pointer) in [(&self.joiner, "/joiner"), (&self.opener, "/opener"), (&self.members, "/members")] {
            found.extend(benefit_problems(benefits, pointer));
        }
        if [&self.joiner, &self.opener, &self.members].iter().all(|all| all.is_empty()) && self.split.is_none() {
            found.push(Problem::new("", "must give something: split, joiner, opener or members"));
        }
        let each =
            self.members.len() + usize::from(self.price.is_some()) + usize::from(self.messages.reached.is_some());
        let seats = usize::try_from(self.size).unwrap_or(usize::MAX);
        let at_once = if self.members.is_empty() && self.price.is_none() { 0 } else { seats.saturating_mul(each) };
        if at_once.saturating_add(self.opener.len() + self.joiner.len()) > EFFECTS_MAX {
            found.push(Problem::new(
                "/size",
                format!("comes to more than {EFFECTS_MAX} effects when the goal is reached"),
            ));
        }
        found
    }
}

impl Pieces {
    fn problems(&self, pointer: &str, fits: impl Fn(UnitClass) -> bool, found: &mut Vec<Problem>) {
        if !UnitClass::of(&self.unit).is_some_and(fits) {
            found.push(Problem::new(format!("{pointer}/unit"), "must be a unit such as cash:CNY or points"));
        }
        if !(1..=AMOUNT_MAX).contains(&self.quantity) {
            found.push(Problem::new(format!("{pointer}/quantity"), "must be within 1 to 10^15"));
        }
    }
}
