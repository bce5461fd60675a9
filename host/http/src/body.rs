//! Reading requests: bodies with their bounds, identifiers in paths, queries, preconditions.

use std::fmt::Display;
use std::future::poll_fn;
use std::pin::pin;
use std::str::FromStr;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, header};
use hyper::body::Body as _;
use largesse_documents::request::QUANTITY;
use largesse_documents::{Problem, from_value};
use largesse_domain::limits::{BODIES_BYTES_MAX, BODY_SECONDS_MAX, BODY_STALL_SECONDS_MAX, DOCUMENT_BYTES_MAX};
use largesse_service::pipeline::Precondition;
use largesse_service::strict_json;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::Semaphore;

use crate::problem::{Failure, ProblemType};

/// What a body reserves of the memory for bodies at a time, in bytes.
const RESERVED_BYTES: usize = 64 * 1024;

/// The memory that the bodies of all requests may take, in parts of [`RESERVED_BYTES`].
static MEMORY: Semaphore = Semaphore::const_new(BODIES_BYTES_MAX / RESERVED_BYTES);

/// How long a body may take, and out of what its memory comes.
#[derive(Clone, Copy)]
struct Bounds<'a> {
    in_all: Duration,
    without_progress: Duration,
    memory: &'a Semaphore,
}

const BOUNDS: Bounds<'static> = Bounds {
    in_all: Duration::from_secs(BODY_SECONDS_MAX),
    without_progress: Duration::from_secs(BODY_STALL_SECONDS_MAX),
    memory: &MEMORY,
};

const JSON: &str = "application/json";

/// Reads a body of at most `max` bytes. A larger one is rejected before it is read, or as soon as it is noticed.
pub(crate) async fn read(headers: &HeaderMap, body: Body, max: usize) -> Result<Vec<u8>, Failure> {
    read_within(BOUNDS, headers, body, max).await
}

async fn read_within(bounds: Bounds<'_>, headers: &HeaderMap, body: Body, max: usize) -> Result<Vec<u8>, Failure> {
    if headers.get(header::CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
        return Err(Failure::new(ProblemType::UnsupportedMediaType, "bodies must not be compressed"));
    }
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|announced| announced > max) {
        return Err(too_large(max));
    }
    let collected = tokio::time::timeout(bounds.in_all, collect(bounds, body, max)).await;
    collected.unwrap_or_else(|_| Err(Failure::bare(ProblemType::SlowBody)))
}

fn too_large(max: usize) -> Failure {
    Failure::new(ProblemType::TooLarge, format!("the body may have at most {max} bytes"))
}

async fn collect(bounds: Bounds<'_>, body: Body, max: usize) -> Result<Vec<u8>, Failure> {
    let mut body = pin!(body);
    let mut bytes = Vec::new();
    // Memory is counted as it fills, so that a body that is only announced takes none. It is free again when the body is read, because
    // what is made of it is bounded by the events that wait.
    let mut reserved = Vec::new();
    loop {
        let frame = tokio::time::timeout(bounds.without_progress, poll_fn(|context| body.as_mut().poll_frame(context)));
        let Some(frame) = frame.await.map_err(|_| Failure::bare(ProblemType::SlowBody))? else { return Ok(bytes) };
        let unreadable = |error| malformed(format!("the body cannot be read to its end: {error}"));
        let Ok(data) = frame.map_err(unreadable)?.into_data() else { continue };
        if bytes.len() + data.len() > max {
            return Err(too_large(max));
        }
        while reserved.len() * RESERVED_BYTES < bytes.len() + data.len() {
            let busy = |_| Failure::new(ProblemType::Busy, "the host reads as many bodies as it takes");
            reserved.push(bounds.memory.try_acquire().map_err(busy)?);
        }
        bytes.extend_from_slice(&data);
    }
}

/// The content type without its parameters, in lower case.
pub(crate) fn media_type(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    Some(text.split(';').next()?.trim().to_ascii_lowercase())
}

/// Checks the content type.
pub(crate) fn expect_media_type(headers: &HeaderMap, expected: &str) -> Result<(), Failure> {
    if media_type(headers).as_deref() == Some(expected) {
        return Ok(());
    }
    Err(Failure::new(ProblemType::UnsupportedMediaType, format!("send the content type {expected}")))
}

/// A JSON body, strictly read.
pub(crate) async fn json(headers: &HeaderMap, body: Body) -> Result<Value, Failure> {
    expect_media_type(headers, JSON)?;
    parse(&read(headers, body, DOCUMENT_BYTES_MAX).await?)
}

fn parse(bytes: &[u8]) -> Result<Value, Failure> {
    strict_json::parse(bytes).map_err(|unread| {
        let failure = Failure::new(ProblemType::MalformedJson, unread.to_string());
        failure.pointing_at(unread.problems())
    })
}

/// A JSON body of a document's shape. What does not fit is pointed at.
pub(crate) async fn document<T: DeserializeOwned>(headers: &HeaderMap, body: Body) -> Result<T, Failure> {
    shaped(json(headers, body).await?)
}

/// The same of a body of at most so many bytes.
pub(crate) async fn large_document<T: DeserializeOwned>(
    headers: &HeaderMap,
    body: Body,
    max: usize,
) -> Result<T, Failure> {
    expect_media_type(headers, JSON)?;
    shaped(parse(&read(headers, body, max).await?)?)
}

/// The same of a body that may be left out.
pub(crate) async fn document_if_any<T: DeserializeOwned + Default>(
    headers: &HeaderMap,
    body: Body,
) -> Result<T, Failure> {
    let bytes = read(headers, body, DOCUMENT_BYTES_MAX).await?;
    if bytes.is_empty() {
        return Ok(T::default());
    }
    expect_media_type(headers, JSON)?;
    shaped(parse(&bytes)?)
}

/// What is wrong with a document that has its shape. A quantity that is none has a type of its own.
pub(crate) fn unread(problems: Vec<Problem>) -> Failure {
    let is_quantity = problems.iter().all(|problem| problem.pointer == QUANTITY);
    Failure::with(if is_quantity { ProblemType::InvalidQuantity } else { ProblemType::InvalidDocument }, problems)
}

/// Reads a JSON body that is an object, whatever is in it.
pub(crate) async fn object(headers: &HeaderMap, body: Body) -> Result<Value, Failure> {
    expect_object(json(headers, body).await?)
}

fn expect_object(value: Value) -> Result<Value, Failure> {
    if value.is_object() {
        return Ok(value);
    }
    let problem = Problem { pointer: String::new(), message: "expected an object".to_owned() };
    Err(Failure::with(ProblemType::InvalidDocument, vec![problem]))
}

fn shaped<T: DeserializeOwned>(value: Value) -> Result<T, Failure> {
    let value = expect_object(value)?;
    from_value(value).map_err(|problem| Failure::with(ProblemType::InvalidDocument, vec![problem]))
}

/// The identifier in a path that has one.
pub(crate) struct Id<T>(pub(crate) T);

impl<S: Send + Sync, T: FromStr<Err: Display>> FromRequestParts<S> for Id<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        let Path(text) = path.map_err(|error| malformed(error.body_text()))?;
        text.parse().map(Self).map_err(malformed)
    }
}

/// The two identifiers in a path that has two.
pub(crate) struct Ids<T, U>(pub(crate) T, pub(crate) U);

impl<S: Send + Sync, T: FromStr<Err: Display>, U: FromStr<Err: Display>> FromRequestParts<S> for Ids<T, U> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let path = Path::<(String, String)>::from_request_parts(parts, state).await;
        let Path((first, second)) = path.map_err(|error| malformed(error.body_text()))?;
        Ok(Self(first.parse().map_err(malformed)?, second.parse().map_err(malformed)?))
    }
}

/// What a request that has a body is about, named in its path.
pub(crate) struct Named<T> {
    pub(crate) id: T,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Body,
}

impl<S: Send + Sync, T: FromStr<Err: Display>> FromRequest<S> for Named<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let (mut parts, body) = request.into_parts();
        let Id(id) = Id::from_request_parts(&mut parts, state).await?;
        Ok(Self { id, headers: parts.headers, body })
    }
}

/// The query of a request.
pub(crate) struct Asked<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Asked<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let query = Query::from_request_parts(parts, state).await;
        query.map(|Query(asked)| Self(asked)).map_err(|error| malformed(error.body_text()))
    }
}

/// A part of the request that cannot be read.
pub(crate) fn malformed(detail: impl Display) -> Failure {
    Failure::new(ProblemType::MalformedRequest, detail.to_string())
}

/// What `If-Match` and `If-None-Match` say.
pub(crate) fn precondition(headers: &HeaderMap) -> Result<Precondition, Failure> {
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or_default().trim());
    match (text(header::IF_MATCH), text(header::IF_NONE_MATCH)) {
        (None, None) => Ok(Precondition::None),
        (None, Some("*")) => Ok(Precondition::Absent),
        (None, Some(_)) => Err(malformed("If-None-Match takes * only")),
        (Some(tag), None) => {
            let version = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"')).and_then(|tag| tag.parse().ok());
            let version = version.ok_or_else(|| malformed("If-Match takes one ETag of a campaign, such as \"3\""));
            version.map(Precondition::Version)
        }
        (Some(_), Some(_)) => Err(malformed("send If-Match or If-None-Match, not both")),
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use hyper::body::{Bytes, Frame};

    use super::*;

    fn headers(pairs: &[(HeaderName, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect()
    }

    #[test]
    fn preconditions_are_read_strictly() {
        let read = |pairs: &[(HeaderName, &str)]| precondition(&headers(pairs)).ok();
        assert_eq!(read(&[]), Some(Precondition::None));
        assert_eq!(read(&[(header::IF_MATCH, "\"7\"")]), Some(Precondition::Version(7)));
        assert_eq!(read(&[(header::IF_NONE_MATCH, "*")]), Some(Precondition::Absent));
        for bad in ["7", "W/\"7\"", "*", "\"7\", \"8\"", ""] {
            assert_eq!(read(&[(header::IF_MATCH, bad)]), None, "{bad}");
        }
        assert_eq!(read(&[(header::IF_MATCH, "\"7\""), (header::IF_NONE_MATCH, "*")]), None);
        assert_eq!(read(&[(header::IF_NONE_MATCH, "\"7\"")]), None);
    }

    /// A body of which nothing comes.
    struct Never;

    impl hyper::body::Body for Never {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            Poll::Pending
        }
    }

    /// A body of which a byte comes every 20 milliseconds.
    struct Drip(tokio::time::Interval);

    impl hyper::body::Body for Drip {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            self.0.poll_tick(context).map(|_| Some(Ok(Frame::data(Bytes::from_static(b"x")))))
        }
    }

    const PATIENT: Bounds<'static> =
        Bounds { in_all: Duration::from_secs(20), without_progress: Duration::from_secs(20), memory: &MEMORY };

    async fn status_of(bounds: Bounds<'_>, body: Body, max: usize) -> u16 {
        let headers = HeaderMap::new();
        let read = tokio::time::timeout(Duration::from_secs(20), read_within(bounds, &headers, body, max)).await;
        read.unwrap().map_or_else(|failure| failure.document().status, |_| 200)
    }

    #[tokio::test]
    async fn a_body_that_does_not_come_is_not_waited_for() {
        let bounds = Bounds { without_progress: Duration::from_millis(50), ..PATIENT };
        assert_eq!(status_of(bounds, Body::new(Never), 10).await, 408);
    }

    #[tokio::test]
    async fn a_body_that_comes_byte_by_byte_is_not_waited_for_either() {
        let drip = || Body::new(Drip(tokio::time::interval(Duration::from_millis(20))));
        let bounds = Bounds { in_all: Duration::from_millis(500), ..PATIENT };
        assert_eq!(status_of(bounds, drip(), 1_000_000).await, 408);
        assert_eq!(status_of(PATIENT, drip(), 10).await, 413, "as soon as it is noticed");
    }

    #[tokio::test]
    async fn bodies_take_only_the_memory_that_is_for_them() {
        let memory = Semaphore::new(2);
        let bounds = Bounds { memory: &memory, ..PATIENT };
        let body = |bytes| Body::from(vec![b'x'; bytes]);
        assert_eq!(status_of(bounds, body(2 * RESERVED_BYTES), 1_000_000).await, 200);
        assert_eq!(status_of(bounds, body(2 * RESERVED_BYTES + 1), 1_000_000).await, 503);
        assert_eq!(memory.available_permits(), 2, "it is given back");
    }

    #[test]
    fn the_media_type_has_no_parameters() {
        let typed = headers(&[(header::CONTENT_TYPE, "Application/JSON; charset=utf-8")]);
        assert_eq!(media_type(&typed).as_deref(), Some("application/json"));
        assert_eq!(media_type(&HeaderMap::new()), None);
    }
}
