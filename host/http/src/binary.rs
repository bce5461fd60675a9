//! CloudEvents in binary mode: attributes in `ce-` headers, the data as the body.

use axum::http::HeaderMap;
use largesse_domain::problem::Problem;
use largesse_service::intake::Rejected;
use largesse_service::strict_json::{self, Unread};
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
        let first = values.next().map(|header| value(header.as_bytes()));
        match first {
            Some(_) if values.next().is_some() => problem("the header is there twice"),
            Some(Ok(value)) => drop(event.insert(attribute.to_owned(), Value::String(value))),
            Some(Err(message)) => problem(message),
            None => {}
        }
    }
    if !problems.is_empty() {
        return Err(Rejected::Envelope(problems));
    }
    if !body.is_empty() {
        let data = strict_json::parse(body).map_err(in_data)?;
        event.insert("data".to_owned(), data);
    }
    Ok(Value::Object(event))
}

/// What is odd in the body is odd in the data of the event.
fn in_data(unread: Unread) -> Rejected {
    match unread {
        Unread::Odd(Problem { pointer, message }) => {
            Unread::Odd(Problem { pointer: format!("/data{pointer}"), message }).into()
        }
        syntax @ Unread::Syntax { .. } => syntax.into(),
    }
}

/// The value of a header: what stands in quotation marks without them, then percent-decoded once.
fn value(header: &[u8]) -> Result<String, &'static str> {
    let text = match header.strip_prefix(b"\"") {
        Some(rest) => unquoted(rest)?,
        None if header.contains(&b'"') => {
            return Err("a quotation mark in a value is written %22, or the whole value stands in quotation marks");
        }
        None => header.to_owned(),
    };
    decode(&text).ok_or("the header is not percent-encoded UTF-8")
}

/// What stands behind an opening quotation mark and before the closing one (RFC 9110, section 5.6.4).
fn unquoted(text: &[u8]) -> Result<Vec<u8>, &'static str> {
    let mut plain = Vec::with_capacity(text.len());
    let mut bytes = text.iter();
    while let Some(&byte) = bytes.next() {
        match byte {
            b'"' if bytes.as_slice().is_empty() => return Ok(plain),
            b'"' => return Err("nothing may follow the closing quotation mark"),
            b'\\' => plain.extend(bytes.next()),
            byte => plain.push(byte),
        }
    }
    Err("the closing quotation mark is missing")
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
    fn a_quoted_value_is_what_stands_between_the_marks() {
        let id = |text: &str| event(&headers(&[("ce-id", text)]), b"").unwrap()["id"].clone();
        assert_eq!(id(r#""a \"b\" \\ %22c%22 \d""#), r#"a "b" \ "c" d"#);
        for (header, value) in
            [("\"u1\"", "u1"), ("\"\"", ""), ("a b", "a b"), ("%22u1%22", "\"u1\""), ("%2541", "%41"), ("\"%41\"", "A")]
        {
            assert_eq!(id(header), value, "{header}");
        }
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
            &[("ce-id", "\"1")],
            &[("ce-id", "\"1\\\"")],
            &[("ce-id", "\"1\" 2")],
            &[("ce-id", "1 \"2\"")],
        ] {
            assert!(
                matches!(event(&headers(pairs), b""), Err(Rejected::Envelope(problems)) if problems.len() == 1),
                "{pairs:?}"
            );
        }
        assert!(matches!(event(&HeaderMap::new(), b"{"), Err(Rejected::Malformed { .. })));
        assert_eq!(event(&HeaderMap::new(), b"").unwrap().to_string(), "{}");
    }
}
