//! Exact fractions: rates, shares and averages, without a rounding until somebody asks for one.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use crate::limits::PLACES_MAX;

/// A fraction in lowest terms, of whole numbers of up to 127 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ratio {
    above: i128,
    /// More than nothing.
    below: i128,
}

/// Why a calculation has no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undefined {
    /// Something is divided by nothing.
    DividedByNothing,
    /// A number is too large to be kept exactly.
    OutOfRange,
    /// A share, a count or an amount that cannot be: a share above one, less than nothing of something.
    Meaningless,
}

impl fmt::Display for Undefined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DividedByNothing => "something is divided by nothing",
            Self::OutOfRange => "a number is too large to be kept exactly",
            Self::Meaningless => "a share above one, or less than nothing of something",
        })
    }
}

impl std::error::Error for Undefined {}

/// A result, or why there is none.
pub type Calculated<T = Ratio> = Result<T, Undefined>;

impl Ratio {
    /// Nothing.
    pub const ZERO: Self = Self { above: 0, below: 1 };
    /// One.
    pub const ONE: Self = Self { above: 1, below: 1 };

    /// Returns the fraction of two numbers.
    ///
    /// # Errors
    /// When the second is nothing, or one of them cannot change its sign.
    pub fn new(above: i128, below: i128) -> Calculated {
        if below == 0 {
            return Err(Undefined::DividedByNothing);
        }
        let shared = common(above.unsigned_abs(), below.unsigned_abs());
        let shared = i128::try_from(shared).map_err(|_| Undefined::OutOfRange)?;
        let sign = below.signum();
        let [above, below] = [above, below].map(|number| (number / shared).checked_mul(sign));
        Ok(Self { above: above.ok_or(Undefined::OutOfRange)?, below: below.ok_or(Undefined::OutOfRange)? })
    }

    /// Returns a whole number.
    #[must_use]
    pub fn whole(number: u64) -> Self {
        Self { above: i128::from(number), below: 1 }
    }

    /// Returns the number above the line, of the fraction in lowest terms.
    #[must_use]
    pub fn above(self) -> i128 {
        self.above
    }

    /// Returns the number below the line, more than nothing.
    #[must_use]
    pub fn below(self) -> i128 {
        self.below
    }

    /// Returns the sum.
    ///
    /// # Errors
    /// Out of range.
    pub fn plus(self, other: Self) -> Calculated {
        let shared = common(self.below.unsigned_abs(), other.below.unsigned_abs());
        let shared = i128::try_from(shared).map_err(|_| Undefined::OutOfRange)?;
        let (own, others) = (self.below / shared, other.below / shared);
        let sum = self.above.checked_mul(others).zip(other.above.checked_mul(own)).and_then(|(a, b)| a.checked_add(b));
        let below = self.below.checked_mul(others);
        Self::new(sum.ok_or(Undefined::OutOfRange)?, below.ok_or(Undefined::OutOfRange)?)
    }

    /// Returns the difference.
    ///
    /// # Errors
    /// Out of range.
    pub fn minus(self, other: Self) -> Calculated {
        let negated = other.above.checked_neg().ok_or(Undefined::OutOfRange)?;
        self.plus(Self { above: negated, below: other.below })
    }

    /// Returns the product.
    ///
    /// # Errors
    /// Out of range.
    pub fn times(self, other: Self) -> Calculated {
        // Reduced crosswise first, so that only what is too large in the end is out of range.
        let (a, d) = (Self::new(self.above, other.below)?, Self::new(other.above, self.below)?);
        let above = a.above.checked_mul(d.above).ok_or(Undefined::OutOfRange)?;
        Self::new(above, a.below.checked_mul(d.below).ok_or(Undefined::OutOfRange)?)
    }

    /// Returns the quotient.
    ///
    /// # Errors
    /// When the other is nothing, or out of range.
    pub fn over(self, other: Self) -> Calculated {
        self.times(Self::new(other.below, other.above)?)
    }

    /// Returns the whole number at or below it.
    #[must_use]
    pub fn floor(self) -> i128 {
        self.above.div_euclid(self.below)
    }

    /// Returns the number in units of `10^-places`, rounded to the nearest; halves away from nothing.
    ///
    /// # Errors
    /// Out of range, or with more than [`PLACES_MAX`] places.
    pub fn rounded(self, places: u32) -> Calculated<i128> {
        let scale = 10_i128.checked_pow(places).filter(|_| places <= PLACES_MAX).ok_or(Undefined::OutOfRange)?;
        let scaled = self.times(Self { above: scale, below: 1 })?;
        let half = Self { above: scaled.above.signum(), below: 2 };
        let moved = scaled.plus(half)?;
        // Towards nothing, from a half further away.
        Ok(moved.above / moved.below)
    }

    /// Returns the decimal that says it all, with at most [`PLACES_MAX`] places; `None` when none does.
    #[must_use]
    pub fn exact_decimal(self) -> Option<String> {
        let places = (0..=PLACES_MAX).find(|places| 10_i128.pow(*places) % self.below == 0)?;
        self.decimal(places).ok()
    }

    /// Returns a decimal with so many places, rounded as [`Self::rounded`] does.
    ///
    /// # Errors
    /// As [`Self::rounded`].
    pub fn decimal(self, places: u32) -> Calculated<String> {
        let rounded = self.rounded(places)?;
        let sign = if rounded < 0 { "-" } else { "" };
        let digits = format!("{:0width$}", rounded.unsigned_abs(), width = places as usize + 1);
        let (whole, part) = digits.split_at(digits.len() - places as usize);
        Ok(if part.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{part}") })
    }
}

/// Returns the greatest number that divides both; one when both are nothing.
fn common(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.max(1)
}

impl PartialOrd for Ratio {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ratio {
    fn cmp(&self, other: &Self) -> Ordering {
        // By the whole parts, then by what is left turned upside down: products could leave the range.
        let (mut one, mut two, mut turned) = (*self, *other, false);
        loop {
            let order = one.floor().cmp(&two.floor());
            let [left, right] = [one, two].map(|ratio| ratio.above.rem_euclid(ratio.below));
            let order = order.then_with(|| if left == 0 || right == 0 { left.cmp(&right) } else { Ordering::Equal });
            if order != Ordering::Equal || left == 0 || right == 0 {
                return if turned { order.reverse() } else { order };
            }
            (one, two) = (Self { above: one.below, below: left }, Self { above: two.below, below: right });
            turned = !turned;
        }
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.below == 1 { self.above.fmt(f) } else { write!(f, "{}/{}", self.above, self.below) }
    }
}

/// A text that is no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoNumber;

impl fmt::Display for NoNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected a number such as 12, -0.5, 2.5% or 1/3")
    }
}

impl std::error::Error for NoNumber {}

impl FromStr for Ratio {
    type Err = NoNumber;

    fn from_str(text: &str) -> Result<Self, NoNumber> {
        if let Some(percent) = text.strip_suffix('%') {
            return read_decimal(percent)?.over(Self::whole(100)).map_err(|_| NoNumber);
        }
        match text.split_once('/') {
            Some((above, below)) => read_decimal(above)?.over(read_decimal(below)?).map_err(|_| NoNumber),
            None => read_decimal(text),
        }
    }
}

fn read_decimal(text: &str) -> Result<Ratio, NoNumber> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let unsigned = whole.strip_prefix('-').unwrap_or(whole);
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let places = u32::try_from(part.len()).ok().filter(|places| *places <= PLACES_MAX).ok_or(NoNumber)?;
    if unsigned.is_empty() || !digits(unsigned) || !digits(part) || text.ends_with('.') {
        return Err(NoNumber);
    }
    let above: i128 = format!("{whole}{part}").parse().map_err(|_| NoNumber)?;
    Ratio::new(above, 10_i128.pow(places)).map_err(|_| NoNumber)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio(text: &str) -> Ratio {
        text.parse().unwrap()
    }

    #[test]
    fn numbers_are_read_exactly() {
        for (text, above, below) in [
            ("0", 0, 1),
            ("-0.5", -1, 2),
            ("2.50", 5, 2),
            ("0.8%", 1, 125),
            ("70/3", 70, 3),
            ("-4/-6", 2, 3),
            ("0.5/0.25", 2, 1),
            ("100000000000", 100_000_000_000, 1),
        ] {
            assert_eq!(ratio(text), Ratio { above, below }, "{text}");
        }
        for text in ["", "-", ".5", "1.", "1e3", "1/0", "1/2/3", "+1", "1 000", "0.0000000000001", "٣"] {
            assert_eq!(text.parse::<Ratio>(), Err(NoNumber), "{text}");
        }
    }

    #[test]
    fn rounding_is_to_the_nearest_and_halves_away_from_nothing() {
        for (text, places, expected) in [
            ("50/3", 2, "16.67"),
            ("-50/3", 2, "-16.67"),
            ("0.005", 2, "0.01"),
            ("-0.005", 2, "-0.01"),
            ("0.0049", 2, "0.00"),
            ("-0.0049", 2, "0.00"),
            ("7/2", 0, "4"),
            ("1/3", 0, "0"),
        ] {
            assert_eq!(ratio(text).decimal(places).unwrap(), expected, "{text}");
        }
        assert_eq!(ratio("0.0240").exact_decimal().unwrap(), "0.024");
        assert_eq!(ratio("1/3").exact_decimal(), None);
        assert_eq!([ratio("-7/2"), ratio("7/2"), ratio("-3")].map(Ratio::floor), [-4, 3, -3]);
    }

    #[test]
    fn results_are_exact_or_none() {
        let huge = Ratio::new(i128::MAX, 1).unwrap();
        assert_eq!(ratio("1/6").plus(ratio("1/3")), Ok(ratio("1/2")));
        assert_eq!(ratio("1/6").minus(ratio("2/3")), Ok(ratio("-1/2")));
        assert_eq!(
            huge.times(Ratio::new(3, i128::MAX).unwrap()),
            Ok(Ratio::whole(3)),
            "reduced before it is multiplied"
        );
        assert_eq!(huge.times(Ratio::whole(2)), Err(Undefined::OutOfRange));
        assert_eq!(huge.plus(Ratio::ONE), Err(Undefined::OutOfRange));
        assert_eq!(Ratio::ONE.over(Ratio::ZERO), Err(Undefined::DividedByNothing));
        assert_eq!(Ratio::new(i128::MIN, -1), Err(Undefined::OutOfRange));
    }

    #[test]
    fn fractions_are_ordered_without_leaving_the_range() {
        let sorted = ["-3", "-5/2", "-1/3", "0", "1/4", "1/3", "2/5", "1", "7/2", "18/5"].map(ratio);
        for (place, one) in sorted.iter().enumerate() {
            for (other_place, other) in sorted.iter().enumerate() {
                assert_eq!(one.cmp(other), place.cmp(&other_place), "{one} and {other}");
            }
        }
        let [less, more] = [i128::MAX - 1, i128::MAX].map(|above| Ratio::new(above, i128::MAX - 2).unwrap());
        assert!(less < more);
    }
}
