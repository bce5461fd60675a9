//! Rules, tested natively: `cargo test` needs no WebAssembly. The harness plays the host.

use ladder::Ladder;
use largesse_sdk::{Harness, Outcome, OwnerKind, Value, json};

const TIME: &str = "2026-03-01T10:00:00+08:00";

fn params() -> Value {
    json!({"rungs": [
        {"at": 10_000, "reward": {"unit": "points", "quantity": 10}},
        {"at": 50_000, "reward": {"unit": "points", "quantity": 100}},
        {"at": 100_000, "reward": {"unit": "coupon:gold", "quantity": 1}},
    ]})
}

fn money(minor: i64) -> Value {
    json!({"minor": minor, "currency": "CNY"})
}

fn pay(host: &mut Harness<Ladder>, order: &str, minor: i64) -> Outcome {
    host.event("order.paid", "u1", TIME, json!({"order": order, "amount": money(minor)}))
}

#[test]
fn each_rung_is_reached_once_and_none_is_missed() {
    let mut host = Harness::<Ladder>::new(params());
    assert_eq!(pay(&mut host, "o1", 9_999).grants(), []);
    assert_eq!(pay(&mut host, "o2", 1).grants(), [("u1", "spent/10000", "points", 10)]);
    let both = [("u1", "spent/50000", "points", 100), ("u1", "spent/100000", "coupon:gold", 1)];
    assert_eq!(pay(&mut host, "o3", 200_000).grants(), both);
    assert_eq!(pay(&mut host, "o4", 200_000).grants(), []);
}

#[test]
fn an_order_counts_once() {
    let mut host = Harness::<Ladder>::new(params());
    pay(&mut host, "o1", 9_999);
    pay(&mut host, "o1", 9_999);
    assert_eq!(host.state(OwnerKind::Party, "u1"), json!({"paid": {"o1": 9_999}}));
}

#[test]
fn a_refund_takes_back_the_rungs_above_what_is_left() {
    let mut host = Harness::<Ladder>::new(params());
    pay(&mut host, "o1", 20_000);
    pay(&mut host, "o2", 40_000);
    let mut refund = |order: &str, remaining: i64| {
        host.event("order.refunded", "u1", TIME, json!({"order": order, "remaining": money(remaining)}))
    };
    assert_eq!(refund("o2", 35_000).revoked(), [], "55,000 are left");
    assert_eq!(refund("o2", 1_000).revoked(), [("u1", "points", 100)]);
    assert_eq!(refund("o2", 35_000).revoked(), [], "an older refund that comes later makes nothing more");
    assert_eq!(refund("o9", 0).refused(), Some("unknown-order"));
    let whole = host.event("order.refunded", "u1", TIME, json!({"order": "o1"}));
    assert_eq!(whole.revoked(), [("u1", "points", 10)]);
    assert_eq!(pay(&mut host, "o3", 10_000).grants(), [("u1", "spent/10000", "points", 10)]);
}

#[test]
fn an_order_that_cannot_count_is_refused() {
    let mut host = Harness::<Ladder>::new(params());
    let in_euro = json!({"order": "o1", "amount": {"minor": 1, "currency": "EUR"}});
    assert_eq!(host.event("order.paid", "u1", TIME, in_euro).refused(), Some("wrong-currency"));
    for number in 0..50 {
        assert_eq!(pay(&mut host, &format!("o{number}"), 1).refused(), None);
    }
    assert_eq!(pay(&mut host, "o50", 1).refused(), Some("too-many-orders"));
}

#[test]
fn parameters_that_make_no_sense_are_named() {
    let pointers = |params: Value| {
        let problems = Harness::<Ladder>::problems(params);
        problems.into_iter().map(|(pointer, _)| pointer).collect::<Vec<_>>()
    };
    assert!(pointers(params()).is_empty());
    assert_eq!(pointers(json!({"rungs": []})), ["/rungs"]);
    let rung = |at: u64, quantity: u64| json!({"at": at, "reward": {"unit": "points", "quantity": quantity}});
    assert_eq!(pointers(json!({"rungs": [rung(1, 1), rung(5, 0)]})), ["/rungs/1/reward/quantity"]);
    assert_eq!(pointers(json!({"rungs": [rung(0, 1), rung(5, 1), rung(5, 1)]})), ["/rungs/0/at", "/rungs/2/at"]);
}
