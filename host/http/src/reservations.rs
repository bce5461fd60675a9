//! Reservations: budget, limits and stock are held for a customer until somebody commits or releases.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Method};
use axum::response::Response;
use largesse_documents::request::ReservationName;
use largesse_documents::{GrantView, ReservationDocument};
use largesse_domain::hold::HoldAction;
use largesse_domain::id::RequestId;
use largesse_domain::key::GrantSlot;
use largesse_domain::reservation;
use largesse_service::commands::{Reserve, SettleGrant};

use crate::AppState;
use crate::auth::Role;
use crate::body::{self, Named, unread};
use crate::problem::Failure;
use crate::route::{Route, answer};

pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::new(Method::POST, "/v1/reservations", Role::Fulfil, reserve),
        Route::new(Method::POST, "/v1/reservations/{reservation}/commit", Role::Fulfil, commit),
        Route::new(Method::POST, "/v1/reservations/{reservation}/release", Role::Fulfil, release),
    ]
}

/// Reserve out of a campaign's budget
///
/// The grant is pending: it counts in budgets and limits and takes its pieces from the stock, but cannot be used yet. Commit
/// gives it, release takes it back, and so does time. Its key is `reservation/` and the id.
#[utoipa::path(post, path = "/v1/reservations", operation_id = "reserve", tag = "reservations",
    request_body = ReservationDocument,
    responses(
        (status = 200, description = "It was reserved before: the grant as it is now", body = GrantView),
        (status = 201, description = "It is reserved", body = GrantView),
    ))]
pub(crate) async fn reserve(
    State(AppState { service, .. }): State<AppState>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let document: ReservationDocument = body::document(&headers, body).await?;
    let (grant, is_new) = service.run(Reserve(document.read().map_err(unread)?)).await?;
    Ok(answer(is_new, GrantView::of(&grant, service.clock().now())))
}

async fn settle(
    AppState { service, .. }: AppState,
    Named { id, headers, body }: Named<RequestId>,
    how: HoldAction,
) -> Result<Json<GrantView>, Failure> {
    let document: ReservationName = body::document(&headers, body).await?;
    let (campaign, to) = document.read().map_err(unread)?;
    let slot = GrantSlot { campaign, to, key: reservation::key(&id) };
    let (grant, _) = service.run(SettleGrant { slot, how, id }).await?;
    Ok(Json(GrantView::of(&grant, service.clock().now())))
}

/// Commit a reservation
///
/// It is given. Committing what is committed changes nothing.
#[utoipa::path(post, path = "/v1/reservations/{reservation}/commit", operation_id = "commitReservation",
    tag = "reservations",
    params(("reservation" = String, Path, description = "Its id, with `/` and `:` percent-encoded")),
    request_body = ReservationName,
    responses((status = 200, description = "The grant as it is now", body = GrantView)))]
pub(crate) async fn commit(State(state): State<AppState>, named: Named<RequestId>) -> Result<Json<GrantView>, Failure> {
    settle(state, named, HoldAction::Commit).await
}

/// Release a reservation
///
/// What it held is free again. Releasing what is released changes nothing.
#[utoipa::path(post, path = "/v1/reservations/{reservation}/release", operation_id = "releaseReservation",
    tag = "reservations",
    params(("reservation" = String, Path, description = "Its id, with `/` and `:` percent-encoded")),
    request_body = ReservationName,
    responses((status = 200, description = "The grant as it is now", body = GrantView)))]
pub(crate) async fn release(
    State(state): State<AppState>,
    named: Named<RequestId>,
) -> Result<Json<GrantView>, Failure> {
    settle(state, named, HoldAction::Release).await
}
