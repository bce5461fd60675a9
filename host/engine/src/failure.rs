//! Why an engine does not start, a policy is not loaded, or no answer comes from it.

use largesse_domain::decision::{Fault, Refusal};
use largesse_domain::problem::Problem;

use crate::compile::CompileError;

/// The engine cannot start: too little address space, no thread.
#[derive(Debug, thiserror::Error)]
#[error("cannot start the engine: {0}")]
pub struct StartError(pub(crate) String);

/// Why a policy was not loaded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// It is not a component that this host takes, or cannot be compiled.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// It compiles, but does not fit the contract or the limits of a sandbox.
    #[error("the component does not fit this host: {detail}")]
    Unfit {
        /// What does not fit.
        detail: String,
    },
    /// It broke its contract when it was started or asked to describe itself.
    #[error("the policy cannot start and describe itself: {0}")]
    Describe(Fault),
    /// What it says of itself is not allowed.
    #[error("the policy's manifest is wrong: {}", list(.0))]
    Manifest(Vec<Problem>),
}

/// Why parameters were not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckError {
    /// The policy says what is wrong with them.
    #[error("the policy does not take the parameters: {}", list(.0))]
    Problems(Vec<Problem>),
    /// The policy broke its contract.
    #[error("the policy cannot check parameters: {0}")]
    Fault(Fault),
}

/// Why a policy gave no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplyError {
    /// The policy's own no.
    #[error("{}: {}", .0.code, .0.message)]
    Refused(Refusal),
    /// The policy broke its contract.
    #[error("the policy broke its contract: {0}")]
    Fault(Fault),
}

fn list(problems: &[Problem]) -> String {
    let lines: Vec<String> =
        problems.iter().map(|problem| format!("{}: {}", problem.pointer, problem.message)).collect();
    lines.join("; ")
}
