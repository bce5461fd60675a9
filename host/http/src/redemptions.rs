//! Redemptions: customers use what they were granted.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Method};
use axum::response::Response;
use largesse_documents::request::{ReturnDocument, SettleDocument};
use largesse_documents::{RedemptionDocument, RedemptionView};
use largesse_domain::id::CustomerId;
use largesse_domain::redeem::RedemptionAction;
use largesse_domain::redemption::RedemptionId;
use largesse_service::commands::{Redeem, SettleRedemption};
use largesse_service::queries::{Redemptions, ShowRedemption};

use crate::AppState;
use crate::auth::Role;
use crate::body::{self, Asked, Id, Named, unread};
use crate::page::{Page, Paging, listed};
use crate::problem::Failure;
use crate::route::{Route, answer};
use crate::views::RedemptionList;

pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::new(Method::POST, "/v1/redemptions", Role::Fulfil, redeem),
        Route::new(Method::GET, "/v1/redemptions/{redemption}", Role::Viewer, show),
        Route::new(Method::POST, "/v1/redemptions/{redemption}/commit", Role::Fulfil, commit),
        Route::new(Method::POST, "/v1/redemptions/{redemption}/release", Role::Fulfil, release),
        Route::new(Method::POST, "/v1/redemptions/{redemption}/reverse", Role::Fulfil, reverse),
        Route::new(Method::GET, "/v1/customers/{customer}/redemptions", Role::Viewer, list),
    ]
}

/// Use what a customer was granted, or reserve it
///
/// Points are spent, a coupon is used, cash is withdrawn: from the grant named, or in the order that the
/// terms of the unit say: by default what expires soonest first. With
/// `reserve_until` it is only kept apart, to be committed or released; it goes back on its own when nobody settles it.
#[utoipa::path(post, path = "/v1/redemptions", operation_id = "redeem", tag = "redemptions",
    request_body = RedemptionDocument,
    responses(
        (status = 200, description = "It was made before: as it is now", body = RedemptionView),
        (status = 201, description = "It is made", body = RedemptionView),
    ))]
pub(crate) async fn redeem(
    State(AppState { service, .. }): State<AppState>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let document: RedemptionDocument = body::document(&headers, body).await?;
    let (redemption, is_new) = service.run(Redeem(document.read().map_err(unread)?)).await?;
    Ok(answer(is_new, RedemptionView::of(&redemption)))
}

/// Show a redemption
#[utoipa::path(get, path = "/v1/redemptions/{redemption}", operation_id = "showRedemption", tag = "redemptions",
    params(("redemption" = String, Path, description = "Its id, percent-encoded")),
    responses((status = 200, description = "The redemption", body = RedemptionView)))]
pub(crate) async fn show(
    State(AppState { service, .. }): State<AppState>,
    Id(id): Id<RedemptionId>,
) -> Result<Json<RedemptionView>, Failure> {
    Ok(Json(RedemptionView::of(&service.query(ShowRedemption(id)).await?)))
}

/// List what a customer has used
#[utoipa::path(get, path = "/v1/customers/{customer}/redemptions", operation_id = "listRedemptions", tag = "redemptions",
    params(("customer" = String, Path, description = "The customer's id"), Paging),
    responses((status = 200, description = "A page, by id; none for a customer nobody knows", body = RedemptionList)))]
pub(crate) async fn list(
    State(AppState { service, .. }): State<AppState>,
    Id(customer): Id<CustomerId>,
    Asked(paging): Asked<Paging>,
) -> Result<Response, Failure> {
    let Page { after, limit } = paging.read::<RedemptionId>()?;
    let found = service.query(Redemptions { customer, after, limit }).await?;
    listed(limit, found.iter().map(|found| (found.request.id.to_string(), RedemptionView::of(found))))
}

async fn settle(
    AppState { service, .. }: AppState,
    Named { id, headers, body }: Named<RedemptionId>,
    how: RedemptionAction,
) -> Result<Json<RedemptionView>, Failure> {
    let document: SettleDocument = body::document_if_any(&headers, body).await?;
    let customer = document.read().map_err(unread)?;
    let (redemption, _) = service.run(SettleRedemption { id, customer, how }).await?;
    Ok(Json(RedemptionView::of(&redemption)))
}

/// Commit a redemption
///
/// What is reserved is used. Committing what is committed changes nothing.
#[utoipa::path(post, path = "/v1/redemptions/{redemption}/commit", operation_id = "commitRedemption",
    tag = "redemptions",
    params(("redemption" = String, Path, description = "Its id, percent-encoded")),
    request_body = Option<SettleDocument>,
    responses((status = 200, description = "The redemption as it is now", body = RedemptionView)))]
pub(crate) async fn commit(
    State(state): State<AppState>,
    named: Named<RedemptionId>,
) -> Result<Json<RedemptionView>, Failure> {
    settle(state, named, RedemptionAction::Commit).await
}

/// Release a redemption
///
/// What is reserved goes back into the wallet. Releasing what is released changes nothing.
#[utoipa::path(post, path = "/v1/redemptions/{redemption}/release", operation_id = "releaseRedemption",
    tag = "redemptions",
    params(("redemption" = String, Path, description = "Its id, percent-encoded")),
    request_body = Option<SettleDocument>,
    responses((status = 200, description = "The redemption as it is now", body = RedemptionView)))]
pub(crate) async fn release(
    State(state): State<AppState>,
    named: Named<RedemptionId>,
) -> Result<Json<RedemptionView>, Failure> {
    settle(state, named, RedemptionAction::Release).await
}

/// Reverse a redemption, or part of it
///
/// What was used goes back into the wallet: an order is returned, or with `quantity` some of it. Returns add up to at most what was used;
/// each has an id, under which the same again changes nothing. What comes back after its end can be used for the grace of its unit.
/// Reversing what is reversed changes nothing.
#[utoipa::path(post, path = "/v1/redemptions/{redemption}/reverse", operation_id = "reverseRedemption",
    tag = "redemptions",
    params(("redemption" = String, Path, description = "Its id, percent-encoded")),
    request_body = Option<ReturnDocument>,
    responses((status = 200, description = "The redemption as it is now", body = RedemptionView)))]
pub(crate) async fn reverse(
    State(AppState { service, .. }): State<AppState>,
    Named { id, headers, body }: Named<RedemptionId>,
) -> Result<Json<RedemptionView>, Failure> {
    let document: ReturnDocument = body::document_if_any(&headers, body).await?;
    let (asked, customer) = document.read().map_err(unread)?;
    let how = RedemptionAction::Reverse(asked);
    let (redemption, _) = service.run(SettleRedemption { id, customer, how }).await?;
    Ok(Json(RedemptionView::of(&redemption)))
}
