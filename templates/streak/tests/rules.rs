//! Rules, tested natively: `cargo test` needs no WebAssembly. The harness plays the host.

use largesse_sdk::{Harness, Outcome, Value, json};
use streak::Streaks;

fn params() -> Value {
    json!({
        "daily": {"unit": "points", "quantity": 5},
        "streaks": [{"days": 3, "reward": {"unit": "coupon:regular", "quantity": 1}}],
    })
}

fn check_in(host: &mut Harness<Streaks>, day: &str) -> Outcome {
    host.event("checked_in", "u1", &format!("{day}T10:00:00+08:00"), json!({}))
}

#[test]
fn days_in_a_row_bring_more() {
    let mut host = Harness::<Streaks>::new(params());
    assert_eq!(check_in(&mut host, "2026-03-01").grants(), [("u1", "day/2026-03-01", "points", 5)]);
    check_in(&mut host, "2026-03-02");
    let third = check_in(&mut host, "2026-03-03");
    assert_eq!(third.grants()[1..], [("u1", "streak/3", "coupon:regular", 1)]);
    check_in(&mut host, "2026-03-04");
    assert_eq!((host.balance("u1", "points"), host.balance("u1", "coupon:regular")), (20, 1));
}

#[test]
fn a_day_counts_once() {
    let mut host = Harness::<Streaks>::new(params());
    check_in(&mut host, "2026-03-01");
    assert_eq!(check_in(&mut host, "2026-03-01").refused(), Some("counted-already"));
    assert_eq!(host.balance("u1", "points"), 5);
}

#[test]
fn a_late_day_joins_the_days_around_it() {
    let mut host = Harness::<Streaks>::new(params());
    check_in(&mut host, "2026-03-01");
    check_in(&mut host, "2026-03-03");
    assert_eq!(host.balance("u1", "coupon:regular"), 0);
    check_in(&mut host, "2026-03-02");
    assert_eq!(host.balance("u1", "coupon:regular"), 1);
    assert_eq!(check_in(&mut host, "2025-11-22").refused(), Some("too-late"));
}

#[test]
fn parameters_that_make_no_sense_are_named() {
    assert!(Harness::<Streaks>::problems(params()).is_empty());
    let one = json!({"days": 1, "reward": {"unit": "points", "quantity": 0}});
    let wrong = json!({"daily": {"unit": "gold", "quantity": 5}, "streaks": [one]});
    let problems = Harness::<Streaks>::problems(wrong);
    let pointers: Vec<&str> = problems.iter().map(|(pointer, _)| pointer.as_str()).collect();
    assert_eq!(pointers, ["/daily/unit", "/streaks/0/days", "/streaks/0/reward/quantity"]);
}
