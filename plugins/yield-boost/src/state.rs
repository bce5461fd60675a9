//! What is remembered of a customer.

use serde::{Deserialize, Serialize};

/// Most holdings remembered; the oldest is forgotten.
const HOLDINGS_MAX: usize = 8;
/// Most different boosts of one holding.
const BOOSTS_MAX: usize = 8;
/// Most chains with more than their head.
const CHAINS_MAX: usize = 400;
const DAY_MS: i64 = 86_400_000;

/// What is remembered of a customer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct State {
    /// Whether somebody invited the customer.
    #[serde(skip_serializing_if = "is_false")]
    pub invited: bool,
    /// Whether a purchase had something added.
    #[serde(skip_serializing_if = "is_false")]
    pub with_purchase: bool,
    /// What the customer holds, the last bought last.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub holdings: Vec<Holding>,
    /// Of chains with more than one friend: a hash of who heads it, and how many count.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub chains: Vec<(u64, u8)>,
}

/// Something bought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holding {
    /// Which.
    pub id: String,
    /// In minor units.
    pub principal: u64,
    /// The term, in days.
    pub days: u32,
    /// The rate without boosts.
    pub basis_points: u32,
    /// When it was bought, in milliseconds since 1970.
    pub bought: i64,
    /// What was added, each kind once.
    pub boosts: Vec<Boost>,
}

/// Something added to a rate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Boost {
    /// How much.
    pub basis_points: u32,
    /// On at most so much principal, in minor units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal_cap: Option<u64>,
    /// For so many days; for the whole term when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<u32>,
}

fn is_false(flag: &bool) -> bool {
    !flag
}

impl Holding {
    /// When its term ends, in milliseconds since 1970.
    pub(crate) fn ends(&self) -> i64 {
        self.bought.saturating_add(i64::from(self.days).saturating_mul(DAY_MS))
    }

    /// All that was added to its rate.
    pub(crate) fn boosted(&self) -> u32 {
        self.boosts.iter().fold(0, |sum, boost| sum.saturating_add(boost.basis_points))
    }

    /// Adds to its rate; `false` when there are too many different boosts.
    pub(crate) fn boost(&mut self, boost: Boost) -> bool {
        let same = |one: &&mut Boost| one.principal_cap == boost.principal_cap && one.days == boost.days;
        if let Some(one) = self.boosts.iter_mut().find(same) {
            one.basis_points = one.basis_points.saturating_add(boost.basis_points);
            return true;
        }
        let room = self.boosts.len() < BOOSTS_MAX;
        if room {
            self.boosts.push(boost);
        }
        room
    }
}

impl State {
    /// What was bought last of what is held at a time.
    pub(crate) fn held_at(&mut self, at: i64) -> Option<&mut Holding> {
        self.holdings.iter_mut().filter(|one| one.bought <= at && at < one.ends()).max_by_key(|one| one.bought)
    }

    /// Remembers something bought.
    pub(crate) fn hold(&mut self, holding: Holding) {
        self.holdings.push(holding);
        let forgotten = self.holdings.len().saturating_sub(HOLDINGS_MAX);
        self.holdings.drain(..forgotten);
    }

    /// How many friends of a chain count that somebody else than the last one heads.
    pub(crate) fn in_chain(&self, head: &str) -> u8 {
        let head = hash(head);
        self.chains.iter().find(|(one, _)| *one == head).map_or(1, |(_, count)| *count)
    }

    /// Counts one more in a chain; `false` when there are too many chains.
    pub(crate) fn lengthen(&mut self, head: &str) -> bool {
        let head = hash(head);
        if let Some((_, count)) = self.chains.iter_mut().find(|(one, _)| *one == head) {
            *count = count.saturating_add(1);
            return true;
        }
        let room = self.chains.len() < CHAINS_MAX;
        if room {
            self.chains.push((head, 2));
        }
        room
    }

    /// What is remembered of two customers who turn out to be one.
    pub(crate) fn with(mut self, other: Self) -> Self {
        self.invited &= other.invited;
        self.with_purchase |= other.with_purchase;
        for holding in other.holdings {
            self.hold(holding);
        }
        for (head, count) in other.chains {
            if let Some((_, own)) = self.chains.iter_mut().find(|(one, _)| *one == head) {
                *own = (*own).max(count);
            } else if self.chains.len() < CHAINS_MAX {
                self.chains.push((head, count));
            }
        }
        self
    }
}

/// FNV-1a, 64 bits.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holding(id: &str, bought: i64) -> Holding {
        Holding { id: id.into(), principal: 1, days: 1, basis_points: 1, bought, boosts: Vec::new() }
    }

    #[test]
    fn the_state_stays_small() {
        let mut state = State::default();
        for n in 0..1_000_u32 {
            let mut one = holding(&"h".repeat(64), i64::MAX);
            for cap in 0..20 {
                one.boost(Boost { basis_points: u32::MAX, principal_cap: Some(u64::MAX - cap), days: Some(n) });
            }
            state.hold(one);
            state.lengthen(&n.to_string());
        }
        let bytes = largesse_sdk::json!(state).to_string().len();
        assert!(bytes < 16 * 1024, "{bytes} bytes");
    }

    #[test]
    fn the_last_bought_that_is_held_counts() {
        let mut state = State::default();
        state.hold(holding("a", 0));
        state.hold(holding("b", 10));
        let mut at = |at| state.held_at(at).map(|one| one.id.clone());
        assert_eq!(at(5).as_deref(), Some("a"));
        assert_eq!(at(10).as_deref(), Some("b"));
        assert_eq!(at(DAY_MS + 10), None);
    }

    #[test]
    fn two_become_one() {
        let kept = State { invited: true, chains: vec![(1, 2)], ..State::default() };
        let mut joined = State { with_purchase: true, chains: vec![(1, 3), (2, 2)], ..State::default() };
        joined.hold(holding("a", 0));
        let one = kept.with(joined);
        assert_eq!((one.invited, one.with_purchase, one.holdings.len()), (false, true, 1));
        assert_eq!(one.chains, [(1, 3), (2, 2)]);
    }
}
