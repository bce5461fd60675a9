//! Rules that one scenario each would be too much for.

use largesse_sdk::{Harness, OwnerKind, Policy, Value, json};
use recommendation::{Recommendation, State};

const PLACE: &str = "2026-03-01T10:00:00+08:00";

fn pointers(params: &Value) -> Vec<String> {
    Harness::<Recommendation>::problems(params).into_iter().map(|(pointer, _)| pointer).collect()
}

fn with(placement: &Value) -> Value {
    json!({"placements": [placement]})
}

#[test]
fn contradicting_parameters_are_named() {
    for (placement, wrong) in [
        (json!({"place": "p", "candidates": []}), "candidates"),
        (json!({"place": "P", "candidates": [{"ad": "a"}]}), "place"),
        (json!({"place": "p", "most": 0, "candidates": [{"ad": "a"}]}), "most"),
        (json!({"place": "p", "daily": 1, "candidates": [{"ad": "a"}]}), "daily"),
        (json!({"place": "p", "on": "invest-matured", "monthly": 0, "candidates": [{"ad": "a"}]}), "monthly"),
        (json!({"place": "p", "candidates": [{"ad": "a"}, {"ad": "a"}]}), "candidates/1/ad"),
        (json!({"place": "p", "candidates": [{"ad": "a", "message": "m"}]}), "candidates/0/message"),
        (
            json!({"place": "p", "candidates": [{"ad": "a", "gifts": [{"unit": "points", "quantity": 1}]}]}),
            "candidates/0/gifts",
        ),
        (
            json!({"place": "p", "candidates": [{"ad": "a", "on_click": [{"unit": "growth", "quantity": 1}]}]}),
            "candidates/0/on_click",
        ),
        (
            json!({"place": "p", "candidates": [{"ad": "a", "when": {"with_tags": ["t"], "without_tags": ["t"]}}]}),
            "candidates/0/when/without_tags",
        ),
        (
            json!({"place": "p", "candidates": [{"ad": "a", "when": {"holds": ["B"], "lacks": ["B", "L"]}}]}),
            "candidates/0/when/lacks",
        ),
        (
            json!({"place": "p", "candidates": [{"ad": "a", "converts": {"on": "invest-purchased", "within_hours": 0}}]}),
            "candidates/0/converts/within_hours",
        ),
    ] {
        assert_eq!(pointers(&with(&placement)), [format!("/placements/0/{wrong}")], "{placement}");
    }
    assert_eq!(pointers(&json!({"placements": []})), ["/placements"]);
    let place = json!({"place": "p", "candidates": [{"ad": "a"}]});
    assert_eq!(
        pointers(&json!({"placements": [place, place]})),
        ["/placements/1/place", "/placements/1/candidates/0/ad"]
    );
}

#[test]
fn the_latest_click_counts_however_late_it_is_told_of() {
    let candidate = json!({"ad": "a", "converts": {"on": "order-paid", "within_hours": 1}});
    let mut host = Harness::<Recommendation>::new(with(&json!({"place": "p", "candidates": [candidate]})));
    let order = json!({"order": "o", "amount": {"minor": 5, "currency": "CNY"}});
    let converted = |host: &mut Harness<Recommendation>, time: &str| {
        let outcome = host.event("order.paid", "u1", time, &order);
        outcome.decisions.iter().flat_map(|decided| &decided.measured).any(|one| one.name == "converted")
    };
    host.event("ad.clicked", "u1", "2026-03-01T12:00:00+08:00", json!({"ad": "a"}));
    host.event("ad.clicked", "u1", "2026-03-01T10:00:00+08:00", json!({"ad": "a"}));
    assert!(!converted(&mut host, "2026-03-01T11:30:00+08:00"), "before the click");
    assert!(converted(&mut host, "2026-03-01T13:00:00+08:00"));
    assert!(!converted(&mut host, "2026-03-01T13:00:01+08:00"), "one click, one success");
}

#[test]
fn what_is_remembered_stays_small() {
    let placement = json!({"place": "p", "on": "payment-offline-succeeded", "daily": 2, "candidates": [{"ad": "a"}]});
    let mut host = Harness::<Recommendation>::new(with(&placement));
    for nth in 0..200 {
        let holding =
            json!({"holding": format!("h{nth}"), "amount": {"minor": 1, "currency": "CNY"}, "product_role": "B"});
        host.event("invest.purchased", "u1", PLACE, holding);
        host.event("segment.entered", "u1", PLACE, json!({"segment": format!("s{nth}")}));
        let time = format!("2026-{:02}-{:02}T10:00:00+08:00", 1 + nth / 28, 1 + nth % 28);
        let payment = json!({"payment": nth.to_string(), "merchant": "m", "amount": {"minor": 1, "currency": "CNY"}});
        host.event("payment.offline_succeeded", "u1", &time, payment);
    }
    let state: State =
        serde::Deserialize::deserialize(host.state(OwnerKind::Party, "u1")).expect("the policy wrote it");
    assert_eq!((state.holdings.len(), state.segments.len(), state.purchases), (64, 32, 200));
    assert!(state.shown["p"].len() <= 62, "{:?}", state.shown);
    let joined = Recommendation::merge(state.clone(), state.clone()).unwrap();
    assert_eq!((joined.holdings.len(), joined.purchases), (64, 400));
}
