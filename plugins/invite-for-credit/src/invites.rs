//! What is remembered of an inviter: which invitees count.

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
}

impl Invites {
    /// Whether another invitee can be remembered.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.counted.len() + self.suspended.len() + self.flagged.len() < INVITEES_MAX
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
}
