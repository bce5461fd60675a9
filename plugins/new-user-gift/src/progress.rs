//! What is remembered of a customer.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::milestone::Milestone;
use crate::params::Params;

/// What is remembered of a customer; nothing, unless levels or first applications ask for it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// How often each milestone was reached.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub reached: BTreeMap<Milestone, u32>,
    /// The level, counted from 1; 0 is none.
    #[serde(default)]
    pub level: usize,
    /// The first credit application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
}

impl Progress {
    pub(crate) fn count(&mut self, milestone: Milestone) {
        let reached = self.reached.entry(milestone).or_default();
        *reached = reached.saturating_add(1);
    }

    pub(crate) fn uncount(&mut self, milestone: Milestone) {
        if let Some(reached) = self.reached.get_mut(&milestone) {
            *reached = reached.saturating_sub(1);
        }
    }

    /// Remembers the application of the first event that has one, when a gift goes by it.
    pub(crate) fn note_application(&mut self, params: &Params, application: Option<&str>) {
        if self.application.is_none() && params.milestones.iter().any(|gift| gift.first_application_only) {
            self.application = application.map(str::to_owned);
        }
    }

    /// Whether an event about an application is about the first one.
    pub(crate) fn is_first(&self, application: Option<&str>) -> bool {
        self.application.as_deref() == application
    }

    /// What was kept of two who turn out to be one: all that either has reached.
    pub(crate) fn with(mut self, other: Self) -> Self {
        for (milestone, times) in other.reached {
            let reached = self.reached.entry(milestone).or_default();
            *reached = reached.saturating_add(times);
        }
        self.level = self.level.max(other.level);
        self.application = self.application.or(other.application);
        self
    }

    /// Moves to the highest level whose needs are met, never down unless levels fall. Returns the levels before and after,
    /// counted from 1; 0 is none.
    pub(crate) fn climb(&mut self, params: &Params) -> (usize, usize) {
        let met = |needs: &BTreeMap<Milestone, u32>| {
            needs.iter().all(|(milestone, times)| self.reached.get(milestone).unwrap_or(&0) >= times)
        };
        // New parameters may have fewer levels.
        let before = self.level.min(params.levels.len());
        let highest = params.levels.iter().rposition(|level| met(&level.needs)).map_or(0, |index| index + 1);
        self.level = if params.levels_fall { highest } else { highest.max(before) };
        (before, self.level)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_have_reached_what_either_has() {
        let of = |reached: &[(Milestone, u32)], level: usize, application: Option<&str>| Progress {
            reached: reached.iter().copied().collect(),
            level,
            application: application.map(str::to_owned),
        };
        let one = of(&[(Milestone::CardBound, 1), (Milestone::UserRealnameVerified, 1)], 1, None);
        let other = of(&[(Milestone::CardBound, 2)], 2, Some("a2"));
        let both = of(&[(Milestone::CardBound, 3), (Milestone::UserRealnameVerified, 1)], 2, Some("a2"));
        assert_eq!(one.clone().with(other.clone()), both);
        assert_eq!(other.with(one), both);
        let first = of(&[], 0, Some("a1")).with(of(&[], 0, Some("a2")));
        assert_eq!(first.application.as_deref(), Some("a1"), "that of the one who stays");
    }
}
