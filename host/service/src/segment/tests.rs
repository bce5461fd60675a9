//! What conditions mean, what is refused, and what none of them can do to the host.

use largesse_domain::customer::{AttributeValue, Customer, Fact};
use largesse_domain::id::{AttributeName, Tag};
use largesse_domain::limits::{
    ATTRIBUTE_BYTES_MAX, CONDITION_BYTES_MAX, CONDITION_STEPS_MAX, CONDITION_UNITS_MAX, TAGS_MAX,
};
use largesse_domain::time::Instant;
use largesse_domain::unit::Quantity;
use proptest::prelude::*;

use super::*;
use crate::zone::Zone;

const NOW: i64 = 1_772_582_400_000; // 2026-03-04T08:00:00+08:00, a Wednesday

fn rule(text: &str) -> Result<Rule, String> {
    let condition: Condition = text.parse().unwrap();
    Rule::check(&condition)?;
    Rule::read(&condition)
}

fn at(millis: i64) -> Moment {
    Zone::new("Asia/Shanghai").unwrap().moment(Instant::from_millis(millis).unwrap())
}

fn customer() -> Customer {
    let mut customer = Customer::default();
    let mut learn = |fact| customer.learn(fact, Instant::from_millis(0).unwrap()).unwrap();
    for (name, value) in [
        ("age", AttributeValue::Int(30)),
        ("city", AttributeValue::Text("Shanghai".into())),
        ("staff", AttributeValue::Bool(false)),
        ("registered_at", AttributeValue::Int(NOW - 10 * DAY_MS - 1)),
    ] {
        learn(Fact::Attribute(AttributeName::new(name).unwrap(), value));
    }
    learn(Fact::Tag(Tag::new("vip").unwrap(), None));
    learn(Fact::Tag(Tag::new("spring").unwrap(), Some(Instant::from_millis(NOW).unwrap())));
    customer
}

fn holds_of(text: &str, customer: &Customer, time: i64) -> Result<bool, String> {
    let rule = rule(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    let at = at(time);
    rule.holds(&Subject { customer, wallet: &[], at, now: at.at })
}

#[test]
fn conditions_see_the_customer_at_the_time() {
    for (text, expected) in [
        ("attributes.age >= 18", true),
        ("attributes.age >= 18 && attributes.city == 'Beijing'", false),
        ("attributes['city'].startsWith('Shang')", true),
        ("!attributes.staff", true),
        ("'vip' in tags", true),
        ("'spring' in tags", false),
        ("tags.exists(tag, tag.startsWith('v'))", true),
        ("tags.filter(tag, tag != 'vip').size() == 0", true),
        ("size(tags) == 1", true),
        ("age_days(attributes.registered_at) == 10", true),
        ("now - attributes.registered_at > 864000000", true),
        ("month == 3 && day == 4 && weekday == 3", true),
        ("attributes.city in ['Beijing', 'Shanghai']", true),
        ("{'Shanghai': 1}[attributes.city] == 1", true),
        ("true", true),
    ] {
        assert_eq!(holds_of(text, &customer(), NOW), Ok(expected), "{text}");
    }
    assert_eq!(holds_of("'spring' in tags", &customer(), NOW - 1), Ok(true), "tags are those of the time");
}

#[test]
fn what_is_not_known_makes_a_condition_false_unless_it_does_not_matter() {
    let nobody = Customer::default();
    for (text, expected) in [
        ("attributes.age < 18", false),
        ("!(attributes.age < 18)", false),
        ("has(attributes.age) && attributes.age < 18", false),
        ("!has(attributes.age)", true),
        ("attributes.age < 18 || size(tags) == 0", true),
        ("standings.club == 'gold'", false),
        ("balances.points == 0", true),
        ("balances['coupon:welcome'] > 0", false),
    ] {
        assert_eq!(holds_of(text, &nobody, NOW), Ok(expected), "{text}");
    }
}

#[test]
fn standings_are_those_of_the_time() {
    use largesse_domain::customer::Standing;
    let mut customer = Customer::default();
    let at = |millis: i64| Instant::from_millis(millis).unwrap();
    let standing = Standing { tier: "gold".parse().unwrap(), since: at(0), until: Some(at(NOW)) };
    customer.standings.insert("club".parse().unwrap(), standing);
    assert_eq!(holds_of("standings.club == 'gold'", &customer, NOW - 1), Ok(true));
    assert_eq!(holds_of("standings.club == 'gold'", &customer, NOW), Ok(false));
    assert_eq!(holds_of("'club' in standings", &customer, NOW), Ok(false));
}

#[test]
fn a_wrong_type_is_told_at_the_time() {
    let error = holds_of("attributes.city > 18", &customer(), NOW).unwrap_err();
    assert!(error.contains("string"), "{error}");
    assert_eq!(holds_of("attributes.age", &customer(), NOW), Err("it comes to int, not to true or false".into()));
}

#[test]
fn balances_are_what_can_be_used_now() {
    let grants = grants(&[("points", 30, None), ("points", 12, None), ("growth", 5, Some(NOW))]);
    let wallet: Vec<&Grant> = grants.iter().collect();
    let holds = |text: &str, now: i64| {
        let (customer, at) = (Customer::default(), at(NOW));
        let now = Instant::from_millis(now).unwrap();
        rule(text).unwrap().holds(&Subject { customer: &customer, wallet: &wallet, at, now })
    };
    assert_eq!(holds("balances.points == 42", NOW), Ok(true));
    assert_eq!(holds("balances.growth == 5", NOW - 1), Ok(true));
    assert_eq!(holds("balances.growth == 0 && 'growth' in balances", NOW), Ok(true));
    assert!(rule("balances.points > 1").unwrap().sees_balances());
    assert!(!rule("attributes.points > 1").unwrap().sees_balances());
}

fn grants(held: &[(&str, u64, Option<i64>)]) -> Vec<Grant> {
    use largesse_domain::key::GrantSlot;
    let grant = |(index, (unit, quantity, expires)): (usize, &(&str, u64, Option<i64>))| Grant {
        slot: GrantSlot {
            campaign: "c".parse().unwrap(),
            to: "u1".parse().unwrap(),
            key: format!("k{index}").parse().unwrap(),
        },
        issue: 1,
        decision: None,
        about: None,
        unit: unit.parse().unwrap(),
        quantity: Quantity::new(*quantity).unwrap(),
        reversed: Quantity::ZERO,
        owed: Quantity::ZERO,
        redeemed: Quantity::ZERO,
        paid: Quantity::ZERO,
        reserved: Quantity::ZERO,
        expired: Quantity::ZERO,
        key_freed: false,
        from_stock: false,
        granted_at: Instant::from_millis(0).unwrap(),
        counted_on: at(0).local,
        counted_for: Vec::new(),
        hold: None,
        expires: expires.map(|expires| Instant::from_millis(expires).unwrap()),
        principal_cap: None,
        reason: String::new(),
    };
    held.iter().enumerate().map(grant).collect()
}

#[test]
fn what_cannot_be_meant_is_refused_with_a_reason() {
    for (text, said) in [
        ("1 +", "line 1, column 4"),
        ("age > 18", "there is no age; there is attributes, tags"),
        ("attributes.age + 1", "not to true or false"),
        ("size(tags)", "not to true or false"),
        ("tags > 3", "no matching overload"),
        ("attributes.age.x == 1", "no matching overload"),
        ("frobnicate(tags)", "there is no function frobnicate"),
        ("tags.map(tag, tag + tag).size() > 0", "there is no map"),
        ("tags.map(tag, tag.size() > 1, tag + tag).size() > 0", "there is no map"),
        ("attributes.exists(name, name == 'a')", "only tags and lists"),
        ("attributes.age > 1.5", "whole numbers"),
        ("balances.gold > 1", "balances[\"gold\"]"),
        ("a.b.C{} == 1", "there are no messages"),
        ("tags.all(a, tags.all(b, a == b || tags.exists(c, c == b)))", "steps"),
        ("1 / 0 == 1", "zero"),
        ("optional.of(1).hasValue()", "there is no function"),
    ] {
        let error = rule(text).map(drop).unwrap_err();
        assert!(error.contains(said), "{text}: {error}");
    }
}

/// What a text of the greatest length could do to the parser, to the reader, or to the evaluation.
#[test]
fn long_and_deep_conditions_are_answered() {
    let repeated = |before: &str, middle: &str, after: &str| {
        let times = (CONDITION_BYTES_MAX - middle.len()) / (before.len() + after.len());
        format!("{}{middle}{}", before.repeat(times), after.repeat(times))
    };
    let refused = [
        repeated("(", "true", ")"),
        repeated("[", "", "]"),
        repeated("tags.all(a,", "true", ")"),
        repeated("true?true:", "true", ""),
        repeated("1==", "1", ""),
        repeated("1+", "1", ""),
        repeated("", "tags", "[0]"),
        repeated("", "tags", ".a"),
        repeated("-", "1", ""),
        repeated("", "tags", "+tags") + " == tags",
        repeated("{1:", "1", "}"),
        repeated("!(", "true", ")"),
        repeated("has(", "a.b", ")"),
    ];
    for text in refused {
        let text: String = text.chars().take(CONDITION_BYTES_MAX).collect();
        assert!(rule(&text).is_err(), "{text}");
    }
    let conjunction = repeated("true&&", "true", "");
    assert_eq!(rule(&conjunction).map(drop), Ok(()));
    assert_eq!(holds_of(&conjunction, &Customer::default(), NOW), Ok(true));
}

#[test]
fn the_dearest_condition_is_cheap() {
    let mut customer = Customer::default();
    for number in 0..TAGS_MAX {
        let tag = Tag::new(format!("tag-{number:03}-{}", "x".repeat(40))).unwrap();
        customer.learn(Fact::Tag(tag, None), Instant::from_millis(0).unwrap()).unwrap();
    }
    for (begin, more, end) in [
        ("tags.all(a, [1, 2, 3, 4, 5, 6, 7, 8].all(b, true", " && true", "))"),
        ("tags.all(a, true", " && (a in tags || a == '')", ")"),
        ("tags.all(a, true", " && a+a+a+a != a+a+a", ")"),
        ("tags.filter(a, true).size() > 0", " && tags.filter(a, true).size() > 0", ""),
    ] {
        let mut text = begin.to_owned();
        let mut dearest = String::new();
        while let Ok(rule) = rule(&format!("{text}{end}")) {
            assert!(rule.steps() <= CONDITION_STEPS_MAX);
            dearest = format!("{text}{end}");
            text += more;
            assert!(text.len() + end.len() <= CONDITION_BYTES_MAX, "it is never too expensive: {text}");
        }
        assert!(rule(&format!("{text}{end}")).unwrap_err().contains("steps, more than 50000"), "{text}");
        let steps = rule(&dearest).unwrap().steps();
        let started = std::time::Instant::now();
        assert_eq!(holds_of(&dearest, &customer, NOW), Ok(true));
        println!("{steps} steps in {:?}: {dearest}", started.elapsed());
        assert!(started.elapsed().as_secs() < 5, "{:?} for {} bytes", started.elapsed(), dearest.len());
    }
}

/// Ever longer texts, each made of the one before: few steps, and gigabytes.
#[test]
fn texts_and_lists_that_multiply_are_rejected_when_they_are_written() {
    let nested = |levels: usize, times: usize| {
        let name = |level: usize| format!("x{level}");
        let mut text = format!("size({}) > 0", name(levels));
        for level in (0..levels).rev() {
            let before = if level == 0 { "attributes.a".to_owned() } else { name(level) };
            let sum = vec![before; times].join(" + ");
            text = format!("[{sum}].exists({}, {text})", name(level + 1));
        }
        text
    };
    for text in [
        nested(10, 4),
        nested(4, 4),
        nested(12, 2),
        "[tags + tags + tags + tags].exists(b, (b + b + b + b + b + b).size() > 0)".to_owned(),
        "[[attributes, attributes]].exists(b, [b, b, b].exists(c, size(c) > 0))".to_owned(),
        nested(9, 2).replace("attributes.a", "(has(attributes.a) ? attributes.a : attributes.b)"),
        nested(9, 2).replace("attributes.a", "{'a': attributes.a}['a']"),
    ] {
        let error = rule(&text).map(drop).unwrap_err();
        assert!(error.contains("may build a text or a list of"), "{text}: {error}");
    }
    // A level less stays below 64 KiB.
    let text = nested(3, 4);
    assert_eq!(rule(&text).map(drop), Ok(()));
    let mut customer = Customer::default();
    let attribute =
        Fact::Attribute(AttributeName::new("a").unwrap(), AttributeValue::Text("x".repeat(ATTRIBUTE_BYTES_MAX)));
    customer.learn(attribute, Instant::MIN).unwrap();
    assert_eq!(holds_of(&text, &customer, NOW), Ok(true));
}

/// What is weighed is what a customer may have. More than that is not looked at.
#[test]
fn a_customer_with_more_than_is_weighed_is_not_looked_at() {
    let with = |bytes: usize| {
        let mut customer = Customer::default();
        let text = AttributeValue::Text("x".repeat(bytes));
        customer.learn(Fact::Attribute(AttributeName::new("a").unwrap(), text), Instant::MIN).unwrap();
        holds_of("attributes.a != ''", &customer, NOW)
    };
    assert_eq!(with(ATTRIBUTE_BYTES_MAX), Ok(true));
    assert!(with(ATTRIBUTE_BYTES_MAX + 1).unwrap_err().contains("257 bytes"));
    let units: Vec<String> = (0..=CONDITION_UNITS_MAX).map(|number| format!("coupon:c{number}")).collect();
    let held: Vec<_> = units.iter().map(|unit| (unit.as_str(), 1, None)).collect();
    let grants = grants(&held);
    let with = |count: usize, text: &str| {
        let (customer, at) = (Customer::default(), at(NOW));
        let wallet: Vec<&Grant> = grants.iter().take(count).collect();
        rule(text).unwrap().holds(&Subject { customer: &customer, wallet: &wallet, at, now: at.at })
    };
    assert_eq!(with(CONDITION_UNITS_MAX, "size(balances) > 1"), Ok(true));
    assert!(with(CONDITION_UNITS_MAX + 1, "size(balances) > 1").unwrap_err().contains("257 units"));
    // Only what is named is made of them.
    assert_eq!(with(CONDITION_UNITS_MAX + 1, "balances['coupon:c7'] == 1"), Ok(true));
}

proptest! {
    /// Whatever is written is refused or evaluated; nothing panics.
    #[test]
    fn fuzz_conditions(pieces in proptest::collection::vec(proptest::sample::select(vec![
        "tags", "attributes", "balances", "now", ".", "[", "]", "(", ")", "'a'", "\"b\"", "1", "-1", "9223372036854775807", "true", "null",
        "&&", "||", "!", "==", "<", "in", "+", "*", "/", "%", "?", ":", ",", " ", "exists", "all", "filter", "map", "exists_one", "has",
        "size", "x", "{", "}", "int", "age_days", "\\", "\u{0}", "é", "b'", "r'", "//", "\n", "0x", "1u", "1.0", "@result",
    ]), 1..24)) {
        let Ok(condition) = pieces.concat().parse::<Condition>() else { return Ok(()) };
        if Rule::check(&condition).is_ok() {
            let customer = customer();
            let subject = Subject { customer: &customer, wallet: &[], at: at(NOW), now: at(NOW).at };
            let _told = Rule::read(&condition).unwrap().holds(&subject);
        }
    }
}
