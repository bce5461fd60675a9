//! The calendar as it goes out.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Campaigns and when they grant, by id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CalendarList {
    /// The campaigns that grant within the days asked for.
    pub items: Vec<CalendarItem>,
    /// When there may be more: what to send as `after`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A campaign and when it grants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CalendarItem {
    /// The campaign.
    pub campaign: String,
    /// For people.
    pub title: String,
    /// Its time zone.
    pub time_zone: String,
    /// When it grants, in order; at least once.
    pub occurrences: Vec<OccurrenceItem>,
}

/// A time within which a campaign grants, by the clock on the wall of its zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OccurrenceItem {
    /// Inclusive.
    pub start: String,
    /// Exclusive.
    pub end: String,
}
