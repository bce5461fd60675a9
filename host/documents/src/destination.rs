//! Destinations as they come in and go out.

use std::collections::BTreeMap;
use std::fmt::Display;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use largesse_domain::destination::{Destination, Paused, Secret, WebhookUrl};
use largesse_domain::id::DestinationId;
use largesse_domain::limits::{
    DELIVERY_BATCH_MAX, DELIVERY_CONCURRENCY_DEFAULT, DELIVERY_CONCURRENCY_MAX, DELIVERY_RATE_MAX,
    DESTINATION_HEADERS_MAX, DESTINATION_SECRETS_MAX, DESTINATION_TOPICS_MAX,
};
use largesse_domain::problem::Problem;
use largesse_domain::sending::{HeaderName, HeaderValue, Sending};
use largesse_domain::topic::{Topic, TopicPattern};
use serde::{Deserialize, Serialize};

use crate::problem::{Problems, step};

/// What stands before the base64 of every secret.
const SECRET_PREFIX: &str = "whsec_";

/// A secret as receivers are given it.
#[must_use]
pub fn secret_text(secret: &Secret) -> String {
    format!("{SECRET_PREFIX}{}", STANDARD.encode(secret.expose()))
}

/// Reads a secret.
///
/// # Errors
/// What was expected. The text is not repeated.
pub fn read_secret(text: &str) -> Result<Secret, &'static str> {
    let bytes = text.strip_prefix(SECRET_PREFIX).and_then(|text| STANDARD.decode(text).ok());
    bytes.and_then(|bytes| Secret::new(&bytes)).ok_or("expected whsec_ and the base64 of 24 to 64 bytes")
}

/// A destination to be registered or changed. What an answer shows of a destination can be sent back as it is, and changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct DestinationDocument {
    /// Where deliveries are posted to, with `https`.
    pub url: String,
    /// What it is told of: `*`, a group such as `grant.*`, or topics.
    #[serde(default = "everything")]
    pub topics: Vec<String>,
    /// What deliveries are signed with, the newest first: 1 to 3 of `whsec_` and the base64 of 24 to 64 bytes. When absent, those
    /// of the destination stay; a new destination is given one, which is shown in the answer and never again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secrets: Option<Vec<String>>,
    /// Whether the destination may be on a private network or the host's machine, without TLS, and on any port.
    #[serde(default)]
    pub allow_private: bool,
    /// Whether it confirms or fails each grant that it is told of. At most one destination does.
    #[serde(default)]
    pub settles: bool,
    /// Most requests on their way to it at a time: 1 to 1,024.
    #[serde(default = "concurrency")]
    pub concurrency: u16,
    /// Most deliveries to it in a second: 1 to 100,000. When absent, as many as there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<u32>,
    /// Most deliveries in one request: 1 to 100. With more than 1 a request is a batch of `CloudEvents`.
    #[serde(default = "one")]
    pub batch: u16,
    /// Headers that go with every request, at most 8. `null` stands for the value that a header has already.
    #[serde(default)]
    pub headers: BTreeMap<String, Option<String>>,
    /// What an answer shows: the id in the path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What an answer shows. It is not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_count: Option<usize>,
    /// What an answer shows. It is not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused: Option<String>,
}

fn concurrency() -> u16 {
    DELIVERY_CONCURRENCY_DEFAULT
}

fn one() -> u16 {
    1
}

fn everything() -> Vec<String> {
    vec!["*".to_owned()]
}

/// A destination's document, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DestinationSpec {
    /// Where it is.
    pub url: WebhookUrl,
    /// What it is told of.
    pub topics: Vec<TopicPattern>,
    /// Its secrets, unless those that it has stay.
    pub secrets: Option<Vec<Secret>>,
    /// Whether it may be private.
    pub allow_private: bool,
    /// Whether it settles grants.
    pub settles: bool,
    /// How it is sent to, without its headers.
    pub sending: Sending,
    /// Its headers; those without a value keep the one that they have.
    pub headers: BTreeMap<HeaderName, Option<HeaderValue>>,
}

impl DestinationDocument {
    /// Checks everything that can be checked without the rest of the host.
    ///
    /// # Errors
    /// All problems at once.
    pub fn read(self) -> Result<DestinationSpec, Vec<Problem>> {
        let mut problems = Problems::default();
        let Self { url, topics, secrets, allow_private, settles, .. } = self;
        let url = problems.keep("/url", url.parse::<WebhookUrl>());
        if let Some(url) = &url
            && !allow_private
            && let Some(why) = Destination::barred(url)
        {
            problems.add("/url", format!("{why}, which needs \"allow_private\": true"));
        }
        if topics.is_empty() || topics.len() > DESTINATION_TOPICS_MAX {
            problems.add("/topics", format!("1 to {DESTINATION_TOPICS_MAX} are needed"));
        }
        let known: Vec<&str> = Topic::ALL.iter().map(|topic| topic.as_str()).collect();
        let topics = problems.keep_words("/topics", &topics, &known);
        let secrets = secrets.map(|texts| read_secrets(&texts, &mut problems));
        let (concurrency, rate, batch) = (self.concurrency, self.rate, self.batch);
        within(&mut problems, "/concurrency", concurrency, DELIVERY_CONCURRENCY_MAX);
        within(&mut problems, "/rate", rate.unwrap_or(1), DELIVERY_RATE_MAX);
        within(&mut problems, "/batch", batch, DELIVERY_BATCH_MAX);
        let headers = read_headers(&self.headers, &mut problems);
        let sending = Sending { concurrency, rate, batch, headers: BTreeMap::new() };
        let spec = url.map(|url| DestinationSpec { url, topics, secrets, allow_private, settles, sending, headers });
        problems.finish(spec)
    }
}

fn within<T: From<u8> + PartialOrd + Display>(problems: &mut Problems, pointer: &str, number: T, max: T) {
    if number < T::from(1) || number > max {
        problems.add(pointer, format!("expected a number from 1 to {max}"));
    }
}

fn read_headers(
    headers: &BTreeMap<String, Option<String>>,
    problems: &mut Problems,
) -> BTreeMap<HeaderName, Option<HeaderValue>> {
    if headers.len() > DESTINATION_HEADERS_MAX {
        problems.add("/headers", format!("at most {DESTINATION_HEADERS_MAX} are taken"));
    }
    let mut read = BTreeMap::new();
    for (name, value) in headers {
        let pointer = format!("/headers/{}", step(name));
        let value = value.as_ref().map(|value| problems.keep(pointer.as_str(), value.parse::<HeaderValue>()));
        let Some(name) = problems.keep(pointer.as_str(), name.parse::<HeaderName>()) else { continue };
        if read.insert(name, value.flatten()).is_some() {
            problems.add(pointer, "the header stands twice: upper and lower case are the same");
        }
    }
    read
}

fn read_secrets(texts: &[String], problems: &mut Problems) -> Vec<Secret> {
    if texts.is_empty() || texts.len() > DESTINATION_SECRETS_MAX {
        problems.add("/secrets", format!("1 to {DESTINATION_SECRETS_MAX} are needed"));
    }
    let read = |(index, text): (usize, &String)| problems.keep(format!("/secrets/{index}"), read_secret(text));
    texts.iter().enumerate().filter_map(read).collect()
}

/// A destination as it goes out, without its secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DestinationView {
    /// What it is called.
    pub id: String,
    /// Where deliveries are posted to.
    pub url: String,
    /// What it is told of.
    pub topics: Vec<String>,
    /// How many secrets it has.
    pub secret_count: usize,
    /// Whether it may be private.
    pub allow_private: bool,
    /// Whether it confirms or fails grants.
    pub settles: bool,
    /// Most requests on their way to it at a time.
    pub concurrency: u16,
    /// Most deliveries to it in a second. Absent when there is no bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<u32>,
    /// Most deliveries in one request.
    pub batch: u16,
    /// The headers that go with every request, without their values.
    pub headers: BTreeMap<String, Option<String>>,
    /// Why its deliveries wait: `operator`, or `gone` when it answered 410. Absent when they do not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused: Option<String>,
}

impl From<&Destination> for DestinationView {
    fn from(destination: &Destination) -> Self {
        Self {
            id: destination.id.to_string(),
            url: destination.url.as_str().to_owned(),
            topics: destination.topics.iter().map(ToString::to_string).collect(),
            secret_count: destination.secrets.len(),
            allow_private: destination.allow_private,
            settles: destination.settles,
            concurrency: destination.sending.concurrency,
            rate: destination.sending.rate,
            batch: destination.sending.batch,
            headers: destination.sending.headers.keys().map(|name| (name.as_str().to_owned(), None)).collect(),
            paused: destination.paused.map(|paused| paused.as_str().to_owned()),
        }
    }
}

/// The stored form of a destination.
#[derive(Serialize, Deserialize)]
struct Stored {
    url: String,
    topics: Vec<String>,
    secrets: Vec<String>,
    allow_private: bool,
    settles: bool,
    concurrency: u16,
    rate: Option<u32>,
    batch: u16,
    headers: BTreeMap<String, String>,
    paused: Option<String>,
}

/// A destination as the store keeps it, without its id.
#[must_use]
pub fn destination_text(destination: &Destination) -> String {
    let view = DestinationView::from(destination);
    let headers = destination.sending.headers.iter();
    let stored = Stored {
        url: view.url,
        topics: view.topics,
        secrets: destination.secrets.iter().map(secret_text).collect(),
        allow_private: view.allow_private,
        settles: view.settles,
        concurrency: view.concurrency,
        rate: view.rate,
        batch: view.batch,
        headers: headers.map(|(name, value)| (name.as_str().to_owned(), value.expose().to_owned())).collect(),
        paused: view.paused,
    };
    serde_json::to_string(&stored).expect("texts, numbers and booleans are JSON")
}

/// Reads a stored destination.
///
/// # Errors
/// What cannot be read.
pub fn read_destination(id: DestinationId, text: &str) -> Result<Destination, String> {
    let stored: Stored = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let topics = stored.topics.iter().map(|topic| topic.parse().map_err(|error| format!("topic {topic:?}: {error}")));
    let secrets = stored.secrets.iter().map(|secret| read_secret(secret));
    let paused = stored.paused.map(|word| {
        let known = Paused::ALL.into_iter().find(|paused| paused.as_str() == word);
        known.ok_or_else(|| format!("paused by {word:?}"))
    });
    let headers = stored.headers.iter().map(|(name, value)| Ok::<_, &str>((name.parse()?, value.parse()?)));
    Ok(Destination {
        id,
        url: stored.url.parse()?,
        topics: topics.collect::<Result<_, _>>()?,
        secrets: secrets.collect::<Result<_, _>>()?,
        allow_private: stored.allow_private,
        settles: stored.settles,
        sending: Sending {
            concurrency: stored.concurrency,
            rate: stored.rate,
            batch: stored.batch,
            headers: headers.collect::<Result<_, &str>>()?,
        },
        paused: paused.transpose()?,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(document: Value) -> Result<DestinationSpec, Vec<String>> {
        let document: DestinationDocument = serde_json::from_value(document).unwrap();
        document.read().map_err(|problems| problems.into_iter().map(|problem| problem.pointer).collect())
    }

    #[test]
    fn a_document_has_defaults() {
        let spec = read(json!({"url": "https://example.com/in"})).unwrap();
        assert_eq!((spec.topics, spec.secrets), (vec![TopicPattern::All], None));
        assert!(!spec.allow_private && !spec.settles && spec.headers.is_empty());
        assert_eq!(spec.sending, Sending::default());
    }

    #[test]
    fn every_problem_is_pointed_at() {
        let short = secret_text(&Secret::new(&[1; 24]).unwrap()).replace("AQ", "");
        let found = read(json!({
            "url": "http://127.0.0.1:22", "topics": ["grant.*", "nothing"],
            "secrets": ["hunter2", short, "whsec_AAAA", "whsec_!"],
        }));
        let expected = ["/url", "/topics/1", "/secrets", "/secrets/0", "/secrets/1", "/secrets/2", "/secrets/3"];
        assert_eq!(found.unwrap_err(), expected);
        assert_eq!(read(json!({"url": "nowhere", "topics": []})).unwrap_err(), ["/url", "/topics"]);
        assert!(read(json!({"url": "http://127.0.0.1:22", "allow_private": true})).is_ok());
        let url = "https://example.com";
        let found = read(json!({"url": url, "concurrency": 0, "rate": 100_001, "batch": 101, "headers": {
            "Host": "x", "x-key": "a\nb", "X-Other": "x", "x-other": null, "a": "1", "b": "1", "c": "1", "d": "1", "e": "1",
        }}));
        let headers = ["/headers", "/headers/Host", "/headers/x-key", "/headers/x-other"];
        let expected: Vec<_> = ["/concurrency", "/rate", "/batch"].into_iter().chain(headers).collect();
        assert_eq!(found.unwrap_err(), expected);
        assert!(read(json!({"url": url, "concurrency": 1_024, "rate": 100_000, "batch": 100})).is_ok());
    }

    #[test]
    fn the_stored_form_loses_nothing() {
        let destination = Destination {
            id: DestinationId::new("shop").unwrap(),
            url: "https://example.com/in?x=1".parse().unwrap(),
            secrets: vec![Secret::new(&[7; 24]).unwrap(), Secret::new(&[250; 64]).unwrap()],
            topics: vec!["grant.*".parse().unwrap(), "message".parse().unwrap()],
            allow_private: true,
            settles: true,
            sending: Sending {
                concurrency: 40,
                rate: Some(7),
                batch: 3,
                headers: [("x-key".parse().unwrap(), "hunter2".parse().unwrap())].into(),
            },
            paused: Some(Paused::Gone),
        };
        let text = destination_text(&destination);
        assert_eq!(read_destination(destination.id.clone(), &text), Ok(destination.clone()));
        let view = serde_json::to_string(&DestinationView::from(&destination)).unwrap();
        assert!(!view.contains("whsec_") && !view.contains("hunter2"), "{view}");
        // What is shown can be sent back.
        let spec = read(serde_json::from_str(&view).unwrap()).unwrap();
        assert_eq!((spec.secrets, spec.headers), (None, [("x-key".parse().unwrap(), None)].into()));
        assert!(read_destination(destination.id, "{}").is_err());
    }
}
