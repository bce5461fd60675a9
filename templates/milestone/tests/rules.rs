//! Rules, tested natively: `cargo test` needs no WebAssembly. The harness plays the host.

use largesse_sdk::{Harness, OwnerKind, Value, json};
use milestone::Milestones;

const TIME: &str = "2026-03-01T10:00:00+08:00";

fn params() -> Value {
    json!({"milestones": [
        {"orders": 1, "reward": {"unit": "points", "quantity": 20}},
        {"orders": 3, "reward": {"unit": "coupon:thank-you", "quantity": 1}},
    ]})
}

fn order(id: &str) -> Value {
    json!({"order": id, "amount": {"minor": 5_000, "currency": "CNY"}})
}

#[test]
fn each_milestone_is_rewarded_once() {
    let mut host = Harness::<Milestones>::new(params());
    assert_eq!(host.event("order.paid", "u1", TIME, order("o1")).grants(), [("u1", "orders/1", "points", 20)]);
    assert_eq!(host.event("order.paid", "u1", TIME, order("o2")).grants(), []);
    assert_eq!(host.event("order.paid", "u1", TIME, order("o3")).grants(), [("u1", "orders/3", "coupon:thank-you", 1)]);
    assert_eq!(host.event("order.paid", "u1", TIME, order("o4")).grants(), []);
}

#[test]
fn an_order_counts_once() {
    let mut host = Harness::<Milestones>::new(params());
    for _ in 0..3 {
        host.event("order.paid", "u1", TIME, order("o1"));
    }
    assert_eq!(host.state(OwnerKind::Party, "u1"), json!({"orders": ["o1"]}));
    assert_eq!(host.balance("u1", "coupon:thank-you"), 0);
}

#[test]
fn a_refund_takes_back_the_milestone_that_is_not_reached_without_it() {
    let mut host = Harness::<Milestones>::new(params());
    host.event("order.paid", "u1", TIME, order("o1"));
    let in_part = json!({"order": "o1", "remaining": {"minor": 1, "currency": "CNY"}});
    assert_eq!(host.event("order.refunded", "u1", TIME, in_part).revoked(), []);
    assert_eq!(host.event("order.refunded", "u1", TIME, json!({"order": "o1"})).revoked(), [("u1", "points", 20)]);
    assert_eq!(host.event("order.refunded", "u1", TIME, json!({"order": "o1"})).refused(), Some("unknown-order"));
    // The key is free again: the next order reaches the milestone.
    assert_eq!(host.event("order.paid", "u1", TIME, order("o2")).grants(), [("u1", "orders/1", "points", 20)]);
    assert_eq!(host.balance("u1", "points"), 20);
}

#[test]
fn parameters_that_make_no_sense_are_named() {
    let pointers = |params: Value| {
        let problems = Harness::<Milestones>::problems(params);
        problems.into_iter().map(|(pointer, _)| pointer).collect::<Vec<_>>()
    };
    assert!(pointers(params()).is_empty());
    assert_eq!(pointers(json!({"milestones": []})), ["/milestones"]);
    let twice = |orders: u32, quantity: u64| {
        json!({"milestones": [
            {"orders": orders, "reward": {"unit": "points", "quantity": quantity}},
            {"orders": orders, "reward": {"unit": "points", "quantity": 1}},
        ]})
    };
    let places = ["/milestones/0/orders", "/milestones/0/reward/quantity", "/milestones/1/orders"];
    assert_eq!(pointers(twice(51, 0)), places);
    assert_eq!(pointers(twice(5, 1)), ["/milestones/1/orders"]);
}
