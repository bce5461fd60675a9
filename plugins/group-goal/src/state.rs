//! What is remembered of a goal.

use serde::{Deserialize, Serialize};

/// What is remembered of a goal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Goal {
    /// Who opened it.
    pub opener: String,
    /// Whether it is a group, whose members the host knows.
    #[serde(skip_serializing_if = "is_false")]
    pub group: bool,
    /// When it can no longer be joined, in milliseconds since 1970.
    pub closes: i64,
    /// Who joined, in order.
    pub joined: Vec<String>,
    /// What is left to split.
    pub left: u64,
    /// Who of them has used what they got.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub used: Vec<String>,
    /// Whether it was reached.
    #[serde(skip_serializing_if = "is_false")]
    pub reached: bool,
    /// Whether its time is over.
    #[serde(skip_serializing_if = "is_false")]
    pub over: bool,
}

fn is_false(flag: &bool) -> bool {
    !flag
}
