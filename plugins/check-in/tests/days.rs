//! Days, streaks, totals, plans and make-up days.

use check_in::CheckIn;
use largesse_sdk::{Chance, Date, Harness, json};

type Host = Harness<CheckIn>;

/// Nine o'clock on a day of March 2026.
fn march(day: u8) -> String {
    format!("2026-03-{day:02}T09:00:00+08:00")
}

fn check_in(host: &mut Host, customer: &str, day: u8) -> largesse_sdk::Outcome {
    host.event("checked_in", customer, &march(day), json!({}))
}

fn daily(daily: largesse_sdk::Value) -> Host {
    Host::new(json!({ "daily": daily }))
}

#[test]
fn a_streak_pays_on_its_seventh_day_and_begins_again_after_a_gap() {
    let mut host = daily(json!({
        "on": ["checked-in"],
        "rewards": [{"unit": "points", "quantity": 5}],
        "streaks": [{"days": 7, "every": true, "rewards": [{"unit": "points", "quantity": 20}]}]
    }));
    for day in 1..=6 {
        assert_eq!(check_in(&mut host, "u1", day).grants().len(), 1);
    }
    let seventh = check_in(&mut host, "u1", 7);
    assert_eq!(seventh.grants(), [("u1", "day/20519", "points", 5), ("u1", "streak/20513/7", "points", 20)]);
    assert_eq!(host.balance("u1", "points"), 55);
    assert_eq!(check_in(&mut host, "u1", 7).refused(), Some("already-checked-in"));
    for day in 9..=14 {
        assert_eq!(check_in(&mut host, "u1", day).grants().len(), 1);
    }
    assert_eq!(check_in(&mut host, "u1", 15).grants()[1].1, "streak/20521/7");
}

#[test]
fn midnight_is_that_of_the_campaigns_zone() {
    let mut host = daily(json!({"on": ["login"], "rewards": [{"unit": "points", "quantity": 10}]}));
    for (time, paid) in [
        ("2026-03-01T23:59:59+08:00", 10),
        ("2026-03-02T00:00:01+08:00", 20),
        ("2026-03-02T15:59:59Z", 20),
        ("2026-03-02T16:00:00Z", 30),
    ] {
        host.event("login", "u1", time, json!({}));
        assert_eq!(host.balance("u1", "points"), paid, "{time}");
    }
}

#[test]
fn the_order_of_days_does_not_change_what_they_pay() {
    let rules = json!({
        "on": ["checked-in"],
        "rewards": [{"unit": "points", "quantity": 1}],
        "streaks": [
            {"days": 3, "every": true, "rewards": [{"unit": "points", "quantity": 100}]},
            {"days": 7, "every": true, "rewards": [{"unit": "growth", "quantity": 1}]}
        ],
        "totals": [{"id": "ten", "within": "month", "days": 10, "rewards": [{"unit": "coupon:ten", "quantity": 1}]}]
    });
    let days = [1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 14, 20, 21, 22, 23, 24, 25, 26];
    let paid = |order: &[u8]| {
        let mut host = daily(rules.clone());
        for day in order {
            let outcome = check_in(&mut host, "u1", *day);
            assert!(outcome.decisions[0].skipped.is_empty(), "a key was asked for twice: {outcome:?}");
        }
        ["points", "growth", "coupon:ten"].map(|unit| host.balance("u1", unit))
    };
    let in_order = paid(&days);
    // Runs of 8, 3, 1 and 7 days: 2 + 1 + 0 + 2 threes, 1 + 0 + 0 + 1 sevens.
    assert_eq!(in_order, [19 + 500, 2, 1]);
    for seed in 0..100 {
        let mut chance = Chance::new(seed);
        let mut shuffled = days;
        for last in (1..shuffled.len()).rev() {
            let other = chance.below(u64::try_from(last + 1).unwrap());
            shuffled.swap(last, usize::try_from(other).unwrap());
        }
        assert_eq!(paid(&shuffled), in_order, "{shuffled:?}");
    }
}

#[test]
fn a_once_only_streak_bonus_is_not_paid_again_by_joining() {
    let mut host = daily(json!({
        "on": ["checked-in"],
        "streaks": [{"days": 3, "rewards": [{"unit": "points", "quantity": 20}]}]
    }));
    for day in [1, 2, 3, 5, 6, 7, 4, 8, 9] {
        check_in(&mut host, "u1", day);
    }
    assert_eq!(host.balance("u1", "points"), 40);
}

#[test]
fn nineteen_distinct_days_in_a_month_qualify() {
    let mut host = daily(json!({
        "on": ["payment-offline-succeeded"],
        "least_amount": 100,
        "totals": [{"id": "nineteen", "within": "month", "days": 19,
                    "rewards": [{"unit": "entitlement:pool-share", "quantity": 1}]}]
    }));
    let pay = |host: &mut Host, customer: &str, day: u8, minor: i64| {
        let data = json!({"merchant": "m1", "amount": {"minor": minor, "currency": "CNY"}});
        host.event("payment.offline_succeeded", customer, &march(day), data)
    };
    for day in 1..=19 {
        pay(&mut host, "u1", day, 1_000);
        pay(&mut host, "u1", day, 1_000);
    }
    assert_eq!(host.balance("u1", "entitlement:pool-share"), 1);
    for day in 1..=18 {
        pay(&mut host, "u2", day, 1_000);
    }
    assert_eq!(pay(&mut host, "u2", 19, 99).refused(), Some("amount-too-small"));
    host.event(
        "payment.offline_succeeded",
        "u2",
        "2026-04-01T09:00:00+08:00",
        json!({"merchant": "m1", "amount": {"minor": 1_000, "currency": "CNY"}}),
    );
    assert_eq!(host.balance("u2", "entitlement:pool-share"), 0);
}

#[test]
fn a_plan_begins_with_the_first_day_and_allows_its_misses() {
    let rules = |misses: u32| {
        json!({
            "on": ["task-completed"],
            "plans": [{"id": "p", "days": 5, "allowed_misses": misses, "rewards": [{"unit": "points", "quantity": 1}]}]
        })
    };
    let paid = |misses: u32, days: &[u8]| {
        let mut host = daily(rules(misses));
        for day in days {
            host.event("task.completed", "u1", &march(*day), json!({"task": "run"}));
        }
        host.balance("u1", "points")
    };
    assert_eq!(paid(0, &[3, 4, 5, 6, 7]), 1);
    assert_eq!(paid(0, &[3, 4, 5, 6, 8, 9, 10]), 0);
    assert_eq!(paid(1, &[3, 4, 5, 7, 8, 9]), 1);
    assert_eq!(paid(1, &[7, 3, 4, 6]), 1);
}

#[test]
fn missed_days_can_be_made_up_for_within_limits() {
    let mut host = daily(json!({
        "on": ["checked-in"],
        "rewards": [{"unit": "points", "quantity": 5}],
        "streaks": [{"days": 3, "rewards": [{"unit": "points", "quantity": 20}]}],
        "make_up": {"per_month": 2, "within_days": 7}
    }))
    .open_between("2026-03-01T00:00:00+08:00", None);
    let made_up = |host: &mut Host, day: u8, date: &str| {
        let outcome = host.event("checked_in", "u1", &march(day), json!({"makeup_for": date}));
        outcome.refused().map(str::to_owned)
    };
    check_in(&mut host, "u1", 2);
    check_in(&mut host, "u1", 4);
    assert_eq!(made_up(&mut host, 4, "2026-03-04").as_deref(), Some("already-checked-in"));
    assert_eq!(made_up(&mut host, 4, "2026-03-05").as_deref(), Some("make-up-not-past"));
    assert_eq!(made_up(&mut host, 4, "2026-02-28").as_deref(), Some("make-up-too-old"));
    assert_eq!(made_up(&mut host, 4, "2026-03-32").as_deref(), Some("bad-event-data"));
    assert_eq!(made_up(&mut host, 4, "2026-03-03"), None);
    assert_eq!(host.balance("u1", "points"), 30, "the made-up day completes the streak and pays nothing itself");
    assert_eq!(made_up(&mut host, 4, "2026-03-01"), None);
    check_in(&mut host, "u1", 10);
    assert_eq!(made_up(&mut host, 10, "2026-03-09").as_deref(), Some("no-make-ups-left"));
    let april = host.event("checked_in", "u1", "2026-04-01T09:00:00+08:00", json!({"makeup_for": "2026-03-31"}));
    assert_eq!(april.refused(), None);
}

#[test]
fn a_day_of_long_ago_is_refused_and_old_days_still_count_in_the_campaign() {
    let mut host = daily(json!({
        "on": ["order-paid"],
        "totals": [{"id": "three", "within": "campaign", "days": 3, "rewards": [{"unit": "points", "quantity": 1}]}]
    }));
    let buy = |host: &mut Host, time: &str| {
        let data = json!({"order": "o", "amount": {"minor": 0, "currency": "CNY"}, "quantity": 1});
        host.event("order.paid", "u1", time, data).refused().map(str::to_owned)
    };
    assert_eq!(buy(&mut host, "2024-01-01T12:00:00+08:00"), None);
    assert_eq!(buy(&mut host, "2026-01-01T12:00:00+08:00"), None);
    assert_eq!(buy(&mut host, "2024-01-02T12:00:00+08:00").as_deref(), Some("too-late"));
    assert_eq!(buy(&mut host, "2026-01-02T12:00:00+08:00"), None);
    assert_eq!(host.balance("u1", "points"), 1);
    assert_eq!(Date::parse("2026-01-01").unwrap().month_key(), "2026-01");
}
