//! Rules that one scenario each would be too much for.

use largesse_sdk::{Harness, OwnerKind, Policy, Value, json};
use tally::{State, Tally};

const TIME: &str = "2026-03-01T10:00:00+08:00";

fn pointers(params: &Value) -> Vec<String> {
    Harness::<Tally>::problems(params).into_iter().map(|(pointer, _)| pointer).collect()
}

fn loan(amount: i64) -> Value {
    json!({"loan": "l", "amount": {"minor": amount, "currency": "CNY"}})
}

/// What was counted: measure, label, by how much.
fn counted(host: &mut Harness<Tally>, kind: &str, data: Value) -> Vec<(String, String, u64)> {
    let outcome = host.event(kind, "u1", TIME, data);
    let measured = outcome.decisions.iter().flat_map(|decided| &decided.measured);
    measured.map(|one| (one.name.clone(), one.label.clone(), one.by)).collect()
}

#[test]
fn contradicting_parameters_are_named() {
    for (count, wrong) in [
        (json!({"measure": "A", "on": "user-registered"}), "measure"),
        (json!({"measure": "a", "on": "user-registered", "by": "channel", "label": "x"}), "label"),
        (json!({"measure": "a", "on": "user-registered", "amount": true}), "amount"),
        (json!({"measure": "a", "id": "", "on": "user-registered"}), "id"),
    ] {
        assert_eq!(pointers(&json!({"counts": [count]})), [format!("/counts/0/{wrong}")], "{count}");
    }
    for (mark, wrong) in [
        (json!({"tag": "t"}), "facts"),
        (json!({"tag": "t", "facts": {"revenue": {}}}), "facts"),
        (json!({"tag": "t", "facts": {"revenue": {"at_least": 2, "at_most": 1}}}), "facts"),
        (json!({"tag": "t", "loans": {"at_least": 0, "within_days": 1}}), "loans/at_least"),
        (json!({"tag": "t", "loans": {"at_least": 101, "within_days": 1}}), "loans/at_least"),
        (json!({"tag": "t", "loans": {"at_least": 1, "within_days": 1}, "unless": "later"}), "unless"),
        (json!({"tag": "a b", "loans": {"at_least": 1, "within_days": 1}}), "tag"),
    ] {
        assert_eq!(pointers(&json!({"marks": [mark]})), [format!("/marks/0/{wrong}")], "{mark}");
    }
    let first = json!({"measure": "a", "on": "user-registered", "first": true});
    assert_eq!(pointers(&json!({"counts": [first, first]})), ["/counts/1/id"]);
    assert_eq!(pointers(&json!({})), [""]);
}

#[test]
fn amounts_and_labels_come_from_the_event() {
    let mut host = Harness::<Tally>::new(json!({"counts": [
        {"measure": "lent", "on": "loan-drawn", "amount": true},
        {"measure": "loans", "on": "loan-drawn", "by": "loan"},
        {"measure": "first", "on": "loan-drawn", "first": true, "label": "any"},
    ]}));
    let row = |measure: &str, label: &str, by| (measure.to_owned(), label.to_owned(), by);
    let all = counted(&mut host, "loan.drawn", loan(500));
    assert_eq!(all, [row("lent", "", 500), row("loans", "l", 1), row("first", "any", 1)]);
    assert_eq!(counted(&mut host, "loan.drawn", loan(0)), [row("loans", "l", 1)], "nothing is not counted");
    assert_eq!(host.event("loan.drawn", "u1", TIME, loan(-1)).refused(), Some("bad-amount"));
}

#[test]
fn two_who_turn_out_to_be_one_are_first_once_and_bring_their_loans() {
    let mut host = Harness::<Tally>::new(json!({
        "counts": [{"measure": "first", "on": "loan-drawn", "first": true}],
        "marks": [{"tag": "t", "loans": {"at_least": 100, "within_days": 30}}],
    }));
    for _ in 0..120 {
        host.event("loan.drawn", "u1", TIME, loan(1));
    }
    let state: State =
        serde::Deserialize::deserialize(host.state(OwnerKind::Party, "u1")).expect("the policy wrote it");
    assert_eq!(state.loans.len(), 100);
    let both = Tally::merge(state.clone(), state).unwrap();
    assert_eq!((both.loans.len(), both.counted.len()), (100, 1));
    assert_eq!(host.event("month.closed", "u1", TIME, json!({"month": "2026-02"})).tags(), [("u1", "t", true)]);
}
