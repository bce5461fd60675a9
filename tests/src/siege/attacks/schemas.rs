//! Schemas that take a line to write and for ever to evaluate: each definition asks for the one before it more than once.

use anyhow::Result;
use serde_json::{Value, json};

use super::super::caller::now;
use super::super::client::Request;
use super::super::field::Field;

/// Definitions `a0` to `a{levels}`, each made of the one before, and a reference to the last.
fn levels(levels: usize, of_the_one_before: impl Fn(Value) -> Value) -> Value {
    let reference = |level: usize| json!({"$ref": format!("#/$defs/a{level}")});
    let mut definitions = serde_json::Map::from_iter([("a0".to_owned(), json!({"type": "object"}))]);
    for level in 1..=levels {
        definitions.insert(format!("a{level}"), of_the_one_before(reference(level - 1)));
    }
    json!({"$defs": definitions, "$ref": format!("#/$defs/a{levels}")})
}

/// The schemas, each with data that it takes long to judge.
fn bombs() -> Vec<(Value, Value)> {
    let nested = (0..28).fold(json!({}), |inner, _| json!({"a": inner, "b": 1}));
    let many: Vec<usize> = (0..8_000).collect();
    vec![
        (levels(25, |one| json!({"anyOf": [{"not": one}, one], "unevaluatedProperties": false})), json!({"a": 1})),
        (levels(40, |one| json!({"allOf": [one, one]})), json!({})),
        (levels(40, |one| json!({"oneOf": [{"not": one}, {"not": {"not": one}}]})), json!({})),
        (levels(40, |one| json!({"if": one, "then": one, "else": one})), json!({})),
        (levels(30, |one| json!({"dependentSchemas": {"a": one, "b": one}})), json!({"a": 1, "b": 1})),
        (
            json!({"$defs": {"a": {"properties": {"a": {"allOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/a"}]}}}},
                "$ref": "#/$defs/a"}),
            nested,
        ),
        (
            json!({"properties": {"a": {"type": "string", "pattern": "^(a+)+$"}}}),
            json!({"a": format!("{}!", "a".repeat(60))}),
        ),
        (
            json!({"properties": {"a": {"type": "string", "pattern": "^(a|a)*?(?=b)c$"}}}),
            json!({"a": "a".repeat(20_000)}),
        ),
        (json!({"properties": {"a": {"uniqueItems": true}}}), json!({"a": many})),
        (json!({"properties": {"a": {"items": {"not": {"enum": many}}}}}), json!({"a": vec![8_001; 8_000]})),
    ]
}

/// Registers each as the schema of a kind, and sends events of the kinds that are taken.
pub(super) fn of_kinds(field: &Field<'_>) -> Result<()> {
    let mut taken = Vec::new();
    for (number, (schema, data)) in bombs().into_iter().enumerate() {
        let kind = format!("siege.bomb-{number}");
        let answer = field.send(&Request::put(format!("/v1/kinds/{kind}"), field.token("admin"), &schema));
        if answer.is_success() {
            taken.push((kind, data));
        }
    }
    // What is left of the time goes to the kinds that were taken, or to the registration of ever the same.
    field.flood(8, |attacker, number| {
        if taken.is_empty() {
            let (schema, _) = bombs().swap_remove(number % 2);
            return Request::put("/v1/kinds/siege.bomb", field.token("admin"), &schema);
        }
        let (kind, data) = &taken[(attacker + number) % taken.len()];
        let event = json!({"specversion": "1.0", "source": "/siege", "id": format!("{attacker}-{number}"), "type": kind,
            "subject": format!("siege-{attacker}"), "time": now(), "data": data});
        Request::event(field.token(&format!("sender-{attacker}")), &event)
    });
    Ok(())
}

/// Publishes a policy with such a schema for its parameters, and applies campaigns of it.
pub(super) fn of_parameters(field: &Field<'_>) -> Result<()> {
    let published = field.publish("siege_schema")?;
    field.flood(4, |attacker, number| {
        if !published.is_success() {
            return Request::get("/v1/policies", field.token("operator"));
        }
        let document = json!({"policy": "siege-schema", "currency": "CNY", "time_zone": "Etc/UTC",
            "opens": "2020-01-01T00:00:00Z", "params": {}});
        let mut apply =
            Request::put(format!("/v1/campaigns/siege-{attacker}-{number}"), field.token("operator"), &document);
        apply.more = "if-none-match: *\r\n".to_owned();
        apply
    });
    Ok(())
}
