//! JSON Schemas from outside: compiled when their cost is bounded, and used to say what a document has wrong, and where.

mod cost;
mod graph;
mod pattern;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{Draft, PatternOptions, ValidationError, Validator};
use largesse_documents::nearest::{choices, meant_unit};
use largesse_domain::limits::{PARAMS_SCHEMA_BYTES_MAX, PROBLEM_BYTES_MAX, PROBLEMS_MAX, VALIDATION_ERROR_BYTES_MAX};
use largesse_domain::problem::Problem;
use largesse_domain::unit::Unit;
use serde_json::Value;

use cost::Cost;

/// What one error takes beside the pointer to its place, in bytes.
const ERROR_BYTES: u64 = 512;

/// A schema that documents can be validated by, at a bounded cost.
#[derive(Debug)]
pub struct Schema {
    validator: Validator,
    cost: Cost,
    /// As it was given, to look up what it allows where a document says something else.
    whole: Value,
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
        Ok(Self { validator, cost, whole: schema.clone() })
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
            collect(&error, &self.whole, &mut found);
        }
        found
    }

    /// The problems of a document that fits: whole numbers that are written with a point where the schema takes whole numbers only.
    /// A schema cannot tell `5.0` from `5`, and whoever reads the document as counts can.
    #[must_use]
    pub fn pointed(&self, document: &Value) -> Vec<Problem> {
        let mut found = Vec::new();
        for pointer in with_point(document).into_iter().take(PROBLEMS_MAX) {
            let mut halved = document.clone();
            let Some(place) = halved.pointer_mut(&pointer) else { continue };
            let Some(number) = place.as_f64() else { continue };
            // Where the same number and a half does not fit, only whole ones do.
            *place = Value::from(number + 0.5);
            if !self.validator.is_valid(&halved) {
                let message = format!("expected a whole number, written without a point: {number}");
                found.push(Problem { pointer, message });
            }
        }
        found
    }
}

/// Pointers to the whole numbers that are written with a point.
fn with_point(document: &Value) -> Vec<String> {
    let (mut found, mut open) = (Vec::new(), vec![(document, String::new())]);
    while let Some((value, pointer)) = open.pop() {
        match value {
            Value::Object(members) => {
                open.extend(members.iter().map(|(name, value)| (value, format!("{pointer}/{}", step(name)))))
            }
            Value::Array(items) => {
                open.extend(items.iter().enumerate().map(|(index, value)| (value, format!("{pointer}/{index}"))));
            }
            Value::Number(number) if number.is_f64() && number.as_f64().is_some_and(|number| number.fract() == 0.0) => {
                found.push(pointer);
            }
            _ => {}
        }
    }
    found.sort();
    found
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
fn collect(error: &ValidationError<'_>, schema: &Value, found: &mut Vec<Problem>) {
    if found.len() >= PROBLEMS_MAX {
        return;
    }
    let alternatives = match error.kind() {
        ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => context.as_slice(),
        _ => &[],
    };
    let pointer = error.instance_path().to_string();
    let message = match error.kind() {
        ValidationErrorKind::Enum { options } => one_of(options, error.instance()),
        ValidationErrorKind::AdditionalProperties { unexpected }
        | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
            let places = unexpected.iter().take(PROBLEMS_MAX - found.len());
            let known = known_names(schema, error.schema_path().as_str());
            return found.extend(places.map(|name| Problem {
                pointer: format!("{pointer}/{}", step(name)),
                message: shortened(format!(
                    "there is no {name} here; there are: {}",
                    choices(name, known.iter().copied())
                )),
            }));
        }
        ValidationErrorKind::Type { .. } => wrong_type(error),
        ValidationErrorKind::Pattern { pattern } => no_unit(pattern, error.instance()),
        _ => None,
    };
    if let Some(message) = message {
        found.push(Problem { pointer, message: shortened(message) });
    } else if let Some(meant) = meant(&pointer, alternatives) {
        meant.iter().for_each(|error| collect(error, schema, found));
    } else if let Some(problem) = words(alternatives, error.instance()) {
        found.push(problem);
    } else {
        found.push(Problem { pointer, message: shortened(error.to_string()) });
    }
}

/// The words that are allowed, when the schema lists words, and the one that was probably meant.
fn one_of(options: &Value, got: &Value) -> Option<String> {
    let words = options.as_array()?.iter().map(Value::as_str).collect::<Option<Vec<_>>>()?;
    Some(format!("expected one of {}", choices(got.as_str().unwrap_or_default(), words)))
}

/// The names that an object may have, by the place of the keyword in the schema that does not allow others.
fn known_names<'s>(schema: &'s Value, keyword: &str) -> Vec<&'s str> {
    let object = keyword.rsplit_once('/').and_then(|(object, _)| schema.pointer(object));
    let properties = object.and_then(|object| object.get("properties")).and_then(Value::as_object);
    properties.into_iter().flat_map(|properties| properties.keys().map(String::as_str)).collect()
}

/// A text that has to be a unit. The pattern of units says nothing to whoever misspelt one.
fn no_unit(pattern: &str, got: &Value) -> Option<String> {
    let is_of_units = pattern.contains("(points|") && pattern.contains("|item|");
    let got = got.as_str().filter(|_| is_of_units)?;
    if got.parse::<Unit>().is_ok() {
        return Some(format!("{got} cannot be given here, only units of other classes"));
    }
    let such = "points, growth, or a class and a name such as cash:CNY or coupon:welcome";
    Some(format!("{got} is not a unit: expected {such}{}", meant_unit(got)))
}

/// A number that has to be whole, and is not.
fn wrong_type(error: &ValidationError<'_>) -> Option<String> {
    let got = error.instance();
    let whole = error.to_string().contains("integer");
    (whole && got.is_f64()).then(|| format!("expected a whole number, not {got}"))
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
fn words(alternatives: &[Vec<ValidationError<'_>>], got: &Value) -> Option<Problem> {
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
    let below = pointer.rsplit('/').next().unwrap_or_default();
    let got = got.get(below).unwrap_or(got).as_str().unwrap_or_default();
    let words = choices(got, words.iter().map(String::as_str));
    Some(Problem { pointer, message: shortened(format!("expected one of {words}")) })
}

/// A name as a step of a JSON pointer.
fn step(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// An error's text may quote a whole document.
fn shortened(mut text: String) -> String {
    if text.len() > PROBLEM_BYTES_MAX {
        text.truncate(text.floor_char_boundary(PROBLEM_BYTES_MAX - 3));
        text.push_str("...");
    }
    text
}
