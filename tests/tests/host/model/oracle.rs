//! What customers hold, worked out a second time: from what was asked for, what decisions gave, and the clock.

use std::collections::BTreeMap;

use largesse_domain::grant::{Grant, Hold};
use largesse_domain::hold::AfterHold;
use largesse_domain::id::{CustomerId, DecisionId};
use largesse_domain::key::GrantSlot;
use largesse_domain::ledger;
use largesse_domain::redeem::RedemptionAction;
use largesse_domain::redemption::{RedemptionId, RedemptionRequest};
use largesse_domain::time::Instant;
use largesse_domain::timer::TimerKey;
use largesse_domain::unit::{Quantity, SpendOrder, Unit};

use super::side::{STOCKED, Terms, USUAL};

/// What was given.
pub(super) struct Given {
    pub(super) slot: GrantSlot,
    pub(super) unit: Unit,
    pub(super) quantity: u64,
    pub(super) at: Instant,
    pub(super) decision: Option<DecisionId>,
    pub(super) hold: Option<Hold>,
    pub(super) expires: Option<Instant>,
}

/// A grant as it is now.
pub(super) struct Lot {
    pub(super) slot: GrantSlot,
    pub(super) issue: u32,
    pub(super) unit: Unit,
    given: (Instant, Option<DecisionId>),
    /// What was not taken back.
    net: u64,
    /// In the wallet, or held for it.
    here: u64,
    reserved: u64,
    expired: u64,
    hold: Option<Hold>,
    expires: Option<Instant>,
    /// When the clock has something to do next.
    due: Option<Instant>,
    /// Whether some of it was taken back that had been used.
    owed: bool,
}

impl Lot {
    fn is_past(&self, now: Instant) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }

    fn next_due(&self) -> Option<Instant> {
        let due = [self.hold.map(|hold| hold.until), self.expires];
        due.into_iter().flatten().min().filter(|_| self.net > 0)
    }

    fn key(&self) -> ledger::Lot {
        ledger::Lot { slot: self.slot.clone(), issue: self.issue }
    }
}

/// A redemption: which lots it is of, and until when they are reserved for it.
struct Held {
    parts: Vec<(usize, u64)>,
    until: Option<Instant>,
}

/// Net, in the wallet, reserved and expired.
pub(super) type Amounts = (u64, u64, u64, u64);

/// What customers hold.
#[derive(Default)]
pub(super) struct Oracle {
    /// In the order in which they were given.
    pub(super) lots: Vec<Lot>,
    pub(super) debts: BTreeMap<(CustomerId, Unit), u64>,
    pub(super) on_hand: u64,
    redemptions: BTreeMap<RedemptionId, Held>,
    /// What was said of units.
    terms: BTreeMap<Unit, Terms>,
    /// Who stays, by the ids that were merged.
    stays: BTreeMap<CustomerId, CustomerId>,
    /// What was seen to happen.
    pub(super) seen: Vec<&'static str>,
}

impl Oracle {
    fn see(&mut self, what: &'static str, happened: bool) {
        self.seen.extend(happened.then_some(what));
    }

    /// Something else holds for a unit.
    pub(super) fn said(&mut self, unit: Unit, terms: Terms) {
        self.terms.insert(unit, terms);
    }

    fn terms_of(&self, index: usize) -> Terms {
        self.terms.get(&self.lots[index].unit).copied().unwrap_or(USUAL)
    }

    /// Whose an id is.
    fn who(&self, id: &CustomerId) -> CustomerId {
        self.stays.get(id).unwrap_or(id).clone()
    }

    pub(super) fn merge(&mut self, stays: &CustomerId, other: &CustomerId) {
        let (stays, other) = (self.who(stays), self.who(other));
        if stays == other {
            return;
        }
        self.stays.values_mut().filter(|who| **who == other).for_each(|who| who.clone_from(&stays));
        self.stays.insert(other.clone(), stays.clone());
        let theirs: Vec<_> = self.debts.keys().filter(|(who, _)| *who == other).cloned().collect();
        for key in theirs {
            let owed = self.debts.remove(&key).expect("it was found");
            *self.debts.entry((stays.clone(), key.1)).or_default() += owed;
        }
        self.see("customers are merged", true);
    }

    pub(super) fn give(&mut self, given: Given) {
        let Given { slot, unit, quantity, at, decision, hold, expires } = given;
        let issue = 1 + self.lots.iter().filter(|lot| lot.slot == slot).count() as u32;
        self.see("a key is granted anew", issue > 1);
        if unit.as_str() == STOCKED {
            self.on_hand = self.on_hand.checked_sub(quantity).expect("what is given was on hand");
        }
        let given = (at, decision);
        let (net, here, reserved, expired) = (quantity, quantity, 0, 0);
        let lot = Lot { slot, issue, unit, given, net, here, reserved, expired, hold, expires, due: None, owed: false };
        self.lots.push(Lot { due: lot.next_due(), ..lot });
        if hold.is_none() {
            self.arrive(self.lots.len() - 1, at);
        }
    }

    /// Debts are paid first, and what comes too late expires.
    fn arrive(&mut self, index: usize, now: Instant) {
        let who = self.who(&self.lots[index].slot.to);
        let lot = &mut self.lots[index];
        let debt = self.debts.entry((who, lot.unit.clone())).or_default();
        let paid = lot.here.min(*debt);
        (lot.here, *debt) = (lot.here - paid, *debt - paid);
        self.see("a debt is paid", paid > 0);
        if self.lots[index].is_past(now) {
            self.expire(index);
        }
    }

    fn expire(&mut self, index: usize) {
        let lot = &mut self.lots[index];
        let left = std::mem::take(&mut lot.here);
        lot.expired += left;
        self.see("a grant expires", left > 0);
    }

    fn current(&self, slot: &GrantSlot) -> usize {
        self.lots.iter().rposition(|lot| lot.slot == *slot).expect("it was given")
    }

    pub(super) fn take_back(&mut self, slot: &GrantSlot, quantity: u64) {
        let (index, who) = (self.current(slot), self.who(&slot.to));
        let lot = &mut self.lots[index];
        lot.net = lot.net.checked_sub(quantity).expect("no more is taken back than was given");
        let from_wallet = quantity.min(lot.here);
        let from_expired = (quantity - from_wallet).min(lot.expired);
        let used = quantity - from_wallet - from_expired;
        (lot.here, lot.expired) = (lot.here - from_wallet, lot.expired - from_expired);
        lot.owed |= used > 0;
        lot.hold = lot.hold.filter(|_| lot.net > 0);
        *self.debts.entry((who, lot.unit.clone())).or_default() += used;
        if lot.unit.as_str() == STOCKED {
            self.on_hand += from_wallet + from_expired;
        }
        self.see("a debt is made", used > 0);
    }

    /// What is due by then, in order of due and of the texts of the timers' keys.
    pub(super) fn pass(&mut self, now: Instant) {
        let mut due = Vec::new();
        for (index, lot) in self.lots.iter_mut().enumerate() {
            if let Some(at) = lot.due.take_if(|due| *due <= now) {
                due.push((at, TimerKey::Grant(lot.key()).to_string(), Ok(index)));
            }
        }
        for (id, held) in &self.redemptions {
            due.extend(held.until.filter(|until| *until <= now).map(|until| {
                let key = TimerKey::Redemption(id.clone()).to_string();
                (until, key, Err(id.clone()))
            }));
        }
        due.sort();
        for (_, _, what) in due {
            match what {
                Ok(index) => self.lot_is_due(index, now),
                Err(id) => {
                    self.give_back(&id, now);
                    self.see("a redemption times out", true);
                }
            }
        }
    }

    fn lot_is_due(&mut self, index: usize, now: Instant) {
        let slot = self.lots[index].slot.clone();
        if self.current(&slot) != index {
            return;
        }
        match self.lots[index].hold {
            Some(Hold { until, then: AfterHold::Post }) if until <= now => {
                self.post(&slot, now);
                self.see("a hold is over", true);
            }
            Some(Hold { until, then: AfterHold::Void }) if until <= now => {
                self.take_back(&slot, self.lots[index].here);
                self.see("a reservation times out", true);
            }
            _ => {}
        }
        if self.lots[index].is_past(now) {
            self.expire(index);
        } else {
            self.lots[index].due = self.lots[index].next_due();
        }
    }

    pub(super) fn post(&mut self, slot: &GrantSlot, now: Instant) {
        let index = self.current(slot);
        if self.lots[index].hold.take().is_some() {
            self.arrive(index, now);
        }
    }

    fn usable(&self, index: usize, now: Instant) -> u64 {
        let lot = &self.lots[index];
        if lot.hold.is_some() || lot.is_past(now) { 0 } else { lot.here }
    }

    /// What a customer can use of a unit.
    pub(super) fn available(&self, customer: &CustomerId, unit: &Unit, now: Instant) -> u64 {
        let who = self.who(customer);
        let of = |index: &usize| self.who(&self.lots[*index].slot.to) == who && self.lots[*index].unit == *unit;
        (0..self.lots.len()).filter(of).map(|index| self.usable(index, now)).sum()
    }

    /// Which grants a redemption is of, in the order of the unit.
    pub(super) fn redeem(&mut self, request: &RedemptionRequest, now: Instant) -> Vec<(ledger::Lot, u64)> {
        let mut lots: Vec<usize> = (0..self.lots.len()).collect();
        lots.retain(|index| {
            let lot = &self.lots[*index];
            let named = request.grant.as_ref().is_none_or(|(of, key)| (of, key) == (&lot.slot.campaign, &lot.slot.key));
            (self.who(&lot.slot.to), &lot.unit) == (self.who(&request.customer), &request.unit) && named
        });
        let place = |index: &usize| {
            let lot = &self.lots[*index];
            let by_end = self.terms_of(*index).spend == SpendOrder::ExpiresFirst;
            (by_end.then_some(lot.expires.unwrap_or(Instant::MAX)), lot.given, lot.slot.clone())
        };
        lots.sort_by_cached_key(place);
        let (mut open, mut parts) = (request.quantity.get(), Vec::new());
        for index in lots {
            let part = self.usable(index, now).min(open);
            if part > 0 {
                open -= part;
                self.lots[index].here -= part;
                self.lots[index].reserved += if request.reserve_until.is_some() { part } else { 0 };
                parts.push((index, part));
            }
        }
        assert_eq!(open, 0, "no more is redeemed than there is");
        let named = parts.iter().map(|(index, part)| (self.lots[*index].key(), *part)).collect();
        self.redemptions.insert(request.id.clone(), Held { parts, until: request.reserve_until });
        named
    }

    /// How much of a redemption was used and has not come back.
    pub(super) fn used_of(&self, id: &RedemptionId) -> u64 {
        self.redemptions.get(id).map_or(0, |held| held.parts.iter().map(|(_, part)| part).sum())
    }

    pub(super) fn settle(&mut self, id: &RedemptionId, how: &RedemptionAction, now: Instant) {
        match how {
            RedemptionAction::Commit => {
                let held = self.redemptions.get_mut(id).expect("it was reserved");
                held.until = None;
                for (index, part) in &held.parts {
                    self.lots[*index].reserved -= part;
                }
            }
            RedemptionAction::Release => self.give_back(id, now),
            RedemptionAction::Reverse(asked) => {
                let held = self.redemptions.get_mut(id).expect("it was redeemed");
                let mut open = asked.quantity.map_or(u64::MAX, Quantity::get);
                let mut back = Vec::new();
                // What was used last comes back first.
                for (index, part) in held.parts.iter_mut().rev() {
                    let some = open.min(*part);
                    (open, *part) = (open - some, *part - some);
                    back.extend((some > 0).then_some((*index, some)));
                }
                let in_part = held.parts.iter().any(|(_, part)| *part > 0);
                let owed = back.iter().any(|(index, _)| self.lots[*index].owed);
                self.see("some of a redemption comes back", in_part);
                self.see("a redemption is undone after a claw-back", owed);
                self.come_back(back, now);
            }
        }
    }

    fn give_back(&mut self, id: &RedemptionId, now: Instant) {
        let held = self.redemptions.remove(id).expect("it was reserved");
        for (index, part) in &held.parts {
            self.lots[*index].reserved -= part;
        }
        let past = held.parts.iter().any(|(index, _)| self.lots[*index].is_past(now));
        self.see("a grant expires while it is reserved", past);
        self.come_back(held.parts, now);
    }

    fn come_back(&mut self, parts: Vec<(usize, u64)>, now: Instant) {
        for (index, part) in parts {
            let grace = self.terms_of(index).grace;
            let lot = &mut self.lots[index];
            if lot.is_past(now) && grace > 0 {
                lot.expired += std::mem::take(&mut lot.here);
                lot.expires = now.plus_millis(i64::from(grace) * 24 * 60 * 60 * 1_000);
                lot.due = lot.next_due();
                self.see("what comes back late has a grace", true);
            }
            self.lots[index].here += part;
            self.arrive(index, now);
        }
    }

    /// Every grant, as the host must show it.
    pub(super) fn amounts(&self) -> BTreeMap<ledger::Lot, Amounts> {
        let amounts = |lot: &Lot| (lot.net, lot.here, lot.reserved, lot.expired);
        self.lots.iter().map(|lot| (lot.key(), amounts(lot))).collect()
    }

    pub(super) fn open_debts(&self) -> BTreeMap<(CustomerId, Unit), u64> {
        self.debts.iter().filter(|(_, debt)| **debt > 0).map(|(key, debt)| (key.clone(), *debt)).collect()
    }
}

/// A grant as the host shows it.
pub(super) fn shown(grant: &Grant) -> (ledger::Lot, Amounts) {
    let amounts = (grant.net().get(), grant.left().get(), grant.reserved.get(), grant.expired.get());
    (ledger::Lot::of(grant), amounts)
}
