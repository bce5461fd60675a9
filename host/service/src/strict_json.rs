//! JSON as it may come in: bounded depth, no key twice, no number that is not exactly itself.

use std::fmt;

use largesse_domain::limits::JSON_DEPTH_MAX;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Parses one JSON document.
///
/// # Errors
/// Says what is wrong with line and column: the syntax, an object that has a key twice, nesting beyond
/// [`JSON_DEPTH_MAX`], or a number that does not fit 64 bits.
pub fn parse(bytes: &[u8]) -> Result<Value, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = Strict { depth: 0 }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
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

#[derive(Clone, Copy)]
struct Strict {
    depth: usize,
}

impl Strict {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.depth >= JSON_DEPTH_MAX {
            return Err(E::custom(format_args!("nested deeper than {JSON_DEPTH_MAX} levels")));
        }
        Ok(Self { depth: self.depth + 1 })
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON document")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        // An integer that fits no 64 bits arrives here too, already rounded; it must not pass for itself.
        if value.fract() == 0.0 && value.abs() >= 9_007_199_254_740_992.0 {
            return Err(E::custom("a number does not fit 64 bits"));
        }
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("not a number"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let seed = self.deeper()?;
        let mut values = Vec::new();
        while let Some(value) = seq.next_element_seed(seed)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let seed = self.deeper()?;
        let mut object = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            if object.contains_key(&key) {
                return Err(serde::de::Error::custom(format_args!("the key {key:?} stands twice in one object")));
            }
            let value = map.next_value_seed(seed)?;
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        parse(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn one_body_has_one_canonical_text() {
        let a = parse(br#"{ "b": [1, 2.5, null], "a": {"y": "\u00e9", "x": -3} }"#).unwrap();
        let b = parse("{\"a\":{\"x\":-3,\"y\":\"é\"},\"b\":[1,2.5,null]}".as_bytes()).unwrap();
        assert_eq!(canonical(&a), canonical(&b));
        assert_eq!(canonical(&a), r#"{"a":{"x":-3,"y":"é"},"b":[1,2.5,null]}"#);
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_refused() {
        assert!(error(r#"{"a":1,"a":2}"#).contains("\"a\" stands twice"));
        assert!(error("18446744073709551616").contains("64 bits"));
        assert!(error(&"[".repeat(33)).contains("deeper than 32"));
        assert!(error("{} x").contains("line 1 column"));
        assert!(parse("[".repeat(32).as_bytes()).is_err());
        assert!(parse(format!("{}{}", "[".repeat(32), "]".repeat(32)).as_bytes()).is_ok());
    }
}
