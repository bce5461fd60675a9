//! What an operator sets.

use std::collections::BTreeMap;

use largesse_sdk::Tag as TagName;
use largesse_sdk::{BenefitParam, Channel, MessageClass, Slug, Template, TimeOfDay, Value};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::trigger::Trigger;

/// Where a step leads that ends the journey.
pub(crate) const END: &str = "end";
/// Which messages a branch asks for that does not care for the channel.
pub(crate) const ANY: &str = "any";

/// Longest of what is counted in days.
const DAYS_MAX: u32 = 3_650;
/// Most fields that are kept, those of waits among them.
pub(crate) const KEPT_MAX: usize = 8;

/// The parameters of a journey: what begins it, its steps in order, and what it is to lead to.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// What begins a journey.
    #[schemars(length(min = 1))]
    pub enter: Vec<On>,
    /// Whoever has done one of these, such as first_loan_at, is not taken on, and goes no further when it becomes known.
    #[serde(default)]
    pub without: Vec<Attribute>,
    /// What the journey is to lead to: it counts as converted, once, and goes no further, unless the step at which it waits waits
    /// for just that.
    #[serde(default)]
    pub goals: Vec<On>,
    /// A field of the event that begins a journey, such as holding: for each value of it there is a journey of its own, once. Without it
    /// a customer is on one journey at a time.
    #[serde(default)]
    pub per: Option<String>,
    /// A customer can be taken on again so many times 24 hours after being taken on. Without it, never.
    #[serde(default)]
    #[schemars(range(min = 1, max = DAYS_MAX))]
    pub again_after_days: Option<u32>,
    /// A journey is over so many times 24 hours after it began, whatever it waits for; 30 when absent.
    #[serde(default = "ends_after_days")]
    #[schemars(range(min = 1, max = DAYS_MAX))]
    pub ends_after_days: u32,
    /// Fields of the event that began the journey which its messages tell of. What is longer than 128 bytes is left out.
    #[serde(default)]
    #[schemars(length(max = KEPT_MAX))]
    pub keep: Vec<String>,
    /// The channels by which customers with certain tags are reached first. The first that fits counts.
    #[serde(default)]
    pub preferred: Vec<Preferred>,
    /// The steps. The first begins; each leads to the one after it, unless it says otherwise.
    #[schemars(length(min = 1, max = 40))]
    pub steps: Vec<Step>,
}

fn ends_after_days() -> u32 {
    30
}

/// Something that happens.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct On {
    /// What.
    pub on: Trigger,
    /// Only events whose data have these values, such as segment = "no-first-loan".
    #[serde(default)]
    pub only: BTreeMap<String, String>,
}

/// Something waited for, and where it leads.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Until {
    /// What.
    pub on: Trigger,
    /// Only events whose data have these values, such as channel = "wechat".
    #[serde(default)]
    pub only: BTreeMap<String, String>,
    /// The step that it leads to; `end` ends the journey.
    pub go: String,
}

/// The channel by which customers with a tag are reached first.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Preferred {
    /// The tag.
    pub tag: TagName,
    /// The channel.
    pub channel: Channel,
}

/// A channel of a message, and the template for it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct By {
    /// The channel: push, sms, wechat, popup, call ...
    pub channel: Channel,
    /// The template.
    pub template: Template,
}

/// One step of a journey.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Its name, but not `end`. It must not change while customers are on the way.
    pub id: Slug<32>,
    /// What it does.
    #[serde(rename = "do")]
    pub act: Act,
    /// The step that it leads to instead of the one after it; `end` ends the journey. Not for a branch.
    #[serde(default)]
    pub next: Option<String>,
}

/// What a step does.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Act {
    /// Sends a message.
    Message(Text),
    /// Waits.
    Wait(Wait),
    /// Goes one way or the other.
    Branch(Branch),
    /// Sets a tag.
    Tag(Tag),
    /// Gives benefits, once in a journey.
    Give(#[schemars(length(min = 1))] Vec<BenefitParam>),
    /// Hands the customer on to another campaign.
    HandOver(HandOver),
}

/// A message.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// The channels. It is sent by the one that is preferred for the customer, if that is among them, and else by the first.
    #[schemars(length(min = 1, max = 8))]
    pub by: Vec<By>,
    /// What fills the template, with the fields that are kept.
    #[serde(default)]
    pub vars: BTreeMap<String, Value>,
    /// What it is for; marketing when absent.
    #[serde(default = "MessageClass::marketing")]
    pub class: MessageClass,
}

/// A wait: for so long, or until a day, or until something happens. When time is over it leads to the next step.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Wait {
    /// So many minutes.
    #[serde(default)]
    pub minutes: u32,
    /// So many hours more.
    #[serde(default)]
    pub hours: u32,
    /// So many days more, by the clock on the wall.
    #[serde(default)]
    pub days: u32,
    /// Until the day in this field of the event that began the journey, such as arrival_date.
    #[serde(default)]
    pub until_day: Option<String>,
    /// At this time of that day, such as 09:00; 00:00 when absent.
    #[serde(default)]
    pub at: Option<TimeOfDay>,
    /// What ends the wait early. The first that fits counts.
    #[serde(default)]
    pub until: Vec<Until>,
}

/// A branch.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Branch {
    /// What it depends on.
    #[serde(rename = "if")]
    pub condition: Condition,
    /// The step that it leads to if so.
    pub then: String,
    /// The step that it leads to if not.
    pub otherwise: String,
}

/// What a branch depends on.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Condition {
    /// Whether a message of the journey was opened on this channel, or on `any`.
    Opened(Channel),
    /// Whether the customer has this tag.
    Tag(TagName),
}

/// A tag.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tag {
    /// The tag.
    pub tag: TagName,
    /// For so many days, until the same time by the clock on the wall; for good when absent.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub days: Option<u32>,
}

/// Where a customer is handed on to.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HandOver {
    /// The campaign.
    pub campaign: Slug,
    /// Not again for so many times 24 hours; 30 when absent.
    #[serde(default = "once_in_days")]
    #[schemars(range(min = 1))]
    pub once_in_days: u32,
}

fn once_in_days() -> u32 {
    30
}

/// Something that a customer may have done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is the attribute of that name")]
pub enum Attribute {
    VerifiedAt,
    FirstCardBoundAt,
    FirstAppliedAt,
    FirstApprovedAt,
    FirstLoanAt,
    FirstInvestedAt,
    FirstOrderedAt,
    MemberSince,
}

impl Attribute {
    /// Every attribute.
    pub const ALL: [Self; 8] = [
        Self::VerifiedAt,
        Self::FirstCardBoundAt,
        Self::FirstAppliedAt,
        Self::FirstApprovedAt,
        Self::FirstLoanAt,
        Self::FirstInvestedAt,
        Self::FirstOrderedAt,
        Self::MemberSince,
    ];

    /// The attribute's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::VerifiedAt => "verified_at",
            Self::FirstCardBoundAt => "first_card_bound_at",
            Self::FirstAppliedAt => "first_applied_at",
            Self::FirstApprovedAt => "first_approved_at",
            Self::FirstLoanAt => "first_loan_at",
            Self::FirstInvestedAt => "first_invested_at",
            Self::FirstOrderedAt => "first_ordered_at",
            Self::MemberSince => "member_since",
        }
    }
}

impl Wait {
    /// How long it lasts, in seconds; nothing when it goes by a day, or waits for something only.
    pub(crate) fn seconds(&self) -> u64 {
        u64::from(self.minutes) * 60 + u64::from(self.hours) * 3_600 + u64::from(self.days) * 86_400
    }
}

impl Params {
    /// What steps wait for, each by the step and its place there.
    pub(crate) fn awaited(&self) -> impl Iterator<Item = (String, &Until)> {
        let waits = self.steps.iter().filter_map(|step| match &step.act {
            Act::Wait(wait) => Some((&step.id, wait)),
            _ => None,
        });
        waits.flat_map(|(id, wait)| {
            wait.until.iter().enumerate().map(move |(place, until)| (format!("{id}/{place}"), until))
        })
    }

    /// The messages.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &Text> {
        self.steps.iter().filter_map(|step| match &step.act {
            Act::Message(text) => Some(text),
            _ => None,
        })
    }

    /// The waits.
    pub(crate) fn waits(&self) -> impl Iterator<Item = &Wait> {
        self.steps.iter().filter_map(|step| match &step.act {
            Act::Wait(wait) => Some(wait),
            _ => None,
        })
    }

    /// Where customers are handed on to.
    pub(crate) fn hand_overs(&self) -> impl Iterator<Item = &HandOver> {
        self.steps.iter().filter_map(|step| match &step.act {
            Act::HandOver(hand_over) => Some(hand_over),
            _ => None,
        })
    }

    /// The fields of the event that began a journey which are kept: those that messages tell of, and those that waits go by.
    pub(crate) fn kept(&self) -> impl Iterator<Item = &str> {
        let days = self.waits().filter_map(|wait| wait.until_day.as_deref());
        self.keep.iter().map(String::as_str).chain(days)
    }

    /// Where a step is in the list.
    pub(crate) fn place(&self, id: &str) -> Option<usize> {
        self.steps.iter().position(|step| step.id == id)
    }

    /// The step that one leads to; `None` at the end.
    pub(crate) fn after(&self, place: usize) -> Option<usize> {
        match self.steps.get(place).and_then(|step| step.next.as_deref()) {
            Some(next) => self.place(next),
            None => Some(place + 1).filter(|next| *next < self.steps.len()),
        }
    }
}
