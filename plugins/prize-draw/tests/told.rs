//! However a history is told, it ends alike: under several ids of one customer, and in any order.

use largesse_sdk::{History, Value, json};
use prize_draw::PrizeDraw;

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
        .and("order.refunded", &day(4), json!({"order": "b", "amount": cny(2_001), "remaining": cny(9_999)}))
        .and("order.refunded", &day(6), json!({"order": "a", "amount": cny(1_111), "remaining": cny(1_112)}))
        .and("order.paid", &day(7), order("c", 5_000))
        .and("order.refunded", &day(8), json!({"order": "c"}))
}

#[test]
fn chances_for_orders() {
    let params = json!({
        "chances": "draw-chances:wheel",
        "earn": [{"on": "order-paid", "steps": [{"from": 1_000, "chances": 1}, {"from": 10_000, "chances": 5}]}],
        "prizes": [{"id": "no", "weight": 1}],
    });
    orders().assert_one_person::<PrizeDraw>(&params);
    orders().assert_any_order::<PrizeDraw>(&params);
}
