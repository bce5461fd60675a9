//! What is known while decisions are made: rows read from the store, changed in memory, written back together.
//!
//! A [`Table`] holds the rows that were asked for, present or absent, and remembers which of them changed. Savepoints undo
//! changes, so that a denied decision, or a dry run, leaves nothing behind. Asking for a row that was never loaded is a
//! programming error and panics: a default instead would be a budget that nobody checked.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::limits::MEMBERS_MAX;
use crate::rows::budget::{Crossing, Usage};
use crate::rows::customer::Customer;
use crate::rows::grant::Grant;
use crate::rows::ledger::{Position, Transfer};
use crate::rows::measure::Measures;
use crate::rows::pool::Share;
use crate::rows::redemption::{Redemption, RedemptionId};
use crate::rows::table::{Keys, Table, not_loaded};
use crate::rows::timer::{Timer, TimerBody, TimerKey};
use crate::words::id::{CampaignId, CustomerId, EntityId, RequestId, TimerName};
use crate::words::json::Json;
use crate::words::key::{
    AboutKey, BindingKey, ClaimKey, GrantSlot, MessageSlot, PositionKey, ShareKey, StateKey, UsageKey,
};
use crate::words::time::Instant;
use crate::words::unit::{Quantity, Unit};

/// What a policy keeps of an owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// The version of the state, by the manifest of the policy that wrote it.
    pub written_as: u32,
    /// The state.
    pub value: Json,
}

/// What is known of a thing that grants are about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// Everything about it was revoked: what comes later is not granted.
    pub cancelled: bool,
    /// What was granted about it, in order.
    pub grants: Vec<GrantSlot>,
}

/// The members of an entity.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Members(pub Vec<(CustomerId, Instant)>);

impl Members {
    /// Adds a member, in order of the time of joining, and reports whether there was room.
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

/// A request that was carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// What was asked for.
    pub asked: Json,
    /// What was answered.
    pub answer: Json,
}

macro_rules! tables {
    ($($(#[$doc:meta])* $name:ident: $key:ty => $value:ty;)*) => {
        /// Rows of every kind.
        #[derive(Debug, Default)]
        pub struct Facts {
            $($(#[$doc])* pub $name: Table<$key, $value>,)*
            superseded: Vec<Arc<Grant>>,
            transfers: Vec<Transfer>,
            crossings: Vec<Crossing>,
            /// The places of the grants in wallets that were asked for.
            wallets: HashMap<CustomerId, Vec<usize>>,
            /// The places of what was given to all others.
            given: HashMap<CustomerId, Vec<usize>>,
        }

        /// Which rows are asked for.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct Wanted {
            $($(#[$doc])* pub $name: Keys<$key>,)*
            /// Wallets of customers: the grants to them, by any campaign, that may still hold something.
            pub wallets: Keys<CustomerId>,
        }

        /// Rows as the store has them, or as it shall have them.
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct Rows {
            $($(#[$doc])* pub $name: Vec<($key, $value)>,)*
            /// Where the grants in wallets stand; they are among the grants. Not written: the grants say it.
            pub wallets: Vec<(CustomerId, Vec<GrantSlot>)>,
            /// Transfers, in order. Only ever added.
            pub transfers: Vec<Transfer>,
        }

        /// A point to go back to.
        #[derive(Clone, Copy, Debug)]
        pub struct Savepoint { $($name: usize,)* superseded: usize, transfers: usize, crossings: usize }

        impl Facts {
            /// Leaves in `wanted` only what is not held yet, once each and in order.
            pub fn missing(&self, wanted: &mut Wanted) {
                $(wanted.$name.leave(|key| !self.$name.has(key));)*
                wanted.wallets.leave(|customer| !self.has_wallet(customer));
            }

            /// Takes rows as the store has them.
            pub fn load(&mut self, rows: Rows) {
                $(for (key, value) in rows.$name { self.$name.load(key, value); })*
                for (customer, slots) in rows.wallets {
                    if !self.has_wallet(&customer) {
                        // What was given since is not in the store yet.
                        let mut wallet = self.given.remove(&customer).unwrap_or_default();
                        let stored: Vec<usize> = slots.iter().map(|slot| self.grants.place(slot)).collect();
                        wallet.retain(|place| !stored.contains(place));
                        wallet.extend(stored);
                        self.wallets.insert(customer, wallet);
                    }
                }
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
                self.grants.put(&slot, Some(Arc::new(grant)));
                self.list_in_wallet(&slot);
            }

            /// Lists a grant that something came into in its customer's wallet.
            pub(crate) fn list_in_wallet(&mut self, slot: &GrantSlot) {
                let wallet = match self.wallets.get_mut(&slot.to) {
                    Some(wallet) => wallet,
                    None => self.given.entry(slot.to.clone()).or_default(),
                };
                let place = self.grants.place(slot);
                if !wallet.contains(&place) {
                    wallet.push(place);
                }
            }

            /// Reports whether a wallet was loaded.
            #[must_use]
            pub fn has_wallet(&self, customer: &CustomerId) -> bool {
                self.wallets.contains_key(customer)
            }

            /// Returns the grants in a customer's wallets, one for each id, the first given first.
            ///
            /// # Panics
            /// When a wallet was not loaded.
            #[must_use]
            pub fn wallet(&self, customer: &CustomerId) -> Vec<&Grant> {
                let ids = std::iter::once(self.who_stays(customer)).chain(self.other_ids(customer));
                let wallet = |id| self.wallets.get(id).unwrap_or_else(|| not_loaded(id));
                // The place of a grant that was undone stays in the list.
                let grants = ids.flat_map(wallet).filter_map(|place| self.grants.at(*place).1.as_deref());
                let mut grants: Vec<&Grant> = grants.collect();
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

            /// Returns the budgets that rose to such a share since the last time.
            pub fn take_crossings(&mut self) -> Vec<Crossing> {
                std::mem::take(&mut self.crossings)
            }

            /// Returns what changed since the last time, to be written in this order. Later savepoints do not reach behind this.
            pub fn take_changes(&mut self) -> Rows {
                let transfers = std::mem::take(&mut self.transfers);
                let mut rows = Rows { $($name: self.$name.take_changed(),)* wallets: Vec::new(), transfers };
                let superseded = std::mem::take(&mut self.superseded).into_iter();
                rows.grants.splice(0..0, superseded.map(|grant| (grant.slot.clone(), Some(grant))));
                rows
            }

            /// Returns how many transfers there are since the last time that changes were taken.
            #[must_use]
            pub fn transfers_made(&self) -> usize {
                self.transfers.len()
            }

            /// Returns the transfers made after there were so many.
            #[must_use]
            pub fn transfers_after(&self, made: usize) -> &[Transfer] {
                self.transfers.get(made..).unwrap_or_default()
            }

            /// Returns how many rows are held.
            #[must_use]
            pub fn len(&self) -> usize {
                self.wallets.len() $(+ self.$name.len())*
            }

            /// Reports whether nothing is held.
            #[must_use]
            pub fn is_empty(&self) -> bool {
                self.len() == 0
            }
        }

        impl Wanted {
            /// Reports whether nothing is asked for.
            #[must_use]
            pub fn is_empty(&self) -> bool {
                self.wallets.is_empty() $(&& self.$name.is_empty())*
            }

            /// Asks for what the other asks for, too.
            pub fn extend(&mut self, other: Self) {
                $(self.$name.extend(other.$name);)*
                self.wallets.extend(other.wallets);
            }
        }

        impl Rows {
            /// Reports whether there is nothing.
            #[must_use]
            pub fn is_empty(&self) -> bool {
                self.transfers.is_empty() && self.wallets.is_empty() $(&& self.$name.is_empty())*
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
    grants: GrantSlot => Option<Arc<Grant>>;
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
            self.timer_names.put(&of, names);
        }
        self.timers.put(&key, timer);
    }

    /// Sets the timer of a message that waits. It is sent once: none is set.
    pub fn set_message_timer(&mut self, slot: MessageSlot, due: Instant, data: Json) {
        let key = TimerKey::Message(slot);
        self.timers.load(key.clone(), None);
        self.timers.put(&key, Some(Timer { due, body: TimerBody::Message(data) }));
    }

    /// Sets the timer of a grant or a redemption. What it is of is new, or the timer has just gone off: none is set.
    pub(crate) fn set_ledger_timer(&mut self, key: TimerKey, due: Instant) {
        self.timers.load(key.clone(), None);
        self.timers.put(&key, Some(Timer { due, body: TimerBody::Ledger }));
    }
}

impl Facts {
    /// Returns who stays of the customer's ids; mostly the customer. The customer is loaded.
    pub fn who_stays<'a>(&'a self, id: &'a CustomerId) -> &'a CustomerId {
        self.customers.get(id).merged_into.as_ref().unwrap_or(id)
    }

    /// Returns the ids of the customer's that were merged into the one who stays. The customer is loaded.
    pub fn other_ids(&self, id: &CustomerId) -> &[CustomerId] {
        &self.customers.get(self.who_stays(id)).also
    }

    /// Returns all ids of the customer's, that of the one who stays first. The customer is loaded.
    pub fn ids_of(&self, id: &CustomerId) -> Vec<CustomerId> {
        std::iter::once(self.who_stays(id)).chain(self.other_ids(id)).cloned().collect()
    }

    /// Returns where a grant of a key may stand: for each of the customer's ids, that of the one who stays first. The customer is loaded.
    #[must_use]
    pub fn slots_of(&self, slot: &GrantSlot) -> Vec<GrantSlot> {
        self.ids_of(&slot.to).into_iter().map(|to| GrantSlot { to, ..slot.clone() }).collect()
    }

    /// Returns the customers into whom those were merged that have just been loaded.
    #[must_use]
    pub fn wanted_with(&self, customers: &Keys<CustomerId>) -> Wanted {
        let stays = customers.iter().map(|id| self.who_stays(id).clone());
        Wanted { customers: stays.collect(), ..Wanted::default() }
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
        facts.bindings.put(&key(&a), Some(b.clone()));
        let savepoint = facts.savepoint();
        facts.bindings.put(&key(&a), None);
        facts.bindings.load(key(&b), None);
        facts.bindings.put(&key(&b), Some(a.clone()));
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
