//! Whether the host is well, and its measurements.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{Method, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};

use crate::AppState;
use crate::auth::Role;
use crate::problem::{Failure, ProblemType};
use crate::route::Route;
use crate::serve::Connection;
use crate::views::HealthView;

pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::new(Method::GET, "/healthz", Role::Viewer, alive).open(),
        Route::new(Method::GET, "/readyz", Role::Viewer, ready).open(),
        Route::new(Method::GET, "/metrics", Role::Viewer, measurements),
    ]
}

fn ok() -> Json<HealthView> {
    Json(HealthView { status: "ok".to_owned() })
}

/// Say that the process is alive
#[utoipa::path(get, path = "/healthz", operation_id = "alive", tag = "health",
    responses((status = 200, description = "It is", body = HealthView)))]
pub(crate) async fn alive() -> Json<HealthView> {
    ok()
}

/// Say whether the host can decide
///
/// 503 when it cannot, and from the moment on at which it is told to stop, while it still answers what comes.
#[utoipa::path(get, path = "/readyz", operation_id = "ready", tag = "health",
    responses((status = 200, description = "It can", body = HealthView)))]
pub(crate) async fn ready(
    State(AppState { service, .. }): State<AppState>,
    connection: Option<Extension<Arc<Connection>>>,
) -> Result<Json<HealthView>, Failure> {
    if connection.is_some_and(|Extension(connection)| connection.is_draining()) {
        return Err(Failure::new(ProblemType::Unavailable, "the host is about to stop; send requests elsewhere"));
    }
    if service.is_ready() {
        return Ok(ok());
    }
    Err(Failure::new(ProblemType::Unavailable, "the host cannot decide; its log says why"))
}

/// Show measurements
///
/// In the text format of Prometheus.
#[utoipa::path(get, path = "/metrics", operation_id = "showMetrics", tag = "health",
    responses((status = 200, description = "Counters and distributions", body = String, content_type = "text/plain")))]
pub(crate) async fn measurements(State(AppState { metrics, .. }): State<AppState>) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], metrics.render()).into_response()
}
