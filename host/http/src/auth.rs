//! Who may do what: bearer tokens, known to the host by their hash, with roles.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Instant;

use axum::http::{HeaderMap, header};
use largesse_domain::limits::{IN_FLIGHT_PER_TOKEN_MAX, QUOTA_PER_SECOND_MAX, TOKEN_BYTES_MAX, TOKEN_PATTERNS_MAX};
use largesse_service::intake::{Backfill, Permit};
use largesse_service::queue::Flow;
use largesse_service::scope::{InvalidPattern, Pattern, Scope};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::problem::{Failure, ProblemType};
use crate::quota::Quota;

/// What a token may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Sends events, and nothing else.
    Ingest,
    /// Says of grants whether they were carried out, redeems and reserves, and nothing else.
    Fulfil,
    /// Reads everything.
    Viewer,
    /// Runs campaigns, tells the host about customers, pauses destinations and has deliveries sent again; includes `viewer` and
    /// `fulfil`.
    Operator,
    /// Publishes policies, registers event kinds and destinations; includes `operator`, `viewer` and `fulfil`.
    Admin,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 5] = [Self::Ingest, Self::Fulfil, Self::Viewer, Self::Operator, Self::Admin];

    /// The word in the configuration.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Fulfil => "fulfil",
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }

    /// Whether whoever has this role may do what needs the other.
    #[must_use]
    pub fn includes(self, needed: Self) -> bool {
        match needed {
            Self::Ingest => self == Self::Ingest,
            Self::Fulfil => matches!(self, Self::Fulfil | Self::Operator | Self::Admin),
            Self::Viewer => matches!(self, Self::Viewer | Self::Operator | Self::Admin),
            Self::Operator => matches!(self, Self::Operator | Self::Admin),
            Self::Admin => self == Self::Admin,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        Self::ALL.into_iter().find(|role| role.as_str() == text).ok_or(UnknownRole)
    }
}

/// A word that is not a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected ingest, fulfil, viewer, operator or admin")]
pub struct UnknownRole;

/// A token as it is configured: never the token itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenEntry {
    /// Whose it is; shows in logs.
    pub name: String,
    /// What it may be used for.
    pub roles: Vec<Role>,
    /// Whether it may send events that are more than 7 days old.
    #[serde(default)]
    pub backfill: bool,
    /// The sources of the events that it may send, each exact or a prefix that ends in `*`; every source when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sources: Option<Vec<String>>,
    /// The kinds of the events that it may send, each exact or a prefix that ends in `*`; when left out, every kind that does
    /// not merge customers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kinds: Option<Vec<String>>,
    /// Events that it may send in a second, on average; as many as the host decides when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events_per_second: Option<u32>,
    /// Events that it may send at once; those of one second when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub burst: Option<u32>,
    /// Requests that it may send in a second, on average.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests_per_second: Option<u32>,
    /// Requests of it that may be in hand at a time; 256 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_flight: Option<u32>,
    /// The sha-256 of the token's text, as 64 hexadecimal digits.
    pub sha256: String,
}

impl TokenEntry {
    /// Returns an entry that limits nothing but the roles.
    #[must_use]
    pub fn new(name: &str, roles: &[Role], sha256: &str) -> Self {
        Self {
            name: name.to_owned(),
            roles: roles.to_vec(),
            backfill: false,
            sources: None,
            kinds: None,
            events_per_second: None,
            burst: None,
            requests_per_second: None,
            in_flight: None,
            sha256: sha256.to_owned(),
        }
    }

    fn permit(&self) -> Result<Permit, TokenError> {
        let backfill = if self.backfill { Backfill::Allowed } else { Backfill::Denied };
        let patterns = |field: &'static str, texts: &Option<Vec<String>>| {
            let Some(texts) = texts else { return Ok(None) };
            if !(1..=TOKEN_PATTERNS_MAX).contains(&texts.len()) {
                return Err(TokenError::Patterns { name: self.name.clone(), field });
            }
            let read = |text: &String| {
                let wrong = |source| TokenError::Pattern { name: self.name.clone(), field, text: text.clone(), source };
                text.parse::<Pattern>().map_err(wrong)
            };
            texts.iter().map(read).collect::<Result<Vec<_>, _>>().map(Some)
        };
        let scope = Scope { sources: patterns("sources", &self.sources)?, kinds: patterns("kinds", &self.kinds)? };
        Ok(Permit { backfill, scope })
    }

    fn check_quota(&self) -> Result<(), TokenError> {
        for (field, value, max) in [
            ("events_per_second", self.events_per_second, QUOTA_PER_SECOND_MAX),
            ("burst", self.burst, QUOTA_PER_SECOND_MAX),
            ("requests_per_second", self.requests_per_second, QUOTA_PER_SECOND_MAX),
            ("in_flight", self.in_flight, IN_FLIGHT_PER_TOKEN_MAX),
        ] {
            if value.is_some_and(|value| !(1..=max).contains(&value)) {
                return Err(TokenError::Quota { name: self.name.clone(), field, max });
            }
        }
        if self.burst.is_some() && self.events_per_second.is_none() {
            return Err(TokenError::BurstAlone(self.name.clone()));
        }
        Ok(())
    }
}

/// Why tokens cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// The hash is none.
    #[error("the token {0:?} needs a sha256 of 64 hexadecimal digits")]
    Hash(String),
    /// It may do nothing.
    #[error("the token {0:?} has no role")]
    NoRole(String),
    /// Two have one name or one hash.
    #[error("the token {0:?} is there twice")]
    Twice(String),
    /// There are no patterns, or too many.
    #[error("`{field}` of the token {name:?} needs 1 to {TOKEN_PATTERNS_MAX} patterns; leave it out to limit nothing")]
    Patterns {
        /// Whose.
        name: String,
        /// Of what.
        field: &'static str,
    },
    /// A pattern is none.
    #[error("`{field}` of the token {name:?} has {text:?}")]
    Pattern {
        /// Whose.
        name: String,
        /// Of what.
        field: &'static str,
        /// What stands there.
        text: String,
        /// What is wrong with it.
        source: InvalidPattern,
    },
    /// A number is out of its range.
    #[error("`{field}` of the token {name:?} is a number from 1 to {max}")]
    Quota {
        /// Whose.
        name: String,
        /// Which.
        field: &'static str,
        /// The largest that it may be.
        max: u32,
    },
    /// There is a burst of no rate.
    #[error("`burst` of the token {0:?} needs `events_per_second`")]
    BurstAlone(String),
}

/// Who sent a request.
#[derive(Debug)]
pub(crate) struct Caller {
    pub(crate) name: String,
    pub(crate) roles: Vec<Role>,
    /// What it may send.
    pub(crate) permit: Permit,
    pub(crate) quota: Quota,
    /// Where its work waits.
    pub(crate) flow: Flow,
}

struct Known {
    hash: [u8; 32],
    caller: Arc<Caller>,
}

/// The tokens that the host takes.
#[derive(Clone)]
pub struct Tokens(Arc<[Known]>);

impl Tokens {
    /// Takes what the configuration says.
    ///
    /// # Errors
    /// Which entry cannot be used, and why.
    pub fn new(entries: &[TokenEntry]) -> Result<Self, TokenError> {
        let mut known: Vec<Known> = Vec::with_capacity(entries.len());
        for entry in entries {
            let name = entry.name.clone();
            let hash = unhex(&entry.sha256).ok_or_else(|| TokenError::Hash(name.clone()))?;
            if entry.roles.is_empty() {
                return Err(TokenError::NoRole(name));
            }
            if known.iter().any(|other| other.caller.name == name || other.hash == hash) {
                return Err(TokenError::Twice(name));
            }
            entry.check_quota()?;
            let (permit, quota) = (entry.permit()?, Quota::new(entry, Instant::now()));
            let flow = Flow::token(&name);
            let caller = Caller { name, roles: entry.roles.clone(), permit, quota, flow };
            known.push(Known { hash, caller: Arc::new(caller) });
        }
        Ok(Self(known.into()))
    }

    /// Returns who sent the request.
    pub(crate) fn identify(&self, headers: &HeaderMap) -> Result<Arc<Caller>, Failure> {
        let missing = || Failure::new(ProblemType::Unauthenticated, "send the header Authorization: Bearer <token>");
        let header = headers.get(header::AUTHORIZATION).ok_or_else(missing)?;
        let (scheme, token) = header.to_str().ok().and_then(|text| text.split_once(' ')).ok_or_else(missing)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(missing());
        }
        let unknown = || Failure::new(ProblemType::Unauthenticated, "the host does not know this token");
        // No token is that long; the work that a guess causes is bounded.
        if token.len() > TOKEN_BYTES_MAX {
            return Err(unknown());
        }
        let hash: [u8; 32] = Sha256::digest(token.trim().as_bytes()).into();
        // All are compared, each in the same time, so that time tells nothing.
        let mut found = None;
        for known in self.0.iter() {
            if bool::from(known.hash.ct_eq(&hash)) {
                found = Some(Arc::clone(&known.caller));
            }
        }
        found.ok_or_else(unknown)
    }
}

impl Caller {
    /// Checks that the caller may do what needs the role.
    pub(crate) fn expect(&self, needed: Role) -> Result<(), Failure> {
        if self.roles.iter().any(|role| role.includes(needed)) {
            return Ok(());
        }
        tracing::info!(token = self.name, %needed, "a token lacks a role");
        let detail = format!("the token {:?} needs the role {needed}", self.name);
        Err(Failure::new(ProblemType::Forbidden, detail))
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|known| &known.caller)).finish()
    }
}

/// Makes a token of 256 random bits: its text, for whoever will use it, and its sha-256, for the configuration.
///
/// # Errors
/// When the system gives no random numbers.
pub fn mint_token() -> Result<(String, String), getrandom::Error> {
    let mut random = [0; 32];
    getrandom::fill(&mut random)?;
    let token = format!("lgs_{}", hex(&random));
    let hash = hex(&Sha256::digest(token.as_bytes()));
    Ok((token, hash))
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, roles: &[Role], sha256: &str) -> TokenEntry {
        TokenEntry::new(name, roles, sha256)
    }

    fn bearer(text: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, text.parse().unwrap());
        headers
    }

    #[test]
    fn a_minted_token_is_known_by_its_hash_alone() {
        let (token, hash) = mint_token().unwrap();
        assert!(token.starts_with("lgs_") && token.len() == 68 && hash.len() == 64);
        assert_ne!(mint_token().unwrap().0, token);
        let tokens = Tokens::new(&[entry("shop", &[Role::Ingest], &hash.to_uppercase())]).unwrap();
        let caller = tokens.identify(&bearer(&format!("Bearer {token}"))).unwrap();
        assert_eq!(caller.name, "shop");
        assert!(caller.expect(Role::Ingest).is_ok() && caller.expect(Role::Viewer).is_err());
        assert!(tokens.identify(&bearer(&format!("bearer {token}"))).is_ok());
        let padded = |spaces: usize| tokens.identify(&bearer(&format!("Bearer {token}{}x", " ".repeat(spaces))));
        assert!(padded(TOKEN_BYTES_MAX).is_err());
        for wrong in
            [format!("Bearer {token}0"), format!("Bearer {hash}"), format!("Basic {token}"), token, "Bearer ".into()]
        {
            assert!(tokens.identify(&bearer(&wrong)).is_err(), "{wrong}");
        }
        assert!(!format!("{tokens:?}").contains(&hash));
    }

    #[test]
    fn entries_that_cannot_be_used_are_named() {
        let good = "ab".repeat(32);
        let refused = |entries: &[TokenEntry]| Tokens::new(entries).unwrap_err();
        assert_eq!(refused(&[entry("a", &[Role::Admin], "ab")]), TokenError::Hash("a".into()));
        assert_eq!(refused(&[entry("a", &[Role::Admin], &"+b".repeat(32))]), TokenError::Hash("a".into()));
        assert_eq!(refused(&[entry("a", &[], &good)]), TokenError::NoRole("a".into()));
        let twice = [entry("a", &[Role::Admin], &good), entry("b", &[Role::Viewer], &good)];
        assert_eq!(refused(&twice), TokenError::Twice("b".into()));
    }

    #[test]
    fn scopes_and_quotas_have_their_bounds() {
        let with = |change: fn(&mut TokenEntry)| {
            let mut entry = entry("a", &[Role::Ingest], &"ab".repeat(32));
            change(&mut entry);
            Tokens::new(&[entry]).map(drop).map_err(|error| error.to_string())
        };
        type Change = fn(&mut TokenEntry);
        let good: [Change; 4] = [
            |entry| entry.kinds = Some(vec!["order.*".into(); TOKEN_PATTERNS_MAX]),
            |entry| entry.sources = Some(vec!["*".into()]),
            |entry| (entry.events_per_second, entry.burst) = (Some(1), Some(QUOTA_PER_SECOND_MAX)),
            |entry| (entry.in_flight, entry.requests_per_second) = (Some(IN_FLIGHT_PER_TOKEN_MAX), Some(1)),
        ];
        for change in good {
            with(change).unwrap();
        }
        let bad: [(Change, &str); 8] = [
            (|entry| entry.kinds = Some(Vec::new()), "`kinds` of the token \"a\" needs 1 to 64 patterns"),
            (|entry| entry.sources = Some(vec!["*".into(); TOKEN_PATTERNS_MAX + 1]), "needs 1 to 64 patterns"),
            (|entry| entry.sources = Some(vec!["/a*b".into()]), "`sources` of the token \"a\" has \"/a*b\""),
            (|entry| entry.events_per_second = Some(0), "`events_per_second` of the token \"a\" is a number from 1"),
            (|entry| entry.requests_per_second = Some(QUOTA_PER_SECOND_MAX + 1), "from 1 to 1000000"),
            (|entry| (entry.events_per_second, entry.burst) = (Some(1), Some(0)), "`burst`"),
            (|entry| entry.burst = Some(1), "needs `events_per_second`"),
            (|entry| entry.in_flight = Some(IN_FLIGHT_PER_TOKEN_MAX + 1), "from 1 to 4096"),
        ];
        for (change, told) in bad {
            let error = with(change).unwrap_err();
            assert!(error.contains(told), "{error}");
        }
    }

    #[test]
    fn roles_include_one_another_as_documented() {
        let included = |role: Role| Role::ALL.into_iter().filter(|needed| role.includes(*needed)).collect::<Vec<_>>();
        assert_eq!(included(Role::Ingest), [Role::Ingest]);
        assert_eq!(included(Role::Fulfil), [Role::Fulfil]);
        assert_eq!(included(Role::Viewer), [Role::Viewer]);
        assert_eq!(included(Role::Operator), [Role::Fulfil, Role::Viewer, Role::Operator]);
        assert_eq!(included(Role::Admin), [Role::Fulfil, Role::Viewer, Role::Operator, Role::Admin]);
    }
}
