//! Rules that one scenario each would be too much for.

use largesse_sdk::{Date, Harness, OwnerKind, Policy, Value, json};
use tiers::{Member, Tiers};

fn held(days: u32, more: Value) -> Value {
    let mut params = json!({
        "programme": "club",
        "tiers": [{"name": "gold", "from": 1_000}, {"name": "platinum", "from": 10_000}],
        "metric": {"held": {"days": days, "without": ["A1"]}},
        "service": "real-time",
    });
    if let (Value::Object(params), Value::Object(more)) = (&mut params, more) {
        params.extend(more);
    }
    params
}

fn pointers(params: Value) -> Vec<String> {
    Harness::<Tiers>::problems(params).into_iter().map(|(pointer, _)| pointer).collect()
}

fn snapshot(host: &mut Harness<Tiers>, day: &str, minor: i64) -> Vec<Option<String>> {
    let amount = json!({"minor": minor, "currency": "CNY"});
    let outcome = host.event(
        "balance.snapshot",
        "u1",
        &format!("{day}T23:59:00+08:00"),
        json!({"day": day, "outstanding": amount}),
    );
    outcome.decisions.into_iter().flat_map(|decided| decided.placed).map(|placement| placement.tier).collect()
}

#[test]
fn parameters_that_contradict_each_other_are_refused() {
    assert_eq!(pointers(held(30, json!({}))), [""; 0]);
    for (more, pointer) in [
        (json!({"programme": "Club!"}), "/programme"),
        (json!({"tiers": []}), "/tiers"),
        (json!({"tiers": [{"name": "gold", "from": 10}, {"name": "silver", "from": 10}]}), "/tiers/1/from"),
        (json!({"tiers": [{"name": "gold", "from": 10}, {"name": "gold", "from": 20}]}), "/tiers/1/name"),
        (json!({"tiers": [{"name": "all", "from": 0}]}), "/tiers/0/from"),
        (json!({"metric": {"held": {"days": 0}}}), "/metric/held/days"),
        (json!({"metric": {"held": {"days": 367}}}), "/metric/held/days"),
        (json!({"service": {"periodic": {"days": 0}}}), "/service/periodic/days"),
        (json!({"service": {"growth": {"days": 3_661}}}), "/service/growth/days"),
        (json!({"metric": "growth", "service": {"periodic": {"days": 365}}}), "/service"),
        (json!({"tiers": [{"name": "gold", "from": 10, "keep": 5}]}), "/tiers/0/keep"),
        (json!({"messages": {"notice": {"template": "soon", "days_before": 30}}}), "/messages/notice/days_before"),
        (json!({"messages": {"left": "Left!"}}), "/messages/left"),
        (json!({"gifts_again_after_days": 4_000}), "/gifts_again_after_days"),
    ] {
        let found = pointers(held(30, more.clone()));
        assert!(found.contains(&pointer.to_owned()), "{more}: {found:?}");
    }
    let monthly = |unit: Value| json!({"tiers": [{"name": "gold", "from": 10, "monthly": unit}]});
    let boost = json!([{"unit": "rate-boost:deposit", "basis_points": 50}]);
    assert_eq!(pointers(held(30, monthly(boost))), ["/tiers/0/monthly/0/unit"]);
    let twice = json!([{"unit": "points", "quantity": 1}, {"unit": "points", "quantity": 2}]);
    assert_eq!(pointers(held(30, monthly(twice))), ["/tiers/0/monthly/1/unit"]);
    let kept = json!({"metric": "growth", "service": {"growth": {"days": 365}}, "tiers": [{"name": "gold", "from": 10, "keep": 11}]});
    assert_eq!(pointers(held(30, kept)), ["/tiers/0/keep"]);
}

#[test]
fn a_rise_over_all_tiers_asks_for_no_more_than_may_be_asked_for() {
    let points = |count: u64| (1..=count).map(|_| json!({"unit": "points", "quantity": 1})).collect::<Vec<_>>();
    let tiers = |count: u64| (1..=count).map(|n| json!({"name": format!("t{n}"), "from": n, "upgrade": points(3)}));
    let mut all = held(1, json!({"tiers": tiers(12).collect::<Vec<_>>(), "step_by_step": true}));
    all["service"] = json!({"periodic": {"days": 365}});
    all["messages"] = json!({"placed": "placed", "notice": {"template": "soon", "days_before": 30}});
    all["tiers"][0]["join"] = all["tiers"][0]["upgrade"].take();
    all["tiers"][0]["upgrade"] = json!([]);
    let outcome = {
        let mut host = Harness::<Tiers>::new(all.clone());
        let amount = json!({"minor": 12, "currency": "CNY"});
        host.event(
            "balance.snapshot",
            "u1",
            "2025-01-01T23:59:00+08:00",
            json!({"day": "2025-01-01", "outstanding": amount}),
        )
    };
    let decided = &outcome.decisions[0];
    let effects = decided.placed.len()
        + decided.measured.len()
        + decided.given.len()
        + decided.messages.len()
        + decided.scheduled.len();
    assert_eq!(effects, 12 + 12 + 36 + 1 + 2);
    all["tiers"][0]["upgrade"] = json!(points(1));
    assert_eq!(pointers(all), ["/tiers"]);
    let many =
        held(1, json!({"tiers": tiers(13).map(|mut tier| { tier["upgrade"] = json!([]); tier }).collect::<Vec<_>>()}));
    assert_eq!(pointers(many), ["/tiers"]);
}

#[test]
fn a_tier_of_nothing_is_for_everybody_who_registers() {
    let growth = json!({
        "metric": "growth",
        "service": {"growth": {}},
        "tiers": [{"name": "ordinary", "from": 0, "join": [{"unit": "points", "quantity": 5}]}, {"name": "gold", "from": 10}],
    });
    let mut host = Harness::<Tiers>::new(held(1, growth));
    let first = host.event("user.registered", "u1", "2025-01-01T10:00:00+08:00", json!({}));
    assert_eq!(first.grants(), [("u1", "join/2025-01-01", "points", 5)]);
    let again = host.event("user.registered", "u1", "2025-01-01T11:00:00+08:00", json!({}));
    assert!(again.grants().is_empty() && again.decisions[0].placed.is_empty());
}

#[test]
fn a_late_day_fills_the_gap_that_it_left() {
    let mut host = Harness::<Tiers>::new(held(3, json!({})));
    let gold = || vec![Some("gold".to_owned())];
    assert!(snapshot(&mut host, "2025-01-01", 1_000).is_empty());
    assert!(snapshot(&mut host, "2025-01-03", 9_999).is_empty());
    assert_eq!(snapshot(&mut host, "2025-01-02", 1_000), gold());
    // A day of which nothing is known is not a day on which it was held.
    assert_eq!(snapshot(&mut host, "2025-01-05", 1_000), [None]);
}

#[test]
fn who_falls_out_of_one_tier_can_stay_in_a_lower_one() {
    let mut host = Harness::<Tiers>::new(held(2, json!({})));
    snapshot(&mut host, "2025-01-01", 10_000);
    assert_eq!(snapshot(&mut host, "2025-01-02", 10_000), [Some("platinum".to_owned())]);
    assert_eq!(snapshot(&mut host, "2025-01-03", 1_000), [Some("gold".to_owned())]);
    assert_eq!(snapshot(&mut host, "2025-01-04", 999), [None]);
}

#[test]
fn a_year_of_changing_balances_stays_small() {
    let mut host = Harness::<Tiers>::new(held(366, json!({})));
    let first = Date::parse("2024-01-01").unwrap();
    for day in 0..800 {
        let balance = if day % 2 == 0 { 1_000 } else { 10_000 };
        snapshot(&mut host, &Date(first.0 + day).to_string(), balance);
    }
    // The harness fails above 16 KiB; a balance within one tier is a single run.
    let runs = |host: &Harness<Tiers>| host.state(OwnerKind::Party, "u1")["held"].as_array().map(Vec::len);
    assert_eq!(runs(&host), Some(366));
    let mut steady = Harness::<Tiers>::new(held(366, json!({})));
    for day in 0..800 {
        snapshot(&mut steady, &Date(first.0 + day).to_string(), 1_000 + i64::from(day));
    }
    assert_eq!(runs(&steady), Some(1));
}

#[test]
fn a_timer_of_a_cycle_that_was_begun_anew_does_nothing() {
    let mut host = Harness::<Tiers>::new(held(1, json!({"service": {"periodic": {"days": 10}}})));
    snapshot(&mut host, "2025-01-01", 1_000);
    snapshot(&mut host, "2025-01-05", 10_000);
    // Set again, the timer is put to its new time: there is one.
    assert_eq!(host.timers().len(), 1);
    assert!(host.advance("2025-01-14T00:00:00+08:00").is_empty());
    let over = host.advance("2025-01-15T00:00:00+08:00");
    assert_eq!(over.len(), 1);
    assert_eq!(host.state(OwnerKind::Party, "u1")["tier"], Value::Null);
}

#[test]
fn two_customers_become_one_with_what_either_has() {
    let member = |value: Value| -> Member { serde::Deserialize::deserialize(value).unwrap() };
    let kept = member(json!({"held": [[1, 3, 10]], "gifts": {"join": "2025-01-01"}, "growth_before": 5}));
    let joined = member(json!({
        "tier": "gold", "ends": "2026-01-01", "held": [[3, 5, 99]], "growth_before": 7,
        "gifts": {"join": "2025-06-01", "upgrade/gold": "2025-02-01"},
        "month": {"month": "2025-06", "given": {"points": 3}},
    }));
    let one = json!(Tiers::merge(kept, joined).unwrap());
    assert_eq!(
        one,
        json!({
            "tier": "gold", "ends": "2026-01-01", "held": [[1, 3, 10], [4, 5, 99]], "growth_before": 12,
            "gifts": {"join": "2025-06-01", "upgrade/gold": "2025-02-01"},
            "month": {"month": "2025-06", "given": {"points": 3}},
        })
    );
}
