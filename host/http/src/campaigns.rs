//! Campaigns: create, change, start, pause, resume, end.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use largesse_documents::nearest::unknown;
use largesse_documents::{CampaignDocument, CampaignView, CheckView};
use largesse_domain::campaign::Campaign;
use largesse_domain::id::CampaignId;
use largesse_domain::lifecycle::Command;
use largesse_service::{Looked, Service};

use crate::AppState;
use crate::auth::Role;
use crate::body::{self, Asked, Id, Named};
use crate::page::{Paging, listed};
use crate::problem::{Failure, ProblemType};
use crate::route::Route;
use crate::views::CampaignList;

pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::new(Method::GET, "/v1/campaigns", Role::Viewer, list),
        Route::new(Method::GET, "/v1/campaigns/{campaign}", Role::Viewer, show),
        Route::new(Method::PUT, "/v1/campaigns/{campaign}", Role::Operator, apply),
        Route::new(Method::POST, "/v1/campaigns/{campaign}/check", Role::Operator, check),
        Route::new(Method::POST, "/v1/campaigns/{campaign}/start", Role::Operator, start),
        Route::new(Method::POST, "/v1/campaigns/{campaign}/pause", Role::Operator, pause),
        Route::new(Method::POST, "/v1/campaigns/{campaign}/resume", Role::Operator, resume),
        Route::new(Method::POST, "/v1/campaigns/{campaign}/end", Role::Operator, end),
    ]
}

/// List the campaigns
#[utoipa::path(get, path = "/v1/campaigns", operation_id = "listCampaigns", tag = "campaigns",
    params(Paging),
    responses((status = 200, description = "A page, by id", body = CampaignList)))]
pub(crate) async fn list(
    State(AppState { service, .. }): State<AppState>,
    Asked(paging): Asked<Paging>,
) -> Result<Response, Failure> {
    let (page, registry) = (paging.read::<CampaignId>()?, service.registry());
    let later = registry.campaigns().map(|active| &active.campaign).filter(|campaign| page.is_after(&campaign.id));
    listed(page.limit, later.map(|campaign| (campaign.id.to_string(), CampaignView::of(campaign))))
}

/// Show a campaign
#[utoipa::path(get, path = "/v1/campaigns/{campaign}", operation_id = "showCampaign", tag = "campaigns",
    params(("campaign" = String, Path, description = "The campaign's id")),
    responses((status = 200, description = "The campaign; `ETag` is its version", body = CampaignView)))]
pub(crate) async fn show(
    State(AppState { service, .. }): State<AppState>,
    Id(id): Id<CampaignId>,
) -> Result<Response, Failure> {
    let registry = service.registry();
    let active = registry.campaign(&id).ok_or_else(|| {
        let known = registry.campaigns().map(|active| active.campaign.id.as_str());
        Failure::new(ProblemType::NotFound, unknown("campaign", id.as_str(), known))
    })?;
    answer(&service, StatusCode::OK, &active.campaign).await
}

/// The campaign, with what does not go together in it.
async fn answer(service: &Service, status: StatusCode, campaign: &Campaign) -> Result<Response, Failure> {
    let tag = [(header::ETAG, format!("\"{}\"", campaign.version))];
    let Looked { findings, derived } = service.look_at(campaign).await?;
    let findings = findings.iter().map(Into::into).collect();
    let view = CampaignView { findings, derived, ..CampaignView::of(campaign) };
    Ok((status, tag, Json(view)).into_response())
}

/// Create or change a campaign
///
/// A new campaign is a draft. To change one, send the version that you change in `If-Match`; `If-None-Match: *` only
/// creates. Once it has started, its currency, its zone, its opening time and what its budgets and limits count are fixed;
/// a changed policy or changed parameters make a new revision, for events from `effective_from` on.
#[utoipa::path(put, path = "/v1/campaigns/{campaign}", operation_id = "applyCampaign", tag = "campaigns",
    params(
        ("campaign" = String, Path, description = "The campaign's id"),
        ("If-Match" = Option<String>, Header, description = "The ETag of the version that is changed"),
        ("If-None-Match" = Option<String>, Header, description = "`*`: only create"),
    ),
    request_body = CampaignDocument,
    responses(
        (status = 200, description = "It is changed, or was so already", body = CampaignView),
        (status = 201, description = "It is created", body = CampaignView),
    ))]
pub(crate) async fn apply(
    State(AppState { service, .. }): State<AppState>,
    Id(id): Id<CampaignId>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let precondition = body::precondition(&headers)?;
    let document: CampaignDocument = body::document(&headers, body).await?;
    let spec = document.read().map_err(|problems| Failure::with(ProblemType::InvalidDocument, problems))?;
    let (campaign, is_new) = service.apply(id, spec, precondition).await?;
    answer(&service, if is_new { StatusCode::CREATED } else { StatusCode::OK }, &campaign).await
}

/// Check a campaign's document
///
/// Says all that would keep it from being applied and started here, and what in it would never be given. Nothing is changed.
#[utoipa::path(post, path = "/v1/campaigns/{campaign}/check", operation_id = "checkCampaign", tag = "campaigns",
    params(("campaign" = String, Path, description = "The id that it has or would have")),
    request_body = CampaignDocument,
    responses((status = 200, description = "What was found; an empty list when all goes together", body = CheckView)))]
pub(crate) async fn check(
    State(AppState { service, .. }): State<AppState>,
    Named { id, headers, body }: Named<CampaignId>,
) -> Result<Json<CheckView>, Failure> {
    let document: CampaignDocument = body::document(&headers, body).await?;
    let spec = document.read().map_err(|problems| Failure::with(ProblemType::InvalidDocument, problems))?;
    let Looked { findings, derived } = service.check_campaign(&id, &spec).await?;
    Ok(Json(CheckView { findings: findings.iter().map(Into::into).collect(), derived }))
}

async fn command(state: AppState, id: CampaignId, command: Command, headers: &HeaderMap) -> Result<Response, Failure> {
    let campaign = state.service.command(id, command, body::precondition(headers)?).await?;
    answer(&state.service, StatusCode::OK, &campaign).await
}

/// Start a campaign
///
/// It runs from its opening time on. It needs a budget and a limit for every class of unit that its policy may grant.
#[utoipa::path(post, path = "/v1/campaigns/{campaign}/start", operation_id = "startCampaign", tag = "campaigns",
    params(
        ("campaign" = String, Path, description = "The campaign's id"),
        ("If-Match" = Option<String>, Header, description = "The ETag of the version that is meant"),
    ),
    responses((status = 200, description = "The campaign as it is now", body = CampaignView)))]
pub(crate) async fn start(
    State(state): State<AppState>,
    Id(id): Id<CampaignId>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    command(state, id, Command::Start, &headers).await
}

/// Pause a campaign
///
/// It keeps events for later.
#[utoipa::path(post, path = "/v1/campaigns/{campaign}/pause", operation_id = "pauseCampaign", tag = "campaigns",
    params(
        ("campaign" = String, Path, description = "The campaign's id"),
        ("If-Match" = Option<String>, Header, description = "The ETag of the version that is meant"),
    ),
    responses((status = 200, description = "The campaign as it is now", body = CampaignView)))]
pub(crate) async fn pause(
    State(state): State<AppState>,
    Id(id): Id<CampaignId>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    command(state, id, Command::Pause, &headers).await
}

/// Resume a campaign
///
/// It decides what it kept, then new events.
#[utoipa::path(post, path = "/v1/campaigns/{campaign}/resume", operation_id = "resumeCampaign", tag = "campaigns",
    params(
        ("campaign" = String, Path, description = "The campaign's id"),
        ("If-Match" = Option<String>, Header, description = "The ETag of the version that is meant"),
    ),
    responses((status = 200, description = "The campaign as it is now", body = CampaignView)))]
pub(crate) async fn resume(
    State(state): State<AppState>,
    Id(id): Id<CampaignId>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    command(state, id, Command::Resume, &headers).await
}

/// End a campaign
///
/// Events from now on are not rewarded. Late events and revocations still run until the closing phase is over.
#[utoipa::path(post, path = "/v1/campaigns/{campaign}/end", operation_id = "endCampaign", tag = "campaigns",
    params(
        ("campaign" = String, Path, description = "The campaign's id"),
        ("If-Match" = Option<String>, Header, description = "The ETag of the version that is meant"),
    ),
    responses((status = 200, description = "The campaign as it is now", body = CampaignView)))]
pub(crate) async fn end(
    State(state): State<AppState>,
    Id(id): Id<CampaignId>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    command(state, id, Command::End, &headers).await
}
