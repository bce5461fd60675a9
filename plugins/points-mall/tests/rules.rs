//! Rules that one scenario each would be too much for.

use largesse_sdk::{Harness, OwnerKind, Policy, Value, json};
use points_mall::{Memory, PointsMall};

fn pointers(params: Value) -> Vec<String> {
    Harness::<PointsMall>::problems(params).into_iter().map(|(pointer, _)| pointer).collect()
}

fn item(more: Value) -> Value {
    let mut item = json!({"item": "cup", "gives": [{"unit": "item:cup", "quantity": 1}], "price": {"points": 10}});
    if let (Value::Object(item), Value::Object(more)) = (&mut item, more) {
        item.extend(more);
    }
    json!({ "items": [item] })
}

#[test]
fn parameters_that_contradict_each_other_are_refused() {
    assert_eq!(pointers(item(json!({}))), [""; 0]);
    for (more, pointer) in [
        (json!({"gives": []}), "/items/0/gives"),
        (json!({"gives": [{"unit": "item:cup", "quantity": 1, "on_shortfall": "skip"}]}), "/items/0/gives"),
        (json!({"price": {}}), "/items/0/price"),
        (json!({"price": null}), "/items/0/price"),
        (json!({"from": "2025-02-02", "to": "2025-02-01"}), "/items/0/to"),
        (json!({"tiers": {"gold": {"points": 1}}}), "/programme"),
    ] {
        assert_eq!(pointers(item(more.clone())), [pointer], "{more}");
    }
    assert_eq!(pointers(item(json!({"from": "2025-02-29"}))), ["/items/0/from"], "there is no such day");
    assert_eq!(pointers(json!({"programme": "club"})), ["/programme"]);
    assert_eq!(pointers(json!({"programme": "club", "discounts": {"gold": 10_001}})), ["/discounts/gold"]);
    assert_eq!(pointers(json!({"earn": {"unit": "cash:CNY", "quantity": 1, "per": 0}})), ["/earn/per", "/earn/unit"]);
    let twice = item(json!({}))["items"][0].clone();
    assert_eq!(pointers(json!({"items": [twice, twice]})), ["/items/1/item"]);
}

fn redeem(host: &mut Harness<PointsMall>, quantity: u64) -> (Option<String>, Option<&'static str>) {
    let data = json!({"item": "cup", "quantity": quantity});
    let outcome = host.event("redemption.requested", "u1", "2026-03-01T10:00:00+08:00", data);
    (outcome.refused().map(str::to_owned), outcome.denied())
}

#[test]
fn more_than_can_be_counted_is_too_many() {
    let mut host =
        Harness::<PointsMall>::new(item(json!({"gives": [{"unit": "item:cup", "quantity": 1_000_000_000}]})));
    assert_eq!(redeem(&mut host, 1_000_000_000), (Some("too-many".to_owned()), None));
    assert_eq!(redeem(&mut host, 1), (None, Some("insufficient-balance")));
    let boost = json!([{"unit": "rate-boost:deposit", "basis_points": 50}]);
    let mut host = Harness::<PointsMall>::new(item(json!({"gives": boost})));
    assert_eq!(redeem(&mut host, 2), (Some("too-many".to_owned()), None));
    let mut host = Harness::<PointsMall>::new(item(json!({"price": {"points": 1_000_000_000_000_000_u64}})));
    assert_eq!(redeem(&mut host, 2), (Some("bad-amount".to_owned()), None));
}

#[test]
fn points_in_a_request_must_be_what_it_costs() {
    let mut host = Harness::<PointsMall>::new(item(json!({})));
    let data = json!({"item": "cup", "price": 9});
    let outcome = host.event("redemption.requested", "u1", "2026-03-01T10:00:00+08:00", data);
    assert_eq!(outcome.refused(), Some("wrong-price"));
}

#[test]
fn what_is_not_set_up_does_nothing() {
    let mut host = Harness::<PointsMall>::new(item(json!({})));
    let amount = json!({"minor": 9_990, "currency": "CNY"});
    for (kind, data) in [
        ("order.paid", json!({"order": "o1", "amount": amount})),
        ("order.refunded", json!({"order": "o1"})),
        ("withdrawal.made", json!({"amount": amount})),
    ] {
        let outcome = host.event(kind, "u1", "2026-03-01T10:00:00+08:00", data);
        assert!(outcome.grants().is_empty() && outcome.refused().is_none(), "{kind}");
    }
    assert_eq!(host.state(OwnerKind::Party, "u1"), Value::Null);
    assert_eq!(host.quote("fee", "u1", "2026-03-01T10:00:00+08:00", json!({})).unwrap()["fee"], 0);
}

#[test]
fn money_of_another_country_is_not_taken() {
    let mut host = Harness::<PointsMall>::new(json!({"earn": {"quantity": 1, "per": 100}}));
    let data = json!({"order": "o1", "amount": {"minor": 9_990, "currency": "USD"}});
    let outcome = host.event("order.paid", "u1", "2026-03-01T10:00:00+08:00", data);
    assert_eq!(outcome.refused(), Some("wrong-currency"));
}

#[test]
fn two_customers_become_one_with_the_withdrawals_of_both() {
    let memory = |value: Value| -> Memory { serde::Deserialize::deserialize(value).unwrap() };
    let kept = memory(json!({"withdrawals": ["2026-03", 2]}));
    let joined = memory(json!({"withdrawals": ["2026-03", 1]}));
    let one = PointsMall::merge(kept, joined).unwrap();
    assert_eq!(one.withdrawals, Some(("2026-03".to_owned(), 3)));
}

fn cny(minor: i64) -> Value {
    json!({"minor": minor, "currency": "CNY"})
}

#[test]
fn an_order_is_one_order_and_a_refund_one_refund_in_any_order() {
    let paid = ("order.paid", "2026-03-01", json!({"order": "o1", "amount": cny(10_000)}));
    let refund = |day: &'static str, data: Value| ("order.refunded", day, data);
    let told = [
        paid.clone(),
        paid,
        refund("2026-03-02", json!({"order": "o1", "refund": "r1", "amount": cny(3_333)})),
        refund("2026-03-03", json!({"order": "o1", "refund": "r1", "amount": cny(3_333)})),
        refund("2026-03-04", json!({"order": "o1", "amount": cny(3_333)})),
        refund("2026-03-04", json!({"order": "o1", "amount": cny(3_333)})),
        refund("2026-03-05", json!({"order": "o1", "amount": cny(1), "remaining": cny(3_333)})),
    ];
    for turn in 0..told.len() {
        let mut told = told.clone();
        told.rotate_left(turn);
        for reversed in [false, true] {
            if reversed {
                told.reverse();
            }
            let mut host = Harness::<PointsMall>::new(json!({"earn": {"quantity": 1, "per": 100}}));
            for (kind, day, data) in &told {
                host.event(kind, "u1", &format!("{day}T10:00:00+08:00"), data);
            }
            assert_eq!(host.balance("u1", "points"), 33, "{turn} {reversed}");
        }
    }
}

#[test]
fn many_orders_of_one_customer_are_all_remembered() {
    let mut host = Harness::<PointsMall>::new(json!({"earn": {"quantity": 1, "per": 100}}));
    let order = |number: u32| format!("o{number}");
    for number in 0..500 {
        let data = json!({"order": order(number), "amount": cny(1_000)});
        host.event("order.paid", "u1", "2026-03-01T10:00:00+08:00", data);
    }
    for number in 0..500 {
        let outcome = host.event("order.refunded", "u1", "2026-03-02T10:00:00+08:00", json!({"order": order(number)}));
        assert_eq!(outcome.revoked(), [("u1", "points", 10)], "{number}");
    }
    assert_eq!(host.balance("u1", "points"), 0);
}
