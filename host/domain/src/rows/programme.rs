//! Programmes: state machines in which customers stand. Tiers of a membership are one, stages of a life another.
//!
//! Operators say which tiers there are and which may follow which; policies move customers; every policy that asks is shown
//! where they stand.

use std::collections::{BTreeMap, BTreeSet};

use crate::words::id::{ProgrammeId, TierName};

/// A programme, as operators define it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Programme {
    /// Its id.
    pub id: ProgrammeId,
    /// For people.
    pub title: String,
    /// Its tiers, the lowest first; at least one, each once.
    pub tiers: Vec<TierName>,
    /// Which tiers may follow on a tier. On one that is not named here any may; into the programme any tier is a way in, and
    /// out of it every customer may go.
    pub moves: BTreeMap<TierName, BTreeSet<TierName>>,
}

impl Programme {
    /// Reports whether a tier may follow on another, or be a way in.
    pub(crate) fn lets(&self, from: Option<&TierName>, to: &TierName) -> bool {
        from.and_then(|from| self.moves.get(from)).is_none_or(|next| next.contains(to))
    }
}
