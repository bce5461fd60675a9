//! The guarded way in: every route states who may use it, and goes through one door.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, MethodRouter, on};
use axum::{Json, Router};
use hyper::body::{Frame, SizeHint};
use largesse_domain::limits::REQUEST_SECONDS_MAX;
use serde::Serialize;
use tokio::sync::OwnedSemaphorePermit;

use crate::AppState;
use crate::auth::Role;
use crate::problem::{Failure, ProblemType};
use crate::quota::InFlight;
use crate::serve::Connection;

/// Who may use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Everyone.
    Open,
    /// Tokens with this role, or one that includes it.
    Role(Role),
}

/// One method on one path.
pub(crate) struct Route {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    pub(crate) access: Access,
    time_max: Duration,
    handler: MethodRouter<AppState>,
}

impl Route {
    /// A route for tokens with a role. The method must be one that routers know, or the route takes nothing.
    pub(crate) fn new<H, T>(method: Method, path: &'static str, role: Role, handler: H) -> Self
    where
        H: axum::handler::Handler<T, AppState>,
        T: 'static,
    {
        let filter = MethodFilter::try_from(method.clone());
        let handler = filter.map_or_else(|_| MethodRouter::new(), |filter| on(filter, handler));
        Self { method, path, access: Access::Role(role), time_max: Duration::from_secs(REQUEST_SECONDS_MAX), handler }
    }

    /// The same for everyone.
    pub(crate) fn open(self) -> Self {
        Self { access: Access::Open, ..self }
    }

    /// The same with another bound on the time of the answer.
    pub(crate) fn within(self, time_max: Duration) -> Self {
        Self { time_max, ..self }
    }

    /// Adds the route, behind its guard.
    pub(crate) fn add_to(self, router: Router<AppState>, state: &AppState) -> Router<AppState> {
        let guard = Guard {
            state: state.clone(),
            method: self.method.as_str().to_owned().into(),
            path: self.path,
            access: self.access,
            time_max: self.time_max,
        };
        router.route(self.path, self.handler.route_layer(from_fn_with_state(guard, watch)))
    }
}

/// What was written: 201 when it is new, 200 when it was so already or has changed.
pub(crate) fn answer(is_new: bool, document: impl Serialize) -> Response {
    (if is_new { StatusCode::CREATED } else { StatusCode::OK }, Json(document)).into_response()
}

#[derive(Clone)]
struct Guard {
    state: AppState,
    method: Arc<str>,
    path: &'static str,
    access: Access,
    time_max: Duration,
}

async fn watch(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let response = admit(&guard, request, next).await;
    let status = response.status();
    let labels = [("method", guard.method.to_string()), ("route", guard.path.to_owned())];
    metrics::histogram!("largesse_http_request_seconds", &labels).record(started.elapsed().as_secs_f64());
    let [method, route] = labels;
    let labels = [method, route, ("status", status.as_str().to_owned())];
    metrics::counter!("largesse_http_requests_total", &labels).increment(1);
    if status.is_server_error() && status != StatusCode::SERVICE_UNAVAILABLE {
        tracing::error!(method = %guard.method, route = guard.path, status = status.as_u16(), "answered");
    }
    response
}

async fn admit(guard: &Guard, request: Request, next: Next) -> Response {
    let Access::Role(role) = guard.access else { return within(guard.time_max, next.run(request)).await };
    match admit_caller(guard, role, request, next).await {
        Ok(response) => response,
        Err(failure) => failure.into_response(),
    }
}

/// Notes that the connection of a request is used with a valid token. Reports whether there is room for one more of those.
fn authenticates(request: &Request) -> bool {
    request.extensions().get::<Arc<Connection>>().is_none_or(|connection| connection.authenticate())
}

/// Runs a request on behalf of whoever sent it, within the quotas of their token.
async fn admit_caller(guard: &Guard, role: Role, mut request: Request, next: Next) -> Result<Response, Failure> {
    let caller = guard.state.tokens.identify(request.headers())?;
    if !authenticates(&request) {
        return Err(Failure::new(ProblemType::Busy, "the host has as many connections in use as it takes"));
    }
    let InFlight { request: in_flight, bytes } = caller.quota.begin(request.headers(), Instant::now())?;
    caller.expect(role)?;
    request.extensions_mut().insert(Arc::clone(&caller));
    let response = caller.flow.clone().scope(within(guard.time_max, next.run(request))).await;
    drop(bytes);
    // A client that reads slowly still has its request in hand.
    Ok(response.map(|body| Body::new(Held { body, in_flight })))
}

async fn within(time_max: Duration, answer: impl Future<Output = Response>) -> Response {
    match tokio::time::timeout(time_max, answer).await {
        Ok(response) => response,
        Err(_) => {
            let seconds = time_max.as_secs();
            Failure::new(ProblemType::Unavailable, format!("no answer within {seconds} s")).into_response()
        }
    }
}

/// The body of an answer, with what is given back once it is sent.
struct Held {
    body: Body,
    #[expect(dead_code, reason = "it is given back when it is dropped")]
    in_flight: OwnedSemaphorePermit,
}

impl HttpBody for Held {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
