//! Rules that one scenario each would be too much for.

use largesse_sdk::{Harness, OwnerKind, Policy, Value, json};
use recognition::{Recognition, State};

fn day(day: u32) -> String {
    format!("2026-03-{day:02}T10:00:00+08:00")
}

fn cny(minor: i64) -> Value {
    json!({"minor": minor, "currency": "CNY"})
}

fn pointers(params: &Value) -> Vec<String> {
    Harness::<Recognition>::problems(params).into_iter().map(|(pointer, _)| pointer).collect()
}

#[test]
fn contradicting_parameters_are_named() {
    let step = |at: u64| json!([{"at": at, "title": "t"}]);
    for (honour, wrong) in [
        (json!({"id": "a", "on": "content-featured"}), "each"),
        (json!({"id": "a", "on": "content-featured", "steps": step(0)}), "steps/0/at"),
        (json!({"id": "a", "on": "content-featured", "steps": [{"at": 1}]}), "steps/0/gifts"),
        (
            json!({"id": "a", "on": "content-featured", "steps": [{"at": 2, "title": "t"}, {"at": 2, "title": "u"}]}),
            "steps/1/at",
        ),
        (json!({"id": "a", "on": "task-completed", "of": ["x"], "steps": step(2)}), "steps"),
        (json!({"id": "a", "on": "loan-repaid", "of": ["x"], "steps": step(1)}), "of"),
        (json!({"id": "a", "on": "task-completed", "falls": true, "steps": step(1)}), "falls"),
        (json!({"id": "a", "on": "task-completed", "min_amount": 1, "steps": step(1)}), "on"),
        (json!({"id": "A", "on": "task-completed", "steps": step(1)}), "id"),
        (json!({"id": "a", "on": "task-completed", "steps": [{"at": 1, "title": "a b"}]}), "steps/0/title"),
        (
            json!({"id": "a", "on": "task-completed", "each": [{"unit": "rate-boost:x", "basis_points": 1}]}),
            "each/0/unit",
        ),
    ] {
        assert_eq!(pointers(&json!({"honours": [honour]})), [format!("/honours/0/{wrong}")], "{honour}");
    }
    let many = json!({"id": "a", "on": "content-featured", "falls": true, "steps": step(61)});
    assert_eq!(pointers(&json!({"honours": [many]})), ["/honours"], "more than a state can hold");
    let twice = json!({"id": "a", "on": "content-featured", "steps": step(1)});
    assert_eq!(pointers(&json!({"honours": [twice, twice]})), ["/honours/1/id"]);
    assert_eq!(pointers(&json!({})), [""]);
    assert_eq!(pointers(&json!({"selected": {"gifts": []}})), ["/selected/gifts"]);
    assert_eq!(pointers(&json!({"poster": {"source_tag": ""}})), ["/poster/source_tag"]);
    assert_eq!(pointers(&json!({"board": {"programme": "p", "places": 65}})), ["/board/places"]);
}

#[test]
fn two_who_turn_out_to_be_one_reach_with_the_next_deed_what_they_have_together() {
    let params = json!({"honours": [{"id": "a", "on": "task-completed", "steps": [{"at": 3, "title": "t"}]}]});
    let mut host = Harness::<Recognition>::new(params);
    let mut state = |customer: &str, task: &str| -> State {
        host.event("task.completed", customer, &day(1), json!({"task": task}));
        serde::Deserialize::deserialize(host.state(OwnerKind::Party, customer)).expect("the policy wrote it")
    };
    state("u1", "x");
    let (kept, joined) = (state("u1", "y"), state("u2", "y"));
    assert_eq!(Recognition::merge(kept.clone(), joined).unwrap(), kept, "the same task twice is one");
    let both = Recognition::merge(kept, state("u3", "z")).unwrap();
    assert_eq!(both.deeds["a"].len(), 3);
}

#[test]
fn a_purchase_that_is_told_of_again_does_not_begin_its_cooling_off_anew() {
    let host = || {
        Harness::<Recognition>::new(json!({"honours": [{
            "id": "a", "on": "invest-purchased", "cooling_off_days": 1, "falls": true, "steps": [{"at": 1, "title": "t"}],
        }]}))
    };
    let (bought, sold) = (json!({"holding": "h", "amount": cny(5)}), json!({"holding": "h"}));
    let mut again = host();
    assert_eq!(again.event("invest.purchased", "u1", &day(1), &bought).tags(), [("u1", "t", true)]);
    again.event("invest.purchased", "u1", &day(2), &bought);
    assert_eq!(again.event("invest.redeemed", "u1", &day(3), &sold).tags(), [], "it was over on the second day");
    let mut in_time = host();
    in_time.event("invest.purchased", "u1", &day(1), &bought);
    assert_eq!(in_time.event("invest.redeemed", "u1", &day(2), &sold).tags(), [("u1", "t", false)]);
    let mut out_of_order = host();
    out_of_order.event("invest.redeemed", "u1", &day(2), &sold);
    assert_eq!(out_of_order.event("invest.purchased", "u1", &day(1), &bought).refused(), Some("undone"));
    let mut too_late = host();
    too_late.event("invest.redeemed", "u1", &day(3), &sold);
    assert_eq!(too_late.event("invest.purchased", "u1", &day(1), &bought).tags(), [("u1", "t", true)]);
}

#[test]
fn a_post_with_any_name_gives_and_takes_back() {
    let mut host = Harness::<Recognition>::new(json!({"honours": [
        {"id": "a", "on": "content-featured", "each": [{"unit": "points", "quantity": 1}]},
    ]}));
    let post = json!({"content": "größe 单"});
    for (nth, kind, points) in [(1, "content.featured", 1), (2, "content.unfeatured", 0), (3, "content.featured", 1)] {
        let outcome = host.event(kind, "u1", &day(nth), &post);
        assert_eq!((outcome.refused(), host.balance("u1", "points")), (None, points), "{kind}");
    }
}

#[test]
fn ranks_are_those_of_a_plain_sort() {
    for tie in ["shared", "earlier"] {
        let board = json!({"programme": "race", "places": 64, "tie": tie});
        let mut host = Harness::<Recognition>::new(json!({ "board": board }));
        let members: Vec<String> = (0..12).map(|one| format!("m{one:02}")).collect();
        for member in &members {
            host.joined("team", "t", member);
        }
        let mut placed = std::collections::BTreeMap::new();
        let mut sums = vec![(0_i64, 0_u32); members.len()];
        for nth in 0..60_u32 {
            let who = usize::try_from(nth * 7 % 12).unwrap();
            let amount = i64::from(nth * nth % 5);
            let at = format!("2026-03-01T10:{:02}:00+08:00", nth);
            let outcome =
                host.event("order.paid", &members[who], &at, json!({"order": nth.to_string(), "amount": cny(amount)}));
            assert_eq!((outcome.refused(), outcome.denied()), (None, None));
            for placement in outcome.decisions.iter().flat_map(|decided| &decided.placed) {
                placed.insert(placement.to.clone(), placement.tier.clone());
            }
            if amount > 0 {
                sums[who] = (sums[who].0 + amount, nth);
            }
        }
        let key = |(sum, since): &(i64, u32)| (*sum, if tie == "earlier" { -i64::from(*since) } else { 0 });
        for (who, own) in sums.iter().enumerate() {
            let rank = 1 + sums.iter().filter(|other| key(other) > key(own)).count();
            assert_eq!(
                placed[&members[who]].as_deref(),
                Some(format!("rank-{rank}").as_str()),
                "{tie}: {who} of {sums:?}"
            );
        }
    }
}

#[test]
fn only_as_many_ranks_as_there_are_places() {
    let mut host = Harness::<Recognition>::new(json!({"board": {"programme": "race", "places": 1}}));
    host.joined("team", "t", "a").joined("team", "t", "b");
    let mut order = |who: &str, order: &str, amount: i64| {
        let outcome = host.event("order.paid", who, &day(1), json!({"order": order, "amount": cny(amount)}));
        let placed = outcome.decisions.iter().flat_map(|decided| &decided.placed);
        placed.map(|one| (one.to.clone(), one.tier.clone())).collect::<Vec<_>>()
    };
    let first = Some("rank-1".to_owned());
    assert_eq!(order("a", "1", 5), [("a".to_owned(), first.clone())]);
    assert_eq!(order("b", "2", 6), [("a".to_owned(), None), ("b".to_owned(), first)]);
}
