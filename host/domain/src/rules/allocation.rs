//! What campaigns set apart of pockets that allocate.
//!
//! A campaign sets apart, of each budget of a pocket, the total of its own budget for the same; what it declares for a whole class holds
//! for every unit of the class. It does so from its start to its end; from then on what it has used of that budget is taken.

use crate::rows::campaign::{Campaign, Settings};
use crate::rows::catalogue::{Catalogue, Pocket};
use crate::words::id::{CampaignId, PocketId};
use crate::words::key::{UsageKey, UsedBy};
use crate::words::lifecycle::Lifecycle;
use crate::words::problem::Problem;
use crate::words::time::{Window, WindowIndex};
use crate::words::unit::{Quantity, UnitPattern};

/// How much of a pocket's budget is set apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allocation {
    /// Of what.
    pub of: UnitPattern,
    /// What the pocket holds.
    pub total: Quantity,
    /// What campaigns have set apart, or used before they were over.
    pub allocated: Quantity,
}

impl Allocation {
    /// Returns what can still be set apart.
    #[must_use]
    pub fn left(&self) -> Quantity {
        self.total.room_after(self.allocated)
    }
}

/// What a campaign that is over has used of its budget for a pattern.
pub type UsedOf<'a> = &'a dyn Fn(&CampaignId, &UnitPattern) -> Quantity;

/// Returns the counts of use that [`UsedOf`] is asked for: those of campaigns that are over and used a pocket that allocates.
pub fn wanted<'a>(
    catalogue: &'a Catalogue,
    campaigns: impl Iterator<Item = &'a Campaign>,
) -> impl Iterator<Item = UsageKey> {
    let allocates = |pocket: &PocketId| catalogue.pockets.get(pocket).is_some_and(|pocket| pocket.allocates);
    let over = campaigns.filter(|campaign| campaign.lifecycle == Lifecycle::Ended);
    let over = over.filter(move |campaign| campaign.settings.pockets.iter().any(allocates));
    over.flat_map(|campaign| campaign.settings.budgets.iter().map(|budget| used(&campaign.id, &budget.of)))
}

/// Returns where the use of a campaign's budget is counted, over all of its time.
#[must_use]
pub fn used(campaign: &CampaignId, of: &UnitPattern) -> UsageKey {
    UsageKey {
        by: UsedBy::Campaign(campaign.clone()),
        of: of.clone(),
        window: WindowIndex { window: Window::Campaign, index: 0 },
    }
}

/// Returns what is set apart of each of a pocket's budgets by those of these campaigns that use it, have started and are not over, and what
/// those that are over have used.
#[must_use]
pub fn allocations<'a>(
    pocket: &Pocket,
    campaigns: impl Iterator<Item = &'a Campaign> + Clone,
    used: UsedOf<'_>,
) -> Vec<Allocation> {
    let taken = |campaign: &Campaign, of: &UnitPattern| {
        let (index, total) = declared(&campaign.settings, of)?;
        match campaign.lifecycle {
            Lifecycle::Draft => None,
            Lifecycle::Ended => Some(used(&campaign.id, &campaign.settings.budgets.get(index)?.of)),
            Lifecycle::Scheduled | Lifecycle::Running | Lifecycle::Paused | Lifecycle::Closing => Some(total),
        }
    };
    let of = |of: &UnitPattern, total: Quantity| {
        let campaigns = campaigns.clone().filter(|campaign| campaign.settings.pockets.contains(&pocket.id));
        let taken = campaigns.filter_map(|campaign| taken(campaign, of));
        let allocated = taken.fold(Quantity::ZERO, |sum, own| sum.plus(own).unwrap_or(Quantity::MAX));
        Allocation { of: of.clone(), total, allocated }
    };
    pocket.budgets.iter().map(|budget| of(&budget.of, budget.total)).collect()
}

/// Returns what keeps a campaign with these settings from using its pockets beside these other campaigns. Pointers are into the campaign
/// document.
#[must_use]
pub fn problems<'a>(
    settings: &Settings,
    catalogue: &Catalogue,
    others: impl Iterator<Item = &'a Campaign> + Clone,
    used: UsedOf<'_>,
) -> Vec<Problem> {
    let mut problems = Vec::new();
    let pockets = settings.pockets.iter().filter_map(|pocket| catalogue.pockets.get(pocket));
    for pocket in pockets.filter(|pocket| pocket.allocates) {
        for allocation in allocations(pocket, others.clone(), used) {
            let Allocation { of, total, .. } = &allocation;
            let (id, left) = (&pocket.id, allocation.left());
            match declared(settings, of) {
                None => {
                    let message = format!("the pocket {id} allocates its {of}: declare a budget for it");
                    problems.push(Problem { pointer: "/budgets".into(), message });
                }
                Some((index, asked)) if asked > left => {
                    let message =
                        format!("{asked} {of} asked of the pocket {id}, which holds {total} and has {left} left");
                    problems.push(Problem { pointer: format!("/budgets/{index}/total"), message });
                }
                Some(_) => {}
            }
        }
    }
    problems
}

/// Returns what keeps a pocket from being set so while these campaigns use it. Pointers are into the pocket document.
#[must_use]
pub fn problems_of_pocket<'a>(
    pocket: &Pocket,
    campaigns: impl Iterator<Item = &'a Campaign> + Clone,
    used: UsedOf<'_>,
) -> Vec<Problem> {
    let mut problems = Vec::new();
    if !pocket.allocates {
        return problems;
    }
    let uses =
        |campaign: &&Campaign| campaign.lifecycle.holds_budget() && campaign.settings.pockets.contains(&pocket.id);
    let allocations = allocations(pocket, campaigns.clone(), used);
    for (index, Allocation { of, total, allocated }) in allocations.into_iter().enumerate() {
        for campaign in campaigns.clone().filter(uses).filter(|campaign| declared(&campaign.settings, &of).is_none()) {
            let message = format!("the campaign {} has no budget of its own for {of}", campaign.id);
            problems.push(Problem { pointer: "/allocates".into(), message });
        }
        if allocated > total {
            let message = format!("campaigns have set apart or used {allocated} {of}, more than {total}");
            problems.push(Problem { pointer: format!("/budgets/{index}/total"), message });
        }
    }
    problems
}

/// Returns the least that a campaign's own budgets allow of all that a pattern counts, and the place of that budget.
fn declared(settings: &Settings, of: &UnitPattern) -> Option<(usize, Quantity)> {
    let covers = |own: &UnitPattern| own == of || *own == UnitPattern::Class(of.class());
    let own = settings.budgets.iter().enumerate().filter(|(_, budget)| covers(&budget.of));
    own.map(|(index, budget)| (index, budget.total)).min_by_key(|(_, total)| *total)
}
