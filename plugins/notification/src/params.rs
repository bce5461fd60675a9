//! What an operator sets.

use std::collections::BTreeMap;

use largesse_sdk::{Channel, MessageClass, Problem, Problems, Slug, Tag, Template, TimeOfDay};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::trigger::Trigger;

/// Most effects of one decision, less the one of a greeting.
const EFFECTS_MAX: usize = 63;

/// The parameters of a campaign of notices: of what customers are told, by which channels, and how they are greeted.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Who is privileged. Nobody, unless it says otherwise.
    #[serde(default)]
    pub privileged: Privileged,
    /// What customers are told of.
    #[serde(default)]
    #[schemars(length(max = 32))]
    pub notices: Vec<Notice>,
    /// How customers are greeted who log in: periods of the day, the earliest first. The last goes on after midnight until the first
    /// begins.
    #[serde(default)]
    #[schemars(length(max = 8))]
    pub greetings: Vec<Greeting>,
}

/// Who is privileged: whoever has one of the tags, or stands in one of the tiers.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Privileged {
    /// Tags.
    #[serde(default)]
    pub tags: Vec<Tag>,
    /// The programme of the tiers.
    #[serde(default)]
    pub programme: Option<Slug>,
    /// Tiers of it.
    #[serde(default)]
    pub tiers: Vec<Slug>,
}

/// A notice: what it is of, who gets it, and how.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    /// The name in message keys; that of the trigger when absent.
    #[serde(default)]
    pub id: Option<Slug<32>>,
    /// What it is of.
    pub on: Trigger,
    /// Only events whose data have one of these values, such as class = ["medium-risk"].
    #[serde(default)]
    pub only: BTreeMap<String, Values>,
    /// Only for amounts from this on, in minor units.
    #[serde(default)]
    pub from: Option<u64>,
    /// For those who are privileged, only for amounts from this on, in minor units; from the same as for all when absent.
    #[serde(default)]
    pub privileged_from: Option<u64>,
    /// Only for those who are privileged.
    #[serde(default)]
    pub privileged_only: bool,
    /// The messages: each is sent. One of them has several channels where any of those will do.
    #[schemars(length(min = 1, max = 8))]
    pub send: Vec<Send>,
    /// What it is for; service when absent.
    #[serde(default)]
    pub class: MessageClass,
}

/// A message.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Send {
    /// The template.
    pub template: Template<64>,
    /// The channels, in order of preference: the message goes by the first that will do.
    #[schemars(length(min = 1, max = 8))]
    pub channels: Vec<Channel>,
}

/// Values of a field, one of which fits.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Values(#[schemars(length(min = 1))] pub Vec<String>);

/// A greeting for a part of the day.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Greeting {
    /// From this time on, such as 05:00.
    pub from: TimeOfDay,
    /// The templates: the first time of the day the first, the second time the second. None comes twice on one day.
    #[schemars(length(min = 1, max = 8))]
    pub variants: Vec<Template<64>>,
}

impl Notice {
    /// The name in message keys.
    pub(crate) fn id(&self) -> &str {
        self.id.as_deref().unwrap_or(self.on.as_str())
    }
}

impl Params {
    /// What the schema cannot say.
    pub(crate) fn check(&self) -> Result<(), Vec<Problem>> {
        let mut found = Problems::new();
        found.unless(!self.notices.is_empty() || !self.greetings.is_empty(), "", "tells nobody anything");
        let Privileged { tags, programme, tiers } = &self.privileged;
        let said = programme.is_some() || tiers.is_empty();
        found.unless(said, "/privileged/programme", "say which programme the tiers are of");
        let said = programme.is_none() || !tiers.is_empty();
        found.unless(said, "/privileged/tiers", "say which tiers of the programme");
        let nobody = tags.is_empty() && tiers.is_empty();
        for (index, notice) in self.notices.iter().enumerate() {
            notice.check(&format!("/notices/{index}"), nobody, &mut found);
        }
        found.unique("/notices", "id", self.notices.iter().map(Notice::id));
        for trigger in Trigger::ALL {
            let messages: usize =
                self.notices.iter().filter(|notice| notice.on == *trigger).map(|one| one.send.len()).sum();
            let message = "more messages of one event than one decision may send";
            found.unless(messages <= EFFECTS_MAX, "/notices", message);
        }
        for (index, greeting) in self.greetings.iter().enumerate() {
            let pointer = format!("/greetings/{index}");
            let before = index.checked_sub(1).map(|before| self.greetings[before].from);
            let later = before.is_none_or(|before| before < greeting.from);
            found.unless(later, format!("{pointer}/from"), "must be later than the one before it");
            for (place, variant) in greeting.variants.iter().enumerate() {
                let twice = greeting.variants[..place].contains(variant);
                found.unless(!twice, format!("{pointer}/variants/{place}"), "is there twice");
            }
        }
        found.done()
    }
}

impl Notice {
    fn check(&self, pointer: &str, nobody: bool, found: &mut Problems) {
        let mut unless = |fine: bool, field: &str, message: &str| {
            found.unless(fine, format!("{pointer}/{field}"), message);
        };
        let amounts = self.from.is_some() || self.privileged_from.is_some();
        unless(!amounts || self.on.kind().amount.is_some(), "from", "these events have no amount");
        let privileged = self.privileged_from.is_some() || self.privileged_only;
        unless(!(nobody && privileged), "on", "nobody is privileged");
        let twice = self.privileged_only && self.privileged_from.is_some();
        unless(!twice, "privileged_from", "say from, when it is for nobody else");
    }
}
