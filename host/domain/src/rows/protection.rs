//! What keeps a bad version from doing harm: a threshold of faults, and a stop.

use std::collections::VecDeque;

use crate::words::id::Digest;
use crate::words::time::Instant;

/// How many of its last decisions a version may fault in before the host takes it out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FaultThreshold {
    /// The share that is too much, in per cent; 1 to 100.
    pub percent: u8,
    /// Of how many of its last decisions; 10 to 10,000.
    pub window: u32,
}

impl FaultThreshold {
    /// The smallest and the largest window, in decisions.
    pub const WINDOW: (u32, u32) = (10, 10_000);

    /// Returns how many faults within the window are too many: the share, rounded up. They may come before the window is full.
    #[must_use]
    pub fn too_many(self) -> u32 {
        let share = u64::from(self.percent) * u64::from(self.window);
        u32::try_from(share.div_ceil(100)).unwrap_or(u32::MAX).max(1)
    }
}

impl Default for FaultThreshold {
    /// Returns the threshold of a tenth of the last hundred.
    fn default() -> Self {
        Self { percent: 10, window: 100 }
    }
}

/// The last decisions of a version.
#[derive(Clone, Debug, Default)]
pub struct FaultWindow {
    faulted: VecDeque<bool>,
    faults: u32,
}

impl FaultWindow {
    /// Notes a decision, and reports whether the version has now faulted too often.
    pub fn note(&mut self, faulted: bool, threshold: FaultThreshold) -> bool {
        self.faulted.push_back(faulted);
        self.faults += u32::from(faulted);
        while self.faulted.len() > usize::try_from(threshold.window).unwrap_or(usize::MAX) {
            let left = self.faulted.pop_front().unwrap_or(false);
            self.faults -= u32::from(left);
        }
        self.faults >= threshold.too_many()
    }

    /// Returns how many of them are faults.
    #[must_use]
    pub fn faults(&self) -> u32 {
        self.faults
    }

    /// Returns how many they are.
    #[must_use]
    pub fn decisions(&self) -> usize {
        self.faulted.len()
    }
}

/// A version that may not decide anywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// Why, for people.
    pub reason: String,
    /// Since when.
    pub at: Instant,
}

/// What the host did about a version that may not go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rescue {
    /// The campaign went back to the last good version.
    RolledBack,
    /// The campaign keeps its events: there is no good version that reads the states written since. It is paused, or its version
    /// is stopped.
    Held,
    /// The candidate is no longer tried; the active version decides for everyone.
    CandidateDropped,
}

impl Rescue {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::RolledBack, Self::Held, Self::CandidateDropped];

    /// Returns the word in answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RolledBack => "rolled-back",
            Self::Held => "held",
            Self::CandidateDropped => "candidate-dropped",
        }
    }
}

/// Why a version was taken out of a campaign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WithdrawalReason {
    /// It broke its contract in too many of its last decisions.
    Faults {
        /// In how many.
        faults: u32,
        /// Of how many.
        decisions: u32,
    },
    /// An operator stopped it, for this reason.
    Stopped(String),
}

impl std::fmt::Display for WithdrawalReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Faults { faults, decisions } => write!(f, "it faulted in {faults} of its last {decisions} decisions"),
            Self::Stopped(reason) => write!(f, "it was stopped: {reason}"),
        }
    }
}

/// A version that the host took out of a campaign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withdrawal {
    /// Which.
    pub policy: Digest,
    /// Why.
    pub reason: WithdrawalReason,
    /// What was done about it.
    pub rescue: Rescue,
    /// The version that is active now.
    pub active: Digest,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_is_rounded_up_and_never_nothing() {
        for (percent, window, too_many) in [(10, 100, 10), (1, 10, 1), (1, 200, 2), (15, 10, 2), (100, 10_000, 10_000)]
        {
            assert_eq!(FaultThreshold { percent, window }.too_many(), too_many);
        }
    }

    #[test]
    fn only_the_last_decisions_count() {
        let threshold = FaultThreshold { percent: 20, window: 10 };
        let mut window = FaultWindow::default();
        for round in 0..5 {
            assert!(!window.note(true, threshold), "round {round}");
            (0..9).for_each(|_| assert!(!window.note(false, threshold)));
        }
        assert_eq!((window.faults(), window.decisions()), (1, 10));
        assert!(!window.note(true, threshold), "the oldest fault has left");
        assert!(window.note(true, threshold));
    }

    #[test]
    fn a_window_need_not_be_full() {
        let threshold = FaultThreshold::default();
        let mut window = FaultWindow::default();
        assert!((0..9).all(|_| !window.note(true, threshold)));
        assert!(window.note(true, threshold));
    }
}
