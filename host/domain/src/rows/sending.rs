//! How a destination is sent to: how much at a time, how fast, how many in one request, and with which headers of its own.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::limits::{DELIVERY_CONCURRENCY_DEFAULT, DESTINATION_HEADER_BYTES_MAX, DESTINATION_HEADER_NAME_BYTES_MAX};

/// How a destination is sent to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sending {
    /// Most requests on their way to it at a time.
    pub concurrency: u16,
    /// Most deliveries in a second; as many as there are when it is absent.
    pub rate: Option<u32>,
    /// Most deliveries in one request; with 1 each goes by itself.
    pub batch: u16,
    /// What is sent along with every request.
    pub headers: BTreeMap<HeaderName, HeaderValue>,
}

impl Default for Sending {
    fn default() -> Self {
        Self { concurrency: DELIVERY_CONCURRENCY_DEFAULT, rate: None, batch: 1, headers: BTreeMap::new() }
    }
}

/// The name of a header that a destination may choose, in lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HeaderName(Arc<str>);

impl HeaderName {
    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Headers that say how a request is to be read, and which the host writes.
const OWN: [&str; 11] = [
    "connection",
    "expect",
    "host",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "date",
    "via",
];
/// What the names of further such headers begin with.
const OWN_GROUPS: [&str; 3] = ["webhook-", "content-", "proxy-"];

impl FromStr for HeaderName {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let name = text.to_ascii_lowercase();
        let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        if !plain || !(1..=DESTINATION_HEADER_NAME_BYTES_MAX).contains(&name.len()) {
            return Err("the name of a header has 1 to 64 of a-z, 0-9, - and _");
        }
        if OWN.contains(&&*name) || OWN_GROUPS.iter().any(|group| name.starts_with(group)) {
            return Err("the host writes this header itself");
        }
        Ok(Self(name.into()))
    }
}

/// The value of a header that a destination chose. It may be a password, and does not show.
#[derive(Clone, PartialEq, Eq)]
pub struct HeaderValue(Arc<str>);

impl HeaderValue {
    /// Returns the text. Whoever shows it may give a password away.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for HeaderValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HeaderValue(..)")
    }
}

impl FromStr for HeaderValue {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let plain = text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
        if !plain || text.trim() != text || !(1..=DESTINATION_HEADER_BYTES_MAX).contains(&text.len()) {
            return Err("the value of a header has 1 to 1,024 bytes of printable ASCII, without spaces around it");
        }
        Ok(Self(text.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_that_say_how_a_request_is_read_are_the_hosts() {
        for own in ["Host", "content-type", "Content-Length", "webhook-id", "Transfer-Encoding", "proxy-authorization"]
        {
            assert_eq!(own.parse::<HeaderName>(), Err("the host writes this header itself"), "{own}");
        }
        let long = "a".repeat(DESTINATION_HEADER_NAME_BYTES_MAX + 1);
        for bad in ["", "a b", "a:", "ä", "a\r\nb", &long] {
            assert!(bad.parse::<HeaderName>().is_err(), "{bad:?}");
        }
        for good in ["Authorization", "x-api-key", &long[1..]] {
            assert_eq!(good.parse::<HeaderName>().unwrap().as_str(), good.to_ascii_lowercase());
        }
    }

    #[test]
    fn a_value_is_one_line_and_does_not_show() {
        let long = "a".repeat(DESTINATION_HEADER_BYTES_MAX + 1);
        for bad in ["", " a", "a ", "a\r\nx: y", "a\tb", "ä", &long] {
            assert!(bad.parse::<HeaderValue>().is_err(), "{bad:?}");
        }
        assert!(long[1..].parse::<HeaderValue>().is_ok());
        assert_eq!(format!("{:?}", "Bearer abc".parse::<HeaderValue>().unwrap()), "HeaderValue(..)");
    }
}
