//! Which events a caller may send: the sources and kinds that its token is limited to.

use std::fmt;
use std::str::FromStr;

use largesse_domain::event::EventKey;
use largesse_domain::id::EventKind;
use largesse_domain::limits::TOKEN_PATTERN_BYTES_MAX;
use largesse_domain::problem::Problem;

use crate::kinds::KindRules;

/// A text, or how texts begin: `order.paid`, `order.*`, `*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// This text alone.
    Exact(String),
    /// Every text that begins so.
    Prefix(String),
}

/// A text that is no pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected 1 to {TOKEN_PATTERN_BYTES_MAX} printable ASCII characters without spaces, with `*` at the end or nowhere"
)]
pub struct InvalidPattern;

impl Pattern {
    /// Reports whether a text fits.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        match self {
            Self::Exact(exact) => exact == text,
            Self::Prefix(prefix) => text.starts_with(prefix.as_str()),
        }
    }
}

impl FromStr for Pattern {
    type Err = InvalidPattern;

    fn from_str(text: &str) -> Result<Self, InvalidPattern> {
        let is_readable = text.bytes().all(|byte| byte.is_ascii_graphic());
        if text.is_empty() || text.len() > TOKEN_PATTERN_BYTES_MAX || !is_readable {
            return Err(InvalidPattern);
        }
        let (stem, pattern) = match text.strip_suffix('*') {
            Some(prefix) => (prefix, Self::Prefix(prefix.to_owned())),
            None => (text, Self::Exact(text.to_owned())),
        };
        if stem.contains('*') { Err(InvalidPattern) } else { Ok(pattern) }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(text) => f.write_str(text),
            Self::Prefix(text) => write!(f, "{text}*"),
        }
    }
}

/// The sources and kinds of events that a caller may send.
///
/// Without `sources` they come from anywhere. Without `kinds` they are of any kind but those that merge customers: a merge
/// cannot be undone and reaches customers other than the event's subject, so the right to it has to be given by name or by a
/// pattern.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// The sources, when they are limited.
    pub sources: Option<Vec<Pattern>>,
    /// The kinds, when they are named.
    pub kinds: Option<Vec<Pattern>>,
}

impl Scope {
    /// Returns the scope of the host itself and of files that its operator runs: everything.
    #[must_use]
    pub fn everything() -> Self {
        Self { sources: None, kinds: Some(vec![Pattern::Prefix(String::new())]) }
    }

    /// Points at what of an event is outside the scope, before its kind is looked up.
    pub(crate) fn problems(&self, key: &EventKey, kind: &EventKind) -> Vec<Problem> {
        let mut problems = Vec::new();
        if let Some(sources) = &self.sources
            && !sources.iter().any(|source| source.matches(key.source.as_str()))
        {
            problems.push(outside("/source", ("source", key.source.as_str()), sources));
        }
        if let Some(kinds) = &self.kinds
            && !kinds.iter().any(|pattern| pattern.matches(kind.as_str()))
        {
            problems.push(outside("/type", ("kind", kind.as_str()), kinds));
        }
        problems
    }

    /// Points at the kind when it needs to be named and is not.
    pub(crate) fn unnamed(&self, rules: &KindRules) -> Option<Problem> {
        let is_unnamed = self.kinds.is_none() && rules.merges();
        is_unnamed.then(|| Problem {
            pointer: "/type".into(),
            message: format!("the kind {} merges customers: the token's `kinds` must name it", rules.kind()),
        })
    }
}

fn outside(pointer: &str, (what, text): (&str, &str), allowed: &[Pattern]) -> Problem {
    let allowed: Vec<_> = allowed.iter().map(ToString::to_string).collect();
    let message = format!("the token may not send the {what} {text}, only {}", allowed.join(", "));
    Problem { pointer: pointer.into(), message }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Pattern {
        text.parse().unwrap()
    }

    #[test]
    fn patterns_are_exact_or_end_in_a_star() {
        assert!(pattern("order.paid").matches("order.paid"));
        assert!(!pattern("order.paid").matches("order.paid.late") && !pattern("order.paid").matches("order"));
        assert!(pattern("order.*").matches("order.paid") && pattern("order.*").matches("order."));
        assert!(!pattern("order.*").matches("order") && !pattern("order.*").matches("reorder.paid"));
        assert!(pattern("*").matches("anything"));
        for text in ["a", "a.*", "*", "/shop/*"] {
            assert_eq!(pattern(text).to_string(), text);
        }
        let longest = "x".repeat(TOKEN_PATTERN_BYTES_MAX);
        assert!(longest.parse::<Pattern>().is_ok());
        for text in ["", "**", "a*b", "*.paid", "a b", "é", "a\n", &format!("{longest}x")] {
            assert_eq!(text.parse::<Pattern>(), Err(InvalidPattern), "{text}");
        }
    }
}
