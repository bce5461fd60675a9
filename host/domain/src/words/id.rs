//! Typed identifiers. Each is checked once, when it is made, and is valid from then on.

use std::fmt;
use std::sync::Arc;

/// Why a text is not an identifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidId {
    /// What kind of identifier it should have been.
    pub what: &'static str,
    /// What such an identifier may hold.
    pub rule: &'static str,
}

impl fmt::Display for InvalidId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a {}: expected {}", self.what, self.rule)
    }
}

impl std::error::Error for InvalidId {}

fn slug(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'
}

fn dotted(byte: u8) -> bool {
    slug(byte) || byte == b'.' || byte == b'_'
}

fn key(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b':' | b'/' | b'-')
}

fn printable(byte: u8) -> bool {
    byte.is_ascii_graphic()
}

macro_rules! text_ids {
    ($($(#[$doc:meta])* $name:ident, $what:literal, $max:literal, $accept:path, $rule:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Eq, PartialOrd, Ord)]
        pub struct $name(Arc<str>);

        // Most that are equal are the same.
        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                Arc::ptr_eq(&self.0, &other.0) || self.0 == other.0
            }
        }

        impl std::hash::Hash for $name {
            fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
                self.0.hash(state);
            }
        }

        impl $name {
            /// Checks the text.
            ///
            /// # Errors
            /// When the text is empty, too long, or holds a character that is not allowed.
            pub fn new(text: impl AsRef<str>) -> Result<Self, InvalidId> {
                let text = text.as_ref();
                if !text.is_empty() && text.len() <= $max && text.bytes().all($accept) {
                    Ok(Self(text.into()))
                } else {
                    Err(InvalidId { what: $what, rule: $rule })
                }
            }

            /// Returns the text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({:?})", stringify!($name), &*self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Self::new(text)
            }
        }
    )*};
}

text_ids! {
    /// A campaign.
    CampaignId, "campaign id", 64, slug, "1 to 64 of a-z, 0-9 and -";
    /// A policy's name.
    PolicyName, "policy name", 64, slug, "1 to 64 of a-z, 0-9 and -";
    /// A policy's semantic version. Its parts are checked where a manifest is.
    PolicyVersion, "policy version", 64, version_byte, "a semantic version of at most 64 characters";
    /// A customer, by the integrator's own identifier.
    CustomerId, "customer id", 128, printable, "1 to 128 printable ASCII characters without spaces";
    /// An entity that events name: a team, a packet, a group.
    EntityId, "entity id", 128, printable, "1 to 128 printable ASCII characters without spaces";
    /// What grants are about: a loan, an order.
    AboutId, "id of a thing", 128, printable, "1 to 128 printable ASCII characters without spaces";
    /// The system that an event comes from (CloudEvents `source`).
    EventSource, "event source", 256, printable, "1 to 256 printable ASCII characters without spaces";
    /// An event's identifier within its source (CloudEvents `id`).
    EventId, "event id", 128, printable, "1 to 128 printable ASCII characters without spaces";
    /// What an event tells (CloudEvents `type`).
    EventKind, "event kind", 64, dotted, "1 to 64 of a-z, 0-9, '.', '_' and -";
    /// The policy's name for a reward.
    GrantKey, "grant key", 128, key, "1 to 128 of A-Z, a-z, 0-9, '.', '_', ':', '/' and -";
    /// The policy's name for a message.
    MessageKey, "message key", 128, key, "1 to 128 of A-Z, a-z, 0-9, '.', '_', ':', '/' and -";
    /// The policy's name for a timer.
    TimerName, "timer name", 64, key, "1 to 64 of A-Z, a-z, 0-9, '.', '_', ':', '/' and -";
    /// The policy's name for a thing that is given once.
    ClaimScope, "claim scope", 128, key, "1 to 128 of A-Z, a-z, 0-9, '.', '_', ':', '/' and -";
    /// A role of a manifest.
    RoleName, "role name", 64, slug, "1 to 64 of a-z, 0-9 and -";
    /// A subscription of a manifest.
    SubscriptionName, "subscription name", 64, slug, "1 to 64 of a-z, 0-9 and -";
    /// A customer's attribute.
    AttributeName, "attribute name", 64, dotted, "1 to 64 of a-z, 0-9, '.', '_' and -";
    /// A customer's tag.
    Tag, "tag", 64, key, "1 to 64 of A-Z, a-z, 0-9, '.', '_', ':', '/' and -";
    /// A device, card, identity or address, usually hashed by the integrator.
    Identifier, "identifier", 128, printable, "1 to 128 printable ASCII characters without spaces";
    /// A set of customers.
    SegmentId, "segment id", 64, slug, "1 to 64 of a-z, 0-9 and -";
    /// A budget that campaigns share.
    PocketId, "pocket id", 64, slug, "1 to 64 of a-z, 0-9 and -";
    /// A redemption, a reservation or a reversal, by the identifier that whoever asks for it gave it.
    RequestId, "request id", 64, key, "1 to 64 of A-Z, a-z, 0-9, '.', '_', ':', '/' and -";
    /// The policy's name for something that it reserves out of a wallet.
    ReservationKey, "reservation key", 128, key, "1 to 128 of A-Z, a-z, 0-9, '.', '_', ':', '/' and -";
    /// The code of a policy's refusal.
    RefusalCode, "refusal code", 64, slug, "1 to 64 of a-z, 0-9 and -";
    /// A destination of deliveries.
    DestinationId, "destination id", 64, slug, "1 to 64 of a-z, 0-9 and -";
    /// A key that signs components, as the operator calls it.
    KeyName, "key name", 64, slug, "1 to 64 of a-z, 0-9 and -";
    /// A kind of entity that has members: team, group, packet.
    GroupKind, "kind of group", 64, slug, "1 to 64 of a-z, 0-9 and -";
    /// A programme in which customers stand: a membership, a lifecycle.
    ProgrammeId, "programme id", 64, slug, "1 to 64 of a-z, 0-9 and -";
    /// A tier of a programme, or a stage.
    TierName, "tier name", 64, slug, "1 to 64 of a-z, 0-9 and -";
    /// A pool of a campaign.
    PoolId, "pool id", 64, slug, "1 to 64 of a-z, 0-9 and -";
    /// What a campaign counts.
    MeasureName, "measure name", 64, slug, "1 to 64 of a-z, 0-9 and -";
    /// A question that a policy answers.
    QuestionName, "question name", 64, slug, "1 to 64 of a-z, 0-9 and -";
    /// A template of messages.
    TemplateName, "template name", 128, key, "1 to 128 of A-Z, a-z, 0-9, '.', '_', ':', '/' and -";
    /// A group of campaigns that stack.
    StackingGroup, "stacking group", 64, slug, "1 to 64 of a-z, 0-9 and -";
}

fn version_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'+')
}

/// The sha-256 of a component's bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// Wraps the bytes of a sha-256.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Returns the 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

const DIGITS: [u8; 16] = *b"0123456789abcdef";

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Every answer to an event has one for each decision: byte by byte the formatter would cost a microsecond.
        let mut text = [0; 64];
        for (digits, byte) in text.chunks_exact_mut(2).zip(self.0) {
            digits[0] = DIGITS[usize::from(byte >> 4)];
            digits[1] = DIGITS[usize::from(byte & 15)];
        }
        f.pad(std::str::from_utf8(&text).unwrap_or_default())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

impl std::str::FromStr for Digest {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let invalid = InvalidId { what: "digest", rule: "64 lower-case hexadecimal digits" };
        if text.len() != 64 || !text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(invalid);
        }
        let mut bytes = [0; 32];
        for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let digits = std::str::from_utf8(digits).map_err(|_| invalid.clone())?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| invalid.clone())?;
        }
        Ok(Self(bytes))
    }
}

/// An event's place in the order of admission: at least 1, at most [`NUMBER_MAX`](crate::limits::NUMBER_MAX).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventSeq(pub u64);

/// A decision's place in the order in which decisions were made: at least 1, at most [`NUMBER_MAX`](crate::limits::NUMBER_MAX).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DecisionId(pub u64);

impl fmt::Display for EventSeq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for DecisionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_take_their_alphabet_only() {
        assert!(CampaignId::new("spring-2026").is_ok());
        for bad in ["", "Spring", "a b", "../x", "a/b", "é", "a\0"] {
            assert!(CampaignId::new(bad).is_err(), "{bad:?}");
        }
        assert!(CampaignId::new("a".repeat(64)).is_ok());
        assert!(CampaignId::new("a".repeat(65)).is_err());
        assert!(CustomerId::new("u 1").is_err());
        assert!(GrantKey::new("day/20251").is_ok());
    }

    #[test]
    fn a_digest_reads_what_it_prints() {
        let digest = Digest::from_bytes([0xab; 32]);
        assert_eq!(digest.to_string().parse(), Ok(digest));
        assert!("AB".repeat(32).parse::<Digest>().is_err());
    }
}
