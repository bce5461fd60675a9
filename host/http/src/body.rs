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
use largesse_documents::Problem;
use largesse_documents::request::QUANTITY;
use largesse_domain::limits::{BODY_SECONDS_MAX, DOCUMENT_BYTES_MAX};
use largesse_service::pipeline::Precondition;
use largesse_service::strict_json;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::Segment;

use crate::problem::{Failure, ProblemType};

const JSON: &str = "application/json";

/// The body, when it has at most `max` bytes. What is longer is refused before it is read, or as soon as it is noticed.
pub(crate) async fn read(headers: &HeaderMap, body: Body, max: usize) -> Result<Vec<u8>, Failure> {
    read_within(Duration::from_secs(BODY_SECONDS_MAX), headers, body, max).await
}

async fn read_within(time_max: Duration, headers: &HeaderMap, body: Body, max: usize) -> Result<Vec<u8>, Failure> {
    if headers.get(header::CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
        return Err(Failure::new(ProblemType::UnsupportedMediaType, "bodies must not be compressed"));
    }
    let too_large = || Failure::new(ProblemType::TooLarge, format!("the body may have at most {max} bytes"));
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|announced| announced > max) {
        return Err(too_large());
    }
    let collect = async {
        let mut body = pin!(body);
        let mut bytes = Vec::with_capacity(announced.unwrap_or(0));
        while let Some(frame) = poll_fn(|context| body.as_mut().poll_frame(context)).await {
            let frame = frame.map_err(|_| Failure::new(ProblemType::MalformedRequest, "the body ended early"))?;
            let Ok(data) = frame.into_data() else { continue };
            if bytes.len() + data.len() > max {
                return Err(too_large());
            }
            bytes.extend_from_slice(&data);
        }
        Ok(bytes)
    };
    let collected = tokio::time::timeout(time_max, collect).await;
    collected.unwrap_or_else(|_| Err(Failure::bare(ProblemType::SlowBody)))
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
    strict_json::parse(bytes).map_err(|error| Failure::new(ProblemType::MalformedJson, error.to_string()))
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

fn shaped<T: DeserializeOwned>(value: Value) -> Result<T, Failure> {
    if !value.is_object() {
        let problem = Problem { pointer: String::new(), message: "expected an object".to_owned() };
        return Err(Failure::with(ProblemType::InvalidDocument, vec![problem]));
    }
    serde_path_to_error::deserialize(value).map_err(|error| {
        let pointer = error.path().iter().filter_map(step).collect();
        let problem = Problem { pointer, message: error.inner().to_string() };
        Failure::with(ProblemType::InvalidDocument, vec![problem])
    })
}

fn step(segment: &Segment) -> Option<String> {
    match segment {
        Segment::Seq { index } => Some(format!("/{index}")),
        Segment::Map { key } => Some(format!("/{}", key.replace('~', "~0").replace('/', "~1"))),
        Segment::Enum { .. } | Segment::Unknown => None,
    }
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

    #[tokio::test]
    async fn a_body_that_does_not_come_is_not_waited_for() {
        let headers = HeaderMap::new();
        let read = read_within(Duration::from_millis(50), &headers, Body::new(Never), 10);
        let read = tokio::time::timeout(Duration::from_secs(10), read).await.unwrap();
        assert_eq!(read.unwrap_err().document().status, 408);
    }

    #[test]
    fn the_media_type_has_no_parameters() {
        let typed = headers(&[(header::CONTENT_TYPE, "Application/JSON; charset=utf-8")]);
        assert_eq!(media_type(&typed).as_deref(), Some("application/json"));
        assert_eq!(media_type(&HeaderMap::new()), None);
    }
}
