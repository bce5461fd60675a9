//! What is remembered of a customer.

use largesse_sdk::DAY_SECONDS;
use serde::{Deserialize, Serialize};

/// Most loans remembered; older ones are forgotten first.
const LOANS_MAX: usize = 64;

/// When each loan was drawn that could still be repaid too early.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// Loan and time, milliseconds since 1970-01-01T00:00:00Z.
    pub loans: Vec<(String, i64)>,
}

/// So many times 24 hours, in milliseconds.
pub(crate) fn days_ms(days: u32) -> i64 {
    i64::from(days) * DAY_SECONDS as i64 * 1_000
}

impl Memory {
    /// Remembers a loan, and forgets those that were drawn more than the days before it.
    pub(crate) fn note(&mut self, loan: &str, at: i64, days: u32) {
        self.loans.retain(|(known, drawn)| known != loan && at.saturating_sub(*drawn) <= days_ms(days));
        self.loans.push((loan.to_owned(), at));
        self.trim();
    }

    fn trim(&mut self) {
        self.loans.sort_by_key(|(_, drawn)| *drawn);
        let surplus = self.loans.len().saturating_sub(LOANS_MAX);
        self.loans.drain(..surplus);
    }

    /// What was kept of two who turn out to be one.
    pub(crate) fn with(mut self, other: Self) -> Self {
        for (loan, drawn) in other.loans {
            if self.drawn_at(&loan).is_none() {
                self.loans.push((loan, drawn));
            }
        }
        self.trim();
        self
    }

    pub(crate) fn drawn_at(&self, loan: &str) -> Option<i64> {
        self.loans.iter().find(|(known, _)| known == loan).map(|(_, drawn)| *drawn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_bounded_in_time_and_number() {
        let mut memory = Memory::default();
        memory.note("old", 0, 7);
        memory.note("new", days_ms(7), 7);
        assert_eq!((memory.drawn_at("old"), memory.drawn_at("new")), (Some(0), Some(days_ms(7))));
        memory.note("newer", days_ms(7) + 1, 7);
        assert_eq!(memory.drawn_at("old"), None);
        for number in 0..100 {
            memory.note(&"x".repeat(120).replacen("xxx", &format!("{number:03}"), 1), days_ms(7), 7);
        }
        assert_eq!(memory.loans.len(), LOANS_MAX);
    }

    #[test]
    fn the_loans_of_two_are_the_latest_of_both() {
        let of = |loans: std::ops::Range<i64>| {
            let loans = loans.map(|number| (format!("l{number}"), number));
            Memory { loans: loans.collect() }
        };
        let one = Memory { loans: vec![("mine".to_owned(), 7), ("both".to_owned(), 9)] };
        let other = Memory { loans: vec![("theirs".to_owned(), 8), ("both".to_owned(), 8)] };
        let both = one.with(other).loans;
        assert_eq!(both, [("mine", 7), ("theirs", 8), ("both", 9)].map(|(loan, at)| (loan.to_owned(), at)));
        assert_eq!(of(0..60).with(of(60..120)), of(56..120));
        assert_eq!(of(60..120).with(of(0..60)), of(56..120));
    }
}
