//! Decisions: the list that integrators follow, and each in full.

use axum::Json;
use axum::extract::State;
use axum::http::Method;
use axum::response::Response;
use largesse_documents::time::instant_text;
use largesse_documents::{DecisionSummary, DecisionView, HeadView};
use largesse_domain::event::{Admission, EventKey};
use largesse_domain::id::{CampaignId, CustomerId, DecisionId, EventKind, EventSeq};
use largesse_domain::outcome::{Decision, Remains};
use largesse_domain::time::Instant;
use largesse_service::{DecisionFilter, Store};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::AppState;
use crate::auth::Role;
use crate::body::{Asked, Id, malformed};
use crate::page::{self, Listing, Page};
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
pub(crate) struct Wanted {
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
#[utoipa::path(get, path = "/v1/decisions", operation_id = "listDecisions", tag = "decisions", params(Wanted),
    responses((status = 200, description = "A page; `next` is there when there may be more", body = DecisionPage)))]
pub(crate) async fn list(
    State(AppState { service, .. }): State<AppState>,
    Asked(wanted): Asked<Wanted>,
) -> Result<Response, Failure> {
    let Wanted { campaign, customer, after, limit } = wanted;
    let page = Page::after_number(after, limit)?;
    let campaign = campaign.map(CampaignId::new).transpose().map_err(malformed)?;
    let actor = customer.map(CustomerId::new).transpose().map_err(malformed)?;
    let (after, limit) = (DecisionId(page.number()), page.limit);
    let read = move |store: &dyn Store| {
        let actors = actor.map(|actor| store.ids_of(&actor)).transpose()?.unwrap_or_default();
        let filter = DecisionFilter { campaign, actors };
        let (mut kept, mut before) = (Listing::new(limit), DecisionId(u64::MAX));
        store.each_decision(&filter, after, &mut |decision| {
            before = before.min(decision.id);
            kept.push(&item(&decision), decision.id.0)
        })?;
        // A record that was removed between the two is among both.
        let mut listing = Listing::new(limit);
        for remains in store.remains(&filter, after, limit)?.iter().filter(|remains| remains.id < before) {
            listing.push(&removed_item(remains), remains.id.0);
        }
        listing.extend(kept);
        Ok(listing)
    };
    service.read(read).await?.finish()
}

fn item(decision: &Decision) -> DecisionItem {
    let event = &decision.input.event;
    let event = (decision.event, &event.key, &event.kind, &event.actor, event.occurred);
    item_of(DecisionSummary::of(decision), event, (decision.id, decision.made_at, None))
}

fn removed_item(remains: &Remains) -> DecisionItem {
    let event = (remains.event, &remains.key, &remains.kind, &remains.actor, remains.occurred);
    let times = (remains.id, remains.made_at, Some(remains.removed_at));
    item_of(DecisionSummary::of_remains(remains), event, times)
}

fn item_of(
    summary: DecisionSummary,
    (seq, key, kind, actor, occurred): (EventSeq, &EventKey, &EventKind, &CustomerId, Instant),
    (id, made_at, removed_at): (DecisionId, Instant, Option<Instant>),
) -> DecisionItem {
    DecisionItem {
        id: id.0,
        event: EventItem {
            seq: seq.0,
            source: key.source.to_string(),
            id: key.id.to_string(),
            kind: kind.to_string(),
            actor: actor.to_string(),
            occurred: instant_text(occurred),
        },
        campaign: summary.campaign,
        policy: summary.policy,
        subscription: summary.subscription,
        verdict: summary.verdict,
        reason: summary.reason,
        refusal: summary.refusal,
        fault: summary.fault,
        outcomes: summary.outcomes,
        made_at: instant_text(made_at),
        removed_at: removed_at.map(instant_text),
    }
}

/// Show where the chain of decisions ends
///
/// Each decision is stored with a link, a sha-256 over its record and the link before it. Note the last one now and then where the
/// host's operators cannot write: `largesse decision verify --expect` tells later whether anything before it was changed since.
#[utoipa::path(get, path = "/v1/decisions/head", operation_id = "showHead", tag = "decisions",
    responses((status = 200, description = "The last decision and its link", body = HeadView)))]
pub(crate) async fn head(State(AppState { service, .. }): State<AppState>) -> Result<Json<HeadView>, Failure> {
    let head = service.read(|store| store.chain_head()).await?;
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
    let missing = || Failure::not_found("decision", id);
    let wanted = DecisionId(u64::try_from(id).map_err(|_| missing())?);
    let before = DecisionId(wanted.0.saturating_sub(1));
    let read = move |store: &dyn Store| match store.decision(wanted)? {
        Some(decision) => Ok(Ok(decision)),
        None => Ok(Err(store.remains(&DecisionFilter::default(), before, 1)?.pop())),
    };
    let decision = service.read(read).await?.map_err(|remains| match remains {
        Some(remains) if remains.id == wanted => removed(&remains),
        _ => missing(),
    })?;
    // `now` of a decision is the time of its event's admission, whenever it was made.
    let admission = Admission { seq: decision.event, at: decision.input.now.at };
    Ok(Json(DecisionView::of(&decision, &admission)))
}
