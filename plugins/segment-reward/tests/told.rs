//! However a history is told, it ends alike: under several ids of one customer, and in any order.

use largesse_sdk::{History, Value, json};
use segment_reward::SegmentReward;

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
fn good_buyers() {
    let params = json!({"occasions": [{
        "id": "member-day", "on": {"monthly": {"day": 28}}, "who": {"bought": {"spent_over": 11_110}},
        "give": [{"unit": "points", "quantity": 5, "on_shortfall": "skip"}],
    }]});
    orders().assert_one_person::<SegmentReward>(&params);
    orders().assert_any_order::<SegmentReward>(&params);
}

#[test]
fn those_who_did_not_buy_enough() {
    let params = json!({"occasions": [{
        "id": "member-day", "on": {"monthly": {"day": 28}}, "who": {"bought": {"orders_over": 2}},
        "give": [{"unit": "points", "quantity": 5, "on_shortfall": "skip"}],
    }]});
    orders().assert_one_person::<SegmentReward>(&params);
    orders().assert_any_order::<SegmentReward>(&params);
}
