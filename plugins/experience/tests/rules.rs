//! Rules that one scenario each would be too much for.

use experience::Experience;
use largesse_sdk::{Harness, OwnerKind, Value, json};

fn params(more: Value) -> Value {
    let mut params = json!({
        "right": "tea", "invite": 2, "on": "2026-04-01", "invitation": "come",
        "gives": [{"unit": "entitlement:tea", "quantity": 1}],
    });
    if let (Value::Object(params), Value::Object(more)) = (&mut params, more) {
        params.extend(more);
    }
    params
}

#[test]
fn wrong_parameters_are_refused() {
    let pointers = |more: Value| -> Vec<String> {
        Harness::<Experience>::problems(params(more)).into_iter().map(|(pointer, _)| pointer).collect()
    };
    assert_eq!(pointers(json!({})), [""; 0]);
    assert_eq!(pointers(json!({"invite": 61, "gives": [], "right": ""})), ["/gives", "/invite", "/right"]);
    let skipped = json!([{"unit": "entitlement:tea", "quantity": 1, "on_shortfall": "skip"}]);
    assert_eq!(pointers(json!({"gives": skipped})), ["/gives"]);
}

#[test]
fn of_equals_the_first_to_ask_is_invited_and_who_has_too_little_is_not() {
    for (least, invited) in [(0, json!(["a", "b"])), (1, json!([]))] {
        let mut host = Harness::<Experience>::new(params(json!({"least": least})));
        for customer in ["a", "b", "c"] {
            host.joined("team", "circle", customer);
            host.event("team.joined", customer, "2026-03-01T10:00:00+08:00", json!({"team": "circle"}));
        }
        host.advance("2026-04-01T00:00:00+08:00");
        assert_eq!(host.state(OwnerKind::Entity, "circle"), json!({"invited": invited}));
        let claim = |host: &mut Harness<Experience>, customer: &str, right: &str| {
            let outcome = host.event("right.claimed", customer, "2026-04-02T10:00:00+08:00", json!({"right": right}));
            (outcome.refused().map(str::to_owned), outcome.grants().len())
        };
        let first = if least == 0 { (None, 1) } else { (Some("not-invited".to_owned()), 0) };
        assert_eq!(claim(&mut host, "a", "tea"), first);
        assert_eq!(claim(&mut host, "c", "tea"), (Some("not-invited".to_owned()), 0));
        assert_eq!(claim(&mut host, "a", "coffee"), (None, 0));
    }
}
