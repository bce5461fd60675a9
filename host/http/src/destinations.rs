//! Destinations: where what was done is delivered to.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use largesse_documents::destination::secret_text;
use largesse_documents::{DeliveryView, DestinationDocument, DestinationView};
use largesse_domain::destination::Secret;
use largesse_domain::id::DestinationId;
use largesse_domain::problem::Problem;

use crate::AppState;
use crate::auth::Role;
use crate::body::{self, Id};
use crate::problem::{Failure, ProblemType};
use crate::route::Route;
use crate::views::{DestinationAnswer, DestinationList};
use largesse_service::commands::{DeleteDestination, PauseDestination, SetDestination, TestDestination};

pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::new(Method::GET, "/v1/destinations", Role::Viewer, list),
        Route::new(Method::GET, "/v1/destinations/{destination}", Role::Viewer, show),
        Route::new(Method::PUT, "/v1/destinations/{destination}", Role::Admin, set),
        Route::new(Method::DELETE, "/v1/destinations/{destination}", Role::Admin, delete),
        Route::new(Method::POST, "/v1/destinations/{destination}/pause", Role::Operator, pause),
        Route::new(Method::POST, "/v1/destinations/{destination}/resume", Role::Operator, resume),
        Route::new(Method::POST, "/v1/destinations/{destination}/test", Role::Operator, test),
    ]
}

/// List the destinations
#[utoipa::path(get, path = "/v1/destinations", operation_id = "listDestinations", tag = "deliveries",
    responses((status = 200, description = "By id, without their secrets", body = DestinationList)))]
pub(crate) async fn list(State(AppState { service, .. }): State<AppState>) -> Json<DestinationList> {
    let registry = service.registry();
    let items = registry.destinations.values().map(|destination| DestinationView::from(&**destination));
    Json(DestinationList { items: items.collect() })
}

/// Show a destination
#[utoipa::path(get, path = "/v1/destinations/{destination}", operation_id = "showDestination", tag = "deliveries",
    params(("destination" = String, Path, description = "The destination's id")),
    responses((status = 200, description = "The destination, without its secrets", body = DestinationView)))]
pub(crate) async fn show(
    State(AppState { service, .. }): State<AppState>,
    Id(id): Id<DestinationId>,
) -> Result<Json<DestinationView>, Failure> {
    let registry = service.registry();
    let found = registry.destinations.get(&id).ok_or_else(|| Failure::not_found("destination", id))?;
    Ok(Json(DestinationView::from(&**found)))
}

/// Register a destination, or change it
///
/// It is told of what is done from now on. A new one without `secrets` is given one, which this answer shows and no other
/// ever does. To change the secret without a gap, send the new one before the old one, give the receiver the new one, then
/// send the new one alone. Whether it is paused does not change. What `showDestination` answers can be sent back, changed or not.
#[utoipa::path(put, path = "/v1/destinations/{destination}", operation_id = "setDestination", tag = "deliveries",
    params(("destination" = String, Path, description = "The destination's id")),
    request_body = DestinationDocument,
    responses(
        (status = 200, description = "It is changed, or was so already", body = DestinationAnswer),
        (status = 201, description = "It is registered", body = DestinationAnswer),
    ))]
pub(crate) async fn set(
    State(AppState { service, .. }): State<AppState>,
    Id(id): Id<DestinationId>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let document: DestinationDocument = body::document(&headers, body).await?;
    if document.id.as_ref().is_some_and(|named| *named != id.as_str()) {
        let problem = Problem { pointer: "/id".to_owned(), message: "not the id in the path".to_owned() };
        return Err(Failure::with(ProblemType::InvalidDocument, vec![problem]));
    }
    let spec = document.read().map_err(|problems| Failure::with(ProblemType::InvalidDocument, problems))?;
    let fresh = fresh_secret()?;
    let (destination, is_new) = service.run(SetDestination { id, spec, fresh: fresh.clone() }).await?;
    // Only whoever registered it gets to see it: another request has another fresh secret.
    let secret = (destination.secrets[..] == [fresh.clone()]).then(|| secret_text(&fresh));
    let answer = DestinationAnswer { destination: DestinationView::from(&*destination), secret };
    Ok((if is_new { StatusCode::CREATED } else { StatusCode::OK }, Json(answer)).into_response())
}

fn fresh_secret() -> Result<Secret, Failure> {
    let mut random = [0; 32];
    getrandom::fill(&mut random).map_err(|error| Failure::internal(&error))?;
    Ok(Secret::new(&random).expect("32 bytes are enough and not too many"))
}

/// Delete a destination
///
/// What waits for it is dead; what it was told stays listed.
#[utoipa::path(delete, path = "/v1/destinations/{destination}", operation_id = "deleteDestination", tag = "deliveries",
    params(("destination" = String, Path, description = "The destination's id")),
    responses((status = 204, description = "It is deleted, or was not there")))]
pub(crate) async fn delete(
    State(AppState { service, .. }): State<AppState>,
    Id(id): Id<DestinationId>,
) -> Result<StatusCode, Failure> {
    service.run(DeleteDestination(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Pause a destination
///
/// Nothing is sent to it; what it is to be told waits.
#[utoipa::path(post, path = "/v1/destinations/{destination}/pause", operation_id = "pauseDestination", tag = "deliveries",
    params(("destination" = String, Path, description = "The destination's id")),
    responses((status = 200, description = "The destination as it is now", body = DestinationView)))]
pub(crate) async fn pause(
    State(AppState { service, .. }): State<AppState>,
    Id(id): Id<DestinationId>,
) -> Result<Json<DestinationView>, Failure> {
    Ok(Json(DestinationView::from(&*service.run(PauseDestination { id, paused: true }).await?)))
}

/// Resume a destination
///
/// What waits for it is sent, after a pause by an operator or after an answer 410.
#[utoipa::path(post, path = "/v1/destinations/{destination}/resume", operation_id = "resumeDestination", tag = "deliveries",
    params(("destination" = String, Path, description = "The destination's id")),
    responses((status = 200, description = "The destination as it is now", body = DestinationView)))]
pub(crate) async fn resume(
    State(AppState { service, .. }): State<AppState>,
    Id(id): Id<DestinationId>,
) -> Result<Json<DestinationView>, Failure> {
    Ok(Json(DestinationView::from(&*service.run(PauseDestination { id, paused: false }).await?)))
}

/// Try a destination
///
/// Writes a delivery of `destination.test` to it, which is sent once, at once. Look at that delivery for what came of it.
#[utoipa::path(post, path = "/v1/destinations/{destination}/test", operation_id = "testDestination", tag = "deliveries",
    params(("destination" = String, Path, description = "The destination's id")),
    responses((status = 202, description = "The delivery", body = DeliveryView)))]
pub(crate) async fn test(
    State(AppState { service, .. }): State<AppState>,
    Id(id): Id<DestinationId>,
) -> Result<Response, Failure> {
    let delivery = service.run(TestDestination(id)).await?;
    Ok((StatusCode::ACCEPTED, Json(DeliveryView::from(&delivery))).into_response())
}
