//! Streaks: days in a row, with or without gaps, over a day that the calendar left out.

use largesse_sdk::Date;
use serde::{Deserialize, Serialize};

use crate::state::{DAYS_KEPT, State};

/// By how many minutes a clock goes ahead, at least, that leaves out a day.
const DAY_LEFT_OUT: i32 = 20 * 60;

/// Clocks this far behind UTC, or ahead of it, are close to the date line, in minutes.
const FAR_BEHIND: i32 = -10 * 60;
const FAR_AHEAD: i32 = 12 * 60;

/// The days in a row around one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chain {
    /// The first.
    pub(crate) first: Date,
    /// How many there are before.
    pub(crate) before: u32,
    /// How many there are after.
    pub(crate) after: u32,
}

/// The last streak among days that are forgotten, where so many days may be missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tail {
    /// So many days may be missed.
    pub gap: u32,
    /// Its first day.
    pub first: i32,
    /// Its last day that is forgotten.
    pub last: i32,
    /// How many days of it are forgotten.
    pub days: u32,
}

/// What is known of a clock that went over the date line, as that of Samoa did in 2011: there was no 30 December.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DateLine {
    /// How many minutes the clock is ahead of UTC, or was before it went over the line.
    pub offset: Option<i32>,
    /// The last day known before that, and the first known after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub around: Option<(i32, i32)>,
}

impl DateLine {
    /// Whether nothing is known.
    pub(crate) fn is_plain(&self) -> bool {
        self.offset.is_none()
    }

    /// The day that was left out, once the days before and after it are known.
    fn left_out(self) -> Option<i32> {
        self.around.filter(|(last, first)| last.checked_add(2) == Some(*first)).map(|(last, _)| last + 1)
    }

    /// What is known by either of two who turn out to be one.
    pub(crate) fn with(self, other: Self) -> Self {
        match (self.around, other.around) {
            (Some((last, first)), Some((other_last, other_first))) => {
                Self { offset: self.offset, around: Some((last.max(other_last), first.min(other_first))) }
            }
            (None, Some(_)) => other,
            _ => Self { offset: self.offset.or(other.offset), ..self },
        }
    }
}

impl State {
    /// Notes by which clock a day was counted.
    pub(crate) fn note_offset(&mut self, day: Date, offset: i32) {
        // Elsewhere no clock goes over the date line.
        if self.date_line.is_plain() && (FAR_BEHIND + 1..FAR_AHEAD).contains(&offset) {
            return;
        }
        let known = self.date_line.offset.unwrap_or(offset);
        let (ahead, behind) = (offset - known >= DAY_LEFT_OUT, known - offset >= DAY_LEFT_OUT);
        match (&mut self.date_line.around, ahead) {
            (Some((_, first)), true) => *first = day.0.min(*first),
            (Some((last, _)), false) => *last = day.0.max(*last),
            (none, _) if ahead => *none = self.days.last().map(|last| (last.0, day.0)),
            (none, _) if behind => *none = self.days.first().map(|first| (day.0, first.0)),
            _ => {}
        }
        if !ahead {
            self.date_line.offset = Some(offset);
        }
    }

    /// The days in a row around a day that is counted, where so many may be missed between two of them.
    pub(crate) fn chain(&self, date: Date, gap: u32) -> Option<Chain> {
        let (start, end) = self.days.run_around(date)?;
        let mut chain = Chain { first: start, before: days(start.0, date.0), after: days(date.0, end.0) };
        for (first, last) in self.days.runs().rev().skip_while(|(first, _)| *first >= start) {
            if self.missed(last.0, chain.first.0) > gap {
                return Some(self.chain_after(chain, end, gap));
            }
            chain = Chain { first, before: chain.before + days(first.0, last.0) + 1, ..chain };
        }
        let tail = self.tails.iter().find(|tail| tail.gap == gap && self.missed(tail.last, chain.first.0) <= gap);
        if let Some(tail) = tail {
            chain = Chain { first: Date(tail.first), before: chain.before.saturating_add(tail.days), ..chain };
        }
        Some(self.chain_after(chain, end, gap))
    }

    fn chain_after(&self, mut chain: Chain, mut end: Date, gap: u32) -> Chain {
        let later = self.days.runs().skip_while(|(first, _)| *first <= end).collect::<Vec<_>>();
        for (first, last) in later {
            if self.missed(end.0, first.0) > gap {
                break;
            }
            chain.after += days(first.0, last.0) + 1;
            end = last;
        }
        chain
    }

    /// How many days there were between two.
    fn missed(&self, last: i32, first: i32) -> u32 {
        let left_out = self.date_line.left_out().is_some_and(|day| last < day && day < first);
        days(last, first).saturating_sub(1 + u32::from(left_out))
    }

    /// Keeps what streaks with gaps need of days that are about to be forgotten.
    pub(crate) fn keep_tails(&mut self, gaps: &[u32]) {
        let Some(latest) = self.days.last() else { return };
        let keep_from = latest.0.saturating_sub(DAYS_KEPT);
        for gap in gaps {
            for (first, last) in self.days.runs().take_while(|(_, last)| last.0 < keep_from).collect::<Vec<_>>() {
                let known = self.tails.iter().find(|tail| tail.gap == *gap).copied();
                let goes_on = known.filter(|tail| self.missed(tail.last, first.0) <= *gap);
                let (begun, before) = goes_on.map_or((first.0, 0), |tail| (tail.first, tail.days));
                let days = before.saturating_add(days(first.0, last.0)).saturating_add(1);
                self.tails.retain(|tail| tail.gap != *gap);
                self.tails.push(Tail { gap: *gap, first: begun, last: last.0, days });
            }
        }
    }
}

/// Days from one to a later one.
fn days(from: i32, to: i32) -> u32 {
    to.abs_diff(from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(days: &[i32], gap: u32) -> State {
        let mut state = State::default();
        days.iter().for_each(|day| _ = state.count_day(Date(*day), &[gap]));
        state
    }

    #[test]
    fn days_may_be_missed() {
        let known = state(&[1, 2, 5, 9], 2);
        let chain = |day, gap| known.chain(Date(day), gap).map(|chain| (chain.first.0, chain.before, chain.after));
        assert_eq!(chain(2, 0), Some((1, 1, 0)));
        assert_eq!(chain(5, 2), Some((1, 2, 0)));
        assert_eq!(chain(5, 3), Some((1, 2, 1)));
        assert_eq!(chain(3, 3), None);
    }

    #[test]
    fn a_streak_with_gaps_is_as_long_when_its_days_are_forgotten() {
        let days: Vec<i32> = (0..1_000).map(|nth| nth * 3).collect();
        let known = state(&days, 2);
        assert!(known.days.len() < 200);
        let chain = known.chain(Date(2_997), 2).unwrap();
        assert_eq!((chain.first, chain.before, chain.after), (Date(0), 999, 0));
    }

    #[test]
    fn a_day_that_was_left_out_is_not_missed_whatever_comes_first() {
        for order in [[28, 29, 31, 32], [32, 31, 29, 28], [28, 32, 29, 31], [31, 28, 32, 29]] {
            let mut known = State::default();
            for day in order {
                known.note_offset(Date(day), if day < 30 { -600 } else { 840 });
                known.count_day(Date(day), &[]);
            }
            let chain = known.chain(Date(31), 0).unwrap();
            assert_eq!((chain.first, chain.before, chain.after), (Date(28), 2, 1), "{order:?}");
        }
        assert_eq!(state(&[28, 29, 31], 0).chain(Date(31), 0).unwrap().before, 0);
    }
}
