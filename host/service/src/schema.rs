//! What a document has wrong by a JSON Schema, said where it is wrong.

use jsonschema::error::ValidationErrorKind;
use jsonschema::{ValidationError, Validator};
use largesse_domain::limits::DOCUMENT_PROBLEMS_MAX;
use largesse_domain::policy::Problem;
use serde_json::Value;

/// Everything that does not fit, with pointers into the document.
pub(crate) fn problems(validator: &Validator, document: &Value) -> Vec<Problem> {
    let mut found = Vec::new();
    for error in validator.iter_errors(document) {
        collect(&error, &mut found);
    }
    found.truncate(DOCUMENT_PROBLEMS_MAX);
    found
}

/// "Fits none of these" says nothing to whoever mistyped a field in one of them: the alternative that got furthest into the
/// document is the one that was meant.
fn collect(error: &ValidationError<'_>, found: &mut Vec<Problem>) {
    let alternatives = match error.kind() {
        ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => context.as_slice(),
        _ => &[],
    };
    let depth =
        |errors: &Vec<ValidationError<'_>>| errors.iter().map(|error| error.instance_path().as_str().len()).max();
    match alternatives.iter().max_by_key(|errors| depth(errors)) {
        Some(meant) if depth(meant).is_some_and(|depth| depth > error.instance_path().as_str().len()) => {
            meant.iter().for_each(|error| collect(error, found));
        }
        _ => found.push(Problem { pointer: error.instance_path().to_string(), message: error.to_string() }),
    }
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
}
