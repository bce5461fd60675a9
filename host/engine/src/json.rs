//! Whether a text from a guest is one JSON document that the rest of the system can carry.

use std::collections::HashSet;
use std::fmt;

use largesse_domain::json::Json;
use largesse_domain::limits::JSON_DEPTH_MAX;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// What the document must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Any,
    Object,
}

/// Checks the text: one document, keys unique, not nested too deep, at most `max` bytes.
///
/// # Errors
/// What is wrong, for people.
pub(crate) fn check(text: String, max: usize, shape: Shape) -> Result<Json, String> {
    if text.len() > max {
        return Err(format!("{} bytes of JSON, at most {max} are taken", text.len()));
    }
    let mut reader = serde_json::Deserializer::from_str(&text);
    Document { depth: 0 }
        .deserialize(&mut reader)
        .and_then(|()| reader.end())
        .map_err(|error| format!("not JSON: {error}"))?;
    if shape == Shape::Object && !text.trim_start().starts_with('{') {
        return Err("not a JSON object".to_owned());
    }
    Ok(Json::from_checked(text))
}

#[derive(Clone, Copy)]
struct Document {
    depth: usize,
}

impl Document {
    fn inner<E: Error>(self) -> Result<Self, E> {
        if self.depth < JSON_DEPTH_MAX {
            Ok(Self { depth: self.depth + 1 })
        } else {
            Err(E::custom(format_args!("nested deeper than {JSON_DEPTH_MAX}")))
        }
    }
}

impl<'de> DeserializeSeed<'de> for Document {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Document {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let inner = self.inner()?;
        while items.next_element_seed(inner)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let inner = self.inner()?;
        let mut seen = HashSet::new();
        while let Some(key) = entries.next_key::<String>()? {
            entries.next_value_seed(inner)?;
            if let Some(twice) = seen.replace(key) {
                return Err(A::Error::custom(format_args!("key {twice:?} stands twice in one object")));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        check(text.to_owned(), 1_000, Shape::Any).unwrap_err()
    }

    #[test]
    fn documents_are_checked() {
        for good in ["{}", "null", "1", "-1.5e3", r#"{"a":[{"a":1},{"a":2}],"b":"x"}"#, " [ ] "] {
            assert!(check(good.to_owned(), 1_000, Shape::Any).is_ok(), "{good}");
        }
        for bad in ["", "{", "{} {}", "nul", "'a'", "[1,]", "{\"a\":\u{1}}"] {
            assert!(error(bad).starts_with("not JSON: "), "{bad}");
        }
        assert!(error(r#"{"x":{"a":1,"\u0061":2}}"#).contains("\"a\" stands twice"));
        assert!(error(&format!("[{:2000}]", 1)).contains("at most 1000"));
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(check(nested(32), 1_000, Shape::Any).is_ok());
        assert!(error(&nested(33)).contains("nested deeper"));
        assert!(check("[]".to_owned(), 9, Shape::Object).is_err());
        assert!(check(" {}".to_owned(), 9, Shape::Object).is_ok());
    }
}
