//! What is remembered: of a customer, deeds and a scanned poster; of a team, its board.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::params::Takes;

/// How many of the deeds that were undone are remembered.
const UNDONE_MAX: usize = 16;

/// What is remembered of a customer or a team.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct State {
    /// What the deeds that count for an honour were about, and when they were done, in milliseconds since 1970; by honour.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub deeds: BTreeMap<String, BTreeMap<String, i64>>,
    /// How many deeds an honour has come to, by honour.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub reached: BTreeMap<String, u64>,
    /// What was undone last, and when: a deed from before that is told of later does not count.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub undone: BTreeMap<String, i64>,
    /// The poster that was scanned last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scanned: Option<Scan>,
    /// Of a team: the results of its members.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub board: BTreeMap<String, Score>,
}

/// What a member has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Score {
    /// In minor units.
    pub amount: u64,
    /// Since then, in milliseconds since 1970.
    pub since: i64,
}

impl Score {
    pub(crate) fn add(&mut self, amount: u64, at: i64, takes: Takes) {
        // What is added late was reached when the latest of its parts happened.
        let (total, since) = match takes {
            Takes::Sum if self.amount == 0 => (amount, at),
            Takes::Sum => (self.amount.saturating_add(amount), self.since.max(at)),
            Takes::Best => (amount, at),
        };
        if total > self.amount {
            *self = Self { amount: total, since };
        }
    }
}

/// A poster that was scanned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scan {
    /// Which poster.
    pub poster: String,
    /// Whose.
    pub owner: String,
}

impl State {
    /// Something was undone.
    pub(crate) fn note_undone(&mut self, subject: &str, at: i64) {
        let undone = self.undone.entry(subject.to_owned()).or_insert(at);
        *undone = at.max(*undone);
        if self.undone.len() > UNDONE_MAX
            && let Some(oldest) = self.undone.iter().min_by_key(|(_, at)| **at).map(|(subject, _)| subject.clone())
        {
            self.undone.remove(&oldest);
        }
    }

    /// What was kept of two who turn out to be one. Which honours they reach together is
    /// found out when the policy is told.
    pub(crate) fn with(mut self, other: Self) -> Self {
        for (honour, deeds) in other.deeds {
            let own = self.deeds.entry(honour).or_default();
            for (subject, at) in deeds {
                let done = own.entry(subject).or_insert(at);
                *done = at.min(*done);
            }
        }
        for (honour, reached) in other.reached {
            let own = self.reached.entry(honour).or_default();
            *own = reached.max(*own);
        }
        other.undone.into_iter().for_each(|(subject, at)| self.note_undone(&subject, at));
        self.scanned = self.scanned.or(other.scanned);
        self
    }
}
