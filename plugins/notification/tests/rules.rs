//! Rules that one scenario each would be too much for.

use largesse_sdk::{Date, Harness, MessageClass, Outcome, Policy, Value, json};
use notification::{Greeted, Notification};

fn host(params: Value) -> Harness<Notification> {
    Harness::new(params)
}

fn problems(params: Value) -> Vec<String> {
    Harness::<Notification>::problems(params).into_iter().map(|(pointer, _)| pointer).collect()
}

fn notice(on: &str, more: Value) -> Value {
    let mut notice = json!({"on": on, "send": [{"template": "t", "channels": ["app", "sms"]}]});
    if let (Value::Object(notice), Value::Object(more)) = (&mut notice, more) {
        notice.extend(more);
    }
    json!({ "notices": [notice] })
}

fn sent(outcome: &Outcome) -> usize {
    outcome.decisions.iter().map(|decided| decided.messages.len()).sum()
}

#[test]
fn a_message_says_what_the_event_says_and_is_of_service() {
    let mut host = host(notice("interest-settled", json!({})));
    let amount = json!({"minor": 5, "currency": "CNY"});
    let outcome = host.event("interest.settled", "u1", "2026-03-02T23:59:59+08:00", json!({"amount": amount}));
    let message = &outcome.decisions[0].messages[0];
    assert_eq!(
        (message.class, message.vars.as_str()),
        (MessageClass::Service, r#"{"amount":{"currency":"CNY","minor":5}}"#)
    );
    assert_eq!(message.channels, ["app", "sms"]);
    let mut host = self::host(notice("interest-settled", json!({"class": "marketing"})));
    let outcome = host.event("interest.settled", "u1", "2026-03-02T23:59:59+08:00", json!({"amount": amount}));
    assert_eq!(outcome.decisions[0].messages[0].class, MessageClass::Marketing);
}

#[test]
fn privilege_comes_by_tag_or_by_tier() {
    let mut params = notice("login", json!({"privileged_only": true}));
    params["privileged"] = json!({"tags": ["vip"]});
    let mut host = host(params);
    host.tag("vip", "vip");
    assert_eq!(sent(&host.event("login", "vip", "2026-03-02T10:00:00+08:00", json!({}))), 1);
    assert_eq!(sent(&host.event("login", "other", "2026-03-02T10:00:00+08:00", json!({}))), 0);
}

#[test]
fn an_amount_that_is_not_there_is_not_enough_and_one_that_is_no_amount_is_refused() {
    let mut host = host(notice("invest-redeemed", json!({"from": 100})));
    let time = "2026-03-02T10:00:00+08:00";
    assert_eq!(sent(&host.event("invest.redeemed", "u1", time, json!({"holding": "h"}))), 0);
    let negative = json!({"holding": "h", "amount": {"minor": -5, "currency": "CNY"}});
    assert_eq!(host.event("invest.redeemed", "u1", time, negative).refused(), Some("bad-amount"));
}

#[test]
fn two_customers_who_are_one_hear_no_greeting_twice() {
    let greeted = |day: &str, said: &[&str]| Greeted {
        day: Date::parse(day),
        said: said.iter().map(|one| (*one).to_owned()).collect(),
    };
    let merged = |one, other| Notification::merge(one, other).unwrap();
    let same = merged(greeted("2026-03-02", &["a"]), greeted("2026-03-02", &["a", "b"]));
    assert_eq!(same, greeted("2026-03-02", &["a", "b"]));
    let later = merged(greeted("2026-03-02", &["a"]), greeted("2026-03-03", &["b"]));
    assert_eq!(later, greeted("2026-03-03", &["b"]));
    assert_eq!(merged(Greeted::default(), greeted("2026-03-03", &["b"])), greeted("2026-03-03", &["b"]));
}

#[test]
fn parameters_that_make_no_sense_are_named() {
    assert_eq!(problems(json!({})), [""]);
    assert_eq!(problems(notice("login", json!({}))), [""; 0]);
    assert_eq!(problems(notice("login", json!({"from": 5}))), ["/notices/0/from"]);
    assert_eq!(problems(notice("login", json!({"privileged_only": true}))), ["/notices/0/on"]);
    assert_eq!(problems(notice("deposit-made", json!({"privileged_from": 5}))), ["/notices/0/on"]);
    assert_eq!(problems(notice("login", json!({"send": []}))), ["/notices/0/send"]);
    assert_eq!(problems(notice("login", json!({"id": "A b"}))), ["/notices/0/id"]);
    assert_eq!(problems(notice("login", json!({"only": {"method": []}}))), ["/notices/0/only/method"]);
    let no_channel = json!({"send": [{"template": "t t", "channels": []}]});
    assert_eq!(problems(notice("login", no_channel)), ["/notices/0/send/0/channels", "/notices/0/send/0/template"]);
    let mut twice = notice("deposit-made", json!({"privileged_only": true, "privileged_from": 5}));
    twice["privileged"] = json!({"tags": ["vip"]});
    assert_eq!(problems(twice), ["/notices/0/privileged_from"]);
    let mut same = notice("login", json!({}));
    same["notices"]
        .as_array_mut()
        .unwrap()
        .push(json!({"on": "login", "send": [{"template": "t", "channels": ["app"]}]}));
    assert_eq!(problems(same), ["/notices/1/id"]);
    let mut tiers = notice("login", json!({}));
    tiers["privileged"] = json!({"tiers": ["gold"]});
    assert_eq!(problems(tiers), ["/privileged/programme"]);
    let mut programme = notice("login", json!({}));
    programme["privileged"] = json!({"programme": "member"});
    assert_eq!(problems(programme), ["/privileged/tiers"]);
    // A misspelt field does not pass in silence.
    assert_eq!(problems(notice("login", json!({"form": 5}))), ["/notices/0"]);
}

#[test]
fn greetings_that_make_no_sense_are_named() {
    let greetings = |greetings: Value| problems(json!({ "greetings": greetings }));
    let of = |from: &str, variants: Value| json!({"from": from, "variants": variants});
    assert_eq!(greetings(json!([of("05:00", json!(["a"]))])), [""; 0]);
    for from in ["24:00", "5:00", "05:60", "morning"] {
        assert_eq!(greetings(json!([of(from, json!(["a"]))])), ["/greetings/0/from"], "{from}");
    }
    assert_eq!(greetings(json!([of("05:00", json!(["a"])), of("05:00", json!(["b"]))])), ["/greetings/1/from"]);
    assert_eq!(greetings(json!([of("05:00", json!([]))])), ["/greetings/0/variants"]);
    assert_eq!(greetings(json!([of("05:00", json!(["a", "a"]))])), ["/greetings/0/variants/1"]);
    assert_eq!(greetings(json!([of("05:00", json!(["a b"]))])), ["/greetings/0/variants/0"]);
}
