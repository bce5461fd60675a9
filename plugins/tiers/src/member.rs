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
    /// The tier in which the cycle or period began; none when the customer joined in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floor: Option<String>,
    /// Tiers, and the ends of them, of other ids of the customer, until they are looked at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<(String, Option<Date>)>,
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
    /// One of two who turn out to be the same: the tiers of both, of which the higher counts, and what is known of either.
    pub(crate) fn merge(mut self, joined: Self) -> Self {
        if self.tier.is_none() {
            (self.tier, self.ends, self.floor, self.began) = (joined.tier, joined.ends, joined.floor, joined.began);
        } else if let Some(tier) = joined.tier {
            self.others.push((tier, joined.ends));
        }
        self.others.extend(joined.others);
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
