//! What a policy author implements.

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::answer::{Offer, Problem, Refusal};
use crate::decision::Decision;
use crate::input::{Enquiry, Input, OwnerKind};
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

    /// What may be given with parameters that [`Policy::check`] accepts, at most 64 offers. What is not named may be given all the
    /// same; what is, the host holds against the stock before a campaign starts.
    fn offers(params: &Self::Params) -> Vec<Offer> {
        let _ = params;
        Vec::new()
    }

    /// One decision.
    ///
    /// # Errors
    /// The policy's own no: data for the caller, not a failure. State stays as it was.
    fn decide(input: &Input<Self::Params, Self::State>) -> Result<Decision<Self::State>, Refusal>;

    /// The answer to a question of the manifest; an object of at most 8 KiB. It changes nothing.
    ///
    /// # Errors
    /// The policy's own no. By default there are no answers.
    fn quote(enquiry: &Enquiry<Self::Params, Self::State>) -> Result<Value, Refusal> {
        Err(Refusal::new("no-such-question", enquiry.question.as_str()))
    }

    /// One state of what was kept of two customers who turn out to be one: of the one who stays and of the other. A policy that
    /// keeps state should say how, or what was kept of the other is lost to it.
    ///
    /// # Errors
    /// When they cannot be made one, as by default.
    fn merge(kept: Self::State, joined: Self::State) -> Result<Self::State, Refusal> {
        let _ = (kept, joined);
        Err(Refusal::new("states-not-merged", "this policy keeps the state of the customer who stays"))
    }

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
