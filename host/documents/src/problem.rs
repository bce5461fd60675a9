//! What is wrong with a request: RFC 9457 problem documents, and the collecting of problems.

use std::fmt::Display;
use std::str::FromStr;

use largesse_domain::json::Json;
use largesse_domain::problem::Problem;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_path_to_error::Segment;

use crate::nearest::{explained, meant};

/// The body of an answer that says no (`application/problem+json`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProblemDocument {
    /// What kind of problem it is: a stable word behind `urn:largesse:problem:`, or `about:blank`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind of problem, for people.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// What is wrong in the document that was sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<ProblemItem>,
}

/// One thing that is wrong with a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProblemItem {
    /// A JSON pointer (RFC 6901) into the document; empty for the whole.
    pub pointer: String,
    /// What is wrong.
    pub message: String,
}

impl From<Problem> for ProblemItem {
    fn from(problem: Problem) -> Self {
        Self { pointer: problem.pointer, message: problem.message }
    }
}

/// Reads a JSON text as a document.
///
/// # Errors
/// One problem, with line and column, when the text is not JSON or not the document's shape.
pub fn from_json<T: DeserializeOwned>(text: &[u8]) -> Result<T, Vec<Problem>> {
    let unread = |error: serde_json::Error| Problem { pointer: String::new(), message: explained(&error.to_string()) };
    serde_json::from_slice(text).map_err(|error| vec![unread(error)])
}

/// Reads a value as a document.
///
/// # Errors
/// What does not fit the document's shape, with a pointer to it: what is allowed there, and what was probably meant.
pub fn from_value<T: DeserializeOwned>(value: Value) -> Result<T, Problem> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let pointer = error.path().iter().filter_map(segment).collect();
        Problem { pointer, message: explained(&error.inner().to_string()) }
    })
}

fn segment(segment: &Segment) -> Option<String> {
    match segment {
        Segment::Seq { index } => Some(format!("/{index}")),
        Segment::Map { key } => Some(format!("/{}", step(key))),
        Segment::Enum { .. } | Segment::Unknown => None,
    }
}

/// A domain document as a value. A text that is not JSON, which the domain does not hold, becomes a JSON string.
#[must_use]
pub fn json_value(json: &Json) -> Value {
    serde_json::from_str(json.as_str()).unwrap_or_else(|_| Value::String(json.as_str().to_owned()))
}

/// Gathers problems while a document is read.
#[derive(Debug, Default)]
pub(crate) struct Problems(Vec<Problem>);

impl Problems {
    pub(crate) fn add(&mut self, pointer: impl Into<String>, message: impl Display) {
        self.0.push(Problem { pointer: pointer.into(), message: message.to_string() });
    }

    /// The value, or a problem more.
    pub(crate) fn keep<T, E: Display>(&mut self, pointer: impl Into<String>, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.add(pointer, error)).ok()
    }

    /// The values of a list, as far as they are right; a problem for each that is not.
    pub(crate) fn keep_all<T: FromStr<Err: Display>>(&mut self, pointer: &str, items: &[String]) -> Vec<T> {
        let read = |(index, item): (usize, &String)| self.keep(format!("{pointer}/{index}"), item.parse());
        items.iter().enumerate().filter_map(read).collect()
    }

    /// The same of words of which all are known: what was probably meant is told.
    pub(crate) fn keep_words<T: FromStr<Err: Display>>(
        &mut self,
        pointer: &str,
        items: &[String],
        known: &[&str],
    ) -> Vec<T> {
        let told = |item: &String, error: T::Err| format!("{error}{}", meant(item, known.iter().copied()));
        let read = |(index, item): (usize, &String)| {
            self.keep(format!("{pointer}/{index}"), item.parse().map_err(|error| told(item, error)))
        };
        items.iter().enumerate().filter_map(read).collect()
    }

    /// The value, when there was no problem.
    pub(crate) fn finish<T>(self, value: Option<T>) -> Result<T, Vec<Problem>> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(self.0),
        }
    }
}

/// A key as a step of a JSON pointer.
pub(crate) fn step(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_is_a_problem_document() {
        let document = ProblemDocument {
            kind: "urn:largesse:problem:invalid-campaign".into(),
            title: "The campaign is not valid".into(),
            status: 422,
            detail: None,
            problems: vec![ProblemItem { pointer: "/opens".into(), message: "no time".into() }],
        };
        let text = serde_json::to_string(&document).unwrap();
        assert_eq!(
            text,
            r#"{"type":"urn:largesse:problem:invalid-campaign","title":"The campaign is not valid","status":422,"problems":[{"pointer":"/opens","message":"no time"}]}"#
        );
        assert_eq!(from_json::<ProblemDocument>(text.as_bytes()), Ok(document));
    }

    #[test]
    fn a_broken_text_is_one_problem() {
        let problems = from_json::<ProblemDocument>(b"{").unwrap_err();
        assert_eq!(problems.len(), 1);
        assert!(problems[0].message.contains("line 1"), "{problems:?}");
    }

    #[test]
    fn keys_are_escaped_in_pointers() {
        assert_eq!(step("a/b~c"), "a~1b~0c");
    }
}
