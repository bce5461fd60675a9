//! What an operator sets.

use largesse_sdk::money::AMOUNT_MAX;
use largesse_sdk::param::{COUNTED_UNIT, USED_UP_UNIT};
use largesse_sdk::{BenefitParam, Dimension, Problem, Problems, Template, benefit_problems};
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
    /// How many seats a goal has: parts of a packet, members of a group, helpers, claims.
    #[schemars(range(min = 1, max = SIZE_MAX))]
    pub size: u32,
    /// How many hours it can be joined after it was opened.
    #[schemars(range(min = 1, max = HOURS_MAX))]
    pub hours: u32,
    /// Whether the opener takes a seat.
    #[serde(default)]
    pub opener_seat: OpenerSeat,
    /// The goal is reached when so many of those who joined have used a benefit that they got; when all seats are taken if absent.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub uses: Option<u32>,
    /// Nobody joins a goal twice with the same: identity, device, card or address.
    #[serde(default)]
    pub once_per: Vec<Dimension>,
    /// What each member of a group pays out of the wallet: kept apart when they join, used up when the goal is reached, and
    /// given back when it is not reached in time. Groups only.
    #[serde(default)]
    pub price: Option<Price>,
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

/// So much of a unit that is used up.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// The unit.
    #[schemars(regex(pattern = USED_UP_UNIT))]
    pub unit: String,
    /// How much of it; money in minor units.
    #[schemars(range(min = 1, max = AMOUNT_MAX))]
    pub quantity: u64,
}

/// So much of a unit.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pieces {
    /// The unit.
    #[schemars(regex(pattern = COUNTED_UNIT))]
    pub unit: String,
    /// How much of it; money in minor units.
    #[schemars(range(min = 1, max = AMOUNT_MAX))]
    pub quantity: u64,
}

/// Templates of messages.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Messages {
    /// When the goal is reached.
    pub reached: Option<Template>,
    /// When the time is over before that.
    pub expired: Option<Template>,
}

impl Params {
    /// What the schema cannot say.
    pub(crate) fn check(&self) -> Result<(), Vec<Problem>> {
        let mut found = Problems::new();
        if let Some(uses) = self.uses {
            let message = format!("must be within 1 to the {} who can join", self.size);
            found.unless(uses <= self.size, "/uses", message);
            found.unless(!self.joiner.is_empty(), "/uses", "needs joiner: what can be used");
            let alone = self.price.is_none() && self.members.is_empty();
            found.unless(alone, "/uses", "goes with neither price nor members");
        }
        if let Some(split) = &self.split {
            let message = format!("must be at least {}: nobody gets less than 1", self.size);
            found.unless(split.quantity >= u64::from(self.size), "/split/quantity", message);
            found.unless(self.opener_seat != OpenerSeat::First, "/split", "goes with opener_seat none or may");
        }
        for (benefits, pointer) in [(&self.joiner, "/joiner"), (&self.opener, "/opener"), (&self.members, "/members")] {
            found.extend(benefit_problems(benefits, pointer));
        }
        let something = [&self.joiner, &self.opener, &self.members].iter().any(|all| !all.is_empty());
        let message = "must give something: split, joiner, opener or members";
        found.unless(something || self.split.is_some(), "", message);
        let message = format!("comes to more than {EFFECTS_MAX} effects when the goal is reached");
        found.unless(self.effects_at_once() <= EFFECTS_MAX, "/size", message);
        found.done()
    }

    /// Most effects of the decision that reaches the goal.
    fn effects_at_once(&self) -> usize {
        let each =
            self.members.len() + usize::from(self.price.is_some()) + usize::from(self.messages.reached.is_some());
        let seats = usize::try_from(self.size).unwrap_or(usize::MAX);
        let of_seats = if self.members.is_empty() && self.price.is_none() { 0 } else { seats.saturating_mul(each) };
        of_seats.saturating_add(self.opener.len() + self.joiner.len())
    }
}
