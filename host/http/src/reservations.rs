//! Reservations: budget, limits and stock are held for a customer until somebody commits or releases.

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
use largesse_service::pipeline::LedgerRequest;

use crate::AppState;
use crate::auth::Role;
use crate::body::{self, Named, unread};
use crate::ledger::ask;
use crate::problem::Failure;
use crate::route::Route;

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
    State(state): State<AppState>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let document: ReservationDocument = body::document(&headers, body).await?;
    ask(state, LedgerRequest::Reserve(document.read().map_err(unread)?)).await
}

async fn settle(
    state: AppState,
    Named { id, headers, body }: Named<RequestId>,
    how: HoldAction,
) -> Result<Response, Failure> {
    let document: ReservationName = body::document(&headers, body).await?;
    let (campaign, to) = document.read().map_err(unread)?;
    let slot = GrantSlot { campaign, to, key: reservation::key(&id) };
    ask(state, LedgerRequest::SettleGrant(slot, how, id)).await
}

/// Commit a reservation
///
/// It is given. Committing what is committed changes nothing.
#[utoipa::path(post, path = "/v1/reservations/{reservation}/commit", operation_id = "commitReservation",
    tag = "reservations",
    params(("reservation" = String, Path, description = "Its id, with `/` and `:` percent-encoded")),
    request_body = ReservationName,
    responses((status = 200, description = "The grant as it is now", body = GrantView)))]
pub(crate) async fn commit(State(state): State<AppState>, named: Named<RequestId>) -> Result<Response, Failure> {
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
pub(crate) async fn release(State(state): State<AppState>, named: Named<RequestId>) -> Result<Response, Failure> {
    settle(state, named, HoldAction::Release).await
}
