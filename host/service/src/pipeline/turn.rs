//! How much the decider does before others get their turn, and which versions are suspended because they take too long.
//!
//! A turn ends by what was done in it (decisions, effects), by the decisions that ran out of wall time, and, where time
//! passes by itself, by the wall clock. Nothing that is left over is lost: whoever asked for it has it done in a later turn.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use largesse_domain::id::Digest;
use largesse_domain::limits::{
    CASCADE_DECISIONS_MAX, CASCADE_EFFECTS_MAX, LATE_IN_A_ROW_MAX, LATE_IN_WINDOW_MAX, LATE_PER_TURN_MAX,
    LATE_WINDOW_MS, QUEUED_DECISIONS_MAX, QUEUED_EFFECTS_MAX, SUSPENDED_MS_MAX, SUSPENDED_MS_MIN, TURN_DECISIONS_MAX,
    TURN_EFFECTS_MAX, TURN_MS_MAX,
};
use largesse_engine::Patience;

/// What may still be done before others get their turn.
#[derive(Clone, Debug)]
pub(super) struct Turn {
    decisions_left: usize,
    effects_left: usize,
    late_left: usize,
    until: Option<Instant>,
}

impl Turn {
    /// A turn that begins now. Where the clock stands, no time passes in it.
    pub(super) fn begin(clock_stands: bool) -> Self {
        Self {
            decisions_left: TURN_DECISIONS_MAX,
            effects_left: TURN_EFFECTS_MAX,
            late_left: LATE_PER_TURN_MAX,
            until: (!clock_stands).then(|| Instant::now() + Duration::from_millis(TURN_MS_MAX)),
        }
    }

    /// A turn in which queued decisions are made.
    pub(super) fn for_queued(clock_stands: bool) -> Self {
        let (decisions_left, effects_left) = (QUEUED_DECISIONS_MAX, QUEUED_EFFECTS_MAX);
        Self { decisions_left, effects_left, ..Self::begin(clock_stands) }
    }

    /// The part of this turn in which what was caused is decided, when the batch that gathers holds so many such decisions,
    /// with so many effects.
    pub(super) fn for_cascade(&self, decisions: usize, effects: usize) -> Self {
        Self {
            decisions_left: CASCADE_DECISIONS_MAX.saturating_sub(decisions),
            effects_left: CASCADE_EFFECTS_MAX.saturating_sub(effects),
            ..self.clone()
        }
    }

    /// Takes note of what was done.
    pub(super) fn count(&mut self, decisions: usize, effects: usize) {
        self.decisions_left = self.decisions_left.saturating_sub(decisions);
        self.effects_left = self.effects_left.saturating_sub(effects);
    }

    /// Takes note of a decision that ran out of wall time.
    pub(super) fn count_late(&mut self) {
        self.late_left = self.late_left.saturating_sub(1);
    }

    /// Takes note of late decisions in a part of this turn.
    pub(super) fn count_late_of(&mut self, part: &Self) {
        self.late_left = self.late_left.min(part.late_left);
    }

    /// Nothing more is begun in this turn.
    pub(super) fn end(&mut self) {
        self.decisions_left = 0;
    }

    /// Whether nothing more may be begun.
    pub(super) fn is_over(&self) -> bool {
        self.decisions_left == 0 || self.effects_left == 0 || self.may_not_be_late() || self.is_past()
    }

    /// Whether no further decision may run out of wall time.
    pub(super) fn may_not_be_late(&self) -> bool {
        self.late_left == 0
    }

    /// Whether its wall time is over.
    pub(super) fn is_past(&self) -> bool {
        self.until.is_some_and(|until| Instant::now() >= until)
    }

    /// How long decisions may take that are made together.
    pub(super) fn patience(&self) -> Patience {
        Patience { until: self.until, late_max: Some(self.late_left.max(1)) }
    }
}

/// The versions that ran out of wall time lately, and until when they are suspended.
///
/// A version is suspended when it was late too often in a row or within a window, and each time for twice as long until it
/// has been on time for as long as the longest suspension. Wall time is the machine's, so none of this is recorded.
#[derive(Debug, Default)]
pub(super) struct Suspensions(HashMap<Digest, Late>);

#[derive(Debug)]
struct Late {
    in_a_row: u32,
    in_window: u32,
    window_began: Instant,
    until: Instant,
    next: Duration,
}

impl Suspensions {
    /// How long a version is still suspended, if it is.
    pub(super) fn left(&self, policy: &Digest, now: Instant) -> Option<Duration> {
        let left = self.0.get(policy)?.until.saturating_duration_since(now);
        (!left.is_zero()).then_some(left)
    }

    /// Notes a decision that was made in time.
    pub(super) fn note_in_time(&mut self, policy: &Digest) {
        if let Some(late) = self.0.get_mut(policy) {
            late.in_a_row = 0;
        }
    }

    /// Notes a run that was late.
    pub(super) fn note_late(&mut self, policy: Digest, now: Instant) {
        let late = self.late(policy, now);
        late.in_window += 1;
        if late.in_window >= LATE_IN_WINDOW_MAX {
            late.suspend(now);
        }
    }

    /// Notes a decision that was given up. A version that was suspended before has no second chance.
    pub(super) fn note_given_up(&mut self, policy: Digest, now: Instant) {
        let late = self.late(policy, now);
        late.in_a_row += 1;
        let was_suspended = late.next.as_millis() > u128::from(SUSPENDED_MS_MIN);
        if late.in_a_row >= LATE_IN_A_ROW_MAX || was_suspended {
            late.suspend(now);
        }
    }

    fn late(&mut self, policy: Digest, now: Instant) -> &mut Late {
        let fresh = || Late {
            in_a_row: 0,
            in_window: 0,
            window_began: now,
            until: now,
            next: Duration::from_millis(SUSPENDED_MS_MIN),
        };
        let late = self.0.entry(policy).or_insert_with(fresh);
        if now.saturating_duration_since(late.until) >= Duration::from_millis(SUSPENDED_MS_MAX) {
            late.next = Duration::from_millis(SUSPENDED_MS_MIN);
        }
        if now.saturating_duration_since(late.window_began) >= Duration::from_millis(LATE_WINDOW_MS) {
            (late.window_began, late.in_window) = (now, 0);
        }
        late
    }
}

impl Late {
    fn suspend(&mut self, now: Instant) {
        if self.until > now {
            return;
        }
        self.until = now + self.next;
        self.next = (self.next * 2).min(Duration::from_millis(SUSPENDED_MS_MAX));
        (self.in_a_row, self.in_window) = (0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: Digest = Digest::from_bytes([7; 32]);

    fn after(begun: Instant, millis: u64) -> Instant {
        begun + Duration::from_millis(millis)
    }

    #[test]
    fn a_turn_ends_by_decisions_effects_and_late_ones() {
        let mut turn = Turn::begin(true);
        turn.count(TURN_DECISIONS_MAX - 1, TURN_EFFECTS_MAX - 1);
        assert!(!turn.is_over(), "one below each bound");
        let (mut by_decisions, mut by_effects) = (turn.clone(), turn.clone());
        by_decisions.count(1, 0);
        by_effects.count(0, 1);
        assert!(by_decisions.is_over() && by_effects.is_over());
        (1..LATE_PER_TURN_MAX).for_each(|_| turn.count_late());
        assert!(!turn.is_over());
        turn.count_late();
        assert!(turn.is_over());
        assert_eq!(turn.patience().late_max, Some(1), "what was begun may end");
    }

    #[test]
    fn a_turn_ends_by_the_clock_where_time_passes() {
        let mut turn = Turn::begin(false);
        assert!(!turn.is_over());
        turn.until = Some(Instant::now());
        assert!(turn.is_over());
        assert_eq!(Turn::begin(true).until, None);
    }

    #[test]
    fn a_cascade_has_the_rest_of_its_part() {
        let turn = Turn::begin(true);
        assert!(!turn.for_cascade(CASCADE_DECISIONS_MAX - 1, CASCADE_EFFECTS_MAX - 1).is_over());
        assert!(turn.for_cascade(CASCADE_DECISIONS_MAX, 0).is_over());
        assert!(turn.for_cascade(0, CASCADE_EFFECTS_MAX).is_over());
    }

    #[test]
    fn a_version_that_is_late_in_a_row_is_suspended_for_longer_each_time() {
        let (begun, mut suspensions) = (Instant::now(), Suspensions::default());
        for _ in 1..LATE_IN_A_ROW_MAX {
            suspensions.note_given_up(POLICY, begun);
        }
        assert_eq!(suspensions.left(&POLICY, begun), None, "one below the bound");
        suspensions.note_in_time(&POLICY);
        suspensions.note_given_up(POLICY, begun);
        assert_eq!(suspensions.left(&POLICY, begun), None, "one that was in time lies between");
        (1..LATE_IN_A_ROW_MAX).for_each(|_| suspensions.note_given_up(POLICY, begun));
        assert_eq!(suspensions.left(&POLICY, begun), Some(Duration::from_millis(SUSPENDED_MS_MIN)));
        let over = after(begun, SUSPENDED_MS_MIN);
        assert_eq!(suspensions.left(&POLICY, over), None);
        suspensions.note_given_up(POLICY, over);
        assert_eq!(suspensions.left(&POLICY, over), Some(Duration::from_millis(2 * SUSPENDED_MS_MIN)));
        let long_after = after(over, 2 * SUSPENDED_MS_MIN + SUSPENDED_MS_MAX);
        suspensions.note_given_up(POLICY, long_after);
        assert_eq!(suspensions.left(&POLICY, long_after), None, "it has been on time for long enough");
    }

    #[test]
    fn a_suspension_has_a_longest_time() {
        let (mut now, mut suspensions) = (Instant::now(), Suspensions::default());
        for _ in 0..20 {
            (0..LATE_IN_A_ROW_MAX).for_each(|_| suspensions.note_given_up(POLICY, now));
            let left = suspensions.left(&POLICY, now).unwrap();
            assert!(left <= Duration::from_millis(SUSPENDED_MS_MAX));
            now += left;
        }
    }

    #[test]
    fn a_version_that_is_late_now_and_then_is_suspended_too() {
        let (begun, mut suspensions) = (Instant::now(), Suspensions::default());
        for number in 1..LATE_IN_WINDOW_MAX {
            suspensions.note_late(POLICY, after(begun, u64::from(number)));
            suspensions.note_in_time(&POLICY);
        }
        let last = after(begun, LATE_WINDOW_MS - 1);
        assert_eq!(suspensions.left(&POLICY, last), None);
        suspensions.note_late(POLICY, last);
        assert!(suspensions.left(&POLICY, last).is_some());
        let mut slower = Suspensions::default();
        for number in 0..10 * u64::from(LATE_IN_WINDOW_MAX) {
            let now = after(begun, number * 2 * LATE_WINDOW_MS / u64::from(LATE_IN_WINDOW_MAX));
            slower.note_late(POLICY, now);
            assert_eq!(slower.left(&POLICY, now), None, "half as often is not too often");
        }
    }
}
