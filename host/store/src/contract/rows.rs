//! Rows by their keys: there, not there, replaced, forgotten.

use std::sync::Arc;

use largesse_domain::customer::Customer;
use largesse_domain::facts::{About, Members, Receipt, Rows, State, Wanted};
use largesse_domain::grant::{Grant, Hold};
use largesse_domain::hold::AfterHold;
use largesse_domain::json::Json;
use largesse_domain::key::{GrantSlot, ShareKey, StateKey};
use largesse_domain::ledger::Position;
use largesse_domain::measure::Measures;
use largesse_domain::pool::Share;
use largesse_domain::redemption::{Redemption, RedemptionRequest, RedemptionState};
use largesse_domain::table::Keys;
use largesse_domain::timer::{Timer, TimerBody};
use largesse_domain::unit::Quantity;

use super::fixtures::{event, grant, id, quantity, universe, used};
use crate::{Batch, Store};

fn write(store: &dyn Store, rows: Rows) {
    store.commit(&Batch { rows, ..Batch::default() }).unwrap();
}

fn keys_of(rows: &Rows) -> Wanted {
    fn keys<K: Clone, V>(rows: &[(K, V)]) -> Keys<K> {
        rows.iter().map(|(key, _)| key.clone()).collect()
    }
    Wanted {
        customers: keys(&rows.customers),
        states: keys(&rows.states),
        grants: keys(&rows.grants),
        abouts: keys(&rows.abouts),
        claims: keys(&rows.claims),
        usage: keys(&rows.usage),
        bindings: keys(&rows.bindings),
        messages: keys(&rows.messages),
        members: keys(&rows.members),
        shares: keys(&rows.shares),
        measures: keys(&rows.measures),
        wallets: keys(&rows.wallets),
        timers: keys(&rows.timers),
        timer_names: keys(&rows.timer_names),
        positions: keys(&rows.positions),
        stocks: keys(&rows.stocks),
        redemptions: keys(&rows.redemptions),
        receipts: keys(&rows.receipts),
        contacts: keys(&rows.contacts),
    }
}

/// A row of every kind for the last keys of the universe.
fn some_rows() -> Rows {
    let wanted = universe();
    let about = wanted.abouts.last().unwrap().clone();
    let slot = wanted.grants.last().unwrap().clone();
    let about_row =
        About { cancelled: true, grants: vec![GrantSlot { campaign: about.campaign.clone(), ..slot.clone() }] };
    let owner_state = State { written_as: 3, value: largesse_domain::json::Json::from_checked(" [1] ") };
    let mut customer = Customer::default();
    let fact = largesse_domain::customer::Fact::Touch(id("u3"));
    customer.learn(fact, super::fixtures::at(7)).unwrap();
    let body = TimerBody::Policy {
        set_on: event(1).1.key.clone(),
        set_by: id("paid"),
        actor: id("u1"),
        data: Json::from_checked(" {}"),
    };
    let timer = Timer { due: super::fixtures::at(8), body };
    let json = Json::from_checked;
    let receipt = Receipt { asked: json("{\"a\" : 1}"), answer: json("[]") };
    let request = RedemptionRequest {
        id: id("r1"),
        customer: id("u1"),
        unit: id("points"),
        quantity: quantity(5),
        grant: None,
        reserve_until: None,
        reference: String::new(),
    };
    let (state, at) = (RedemptionState::Redeemed, super::fixtures::at(7));
    let (parts, returns) = (Vec::new(), Vec::new());
    let redemption = Redemption { request, state, parts, returns, made_at: at, changed_at: at };
    let share = ShareKey { campaign: id("spring"), pool: id("p0"), customer: id("u1") };
    let granted = Grant { slot: slot.clone(), ..grant("u0", "k0", 1, 1) };
    Rows {
        customers: vec![(wanted.customers.last().unwrap().clone(), customer)],
        states: vec![(wanted.states.last().unwrap().clone(), Some(owner_state))],
        grants: vec![(slot, Some(Arc::new(granted)))],
        abouts: vec![(about, about_row)],
        claims: vec![(wanted.claims.last().unwrap().clone(), Some(id("u1")))],
        usage: vec![(wanted.usage.last().unwrap().clone(), used(Quantity::MAX.get()))],
        bindings: vec![(wanted.bindings.last().unwrap().clone(), Some(id("u2")))],
        messages: vec![(wanted.messages.last().unwrap().clone(), true)],
        members: vec![(id("team-1"), Members(vec![(id("u1"), super::fixtures::at(7))]))],
        shares: vec![(share, Share { weight: 9, settled: true })],
        measures: vec![(id("spring"), Measures([((id("visits"), String::new()), quantity(3))].into()))],
        timers: vec![(wanted.timers.last().unwrap().clone(), Some(timer))],
        positions: vec![(wanted.positions.last().unwrap().clone(), Position([-5, 0, 2, 0, 3, 0, 0, 0, 0]))],
        stocks: vec![(wanted.stocks.last().unwrap().clone(), quantity(7))],
        redemptions: vec![(id("r1"), Some(redemption))],
        receipts: vec![(id("r2"), Some(receipt))],
        contacts: vec![(id("u0"), vec![super::fixtures::at(7), super::fixtures::at(9)])],
        ..Rows::default()
    }
}

/// Each kind of row is there once written, and only it; written as absent it is gone again, but for grants and counts.
pub fn rows_come_and_go(store: &dyn Store) {
    let rows = some_rows();
    let empty = store.load(&universe()).unwrap();
    write(store, rows.clone());
    assert_eq!(store.load(&keys_of(&rows)).unwrap(), rows);
    assert_eq!(store.shares(&id("spring"), &id("p0")).unwrap(), [(id("u1"), Share { weight: 9, settled: true })]);
    assert_eq!(store.shares(&id("spring"), &id("p1")).unwrap(), []);
    assert_eq!(store.customer(&rows.customers[0].0).unwrap().as_ref(), Some(&rows.customers[0].1));
    let mut others = universe();
    let written = keys_of(&rows);
    others.customers.retain(|key| !written.customers.contains(key));
    others.states.retain(|key| !written.states.contains(key));
    others.claims.retain(|key| !written.claims.contains(key));
    let others = store.load(&others).unwrap();
    assert!(others.customers.iter().all(|(_, customer)| *customer == Customer::default()));
    assert!(others.states.iter().all(|(_, state)| state.is_none()));
    assert!(others.claims.iter().all(|(_, holder)| holder.is_none()));

    let mut gone = rows.clone();
    gone.customers[0].1 = Customer::default();
    gone.states[0].1 = None;
    gone.abouts[0].1 = About::default();
    gone.claims[0].1 = None;
    gone.bindings[0].1 = None;
    gone.messages[0].1 = false;
    gone.members[0].1 = Members::default();
    gone.shares[0].1 = Share::default();
    gone.measures[0].1 = Measures::default();
    gone.timers[0].1 = None;
    gone.grants[0].1 = None;
    gone.redemptions[0].1 = None;
    gone.receipts[0].1 = None;
    write(store, gone.clone());
    gone.grants = rows.grants;
    gone.redemptions = rows.redemptions;
    gone.receipts = rows.receipts;
    assert_eq!(store.load(&keys_of(&gone)).unwrap(), gone, "grants and what was asked for are never forgotten");
    assert_eq!(store.customer(&gone.customers[0].0).unwrap(), None);
    assert_eq!(store.load(&universe()).unwrap().messages, empty.messages);
}

/// Of two writes the later counts, for owners of either kind with one id too.
pub fn a_written_row_replaces_the_old_one(store: &dyn Store) {
    let state = |text: &str| Some(State { written_as: 1, value: largesse_domain::json::Json::from_checked(text) });
    let key = |owner| StateKey { campaign: id("spring"), owner };
    let party = key(largesse_domain::owner::Owner::Party(id("u1")));
    let entity = key(largesse_domain::owner::Owner::Entity(id("u1")));
    write(store, Rows { states: vec![(party.clone(), state("1")), (entity.clone(), state("2"))], ..Rows::default() });
    write(store, Rows { states: vec![(party.clone(), state("3"))], ..Rows::default() });
    let wanted = Wanted { states: [party.clone(), entity.clone()].into(), ..Wanted::default() };
    assert_eq!(store.load(&wanted).unwrap().states, vec![(party, state("3")), (entity, state("2"))]);

    let usage = universe().usage[0].clone();
    for amount in [5, 0] {
        write(store, Rows { usage: vec![(usage.clone(), used(amount))], ..Rows::default() });
        let wanted = Wanted { usage: [usage.clone()].into(), ..Wanted::default() };
        assert_eq!(store.load(&wanted).unwrap().usage, vec![(usage.clone(), used(amount))]);
    }
}

fn commit_grants(store: &dyn Store, grants: &[&Grant]) {
    let grants = grants.iter().map(|grant| (grant.slot.clone(), Some(Arc::new((*grant).clone())))).collect();
    write(store, Rows { grants, ..Rows::default() });
}

fn last(store: &dyn Store, grant: &Grant) -> Option<Grant> {
    let wanted = Wanted { grants: [grant.slot.clone()].into(), ..Wanted::default() };
    store.load(&wanted).unwrap().grants.pop().and_then(|(_, grant)| grant.as_deref().cloned())
}

/// A slot shows its last issue, a statement shows all.
pub fn every_issue_of_a_grant_is_kept(store: &dyn Store) {
    let mut first = grant("u1", "k1", 1, 1);
    commit_grants(store, &[&first]);
    (first.reversed, first.key_freed) = (quantity(100), true);
    commit_grants(store, &[&first]);
    assert_eq!(last(store, &first).as_ref(), Some(&first));
    let second = Grant {
        hold: Some(Hold { until: super::fixtures::at(3), then: AfterHold::Void }),
        about: None,
        ..grant("u1", "k1", 2, 7)
    };
    commit_grants(store, &[&second]);
    assert_eq!(last(store, &first).as_ref(), Some(&second));
    assert_eq!(store.grants_to(&id("u1")).unwrap(), vec![first, second]);
    assert_eq!(store.grants_to(&id("u2")).unwrap(), vec![]);
}

/// Grants by several campaigns stand in the order in which they were given; a wallet lists those that may hold something.
pub fn a_wallet_holds_what_is_open_in_order_of_time(store: &dyn Store) {
    store.commit(&Batch { events: vec![event(1)], ..Batch::default() }).unwrap();
    let mut early = grant("u1", "k2", 1, 3);
    early.slot.campaign = id("winter");
    early.principal_cap = Some(quantity(5));
    let (late, same) = (grant("u1", "k0", 1, 12), grant("u1", "k1", 1, 12));
    let earliest = Grant { decision: None, granted_at: super::fixtures::at(4), ..grant("u1", "k9", 1, 99) };
    let used_up = Grant { redeemed: quantity(100), ..grant("u1", "k3", 1, 13) };
    let reserved = Grant { redeemed: quantity(60), reserved: quantity(40), ..grant("u1", "k4", 1, 14) };
    let freed = Grant { reversed: quantity(100), key_freed: true, ..grant("u1", "k5", 1, 15) };
    let all = [&early, &late, &same, &used_up, &reserved, &freed];
    commit_grants(store, &[&same, &late, &early, &used_up, &reserved, &freed, &earliest, &grant("u2", "k0", 1, 1)]);
    let expected: Vec<Grant> = [&earliest].into_iter().chain(all).cloned().collect();
    assert_eq!(store.grants_to(&id("u1")).unwrap(), expected);
    let wanted = Wanted { wallets: [id("u0"), id("u1")].into(), ..Wanted::default() };
    let rows = store.load(&wanted).unwrap();
    let open = [earliest, early, late, same, reserved];
    let slots = open.iter().map(|grant| grant.slot.clone()).collect();
    assert_eq!(rows.wallets, vec![(id("u0"), vec![]), (id("u1"), slots)]);
    assert_eq!(rows.grants, open.map(|grant| (grant.slot.clone(), Some(Arc::new(grant)))));
}
