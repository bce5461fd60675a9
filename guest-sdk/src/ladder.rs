//! Ladders (rungs at rising thresholds) and milestones (every so many).
//!
//! A count or an amount rises from `before` to `after`, often by more than one; what is *reached* is every threshold
//! above `before` and not above `after`. So nothing is missed when a step is large, and nothing is reached twice.

use crate::answer::Problem;

/// Whether a threshold is reached by a rise.
#[must_use]
pub fn crossed(threshold: u64, before: u64, after: u64) -> bool {
    before < threshold && threshold <= after
}

/// All rungs that a rise reaches, in the order of the list.
pub fn reached<R>(rungs: &[R], at: impl Fn(&R) -> u64, before: u64, after: u64) -> impl Iterator<Item = &R> {
    rungs.iter().filter(move |rung| crossed(at(rung), before, after))
}

/// The highest rung whose threshold is not above the value.
pub fn highest<R>(rungs: &[R], at: impl Fn(&R) -> u64, value: u64) -> Option<&R> {
    rungs.iter().filter(|rung| at(rung) <= value).max_by_key(|rung| at(rung))
}

/// The multiples of `step` that a rise reaches: with 5, a rise from 4 to 11 reaches 5 and 10. None when `step` is 0.
pub fn multiples(step: u64, before: u64, after: u64) -> impl Iterator<Item = u64> {
    let passed = before.checked_div(step).unwrap_or(0);
    let all = after.checked_div(step).unwrap_or(0);
    (passed..all).map(move |nth| (nth + 1) * step)
}

/// What is wrong with a ladder whose thresholds must be above zero and rise strictly. `pointer` names the list, `field`
/// the threshold's field.
pub fn problems<'a, R>(
    rungs: &'a [R],
    at: impl Fn(&R) -> u64 + 'a,
    pointer: &'a str,
    field: &'a str,
) -> impl Iterator<Item = Problem> + 'a {
    rungs.iter().enumerate().filter_map(move |(index, rung)| {
        let before = index.checked_sub(1).map_or(0, |before| at(&rungs[before]));
        (at(rung) <= before).then(|| {
            Problem::new(format!("{pointer}/{index}/{field}"), format!("must be more than {before}: a ladder rises"))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUNGS: [(u64, &str); 3] = [(3, "a"), (10, "b"), (20, "c")];

    fn names(before: u64, after: u64) -> Vec<&'static str> {
        reached(&RUNGS, |rung| rung.0, before, after).map(|rung| rung.1).collect()
    }

    #[test]
    fn a_rise_reaches_each_rung_once() {
        assert_eq!(names(0, 2), [""; 0]);
        assert_eq!(names(2, 3), ["a"]);
        assert_eq!(names(3, 3), [""; 0]);
        assert_eq!(names(2, 25), ["a", "b", "c"]);
    }

    #[test]
    fn the_highest_rung_counts() {
        assert_eq!(highest(&RUNGS, |rung| rung.0, 2), None);
        assert_eq!(highest(&RUNGS, |rung| rung.0, 10), Some(&RUNGS[1]));
        assert_eq!(highest(&RUNGS, |rung| rung.0, 99), Some(&RUNGS[2]));
    }

    #[test]
    fn multiples_reached() {
        assert_eq!(multiples(5, 4, 11).collect::<Vec<_>>(), [5, 10]);
        assert_eq!(multiples(5, 5, 9).count(), 0);
        assert_eq!(multiples(0, 0, 9).count(), 0);
        assert_eq!(multiples(1, 0, u64::MAX).next(), Some(1));
    }

    #[test]
    fn a_ladder_must_rise() {
        assert_eq!(problems(&RUNGS, |rung| rung.0, "/rungs", "at").count(), 0);
        let pointers: Vec<_> = problems(&[0_u64, 5, 5], |rung| *rung, "/rungs", "at").map(|one| one.pointer).collect();
        assert_eq!(pointers, ["/rungs/0/at", "/rungs/2/at"]);
    }
}
