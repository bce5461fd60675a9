//! Rules that one scenario each would be too much for.

use largesse_sdk::{Harness, Value, json};
use new_user_gift::NewUserGift;

fn host(params: Value) -> Harness<NewUserGift> {
    Harness::new(params)
}

fn points(on: &str, more: Value) -> Value {
    let mut gift = json!({"on": on, "gifts": [{"unit": "points", "quantity": 5}]});
    if let (Value::Object(gift), Value::Object(more)) = (&mut gift, more) {
        gift.extend(more);
    }
    json!({ "milestones": [gift] })
}

fn days_after_registration(host: &mut Harness<NewUserGift>, time: &str) -> (usize, Option<String>) {
    let outcome = host.event("user.realname_verified", "u1", time, json!({"id_hash": "p"}));
    (outcome.grants().len(), outcome.refused().map(str::to_owned))
}

#[test]
fn the_window_ends_to_the_millisecond() {
    let registered = 1_772_330_400_000_i64; // 2026-03-01T10:00:00+08:00
    for (time, given, refused) in
        [("2026-03-08T10:00:00+08:00", 1, None), ("2026-03-08T10:00:01+08:00", 0, Some("too-late".to_owned()))]
    {
        let mut host = host(points("user-realname-verified", json!({"within_days": 7})));
        host.attribute("u1", "registered_at", registered);
        assert_eq!(days_after_registration(&mut host, time), (given, refused), "{time}");
    }
    let mut unknown = host(points("user-realname-verified", json!({"within_days": 7})));
    let not_eligible = (0, Some("not-eligible".to_owned()));
    assert_eq!(days_after_registration(&mut unknown, "2026-03-08T10:00:00+08:00"), not_eligible);
}

#[test]
fn what_the_event_itself_does_first_is_not_before_it() {
    let mut params = points("loan-drawn", json!({}));
    params["newcomer"] = json!({"not_before": ["first_loan_at"]});
    let mut host = host(params);
    let loan = |id: &str| json!({"loan": id, "amount": {"minor": 1, "currency": "CNY"}});
    host.attribute("u1", "first_loan_at", 1_772_330_400_000_i64);
    assert_eq!(host.event("loan.drawn", "u1", "2026-03-01T10:00:00+08:00", loan("l1")).grants().len(), 1);
    let second = host.event("loan.drawn", "u1", "2026-03-01T10:00:01+08:00", loan("l2"));
    assert_eq!(second.refused(), Some("not-a-newcomer"));
}

#[test]
fn tags_and_the_campaigns_time_decide_who_is_new() {
    let mut params = points("user-registered", json!({}));
    params["newcomer"] = json!({"registered": "in-campaign", "without_tags": ["staff"]});
    let mut host = host(params).open_between("2026-03-01T00:00:00+08:00", Some("2026-04-01T00:00:00+08:00"));
    host.attribute("early", "registered_at", 1_772_294_399_999_i64);
    host.attribute("first", "registered_at", 1_772_294_400_000_i64);
    host.attribute("staff", "registered_at", 1_772_294_400_000_i64).tag("staff", "staff");
    host.attribute("late", "registered_at", 1_774_972_800_000_i64);
    for (customer, given) in [("early", 0), ("first", 1), ("staff", 0), ("late", 0), ("unknown", 0)] {
        let outcome = host.event("user.registered", customer, "2026-03-02T00:00:00+08:00", json!({}));
        assert_eq!(outcome.grants().len(), given, "{customer}");
        assert_eq!(outcome.refused().is_some(), given == 0, "{customer}");
    }
}

#[test]
fn a_level_that_is_jumped_over_gives_its_gifts_too() {
    let level =
        |tag: &str, needs: Value| json!({"tag": tag, "needs": needs, "gifts": [{"unit": "points", "quantity": 1}]});
    let mut host = host(json!({"levels": [
        level("one", json!({"user-registered": 1})),
        level("two", json!({"user-registered": 1, "card-bound": 1})),
    ]}));
    let bound = host.event("card.bound", "u1", "2026-03-02T00:00:00+08:00", json!({"card_hash": "k"}));
    assert!(bound.grants().is_empty() && bound.tags().is_empty());
    let registered = host.event("user.registered", "u1", "2026-03-01T00:00:00+08:00", json!({}));
    assert_eq!(registered.grants(), [("u1", "level/one", "points", 1), ("u1", "level/two", "points", 1)]);
    assert_eq!(registered.tags(), [("u1", "two", true)]);
}

#[test]
fn one_gift_may_be_refused_while_another_of_the_same_milestone_is_given() {
    let gift = |id: &str, only: &str| json!({"id": id, "on": "membership-purchased", "only": {"plan": only}, "gifts": [{"unit": "points", "quantity": 1}]});
    let mut host = host(json!({"milestones": [gift("year", "year"), gift("month", "month")]}));
    let bought = json!({"membership": "m", "plan": "month", "fee": {"minor": 1, "currency": "CNY"}});
    let outcome = host.event("membership.purchased", "u1", "2026-03-01T00:00:00+08:00", bought);
    assert_eq!(outcome.grants(), [("u1", "month", "points", 1)]);
}

#[test]
fn parameters_that_make_no_sense_are_named() {
    let problems = |params: Value| -> Vec<String> {
        Harness::<NewUserGift>::problems(params).into_iter().map(|(pointer, _)| pointer).collect()
    };
    assert_eq!(problems(json!({})), [""]);
    assert_eq!(problems(points("user-registered", json!({}))), [""; 0]);
    assert_eq!(problems(points("user-registered", json!({"gifts": []}))), ["/milestones/0/gifts"]);
    assert_eq!(problems(points("user-registered", json!({"id": "A b"}))), ["/milestones/0/id"]);
    assert_eq!(problems(points("user-registered", json!({"tags": ["a b"]}))), ["/milestones/0/tags/0"]);
    let pointer = ["/milestones/0/first_application_only"];
    assert_eq!(problems(points("user-registered", json!({"first_application_only": true}))), pointer);
    assert_eq!(
        problems(points("user-registered", json!({"gifts": [{"unit": "gold"}]}))),
        ["/milestones/0/gifts/0/unit"]
    );
    let gift = points("user-registered", json!({}))["milestones"][0].clone();
    assert_eq!(problems(json!({"milestones": [gift, gift]})), ["/milestones/1/id"]);
    let many = vec![json!({"unit": "points", "quantity": 1}); 64];
    assert_eq!(problems(points("user-registered", json!({"gifts": many}))), ["/milestones"]);
    assert_eq!(problems(json!({"levels": [{"tag": "", "needs": {}}]})), ["/levels/0/tag"]);
    // A misspelt field does not pass in silence.
    assert_eq!(problems(points("user-registered", json!({"within_day": 7}))), ["/milestones/0"]);
}
