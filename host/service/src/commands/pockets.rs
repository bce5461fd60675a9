//! A pocket is made or changed.

use std::sync::Arc;

use largesse_domain::allocation;
use largesse_domain::catalogue::Pocket;
use largesse_domain::limits::POCKETS_MAX;
use largesse_domain::problem::Problem;

use super::Command;
use crate::pipeline::{CommandError, ControlError, Decider, expect_room};

/// A pocket is made or changed.
#[derive(Clone, Debug)]
pub struct SetPocket(pub Pocket);

impl Command for SetPocket {
    /// The pocket as it is now; `true` when it was not there before.
    type Answer = (Pocket, bool);

    /// Refused when what its budgets count would change, when campaigns have set apart more than it would have, or when there are
    /// too many pockets.
    fn carry_out(self, decider: &mut Decider) -> Result<Self::Answer, CommandError> {
        let Self(pocket) = self;
        decider.ensure_used_of_over(Some(&pocket))?;
        let old = decider.registry.catalogue.pockets.get(&pocket.id).cloned();
        let counts = |pocket: &Pocket| {
            let budgets = pocket.budgets.iter();
            budgets.map(|budget| (budget.of.clone(), budget.per_day.is_some())).collect::<Vec<_>>()
        };
        if old.as_ref().is_some_and(|old| counts(old) != counts(&pocket)) {
            let message = "what a pocket's budgets count is fixed once it is made (their amounts may change)".into();
            return Err(ControlError::Problems(vec![Problem { pointer: "/budgets".into(), message }]).into());
        }
        let campaigns = decider.registry.campaigns().map(|active| &*active.campaign);
        let problems = allocation::problems_of_pocket(&pocket, campaigns, &decider.used_of_over());
        if !problems.is_empty() {
            return Err(ControlError::Problems(problems).into());
        }
        if old.is_none() {
            expect_room(decider.registry.catalogue.pockets.len(), POCKETS_MAX, "pockets")?;
        }
        if old.as_ref() != Some(&pocket) {
            decider.with_registry(|registry| {
                Arc::make_mut(&mut registry.catalogue).pockets.insert(pocket.id.clone(), pocket.clone());
                Ok(())
            })?;
            decider.batch().pockets.push(pocket.clone());
        }
        Ok((pocket, old.is_none()))
    }
}
