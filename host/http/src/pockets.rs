//! Pockets: budgets that several campaigns share.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Method};
use axum::response::Response;
use largesse_documents::catalogue::PocketDocument;
use largesse_documents::time::instant_text;
use largesse_domain::allocation::Allocation;
use largesse_domain::id::PocketId;
use largesse_service::commands::SetPocket;
use largesse_service::queries::{PocketUse, Pockets, ShowPocket, UseOfPocket};

use crate::AppState;
use crate::auth::Role;
use crate::body::{self, Asked, Id, unread};
use crate::page::{Page, Paging, listed};
use crate::problem::Failure;
use crate::route::{Route, answer};
use crate::views::{AllocationItem, BudgetSpend, PocketList, PocketView};

pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::new(Method::GET, "/v1/pockets", Role::Viewer, list),
        Route::new(Method::GET, "/v1/pockets/{pocket}", Role::Viewer, show),
        Route::new(Method::PUT, "/v1/pockets/{pocket}", Role::Operator, set),
    ]
}

impl From<PocketUse> for PocketView {
    fn from(PocketUse { pocket, budgets, campaigns, allocations }: PocketUse) -> Self {
        let allocation = |allocation: Allocation| AllocationItem {
            unit: allocation.of.to_string(),
            allocated: allocation.allocated.get(),
            left: allocation.left().get(),
        };
        Self {
            id: pocket.id.to_string(),
            budgets: budgets.iter().map(BudgetSpend::from).collect(),
            campaigns: campaigns.iter().map(ToString::to_string).collect(),
            opens: pocket.opens.map(instant_text),
            closes: pocket.closes.map(instant_text),
            allocates: pocket.allocates,
            allocations: allocations.into_iter().map(allocation).collect(),
            title: pocket.title,
            warn_at: pocket.warn_at,
        }
    }
}

/// List the pockets with their use
#[utoipa::path(get, path = "/v1/pockets", operation_id = "listPockets", tag = "pockets",
    params(Paging),
    responses((status = 200, description = "A page, by id", body = PocketList)))]
pub(crate) async fn list(
    State(AppState { service, .. }): State<AppState>,
    Asked(paging): Asked<Paging>,
) -> Result<Response, Failure> {
    let Page { after, limit } = paging.read::<PocketId>()?;
    let pockets = service.query(Pockets { after, limit }).await?;
    listed(limit, pockets.into_iter().map(|found| (found.pocket.id.to_string(), PocketView::from(found))))
}

/// Show a pocket with its use
#[utoipa::path(get, path = "/v1/pockets/{pocket}", operation_id = "showPocket", tag = "pockets",
    params(("pocket" = String, Path, description = "The pocket's id")),
    responses((status = 200, description = "Its budgets, their use, and the campaigns that share it", body = PocketView)))]
pub(crate) async fn show(
    State(AppState { service, .. }): State<AppState>,
    Id(id): Id<PocketId>,
) -> Result<Json<PocketView>, Failure> {
    Ok(Json(service.query(ShowPocket(id)).await?.into()))
}

/// Make or change a pocket
///
/// What its budgets count is fixed once it is made; their amounts may change. Campaigns that name it in `pockets` grant only
/// what both their own budgets and the pocket's leave room for. What campaigns have set apart of a pocket that allocates cannot be taken out
/// of it.
#[utoipa::path(put, path = "/v1/pockets/{pocket}", operation_id = "setPocket", tag = "pockets",
    params(("pocket" = String, Path, description = "The pocket's id")),
    request_body = PocketDocument,
    responses(
        (status = 200, description = "It is changed, or was so already", body = PocketView),
        (status = 201, description = "It is made", body = PocketView),
    ))]
pub(crate) async fn set(
    State(AppState { service, .. }): State<AppState>,
    Id(id): Id<PocketId>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let document: PocketDocument = body::document(&headers, body).await?;
    let (pocket, is_new) = service.run(SetPocket(document.read(id).map_err(unread)?)).await?;
    Ok(answer(is_new, PocketView::from(service.query(UseOfPocket(pocket)).await?)))
}
