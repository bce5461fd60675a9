//! How fast a destination is sent to.

use std::time::Duration;

use tokio::time::Instant;

/// A bound on deliveries in a second, kept over every stretch of time that is longer than a quarter of one.
pub(crate) struct Pace {
    rate: u32,
    /// When the next delivery may go, were all sent evenly.
    next: Instant,
}

/// How much may be made up for at once: as long as the desk may look elsewhere.
const BEHIND: Duration = Duration::from_millis(250);

impl Pace {
    pub(crate) fn new(rate: u32, now: Instant) -> Self {
        Self { rate: rate.max(1), next: now }
    }

    /// The same with another bound, unless it is the same one.
    pub(crate) fn set(&mut self, rate: u32) {
        self.rate = rate.max(1);
    }

    /// Returns how many may go now.
    pub(crate) fn room(&mut self, now: Instant) -> usize {
        self.next = self.next.max(now.checked_sub(BEHIND).unwrap_or(now));
        let Some(behind) = now.checked_duration_since(self.next) else { return 0 };
        let count = behind.as_nanos() / self.interval().as_nanos() + 1;
        usize::try_from(count).unwrap_or(usize::MAX)
    }

    /// Notes that so many went.
    pub(crate) fn went(&mut self, count: usize) {
        self.next += self.interval() * u32::try_from(count).unwrap_or(u32::MAX);
    }

    /// Returns when there is room again.
    pub(crate) fn next(&self) -> Instant {
        self.next
    }

    fn interval(&self) -> Duration {
        Duration::from_secs(1) / self.rate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many go in so many seconds when one looks this often.
    fn sent(rate: u32, seconds: u64, every: Duration) -> usize {
        let begun = Instant::now();
        let (mut pace, mut now, mut sent) = (Pace::new(rate, begun), begun, 0);
        while now - begun < Duration::from_secs(seconds) {
            let room = pace.room(now);
            pace.went(room);
            sent += room;
            now += every;
        }
        sent
    }

    #[tokio::test]
    async fn a_rate_is_kept_however_often_one_looks() {
        for rate in [1, 7, 200, 2_000] {
            let expected = usize::try_from(rate).unwrap() * 10;
            for every in [Duration::from_millis(1), Duration::from_millis(33), BEHIND] {
                let sent = sent(rate, 10, every);
                assert!(
                    (expected * 95 / 100..=expected + expected / 40 + 1).contains(&sent),
                    "{rate} {every:?}: {sent}"
                );
            }
        }
    }

    #[tokio::test]
    async fn what_was_not_sent_for_long_is_not_made_up_for() {
        let begun = Instant::now();
        let mut pace = Pace::new(100, begun);
        assert_eq!(pace.room(begun + Duration::from_secs(60)), 26);
    }
}
