//! What the harness has given, and to whom.

use std::collections::{BTreeMap, BTreeSet};

use crate::decision::{Benefit, Claim, Dimension, Effect, Grant, Revocation, Target};
use crate::input::{Event, Owner};
use crate::manifest::{EffectKind, Manifest, UnitClass};
use crate::money::AMOUNT_MAX;

use super::Decided;
use super::timers::{self, Timers};

/// A grant that was applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// Who got it.
    pub to: String,
    /// Its key.
    pub key: String,
    /// Of what: a unit, `credit-limit:<currency>` or `rate-boost:<holding>`.
    pub unit: String,
    /// How much: of the unit, minor units of limit, or basis points.
    pub quantity: u64,
    /// What it is about, as the subscription says.
    pub about: Option<String>,
}

#[derive(Default)]
pub(super) struct Book {
    given: Vec<Given>,
    keys: BTreeSet<(String, String)>,
    claims: BTreeMap<(String, Dimension, String), String>,
    tombstones: BTreeSet<String>,
    pub(super) timers: Timers,
}

/// What a decision stands in.
pub(super) struct Around<'a> {
    pub(super) about: Option<&'a str>,
    pub(super) currency: &'a str,
    pub(super) owner: &'a Owner,
    pub(super) actor: &'a str,
    pub(super) event: &'a Event,
    pub(super) offset_minutes: i32,
}

impl Book {
    pub(super) fn balance(&self, customer: &str, unit: &str) -> u64 {
        self.given.iter().filter(|one| one.to == customer && one.unit == unit).map(|one| one.quantity).sum()
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

    /// Applies one effect. `limit` is a customer's credit limit before all raises.
    pub(super) fn apply(
        &mut self,
        effect: Effect,
        around: &Around<'_>,
        limit: impl Fn(&str) -> Option<u64>,
        decided: &mut Decided,
    ) {
        match effect {
            Effect::Schedule(schedule) => self.timers.set(schedule, around, decided),
            Effect::CancelTimer(name) => self.timers.cancel(name, around.owner, decided),
            Effect::Tag(change) => decided.tags.push(change),
            Effect::Message(message) => decided.messages.push(message),
            Effect::Revoke(revocation) => self.revoke(&revocation, around.about, decided),
            Effect::Grant(grant) => match self.grant(&grant, around, limit) {
                Ok(given) => decided.given.push(given),
                Err(reason) => decided.skipped.push((grant.key, reason)),
            },
        }
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
            return Err("revoked-before");
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
        let (unit, quantity) = grant.choices.iter().find_map(fits).ok_or("at-ceiling")?;
        let about = about.map(str::to_owned);
        let given = Given { to: grant.to.clone(), key: grant.key.clone(), unit, quantity, about };
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
        if let (Target::About, Some(about), true) = (&revocation.of, about, decided.revoked.is_empty()) {
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
