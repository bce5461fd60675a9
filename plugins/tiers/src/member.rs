//! What is remembered of a customer.

use std::collections::BTreeMap;

use largesse_sdk::Date;
use serde::{Deserialize, Serialize};

use crate::moves::Moves;
use crate::runs::Runs;

/// What is remembered of a customer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The tier; none when not a member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<String>,
    /// The first day after the cycle or period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends: Option<Date>,
    /// The day from which cycles or periods are counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub began: Option<Date>,
    /// What was held on which days.
    #[serde(default)]
    pub held: Runs,
    /// What was held after movements.
    #[serde(default, skip_serializing_if = "Moves::is_empty")]
    pub moves: Moves,
    /// The last day whose balance was looked at, where movements tell of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judged: Option<Date>,
    /// The growth that was there when the period began.
    #[serde(default)]
    pub growth_before: u64,
    /// When the gift of each moment was given last.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub gifts: BTreeMap<String, Date>,
    /// What was given of a month's benefits; there is a timer for the next month as long as it is here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub month: Option<Month>,
}

/// What was given of a month's benefits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Month {
    /// Which, such as `2025-03`.
    pub month: String,
    /// How much of each unit.
    pub given: BTreeMap<String, u64>,
}

impl Member {
    /// One of two who turn out to be the same: the tier of the one who stays, and what is known of either.
    pub(crate) fn merge(mut self, joined: Self) -> Self {
        if self.tier.is_none() {
            (self.tier, self.ends, self.began) = (joined.tier, joined.ends, joined.began);
        }
        self.moves.fill(joined.moves);
        self.judged = self.judged.into_iter().chain(joined.judged).min();
        self.held.fill(&joined.held);
        self.growth_before = self.growth_before.saturating_add(joined.growth_before);
        for (moment, day) in joined.gifts {
            let known = self.gifts.entry(moment).or_insert(day);
            *known = day.max(*known);
        }
        self.month = match (self.month, joined.month) {
            (Some(mut month), Some(other)) if month.month == other.month => {
                for (unit, given) in other.given {
                    let known = month.given.entry(unit).or_default();
                    *known = given.max(*known);
                }
                Some(month)
            }
            (Some(month), Some(other)) => Some(if month.month < other.month { other } else { month }),
            (month, other) => month.or(other),
        };
        self
    }
}
