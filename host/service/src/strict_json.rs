//! JSON as it may come in: bounded depth, no key twice, no number that is not exactly itself.
//!
//! Numbers are what they amount to, however they are written. One that is whole is an integer (`5.0` and `5e0` are `5`, `-0.0` is
//! `0`) and must fit 64 bits; a fraction is the double next to it, and must not become a whole number by that.

mod number;
mod reader;

use largesse_domain::problem::Problem;
use serde_json::Value;

use reader::Reader;

/// Why a document is not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unread {
    /// It is not JSON.
    #[error("{what} at line {line} column {column}")]
    Syntax {
        /// What is wrong.
        what: &'static str,
        /// In this line, from 1.
        line: usize,
        /// At this byte of the line, from 1.
        column: usize,
    },
    /// It is JSON that could be read in more than one way, or is nested too deep. This is the first place where it is.
    #[error("{} at {:?}", .0.message, .0.pointer)]
    Odd(Problem),
}

impl Unread {
    /// Returns what can be pointed at.
    #[must_use]
    pub fn problems(self) -> Vec<Problem> {
        match self {
            Self::Syntax { .. } => Vec::new(),
            Self::Odd(problem) => vec![problem],
        }
    }
}

/// Parses one JSON document.
///
/// # Errors
/// Says what is wrong and where: the syntax, an object that has a key twice, nesting beyond
/// [`JSON_DEPTH_MAX`](largesse_domain::limits::JSON_DEPTH_MAX), or a number that does not fit 64 bits.
pub fn parse(bytes: &[u8]) -> Result<Value, Unread> {
    let mut reader = Reader::new(bytes)?;
    let value = reader.document();
    // What is odd stands before what is no JSON any more.
    match reader.odd() {
        Some(problem) => Err(Unread::Odd(problem)),
        None => value,
    }
}

/// Parses an array of documents, each for itself: what is odd in one leaves the others as they are. `None` when it is JSON, but no
/// array.
///
/// # Errors
/// When it is not JSON.
pub fn parse_each(bytes: &[u8]) -> Result<Option<Vec<Result<Value, Unread>>>, Unread> {
    Reader::new(bytes)?.documents()
}

/// The canonical text of a document (a [`Value`] or one of its parts): keys sorted, no white space.
///
/// # Panics
/// Never for what was parsed from JSON.
#[must_use]
pub fn canonical(value: &impl serde::Serialize) -> String {
    // serde_json keeps objects in a sorted map, and its text has no white space.
    serde_json::to_string(value).expect("what was JSON is JSON again")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn error(text: &str) -> String {
        parse(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn one_body_has_one_canonical_text() {
        let a = parse(br#"{ "b": [1, 2.5, null], "a": {"y": "\u00e9", "x": -3} }"#).unwrap();
        let b = parse("{\"a\":{\"x\":-3,\"y\":\"é\"},\"b\":[1e0,25E-1,null]}".as_bytes()).unwrap();
        assert_eq!(canonical(&a), canonical(&b));
        assert_eq!(canonical(&a), r#"{"a":{"x":-3,"y":"é"},"b":[1,2.5,null]}"#);
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_refused() {
        assert_eq!(error(r#"{"a":1,"a":2}"#), "the key \"a\" stands twice in one object at \"/a\"");
        assert_eq!(error(r#"{"a/b":[0, {"~":1e400}]}"#), "a whole number must fit 64 bits at \"/a~1b/1/~0\"");
        assert!(error("18446744073709551616").contains("64 bits"));
        assert!(error(&"[".repeat(33)).contains("deeper than 32"));
        assert!(error("{} x").contains("line 1 column 4"));
        assert!(error("{\n \"a\": tru}").contains("line 2 column 7"));
        assert!(parse("[".repeat(32).as_bytes()).is_err());
        assert!(parse(format!("{}{}", "[".repeat(32), "]".repeat(32)).as_bytes()).is_ok());
    }

    #[test]
    fn what_is_odd_in_one_document_leaves_the_others() {
        let deep = format!("{}{}", "[".repeat(33), "]".repeat(33));
        let text = format!(r#"[1, {{"a":[1e400]}}, {{"b":1,"b":"]"}}, {deep}, {{"c":2.0}}]"#);
        let parts = parse_each(text.as_bytes()).unwrap().unwrap();
        let pointers: Vec<_> = parts.iter().map(|part| part.clone().map_err(Unread::problems)).collect();
        assert_eq!((&pointers[0], &pointers[4]), (&Ok(json!(1)), &Ok(json!({"c": 2}))));
        for (place, pointer) in [(1, "/a/0"), (2, "/b"), (3, &*"/0".repeat(32))] {
            assert_eq!(pointers[place].as_ref().unwrap_err()[0].pointer, pointer);
        }
        assert_eq!(parse_each(b"{}"), Ok(None));
        assert_eq!(parse_each(b" [ ] "), Ok(Some(Vec::new())));
        for broken in ["[", "[1,]", "[1 2]", "[]]", "[{]", "[\"\u{1}\"]", "[01]", "[1.]", "[-]", "[\"\\ud800\"]", ""] {
            assert!(parse_each(broken.as_bytes()).is_err(), "{broken}");
        }
    }

    proptest! {
        /// What is read is what another reader reads, and nothing else is.
        #[test]
        fn fuzz_another_reader_agrees(text in r#"([\[\]{},: \n"01e.\\nu]|-|null|true|false|"a":|é){0,24}"#) {
            let other: Result<Value, _> = serde_json::from_str(&text);
            match (parse(text.as_bytes()), other) {
                // Numbers are compared as doubles, since they may be written otherwise.
                (Ok(one), Ok(other)) => prop_assert_eq!(doubles(one), doubles(other), "{}", text),
                (Err(Unread::Syntax { .. }), other) => prop_assert!(other.is_err(), "{}", text),
                // Numbers out of every range are no JSON to the other.
                (Err(Unread::Odd(_)), _) => {}
                (Ok(one), Err(error)) => prop_assert!(false, "{text}: {one} and {error}"),
            }
        }

        #[test]
        fn fuzz_any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let (one, each) = (parse(&bytes), parse_each(&bytes));
            prop_assert!(one.is_err() || each.is_ok());
        }
    }

    fn doubles(value: Value) -> Value {
        match value {
            Value::Number(number) => json!(number.as_f64().map(|double| double + 0.0)),
            Value::Array(values) => values.into_iter().map(doubles).collect(),
            Value::Object(object) => {
                Value::Object(object.into_iter().map(|(key, value)| (key, doubles(value))).collect())
            }
            other => other,
        }
    }
}
