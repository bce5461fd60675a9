//! Events: one or a batch, answered when everything is on disk.

use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use largesse_documents::DecisionSummary;
use largesse_domain::limits::{BATCH_BYTES_MAX, BATCH_EVENTS_MAX, EVENT_BYTES_MAX};
use largesse_service::Service;
use largesse_service::intake::{self, Arrival, Rejected};
use largesse_service::pipeline::{Answer, EventResult, PutOff, WhyPutOff};
use largesse_service::strict_json;

use crate::AppState;
use crate::auth::{Caller, Role};
use crate::binary;
use crate::body;
use crate::problem::{Failure, ProblemType};
use crate::route::Route;
use crate::views::{BatchAnswer, BatchItem, DeferredView, EventAnswer, EventDocument, EventsAnswer, ItemStatus, Taken};

const PREFER: HeaderName = HeaderName::from_static("prefer");
const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");
const RESPOND_ASYNC: &str = "respond-async";

pub(crate) fn routes() -> Vec<Route> {
    vec![Route::new(Method::POST, "/v1/events", Role::Ingest, send)]
}

/// How an event, or several, stand in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Structured,
    Binary,
    Batch,
}

impl Form {
    fn of(headers: &HeaderMap) -> Result<Self, Failure> {
        match body::media_type(headers).as_deref() {
            Some("application/cloudevents+json") => Ok(Self::Structured),
            Some("application/cloudevents-batch+json") => Ok(Self::Batch),
            // Some senders leave out the type, which is then JSON's.
            None if headers.contains_key(binary::MARK) => Ok(Self::Binary),
            Some(media_type) if headers.contains_key(binary::MARK) && intake::is_json(media_type) => Ok(Self::Binary),
            _ => Err(Failure::new(
                ProblemType::UnsupportedMediaType,
                "send application/cloudevents+json (one event), application/cloudevents-batch+json (an array of events), \
                 or application/json, or a type that ends with +json, with the attributes in ce- headers (binary mode)",
            )),
        }
    }
}

/// Send events
///
/// One CloudEvent (structured or binary mode) or a batch. The answer comes when events and decisions are on disk. The same
/// event sent again gets the answer that it got; another body under the same source and id is a conflict. In a batch each
/// event has its own item, and a bad one, or one that the token may not send, does not stop the others. A token's quota of
/// events is taken for a batch as a whole. With `Prefer: respond-async` the answer is a 202 without
/// the decisions, after the commit as well.
#[utoipa::path(post, path = "/v1/events", operation_id = "sendEvents", tag = "events",
    request_body(description = "One event, its data alone with the attributes in `ce-` headers, or a batch", content(
        (EventDocument = "application/cloudevents+json"),
        (Vec<EventDocument> = "application/cloudevents-batch+json"),
        (Value = "application/json"),
    )),
    responses(
        (status = 200, description = "The answer to the event, or to each event of the batch", body = EventsAnswer),
        (status = 202, description = "The same without decisions", body = EventsAnswer),
    ))]
pub(crate) async fn send(
    State(AppState { service, .. }): State<AppState>,
    Extension(caller): Extension<Arc<Caller>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let brief = prefers_async(&headers);
    let answer = match Form::of(&headers)? {
        Form::Batch => EventsAnswer::Batch(send_batch(&service, &caller, &headers, body, brief).await?),
        form => EventsAnswer::One(send_one(&service, &caller, form, (&headers, body), brief).await?),
    };
    let mut response = Json(answer).into_response();
    if brief {
        *response.status_mut() = StatusCode::ACCEPTED;
        response.headers_mut().insert(PREFERENCE_APPLIED, HeaderValue::from_static(RESPOND_ASYNC));
    }
    Ok(response)
}

fn prefers_async(headers: &HeaderMap) -> bool {
    let preferences = headers.get_all(PREFER).iter().filter_map(|value| value.to_str().ok());
    let mut words = preferences.flat_map(|value| value.split([',', ';']));
    words.any(|word| word.trim().eq_ignore_ascii_case(RESPOND_ASYNC))
}

/// The event of a request that may hold only one.
pub(crate) async fn read_one(
    service: &Service,
    caller: &Caller,
    (headers, body): (&HeaderMap, Body),
) -> Result<Arrival, Failure> {
    match Form::of(headers)? {
        Form::Batch => Err(Failure::new(ProblemType::UnsupportedMediaType, "send one event, not a batch")),
        form => read_as(service, caller, form, (headers, body)).await,
    }
}

async fn read_as(
    service: &Service,
    caller: &Caller,
    form: Form,
    (headers, body): (&HeaderMap, Body),
) -> Result<Arrival, Failure> {
    caller.quota.check_events(Instant::now())?;
    let bytes = body::read(headers, body, EVENT_BYTES_MAX).await?;
    caller.quota.take_events(1, Instant::now())?;
    let event = match form {
        Form::Binary => binary::event(headers, &bytes)?,
        Form::Structured | Form::Batch => intake::parse(&bytes)?,
    };
    Ok(service.check(event, bytes.len(), &caller.permit).await??)
}

async fn send_one(
    service: &Service,
    caller: &Caller,
    form: Form,
    request: (&HeaderMap, Body),
    brief: bool,
) -> Result<EventAnswer, Failure> {
    let arrival = read_as(service, caller, form, request).await?;
    let result = service.submit(vec![arrival]).await?.pop();
    let result = result.ok_or_else(|| Failure::bare(ProblemType::Internal))?;
    let (status, answer) = match result {
        EventResult::Admitted(answer) => (Taken::Admitted, answer),
        EventResult::Duplicate(answer) => (Taken::Duplicate, answer),
        EventResult::Conflict(_) | EventResult::Unavailable(_) => return Err(not_taken(result)),
    };
    let (decisions, deferred) = (!brief).then(|| (summaries(&answer), deferred(&answer.put_off))).unzip();
    Ok(EventAnswer { seq: answer.seq.0, status, decisions, deferred })
}

fn not_taken(result: EventResult) -> Failure {
    match result {
        EventResult::Conflict(seq) => {
            let detail = format!("it was admitted with another body as number {seq}");
            Failure::new(ProblemType::EventConflict, detail)
        }
        EventResult::Unavailable(why) => Failure::new(ProblemType::Undecided, why),
        EventResult::Admitted(_) | EventResult::Duplicate(_) => Failure::bare(ProblemType::Internal),
    }
}

fn summaries(answer: &Answer) -> Vec<DecisionSummary> {
    let decisions = answer.decisions.iter().map(|decision| DecisionSummary::of(decision));
    answer.remains.iter().map(DecisionSummary::of_remains).chain(decisions).collect()
}

/// The decisions that are put off, as they go out.
pub(crate) fn deferred(put_off: &[PutOff]) -> Vec<DeferredView> {
    let view = |put_off: &PutOff| DeferredView {
        campaign: put_off.campaign.to_string(),
        subscription: put_off.subscription.to_string(),
        why: match put_off.why {
            WhyPutOff::Held => "held".to_owned(),
            WhyPutOff::Paused => "paused".to_owned(),
            WhyPutOff::Fault => "fault".to_owned(),
            WhyPutOff::Queued => "queued".to_owned(),
        },
    };
    put_off.iter().map(view).collect()
}

/// The events of a batch: what may be submitted, and for each event whether it is among it.
struct Sorted {
    arrivals: Vec<Arrival>,
    checked: Vec<Result<(), Rejected>>,
}

async fn send_batch(
    service: &Arc<Service>,
    caller: &Arc<Caller>,
    headers: &HeaderMap,
    body: Body,
    brief: bool,
) -> Result<BatchAnswer, Failure> {
    caller.quota.check_events(Instant::now())?;
    let bytes = body::read(headers, body, BATCH_BYTES_MAX).await?;
    let (host, sender) = (Arc::clone(service), Arc::clone(caller));
    // Parsing some thousand events takes long enough to keep others waiting.
    let Sorted { arrivals, checked } = service.check_batch(move || sort(&host, &sender, &bytes)).await??;
    let mut results = service.submit(arrivals).await?.into_iter();
    let items = checked.into_iter().enumerate().map(|(index, checked)| match checked {
        Ok(()) => match results.next() {
            Some(result) => item(index, result, brief),
            None => problem_item(index, ItemStatus::Unavailable, Failure::bare(ProblemType::Internal)),
        },
        Err(rejected) => problem_item(index, ItemStatus::Rejected, rejected.into()),
    });
    Ok(BatchAnswer { items: items.collect() })
}

fn sort(service: &Service, caller: &Caller, bytes: &[u8]) -> Result<Sorted, Failure> {
    let malformed = |detail: String| Failure::new(ProblemType::MalformedJson, detail);
    let events = strict_json::parse_each(bytes).map_err(|unread| malformed(unread.to_string()))?;
    let events = events.ok_or_else(|| malformed("a batch is an array of events".to_owned()))?;
    if events.len() > BATCH_EVENTS_MAX {
        let detail = format!("a batch may have at most {BATCH_EVENTS_MAX} events; this one has {}", events.len());
        return Err(Failure::new(ProblemType::TooLarge, detail));
    }
    caller.quota.take_events(events.len(), Instant::now())?;
    let (registry, now) = (service.registry(), service.clock().now());
    let mut sorted = Sorted { arrivals: Vec::with_capacity(events.len()), checked: Vec::with_capacity(events.len()) };
    for checked in intake::check_all(events, &registry.kinds, now, &caller.permit) {
        sorted.checked.push(checked.map(|arrival| sorted.arrivals.push(arrival)));
    }
    Ok(sorted)
}

fn item(index: usize, result: EventResult, brief: bool) -> BatchItem {
    let (status, answer) = match result {
        EventResult::Admitted(answer) => (ItemStatus::Admitted, answer),
        EventResult::Duplicate(answer) => (ItemStatus::Duplicate, answer),
        EventResult::Conflict(_) => return problem_item(index, ItemStatus::Conflict, not_taken(result)),
        EventResult::Unavailable(_) => return problem_item(index, ItemStatus::Unavailable, not_taken(result)),
    };
    let (decisions, deferred) = (!brief).then(|| (summaries(&answer), deferred(&answer.put_off))).unzip();
    BatchItem { index, status, seq: Some(answer.seq.0), decisions, deferred, problem: None }
}

fn problem_item(index: usize, status: ItemStatus, failure: Failure) -> BatchItem {
    BatchItem { index, status, seq: None, decisions: None, deferred: None, problem: Some(failure.document()) }
}
