//! Units that the ledger counts, and amounts of them: integers, money in minor units, bounded, checked.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::limits::AMOUNT_MAX;
use crate::words::id::InvalidId;

/// A class of unit. A manifest declares which classes its policy may grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UnitClass {
    /// `cash:CNY`, in minor units.
    Cash,
    /// `points`, that can be spent.
    Points,
    /// `growth`, that counts towards tiers and is not spent.
    Growth,
    /// `coupon:<template>`.
    Coupon,
    /// `item:<sku>`.
    Item,
    /// `draw-chances:<pool>`.
    DrawChances,
    /// `entitlement:<right>`.
    Entitlement,
    /// `credit-limit:CNY`, in minor units.
    CreditLimit,
    /// `rate-boost:<holding>`, in basis points.
    RateBoost,
}

impl UnitClass {
    /// Every class, in the order of the contract.
    pub const ALL: [Self; 9] = [
        Self::Cash,
        Self::Points,
        Self::Growth,
        Self::Coupon,
        Self::Item,
        Self::DrawChances,
        Self::Entitlement,
        Self::CreditLimit,
        Self::RateBoost,
    ];

    /// Returns the word in the contract, the API and the ledger.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cash => "cash",
            Self::Points => "points",
            Self::Growth => "growth",
            Self::Coupon => "coupon",
            Self::Item => "item",
            Self::DrawChances => "draw-chances",
            Self::Entitlement => "entitlement",
            Self::CreditLimit => "credit-limit",
            Self::RateBoost => "rate-boost",
        }
    }

    fn takes_detail(self) -> bool {
        !matches!(self, Self::Points | Self::Growth)
    }
}

impl fmt::Display for UnitClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for UnitClass {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        Self::ALL.into_iter().find(|class| class.as_str() == text).ok_or(InvalidId {
            what: "unit class",
            rule: "cash, points, growth, coupon, item, draw-chances, entitlement, credit-limit or rate-boost",
        })
    }
}

/// What the ledger counts: a class and, but for points and growth, which of it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Unit {
    text: Arc<str>,
    class: UnitClass,
}

impl Unit {
    /// Reads `points` or `cash:CNY`.
    ///
    /// # Errors
    /// When the class is unknown, or the part behind the colon is missing, too long or misspelt.
    pub fn new(text: &str) -> Result<Self, InvalidId> {
        let invalid = InvalidId {
            what: "unit",
            rule: "points, growth, or a class and a name such as cash:CNY or coupon:welcome (the name at most 64 of A-Z, a-z, 0-9, '.', '_', '/' and -)",
        };
        let (class, detail) = match text.split_once(':') {
            Some((class, detail)) => (class, Some(detail)),
            None => (text, None),
        };
        let class: UnitClass = class.parse().map_err(|_| invalid.clone())?;
        let fits = match detail {
            None => !class.takes_detail(),
            Some(detail) => class.takes_detail() && detail_fits(class, detail),
        };
        if fits { Ok(Self { text: text.into(), class }) } else { Err(invalid) }
    }

    /// Returns the unit of credit-limit raises in a currency.
    #[must_use]
    pub fn credit_limit(currency: Currency) -> Self {
        Self { text: format!("credit-limit:{currency}").into(), class: UnitClass::CreditLimit }
    }

    /// Returns the unit of rate boosts on a holding.
    ///
    /// # Errors
    /// When the holding's name does not fit a unit.
    pub fn rate_boost(holding: &str) -> Result<Self, InvalidId> {
        Self::new(&format!("rate-boost:{holding}"))
    }

    /// Returns the class.
    #[must_use]
    pub fn class(&self) -> UnitClass {
        self.class
    }

    /// Returns the text, as in the ledger.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the currency of a unit of money.
    #[must_use]
    pub fn currency(&self) -> Option<Currency> {
        let (_, detail) = self.text.split_once(':')?;
        match self.class {
            UnitClass::Cash | UnitClass::CreditLimit => Currency::new(detail).ok(),
            _ => None,
        }
    }
}

fn detail_fits(class: UnitClass, detail: &str) -> bool {
    if matches!(class, UnitClass::Cash | UnitClass::CreditLimit) {
        return Currency::new(detail).is_ok();
    }
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'/' | b'-');
    !detail.is_empty() && detail.len() <= 64 && detail.bytes().all(allowed)
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Unit({self})")
    }
}

impl FromStr for Unit {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        Self::new(text)
    }
}

/// What a budget or a limit counts: one unit, or every unit of a class together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UnitPattern {
    /// Exactly this unit.
    Unit(Unit),
    /// All units of the class, added up.
    Class(UnitClass),
}

impl UnitPattern {
    /// Reports whether the unit counts.
    #[must_use]
    pub fn matches(&self, unit: &Unit) -> bool {
        match self {
            Self::Unit(own) => own == unit,
            Self::Class(class) => *class == unit.class(),
        }
    }

    /// Returns the class of what it counts.
    #[must_use]
    pub fn class(&self) -> UnitClass {
        match self {
            Self::Unit(unit) => unit.class(),
            Self::Class(class) => *class,
        }
    }
}

impl fmt::Display for UnitPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unit(unit) => unit.fmt(f),
            Self::Class(class) => class.fmt(f),
        }
    }
}

impl FromStr for UnitPattern {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        // `points` is both a class and its only unit; as a pattern they count the same.
        match Unit::new(text) {
            Ok(unit) => Ok(Self::Unit(unit)),
            Err(invalid) => text.parse().map(Self::Class).map_err(|_| invalid),
        }
    }
}

/// An ISO 4217 currency code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// Reads three capital letters.
    ///
    /// # Errors
    /// When the text is anything else.
    pub fn new(text: &str) -> Result<Self, InvalidId> {
        match text.as_bytes() {
            &[a, b, c] if [a, b, c].iter().all(u8::is_ascii_uppercase) => Ok(Self([a, b, c])),
            _ => Err(InvalidId { what: "currency", rule: "three capital letters (ISO 4217)" }),
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|letter| write!(f, "{}", char::from(*letter)))
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Currency({self})")
    }
}

impl FromStr for Currency {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        Self::new(text)
    }
}

/// How much of a unit: 0 to 10^15, in the unit's smallest part. Never negative; what is taken back is its own operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity(u64);

/// A sum or difference that leaves the range of a quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfRange;

impl fmt::Display for OutOfRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "quantity outside 0 to {AMOUNT_MAX}")
    }
}

impl std::error::Error for OutOfRange {}

impl Quantity {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// One.
    pub const ONE: Self = Self(1);
    /// The most that there can be.
    pub const MAX: Self = Self(AMOUNT_MAX.unsigned_abs());

    /// Checks the range.
    ///
    /// # Errors
    /// Above 10^15.
    pub fn new(value: u64) -> Result<Self, OutOfRange> {
        if value <= Self::MAX.0 { Ok(Self(value)) } else { Err(OutOfRange) }
    }

    /// Returns the number.
    #[must_use]
    pub fn get(self) -> u64 {
        self.0
    }

    /// Reports whether there is nothing.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Returns the sum.
    ///
    /// # Errors
    /// Above 10^15.
    pub fn plus(self, other: Self) -> Result<Self, OutOfRange> {
        self.0.checked_add(other.0).ok_or(OutOfRange).and_then(Self::new)
    }

    /// Returns the difference.
    ///
    /// # Errors
    /// Below zero.
    pub fn minus(self, other: Self) -> Result<Self, OutOfRange> {
        self.0.checked_sub(other.0).map(Self).ok_or(OutOfRange)
    }

    /// Returns what is left of this after `used`; nothing when more was used than there is.
    #[must_use]
    pub fn room_after(self, used: Self) -> Self {
        self.minus(used).unwrap_or(Self::ZERO)
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Which grants of a unit are used first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SpendOrder {
    /// Those that expire soonest; then those that never do; of the same end, those given first.
    #[default]
    ExpiresFirst,
    /// Those that were given first, whenever they expire.
    GivenFirst,
}

impl SpendOrder {
    /// Both orders.
    pub const ALL: [Self; 2] = [Self::ExpiresFirst, Self::GivenFirst];

    /// Returns the word in terms.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ExpiresFirst => "expires-first",
            Self::GivenFirst => "given-first",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_have_a_class_and_mostly_a_name() {
        for good in ["points", "growth", "cash:CNY", "coupon:welcome-30d", "rate-boost:deposit/7", "credit-limit:CZK"] {
            assert_eq!(Unit::new(good).unwrap().as_str(), good);
        }
        for bad in ["", "cash", "cash:cny", "cash:CNYX", "points:x", "coupon:", "gold:bar", "coupon:a b", "item:\u{e9}"]
        {
            assert!(Unit::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_pattern_is_a_unit_or_a_class() {
        let class: UnitPattern = "coupon".parse().unwrap();
        assert!(class.matches(&Unit::new("coupon:a").unwrap()));
        assert!(!class.matches(&Unit::new("points").unwrap()));
        let unit: UnitPattern = "cash:CNY".parse().unwrap();
        assert!(!unit.matches(&Unit::new("cash:USD").unwrap()));
        assert!("points".parse::<UnitPattern>().unwrap().matches(&Unit::new("points").unwrap()));
    }

    #[test]
    fn quantities_do_not_leave_their_range() {
        assert_eq!(Quantity::new(u64::MAX), Err(OutOfRange));
        assert_eq!(Quantity::MAX.plus(Quantity(1)), Err(OutOfRange));
        assert_eq!(Quantity(1).minus(Quantity(2)), Err(OutOfRange));
        assert_eq!(Quantity(1).room_after(Quantity(2)), Quantity::ZERO);
    }
}
