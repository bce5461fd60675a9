//! The recipes for authors: their code is compiled here, stands in the document as it does here, and has the effect that the
//! document says.

mod code;
mod params;

use largesse_sdk::{
    Dimension, EffectKind, Harness, Input, Manifest, Outcome, Policy, Refusal, Role, Subscription, UnitClass, Value,
    json,
};

use code::{Params, State};

const TIME: &str = "2026-03-01T10:00:00+08:00";

/// A policy with a subscription for each recipe, to events of a kind of its own.
struct Recipes;

impl Policy for Recipes {
    type Params = Params;
    type State = State;

    fn manifest() -> Manifest {
        let own = |name: &str| Subscription::party(name, format!("recipe.{name}"), "customer");
        let plain =
            ["milestone", "rungs", "streak", "draw", "cap-per-day", "once-per-person", "later", "left", "bought"];
        let manifest = Manifest::new("recipes", "0.1.0", "Every recipe")
            .role(Role::actor("customer"))
            .role(Role::inviter("inviter", 1))
            .subscribe(Subscription::party("referral", "recipe.referral", "inviter"))
            .subscribe(own("earned").about("/order"))
            .subscribe(own("refunded").about("/order"))
            .subscribe(Subscription::entity("paid", "recipe.paid", "/order").about("/order"))
            .subscribe(Subscription::entity("gone", "recipe.gone", "/order").about("/order"))
            .subscribe(own("ordered"))
            .subscribe(own("settled"))
            .subscribe(Subscription::timers("fired", "customer"))
            .effects(EffectKind::ALL)
            .unit_classes([UnitClass::Points, UnitClass::Coupon]);
        plain.into_iter().fold(manifest, |manifest, name| manifest.subscribe(own(name)))
    }

    fn decide(input: &Input<Params, State>) -> Result<largesse_sdk::Decision<State>, Refusal> {
        code::decide(input)
    }
}

fn points(quantity: u64) -> Value {
    json!({"unit": "points", "quantity": quantity})
}

fn host() -> Harness<Recipes> {
    Harness::new(json!({
        "reward": points(100), "at": 2, "days": 3,
        "rungs": [{"at": 1_000, "reward": points(1)}, {"at": 5_000, "reward": points(5)}],
        "prizes": [{"weight": 1, "reward": points(7)}, {"weight": 0}],
    }))
}

fn order(host: &mut Harness<Recipes>, recipe: &str, order: &str) -> Outcome {
    let data = json!({"order": order, "amount": {"minor": 3_000, "currency": "CNY"}});
    host.event(&format!("recipe.{recipe}"), "u1", TIME, data)
}

fn on(host: &mut Harness<Recipes>, recipe: &str, customer: &str, time: &str) -> Outcome {
    host.event(&format!("recipe.{recipe}"), customer, time, json!({}))
}

#[test]
fn counts_sums_and_days_are_rewarded() {
    let mut host = host();
    assert_eq!(order(&mut host, "milestone", "o1").grants(), []);
    assert_eq!(order(&mut host, "milestone", "o1").grants(), [], "an order counts once");
    assert_eq!(order(&mut host, "milestone", "o2").grants(), [("u1", "milestone", "points", 100)]);
    let mut host = self::host();
    assert_eq!(order(&mut host, "rungs", "o1").grants(), [("u1", "rung/1000", "points", 1)]);
    assert_eq!(order(&mut host, "rungs", "o2").grants(), [("u1", "rung/5000", "points", 5)]);
    assert_eq!(on(&mut host, "streak", "u1", TIME).grants(), []);
    assert_eq!(on(&mut host, "streak", "u1", TIME).refused(), Some("counted-already"));
    let second = on(&mut host, "streak", "u1", "2026-03-02T10:00:00+08:00");
    assert_eq!(second.grants(), [("u1", "streak/2026-03-02", "points", 100)]);
    assert_eq!(on(&mut host, "draw", "u1", TIME).grants()[0].2, "points");
    for done in 1..=2 {
        assert_eq!(on(&mut host, "cap-per-day", "u1", TIME).grants()[0].1, format!("task/2026-03-01/{done}"));
    }
    assert_eq!(on(&mut host, "cap-per-day", "u1", TIME).refused(), Some("enough-today"));
}

#[test]
fn others_are_rewarded_and_no_person_twice() {
    let mut host = host();
    host.invited("ann", "u1").identifier("u1", Dimension::Identity, "i1").identifier("u1", Dimension::Device, "d1");
    host.identifier("u2", Dimension::Identity, "i2").identifier("u2", Dimension::Device, "d1");
    let both = [("ann", "invitee/u1", "points", 100), ("u1", "invited", "points", 100)];
    assert_eq!(on(&mut host, "referral", "u1", TIME).grants(), both);
    assert_eq!(on(&mut host, "referral", "u1", TIME).grants(), []);
    assert_eq!(on(&mut host, "once-per-person", "u1", TIME).grants(), [("u1", "welcome", "points", 100)]);
    assert!(on(&mut host, "once-per-person", "u2", TIME).denied().is_some(), "on the same device");
}

#[test]
fn what_was_given_is_taken_back_or_waited_for() {
    let mut host = host();
    assert_eq!(order(&mut host, "earned", "o1").grants(), [("u1", "order/o1", "points", 100)]);
    assert_eq!(order(&mut host, "refunded", "o1").revoked(), [("u1", "points", 100)]);
    assert_eq!(order(&mut host, "refunded", "o2").revoked(), []);
    let late = order(&mut host, "earned", "o2");
    assert_eq!(late.grants(), [], "the refund came first");
    order(&mut host, "later", "o3");
    assert_eq!(host.balance("u1", "points"), 0, "pending");
    host.advance("2026-03-04T10:00:00+08:00");
    assert_eq!(host.balance("u1", "points"), 100);
}

#[test]
fn refunds_in_part_come_to_what_is_left() {
    let mut host = host();
    let gone = |host: &mut Harness<Recipes>, order: &str, refund: &str, minor: i64| {
        let data = json!({"order": order, "refund": refund, "amount": {"minor": minor, "currency": "CNY"}});
        host.event("recipe.gone", "u1", TIME, data)
    };
    assert_eq!(order(&mut host, "paid", "o1").grants(), [("u1", "paid/o1", "points", 30)]);
    assert_eq!(gone(&mut host, "o1", "r1", 1_000).revoked(), [("u1", "points", 10)]);
    assert_eq!(gone(&mut host, "o1", "r1", 1_000).refused(), Some("refund-known"));
    assert_eq!(gone(&mut host, "o1", "r2", 1_000).revoked(), [("u1", "points", 10)]);
    assert_eq!(gone(&mut host, "o1", "r3", 1_000).revoked(), [("u1", "points", 10)]);
    gone(&mut host, "o2", "r4", 2_000);
    assert_eq!(order(&mut host, "paid", "o2").grants(), [("u1", "paid/o2", "points", 10)], "the refund came first");
    assert_eq!(order(&mut host, "paid", "o2").refused(), Some("order-known"));
}

#[test]
fn timers_and_messages() {
    let mut host = host();
    on(&mut host, "left", "u1", TIME);
    on(&mut host, "left", "u2", TIME);
    on(&mut host, "bought", "u2", TIME);
    let fired = host.advance("2026-03-05T00:00:00+08:00");
    assert_eq!(fired.len(), 1);
    let message = &fired[0].decisions[0].messages[0];
    assert_eq!((message.to.as_str(), message.key.as_str()), ("u1", "cart/2026-03-04"));
}

#[test]
fn points_pay_for_an_order() {
    let mut host = host();
    order(&mut host, "earned", "o1");
    assert_eq!(order(&mut host, "ordered", "o9").decisions[0].reserved[0].quantity, 100);
    assert_eq!(host.balance("u1", "points"), 0);
    let paid = order(&mut host, "settled", "o9");
    assert_eq!(paid.decisions[0].committed[0].quantity, 100);
    assert_eq!(paid.grants(), [("u1", "order/o9", "coupon:gift-wrap", 1)]);
    assert!(order(&mut host, "settled", "o10").denied().is_some(), "nothing was reserved");
}

/// The blocks of Rust in a document.
fn shown(document: &str) -> Vec<String> {
    let path = format!("{}/../docs/authors/{document}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).expect("the document is there");
    text.split("\n```rust\n").skip(1).filter_map(|rest| rest.split("```").next().map(str::to_owned)).collect()
}

#[test]
fn the_documents_have_this_code() {
    let (recipes, code) = (shown("recipes.md"), include_str!("code.rs"));
    for block in &recipes {
        assert!(code.contains(block), "the document shows what is not compiled:\n{block}");
    }
    for recipe in code.lines().filter(|line| line.starts_with("fn ")) {
        assert!(recipes.iter().any(|block| block.contains(recipe)), "the document leaves out {recipe}");
    }
    let (parameters, code) = (shown("parameters.md"), include_str!("params.rs"));
    assert!(parameters.len() == 1 && code.contains(&parameters[0]), "{parameters:?}");
}
