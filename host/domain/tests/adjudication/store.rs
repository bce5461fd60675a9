//! A store in memory, and one decision against it the way that the service makes one: ask for rows, load them, judge,
//! write back what changed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use largesse_domain::adjudicate;
use largesse_domain::audit::{Audit, Audited, Part};
use largesse_domain::book::Book;
use largesse_domain::budget::Usage;
use largesse_domain::campaign::Campaign;
use largesse_domain::cap::Recipient;
use largesse_domain::case::Case;
use largesse_domain::catalogue::Catalogue;
use largesse_domain::customer::Customer;
use largesse_domain::decision::{CampaignView, Fault, Input, Party};
use largesse_domain::effect::Proposal;
use largesse_domain::event::{BodyHash, Event, EventKey};
use largesse_domain::facts::{About, Facts, Rows, Wanted};
use largesse_domain::grant::Grant;
use largesse_domain::id::{
    AboutId, CampaignId, CustomerId, DecisionId, EventId, EventKind, EventSource, RoleName, SubscriptionName, TimerName,
};
use largesse_domain::json::Json;
use largesse_domain::key::{AboutKey, ClaimKey, GrantSlot, MessageSlot, PositionKey, ShareKey, StateKey, UsageKey};
use largesse_domain::ledger::{Position, Transfer};
use largesse_domain::lifecycle::Phase;
use largesse_domain::measure::Measures;
use largesse_domain::outcome::Verdict;
use largesse_domain::owner::Owner;
use largesse_domain::policy::Manifest;
use largesse_domain::pool::Share;
use largesse_domain::redemption::{Redemption, RedemptionId};
use largesse_domain::reserve;
use largesse_domain::revoke;
use largesse_domain::time::{Instant, Moment, When};
use largesse_domain::timer::{Timer, TimerKey};
use largesse_domain::unit::{Quantity, Unit};
use largesse_domain::validate;

/// Rows as they stand between decisions.
#[derive(Debug, Default)]
pub(crate) struct Store {
    pub(crate) customers: BTreeMap<CustomerId, Customer>,
    pub(crate) grants: BTreeMap<GrantSlot, Grant>,
    pub(crate) abouts: BTreeMap<AboutKey, About>,
    pub(crate) claims: BTreeMap<ClaimKey, CustomerId>,
    pub(crate) usage: BTreeMap<UsageKey, Usage>,
    pub(crate) messages: BTreeMap<MessageSlot, bool>,
    pub(crate) shares: BTreeMap<ShareKey, Share>,
    pub(crate) measures: BTreeMap<CampaignId, Measures>,
    contacts: BTreeMap<CustomerId, Vec<Instant>>,
    pub(crate) timers: BTreeMap<TimerKey, Timer>,
    pub(crate) positions: BTreeMap<PositionKey, Position>,
    pub(crate) stocks: BTreeMap<Unit, Quantity>,
    pub(crate) redemptions: BTreeMap<RedemptionId, Redemption>,
    pub(crate) transfers: Vec<Transfer>,
    /// Every grant that there ever was.
    history: BTreeMap<(GrantSlot, u32), Grant>,
    decisions: u64,
}

/// What decides, on what.
#[derive(Clone)]
pub(crate) struct Setting {
    pub(crate) campaign: Campaign,
    pub(crate) catalogue: Catalogue,
    pub(crate) manifest: Manifest,
    pub(crate) occurred: Moment,
    pub(crate) parties: Vec<CustomerId>,
    pub(crate) about: Option<AboutId>,
    pub(crate) kind: EventKind,
}

impl Store {
    /// Makes a decision.
    pub(crate) fn decide(&mut self, setting: &Setting, proposal: &Proposal) -> Result<Verdict, Fault> {
        self.decisions += 1;
        let input = input(setting);
        let occurred = setting.occurred.at;
        let resolve = |when: When| resolve(occurred, when);
        let case = Case {
            campaign: &setting.campaign,
            catalogue: &setting.catalogue,
            manifest: &setting.manifest,
            input: &input,
            about: setting.about.as_ref(),
            decision: DecisionId(self.decisions),
            takes_on: &|campaign| campaign.as_str() == "other",
            made: setting.occurred,
            resolve: &resolve,
        };
        validate::validate(&case, proposal)?;
        let mut facts = Facts::default();
        let loaded = self.load_all(&case, proposal, &mut facts);
        let verdict = adjudicate::adjudicate(&case, proposal, &mut facts);
        if matches!(verdict, Verdict::Denied(..)) {
            self.assert_same(&loaded, &facts);
            assert!(facts.take_changes().is_empty(), "a denied decision leaves nothing to write");
        }
        self.write(facts.take_changes());
        self.check_books(setting);
        Ok(verdict)
    }

    /// Does something else to the facts: `wanted` says, again and again, what to load for it.
    pub(crate) fn change<T>(
        &mut self,
        setting: &Setting,
        wanted: impl Fn(&Facts) -> Wanted,
        change: impl FnOnce(&mut Facts) -> T,
    ) -> T {
        let mut facts = Facts::default();
        loop {
            let mut wanted = wanted(&facts);
            facts.missing(&mut wanted);
            if wanted.is_empty() {
                break;
            }
            facts.load(self.read(&wanted));
        }
        let changed = change(&mut facts);
        self.write(facts.take_changes());
        self.check_books(setting);
        changed
    }

    fn load_all(&self, case: &Case<'_>, proposal: &Proposal, facts: &mut Facts) -> Wanted {
        let mut loaded = Wanted::default();
        loaded.customers.extend(case.input.parties.iter().map(|party| party.customer.clone()));
        loaded.wallets.extend(loaded.customers.iter().cloned());
        facts.load(self.read(&loaded));
        loop {
            let mut wanted = adjudicate::wanted(case, proposal, facts);
            wanted.extend(revoke::wanted(case, proposal, facts));
            wanted.extend(reserve::wanted(case, proposal, facts));
            facts.missing(&mut wanted);
            if wanted.is_empty() {
                return loaded;
            }
            facts.load(self.read(&wanted));
            loaded.extend(wanted);
        }
    }

    fn read(&self, wanted: &Wanted) -> Rows {
        fn rows<K: Ord + Clone, V: Clone + Default>(keys: &[K], map: &BTreeMap<K, V>) -> Vec<(K, V)> {
            keys.iter().map(|key| (key.clone(), map.get(key).cloned().unwrap_or_default())).collect()
        }
        let merged = wanted.customers.iter().filter_map(|id| self.customers.get(id)?.merged_into.clone());
        let customers: Vec<_> = wanted.customers.iter().cloned().chain(merged).collect();
        let in_wallets = wanted.wallets.iter().flat_map(|id| self.wallet(id));
        let grants = wanted.grants.iter().cloned().chain(in_wallets);
        Rows {
            customers: rows(&customers, &self.customers),
            grants: grants.map(|slot| (slot.clone(), self.grants.get(&slot).cloned().map(Arc::new))).collect(),
            abouts: rows(&wanted.abouts, &self.abouts),
            claims: wanted.claims.iter().map(|key| (key.clone(), self.claims.get(key).cloned())).collect(),
            usage: rows(&wanted.usage, &self.usage),
            messages: rows(&wanted.messages, &self.messages),
            shares: rows(&wanted.shares, &self.shares),
            measures: rows(&wanted.measures, &self.measures),
            contacts: rows(&wanted.contacts, &self.contacts),
            wallets: wanted.wallets.iter().map(|id| (id.clone(), self.wallet(id))).collect(),
            timers: wanted.timers.iter().map(|key| (key.clone(), self.timers.get(key).cloned())).collect(),
            timer_names: wanted.timer_names.iter().map(|of| (of.clone(), self.names_of(of))).collect(),
            positions: rows(&wanted.positions, &self.positions),
            stocks: rows(&wanted.stocks, &self.stocks),
            redemptions: wanted.redemptions.iter().map(|id| (id.clone(), self.redemptions.get(id).cloned())).collect(),
            ..Rows::default()
        }
    }

    fn wallet(&self, id: &CustomerId) -> Vec<GrantSlot> {
        self.grants.keys().filter(|slot| slot.to == *id).cloned().collect()
    }

    /// The names of an owner's timers.
    pub(crate) fn names_of(&self, of: &StateKey) -> BTreeSet<TimerName> {
        let owned = self.timers.keys().filter_map(TimerKey::of_owner);
        owned.filter(|(owner, _)| owner == of).map(|(_, name)| name.clone()).collect()
    }

    fn write(&mut self, rows: Rows) {
        for grant in rows.grants.iter().filter_map(|(_, grant)| grant.as_ref()) {
            self.history.insert((grant.slot.clone(), grant.issue), Grant::clone(grant));
        }
        self.positions.extend(rows.positions);
        self.stocks.extend(rows.stocks);
        self.redemptions.extend(rows.redemptions.into_iter().filter_map(|(id, redemption)| Some((id, redemption?))));
        self.transfers.extend(rows.transfers);
        self.customers.extend(rows.customers);
        self.grants
            .extend(rows.grants.into_iter().filter_map(|(slot, grant)| Some((slot, Arc::unwrap_or_clone(grant?)))));
        self.abouts.extend(rows.abouts);
        self.claims.extend(rows.claims.into_iter().filter_map(|(key, holder)| Some((key, holder?))));
        self.usage.extend(rows.usage);
        self.messages.extend(rows.messages);
        self.shares.extend(rows.shares);
        self.measures.extend(rows.measures);
        self.contacts.extend(rows.contacts);
        for (key, timer) in rows.timers {
            match timer {
                Some(timer) => drop(self.timers.insert(key, timer)),
                None => drop(self.timers.remove(&key)),
            }
        }
        for (of, names) in rows.timer_names {
            assert_eq!(names, self.names_of(&of), "names are those of the timers");
        }
    }

    fn assert_same(&self, loaded: &Wanted, facts: &Facts) {
        let stored = self.read(loaded);
        let message = "a denied decision leaves the facts as they were";
        stored.customers.iter().for_each(|(key, row)| assert_eq!(facts.customers.get(key), row, "{message}"));
        stored.grants.iter().for_each(|(key, row)| assert_eq!(facts.grants.get(key), row, "{message}"));
        stored.abouts.iter().for_each(|(key, row)| assert_eq!(facts.abouts.get(key), row, "{message}"));
        stored.claims.iter().for_each(|(key, row)| assert_eq!(facts.claims.get(key), row, "{message}"));
        stored.usage.iter().for_each(|(key, row)| assert_eq!(facts.usage.get(key), row, "{message}"));
        stored.messages.iter().for_each(|(key, row)| assert_eq!(facts.messages.get(key), row, "{message}"));
        stored.contacts.iter().for_each(|(key, row)| assert_eq!(facts.contacts.get(key), row, "{message}"));
        stored.timers.iter().for_each(|(key, row)| assert_eq!(facts.timers.get(key), row, "{message}"));
        stored.redemptions.iter().for_each(|(key, row)| assert_eq!(facts.redemptions.get(key), row, "{message}"));
        for (customer, wallet) in &stored.wallets {
            let held = facts.wallet(customer).into_iter().map(|grant| &grant.slot).filter(|slot| slot.to == *customer);
            assert_eq!(held.collect::<BTreeSet<_>>(), wallet.iter().collect(), "{message}");
        }
    }

    /// The books balance, and no cap is exceeded.
    fn check_books(&self, setting: &Setting) {
        let whole = self.audited(setting, Part::WHOLE);
        // Part by part it comes to the same.
        assert!(Part::all(3).all(|part| self.audited(setting, part) == whole));
    }

    fn audited(&self, setting: &Setting, part: Part) -> Audited {
        let campaigns = [setting.campaign.clone()];
        let mut audit = Audit::new(&campaigns, &setting.catalogue, part);
        for (number, transfer) in (1..).zip(&self.transfers) {
            audit.transfer(number, transfer).unwrap_or_else(|difference| panic!("{difference}"));
        }
        self.redemptions.values().for_each(|redemption| audit.redemption(redemption));
        for grant in self.history.values() {
            audit.grant(grant).unwrap_or_else(|difference| panic!("{difference}"));
            let recipient = Recipient { customer: &grant.slot.to, identifiers: &grant.counted_for, other_ids: &[] };
            let book = Book { campaign: &setting.campaign, catalogue: &setting.catalogue, local: grant.counted_on };
            for cap in book.caps(recipient, &grant.unit) {
                let used = self.usage.get(&cap.key).copied().unwrap_or_default();
                assert!(cap.amount.is_none_or(|most| used.amount <= most), "{used:?} exceeds {cap:?}");
                assert!(cap.count.is_none_or(|most| used.count <= most), "{used:?} exceeds {cap:?}");
            }
        }
        for (id, customer) in &self.customers {
            audit.customer(id, customer).unwrap_or_else(|difference| panic!("{difference}"));
        }
        fn rows<K: Clone, V: Clone>(map: &BTreeMap<K, V>) -> Vec<(K, V)> {
            map.iter().map(|(key, value)| (key.clone(), value.clone())).collect()
        }
        audit.positions(&rows(&self.positions)).unwrap_or_else(|difference| panic!("{difference}"));
        for (key, used) in &self.usage {
            audit.usage(key, *used).unwrap_or_else(|difference| panic!("{difference}"));
        }
        audit.finish(&rows(&self.stocks)).unwrap_or_else(|difference| panic!("{difference}"))
    }

    /// The customer, to be changed.
    pub(crate) fn customer(&mut self, id: &CustomerId) -> &mut Customer {
        self.customers.entry(id.clone()).or_default()
    }
}

/// Times are in UTC; a local moment past the end of a day is no time.
fn resolve(occurred: Instant, when: When) -> Option<Instant> {
    match when {
        When::At(at) => Some(at),
        When::AfterSeconds(seconds) => occurred.plus_millis(i64::try_from(seconds).ok()?.checked_mul(1_000)?),
        When::AtLocal { day, second_of_day } if second_of_day < 86_400 => {
            Instant::from_millis(i64::from(day.0) * 86_400_000 + i64::from(second_of_day) * 1_000)
        }
        When::AtLocal { .. } => None,
    }
}

fn input(setting: &Setting) -> Input {
    let actor = setting.parties[0].clone();
    let party = |customer: &CustomerId| Party {
        role: RoleName::new("member").unwrap(),
        customer: customer.clone(),
        attributes: Json::empty_object(),
        tags: Vec::new(),
        balances: Vec::new(),
        standings: Vec::new(),
        grants: Vec::new(),
    };
    let settings = &setting.campaign.settings;
    Input {
        subscription: SubscriptionName::new("any").unwrap(),
        event: Arc::new(Event {
            key: EventKey { source: EventSource::new("/test").unwrap(), id: EventId::new("e1").unwrap() },
            kind: setting.kind.clone(),
            actor: actor.clone(),
            occurred: setting.occurred.at,
            data: Json::empty_object(),
            body_hash: BodyHash([0; 32]),
        }),
        occurred: setting.occurred,
        owner: Owner::Party(actor),
        parties: setting.parties.iter().map(party).collect(),
        campaign: CampaignView {
            id: setting.campaign.id.clone(),
            revision: 1,
            currency: settings.currency,
            opens: settings.opens,
            closes: settings.closes,
            phase: Phase::Open,
            params: Json::empty_object(),
        },
        now: setting.occurred,
        seed: 7,
        state: None,
    }
}

/// A quantity that tests know to be in range.
pub(crate) fn quantity(value: u64) -> Quantity {
    Quantity::new(value).unwrap()
}
