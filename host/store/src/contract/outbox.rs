//! The outbox: who is told what, in which order, and how far that has got.

use std::sync::Arc;

use largesse_domain::delivery::{Delivery, DeliveryId, DeliveryState, Progress, Settled, Settlement};
use largesse_domain::destination::{Destination, Paused, Secret};
use largesse_domain::json::Json;
use largesse_domain::key::GrantSlot;
use largesse_domain::ledger::Lot;
use largesse_domain::sending::Sending;
use largesse_domain::topic::Topic;
use proptest::prelude::Strategy;

use super::fixtures::{at, id};
use crate::{Batch, DeliveryFilter, OutboxChange, Store};

/// A destination.
pub fn destination(name: &str) -> Destination {
    Destination {
        id: id(name),
        url: "https://example.com/in".parse().unwrap(),
        secrets: vec![Secret::new(&[7; 32]).unwrap()],
        topics: vec!["*".parse().unwrap()],
        allow_private: false,
        settles: false,
        sending: Sending::default(),
        paused: None,
    }
}

/// A delivery about a customer, or about nobody when the name is empty.
pub fn delivery(number: u64, destination: &str, customer: &str) -> Delivery {
    Delivery {
        id: DeliveryId(number),
        destination: id(destination),
        customer: (!customer.is_empty()).then(|| id(customer)),
        topic: Topic::Message,
        grant: None,
        body: Json::from_checked(format!("{{\"n\" : {number}}}")),
        made_at: at(1_000),
        progress: Progress::new(at(1_000)),
        settlement: None,
    }
}

fn post(delivery: Delivery) -> OutboxChange {
    OutboxChange::Post(delivery.into())
}

fn progress(state: DeliveryState, attempts: u32, due: i64) -> Progress {
    Progress { state, attempts, due: at(due), last_error: (attempts > 0).then(|| "answered 500".to_owned()) }
}

fn write(store: &dyn Store, outbox: Vec<OutboxChange>) {
    store.commit(&Batch { outbox, ..Batch::default() }).unwrap();
}

fn due(store: &dyn Store, destination: &str, now: i64) -> Vec<u64> {
    let due = store.deliveries_due(&id(destination), at(now), 9).unwrap();
    due.into_iter().map(|delivery| delivery.id.0).collect()
}

fn state(store: &dyn Store, number: u64) -> (DeliveryState, u32) {
    let progress = store.delivery(DeliveryId(number)).unwrap().unwrap().progress;
    (progress.state, progress.attempts)
}

/// Three to `shop`: 1 and 3 about `u1`, 2 about `u2`; 4 about `u1` to `bank`.
fn four(store: &dyn Store) {
    let deliveries = [(1, "shop", "u1"), (2, "shop", "u2"), (3, "shop", "u1"), (4, "bank", "u1")];
    write(store, deliveries.map(|(number, to, about)| post(delivery(number, to, about))).to_vec());
}

/// A destination is as it was written last.
pub fn destinations_are_replaced_and_listed_by_id(store: &dyn Store) {
    let (shop, bank) = (destination("shop"), destination("bank"));
    write(store, vec![OutboxChange::Set(shop.clone().into()), OutboxChange::Set(bank.clone().into())]);
    assert_eq!(store.destinations().unwrap(), [bank.clone(), shop.clone()]);
    let changed = Destination { paused: Some(Paused::Gone), settles: true, ..shop };
    write(store, vec![OutboxChange::Set(changed.clone().into()), OutboxChange::Delete(bank.id)]);
    assert_eq!(store.destinations().unwrap(), [changed]);
}

/// What is read is what was written.
pub fn deliveries_are_kept_whole(store: &dyn Store) {
    let slot = GrantSlot { campaign: id("spring"), to: id("u1"), key: id("day/1") };
    let mut grant = Delivery { grant: Some(Lot { slot, issue: 2 }), ..delivery(1, "shop", "u1") };
    grant.topic = Topic::GrantGranted;
    let nobody = Delivery { progress: progress(DeliveryState::Dead, 3, 9), ..delivery(2, "shop", "") };
    write(store, vec![post(grant.clone()), post(nobody.clone())]);
    assert_eq!(store.delivery(DeliveryId(1)).unwrap().as_ref(), Some(&grant));
    assert_eq!(store.delivery(DeliveryId(2)).unwrap(), Some(nobody));
    assert_eq!(store.delivery(DeliveryId(3)).unwrap(), None);
    assert_eq!(store.counters().unwrap().last_delivery, DeliveryId(2));
    let settlement = Settlement { settled: Settled::Failed("no \"card\"".into()), at: at(7) };
    write(store, vec![OutboxChange::Settle(DeliveryId(1), settlement.clone())]);
    grant.settlement = Some(settlement);
    assert_eq!(store.delivery(DeliveryId(1)).unwrap(), Some(grant));
}

/// A customer's next waits for the one before, a try later included, and no other customer does.
pub fn one_delivery_of_each_customer_is_due(store: &dyn Store) {
    four(store);
    assert!(due(store, "shop", 999).is_empty());
    assert_eq!((due(store, "shop", 1_000), due(store, "bank", 1_000)), (vec![1, 2], vec![4]));
    write(store, vec![OutboxChange::Note(DeliveryId(1), progress(DeliveryState::Waiting, 1, 5_000))]);
    assert_eq!((due(store, "shop", 4_999), due(store, "shop", 5_000)), (vec![2], vec![2, 1]));
    write(store, vec![OutboxChange::Note(DeliveryId(1), progress(DeliveryState::Delivered, 2, 6_000))]);
    assert_eq!(due(store, "shop", 1_000), [2, 3]);
    assert_eq!(store.deliveries_due(&id("shop"), at(1_000), 1).unwrap().len(), 1);
    write(store, vec![OutboxChange::Note(DeliveryId(3), progress(DeliveryState::Dead, 9, 6_000))]);
    assert_eq!(due(store, "shop", 9_000), [2]);
    write(store, vec![post(delivery(5, "shop", "u1")), post(delivery(6, "shop", "u1"))]);
    assert_eq!(due(store, "shop", 9_000), [2, 5]);
}

/// What is sent again goes before what came later, as often as if it were new.
pub fn what_is_sent_again_comes_first(store: &dyn Store) {
    four(store);
    write(store, vec![OutboxChange::Note(DeliveryId(1), progress(DeliveryState::Dead, 14, 5_000))]);
    assert_eq!((due(store, "shop", 1_000), state(store, 1)), (vec![2, 3], (DeliveryState::Dead, 14)));
    write(store, vec![OutboxChange::Replay(DeliveryId(1), at(7_000)), OutboxChange::Replay(DeliveryId(2), at(9_000))]);
    assert_eq!(due(store, "shop", 7_000), [2, 1], "2 was waiting and stays as it was");
    assert_eq!(state(store, 1), (DeliveryState::Waiting, 0));
    write(store, vec![OutboxChange::Note(DeliveryId(1), progress(DeliveryState::Delivered, 1, 7_000))]);
    assert_eq!(due(store, "shop", 7_000), [2, 3]);
    write(store, vec![OutboxChange::Replay(DeliveryId(1), at(8_000))]);
    assert_eq!(due(store, "shop", 8_000), [2, 1]);
}

/// An attempt that was under way when its delivery was given up counts only if it was a success.
pub fn what_is_given_up_can_only_turn_out_well(store: &dyn Store) {
    four(store);
    write(store, vec![OutboxChange::Set(destination("shop").into())]);
    write(
        store,
        vec![post(delivery(5, "shop", "u3")), OutboxChange::Delete(id("shop")), post(delivery(6, "shop", "u3"))],
    );
    for number in [1, 2, 3, 5] {
        let delivery = store.delivery(DeliveryId(number)).unwrap().unwrap();
        assert_eq!(delivery.progress.state, DeliveryState::Dead, "{number}");
        assert_eq!(delivery.progress.last_error.as_deref(), Some("the destination was deleted"));
    }
    assert_eq!((due(store, "shop", 9_000), due(store, "bank", 9_000)), (vec![6], vec![4]));
    let waiting = OutboxChange::Note(DeliveryId(1), progress(DeliveryState::Waiting, 1, 2_000));
    let delivered = OutboxChange::Note(DeliveryId(2), progress(DeliveryState::Delivered, 1, 2_000));
    write(store, vec![waiting, delivered]);
    assert_eq!((state(store, 1), state(store, 2)), ((DeliveryState::Dead, 0), (DeliveryState::Delivered, 1)));
}

/// Pages follow one another without gaps, whatever is filtered.
pub fn deliveries_are_listed_page_by_page(store: &dyn Store) {
    four(store);
    write(
        store,
        vec![
            OutboxChange::Note(DeliveryId(1), progress(DeliveryState::Delivered, 1, 0)),
            OutboxChange::Note(DeliveryId(2), progress(DeliveryState::Dead, 1, 0)),
        ],
    );
    let list = |state: Option<DeliveryState>, destination: Option<&str>, after, limit| -> Vec<u64> {
        let filter = DeliveryFilter { state, destination: destination.map(id) };
        let found = store.deliveries(&filter, DeliveryId(after), limit).unwrap();
        found.into_iter().map(|delivery| delivery.id.0).collect()
    };
    assert_eq!(list(None, None, 0, 9), [1, 2, 3, 4]);
    assert_eq!((list(None, None, 1, 2), list(None, None, 3, 2)), (vec![2, 3], vec![4]));
    assert_eq!(list(Some(DeliveryState::Waiting), None, 0, 9), [3, 4]);
    assert_eq!(list(Some(DeliveryState::Waiting), Some("shop"), 0, 9), [3]);
    assert_eq!(list(Some(DeliveryState::Dead), None, 0, 9), [2]);
    assert_eq!(list(Some(DeliveryState::Delivered), Some("shop"), 0, 9), [1]);
    assert!(list(Some(DeliveryState::Dead), Some("bank"), 0, 9).is_empty());
    assert_eq!(list(None, Some("shop"), 1, 9), [2, 3]);
}

/// A place is given once, and a settlement does not change.
pub fn places_and_settlements_are_given_once(store: &dyn Store) {
    four(store);
    let settlement = |settled| OutboxChange::Settle(DeliveryId(4), Settlement { settled, at: at(7) });
    write(store, vec![settlement(Settled::Confirmed)]);
    let unknown = Settlement { settled: Settled::Confirmed, at: at(7) };
    let contradictions = [
        vec![post(delivery(5, "shop", "u1")), post(delivery(4, "shop", "u1"))],
        vec![post(delivery(5, "shop", "u1")), post(delivery(5, "shop", "u1"))],
        vec![post(delivery(5, "shop", "u1")), settlement(Settled::Failed("late".into()))],
        vec![post(delivery(5, "shop", "u1")), OutboxChange::Settle(DeliveryId(9), unknown.clone())],
        vec![OutboxChange::Settle(DeliveryId(3), unknown.clone()), OutboxChange::Settle(DeliveryId(3), unknown)],
    ];
    for outbox in contradictions {
        assert!(store.commit(&Batch { outbox, ..Batch::default() }).is_err());
        assert_eq!(store.counters().unwrap().last_delivery, DeliveryId(4));
    }
    assert_eq!(store.delivery(DeliveryId(3)).unwrap().unwrap().settlement, None);
}

/// A change of any kind to one of a few destinations and deliveries; those to be posted get their place from the driver.
pub fn change() -> impl Strategy<Value = OutboxChange> {
    let states = proptest::sample::select(DeliveryState::ALL.to_vec());
    (0..9_u8, 0..12_u64, 0..2_u8, 0..3_u8, states, 0..5_i64).prop_map(|(what, number, to, about, state, due)| {
        let (to, about) = (["bank", "shop"][usize::from(to)], ["", "u1", "u2"][usize::from(about)]);
        match what {
            0 => OutboxChange::Delete(id(to)),
            1 => OutboxChange::Set(Arc::new(Destination { allow_private: due > 2, ..destination(to) })),
            2 => OutboxChange::Replay(DeliveryId(number), at(due)),
            3 if number > 9 => OutboxChange::Settle(
                DeliveryId(due.unsigned_abs()),
                Settlement { settled: Settled::Confirmed, at: at(due) },
            ),
            4 | 5 => OutboxChange::Note(DeliveryId(number), progress(state, 2, due)),
            _ => post(Delivery { progress: progress(DeliveryState::Waiting, 0, due), ..delivery(number, to, about) }),
        }
    })
}
