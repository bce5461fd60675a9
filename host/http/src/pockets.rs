//! Pockets: budgets that several campaigns share.

use std::collections::HashMap;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Method};
use axum::response::Response;
use largesse_documents::catalogue::PocketDocument;
use largesse_documents::time::instant_text;
use largesse_domain::allocation::{Allocation, allocations, used, wanted};
use largesse_domain::budget::Usage;
use largesse_domain::catalogue::Pocket;
use largesse_domain::facts::Wanted;
use largesse_domain::id::{CampaignId, PocketId};
use largesse_domain::key::UsageKey;
use largesse_domain::unit::{Quantity, UnitPattern};
use largesse_service::{ReadError, Service};

use crate::AppState;
use crate::auth::Role;
use crate::body::{self, Asked, Id, unread};
use crate::page::{Paging, listed};
use crate::problem::Failure;
use crate::route::{Route, answer};
use crate::spend::spend_of;
use crate::views::{AllocationItem, PocketList, PocketView};

pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::new(Method::GET, "/v1/pockets", Role::Viewer, list),
        Route::new(Method::GET, "/v1/pockets/{pocket}", Role::Viewer, show),
        Route::new(Method::PUT, "/v1/pockets/{pocket}", Role::Operator, set),
    ]
}

async fn views(service: &Service, pockets: Vec<Pocket>) -> Result<Vec<PocketView>, ReadError> {
    let registry = service.registry();
    let users = |id: &PocketId| {
        let campaigns = registry.campaigns().map(|active| &active.campaign);
        let using = campaigns.filter(|campaign| campaign.settings.pockets.contains(id));
        using.map(|campaign| campaign.id.to_string()).collect()
    };
    let campaigns = || registry.campaigns().map(|active| &*active.campaign);
    let over: Vec<UsageKey> = wanted(&registry.catalogue, campaigns()).collect();
    let ids = pockets.iter().map(|pocket| pocket.id.clone()).collect::<Vec<_>>();
    let read = service.read(move |store| {
        let used = ids.iter().map(|id| store.pocket_usage(id)).collect::<Result<Vec<_>, _>>()?;
        Ok((used, store.load(&Wanted { usage: over.into_iter().collect(), ..Wanted::default() })?.usage))
    });
    let (used_of_pockets, used_of_over) = read.await?;
    let used_of_over: HashMap<UsageKey, Usage> = used_of_over.into_iter().collect();
    let used_of = |campaign: &CampaignId, of: &UnitPattern| {
        used_of_over.get(&used(campaign, of)).map_or(Quantity::ZERO, |usage| usage.amount)
    };
    let allocated = |pocket: &Pocket| {
        let allocations = if pocket.allocates { allocations(pocket, campaigns(), &used_of) } else { Vec::new() };
        let item = |allocation: Allocation| AllocationItem {
            unit: allocation.of.to_string(),
            allocated: allocation.allocated.get(),
            left: allocation.left().get(),
        };
        allocations.into_iter().map(item).collect()
    };
    let view = |(pocket, used): (Pocket, Vec<_>)| PocketView {
        id: pocket.id.to_string(),
        budgets: spend_of(&pocket.budgets, used),
        campaigns: users(&pocket.id),
        opens: pocket.opens.map(instant_text),
        closes: pocket.closes.map(instant_text),
        allocates: pocket.allocates,
        allocations: allocated(&pocket),
        title: pocket.title,
        warn_at: pocket.warn_at,
    };
    Ok(pockets.into_iter().zip(used_of_pockets).map(view).collect())
}

/// List the pockets with their use
#[utoipa::path(get, path = "/v1/pockets", operation_id = "listPockets", tag = "pockets",
    params(Paging),
    responses((status = 200, description = "A page, by id", body = PocketList)))]
pub(crate) async fn list(
    State(AppState { service, .. }): State<AppState>,
    Asked(paging): Asked<Paging>,
) -> Result<Response, Failure> {
    let (page, registry) = (paging.read::<PocketId>()?, service.registry());
    let later = registry.catalogue.pockets.values().filter(|pocket| page.is_after(&pocket.id));
    let pockets = later.take(page.limit).cloned().collect();
    listed(page.limit, views(&service, pockets).await?.into_iter().map(|pocket| (pocket.id.clone(), pocket)))
}

/// Show a pocket with its use
#[utoipa::path(get, path = "/v1/pockets/{pocket}", operation_id = "showPocket", tag = "pockets",
    params(("pocket" = String, Path, description = "The pocket's id")),
    responses((status = 200, description = "Its budgets, their use, and the campaigns that share it", body = PocketView)))]
pub(crate) async fn show(
    State(AppState { service, .. }): State<AppState>,
    Id(id): Id<PocketId>,
) -> Result<Json<PocketView>, Failure> {
    let pocket = service.registry().catalogue.pockets.get(&id).cloned();
    let pocket = pocket.ok_or_else(|| Failure::not_found("pocket", id))?;
    one(&service, pocket).await.map(Json)
}

async fn one(service: &Service, pocket: Pocket) -> Result<PocketView, Failure> {
    let id = pocket.id.clone();
    views(service, vec![pocket]).await?.pop().ok_or_else(|| Failure::not_found("pocket", id))
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
    let (pocket, is_new) = service.set_pocket(document.read(id).map_err(unread)?).await?;
    Ok(answer(is_new, one(&service, pocket).await?))
}
