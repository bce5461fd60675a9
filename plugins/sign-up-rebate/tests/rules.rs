//! Rules that one scenario each would be too much for.

use largesse_sdk::{Harness, OwnerKind, Value, json};
use sign_up_rebate::SignUpRebate;

const TIME: &str = "2026-03-01T10:00:00+08:00";

fn cny(minor: i64) -> Value {
    json!({"minor": minor, "currency": "CNY"})
}

fn loan(id: &str, minor: i64) -> Value {
    json!({"loan": id, "amount": cny(minor), "periods": 6})
}

#[test]
fn several_rebates_on_one_loan_are_given_together() {
    let mut host = Harness::<SignUpRebate>::new(json!({"rebates": [
        {"id": "first", "on": "loan-drawn", "unit": "points", "fixed": 7},
        {"id": "each", "on": "loan-drawn", "unit": "cash:CNY", "every": true, "rate": {"basis_points": 50}},
    ]}));
    let outcome = host.event("loan.drawn", "u1", TIME, loan("l1", 1_000));
    assert_eq!(outcome.grants(), [("u1", "first", "points", 7), ("u1", "each/l1", "cash:CNY", 5)]);
    assert_eq!(host.event("loan.drawn", "u1", TIME, loan("l2", 1_000)).grants(), [("u1", "each/l2", "cash:CNY", 5)]);
    let cancelled = host.event("loan.cancelled", "u1", TIME, json!({"loan": "l1"}));
    assert_eq!(cancelled.revoked(), [("u1", "points", 7), ("u1", "cash:CNY", 5)]);
    assert_eq!(host.state(OwnerKind::Party, "u1"), Value::Null, "nothing is remembered that nothing asks for");
}

#[test]
fn refunds_in_parts_take_back_what_a_smaller_order_would_not_have_earned() {
    let rebates = json!([{
        "id": "order", "on": "order-paid", "unit": "cash:CNY", "every": true, "min_amount": 5_000,
        "steps": [{"from": 5_000, "quantity": 100}, {"from": 20_000, "quantity": 700}],
    }]);
    let mut host = Harness::<SignUpRebate>::new(json!({ "rebates": rebates }));
    assert_eq!(host.event("order.paid", "u1", TIME, json!({"order": "o", "amount": cny(30_000)})).grants().len(), 1);
    let mut refund = |amount: i64, left: i64| {
        let data = json!({"order": "o", "amount": cny(amount), "remaining": cny(left)});
        let outcome = host.event("order.refunded", "u1", TIME, data);
        outcome.revoked().iter().map(|(_, _, quantity)| *quantity).sum::<u64>()
    };
    assert_eq!(refund(10_000, 20_000), 0);
    assert_eq!(refund(1, 19_999), 600);
    assert_eq!(refund(15_000, 4_999), 100);
    assert_eq!(host.balance("u1", "cash:CNY"), 0);
    let unsaid = host.event("order.refunded", "u1", TIME, json!({"order": "o", "remaining": cny(1)}));
    assert_eq!((unsaid.refused(), unsaid.revoked().len()), (None, 0));
}

#[test]
fn only_so_long_after_registration() {
    let params =
        json!({"within_days": 1, "rebates": [{"id": "a", "on": "credit-approved", "unit": "points", "fixed": 1}]});
    let mut host = Harness::<SignUpRebate>::new(params);
    let registered = 1_772_330_400_000_i64; // TIME
    host.attribute("on-time", "registered_at", registered - 86_400_000);
    host.attribute("late", "registered_at", registered - 86_400_001);
    for (customer, refused) in [("on-time", None), ("late", Some("too-late")), ("unknown", Some("not-eligible"))] {
        let outcome = host.event("credit.approved", customer, TIME, json!({"application": "a", "limit": cny(5)}));
        assert_eq!(
            (outcome.refused(), outcome.grants().len()),
            (refused, usize::from(refused.is_none())),
            "{customer}"
        );
    }
}

#[test]
fn a_negative_amount_earns_nothing() {
    let rebates = json!([{"id": "a", "on": "loan-drawn", "unit": "points", "fixed": 1}]);
    let mut host = Harness::<SignUpRebate>::new(json!({ "rebates": rebates }));
    assert_eq!(host.event("loan.drawn", "u1", TIME, loan("l1", -1)).refused(), Some("bad-amount"));
}

#[test]
fn a_loan_repaid_early_gives_nothing_whatever_is_told_first() {
    let rebates = json!([{"id": "a", "on": "loan-drawn", "unit": "points", "fixed": 1, "every": true}]);
    let params = json!({"rebates": rebates, "take_back": {"loan_repaid_within_days": 7}});
    for loans in [1, 200] {
        let mut host = Harness::<SignUpRebate>::new(params.clone());
        for number in 0..loans {
            host.event("loan.drawn", "u1", TIME, loan(&format!("l{number}"), 1_000));
        }
        let repaid = host.event("loan.repaid", "u1", "2026-03-05T10:00:00+08:00", json!({"loan": "l0", "final": true}));
        assert_eq!(repaid.revoked(), [("u1", "points", 1)], "the first of {loans}");
        host.event("loan.repaid", "u1", "2026-03-05T10:00:00+08:00", json!({"loan": "late", "final": true}));
        assert_eq!(host.event("loan.drawn", "u1", TIME, loan("late", 1_000)).refused(), Some("repaid-early"));
    }
}
