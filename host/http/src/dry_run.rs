//! What would be decided on an event, without deciding it.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Method};
use axum::{Extension, Json};
use largesse_documents::DecisionView;
use largesse_domain::event::Admission;
use largesse_domain::outcome::Decision;
use largesse_service::pipeline::{Answer, DryRun};

use crate::AppState;
use crate::auth::{Caller, Role};
use crate::events::{deferred, read_one};
use crate::problem::{Failure, ProblemType};
use crate::route::Route;
use crate::views::{DryRunAnswer, EventDocument};

pub(crate) fn routes() -> Vec<Route> {
    vec![Route::new(Method::POST, "/v1/dry-run", Role::Viewer, try_event)]
}

/// Say what would be decided on an event
///
/// Takes one event, as `POST /v1/events` does, and answers the complete decisions. Nothing is changed. Chance falls
/// otherwise than it will, so that nobody can try their luck beforehand.
#[utoipa::path(post, path = "/v1/dry-run", operation_id = "dryRun", tag = "events",
    request_body(description = "One event, or its data alone with the attributes in `ce-` headers", content(
        (EventDocument = "application/cloudevents+json"),
        (serde_json::Value = "application/json"),
    )),
    responses((status = 200, description = "The decisions", body = DryRunAnswer)))]
pub(crate) async fn try_event(
    State(AppState { service, .. }): State<AppState>,
    Extension(caller): Extension<Arc<Caller>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<DryRunAnswer>, Failure> {
    let arrival = read_one(&service, &caller, (&headers, body)).await?;
    match service.dry_run(arrival).await? {
        DryRun::Decided(answer) => Ok(Json(view(&answer))),
        DryRun::Unavailable(why) => Err(Failure::new(ProblemType::Undecided, why)),
    }
}

fn view(answer: &Answer) -> DryRunAnswer {
    let decisions = answer.decisions.iter().map(|decision| uncommitted(decision));
    DryRunAnswer { dry_run: true, decisions: decisions.collect(), deferred: deferred(&answer.put_off) }
}

fn uncommitted(decision: &Decision) -> DecisionView {
    let admission = Admission { seq: decision.event, at: decision.input.now.at };
    let mut view = DecisionView::of(decision, &admission);
    (view.id, view.event.seq, view.event.admitted) = (0, None, None);
    view
}
