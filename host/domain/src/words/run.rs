//! Runs of the host, and the numbers that they assign.
//!
//! Events, decisions, deliveries and transfers are numbered upwards, without gaps within a run of the host. A run begins each of its
//! numbers at a random distance beyond the last one used, so that a host whose database was restored from a backup does not assign the
//! numbers again that were assigned after the backup (`docs/decisions/0018-numbers.md`).

use std::fmt;
use std::ops::RangeInclusive;

use crate::limits::NUMBER_MAX;
use crate::words::time::Instant;

/// What is numbered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Numbered {
    /// Events, in order of admission.
    Event,
    /// Decisions.
    Decision,
    /// Deliveries.
    Delivery,
    /// Transfers of the ledger.
    Transfer,
}

impl Numbered {
    /// Everything that is numbered.
    pub const ALL: [Self; 4] = [Self::Event, Self::Decision, Self::Delivery, Self::Transfer];

    /// The word for one of them.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Decision => "decision",
            Self::Delivery => "delivery",
            Self::Transfer => "transfer",
        }
    }
}

impl fmt::Display for Numbered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A number of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Numbers {
    /// Of events.
    pub event: u64,
    /// Of decisions.
    pub decision: u64,
    /// Of deliveries.
    pub delivery: u64,
    /// Of transfers.
    pub transfer: u64,
}

impl Numbers {
    /// Makes one from the number of each kind.
    #[must_use]
    pub fn each(mut number: impl FnMut(Numbered) -> u64) -> Self {
        let [event, decision, delivery, transfer] = Numbered::ALL.map(&mut number);
        Self { event, decision, delivery, transfer }
    }

    /// Returns the number of a kind.
    #[must_use]
    pub fn of(&self, kind: Numbered) -> u64 {
        match kind {
            Numbered::Event => self.event,
            Numbered::Decision => self.decision,
            Numbered::Delivery => self.delivery,
            Numbered::Transfer => self.transfer,
        }
    }
}

/// A run of the host that assigned numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Its own number, from 1 and without gaps. The only one that a restored database repeats.
    pub number: u64,
    /// When it began, by the host's clock.
    pub opened: Instant,
    /// The version of the program.
    pub version: String,
    /// The last numbers used before it; 0 where none was.
    pub after: Numbers,
    /// The first numbers that it assigns.
    pub first: Numbers,
}

/// When a run began, and which program it is of.
#[derive(Clone, Copy, Debug)]
pub struct Began<'a> {
    /// By the host's clock.
    pub opened: Instant,
    /// The version of the program.
    pub version: &'a str,
}

impl Run {
    /// Opens the run that follows another, after the last numbers used. `random` returns a fresh random number for each kind; `None` leaves
    /// no gaps.
    #[must_use]
    pub fn next(before: Option<&Self>, last: &Numbers, began: Began<'_>, random: Option<&dyn Fn() -> u64>) -> Self {
        // A kind that the run before never assigned goes on from where that run would have begun.
        let reserved = |kind| before.map_or(0, |before| before.first.of(kind).saturating_sub(1));
        let first = |kind| first_number(last.of(kind).max(reserved(kind)), random);
        Self {
            number: before.map_or(0, |before| before.number) + 1,
            opened: began.opened,
            version: began.version.to_owned(),
            after: *last,
            first: Numbers::each(first),
        }
    }
}

/// Returns the first number of a run, beyond the last one used.
///
/// The gap is drawn from `left² / 2^63` numbers, where `left` of the 2^53 are unused: from 2^43 at first. Each run takes at most a 1,024th
/// of what is left, so numbers never run out, and after 2,000 runs the gap is still a quarter of the first.
#[must_use]
pub fn first_number(last: u64, random: Option<&dyn Fn() -> u64>) -> u64 {
    let left = u128::from(NUMBER_MAX.saturating_sub(last));
    let gap = (left * left) >> 63;
    let drawn = random.map_or(0, |random| (u128::from(random()) * gap) >> 64);
    last.saturating_add(1).saturating_add(u64::try_from(drawn).unwrap_or(0))
}

/// The numbers of a kind that were assigned, as ranges without gaps, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spans(Vec<RangeInclusive<u64>>);

impl Spans {
    /// Collects the numbers of a kind up to the last one used. `runs` are all runs, in order.
    #[must_use]
    pub fn of(kind: Numbered, runs: &[Run], last: u64) -> Self {
        let firsts = std::iter::once(1).chain(runs.iter().map(|run| run.first.of(kind)));
        let lasts = runs.iter().map(|run| run.after.of(kind)).chain([last]);
        Self(firsts.zip(lasts).map(|(first, last)| first..=last).filter(|span| !span.is_empty()).collect())
    }

    /// Counts the numbers after one, up to and including another.
    #[must_use]
    pub fn count(&self, after: u64, until: u64) -> u64 {
        let within = |span: &RangeInclusive<u64>| {
            let (first, last) = ((*span.start()).max(after.saturating_add(1)), (*span.end()).min(until));
            if first <= last { last - first + 1 } else { 0 }
        };
        self.0.iter().map(within).sum()
    }

    /// Returns the next numbers after one, up to and including another: at most so many, without a gap between them.
    #[must_use]
    pub fn page(&self, after: u64, until: u64, most: u64) -> Option<RangeInclusive<u64>> {
        let span = self.0.iter().find(|span| *span.end() > after)?;
        let first = (*span.start()).max(after + 1);
        let last = (*span.end()).min(until).min(first.saturating_add(most.saturating_sub(1)));
        (first <= last && most > 0).then_some(first..=last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HIGHEST: Option<&dyn Fn() -> u64> = Some(&|| u64::MAX);

    fn opened() -> Instant {
        Instant::from_millis(1_000).unwrap()
    }

    fn run(before: Option<&Run>, last: u64, random: Option<&dyn Fn() -> u64>) -> Run {
        Run::next(before, &Numbers::each(|_| last), Began { opened: opened(), version: "1.0.0" }, random)
    }

    #[test]
    fn a_run_begins_within_the_gap_beyond_the_last_number() {
        assert_eq!(first_number(0, None), 1);
        assert_eq!(first_number(0, Some(&|| 0)), 1);
        // (2^53 - 1)^2 / 2^63 is just below 2^43.
        assert_eq!(first_number(0, HIGHEST), (1 << 43) - 1);
        assert_eq!(first_number(0, Some(&|| 1 << 63)), 1 << 42);
        assert_eq!(first_number(NUMBER_MAX / 2, HIGHEST), NUMBER_MAX / 2 + (1 << 41));
    }

    #[test]
    fn numbers_never_run_out() {
        let mut last = 0;
        for runs in 1..=1_000_000_u32 {
            last = first_number(last, HIGHEST);
            // The largest gap each time: after 2,000 runs a ninth of the first is left.
            if runs == 2_000 {
                assert!(first_number(last, HIGHEST) - last > (1 << 43) / 10, "{last}");
            }
        }
        assert!(NUMBER_MAX - last > 1 << 42, "{last}");
        assert_eq!(first_number(NUMBER_MAX - 1, HIGHEST), NUMBER_MAX);
        assert_eq!(first_number(NUMBER_MAX - (1 << 31), HIGHEST), NUMBER_MAX - (1 << 31) + 1);
    }

    #[test]
    fn runs_follow_one_another() {
        let first = run(None, 0, HIGHEST);
        assert_eq!((first.number, first.after, first.version.as_str()), (1, Numbers::default(), "1.0.0"));
        assert_eq!(first.first, Numbers::each(|_| (1 << 43) - 1));
        // What the first run never assigned is not assigned by the second below where the first would have begun.
        let second = run(Some(&first), 0, None);
        assert_eq!((second.number, second.after.event, second.first), (2, 0, first.first));
        let third = run(Some(&second), first.first.event + 6, None);
        assert_eq!((third.number, third.first.event), (3, first.first.event + 7));
    }

    #[test]
    fn spans_skip_what_was_never_assigned() {
        let first = run(None, 3, Some(&|| 1 << 62));
        let begins = first.first.event;
        let idle = run(Some(&first), begins + 9, Some(&|| 5));
        let last = run(Some(&idle), begins + 9, Some(&|| 1 << 61));
        let runs = [first, idle, last.clone()];
        let spans = Spans::of(Numbered::Event, &runs, last.first.event + 1);
        assert_eq!(spans.0, [1..=3, begins..=begins + 9, last.first.event..=last.first.event + 1]);
        assert_eq!(spans.count(0, u64::MAX), 15);
        assert_eq!((spans.count(2, begins), spans.count(3, begins - 1), spans.count(u64::MAX, u64::MAX)), (2, 0, 0));
        let mut seen = Vec::new();
        let mut after = 0;
        while let Some(page) = spans.page(after, u64::MAX, 4) {
            after = *page.end();
            seen.push(page.count());
        }
        assert_eq!(seen, [3, 4, 4, 2, 2]);
        assert_eq!(spans.page(1, 2, 4), Some(2..=2));
        assert_eq!((spans.page(2, 2, 4), spans.page(0, 9, 0)), (None, None));
        assert_eq!(spans.page(begins + 8, begins + 8, 4), None);
        assert_eq!(Spans::of(Numbered::Event, &[], 0).page(0, 9, 9), None);
        assert_eq!(Spans::of(Numbered::Event, &[], 2).0, [1..=2]);
    }
}
