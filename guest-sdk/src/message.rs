//! Messages to parties, and tags on them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::when::When;

/// What a message is for; in parameters `service` or `marketing`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MessageClass {
    /// About something the customer did or has: consent, quiet hours and caps do not hold it up.
    #[default]
    Service,
    /// Advertising: consent, quiet hours and caps hold for it.
    Marketing,
}

impl MessageClass {
    /// Advertising: the default of parameters whose messages mostly are.
    #[must_use]
    pub fn marketing() -> Self {
        Self::Marketing
    }
}

/// A message to a party.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// At most one message per campaign, party and key, ever.
    pub key: String,
    /// The customer; one of the input's parties.
    pub to: String,
    /// Which template.
    pub template: String,
    /// What fills it: a JSON object, at most 8 KiB.
    pub vars: String,
    /// What it is for.
    pub class: MessageClass,
    /// In order of preference; empty leaves it to the system that delivers.
    pub channels: Vec<String>,
}

impl Message {
    /// A service message without variables.
    pub fn new(key: impl Into<String>, to: impl Into<String>, template: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            to: to.into(),
            template: template.into(),
            vars: "{}".to_owned(),
            class: MessageClass::Service,
            channels: Vec::new(),
        }
    }

    /// Fills the template; `vars` must serialise to a JSON object.
    ///
    /// # Panics
    /// When `vars` does not serialise (a map whose keys are not texts).
    #[must_use]
    pub fn vars(mut self, vars: &impl Serialize) -> Self {
        self.vars = serde_json::to_string(vars).expect("message variables serialise to JSON");
        self
    }

    /// Makes it advertising.
    #[must_use]
    pub fn marketing(self) -> Self {
        self.of_class(MessageClass::Marketing)
    }

    /// Says what it is for.
    #[must_use]
    pub fn of_class(mut self, class: MessageClass) -> Self {
        self.class = class;
        self
    }

    /// Prefers these channels, in this order.
    #[must_use]
    pub fn channels<C: Into<String>>(mut self, channels: impl IntoIterator<Item = C>) -> Self {
        self.channels = channels.into_iter().map(Into::into).collect();
        self
    }
}

/// A tag set on, or taken from, a party.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagChange {
    /// The customer; one of the input's parties.
    pub to: String,
    /// Which.
    pub tag: String,
    /// Set or taken.
    pub present: bool,
    /// Until when it is set.
    pub until: Option<When>,
}

impl TagChange {
    /// Sets a tag.
    pub fn set(to: impl Into<String>, tag: impl Into<String>) -> Self {
        Self { to: to.into(), tag: tag.into(), present: true, until: None }
    }

    /// Takes a tag.
    pub fn take(to: impl Into<String>, tag: impl Into<String>) -> Self {
        Self { to: to.into(), tag: tag.into(), present: false, until: None }
    }

    /// Sets it for a time only.
    #[must_use]
    pub fn until(mut self, when: When) -> Self {
        self.until = Some(when);
        self
    }
}
