//! What a policy author implements.

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::decision::Decision;
use crate::input::{Input, OwnerKind};
use crate::manifest::Manifest;

/// A policy: parameters in, decisions out, nothing else.
///
/// `decide` must depend on its input alone. There is no clock, no randomness but [`Input::chance`], no IO.
pub trait Policy: 'static {
    /// What an operator sets. Doc comments on the fields become the descriptions in the JSON Schema.
    type Params: DeserializeOwned + JsonSchema;
    /// What is remembered of an owner between decisions; `()` for nothing. At most 16 KiB as JSON.
    type State: DeserializeOwned + Serialize;

    /// What the policy is and needs. The same at every call.
    fn manifest() -> Manifest;

    /// Whether parameters that fit the schema also make sense.
    ///
    /// # Errors
    /// Everything that is wrong, each with the place of it.
    fn check(params: &Self::Params) -> Result<(), Vec<Problem>> {
        let _ = params;
        Ok(())
    }

    /// One decision.
    ///
    /// # Errors
    /// The policy's own no: data for the caller, not a failure. State stays as it was.
    fn decide(input: &Input<Self::Params, Self::State>) -> Result<Decision<Self::State>, Refusal>;

    /// A state that version `written_by` wrote, as this version writes it. The default takes what this version wrote,
    /// and whatever older state still reads as this version's `State`, if the manifest lists that version.
    ///
    /// # Errors
    /// When the state cannot be carried over.
    fn migrate(owner: OwnerKind, state: &str, written_by: u32) -> Result<Self::State, Refusal> {
        let _ = owner;
        if !Self::manifest().reads_state(written_by) {
            return Err(Refusal::new("unknown-state-version", format!("state version {written_by} is not read")));
        }
        serde_json::from_str(state).map_err(|error| Refusal::new("unreadable-state", error.to_string()))
    }
}

/// What is wrong with a document, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// A JSON pointer (RFC 6901) into the document, such as `/tasks/0/reward`; empty for the whole.
    pub pointer: String,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl Problem {
    /// A problem at a place.
    pub fn new(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), message: message.into() }
    }
}

/// Turns a list of problems into the answer of [`Policy::check`].
///
/// # Errors
/// When there is a problem.
pub fn no_problems(problems: Vec<Problem>) -> Result<(), Vec<Problem>> {
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

/// The policy's own no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Kebab case, stable, at most 64 bytes: others match on it.
    pub code: String,
    /// For people, at most 1 KiB.
    pub message: String,
}

impl Refusal {
    /// A refusal.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into() }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}
