//! Names that a policy in Rust cannot have, though the host would take them.

use super::manifest;
use crate::failure::{Failure, Result};

/// Words that mean something else in Rust or to cargo.
const TAKEN: &str = "abstract alloc as async await become box break const continue core crate do dyn else enum extern false \
                     final fn for gen if impl in let loop macro match mod move mut override priv proc-macro pub ref return \
                     self static std struct super test trait true try type typeof unsafe unsized use virtual where while \
                     yield";

/// Checks the name of a new policy, which is the name of its crate.
pub(super) fn check(name: &str) -> Result {
    let refused = |why: &str| {
        Err(Failure::usage(anyhow::anyhow!("{name:?} cannot be the name of a crate: {why}"))
            .hint("a policy's name is that of its crate, such as spring-orders"))
    };
    if !name.starts_with(|first: char| first.is_ascii_lowercase()) {
        return refused("it must begin with a letter");
    }
    if TAKEN.split_whitespace().any(|word| word == name) {
        return refused("it means something else in Rust");
    }
    if manifest::locked().any(|used| used.replace('_', "-") == name) {
        return refused("it is that of a crate which policies are built with");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_crates() {
        for good in ["spring", "spring-2026", "a", "milestone"] {
            assert!(check(good).is_ok(), "{good}");
        }
        for bad in ["2026-spring", "-spring", "match", "serde", "wit-bindgen", "largesse-sdk", "test", "proc-macro"] {
            assert_eq!(check(bad).unwrap_err().kind.code(), 2, "{bad}");
        }
    }
}
