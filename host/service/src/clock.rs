//! The host's clock: the machine's, or one that a test or a scenario sets.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use largesse_domain::time::Instant;

/// Where `now` comes from.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// A clock that stands until it is set.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at a time.
    #[must_use]
    pub fn manual(at: Instant) -> Self {
        Self::Manual(Arc::new(AtomicI64::new(at.as_millis())))
    }

    /// Sets a clock that stands; does nothing to the machine's.
    pub fn set(&self, at: Instant) {
        if let Self::Manual(millis) = self {
            millis.store(at.as_millis(), Ordering::SeqCst);
        }
    }

    /// The time now, to the millisecond.
    #[must_use]
    pub fn now(&self) -> Instant {
        let millis = match self {
            Self::Manual(millis) => millis.load(Ordering::SeqCst),
            Self::System => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
            }
        };
        Instant::from_millis(millis).unwrap_or(Instant::MAX)
    }
}
