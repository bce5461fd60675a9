//! What a host is made of, and the rules that whoever runs it sets.

use std::fmt;
use std::sync::Arc;

use largesse_engine::Workers;
use largesse_store::Store;

use crate::clock::Clock;
use crate::components::Components;
use crate::signature::TrustedKey;

/// How far apart the numbers of two runs of the host are.
#[derive(Clone, Default)]
pub enum Gaps {
    /// Numbers go on where the last run ended: for hosts in memory, whose reports must be the same each time.
    #[default]
    None,
    /// Each run begins at a distance that is drawn with this source of random numbers (`docs/decisions/0018-numbers.md`).
    Drawn(Arc<dyn Fn() -> u64 + Send + Sync>),
}

impl fmt::Debug for Gaps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.source().is_some() { "Drawn" } else { "None" })
    }
}

impl Gaps {
    /// Returns the source of random numbers, if any.
    #[must_use]
    pub fn source(&self) -> Option<&dyn Fn() -> u64> {
        match self {
            Self::None => None,
            Self::Drawn(random) => Some(&**random),
        }
    }
}

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
    /// How far apart the numbers of two runs are.
    pub gaps: Gaps,
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
