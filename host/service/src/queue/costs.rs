//! How long work takes, learnt from what it took.

use std::collections::HashMap;

use largesse_domain::id::EventKind;

use super::Class;

/// What is assumed of a piece of which nothing is known, in nanoseconds: much, so that few are taken at first.
const UNKNOWN_NANOS: u64 = 1_000_000;
/// The least that a piece is estimated at, in nanoseconds.
const NANOS_MIN: u64 = 1_000;
/// The most that a piece is estimated at, in nanoseconds.
const NANOS_CEILING: u64 = 10_000_000_000;
/// How many times as much, at most, a piece is estimated at after one turn.
const RISE_CEILING: u64 = 8;
/// Kinds of pieces that are remembered.
const PIECES_KEPT: usize = 4_096;

/// A kind of work of which one piece takes about as long as another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Piece {
    Event(EventKind),
    Class(Class),
}

/// Estimates by kind of piece.
#[derive(Debug)]
pub(super) struct Costs {
    nanos: HashMap<Piece, u64>,
    /// Of an event, over all kinds.
    nanos_per_event: u64,
}

impl Default for Costs {
    fn default() -> Self {
        Self { nanos: HashMap::new(), nanos_per_event: UNKNOWN_NANOS }
    }
}

impl Costs {
    /// Returns how long a piece is estimated to take, in nanoseconds.
    pub(super) fn estimate(&self, piece: &Piece) -> u64 {
        self.nanos.get(piece).copied().unwrap_or(UNKNOWN_NANOS)
    }

    /// Returns how long an event takes on average, in nanoseconds.
    pub(super) fn nanos_per_event(&self) -> u64 {
        self.nanos_per_event
    }

    /// Notes that pieces which were estimated at so many nanoseconds together took so many. Estimates rise at once, since
    /// others wait while too much is done, and fall by half at most.
    pub(super) fn learn(&mut self, pieces: &HashMap<Piece, u64>, estimated: u64, took: u64) {
        if self.nanos.len() > PIECES_KEPT {
            self.nanos.clear();
        }
        for piece in pieces.keys() {
            let before = self.estimate(piece);
            let scaled = u128::from(before) * u128::from(took) / u128::from(estimated.max(1));
            let scaled = u64::try_from(scaled).unwrap_or(u64::MAX);
            let after = scaled.clamp(before / 2, before.saturating_mul(RISE_CEILING)).clamp(NANOS_MIN, NANOS_CEILING);
            self.nanos.insert(piece.clone(), after);
        }
        let events = |(piece, count): (&Piece, &u64)| matches!(piece, Piece::Event(_)).then_some(*count);
        let events: u64 = pieces.iter().filter_map(events).sum();
        if let Some(each) = took.checked_div(events) {
            self.nanos_per_event = (self.nanos_per_event.saturating_mul(7).saturating_add(each)) / 8;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(name: &str) -> Piece {
        Piece::Event(EventKind::new(name).unwrap())
    }

    #[test]
    fn estimates_rise_at_once_and_fall_slowly() {
        let mut costs = Costs::default();
        let slow = kind("a.slow");
        assert_eq!(costs.estimate(&slow), UNKNOWN_NANOS);
        costs.learn(&[(slow.clone(), 20)].into(), 20 * UNKNOWN_NANOS, 100 * UNKNOWN_NANOS);
        assert_eq!(costs.estimate(&slow), 5 * UNKNOWN_NANOS);
        costs.learn(&[(slow.clone(), 1)].into(), 5 * UNKNOWN_NANOS, 1);
        assert_eq!(costs.estimate(&slow), 5 * UNKNOWN_NANOS / 2);
        costs.learn(&[(slow.clone(), 1)].into(), 1, NANOS_CEILING);
        assert_eq!(costs.estimate(&slow), 5 * UNKNOWN_NANOS / 2 * RISE_CEILING);
        assert_eq!(costs.estimate(&kind("another")), UNKNOWN_NANOS);
    }

    #[test]
    fn estimates_are_bounded() {
        let mut costs = Costs::default();
        let piece = kind("a");
        for _ in 0..100 {
            costs.learn(&[(piece.clone(), 1)].into(), 1, u64::MAX);
        }
        assert_eq!(costs.estimate(&piece), NANOS_CEILING);
        for _ in 0..100 {
            costs.learn(&[(piece.clone(), 1)].into(), u64::MAX, 0);
        }
        assert_eq!(costs.estimate(&piece), NANOS_MIN);
        for number in 0..=PIECES_KEPT {
            costs.learn(&[(kind(&format!("k{number}")), 1)].into(), 1, 1);
        }
        costs.learn(&[(piece.clone(), 1)].into(), 1, 1);
        assert!(costs.nanos.len() <= PIECES_KEPT);
    }
}
