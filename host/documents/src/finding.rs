//! What a campaign's document says that does not go together, as it goes out.

use serde::{Deserialize, Serialize};

/// How grave a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The campaign does not start as it is.
    Error,
    /// It starts, and something that it says is without effect, or is never given.
    Warning,
}

impl Severity {
    /// Returns the word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// Something in a campaign that does not go together with the rest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FindingView {
    /// What kind of finding it is: a word that stays.
    pub code: String,
    /// Whether it keeps the campaign from starting.
    pub severity: Severity,
    /// A JSON pointer (RFC 6901) into the campaign's document.
    pub pointer: String,
    /// What is wrong, and what to do.
    pub message: String,
}

/// What a campaign's document leaves out because its policy and its parameters say it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DerivedView {
    /// The subscriptions in use, when the document names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscriptions: Option<Vec<String>>,
    /// The classes of unit that need a budget and a limit, when the document names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_classes: Option<Vec<String>>,
}

impl DerivedView {
    /// Reports whether the document says it all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
