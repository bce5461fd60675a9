//! Pockets: budgets that several campaigns share, and how far they are used.

use std::collections::HashMap;

use largesse_domain::allocation::{Allocation, allocations, used, wanted};
use largesse_domain::budget::Usage;
use largesse_domain::catalogue::Pocket;
use largesse_domain::facts::Wanted;
use largesse_domain::id::{CampaignId, PocketId};
use largesse_domain::key::UsageKey;
use largesse_domain::unit::{Quantity, UnitPattern};
use largesse_store::StoreError;

use super::spend::{BudgetUse, uses_of};
use super::{Committed, Query, QueryError, not_found};

/// A pocket and its use.
#[derive(Clone, Debug, PartialEq)]
pub struct PocketUse {
    /// The pocket.
    pub pocket: Pocket,
    /// How far its budgets are used, in their order.
    pub budgets: Vec<BudgetUse>,
    /// The campaigns that share it.
    pub campaigns: Vec<CampaignId>,
    /// What these have set apart; none of a pocket that does not allocate.
    pub allocations: Vec<Allocation>,
}

/// A page of the pockets.
#[derive(Clone, Debug)]
pub struct Pockets {
    /// After this pocket.
    pub after: Option<PocketId>,
    /// At most so many.
    pub limit: usize,
}

impl Query for Pockets {
    /// The pockets, by id.
    type Answer = Vec<PocketUse>;

    fn read(self, committed: &Committed<'_>) -> Result<Self::Answer, QueryError> {
        let Self { after, limit } = self;
        let all = committed.registry.catalogue.pockets.values();
        let later = all.filter(|pocket| after.as_ref().is_none_or(|after| pocket.id > *after));
        let used_of_over = UsedOfOver::read(committed)?;
        later.take(limit).map(|pocket| Ok(pocket_use(committed, pocket.clone(), &used_of_over)?)).collect()
    }
}

/// A pocket with its use.
#[derive(Clone, Debug)]
pub struct ShowPocket(pub PocketId);

impl Query for ShowPocket {
    type Answer = PocketUse;

    fn read(self, committed: &Committed<'_>) -> Result<Self::Answer, QueryError> {
        let pocket = committed.registry.catalogue.pockets.get(&self.0).cloned();
        UseOfPocket(pocket.ok_or_else(|| not_found("pocket", &self.0))?).read(committed)
    }
}

/// The use of a pocket as it was just set.
#[derive(Clone, Debug)]
pub struct UseOfPocket(pub Pocket);

impl Query for UseOfPocket {
    type Answer = PocketUse;

    fn read(self, committed: &Committed<'_>) -> Result<Self::Answer, QueryError> {
        Ok(pocket_use(committed, self.0, &UsedOfOver::read(committed)?)?)
    }
}

/// What campaigns that are over used of pockets that allocate.
struct UsedOfOver(HashMap<UsageKey, Usage>);

impl UsedOfOver {
    fn read(committed: &Committed<'_>) -> Result<Self, StoreError> {
        let registry = committed.registry;
        let usage = wanted(&registry.catalogue, registry.campaigns().map(|active| &*active.campaign)).collect();
        let rows = committed.store.load(&Wanted { usage, ..Wanted::default() })?;
        Ok(Self(rows.usage.into_iter().collect()))
    }

    fn of(&self, campaign: &CampaignId, of: &UnitPattern) -> Quantity {
        self.0.get(&used(campaign, of)).map_or(Quantity::ZERO, |usage| usage.amount)
    }
}

fn pocket_use(committed: &Committed<'_>, pocket: Pocket, used_of_over: &UsedOfOver) -> Result<PocketUse, StoreError> {
    let campaigns = committed.registry.campaigns().map(|active| &*active.campaign);
    let sharing = campaigns.clone().filter(|campaign| campaign.settings.pockets.contains(&pocket.id));
    let used = |campaign: &CampaignId, of: &UnitPattern| used_of_over.of(campaign, of);
    Ok(PocketUse {
        budgets: uses_of(&pocket.budgets, committed.store.pocket_usage(&pocket.id)?),
        campaigns: sharing.map(|campaign| campaign.id.clone()).collect(),
        allocations: if pocket.allocates { allocations(&pocket, campaigns, &used) } else { Vec::new() },
        pocket,
    })
}
