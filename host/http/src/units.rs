//! Units: what coupons, items and points are, what they cost, and how many pieces are on hand.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Method};
use axum::response::Response;
use largesse_documents::catalogue::{StockDocument, UnitDocument, UnitView};
use largesse_documents::receipt::StockAnswer;
use largesse_domain::unit::Unit;
use largesse_service::commands::{Restock, SetUnit};
use largesse_service::queries::{OnHand, ShowUnit, Units};

use crate::AppState;
use crate::auth::Role;
use crate::body::{self, Asked, Id, unread};
use crate::page::{Page, Paging, listed};
use crate::problem::{Failure, ProblemType};
use crate::route::{Route, answer};
use crate::views::UnitList;

pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::new(Method::GET, "/v1/units", Role::Viewer, list),
        Route::new(Method::GET, "/v1/units/{unit}", Role::Viewer, show),
        Route::new(Method::PUT, "/v1/units/{unit}", Role::Operator, set),
        Route::new(Method::POST, "/v1/units/{unit}/stock", Role::Operator, restock),
    ]
}

/// List the units with terms
#[utoipa::path(get, path = "/v1/units", operation_id = "listUnits", tag = "units",
    params(Paging),
    responses((status = 200, description = "A page, by unit", body = UnitList)))]
pub(crate) async fn list(
    State(AppState { service, .. }): State<AppState>,
    Asked(paging): Asked<Paging>,
) -> Result<Response, Failure> {
    let Page { after, limit } = paging.read::<Unit>()?;
    let units = service.query(Units { after, limit }).await?;
    listed(limit, units.iter().map(|found| (found.terms.unit.to_string(), UnitView::of(&found.terms, found.on_hand))))
}

/// Show the terms of a unit
#[utoipa::path(get, path = "/v1/units/{unit}", operation_id = "showUnit", tag = "units",
    params(("unit" = String, Path, description = "The unit, with `/` and `:` percent-encoded")),
    responses((status = 200, description = "Its terms, and the pieces on hand when it is stocked", body = UnitView)))]
pub(crate) async fn show(
    State(AppState { service, .. }): State<AppState>,
    Id(unit): Id<Unit>,
) -> Result<Json<UnitView>, Failure> {
    let found = service.query(ShowUnit(unit.clone())).await?.ok_or_else(|| unknown(&unit))?;
    Ok(Json(UnitView::of(&found.terms, found.on_hand)))
}

fn unknown(unit: &Unit) -> Failure {
    Failure::new(ProblemType::UnknownUnit, format!("there is no unit {unit}"))
}

/// Set the terms of a unit
///
/// What it costs, how long it is good for, the least that is redeemed at once, and whether it is given only while pieces are
/// on hand, which is fixed once it is said.
#[utoipa::path(put, path = "/v1/units/{unit}", operation_id = "setUnit", tag = "units",
    params(("unit" = String, Path, description = "The unit, with `/` and `:` percent-encoded")),
    request_body = UnitDocument,
    responses(
        (status = 200, description = "They are changed, or were so already", body = UnitView),
        (status = 201, description = "They are set", body = UnitView),
    ))]
pub(crate) async fn set(
    State(AppState { service, .. }): State<AppState>,
    Id(unit): Id<Unit>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let document: UnitDocument = body::document(&headers, body).await?;
    let (terms, is_new) = service.run(SetUnit(document.read(unit.clone()).map_err(unread)?)).await?;
    let on_hand = service.query(OnHand(unit)).await?;
    Ok(answer(is_new, UnitView::of(&terms, on_hand)))
}

/// Change how many pieces are on hand
#[utoipa::path(post, path = "/v1/units/{unit}/stock", operation_id = "restock", tag = "units",
    params(("unit" = String, Path, description = "The unit, with `/` and `:` percent-encoded")),
    request_body = StockDocument,
    responses(
        (status = 200, description = "It was changed before: how many there were then", body = StockAnswer),
        (status = 201, description = "How many there are", body = StockAnswer),
    ))]
pub(crate) async fn restock(
    State(AppState { service, .. }): State<AppState>,
    Id(unit): Id<Unit>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let document: StockDocument = body::document(&headers, body).await?;
    let (id, change) = document.read().map_err(unread)?;
    if !service.registry().catalogue.units.contains_key(&unit) {
        return Err(unknown(&unit));
    }
    let (on_hand, is_new) = service.run(Restock { id, unit, change }).await?;
    Ok(answer(is_new, on_hand))
}
