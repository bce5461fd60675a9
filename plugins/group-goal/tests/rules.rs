//! Joining in time, what the opener and the members get, and what `check` refuses.

use group_goal::GroupGoal;
use largesse_sdk::{Harness, OwnerKind, Value, json};

type Host = Harness<GroupGoal>;

fn at(text: &str) -> String {
    format!("2026-03-{text}+08:00")
}

fn pointers(params: Value) -> Vec<String> {
    Host::problems(params).into_iter().map(|(pointer, _)| pointer).collect()
}

#[test]
fn parts_add_up_to_the_packet() {
    let split = json!({"unit": "cash:CNY", "quantity": 2_000});
    let mut host = Host::new(json!({"size": 10, "hours": 24, "split": split}));
    for packet in 0..50 {
        let data = json!({"packet": format!("p{packet}")});
        host.event("packet.shared", "u0", &at("01T10:00:00"), &data);
        let mut sum = 0;
        for friend in 0..10 {
            let claimed = host.event("packet.claimed", &format!("f{friend}"), &at("01T11:00:00"), &data);
            let [(_, _, _, part)] = claimed.grants()[..] else { panic!("one part: {claimed:?}") };
            assert!(part >= 1);
            sum += part;
        }
        assert_eq!(sum, 2_000);
        assert_eq!(host.event("packet.claimed", "f10", &at("01T11:00:00"), &data).refused(), Some("full"));
    }
}

#[test]
fn a_group_that_is_not_full_in_time_gives_nothing() {
    let mut host = Host::new(json!({
        "size": 3, "hours": 24, "opener_seat": "first",
        "members": [{"unit": "points", "quantity": 5}], "messages": {"expired": "payment-returned"}
    }));
    let data = json!({"group": "g1"});
    host.joined("group", "g1", "u1").joined("group", "g1", "u2");
    host.event("group.opened", "u1", &at("01T10:00:00"), &data);
    host.event("group.joined", "u2", &at("01T11:00:00"), &data);
    let over = host.advance(&at("02T10:00:00"));
    let told: Vec<_> = over[0].decisions[0].messages.iter().map(|message| message.to.as_str()).collect();
    assert_eq!(told, ["u1", "u2"]);
    assert_eq!(host.event("group.joined", "u3", &at("02T10:00:00"), &data).refused(), Some("expired"));
    assert_eq!(host.state(OwnerKind::Entity, "g1")["over"], true);
}

#[test]
fn a_member_who_is_not_shown_any_more_gets_nothing() {
    let mut host = Host::new(json!({
        "size": 2, "hours": 24, "opener_seat": "first", "members": [{"unit": "points", "quantity": 5}]
    }));
    let data = json!({"group": "g1"});
    host.event("group.opened", "u1", &at("01T10:00:00"), &data);
    host.joined("group", "g1", "u2");
    let full = host.event("group.joined", "u2", &at("01T11:00:00"), &data);
    assert_eq!(full.grants(), [("u2", "member/g1", "points", 5)]);
}

#[test]
fn an_activity_keeps_to_itself() {
    let mut host = Host::new(json!({
        "activity": "spring", "size": 1, "hours": 1, "opener": [{"unit": "points", "quantity": 5}]
    }));
    let open = |activity: &str| json!({"assist": "s1", "activity": activity});
    let mut event = |kind: &str, customer: &str, data| {
        let outcome = host.event(kind, customer, &at("01T10:00:00"), data);
        outcome.refused().map(str::to_owned)
    };
    let help = json!({"assist": "s1", "initiator": "u1"});
    assert_eq!(event("assist.opened", "u1", open("autumn")).as_deref(), Some("another-activity"));
    assert_eq!(event("assist.opened", "u1", json!({"assist": "s1"})).as_deref(), Some("another-activity"));
    assert_eq!(event("assist.performed", "h1", help.clone()).as_deref(), Some("not-open"));
    assert_eq!(event("assist.opened", "u1", open("spring")), None);
    assert_eq!(event("assist.performed", "h1", help), None);
}

#[test]
fn only_groups_have_a_price() {
    let price = json!({"unit": "points", "quantity": 5});
    let joiner = json!([{"unit": "growth", "quantity": 1}]);
    let mut host = Host::new(json!({"size": 2, "hours": 1, "price": price, "joiner": joiner}));
    let opened = host.event("packet.shared", "u1", &at("01T10:00:00"), json!({"packet": "p1"}));
    assert_eq!(opened.refused(), Some("not-a-group"));
}

#[test]
fn what_contradicts_itself_is_refused() {
    let points = json!([{"unit": "points", "quantity": 1}]);
    assert_eq!(pointers(json!({"size": 0, "hours": 0})), ["/hours", "/size"]);
    assert_eq!(pointers(json!({"size": 2, "hours": 1})), [""]);
    assert_eq!(pointers(json!({"size": 101, "hours": 9_000, "joiner": points})), ["/hours", "/size"]);
    assert_eq!(pointers(json!({"size": 2, "hours": 1, "uses": 3, "opener": points})), ["/uses", "/uses"]);
    let split =
        |unit: &str| json!({"size": 5, "hours": 1, "split": {"unit": unit, "quantity": 4}, "opener_seat": "first"});
    assert_eq!(pointers(split("rate-boost:x")), ["/split/unit"]);
    assert_eq!(pointers(split("points")), ["/split/quantity", "/split"]);
    let price = json!({"unit": "growth", "quantity": 0});
    assert_eq!(
        pointers(json!({"size": 2, "hours": 1, "uses": 1, "joiner": points, "price": price})),
        ["/price/quantity", "/price/unit"]
    );
    let price = json!({"unit": "points", "quantity": 5});
    assert_eq!(pointers(json!({"size": 2, "hours": 1, "uses": 1, "joiner": points, "price": price})), ["/uses"]);
    assert_eq!(pointers(json!({"size": 60, "hours": 1, "members": points})), ["/size"]);
    assert_eq!(pointers(json!({"size": 60, "hours": 1, "joiner": points})), [""; 0]);
    assert_eq!(pointers(json!({"size": 2, "hours": 1, "members": [{"unit": "points"}]})), ["/members/0/quantity"]);
}
