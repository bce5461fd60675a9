//! Rules that one scenario each would be too much for.

use journey::{Journey, State};
use largesse_sdk::{Harness, MessageClass, OwnerKind, Policy, Value, json};
use serde::Deserialize;

fn host(params: Value) -> Harness<Journey> {
    Harness::new(params)
}

fn message(id: &str) -> Value {
    json!({"id": id, "do": {"message": {"by": [{"channel": "push", "template": id}]}}})
}

fn wait(id: &str, wait: Value) -> Value {
    json!({"id": id, "do": {"wait": wait}})
}

fn journey(steps: Value) -> Value {
    json!({"enter": [{"on": "login"}], "steps": steps})
}

fn problems(params: Value) -> Vec<String> {
    Harness::<Journey>::problems(params).into_iter().map(|(pointer, _)| pointer).collect()
}

/// The templates sent until then, each with its time.
fn sent(host: &mut Harness<Journey>, until: &str) -> Vec<String> {
    let outcomes = host.advance(until);
    outcomes
        .iter()
        .flat_map(|one| &one.decisions)
        .flat_map(|one| &one.messages)
        .map(|one| one.template.clone())
        .collect()
}

#[test]
fn a_message_tells_of_the_holding_and_of_the_next_product() {
    let steps = json!([{"id": "matures", "do": {"message": {
        "by": [{"channel": "app", "template": "matured"}], "vars": {"rate_basis_points": 450}, "class": "service"}}}]);
    let keep = json!(["total", "arrival_date"]);
    let mut host = host(json!({"enter": [{"on": "invest-matured"}], "per": "holding", "keep": keep, "steps": steps}));
    let yuan = |minor: i64| json!({"minor": minor, "currency": "CNY"});
    let data =
        json!({"holding": "h 1", "principal": yuan(1_000_000), "interest": yuan(72_932), "arrival_date": "2017-04-19"});
    let outcome = host.event("invest.matured", "u1", "2017-04-17T09:00:00+08:00", data);
    let message = &outcome.decisions[0].messages[0];
    let told: Value = message.vars.parse().unwrap();
    assert_eq!(told, json!({"total": yuan(1_072_932), "arrival_date": "2017-04-19", "rate_basis_points": 450}));
    assert_eq!((message.key.as_str(), message.class), ("h:201/1/matures", MessageClass::Service));
    assert_eq!(message.channels, ["app"]);
    // Two currencies have no sum.
    let mixed = json!({"holding": "h2", "principal": yuan(1), "interest": {"minor": 1, "currency": "USD"}});
    let outcome = host.event("invest.matured", "u1", "2017-04-17T09:00:00+08:00", mixed);
    assert_eq!(outcome.decisions[0].messages[0].vars, r#"{"rate_basis_points":450}"#);
    // What names a journey is bounded.
    let long = json!({"holding": "h".repeat(61)});
    assert_eq!(host.event("invest.matured", "u1", "2017-04-17T09:00:00+08:00", long).refused(), Some("no-name"));
    assert_eq!(host.event("invest.matured", "u1", "2017-04-17T09:00:00+08:00", json!({})).refused(), Some("no-name"));
}

#[test]
fn waits_go_by_the_days_that_there_are() {
    let steps = json!([wait("w", json!({"until_day": "arrival_date", "at": "23:59"})), message("m")]);
    let enter = json!([{"on": "invest-matured"}]);
    let mut host = host(json!({"enter": enter, "per": "holding", "ends_after_days": 60, "steps": steps}));
    let mut due = |holding: &str, day: &str| {
        let data = json!({"holding": holding, "arrival_date": day});
        let outcome = host.event("invest.matured", "u1", "2023-12-31T23:59:59+08:00", data);
        let timer = host.timers().into_iter().find(|(_, name, _)| *name == format!("run/{holding}"));
        (outcome.refused().map(str::to_owned), timer.map(|(_, _, due)| due))
    };
    assert_eq!(due("leap", "2024-02-29"), (None, Some(1_709_222_340_000)));
    assert_eq!(due("none", "2023-02-29"), (Some("no-date".to_owned()), None));
    assert_eq!(due("next", "2024-01-01"), (None, Some(1_704_124_740_000)));
    // Later than the journey's end: then it ends, and nothing is sent.
    assert_eq!(due("far", "2024-03-02"), (None, Some(1_709_222_399_000)));
    assert_eq!(sent(&mut host, "2024-03-31T00:00:00+08:00"), ["m", "m"]);
}

#[test]
fn a_circle_with_a_wait_ends_with_the_journey() {
    let mut params = journey(json!([message("m"), {"id": "w", "do": {"wait": {"days": 1}}, "next": "m"}]));
    params["ends_after_days"] = json!(3);
    let mut host = host(params);
    host.event("login", "u1", "2026-03-01T10:00:00+08:00", json!({}));
    assert_eq!(sent(&mut host, "2026-03-31T00:00:00+08:00"), ["m", "m"]);
    let refused = host.event("login", "u1", "2026-04-01T10:00:00+08:00", json!({}));
    assert_eq!(refused.refused(), Some("entered-before"));
}

#[test]
fn what_happened_before_the_journey_is_not_of_it() {
    let until = json!({"days": 2, "until": [{"on": "order-paid", "go": "end"}]});
    let mut params = journey(json!([wait("w", until), message("m")]));
    params["goals"] = json!([{"on": "invest-purchased"}]);
    let mut host = host(params);
    host.event("login", "u1", "2026-03-02T10:00:00+08:00", json!({}));
    let late = |host: &mut Harness<Journey>, kind: &str| {
        let outcome = host.event(kind, "u1", "2026-03-02T09:59:59+08:00", json!({}));
        (outcome.decisions[0].measured.len(), outcome.decisions[0].cancelled.len())
    };
    assert_eq!(late(&mut host, "order.paid"), (0, 0));
    assert_eq!(late(&mut host, "invest.purchased"), (0, 0));
    assert_eq!(sent(&mut host, "2026-03-10T00:00:00+08:00"), ["m"]);
}

#[test]
fn who_turns_out_to_have_done_it_goes_no_further() {
    let mut params = journey(json!([wait("w", json!({"days": 2})), message("m")]));
    params["without"] = json!(["first_loan_at"]);
    let mut host = host(params);
    host.event("login", "u1", "2026-03-02T10:00:00+08:00", json!({}));
    host.attribute("u1", "first_loan_at", 1_772_300_000_000_i64);
    assert_eq!(sent(&mut host, "2026-03-10T00:00:00+08:00"), [""; 0]);
}

#[test]
fn steps_give_tag_and_part_ways() {
    let branch = json!({"id": "b", "do": {"branch": {"if": {"tag": "vip"}, "then": "give", "otherwise": "tag"}}});
    let give = json!([{"unit": "points", "quantity": 5}, {"unit": "coupon:c", "quantity": 1}]);
    let steps = json!([branch, {"id": "give", "do": {"give": give}, "next": "end"},
        {"id": "tag", "do": {"tag": {"tag": "plain"}}}]);
    let mut host = host(journey(steps));
    host.tag("vip", "vip");
    let vip = host.event("login", "vip", "2026-03-02T10:00:00+08:00", json!({}));
    let key = "1772416800000/give";
    let second = format!("{key}/2");
    assert_eq!(vip.grants(), [("vip", key, "points", 5), ("vip", second.as_str(), "coupon:c", 1)]);
    assert!(vip.tags().is_empty());
    let other = host.event("login", "other", "2026-03-02T10:00:00+08:00", json!({}));
    assert_eq!((other.grants().len(), other.tags()), (0, vec![("other", "plain", true)]));
}

#[test]
fn too_many_journeys_are_refused_and_those_that_are_done_make_way() {
    let steps = json!([wait("w", json!({"days": 2})), message("m")]);
    let mut host = host(json!({"enter": [{"on": "invest-matured"}], "per": "holding", "steps": steps}));
    let mut mature = |holding: u32, time: &str| {
        let outcome = host.event("invest.matured", "u1", time, json!({"holding": format!("h{holding}")}));
        outcome.refused().map(str::to_owned)
    };
    for holding in 1..=8 {
        assert_eq!(mature(holding, "2026-03-01T10:00:00+08:00"), None);
    }
    assert_eq!(mature(9, "2026-03-01T10:00:00+08:00"), Some("too-many-journeys".to_owned()));
    assert_eq!(sent(&mut host, "2026-03-04T00:00:00+08:00").len(), 8);
    let outcome = host.event("invest.matured", "u1", "2026-03-04T10:00:00+08:00", json!({"holding": "h9"}));
    assert_eq!(outcome.refused(), None);
    assert_eq!(host.state(OwnerKind::Party, "u1")["runs"].as_array().unwrap().len(), 8);
}

#[test]
fn two_states_become_one_with_every_journey_once() {
    let state = |runs: Value, at: i64| State::deserialize(json!({"runs": runs, "handed_on": {"c": at}})).unwrap();
    let run = |name: &str, began: i64| json!({"name": name, "began": began, "waits": 0, "sent": 0, "converted": false});
    let one = state(json!([run("a", 5), run("b", 6)]), 1);
    let merged = Journey::merge(one, state(json!([run("a", 9), run("c", 1)]), 2)).unwrap();
    let names: Vec<_> = merged.runs.iter().map(|run| (run.name.as_str(), run.began)).collect();
    assert_eq!((names, merged.handed_on["c"]), (vec![("c", 1), ("a", 5), ("b", 6)], 2));
}

#[test]
fn ways_that_lead_nowhere_or_in_circles_are_named() {
    assert_eq!(problems(journey(json!([message("m")]))), [""; 0]);
    assert_eq!(problems(journey(json!([]))), ["/steps"]);
    let next = |id: &str, next: &str| {
        let mut step = message(id);
        step["next"] = json!(next);
        step
    };
    assert_eq!(problems(journey(json!([next("m", "gone")]))), ["/steps/0/next"]);
    assert_eq!(problems(journey(json!([next("m", "end"), message("n")]))), ["/steps/1"]);
    assert_eq!(problems(journey(json!([message("m"), next("n", "m")]))), ["/steps/0"]);
    assert_eq!(problems(journey(json!([message("m"), message("m")]))), ["/steps/1/id"]);
    assert_eq!(problems(journey(json!([message("end")]))), ["/steps/0/id"]);
    let branch = |then: &str, otherwise: &str, condition: Value| {
        let branch = json!({"if": condition, "then": then, "otherwise": otherwise});
        json!({"id": "b", "do": {"branch": branch}})
    };
    let any = json!({"opened": "any"});
    let parts = |branch: Value| problems(journey(json!([branch, message("m")])));
    assert_eq!(parts(branch("gone", "m", any.clone())), ["/steps/0/do/branch/then"]);
    assert_eq!(parts(branch("m", "gone", any.clone())), ["/steps/0/do/branch/otherwise"]);
    assert_eq!(parts(branch("m", "b", any.clone())), ["/steps/0"]);
    assert_eq!(parts(branch("m", "end", json!({"opened": "fax"}))), ["/steps/0/do/branch/if/opened"]);
    let mut both = branch("m", "end", any);
    both["next"] = json!("m");
    assert_eq!(parts(both), ["/steps/0/next"]);
    let many = vec![json!({"unit": "points", "quantity": 1}); 60];
    assert_eq!(problems(journey(json!([{"id": "g", "do": {"give": many}}]))), ["/steps/0"]);
}

#[test]
fn waits_that_contradict_themselves_are_named() {
    let waits = |one: Value| problems(journey(json!([wait("w", one), message("m")])));
    let until = |go: &str| json!({"until": [{"on": "order-paid", "go": go}]});
    assert_eq!(waits(json!({"minutes": 1})), [""; 0]);
    assert_eq!(waits(until("end")), [""; 0]);
    assert_eq!(waits(json!({})), ["/steps/0/do/wait"]);
    assert_eq!(waits(until("gone")), ["/steps/0/do/wait/until/0/go"]);
    assert_eq!(waits(json!({"days": 31})), ["/steps/0/do/wait"]);
    assert_eq!(waits(json!({"days": 1, "until_day": "d"})), ["/steps/0/do/wait/until_day"]);
    assert_eq!(waits(json!({"days": 1, "at": "09:00"})), ["/steps/0/do/wait/at"]);
    for at in ["24:00", "9:00", "09:60", "noon", "+9:00"] {
        assert_eq!(waits(json!({"until_day": "d", "at": at})), ["/steps/0/do/wait/at"], "{at}");
    }
}

#[test]
fn other_parameters_that_make_no_sense_are_named() {
    let with = |field: &str, value: Value| {
        let mut params = journey(json!([message("m")]));
        params[field] = value;
        problems(params)
    };
    assert_eq!(with("enter", json!([])), ["/enter"]);
    assert_eq!(with("goals", json!([{"on": "login"}])), ["/goals/0"]);
    assert_eq!(with("ends_after_days", json!(0)), ["/ends_after_days"]);
    assert_eq!(with("again_after_days", json!(0)), ["/again_after_days"]);
    assert_eq!(with("keep", json!(vec!["f"; 9])), ["/keep"]);
    assert_eq!(with("preferred", json!([{"tag": "t", "channel": "fax"}])), ["/preferred/0/channel"]);
    assert_eq!(with("preferred", json!([{"tag": "a b", "channel": "push"}])), ["/preferred/0/tag"]);
    let twice =
        json!({"enter": [{"on": "invest-matured"}], "per": "holding", "again_after_days": 9, "steps": [message("m")]});
    assert_eq!(problems(twice), ["/again_after_days"]);
    let act = |act: Value| problems(journey(json!([{"id": "x", "do": act}])));
    assert_eq!(act(json!({"message": {"by": []}})), ["/steps/0/do/message/by"]);
    let by = |channel: &str, template: &str| json!({"channel": channel, "template": template});
    assert_eq!(act(json!({"message": {"by": [by("a b", "t")]}})), ["/steps/0/do/message/by/0/channel"]);
    assert_eq!(act(json!({"message": {"by": [by("a", "t t")]}})), ["/steps/0/do/message/by/0/template"]);
    assert_eq!(act(json!({"message": {"by": [by("a", "t"), by("a", "u")]}})), ["/steps/0/do/message/by/1/channel"]);
    let long = json!({"message": {"by": [by("a", "t")], "vars": {"v": "x".repeat(4096)}}});
    assert_eq!(act(long), ["/steps/0/do/message/vars"]);
    assert_eq!(act(json!({"tag": {"tag": "", "days": 0}})), ["/steps/0/do/tag/days", "/steps/0/do/tag/tag"]);
    assert_eq!(act(json!({"give": []})), ["/steps/0/do/give"]);
    assert_eq!(act(json!({"give": [{"unit": "gold"}]})), ["/steps/0/do/give/0/unit"]);
    let hand_over = act(json!({"hand-over": {"campaign": "No", "once_in_days": 0}}));
    assert_eq!(hand_over, ["/steps/0/do/hand-over/campaign", "/steps/0/do/hand-over/once_in_days"]);
    // A misspelt field does not pass in silence.
    assert_eq!(with("ends_after", json!(7)), [""]);
    assert_eq!(act(json!({"wait": {"day": 1}})), ["/steps/0/do/wait"]);
}
