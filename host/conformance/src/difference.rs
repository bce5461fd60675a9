//! How what happened differs from what must.

use std::fmt;

use serde::Serialize;

/// One way in which what happened differs from what must.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The expectation that is not met, such as `grants`; or, where nothing was expected, what went wrong.
    pub what: String,
    /// What was expected and did not happen.
    pub missing: Vec<String>,
    /// What happened and was not expected.
    pub unexpected: Vec<String>,
}

impl Difference {
    /// Something that went wrong.
    pub(crate) fn wrong(what: impl Into<String>) -> Self {
        Self { what: what.into(), ..Self::default() }
    }

    /// Whether something is missing or unexpected, rather than wrong as a whole.
    #[must_use]
    pub fn has_parts(&self) -> bool {
        !(self.missing.is_empty() && self.unexpected.is_empty())
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        let parts = [("missing", &self.missing), ("unexpected", &self.unexpected)];
        let parts = parts.iter().filter(|(_, things)| !things.is_empty());
        for (index, (word, things)) in parts.enumerate() {
            write!(f, "{} {word} {}", if index == 0 { ":" } else { ";" }, things.join(", "))?;
        }
        Ok(())
    }
}
