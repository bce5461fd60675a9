//! A programme is made or changed.

use std::sync::Arc;

use largesse_domain::limits::PROGRAMMES_MAX;
use largesse_domain::problem::Problem;
use largesse_domain::programme::Programme;

use super::Command;
use crate::pipeline::{CommandError, ControlError, Decider, expect_room};

/// A programme is made or changed.
#[derive(Clone, Debug)]
pub struct SetProgramme(pub Programme);

impl Command for SetProgramme {
    /// The programme as it is now; `true` when it was not there before.
    type Answer = (Programme, bool);

    /// Refused when a tier that it had is gone, or there are too many programmes.
    fn carry_out(self, decider: &mut Decider) -> Result<Self::Answer, CommandError> {
        let Self(programme) = self;
        let programmes = &decider.registry.catalogue.programmes;
        let old = programmes.get(&programme.id).cloned();
        if old.is_none() {
            expect_room(programmes.len(), PROGRAMMES_MAX, "programmes")?;
        }
        let gone = old.iter().flat_map(|old| &old.tiers).find(|tier| !programme.tiers.contains(tier));
        if let Some(gone) = gone {
            let message = format!("{gone} is gone: customers may stand there, so tiers are only added");
            return Err(ControlError::Problems(vec![Problem { pointer: "/tiers".into(), message }]).into());
        }
        if old.as_ref() != Some(&programme) {
            decider.with_registry(|registry| {
                let programmes = &mut Arc::make_mut(&mut registry.catalogue).programmes;
                programmes.insert(programme.id.clone(), programme.clone());
                Ok(())
            })?;
            decider.batch().programmes.push(programme.clone());
        }
        Ok((programme, old.is_none()))
    }
}
