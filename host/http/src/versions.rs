//! Versions of policies at work in campaigns: activate, roll back, try, promote, migrate, stop.

use std::str::FromStr;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use largesse_documents::rollout::{
    ActivationAnswer, ActivationDocument, ActivationView, DifferenceView, MigrationView, RolloutDocument, RolloutView,
    StuckStateView, TallyView,
};
use largesse_documents::{PolicyRef, Problem};
use largesse_domain::activation::ActivationCause;
use largesse_domain::id::{CampaignId, CustomerId, DecisionId, Digest, EntityId};
use largesse_domain::key::StateKey;
use largesse_domain::limits::REASON_BYTES_MAX;
use largesse_domain::migration::StuckState;
use largesse_domain::owner::Owner;
use largesse_domain::rollout::ShadowDifference;
use largesse_service::Service;
use largesse_service::commands::{AllowPolicy, MigrateStates, StopPolicy, StopRollout};
use largesse_service::commands::{Ordered, VersionOrder};
use largesse_service::queries::{Activations, Differences, ShowMigration, ShowRollout, StuckStates, Tried};

use crate::AppState;
use crate::auth::Role;
use crate::body::{self, Asked, Id, document_if_any};
use crate::page::{Filling, Page, Paging, listed};
use crate::problem::{Failure, ProblemType};
use crate::route::Route;
use crate::views::{
    AcceptDocument, ActivationList, DifferenceList, RolloutStatus, StopDocument, StopView, StuckStateList,
};

pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::new(Method::GET, "/v1/campaigns/{campaign}/activations", Role::Viewer, activations),
        Route::new(Method::POST, "/v1/campaigns/{campaign}/activations", Role::Operator, activate),
        Route::new(Method::POST, "/v1/campaigns/{campaign}/rollback", Role::Operator, roll_back),
        Route::new(Method::GET, "/v1/campaigns/{campaign}/rollout", Role::Viewer, status),
        Route::new(Method::PUT, "/v1/campaigns/{campaign}/rollout", Role::Operator, try_version),
        Route::new(Method::DELETE, "/v1/campaigns/{campaign}/rollout", Role::Operator, stop),
        Route::new(Method::POST, "/v1/campaigns/{campaign}/rollout/promote", Role::Operator, promote),
        Route::new(Method::GET, "/v1/campaigns/{campaign}/rollout/differences", Role::Viewer, differences),
        Route::new(Method::GET, "/v1/campaigns/{campaign}/migration", Role::Viewer, migration),
        Route::new(Method::POST, "/v1/campaigns/{campaign}/migration", Role::Operator, migrate),
        Route::new(Method::GET, "/v1/campaigns/{campaign}/stuck-states", Role::Viewer, stuck_states),
        Route::new(Method::POST, "/v1/policies/{policy}/stop", Role::Operator, stop_policy),
        Route::new(Method::POST, "/v1/policies/{policy}/allow", Role::Operator, allow_policy),
    ]
}

fn ordered(Ordered { campaign, plan }: Ordered, dry_run: bool) -> Response {
    let tag = [(header::ETAG, format!("\"{}\"", campaign.version))];
    (StatusCode::OK, tag, Json(ActivationAnswer::of(&campaign, dry_run, (plan.left, plan.states)))).into_response()
}

fn refused(problems: Vec<Problem>) -> Failure {
    Failure::with(ProblemType::InvalidDocument, problems)
}

/// List the activations of a campaign
#[utoipa::path(get, path = "/v1/campaigns/{campaign}/activations", operation_id = "listActivations", tag = "versions",
    params(("campaign" = String, Path, description = "The campaign's id"), Paging),
    responses((status = 200, description = "The latest first; `after` is a number, and what came before it follows",
        body = ActivationList)))]
pub(crate) async fn activations(
    State(AppState { service, .. }): State<AppState>,
    Id(id): Id<CampaignId>,
    Asked(paging): Asked<Paging>,
) -> Result<Response, Failure> {
    let Page { after: before, limit } = paging.read::<u32>()?;
    let found = service.query(Activations { campaign: id, before, limit }).await?;
    listed(limit, found.iter().map(|activation| (activation.number, ActivationView::from(activation))))
}

/// Activate a version on a campaign
///
/// The version must take the campaign's subscriptions, classes of unit and parameters, and is tried on the states that there are.
/// Then it decides, from one batch of events to the next. What is tried at the time is no longer. The version before it is kept to go
/// back to.
#[utoipa::path(post, path = "/v1/campaigns/{campaign}/activations", operation_id = "activateVersion", tag = "versions",
    params(
        ("campaign" = String, Path, description = "The campaign's id"),
        ("If-Match" = Option<String>, Header, description = "The ETag of the campaign that is meant"),
    ),
    request_body = ActivationDocument,
    responses((status = 200, description = "It decides now; of a dry run: it could", body = ActivationAnswer)))]
pub(crate) async fn activate(
    State(AppState { service, .. }): State<AppState>,
    Id(id): Id<CampaignId>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let precondition = body::precondition(&headers)?;
    let document: ActivationDocument = body::document(&headers, body).await?;
    let order = VersionOrder::Activate(document.read().map_err(refused)?, ActivationCause::Chosen);
    let done = service.order(&id, order, precondition, document.dry_run).await?;
    Ok(ordered(done, document.dry_run))
}

/// Go back to the last good version
///
/// With the revisions of parameters that it takes. The version that is left is not gone back to afterwards.
#[utoipa::path(post, path = "/v1/campaigns/{campaign}/rollback", operation_id = "rollBack", tag = "versions",
    params(
        ("campaign" = String, Path, description = "The campaign's id"),
        ("If-Match" = Option<String>, Header, description = "The ETag of the campaign that is meant"),
    ),
    request_body = AcceptDocument,
    responses((status = 200, description = "It decides now; of a dry run: it could", body = ActivationAnswer)))]
pub(crate) async fn roll_back(
    State(AppState { service, .. }): State<AppState>,
    Id(id): Id<CampaignId>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let precondition = body::precondition(&headers)?;
    let AcceptDocument { accept_stuck_states, dry_run } = document_if_any(&headers, body).await?;
    let order = VersionOrder::RollBack { accept_stuck_states };
    Ok(ordered(service.order(&id, order, precondition, dry_run).await?, dry_run))
}

/// Show what is tried in a campaign
///
/// Both versions beside one another, with what came of their decisions since the rollout began.
#[utoipa::path(get, path = "/v1/campaigns/{campaign}/rollout", operation_id = "showRollout", tag = "versions",
    params(("campaign" = String, Path, description = "The campaign's id")),
    responses((status = 200, description = "The rollout that is on, and its counts", body = RolloutStatus)))]
pub(crate) async fn status(
    State(AppState { service, .. }): State<AppState>,
    Id(id): Id<CampaignId>,
) -> Result<Json<RolloutStatus>, Failure> {
    let Tried { campaign, rollout, versions } = service.query(ShowRollout(id)).await?;
    Ok(Json(RolloutStatus {
        campaign: campaign.to_string(),
        rollout: RolloutView::from(&rollout),
        versions: versions.map(|(side, policy, tally)| TallyView::of(side, policy, &tally)).to_vec(),
    }))
}

/// Try a version in a campaign
///
/// As a canary it decides for a share of the owners, always the same ones, and both versions must read what the other writes. As a
/// shadow it is run on what the active version decides, without effect, and where it asks for something else is kept. Sent again with
/// another share, the owners stay with the version that they are with as far as the share allows.
#[utoipa::path(put, path = "/v1/campaigns/{campaign}/rollout", operation_id = "tryVersion", tag = "versions",
    params(
        ("campaign" = String, Path, description = "The campaign's id"),
        ("If-Match" = Option<String>, Header, description = "The ETag of the campaign that is meant"),
    ),
    request_body = RolloutDocument,
    responses((status = 200, description = "It is tried now", body = ActivationAnswer)))]
pub(crate) async fn try_version(
    State(AppState { service, .. }): State<AppState>,
    Id(id): Id<CampaignId>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let precondition = body::precondition(&headers)?;
    let document: RolloutDocument = body::document(&headers, body).await?;
    let (spec, mode) = document.read().map_err(refused)?;
    Ok(ordered(service.order(&id, VersionOrder::Try(spec, mode), precondition, false).await?, false))
}

/// Stop trying a version
///
/// The active version decides for everyone. What was counted is kept.
#[utoipa::path(delete, path = "/v1/campaigns/{campaign}/rollout", operation_id = "stopRollout", tag = "versions",
    params(
        ("campaign" = String, Path, description = "The campaign's id"),
        ("If-Match" = Option<String>, Header, description = "The ETag of the campaign that is meant"),
    ),
    responses((status = 204, description = "Nothing is tried")))]
pub(crate) async fn stop(
    State(AppState { service, .. }): State<AppState>,
    Id(id): Id<CampaignId>,
    headers: HeaderMap,
) -> Result<StatusCode, Failure> {
    service.run(StopRollout { id, precondition: body::precondition(&headers)? }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Promote the version that is tried
///
/// It decides for everyone.
#[utoipa::path(post, path = "/v1/campaigns/{campaign}/rollout/promote", operation_id = "promoteRollout",
    tag = "versions",
    params(
        ("campaign" = String, Path, description = "The campaign's id"),
        ("If-Match" = Option<String>, Header, description = "The ETag of the campaign that is meant"),
    ),
    request_body = AcceptDocument,
    responses((status = 200, description = "It decides now; of a dry run: it could", body = ActivationAnswer)))]
pub(crate) async fn promote(
    State(AppState { service, .. }): State<AppState>,
    Id(id): Id<CampaignId>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let precondition = body::precondition(&headers)?;
    let AcceptDocument { accept_stuck_states, dry_run } = document_if_any(&headers, body).await?;
    let order = VersionOrder::Promote { accept_stuck_states };
    Ok(ordered(service.order(&id, order, precondition, dry_run).await?, dry_run))
}

/// List where a shadow differed
///
/// The first ten thousand of a rollout are kept.
#[utoipa::path(get, path = "/v1/campaigns/{campaign}/rollout/differences", operation_id = "listDifferences",
    tag = "versions",
    params(("campaign" = String, Path, description = "The campaign's id"), Paging),
    responses((status = 200, description = "In order of decisions", body = DifferenceList)))]
pub(crate) async fn differences(
    State(AppState { service, .. }): State<AppState>,
    Id(id): Id<CampaignId>,
    Asked(paging): Asked<Paging>,
) -> Result<Response, Failure> {
    let Page { after, limit } = paging.read::<u64>()?;
    let page = Page::after_number(after.unwrap_or(0), limit)?;
    let into = Filling::new(page.limit, |difference: &ShadowDifference| {
        (difference.decision.0, DifferenceView::from(difference))
    });
    let after = DecisionId(page.number());
    service.query(Differences { campaign: id, after, into }).await?.finish()
}

/// Show how far the states are migrated
#[utoipa::path(get, path = "/v1/campaigns/{campaign}/migration", operation_id = "showMigration", tag = "versions",
    params(("campaign" = String, Path, description = "The campaign's id")),
    responses((status = 200, description = "The last migration of the campaign's states", body = MigrationView)))]
pub(crate) async fn migration(
    State(AppState { service, .. }): State<AppState>,
    Id(id): Id<CampaignId>,
) -> Result<Json<MigrationView>, Failure> {
    Ok(Json((&service.query(ShowMigration(id)).await?).into()))
}

/// Migrate the states of a campaign
///
/// To what the active version writes, ahead of the decisions that need them, while events go on. One that is under way goes on.
#[utoipa::path(post, path = "/v1/campaigns/{campaign}/migration", operation_id = "migrateStates", tag = "versions",
    params(("campaign" = String, Path, description = "The campaign's id")),
    responses((status = 202, description = "It has begun, or was under way", body = MigrationView)))]
pub(crate) async fn migrate(
    State(AppState { service, .. }): State<AppState>,
    Id(id): Id<CampaignId>,
) -> Result<(StatusCode, Json<MigrationView>), Failure> {
    Ok((StatusCode::ACCEPTED, Json((&service.run(MigrateStates(id)).await?).into())))
}

/// List the states that cannot be migrated
///
/// By the active version, as far as it was tried: by decisions and by migrations. The decisions of their owners are refused with
/// `state-not-migrated`.
#[utoipa::path(get, path = "/v1/campaigns/{campaign}/stuck-states", operation_id = "listStuckStates", tag = "versions",
    params(("campaign" = String, Path, description = "The campaign's id"), Paging),
    responses((status = 200, description = "By owner; `after` is `party:` or `entity:` and an id", body = StuckStateList)))]
pub(crate) async fn stuck_states(
    State(AppState { service, .. }): State<AppState>,
    Id(id): Id<CampaignId>,
    Asked(paging): Asked<Paging>,
) -> Result<Response, Failure> {
    let Page { after, limit } = paging.read::<OwnerText>()?;
    let after = after.map(|OwnerText(owner)| owner);
    let found = service.query(StuckStates { campaign: id, after, limit }).await?;
    let view = |(key, stuck): &(StateKey, StuckState)| {
        let place = match &key.owner {
            Owner::Party(id) => format!("party:{id}"),
            Owner::Entity(id) => format!("entity:{id}"),
        };
        (place, StuckStateView::of(key, stuck))
    };
    listed(limit, found.iter().map(view))
}

/// An owner as `after` names it.
struct OwnerText(Owner);

impl FromStr for OwnerText {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let owner = match text.split_once(':') {
            Some(("party", id)) => CustomerId::new(id).ok().map(Owner::Party),
            Some(("entity", id)) => EntityId::new(id).ok().map(Owner::Entity),
            _ => None,
        };
        owner.map(Self).ok_or(())
    }
}

fn digest(service: &Service, policy: &PolicyRef) -> Result<Digest, Failure> {
    let registry = service.registry();
    let found = registry.find(policy).map(|published| published.policy.digest);
    found.ok_or_else(|| Failure::not_found("policy", policy))
}

fn stop_view(service: &Service, digest: Digest) -> StopView {
    let registry = service.registry();
    StopView {
        policy: digest.to_string(),
        stopped: registry.stops.get(&digest).map(|stop| stop.reason.clone()),
        campaigns: registry.users(&digest).map(|campaign| campaign.id.to_string()).collect(),
    }
}

/// Stop a version everywhere
///
/// It decides nothing any more. Campaigns in which it is active go back to the last good version, or keep their events; where it is
/// tried, it is no longer.
#[utoipa::path(post, path = "/v1/policies/{policy}/stop", operation_id = "stopPolicy", tag = "versions",
    params(("policy" = String, Path, description = "`name` (the version published last), `name@version`, or the digest")),
    request_body = StopDocument,
    responses((status = 200, description = "It is stopped", body = StopView)))]
pub(crate) async fn stop_policy(
    State(AppState { service, .. }): State<AppState>,
    Id(policy): Id<PolicyRef>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<StopView>, Failure> {
    let StopDocument { reason } = body::document(&headers, body).await?;
    if reason.is_empty() || reason.len() > REASON_BYTES_MAX {
        let message = format!("1 to {REASON_BYTES_MAX} bytes");
        return Err(refused(vec![Problem { pointer: "/reason".into(), message }]));
    }
    let digest = digest(&service, &policy)?;
    service.run(StopPolicy { policy: digest, reason }).await?;
    Ok(Json(stop_view(&service, digest)))
}

/// Allow a version again
///
/// Campaigns that kept their events for it decide them now. Those that went back to another version stay with that.
#[utoipa::path(post, path = "/v1/policies/{policy}/allow", operation_id = "allowPolicy", tag = "versions",
    params(("policy" = String, Path, description = "`name` (the version published last), `name@version`, or the digest")),
    responses((status = 200, description = "It may decide", body = StopView)))]
pub(crate) async fn allow_policy(
    State(AppState { service, .. }): State<AppState>,
    Id(policy): Id<PolicyRef>,
) -> Result<Json<StopView>, Failure> {
    let digest = digest(&service, &policy)?;
    service.run(AllowPolicy(digest)).await?;
    Ok(Json(stop_view(&service, digest)))
}
