//! Money: integers of minor units, rates in basis points, no floating point.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::answer::Refusal;

/// A whole, in basis points: 10,000 hundredths of a per cent.
pub const WHOLE_BASIS_POINTS: u32 = 10_000;
/// The largest amount, in minor units: 10^15.
pub const AMOUNT_MAX: u64 = 1_000_000_000_000_000;

/// An amount as events carry it: `{"minor": 1999, "currency": "CNY"}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Money {
    /// Minor units, such as fen.
    pub minor: i64,
    /// ISO 4217 code.
    pub currency: String,
}

impl Money {
    /// The minor units of an amount that must be in this currency and not negative.
    ///
    /// # Errors
    /// Refuses with `wrong-currency`, or with `bad-amount` when negative or above 10^15.
    pub fn in_currency(&self, currency: &str) -> Result<u64, Refusal> {
        if self.currency != currency {
            let message = format!("the amount is in {}, the campaign in {currency}", self.currency);
            return Err(Refusal::new("wrong-currency", message));
        }
        match u64::try_from(self.minor) {
            Ok(minor) if minor <= AMOUNT_MAX => Ok(minor),
            _ => Err(Refusal::new("bad-amount", format!("{} is not within 0 to 10^15", self.minor))),
        }
    }
}

/// A result that leaves the range of amounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfRange;

impl std::fmt::Display for OutOfRange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("amount above 10^15")
    }
}

impl std::error::Error for OutOfRange {}

impl From<OutOfRange> for Refusal {
    fn from(error: OutOfRange) -> Self {
        Self::new("bad-amount", error.to_string())
    }
}

/// `amount * numerator / denominator`, half rounded up. Nothing when the denominator is 0.
///
/// # Errors
/// When the result is above 10^15.
pub fn ratio(amount: u64, numerator: u64, denominator: u64) -> Result<u64, OutOfRange> {
    if denominator == 0 {
        return Ok(0);
    }
    let denominator = u128::from(denominator);
    let product = u128::from(amount) * u128::from(numerator);
    let rounded = product / denominator + u128::from(product % denominator * 2 >= denominator);
    in_range(rounded)
}

/// `amount * numerator / denominator`, what is left over dropped. Nothing when the denominator is 0.
///
/// # Errors
/// When the result is above 10^15.
pub fn ratio_down(amount: u64, numerator: u64, denominator: u64) -> Result<u64, OutOfRange> {
    (u128::from(amount) * u128::from(numerator)).checked_div(u128::from(denominator)).map_or(Ok(0), in_range)
}

/// A share of an amount, in basis points (10,000 is all of it), half rounded up: 2.5 % of 1,990 is 50.
///
/// # Errors
/// When the result is above 10^15.
pub fn rate(amount: u64, basis_points: u32) -> Result<u64, OutOfRange> {
    ratio(amount, u64::from(basis_points), u64::from(WHOLE_BASIS_POINTS))
}

/// The amount, or the cap when there is one and it is less.
#[must_use]
pub fn cap(amount: u64, most: Option<u64>) -> u64 {
    most.map_or(amount, |most| amount.min(most))
}

/// The sum.
///
/// # Errors
/// When it is above 10^15.
pub fn sum(amounts: impl IntoIterator<Item = u64>) -> Result<u64, OutOfRange> {
    amounts.into_iter().try_fold(0_u64, u64::checked_add).ok_or(OutOfRange).and_then(|sum| in_range(u128::from(sum)))
}

fn in_range(amount: u128) -> Result<u64, OutOfRange> {
    u64::try_from(amount).ok().filter(|amount| *amount <= AMOUNT_MAX).ok_or(OutOfRange)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_go_up() {
        assert_eq!(rate(1_990, 250), Ok(50)); // 49.75
        assert_eq!(rate(100, 50), Ok(1)); // 0.5
        assert_eq!(rate(99, 50), Ok(0)); // 0.495
        assert_eq!(rate(0, 10_000), Ok(0));
        assert_eq!(rate(AMOUNT_MAX, 10_000), Ok(AMOUNT_MAX));
        assert_eq!(rate(AMOUNT_MAX, 10_001), Err(OutOfRange));
        assert_eq!(ratio(u64::MAX, u64::MAX, 1), Err(OutOfRange));
        assert_eq!(ratio(5, 1, 0), Ok(0));
        assert_eq!(ratio_down(199, 1, 100), Ok(1));
    }

    #[test]
    fn an_amount_must_be_in_the_campaigns_money() {
        let money = |minor, currency: &str| Money { minor, currency: currency.to_owned() };
        assert_eq!(money(5, "CNY").in_currency("CNY"), Ok(5));
        assert_eq!(money(5, "USD").in_currency("CNY").unwrap_err().code, "wrong-currency");
        assert_eq!(money(-5, "CNY").in_currency("CNY").unwrap_err().code, "bad-amount");
    }

    #[test]
    fn caps_and_sums() {
        assert_eq!((cap(5, None), cap(5, Some(3)), cap(2, Some(3))), (5, 3, 2));
        assert_eq!(sum([1, 2, 3]), Ok(6));
        assert_eq!(sum([AMOUNT_MAX, 1]), Err(OutOfRange));
    }
}
