//! What an operator sets.

use largesse_sdk::{BenefitParam, Channel, MessageClass, Slug, Tag, Template, TimeOfDay, events};
use schemars::JsonSchema;
use serde::Deserialize;

/// Most benefits, and most messages, of an occasion.
const LIST_MAX: usize = 3;
/// Longest of what is counted in days.
const DAYS_MAX: u32 = 3_650;

/// The parameters: what is given, and sent, on which occasions.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// The occasions.
    #[schemars(length(min = 1, max = 8))]
    pub occasions: Vec<Occasion>,
}

/// An occasion: when it is, for whom, and what becomes of it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Occasion {
    /// The name in keys. It must not change while the campaign runs.
    pub id: Slug<32>,
    /// When it is.
    pub on: On,
    /// For whom. Everybody, unless it says otherwise.
    #[serde(default)]
    pub who: Who,
    /// What is given. On a day it is left out, or reduced, where there is no room for it (`on_shortfall`).
    #[serde(default)]
    #[schemars(length(max = LIST_MAX))]
    pub give: Vec<BenefitParam>,
    /// What is sent.
    #[serde(default)]
    #[schemars(length(max = LIST_MAX))]
    pub send: Vec<Send>,
    /// Not again for so many times 24 hours. Without it, what has no day of its own is once only.
    #[serde(default)]
    #[schemars(range(min = 1, max = DAYS_MAX))]
    pub again_after_days: Option<u32>,
    /// What is sent later, unless the customer does something.
    #[serde(default)]
    pub follow_up: Option<FollowUp>,
    /// On a day: whoever gets nothing of it because there is no room waits for so many days, and is served when there is.
    #[serde(default)]
    #[schemars(range(max = 366))]
    pub waits_days: u32,
}

/// When an occasion is.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum On {
    /// The customer enters this segment, which another system keeps.
    SegmentEntered(#[schemars(length(min = 1))] String),
    /// The customer is moved into this tier of a programme.
    TierChanged(Stage),
    /// It is the customer's birthday, by the verified date of birth.
    Birthday(Birthday),
    /// Once a year.
    Yearly(Yearly),
    /// Once a month.
    Monthly(Monthly),
    /// The customer answers this survey. Answers are counted by their reason.
    SurveyAnswered(#[schemars(length(min = 1))] String),
}

/// A tier of a programme.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// The programme.
    pub programme: Slug,
    /// The tier.
    pub tier: Slug,
}

/// A birthday.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Birthday {
    /// When those born on 29 February have it in other years; feb-28 when absent.
    #[serde(default)]
    pub leap_day: LeapDay,
    /// From this time of the day on, such as 09:00; 00:00 when absent.
    #[serde(default)]
    pub at: Option<TimeOfDay>,
}

/// When those born on 29 February have their birthday in years without one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LeapDay {
    /// On 28 February.
    #[default]
    #[serde(rename = "feb-28")]
    February28,
    /// On 1 March.
    #[serde(rename = "mar-1")]
    March1,
}

/// A day of the year.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Yearly {
    /// The month and the day, such as 12-31. 02-29 is 28 February in other years.
    #[schemars(regex(pattern = "^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"))]
    pub day: String,
    /// From this time of the day on; 00:00 when absent.
    #[serde(default)]
    pub at: Option<TimeOfDay>,
    /// Those who registered earlier come earlier: each day of registration since 2000 has four seconds of the day of its own. Where it is
    /// not known the last.
    #[serde(default)]
    pub by_tenure: bool,
}

/// A day of the month.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Monthly {
    /// The day; in a shorter month the last.
    #[schemars(range(min = 1, max = 31))]
    pub day: u8,
    /// From this time of the day on; 00:00 when absent.
    #[serde(default)]
    pub at: Option<TimeOfDay>,
}

/// For whom an occasion is: all of it must be so.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Who {
    /// Has one of these tags.
    #[serde(default)]
    pub tags: Vec<Tag>,
    /// Has none of these tags.
    #[serde(default)]
    pub without_tags: Vec<Tag>,
    /// Stands in one of these tiers of one of these programmes.
    #[serde(default)]
    pub stages: Vec<Stage>,
    /// Has done all of this, such as first_invested_at.
    #[serde(default)]
    pub has: Vec<Attribute>,
    /// Has bought much, by number or by amount.
    #[serde(default)]
    pub bought: Option<Bought>,
}

/// More orders, or more spent, than this; one of the two is enough. Orders count that the campaign was told of, less refunds.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bought {
    /// More orders than this.
    #[serde(default)]
    pub orders_over: Option<u32>,
    /// More spent than this, in minor units.
    #[serde(default)]
    pub spent_over: Option<u64>,
}

/// A message.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Send {
    /// The template.
    pub template: Template,
    /// The channels, in order of preference.
    #[serde(default)]
    #[schemars(length(max = 8))]
    pub channels: Vec<Channel>,
    /// What it is for; marketing when absent.
    #[serde(default = "MessageClass::marketing")]
    pub class: MessageClass,
}

/// What is sent later.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FollowUp {
    /// So many times 24 hours later.
    #[schemars(range(min = 1, max = DAYS_MAX))]
    pub after_days: u32,
    /// Not to those who did one of these meanwhile: they count as woken.
    #[schemars(length(min = 1))]
    pub unless: Vec<Sign>,
    /// What is sent.
    #[schemars(length(min = 1, max = LIST_MAX))]
    pub send: Vec<Send>,
}

events! {
    /// Something that shows that a customer is awake.
    pub enum Sign {
        Login,
        InvestPurchased,
        OrderPaid,
    }
}

/// Something that a customer may have done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is the attribute of that name")]
pub enum Attribute {
    VerifiedAt,
    FirstLoanAt,
    FirstInvestedAt,
    FirstOrderedAt,
    MemberSince,
}

impl Attribute {
    /// Every attribute.
    pub const ALL: [Self; 5] =
        [Self::VerifiedAt, Self::FirstLoanAt, Self::FirstInvestedAt, Self::FirstOrderedAt, Self::MemberSince];

    /// The attribute's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::VerifiedAt => "verified_at",
            Self::FirstLoanAt => "first_loan_at",
            Self::FirstInvestedAt => "first_invested_at",
            Self::FirstOrderedAt => "first_ordered_at",
            Self::MemberSince => "member_since",
        }
    }
}

impl On {
    /// The time of day from which on it is; nothing for what is on no day.
    pub(crate) fn at(&self) -> Option<TimeOfDay> {
        match self {
            Self::Birthday(Birthday { at, .. })
            | Self::Yearly(Yearly { at, .. })
            | Self::Monthly(Monthly { at, .. }) => *at,
            Self::SegmentEntered(_) | Self::TierChanged(_) | Self::SurveyAnswered(_) => None,
        }
    }

    /// Whether it is on a day, for which a timer is set.
    pub(crate) fn is_dated(&self) -> bool {
        matches!(self, Self::Birthday(_) | Self::Yearly(_) | Self::Monthly(_))
    }
}

impl Params {
    pub(crate) fn occasion(&self, id: &str) -> Option<&Occasion> {
        self.occasions.iter().find(|occasion| occasion.id == id)
    }

    /// Whether anything depends on orders.
    pub(crate) fn counts_orders(&self) -> bool {
        self.occasions.iter().any(|occasion| occasion.who.bought.is_some())
    }
}
