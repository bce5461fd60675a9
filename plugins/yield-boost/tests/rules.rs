//! Whose rate friends add to, what is held, and what `check` refuses.

use largesse_sdk::{Dimension, Harness, Value, json};
use yield_boost::YieldBoost;

type Host = Harness<YieldBoost>;

fn at(day: u8) -> String {
    format!("2026-03-{day:02}T10:00:00+08:00")
}

fn pointers(params: Value) -> Vec<String> {
    Host::problems(params).into_iter().map(|(pointer, _)| pointer).collect()
}

fn buy(host: &mut Host, customer: &str, holding: &str, day: u8) -> Option<String> {
    let amount = json!({"minor": 1_000_000, "currency": "CNY"});
    let data = json!({"holding": holding, "amount": amount, "term_days": 10, "base_rate_basis_points": 500});
    let bought = host.event("invest.purchased", customer, &at(day), data);
    bought.refused().map(str::to_owned)
}

/// Who got how much for a friend who registers.
fn register(host: &mut Host, inviter: &str, friend: &str, day: u8) -> Vec<(String, String)> {
    host.invited(inviter, friend);
    let registered = host.event("user.registered", friend, &at(day), json!({}));
    registered.grants().iter().map(|(to, _, unit, _)| ((*to).to_owned(), (*unit).to_owned())).collect()
}

fn to(customer: &str, holding: &str) -> Vec<(String, String)> {
    vec![(customer.to_owned(), format!("rate-boost:{holding}"))]
}

#[test]
fn what_friends_add_belongs_to_the_root() {
    let mut host = Host::new(json!({"friends": {"basis_points": 10, "chain": 3}}));
    buy(&mut host, "a", "h1", 1);
    assert_eq!(register(&mut host, "a", "b", 2), to("a", "h1"));
    buy(&mut host, "b", "h2", 2);
    assert_eq!(register(&mut host, "b", "c", 3), to("a", "h1"));
}

#[test]
fn or_to_everybody_up_the_line() {
    let mut host = Host::new(json!({"friends": {"basis_points": 10, "chain": 3, "belongs_to": "everybody"}}));
    buy(&mut host, "a", "h1", 1);
    register(&mut host, "a", "b", 2);
    buy(&mut host, "b", "h2", 2);
    assert_eq!(register(&mut host, "b", "c", 3), [to("b", "h2"), to("a", "h1")].concat());
}

#[test]
fn it_goes_to_what_was_bought_last_and_is_still_held() {
    let mut host = Host::new(json!({"friends": {"basis_points": 10, "chain": 3}}));
    assert_eq!(register(&mut host, "a", "early", 1), []);
    buy(&mut host, "a", "h1", 2);
    buy(&mut host, "a", "h2", 3);
    assert_eq!(buy(&mut host, "a", "h2", 3).as_deref(), Some("already-held"));
    assert_eq!(register(&mut host, "a", "b", 4), to("a", "h2"));
    host.event("invest.redeemed", "a", &at(5), json!({"holding": "h2"}));
    assert_eq!(register(&mut host, "a", "c", 6), to("a", "h1"));
    assert_eq!(register(&mut host, "a", "d", 13), [], "the term is over");
}

#[test]
fn a_part_that_is_redeemed_earns_nothing_more() {
    let mut host = Host::new(json!({"with_purchase": {"basis_points": 365, "days": 100}}));
    buy(&mut host, "a", "h1", 1);
    let extra = |host: &Host| host.quote("income", "a", &at(2), json!({})).map(|answer| answer["extra_income"].clone());
    assert_eq!(extra(&host), Ok(json!(1_000)), "for the ten days of the term");
    let part = json!({"holding": "h1", "amount": {"minor": 400_000, "currency": "CNY"}});
    host.event("invest.redeemed", "a", &at(3), part);
    assert_eq!(extra(&host), Ok(json!(600)));
}

#[test]
fn a_circle_adds_nothing() {
    let mut host = Host::new(json!({
        "friends": {"basis_points": 10, "chain": 3, "belongs_to": "everybody"},
        "commission": {"unit": "cash:CNY", "basis_points": 50}
    }));
    buy(&mut host, "a", "h1", 1);
    assert_eq!(register(&mut host, "a", "a", 2), []);
    host.invited("b", "a");
    assert_eq!(register(&mut host, "a", "b", 2), []);
    host.invited("c", "c");
    assert_eq!(buy(&mut host, "c", "h2", 2).as_deref(), Some("in-a-circle"));
}

#[test]
fn one_person_is_one_friend() {
    let mut host = Host::new(json!({"friends": {"basis_points": 10, "chain": 3}, "once_per": ["device"]}));
    host.identifier("a", Dimension::Device, "d1").identifier("b", Dimension::Device, "d1");
    host.identifier("c", Dimension::Device, "d2").identifier("d", Dimension::Device, "d2");
    buy(&mut host, "a", "h1", 1);
    assert_eq!(register(&mut host, "a", "b", 2), [], "the holder's own device");
    assert_eq!(register(&mut host, "a", "c", 2), to("a", "h1"));
    assert_eq!(register(&mut host, "a", "d", 2), [], "a friend's device");
}

#[test]
fn purchases_that_do_not_count() {
    let mut host = Host::new(json!({
        "terms": [{"days": 48, "basis_points": 570}], "friends": {"basis_points": 10, "chain": 3}
    }));
    assert_eq!(buy(&mut host, "a", "h1", 1).as_deref(), Some("not-this-product"));
    let mut host = Host::new(json!({"friends": {"basis_points": 10, "chain": 3}}));
    assert_eq!(buy(&mut host, "a", "h#1", 1).as_deref(), Some("bad-holding"));
    let none = host.quote("income", "a", &at(2), json!({}));
    assert_eq!(none.unwrap_err().code, "nothing-held");
}

#[test]
fn what_contradicts_itself_is_refused() {
    assert_eq!(pointers(json!({})), [""]);
    let falls = |least: u32| {
        let terms = json!([{"days": 48, "basis_points": least}, {"days": 48, "basis_points": 10_000}]);
        json!({"terms": terms, "friends": {"basis_points": 10, "chain": least, "principal_cap": least}})
    };
    assert_eq!(pointers(falls(0)), ["/friends/chain", "/friends/principal_cap", "/terms/0/basis_points"]);
    assert_eq!(pointers(falls(1)), ["/terms/1/days", "/terms/1/basis_points"]);
    assert_eq!(
        pointers(json!({"with_purchase": {"basis_points": 10_001, "days": 0, "principal_cap": 0}})),
        ["/with_purchase/basis_points", "/with_purchase/days", "/with_purchase/principal_cap"]
    );
    assert_eq!(
        pointers(json!({"commission": {"unit": "item:x", "basis_points": 0}})),
        ["/commission/basis_points", "/commission/unit"]
    );
}
