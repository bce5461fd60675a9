//! Programmes: tiers and stages in which customers stand.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Method};
use axum::response::Response;
use largesse_documents::programme::{ProgrammeDocument, ProgrammeView};
use largesse_domain::id::ProgrammeId;

use crate::AppState;
use crate::auth::Role;
use crate::body::{self, Id, unread};
use crate::problem::Failure;
use crate::route::{Route, answer};
use crate::views::ProgrammeList;
use largesse_service::commands::SetProgramme;

pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::new(Method::GET, "/v1/programmes", Role::Viewer, list),
        Route::new(Method::GET, "/v1/programmes/{programme}", Role::Viewer, show),
        Route::new(Method::PUT, "/v1/programmes/{programme}", Role::Operator, set),
    ]
}

/// List the programmes
#[utoipa::path(get, path = "/v1/programmes", operation_id = "listProgrammes", tag = "programmes",
    responses((status = 200, description = "By id", body = ProgrammeList)))]
pub(crate) async fn list(State(AppState { service, .. }): State<AppState>) -> Json<ProgrammeList> {
    let registry = service.registry();
    Json(ProgrammeList { items: registry.catalogue.programmes.values().map(ProgrammeView::of).collect() })
}

/// Show a programme
#[utoipa::path(get, path = "/v1/programmes/{programme}", operation_id = "showProgramme", tag = "programmes",
    params(("programme" = String, Path, description = "The programme's id")),
    responses((status = 200, description = "Its tiers, and which may follow which", body = ProgrammeView)))]
pub(crate) async fn show(
    State(AppState { service, .. }): State<AppState>,
    Id(id): Id<ProgrammeId>,
) -> Result<Json<ProgrammeView>, Failure> {
    let registry = service.registry();
    let programme = registry.catalogue.programmes.get(&id);
    programme.map(|programme| Json(ProgrammeView::of(programme))).ok_or_else(|| Failure::not_found("programme", id))
}

/// Make or change a programme
///
/// Policies move customers in it. Tiers are only added, because customers may stand in them.
#[utoipa::path(put, path = "/v1/programmes/{programme}", operation_id = "setProgramme", tag = "programmes",
    params(("programme" = String, Path, description = "The programme's id")),
    request_body = ProgrammeDocument,
    responses(
        (status = 200, description = "It is changed, or was so already", body = ProgrammeView),
        (status = 201, description = "It is made", body = ProgrammeView),
    ))]
pub(crate) async fn set(
    State(AppState { service, .. }): State<AppState>,
    Id(id): Id<ProgrammeId>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let document: ProgrammeDocument = body::document(&headers, body).await?;
    let (programme, is_new) = service.run(SetProgramme(document.read(id).map_err(unread)?)).await?;
    Ok(answer(is_new, ProgrammeView::of(&programme)))
}
