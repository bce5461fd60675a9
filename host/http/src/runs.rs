//! Runs of the host, and the numbers that they assign.

use axum::extract::State;
use axum::http::Method;
use axum::response::Response;
use largesse_domain::run::Run;
use largesse_service::queries::Runs;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::AppState;
use crate::auth::Role;
use crate::body::Asked;
use crate::page::{self, Filling, Page};
use crate::problem::Failure;
use crate::route::Route;
use crate::views::{RunPage, RunView};

pub(crate) fn routes() -> Vec<Route> {
    vec![Route::new(Method::GET, "/v1/runs", Role::Viewer, list)]
}

/// Which runs are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RunRange {
    /// After the run with this number.
    #[serde(default)]
    after: u64,
    /// At most so many.
    #[serde(default = "page::default_limit")]
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: usize,
}

/// List the runs of the host that assigned numbers
///
/// Events, decisions, deliveries and transfers are numbered without gaps within a run. Each run begins at a random distance beyond the last
/// number used, so that a host whose database was restored assigns no number again.
#[utoipa::path(get, path = "/v1/runs", operation_id = "listRuns", tag = "decisions", params(RunRange),
    responses((status = 200, description = "A page; `next` is there when there may be more", body = RunPage)))]
pub(crate) async fn list(
    State(AppState { service, .. }): State<AppState>,
    Asked(RunRange { after, limit }): Asked<RunRange>,
) -> Result<Response, Failure> {
    let page = Page::after_number(after, limit)?;
    let into = Filling::new(page.limit, |run: &Run| (run.number, RunView::from(run)));
    service.query(Runs { after: page.number(), into }).await?.finish()
}
