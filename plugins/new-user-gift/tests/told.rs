//! However a history is told, it ends alike: under several ids of one customer, and in any order.

use largesse_sdk::{History, json};
use new_user_gift::NewUserGift;

fn day(day: u32) -> String {
    format!("2026-03-{day:02}T10:00:00+08:00")
}

fn steps() -> History {
    History::until("2026-06-01T00:00:00+08:00")
        .and("user.registered", &day(1), json!({}))
        .and("user.profile_completed", &day(2), json!({}))
        .and("card.bound", &day(3), json!({"card_hash": "c1"}))
        .and("account.followed", &day(4), json!({}))
}

#[test]
fn gifts_and_levels() {
    let params = json!({
        "milestones": [{"on": "user-profile-completed", "gifts": [{"unit": "points", "quantity": 3}]}],
        "levels": [
            {"tag": "one", "needs": {"user-registered": 1, "card-bound": 1}, "gifts": [{"unit": "points", "quantity": 10}]},
            {"tag": "two", "needs": {"card-bound": 1, "account-followed": 1}, "gifts": [{"unit": "points", "quantity": 100}]},
        ],
    });
    steps().assert_one_person::<NewUserGift>(&params);
    steps().assert_any_order::<NewUserGift>(&params);
}
