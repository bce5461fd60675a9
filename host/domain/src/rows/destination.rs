//! Destinations: where what was decided is delivered to, and how.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;
use std::sync::Arc;

use crate::limits::{DESTINATION_URL_BYTES_MAX, SECRET_BYTES_MAX, SECRET_BYTES_MIN};
use crate::rows::sending::Sending;
use crate::words::address::is_public;
use crate::words::id::DestinationId;
use crate::words::topic::{Topic, TopicPattern};

/// Where deliveries go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// What it is called.
    pub id: DestinationId,
    /// Where it is.
    pub url: WebhookUrl,
    /// What its deliveries are signed with, the newest first; 1 to 3.
    pub secrets: Vec<Secret>,
    /// What it is told of; at least one.
    pub topics: Vec<TopicPattern>,
    /// Whether it may be on a private network or this machine, and without TLS.
    pub allow_private: bool,
    /// Whether it says of each grant that it was carried out, or could not be. At most one destination does.
    pub settles: bool,
    /// How it is sent to.
    pub sending: Sending,
    /// Why nothing is sent to it now.
    pub paused: Option<Paused>,
}

impl Destination {
    /// Reports whether it is told of a topic.
    #[must_use]
    pub fn takes(&self, topic: Topic) -> bool {
        self.topics.iter().any(|pattern| pattern.includes(topic))
    }

    /// Returns why the URL needs the permission for private destinations; `None` when it does not. A name is checked when it is known
    /// to which address it leads.
    #[must_use]
    pub fn barred(url: &WebhookUrl) -> Option<&'static str> {
        match url.host() {
            _ if !url.is_secure() => Some("is not https"),
            Host::Address(address) if !is_public(*address) => Some("is on a private network"),
            _ if !(url.port() == 443 || url.port() >= 1_024) => Some("is on a port of another service"),
            _ => None,
        }
    }
}

/// Why nothing is sent to a destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paused {
    /// An operator paused it.
    Operator,
    /// It answered that it is gone (410).
    Gone,
}

impl Paused {
    /// Every reason.
    pub const ALL: [Self; 2] = [Self::Operator, Self::Gone];

    /// Returns the word in answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Gone => "gone",
        }
    }
}

/// What deliveries are signed with: 24 to 64 bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Arc<[u8]>);

impl Secret {
    /// Takes the bytes; `None` when they are too few or too many.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Option<Self> {
        (SECRET_BYTES_MIN..=SECRET_BYTES_MAX).contains(&bytes.len()).then(|| Self(bytes.into()))
    }

    /// Returns the bytes. Whoever shows them gives the secret away.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// The host of a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// A name, in lower case.
    Name(String),
    /// An address.
    Address(IpAddr),
}

/// Where a destination is: `http` or `https`, a name or an address in its plain form, a port, a path and a query.
///
/// Every form that two programs could read differently is refused: user names, fragments, upper case in front of the path,
/// escapes in names, addresses written as one number, in octal or in hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookUrl {
    text: Arc<str>,
    secure: bool,
    host: Host,
    port: u16,
    target_at: usize,
}

impl WebhookUrl {
    /// Returns the whole text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Reports whether it is `https`.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// Returns the host.
    #[must_use]
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// Returns the port, 443 or 80 when it names none.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns host and port as they stand in the text: what a `Host` header says.
    #[must_use]
    pub fn authority(&self) -> &str {
        let scheme = if self.secure { "https://" } else { "http://" };
        &self.text[scheme.len()..self.target_at]
    }

    /// Returns path and query; `/` when there are none.
    #[must_use]
    pub fn target(&self) -> &str {
        match &self.text[self.target_at..] {
            "" => "/",
            target => target,
        }
    }
}

impl FromStr for WebhookUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        if text.len() > DESTINATION_URL_BYTES_MAX {
            return Err("a URL has at most 2,048 bytes");
        }
        let (secure, rest) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
            (Some(rest), _) => (true, rest),
            (None, Some(rest)) => (false, rest),
            (None, None) => return Err("expected https:// and a host, in lower case"),
        };
        let (authority, target) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        if !target.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"#<>\\^`{|}".contains(&byte)) {
            return Err("a path and a query are of printable ASCII, without a fragment; escape the rest");
        }
        let default = if secure { 443 } else { 80 };
        let (host, port) = match authority.strip_prefix('[') {
            Some(rest) => {
                let (address, after) = rest.split_once(']').ok_or("an IPv6 address ends with ]")?;
                let address: Ipv6Addr = address.parse().map_err(|_| "not an IPv6 address")?;
                (Host::Address(address.into()), after)
            }
            None => {
                let (name, after) = authority.split_at(authority.find(':').unwrap_or(authority.len()));
                (host(name)?, after)
            }
        };
        let port = match port {
            "" => default,
            port => self::port(port).ok_or("a port is : and a number from 1 to 65535")?,
        };
        Ok(Self { text: text.into(), secure, host, port, target_at: text.len() - target.len() })
    }
}

fn port(text: &str) -> Option<u16> {
    let digits = text.strip_prefix(':')?;
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
    digits.parse().ok().filter(|_| plain)
}

fn host(name: &str) -> Result<Host, &'static str> {
    if let Ok(address) = name.parse::<Ipv4Addr>() {
        return Ok(Host::Address(address.into()));
    }
    let label = |label: &str| {
        let bytes = label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        bytes && (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-')
    };
    // A name whose last part begins with a digit is an address to some programs.
    let last = name.rsplit('.').next().unwrap_or_default();
    if name.len() > 253 || !name.split('.').all(label) || last.starts_with(|first: char| first.is_ascii_digit()) {
        return Err("a host is a name of a-z, 0-9, - and ., or an address such as 192.0.2.1 or [2001:db8::1]");
    }
    Ok(Host::Name(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::topic::UnknownTopic;

    fn url(text: &str) -> WebhookUrl {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn a_url_has_its_parts() {
        let plain = url("https://hooks.example.com/in?x=1");
        assert_eq!((plain.authority(), plain.target(), plain.port()), ("hooks.example.com", "/in?x=1", 443));
        let other = url("http://[2606:4700::1]:8080");
        assert_eq!((other.authority(), other.target(), other.port()), ("[2606:4700::1]:8080", "/", 8080));
        assert_eq!(url("https://8.8.8.8").host(), &Host::Address("8.8.8.8".parse().unwrap()));
    }

    #[test]
    fn forms_that_programs_read_differently_are_refused() {
        let forms = [
            "",
            "https://",
            "https:///path",
            "https:/example.com",
            "//example.com",
            "ftp://example.com",
            "HTTPS://example.com",
            "https://EXAMPLE.com",
            "https://user@example.com",
            "https://user:pw@example.com",
            "https://example.com@127.0.0.1/",
            "https://example.com#@127.0.0.1/",
            "https://example.com\\@127.0.0.1",
            "https://example.com/\\..",
            "https://2130706433",
            "https://0x7f000001",
            "https://0x7f.0.0.1",
            "https://0177.0.0.1",
            "https://127.1",
            "https://127.0.1",
            "https://127.0.0.1.",
            "https://127.0.0.01",
            "https://1.2.3.4.5",
            "https://example.123",
            "https://example.0x7f",
            "https://example.com.",
            "https://.example.com",
            "https://example..com",
            "https://exa%6dple.com",
            "https://127.0.0.1%2f.example.com",
            "https://ⓛocalhost",
            "https://１２７.0.0.1",
            "https://127。0。0。1",
            "https://local host",
            "https://[::1",
            "https://[::1]x",
            "https://[fe80::1%25eth0]/",
            "https://[127.0.0.1]",
            "https://::1/",
            "https://example.com:",
            "https://example.com:0",
            "https://example.com:65536",
            "https://example.com:+80",
            "https://example.com:080",
            "https://example.com:80:80",
            "https://example.com?x",
            "https://example.com/#x",
            "https://example.com/a b",
            "https://example.com/\r\nhost: x",
            "https://exa\tmple.com",
            "https://-a.com",
            "https://a_b.com",
        ];
        for form in forms {
            assert!(form.parse::<WebhookUrl>().is_err(), "{form:?}");
        }
        let long = format!("https://example.com/{}", "a".repeat(DESTINATION_URL_BYTES_MAX));
        assert!(long.parse::<WebhookUrl>().is_err());
    }

    #[test]
    fn what_needs_a_permission_is_known() {
        for barred in [
            "http://example.com",
            "https://127.0.0.1",
            "https://10.1.2.3/x",
            "https://169.254.169.254/latest",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[::ffff:7f00:1]/",
            "https://0.0.0.0",
            "https://[fd00:ec2::254]",
            "https://[64:ff9b::7f00:1]",
            "https://example.com:22",
            "https://example.com:25",
        ] {
            assert!(Destination::barred(&url(barred)).is_some(), "{barred}");
        }
        for plain in ["https://example.com", "https://8.8.8.8/x", "https://localhost", "https://example.com:8443"] {
            assert_eq!(Destination::barred(&url(plain)), None, "{plain}");
        }
    }

    #[test]
    fn topics_are_chosen_by_pattern() {
        let includes = |pattern: &str, topic| pattern.parse::<TopicPattern>().unwrap().includes(topic);
        assert!(includes("*", Topic::Message) && includes("grant.*", Topic::GrantGranted));
        assert!(includes("message", Topic::Message) && !includes("message", Topic::GrantGranted));
        assert!(!includes("grant.*", Topic::TagChanged));
        for text in ["*", "grant.*", "tag.changed"] {
            assert_eq!(text.parse::<TopicPattern>().unwrap().to_string(), text);
        }
        for bad in ["", "grant", "grant.", "grants.*", "message.*", "**", "*.granted", "Grant.*"] {
            assert_eq!(bad.parse::<TopicPattern>(), Err(UnknownTopic), "{bad}");
        }
    }

    #[test]
    fn a_secret_does_not_show() {
        assert!(Secret::new(&[1; 23]).is_none() && Secret::new(&[1; 65]).is_none());
        assert_eq!(format!("{:?}", Secret::new(&[7; 24]).unwrap()), "Secret(..)");
    }
}
