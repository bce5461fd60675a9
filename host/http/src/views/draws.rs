//! Draws on the wire.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What can be known of a campaign's draws.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DrawsView {
    /// The campaign.
    pub campaign: String,
    /// The sha-256 of the key's 32 bytes: 64 lower-case hexadecimal digits. It never changes.
    pub commitment: String,
    /// The key, from which all seeds of the campaign follow: 64 lower-case hexadecimal digits. Absent until the campaign has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}
