//! Which way what a division leaves over goes: one parameter for all policies.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::money::{OutOfRange, WHOLE_BASIS_POINTS, ratio, ratio_down};

/// Which way what is left over by a division goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Rounding {
    /// It is dropped: 14.999 is 14.99.
    Down,
    /// To the nearest minor unit or point, a half up.
    HalfUp,
    /// To the next minor unit or point: 14.991 is 15.00.
    Up,
}

impl Rounding {
    /// [`Rounding::HalfUp`], for parameters that say nothing else.
    #[must_use]
    pub fn half_up() -> Self {
        Self::HalfUp
    }

    /// [`Rounding::Down`], for parameters that say nothing else.
    #[must_use]
    pub fn down() -> Self {
        Self::Down
    }

    /// `amount * numerator / denominator`. Nothing when the denominator is 0.
    ///
    /// # Errors
    /// When the result is above 10^15.
    pub fn ratio(self, amount: u64, numerator: u64, denominator: u64) -> Result<u64, OutOfRange> {
        match self {
            Self::Down => ratio_down(amount, numerator, denominator),
            Self::HalfUp => ratio(amount, numerator, denominator),
            Self::Up => {
                let down = ratio_down(amount, numerator, denominator)?;
                let whole = u128::from(down) * u128::from(denominator);
                let over = denominator != 0 && whole < u128::from(amount) * u128::from(numerator);
                // One more than what is in range may be out of it.
                ratio_down(down + u64::from(over), 1, 1)
            }
        }
    }

    /// A share of an amount, in basis points: 10,000 is all of it.
    ///
    /// # Errors
    /// When the result is above 10^15.
    pub fn rate(self, amount: u64, basis_points: u32) -> Result<u64, OutOfRange> {
        self.ratio(amount, u64::from(basis_points), u64::from(WHOLE_BASIS_POINTS))
    }

    /// What an amount earns at so much for every `per` of it: for each full `per`, or, pro rata, for a part of one as well.
    ///
    /// # Errors
    /// When the result is above 10^15.
    pub fn earned(self, amount: u64, quantity: u64, per: u64, pro_rata: bool) -> Result<u64, OutOfRange> {
        if pro_rata {
            self.ratio(amount, quantity, per)
        } else {
            ratio_down(amount.checked_div(per).unwrap_or(0), quantity, 1)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::AMOUNT_MAX;

    #[test]
    fn what_is_left_over_goes_where_it_is_told() {
        let all = |amount, basis_points| {
            [Rounding::Down, Rounding::HalfUp, Rounding::Up].map(|one| one.rate(amount, basis_points).unwrap())
        };
        assert_eq!(all(14_999, 1_000), [1_499, 1_500, 1_500]);
        assert_eq!(all(14_991, 1_000), [1_499, 1_499, 1_500]);
        assert_eq!(all(15_000, 1_000), [1_500; 3]);
        assert_eq!(all(0, 1_000), [0; 3]);
        assert_eq!(Rounding::Up.ratio(5, 1, 0), Ok(0));
        assert_eq!(Rounding::Up.ratio(AMOUNT_MAX * 2 - 1, 1, 2), Ok(AMOUNT_MAX));
        assert_eq!(Rounding::Up.ratio(AMOUNT_MAX * 2 + 1, 1, 2), Err(OutOfRange));
    }

    #[test]
    fn only_full_steps_earn_unless_told_otherwise() {
        let full = |amount| Rounding::HalfUp.earned(amount, 5, 250, false).unwrap();
        assert_eq!([249, 250, 300, 499, 500].map(full), [0, 5, 5, 5, 10]);
        let part = |rounding: Rounding, amount| rounding.earned(amount, 5, 250, true).unwrap();
        assert_eq!([30, 300, 330].map(|amount| part(Rounding::Down, amount)), [0, 6, 6]);
        assert_eq!([25, 300, 330].map(|amount| part(Rounding::HalfUp, amount)), [1, 6, 7]);
        assert_eq!([1, 300, 301].map(|amount| part(Rounding::Up, amount)), [1, 6, 7]);
        assert_eq!(Rounding::Up.earned(u64::MAX, 5, 0, false), Ok(0));
    }
}
