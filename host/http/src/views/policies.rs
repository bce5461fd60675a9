//! Policies as they are listed.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// All published policies, by name and then by version; of one version, in order of publication.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PolicyList {
    /// The policies.
    pub items: Vec<PolicyItem>,
    /// When there may be more: what to send as `after`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A published policy in brief.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PolicyItem {
    /// The sha-256 of its bytes, in lower-case hexadecimal.
    pub digest: String,
    /// Its name.
    pub name: String,
    /// Its semantic version.
    pub version: String,
    /// One line for people.
    pub summary: String,
    /// The size of the component, in bytes.
    pub size_bytes: u64,
    /// The version of the contract that it keeps: major and minor.
    pub contract: String,
    /// When it was published last.
    pub published_at: String,
    /// The name of the key whose signature it was published with, if a trusted one's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_by: Option<String>,
    /// Why it cannot be run, when it cannot: its campaigns are held until the same bytes are published again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broken: Option<String>,
    /// The campaigns in which it is active or tried.
    pub campaigns: Vec<String>,
    /// Why it is stopped, when it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
}
