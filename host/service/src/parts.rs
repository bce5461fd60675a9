//! What a host is made of, and the rules that whoever runs it sets.

use std::sync::Arc;

use largesse_engine::Workers;
use largesse_store::Store;

use crate::clock::Clock;
use crate::components::Components;
use crate::signature::TrustedKey;

/// What the host is made of.
pub struct Parts {
    /// Where everything is kept but components.
    pub store: Arc<dyn Store>,
    /// Where the components of published policies are kept.
    pub components: Components,
    /// What runs policies.
    pub workers: Arc<Workers>,
    /// Where `now` comes from.
    pub clock: Clock,
    /// The secret that seeds are made with.
    pub seed_secret: [u8; 32],
    /// What may be published.
    pub rules: PublicationRules,
    /// How long records are kept.
    pub retention: Retention,
    /// How far off inviters are shown to policies, 1 to [`INVITER_DISTANCE_MAX`](largesse_domain::limits::INVITER_DISTANCE_MAX).
    pub inviter_distance: u8,
}

/// Which records of decisions are kept; all when neither is given. The oldest go first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// Those of decisions made within so many milliseconds.
    pub keep_ms: Option<i64>,
    /// So many that they take at most this many bytes as they are stored, with the data of events.
    pub keep_bytes: Option<u64>,
}

/// What may be published.
#[derive(Clone, Debug, Default)]
pub struct PublicationRules {
    /// Whether other bytes may take a name and version that are published: for staging, where the version under work is
    /// published again and again. The name and version then mean what was published last; a digest always means the same.
    pub replace_versions: bool,
    /// Whose signatures are taken.
    pub trusted_keys: Vec<TrustedKey>,
    /// Whether a component must be signed by one of them.
    pub require_signature: bool,
}
