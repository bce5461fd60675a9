//! Rules that one scenario each would be too much for.

use largesse_sdk::{Harness, OwnerKind, Policy, Value, json};
use lifecycle::{Clock, Lifecycle};

fn host(more: Value) -> Harness<Lifecycle> {
    let mut params = json!({"warn_days": 15, "warning": {"template": "warn"}});
    if let (Value::Object(params), Value::Object(more)) = (&mut params, more) {
        params.extend(more);
    }
    let mut host = Harness::new(params);
    host.attribute("u1", "outstanding", 500);
    host
}

fn repaid(host: &mut Harness<Lifecycle>, time: &str) {
    host.event("repayment.received", "u1", time, json!({"holding": "h"}));
}

/// The stages moved into until then.
fn stages(host: &mut Harness<Lifecycle>, until: &str) -> Vec<String> {
    let outcomes = host.advance(until);
    let placed = outcomes.iter().flat_map(|one| &one.decisions).flat_map(|one| &one.placed);
    placed.filter_map(|placement| placement.tier.clone()).collect()
}

#[test]
fn days_are_those_of_the_calendar() {
    // A second before midnight and one after it are a day apart, and February is as long as it is.
    for (repayment, churned) in [
        ("2024-01-30T23:59:59+08:00", "2024-02-29T00:00:00+08:00"),
        ("2024-01-31T00:00:00+08:00", "2024-03-01T00:00:00+08:00"),
        ("2025-12-31T23:59:59+08:00", "2026-01-30T00:00:00+08:00"),
    ] {
        let mut host = host(json!({}));
        host.attribute("u1", "outstanding", 0);
        repaid(&mut host, repayment);
        let due = host.timers()[0].2;
        assert_eq!(stages(&mut host, churned), ["churned"], "{repayment}");
        assert!(host.timers().is_empty() && due % 86_400_000 == 57_600_000, "midnight of the zone");
    }
}

#[test]
fn what_is_done_on_day_30_counts_and_the_day_before_not() {
    for (login, stage) in [("2025-01-30T23:59:59+08:00", "dormant"), ("2025-01-31T00:00:00+08:00", "pre-churn")] {
        let mut host = host(json!({}));
        repaid(&mut host, "2025-01-01T10:00:00+08:00");
        host.event("login", "u1", login, json!({}));
        assert_eq!(stages(&mut host, "2025-02-15T00:00:00+08:00"), [stage], "{login}");
    }
}

#[test]
fn what_does_not_count_as_an_operation_is_not_noted() {
    let mut host = host(json!({"operations": ["invest-redeemed"]}));
    repaid(&mut host, "2025-01-01T10:00:00+08:00");
    host.event("login", "u1", "2025-02-01T10:00:00+08:00", json!({}));
    assert_eq!(stages(&mut host, "2025-02-15T00:00:00+08:00"), ["dormant"]);
}

#[test]
fn late_events_move_nobody_back() {
    let mut host = host(json!({}));
    repaid(&mut host, "2025-01-01T10:00:00+08:00");
    assert_eq!(stages(&mut host, "2025-02-15T00:00:00+08:00"), ["dormant"]);
    // A login of before the sleep, and an investment of before the repayment.
    let late = host.event("login", "u1", "2025-02-14T10:00:00+08:00", json!({}));
    assert!(late.decisions[0].placed.is_empty());
    let early = host.event("invest.purchased", "u1", "2024-12-31T10:00:00+08:00", json!({}));
    assert!(early.decisions[0].placed.is_empty());
    // The investment that was made in time, told of late, makes up for it.
    let made = host.event("invest.purchased", "u1", "2025-01-20T10:00:00+08:00", json!({}));
    assert_eq!(made.decisions[0].placed[0].tier.as_deref(), Some("active"));
}

#[test]
fn a_later_repayment_begins_the_days_again() {
    let mut host = host(json!({}));
    repaid(&mut host, "2025-01-01T10:00:00+08:00");
    repaid(&mut host, "2025-01-20T10:00:00+08:00");
    assert_eq!(stages(&mut host, "2025-03-05T23:59:59+08:00"), [""; 0]);
    assert_eq!(stages(&mut host, "2025-03-06T00:00:00+08:00"), ["dormant"]);
    assert_eq!(host.state(OwnerKind::Party, "u1")["runs"], json!(true));
}

#[test]
fn of_two_clocks_the_later_one_goes_on() {
    let clock = |since, operated| Clock { since, runs: since > 1, operated };
    assert_eq!(Lifecycle::merge(clock(1, Some(9)), clock(2, None)).unwrap(), clock(2, Some(9)));
    assert_eq!(Lifecycle::merge(clock(2, Some(3)), clock(1, Some(4))).unwrap(), clock(2, Some(4)));
}

#[test]
fn parameters_that_make_no_sense_are_named() {
    let problems = |params: Value| -> Vec<String> {
        Harness::<Lifecycle>::problems(params).into_iter().map(|(pointer, _)| pointer).collect()
    };
    assert_eq!(problems(json!({"warn_days": 15})), [""; 0]);
    assert_eq!(problems(json!({})), [""]);
    assert_eq!(problems(json!({"warn_days": 0, "quiet_days": 0})), ["/quiet_days", "/warn_days"]);
    assert_eq!(problems(json!({"warn_days": 15, "operations": []})), ["/operations"]);
    assert_eq!(problems(json!({"warn_days": 15, "programme": "A b"})), ["/programme"]);
    let warning = json!({"template": "", "channels": ["a b"]});
    assert_eq!(problems(json!({"warn_days": 15, "warning": warning})), ["/warning/channels/0", "/warning/template"]);
}
