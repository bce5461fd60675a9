//! What a coupon is used on: as an application asks, or as an event tells.

use largesse_sdk::{Event, Refusal, events, money};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::params::{On, Params};

/// What is asked of one coupon.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// The coupon, by its unit.
    pub coupon: String,
    /// What it would be used on.
    pub purchase: Purchase,
}

/// What is asked of all coupons that the customer holds.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Shown {
    /// What they would be used on.
    pub purchase: Purchase,
}

/// What a coupon is used on, as far as it is known.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Purchase {
    /// What it is; not known of what `benefit.used` tells.
    pub on: Option<On>,
    /// The order, loan, holding or claim, where it is known already.
    pub order: Option<String>,
    /// What it comes to, in minor units: the principal, the price, the loss.
    pub amount: u64,
    /// The product.
    pub product: Option<String>,
    /// The service fee, in minor units.
    pub fee: Option<u64>,
    /// The number of instalments.
    pub periods: Option<u32>,
    /// The term, in days.
    pub term_days: Option<u32>,
    /// The yearly rate, in hundredths of a per cent.
    pub rate_basis_points: Option<u32>,
    /// The goods, which add up to the amount; not known when empty.
    #[serde(default)]
    pub lines: Vec<Line>,
}

/// Goods of an order.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// What they come to, in minor units.
    pub amount: u64,
    /// The brand.
    pub brand: Option<String>,
    /// Whether they are a special offer.
    #[serde(default)]
    pub special: bool,
}

/// The use of a coupon.
pub(crate) struct Use {
    /// Which, by its unit.
    pub(crate) unit: String,
    /// On what.
    pub(crate) purchase: Purchase,
    /// The order, loan, holding or claim.
    pub(crate) order: String,
}

impl Use {
    /// Reads it off an event.
    ///
    /// # Errors
    /// `no-coupon` when none of the desk's coupons is used, `one-per-order` when several are.
    pub(crate) fn of(event: &Event, params: &Params, currency: &str) -> Result<Self, Refusal> {
        match event.kind.as_str() {
            "loan.drawn" => Self::of_loan(event.data()?, params, currency),
            "invest.purchased" => Self::of_investment(event.data()?, params, currency),
            _ => Self::of_benefit(event.data()?, currency),
        }
    }

    fn of_loan(data: events::LoanDrawn, params: &Params, currency: &str) -> Result<Self, Refusal> {
        let mut ours = data.coupons.into_iter().filter(|unit| params.coupon(unit).is_some());
        let unit = ours.next().ok_or_else(no_coupon)?;
        if ours.next().is_some() {
            return Err(one_per_order("the loan names several coupons"));
        }
        let fee = data.service_fee.map(|fee| fee.in_currency(currency)).transpose()?;
        let purchase = Purchase {
            on: Some(On::Loan),
            fee,
            periods: data.periods,
            term_days: data.term_days,
            rate_basis_points: data.rate_basis_points,
            ..Purchase::of(data.amount.in_currency(currency)?)
        };
        Ok(Self { unit, purchase, order: data.loan })
    }

    fn of_investment(data: events::InvestPurchased, params: &Params, currency: &str) -> Result<Self, Refusal> {
        let named = data.voucher.filter(|unit| params.coupon(unit).is_some());
        let exclusive = || params.coupons.iter().find(|coupon| coupon.exclusive && coupon.product == data.product);
        let unit = named.or_else(|| exclusive().map(|coupon| coupon.unit.clone())).ok_or_else(no_coupon)?;
        let purchase = Purchase {
            on: Some(On::Investment),
            product: data.product,
            term_days: data.term_days,
            ..Purchase::of(data.amount.in_currency(currency)?)
        };
        Ok(Self { unit, purchase, order: data.holding })
    }

    fn of_benefit(data: events::BenefitUsed, currency: &str) -> Result<Self, Refusal> {
        let order = data.order.ok_or_else(|| Refusal::new("no-order", "it is not said what it was used on"))?;
        if data.quantity.unwrap_or(1) != 1 {
            return Err(one_per_order("several were used at once"));
        }
        let amount = data.amount.map_or(Ok(0), |amount| amount.in_currency(currency))?;
        // What it was used on is what it is measured on: a fee, where it is off a fee.
        Ok(Self { unit: data.unit, purchase: Purchase { fee: Some(amount), ..Purchase::of(amount) }, order })
    }
}

pub(crate) fn one_per_order(message: &str) -> Refusal {
    Refusal::new("one-per-order", message)
}

fn no_coupon() -> Refusal {
    Refusal::new("no-coupon", "none of these coupons is used")
}

impl Purchase {
    fn of(amount: u64) -> Self {
        Self {
            on: None,
            order: None,
            amount,
            product: None,
            fee: None,
            periods: None,
            term_days: None,
            rate_basis_points: None,
            lines: Vec::new(),
        }
    }

    /// What of it is in a scope: all of it where its goods are not known.
    ///
    /// # Errors
    /// `lines-differ` when the goods do not add up to the amount.
    pub(crate) fn in_scope(&self, without_specials: bool, brands: &[String]) -> Result<u64, Refusal> {
        if self.lines.is_empty() {
            return Ok(self.amount);
        }
        if money::sum(self.lines.iter().map(|line| line.amount))? != self.amount {
            return Err(Refusal::new("lines-differ", "the goods do not add up to the amount"));
        }
        let of_brand = |line: &Line| brands.is_empty() || line.brand.as_ref().is_some_and(|own| brands.contains(own));
        let fits = |line: &&Line| !(without_specials && line.special) && of_brand(line);
        Ok(money::sum(self.lines.iter().filter(fits).map(|line| line.amount))?)
    }
}
