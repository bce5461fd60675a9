//! JSON Schemas from outside: compiled when their cost is bounded, and used to say what a document has wrong, and where.

mod cost;
mod graph;
mod pattern;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{Draft, PatternOptions, ValidationError, Validator};
use largesse_domain::limits::{PARAMS_SCHEMA_BYTES_MAX, PROBLEM_BYTES_MAX, PROBLEMS_MAX, VALIDATION_ERROR_BYTES_MAX};
use largesse_domain::problem::Problem;
use serde_json::Value;

use cost::Cost;

/// What one error takes beside the pointer to its place, in bytes.
const ERROR_BYTES: u64 = 512;

/// A schema that documents can be validated by, at a bounded cost.
#[derive(Debug)]
pub struct Schema {
    validator: Validator,
    cost: Cost,
}

impl Schema {
    /// Compiles a schema.
    ///
    /// # Errors
    /// What is wrong with it, or where it could cost too much, with a pointer into it.
    pub fn compile(schema: &Value) -> Result<Self, Problem> {
        if schema.to_string().len() > PARAMS_SCHEMA_BYTES_MAX {
            let message = format!("a schema may have at most {PARAMS_SCHEMA_BYTES_MAX} bytes");
            return Err(Problem { pointer: String::new(), message });
        }
        let cost = Cost::of(schema)?;
        let patterns = PatternOptions::regex()
            .size_limit(2 * pattern::COMPILED_PATTERN_BYTES)
            .dfa_size_limit(pattern::COMPILED_PATTERN_BYTES / 4);
        let options = jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(false);
        let validator = options.with_pattern_options(patterns).build(schema).map_err(|error| Problem {
            pointer: error.instance_path().to_string(),
            message: shortened(error.to_string()),
        })?;
        Ok(Self { validator, cost })
    }

    /// The most steps that validating a document of that many bytes takes.
    #[must_use]
    pub fn steps(&self, bytes: usize) -> u64 {
        self.cost.valid.saturating_add(self.cost.errors).saturating_mul(bytes as u64)
    }

    /// How much of the host's memory it takes, counted in subschemas.
    #[must_use]
    pub fn size(&self) -> usize {
        self.cost.size
    }

    /// The first problems of a document, with pointers into it.
    #[must_use]
    pub fn problems(&self, document: &Value) -> Vec<Problem> {
        if self.validator.is_valid(document) {
            return Vec::new();
        }
        let (values, pointer_bytes) = extent(document);
        let errors = self.cost.errors_per_value.saturating_mul(values);
        if errors.saturating_mul(ERROR_BYTES + pointer_bytes) > VALIDATION_ERROR_BYTES_MAX {
            let message = format!("does not fit the schema; with {values} values it is too large to say where");
            return vec![Problem { pointer: String::new(), message }];
        }
        let mut found = Vec::new();
        for error in self.validator.iter_errors(document) {
            collect(&error, &mut found);
        }
        found
    }
}

/// How many values a document has, and how long the longest JSON pointer to one of them is, in bytes.
fn extent(document: &Value) -> (u64, u64) {
    let (mut values, mut longest) = (0, 0);
    let mut open = vec![(document, 0)];
    while let Some((value, pointer)) = open.pop() {
        values += 1;
        longest = longest.max(pointer);
        match value {
            // Escaping doubles a name at most.
            Value::Object(members) => {
                open.extend(members.iter().map(|(name, value)| (value, pointer + 1 + 2 * name.len() as u64)));
            }
            Value::Array(items) => open.extend(items.iter().map(|value| (value, pointer + 8))),
            _ => {}
        }
    }
    (values, longest)
}

/// "Fits none of these" says nothing to whoever mistyped a field in one of them: what is told is what the alternative that was
/// meant has against the document or, where the document names none of them, the words that name them.
fn collect(error: &ValidationError<'_>, found: &mut Vec<Problem>) {
    if found.len() >= PROBLEMS_MAX {
        return;
    }
    let alternatives = match error.kind() {
        ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => context.as_slice(),
        _ => &[],
    };
    if let ValidationErrorKind::Enum { options } = error.kind()
        && let Some(words) =
            options.as_array().and_then(|all| all.iter().map(Value::as_str).collect::<Option<Vec<_>>>())
    {
        let message = shortened(format!("expected one of {}", words.join(", ")));
        found.push(Problem { pointer: error.instance_path().to_string(), message });
    } else if let Some(meant) = meant(error.instance_path().as_str(), alternatives) {
        meant.iter().for_each(|error| collect(error, found));
    } else if let Some(problem) = words(alternatives) {
        found.push(problem);
    } else {
        found.push(Problem { pointer: error.instance_path().to_string(), message: shortened(error.to_string()) });
    }
}

/// The alternative that was meant: one that takes what is there by its type and the word in its tag, and of those the one that
/// got furthest into the document.
fn meant<'e>(place: &str, alternatives: &'e [Vec<ValidationError<'e>>]) -> Option<&'e Vec<ValidationError<'e>>> {
    let below = |error: &ValidationError<'_>| error.instance_path().as_str()[place.len()..].matches('/').count();
    let other = |error: &ValidationError<'_>| match error.kind() {
        ValidationErrorKind::Type { .. } => below(error) == 0,
        ValidationErrorKind::Constant { .. } => below(error) <= 1,
        ValidationErrorKind::Enum { .. } => below(error) == 0,
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
    Some(Problem { pointer, message: shortened(format!("expected one of {}", words.join(", "))) })
}

/// An error's text may quote a whole document.
fn shortened(mut text: String) -> String {
    if text.len() > PROBLEM_BYTES_MAX {
        text.truncate(text.floor_char_boundary(PROBLEM_BYTES_MAX - 3));
        text.push_str("...");
    }
    text
}
