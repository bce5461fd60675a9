//! Two ids of the harness turn out to be one customer's.

use serde_json::{Value, json};

use crate::events::{EventData, IdentityMerged};
use crate::input::OwnerKind;
use crate::policy::Policy;

use super::{Harness, Outcome};

impl<P: Policy> Harness<P> {
    /// Says that another id is a customer's: what is known of it, and what it was given, is theirs, the states of both are merged, and
    /// the policy is told. From then on whatever happens under the other id happens to the customer.
    ///
    /// # Panics
    /// When the policy does not merge the states, and as [`Harness::event`].
    pub fn merge(&mut self, stays: &str, other: &str, time: &str) -> Outcome {
        self.also.insert(other.to_owned(), stays.to_owned());
        self.cast.merge(stays, other);
        self.book.merge(stays, other);
        let key = |id: &str| (OwnerKind::Party, id.to_owned());
        if let Some(joined) = self.states.remove(&key(other)) {
            let read = |state: &str| serde_json::from_str(state).expect("the policy reads the state that it wrote");
            let state = match self.states.get(&key(stays)) {
                None => joined,
                Some(kept) => {
                    let one = P::merge(read(kept), read(&joined)).expect("the policy merges the states of two ids");
                    serde_json::to_string(&one).expect("a state serialises to JSON")
                }
            };
            assert!(state.len() <= 16 * 1024, "the state of both has {} bytes, more than 16 KiB", state.len());
            self.states.insert(key(stays), state);
        }
        self.event(IdentityMerged::KIND.name, stays, time, json!({"customers": [other], "evidence": "test"}))
    }

    /// Who an id is.
    pub(super) fn who(&self, customer: &str) -> String {
        self.also.get(customer).map_or(customer, String::as_str).to_owned()
    }
}

/// An event of a [`History`].
#[derive(Clone, Debug)]
pub struct Told {
    /// Its kind.
    pub kind: String,
    /// Its time (RFC 3339).
    pub time: String,
    /// Its data.
    pub data: Value,
}

/// What one customer did, in the order in which it happened; to see whether a policy ends alike however it is told.
#[derive(Clone, Debug, Default)]
pub struct History {
    told: Vec<Told>,
    until: String,
}

/// How many ways of telling a history are tried.
const WAYS: u64 = 48;

impl History {
    /// A history that is over at a time (RFC 3339), by which timers have gone off.
    #[must_use]
    pub fn until(time: &str) -> Self {
        Self { told: Vec::new(), until: time.to_owned() }
    }

    /// Adds an event.
    #[must_use]
    pub fn and(mut self, kind: &str, time: &str, data: Value) -> Self {
        self.told.push(Told { kind: kind.to_owned(), time: time.to_owned(), data });
        self
    }

    /// What there is in the end of each unit, and the tags.
    fn end<P: Policy>(&self, mut host: Harness<P>, tell: impl FnOnce(&mut Harness<P>)) -> Vec<String> {
        tell(&mut host);
        host.advance(&self.until);
        let mut end = host.book.all("u");
        end.extend(host.cast.customer("u").tags.iter().map(|tag| format!("tag {tag}")));
        end.sort();
        end
    }

    fn plain<P: Policy>(&self, params: &Value) -> Vec<String> {
        self.end(Harness::<P>::new(params), |host| {
            self.told.iter().for_each(|one| _ = host.event(&one.kind, "u", &one.time, &one.data));
        })
    }

    /// Asserts that the history ends alike when it is told under two ids of the customer, in every mixture of them that is tried, which
    /// turn out to be one after some of the events.
    ///
    /// # Panics
    /// When it does not, with the way in which it was told.
    pub fn assert_one_person<P: Policy>(&self, params: &Value) {
        let expected = self.plain::<P>(params);
        for way in 0..WAYS {
            let mut bits = scramble(way);
            let cut = bits as usize % (self.told.len() + 1);
            let mut ids = Vec::new();
            let end = self.end(Harness::<P>::new(params), |host| {
                for (index, one) in self.told.iter().enumerate() {
                    if index == cut {
                        host.merge("u", "v", &one.time);
                    }
                    bits = bits.rotate_right(1);
                    let id = if bits & 1 == 0 { "u" } else { "v" };
                    ids.push(id);
                    host.event(&one.kind, id, &one.time, &one.data);
                }
                if cut == self.told.len() {
                    host.merge("u", "v", &self.told.last().expect("a history has events").time);
                }
            });
            assert_eq!(end, expected, "told under {ids:?}, one customer after {cut} of them");
        }
    }

    /// Asserts that the history ends alike in whatever order its events arrive.
    ///
    /// # Panics
    /// When it does not, with the order.
    pub fn assert_any_order<P: Policy>(&self, params: &Value) {
        let expected = self.plain::<P>(params);
        for way in 0..WAYS {
            let mut order: Vec<usize> = (0..self.told.len()).collect();
            order.sort_by_key(|index| scramble(way << 32 | *index as u64));
            let end = self.end(Harness::<P>::new(params), |host| {
                for index in &order {
                    let one = &self.told[*index];
                    host.event(&one.kind, "u", &one.time, &one.data);
                }
            });
            assert_eq!(end, expected, "arrived in the order {order:?}");
        }
    }
}

/// Spreads a number over 64 bits (splitmix64).
fn scramble(number: u64) -> u64 {
    let mixed = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
