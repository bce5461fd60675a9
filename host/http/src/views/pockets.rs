//! Pockets as they go out.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::BudgetSpend;

/// All pockets, by id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PocketList {
    /// The pockets.
    pub items: Vec<PocketView>,
    /// When there may be more: what to send as `after`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A budget that several campaigns share, with its use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PocketView {
    /// Its id.
    pub id: String,
    /// For people.
    pub title: String,
    /// Its budgets and their use by all campaigns together.
    pub budgets: Vec<BudgetSpend>,
    /// At which shares of a budget operators are told, in per cent.
    pub warn_at: Vec<u8>,
    /// The campaigns that share it.
    pub campaigns: Vec<String>,
    /// Events from then on may be rewarded out of it; always when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opens: Option<String>,
    /// Events from then on may not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closes: Option<String>,
    /// Whether its campaigns set their shares apart.
    pub allocates: bool,
    /// What campaigns have set apart of each budget, or used before they were over, when it allocates.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allocations: Vec<AllocationItem>,
}

/// How much of a pocket's budget campaigns have set apart, or used before they were over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AllocationItem {
    /// Of what.
    pub unit: String,
    /// So much by their own budgets.
    pub allocated: u64,
    /// What can still be set apart.
    pub left: u64,
}
