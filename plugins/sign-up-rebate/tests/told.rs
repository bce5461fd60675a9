//! However a history is told, it ends alike: under several ids of one customer, and in any order.

use largesse_sdk::{History, Value, json};
use sign_up_rebate::SignUpRebate;

fn cny(minor: u64) -> Value {
    json!({"minor": minor, "currency": "CNY"})
}

fn day(day: u32) -> String {
    format!("2026-03-{day:02}T10:00:00+08:00")
}

fn orders() -> History {
    let order = |order: &str, minor| json!({"order": order, "amount": cny(minor)});
    History::until("2026-06-01T00:00:00+08:00")
        .and("order.paid", &day(1), order("a", 3_334))
        .and("order.paid", &day(2), order("b", 12_000))
        .and("order.refunded", &day(3), json!({"order": "a", "amount": cny(1_111), "remaining": cny(2_223)}))
        .and("order.refunded", &day(4), json!({"order": "b", "refund": "r1", "amount": cny(2_001)}))
        .and("order.refunded", &day(5), json!({"order": "b", "refund": "r1", "amount": cny(2_001)}))
        .and("order.refunded", &day(6), json!({"order": "a", "amount": cny(1_111), "remaining": cny(1_112)}))
        .and("order.paid", &day(7), order("c", 5_000))
        .and("order.refunded", &day(8), json!({"order": "c"}))
}

#[test]
fn rates_of_orders() {
    let params = json!({"rebates": [{"id": "a", "on": "order-paid", "unit": "cash:CNY", "every": true, "rate": {"basis_points": 333}}]});
    orders().assert_one_person::<SignUpRebate>(&params);
    orders().assert_any_order::<SignUpRebate>(&params);
}

#[test]
fn steps_of_orders() {
    let params = json!({"rebates": [{
        "id": "a", "on": "order-paid", "unit": "points", "every": true,
        "steps": [{"from": 1_112, "quantity": 1}, {"from": 10_000, "quantity": 7}],
    }]});
    orders().assert_one_person::<SignUpRebate>(&params);
    orders().assert_any_order::<SignUpRebate>(&params);
}

fn loans() -> History {
    let loan = |loan: &str| json!({"loan": loan, "amount": cny(10_000), "periods": 6});
    let holding = |holding: &str| json!({"holding": holding, "amount": cny(10_000), "term_days": 90});
    History::until("2026-06-01T00:00:00+08:00")
        .and("loan.drawn", &day(1), loan("early"))
        .and("loan.drawn", &day(1), loan("late"))
        .and("loan.drawn", &day(2), loan("cancelled"))
        .and("invest.purchased", &day(3), holding("kept"))
        .and("invest.purchased", &day(3), holding("redeemed"))
        .and("loan.repaid", &day(8), json!({"loan": "early", "final": true}))
        .and("loan.repaid", &day(9), json!({"loan": "late", "final": true}))
        .and("loan.cancelled", &day(10), json!({"loan": "cancelled"}))
        .and("invest.redeemed", &day(11), json!({"holding": "redeemed", "early": true}))
}

#[test]
fn loans_and_holdings() {
    let params = json!({"take_back": {"loan_repaid_within_days": 7}, "rebates": [
        {"id": "a", "on": "loan-drawn", "unit": "points", "every": true, "fixed": 3},
        {"id": "b", "on": "invest-purchased", "unit": "cash:CNY", "every": true, "rate": {"basis_points": 100}},
    ]});
    loans().assert_one_person::<SignUpRebate>(&params);
    loans().assert_any_order::<SignUpRebate>(&params);
}
