//! However a history is told, it ends alike: under several ids of one customer, and in any order.

use largesse_sdk::{History, Value, json};
use tiers::Tiers;

fn cny(minor: u64) -> Value {
    json!({"minor": minor, "currency": "CNY"})
}

fn day(day: u32) -> String {
    format!("2026-03-{day:02}T10:00:00+08:00")
}

#[test]
fn a_balance_held_under_two_ids() {
    let tier = |name: &str, from: u64| json!({"name": name, "from": from, "upgrade": [{"unit": "points", "quantity": 7}], "join": [{"unit": "points", "quantity": 7}]});
    let params = json!({
        "programme": "club", "metric": {"held": {"days": 3}}, "service": {"periodic": {"days": 90}},
        "tiers": [tier("gold", 10_000)],
    });
    let snapshot = |history: History, one| {
        history.and(
            "balance.snapshot",
            &day(one),
            json!({"day": format!("2026-03-{one:02}"), "outstanding": cny(10_000)}),
        )
    };
    let held = [2, 3, 4].into_iter().fold(History::until("2026-04-01T00:00:00+08:00"), snapshot);
    held.assert_one_person::<Tiers>(&params);
    held.assert_any_order::<Tiers>(&params);
}
