//! Cost gates, as operators set them. Whether a campaign passes its gate is for the rules to say.

use crate::words::unit::Quantity;

/// A period that a profit is made in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GatePeriod {
    /// A calendar month: a twelfth of a year's profit.
    Month,
    /// A calendar year.
    Year,
}

impl GatePeriod {
    /// Every period.
    pub const ALL: [Self; 2] = [Self::Month, Self::Year];

    /// Returns the word in documents and answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Month => "month",
            Self::Year => "year",
        }
    }
}

/// What one customer may cost. Money is in minor units of the campaign's currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GateRule {
    /// In a period no more than the profit on what they hold, rounded to the nearest minor unit.
    Profit {
        /// What they hold.
        holding: Quantity,
        /// What it earns in a year, in basis points, 0 to 10,000.
        rate_basis_points: u32,
        /// In which period.
        per: GatePeriod,
    },
    /// In all no more than this, as winning a customer may cost.
    Acquisition {
        /// So much.
        most: Quantity,
    },
    /// In all less than what is left of their value.
    Ltv {
        /// What they bring over their life.
        ltv: Quantity,
        /// What winning them costs.
        cac: Quantity,
        /// What keeping them costs.
        coc: Quantity,
    },
}

impl GateRule {
    /// Returns the word in documents and answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Profit { .. } => "profit",
            Self::Acquisition { .. } => "acquisition",
            Self::Ltv { .. } => "ltv",
        }
    }
}

/// A gate. It lets a campaign through when one of its rules does; there is at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gate {
    /// The rules.
    pub any_of: Vec<GateRule>,
}
