//! What is known while decisions are made: rows read from the store, changed in memory, written back together.
//!
//! A [`Table`] holds the rows that were asked for, present or absent, and remembers which of them changed. Savepoints undo
//! changes, so that a denied decision, or a dry run, leaves nothing behind. Asking for a row that was never loaded is a
//! programming error and panics: a default instead would be a budget that nobody checked.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::Hash;

use crate::budget::{Crossing, Usage, UsageKey};
use crate::customer::Customer;
use crate::decision::Owner;
use crate::effect::Dimension;
use crate::grant::{Grant, GrantSlot};
use crate::id::{AboutId, CampaignId, ClaimScope, CustomerId, EntityId, MessageKey, RequestId, TimerName};
use crate::json::Json;
use crate::ledger::{Position, PositionKey, Transfer};
use crate::limits::MEMBERS_MAX;
use crate::measure::Measures;
use crate::pool::{Share, ShareKey};
use crate::redemption::{Redemption, RedemptionId};
use crate::time::Instant;
use crate::timer::{Timer, TimerBody, TimerKey};
use crate::unit::{Quantity, Unit};

/// Whose state in which campaign.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StateKey {
    /// The campaign.
    pub campaign: CampaignId,
    /// Whose.
    pub owner: Owner,
}

/// What a policy keeps of an owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// The version of the state, by the manifest of the policy that wrote it.
    pub written_as: u32,
    /// The state.
    pub value: Json,
}

/// What may be used once in a campaign.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClaimKey {
    /// The campaign.
    pub campaign: CampaignId,
    /// What is given once.
    pub scope: ClaimScope,
    /// By what it is counted.
    pub by: Dimension,
    /// Which customer, identity, device, card or address.
    pub value: String,
}

/// A thing that grants are about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AboutKey {
    /// The campaign.
    pub campaign: CampaignId,
    /// The loan, the order.
    pub about: AboutId,
}

/// What is known of a thing that grants are about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// Everything about it was revoked: what comes later is not granted.
    pub cancelled: bool,
    /// What was granted about it, in order.
    pub grants: Vec<GrantSlot>,
}

/// An invitee in a campaign.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BindingKey {
    /// The campaign.
    pub campaign: CampaignId,
    /// Who was invited.
    pub invitee: CustomerId,
}

/// The members of an entity.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Members(pub Vec<(CustomerId, Instant)>);

impl Members {
    /// Adds a member, in order of the time of joining. Says whether there was room.
    pub fn join(&mut self, customer: CustomerId, at: Instant) -> bool {
        if self.0.iter().any(|(member, _)| *member == customer) {
            return true;
        }
        if self.0.len() >= MEMBERS_MAX {
            return false;
        }
        let place = self.0.partition_point(|(_, joined)| *joined <= at);
        self.0.insert(place, (customer, at));
        true
    }

    /// Takes a member out.
    pub fn leave(&mut self, customer: &CustomerId) {
        self.0.retain(|(member, _)| member != customer);
    }
}

/// A message that was sent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageSlot {
    /// The campaign.
    pub campaign: CampaignId,
    /// To whom.
    pub to: CustomerId,
    /// The policy's name for it.
    pub key: MessageKey,
}

/// A request that was carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// What was asked for.
    pub asked: Json,
    /// What was answered.
    pub answer: Json,
}

/// Rows of one kind: those that were asked for.
#[derive(Debug)]
pub struct Table<K, V> {
    rows: HashMap<K, V>,
    changed: HashSet<K>,
    undo: Vec<(K, V, bool)>,
}

#[expect(clippy::panic, reason = "a missing row is a programming error, and a default would be an unchecked limit")]
fn not_loaded(key: &impl std::fmt::Debug) -> ! {
    panic!("used before it was loaded: {key:?}")
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Self { rows: HashMap::new(), changed: HashSet::new(), undo: Vec::new() }
    }
}

impl<K: Clone + Eq + Hash + std::fmt::Debug, V: Clone> Table<K, V> {
    /// Whether the row was loaded.
    pub fn has(&self, key: &K) -> bool {
        self.rows.contains_key(key)
    }

    /// The row.
    ///
    /// # Panics
    /// When it was not loaded.
    pub fn get(&self, key: &K) -> &V {
        self.rows.get(key).unwrap_or_else(|| not_loaded(key))
    }

    /// Takes a row as the store has it. A row that is held already stays: it may have been changed since.
    pub fn load(&mut self, key: K, value: V) {
        self.rows.entry(key).or_insert(value);
    }

    /// Changes a row.
    ///
    /// # Panics
    /// When it was not loaded.
    pub fn put(&mut self, key: K, value: V) {
        let row = self.rows.get_mut(&key).unwrap_or_else(|| not_loaded(&key));
        let old = std::mem::replace(row, value);
        let first = self.changed.insert(key.clone());
        self.undo.push((key, old, first));
    }

    /// The rows that changed since they were last taken to be written.
    pub fn changed(&self) -> impl Iterator<Item = (&K, &V)> {
        self.changed.iter().map(|key| (key, &self.rows[key]))
    }

    fn mark(&self) -> usize {
        self.undo.len()
    }

    fn undo_to(&mut self, mark: usize) {
        while self.undo.len() > mark {
            if let Some((key, old, first)) = self.undo.pop() {
                if first {
                    self.changed.remove(&key);
                }
                self.rows.insert(key, old);
            }
        }
    }

    fn take_changed(&mut self) -> Vec<(K, V)> {
        self.undo.clear();
        let changed = std::mem::take(&mut self.changed);
        changed.into_iter().map(|key| (key.clone(), self.rows[&key].clone())).collect()
    }
}

macro_rules! tables {
    ($($(#[$doc:meta])* $name:ident: $key:ty => $value:ty;)*) => {
        /// Rows of every kind.
        #[derive(Debug, Default)]
        pub struct Facts {
            $($(#[$doc])* pub $name: Table<$key, $value>,)*
            superseded: Vec<Grant>,
            transfers: Vec<Transfer>,
            crossings: Vec<Crossing>,
            given: HashMap<CustomerId, BTreeSet<GrantSlot>>,
        }

        /// Which rows are asked for.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct Wanted { $($(#[$doc])* pub $name: BTreeSet<$key>,)* }

        /// Rows as the store has them, or as it shall have them.
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct Rows {
            $($(#[$doc])* pub $name: Vec<($key, $value)>,)*
            /// Transfers, in order. Only ever added.
            pub transfers: Vec<Transfer>,
        }

        /// A point to go back to.
        #[derive(Clone, Copy, Debug)]
        pub struct Savepoint { $($name: usize,)* superseded: usize, transfers: usize, crossings: usize }

        impl Facts {
            /// Leaves in `wanted` only what is not held yet.
            pub fn missing(&self, wanted: &mut Wanted) {
                $(wanted.$name.retain(|key| !self.$name.has(key));)*
            }

            /// Takes rows as the store has them.
            pub fn load(&mut self, mut rows: Rows) {
                // What was given since is not in the store yet.
                for (customer, wallet) in &mut rows.wallets {
                    let given = self.given.get(customer).into_iter().flatten();
                    let new: Vec<_> = given.filter(|slot| !wallet.contains(slot)).cloned().collect();
                    wallet.extend(new);
                }
                $(for (key, value) in rows.$name { self.$name.load(key, value); })*
            }

            /// Marks a point to go back to.
            #[must_use]
            pub fn savepoint(&self) -> Savepoint {
                Savepoint {
                    $($name: self.$name.mark(),)*
                    superseded: self.superseded.len(),
                    transfers: self.transfers.len(),
                    crossings: self.crossings.len(),
                }
            }

            /// Undoes every change since the point.
            pub fn undo_to(&mut self, savepoint: Savepoint) {
                $(self.$name.undo_to(savepoint.$name);)*
                self.superseded.truncate(savepoint.superseded);
                self.transfers.truncate(savepoint.transfers);
                self.crossings.truncate(savepoint.crossings);
            }

            /// Gives a slot its next grant: the first, or one after its key was freed. The one before is still to be
            /// written: its reversal may be as new as the grant.
            pub(crate) fn supersede(&mut self, grant: Grant) {
                if let Some(old) = self.grants.get(&grant.slot).clone() {
                    self.superseded.push(old);
                }
                let slot = grant.slot.clone();
                self.grants.put(slot.clone(), Some(grant));
                self.list_in_wallet(&slot);
            }

            /// Lists a grant that something came into in its customer's wallet.
            pub(crate) fn list_in_wallet(&mut self, slot: &GrantSlot) {
                self.given.entry(slot.to.clone()).or_default().insert(slot.clone());
                if self.wallets.has(&slot.to) && !self.wallets.get(&slot.to).contains(slot) {
                    let mut wallet = self.wallets.get(&slot.to).clone();
                    wallet.push(slot.clone());
                    self.wallets.put(slot.to.clone(), wallet);
                }
            }

            /// The grants in a customer's wallets, one for each id, the first given first. The caller has loaded them.
            pub fn wallet(&self, customer: &CustomerId) -> Vec<&Grant> {
                let ids = self.ids_of(customer);
                let slots = ids.iter().flat_map(|id| self.wallets.get(id));
                // A slot whose grant was undone stays in the list.
                let mut grants: Vec<&Grant> =
                    slots.filter(|slot| self.grants.has(slot)).filter_map(|slot| self.grants.get(slot).as_ref()).collect();
                grants.sort_by(|a, b| a.given_before(b));
                grants
            }

            /// Adds a transfer to the journal.
            pub(crate) fn record(&mut self, transfer: Transfer) {
                self.transfers.push(transfer);
            }

            /// Notes that a budget's use rose to a share that operators want to hear of.
            pub(crate) fn cross(&mut self, crossing: Crossing) {
                self.crossings.push(crossing);
            }

            /// The budgets that rose to such a share since the last time.
            pub fn take_crossings(&mut self) -> Vec<Crossing> {
                std::mem::take(&mut self.crossings)
            }

            /// What changed since the last time, to be written in this order. Later savepoints do not reach behind this.
            pub fn take_changes(&mut self) -> Rows {
                let transfers = std::mem::take(&mut self.transfers);
                let mut rows = Rows { $($name: self.$name.take_changed(),)* transfers };
                let superseded = std::mem::take(&mut self.superseded).into_iter();
                rows.grants.splice(0..0, superseded.map(|grant| (grant.slot.clone(), Some(grant))));
                rows
            }

            /// How many transfers there are since the last time that changes were taken.
            #[must_use]
            pub fn transfers_made(&self) -> usize {
                self.transfers.len()
            }

            /// The transfers made after there were so many.
            #[must_use]
            pub fn transfers_after(&self, made: usize) -> &[Transfer] {
                self.transfers.get(made..).unwrap_or_default()
            }

            /// How many rows are held.
            #[must_use]
            pub fn len(&self) -> usize {
                0 $(+ self.$name.rows.len())*
            }

            /// Whether nothing is held.
            #[must_use]
            pub fn is_empty(&self) -> bool {
                self.len() == 0
            }
        }

        impl Wanted {
            /// Whether nothing is asked for.
            #[must_use]
            pub fn is_empty(&self) -> bool {
                true $(&& self.$name.is_empty())*
            }

            /// Asks for what the other asks for, too.
            pub fn extend(&mut self, other: Self) {
                $(self.$name.extend(other.$name);)*
            }
        }

        impl Rows {
            /// Whether there is nothing.
            #[must_use]
            pub fn is_empty(&self) -> bool {
                self.transfers.is_empty() $(&& self.$name.is_empty())*
            }
        }
    };
}

tables! {
    /// Customers; one never seen is an empty one.
    customers: CustomerId => Customer;
    /// States of owners.
    states: StateKey => Option<State>;
    /// Grants; of a key that was freed and granted again, the last. Changed rows may hold several grants of one slot, in
    /// order of issue.
    grants: GrantSlot => Option<Grant>;
    /// Things that grants are about.
    abouts: AboutKey => About;
    /// Who holds a claim.
    claims: ClaimKey => Option<CustomerId>;
    /// Use of budgets and limits.
    usage: UsageKey => Usage;
    /// Who is bound as whose inviter.
    bindings: BindingKey => Option<CustomerId>;
    /// Whether a message was sent.
    messages: MessageSlot => bool;
    /// Who is a member of an entity.
    members: EntityId => Members;
    /// Weights in pools.
    shares: ShareKey => Share;
    /// What campaigns count.
    measures: CampaignId => Measures;
    /// Timers that are set.
    timers: TimerKey => Option<Timer>;
    /// The names of an owner's timers.
    timer_names: StateKey => BTreeSet<TimerName>;
    /// Where a customer's grants stand that may still hold something, by any campaign; whoever loads it loads the grants,
    /// too. Not written: the grants say it.
    wallets: CustomerId => Vec<GrantSlot>;
    /// Balances of a campaign's accounts.
    positions: PositionKey => Position;
    /// Pieces on hand of units that are stocked.
    stocks: Unit => Quantity;
    /// Redemptions.
    redemptions: RedemptionId => Option<Redemption>;
    /// What other requests were answered, so that the same one is not carried out twice.
    receipts: RequestId => Option<Receipt>;
    /// When a customer was, or will be, sent marketing messages, by all campaigns; the latest, in order.
    contacts: CustomerId => Vec<Instant>;
}

impl Wanted {
    /// Asks for what setting or dropping a timer takes: its row and the names of its owner's timers. Names that were read later
    /// would not show what is still to be written.
    pub fn timer(&mut self, key: TimerKey) {
        self.timer_names.extend(key.of_owner().map(|(of, _)| of));
        self.timers.insert(key);
    }
}

impl Facts {
    /// Sets a timer, or drops it; what [`Wanted::timer`] asks for is loaded.
    pub fn set_timer(&mut self, key: TimerKey, timer: Option<Timer>) {
        if let Some((of, name)) = key.of_owner() {
            let mut names = self.timer_names.get(&of).clone();
            if timer.is_some() {
                names.insert(name.clone());
            } else {
                names.remove(name);
            }
            self.timer_names.put(of, names);
        }
        self.timers.put(key, timer);
    }

    /// Sets the timer of a message that waits. It is sent once: none is set.
    pub fn set_message_timer(&mut self, slot: MessageSlot, due: Instant, data: Json) {
        let key = TimerKey::Message(slot);
        self.timers.load(key.clone(), None);
        self.timers.put(key, Some(Timer { due, body: TimerBody::Message(data) }));
    }

    /// Sets the timer of a grant or a redemption. What it is of is new, or the timer has just gone off: none is set.
    pub(crate) fn set_ledger_timer(&mut self, key: TimerKey, due: Instant) {
        self.timers.load(key.clone(), None);
        self.timers.put(key, Some(Timer { due, body: TimerBody::Ledger }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn customer(name: &str) -> CustomerId {
        CustomerId::new(name).unwrap()
    }

    #[test]
    fn undo_restores_rows_and_forgets_changes() {
        let mut facts = Facts::default();
        let (a, b) = (customer("a"), customer("b"));
        let key =
            |invitee: &CustomerId| BindingKey { campaign: CampaignId::new("c").unwrap(), invitee: invitee.clone() };
        facts.bindings.load(key(&a), None);
        facts.bindings.put(key(&a), Some(b.clone()));
        let savepoint = facts.savepoint();
        facts.bindings.put(key(&a), None);
        facts.bindings.load(key(&b), None);
        facts.bindings.put(key(&b), Some(a.clone()));
        facts.undo_to(savepoint);
        assert_eq!(facts.bindings.get(&key(&a)), &Some(b.clone()));
        assert_eq!(facts.bindings.get(&key(&b)), &None);
        assert_eq!(facts.take_changes().bindings, vec![(key(&a), Some(b))]);
        assert!(facts.take_changes().is_empty());
    }

    #[test]
    #[should_panic(expected = "used before it was loaded")]
    fn a_row_that_was_not_loaded_is_not_guessed() {
        Facts::default().customers.get(&customer("a"));
    }
}
