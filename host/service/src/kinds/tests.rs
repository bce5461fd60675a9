//! Schemas of event kinds and their annotations.

use super::*;
use serde_json::json;

fn rules() -> KindRules {
    let schema = json!({
        "type": "object",
        "properties": {
            "inviter": {"type": "string", "x-largesse-role": "inviter"},
            "card": {"type": "string", "x-largesse-identifier": "card"},
            "limit": {"type": "object", "x-largesse-attribute": "credit_limit"},
            "team": {"type": "object", "properties": {
                "members": {"type": "array", "items": {"type": "string", "x-largesse-role": "customer"}}
            }}
        },
        "additionalProperties": false,
        "x-largesse-sets": {"registered_at": "$first-time", "verified": true}
    });
    KindRules::new(EventKind::new("test.happened").unwrap(), &schema).unwrap()
}

#[test]
fn annotations_become_facts() {
    let rules = rules();
    let data = json!({"inviter": "a", "card": "k1", "limit": {"minor": 5}, "team": {"members": ["b", "c"]}});
    assert!(rules.problems(&data).is_empty());
    let reading = rules.read(&data, Instant::from_millis(7).unwrap()).unwrap();
    let named: Vec<_> = reading.named.iter().map(CustomerId::as_str).collect();
    assert_eq!(named, ["a", "b", "c"]);
    assert_eq!(reading.facts.len(), 5);
    assert!(rules.names_customer("/inviter") && rules.names_members("/team/members"));
    assert!(!rules.names_customer("/card"));
}

#[test]
fn other_ids_of_the_actor_are_named() {
    let same = json!({"type": "string", "x-largesse-role": "same"});
    let schema = json!({"properties": {"cookie": same, "others": {"type": "array", "items": same}}});
    let rules = KindRules::new(EventKind::new("test.happened").unwrap(), &schema).unwrap();
    let data = json!({"cookie": "a", "others": ["b", "a"]});
    let reading = rules.read(&data, Instant::MIN).unwrap();
    let names = |ids: &[CustomerId]| ids.iter().map(ToString::to_string).collect::<Vec<_>>();
    let mut same = names(&reading.same);
    same.sort();
    assert_eq!((same, reading.named.len()), (["a", "a", "b"].map(str::to_owned).to_vec(), 3));
    assert_eq!(rules.pointers_to_same(&data, &CustomerId::new("a").unwrap()), ["/cookie", "/others/1"]);
    assert!(!rules.names_customer("/cookie") && !rules.names_members("/others"));
}

#[test]
fn what_does_not_fit_is_named() {
    let rules = rules();
    let problems = rules.problems(&json!({"card": 5, "crad": "k1"}));
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(problems.iter().any(|problem| problem.pointer == "/card"));
    let bad = json!({"team": {"members": ["b", "not an id"]}});
    assert_eq!(rules.read(&bad, Instant::MIN).unwrap_err().pointer, "/team/members/1");
}

#[test]
fn what_is_sensitive_is_masked_wherever_it_stands() {
    let schema = json!({"properties": {
        "phone": {"type": "string", "x-largesse-sensitive": true, "x-largesse-identifier": "identity"},
        "cards": {"type": "array", "items": {"properties": {"number": {"type": "string", "x-largesse-sensitive": true}}}},
        "city": {"type": "string", "x-largesse-sensitive": false},
    }});
    let rules = KindRules::new(EventKind::new("k").unwrap(), &schema).unwrap();
    let key = MaskKey::default();
    let mut data = json!({"phone": "138", "city": "Brno", "cards": [{"number": "4111"}, {"number": 5}, {}]});
    rules.mask(&mut data, &key);
    let [phone, card] = ["138", "4111"].map(|value| key.marker(value));
    assert_eq!(data, json!({"phone": phone, "city": "Brno", "cards": [{"number": card}, {"number": 5}, {}]}));
    // What it establishes is the marker.
    let reading = rules.read(&data, Instant::MIN).unwrap();
    assert_eq!(reading.facts, [Fact::Identifier(Dimension::Identity, Identifier::new(phone).unwrap())]);
    for (field, says) in [
        (json!({"type": "integer", "x-largesse-sensitive": true}), "type string"),
        (json!({"type": "string", "x-largesse-sensitive": true, "x-largesse-role": "customer"}), "customer"),
        (json!({"type": "string", "x-largesse-sensitive": "yes"}), "true or false"),
    ] {
        let error = KindRules::new(EventKind::new("k").unwrap(), &json!({"properties": {"x": field}})).err().unwrap();
        assert_eq!(error.pointer, "/properties/x/x-largesse-sensitive");
        assert!(error.message.contains(says), "{}", error.message);
    }
}

#[test]
fn an_annotation_that_means_nothing_is_refused() {
    let schema = json!({"properties": {"x": {"x-largesse-role": "friend"}}});
    let error = KindRules::new(EventKind::new("k").unwrap(), &schema).err().unwrap();
    assert_eq!(error.pointer, "/properties/x/x-largesse-role");
}

#[test]
fn attributes_are_kept_for_each_word() {
    let schema = json!({
        "x-largesse-per": "/channel",
        "properties": {
            "channel": {"type": "string"}, "granted": {"type": "boolean", "x-largesse-attribute": "consent"}
        },
    });
    let rules = KindRules::new("said".parse().unwrap(), &schema).unwrap();
    let named = |data: Value| match &rules.read(&data, Instant::MIN).unwrap().facts[..] {
        [Fact::Attribute(name, _)] => name.to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!(named(json!({"granted": true})), "consent");
    assert_eq!(named(json!({"granted": true, "channel": "sms"})), "consent_sms");
    let wrong = rules.read(&json!({"granted": true, "channel": "S M S"}), Instant::MIN).unwrap_err();
    assert_eq!(wrong.pointer, "/channel");
    let nowhere = json!({"x-largesse-per": "/channel", "properties": {"channel": {"type": "integer"}}});
    let refused = KindRules::new("said".parse().unwrap(), &nowhere).err().unwrap();
    assert_eq!(refused.pointer, "/x-largesse-per");
}
