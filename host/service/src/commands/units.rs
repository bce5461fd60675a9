//! The terms of a unit are set, and pieces of it arrive or are written off.

use std::sync::Arc;

use largesse_documents::receipt::StockAnswer;
use largesse_domain::catalogue::UnitTerms;
use largesse_domain::id::RequestId;
use largesse_domain::limits::UNITS_MAX;
use largesse_domain::problem::Problem;
use largesse_domain::restock::StockChange;
use largesse_domain::unit::Unit;

use super::Command;
use crate::pipeline::{CommandError, ControlError, Decider, expect_room};

/// The terms of a unit are set or changed.
#[derive(Clone, Debug)]
pub struct SetUnit(pub UnitTerms);

impl Command for SetUnit {
    /// The terms as they are now; `true` when there were none before.
    type Answer = (UnitTerms, bool);

    /// Refused when it would be stocked and was not, or the other way round, when another unit differs in capitals only, or
    /// when there are too many units with terms.
    fn carry_out(self, decider: &mut Decider) -> Result<Self::Answer, CommandError> {
        let Self(terms) = self;
        let units = &decider.registry.catalogue.units;
        let old = units.get(&terms.unit).cloned();
        if old.as_ref().is_some_and(|old| old.stocked != terms.stocked) {
            let message = "whether a unit is stocked is fixed once it is said".into();
            return Err(ControlError::Problems(vec![Problem { pointer: "/stocked".into(), message }]).into());
        }
        if old.is_none() {
            if let Some(known) = decider.registry.catalogue.same_but_for_case(&terms.unit) {
                let unit = terms.unit;
                let message =
                    format!("{unit} differs from the unit {known} in capitals only: use {known}, or another name");
                return Err(ControlError::Problems(vec![Problem { pointer: String::new(), message }]).into());
            }
            expect_room(units.len(), UNITS_MAX, "units with terms")?;
        }
        if old.as_ref() != Some(&terms) {
            decider.with_registry(|registry| {
                Arc::make_mut(&mut registry.catalogue).units.insert(terms.unit.clone(), terms.clone());
                Ok(())
            })?;
            decider.batch().units.push(terms.clone());
        }
        Ok((terms, old.is_none()))
    }
}

/// The number of pieces of a unit on hand changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restock {
    /// The asker's own identifier: the same request again gets the same answer.
    pub id: RequestId,
    /// The unit.
    pub unit: Unit,
    /// How many arrive or are written off.
    pub change: StockChange,
}

impl Command for Restock {
    /// How many are on hand then; `false` when the same was asked before.
    type Answer = (StockAnswer, bool);

    /// Refused when the unit is not stocked, when more are written off than there are, or when the id was used for another request.
    fn carry_out(self, decider: &mut Decider) -> Result<Self::Answer, CommandError> {
        Ok(decider.restock(&self.id, &self.unit, self.change)??)
    }
}
