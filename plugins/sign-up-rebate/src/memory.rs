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
        self.loans.sort_by_key(|(_, drawn)| *drawn);
        let surplus = self.loans.len().saturating_sub(LOANS_MAX);
        self.loans.drain(..surplus);
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
}
