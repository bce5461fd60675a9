//! Rules on the words of the API: paths use terms of the glossary, and no name uses a word that the glossary replaces.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::files::File;
use crate::rules::{GLOSSARY, Violation};

const GLOSSARY_PATH: &str = "docs/glossary.md";
const API_PATH: &str = "docs/openapi.json";
/// Segments of paths that are not words of this system.
const NO_TERMS: [&str; 4] = ["v1", "healthz", "readyz", "openapi.json"];

/// The words of the glossary.
#[derive(Default)]
struct Glossary {
    terms: BTreeSet<String>,
    /// The term for each word that is not used.
    replaced: BTreeMap<String, String>,
}

/// Holds the API's names to the glossary.
pub(crate) fn check(files: &[File]) -> Vec<Violation> {
    let text = |path: &str| files.iter().find(|file| file.path == path).map_or("", |file| file.text.as_str());
    let (glossary, mut found) = read(text(GLOSSARY_PATH));
    match serde_json::from_str(text(API_PATH)) {
        Ok(api) => found.extend(hold(&glossary, &api)),
        Err(error) => found.push(Violation::new(&GLOSSARY, API_PATH, 0, format!("does not parse: {error}"))),
    }
    found
}

fn read(text: &str) -> (Glossary, Vec<Violation>) {
    let (mut glossary, mut found) = (Glossary::default(), Vec::new());
    let mut last = String::new();
    for (line, row) in (1..).zip(text.lines()).filter(|(_, row)| row.starts_with("| ") && !row.starts_with("| Term")) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [term, meaning, replaced] = cells[..] else {
            found.push(Violation::new(&GLOSSARY, GLOSSARY_PATH, line, "has not three columns".to_owned()));
            continue;
        };
        if meaning.is_empty() || term.to_lowercase() <= last {
            found.push(Violation::new(
                &GLOSSARY,
                GLOSSARY_PATH,
                line,
                format!("{term} has no meaning or is out of order"),
            ));
        }
        last = term.to_lowercase();
        glossary.terms.insert(last.clone());
        for word in replaced.split(',').map(str::trim).filter(|word| !word.is_empty()) {
            glossary.replaced.insert(word.to_owned(), term.to_owned());
        }
    }
    (glossary, found)
}

fn hold(glossary: &Glossary, api: &Value) -> Vec<Violation> {
    let mut names = BTreeSet::new();
    let mut found = Vec::new();
    for path in api["paths"].as_object().into_iter().flatten().map(|(path, _)| path) {
        for segment in path.split('/').filter(|segment| !segment.is_empty() && !segment.starts_with('{')) {
            names.insert(segment.to_owned());
            if !NO_TERMS.contains(&segment) && !singular(segment).iter().any(|word| glossary.terms.contains(word)) {
                found.push(Violation::new(&GLOSSARY, API_PATH, 0, format!("{segment} in {path} has no entry")));
            }
        }
    }
    let schemas = &api["components"]["schemas"];
    names.extend(schemas.as_object().into_iter().flatten().map(|(name, _)| name.clone()));
    collect(schemas, &mut names);
    for name in names {
        for word in words(&name) {
            if let Some(term) = singular(&word).iter().find_map(|word| glossary.replaced.get(word)) {
                found.push(Violation::new(&GLOSSARY, API_PATH, 0, format!("{name} says {word}: the term is {term}")));
            }
        }
    }
    found
}

/// Collects the names of properties.
fn collect(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            if let Some(Value::Object(properties)) = members.get("properties") {
                names.extend(properties.keys().cloned());
            }
            members.values().for_each(|member| collect(member, names));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, names)),
        _ => {}
    }
}

/// Returns the word and what it could be the plural of.
fn singular(word: &str) -> Vec<String> {
    let mut all = vec![word.to_owned()];
    all.extend(word.strip_suffix("ies").map(|stem| format!("{stem}y")));
    all.extend(word.strip_suffix('s').map(str::to_owned));
    all
}

/// Returns the words of a name in snake case, kebab case or camel case, in lower case.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for letter in name.chars() {
        if letter == '_' || letter == '-' || letter.is_uppercase() {
            words.push(String::new());
        }
        if letter.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(letter.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const GLOSSARY_TEXT: &str =
        "# G\n\n| Term | Meaning | Not |\n|---|---|---|\n| campaign | One. | promo |\n| policy | Two. | |\n";

    fn said(text: &str, api: &Value) -> Vec<String> {
        let (glossary, mut found) = read(text);
        found.extend(hold(&glossary, api));
        found.into_iter().map(|violation| violation.what).collect()
    }

    #[test]
    fn words_that_are_not_in_the_glossary() {
        let api = json!({"paths": {"/v1/campaigns/{id}": {}, "/v1/policies": {}, "/v1/offers": {}}, "components": {"schemas": {
            "CampaignView": {"properties": {"promo_code": {}}}, "PromoView": {},
        }}});
        let found = said(GLOSSARY_TEXT, &api);
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(
            found[0].starts_with("offers") && found[1].starts_with("PromoView") && found[2].starts_with("promo_code")
        );
    }

    #[test]
    fn rows_that_are_out_of_order_or_say_nothing() {
        let none = json!({});
        assert_eq!(said(GLOSSARY_TEXT, &none), [""; 0]);
        assert_eq!(said(&format!("{GLOSSARY_TEXT}| budget | Three. | |\n"), &none).len(), 1);
        assert_eq!(said(&format!("{GLOSSARY_TEXT}| tag | | |\n| x |\n"), &none).len(), 2);
    }
}
