//! What operators say of units, of budgets that campaigns share, of programmes, of segments and of messages.

use std::collections::BTreeMap;

use crate::rows::budget::Budget;
use crate::rows::message_rules::MessageRules;
use crate::rows::programme::Programme;
use crate::rows::segment::Segment;
use crate::words::id::{PocketId, ProgrammeId, SegmentId};
use crate::words::json::Json;
use crate::words::time::Instant;
use crate::words::unit::{Currency, Quantity, SpendOrder, Unit, UnitClass};

/// What a unit comes to in money: so much for so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Valuation {
    /// Minor units of the currency.
    pub amount: Quantity,
    /// For so many of the unit; more than nothing.
    pub per: Quantity,
    /// The currency.
    pub currency: Currency,
}

impl Valuation {
    /// Returns what a quantity comes to, in minor units, rounded up.
    #[must_use]
    pub fn rounded_up(&self, quantity: u128) -> u128 {
        self.times(quantity).div_ceil(self.divisor())
    }

    /// Returns what a quantity comes to, in minor units, rounded down.
    #[must_use]
    pub fn rounded_down(&self, quantity: u128) -> u128 {
        self.times(quantity) / self.divisor()
    }

    fn times(&self, quantity: u128) -> u128 {
        quantity.saturating_mul(u128::from(self.amount.get()))
    }

    fn divisor(&self) -> u128 {
        u128::from(self.per.get().max(1))
    }

    /// Returns the valuation of money: a minor unit comes to itself.
    fn of_money(unit: &Unit) -> Option<Self> {
        let currency = unit.currency().filter(|_| unit.class() == UnitClass::Cash)?;
        Some(Self { amount: Quantity::ONE, per: Quantity::ONE, currency })
    }
}

/// How long what comes back after its end can be used, where no terms say so: a month.
pub const GRACE_DAYS_USUAL: u32 = 30;

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// The terms of a unit: of a coupon, an item, of points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitTerms {
    /// Which unit.
    pub unit: Unit,
    /// For people.
    pub title: String,
    /// What it costs the company; money costs itself.
    pub cost: Option<Valuation>,
    /// What it is worth to a customer; money is worth itself.
    pub value: Option<Valuation>,
    /// Whether pieces are on hand, and are given only while there are.
    pub stocked: bool,
    /// How long a grant is good for when its policy says nothing, in days of 24 hours.
    pub valid_days: Option<u32>,
    /// Which grants are used first.
    pub spend: SpendOrder,
    /// How long what comes back after its end can be used, in days of 24 hours: an order that was paid with it is returned. With 0 it
    /// expires at once.
    pub grace_days: u32,
    /// The least that is redeemed at once (the threshold of a withdrawal).
    pub redeem_minimum: Option<Quantity>,
    /// What else holds for it, for the systems that carry it out; an object.
    pub terms: Json,
}

impl UnitTerms {
    /// Returns when a grant of the unit expires, if its policy says nothing.
    #[must_use]
    pub fn expires(&self, granted_at: Instant) -> Option<Instant> {
        Some(after_days(granted_at, self.valid_days?))
    }
}

fn after_days(at: Instant, days: u32) -> Instant {
    at.plus_millis(i64::from(days) * DAY_MS).unwrap_or(Instant::MAX)
}

/// Budgets that several campaigns share. A day of it is the local day of the campaign that grants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pocket {
    /// Its id.
    pub id: PocketId,
    /// For people.
    pub title: String,
    /// What it holds. What each counts is fixed once it is made; the amounts may change.
    pub budgets: Vec<Budget>,
    /// At which shares of a budget operators are told, in per cent, 1 to 100, rising.
    pub warn_at: Vec<u8>,
    /// Events from then on may be rewarded out of it.
    pub opens: Option<Instant>,
    /// Events from then on may not; what was given stays.
    pub closes: Option<Instant>,
    /// Whether its campaigns set their shares apart: each declares a budget of its own for all that the pocket counts, and
    /// together they declare no more than the pocket holds.
    pub allocates: bool,
}

impl Pocket {
    /// Reports whether events of that time may be rewarded out of it.
    #[must_use]
    pub fn is_open(&self, at: Instant) -> bool {
        self.opens.is_none_or(|opens| opens <= at) && self.closes.is_none_or(|closes| at < closes)
    }
}

/// Everything that operators say of units, pockets, programmes, segments and messages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalogue {
    /// Units with terms.
    pub units: BTreeMap<Unit, UnitTerms>,
    /// Shared budgets.
    pub pockets: BTreeMap<PocketId, Pocket>,
    /// In which customers stand.
    pub programmes: BTreeMap<ProgrammeId, Programme>,
    /// Sets of customers.
    pub segments: BTreeMap<SegmentId, Segment>,
    /// What holds for marketing messages.
    pub messages: MessageRules,
}

impl Catalogue {
    /// Reports whether every known pocket of these is open at a time.
    #[must_use]
    pub fn are_open(&self, pockets: &[PocketId], at: Instant) -> bool {
        pockets.iter().filter_map(|pocket| self.pockets.get(pocket)).all(|pocket| pocket.is_open(at))
    }

    /// Reports whether the unit is given only while pieces are on hand.
    #[must_use]
    pub fn is_stocked(&self, unit: &Unit) -> bool {
        self.units.get(unit).is_some_and(|terms| terms.stocked)
    }

    /// Returns which grants of a unit are used first.
    #[must_use]
    pub fn spend_order(&self, unit: &Unit) -> SpendOrder {
        self.units.get(unit).map(|terms| terms.spend).unwrap_or_default()
    }

    /// Returns until when what comes back now, after its end, can be used; `None` when it expires at once.
    #[must_use]
    pub fn grace_until(&self, unit: &Unit, now: Instant) -> Option<Instant> {
        let days = self.units.get(unit).map_or(GRACE_DAYS_USUAL, |terms| terms.grace_days);
        (days > 0).then(|| after_days(now, days))
    }

    /// Returns the unit with terms whose name differs from this one's in capitals only.
    #[must_use]
    pub fn same_but_for_case(&self, unit: &Unit) -> Option<&Unit> {
        self.units.keys().find(|known| *known != unit && known.as_str().eq_ignore_ascii_case(unit.as_str()))
    }

    /// Reports whether it is a coupon or an item without terms.
    #[must_use]
    pub fn misses(&self, unit: &Unit) -> bool {
        matches!(unit.class(), UnitClass::Coupon | UnitClass::Item) && !self.units.contains_key(unit)
    }

    /// Returns what a unit costs the company. A minor unit of money costs itself.
    #[must_use]
    pub fn cost(&self, unit: &Unit) -> Option<Valuation> {
        let stated = self.units.get(unit).and_then(|terms| terms.cost);
        stated.or_else(|| Valuation::of_money(unit))
    }

    /// Returns what a unit is worth to a customer. A minor unit of money is worth itself.
    #[must_use]
    pub fn value(&self, unit: &Unit) -> Option<Valuation> {
        let stated = self.units.get(unit).and_then(|terms| terms.value);
        stated.or_else(|| Valuation::of_money(unit))
    }
}
