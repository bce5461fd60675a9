//! JSON Schemas from outside: which are rejected and with what message, and that those that are accepted cost what is stated.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use largesse_domain::limits::{
    EVENT_BYTES_MAX, PATTERN_BYTES_MAX, PATTERN_STATES_MAX, PROBLEM_BYTES_MAX, PROBLEMS_MAX, SCHEMA_IN_PLACE_DEPTH_MAX,
    SCHEMA_PARTS_MAX, SCHEMA_POINTER_BYTES_MAX, SCHEMA_REFERENCES_MAX, SCHEMA_STEPS_PER_BYTE_MAX,
    VALIDATION_STEPS_SHARED_MAX,
};
use largesse_domain::problem::Problem;
use largesse_service::bundled;
use largesse_service::schema::Schema;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Processor time for each step that is allowed, in a build that is not optimised.
const STEP: Duration = Duration::from_nanos(500);

fn rejected(schema: &Value) -> Problem {
    Schema::compile(schema).map(drop).unwrap_err()
}

fn pointers(schema: &Value, document: &Value) -> Vec<String> {
    let problems = Schema::compile(schema).unwrap().problems(document);
    problems.into_iter().map(|problem| problem.pointer).collect()
}

fn told(schema: &Value, document: &Value) -> Vec<(String, String)> {
    let problems = Schema::compile(schema).unwrap().problems(document);
    problems.into_iter().map(|problem| (problem.pointer, problem.message)).collect()
}

/// Definitions `a0` to `a<levels>`, each made of the one before; the whole refers to the last.
fn chain(levels: usize, next: impl Fn(Value) -> Value) -> Value {
    let mut definitions = Map::from_iter([("a0".to_owned(), json!({"type": "object"}))]);
    for level in 1..=levels {
        let before = json!({"$ref": format!("#/$defs/a{}", level - 1)});
        definitions.insert(format!("a{level}"), next(before));
    }
    json!({"$defs": definitions, "$ref": format!("#/$defs/a{levels}")})
}

/// Processor time of this thread.
fn processor_time() -> Duration {
    let spent = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(spent.split(' ').next().unwrap().parse().unwrap())
}

#[test]
fn a_mistake_inside_an_optional_part_is_reported_where_it_is() {
    let part = json!({"type": "object", "properties": {"n": {"type": "integer"}}, "additionalProperties": false});
    let schema = json!({"properties": {"part": {"anyOf": [part, {"type": "null"}]}}});
    assert_eq!(pointers(&schema, &json!({"part": {"n": "one"}})), ["/part/n"]);
    assert_eq!(pointers(&schema, &json!({"part": 5})), ["/part"]);
    assert_eq!(pointers(&schema, &json!({"part": null})), [""; 0]);
}

#[test]
fn words_that_are_allowed_are_listed() {
    let word = |word: &str| json!({"type": "string", "const": word, "description": "An event."});
    let schema = json!({"properties": {"on": {"items": {"oneOf": [word("login"), word("order-paid")]}}}});
    let found = told(&schema, &json!({"on": ["login", "ordered"]}));
    assert_eq!(found, [("/on/1".to_owned(), "expected one of login, order-paid; did you mean order-paid?".to_owned())]);
    let schema = json!({"properties": {"on": {"items": {"enum": ["login", "order-paid"]}}}});
    assert_eq!(told(&schema, &json!({"on": ["login", "ordered"]})), found);
}

#[test]
fn a_mistake_in_a_tagged_part_is_told_in_its_own_terms() {
    let kind = |kind: &str, field: &str| {
        json!({
            "type": "object", "required": ["kind", field], "additionalProperties": false,
            "properties": {"kind": {"type": "string", "const": kind}, field: {"type": "integer", "minimum": 1}},
        })
    };
    let gift = json!({"anyOf": [{"oneOf": [kind("points", "quantity"), kind("coupon", "days")]}, {"type": "null"}]});
    let schema = json!({"properties": {"gift": gift}});
    let found = |gift: Value| told(&schema, &json!({"gift": gift}));
    let one = |pointer: &str, message: &str| vec![(pointer.to_owned(), message.to_owned())];
    assert_eq!(found(json!({"kind": "coupon", "days": 0})), one("/gift/days", "0 is less than the minimum of 1"));
    assert_eq!(found(json!({"kind": "coupon"})), one("/gift", r#""days" is a required property"#));
    assert_eq!(
        found(json!({"kind": "cupon", "days": 1})),
        one("/gift/kind", "expected one of points, coupon; did you mean coupon?")
    );
}

#[test]
fn work_that_multiplies_is_rejected_where_it_becomes_too_much() {
    let twice = |part: Value| json!({"allOf": [part.clone(), part]});
    let negated = |part: Value| json!({"anyOf": [{"not": part.clone()}, part], "unevaluatedProperties": false});
    let one_of = |part: Value| json!({"oneOf": [part.clone(), part]});
    let condition = |part: Value| json!({"if": part.clone(), "then": part.clone(), "else": part});
    let dependent = |part: Value| json!({"dependentSchemas": {"a": part.clone(), "b": part}});
    let names = |part: Value| json!({"propertyNames": part.clone(), "allOf": [part]});
    let nots = |part: Value| json!({"not": {"allOf": [{"not": part.clone()}, {"not": part}]}});
    for next in [twice, negated, one_of, condition, dependent, names, nots] {
        assert_eq!(Schema::compile(&chain(2, next)).map(drop), Ok(()));
        let problem = rejected(&chain(25, next));
        assert!(problem.pointer.starts_with("/$defs/a"), "{problem:?}");
        assert!(problem.message.contains("steps for each of its bytes, more than 8000"), "{problem:?}");
    }
    // The references lead down into the value, once at each level: nothing multiplies.
    let below = |part: Value| json!({"properties": {"a": part.clone(), "b": part}});
    assert_eq!(Schema::compile(&chain(40, below)).map(drop), Ok(()));
}

#[test]
fn a_recursive_schema_is_accepted_when_each_level_is_validated_once() {
    let tree = json!({"type": "object", "properties": {"left": {"$ref": "#"}, "right": {"$ref": "#"}}});
    assert_eq!(Schema::compile(&tree).map(drop), Ok(()));
    let choice = json!({"anyOf": [{"type": "string"}, {"type": "array", "items": {"$ref": "#"}}]});
    assert_eq!(Schema::compile(&choice).map(drop), Ok(()));
    let twice = json!({"allOf": [{"properties": {"a": {"$ref": "#"}}}, {"properties": {"a": {"$ref": "#"}}}]});
    assert!(rejected(&twice).message.contains("steps for each"), "{:?}", rejected(&twice));
    let unevaluated = json!({"allOf": [{"properties": {"a": {"$ref": "#"}}}], "unevaluatedProperties": false});
    assert!(rejected(&unevaluated).message.contains("steps for each"), "{:?}", rejected(&unevaluated));
    for endless in [
        json!({"$ref": "#"}),
        json!({"allOf": [{"$ref": "#"}]}),
        json!({"$defs": {"a": {"anyOf": [{"$ref": "#/$defs/b"}]}, "b": {"not": {"$ref": "#/$defs/a"}}}}),
    ] {
        assert!(rejected(&endless).message.contains("refers to itself"), "{:?}", rejected(&endless));
    }
}

#[test]
fn what_cannot_be_bounded_is_rejected_with_its_place() {
    for (schema, pointer, message) in [
        (json!({"properties": {"a": {"$dynamicRef": "#x"}}}), "/properties/a/$dynamicRef", "use $ref"),
        (json!({"$ref": "https://example.com/schema"}), "/$ref", "within this schema"),
        (json!({"$ref": "#/$defs/none"}), "/$ref", "leads to nothing"),
        (json!({"items": {"$id": "https://example.com/a"}}), "/items/$id", "only the whole schema"),
        (json!({"$schema": "http://json-schema.org/draft-07/schema#"}), "/$schema", "2020-12"),
        (json!({"dependencies": {}}), "/dependencies", "dependentRequired"),
        (json!({"allOf": [{"pattern": "(?=a)b"}]}), "/allOf/0/pattern", "without backtracking"),
        (json!({"patternProperties": {"(a)\\1": true}}), "/patternProperties/(a)\\1", "without backtracking"),
        (json!({"pattern": "((a{100}){100}){100}"}), "/pattern", "shorten repetitions"),
        (json!({"type": "text"}), "/type", ""),
    ] {
        let problem = rejected(&schema);
        assert!(problem.pointer == pointer && problem.message.contains(message), "{schema}: {problem:?}");
    }
}

#[test]
fn each_bound_of_a_schema_is_reached() {
    let accepted = |schema: Value| Schema::compile(&schema).map(drop);
    // In groups, since an object costs a step or more for each of its properties.
    let group =
        |count: usize| json!({"properties": (1..count).map(|n| (format!("p{n}"), json!({}))).collect::<Map<_, _>>()});
    let parts = |count: usize| {
        let groups = (0..(count - 1).div_ceil(64)).map(|n| (format!("g{n}"), group((count - 1 - 64 * n).min(64))));
        json!({"properties": groups.collect::<Map<_, _>>()})
    };
    assert_eq!(accepted(parts(SCHEMA_PARTS_MAX)), Ok(()));
    assert!(rejected(&parts(SCHEMA_PARTS_MAX + 1)).message.contains("4096 subschemas"));

    let links = |count: usize| chain(count - 1, |part| part);
    assert_eq!(accepted(links(SCHEMA_IN_PLACE_DEPTH_MAX)), Ok(()));
    assert!(rejected(&links(SCHEMA_IN_PLACE_DEPTH_MAX + 1)).message.contains("32 links"));

    let references = |count: usize| {
        let name = |n: usize| format!("d{n}");
        let definitions: Map<_, _> = (0..count).map(|n| (name(n), json!({}))).collect();
        let properties: Map<_, _> =
            (0..count).map(|n| (name(n), json!({"$ref": format!("#/$defs/{}", name(n))}))).collect();
        json!({"$defs": definitions, "properties": properties})
    };
    assert_eq!(accepted(references(SCHEMA_REFERENCES_MAX)), Ok(()));
    assert!(rejected(&references(SCHEMA_REFERENCES_MAX + 1)).message.contains("256 different subschemas"));

    let long = |bytes: usize| json!({"properties": {("x".repeat(bytes - "/properties/".len())): true}});
    assert_eq!(accepted(long(SCHEMA_POINTER_BYTES_MAX)), Ok(()));
    assert!(rejected(&long(SCHEMA_POINTER_BYTES_MAX + 1)).message.contains("at most 512 bytes"));

    let pattern = |bytes: usize| json!({"pattern": format!("^{}$", "a?".repeat((bytes - 2) / 2))});
    assert!(!rejected(&pattern(PATTERN_BYTES_MAX)).message.contains("4096 bytes"));
    assert!(rejected(&pattern(PATTERN_BYTES_MAX + 2)).message.contains("at most 4096 bytes"));

    // Each repetition of a class is a state, and some more stand around them.
    let repeated = |times: usize| json!({"pattern": format!("^[ab]{{{times}}}$")});
    assert_eq!(accepted(repeated(1_900)), Ok(()));
    assert!(rejected(&repeated(PATTERN_STATES_MAX)).message.contains("at most 4096 states"));
    let all = |count: usize| {
        let property = |n: usize| (format!("p{n}"), json!({"pattern": format!("^[ab]{{{}}}$", 1_900 + n)}));
        json!({"properties": (0..count).map(property).collect::<Map<_, _>>()})
    };
    assert_eq!(accepted(all(8)), Ok(()));
    assert!(rejected(&all(9)).message.contains("states in all"));
}

/// A chain of definitions is compiled, used and dropped on the stack of an ordinary thread.
#[test]
fn the_longest_chain_of_definitions_needs_little_stack() {
    let below = |part: Value| json!({"properties": {"a": {"items": {"properties": {"b": part}}}}});
    let schema = Schema::compile(&chain(SCHEMA_REFERENCES_MAX - 1, below)).unwrap();
    assert_eq!(schema.problems(&json!({"a": [{"b": {"a": [{"b": 7}]}}]})).len(), 0);
}

#[test]
fn an_invalid_document_is_answered_with_few_and_short_problems() {
    let schema = Schema::compile(&json!({"additionalProperties": {"items": {"type": "integer"}}})).unwrap();
    let problems = schema.problems(&json!({"a": vec!["x"; 1_000]}));
    assert_eq!(problems.len(), PROBLEMS_MAX);
    assert_eq!(problems[1].pointer, "/a/1");
    let problems = schema.problems(&json!({"a": ["y".repeat(60_000)]}));
    assert!(problems[0].message.len() <= PROBLEM_BYTES_MAX && problems[0].message.ends_with("..."), "{problems:?}");
    // Every error would carry a pointer of 30 KB.
    let problems = schema.problems(&json!({("k".repeat(30_000)): vec![""; 8_000]}));
    assert_eq!(problems.len(), 1);
    assert!(problems[0].message.contains("too large to say where"), "{problems:?}");
}

#[test]
fn bundled_schemas_cost_far_less_than_is_allowed() {
    let cost = |schema: &Value| Schema::compile(schema).unwrap().steps(1);
    let costs = bundled::kinds().into_iter().map(|kind| {
        let schema: Value = serde_json::from_str(kind.schema.as_str()).unwrap();
        (cost(&schema), kind.kind.to_string())
    });
    let (most, kind) = costs.max().unwrap();
    println!("the most expensive bundled schema is that of {kind}: {most} steps for each byte");
    assert!(most <= SCHEMA_STEPS_PER_BYTE_MAX / 4, "{kind}: {most}");
    assert!(most * EVENT_BYTES_MAX as u64 <= VALIDATION_STEPS_SHARED_MAX, "{kind}: {most}");
}

/// Documents of the largest size that make validators work: wide, deep, long.
fn worst_documents() -> Vec<Value> {
    let nested = |leaf: Value, wrap: fn(Value) -> Value| (0..30).fold(leaf, |value, _| wrap(value));
    let pair = |value: Value| json!({"a": value});
    vec![
        json!(vec![1; EVENT_BYTES_MAX / 2]),
        json!(vec![json!({}); EVENT_BYTES_MAX / 3]),
        json!((0..EVENT_BYTES_MAX / 10).map(|n| (format!("k{n}"), json!(n))).collect::<Map<_, _>>()),
        json!("a".repeat(EVENT_BYTES_MAX)),
        json!({"a": "a".repeat(EVENT_BYTES_MAX / 2), "b": "ab".repeat(EVENT_BYTES_MAX / 4)}),
        nested(json!(vec![0; EVENT_BYTES_MAX / 3]), pair),
        nested(json!(vec!["a"; EVENT_BYTES_MAX / 5]), |value| json!([value])),
        nested(json!({"b": "a".repeat(EVENT_BYTES_MAX / 2)}), |value| json!({"a": value, "b": [1, "a"]})),
    ]
}

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!({"type": "object"})),
        Just(json!({"type": ["array", "string"]})),
        Just(json!({"uniqueItems": true})),
        Just(json!({"pattern": "^(a|ab)*c$"})),
        Just(json!({"pattern": "(a{1,40}){1,20}$"})),
        Just(json!({"enum": ["a", [1], {"a": {"a": 1}}]})),
        Just(json!({"required": ["a", "b", "c"], "minProperties": 1})),
        Just(json!({"maxLength": 9})),
        Just(json!(false)),
        (0..12_usize).prop_map(|n| json!({"$ref": format!("#/$defs/d{n}")})),
    ]
}

/// Schemas that combine others in every way that the dialect has.
fn part() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(3, 24, 4, |inner| {
        let several = proptest::collection::vec(inner.clone(), 1..4);
        let combined = (proptest::sample::select(vec!["allOf", "anyOf", "oneOf", "prefixItems"]), several)
            .prop_map(|(keyword, parts)| json!({(keyword): parts}));
        let single = (
            proptest::sample::select(vec![
                "not",
                "items",
                "contains",
                "additionalProperties",
                "propertyNames",
                "unevaluatedProperties",
                "unevaluatedItems",
            ]),
            inner.clone(),
        )
            .prop_map(|(keyword, part)| json!({(keyword): part}));
        let members = (
            proptest::sample::select(vec!["properties", "patternProperties", "dependentSchemas"]),
            inner.clone(),
            inner.clone(),
        )
            .prop_map(|(keyword, a, b)| json!({(keyword): {"a": a, "b": b}}));
        let condition = (inner.clone(), inner.clone(), inner.clone())
            .prop_map(|(condition, then, or)| json!({"if": condition, "then": then, "else": or}));
        let merged = (inner.clone(), inner).prop_map(|(a, b)| match (a, b) {
            (Value::Object(mut a), Value::Object(b)) => {
                a.extend(b);
                Value::Object(a)
            }
            (a, _) => a,
        });
        prop_oneof![combined, single, members, condition, merged]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    /// Whatever is accepted is compiled, used and dropped within the processor time that its steps come to.
    #[test]
    fn fuzz_accepted_schemas_cost_what_is_counted(parts in proptest::collection::vec(part(), 12)) {
        let definitions: Map<_, _> = parts.into_iter().enumerate().map(|(n, part)| (format!("d{n}"), part)).collect();
        let schema = json!({"$defs": definitions, "$ref": "#/$defs/d0"});
        let before = processor_time();
        let compiled = Schema::compile(&schema);
        let compiling = processor_time() - before;
        prop_assert!(compiling < Duration::from_secs(5), "{compiling:?} to compile {schema}");
        let Ok(compiled) = compiled else { return Ok(()) };
        for document in worst_documents() {
            let bytes = document.to_string().len();
            let allowed = STEP.saturating_mul(u32::try_from(compiled.steps(bytes)).unwrap_or(u32::MAX));
            let before = processor_time();
            let problems = compiled.problems(&document);
            let spent = processor_time() - before;
            prop_assert!(spent <= allowed + Duration::from_millis(100), "{spent:?} of {allowed:?}: {schema}");
            prop_assert!(problems.len() <= PROBLEMS_MAX);
        }
    }
}
