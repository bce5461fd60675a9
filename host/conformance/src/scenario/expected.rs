//! What steps and scenarios must lead to.

use serde::Deserialize;
use serde_json::{Map, Value};

/// A move within a programme.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlacedExpected {
    /// Who.
    pub to: String,
    /// In which programme.
    pub programme: String,
    /// Into which tier; out of the programme when absent.
    #[serde(default)]
    pub tier: Option<String>,
}

/// A weight in a pool.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShareExpected {
    /// Which pool.
    pub pool: String,
    /// Whose.
    pub to: String,
    /// How much.
    pub weight: u64,
}

/// A customer handed on.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnrolledExpected {
    /// To which campaign.
    pub campaign: String,
    /// Who.
    pub party: String,
}

/// A grant, a part of one that was taken back, or a reservation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrantExpected {
    /// Whose.
    pub to: String,
    /// Its key; any when absent.
    #[serde(default)]
    pub key: Option<String>,
    /// Its unit.
    pub unit: String,
    /// How much.
    pub quantity: u64,
}

/// A tag set or taken.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TagExpected {
    /// Whose.
    pub to: String,
    /// Which.
    pub tag: String,
    /// Set or taken.
    pub present: bool,
}

/// A timer that a policy set.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimerExpected {
    /// Whose, a customer or an entity; anybody's when absent.
    #[serde(default)]
    pub owner: Option<String>,
    /// Its name.
    pub name: String,
    /// When it goes off, in RFC 3339.
    pub due: String,
}

/// A message that was sent. What is not named is not checked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "MessageForm")]
pub struct MessageExpected {
    /// Its template.
    pub template: String,
    /// Who gets it.
    pub to: Option<String>,
    /// By which of these channels it may go, in order of preference.
    pub channels: Option<Vec<String>>,
    /// `service` or `marketing`.
    pub class: Option<String>,
    /// What fills it; variables that are not named are not checked.
    pub vars: Option<Map<String, Value>>,
    /// When its quiet hours are over, in RFC 3339; an empty text for at once.
    pub not_before: Option<String>,
}

/// A message as it is written: its template alone, or what of it matters.
#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "expected a template, or a table with template, to, channels, class, vars and not_before"
)]
enum MessageForm {
    Template(String),
    Whole(WholeMessage),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WholeMessage {
    template: String,
    #[serde(default)]
    to: Option<String>,
    #[serde(default)]
    channels: Option<Vec<String>>,
    #[serde(default)]
    class: Option<String>,
    #[serde(default)]
    vars: Option<Map<String, Value>>,
    #[serde(default)]
    not_before: Option<String>,
}

impl From<MessageForm> for MessageExpected {
    fn from(form: MessageForm) -> Self {
        match form {
            MessageForm::Template(template) => Self { template, ..Self::default() },
            MessageForm::Whole(WholeMessage { template, to, channels, class, vars, not_before }) => {
                Self { template, to, channels, class, vars, not_before }
            }
        }
    }
}

/// What grants come to, over customers: whoever gets what by chance, so much is given in all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SumExpected {
    /// Of which unit, or class of units; of all when absent.
    #[serde(default)]
    pub unit: Option<String>,
    /// Of which customers; of all when absent.
    #[serde(default)]
    pub customers: Option<Vec<String>>,
    /// How much in all.
    #[serde(default)]
    pub quantity: Option<u64>,
    /// How many grants.
    #[serde(default)]
    pub grants: Option<u64>,
    /// How many customers have some.
    #[serde(default)]
    pub holders: Option<u64>,
    /// Each grant is at least so much.
    #[serde(default)]
    pub at_least: Option<u64>,
    /// Each grant is at most so much.
    #[serde(default)]
    pub at_most: Option<u64>,
}

/// What one count is of another.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RatioExpected {
    /// The count above, as in `measures`.
    pub part: String,
    /// The count below.
    pub whole: String,
    /// In per cent, rounded to as many places as are written: `39.0`.
    #[serde(default)]
    pub percent: Option<String>,
    /// Not less than so many per cent.
    #[serde(default)]
    pub at_least: Option<u32>,
    /// Less than so many per cent.
    #[serde(default)]
    pub below: Option<u32>,
}
