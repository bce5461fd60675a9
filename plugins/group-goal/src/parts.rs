//! Splitting an amount by chance.

use largesse_sdk::Chance;

/// The next of so many parts of what is left: at least 1, on average as much as every other, and the last is all that is left. So
/// the parts add up to the amount.
pub(crate) fn next(left: u64, parts: u64, chance: &mut Chance) -> u64 {
    let others = parts.saturating_sub(1);
    if others == 0 {
        return left;
    }
    // From 1 to twice the mean less 1 has the mean in its middle; the others need 1 each.
    let twice_the_mean = left.saturating_mul(2) / parts;
    let most = twice_the_mean.saturating_sub(1).min(left.saturating_sub(others)).max(1);
    chance.between(1, most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_add_up_and_nobody_gets_nothing() {
        for seed in 0..500 {
            let mut chance = Chance::new(seed);
            for (amount, parts) in [(2_000, 10), (10, 10), (11, 10), (1, 1), (1_000_000, 100)] {
                let mut left = amount;
                for nth in (1..=parts).rev() {
                    let part = next(left, nth, &mut chance);
                    assert!(part >= 1 && part <= left, "{part} of {left}");
                    left -= part;
                }
                assert_eq!(left, 0);
            }
        }
    }

    #[test]
    fn the_first_gets_no_more_than_the_last_on_average() {
        let (mut first, mut last) = (0, 0);
        for seed in 0..4_000 {
            let mut chance = Chance::new(seed);
            let mut left = 2_000;
            for nth in (1..=10).rev() {
                let part = next(left, nth, &mut chance);
                left -= part;
                first += if nth == 10 { part } else { 0 };
                last += if nth == 1 { part } else { 0 };
            }
        }
        for sum in [first, last] {
            assert!((190..=210).contains(&(sum / 4_000)), "{first} and {last}");
        }
    }
}
