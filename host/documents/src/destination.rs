//! Destinations as they come in and go out.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use largesse_domain::destination::{Destination, Paused, Secret, WebhookUrl};
use largesse_domain::id::DestinationId;
use largesse_domain::limits::{DESTINATION_SECRETS_MAX, DESTINATION_TOPICS_MAX};
use largesse_domain::problem::Problem;
use largesse_domain::topic::{Topic, TopicPattern};
use serde::{Deserialize, Serialize};

use crate::problem::Problems;

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

/// A destination to be registered or changed.
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
}

impl DestinationDocument {
    /// Checks everything that can be checked without the rest of the host.
    ///
    /// # Errors
    /// All problems at once.
    pub fn read(self) -> Result<DestinationSpec, Vec<Problem>> {
        let mut problems = Problems::default();
        let Self { url, topics, secrets, allow_private, settles } = self;
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
        let spec = url.map(|url| DestinationSpec { url, topics, secrets, allow_private, settles });
        problems.finish(spec)
    }
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
    pub secrets: usize,
    /// Whether it may be private.
    pub allow_private: bool,
    /// Whether it confirms or fails grants.
    pub settles: bool,
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
            secrets: destination.secrets.len(),
            allow_private: destination.allow_private,
            settles: destination.settles,
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
    paused: Option<String>,
}

/// A destination as the store keeps it, without its id.
#[must_use]
pub fn destination_text(destination: &Destination) -> String {
    let DestinationView { url, topics, allow_private, settles, paused, .. } = destination.into();
    let secrets = destination.secrets.iter().map(secret_text).collect();
    serde_json::to_string(&Stored { url, topics, secrets, allow_private, settles, paused })
        .expect("texts and booleans are JSON")
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
    Ok(Destination {
        id,
        url: stored.url.parse()?,
        topics: topics.collect::<Result<_, _>>()?,
        secrets: secrets.collect::<Result<_, _>>()?,
        allow_private: stored.allow_private,
        settles: stored.settles,
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
        assert!(!spec.allow_private && !spec.settles);
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
            paused: Some(Paused::Gone),
        };
        let text = destination_text(&destination);
        assert_eq!(read_destination(destination.id.clone(), &text), Ok(destination.clone()));
        let view = serde_json::to_string(&DestinationView::from(&destination)).unwrap();
        assert!(!view.contains("whsec_"), "{view}");
        assert!(read_destination(destination.id, "{}").is_err());
    }
}
