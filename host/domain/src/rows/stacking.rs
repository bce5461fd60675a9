//! A campaign's place among those that it stacks with.

use crate::words::id::StackingGroup;

/// Which campaigns of a group give for an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StackingMode {
    /// All that would.
    All,
    /// The first that would, in order of priority.
    First,
    /// The one whose grants are worth most.
    Best,
}

impl StackingMode {
    /// Every mode.
    pub const ALL: [Self; 3] = [Self::All, Self::First, Self::Best];

    /// Returns the word in documents and answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::First => "first",
            Self::Best => "best",
        }
    }
}

/// A campaign's place among those that it stacks with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stacking {
    /// With which campaigns.
    pub group: StackingGroup,
    /// The higher decides before the lower; those of the same in order of their ids. A campaign without stacking has 0.
    pub priority: i32,
    /// Which of them give. All campaigns of a group say the same.
    pub mode: StackingMode,
}
