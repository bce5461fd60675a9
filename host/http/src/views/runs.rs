//! Runs of the host.

use largesse_documents::time::instant_text;
use largesse_domain::run::{Numbers, Run};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A page of runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RunPage {
    /// In order.
    pub items: Vec<RunView>,
    /// What to ask for next, when there may be more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<u64>,
}

/// A run of the host that assigned numbers. Ids have no gaps but where a run begins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RunView {
    /// Its own number, from 1.
    pub number: u64,
    /// When it began, in RFC 3339.
    pub opened: String,
    /// The version of the program.
    pub version: String,
    /// The last numbers used before it; 0 where none was.
    pub after: NumbersView,
    /// The first numbers that it assigns.
    pub first: NumbersView,
}

/// A number of each kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NumbersView {
    /// Of events.
    pub event: u64,
    /// Of decisions.
    pub decision: u64,
    /// Of deliveries.
    pub delivery: u64,
    /// Of transfers of the ledger.
    pub transfer: u64,
}

impl From<&Run> for RunView {
    fn from(Run { number, opened, version, after, first }: &Run) -> Self {
        Self {
            number: *number,
            opened: instant_text(*opened),
            version: version.clone(),
            after: after.into(),
            first: first.into(),
        }
    }
}

impl From<&Numbers> for NumbersView {
    fn from(&Numbers { event, decision, delivery, transfer }: &Numbers) -> Self {
        Self { event, decision, delivery, transfer }
    }
}
