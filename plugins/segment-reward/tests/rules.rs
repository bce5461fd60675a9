//! Rules that one scenario each would be too much for.

use largesse_sdk::{Harness, OwnerKind, Policy, Value, json};
use segment_reward::{SegmentReward, State};
use serde::Deserialize;

fn host(occasions: Value) -> Harness<SegmentReward> {
    Harness::new(json!({ "occasions": occasions }))
}

fn problems(occasions: Value) -> Vec<String> {
    let params = json!({ "occasions": occasions });
    Harness::<SegmentReward>::problems(params).into_iter().map(|(pointer, _)| pointer).collect()
}

fn occasion(on: Value, more: Value) -> Value {
    let mut occasion =
        json!({"id": "o", "on": on, "give": [{"unit": "points", "quantity": 5, "on_shortfall": "skip"}]});
    if let (Value::Object(occasion), Value::Object(more)) = (&mut occasion, more) {
        occasion.extend(more);
    }
    occasion
}

/// The keys of what was given until then.
fn given(host: &mut Harness<SegmentReward>, until: &str) -> Vec<String> {
    let outcomes = host.advance(until);
    outcomes.iter().flat_map(|one| &one.decisions).flat_map(|one| &one.given).map(|one| one.key.clone()).collect()
}

fn enter(host: &mut Harness<SegmentReward>, time: &str) -> (usize, Option<String>) {
    let outcome = host.event("segment.entered", "u1", time, json!({"segment": "s"}));
    (outcome.grants().len(), outcome.refused().map(str::to_owned))
}

#[test]
fn a_day_of_the_month_is_one_in_every_month() {
    let mut host = host(json!([occasion(json!({"monthly": {"day": 31, "at": "23:59"}}), json!({}))]));
    host.event("login", "u1", "2025-12-31T23:59:59+08:00", json!({}));
    let keys = given(&mut host, "2026-05-01T00:00:00+08:00");
    let days = ["2025-12-31", "2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"];
    assert_eq!(keys, days.map(|day| format!("o/{day}")));
}

#[test]
fn a_birthday_that_moves_to_the_next_year_is_not_two_within_days() {
    let on = json!({"birthday": {}});
    let mut host = host(json!([occasion(on, json!({"again_after_days": 300}))]));
    host.attribute("u1", "birth_date", "1990-12-31");
    host.event("login", "u1", "2025-12-01T10:00:00+08:00", json!({}));
    assert_eq!(given(&mut host, "2025-12-31T00:00:00+08:00"), ["o/2025"]);
    host.attribute("u1", "birth_date", "1990-01-02");
    host.event("login", "u1", "2025-12-31T10:00:00+08:00", json!({}));
    assert_eq!(given(&mut host, "2026-12-31T00:00:00+08:00"), [""; 0]);
    assert_eq!(given(&mut host, "2027-01-02T00:00:00+08:00"), ["o/2027"]);
}

#[test]
fn who_is_asked_by_tags_and_stages() {
    let who = json!({"who": {"tags": ["a", "b"], "without_tags": ["staff"]}});
    let mut host = host(json!([occasion(json!({"segment-entered": "s"}), who)]));
    let not_eligible = (0, Some("not-eligible".to_owned()));
    assert_eq!(enter(&mut host, "2026-03-01T10:00:00+08:00"), not_eligible);
    host.tag("u1", "b").tag("u1", "staff");
    assert_eq!(enter(&mut host, "2026-03-01T10:00:00+08:00"), not_eligible);
    let stage = json!({"who": {"stages": [{"programme": "member", "tier": "gold"}]}});
    let mut host = self::host(json!([occasion(json!({"segment-entered": "s"}), stage)]));
    assert_eq!(enter(&mut host, "2026-03-01T10:00:00+08:00"), not_eligible);
}

#[test]
fn what_has_no_day_is_once_unless_it_may_be_again() {
    let mut host = host(json!([occasion(json!({"segment-entered": "s"}), json!({}))]));
    assert_eq!(enter(&mut host, "2026-03-01T10:00:00+08:00"), (1, None));
    assert_eq!(enter(&mut host, "2036-03-01T10:00:00+08:00"), (0, Some("already".to_owned())));
}

#[test]
fn orders_count_once_and_less_what_is_refunded() {
    let who = json!({"who": {"bought": {"orders_over": 1, "spent_over": 900}}});
    let mut host = host(json!([occasion(json!({"segment-entered": "s"}), who)]));
    let time = "2026-03-01T10:00:00+08:00";
    let mut order = |kind: &str, order: &str, field: &str, minor: i64, currency: &str| {
        let data = json!({"order": order, field: {"minor": minor, "currency": currency}});
        let outcome = host.event(kind, "u1", time, data);
        let orders = State::deserialize(host.state(OwnerKind::Party, "u1")).unwrap().orders;
        (Some(orders.count()), Some(orders.left()), outcome.refused().map(str::to_owned))
    };
    assert_eq!(order("order.paid", "a", "amount", 500, "CNY"), (Some(1), Some(500), None));
    assert_eq!(order("order.paid", "a", "amount", 500, "CNY"), (Some(1), Some(500), None));
    assert_eq!(order("order.paid", "b", "amount", 400, "USD").2.as_deref(), Some("wrong-currency"));
    assert_eq!(order("order.paid", "b", "amount", 400, "CNY"), (Some(2), Some(900), None));
    assert_eq!(order("order.refunded", "a", "remaining", 600, "CNY"), (Some(2), Some(900), None));
    assert_eq!(order("order.refunded", "a", "remaining", 100, "CNY"), (Some(2), Some(500), None));
    assert_eq!(order("order.refunded", "unknown", "remaining", 0, "CNY"), (Some(2), Some(500), None));
    assert_eq!(order("order.refunded", "a", "amount", 100, "CNY"), (Some(1), Some(400), None));
    assert_eq!(order("order.refunded", "a", "amount", 100, "CNY"), (Some(1), Some(400), None));
    for many in 0..40 {
        order("order.paid", &format!("many-{many}"), "amount", 1, "CNY");
    }
    assert_eq!(order("order.refunded", "many-0", "remaining", 0, "CNY"), (Some(40), Some(439), None));
    assert_eq!(enter(&mut host, time), (1, None));
}

#[test]
fn two_states_become_one_with_every_order_once() {
    let state = |json: Value| State::deserialize(json).unwrap();
    let mut one = state(json!({"last": {"o": 5}, "days": {"d": "2026-03-01"}}));
    let mut other = state(json!({"last": {"o": 7}, "days": {"d": "2026-04-01"}}));
    for (order, minor) in [("a", 10), ("b", 20)] {
        one.orders.of(order).pay(minor);
    }
    for (order, minor) in [("b", 20), ("c", 30)] {
        other.orders.of(order).pay(minor);
    }
    let merged = SegmentReward::merge(one, other).unwrap();
    assert_eq!((merged.orders.count(), merged.orders.left()), (3, 60));
    assert_eq!((merged.last["o"], merged.days["d"].to_string().as_str()), (7, "2026-03-01"));
}

#[test]
fn a_follow_up_is_due_once_and_a_sign_from_before_is_none() {
    let follow_up = json!({"after_days": 3, "unless": ["invest-purchased"], "send": [{"template": "again"}]});
    let mut host = host(json!([occasion(json!({"segment-entered": "s"}), json!({"follow_up": follow_up}))]));
    enter(&mut host, "2026-03-02T10:00:00+08:00");
    for (kind, time) in [("login", "2026-03-03T10:00:00+08:00"), ("invest.purchased", "2026-03-02T09:59:59+08:00")] {
        let outcome = host.event(kind, "u1", time, json!({}));
        assert!(outcome.decisions[0].cancelled.is_empty(), "{kind}");
    }
    let outcomes = host.advance("2026-04-02T10:00:00+08:00");
    let keys: Vec<_> = outcomes.iter().flat_map(|one| &one.decisions[0].messages).map(|one| one.key.as_str()).collect();
    assert_eq!(keys, ["o/follow-up/1"]);
}

#[test]
fn parameters_that_make_no_sense_are_named() {
    let segment = || json!({"segment-entered": "s"});
    let with = |on: Value, more: Value| problems(json!([occasion(on, more)]));
    assert_eq!(problems(json!([])), ["/occasions"]);
    assert_eq!(with(segment(), json!({})), [""; 0]);
    assert_eq!(with(segment(), json!({"give": []})), ["/occasions/0"]);
    assert_eq!(with(segment(), json!({"id": "A b"})), ["/occasions/0/id"]);
    assert_eq!(with(json!({"segment-entered": ""}), json!({})), ["/occasions/0/on/segment-entered"]);
    assert_eq!(with(segment(), json!({"again_after_days": 0})), ["/occasions/0/again_after_days"]);
    assert_eq!(with(segment(), json!({"waits_days": 1})), ["/occasions/0/waits_days"]);
    assert_eq!(with(segment(), json!({"give": [{"unit": "gold"}]})), ["/occasions/0/give/0/unit"]);
    assert_eq!(with(segment(), json!({"who": {"bought": {}}})), ["/occasions/0/who/bought"]);
    assert_eq!(with(segment(), json!({"who": {"tags": ["a"], "without_tags": ["a"]}})), ["/occasions/0/who/tags/0"]);
    assert_eq!(with(segment(), json!({"send": [{"template": "a b"}]})), ["/occasions/0/send/0/template"]);
    let nothing = json!({"follow_up": {"after_days": 0, "unless": [], "send": []}});
    let follow_up = ["after_days", "send", "unless"].map(|field| format!("/occasions/0/follow_up/{field}"));
    assert_eq!(with(segment(), nothing), follow_up);
    let points = json!({"give": [{"unit": "points", "quantity": 5}]});
    assert_eq!(with(json!({"monthly": {"day": 8}}), points), ["/occasions/0/give/0/on_shortfall"]);
    for day in [0, 32] {
        assert_eq!(with(json!({"monthly": {"day": day}}), json!({})), ["/occasions/0/on/monthly/day"], "{day}");
    }
    for day in ["02-30", "13-01", "00-10", "1-1", "12/31"] {
        assert_eq!(with(json!({"yearly": {"day": day}}), json!({})), ["/occasions/0/on/yearly/day"], "{day}");
    }
    assert_eq!(with(json!({"yearly": {"day": "02-29"}}), json!({})), [""; 0]);
    assert_eq!(with(json!({"birthday": {"at": "24:00"}}), json!({})), ["/occasions/0/on/birthday/at"]);
    let both = json!({"yearly": {"day": "12-31", "at": "09:00", "by_tenure": true}});
    assert_eq!(with(both, json!({})), ["/occasions/0/on/yearly/at"]);
    let one = occasion(segment(), json!({}));
    assert_eq!(problems(json!([one, one])), ["/occasions/1/id"]);
    // A misspelt field does not pass in silence.
    assert_eq!(with(segment(), json!({"again_after": 7})), ["/occasions/0"]);
}
