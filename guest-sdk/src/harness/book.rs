//! What the harness has given, and to whom.

use std::collections::{BTreeMap, BTreeSet};

use crate::decision::{Benefit, Claim, Dimension, Effect, Grant, Revocation, Target};
use crate::held::{AfterHold, Held, HoldAction, Reservation, Settlement, Shortfall};
use crate::input::LiveGrant;
use crate::manifest::{EffectKind, Manifest, UnitClass};
use crate::money::AMOUNT_MAX;

use super::holds::{Hold, Holds};
use super::outcome::{Around, Decided, Given};
use super::timers::{self, Timers};

/// Most that one party weighs in a pool.
const WEIGHT_MAX: u64 = 1_000_000_000;

#[derive(Clone, Default)]
pub(super) struct Book {
    given: Vec<Given>,
    holds: Holds,
    keys: BTreeSet<(String, String)>,
    claims: BTreeMap<(String, Dimension, String), String>,
    tombstones: BTreeSet<String>,
    pub(super) timers: Timers,
}

impl Book {
    /// What a customer can use of a unit.
    pub(super) fn balance(&self, customer: &str, unit: &str) -> u64 {
        let given = self.given.iter().filter(|one| one.to == customer && one.unit == unit);
        let given = given.filter(|one| !self.holds.is_pending(&one.to, &one.key));
        given.map(|one| one.quantity).sum::<u64>().saturating_sub(self.holds.taken(customer, unit))
    }

    /// Gives a customer what another id of theirs was given.
    pub(super) fn merge(&mut self, stays: &str, other: &str) {
        self.given.iter_mut().filter(|one| one.to == other).for_each(|one| stays.clone_into(&mut one.to));
        let theirs: Vec<_> = self.keys.iter().filter(|(to, _)| to == other).cloned().collect();
        for (to, key) in theirs {
            self.keys.remove(&(to, key.clone()));
            self.keys.insert((stays.to_owned(), key));
        }
        self.claims.values_mut().filter(|holder| *holder == other).for_each(|holder| stays.clone_into(holder));
        self.holds.merge(stays, other);
        self.timers.merge(stays, other);
    }

    /// What a customer can use, unit by unit.
    pub(super) fn all(&self, customer: &str) -> Vec<String> {
        let units: BTreeSet<&str> =
            self.given.iter().filter(|one| one.to == customer).map(|one| one.unit.as_str()).collect();
        let of = |unit: &str| (self.balance(customer, unit), unit.to_owned());
        let left = units.into_iter().map(of).filter(|(quantity, _)| *quantity > 0);
        left.map(|(quantity, unit)| format!("{quantity} {unit}")).collect()
    }

    /// What is held until then or before is given, taken back, or goes back into its wallet.
    pub(super) fn lapse(&mut self, now: i64) {
        for (to, key) in self.holds.lapse(now) {
            self.given.iter_mut().filter(|one| one.to == to && one.key == key).for_each(|one| one.quantity = 0);
        }
    }

    /// Takes all claims, or none when another customer holds one.
    pub(super) fn claim(&mut self, claims: &[Claim], values: impl Fn(&Claim) -> Vec<String>) -> bool {
        let wanted: Vec<_> = claims
            .iter()
            .flat_map(|claim| {
                values(claim).into_iter().map(|value| ((claim.scope.clone(), claim.by, value), claim.party.clone()))
            })
            .collect();
        if wanted.iter().any(|(key, party)| self.claims.get(key).is_some_and(|holder| holder != party)) {
            return false;
        }
        self.claims.extend(wanted);
        true
    }

    /// Applies one effect. `limit` is a customer's credit limit before all raises. An error denies the decision.
    pub(super) fn apply(
        &mut self,
        effect: Effect,
        around: &Around<'_>,
        limit: impl Fn(&str) -> Option<u64>,
        decided: &mut Decided,
    ) -> Result<(), &'static str> {
        match effect {
            Effect::Reserve(reservation) => return self.reserve(reservation, around, decided),
            Effect::Settle(settlement) => return self.settle(&settlement, around, decided),
            Effect::Schedule(schedule) => self.timers.set(schedule, around, decided),
            Effect::CancelTimer(name) => self.timers.cancel(name, around.owner, decided),
            Effect::Tag(change) => decided.tags.push(change),
            Effect::Message(message) => decided.messages.push(message),
            Effect::Place(placement) => decided.placed.push(placement),
            Effect::Share(share) => decided.shares.push(share),
            Effect::Enrol(enrolment) => decided.enrolled.push(enrolment),
            Effect::Measure(measurement) => decided.measured.push(measurement),
            Effect::Revoke(revocation) => self.revoke(&revocation, around.about, decided),
            Effect::Grant(grant) => match self.grant(&grant, around, limit) {
                Ok(given) => decided.given.push(given),
                Err(reason) => decided.skipped.push((grant.key, reason)),
            },
        }
        Ok(())
    }

    /// What of a customer's is still to be used, in the order in which it was given.
    pub(super) fn live(&self, customer: &str) -> Vec<LiveGrant> {
        let mine = self.given.iter().filter(|one| one.to == customer && one.quantity > 0);
        let live = |one: &Given| LiveGrant {
            key: one.key.clone(),
            unit: one.unit.clone(),
            available: if self.holds.is_pending(&one.to, &one.key) { 0 } else { one.quantity },
            granted_at: 0,
            expires: None,
        };
        mine.map(live).collect()
    }

    /// What a customer can use of a unit, or of each unit of a class.
    pub(super) fn balances(&self, customer: &str, wanted: &str) -> Vec<(String, u64)> {
        if UnitClass::of(wanted).is_some() {
            return vec![(wanted.to_owned(), self.balance(customer, wanted))];
        }
        let of_class = |unit: &str| unit.split_once(':').is_some_and(|(class, _)| class == wanted);
        let units = self.given.iter().filter(|one| one.to == customer && of_class(&one.unit));
        let units: BTreeSet<&str> = units.map(|one| one.unit.as_str()).collect();
        units.into_iter().map(|unit| (unit.to_owned(), self.balance(customer, unit))).collect()
    }

    fn reserve(
        &mut self,
        reservation: Reservation,
        around: &Around<'_>,
        decided: &mut Decided,
    ) -> Result<(), &'static str> {
        let until = around.resolve(reservation.until);
        let left = self.balance(&reservation.party, &reservation.unit);
        match self.holds.reserve(&reservation, left, (around.event.occurred.at, until)) {
            Ok(quantity) => {
                let Reservation { key, party: to, unit, .. } = reservation;
                decided.reserved.push(Given { to, key, unit, quantity, about: None });
            }
            Err(("insufficient-balance", Shortfall::Refuse)) => return Err("insufficient-balance"),
            Err((reason, _)) => decided.skipped.push((reservation.key, reason)),
        }
        Ok(())
    }

    fn settle(
        &mut self,
        settlement: &Settlement,
        around: &Around<'_>,
        decided: &mut Decided,
    ) -> Result<(), &'static str> {
        let now = around.event.occurred.at;
        let (key, settled) = match &settlement.of {
            Held::Reservation { party, key } => (key, self.holds.settle_reservation((party, key), settlement.how, now)),
            Held::Grant { to, key } => (key, self.settle_grant((to, key), settlement.how, now)),
        };
        match (settled, settlement.how) {
            (Ok(settled), HoldAction::Commit) => decided.committed.push(settled),
            (Ok(settled), HoldAction::Release) => decided.released.push(settled),
            (Err(reason), _) if settlement.required => return Err(reason),
            (Err(reason), _) => decided.skipped.push((key.clone(), reason)),
        }
        Ok(())
    }

    fn settle_grant(&mut self, (to, key): (&str, &str), how: HoldAction, now: i64) -> Result<Given, &'static str> {
        self.holds.settle_grant((to, key), now)?;
        let given = self.given.iter_mut().rfind(|one| one.to == to && one.key == key);
        let given = given.filter(|given| given.quantity > 0).ok_or("nothing-to-settle")?;
        let settled = given.clone();
        if how == HoldAction::Release {
            given.quantity = 0;
        }
        Ok(settled)
    }

    fn grant(
        &mut self,
        grant: &Grant,
        around: &Around<'_>,
        limit: impl Fn(&str) -> Option<u64>,
    ) -> Result<Given, &'static str> {
        let Around { about, currency, .. } = *around;
        let key = (grant.to.clone(), grant.key.clone());
        if self.keys.contains(&key) {
            return Err("already-granted");
        }
        if about.is_some_and(|about| self.tombstones.contains(about)) {
            return Err("cancelled-before");
        }
        let now = around.event.occurred.at;
        let hold = grant.hold.map(|hold| Hold { until: around.resolve(hold.until), then: hold.then });
        if hold.is_some_and(|hold| hold.then == AfterHold::Void && hold.until <= now) {
            return Err("timed-out");
        }
        let fits = |benefit: &Benefit| match benefit {
            Benefit::Units { unit, quantity } => Some((unit.clone(), *quantity)),
            Benefit::RateBoost { holding, basis_points, .. } => {
                Some((format!("rate-boost:{holding}"), u64::from(*basis_points)))
            }
            Benefit::CreditLimit { by, up_to, .. } => {
                let unit = format!("credit-limit:{currency}");
                let current = limit(&grant.to).unwrap_or(0) + self.balance(&grant.to, &unit);
                let raise = up_to.saturating_sub(current).min(*by);
                (raise > 0).then_some((unit, raise))
            }
        };
        let (unit, quantity) = grant.choices.iter().find_map(fits).ok_or("credit-ceiling")?;
        let about = about.map(str::to_owned);
        let given = Given { to: grant.to.clone(), key: grant.key.clone(), unit, quantity, about };
        self.holds.hold(&key, hold.filter(|hold| now < hold.until));
        self.keys.insert(key);
        self.given.push(given.clone());
        Ok(given)
    }

    fn revoke(&mut self, revocation: &Revocation, about: Option<&str>, decided: &mut Decided) {
        let matches = |given: &Given| match &revocation.of {
            Target::Key { to, key } => given.to == *to && given.key == *key,
            Target::About => about.is_some() && given.about.as_deref() == about,
        };
        for given in self.given.iter_mut().filter(|given| matches(given) && given.quantity > 0) {
            let taken = revocation.quantity.map_or(given.quantity, |most| most.min(given.quantity));
            given.quantity -= taken;
            decided.revoked.push(Given { quantity: taken, ..given.clone() });
            if revocation.free_key {
                self.keys.remove(&(given.to.clone(), given.key.clone()));
            }
        }
        let whole = revocation.quantity.is_none();
        if let (Target::About, Some(about), true) = (&revocation.of, about, whole && decided.revoked.is_empty()) {
            self.tombstones.insert(about.to_owned());
        }
    }
}

/// Panics where the real host would record a fault.
pub(super) fn assert_contract(effect: &Effect, manifest: &Manifest, shown: &[&str]) {
    let declared = |kind| assert!(manifest.effects.contains(&kind), "the manifest does not declare {kind:?}");
    let known = |to: &str| assert!(shown.contains(&to), "{to} was not shown to the policy");
    match effect {
        Effect::Tag(change) => {
            declared(EffectKind::Tag);
            known(&change.to);
        }
        Effect::Message(message) => {
            declared(EffectKind::Message);
            known(&message.to);
        }
        Effect::Schedule(schedule) => {
            declared(EffectKind::Schedule);
            timers::assert_schedule(schedule);
        }
        Effect::CancelTimer(name) => {
            declared(EffectKind::Schedule);
            timers::assert_name(name);
        }
        Effect::Revoke(_) => declared(EffectKind::Revoke),
        Effect::Place(placement) => {
            declared(EffectKind::Place);
            known(&placement.to);
        }
        Effect::Share(share) => {
            declared(EffectKind::Share);
            known(&share.to);
            assert!(share.weight <= WEIGHT_MAX, "{} weighs {}, more than {WEIGHT_MAX}", share.to, share.weight);
        }
        Effect::Enrol(enrolment) => {
            declared(EffectKind::Enrol);
            known(&enrolment.party);
        }
        Effect::Measure(_) => declared(EffectKind::Measure),
        Effect::Reserve(reservation) => {
            declared(EffectKind::Reserve);
            known(&reservation.party);
            assert_key(&reservation.key);
            assert_benefit(&Benefit::units(&reservation.unit, reservation.quantity), manifest);
            let used_up = UnitClass::of(&reservation.unit).is_some_and(UnitClass::is_used_up);
            assert!(used_up, "{} is not used up", reservation.unit);
        }
        Effect::Settle(settlement) => {
            declared(EffectKind::Settle);
            match &settlement.of {
                Held::Grant { to: party, key } | Held::Reservation { party, key } => {
                    known(party);
                    assert_key(key);
                }
            }
        }
        Effect::Grant(grant) => {
            declared(EffectKind::Grant);
            known(&grant.to);
            assert_key(&grant.key);
            assert!((1..=8).contains(&grant.choices.len()), "{} has {} choices", grant.key, grant.choices.len());
            grant.choices.iter().for_each(|benefit| assert_benefit(benefit, manifest));
        }
    }
}

fn assert_key(key: &str) {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b':' | b'/' | b'-');
    assert!((1..=128).contains(&key.len()) && key.bytes().all(allowed), "{key:?} is not a grant key");
}

fn assert_benefit(benefit: &Benefit, manifest: &Manifest) {
    let (class, quantity) = match benefit {
        Benefit::Units { unit, quantity } => {
            (UnitClass::of(unit).unwrap_or_else(|| panic!("{unit:?} is not a unit")), *quantity)
        }
        Benefit::CreditLimit { by, .. } => (UnitClass::CreditLimit, *by),
        Benefit::RateBoost { basis_points, .. } => (UnitClass::RateBoost, u64::from(*basis_points)),
    };
    assert!(manifest.unit_classes.contains(&class), "the manifest does not declare {class:?}");
    assert!((1..=AMOUNT_MAX).contains(&quantity), "{quantity} is not within 1 to 10^15");
}
