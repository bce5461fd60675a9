//! Where parameters do not fit their schema.

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind;

/// Adds where a document does not fit and why, as the host says it: of alternatives none of which fits, what the one that was
/// meant has against the document or, where the document names none of them, the place of the word that should.
pub(super) fn collect(error: &ValidationError<'_>, found: &mut Vec<(String, String)>) {
    let alternatives = match error.kind() {
        ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => context.as_slice(),
        _ => &[],
    };
    if let Some(meant) = meant(error.instance_path().as_str(), alternatives) {
        meant.iter().for_each(|error| collect(error, found));
    } else {
        let tag = tag(alternatives).unwrap_or_else(|| error.instance_path().to_string());
        found.push((tag, error.to_string()));
    }
}

/// The alternative that takes what is there by its type and the word in its tag, and of those the one that got furthest into the
/// document.
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

/// Where a word stands that is none of the alternatives'.
fn tag(alternatives: &[Vec<ValidationError<'_>>]) -> Option<String> {
    let place = |errors: &Vec<ValidationError<'_>>| {
        let wrong = |error: &&ValidationError<'_>| matches!(error.kind(), ValidationErrorKind::Constant { .. });
        errors.iter().find(wrong).map(|error| error.instance_path().to_string())
    };
    let places = alternatives.iter().map(place).collect::<Option<Vec<_>>>()?;
    places.first().filter(|first| places.iter().all(|place| place == *first)).cloned()
}
