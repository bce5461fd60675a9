//! What a document has wrong by a JSON Schema, said where it is wrong.

use jsonschema::error::ValidationErrorKind;
use jsonschema::{ValidationError, Validator};
use largesse_domain::policy::Problem;
use serde_json::Value;

/// Most problems told of one document.
const PROBLEMS_MAX: usize = 32;

/// Everything that does not fit, with pointers into the document.
pub(crate) fn problems(validator: &Validator, document: &Value) -> Vec<Problem> {
    let mut found = Vec::new();
    for error in validator.iter_errors(document) {
        collect(&error, &mut found);
    }
    found.truncate(PROBLEMS_MAX);
    found
}

/// "Fits none of these" says nothing to whoever mistyped a field in one of them: what is told is what the alternative that was
/// meant has against the document or, where the document names none of them, the words that name them.
fn collect(error: &ValidationError<'_>, found: &mut Vec<Problem>) {
    let alternatives = match error.kind() {
        ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => context.as_slice(),
        _ => &[],
    };
    if let Some(meant) = meant(error.instance_path().as_str(), alternatives) {
        meant.iter().for_each(|error| collect(error, found));
    } else if let Some(problem) = words(alternatives) {
        found.push(problem);
    } else {
        found.push(Problem { pointer: error.instance_path().to_string(), message: error.to_string() });
    }
}

/// The alternative that was meant: one that takes what is there by its type and the word in its tag, and of those the one that
/// got furthest into the document.
fn meant<'e>(place: &str, alternatives: &'e [Vec<ValidationError<'e>>]) -> Option<&'e Vec<ValidationError<'e>>> {
    let below = |error: &ValidationError<'_>| error.instance_path().as_str()[place.len()..].matches('/').count();
    let other = |error: &ValidationError<'_>| match error.kind() {
        ValidationErrorKind::Type { .. } => below(error) == 0,
        ValidationErrorKind::Constant { .. } => below(error) <= 1,
        _ => false,
    };
    let depth =
        |errors: &Vec<ValidationError<'_>>| errors.iter().map(|error| error.instance_path().as_str().len()).max();
    let fitting: Vec<_> = alternatives.iter().filter(|errors| !errors.iter().any(other)).collect();
    match fitting.as_slice() {
        [only] => Some(only),
        _ => fitting.into_iter().max_by_key(|errors| depth(errors)).filter(|errors| depth(errors) > Some(place.len())),
    }
}

/// The words that are allowed, where each alternative wants another one at the same place.
fn words(alternatives: &[Vec<ValidationError<'_>>]) -> Option<Problem> {
    let word = |errors: &Vec<ValidationError<'_>>| {
        errors.iter().find_map(|error| match error.kind() {
            ValidationErrorKind::Constant { expected_value } => {
                Some((error.instance_path().to_string(), expected_value.as_str()?.to_owned()))
            }
            _ => None,
        })
    };
    let (places, words): (Vec<_>, Vec<_>) =
        alternatives.iter().map(word).collect::<Option<Vec<_>>>()?.into_iter().unzip();
    let pointer = places.first().filter(|first| places.iter().all(|place| place == *first))?.clone();
    Some(Problem { pointer, message: format!("expected one of {}", words.join(", ")) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_mistake_inside_an_optional_part_is_told_where_it_is() {
        let part = json!({"type": "object", "properties": {"n": {"type": "integer"}}, "additionalProperties": false});
        let schema = json!({"properties": {"part": {"anyOf": [part, {"type": "null"}]}}});
        let validator = jsonschema::draft202012::new(&schema).unwrap();
        let pointers = |document: Value| {
            problems(&validator, &document).into_iter().map(|problem| problem.pointer).collect::<Vec<_>>()
        };
        assert_eq!(pointers(json!({"part": {"n": "one"}})), ["/part/n"]);
        assert_eq!(pointers(json!({"part": 5})), ["/part"]);
        assert_eq!(pointers(json!({"part": null})), [""; 0]);
    }

    #[test]
    fn words_that_are_allowed_are_listed() {
        let word = |word: &str| json!({"type": "string", "const": word, "description": "An event."});
        let schema = json!({"properties": {"on": {"items": {"oneOf": [word("login"), word("order-paid")]}}}});
        let validator = jsonschema::draft202012::new(&schema).unwrap();
        let found = problems(&validator, &json!({"on": ["login", "ordered"]}));
        let found: Vec<_> = found.iter().map(|one| (one.pointer.as_str(), one.message.as_str())).collect();
        assert_eq!(found, [("/on/1", "expected one of login, order-paid")]);
    }

    #[test]
    fn a_mistake_in_a_tagged_part_is_told_in_its_own_terms() {
        let kind = |kind: &str, field: &str| {
            json!({
                "type": "object", "required": ["kind", field], "additionalProperties": false,
                "properties": {"kind": {"type": "string", "const": kind}, field: {"type": "integer", "minimum": 1}},
            })
        };
        let gift =
            json!({"anyOf": [{"oneOf": [kind("points", "quantity"), kind("coupon", "days")]}, {"type": "null"}]});
        let validator = jsonschema::draft202012::new(&json!({"properties": {"gift": gift}})).unwrap();
        let found = |gift: Value| {
            let found = problems(&validator, &json!({"gift": gift}));
            found.into_iter().map(|one| (one.pointer, one.message)).collect::<Vec<_>>()
        };
        let one = |pointer: &str, message: &str| vec![(pointer.to_owned(), message.to_owned())];
        assert_eq!(found(json!({"kind": "coupon", "days": 0})), one("/gift/days", "0 is less than the minimum of 1"));
        assert_eq!(found(json!({"kind": "coupon"})), one("/gift", r#""days" is a required property"#));
        assert_eq!(found(json!({"kind": "cupon", "days": 1})), one("/gift/kind", "expected one of points, coupon"));
    }
}
