//! However a history is told, it ends alike: under several ids of one customer, and in any order.

use check_in::CheckIn;
use largesse_sdk::{History, Value, json};

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
fn points_for_orders() {
    let params = json!({"spend": {"on": ["order-paid"], "unit": "points", "minor_per_unit": 100}});
    orders().assert_one_person::<CheckIn>(&params);
    orders().assert_any_order::<CheckIn>(&params);
}

fn days() -> History {
    let checked_in = |history: History, one| history.and("checked_in", &day(one), json!({}));
    [2, 3, 4, 5, 6, 9].into_iter().fold(History::until("2026-06-01T00:00:00+08:00"), checked_in)
}

#[test]
fn days_streaks_and_totals() {
    let params = json!({"daily": {
        "on": ["checked-in"], "rewards": [{"unit": "points", "quantity": 1}],
        "streaks": [{"days": 4, "rewards": [{"unit": "points", "quantity": 100}]}],
        "totals": [{"id": "six", "within": "month", "days": 6, "rewards": [{"unit": "coupon:six", "quantity": 1}]}],
        "plans": [{"id": "week", "days": 7, "allowed_misses": 2, "rewards": [{"unit": "coupon:week", "quantity": 1}]}],
    }});
    days().assert_one_person::<CheckIn>(&params);
    days().assert_any_order::<CheckIn>(&params);
}
