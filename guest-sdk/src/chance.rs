//! Chance that repeats: the same seed gives the same choices, on every machine, for ever.

/// A small generator of integers (SplitMix64), begun from the decision's seed.
#[derive(Clone, Debug)]
pub struct Chance {
    state: u64,
}

impl Chance {
    /// Begins from a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// Any 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// 0 to `count - 1`, each equally likely; 0 when `count` is 0.
    pub fn below(&mut self, count: u64) -> u64 {
        if count == 0 {
            return 0;
        }
        // The high half of bits * count is the choice. The lowest `uneven` values of the low half would make some
        // choices likelier; they are drawn again.
        let uneven = count.wrapping_neg() % count;
        loop {
            let product = u128::from(self.bits()) * u128::from(count);
            let low = u64::try_from(product & u128::from(u64::MAX)).unwrap_or(0);
            if low >= uneven {
                return u64::try_from(product >> 64).unwrap_or(0);
            }
        }
    }

    /// From `from` to `to`, both included, each equally likely; `from` when the range is empty.
    pub fn between(&mut self, from: u64, to: u64) -> u64 {
        match to.checked_sub(from) {
            None => from,
            Some(u64::MAX) => self.bits(),
            Some(width) => from + self.below(width + 1),
        }
    }

    /// The index of one of the weights, in proportion to its weight. `None` when all are zero or their sum is over 2^64
    /// - 1.
    pub fn weighted(&mut self, weights: impl IntoIterator<Item = u64> + Clone) -> Option<usize> {
        let total = weights.clone().into_iter().try_fold(0_u64, u64::checked_add)?;
        if total == 0 {
            return None;
        }
        let mut left = self.below(total);
        weights.into_iter().position(|weight| match left.checked_sub(weight) {
            Some(rest) => {
                left = rest;
                false
            }
            None => true,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_its_known_bits() {
        // Reference values of SplitMix64 for the seed 1234567.
        let mut chance = Chance::new(1_234_567);
        assert_eq!(chance.bits(), 6_457_827_717_110_365_317);
        assert_eq!(chance.bits(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn ranges_include_both_ends_evenly() {
        let mut counts = [0_u32; 6];
        let mut chance = Chance::new(7);
        for _ in 0..60_000 {
            counts[usize::try_from(chance.between(1, 6)).unwrap() - 1] += 1;
        }
        assert!(counts.iter().all(|count| (9_500..10_500).contains(count)), "{counts:?}");
        assert_eq!(chance.between(5, 5), 5);
        assert_eq!(chance.between(5, 4), 5);
        assert_eq!(chance.below(0), 0);
        let _any = chance.between(0, u64::MAX);
    }

    #[test]
    fn weights_are_kept() {
        let mut counts = [0_u32; 3];
        for seed in 0..40_000 {
            counts[Chance::new(seed).weighted([1, 0, 3]).unwrap()] += 1;
        }
        assert_eq!(counts[1], 0);
        assert!((9_500..10_500).contains(&counts[0]), "{counts:?}");
        assert_eq!(Chance::new(1).weighted([0, 0]), None);
        assert_eq!(Chance::new(1).weighted([u64::MAX, 1]), None);
        assert_eq!(Chance::new(1).weighted([]), None);
    }
}
