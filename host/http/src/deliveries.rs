//! Deliveries: what destinations are told, how far that has got, and what they say of grants.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Method};
use axum::response::Response;
use largesse_documents::{DeliveryView, Problem, WholeDeliveryView};
use largesse_domain::delivery::{Delivery, DeliveryId, DeliveryState, Settled};
use largesse_domain::id::DestinationId;
use largesse_domain::limits::REASON_BYTES_MAX;
use largesse_service::Service;
use largesse_service::commands::{ReplayDead, ReplayDelivery, SettleDelivery};
use largesse_service::queries::{Deliveries, ShowDelivery};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::AppState;
use crate::auth::Role;
use crate::body::{self, Asked, Id, malformed};
use crate::page::{self, Filling, Page};
use crate::problem::{Failure, ProblemType};
use crate::route::Route;
use crate::views::{DeliveryPage, FailureDocument, ReplayAnswer, ReplayDeadDocument};

pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::new(Method::GET, "/v1/deliveries", Role::Viewer, list),
        Route::new(Method::POST, "/v1/deliveries/replay", Role::Operator, replay_dead),
        Route::new(Method::GET, "/v1/deliveries/{delivery}", Role::Viewer, show),
        Route::new(Method::POST, "/v1/deliveries/{delivery}/replay", Role::Operator, replay),
        Route::new(Method::POST, "/v1/deliveries/{delivery}/confirm", Role::Fulfil, confirm),
        Route::new(Method::POST, "/v1/deliveries/{delivery}/fail", Role::Fulfil, fail),
    ]
}

/// Which deliveries are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeliverySelection {
    /// In this state only: `waiting`, `delivered` or `dead`.
    state: Option<String>,
    /// To this destination only.
    destination: Option<String>,
    /// After the delivery with this id.
    #[serde(default)]
    after: u64,
    /// At most so many.
    #[serde(default = "page::default_limit")]
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: usize,
}

/// List deliveries in the order in which they were written
#[utoipa::path(get, path = "/v1/deliveries", operation_id = "listDeliveries", tag = "deliveries", params(DeliverySelection),
    responses((status = 200, description = "A page; `next` is there when there may be more", body = DeliveryPage)))]
pub(crate) async fn list(
    State(AppState { service, .. }): State<AppState>,
    Asked(selection): Asked<DeliverySelection>,
) -> Result<Response, Failure> {
    let DeliverySelection { state, destination, after, limit } = selection;
    let page = Page::after_number(after, limit)?;
    let state = state.map(|state| state.parse::<DeliveryState>()).transpose().map_err(malformed)?;
    let destination = destination.map(DestinationId::new).transpose().map_err(malformed)?;
    let after = DeliveryId(page.number());
    let into = Filling::new(page.limit, |delivery: &Delivery| (delivery.id.0, DeliveryView::from(delivery)));
    service.query(Deliveries { state, destination, after, into }).await?.finish()
}

/// The delivery that a path names; one beyond the store's numbers is not there.
fn named(id: i64) -> Result<DeliveryId, Failure> {
    u64::try_from(id).map(DeliveryId).map_err(|_| Failure::not_found("delivery", id))
}

/// Show a delivery with what is sent
#[utoipa::path(get, path = "/v1/deliveries/{delivery}", operation_id = "showDelivery", tag = "deliveries",
    params(("delivery" = u64, Path, description = "The delivery's id")),
    responses((status = 200, description = "The delivery", body = WholeDeliveryView)))]
pub(crate) async fn show(
    State(AppState { service, .. }): State<AppState>,
    Id(id): Id<i64>,
) -> Result<Json<WholeDeliveryView>, Failure> {
    Ok(Json(WholeDeliveryView::from(&service.query(ShowDelivery(named(id)?)).await?)))
}

/// Send a delivery again
///
/// Under the same id and with the same body, whether it is dead or was delivered. One that waits is left as it is.
#[utoipa::path(post, path = "/v1/deliveries/{delivery}/replay", operation_id = "replayDelivery", tag = "deliveries",
    params(("delivery" = u64, Path, description = "The delivery's id")),
    responses((status = 200, description = "The delivery as it is now", body = DeliveryView)))]
pub(crate) async fn replay(
    State(AppState { service, .. }): State<AppState>,
    Id(id): Id<i64>,
) -> Result<Json<DeliveryView>, Failure> {
    Ok(Json(DeliveryView::from(&service.run(ReplayDelivery(named(id)?)).await?)))
}

/// Send dead deliveries to a destination again
///
/// The earliest first, at most 1,000; ask again while the answer says that many.
#[utoipa::path(post, path = "/v1/deliveries/replay", operation_id = "replayDeadDeliveries", tag = "deliveries",
    request_body = ReplayDeadDocument,
    responses((status = 200, description = "How many", body = ReplayAnswer)))]
pub(crate) async fn replay_dead(
    State(AppState { service, .. }): State<AppState>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<ReplayAnswer>, Failure> {
    let ReplayDeadDocument { destination } = body::document(&headers, body).await?;
    let destination = DestinationId::new(destination).map_err(|error| invalid("/destination", error.to_string()))?;
    Ok(Json(ReplayAnswer { replayed: service.run(ReplayDead(destination)).await? }))
}

fn invalid(pointer: &str, message: String) -> Failure {
    Failure::with(ProblemType::InvalidDocument, vec![Problem { pointer: pointer.to_owned(), message }])
}

/// Say that a grant was carried out
///
/// For the destination that settles grants, of a delivery of `grant.granted` to it. Said again it changes nothing.
#[utoipa::path(post, path = "/v1/deliveries/{delivery}/confirm", operation_id = "confirmDelivery", tag = "deliveries",
    params(("delivery" = u64, Path, description = "The delivery's id")),
    responses((status = 200, description = "The delivery as it is now", body = DeliveryView)))]
pub(crate) async fn confirm(
    State(AppState { service, .. }): State<AppState>,
    Id(id): Id<i64>,
) -> Result<Json<DeliveryView>, Failure> {
    settle(&service, id, Settled::Confirmed).await
}

/// Say that a grant could not be carried out
///
/// For the destination that settles grants, of a delivery of `grant.granted` to it. What is left of the grant is taken back:
/// to its budget, and to the limits that it counted for. Said again it changes nothing.
#[utoipa::path(post, path = "/v1/deliveries/{delivery}/fail", operation_id = "failDelivery", tag = "deliveries",
    params(("delivery" = u64, Path, description = "The delivery's id")),
    request_body = FailureDocument,
    responses((status = 200, description = "The delivery as it is now", body = DeliveryView)))]
pub(crate) async fn fail(
    State(AppState { service, .. }): State<AppState>,
    Id(id): Id<i64>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<DeliveryView>, Failure> {
    let FailureDocument { reason } = body::document(&headers, body).await?;
    if reason.is_empty() || reason.len() > REASON_BYTES_MAX {
        return Err(invalid("/reason", format!("expected 1 to {REASON_BYTES_MAX} bytes")));
    }
    settle(&service, id, Settled::Failed(reason)).await
}

async fn settle(service: &Service, id: i64, settled: Settled) -> Result<Json<DeliveryView>, Failure> {
    Ok(Json(DeliveryView::from(&service.run(SettleDelivery { id: named(id)?, settled }).await?)))
}
