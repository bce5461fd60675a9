//! Rules, tested natively: `cargo test` needs no WebAssembly. The harness plays the host.

use largesse_sdk::{Dimension, Harness, Outcome, OwnerKind, Value, json};
use referral::Referral;

const TIME: &str = "2026-03-01T10:00:00+08:00";

fn params() -> Value {
    json!({
        "inviter": {"unit": "cash:CNY", "quantity": 1_000},
        "invitee": {"unit": "coupon:welcome", "quantity": 1},
        "invitees": 2,
    })
}

/// A host where `ann` has invited each of these, who have a device of their own.
fn invited(invitees: &[&str]) -> Harness<Referral> {
    let mut host = Harness::<Referral>::new(params());
    for invitee in invitees {
        host.invited("ann", invitee).identifier(invitee, Dimension::Device, invitee);
    }
    host
}

fn order(host: &mut Harness<Referral>, customer: &str, order: &str) -> Outcome {
    host.event("order.paid", customer, TIME, json!({"order": order, "amount": {"minor": 5_000, "currency": "CNY"}}))
}

#[test]
fn both_are_rewarded_for_the_first_order() {
    let mut host = invited(&["bob"]);
    let both = [("ann", "invitee/bob", "cash:CNY", 1_000), ("bob", "invited", "coupon:welcome", 1)];
    assert_eq!(order(&mut host, "bob", "o1").grants(), both);
    assert_eq!(order(&mut host, "bob", "o2").grants(), []);
    assert_eq!(host.state(OwnerKind::Party, "ann"), json!({"invitees": ["bob"]}));
    // Nobody invited zoe, so nobody decides.
    assert!(order(&mut host, "zoe", "o3").decisions.is_empty());
}

#[test]
fn so_many_invitees_are_rewarded() {
    let mut host = invited(&["bob", "cyd", "dan"]);
    order(&mut host, "bob", "o1");
    order(&mut host, "cyd", "o2");
    assert_eq!(order(&mut host, "dan", "o3").refused(), Some("enough-invitees"));
    assert_eq!(host.balance("ann", "cash:CNY"), 2_000);
}

#[test]
fn one_device_is_one_invitee() {
    let mut host = invited(&["bob"]);
    host.invited("ann", "bob-again").identifier("bob-again", Dimension::Device, "bob");
    order(&mut host, "bob", "o1");
    assert!(order(&mut host, "bob-again", "o2").denied().is_some());
    assert_eq!(host.balance("bob-again", "coupon:welcome"), 0);
}

#[test]
fn a_refund_takes_back_from_both() {
    let mut host = invited(&["bob"]);
    order(&mut host, "bob", "o1");
    let in_part = json!({"order": "o1", "remaining": {"minor": 1, "currency": "CNY"}});
    assert_eq!(host.event("order.refunded", "bob", TIME, in_part).revoked(), []);
    let taken = [("ann", "cash:CNY", 1_000), ("bob", "coupon:welcome", 1)];
    assert_eq!(host.event("order.refunded", "bob", TIME, json!({"order": "o1"})).revoked(), taken);
    assert_eq!(order(&mut host, "bob", "o2").grants(), [], "an invitee counts once");
}

#[test]
fn parameters_that_make_no_sense_are_named() {
    assert!(Harness::<Referral>::problems(params()).is_empty());
    let wrong = json!({
        "inviter": {"unit": "gold", "quantity": 1}, "invitee": {"unit": "points", "quantity": 0}, "invitees": 51,
    });
    let problems = Harness::<Referral>::problems(wrong);
    let pointers: Vec<&str> = problems.iter().map(|(pointer, _)| pointer.as_str()).collect();
    assert_eq!(pointers, ["/invitee/quantity", "/invitees", "/inviter/unit"]);
}
