//! Decisions: the list that integrators follow, and each in full.

use axum::Json;
use axum::extract::State;
use axum::http::Method;
use axum::response::Response;
use largesse_documents::time::instant_text;
use largesse_documents::{DecisionSummary, DecisionView, HeadView};
use largesse_domain::event::Admission;
use largesse_domain::id::{CampaignId, CustomerId, DecisionId};
use largesse_domain::outcome::{Decision, Remains};
use largesse_domain::time::Instant;
use largesse_service::queries::{ChainHead, Decisions, Listed, ShowDecision, Shown};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::AppState;
use crate::auth::Role;
use crate::body::{Asked, Id, malformed};
use crate::page::{self, Filling, Page};
use crate::problem::{Failure, ProblemType};
use crate::route::Route;
use crate::views::{DecisionItem, DecisionPage, EventItem};

pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::new(Method::GET, "/v1/decisions", Role::Viewer, list),
        Route::new(Method::GET, "/v1/decisions/head", Role::Viewer, head),
        Route::new(Method::GET, "/v1/decisions/{decision}", Role::Viewer, show),
    ]
}

/// Which decisions are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DecisionSelection {
    /// Of this campaign only.
    campaign: Option<String>,
    /// On events of this customer only.
    customer: Option<String>,
    /// After the decision with this id.
    #[serde(default)]
    after: u64,
    /// At most so many.
    #[serde(default = "page::default_limit")]
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: usize,
}

/// List decisions in the order in which they were made
///
/// This is how to pull what was decided, where nothing can be pushed to: ask with the id of the last decision that you
/// have seen as `after`, carry out what the outcomes say, remember the id, ask again. Ids only grow, and no decision
/// appears behind one that was listed. A destination is told without asking.
#[utoipa::path(get, path = "/v1/decisions", operation_id = "listDecisions", tag = "decisions", params(DecisionSelection),
    responses((status = 200, description = "A page; `next` is there when there may be more", body = DecisionPage)))]
pub(crate) async fn list(
    State(AppState { service, .. }): State<AppState>,
    Asked(selection): Asked<DecisionSelection>,
) -> Result<Response, Failure> {
    let DecisionSelection { campaign, customer, after, limit } = selection;
    let page = Page::after_number(after, limit)?;
    let campaign = campaign.map(CampaignId::new).transpose().map_err(malformed)?;
    let customer = customer.map(CustomerId::new).transpose().map_err(malformed)?;
    let kept = Filling::new(page.limit, |decision: &Decision| (decision.id.0, item(decision)));
    let removed = Filling::new(page.limit, |remains: &Remains| (remains.id.0, removed_item(remains)));
    let after = DecisionId(page.number());
    let Listed { mut removed, kept } = service.query(Decisions { campaign, customer, after, kept, removed }).await?;
    removed.extend(kept);
    removed.finish()
}

fn item(decision: &Decision) -> DecisionItem {
    let event = &decision.input.event;
    let event = EventItem {
        seq: decision.event.0,
        source: event.key.source.to_string(),
        id: event.key.id.to_string(),
        kind: event.kind.to_string(),
        actor: event.actor.to_string(),
        occurred: instant_text(event.occurred),
    };
    item_of(decision.id, event, DecisionSummary::of(decision), decision.made_at)
}

fn removed_item(remains: &Remains) -> DecisionItem {
    let event = EventItem {
        seq: remains.event.0,
        source: remains.key.source.to_string(),
        id: remains.key.id.to_string(),
        kind: remains.kind.to_string(),
        actor: remains.actor.to_string(),
        occurred: instant_text(remains.occurred),
    };
    let item = item_of(remains.id, event, DecisionSummary::of_remains(remains), remains.made_at);
    DecisionItem { removed_at: Some(instant_text(remains.removed_at)), ..item }
}

fn item_of(id: DecisionId, event: EventItem, summary: DecisionSummary, made_at: Instant) -> DecisionItem {
    DecisionItem {
        id: id.0,
        event,
        campaign: summary.campaign,
        policy: summary.policy,
        subscription: summary.subscription,
        verdict: summary.verdict,
        reason: summary.reason,
        refusal: summary.refusal,
        fault: summary.fault,
        outcomes: summary.outcomes,
        made_at: instant_text(made_at),
        removed_at: None,
    }
}

/// Show where the chain of decisions ends
///
/// Each decision is stored with a link, a sha-256 over its record and the link before it. Note the last one now and then where the
/// host's operators cannot write: `largesse decision verify --expect` tells later whether anything before it was changed since.
#[utoipa::path(get, path = "/v1/decisions/head", operation_id = "showHead", tag = "decisions",
    responses((status = 200, description = "The last decision and its link", body = HeadView)))]
pub(crate) async fn head(State(AppState { service, .. }): State<AppState>) -> Result<Json<HeadView>, Failure> {
    let head = service.query(ChainHead).await?;
    Ok(Json(HeadView { decision: head.decision.0, link: head.link.to_string() }))
}

fn removed(remains: &Remains) -> Failure {
    let (id, at) = (remains.id, instant_text(remains.removed_at));
    Failure::new(ProblemType::RecordRemoved, format!("the record of decision {id} was removed at {at}"))
}

/// Show a decision in full
///
/// Records are kept as long as the host's configuration says; of one that was removed (410) the list still has what was answered.
#[utoipa::path(get, path = "/v1/decisions/{decision}", operation_id = "showDecision", tag = "decisions",
    params(("decision" = u64, Path, description = "The decision's id")),
    responses((status = 200, description = "What it knew, what it wanted, what came of it", body = DecisionView)))]
pub(crate) async fn show(
    State(AppState { service, .. }): State<AppState>,
    Id(id): Id<i64>,
) -> Result<Json<DecisionView>, Failure> {
    let wanted = DecisionId(u64::try_from(id).map_err(|_| Failure::not_found("decision", id))?);
    let decision = match service.query(ShowDecision(wanted)).await? {
        Shown::Kept(decision) => decision,
        Shown::Removed(remains) => return Err(removed(&remains)),
    };
    // `now` of a decision is the time of its event's admission, whenever it was made.
    let admission = Admission { seq: decision.event, at: decision.input.now.at };
    Ok(Json(DecisionView::of(&decision, &admission)))
}
