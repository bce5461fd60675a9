//! What is drawn, and until when.

use largesse_sdk::{Date, Refusal, money};
use serde::{Deserialize, Serialize};

/// Most draws that are remembered, repaid or not.
const DRAWS_MAX: usize = 24;

/// A customer's draws, the first due first; those that are repaid are kept for a while, so that none counts twice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The draws.
    pub draws: Vec<Draw>,
    /// The day on which the customer was marked as frozen; none when they are not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub marked: Option<Date>,
}

/// A draw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draw {
    /// Its identifier.
    pub draw: String,
    /// What of it is not repaid, in minor units.
    pub owed: u64,
    /// The last day for it.
    pub due: Date,
}

/// The last day of the month so many months after a date's.
pub(crate) fn due(date: Date, months: u32) -> Date {
    (0..months).fold(date.month_range().1, |last, _| day_after(last).month_range().1)
}

pub(crate) fn day_after(date: Date) -> Date {
    Date(date.0.saturating_add(1))
}

impl Draw {
    /// Whether something is owed that was due before a day.
    pub(crate) fn is_overdue(&self, today: Date) -> bool {
        self.owed > 0 && self.due < today
    }
}

impl Line {
    /// What is owed.
    pub(crate) fn owed(&self) -> u64 {
        self.draws.iter().fold(0, |sum, draw| sum.saturating_add(draw.owed))
    }

    /// Whether something is owed that was due before a day.
    pub(crate) fn is_frozen(&self, today: Date) -> bool {
        self.draws.iter().any(|draw| draw.is_overdue(today))
    }

    /// What can be drawn on a day.
    pub(crate) fn available(&self, line: u64, today: Date) -> u64 {
        if self.is_frozen(today) { 0 } else { line.saturating_sub(self.owed()) }
    }

    /// The day on which something is due next.
    pub(crate) fn next_due(&self) -> Option<Date> {
        self.draws.iter().filter(|draw| draw.owed > 0).map(|draw| draw.due).min()
    }

    pub(crate) fn draw(
        &mut self,
        draw: String,
        amount: u64,
        line: u64,
        (today, due): (Date, Date),
    ) -> Result<(), Refusal> {
        if self.draws.iter().any(|known| known.draw == draw) {
            return Err(Refusal::new("draw-known", format!("{draw} was drawn already")));
        }
        if self.is_frozen(today) {
            return Err(Refusal::new("line-frozen", "what was due is not repaid"));
        }
        let available = self.available(line, today);
        if amount > available {
            return Err(Refusal::new("line-used-up", format!("{available} can be drawn")));
        }
        if self.draws.len() >= DRAWS_MAX {
            let repaid = self.draws.iter().position(|draw| draw.owed == 0);
            let repaid = repaid.ok_or_else(|| Refusal::new("too-many-draws", format!("{DRAWS_MAX} are not repaid")))?;
            self.draws.remove(repaid);
        }
        let at = self.draws.partition_point(|known| known.due <= due);
        self.draws.insert(at, Draw { draw, owed: amount, due });
        Ok(())
    }

    /// Repays the draw that is named, and with what is more than that the others, the first due first.
    pub(crate) fn repay(&mut self, name: &str, amount: u64) -> Result<(), Refusal> {
        let at = self.draws.iter().position(|draw| draw.draw == name);
        let at = at.ok_or_else(|| Refusal::new("unknown-draw", format!("nothing was drawn as {name}")))?;
        let owed = money::sum(self.draws.iter().map(|draw| draw.owed))?;
        if amount > owed {
            return Err(Refusal::new("more-than-owed", format!("{owed} is owed")));
        }
        let mut left = amount;
        for index in std::iter::once(at).chain(0..self.draws.len()) {
            let part = left.min(self.draws[index].owed);
            self.draws[index].owed -= part;
            left -= part;
        }
        Ok(())
    }

    /// What is known of two customers who turn out to be one.
    pub(crate) fn merge(mut self, joined: Self) -> Self {
        for draw in joined.draws {
            if self.draws.iter().all(|known| known.draw != draw.draw) {
                self.draws.push(draw);
            }
        }
        // What is owed is remembered before what is repaid.
        self.draws.sort_by_key(|draw| (draw.owed == 0, draw.due));
        self.draws.truncate(DRAWS_MAX);
        self.draws.sort_by_key(|draw| draw.due);
        self.marked = self.marked.max(joined.marked);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        Date::parse(text).unwrap()
    }

    #[test]
    fn a_draw_is_due_at_the_end_of_a_month() {
        for (drawn, months, day) in [
            ("2025-03-10", 1, "2025-04-30"),
            ("2025-12-31", 1, "2026-01-31"),
            ("2024-01-31", 1, "2024-02-29"),
            ("2025-01-31", 1, "2025-02-28"),
            ("2025-01-31", 0, "2025-01-31"),
            ("2024-02-29", 12, "2025-02-28"),
        ] {
            assert_eq!(due(date(drawn), months), date(day), "{drawn}");
        }
    }

    #[test]
    fn what_is_repaid_goes_to_the_draw_named_first() {
        let mut line = Line::default();
        let april = (date("2025-03-10"), date("2025-04-30"));
        for (name, amount) in [("a", 50), ("b", 30), ("c", 20)] {
            line.draw(name.to_owned(), amount, 100, april).unwrap();
        }
        line.repay("b", 40).unwrap();
        assert_eq!(line.draws.iter().map(|draw| draw.owed).collect::<Vec<_>>(), [40, 0, 20]);
        assert_eq!(line.repay("a", 61).unwrap_err().code, "more-than-owed");
        assert_eq!(line.repay("d", 1).unwrap_err().code, "unknown-draw");
        assert_eq!(line.draw("b".to_owned(), 1, 100, april).unwrap_err().code, "draw-known");
    }

    #[test]
    fn the_line_freezes_the_day_after_and_opens_with_what_was_due() {
        let mut line = Line::default();
        line.draw("a".to_owned(), 60, 100, (date("2025-03-10"), date("2025-04-30"))).unwrap();
        line.draw("b".to_owned(), 10, 100, (date("2025-04-10"), date("2025-05-31"))).unwrap();
        let available = |line: &Line| [date("2025-04-30"), date("2025-05-01")].map(|day| line.available(100, day));
        assert_eq!(available(&line), [30, 0]);
        line.repay("a", 60).unwrap();
        assert_eq!(available(&line), [90, 90]);
        assert_eq!(line.next_due(), Some(date("2025-05-31")));
    }

    #[test]
    fn draws_that_are_repaid_are_forgotten_in_the_end() {
        let mut line = Line::default();
        let april = (date("2025-03-10"), date("2025-04-30"));
        for number in 0..DRAWS_MAX {
            line.draw(number.to_string(), 1, 100, april).unwrap();
        }
        assert_eq!(line.draw("more".to_owned(), 1, 100, april).unwrap_err().code, "too-many-draws");
        line.repay("5", 1).unwrap();
        line.draw("more".to_owned(), 1, 100, april).unwrap();
        assert_eq!(line.draws.len(), DRAWS_MAX);
        assert_eq!(line.clone().merge(line.clone()), line);
    }
}
