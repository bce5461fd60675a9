//! Terms of units, and pockets, as operators write them and as they go out.

use largesse_domain::catalogue::{GRACE_DAYS_USUAL, Pocket, UnitTerms, Valuation};
use largesse_domain::id::{PocketId, RequestId};
use largesse_domain::json::Json;
use largesse_domain::limits::{PARAMS_BYTES_MAX, VALID_DAYS_MAX};
use largesse_domain::problem::Problem;
use largesse_domain::restock::StockChange;
use largesse_domain::unit::{Currency, Quantity, SpendOrder, Unit, UnitClass};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::campaign::read_optional;
use crate::problem::{Problems, json_value};
use crate::request::QuantityDocument;
use crate::terms::{BudgetDocument, read_budgets, read_warn_at, warn_at};
use crate::time::instant_text;

/// What holds for a unit: a coupon template, an item, points.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct UnitDocument {
    /// For people.
    pub title: String,
    /// What it costs the company; a minor unit of money costs itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<ValuationDocument>,
    /// What it is worth to a customer, where campaigns are compared; a minor unit of money is worth itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<ValuationDocument>,
    /// Whether pieces are on hand, and are given only while there are. Fixed once it is said.
    pub stocked: bool,
    /// How long a grant is good for when its policy says nothing, in days of 24 hours; 1 to 36,525.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_days: Option<u32>,
    /// Which grants are used first: `expires-first`, those that expire soonest and then those that never do; or `given-first`. Of the same
    /// end, what was given first.
    pub spend: Spend,
    /// How long what comes back after its end can be used, in days of 24 hours, 0 to 36,525: an order that was paid with it is returned.
    /// With 0 it expires at once.
    pub grace_days: u32,
    /// The least that is redeemed at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redeem_minimum: Option<u64>,
    /// What else holds for it, for the systems that carry it out.
    #[serde(skip_serializing_if = "Map::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub terms: Map<String, Value>,
}

impl Default for UnitDocument {
    fn default() -> Self {
        Self {
            title: String::new(),
            cost: None,
            value: None,
            stocked: false,
            valid_days: None,
            spend: Spend::default(),
            grace_days: GRACE_DAYS_USUAL,
            redeem_minimum: None,
            terms: Map::new(),
        }
    }
}

/// Which grants of a unit are used first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Spend {
    /// Those that expire soonest; then those that never do.
    #[default]
    ExpiresFirst,
    /// Those that were given first.
    GivenFirst,
}

impl From<Spend> for SpendOrder {
    fn from(spend: Spend) -> Self {
        match spend {
            Spend::ExpiresFirst => Self::ExpiresFirst,
            Spend::GivenFirst => Self::GivenFirst,
        }
    }
}

impl From<SpendOrder> for Spend {
    fn from(order: SpendOrder) -> Self {
        match order {
            SpendOrder::ExpiresFirst => Self::ExpiresFirst,
            SpendOrder::GivenFirst => Self::GivenFirst,
        }
    }
}

/// What a unit comes to in money: so much for so many.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ValuationDocument {
    /// Minor units of the currency; 0 to 10^15.
    pub amount: u64,
    /// For so many of the unit; 1 to 10^15.
    #[serde(default = "one")]
    pub per: u64,
    /// ISO 4217 code.
    pub currency: String,
}

fn one() -> u64 {
    1
}

impl UnitDocument {
    /// Checks the terms of a unit.
    ///
    /// # Errors
    /// All that is wrong with them.
    pub fn read(&self, unit: Unit) -> Result<UnitTerms, Vec<Problem>> {
        let mut problems = Problems::default();
        let cost = self.cost.as_ref().and_then(|cost| cost.read("/cost", &mut problems));
        let value = self.value.as_ref().and_then(|value| value.read("/value", &mut problems));
        if matches!(unit.class(), UnitClass::Cash) {
            if cost.is_some() {
                problems.add("/cost", "money costs itself");
            }
            if value.is_some() {
                problems.add("/value", "money is worth itself");
            }
        }
        if self.stocked && !matches!(unit.class(), UnitClass::Item | UnitClass::Coupon | UnitClass::Entitlement) {
            problems.add("/stocked", format!("{unit} is not counted in pieces: items, coupons and entitlements are"));
        }
        if self.valid_days.is_some_and(|days| !(1..=VALID_DAYS_MAX).contains(&days)) {
            problems.add("/valid_days", format!("expected 1 to {VALID_DAYS_MAX}"));
        }
        if self.grace_days > VALID_DAYS_MAX {
            problems.add("/grace_days", format!("expected 0 to {VALID_DAYS_MAX}"));
        }
        let redeem_minimum =
            self.redeem_minimum.and_then(|least| problems.keep("/redeem_minimum", Quantity::new(least)));
        let terms = Value::Object(self.terms.clone()).to_string();
        if terms.len() > PARAMS_BYTES_MAX {
            problems.add("/terms", format!("longer than {PARAMS_BYTES_MAX} bytes"));
        }
        problems.finish(Some(UnitTerms {
            unit,
            title: self.title.clone(),
            cost,
            value,
            stocked: self.stocked,
            valid_days: self.valid_days,
            spend: self.spend.into(),
            grace_days: self.grace_days,
            redeem_minimum,
            terms: Json::from_checked(terms),
        }))
    }

    /// The document that says these terms.
    #[must_use]
    pub fn of(terms: &UnitTerms) -> Self {
        let own = match json_value(&terms.terms) {
            Value::Object(own) => own,
            _ => Map::new(),
        };
        Self {
            title: terms.title.clone(),
            cost: terms.cost.map(Into::into),
            value: terms.value.map(Into::into),
            stocked: terms.stocked,
            valid_days: terms.valid_days,
            spend: terms.spend.into(),
            grace_days: terms.grace_days,
            redeem_minimum: terms.redeem_minimum.map(Quantity::get),
            terms: own,
        }
    }
}

impl ValuationDocument {
    fn read(&self, pointer: &str, problems: &mut Problems) -> Option<Valuation> {
        let amount = problems.keep(format!("{pointer}/amount"), Quantity::new(self.amount));
        let per = problems.keep(format!("{pointer}/per"), Quantity::new(self.per));
        if self.per == 0 {
            problems.add(format!("{pointer}/per"), "expected at least 1");
        }
        let currency = problems.keep(format!("{pointer}/currency"), Currency::new(&self.currency));
        Some(Valuation { amount: amount?, per: per?, currency: currency? })
    }
}

impl From<Valuation> for ValuationDocument {
    fn from(Valuation { amount, per, currency }: Valuation) -> Self {
        Self { amount: amount.get(), per: per.get(), currency: currency.to_string() }
    }
}

/// A unit with its terms, as it goes out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UnitView {
    /// The unit.
    pub unit: String,
    /// Its terms.
    #[serde(flatten)]
    pub document: UnitDocument,
    /// Pieces on hand, of a unit that is stocked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_hand: Option<u64>,
}

impl UnitView {
    /// The unit as it goes out.
    #[must_use]
    pub fn of(terms: &UnitTerms, on_hand: Quantity) -> Self {
        let document = UnitDocument::of(terms);
        Self { unit: terms.unit.to_string(), on_hand: terms.stocked.then_some(on_hand.get()), document }
    }
}

/// Pieces that arrive or are written off.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct StockDocument {
    /// Your own identifier: the same request again gets the same answer.
    pub id: String,
    /// How many.
    pub quantity: QuantityDocument,
    /// Whether they arrive or are written off.
    pub movement: Movement,
}

/// Whether pieces arrive or are written off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Movement {
    /// They are on hand from now on.
    Arrives,
    /// They are lost, broken, or sent back.
    WrittenOff,
}

impl StockDocument {
    /// Checks the request: its id, and what changes.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn read(&self) -> Result<(RequestId, StockChange), Vec<Problem>> {
        let mut problems = Problems::default();
        let id = problems.keep("/id", self.id.parse());
        let quantity = self.quantity.read(&mut problems);
        let change = quantity.map(match self.movement {
            Movement::Arrives => StockChange::Arrives,
            Movement::WrittenOff => StockChange::WrittenOff,
        });
        problems.finish(id.zip(change))
    }
}

/// A budget that several campaigns share.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PocketDocument {
    /// For people.
    #[serde(default)]
    pub title: String,
    /// What it holds. What each counts is fixed once it is made; amounts may change.
    pub budgets: Vec<BudgetDocument>,
    /// At which shares of a budget operators are told, in per cent.
    #[serde(default = "warn_at")]
    pub warn_at: Vec<u8>,
    /// Events from then on may be rewarded out of it; always when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opens: Option<String>,
    /// Events from then on may not. What was given stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closes: Option<String>,
    /// Whether its campaigns set their shares apart: each must have a budget of its own for all that the pocket counts, and what they
    /// declare together may not exceed what the pocket holds.
    #[serde(default)]
    pub allocates: bool,
}

impl PocketDocument {
    /// Checks a pocket.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn read(&self, id: PocketId) -> Result<Pocket, Vec<Problem>> {
        let mut problems = Problems::default();
        if self.budgets.is_empty() {
            problems.add("/budgets", "a pocket holds at least one budget");
        }
        let budgets = read_budgets(&self.budgets, None, &mut problems);
        let warn_at = read_warn_at(&self.warn_at, &mut problems);
        let opens = read_optional(&mut problems, "/opens", self.opens.as_deref());
        let closes = read_optional(&mut problems, "/closes", self.closes.as_deref());
        if opens.is_some_and(|opens| closes.is_some_and(|closes| closes <= opens)) {
            problems.add("/closes", "the pocket must close after it opens");
        }
        let (title, allocates) = (self.title.clone(), self.allocates);
        problems.finish(Some(Pocket { id, title, budgets, warn_at, opens, closes, allocates }))
    }

    /// The document that says this pocket.
    #[must_use]
    pub fn of(pocket: &Pocket) -> Self {
        Self {
            title: pocket.title.clone(),
            budgets: pocket.budgets.iter().map(Into::into).collect(),
            warn_at: pocket.warn_at.clone(),
            opens: pocket.opens.map(instant_text),
            closes: pocket.closes.map(instant_text),
            allocates: pocket.allocates,
        }
    }
}
