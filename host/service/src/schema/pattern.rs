//! How large the patterns of a schema are.
//!
//! Patterns are matched by an engine that never backtracks: for each byte of a text it does at most one step for each state that the
//! pattern compiles to. So the number of states bounds the time, and the memory.

use std::collections::HashMap;

use largesse_domain::limits::{PATTERN_BYTES_MAX, PATTERN_STATES_MAX, SCHEMA_PATTERN_STATES_MAX};
use regex_automata::nfa::thompson;

/// Memory that compiling one pattern may take, in bytes: more than its states come to.
pub(super) const COMPILED_PATTERN_BYTES: usize = 1024 * 1024;

/// The patterns of one schema, each counted once.
#[derive(Debug, Default)]
pub(super) struct Patterns<'a> {
    known: HashMap<&'a str, usize>,
    states: usize,
}

impl<'a> Patterns<'a> {
    /// Adds a pattern and returns its states.
    ///
    /// # Errors
    /// Why the pattern is not accepted.
    pub(super) fn add(&mut self, pattern: &'a str) -> Result<u64, String> {
        if let Some(states) = self.known.get(pattern) {
            return Ok(*states as u64);
        }
        let states = states(pattern)?;
        self.states += states;
        if self.states > SCHEMA_PATTERN_STATES_MAX {
            return Err(format!(
                "the patterns of a schema may have at most {SCHEMA_PATTERN_STATES_MAX} states in all: shorten repetitions"
            ));
        }
        self.known.insert(pattern, states);
        Ok(states as u64)
    }

    /// The states of all together.
    pub(super) fn states(&self) -> usize {
        self.states
    }
}

fn states(pattern: &str) -> Result<usize, String> {
    if pattern.len() > PATTERN_BYTES_MAX {
        return Err(format!("a pattern may have at most {PATTERN_BYTES_MAX} bytes"));
    }
    let unsupported =
        "not a pattern that can be matched without backtracking: look-around and back-references are not supported";
    let translated = jsonschema_regex::to_rust_regex(pattern).map_err(|()| unsupported.to_owned())?;
    let config = thompson::Config::new().nfa_size_limit(Some(COMPILED_PATTERN_BYTES));
    let compiled = thompson::Compiler::new().configure(config).build(&translated);
    let too_large = || format!("a pattern may compile to at most {PATTERN_STATES_MAX} states: shorten repetitions");
    match compiled {
        Ok(nfa) if nfa.states().len() <= PATTERN_STATES_MAX => Ok(nfa.states().len()),
        Ok(_) => Err(too_large()),
        Err(error) if error.size_limit().is_some() => Err(too_large()),
        Err(_) => Err(unsupported.to_owned()),
    }
}
