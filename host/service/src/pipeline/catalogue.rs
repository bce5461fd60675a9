//! What operators say of units, pockets, programmes, segments and messages.

use std::sync::Arc;

use largesse_domain::allocation;
use largesse_domain::campaign::Settings;
use largesse_domain::catalogue::{Pocket, UnitTerms};
use largesse_domain::facts::Wanted;
use largesse_domain::id::CampaignId;
use largesse_domain::limits::{POCKETS_MAX, PROGRAMMES_MAX, SEGMENTS_MAX, UNITS_MAX};
use largesse_domain::message_rules::MessageRules;
use largesse_domain::problem::Problem;
use largesse_domain::programme::Programme;
use largesse_domain::segment::Segment;
use largesse_domain::unit::{Quantity, UnitPattern};
use largesse_store::StoreError;

use super::Decider;
use super::control::{Changed, ControlError};

impl Decider {
    pub(super) fn set_unit(&mut self, terms: UnitTerms) -> Result<Changed, ControlError> {
        let old = self.registry.catalogue.units.get(&terms.unit).cloned();
        if old.as_ref().is_some_and(|old| old.stocked != terms.stocked) {
            let message = "whether a unit is stocked is fixed once it is said".into();
            return Err(ControlError::Problems(vec![Problem { pointer: "/stocked".into(), message }]));
        }
        if let Some(known) = self.registry.catalogue.same_but_for_case(&terms.unit).filter(|_| old.is_none()) {
            let unit = terms.unit;
            let message =
                format!("{unit} differs from the unit {known} in capitals only: use {known}, or another name");
            return Err(ControlError::Problems(vec![Problem { pointer: String::new(), message }]));
        }
        room(old.is_none(), self.registry.catalogue.units.len(), UNITS_MAX, "units with terms")?;
        if old.as_ref() != Some(&terms) {
            self.with_registry(|registry| {
                Arc::make_mut(&mut registry.catalogue).units.insert(terms.unit.clone(), terms.clone());
                Ok(())
            })?;
            self.pending.batch.units.push(terms.clone());
        }
        Ok(Changed::Unit(Box::new(terms), old.is_none()))
    }

    pub(super) fn set_segment(&mut self, segment: Segment) -> Result<Changed, ControlError> {
        let old = self.registry.catalogue.segments.get(&segment.id).cloned();
        room(old.is_none(), self.registry.catalogue.segments.len(), SEGMENTS_MAX, "segments")?;
        if old.as_ref() != Some(&segment) {
            self.with_audiences(|registry| Ok(registry.set_segment(segment.clone())?), "/where")?;
            self.pending.batch.segments.push(segment.clone());
        }
        Ok(Changed::Segment(Box::new(segment), old.is_none()))
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
        let campaigns = self.registry.campaigns().map(|active| &*active.campaign);
        let problems = allocation::problems_of_pocket(&pocket, campaigns, &self.used_of_over());
        if !problems.is_empty() {
            return Err(ControlError::Problems(problems));
        }
        room(old.is_none(), self.registry.catalogue.pockets.len(), POCKETS_MAX, "pockets")?;
        if old.as_ref() != Some(&pocket) {
            self.with_registry(|registry| {
                Arc::make_mut(&mut registry.catalogue).pockets.insert(pocket.id.clone(), pocket.clone());
                Ok(())
            })?;
            self.pending.batch.pockets.push(pocket.clone());
        }
        Ok(Changed::Pocket(Box::new(pocket), old.is_none()))
    }

    pub(super) fn set_programme(&mut self, programme: Programme) -> Result<Changed, ControlError> {
        let programmes = &self.registry.catalogue.programmes;
        let old = programmes.get(&programme.id).cloned();
        let wrong = |pointer: &str, message: String| {
            Err(ControlError::Problems(vec![Problem { pointer: pointer.into(), message }]))
        };
        room(old.is_none(), programmes.len(), PROGRAMMES_MAX, "programmes")?;
        let gone = old.iter().flat_map(|old| &old.tiers).find(|tier| !programme.tiers.contains(tier));
        if let Some(gone) = gone {
            return wrong("/tiers", format!("{gone} is gone: customers may stand there, so tiers are only added"));
        }
        if old.as_ref() != Some(&programme) {
            self.with_registry(|registry| {
                let programmes = &mut Arc::make_mut(&mut registry.catalogue).programmes;
                programmes.insert(programme.id.clone(), programme.clone());
                Ok(())
            })?;
            self.pending.batch.programmes.push(programme.clone());
        }
        Ok(Changed::Programme(Box::new(programme), old.is_none()))
    }

    /// Has what campaigns that are over used of pockets that allocate, as one that begins to be one may too.
    pub(super) fn ensure_used_of_over(&mut self, pocket: Option<&Pocket>) -> Result<(), StoreError> {
        let mut catalogue = Arc::clone(&self.registry.catalogue);
        if let Some(pocket) = pocket {
            Arc::make_mut(&mut catalogue).pockets.insert(pocket.id.clone(), pocket.clone());
        }
        let registry = Arc::clone(&self.registry);
        let campaigns = registry.campaigns().map(|active| &*active.campaign);
        self.ensure(Wanted { usage: allocation::wanted(&catalogue, campaigns).collect(), ..Wanted::default() })
    }

    fn used_of_over(&self) -> impl Fn(&CampaignId, &UnitPattern) -> Quantity {
        |campaign, of| self.facts.usage.get(&allocation::used(campaign, of)).amount
    }

    /// What keeps a campaign with these settings from setting its shares of pockets apart.
    pub(super) fn allocation_problems(&self, id: &CampaignId, settings: &Settings) -> Vec<Problem> {
        let others = self.registry.campaigns().map(|active| &*active.campaign).filter(|campaign| campaign.id != *id);
        allocation::problems(settings, &self.registry.catalogue, others, &self.used_of_over())
    }

    pub(super) fn set_message_rules(&mut self, rules: MessageRules) -> Result<Changed, ControlError> {
        if self.registry.catalogue.messages != rules {
            self.with_registry(|registry| {
                Arc::make_mut(&mut registry.catalogue).messages = rules.clone();
                Ok(())
            })?;
            self.pending.batch.message_rules = Some(rules.clone());
        }
        Ok(Changed::MessageRules(Box::new(rules)))
    }
}

/// Rejects a further one when there are as many as a host may have.
fn room(is_new: bool, count: usize, max: usize, what: &str) -> Result<(), ControlError> {
    if !is_new || count < max {
        return Ok(());
    }
    let message = format!("there are {max} {what}, the most that a host may have");
    Err(ControlError::Problems(vec![Problem { pointer: String::new(), message }]))
}
