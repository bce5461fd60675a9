//! JSON values by a schema: mostly those that fit it; whoever needs one that does checks it.

use regex_syntax::hir::{Class, Hir, HirKind};
use serde_json::{Map, Number, Value};

use super::tape::Tape;

/// Deepest nesting that is generated.
const DEPTH: usize = 6;
/// Most items of an array, and repetitions in a text, beyond the least.
const MORE_ITEMS: u64 = 4;
/// Texts where the schema says nothing of them.
const WORDS: [&str; 7] = ["a", "b-1", "spring", "word with spaces", "größe", "0", "\u{7}\n"];

/// What values are made of, beside their schema.
#[derive(Clone, Debug)]
pub(super) struct Maker<'a> {
    /// The whole schema, in which references are looked up.
    pub(super) root: &'a Value,
    /// The campaign's currency, which amounts of money are mostly in.
    pub(super) currency: &'a str,
    /// Texts that mean something to the policy.
    pub(super) hints: &'a [String],
    /// How many customers and entities there are.
    pub(super) people: u64,
}

impl Maker<'_> {
    /// A value for the whole schema.
    pub(super) fn make(&self, tape: &mut Tape) -> Value {
        self.value(self.root, "", 0, tape)
    }

    fn value(&self, schema: &Value, name: &str, depth: usize, tape: &mut Tape) -> Value {
        let schema = self.resolved(schema);
        if let Some(value) = schema.get("const") {
            return value.clone();
        }
        if let Some(values) = schema.get("enum").and_then(Value::as_array) {
            return tape.pick(values).cloned().unwrap_or_default();
        }
        for choice in ["anyOf", "oneOf"] {
            if let Some(options) = schema.get(choice).and_then(Value::as_array) {
                let chosen = tape.pick(options).map(|option| self.value(option, name, depth, tape)).unwrap_or_default();
                let own = schema.get("properties").is_some().then(|| self.object(schema, depth, tape));
                return merged(own.unwrap_or_default(), chosen);
            }
        }
        if let Some(parts) = schema.get("allOf").and_then(Value::as_array) {
            let parts = parts.iter().map(|part| self.value(part, name, depth, tape)).collect::<Vec<_>>();
            let own = schema.get("properties").is_some().then(|| self.object(schema, depth, tape));
            return parts.into_iter().fold(own.unwrap_or_default(), merged);
        }
        if let Some(role) = schema.get("x-largesse-role").and_then(Value::as_str) {
            let kind = if role == "entity" { "entity" } else { "named" };
            return format!("{kind}-{}", tape.below(self.people)).into();
        }
        match self.kind(schema, depth, tape).as_str() {
            "object" => self.object(schema, depth, tape),
            "array" => self.array(schema, name, depth, tape),
            "string" => self.text(schema, name, tape).into(),
            "integer" => Value::Number(integer(schema, tape)),
            "number" => Value::Number(integer(schema, tape)),
            "boolean" => Value::Bool(tape.once_in(2)),
            _ => Value::Null,
        }
    }

    fn resolved<'s>(&'s self, schema: &'s Value) -> &'s Value {
        let reference = schema.get("$ref").and_then(Value::as_str).and_then(|text| text.strip_prefix('#'));
        reference.and_then(|pointer| self.root.pointer(pointer)).unwrap_or(schema)
    }

    /// The type of value that is made.
    fn kind(&self, schema: &Value, depth: usize, tape: &mut Tape) -> String {
        match schema.get("type") {
            Some(Value::String(kind)) => kind.clone(),
            Some(Value::Array(kinds)) => tape.pick(kinds).and_then(Value::as_str).unwrap_or("null").to_owned(),
            _ if schema.get("properties").is_some() => "object".to_owned(),
            _ => {
                let kinds = ["string", "integer", "boolean", "null", "array", "object"];
                let kinds = if depth < DEPTH / 2 { &kinds[..] } else { &kinds[..4] };
                (*tape.pick(kinds).unwrap_or(&"null")).to_owned()
            }
        }
    }

    fn object(&self, schema: &Value, depth: usize, tape: &mut Tape) -> Value {
        let mut object = Map::new();
        let required: Vec<&str> =
            schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        let properties = schema.get("properties").and_then(Value::as_object);
        for (name, property) in properties.into_iter().flatten() {
            let wanted = required.contains(&name.as_str()) || (depth < DEPTH && tape.below(4) > 1);
            if wanted {
                object.insert(name.clone(), self.value(property, name, depth + 1, tape));
            }
        }
        if properties.is_none() && depth < DEPTH / 2 {
            let values = schema.get("additionalProperties").filter(|values| values.is_object());
            for _ in 0..tape.below(MORE_ITEMS) {
                let name = self.word(tape);
                let value = self.value(values.unwrap_or(&Value::Bool(true)), &name, depth + 1, tape);
                object.insert(name, value);
            }
        }
        Value::Object(object)
    }

    fn array(&self, schema: &Value, name: &str, depth: usize, tape: &mut Tape) -> Value {
        let least = schema.get("minItems").and_then(Value::as_u64).unwrap_or(0);
        let most = schema.get("maxItems").and_then(Value::as_u64).unwrap_or(u64::MAX).min(least + MORE_ITEMS);
        let more = if depth < DEPTH { tape.below(most.saturating_sub(least) + 1) } else { 0 };
        let any = Value::Bool(true);
        let items = schema.get("items").unwrap_or(&any);
        let mut made: Vec<Value> = (0..least + more).map(|_| self.value(items, name, depth + 1, tape)).collect();
        if schema.get("uniqueItems") == Some(&Value::Bool(true)) {
            let mut seen = Vec::new();
            made.retain(|value| {
                !seen.contains(value) && {
                    seen.push(value.clone());
                    true
                }
            });
        }
        Value::Array(made)
    }

    fn text(&self, schema: &Value, name: &str, tape: &mut Tape) -> String {
        if name == "currency" && !tape.once_in(8) {
            return self.currency.to_owned();
        }
        let hint = if tape.once_in(4) { tape.pick(self.hints).cloned() } else { None };
        let pattern = schema.get("pattern").and_then(Value::as_str);
        if let Some(pattern) = pattern.filter(|_| hint.is_none()) {
            let mut text = String::new();
            if let Ok(pattern) = regex_syntax::parse(pattern) {
                write_match(&pattern, tape, &mut text);
            }
            return text;
        }
        let mut text = hint.unwrap_or_else(|| self.word(tape));
        let length =
            |name: &str| schema.get(name).and_then(Value::as_u64).and_then(|count| usize::try_from(count).ok());
        let least = length("minLength").unwrap_or(0).min(1_000);
        while text.chars().count() < least {
            text.push('x');
        }
        if let Some(most) = length("maxLength").filter(|_| tape.once_in(8)) {
            text = "y".repeat(most.min(1_000));
        }
        text
    }

    fn word(&self, tape: &mut Tape) -> String {
        match tape.below(3) {
            0 => WORDS[tape.below(WORDS.len() as u64) as usize].to_owned(),
            1 => format!("w{}", tape.below(100)),
            _ => tape.pick(self.hints).cloned().unwrap_or_default(),
        }
    }
}

fn merged(first: Value, second: Value) -> Value {
    match (first, second) {
        (Value::Object(mut first), Value::Object(second)) => {
            first.extend(second);
            Value::Object(first)
        }
        (Value::Null, other) | (other, _) => other,
    }
}

/// A whole number: a small one, one near a bound, or anything between.
fn integer(schema: &Value, tape: &mut Tape) -> Number {
    let bound =
        |name: &str| schema.get(name).and_then(|bound| bound.as_i64().or(bound.as_f64().map(|bound| bound as i64)));
    let least = bound("minimum").or(bound("exclusiveMinimum").map(|bound| bound.saturating_add(1))).unwrap_or(0);
    let most = bound("maximum").or(bound("exclusiveMaximum").map(|bound| bound.saturating_sub(1)));
    let most = most.unwrap_or(i64::from(u32::MAX)).max(least);
    let small = least.max(0).min(most);
    let near = |from: i64, by: u64| from.saturating_add(i64::try_from(by).unwrap_or(i64::MAX)).clamp(least, most);
    let number = match tape.below(6) {
        0 => near(small, tape.below(11)),
        1 => near(small, tape.below(100_000)),
        2 => near(small, tape.below(10_000_000)),
        3 => least,
        4 => most,
        _ => near(least, tape.below(u64::MAX / 2) % most.abs_diff(least).max(1)),
    };
    number.into()
}

/// Writes a text that the pattern matches.
fn write_match(pattern: &Hir, tape: &mut Tape, text: &mut String) {
    match pattern.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => text.push_str(&String::from_utf8_lossy(&literal.0)),
        HirKind::Class(Class::Unicode(class)) => {
            let ranges = class.ranges();
            // Letters and digits first: they are the simplest.
            let plain: Vec<char> = ('a'..='z')
                .chain('0'..='9')
                .filter(|c| ranges.iter().any(|r| (r.start()..=r.end()).contains(c)))
                .collect();
            let drawn = if plain.is_empty() || tape.once_in(8) {
                tape.pick(ranges).map(|range| {
                    let span = u32::from(range.end()) - u32::from(range.start());
                    char::from_u32(u32::from(range.start()) + tape.below(u64::from(span.min(96)) + 1) as u32)
                })
            } else {
                Some(tape.pick(&plain).copied())
            };
            text.extend(drawn.flatten());
        }
        HirKind::Class(Class::Bytes(_)) => {}
        HirKind::Repetition(repetition) => {
            let most = u64::from(repetition.max.unwrap_or(u32::MAX) - repetition.min);
            let more = if tape.once_in(32) { most.min(300) } else { tape.below(most.min(MORE_ITEMS) + 1) };
            for _ in 0..u64::from(repetition.min) + more {
                write_match(&repetition.sub, tape, text);
            }
        }
        HirKind::Capture(capture) => write_match(&capture.sub, tape, text),
        HirKind::Concat(parts) => parts.iter().for_each(|part| write_match(part, tape, text)),
        HirKind::Alternation(parts) => {
            if let Some(part) = tape.pick(parts) {
                write_match(part, tape, text);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use largesse_service::bundled;

    use super::*;

    #[test]
    fn most_of_what_is_made_for_bundled_kinds_fits() {
        for kind in bundled::kinds() {
            let schema: Value = serde_json::from_str(kind.schema.as_str()).expect("bundled schemas are JSON");
            let validator = jsonschema::draft202012::new(&schema).expect("bundled schemas are valid");
            let maker = Maker { root: &schema, currency: "CNY", hints: &["daily".to_owned()], people: 3 };
            let made = (0..100).map(|number| maker.make(&mut Tape::random(1, number)));
            let fits = made.filter(|value| validator.is_valid(value)).count();
            assert!(fits >= 40, "{}: {fits} of 100", kind.kind);
        }
    }

    #[test]
    fn patterns_are_matched() {
        for pattern in ["^[A-Z]{3}$", "^[0-9]{4}-[0-9]{2}$", "^(a|bc)+x?$", "^[!-~]{1,128}$"] {
            let schema = serde_json::json!({"type": "string", "pattern": pattern});
            let validator = jsonschema::draft202012::new(&schema).expect("a schema");
            let maker = Maker { root: &schema, currency: "CNY", hints: &[], people: 1 };
            for number in 0..50 {
                let value = maker.make(&mut Tape::random(2, number));
                assert!(validator.is_valid(&value), "{pattern}: {value}");
            }
        }
    }
}
