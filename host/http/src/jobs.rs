//! Jobs: replays, backtests and simulations beside the host's work.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use largesse_documents::job::{JobDocument, JobView};
use largesse_domain::limits::BATCH_BYTES_MAX;
use largesse_service::jobs::JobError;

use crate::AppState;
use crate::auth::Role;
use crate::body::{self, Id};
use crate::problem::{Failure, ProblemType};
use crate::route::Route;
use crate::views::JobList;

pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::new(Method::POST, "/v1/jobs", Role::Operator, ask),
        Route::new(Method::GET, "/v1/jobs", Role::Viewer, list),
        Route::new(Method::GET, "/v1/jobs/{job}", Role::Viewer, show),
    ]
}

/// Ask for a replay, a backtest or a simulation
///
/// It is done beside what the host decides, one job at a time, and changes nothing. What it finds is kept with the latest hundred jobs. A
/// backtest that is stateful and a simulation keep all that they make in memory: a record of more than 100,000 events takes
/// `largesse backtest` on a copy.
#[utoipa::path(post, path = "/v1/jobs", operation_id = "askForJob", tag = "jobs",
    request_body = JobDocument,
    responses((status = 202, description = "It waits, or is under way; `Location` says where to look", body = JobView)))]
pub(crate) async fn ask(
    State(AppState { jobs, .. }): State<AppState>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let document: JobDocument = body::large_document(&headers, body, BATCH_BYTES_MAX).await?;
    let asked = tokio::task::spawn_blocking(move || jobs.ask(document)).await;
    let job = asked.map_err(|error| Failure::internal(&error))?.map_err(|error| match error {
        JobError::Problems(problems) => Failure::with(ProblemType::InvalidDocument, problems),
        JobError::Busy => Failure::new(ProblemType::Busy, error.to_string()),
        JobError::NotKept(_) => Failure::internal(&error),
    })?;
    let location = [(header::LOCATION, format!("/v1/jobs/{}", job.id))];
    Ok((StatusCode::ACCEPTED, location, Json(job)).into_response())
}

/// List jobs
#[utoipa::path(get, path = "/v1/jobs", operation_id = "listJobs", tag = "jobs",
    responses((status = 200, description = "The latest first, without their reports", body = JobList)))]
pub(crate) async fn list(State(AppState { jobs, .. }): State<AppState>) -> Json<JobList> {
    Json(JobList { items: jobs.list() })
}

/// Show a job, with what it found
#[utoipa::path(get, path = "/v1/jobs/{job}", operation_id = "showJob", tag = "jobs",
    params(("job" = u64, Path, description = "The job's number")),
    responses((status = 200, description = "How far it is, or what it found", body = JobView)))]
pub(crate) async fn show(
    State(AppState { jobs, .. }): State<AppState>,
    Id(id): Id<u64>,
) -> Result<Json<JobView>, Failure> {
    jobs.get(id).map(Json).ok_or_else(|| Failure::not_found("job", id))
}
