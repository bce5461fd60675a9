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

#[test]
fn kinds_and_their_annotations_are_bounded() {
    let kind = |number: usize, schema: &Value| Kind {
        kind: EventKind::new(format!("test.n{number}")).unwrap(),
        schema: largesse_domain::json::Json::from_checked(schema.to_string()),
    };
    let mut kinds = Kinds::default();
    for number in 0..KINDS_MAX {
        kinds.insert(kind(number, &json!({}))).unwrap();
    }
    assert!(kinds.insert(kind(KINDS_MAX, &json!({}))).unwrap_err().message.contains("1024 event kinds"));
    kinds.insert(kind(0, &json!({"type": "object"}))).unwrap();

    let named = |count: usize, of: Value| {
        let members = (0..count).map(|n| (format!("p{n}"), of.clone()));
        Value::Object(members.collect())
    };
    let properties = |count: usize, of: Value| json!({"properties": named(count, of)});
    let large = properties(40, properties(99, json!({})));
    let mut kinds = Kinds::default();
    let count = KINDS_SIZE_MAX / 4_001;
    for number in 0..count {
        kinds.insert(kind(number, &large)).unwrap();
    }
    let problem = kinds.insert(kind(count, &large)).unwrap_err();
    assert!(problem.message.contains("at most 131072 are allowed"), "{problem:?}");

    let wide = json!({"description": "x".repeat(250 * 1024)});
    let mut kinds = Kinds::default();
    let count = KINDS_BYTES_MAX / wide.to_string().len();
    for number in 0..count {
        kinds.insert(kind(number, &wide)).unwrap();
    }
    let problem = kinds.insert(kind(count, &wide)).unwrap_err();
    assert!(problem.message.contains("at most 8388608 are allowed"), "{problem:?}");

    let annotated = |count: usize| {
        let field = json!({"type": "string", "x-largesse-attribute": "a"});
        json!({"properties": (0..count).map(|n| (format!("p{n}"), field.clone())).collect::<serde_json::Map<_, _>>()})
    };
    let read = |schema: &Value| KindRules::new(EventKind::new("test.happened").unwrap(), schema).map(drop);
    assert_eq!(read(&annotated(KIND_ANNOTATIONS_MAX)), Ok(()));
    assert!(read(&annotated(KIND_ANNOTATIONS_MAX + 1)).unwrap_err().message.contains("128 annotated fields"));
    let sets = |count: usize| json!({"x-largesse-sets": named(count, json!(1))});
    assert_eq!(read(&sets(KIND_ANNOTATIONS_MAX)), Ok(()));
    assert_eq!(read(&sets(KIND_ANNOTATIONS_MAX + 1)).unwrap_err().pointer, "/x-largesse-sets");
}
