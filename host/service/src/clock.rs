//! The host's clock: the machine's, or one that a test or a scenario sets. It never goes back.
//!
//! What was admitted at a time stays admitted at it, so nothing may happen earlier afterwards: when the machine's clock is set
//! back, the host's stands until the machine's has caught up, over a restart as well ([`Clock::not_before`]).

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use largesse_domain::time::Instant;

/// Where `now` comes from. Clones are the same clock.
#[derive(Clone, Debug)]
pub struct Clock {
    source: Source,
    /// The latest time that it has shown, in milliseconds.
    latest: Arc<AtomicI64>,
}

#[derive(Clone, Debug)]
enum Source {
    /// The machine's clock.
    System,
    /// A clock that stands until it is set.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub fn system() -> Self {
        Self { source: Source::System, latest: Arc::new(AtomicI64::new(i64::MIN)) }
    }

    /// A clock that stands at a time.
    #[must_use]
    pub fn manual(at: Instant) -> Self {
        let source = Source::Manual(Arc::new(AtomicI64::new(at.as_millis())));
        Self { source, latest: Arc::new(AtomicI64::new(i64::MIN)) }
    }

    /// Sets a clock that stands, as an operator sets a machine's; does nothing to the machine's.
    pub fn set(&self, at: Instant) {
        if let Source::Manual(millis) = &self.source {
            millis.store(at.as_millis(), Ordering::SeqCst);
        }
    }

    /// Whether no time passes unless it is set.
    #[must_use]
    pub fn stands(&self) -> bool {
        matches!(self.source, Source::Manual(_))
    }

    /// From now on shows no time before this one.
    pub fn not_before(&self, at: Instant) {
        self.latest.fetch_max(at.as_millis(), Ordering::SeqCst);
    }

    /// The time now, to the millisecond; never before a time that it has shown.
    #[must_use]
    pub fn now(&self) -> Instant {
        let source = self.source();
        let latest = self.latest.fetch_max(source, Ordering::SeqCst);
        Instant::from_millis(latest.max(source)).unwrap_or(Instant::MAX)
    }

    /// By how many milliseconds what it is set to lies behind what it shows: more than nothing after it was set back.
    #[must_use]
    pub fn behind_ms(&self) -> i64 {
        self.now().as_millis().saturating_sub(self.source()).max(0)
    }

    fn source(&self) -> i64 {
        match &self.source {
            Source::Manual(millis) => millis.load(Ordering::SeqCst),
            Source::System => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Instant {
        Instant::from_millis(millis).unwrap()
    }

    #[test]
    fn a_clock_that_is_set_back_stands_until_it_has_caught_up() {
        let clock = Clock::manual(at(1_000));
        let shown = |millis| {
            clock.set(at(millis));
            (clock.now().as_millis(), clock.behind_ms())
        };
        assert_eq!(
            [shown(1_000), shown(400), shown(999), shown(1_001)],
            [(1_000, 0), (1_000, 600), (1_000, 1), (1_001, 0)]
        );
        clock.not_before(at(5_000));
        clock.not_before(at(3_000));
        assert_eq!([shown(2_000), shown(6_000)], [(5_000, 3_000), (6_000, 0)]);
    }

    #[test]
    fn the_machines_clock_is_not_set() {
        let clock = Clock::system();
        let before = clock.now();
        clock.set(at(0));
        assert!(clock.now() >= before && before > at(1_700_000_000_000));
        let tomorrow = before.plus_millis(86_400_000).unwrap();
        clock.not_before(tomorrow);
        assert_eq!(clock.now(), tomorrow);
        assert!(clock.behind_ms() > 86_000_000);
    }
}
