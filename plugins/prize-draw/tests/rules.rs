//! Chance and odds, chances earned and used up, days and tiers, and what `check` refuses.

use largesse_sdk::{Chance, Harness, Policy, Value, json};
use prize_draw::PrizeDraw;
use serde::Deserialize;

type Host = Harness<PrizeDraw>;

fn at(text: &str) -> String {
    format!("2026-03-{text}+08:00")
}

fn ask(host: &mut Host, customer: &str, time: &str) -> largesse_sdk::Outcome {
    host.event("draw.requested", customer, &at(time), json!({}))
}

fn pointers(params: Value) -> Vec<String> {
    Host::problems(params).into_iter().map(|(pointer, _)| pointer).collect()
}

fn prize(id: &str, weight: u64) -> Value {
    json!({"id": id, "weight": weight, "reward": {"unit": "item:phone", "quantity": 1}})
}

#[test]
fn one_per_cent_is_one_per_cent() {
    let params = json!({"prizes": [prize("phone", 1), {"id": "thanks", "weight": 99}]});
    let mut host = Host::new(params);
    for round in 0..5 {
        let before = host.balance("u1", "item:phone");
        for _ in 0..500 {
            host.event("draw.requested", "u1", &at("01T10:00:00"), json!({"count": 20}));
        }
        let won = host.balance("u1", "item:phone") - before;
        assert!((70..=130).contains(&won), "{won} of 10,000 in round {round}");
    }
}

#[test]
fn a_quantity_by_chance_stays_within_its_ends() {
    let packet = json!({"id": "packet", "weight": 1, "reward": {"unit": "cash:CNY", "quantity": 100}, "most": 1_000});
    let mut host = Host::new(json!({"prizes": [packet]}));
    let drawn: Vec<u64> = (0..400).map(|_| ask(&mut host, "u1", "01T10:00:00").grants()[0].3).collect();
    assert!(drawn.iter().all(|quantity| (100..=1_000).contains(quantity)), "{drawn:?}");
    let mean = drawn.iter().sum::<u64>() / 400;
    assert!((500..600).contains(&mean), "{mean}");
}

#[test]
fn a_chance_is_used_up_and_none_is_no_draw() {
    let mut host = Host::new(json!({
        "chances": "draw-chances:wheel",
        "earn": [{"on": "order-paid", "steps": [{"from": 10_000, "chances": 2}]}],
        "prizes": [prize("phone", 1)]
    }));
    assert_eq!(ask(&mut host, "u1", "01T10:00:00").denied(), Some("insufficient-balance"));
    let order = |minor| json!({"order": "o1", "amount": {"minor": minor, "currency": "CNY"}});
    assert_eq!(host.event("order.paid", "u1", &at("01T10:00:00"), order(9_999)).refused(), Some("nothing-due"));
    host.event("order.paid", "u1", &at("01T10:00:00"), order(10_000));
    assert_eq!(ask(&mut host, "u1", "01T11:00:00").grants(), [("u1", "draw/1", "item:phone", 1)]);
    assert_eq!(host.balance("u1", "draw-chances:wheel"), 1);

    // A part of the order goes back, then all of it.
    let part = json!({"order": "o1", "remaining": {"minor": 10_000, "currency": "CNY"}});
    assert_eq!(host.event("order.refunded", "u1", &at("02T10:00:00"), part).revoked(), []);
    let whole = host.event("order.refunded", "u1", &at("02T11:00:00"), json!({"order": "o1"}));
    assert_eq!(whole.revoked(), [("u1", "draw-chances:wheel", 2)]);
    assert_eq!(ask(&mut host, "u1", "02T12:00:00").denied(), Some("insufficient-balance"));
}

#[test]
fn a_day_ends_at_midnight_and_old_days_are_forgotten() {
    let mut host = Host::new(json!({"per_day": {"draws": 1}, "prizes": [prize("phone", 1)]}));
    assert_eq!(ask(&mut host, "u1", "20T23:59:59").refused(), None);
    assert_eq!(ask(&mut host, "u1", "20T00:00:01").refused(), Some("no-draw-left-today"));
    assert_eq!(ask(&mut host, "u1", "21T00:00:01").refused(), None);
    assert_eq!(ask(&mut host, "u1", "15T10:00:00").refused(), None, "late, but within a week");
    assert_eq!(ask(&mut host, "u1", "01T10:00:00").refused(), Some("too-late"));
    let many = host.event("draw.requested", "u2", &at("21T10:00:00"), json!({"count": 21}));
    assert_eq!(many.refused(), Some("too-many-at-once"));
}

#[test]
fn the_luckier_has_more_lots() {
    let mut host = Host::new(json!({
        "lucky": {"on": ["invest-purchased"], "minor_per_point": 100, "at_most": 50},
        "lotteries": [{"pool": "phones"}]
    }));
    let mut wins = 0;
    for n in 0..200 {
        let (lucky, other) = (format!("lucky{n}"), format!("other{n}"));
        let invested = json!({"holding": "h", "amount": {"minor": 900, "currency": "CNY"}});
        host.event("invest.purchased", &lucky, &at("01T10:00:00"), invested);
        let mut weight = |customer: &str| ask(&mut host, customer, "01T11:00:00").decisions[0].shares[0].weight;
        wins += u32::from(weight(&lucky) > weight(&other));
    }
    // Ten lots against one: ten times in eleven.
    assert!((165..=197).contains(&wins), "{wins} of 200");
}

#[test]
fn offers_tell_the_chance_of_each_prize() {
    let params = json!({
        "prizes": [
            prize("phone", 1), {"id": "thanks", "weight": 2_000_000},
            {"id": "packet", "weight": 1_999_999, "reward": {"unit": "cash:CNY", "quantity": 1}, "most": 500}
        ],
        "consolation": {"unit": "points", "quantity": 5}
    });
    let params = <PrizeDraw as Policy>::Params::deserialize(params).unwrap();
    let offers = PrizeDraw::offers(&params);
    let told: Vec<_> = offers.iter().map(|offer| (&*offer.unit, offer.quantity, offer.chance)).collect();
    assert_eq!(told, [("item:phone", 1, Some(1)), ("cash:CNY", 500, Some(499_999)), ("points", 5, None)]);
}

#[test]
fn what_contradicts_itself_is_refused() {
    assert_eq!(pointers(json!({})), [""]);
    assert_eq!(pointers(json!({"prizes": [prize("a", 1)], "lotteries": [{"pool": "p"}]})), [""]);
    assert_eq!(pointers(json!({"prizes": [prize("a", 0)]})), ["/prizes/0/weight"]);
    assert_eq!(pointers(json!({"prizes": [prize("a", 1), prize("a", 1)]})), ["/prizes/1/id"]);
    let wide = json!([{"id": "a", "weight": 1, "reward": {"unit": "points", "quantity": 5}, "most": 5}]);
    assert_eq!(pointers(json!({"prizes": wide})), ["/prizes/0/most"]);
    let lucky = json!([{"id": "a", "weight": 1, "lucky": true}]);
    assert_eq!(pointers(json!({"prizes": lucky})), ["/prizes/0/lucky"]);
    let one = json!([prize("a", 1)]);
    let earn = |chances: u64| {
        let steps = json!([{"from": 5, "chances": 1}, {"from": 5, "chances": chances}]);
        json!({"prizes": [prize("a", 1)], "earn": [{"on": "loan-drawn", "steps": steps}]})
    };
    assert_eq!(pointers(earn(0)), ["/earn/0/steps/1/chances"]);
    assert_eq!(pointers(earn(1)), ["/earn", "/earn/0/steps/1/from"]);
    assert_eq!(pointers(json!({"prizes": one, "chances": "points"})), ["/chances"]);
    assert_eq!(pointers(json!({"prizes": one, "open": [{"from": "20:00", "to": "20:00"}]})), ["/open/0/to"]);
    assert_eq!(pointers(json!({"prizes": one, "per_day": {"draws": 0}})), ["/per_day"]);
    assert_eq!(pointers(json!({"prizes": one, "per_day": {"draws": 1, "tiers": {"a": 1}}})), ["/per_day/tiers"]);
    assert_eq!(pointers(json!({"prizes": one, "in_all": 0})), ["/in_all"]);
    let lucky = |least: u64| json!({"prizes": one, "lucky": {"on": ["loan-drawn"], "minor_per_point": least, "at_most": least}});
    assert_eq!(pointers(lucky(0)), ["/lucky/at_most", "/lucky/minor_per_point"]);
    assert_eq!(pointers(lucky(1)), ["/lucky/on/0", "/lucky"]);
    let pools = |last: &str| {
        let day = "2026-03-01";
        json!({"lotteries": [{"pool": "p", "on": day}, {"pool": "p", "on": day}, {"pool": last}], "in_all": 1})
    };
    assert_eq!(pointers(pools("Q")), ["/lotteries/2/pool"]);
    assert_eq!(pointers(pools("q")), ["/lotteries/1/pool", "/lotteries/1/on", "/lotteries/2/on", "/lotteries"]);
    let blank = json!([{"id": "a", "weight": 1}]);
    let consoled =
        |unit: &str, quantity: u64| json!({"prizes": blank, "consolation": {"unit": unit, "quantity": quantity}});
    assert_eq!(pointers(consoled("credit-limit:CNY", 0)), ["/consolation/quantity", "/consolation/unit"]);
    assert_eq!(pointers(consoled("points", 1)), ["/consolation"]);
}

#[test]
fn the_seed_decides() {
    // The same generator that the policy uses, so that a draw can be worked out again from its record.
    let mut host = Host::new(json!({"prizes": [prize("phone", 1), {"id": "thanks", "weight": 3}]}));
    for n in 1..200_u64 {
        let seed = n.wrapping_mul(0x5851_f42d_4c95_7f2d);
        let expected = Chance::new(seed).weighted([1, 3]) == Some(0);
        assert_eq!(!ask(&mut host, "u1", "01T10:00:00").grants().is_empty(), expected, "draw {n}");
    }
}
