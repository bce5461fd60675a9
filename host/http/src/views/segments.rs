//! Segments as they go out.

use largesse_documents::segment::SegmentDocument;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// All segments, by id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SegmentList {
    /// The segments.
    pub items: Vec<SegmentView>,
    /// When there may be more: what to send as `after`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A set of customers, with the campaigns that are for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SegmentView {
    /// Its id.
    pub id: String,
    /// What the operator set.
    #[serde(flatten)]
    pub document: SegmentDocument,
    /// The campaigns whose audience it is.
    pub campaigns: Vec<String>,
}
