//! What a campaign has spent: the use of its budgets, in total and by day.

use std::collections::HashMap;
use std::sync::Arc;

use largesse_domain::budget::{Budget, Usage};
use largesse_domain::campaign::Campaign;
use largesse_domain::id::CampaignId;
use largesse_domain::key::UsageKey;
use largesse_domain::time::{Day, Window};
use largesse_domain::unit::UnitPattern;

use super::{Committed, Query, QueryError};

/// What a campaign has spent.
#[derive(Clone, Debug)]
pub struct ShowSpend(pub CampaignId);

/// What a campaign has spent.
#[derive(Clone, Debug, PartialEq)]
pub struct Spend {
    /// The campaign.
    pub campaign: Arc<Campaign>,
    /// How far its budgets are used, in their order.
    pub budgets: Vec<BudgetUse>,
    /// How many decisions came to which verdict.
    pub verdicts: Vec<(String, u64)>,
    /// How many decisions are put off.
    pub deferred: u64,
}

/// How far a budget is used.
#[derive(Clone, Debug, PartialEq)]
pub struct BudgetUse {
    /// The budget.
    pub budget: Budget,
    /// Since it began.
    pub total: Usage,
    /// By day, in order.
    pub days: Vec<(Day, Usage)>,
}

impl Query for ShowSpend {
    type Answer = Spend;

    fn read(self, committed: &Committed<'_>) -> Result<Self::Answer, QueryError> {
        let (id, store) = (self.0, committed.store);
        let campaign = Arc::clone(&committed.campaign(&id)?.campaign);
        let budgets = uses_of(&campaign.settings.budgets, store.budget_usage(&id)?);
        let (verdicts, deferred) = (store.verdict_counts(&id)?, store.deferred_count(&id)?);
        Ok(Spend { campaign, budgets, verdicts, deferred })
    }
}

/// Returns how far budgets are used, in their order.
pub(super) fn uses_of(budgets: &[Budget], usage: Vec<(UsageKey, Usage)>) -> Vec<BudgetUse> {
    let used = by_pattern(usage);
    let use_of = |budget: &Budget| {
        let Used { total, days } = used.get(&budget.of).cloned().unwrap_or_default();
        BudgetUse { budget: budget.clone(), total, days }
    };
    budgets.iter().map(use_of).collect()
}

#[derive(Clone, Default)]
struct Used {
    total: Usage,
    days: Vec<(Day, Usage)>,
}

fn by_pattern(usage: Vec<(UsageKey, Usage)>) -> HashMap<UnitPattern, Used> {
    let mut used: HashMap<UnitPattern, Used> = HashMap::new();
    for (key, usage) in usage {
        let used = used.entry(key.of).or_default();
        match key.window.window {
            Window::Campaign => used.total = usage,
            Window::Day => used.days.extend(i32::try_from(key.window.index).map(|day| (Day(day), usage))),
            // Budgets have no other windows.
            Window::Week | Window::Month => {}
        }
    }
    used.values_mut().for_each(|used| used.days.sort_by_key(|(day, _)| *day));
    used
}

#[cfg(test)]
mod tests {
    use super::*;
    use largesse_domain::key::UsedBy;
    use largesse_domain::time::WindowIndex;
    use largesse_domain::unit::Quantity;

    #[test]
    fn use_is_told_by_budget_and_day() {
        let of: UnitPattern = "points".parse().unwrap();
        let used = |amount, count| Usage { amount: Quantity::new(amount).unwrap(), count };
        let counted = |window, index, usage| {
            let campaign = CampaignId::new("c").unwrap();
            let key =
                UsageKey { by: UsedBy::Campaign(campaign), of: of.clone(), window: WindowIndex { window, index } };
            (key, usage)
        };
        let usage = vec![
            counted(Window::Day, 20_455, used(5, 1)),
            counted(Window::Campaign, 0, used(12, 3)),
            counted(Window::Day, 20_454, used(7, 2)),
        ];
        let budget = Budget { of: of.clone(), total: Quantity::new(10).unwrap(), per_day: None };
        let other = Budget { of: "cash:CNY".parse().unwrap(), ..budget.clone() };
        let days = vec![(Day(20_454), used(7, 2)), (Day(20_455), used(5, 1))];
        let expected = [
            BudgetUse { budget: budget.clone(), total: used(12, 3), days },
            BudgetUse { budget: other.clone(), total: Usage::default(), days: Vec::new() },
        ];
        assert_eq!(uses_of(&[budget, other], usage), expected);
    }
}
