//! A campaign's book at a local time: what limits, budgets and stock leave room for, and what is counted against them.

use crate::rows::budget::{Crossing, Limit};
use crate::rows::campaign::{Campaign, UnknownClaim};
use crate::rows::catalogue::Catalogue;
use crate::rows::facts::{Facts, Wanted};
use crate::rows::grant::Grant;
use crate::rows::ledger::Lot;
use crate::rows::outcome::Reason;
use crate::rules::cap::{self, Cap, Recipient};
use crate::words::dimension::Dimension;
use crate::words::id::{CustomerId, Identifier};
use crate::words::key::{PositionKey, UsageKey, UsedBy};
use crate::words::time::{Instant, LocalTime, Window};
use crate::words::unit::{Quantity, Unit, UnitPattern};

/// What a grant is counted by.
#[derive(Clone, Copy, Debug)]
pub struct Book<'a> {
    /// The campaign.
    pub campaign: &'a Campaign,
    /// What operators say of units and shared budgets.
    pub catalogue: &'a Catalogue,
    /// The day, week and month that it counts in.
    pub local: LocalTime,
}

/// What is asked for of a unit, and for whom.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) to: Recipient<'a>,
    pub(crate) unit: &'a Unit,
    pub(crate) wanted: Quantity,
}

/// What is given.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    /// Where it stands.
    pub(crate) lot: Lot,
    /// Of what.
    pub(crate) unit: Unit,
    /// How much.
    pub(crate) quantity: Quantity,
    /// When.
    pub(crate) at: Instant,
    /// Until when, if it is said.
    pub(crate) expires: Option<Instant>,
    /// What limits count it by.
    pub(crate) counted_for: Vec<(Dimension, Identifier)>,
}

impl<'a> Book<'a> {
    /// Returns the rows that a grant of the unit looks at.
    pub(crate) fn wanted(&self, to: Recipient<'_>, unit: &Unit) -> Wanted {
        let mut wanted = Wanted { usage: cap::looked_at(self.caps(to, unit)), ..Wanted::default() };
        if self.catalogue.is_stocked(unit) {
            wanted.stocks.insert(unit.clone());
        }
        wanted.positions.insert(PositionKey { campaign: self.campaign.id.clone(), unit: unit.clone() });
        wanted
    }

    /// Returns what is known to be a customer's of the dimensions that the campaign's limits count: of each the latest.
    pub(crate) fn identifiers(&self, to: &CustomerId, facts: &Facts) -> Vec<(Dimension, Identifier)> {
        let mut found: Vec<(Dimension, Identifier)> = Vec::new();
        for limit in &self.campaign.settings.limits {
            if limit.per != Dimension::Customer && !found.iter().any(|(dimension, _)| *dimension == limit.per) {
                let known = facts.customers.get(to).identifier(limit.per).cloned();
                found.extend(known.map(|value| (limit.per, value)));
            }
        }
        found
    }

    /// Returns how much of what is wanted fits under the caps on it, and what the rest is for want of.
    pub(crate) fn room(&self, asked: Asked<'_>, caps: &[Cap], facts: &Facts) -> (Quantity, Reason) {
        let Asked { to, unit, wanted } = asked;
        let counts = |limit: &&Limit| limit.per != Dimension::Customer && limit.of.matches(unit);
        let known = |limit: &Limit| to.identifiers.iter().any(|(dimension, _)| *dimension == limit.per);
        let settings = &self.campaign.settings;
        if settings.unknown_claim == UnknownClaim::Deny && !settings.limits.iter().filter(counts).all(known) {
            return (Quantity::ZERO, Reason::IdentifierUnknown);
        }
        let least = under_caps(caps, wanted, facts);
        if self.catalogue.is_stocked(unit) {
            let on_hand = *facts.stocks.get(unit);
            if on_hand < least.0 {
                return (on_hand, Reason::StockExhausted);
            }
        }
        least
    }

    /// Counts a grant against its limits and budgets.
    pub(crate) fn count(&self, caps: Vec<Cap>, quantity: Quantity, facts: &mut Facts) {
        for cap in caps.iter().filter(|cap| !cap.is_limit()) {
            let (Some(total), used) = (cap.amount, facts.usage.get(&cap.key).amount) else { continue };
            let after = used.plus(quantity).unwrap_or(Quantity::MAX);
            if let Some(percent) = cap::crossed(self.warn_at(&cap.key), total, used, after) {
                facts.cross(Crossing { key: cap.key.clone(), percent, used: after, total });
            }
        }
        for key in cap::counts(caps) {
            let used = *facts.usage.get(&key);
            let used = used.after_grant(quantity).expect("room under a cap keeps its use in range");
            facts.usage.put(&key, used);
        }
    }

    /// Returns a grant as it is first given. Without a time of its own it expires by the terms of its unit.
    pub(crate) fn grant(&self, given: Given) -> Grant {
        let Given { lot, unit, quantity, at, expires, counted_for } = given;
        let usual = || self.catalogue.units.get(&unit).and_then(|terms| terms.expires(at));
        Grant {
            slot: lot.slot,
            issue: lot.issue,
            decision: None,
            about: None,
            quantity,
            reversed: Quantity::ZERO,
            owed: Quantity::ZERO,
            redeemed: Quantity::ZERO,
            paid: Quantity::ZERO,
            reserved: Quantity::ZERO,
            expired: Quantity::ZERO,
            key_freed: false,
            from_stock: self.catalogue.is_stocked(&unit),
            granted_at: at,
            counted_on: self.local,
            counted_for,
            hold: None,
            expires: expires.or_else(usual),
            principal_cap: None,
            reason: String::new(),
            unit,
        }
    }

    /// Returns the caps on a grant of a unit: limits first, then budgets, then the budgets of pockets. Two caps may share one count
    /// (a limit by amount and one by number in the same window). A limit on an identifier that is not known is left out.
    #[must_use]
    pub fn caps(&self, to: Recipient<'_>, unit: &Unit) -> Vec<Cap> {
        let Self { campaign, catalogue, local } = self;
        let key =
            |by: UsedBy, of: &UnitPattern, window: Window| UsageKey { by, of: of.clone(), window: window.index(local) };
        let settings = &campaign.settings;
        let customer = |id: &CustomerId| UsedBy::Customer(campaign.id.clone(), id.clone());
        let mut caps = Vec::new();
        for limit in settings.limits.iter().filter(|limit| limit.of.matches(unit)) {
            let by = match limit.per {
                Dimension::Customer => Some(customer(to.customer)),
                dimension => to
                    .identifiers
                    .iter()
                    .find(|(known, _)| *known == dimension)
                    .map(|(_, value)| UsedBy::Identifier(campaign.id.clone(), dimension, value.clone())),
            };
            if let Some(by) = by {
                let other_ids = if limit.per == Dimension::Customer { to.other_ids } else { &[] };
                let other_keys = other_ids.iter().map(|id| key(customer(id), &limit.of, limit.window)).collect();
                let key = key(by, &limit.of, limit.window);
                caps.push(Cap { key, other_keys, amount: limit.amount, count: limit.count });
            }
        }
        let pockets = settings.pockets.iter().filter_map(|pocket| catalogue.pockets.get(pocket));
        let pockets = pockets.map(|pocket| (UsedBy::Pocket(pocket.id.clone()), &pocket.budgets));
        for (by, budgets) in [(UsedBy::Campaign(campaign.id.clone()), &settings.budgets)].into_iter().chain(pockets) {
            for budget in budgets.iter().filter(|budget| budget.of.matches(unit)) {
                let total = key(by.clone(), &budget.of, Window::Campaign);
                caps.push(Cap { key: total, other_keys: Vec::new(), amount: Some(budget.total), count: None });
                if let Some(per_day) = budget.per_day {
                    let day = key(by.clone(), &budget.of, Window::Day);
                    caps.push(Cap { key: day, other_keys: Vec::new(), amount: Some(per_day), count: None });
                }
            }
        }
        caps
    }

    fn warn_at(&self, key: &UsageKey) -> &'a [u8] {
        match &key.by {
            UsedBy::Pocket(pocket) => self.catalogue.pockets.get(pocket).map_or(&[], |pocket| &pocket.warn_at),
            _ => &self.campaign.settings.warn_at,
        }
    }
}

/// Returns the least room under the caps, and what it is for want of.
fn under_caps(caps: &[Cap], wanted: Quantity, facts: &Facts) -> (Quantity, Reason) {
    if !caps.iter().any(Cap::is_limit) {
        return (Quantity::ZERO, Reason::NoLimit);
    }
    if caps.iter().all(Cap::is_limit) {
        return (Quantity::ZERO, Reason::NoBudget);
    }
    let mut least = (wanted, Reason::LimitReached);
    for cap in caps {
        let used = cap.other_keys.iter().fold(*facts.usage.get(&cap.key), |used, key| used.with(*facts.usage.get(key)));
        let room = cap.room(used);
        if room < least.0 {
            least = (room, if cap.is_limit() { Reason::LimitReached } else { Reason::BudgetExhausted });
        }
    }
    least
}
