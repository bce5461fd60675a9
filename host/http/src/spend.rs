//! What a campaign has spent and decided.

use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use axum::http::Method;
use largesse_documents::time::day_text;
use largesse_domain::budget::{Budget, Usage};
use largesse_domain::id::CampaignId;
use largesse_domain::key::UsageKey;
use largesse_domain::time::{Day, Window};
use largesse_domain::unit::UnitPattern;

use crate::AppState;
use crate::auth::Role;
use crate::body::Id;
use crate::problem::Failure;
use crate::route::Route;
use crate::views::{BudgetSpend, DaySpend, SpendView};

pub(crate) fn routes() -> Vec<Route> {
    vec![Route::new(Method::GET, "/v1/campaigns/{campaign}/spend", Role::Viewer, show)]
}

/// Show what a campaign has spent
#[utoipa::path(get, path = "/v1/campaigns/{campaign}/spend", operation_id = "showSpend", tag = "campaigns",
    params(("campaign" = String, Path, description = "The campaign's id")),
    responses((status = 200, description = "Budgets and their use, decisions by verdict, decisions put off",
        body = SpendView)))]
pub(crate) async fn show(
    State(AppState { service, .. }): State<AppState>,
    Id(id): Id<CampaignId>,
) -> Result<Json<SpendView>, Failure> {
    let active = service.registry().campaign(&id).cloned();
    let active = active.ok_or_else(|| Failure::not_found("campaign", &id))?;
    let query = id.clone();
    let counted = service.read(move |store| {
        Ok((store.budget_usage(&query)?, store.verdict_counts(&query)?, store.deferred_count(&query)?))
    });
    let (usage, verdicts, deferred) = counted.await?;
    let campaign = &active.campaign;
    Ok(Json(SpendView {
        campaign: id.to_string(),
        lifecycle: campaign.lifecycle.as_str().to_owned(),
        budgets: spend_of(&campaign.settings.budgets, usage),
        accounts: format!("/v1/campaigns/{id}/accounts"),
        verdicts: verdicts.into_iter().collect(),
        deferred,
    }))
}

/// What was spent of each budget.
pub(crate) fn spend_of(budgets: &[Budget], usage: Vec<(UsageKey, Usage)>) -> Vec<BudgetSpend> {
    let used = by_pattern(usage);
    budgets.iter().map(|budget| spend(budget, used.get(&budget.of))).collect()
}

#[derive(Default)]
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

fn spend(budget: &Budget, used: Option<&Used>) -> BudgetSpend {
    let total = used.map(|used| used.total).unwrap_or_default();
    let days = used.into_iter().flat_map(|used| &used.days);
    BudgetSpend {
        unit: budget.of.to_string(),
        total: budget.total.get(),
        used: total.amount.get(),
        left: budget.total.room_after(total.amount).get(),
        grants: total.count,
        per_day: budget.per_day.map(|per_day| per_day.get()),
        days: days
            .map(|(day, usage)| DaySpend { day: day_text(*day), used: usage.amount.get(), grants: usage.count })
            .collect(),
    }
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
        let quantity = |amount| Quantity::new(amount).unwrap();
        let counted = |window, index, amount, count| {
            let campaign = CampaignId::new("c").unwrap();
            let key =
                UsageKey { by: UsedBy::Campaign(campaign), of: of.clone(), window: WindowIndex { window, index } };
            (key, Usage { amount: quantity(amount), count })
        };
        let used = by_pattern(vec![
            counted(Window::Day, 20_455, 5, 1),
            counted(Window::Campaign, 0, 12, 3),
            counted(Window::Day, 20_454, 7, 2),
        ]);
        let budget = Budget { of: of.clone(), total: quantity(10), per_day: Some(quantity(7)) };
        let days = vec![
            DaySpend { day: "2026-01-01".into(), used: 7, grants: 2 },
            DaySpend { day: "2026-01-02".into(), used: 5, grants: 1 },
        ];
        let expected =
            BudgetSpend { unit: "points".into(), total: 10, used: 12, left: 0, grants: 3, per_day: Some(7), days };
        assert_eq!(spend(&budget, used.get(&of)), expected);
        assert_eq!(spend(&budget, None).left, 10);
    }
}
