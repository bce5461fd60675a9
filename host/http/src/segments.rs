//! Segments: sets of customers that campaigns are for.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Method};
use axum::response::Response;
use largesse_documents::segment::SegmentDocument;
use largesse_domain::id::SegmentId;
use largesse_domain::segment::{Audience, Segment};
use largesse_service::Service;

use crate::AppState;
use crate::auth::Role;
use crate::body::{self, Asked, Id, unread};
use crate::page::{Paging, listed};
use crate::problem::Failure;
use crate::route::{Route, answer};
use crate::views::{SegmentList, SegmentView};

pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::new(Method::GET, "/v1/segments", Role::Viewer, list),
        Route::new(Method::GET, "/v1/segments/{segment}", Role::Viewer, show),
        Route::new(Method::PUT, "/v1/segments/{segment}", Role::Operator, set),
    ]
}

fn view(service: &Service, segment: &Segment) -> SegmentView {
    let registry = service.registry();
    let audience = Audience::Segment(segment.id.clone());
    let campaigns = registry.campaigns().map(|active| &active.campaign);
    let using = campaigns.filter(|campaign| campaign.settings.audience == audience);
    SegmentView {
        id: segment.id.to_string(),
        document: SegmentDocument::of(segment),
        campaigns: using.map(|campaign| campaign.id.to_string()).collect(),
    }
}

/// List the segments
#[utoipa::path(get, path = "/v1/segments", operation_id = "listSegments", tag = "segments",
    params(Paging),
    responses((status = 200, description = "A page, by id", body = SegmentList)))]
pub(crate) async fn list(
    State(AppState { service, .. }): State<AppState>,
    Asked(paging): Asked<Paging>,
) -> Result<Response, Failure> {
    let (page, registry) = (paging.read::<SegmentId>()?, service.registry());
    let later = registry.catalogue.segments.values().filter(|segment| page.is_after(&segment.id));
    listed(page.limit, later.map(|segment| (segment.id.to_string(), view(&service, segment))))
}

/// Show a segment
#[utoipa::path(get, path = "/v1/segments/{segment}", operation_id = "showSegment", tag = "segments",
    params(("segment" = String, Path, description = "The segment's id")),
    responses((status = 200, description = "Its condition, and the campaigns that are for it", body = SegmentView)))]
pub(crate) async fn show(
    State(AppState { service, .. }): State<AppState>,
    Id(id): Id<SegmentId>,
) -> Result<Json<SegmentView>, Failure> {
    let registry = service.registry();
    let segment = registry.catalogue.segments.get(&id).ok_or_else(|| Failure::not_found("segment", id))?;
    Ok(Json(view(&service, segment)))
}

/// Set or change a segment
///
/// Its condition is a CEL expression over a customer; it is tried when it is set. A change counts for all decisions from then on, in every
/// campaign that is for the segment.
#[utoipa::path(put, path = "/v1/segments/{segment}", operation_id = "setSegment", tag = "segments",
    params(("segment" = String, Path, description = "The segment's id")),
    request_body = SegmentDocument,
    responses(
        (status = 200, description = "It is changed, or was so already", body = SegmentView),
        (status = 201, description = "It is made", body = SegmentView),
    ))]
pub(crate) async fn set(
    State(AppState { service, .. }): State<AppState>,
    Id(id): Id<SegmentId>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let document: SegmentDocument = body::document(&headers, body).await?;
    let (segment, is_new) = service.set_segment(document.read(id).map_err(unread)?).await?;
    Ok(answer(is_new, view(&service, &segment)))
}
