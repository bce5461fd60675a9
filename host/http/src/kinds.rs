//! Event kinds and their schemas.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Method};
use axum::response::Response;
use largesse_documents::problem::json_value;
use largesse_domain::id::EventKind;
use largesse_domain::json::Json as Text;
use largesse_service::{Kind, strict_json};

use crate::AppState;
use crate::auth::Role;
use crate::body::{self, Asked, Id};
use crate::page::{Paging, listed};
use crate::problem::Failure;
use crate::route::{Route, answer};
use crate::views::{KindList, KindView};

pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::new(Method::GET, "/v1/kinds", Role::Viewer, list),
        Route::new(Method::GET, "/v1/kinds/{kind}", Role::Viewer, show),
        Route::new(Method::PUT, "/v1/kinds/{kind}", Role::Admin, register),
    ]
}

fn view(kind: &Kind) -> KindView {
    KindView { kind: kind.kind.to_string(), schema: json_value(&kind.schema) }
}

/// List the event kinds
#[utoipa::path(get, path = "/v1/kinds", operation_id = "listKinds", tag = "kinds",
    params(Paging),
    responses((status = 200, description = "A page, by name", body = KindList)))]
pub(crate) async fn list(
    State(AppState { service, .. }): State<AppState>,
    Asked(paging): Asked<Paging>,
) -> Result<Response, Failure> {
    let (page, registry) = (paging.read::<EventKind>()?, service.registry());
    let later = registry.kinds.all().filter(|kind| page.is_after(&kind.kind));
    listed(page.limit, later.map(|kind| (kind.kind.to_string(), view(kind))))
}

/// Show an event kind
#[utoipa::path(get, path = "/v1/kinds/{kind}", operation_id = "showKind", tag = "kinds",
    params(("kind" = String, Path, description = "The `type` of its events")),
    responses((status = 200, description = "The kind", body = KindView)))]
pub(crate) async fn show(
    State(AppState { service, .. }): State<AppState>,
    Id(name): Id<EventKind>,
) -> Result<Json<KindView>, Failure> {
    let registry = service.registry();
    let found = registry.kinds.all().find(|kind| kind.kind == name);
    found.map(|kind| Json(view(kind))).ok_or_else(|| Failure::not_found("event kind", name))
}

/// Register an event kind, or change its schema
///
/// The body is the JSON Schema (2020-12) of the data. Annotations (`x-largesse-role`, `x-largesse-identifier`,
/// `x-largesse-attribute`, `x-largesse-sets`) say what its events establish about customers.
#[utoipa::path(put, path = "/v1/kinds/{kind}", operation_id = "registerKind", tag = "kinds",
    params(("kind" = String, Path, description = "The `type` of its events")),
    request_body = serde_json::Value,
    responses(
        (status = 200, description = "It is changed, or was so already", body = KindView),
        (status = 201, description = "It is registered", body = KindView),
    ))]
pub(crate) async fn register(
    State(AppState { service, .. }): State<AppState>,
    Id(kind): Id<EventKind>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let schema = body::object(&headers, body).await?;
    let schema = Text::from_checked(strict_json::canonical(&schema));
    let (kind, is_new) = service.register(Kind { kind, schema }).await?;
    Ok(answer(is_new, view(&kind)))
}
