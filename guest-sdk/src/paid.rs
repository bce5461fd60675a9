//! What was paid and what of it went back: refunds in part and whole, in whatever order one hears of them, each counted once.
//!
//! [`Paid`] is the state of one order, kept where it is bounded by the order and not by the customer: under the order itself
//! ([`EventKind::of_thing`](crate::EventKind::of_thing)). [`AllPaid`] is for a policy that goes by what a customer paid in all.

use serde::{Deserialize, Serialize};

use crate::answer::Refusal;
use crate::events::{InvestRedeemed, OrderRefunded};
use crate::input::Event;
use crate::key::hash;
use crate::money::{AMOUNT_MAX, Money};

/// Most refunds of one order.
const REFUNDS_MAX: usize = 64;
/// Most bytes that [`AllPaid`] takes of a state.
const ALL_BYTES_MAX: usize = 7 * 1024;
/// What an entry of [`AllPaid`] takes beside its digits, and what a refund in it takes at most.
const ENTRY_BYTES: usize = 14;
const REFUND_BYTES: usize = 68;

/// One refund, as it was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Back {
    /// Its own id, or its time and amount where it has none: the same refund under another event id is the same refund.
    id: u64,
    /// When it was made.
    at: i64,
    /// What went back with it; all of it when nothing is said.
    amount: Option<u64>,
    /// What was left after it.
    remaining: Option<u64>,
}

impl Back {
    /// A refund of an order.
    ///
    /// # Errors
    /// As [`Money::in_currency`].
    pub fn of(data: &OrderRefunded, event: &Event, currency: &str) -> Result<Self, Refusal> {
        let minor = |money: &Option<Money>| money.as_ref().map(|money| money.in_currency(currency)).transpose();
        Ok(Self::new(data.refund.as_deref(), event, (minor(&data.amount)?, minor(&data.remaining)?)))
    }

    /// An investment redeemed, in part where an amount is said.
    ///
    /// # Errors
    /// As [`Money::in_currency`].
    pub fn redeemed(data: &InvestRedeemed, event: &Event, currency: &str) -> Result<Self, Refusal> {
        let amount = data.amount.as_ref().map(|money| money.in_currency(currency)).transpose()?;
        Ok(Self::new(None, event, (amount, None)))
    }

    /// All of it went back.
    #[must_use]
    pub fn whole(event: &Event) -> Self {
        Self::new(None, event, (None, None))
    }

    /// What was left before it and after it by what it says itself; before a refund of the whole it is all that can be.
    #[must_use]
    pub fn left(&self) -> Option<(u64, u64)> {
        match (self.amount, self.remaining) {
            (None, None | Some(0)) => Some((AMOUNT_MAX, 0)),
            (Some(amount), Some(remaining)) => Some((remaining.saturating_add(amount), remaining)),
            _ => None,
        }
    }

    fn new(id: Option<&str>, event: &Event, (amount, remaining): (Option<u64>, Option<u64>)) -> Self {
        let at = event.occurred.at;
        let id = match id {
            Some(id) => hash(id),
            None => hash(&format!("{at}/{amount:?}/{remaining:?}")),
        };
        // 48 bits, which every reader of JSON takes as they are.
        Self { id: id >> 16, at, amount, remaining }
    }
}

// As an array, so that it takes little room.
impl Serialize for Back {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.id, self.at, self.amount, self.remaining).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Back {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (id, at, amount, remaining) = Deserialize::deserialize(deserializer)?;
        Ok(Self { id, at, amount, remaining })
    }
}

/// What is known of an order (a loan, a holding): what was paid, and what of it went back. What is left does not depend on the order in
/// which one hears of the payment and the refunds, and a refund told twice counts once.
///
/// ```
/// use largesse_sdk::Paid;
///
/// let mut order = Paid::default();
/// assert!(order.pay(10_000) && !order.pay(10_000), "paid once");
/// assert_eq!(order.left(), 10_000);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paid {
    /// What was paid; unknown while only refunds were told of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    paid: Option<u64>,
    /// The refunds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    back: Vec<Back>,
}

impl Paid {
    /// Notes the payment; `false` when it is known.
    pub fn pay(&mut self, minor: u64) -> bool {
        let is_new = self.paid.is_none();
        self.paid = self.paid.or(Some(minor));
        is_new
    }

    /// Notes a refund, also one that is told before its payment; `false` when it is known.
    ///
    /// # Errors
    /// Refuses with `too-many-refunds` beyond 64 of one order.
    pub fn refund(&mut self, back: Back) -> Result<bool, Refusal> {
        if self.back.iter().any(|known| known.id == back.id) {
            return Ok(false);
        }
        if self.back.len() >= REFUNDS_MAX {
            return Err(Refusal::new("too-many-refunds", format!("{REFUNDS_MAX} refunds of it are known")));
        }
        self.back.push(back);
        Ok(true)
    }

    /// Whether the payment is known.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.paid.is_some()
    }

    /// What is still paid of it; nothing while only refunds were told of.
    #[must_use]
    pub fn left(&self) -> u64 {
        let Some(paid) = self.paid else { return 0 };
        // What is said to remain is what remained then: refunds of an amount made later come off it.
        let later = |at: i64, from: usize| {
            let is_later = |(index, one): &(usize, &Back)| one.at > at || (one.at == at && *index > from);
            let alone = self.back.iter().enumerate().filter(is_later).filter(|(_, one)| one.remaining.is_none());
            alone.fold(0_u64, |sum, (_, one)| sum.saturating_add(one.amount.unwrap_or(paid)))
        };
        let remainders =
            self.back.iter().enumerate().filter_map(|(index, one)| {
                one.remaining.map(|remaining| remaining.saturating_sub(later(one.at, index)))
            });
        let alone = self.back.iter().filter(|one| one.remaining.is_none());
        let back = alone.fold(0_u64, |sum, one| sum.saturating_add(one.amount.unwrap_or(paid)));
        remainders.chain([paid.saturating_sub(back)]).min().unwrap_or(0)
    }

    /// What is known of the same order under two ids of a customer.
    #[must_use]
    pub fn with(mut self, other: Self) -> Self {
        self.paid = self.paid.or(other.paid);
        for back in other.back {
            // Beyond what can be remembered there is nothing left anyway.
            let _ = self.refund(back);
        }
        self
    }
}

/// What a customer paid, order by order, and how much and how often in all.
///
/// It takes at most 7 KiB of a state, which is some four hundred orders; of more, the first told of stay counted, and a refund of them
/// changes nothing. What is given for a single order goes by a [`Paid`] of its own, which forgets nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AllPaid {
    /// What is remembered, by a hash of what was paid, the first told of first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    known: Vec<Entry>,
    /// How many are forgotten, and what was left of them.
    #[serde(skip_serializing_if = "is_nothing")]
    forgotten: (u32, u64),
}

/// An order and what is known of it, written as an array that ends with the refunds only where there are any.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry(String, Paid);

impl Entry {
    /// At most so many bytes of JSON.
    fn bytes(&self) -> usize {
        let digits = self.1.paid.map_or(4, |paid| paid.checked_ilog10().unwrap_or(0) as usize + 1);
        ENTRY_BYTES + digits + self.1.back.len() * REFUND_BYTES
    }
}

impl Serialize for Entry {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(name, Paid { paid, back }) = self;
        if back.is_empty() { (name, paid).serialize(serializer) } else { (name, paid, back).serialize(serializer) }
    }
}

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Parts;

        impl<'de> serde::de::Visitor<'de> for Parts {
            type Value = Entry;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a name, what was paid, and refunds")
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut parts: A) -> Result<Entry, A::Error> {
                let name = parts.next_element()?.unwrap_or_default();
                let paid = parts.next_element()?.unwrap_or_default();
                Ok(Entry(name, Paid { paid, back: parts.next_element()?.unwrap_or_default() }))
            }
        }

        deserializer.deserialize_seq(Parts)
    }
}

/// 48 bits of a hash in eight characters: should two orders of one customer ever share them, they count as one.
fn short(thing: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let hash = hash(thing) >> 16;
    (0..8).map(|place| char::from(DIGITS[(hash >> (place * 6)) as usize & 63])).collect()
}

fn is_nothing(forgotten: &(u32, u64)) -> bool {
    *forgotten == (0, 0)
}

impl AllPaid {
    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.known.is_empty() && is_nothing(&self.forgotten)
    }

    /// What is known of an order, for [`Paid::pay`] and [`Paid::refund`].
    pub fn of(&mut self, thing: &str) -> &mut Paid {
        let name = short(thing);
        self.forget();
        let at = self.known.iter().position(|Entry(known, _)| *known == name).unwrap_or_else(|| {
            self.known.push(Entry(name, Paid::default()));
            self.known.len() - 1
        });
        &mut self.known[at].1
    }

    /// How many orders something is left of.
    #[must_use]
    pub fn count(&self) -> u32 {
        let left = self.known.iter().filter(|Entry(_, one)| one.left() > 0).count();
        u32::try_from(left).unwrap_or(u32::MAX).saturating_add(self.forgotten.0)
    }

    /// What is left of all orders together, in minor units.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.known.iter().fold(self.forgotten.1, |sum, Entry(_, one)| sum.saturating_add(one.left()))
    }

    /// What is known of two customers who turn out to be one: an order of both is one order.
    #[must_use]
    pub fn with(mut self, other: Self) -> Self {
        for Entry(name, paid) in other.known {
            match self.known.iter_mut().find(|Entry(known, _)| *known == name) {
                Some(Entry(_, own)) => *own = std::mem::take(own).with(paid),
                None => self.known.push(Entry(name, paid)),
            }
        }
        self.forgotten.0 = self.forgotten.0.saturating_add(other.forgotten.0);
        self.forgotten.1 = self.forgotten.1.saturating_add(other.forgotten.1);
        self.forget();
        self
    }

    fn forget(&mut self) {
        let mut all: usize = self.known.iter().map(Entry::bytes).sum();
        while all > ALL_BYTES_MAX && self.known.len() > 1 {
            let first = self.known.remove(0);
            all -= first.bytes();
            let left = first.1.left();
            self.forgotten.0 = self.forgotten.0.saturating_add(u32::from(left > 0));
            self.forgotten.1 = self.forgotten.1.saturating_add(left);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn back(id: u64, at: i64, amount: Option<u64>, remaining: Option<u64>) -> Back {
        Back { id, at, amount, remaining }
    }

    /// What is left of 100.00 after refunds told in this order, the payment told at a place among them.
    fn left(refunds: &[Back], pay_at: usize) -> u64 {
        let mut paid = Paid::default();
        for (index, refund) in refunds.iter().enumerate() {
            if index == pay_at {
                paid.pay(10_000);
            }
            assert_eq!(paid.refund(refund.clone()), Ok(true));
            assert_eq!(paid.refund(refund.clone()), Ok(false), "known");
        }
        paid.pay(10_000);
        paid.left()
    }

    #[test]
    fn what_is_left_does_not_depend_on_the_order_of_arrival() {
        let refunds = [
            back(1, 10, Some(3_000), Some(7_000)),
            back(2, 20, Some(1_000), None),
            back(3, 30, None, Some(5_500)),
            back(4, 40, Some(500), None),
        ];
        for turn in 0..refunds.len() {
            for pay_at in 0..=refunds.len() {
                let mut told = refunds.to_vec();
                told.rotate_left(turn);
                assert_eq!(left(&told, pay_at), 5_000);
                told.reverse();
                assert_eq!(left(&told, pay_at), 5_000);
            }
        }
    }

    #[test]
    fn all_of_it_and_more_than_all_is_nothing_left() {
        assert_eq!(left(&[back(1, 1, None, None)], 0), 0);
        assert_eq!(left(&[back(1, 1, Some(9_000), None), back(2, 2, Some(9_000), None)], 0), 0);
        assert_eq!(left(&[back(1, 1, None, None), back(2, 2, None, Some(500))], 0), 0);
        let unpaid = Paid { paid: None, back: vec![back(1, 1, Some(1), None)] };
        assert_eq!((unpaid.left(), unpaid.is_known()), (0, false));
    }

    #[test]
    fn all_that_was_paid_fits_a_state_and_stays_counted() {
        let mut all = AllPaid::default();
        for number in 0..2_000_u64 {
            let paid = all.of(&format!("order-{number}"));
            assert!(paid.pay(1_000_000_000_000));
            if number % 3 == 0 {
                let at = 1_900_000_000_000;
                paid.refund(back((1 << 48) - 1 - number, at, Some(999_999_999_999), Some(999_999_999_999))).unwrap();
            }
        }
        assert_eq!(all.count(), 2_000);
        assert!(all.known.len() >= 60, "{}", all.known.len());
        let bytes = crate::json!(all).to_string().len();
        assert!(bytes <= 8 * 1024, "{bytes} bytes");
        let both = all.clone().with(all.clone());
        assert!(crate::json!(both).to_string().len() <= 8 * 1024);
    }

    #[test]
    fn an_order_of_two_ids_is_one_order() {
        let (mut one, mut other) = (AllPaid::default(), AllPaid::default());
        one.of("a").pay(500);
        other.of("a").refund(back(1, 1, Some(200), None)).unwrap();
        other.of("b").pay(70);
        let both = one.clone().with(other.clone());
        assert_eq!((both.count(), both.left()), (2, 370));
        assert_eq!(other.with(one).left(), 370);
    }
}
