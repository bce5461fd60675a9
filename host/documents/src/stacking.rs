//! Stacking, as a campaign document and the store say it.

use largesse_domain::stacking::{Stacking, StackingMode};
use serde::{Deserialize, Serialize};

use crate::problem::Problems;

/// Which campaigns that decide on the same events a campaign stacks with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct StackingDocument {
    /// With the campaigns that name the same group; 1 to 64 of a-z, 0-9 and -.
    pub group: String,
    /// The higher decides before the lower; those of the same in order of their ids. A campaign without stacking has 0.
    #[serde(default)]
    pub priority: i32,
    /// Which of them give for an event. All campaigns of a group say the same.
    pub mode: StackingWord,
}

/// Which campaigns of a group give for an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum StackingWord {
    /// All that would.
    All,
    /// The first that would, in order of priority.
    First,
    /// The one whose grants are worth most to customers, by the values of units.
    Best,
}

impl StackingDocument {
    pub(crate) fn read(&self, problems: &mut Problems) -> Option<Stacking> {
        let mode = match self.mode {
            StackingWord::All => StackingMode::All,
            StackingWord::First => StackingMode::First,
            StackingWord::Best => StackingMode::Best,
        };
        let group = problems.keep("/stacking/group", self.group.parse())?;
        Some(Stacking { group, priority: self.priority, mode })
    }
}

impl From<&Stacking> for StackingDocument {
    fn from(stacking: &Stacking) -> Self {
        let mode = match stacking.mode {
            StackingMode::All => StackingWord::All,
            StackingMode::First => StackingWord::First,
            StackingMode::Best => StackingWord::Best,
        };
        Self { group: stacking.group.to_string(), priority: stacking.priority, mode }
    }
}
