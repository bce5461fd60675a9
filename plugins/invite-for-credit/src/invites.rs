//! What is remembered of an inviter: which invitees count.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// Most invitees of one inviter, so that the state stays below 16 KiB.
const INVITEES_MAX: usize = 1_000;
/// Hexadecimal digits that stand for a customer.
const DIGITS: usize = 12;

/// What is remembered of an inviter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invites {
    /// Invitees who succeeded and count.
    #[serde(default, skip_serializing_if = "Ids::is_empty")]
    pub counted: Ids,
    /// Invitees who succeeded, and do not count while they are flagged as a risk.
    #[serde(default, skip_serializing_if = "Ids::is_empty")]
    pub suspended: Ids,
    /// Invitees who were flagged before they succeeded.
    #[serde(default, skip_serializing_if = "Ids::is_empty")]
    pub flagged: Ids,
    /// Invitees who turned out to be known already: the id that stays, and the one under which they are in the sets.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub also: BTreeMap<String, String>,
    /// Of two inviters who turned out to be one: how many successes the ladder was climbed with. Rungs between this and all that count
    /// together are given with the next success.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub climbed: Option<u64>,
}

impl Invites {
    /// Whether another invitee can be remembered.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.bytes() < INVITEES_MAX * DIGITS
    }

    fn bytes(&self) -> usize {
        let also: usize = self.also.iter().map(|(stays, first)| stays.len() + first.len() + 6).sum();
        (self.counted.len() + self.suspended.len() + self.flagged.len()) * DIGITS + also
    }

    /// The id under which an invitee is in the sets, and in the keys of what the success gave.
    #[must_use]
    pub fn first_id<'a>(&'a self, invitee: &'a str) -> &'a str {
        self.also.get(invitee).map_or(invitee, String::as_str)
    }

    /// An invitee's other id turns out to be one that may be known. Returns the id whose success no longer counts, when both had
    /// succeeded, or one of them is a fraud.
    pub(crate) fn merge_invitee(&mut self, stays: &str, other: &str) -> Option<String> {
        let (own, first) = (self.first_id(stays).to_owned(), self.first_id(other).to_owned());
        let in_sets = |id: &str| [&self.counted, &self.suspended, &self.flagged].iter().any(|ids| ids.contains(id));
        if own == first || !in_sets(&first) {
            return None;
        }
        if !in_sets(&own) {
            if self.has_room() {
                self.also.remove(other);
                self.also.insert(stays.to_owned(), first);
            }
            return None;
        }
        self.also.remove(other);
        let is_fraud = [&self.suspended, &self.flagged].iter().any(|ids| ids.contains(&own) || ids.contains(&first));
        let succeeded = [&self.counted, &self.suspended].iter().any(|ids| ids.contains(&own) || ids.contains(&first));
        let (own_counted, other_counted) = (self.counted.remove(&own), self.counted.remove(&first));
        for id in [&own, &first] {
            self.suspended.remove(id);
            self.flagged.remove(id);
        }
        match (is_fraud, succeeded) {
            (true, true) => self.suspended.insert(&own),
            (true, false) => self.flagged.insert(&own),
            (false, _) => self.counted.insert(&own),
        }
        // Of two who counted one counts on; of a fraud nobody does.
        match (own_counted, other_counted) {
            (true, false) if is_fraud => Some(own),
            (_, true) => Some(first),
            _ => None,
        }
    }

    /// How many successes count.
    pub(crate) fn count(&self) -> u64 {
        u64::try_from(self.counted.len()).unwrap_or(u64::MAX)
    }

    /// With how many successes the ladder was climbed.
    pub(crate) fn climbed(&self) -> u64 {
        self.climbed.map_or(self.count(), |climbed| climbed.min(self.count()))
    }

    /// What was kept of two inviters who turn out to be one. Nobody counts twice, and who is a fraud to either is one.
    pub(crate) fn with(mut self, other: Self) -> Self {
        self.climbed = Some(self.climbed().max(other.climbed()));
        self.suspended.extend(&other.suspended);
        self.counted.extend(&other.counted);
        self.counted = self.counted.without(&self.suspended);
        self.flagged.extend(&other.flagged);
        self.flagged = self.flagged.without(&self.suspended).without(&self.counted);
        self.also.extend(other.also);
        // What does not fit is forgotten, and nobody else is counted then.
        while self.bytes() > INVITEES_MAX * DIGITS && self.also.pop_last().is_some() {}
        let mut room = INVITEES_MAX;
        for ids in [&mut self.counted, &mut self.suspended, &mut self.flagged] {
            ids.truncate(room);
            room -= ids.len();
        }
        self
    }
}

/// A set of customers. Each is kept as 48 bits of a hash, so that a thousand fit into a state; should two customers of one
/// inviter ever share them, the second does not count.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ids(String);

impl Ids {
    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len() / DIGITS
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the customer is among them.
    #[must_use]
    pub fn contains(&self, customer: &str) -> bool {
        self.place(customer).is_some()
    }

    /// Adds a customer.
    pub fn insert(&mut self, customer: &str) {
        if !self.contains(customer) {
            self.0.push_str(&short(customer));
        }
    }

    /// Removes a customer; says whether the customer was there.
    pub fn remove(&mut self, customer: &str) -> bool {
        let place = self.place(customer);
        if let Some(index) = place {
            self.0.drain(index * DIGITS..(index + 1) * DIGITS);
        }
        place.is_some()
    }

    fn each(&self) -> impl Iterator<Item = &str> {
        self.0.as_bytes().chunks_exact(DIGITS).filter_map(|chunk| std::str::from_utf8(chunk).ok())
    }

    fn without(&self, other: &Self) -> Self {
        let others: BTreeSet<&str> = other.each().collect();
        Self(self.each().filter(|id| !others.contains(id)).collect())
    }

    fn extend(&mut self, other: &Self) {
        let new = other.without(self);
        self.0.push_str(&new.0);
    }

    fn truncate(&mut self, most: usize) {
        self.0.truncate(most * DIGITS);
    }

    fn place(&self, customer: &str) -> Option<usize> {
        let wanted = short(customer);
        self.0.as_bytes().chunks_exact(DIGITS).position(|chunk| chunk == wanted.as_bytes())
    }
}

/// The upper 48 bits of FNV-1a.
fn short(customer: &str) -> String {
    let hash = customer
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{:012x}", hash >> 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_each_customer_once() {
        let mut ids = Ids::default();
        for customer in ["a", "b", "a", "c"] {
            ids.insert(customer);
        }
        assert_eq!(ids.len(), 3);
        assert!(ids.remove("b") && !ids.remove("b"));
        assert!(ids.contains("a") && ids.contains("c") && !ids.contains("b"));
    }

    #[test]
    fn a_full_state_fits_the_contract() {
        let mut invites = Invites::default();
        for number in 0.. {
            if !invites.has_room() {
                break;
            }
            invites.counted.insert(&format!("customer-{number}"));
        }
        assert_eq!(invites.counted.len(), INVITEES_MAX, "the hashes of a thousand names are a thousand");
        let bytes = largesse_sdk::json!(invites).to_string().len();
        assert!(bytes <= 16 * 1024, "{bytes} bytes");
    }

    fn counted(customers: &[&str]) -> Invites {
        let mut invites = Invites::default();
        customers.iter().for_each(|customer| invites.counted.insert(customer));
        invites
    }

    #[test]
    fn two_inviters_count_each_invitee_once() {
        let (mut own, mut theirs) = (counted(&["a", "b", "c"]), counted(&["c", "d"]));
        own.flagged.insert("d");
        theirs.suspended.insert("b");
        let one = own.clone().with(theirs.clone());
        assert_eq!((one.count(), one.climbed(), one.suspended.len(), one.flagged.len()), (3, 3, 1, 0));
        let again = one.clone().with(own);
        assert_eq!((again.count(), again.climbed()), (3, 3), "a rung that was reached is reached");
        assert_eq!(counted(&["a"]).with(counted(&["b", "c"])).climbed(), 2);
        assert_eq!(theirs.with(Invites::default()).climbed(), 2);
    }

    #[test]
    fn two_full_states_are_one_that_fits() {
        let named = |first: usize| {
            let mut invites = Invites::default();
            (first..first + INVITEES_MAX).for_each(|number| invites.counted.insert(&format!("customer-{number}")));
            invites.also = (0..10).map(|number| ("x".repeat(120) + &number.to_string(), "y".repeat(120))).collect();
            invites
        };
        let one = named(0).with(named(600));
        assert_eq!((one.count(), one.has_room()), (1_000, false));
        let bytes = largesse_sdk::json!(one).to_string().len();
        assert!(bytes <= 16 * 1024, "{bytes} bytes");
    }

    #[test]
    fn an_invitee_is_found_by_the_id_that_stays() {
        let mut invites = counted(&["cookie", "phone"]);
        invites.merge_invitee("device", "cookie");
        invites.merge_invitee("number", "device");
        assert_eq!(
            (invites.first_id("number"), invites.first_id("device"), invites.also.len()),
            ("cookie", "device", 1)
        );
        let before = invites.clone();
        // The same again, somebody who is not known, and oneself.
        for (stays, other) in [("number", "device"), ("other", "stranger"), ("number", "number")] {
            assert_eq!(invites.merge_invitee(stays, other), None);
            assert_eq!(invites, before, "{other} into {stays}");
        }
    }

    #[test]
    fn two_ids_of_one_invitee_count_once() {
        let mut invites = counted(&["cookie", "phone", "friend"]);
        assert_eq!(invites.merge_invitee("phone", "cookie").as_deref(), Some("cookie"));
        assert_eq!((invites.count(), invites.counted.contains("phone")), (2, true));
        assert_eq!(invites.merge_invitee("phone", "cookie"), None, "once");
        invites.flagged.insert("device");
        assert_eq!(invites.merge_invitee("phone", "device").as_deref(), Some("phone"), "a fraud is one under any id");
        assert_eq!((invites.count(), invites.suspended.contains("phone"), invites.flagged.is_empty()), (1, true, true));
    }
}
