//! Rules that one scenario each would be too much for.

use invite_for_credit::InviteForCredit;
use largesse_sdk::{Harness, OwnerKind, Value, json};

const TIME: &str = "2026-03-01T10:00:00+08:00";

fn points(quantity: u64) -> Value {
    json!([{"unit": "points", "quantity": quantity}])
}

fn register(host: &mut Harness<InviteForCredit>, customer: &str) -> Vec<(String, String, u64)> {
    let outcome = host.event("user.registered", customer, TIME, json!({}));
    outcome.grants().into_iter().map(|(to, key, _, quantity)| (to.to_owned(), key.to_owned(), quantity)).collect()
}

fn given(to: &str, key: &str, quantity: u64) -> (String, String, u64) {
    (to.to_owned(), key.to_owned(), quantity)
}

#[test]
fn a_chain_is_rewarded_two_inviters_deep() {
    let mut host = Harness::<InviteForCredit>::new(
        json!({"success": "user-registered", "inviter": points(20), "indirect": points(10)}),
    );
    host.invited("A", "B").invited("B", "C").invited("C", "D");
    assert_eq!(register(&mut host, "A"), []);
    assert_eq!(register(&mut host, "B"), [given("A", "invitee/B", 20)]);
    assert_eq!(register(&mut host, "D"), [given("C", "invitee/D", 20), given("B", "indirect/D", 10)]);
}

#[test]
fn an_overdue_inviter_gets_nothing_and_everyone_else_does() {
    let mut host = Harness::<InviteForCredit>::new(json!({
        "success": "user-registered", "withhold_when_overdue": true,
        "inviter": points(1), "invitee": points(2), "indirect": points(3), "ladder": [{"at": 2, "gifts": points(9)}],
    }));
    host.invited("A", "B").invited("B", "C").invited("B", "D").attribute("B", "overdue", true);
    assert_eq!(register(&mut host, "C"), [given("C", "invited", 2), given("A", "indirect/C", 3)]);
    host.attribute("B", "overdue", false).attribute("A", "overdue", true);
    let expected = [given("B", "invitee/D", 1), given("B", "ladder/2", 9), given("D", "invited", 2)];
    assert_eq!(register(&mut host, "D"), expected, "the success while overdue counted towards the ladder");
}

#[test]
fn a_flag_takes_back_from_everyone_and_clearing_gives_again() {
    let mut host = Harness::<InviteForCredit>::new(json!({
        "success": "user-registered", "inviter": [
            {"unit": "points", "quantity": 1}, {"unit": "growth", "quantity": 4},
        ],
        "invitee": points(2), "indirect": points(3), "ladder": [{"at": 1, "gifts": points(9)}],
    }));
    host.invited("A", "B").invited("B", "C");
    register(&mut host, "C");
    let flagged = host.event("risk.flagged", "C", TIME, json!({}));
    let taken = [("B", "points", 1), ("B", "growth", 4), ("A", "points", 3), ("B", "points", 9), ("C", "points", 2)];
    assert_eq!(flagged.revoked(), taken);
    assert_eq!(host.event("risk.cleared", "C", TIME, json!({})).grants().len(), 5);
    assert!(host.event("risk.cleared", "C", TIME, json!({})).grants().is_empty(), "cleared once");
    assert_eq!((host.balance("B", "points"), host.balance("B", "growth")), (10, 4));
    // Flagged and cleared before any success: as if nothing had been.
    host.invited("B", "E");
    host.event("risk.flagged", "E", TIME, json!({}));
    host.event("risk.cleared", "E", TIME, json!({}));
    assert_eq!(register(&mut host, "E").len(), 4);
}

#[test]
fn a_thousand_invitees_are_counted() {
    let mut host = Harness::<InviteForCredit>::new(json!({"success": "user-registered", "inviter": points(1)}));
    for number in 0..1_001 {
        host.invited("A", &format!("u{number}"));
    }
    for number in 0..1_000 {
        assert_eq!(register(&mut host, &format!("u{number}")).len(), 1, "{number}");
    }
    let outcome = host.event("user.registered", "u1000", TIME, json!({}));
    assert_eq!(outcome.refused(), Some("too-many-invitees"));
    assert!(host.state(OwnerKind::Party, "A").to_string().len() <= 16 * 1024);
}

#[test]
fn a_grade_that_leaves_nothing_gives_nothing() {
    let mut host = Harness::<InviteForCredit>::new(json!({
        "success": "user-registered", "inviter": points(1), "grades": [{"from": 2, "percent": 40}, {"from": 3, "percent": 150}],
    }));
    host.invited("A", "B").invited("A", "C").invited("A", "D");
    assert_eq!(register(&mut host, "B"), [given("A", "invitee/B", 1)]);
    assert_eq!(register(&mut host, "C"), []);
    assert_eq!(register(&mut host, "D"), [given("A", "invitee/D", 2)], "1.5 is rounded up");
}

#[test]
fn one_loan_can_be_the_success_and_earn_a_commission() {
    let mut host = Harness::<InviteForCredit>::new(json!({
        "success": "loan-drawn", "inviter": points(1), "commission": {"unit": "cash:CNY", "basis_points": 1000, "at_most": 500},
    }));
    host.invited("A", "B");
    let loan = |id: &str| {
        let amount = json!({"minor": 100_000, "currency": "CNY"});
        json!({"loan": id, "amount": amount, "service_fee": {"minor": 12_000, "currency": "CNY"}})
    };
    let first = host.event("loan.drawn", "B", TIME, loan("l/1"));
    assert_eq!(first.grants(), [("A", "invitee/B", "points", 1), ("A", "commission/l:2f1", "cash:CNY", 500)]);
    let second = host.event("loan.drawn", "B", TIME, loan("l2"));
    assert_eq!(second.grants(), [("A", "commission/l2", "cash:CNY", 500)]);
    let cancelled = host.event("loan.cancelled", "B", TIME, json!({"loan": "l/1"}));
    assert_eq!(cancelled.revoked(), [("A", "points", 1), ("A", "cash:CNY", 500)]);
}

#[test]
fn parameters_that_make_no_sense_are_named() {
    let problems = |params: Value| -> Vec<String> {
        Harness::<InviteForCredit>::problems(params).into_iter().map(|(pointer, _)| pointer).collect()
    };
    assert_eq!(problems(json!({"success": "user-registered"})), [""; 0]);
    assert_eq!(problems(json!({"success": "user-registered", "invter": []})), [""]);
    assert_eq!(
        problems(json!({"success": "user-registered", "inviter": [{"unit": "points"}]})),
        ["/inviter/0/quantity"]
    );
    let boost = json!([{"unit": "rate-boost:x", "basis_points": 1}]);
    assert_eq!(problems(json!({"success": "user-registered", "joiner": boost})), ["/joiner/0/unit"]);
    let many: Vec<Value> = vec![json!({"unit": "points", "quantity": 1}); 9];
    assert_eq!(problems(json!({"success": "user-registered", "indirect": many})), ["/indirect"]);
    let ladder = json!([{"at": 3, "gifts": []}, {"at": 3, "gifts": []}]);
    assert_eq!(problems(json!({"success": "user-registered", "ladder": ladder})), ["/ladder/1/at"]);
    let commission = json!({"unit": "credit-limit:CNY", "basis_points": 0});
    let expected = ["/commission/basis_points", "/commission/unit"];
    assert_eq!(problems(json!({"success": "user-registered", "commission": commission})), expected);
}
