//! Rules that one scenario each would be too much for.

use largesse_sdk::{Harness, Policy, Value, json};
use membership::{PaidMembership, Record};

fn pointers(params: Value) -> Vec<String> {
    Harness::<PaidMembership>::problems(params).into_iter().map(|(pointer, _)| pointer).collect()
}

fn right(more: Value) -> Value {
    let mut right = json!({"right": "wash", "gives": [{"unit": "entitlement:wash", "quantity": 1}]});
    if let (Value::Object(right), Value::Object(more)) = (&mut right, more) {
        right.extend(more);
    }
    json!({"programme": "club", "rights": [right]})
}

fn sold(more: Value) -> Value {
    let mut membership = json!({"tier": "member", "plans": [{"plan": "year", "fee": 19_900, "months": 12}]});
    if let (Value::Object(membership), Value::Object(more)) = (&mut membership, more) {
        membership.extend(more);
    }
    json!({"programme": "club", "membership": membership})
}

#[test]
fn parameters_that_contradict_each_other_are_refused() {
    assert_eq!(pointers(json!({"programme": "club"})), [""]);
    assert_eq!(pointers(right(json!({}))), [""; 0]);
    for (more, pointer) in [
        (json!({"right": "Car Wash"}), "/rights/0/right"),
        (json!({"gives": []}), "/rights/0/gives"),
        (json!({"whose": "others", "tiers": ["gold"]}), "/rights/0/tiers"),
        (json!({"trial": {"tier": "member", "days": 7}}), "/rights/0/trial"),
        (json!({"whose": "others", "trial": {"tier": "member", "days": 0}}), "/rights/0/trial/days"),
        (json!({"on_day": 32}), "/rights/0/on_day"),
        (json!({"at_most": {"times": 0, "per": "day"}}), "/rights/0/at_most/times"),
        (json!({"once_per": ["identity"]}), "/rights/0/once_per"),
        (json!({"once_per": ["card", "card"], "at_most": {"times": 1, "per": "day"}}), "/rights/0/once_per"),
        (json!({"voucher": {"off": 200, "minimum": 100}}), "/rights/0/voucher/off"),
        (
            json!({"gives": [{"unit": "growth", "quantity": 1}], "voucher": {"off": 1, "minimum": 1}}),
            "/rights/0/voucher",
        ),
        (json!({"at_most": {"times": 61, "per": "year"}}), "/rights"),
    ] {
        assert_eq!(pointers(right(more.clone())), [pointer], "{more}");
    }
    let plan = |months: u32| json!({"plan": "year", "fee": 1, "months": months});
    for (more, pointer) in [
        (json!({"plans": []}), "/membership/plans"),
        (json!({"plans": [plan(0)]}), "/membership/plans/0/months"),
        (json!({"plans": [plan(1), plan(2)]}), "/membership/plans/1/plan"),
        (json!({"offer": {"popup": "p", "basis_points": 10_000, "within_hours": 1}}), "/membership/offer/basis_points"),
        (json!({"offer": {"popup": "p", "basis_points": 1, "within_hours": 0}}), "/membership/offer/within_hours"),
    ] {
        assert_eq!(pointers(sold(more.clone())), [pointer], "{more}");
    }
}

#[test]
fn a_right_far_from_most_users_is_refused() {
    let mut params = right(json!({"cities": ["Beijing"]}));
    params["users_by_city"] = json!({"Hangzhou": 80, "Beijing": 20});
    assert_eq!(pointers(params.clone()), [""; 0]);
    params["overlap_min"] = json!(5_000);
    assert_eq!(pointers(params.clone()), ["/rights/0/cities"]);
    params["rights"][0]["cities"] = json!(["Hangzhou"]);
    assert_eq!(pointers(params), [""; 0]);
}

#[test]
fn a_day_of_the_month_is_the_last_where_there_is_none() {
    let params = right(json!({"whose": "everybody", "on_day": 31}));
    for (time, refused) in [
        ("2025-02-28T23:59:59+08:00", None),
        ("2024-02-28T10:00:00+08:00", Some("not-today")),
        ("2024-02-29T00:00:00+08:00", None),
        ("2025-12-31T23:59:59+08:00", None),
        ("2026-01-01T00:00:00+08:00", Some("not-today")),
    ] {
        let mut host = Harness::<PaidMembership>::new(params.clone());
        let outcome = host.event("right.claimed", "u1", time, json!({"right": "wash"}));
        assert_eq!(outcome.refused(), refused, "{time}");
    }
}

#[test]
fn plans_and_rights_must_be_known() {
    let mut host = Harness::<PaidMembership>::new(sold(json!({})));
    let time = "2025-03-01T10:00:00+08:00";
    let fee = json!({"minor": 19_900, "currency": "CNY"});
    let bought = host.event("membership.purchased", "u1", time, json!({"membership": "m", "plan": "life", "fee": fee}));
    assert_eq!(bought.refused(), Some("unknown-plan"));
    let renewed = host.event("membership.renewed", "u1", time, json!({"membership": "m"}));
    assert_eq!(renewed.refused(), Some("unknown-plan"));
    let used = host.event("right.used", "u1", time, json!({"right": "wash"}));
    assert_eq!(used.refused(), Some("unknown-right"));
    let quoted = host.quote("fee", "u1", time, json!({"plan": "life"}));
    assert_eq!(quoted.unwrap_err().code, "unknown-plan");
}

#[test]
fn what_is_not_used_up_cannot_be_used() {
    let params = right(json!({"gives": [{"unit": "growth", "quantity": 1}]}));
    let mut host = Harness::<PaidMembership>::new(params);
    let used = host.event("right.used", "u1", "2025-03-01T10:00:00+08:00", json!({"right": "wash"}));
    assert_eq!(used.refused(), Some("nothing-to-use"));
}

#[test]
fn two_customers_become_one_with_what_either_has() {
    let record = |value: Value| -> Record { serde::Deserialize::deserialize(value).unwrap() };
    let kept = record(json!({
        "terms": [{"membership": "m2", "bought": "2025-03-01", "months": 12}], "offered": 9,
        "claimed": {"wash": [{"period": "2025", "claims": ["b"]}]},
    }));
    let joined = record(json!({
        "terms": [{"membership": "m1", "bought": "2025-01-01", "months": 1}], "offered": 5,
        "claimed": {"wash": [{"period": "2025", "claims": ["a", "b"]}]},
    }));
    let one = PaidMembership::merge(kept, joined).unwrap();
    assert_eq!(one.terms.iter().map(|term| term.membership.as_str()).collect::<Vec<_>>(), ["m1", "m2"]);
    assert_eq!(
        (one.offered, one.claimed["wash"][0].claims.as_slice()),
        (Some(5), &["a".to_owned(), "b".to_owned()][..])
    );
}
