//! Segments: sets of customers that operators name. What a condition means, the service knows; here it is a text.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::limits::CONDITION_BYTES_MAX;
use crate::words::id::SegmentId;

/// A condition on a customer, as it was written: 1 to [`CONDITION_BYTES_MAX`] bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition(Arc<str>);

/// A text that is too short or too long for a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoCondition;

impl fmt::Display for NoCondition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected a condition of 1 to {CONDITION_BYTES_MAX} bytes")
    }
}

impl std::error::Error for NoCondition {}

impl Condition {
    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Condition {
    type Err = NoCondition;

    fn from_str(text: &str) -> Result<Self, NoCondition> {
        let fits = (1..=CONDITION_BYTES_MAX).contains(&text.len());
        fits.then(|| Self(text.into())).ok_or(NoCondition)
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A set of customers with a name: those of whom a condition holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Its id.
    pub id: SegmentId,
    /// For people.
    pub title: String,
    /// Of whom this holds.
    pub condition: Condition,
}

/// Which customers a campaign is for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Audience {
    /// Everyone.
    #[default]
    Everyone,
    /// Those of a segment, as it is at the time of the decision.
    Segment(SegmentId),
    /// Those of whom a condition of the campaign's own holds.
    Where(Condition),
}
