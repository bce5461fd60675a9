//! Who may do what: bearer tokens, known to the host by their hash, with roles.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use axum::http::{HeaderMap, header};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::problem::{Failure, ProblemType};

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

/// A token as the configuration tells of it: never the token itself.
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
    /// The sha-256 of the token's text, as 64 hexadecimal digits.
    pub sha256: String,
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
}

/// Who sent a request.
#[derive(Debug)]
pub(crate) struct Caller {
    pub(crate) name: String,
    pub(crate) roles: Vec<Role>,
    pub(crate) backfill: bool,
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
        for TokenEntry { name, roles, backfill, sha256 } in entries {
            let hash = unhex(sha256).ok_or_else(|| TokenError::Hash(name.clone()))?;
            if roles.is_empty() {
                return Err(TokenError::NoRole(name.clone()));
            }
            if known.iter().any(|other| other.caller.name == *name || other.hash == hash) {
                return Err(TokenError::Twice(name.clone()));
            }
            let caller = Caller { name: name.clone(), roles: roles.clone(), backfill: *backfill };
            known.push(Known { hash, caller: Arc::new(caller) });
        }
        Ok(Self(known.into()))
    }

    /// Who sent the request, when they may do what needs the role.
    pub(crate) fn admit(&self, headers: &HeaderMap, needed: Role) -> Result<Arc<Caller>, Failure> {
        let caller = self.identify(headers)?;
        if caller.roles.iter().any(|role| role.includes(needed)) {
            return Ok(caller);
        }
        tracing::info!(token = caller.name, %needed, "a token lacks a role");
        let detail = format!("the token {:?} needs the role {needed}", caller.name);
        Err(Failure::new(ProblemType::Forbidden, detail))
    }

    fn identify(&self, headers: &HeaderMap) -> Result<Arc<Caller>, Failure> {
        let missing = || Failure::new(ProblemType::Unauthenticated, "send the header Authorization: Bearer <token>");
        let header = headers.get(header::AUTHORIZATION).ok_or_else(missing)?;
        let (scheme, token) = header.to_str().ok().and_then(|text| text.split_once(' ')).ok_or_else(missing)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(missing());
        }
        let hash: [u8; 32] = Sha256::digest(token.trim().as_bytes()).into();
        // All are compared, each in the same time, so that time tells nothing.
        let mut found = None;
        for known in self.0.iter() {
            if bool::from(known.hash.ct_eq(&hash)) {
                found = Some(Arc::clone(&known.caller));
            }
        }
        found.ok_or_else(|| Failure::new(ProblemType::Unauthenticated, "the host does not know this token"))
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
        TokenEntry { name: name.into(), roles: roles.to_vec(), backfill: false, sha256: sha256.into() }
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
        assert_eq!(tokens.admit(&bearer(&format!("Bearer {token}")), Role::Ingest).unwrap().name, "shop");
        assert!(tokens.admit(&bearer(&format!("bearer {token}")), Role::Viewer).is_err());
        for wrong in
            [format!("Bearer {token}0"), format!("Bearer {hash}"), format!("Basic {token}"), token, "Bearer ".into()]
        {
            assert!(tokens.admit(&bearer(&wrong), Role::Ingest).is_err(), "{wrong}");
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
    fn roles_include_one_another_as_documented() {
        let included = |role: Role| Role::ALL.into_iter().filter(|needed| role.includes(*needed)).collect::<Vec<_>>();
        assert_eq!(included(Role::Ingest), [Role::Ingest]);
        assert_eq!(included(Role::Fulfil), [Role::Fulfil]);
        assert_eq!(included(Role::Viewer), [Role::Viewer]);
        assert_eq!(included(Role::Operator), [Role::Fulfil, Role::Viewer, Role::Operator]);
        assert_eq!(included(Role::Admin), [Role::Fulfil, Role::Viewer, Role::Operator, Role::Admin]);
    }
}
