//! What campaigns have set apart of pockets.

use std::sync::Arc;

use largesse_domain::allocation;
use largesse_domain::campaign::Settings;
use largesse_domain::catalogue::Pocket;
use largesse_domain::facts::Wanted;
use largesse_domain::id::CampaignId;
use largesse_domain::problem::Problem;
use largesse_domain::unit::{Quantity, UnitPattern};
use largesse_store::StoreError;

use super::Decider;
use crate::error::ControlError;

impl Decider {
    /// Loads what campaigns that are over used of pockets that allocate; `pocket` may become one of these.
    pub(crate) fn ensure_used_of_over(&mut self, pocket: Option<&Pocket>) -> Result<(), StoreError> {
        let mut catalogue = Arc::clone(&self.registry.catalogue);
        if let Some(pocket) = pocket {
            Arc::make_mut(&mut catalogue).pockets.insert(pocket.id.clone(), pocket.clone());
        }
        let registry = Arc::clone(&self.registry);
        let campaigns = registry.campaigns().map(|active| &*active.campaign);
        self.ensure(Wanted { usage: allocation::wanted(&catalogue, campaigns).collect(), ..Wanted::default() })
    }

    /// Returns how much campaigns that are over used of pockets.
    pub(crate) fn used_of_over(&self) -> impl Fn(&CampaignId, &UnitPattern) -> Quantity {
        |campaign, of| self.facts.usage.get(&allocation::used(campaign, of)).amount
    }

    /// What keeps a campaign with these settings from setting its shares of pockets apart.
    pub(crate) fn allocation_problems(&self, id: &CampaignId, settings: &Settings) -> Vec<Problem> {
        let others = self.registry.campaigns().map(|active| &*active.campaign).filter(|campaign| campaign.id != *id);
        allocation::problems(settings, &self.registry.catalogue, others, &self.used_of_over())
    }
}

/// Rejects a further one when there are as many as a host may have.
pub(crate) fn expect_room(count: usize, max: usize, what: &str) -> Result<(), ControlError> {
    if count < max {
        return Ok(());
    }
    let message = format!("there are {max} {what}, the most that a host may have");
    Err(ControlError::Problems(vec![Problem { pointer: String::new(), message }]))
}
