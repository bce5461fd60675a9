//! What a coupon is worth on a purchase.

use largesse_sdk::{Party, Refusal, Value, json, money};

use crate::params::{CapKind, Coupon, Kind, Of};
use crate::purchase::Purchase;

/// A year and a rate of all of it, in days and basis points.
const DAY_PARTS: u64 = 365 * 10_000;
/// The same in months.
const MONTH_PARTS: u64 = 12 * 10_000;

/// What a coupon is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Worth {
    /// It takes something off what is to be paid.
    Off {
        /// So much, in minor units.
        takes_off: u64,
        /// What is still to be paid: of the interest, the fee or the price.
        pays: u64,
        /// So much of each period, where there are several.
        by_period: Vec<u64>,
    },
    /// It brings something.
    Brings {
        /// So much, in minor units.
        brings: u64,
        /// After so many days.
        after_days: u32,
    },
    /// It makes this the rate, in basis points.
    Rate(u32),
}

impl Worth {
    fn off(takes_off: u64, of: u64) -> Self {
        Self::Off { takes_off, pays: of.saturating_sub(takes_off), by_period: Vec::new() }
    }

    /// In minor units; nothing of a rate.
    #[must_use]
    pub fn amount(&self) -> u64 {
        match self {
            Self::Off { takes_off, .. } => *takes_off,
            Self::Brings { brings, .. } => *brings,
            Self::Rate(_) => 0,
        }
    }

    /// As the answer to a question.
    #[must_use]
    pub fn answer(&self, unit: &str) -> Value {
        match self {
            Self::Off { takes_off, pays, by_period } if by_period.is_empty() => {
                json!({"coupon": unit, "takes_off": takes_off, "pays": pays})
            }
            Self::Off { takes_off, pays, by_period } => {
                json!({"coupon": unit, "takes_off": takes_off, "pays": pays, "by_period": by_period})
            }
            Self::Brings { brings, after_days } => json!({"coupon": unit, "brings": brings, "after_days": after_days}),
            Self::Rate(basis_points) => json!({"coupon": unit, "rate_basis_points": basis_points}),
        }
    }
}

impl Coupon {
    /// What it is worth on a purchase of this customer.
    ///
    /// # Errors
    /// Why it cannot be used there.
    pub(crate) fn worth(&self, purchase: &Purchase, party: &Party) -> Result<Worth, Refusal> {
        if purchase.on.is_some_and(|on| on != self.on) {
            return Err(Refusal::new("other-use", "it is not used on this"));
        }
        // Of what `benefit.used` tells, the product is not known.
        if purchase.on.is_some() && self.product.is_some() && self.product != purchase.product {
            return Err(Refusal::new("other-product", "it is for another product"));
        }
        match &self.benefit {
            Kind::InterestFreeDays { days, principal_cap } => self.free_days(purchase, *days, *principal_cap),
            Kind::InterestFreePeriods { periods, free, minimum, cap_per_period } => {
                self.free_periods(purchase, (*periods, *free), *minimum, *cap_per_period)
            }
            Kind::FirstInstalment { cap, cap_kind } => {
                let interest = self.rounding.ratio(purchase.amount, rate(purchase)?, MONTH_PARTS)?;
                let takes_off = match cap_kind {
                    CapKind::Principal => {
                        self.rounding.ratio(purchase.amount.min(*cap), rate(purchase)?, MONTH_PARTS)?
                    }
                    CapKind::Interest => interest.min(*cap),
                };
                Ok(Worth::off(takes_off, interest))
            }
            Kind::PercentOff { of, rates } => {
                let best = rates.iter().filter(|rate| rate.is_for(party)).map(|rate| rate.percent_off).max();
                let percent = best.ok_or_else(|| Refusal::new("not-eligible", "it is not for this customer"))?;
                let whole = match of {
                    Of::Amount => purchase.amount,
                    Of::Fee => purchase.fee.ok_or_else(|| unknown("fee"))?,
                };
                Ok(Worth::off(self.rounding.ratio(whole, u64::from(percent), 100)?, whole))
            }
            Kind::MoneyOff { off, minimum, without_specials, brands } => {
                at_least(purchase.in_scope(*without_specials, brands)?, *minimum)?;
                Ok(Worth::off(*off, purchase.amount))
            }
            Kind::RateDiscount { percent_off, floor_basis_points } => {
                let contract = rate(purchase)?;
                let lower = self.rounding.ratio(contract, u64::from(100 - percent_off.min(&100)), 100)?;
                let floored = lower.max(contract.min(u64::from(*floor_basis_points)));
                Ok(Worth::Rate(u32::try_from(floored).unwrap_or(u32::MAX)))
            }
            Kind::Income { basis_points, principal, principal_cap, days, .. } => {
                let term = purchase.term_days;
                let days = match (*days, principal) {
                    (Some(days), Some(_)) => days,
                    (days, _) => days.into_iter().chain(term).min().ok_or_else(|| unknown("term"))?,
                };
                let principal = principal.unwrap_or_else(|| money::cap(purchase.amount, *principal_cap));
                let brings = self.interest(principal, u64::from(*basis_points), days)?;
                Ok(Worth::Brings { brings, after_days: days })
            }
            Kind::Compensation { cap, .. } => Ok(Worth::Brings { brings: purchase.amount.min(*cap), after_days: 0 }),
        }
    }

    fn free_days(&self, purchase: &Purchase, days: u32, principal_cap: Option<u64>) -> Result<Worth, Refusal> {
        let term = purchase.term_days.unwrap_or(days);
        let whole = self.interest(purchase.amount, rate(purchase)?, term)?;
        let takes_off = self.interest(money::cap(purchase.amount, principal_cap), rate(purchase)?, days.min(term))?;
        Ok(Worth::off(takes_off, whole))
    }

    fn free_periods(
        &self,
        purchase: &Purchase,
        (periods, free): (u32, u32),
        minimum: u64,
        cap: Option<u64>,
    ) -> Result<Worth, Refusal> {
        match purchase.periods {
            Some(own) if own == periods => {}
            Some(own) => return Err(Refusal::new("other-term", format!("it is for {periods} periods, not for {own}"))),
            None => return Err(unknown("term")),
        }
        at_least(purchase.amount, minimum)?;
        let rate = rate(purchase)?;
        // Before the nth instalment all but n - 1 parts of the principal are owed.
        let of = |nth: u32| {
            let owed = u64::from(periods.saturating_sub(nth) + 1);
            self.rounding.ratio(purchase.amount, owed * rate, u64::from(periods) * MONTH_PARTS)
        };
        let interest = (1..=periods).map(of).collect::<Result<Vec<_>, _>>()?;
        let first = usize::try_from(free).unwrap_or(usize::MAX);
        let by_period: Vec<u64> = interest.iter().take(first).map(|one| money::cap(*one, cap)).collect();
        let (takes_off, whole) = (money::sum(by_period.iter().copied())?, money::sum(interest)?);
        Ok(Worth::Off { takes_off, pays: whole.saturating_sub(takes_off), by_period })
    }

    /// Simple interest over days.
    fn interest(&self, principal: u64, basis_points: u64, days: u32) -> Result<u64, Refusal> {
        Ok(self.rounding.ratio(principal, basis_points.saturating_mul(u64::from(days)), DAY_PARTS)?)
    }
}

fn rate(purchase: &Purchase) -> Result<u64, Refusal> {
    purchase.rate_basis_points.map(u64::from).ok_or_else(|| unknown("rate"))
}

fn at_least(amount: u64, minimum: u64) -> Result<(), Refusal> {
    if amount < minimum {
        return Err(Refusal::new("below-minimum", format!("from {minimum} on, and this is {amount}")));
    }
    Ok(())
}

fn unknown(what: &str) -> Refusal {
    Refusal::new(format!("unknown-{what}"), format!("the {what} is not said"))
}
