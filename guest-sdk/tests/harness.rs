//! The harness does what the host would.

mod probe;

use largesse_sdk::{Dimension, Harness, OwnerKind, json};
use probe::Probe;

const AT: &str = "2026-03-01T09:00:00+08:00";

fn host() -> Harness<Probe> {
    Harness::new(json!({"quantity": 5}))
}

#[test]
fn a_key_is_granted_once_for_each_customer() {
    let mut host = host();
    let act = json!({"act": "grant", "key": "k"});
    assert_eq!(host.event("acted", "u1", AT, &act).grants(), [("u1", "k", "points", 5)]);
    let again = host.event("acted", "u1", AT, &act);
    assert_eq!(again.decisions[0].skipped, [("k".to_owned(), "already-granted")]);
    assert_eq!(host.event("acted", "u2", AT, &act).grants().len(), 1);
    assert_eq!(host.state(OwnerKind::Party, "u1"), json!({"seen": 2}));
}

#[test]
fn each_subscription_with_an_owner_decides() {
    let mut host = host();
    host.invited("boss", "u1");
    let outcome = host.event("acted", "u1", AT, json!({"act": "grant", "key": "k"}));
    let owners: Vec<_> = outcome.decisions.iter().map(|one| (one.subscription.as_str(), one.owner.as_str())).collect();
    assert_eq!(owners, [("acted", "u1"), ("invited", "boss")]);
    assert_eq!((host.balance("u1", "points"), host.balance("boss", "points")), (5, 5));
    host.event("team.acted", "u1", AT, json!({"act": "grant", "key": "t", "team": "t1", "members": ["u2"]}));
    assert_eq!(host.state(OwnerKind::Entity, "t1"), json!({"seen": 1}));
    assert!(host.event("team.acted", "u1", AT, json!({"act": "grant"})).decisions.is_empty(), "no team, no decision");
}

#[test]
fn a_claim_held_by_another_denies_everything() {
    let mut host = host();
    for customer in ["u1", "u2"] {
        host.identifier(customer, Dimension::Device, "phone");
    }
    let act = json!({"act": "claim", "key": "k"});
    assert_eq!(host.event("acted", "u1", AT, &act).denied(), None);
    let other = host.event("acted", "u2", AT, &act);
    assert_eq!((other.denied(), other.grants().len()), (Some("claim-taken"), 0));
    assert_eq!(host.state(OwnerKind::Party, "u2"), json!(null));
}

#[test]
fn grants_are_taken_back_by_key_and_by_what_they_are_about() {
    let mut host = host();
    host.event("acted", "u1", AT, json!({"act": "grant", "key": "k", "about": "loan"}));
    let part = host.event("acted", "u1", AT, json!({"act": "take-key", "key": "k"}));
    assert_eq!(part.revoked(), [("u1", "points", 3)]);
    host.event("acted", "u1", AT, json!({"act": "take-about", "about": "loan"}));
    assert_eq!(host.balance("u1", "points"), 0);
    host.event("acted", "u1", AT, json!({"act": "take-about", "about": "early"}));
    let late = host.event("acted", "u1", AT, json!({"act": "grant", "key": "late", "about": "early"}));
    assert_eq!(late.decisions[0].skipped, [("late".to_owned(), "cancelled-before")]);
}

#[test]
fn a_raise_stops_at_its_ceiling() {
    let mut host = host();
    host.attribute("u1", "credit_limit", 1_200);
    let mut raise = |key: &str| host.event("acted", "u1", AT, json!({"act": "raise", "key": key})).grants().len();
    assert_eq!([raise("a"), raise("b"), raise("c")], [1, 1, 0]);
    assert_eq!(host.balance("u1", "credit-limit:CNY"), 800);
}

#[test]
#[should_panic(expected = "nobody was not shown")]
fn a_grant_to_a_stranger_is_a_breach() {
    host().event("acted", "u1", AT, json!({"act": "stranger", "key": "k"}));
}

#[test]
#[should_panic(expected = "does not declare Cash")]
fn an_undeclared_class_is_a_breach() {
    host().event("acted", "u1", AT, json!({"act": "undeclared", "key": "k"}));
}

#[test]
fn bad_data_and_bad_parameters_say_where() {
    let outcome = host().event("acted", "u1", AT, json!({"act": 5}));
    let refusal = outcome.decisions[0].refusal.as_ref().unwrap();
    assert_eq!(refusal.code, "bad-event-data");
    assert!(refusal.message.contains("invalid type: integer `5`, expected a string"), "{refusal}");
    let problems = Harness::<Probe>::problems(json!({"quantity": -1}));
    assert_eq!(problems, [("/quantity".to_owned(), "-1 is less than the minimum of 0".to_owned())]);
}

#[test]
fn timers_go_off_once_in_order_and_for_their_owner() {
    let mut host = host();
    host.invited("boss", "u1");
    let remind = |key: &str| json!({"act": "remind", "key": key});
    host.event("acted", "u1", "2026-03-01T09:01:00+08:00", remind("b"));
    host.event("acted", "u1", AT, remind("a"));
    assert_eq!(host.timers().len(), 4, "two owners, two names: {:?}", host.timers());
    assert!(host.advance("2026-03-01T09:00:59+08:00").is_empty());
    let notes = |outcomes: Vec<largesse_sdk::Outcome>| -> Vec<String> {
        outcomes.iter().flat_map(|outcome| &outcome.decisions).map(|decided| decided.note.clone()).collect()
    };
    assert_eq!(notes(host.advance("2026-03-02T09:00:00+08:00")), ["a of boss", "a of u1", "b of boss", "b of u1"]);
    assert!(host.advance("2026-03-03T09:00:00+08:00").is_empty());
}

#[test]
fn timers_are_replaced_cancelled_and_bounded() {
    let mut host = host();
    let act = |act: &str, key: &str| json!({"act": act, "key": key});
    host.event("acted", "u1", AT, act("remind", "a"));
    let replaced = host.event("acted", "u1", "2026-03-01T10:00:00+08:00", act("remind", "a"));
    assert_eq!(replaced.decisions[0].scheduled.len(), 1);
    assert!(host.advance("2026-03-01T09:30:00+08:00").is_empty(), "it was put to a later time");
    assert_eq!(host.event("acted", "u1", AT, act("forget", "a")).decisions[0].cancelled, ["a"]);
    let again = host.event("acted", "u1", AT, act("forget", "a"));
    assert_eq!(again.decisions[0].skipped, [("a".to_owned(), "no-such-timer")]);
    for number in 0..16 {
        host.event("acted", "u1", AT, act("remind", &format!("t{number}")));
    }
    let more = host.event("acted", "u1", AT, act("remind", "more"));
    assert_eq!(more.decisions[0].skipped, [("more".to_owned(), "too-many-timers")]);
}

#[test]
fn a_timer_set_because_of_a_timer_leaves_a_minute() {
    let mut host = host();
    host.event("team.acted", "u1", AT, json!({"act": "remind", "key": "a", "about": "again", "team": "t1"}));
    assert_eq!(host.advance("2026-03-01T09:01:30+08:00").len(), 1);
    let [(owner, name, due)] = host.timers()[..] else { panic!("{:?}", host.timers()) };
    assert_eq!((owner, name, due % 3_600_000), ("t1", "a", 120_000));
}

/// What was reserved, committed and released, and what was skipped for which reason.
fn held(outcome: &largesse_sdk::Outcome) -> (Vec<u64>, Vec<u64>, Vec<u64>, Vec<&'static str>) {
    let decided = &outcome.decisions[0];
    let amounts = |list: &[largesse_sdk::Given]| list.iter().map(|one| one.quantity).collect();
    let skipped = decided.skipped.iter().map(|(_, reason)| *reason).collect();
    (amounts(&decided.reserved), amounts(&decided.committed), amounts(&decided.released), skipped)
}

#[test]
fn what_is_reserved_is_used_returned_or_times_out() {
    let mut host = host();
    let mut act = |act: &str, key: &str, time: &str| {
        let outcome = host.event("acted", "u1", time, json!({"act": act, "key": key}));
        (held(&outcome), host.balance("u1", "points"))
    };
    act("grant", "given", AT);
    assert_eq!(act("reserve", "a", AT), ((vec![3], vec![], vec![], vec![]), 2));
    assert_eq!(act("reserve", "a", AT), ((vec![], vec![], vec![], vec!["already-reserved"]), 2));
    assert_eq!(act("reserve-some", "b", AT), ((vec![2], vec![], vec![], vec![]), 0));
    assert_eq!(act("reserve-some", "c", AT), ((vec![], vec![], vec![], vec!["insufficient-balance"]), 0));
    assert_eq!(act("use", "a", AT), ((vec![], vec![3], vec![], vec![]), 0));
    assert_eq!(act("return", "b", AT), ((vec![], vec![], vec![2], vec![]), 2));
    assert_eq!(act("return", "b", AT), ((vec![], vec![], vec![], vec!["nothing-to-settle"]), 2));
    assert_eq!(act("reserve-some", "d", AT), ((vec![2], vec![], vec![], vec![]), 0));
    assert_eq!(act("use", "d", "2026-03-01T09:01:00+08:00"), ((vec![], vec![], vec![], vec!["timed-out"]), 2));
}

#[test]
fn what_has_to_be_reserved_or_settled_denies_everything_else() {
    let mut host = host();
    let poor = host.event("acted", "u1", AT, json!({"act": "reserve", "key": "a"}));
    assert_eq!(poor.denied(), Some("insufficient-balance"));
    let unpaid = host.event("acted", "u1", AT, json!({"act": "buy", "key": "a"}));
    assert_eq!((unpaid.denied(), unpaid.grants().len()), (Some("nothing-to-settle"), 0));
    assert_eq!((host.balance("u1", "points"), host.state(OwnerKind::Party, "u1")), (0, json!(null)));
    host.event("acted", "u1", AT, json!({"act": "grant", "key": "given"}));
    host.event("acted", "u1", AT, json!({"act": "reserve", "key": "a"}));
    let paid = host.event("acted", "u1", AT, json!({"act": "buy", "key": "a"}));
    assert_eq!((paid.denied(), paid.grants().len(), host.balance("u1", "points")), (None, 1, 3));
}

#[test]
fn a_grant_is_pending_until_it_is_settled_or_its_hold_is_over() {
    let mut host = host();
    for (act, key) in [("hold", "a"), ("void", "b"), ("void", "c"), ("hold", "d"), ("void", "e")] {
        host.event("acted", "u1", AT, json!({"act": act, "key": key}));
    }
    assert_eq!(host.balance("u1", "points"), 0);
    let mut settle = |act: &str, key: &str| {
        let outcome = host.event("acted", "u1", AT, json!({"act": act, "key": key}));
        (held(&outcome).3, host.balance("u1", "points"))
    };
    assert_eq!(settle("give", "b"), (vec![], 5));
    assert_eq!(settle("give", "b"), (vec!["nothing-to-settle"], 5));
    assert_eq!(settle("drop", "d"), (vec![], 5));
    assert_eq!(settle("drop", "e"), (vec![], 5));
    host.advance("2026-03-01T09:01:00+08:00");
    assert_eq!(host.balance("u1", "points"), 10, "a is given, c is taken back");
    let late = host.event("acted", "u1", "2026-03-01T09:02:00+08:00", json!({"act": "give", "key": "c"}));
    assert_eq!(held(&late).3, ["timed-out"]);
}

#[test]
#[should_panic(expected = "growth is not used up")]
fn what_is_not_used_up_cannot_be_reserved() {
    host().event("acted", "u1", AT, json!({"act": "reserve-growth", "key": "k"}));
}
