//! What was held, told by what came and went: the balance after the last movement of a day is that of the day, and of the days after
//! it until the next.

use largesse_sdk::Date;
use serde::{Deserialize, Serialize};

/// Day, second of it, and what was held after the last movement of the day; sorted by day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Moves(Vec<(i32, u32, u64)>);

impl Moves {
    /// Whether nothing is known.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Notes what was held after a movement; `false` when a later one of the day is known.
    pub(crate) fn insert(&mut self, day: Date, second: u32, held: u64) -> bool {
        let at = self.0.partition_point(|(known, _, _)| *known < day.0);
        match self.0.get_mut(at) {
            Some(known) if known.0 == day.0 => {
                if known.1 > second {
                    return false;
                }
                *known = (day.0, second, held);
            }
            _ => self.0.insert(at, (day.0, second, held)),
        }
        true
    }

    /// The day of the last movement.
    pub(crate) fn last(&self) -> Option<Date> {
        self.0.last().map(|(day, _, _)| Date(*day))
    }

    /// The least that was held at the end of each of so many days, the last of which is this one; nothing when it is not known of all.
    pub(crate) fn least(&self, through: Date, days: u32) -> u64 {
        let from = i64::from(through.0) - i64::from(days) + 1;
        let mut least = u64::MAX;
        for (day, _, held) in self.0.iter().rev().skip_while(|(day, _, _)| *day > through.0) {
            least = least.min(*held);
            if i64::from(*day) <= from {
                return least;
            }
        }
        0
    }

    /// The most that [`Moves::least`] is on any day from one to another.
    pub(crate) fn best(&self, from: Date, through: Date, days: u32) -> u64 {
        let ends = self.ends(days).filter(|end| from <= *end && *end <= through);
        ends.chain([through]).map(|end| self.least(end, days)).max().unwrap_or(0)
    }

    /// The first day from this one on at whose end it is another than at the end of the day before, if nothing moves any more.
    pub(crate) fn changes(&self, from: Date, days: u32) -> Option<Date> {
        let before = self.least(Date(from.0.saturating_sub(1)), days);
        let mut ends: Vec<Date> = self.ends(days).filter(|end| *end >= from).chain([from]).collect();
        ends.sort_unstable();
        ends.into_iter().find(|end| self.least(*end, days) != before)
    }

    /// The days on which so many days end that begin with a movement: nothing gets more on others.
    fn ends(&self, days: u32) -> impl Iterator<Item = Date> + '_ {
        self.0.iter().map(move |(day, _, _)| Date(day.saturating_add_unsigned(days.saturating_sub(1))))
    }

    /// Forgets what is of no use for so many days up to the last movement, or to a day before it.
    pub(crate) fn prune(&mut self, judged: Date, days: u32) {
        let Some(last) = self.last() else { return };
        let from = i64::from(last.0.min(judged.0)) - i64::from(days);
        let of_use = self.0.partition_point(|(day, _, _)| i64::from(*day) <= from);
        self.0.drain(..of_use.saturating_sub(1));
    }

    /// Notes what another knows.
    pub(crate) fn fill(&mut self, other: Self) {
        for (day, second, held) in other.0 {
            self.insert(Date(day), second, held);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moves(all: &[(i32, u32, u64)]) -> Moves {
        let mut moves = Moves::default();
        all.iter().for_each(|(day, second, held)| _ = moves.insert(Date(*day), *second, *held));
        moves
    }

    #[test]
    fn the_last_movement_of_a_day_counts_whatever_is_told_first() {
        let one = moves(&[(1, 10, 5), (1, 20, 7), (4, 1, 3)]);
        assert_eq!(one, moves(&[(4, 1, 3), (1, 20, 7), (1, 10, 5)]));
        assert_eq!([1, 3, 4, 9].map(|day| one.least(Date(day), 1)), [7, 7, 3, 3]);
    }

    #[test]
    fn so_many_days_must_be_known() {
        let one = moves(&[(10, 0, 5), (12, 0, 9)]);
        assert_eq!([12, 13, 14].map(|day| one.least(Date(day), 4)), [0, 5, 5]);
        assert_eq!([14, 15].map(|day| one.least(Date(day), 3)), [9, 9]);
        assert_eq!(one.best(Date(10), Date(13), 4), 5);
        assert_eq!(one.best(Date(10), Date(12), 4), 0);
    }

    #[test]
    fn it_is_known_when_it_changes() {
        let one = moves(&[(10, 0, 5), (12, 0, 9)]);
        assert_eq!(one.changes(Date(12), 4), Some(Date(13)));
        assert_eq!(one.changes(Date(14), 4), Some(Date(15)));
        assert_eq!(one.changes(Date(16), 4), None);
        let fallen = moves(&[(10, 0, 5), (20, 0, 1)]);
        assert_eq!(fallen.changes(Date(20), 4), Some(Date(20)));
    }

    #[test]
    fn what_is_of_no_use_is_forgotten() {
        let mut one = moves(&[(1, 0, 1), (2, 0, 2), (9, 0, 3), (20, 0, 4)]);
        one.prune(Date(30), 10);
        assert_eq!(one, moves(&[(9, 0, 3), (20, 0, 4)]));
        one.prune(Date(15), 4);
        assert_eq!(one.least(Date(15), 4), 3);
    }
}
