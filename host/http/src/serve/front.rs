//! What stands between a connection and the routes: it sees that the rest of a body is read or the connection closed.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderValue, Version, header};
use axum::response::{IntoResponse as _, Response};
use hyper::Request;
use hyper::body::{Body as HttpBody, Bytes, Frame, Incoming, SizeHint};
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use largesse_domain::limits::{DRAIN_BYTES_MAX, LINGER_MS_MAX};

use super::connection::Connection;
use crate::problem::{Failure, ProblemType};

/// The routes, as one connection reaches them.
pub(super) struct Front {
    routes: TowerToHyperService<Router>,
    connection: Arc<Connection>,
}

impl Front {
    pub(super) fn new(router: Router, connection: Arc<Connection>) -> Self {
        Self { routes: TowerToHyperService::new(router), connection }
    }
}

impl Service<Request<Incoming>> for Front {
    type Response = Response<Answer>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let (routes, connection) = (self.routes.clone(), Arc::clone(&self.connection));
        let mut is_open = connection.begin();
        Box::pin(async move {
            let (mut parts, body) = request.into_parts();
            let names_host =
                parts.version < Version::HTTP_11 || parts.headers.get_all(header::HOST).iter().count() == 1;
            // A client that waits to be told to send its body does not send it after an answer.
            let waits = parts.headers.contains_key(header::EXPECT);
            let rest = Rest::default();
            let body = Body::new(Watched { body: Some(body), rest: rest.clone() });
            parts.extensions.insert(Arc::clone(&connection));
            let mut response = match names_host {
                true => routes.call(Request::from_parts(parts, body)).await?,
                false => {
                    drop(body);
                    connection.leave_unread();
                    Failure::new(ProblemType::MalformedHead, "send the header Host once").into_response()
                }
            };
            let is_read = rest.is_read(waits, &connection).await;
            is_open &= connection.go_on();
            if !is_read {
                connection.leave_unread();
            }
            if !is_read || !names_host || !is_open || connection.is_draining() {
                response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            Ok(response.map(|body| Answer { body, _end: EndOfAnswer(connection) }))
        })
    }
}

/// What is left of a request's body when whoever reads it is done with it.
#[derive(Clone, Default)]
struct Rest(Arc<Mutex<Left>>);

#[derive(Default)]
enum Left {
    /// Nothing of a body that is read, or a body that failed and cannot be read on.
    #[default]
    Nothing,
    Failed,
    Some(Incoming),
}

impl Rest {
    fn set(&self, left: Left) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = left;
    }

    /// Reports whether all of the body is read, once a small rest of it is.
    async fn is_read(&self, waits: bool, connection: &Connection) -> bool {
        let left = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        match left {
            Left::Nothing => true,
            Left::Failed => false,
            Left::Some(body) if waits || body.size_hint().lower() > DRAIN_BYTES_MAX => false,
            Left::Some(body) => {
                // A client that lets the rest of its body wait keeps nobody out.
                connection.linger();
                let drained = tokio::time::timeout(Duration::from_millis(LINGER_MS_MAX), drain(body));
                drained.await.unwrap_or(false)
            }
        }
    }
}

/// Reads a body to its end. Reports whether that came early enough.
async fn drain(mut body: Incoming) -> bool {
    let mut left = DRAIN_BYTES_MAX;
    while let Some(frame) = std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let Ok(frame) = frame else { return false };
        let bytes = frame.data_ref().map_or(0, Bytes::len) as u64;
        let Some(less) = left.checked_sub(bytes) else { return false };
        left = less;
    }
    true
}

/// The body of a request. What is not read of it is kept.
struct Watched {
    body: Option<Incoming>,
    rest: Rest,
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let frame = ready!(Pin::new(body).poll_frame(context));
        if !matches!(frame, Some(Ok(_))) {
            self.body = None;
        }
        if matches!(frame, Some(Err(_))) {
            self.rest.set(Left::Failed);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), HttpBody::size_hint)
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if let Some(body) = self.body.take().filter(|body| !body.is_end_stream()) {
            self.rest.set(Left::Some(body));
        }
    }
}

/// The body of an answer, which tells its connection when it is made.
pub(super) struct Answer {
    body: Body,
    _end: EndOfAnswer,
}

struct EndOfAnswer(Arc<Connection>);

impl Drop for EndOfAnswer {
    fn drop(&mut self) {
        self.0.end_answer();
    }
}

impl HttpBody for Answer {
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
