//! Where a document cannot be read: the place of a reader's error as a JSON pointer.

use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeOwned, Error, Unexpected, Visitor};

use crate::answer::Problem;

/// Reads a document.
///
/// # Errors
/// What is wrong, with a JSON pointer to the value that could not be read, or to the object in which it lies where the reader says no more.
pub(crate) fn read<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    serde_json::from_str(text).map_err(|error| {
        let full = error.to_string();
        let place = format!(" at line {} column {}", error.line(), error.column());
        let message = full.strip_suffix(place.as_str()).unwrap_or(&full);
        Problem::new(pointer(before(text, error.line(), error.column())), message)
    })
}

/// Reads a text of a form of its own.
///
/// # Errors
/// That it is no text, or not of that form. The error names its place, which one that is made of the text afterwards would not.
pub fn text<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    expected: &'static str,
    parse: fn(&str) -> Option<T>,
) -> Result<T, D::Error> {
    struct Form<T>(&'static str, fn(&str) -> Option<T>);

    impl<T> Visitor<'_> for Form<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
            self.1(text).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
        }
    }

    deserializer.deserialize_str(Form(expected, parse))
}

/// Returns what stands before a line and column, both counted from 1 and the column in bytes.
fn before(text: &str, line: usize, column: usize) -> &str {
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    &text[..text.floor_char_boundary(start + column)]
}

/// One object or list that was begun and not ended.
enum Open<'t> {
    /// With the last name in it, as it is written.
    Object(&'t str),
    /// With the number of the item.
    List(usize),
}

/// Returns the pointer to the value at which a text ends.
fn pointer(text: &str) -> String {
    let mut open: Vec<Open<'_>> = Vec::new();
    let mut last = "";
    let mut at = 0;
    while let Some(byte) = text.as_bytes().get(at) {
        match byte {
            b'"' => {
                let end = end_of_string(text, at);
                last = &text[at..end];
                at = end;
                continue;
            }
            b':' => {
                if let Some(Open::Object(name)) = open.last_mut() {
                    *name = last;
                }
            }
            b',' => match open.last_mut() {
                Some(Open::List(index)) => *index += 1,
                Some(Open::Object(name)) => *name = "",
                None => {}
            },
            b'{' => open.push(Open::Object("")),
            b'[' => open.push(Open::List(0)),
            b'}' | b']' => {
                open.pop();
            }
            _ => {}
        }
        at += 1;
    }
    let mut pointer = String::new();
    for open in open {
        match open {
            Open::List(index) => pointer.push_str(&format!("/{index}")),
            Open::Object("") => {}
            Open::Object(name) => {
                let name: String = serde_json::from_str(name).unwrap_or_default();
                pointer.push('/');
                pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
            }
        }
    }
    pointer
}

/// Returns where the string ends that begins at a quotation mark: behind its end, or at the end of the text.
fn end_of_string(text: &str, start: usize) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(start + 1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;
    use crate::time::Date;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Item {
        #[serde(rename = "from")]
        _from: Date,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Params {
        #[serde(default, rename = "items")]
        _items: Vec<Item>,
        #[serde(default, rename = "by/name")]
        _by_name: BTreeMap<String, Item>,
    }

    #[test]
    fn errors_name_the_value() {
        for (text, place) in [
            (r#"{"items": [{"from": "2025-02-28"}, {"from": "2025-02-29"}]}"#, "/items/1/from"),
            ("{\"items\": [\n{\"from\": \"2025-02-28\"},\n {\"from\": \"é\"}]}", "/items/1/from"),
            (r#"{"items": [{"from": "2025-02-28"}, {}]}"#, "/items/1"),
            (r#"{"by/name": {"a\"~": {"from": 7}}}"#, "/by~1name/a\"~0/from"),
            (r#"{"items": [{"from": "2025-02-28", "to": 1}]}"#, "/items/0"),
            (r#"{"items": 5}"#, "/items"),
            ("5", ""),
            ("", ""),
        ] {
            assert_eq!(read::<Params>(text).unwrap_err().pointer, place, "{text}");
        }
        let error = read::<Params>(r#"{"items": [{"from": "2025-02-29"}]}"#).unwrap_err();
        assert!(!error.message.contains("column"), "{}", error.message);
    }
}
