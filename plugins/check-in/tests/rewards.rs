//! The chest, tasks, spending, milestones, and what `check` refuses.

use check_in::CheckIn;
use largesse_sdk::{Harness, Policy, UnitClass, Value, json};

type Host = Harness<CheckIn>;

fn at(day: u8) -> String {
    format!("2026-03-{day:02}T09:00:00+08:00")
}

fn buy(host: &mut Host, customer: &str, order: &str, minor: i64) -> largesse_sdk::Outcome {
    let data = json!({"order": order, "amount": {"minor": minor, "currency": "CNY"}});
    host.event("order.paid", customer, &at(1), data)
}

#[test]
fn the_chest_opens_once_a_week_after_a_check_in() {
    let mut host = Host::new(json!({
        "daily": {"on": ["checked-in"], "rewards": [{"unit": "points", "quantity": 5}]},
        "chest": {"range": {"unit": "growth", "from": 1, "to": 100}}
    }));
    // 2 March 2026 is a Monday.
    assert_eq!(host.event("chest.opened", "u1", &at(2), json!({})).refused(), Some("not-enough-check-ins"));
    host.event("checked_in", "u1", &at(2), json!({}));
    let opened = host.event("chest.opened", "u1", &at(3), json!({}));
    let [(_, key, unit, quantity)] = opened.grants()[..] else { panic!("one prize: {opened:?}") };
    assert_eq!((key, unit), ("chest/2026-w10", "growth"));
    assert!((1..=100).contains(&quantity), "{quantity}");
    assert_eq!(host.event("chest.opened", "u1", &at(8), json!({})).refused(), Some("chest-already-opened"));
    assert_eq!(host.event("chest.opened", "u1", &at(9), json!({})).refused(), Some("not-enough-check-ins"));
    host.event("checked_in", "u1", &at(9), json!({}));
    assert_eq!(host.event("chest.opened", "u1", &at(9), json!({})).grants()[0].1, "chest/2026-w11");
}

#[test]
fn prizes_come_by_weight_and_may_be_blank() {
    let mut host = Host::new(json!({"chest": {"needs_days": 0, "prizes": [
        {"weight": 1, "rewards": [{"unit": "item:phone", "quantity": 1}]},
        {"weight": 3, "rewards": []}
    ]}}));
    let opened = (0..400).map(|n| host.event("chest.opened", &format!("u{n}"), &at(2), json!({})));
    let won = opened.filter(|outcome| !outcome.grants().is_empty()).count();
    assert!((70..130).contains(&won), "{won} of 400");
}

#[test]
fn tasks_have_caps() {
    let mut host = Host::new(json!({"tasks": [
        {"id": "profile", "on": "user-profile-completed", "once": true,
         "rewards": [{"unit": "growth", "quantity": 200}]},
        {"id": "share", "on": "share-performed", "per_day": 2, "rewards": [{"unit": "growth", "quantity": 10}]},
        {"id": "friend", "on": "friend-user-registered", "rewards": [{"unit": "growth", "quantity": 300}]},
        {"id": "walk", "on": "task-completed", "task": "walk", "once": true,
         "rewards": [{"unit": "growth", "quantity": 1}]}
    ]}));
    host.event("user.profile_completed", "u1", &at(1), json!({}));
    let again = host.event("user.profile_completed", "u1", &at(2), json!({}));
    assert_eq!((again.refused(), host.balance("u1", "growth")), (Some("task-already-done"), 200));

    let keys: Vec<_> = [1, 1, 2].map(|day| host.event("share.performed", "u1", &at(day), json!({}))).to_vec();
    assert_eq!(keys[1].grants()[0].1, "task/share/20513/n2");
    assert_eq!(keys[2].grants()[0].1, "task/share/20514/n1");
    assert_eq!(host.event("share.performed", "u1", &at(1), json!({})).refused(), Some("daily-cap-reached"));

    host.invited("u1", "u2").invited("u1", "u3");
    for friend in ["u2", "u3"] {
        let registered = host.event("user.registered", friend, &at(2), json!({"inviter": "u1"}));
        assert_eq!(registered.grants()[0].0, "u1");
    }
    assert_eq!(host.event("task.completed", "u1", &at(1), json!({"task": "run"})).grants(), []);
    assert_eq!(host.event("task.completed", "u1", &at(1), json!({"task": "walk"})).grants().len(), 1);
    assert_eq!(host.balance("u1", "growth"), 200 + 30 + 600 + 1);
}

#[test]
fn spending_earns_more_from_the_third_purchase_on_and_silver_comes_with_enough() {
    let mut host = Host::new(json!({
        "spend": {"on": ["order-paid"], "unit": "growth", "minor_per_unit": 100,
                  "boosts": [{"from_purchase": 3, "basis_points": 12_000}]},
        "milestones": [{"id": "silver", "unit": "growth", "at": 150, "tag": "silver",
                        "rewards": [{"unit": "coupon:silver", "quantity": 1}]}]
    }));
    assert_eq!(buy(&mut host, "u1", "o1", 2_999).grants(), [("u1", "spend/order/o1", "growth", 29)]);
    assert_eq!(buy(&mut host, "u1", "o/2", 99).grants(), []);
    let third = buy(&mut host, "u1", "o/3", 10_000);
    assert_eq!(third.grants(), [("u1", "spend/order/o:2f3", "growth", 120)]);
    assert_eq!(third.tags(), []);
    let fourth = buy(&mut host, "u1", "o4", 100);
    assert_eq!(fourth.tags(), [("u1", "silver", true)]);
    assert_eq!(fourth.grants()[1], ("u1", "milestone/silver", "coupon:silver", 1));
    assert_eq!(buy(&mut host, "u1", "o5", 100).tags(), []);
}

#[test]
fn money_of_another_currency_is_refused() {
    let params = json!({"spend": {"on": ["order-paid"], "unit": "points", "minor_per_unit": 100}});
    let mut host = Host::new(params).currency("USD");
    assert_eq!(buy(&mut host, "u1", "o1", 100).refused(), Some("wrong-currency"));
}

#[test]
fn one_event_may_do_several_things() {
    let mut host = Host::new(json!({
        "daily": {"on": ["order-paid"], "rewards": [{"unit": "points", "quantity": 1}]},
        "spend": {"on": ["order-paid"], "unit": "points", "minor_per_unit": 100}
    }));
    assert_eq!(buy(&mut host, "u1", "o1", 500).grants().len(), 2);
    let same_day = buy(&mut host, "u1", "o2", 500);
    assert_eq!((same_day.refused(), same_day.grants().len()), (None, 1));
}

#[test]
fn parameters_that_make_no_sense_are_refused_with_their_place() {
    let points = json!([{"unit": "points", "quantity": 1}]);
    let cases: [(Value, &str); 12] = [
        (json!({"daily": {}}), "/daily"),
        (json!({"daily": {"on": ["chest-opened"]}}), "/daily/on/0"),
        (json!({"daily": {"on": ["login"], "rewards": [{"unit": "gold"}]}}), "/daily/rewards/0/unit"),
        (json!({"daily": {"on": ["login"], "streaks": [{"days": 1, "rewards": points}]}}), "/daily/streaks/0/days"),
        (
            json!({"daily": {"on": ["login"],
                "totals": [{"id": "t", "within": "week", "days": 8, "rewards": points}]}}),
            "/daily/totals/0/days",
        ),
        (
            json!({"daily": {"on": ["login"],
                "plans": [{"id": "p", "days": 3, "allowed_misses": 3, "rewards": points}]}}),
            "/daily/plans/0/allowed_misses",
        ),
        (json!({"chest": {"needs_days": 0}}), "/chest"),
        (json!({"chest": {"range": {"unit": "points", "from": 1, "to": 2}}}), "/chest/needs_days"),
        (json!({"tasks": [{"id": "A", "on": "login", "rewards": points}]}), "/tasks/0/id"),
        (json!({"spend": {"on": ["login"], "unit": "points", "minor_per_unit": 1}}), "/spend/on/0"),
        (json!({"milestones": [{"id": "m", "unit": "cash:CNY", "at": 1}]}), "/milestones/0/unit"),
        (json!({"chests": {}}), ""),
    ];
    for (params, pointer) in cases {
        let problems = Host::problems(&params);
        let pointers: Vec<_> = problems.iter().map(|(pointer, _)| pointer.as_str()).collect();
        assert_eq!(pointers, [pointer], "{params}: {problems:?}");
    }
}

#[test]
fn the_manifest_declares_what_is_used() {
    let manifest = CheckIn::manifest();
    assert_eq!((manifest.name.as_str(), manifest.state_reads.as_slice()), ("check-in", [1].as_slice()));
    assert_eq!(manifest.unit_classes, UnitClass::ALL);
    let on_register = manifest.subscriptions.iter().filter(|one| one.kind == "user.registered").count();
    assert_eq!(on_register, 2, "for the customer and for the inviter");
}
