//! What is remembered of a customer.

use std::collections::BTreeMap;

use largesse_sdk::{DAY_SECONDS, Value};
use serde::{Deserialize, Serialize};

/// Most journeys of a customer that are remembered.
pub(crate) const RUNS_MAX: usize = 8;

/// So many times 24 hours, in milliseconds.
pub(crate) fn days_ms(days: u32) -> i64 {
    i64::from(days).saturating_mul(DAY_SECONDS as i64 * 1_000)
}

/// What is remembered of a customer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// The journeys, the first begun first; those that are done make way for new ones.
    pub runs: Vec<Run>,
    /// When the customer was handed on to which campaign last, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub handed_on: BTreeMap<String, i64>,
    /// When each thing that a step waits for last happened, by the step and its place there, in milliseconds since 1970: journeys that are
    /// heard of after it, late or under another id, go by it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub heard: BTreeMap<String, i64>,
}

/// One journey of a customer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// What it is about, or when it began: the first part of its keys.
    pub name: String,
    /// When it began, in milliseconds since 1970.
    pub began: i64,
    /// The wait at which it is; none when its steps are done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// When that wait began, in milliseconds since 1970.
    #[serde(default)]
    pub since: i64,
    /// How many waits it came to.
    pub waits: u32,
    /// How many messages were sent.
    pub sent: u32,
    /// The channels on which messages of it were opened.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub opened: Vec<String>,
    /// Whether it led to what it should.
    #[serde(default)]
    pub converted: bool,
    /// The fields of the event that began it which are kept.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub kept: BTreeMap<String, Value>,
}

impl Run {
    /// The name of its timer.
    pub(crate) fn timer(&self) -> String {
        format!("run/{}", self.name)
    }

    /// Whether an instant is within it, when it is over so many days after it began.
    pub(crate) fn holds(&self, at: i64, ends_after_days: u32) -> bool {
        self.began <= at && at < self.over(ends_after_days)
    }

    /// From when on it is over.
    pub(crate) fn over(&self, ends_after_days: u32) -> i64 {
        self.began.saturating_add(days_ms(ends_after_days))
    }
}

impl State {
    /// Adds a journey; `false` when there are too many on the way.
    pub(crate) fn add(&mut self, run: Run) -> bool {
        if self.runs.len() >= RUNS_MAX {
            let Some(done) = self.runs.iter().position(|run| run.at.is_none()) else { return false };
            self.runs.remove(done);
        }
        self.runs.push(run);
        true
    }

    /// One state of two: every journey once, and the later of two times.
    pub(crate) fn merge(mut self, other: Self) -> Self {
        for run in other.runs {
            if self.runs.iter().all(|own| own.name != run.name) {
                self.add(run);
            }
        }
        self.runs.sort_by_key(|run| run.began);
        for (name, at) in other.heard {
            let own = self.heard.entry(name).or_insert(at);
            *own = at.max(*own);
        }
        for (campaign, at) in other.handed_on {
            let own = self.handed_on.entry(campaign).or_insert(at);
            *own = at.max(*own);
        }
        self
    }
}
