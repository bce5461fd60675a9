//! CloudEvents in binary mode: attributes in `ce-` headers, the data as the body.

use axum::http::HeaderMap;
use largesse_domain::problem::Problem;
use largesse_service::intake::Rejected;
use largesse_service::strict_json;
use serde_json::{Map, Value};

const PREFIX: &str = "ce-";
/// The header that tells binary mode from a plain JSON body.
pub(crate) const MARK: &str = "ce-specversion";

/// The event, in the form that it has in structured mode. `datacontenttype` is left out, since JSON is the default there:
/// an event sent once in each mode is one event.
pub(crate) fn event(headers: &HeaderMap, body: &[u8]) -> Result<Value, Rejected> {
    let mut event = Map::new();
    let mut problems = Vec::new();
    for name in headers.keys() {
        let Some(attribute) = name.as_str().strip_prefix(PREFIX) else { continue };
        let mut problem = |message: &str| {
            problems.push(Problem { pointer: format!("/{attribute}"), message: message.to_owned() });
        };
        if attribute.is_empty() || !attribute.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()) {
            problem("the name of an attribute has a-z and 0-9 only");
            continue;
        }
        if matches!(attribute, "data" | "datacontenttype") {
            problem("not an attribute in binary mode: the body is the data, Content-Type its type");
            continue;
        }
        let mut values = headers.get_all(name).iter();
        let value = values.next().and_then(|value| decode(value.as_bytes()));
        match value {
            Some(_) if values.next().is_some() => problem("the header is there twice"),
            Some(value) => drop(event.insert(attribute.to_owned(), Value::String(value))),
            None => problem("the header is not percent-encoded UTF-8"),
        }
    }
    if !problems.is_empty() {
        return Err(Rejected::Envelope(problems));
    }
    if !body.is_empty() {
        let data = strict_json::parse(body).map_err(|error| Rejected::Malformed(error.to_string()))?;
        event.insert("data".to_owned(), data);
    }
    Ok(Value::Object(event))
}

fn decode(text: &[u8]) -> Option<String> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let (digits, tail) = rest.split_at_checked(2)?;
        if !digits.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        decoded.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
        rest = tail;
    }
    String::from_utf8(decoded).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderName;

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(HeaderName::try_from(*name).unwrap(), value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn headers_become_attributes() {
        let headers =
            headers(&[("CE-Id", "a%20b%E2%82%AC"), ("ce-traceid", "1"), ("accept", "x"), ("content-type", "y")]);
        let event = event(&headers, br#"{"a":1}"#).unwrap();
        assert_eq!(event.to_string(), r#"{"data":{"a":1},"id":"a b€","traceid":"1"}"#);
    }

    #[test]
    fn what_is_no_attribute_is_named() {
        for pairs in [
            &[("ce-id", "1"), ("ce-id", "2")][..],
            &[("ce-id", "%2")],
            &[("ce-id", "%+1")],
            &[("ce-id", "%FF")],
            &[("ce-data", "x")],
            &[("ce-my-name", "x")],
            &[("ce-", "x")],
        ] {
            assert!(
                matches!(event(&headers(pairs), b""), Err(Rejected::Envelope(problems)) if problems.len() == 1),
                "{pairs:?}"
            );
        }
        assert!(matches!(event(&HeaderMap::new(), b"{"), Err(Rejected::Malformed(_))));
        assert_eq!(event(&HeaderMap::new(), b"").unwrap().to_string(), "{}");
    }
}
