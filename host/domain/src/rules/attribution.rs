//! Which invitation counts for a customer, and whether it may.

use crate::rows::customer::{Customer, Touch};
use crate::rows::referral::{Attribution, TouchRule};
use crate::words::id::CustomerId;
use crate::words::time::Instant;

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

impl Attribution {
    /// Returns the touch that counts at a time among those whose inviter may be bound.
    pub fn choose<'a>(
        &self,
        invitee: &'a Customer,
        at: Instant,
        may_bind: impl Fn(&CustomerId) -> bool,
    ) -> Option<&'a Touch> {
        let opens = at.as_millis().saturating_sub(i64::from(self.window_days).saturating_mul(DAY_MS));
        let mut counting = invitee
            .touches
            .iter()
            .filter(|touch| touch.at <= at && touch.at.as_millis() >= opens && may_bind(&touch.inviter));
        match self.touch {
            TouchRule::First => counting.next(),
            TouchRule::Last => counting.next_back(),
        }
    }
}

/// A customer, by their id and what is known of them.
#[derive(Clone, Copy, Debug)]
pub struct Person<'a> {
    /// The id of the one who stays.
    pub id: &'a CustomerId,
    /// What is known.
    pub known: &'a Customer,
}

/// Reports whether the pair may be bound: not oneself, not one person twice, and not someone that the invitee has, however
/// distantly, invited (`chain` is the inviter's own chain of inviters).
#[must_use]
pub fn may_bind(invitee: Person<'_>, inviter: Person<'_>, chain: &[CustomerId]) -> bool {
    let one_person = invitee.id == inviter.id || invitee.known.shares_identifier_with(inviter.known);
    !one_person && !chain.contains(invitee.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::customer::Fact;
    use crate::words::dimension::Dimension;
    use crate::words::id::Identifier;

    fn person<'a>(id: &'a CustomerId, known: &'a Customer) -> Person<'a> {
        Person { id, known }
    }

    fn id(name: &str) -> CustomerId {
        CustomerId::new(name).unwrap()
    }

    fn touched(by: &[(&str, i64)]) -> Customer {
        let mut customer = Customer::default();
        for (inviter, day) in by {
            let at = Instant::from_millis(day * DAY_MS).unwrap();
            customer.learn(Fact::Touch(id(inviter)), at).unwrap();
        }
        customer
    }

    fn chosen(touch: TouchRule, window_days: u32, customer: &Customer) -> Option<String> {
        let rule = Attribution { touch, window_days, bind_on: Vec::new(), distance: None };
        let at = Instant::from_millis(40 * DAY_MS).unwrap();
        rule.choose(customer, at, |inviter| inviter.as_str() != "banned").map(|touch| touch.inviter.to_string())
    }

    #[test]
    fn the_first_or_last_touch_in_the_window_counts() {
        let customer = touched(&[("old", 1), ("c", 20), ("a", 30), ("banned", 39), ("future", 41)]);
        assert_eq!(chosen(TouchRule::First, 30, &customer).as_deref(), Some("c"));
        assert_eq!(chosen(TouchRule::Last, 30, &customer).as_deref(), Some("a"));
        assert_eq!(chosen(TouchRule::First, 39, &customer).as_deref(), Some("old"));
        assert_eq!(chosen(TouchRule::Last, 0, &customer), None);
    }

    #[test]
    fn nobody_invites_themselves_or_their_ancestors() {
        let device = Fact::Identifier(Dimension::Device, Identifier::new("d1").unwrap());
        let mut same = Customer::default();
        same.learn(device.clone(), Instant::MIN).unwrap();
        let mut invitee = Customer::default();
        invitee.learn(device, Instant::MIN).unwrap();
        let other = Customer::default();
        let (b, a) = (id("b"), id("a"));
        assert!(!may_bind(person(&b, &other), person(&b, &other), &[]));
        assert!(!may_bind(person(&b, &invitee), person(&a, &same), &[]));
        assert!(!may_bind(person(&b, &other), person(&a, &other), &[id("c"), b.clone()]));
        assert!(may_bind(person(&b, &other), person(&a, &other), &[id("c")]));
    }
}
