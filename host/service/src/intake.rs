//! From bytes to an event: CloudEvents 1.0 in JSON, checked once, with an answer that names what is wrong.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use largesse_documents::time::read_instant;
use largesse_domain::cascade::{self, Trail};
use largesse_domain::event::{BodyHash, Event, EventKey};
use largesse_domain::id::{AboutId, CustomerId, EventId, EventKind, EventSource};
use largesse_domain::json::Json;
use largesse_domain::limits::{BATCH_STEPS_MAX, EVENT_AGE_MS_MAX, EVENT_AHEAD_MS_MAX, EVENT_BYTES_MAX};
use largesse_domain::policy::Subscription;
use largesse_domain::problem::Problem;
use largesse_domain::time::Instant;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use crate::caused;
use crate::firing::Concerned;
use crate::kinds::{KindRules, Kinds, Reading};
use crate::scope::Scope;
use crate::strict_json::{self, Unread};

/// Why an event is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// It is not JSON, or not of the form that can only be read in one way.
    #[error("not acceptable JSON: {detail}")]
    Malformed {
        /// What is wrong.
        detail: String,
        /// What of it can be pointed at.
        problems: Vec<Problem>,
    },
    /// It is larger than an event may be.
    #[error("an event may have at most {EVENT_BYTES_MAX} bytes; this one has {0}")]
    TooLarge(usize),
    /// It is not a CloudEvent as this host takes them.
    #[error("not a CloudEvent as this host takes them")]
    Envelope(Vec<Problem>),
    /// Nobody has registered its kind.
    #[error("the event kind {0} is not registered")]
    UnknownKind(String),
    /// Its data does not fit the schema of its kind.
    #[error("the data does not fit the schema of {kind}")]
    Data {
        /// The kind.
        kind: EventKind,
        /// What does not fit; pointers are into the event.
        problems: Vec<Problem>,
    },
    /// Validating the batch that it is in takes too long.
    #[error("validating the events before it takes as many steps as a batch may: send it in another batch")]
    BatchTooExpensive,
    /// It lies too far back, or in the future.
    #[error("{0}")]
    Time(String),
    /// Its sender may not send it.
    #[error("the token may not send this event")]
    OutOfScope(Vec<Problem>),
}

impl Rejected {
    /// What is stored, and not JSON any more.
    pub(crate) fn stored(detail: &impl ToString) -> Self {
        Self::Malformed { detail: detail.to_string(), problems: Vec::new() }
    }
}

impl From<Unread> for Rejected {
    fn from(unread: Unread) -> Self {
        Self::Malformed { detail: unread.to_string(), problems: unread.problems() }
    }
}

/// What a sender may send.
#[derive(Clone, Debug)]
pub struct Permit {
    /// Whether events may be as old as they like.
    pub backfill: Backfill,
    /// Sources and kinds.
    pub scope: Scope,
}

impl From<Backfill> for Permit {
    /// Permits every source and kind.
    fn from(backfill: Backfill) -> Self {
        Self { backfill, scope: Scope::everything() }
    }
}

/// Whether an event may be as old as it likes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backfill {
    /// Any time in the past.
    Allowed,
    /// At most 7 days back.
    Denied,
}

/// An event that may be admitted.
#[derive(Clone)]
pub struct Arrival {
    /// The event.
    pub event: Arc<Event>,
    /// Its data, parsed.
    pub data: Arc<Value>,
    /// What it establishes and names.
    pub reading: Reading,
    /// The rules of its kind.
    pub rules: Arc<KindRules>,
    /// Whom alone it concerns, when a timer became it.
    pub concerned: Option<Concerned>,
    /// How it came about, when the host made it of what it did.
    pub trail: Trail,
}

/// The most steps that checking a parsed event of that many bytes takes.
#[must_use]
pub fn steps(event: &Value, bytes: usize, kinds: &Kinds) -> u64 {
    let kind = event.get("type").and_then(Value::as_str).and_then(|kind| EventKind::new(kind).ok());
    kind.and_then(|kind| kinds.get(&kind)).map_or(0, |rules| rules.steps(bytes))
}

/// Checks the events of a batch, as far as they could be read, in their order.
pub fn check_all(
    events: Vec<Result<Value, Unread>>,
    kinds: &Kinds,
    now: Instant,
    permit: &Permit,
) -> Vec<Result<Arrival, Rejected>> {
    let mut left = BATCH_STEPS_MAX;
    let check_next = |event: Result<Value, Unread>| {
        let event = event?;
        // What is larger is rejected before it is validated.
        let bytes = strict_json::canonical(&event).len().min(EVENT_BYTES_MAX);
        left = left.checked_sub(steps(&event, bytes, kinds)).ok_or(Rejected::BatchTooExpensive)?;
        check(event, kinds, now, permit)
    };
    events.into_iter().map(check_next).collect()
}

/// Parses one event.
///
/// # Errors
/// When it is too large, or not acceptable JSON.
pub fn parse(bytes: &[u8]) -> Result<Value, Rejected> {
    if bytes.len() > EVENT_BYTES_MAX {
        return Err(Rejected::TooLarge(bytes.len()));
    }
    Ok(strict_json::parse(bytes)?)
}

/// Checks one event that was parsed by [`strict_json::parse`], from a batch or from headers and body.
///
/// # Errors
/// Why it is not taken.
pub fn check(value: Value, kinds: &Kinds, now: Instant, permit: &Permit) -> Result<Arrival, Rejected> {
    let Value::Object(mut object) = value else {
        return Err(Rejected::Envelope(vec![problem("", "expected an object")]));
    };
    let bytes = strict_json::canonical(&object).len();
    if bytes > EVENT_BYTES_MAX {
        return Err(Rejected::TooLarge(bytes));
    }
    // An attribute that is null is one that is not there.
    object.retain(|_, value| !value.is_null());
    let (data, base64) = (object.remove("data"), object.remove("data_base64"));
    let envelope = Envelope::read(&object)?;
    let mut data = data_of(data, base64)?;
    let outside = permit.scope.problems(&envelope.key, &envelope.kind);
    if !outside.is_empty() {
        return Err(Rejected::OutOfScope(outside));
    }
    in_time(envelope.occurred, now, permit.backfill)?;
    let unknown = || Rejected::UnknownKind(envelope.kind.to_string());
    let rules = Arc::clone(kinds.get(&envelope.kind).ok_or_else(unknown)?);
    if let Some(problem) = permit.scope.unnamed(&rules) {
        return Err(Rejected::OutOfScope(vec![problem]));
    }
    let kind = envelope.kind.clone();
    let of_data = |problems: Vec<Problem>| {
        let in_event = |problem: Problem| Problem { pointer: format!("/data{}", problem.pointer), ..problem };
        Rejected::Data { kind: kind.clone(), problems: problems.into_iter().map(in_event).collect() }
    };
    let problems = rules.problems(&data);
    if !problems.is_empty() {
        return Err(of_data(problems));
    }
    let mut text = strict_json::canonical(&data);
    let matters = envelope.matters(&text);
    let body_hash = if rules.masks() {
        rules.mask(&mut data, kinds.key());
        text = strict_json::canonical(&data);
        kinds.key().body_hash(&matters)
    } else {
        BodyHash(Sha256::digest(matters.as_bytes()).into())
    };
    let reading = rules.read(&data, envelope.occurred).map_err(|problem| of_data(vec![problem]))?;
    let oneself = rules.pointers_to_same(&data, &envelope.actor);
    if !oneself.is_empty() {
        let message = || "the subject of the event; nobody is merged with themselves".to_owned();
        return Err(of_data(oneself.into_iter().map(|pointer| Problem { pointer, message: message() }).collect()));
    }
    let event = Event {
        key: envelope.key,
        kind: envelope.kind,
        actor: envelope.actor,
        occurred: envelope.occurred,
        data: Json::from_checked(text),
        body_hash,
    };
    Ok(Arrival {
        event: Arc::new(event),
        data: Arc::new(data),
        reading,
        rules,
        concerned: None,
        trail: Trail::default(),
    })
}

/// An arrival made of an event that was not sent now: one that is stored, for a decision that was put off, or one that
/// the host makes.
///
/// # Errors
/// When its kind was changed so that the event does not fit any more.
pub(crate) fn again(event: Arc<Event>, kinds: &Kinds) -> Result<Arrival, Rejected> {
    let rules = kinds.get(&event.kind).ok_or_else(|| Rejected::UnknownKind(event.kind.to_string()))?;
    let data: Value = serde_json::from_str(event.data.as_str()).map_err(|error| Rejected::stored(&error))?;
    let reading = rules.read(&data, event.occurred).unwrap_or_default();
    let (concerned, trail) = (Concerned::by(&event, &data), caused::trail(&event, &data));
    Ok(Arrival { rules: Arc::clone(rules), event, data: Arc::new(data), reading, concerned, trail })
}

fn in_time(occurred: Instant, now: Instant, backfill: Backfill) -> Result<(), Rejected> {
    let age = now.as_millis() - occurred.as_millis();
    if age < -EVENT_AHEAD_MS_MAX {
        return Err(Rejected::Time(format!("the event's time is {} s ahead of the host's clock", -age / 1_000)));
    }
    if age > EVENT_AGE_MS_MAX && backfill == Backfill::Denied {
        let days = age / (24 * 60 * 60 * 1_000);
        return Err(Rejected::Time(format!(
            "the event is {days} days old; more than 7 take a token with the permission to backfill"
        )));
    }
    Ok(())
}

/// Reports whether a content type, with parameters or without, is JSON's.
#[must_use]
pub fn is_json(content_type: &str) -> bool {
    let media_type = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    media_type.split_once('/').is_some_and(|(_, subtype)| subtype == "json" || subtype.ends_with("+json"))
}

/// The data, in whichever of the two members it stands.
fn data_of(data: Option<Value>, base64: Option<Value>) -> Result<Value, Rejected> {
    let refused = |message: String| Rejected::Envelope(vec![problem("/data_base64", message)]);
    let Some(base64) = base64 else { return Ok(data.unwrap_or_else(|| Value::Object(Map::new()))) };
    if data.is_some() {
        return Err(refused("an event has data or data_base64, not both".into()));
    }
    let bytes = base64.as_str().and_then(|text| STANDARD.decode(text).ok());
    let bytes = bytes.ok_or_else(|| refused("expected a string in base64 (RFC 4648), with its padding".into()))?;
    strict_json::parse(&bytes).map_err(|unread| refused(format!("expected the base64 of JSON: {unread}")))
}

struct Envelope {
    key: EventKey,
    kind: EventKind,
    actor: CustomerId,
    occurred: Instant,
}

fn problem(pointer: &str, message: impl Into<String>) -> Problem {
    Problem { pointer: pointer.into(), message: message.into() }
}

impl Envelope {
    fn read(object: &Map<String, Value>) -> Result<Self, Rejected> {
        let mut problems = Vec::new();
        match object.get("specversion").and_then(Value::as_str) {
            Some("1.0") => {}
            _ => problems.push(problem("/specversion", "expected \"1.0\"")),
        }
        if object.get("datacontenttype").is_some_and(|value| !value.as_str().is_some_and(is_json)) {
            let message = "data must be JSON: expected \"application/json\" or a type that ends with \"+json\"";
            problems.push(problem("/datacontenttype", message));
        }
        for (name, value) in object {
            let pointer = || format!("/{}", name.replace('~', "~0").replace('/', "~1"));
            if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()) {
                problems.push(problem(&pointer(), "the name of an attribute has a-z and 0-9 only"));
            }
            if !value.is_string() && !value.is_boolean() && !value.is_i64() {
                problems.push(problem(&pointer(), "an attribute is a string, an integer or a boolean"));
            }
        }
        let source = attribute(object, "source", EventSource::new, &mut problems);
        let id = attribute(object, "id", EventId::new, &mut problems);
        let kind = attribute(object, "type", EventKind::new, &mut problems);
        if source.as_ref().is_some_and(cascade::is_own_source) {
            problems.push(problem("/source", "the host's own; nobody else sends from there"));
        }
        if kind.as_ref().is_some_and(cascade::is_own) {
            problems.push(problem("/type", "only the host tells of its timers, its pools and what it did"));
        }
        let actor = attribute(object, "subject", CustomerId::new, &mut problems);
        let occurred = attribute(object, "time", read_instant, &mut problems);
        match (source, id, kind, actor, occurred) {
            (Some(source), Some(id), Some(kind), Some(actor), Some(occurred)) if problems.is_empty() => {
                Ok(Self { key: EventKey { source, id }, kind, actor, occurred })
            }
            _ => Err(Rejected::Envelope(problems)),
        }
    }

    /// The text of all that tells one event from another under its key: the same for an event that is sent again, whichever way it is
    /// written and whatever attributes carry it. The data are in their canonical text.
    fn matters(&self, data: &str) -> String {
        let EventKey { source, id } = &self.key;
        let words = [self.kind.as_str(), source.as_str(), id.as_str(), self.actor.as_str()];
        format!("{}\n{}\n{data}", strict_json::canonical(&words), self.occurred.as_millis())
    }
}

fn attribute<'a, T, E: ToString>(
    object: &'a Map<String, Value>,
    name: &str,
    read: impl Fn(&'a str) -> Result<T, E>,
    problems: &mut Vec<Problem>,
) -> Option<T> {
    let pointer = format!("/{name}");
    let Some(value) = object.get(name) else {
        problems.push(problem(&pointer, "missing"));
        return None;
    };
    let Some(text) = value.as_str() else {
        // Of what no attribute may be is complained already.
        if value.is_boolean() || value.is_i64() {
            problems.push(problem(&pointer, "expected a string"));
        }
        return None;
    };
    match read(text) {
        Ok(value) => Some(value),
        Err(error) => {
            problems.push(problem(&pointer, error.to_string()));
            None
        }
    }
}
/// What the grants of a subscription's decisions are about, when the event's data name it.
pub(crate) fn about(data: &Value, subscription: &Subscription) -> Option<AboutId> {
    let pointer = subscription.about.as_ref()?;
    match data.pointer(pointer.as_str())? {
        Value::String(text) => AboutId::new(text).ok(),
        Value::Number(number) => AboutId::new(number.to_string()).ok(),
        _ => None,
    }
}
