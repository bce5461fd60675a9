//! Every answer of these tests is held to the description of the interface.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use axum::http::{HeaderMap, Method, StatusCode};
use jsonschema::Validator;
use serde_json::{Value, json};

static DESCRIPTION: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(&crate::openapi()).unwrap());
static VALIDATORS: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);

/// Headers that only make sense when a client knows of them.
const TOLD: [&str; 4] = ["etag", "location", "retry-after", "www-authenticate"];

/// Fails when an answer is not as the description says. What the description does not know of is an answer to nothing.
pub(super) fn check((method, path): (&Method, &str), (status, headers): (StatusCode, &HeaderMap), body: &[u8]) {
    let path = path.split('?').next().unwrap_or_default();
    let Some(template) = template(path) else { return };
    let Some(operation) = DESCRIPTION["paths"][template].get(method.as_str().to_lowercase()) else { return };
    let responses = &operation["responses"];
    let (key, response) = match responses.get(status.as_str()) {
        Some(response) => (status.as_str(), response),
        None => ("default", &responses["default"]),
    };
    let place = format!("{method} {template} {status}");
    assert!(key != "default" || status.as_u16() >= 400, "{place} is not described");
    for name in TOLD.iter().filter(|name| headers.contains_key(**name)) {
        let told =
            response["headers"].as_object().is_some_and(|told| told.keys().any(|key| key.eq_ignore_ascii_case(name)));
        assert!(told, "{place}: the header {name} is not described");
    }
    let Some(content) = response["content"].as_object() else {
        assert!(body.is_empty(), "{place}: a body is not described");
        return;
    };
    let media_type = headers.get("content-type").map(|value| value.to_str().unwrap()).unwrap_or_default();
    let media_type = media_type.split(';').next().unwrap();
    assert!(content.contains_key(media_type), "{place}: {media_type} is not described");
    if !media_type.ends_with("json") {
        return;
    }
    let value: Value = serde_json::from_slice(body).unwrap();
    let errors: Vec<_> = validator(&format!("{template} {method} {key} {media_type}"), &content[media_type]["schema"])
        .iter_errors(&value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{place}: {errors:#?}\n{value:#}");
}

fn template(path: &str) -> Option<&'static str> {
    let fits = |template: &str| {
        let parts = (template.split('/'), path.split('/'));
        let same = |(template, part): (&str, &str)| template == part || (template.starts_with('{') && !part.is_empty());
        template.split('/').count() == path.split('/').count() && parts.0.zip(parts.1).all(same)
    };
    let known = || DESCRIPTION["paths"].as_object().unwrap().keys().map(String::as_str);
    // A place stands for what no path names.
    known().find(|template| *template == path).or_else(|| known().find(|template| fits(template)))
}

fn validator(place: &str, schema: &Value) -> Arc<Validator> {
    let mut validators = VALIDATORS.lock().unwrap_or_else(PoisonError::into_inner);
    let new = || {
        let whole = json!({"allOf": [schema], "components": DESCRIPTION["components"]});
        Arc::new(jsonschema::options().should_validate_formats(true).build(&whole).unwrap())
    };
    Arc::clone(validators.entry(place.to_owned()).or_insert_with(new))
}
