//! Rules, tested natively: `cargo test` needs no WebAssembly. The harness plays the host.

use draw::Draw;
use largesse_sdk::{Harness, Value, json};

const TIME: &str = "2026-03-02T10:00:00+08:00";

fn points(quantity: u64) -> Value {
    json!({"unit": "points", "quantity": quantity})
}

#[test]
fn prizes_come_by_their_weights() {
    let prizes = json!([
        {"weight": 3, "reward": points(1)},
        {"weight": 0, "reward": points(1_000)},
        {"weight": 1},
    ]);
    let mut host = Harness::<Draw>::new(json!({"per_day": 1, "prizes": prizes}));
    let mut won = 0_u32;
    for number in 0..1_000 {
        let player = format!("u{number}");
        host.event("chest.opened", &player, TIME, json!({}));
        // Three in four win a point, and nobody what weighs nothing.
        match host.balance(&player, "points") {
            0 => {}
            1 => won += 1,
            other => panic!("{player} won {other}"),
        }
    }
    assert!((700..800).contains(&won), "{won}");
}

#[test]
fn so_many_times_a_day() {
    let mut host = Harness::<Draw>::new(json!({"per_day": 2, "prizes": [{"weight": 1, "reward": points(5)}]}));
    let mut draw = |time: &str| host.event("chest.opened", "u1", time, json!({}));
    assert_eq!(draw(TIME).grants(), [("u1", "draw/2026-03-02/1", "points", 5)]);
    assert_eq!(draw(TIME).grants(), [("u1", "draw/2026-03-02/2", "points", 5)]);
    assert_eq!(draw(TIME).refused(), Some("no-draw-left"));
    assert_eq!(draw("2026-03-12T10:00:00+08:00").grants().len(), 1);
    assert_eq!(draw(TIME).refused(), Some("too-late"));
}

#[test]
fn parameters_that_make_no_sense_are_named() {
    let pointers = |params: Value| -> Vec<String> {
        Harness::<Draw>::problems(params).into_iter().map(|(pointer, _)| pointer).collect()
    };
    let wrong = json!({"per_day": 0, "prizes": [{"weight": 1, "reward": points(0)}]});
    assert_eq!(pointers(wrong), ["/per_day", "/prizes/0/reward/quantity"]);
    assert_eq!(pointers(json!({"per_day": 1, "prizes": [{"weight": 0, "reward": points(1)}]})), ["/prizes"]);
}
