//! What a campaign has spent and decided.

use axum::Json;
use axum::extract::State;
use axum::http::Method;
use largesse_documents::time::day_text;
use largesse_domain::budget::Usage;
use largesse_domain::id::CampaignId;
use largesse_domain::time::Day;
use largesse_service::queries::{BudgetUse, ShowSpend, Spend};

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
    let Spend { campaign, budgets, verdicts, deferred } = service.query(ShowSpend(id)).await?;
    let id = &campaign.id;
    Ok(Json(SpendView {
        campaign: id.to_string(),
        lifecycle: campaign.lifecycle.as_str().to_owned(),
        budgets: budgets.iter().map(BudgetSpend::from).collect(),
        accounts: format!("/v1/campaigns/{id}/accounts"),
        verdicts: verdicts.into_iter().collect(),
        deferred,
    }))
}

impl From<&BudgetUse> for BudgetSpend {
    fn from(BudgetUse { budget, total, days }: &BudgetUse) -> Self {
        let day = |(day, usage): &(Day, Usage)| DaySpend {
            day: day_text(*day),
            used: usage.amount.get(),
            grants: usage.count,
        };
        Self {
            unit: budget.of.to_string(),
            total: budget.total.get(),
            used: total.amount.get(),
            left: budget.total.room_after(total.amount).get(),
            grants: total.count,
            per_day: budget.per_day.map(|per_day| per_day.get()),
            days: days.iter().map(day).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use largesse_domain::budget::Budget;
    use largesse_domain::unit::Quantity;

    #[test]
    fn use_is_shown_by_budget_and_day() {
        let quantity = |amount| Quantity::new(amount).unwrap();
        let used = |amount, count| Usage { amount: quantity(amount), count };
        let of = "points".parse().unwrap();
        let budget = Budget { of, total: quantity(10), per_day: Some(quantity(7)) };
        let days = vec![(Day(20_454), used(7, 2)), (Day(20_455), used(5, 1))];
        let shown = BudgetSpend::from(&BudgetUse { budget: budget.clone(), total: used(12, 3), days });
        let days = vec![
            DaySpend { day: "2026-01-01".into(), used: 7, grants: 2 },
            DaySpend { day: "2026-01-02".into(), used: 5, grants: 1 },
        ];
        let expected =
            BudgetSpend { unit: "points".into(), total: 10, used: 12, left: 0, grants: 3, per_day: Some(7), days };
        assert_eq!(shown, expected);
        let unused = BudgetUse { budget, total: Usage::default(), days: Vec::new() };
        assert_eq!(BudgetSpend::from(&unused).left, 10);
    }
}
