//! What an operator sets.

use std::collections::BTreeMap;

use largesse_sdk::{MessageClass, Problem, no_problems};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::trigger::Trigger;

const NOTICES_MAX: usize = 32;
const SEND_MAX: usize = 8;
const VARIANTS_MAX: usize = 8;
const PERIODS_MAX: usize = 8;
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
    pub notices: Vec<Notice>,
    /// How customers are greeted who log in: periods of the day, the earliest first. The last goes on after midnight until the first
    /// begins.
    #[serde(default)]
    pub greetings: Vec<Greeting>,
}

/// Who is privileged: whoever has one of the tags, or stands in one of the tiers.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Privileged {
    /// Tags.
    #[serde(default)]
    pub tags: Vec<String>,
    /// The programme of the tiers.
    #[serde(default)]
    pub programme: Option<String>,
    /// Tiers of it.
    #[serde(default)]
    pub tiers: Vec<String>,
}

/// A notice: what it is of, who gets it, and how.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    /// The name in message keys; that of the trigger when absent. 1 to 32 of a-z, 0-9 and -.
    #[serde(default)]
    pub id: Option<String>,
    /// What it is of.
    pub on: Trigger,
    /// Only events whose data have one of these values, such as class = ["medium-risk"].
    #[serde(default)]
    pub only: BTreeMap<String, Vec<String>>,
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
    pub template: String,
    /// The channels, in order of preference: the message goes by the first that will do.
    pub channels: Vec<String>,
}

/// A greeting for a part of the day.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Greeting {
    /// From this time on, such as 05:00.
    pub from: String,
    /// The templates: the first time of the day the first, the second time the second. None comes twice on one day.
    pub variants: Vec<String>,
}

impl Greeting {
    /// The second of the day from which on; `None` when it is misspelt.
    pub(crate) fn second(&self) -> Option<u32> {
        let (hours, minutes) = self.from.split_once(':')?;
        let two = |text: &str, end: u32| {
            let number = (text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok());
            number.flatten().filter(|number: &u32| *number < end)
        };
        Some(two(hours, 24)? * 3_600 + two(minutes, 60)? * 60)
    }
}

impl Notice {
    /// The name in message keys.
    pub(crate) fn id(&self) -> &str {
        self.id.as_deref().unwrap_or(self.on.as_str())
    }
}

impl Params {
    pub(crate) fn check(&self) -> Result<(), Vec<Problem>> {
        let mut problems = Vec::new();
        let mut unless = |fine: bool, pointer: String, message: &str| {
            if !fine {
                problems.push(Problem::new(pointer, message));
            }
        };
        unless(!self.notices.is_empty() || !self.greetings.is_empty(), String::new(), "tells nobody anything");
        let Privileged { tags, programme, tiers } = &self.privileged;
        unless(
            programme.is_some() || tiers.is_empty(),
            "/privileged/programme".into(),
            "say which programme the tiers are of",
        );
        unless(
            programme.is_none() || !tiers.is_empty(),
            "/privileged/tiers".into(),
            "say which tiers of the programme",
        );
        unless(self.notices.len() <= NOTICES_MAX, "/notices".into(), "more than 32");
        let nobody = tags.is_empty() && tiers.is_empty();
        for (index, notice) in self.notices.iter().enumerate() {
            let pointer = format!("/notices/{index}");
            self.check_notice(notice, index, nobody, &mut |fine, field, message| {
                unless(fine, format!("{pointer}/{field}"), message);
            });
        }
        for trigger in Trigger::ALL {
            let messages: usize =
                self.notices.iter().filter(|notice| notice.on == trigger).map(|one| one.send.len()).sum();
            unless(messages <= EFFECTS_MAX, "/notices".into(), "more messages of one event than one decision may send");
        }
        self.check_greetings(&mut unless);
        no_problems(problems)
    }

    fn check_notice(&self, notice: &Notice, index: usize, nobody: bool, unless: &mut impl FnMut(bool, &str, &str)) {
        unless(is_slug(notice.id()), "id", "expected 1 to 32 of a-z, 0-9 and -");
        let known = self.notices[..index].iter().any(|other| other.id() == notice.id());
        unless(!known, "id", "another notice has this name");
        let amounts = notice.from.is_none() && notice.privileged_from.is_none();
        unless(notice.on.has_amount() || amounts, "from", "these events have no amount");
        unless(!nobody || (notice.privileged_from.is_none() && !notice.privileged_only), "on", "nobody is privileged");
        let twice = notice.privileged_only && notice.privileged_from.is_some();
        unless(!twice, "privileged_from", "say from, when it is for nobody else");
        unless(notice.only.values().all(|values| !values.is_empty()), "only", "no value fits");
        unless((1..=SEND_MAX).contains(&notice.send.len()), "send", "expected 1 to 8 messages");
        for (place, send) in notice.send.iter().enumerate() {
            unless(is_template(&send.template), &format!("send/{place}/template"), TEMPLATE);
            let channel =
                |one: &String| (1..=64).contains(&one.len()) && one.bytes().all(|byte| byte.is_ascii_graphic());
            let fine = (1..=SEND_MAX).contains(&send.channels.len()) && send.channels.iter().all(channel);
            unless(fine, &format!("send/{place}/channels"), "expected 1 to 8 channels without spaces");
        }
    }

    fn check_greetings(&self, unless: &mut impl FnMut(bool, String, &str)) {
        unless(self.greetings.len() <= PERIODS_MAX, "/greetings".into(), "more than 8");
        let mut before = None;
        for (index, greeting) in self.greetings.iter().enumerate() {
            let pointer = format!("/greetings/{index}");
            let second = greeting.second();
            unless(second.is_some(), format!("{pointer}/from"), "expected a time such as 05:00");
            unless(
                second.is_none() || second > before,
                format!("{pointer}/from"),
                "must be later than the one before it",
            );
            before = second.or(before);
            let variants = (1..=VARIANTS_MAX).contains(&greeting.variants.len());
            unless(variants, format!("{pointer}/variants"), "expected 1 to 8");
            for (place, variant) in greeting.variants.iter().enumerate() {
                unless(is_template(variant), format!("{pointer}/variants/{place}"), TEMPLATE);
                let twice = greeting.variants[..place].contains(variant);
                unless(!twice, format!("{pointer}/variants/{place}"), "is there twice");
            }
        }
    }
}

const TEMPLATE: &str = "expected 1 to 64 of A-Z, a-z, 0-9, ., _, :, / and -";

fn is_template(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b':' | b'/' | b'-');
    (1..=64).contains(&text.len()) && text.bytes().all(fits)
}

fn is_slug(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=32).contains(&text.len()) && text.bytes().all(fits)
}
