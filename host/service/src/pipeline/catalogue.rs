//! What operators say of units and pockets.

use std::sync::Arc;

use largesse_domain::catalogue::{Pocket, UnitTerms};
use largesse_domain::policy::Problem;

use super::Decider;
use super::control::{Changed, ControlError};

impl Decider {
    pub(super) fn set_unit(&mut self, terms: UnitTerms) -> Result<Changed, ControlError> {
        let old = self.registry.catalogue.units.get(&terms.unit).cloned();
        if old.as_ref().is_some_and(|old| old.stocked != terms.stocked) {
            let message = "whether a unit is stocked is fixed once it is said".into();
            return Err(ControlError::Problems(vec![Problem { pointer: "/stocked".into(), message }]));
        }
        if old.as_ref() != Some(&terms) {
            self.with_registry(|registry| {
                Arc::make_mut(&mut registry.catalogue).units.insert(terms.unit.clone(), terms.clone());
                Ok(())
            })?;
            self.pending.batch.units.push(terms.clone());
        }
        Ok(Changed::Unit(Box::new(terms), old.is_none()))
    }

    pub(super) fn set_pocket(&mut self, pocket: Pocket) -> Result<Changed, ControlError> {
        let old = self.registry.catalogue.pockets.get(&pocket.id).cloned();
        let counts = |pocket: &Pocket| {
            let budgets = pocket.budgets.iter();
            budgets.map(|budget| (budget.of.clone(), budget.per_day.is_some())).collect::<Vec<_>>()
        };
        if old.as_ref().is_some_and(|old| counts(old) != counts(&pocket)) {
            let message = "what a pocket's budgets count is fixed once it is made (their amounts may change)".into();
            return Err(ControlError::Problems(vec![Problem { pointer: "/budgets".into(), message }]));
        }
        if old.as_ref() != Some(&pocket) {
            self.with_registry(|registry| {
                Arc::make_mut(&mut registry.catalogue).pockets.insert(pocket.id.clone(), pocket.clone());
                Ok(())
            })?;
            self.pending.batch.pockets.push(pocket.clone());
        }
        Ok(Changed::Pocket(Box::new(pocket), old.is_none()))
    }
}
