//! What is held in the harness: grants that are pending, and what was reserved out of wallets.

use std::collections::BTreeMap;

use crate::held::{AfterHold, HoldAction, Reservation, Shortfall};

use super::outcome::Given;

/// How long a grant is held, in milliseconds since 1970.
#[derive(Clone, Copy)]
pub(super) struct Hold {
    pub(super) until: i64,
    pub(super) then: AfterHold,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Reserved,
    Used,
    Released,
    TimedOut,
}

#[derive(Clone)]
struct Reserved {
    unit: String,
    quantity: u64,
    until: i64,
    state: State,
}

/// By customer and key.
#[derive(Clone, Default)]
pub(super) struct Holds {
    grants: BTreeMap<(String, String), Hold>,
    reservations: BTreeMap<(String, String), Reserved>,
}

impl Holds {
    /// Gives a customer what is held for another id of theirs; of two under a key their own.
    pub(super) fn merge(&mut self, stays: &str, other: &str) {
        let renamed = |(whose, key): (String, String)| (if whose == other { stays.to_owned() } else { whose }, key);
        for (key, hold) in std::mem::take(&mut self.grants) {
            self.grants.entry(renamed(key)).or_insert(hold);
        }
        for (key, reserved) in std::mem::take(&mut self.reservations) {
            self.reservations.entry(renamed(key)).or_insert(reserved);
        }
    }

    /// Holds a grant, or forgets that another under its key was held.
    pub(super) fn hold(&mut self, key: &(String, String), hold: Option<Hold>) {
        self.grants.remove(key);
        self.grants.extend(hold.map(|hold| (key.clone(), hold)));
    }

    pub(super) fn is_pending(&self, to: &str, key: &str) -> bool {
        self.grants.contains_key(&(to.to_owned(), key.to_owned()))
    }

    /// How much of a unit is reserved or was used.
    pub(super) fn taken(&self, party: &str, unit: &str) -> u64 {
        let of = self.reservations.iter().filter(|((whose, _), one)| whose == party && one.unit == unit);
        let taken = of.filter(|(_, one)| matches!(one.state, State::Reserved | State::Used));
        taken.map(|(_, one)| one.quantity).sum()
    }

    /// Lets go of what is due by then. Returns the grants that are to be taken back.
    pub(super) fn lapse(&mut self, now: i64) -> Vec<(String, String)> {
        for reserved in self.reservations.values_mut() {
            if reserved.state == State::Reserved && reserved.until <= now {
                reserved.state = State::TimedOut;
            }
        }
        let voided = |(_, hold): &(&(String, String), &Hold)| hold.until <= now && hold.then == AfterHold::Void;
        let back = self.grants.iter().filter(voided).map(|(key, _)| key.clone()).collect();
        // One that is taken back stays, so that settling it is told that it timed out.
        self.grants.retain(|_, hold| now < hold.until || hold.then == AfterHold::Void);
        back
    }

    /// Reserves, out of what is left in the wallet. Returns how much; an error says why nothing was reserved and what the policy
    /// makes of a shortfall.
    pub(super) fn reserve(
        &mut self,
        asked: &Reservation,
        left: u64,
        (now, until): (i64, i64),
    ) -> Result<u64, (&'static str, Shortfall)> {
        let key = (asked.party.clone(), asked.key.clone());
        let refused = |reason| Err((reason, asked.on_shortfall));
        if self.reservations.contains_key(&key) {
            return refused("already-reserved");
        }
        if until <= now {
            return refused("timed-out");
        }
        let quantity = asked.quantity.min(left);
        if quantity == 0 || quantity < asked.quantity && asked.on_shortfall != Shortfall::Reduce {
            return refused("insufficient-balance");
        }
        let reserved = Reserved { unit: asked.unit.clone(), quantity, until, state: State::Reserved };
        self.reservations.insert(key, reserved);
        Ok(quantity)
    }

    /// Ends the hold of a grant that is settled.
    pub(super) fn settle_grant(&mut self, (to, key): (&str, &str), now: i64) -> Result<(), &'static str> {
        let key = (to.to_owned(), key.to_owned());
        match self.grants.get(&key) {
            None => Err("nothing-to-settle"),
            Some(hold) if hold.then == AfterHold::Void && hold.until <= now => Err("timed-out"),
            Some(_) => {
                self.grants.remove(&key);
                Ok(())
            }
        }
    }

    pub(super) fn settle_reservation(
        &mut self,
        (party, key): (&str, &str),
        how: HoldAction,
        now: i64,
    ) -> Result<Given, &'static str> {
        let reserved = self.reservations.get_mut(&(party.to_owned(), key.to_owned())).ok_or("nothing-to-settle")?;
        reserved.state = match (reserved.state, how) {
            (State::TimedOut, _) => return Err("timed-out"),
            (State::Used | State::Released, _) => return Err("nothing-to-settle"),
            (State::Reserved, HoldAction::Commit) if reserved.until <= now => return Err("timed-out"),
            (State::Reserved, HoldAction::Commit) => State::Used,
            (State::Reserved, HoldAction::Release) => State::Released,
        };
        let (to, key, unit) = (party.to_owned(), key.to_owned(), reserved.unit.clone());
        Ok(Given { to, key, unit, quantity: reserved.quantity, about: None })
    }
}
