//! What a candidate would change: another version of a policy, other parameters, other budgets and limits.
//!
//! [`pointwise`] runs it on the input of each recorded decision, with the state that it had then. [`stateful`] runs all recorded
//! events again from the start, in two hosts of their own in memory: what is active, and the candidate, each with states, limits and
//! budgets as they become. [`simulate`] does so with events and campaigns that are given. All three write nothing and answer with a
//! [`ReportView`].
//!
//! [`ReportView`]: largesse_documents::report::ReportView

mod matching;
mod pointwise;
mod report;
mod simulate;
mod simulated;
mod stateful;
mod tally;
mod two;

use std::sync::Arc;

use largesse_domain::problem::Problem;
use largesse_engine::{LoadError, Workers};
use largesse_store::StoreError;

use crate::components::ComponentError;
use crate::{ChangeError, StartError, Unavailable};

pub use pointwise::{Candidate, pointwise};
pub use simulate::{Given, simulate};
pub use simulated::{Planned, Setup};
pub use stateful::{Alternative, Recorded, stateful};

/// Why nothing could be found out.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The store failed.
    #[error("the store cannot be read")]
    Store(#[from] StoreError),
    /// The candidate does not load.
    #[error("the candidate does not load")]
    Load(#[from] LoadError),
    /// The candidate does not take the parameters.
    #[error("the parameters are not taken: {}", listed(.0))]
    Params(Vec<Problem>),
    /// There is no such campaign, or it has not started.
    #[error("there is no campaign {0} that was started")]
    NoCampaign(String),
    /// The component of a policy that decides is not at hand.
    #[error("a policy that decides cannot be run")]
    Component(#[from] ComponentError),
    /// A host of its own did not start.
    #[error("a host in memory does not start")]
    Start(#[from] StartError),
    /// What it shall know or run is not taken.
    #[error("{what} is not taken{}", problems_of(.source))]
    Setup {
        /// What.
        what: String,
        /// Why.
        #[source]
        source: ChangeError,
    },
    /// It has failed.
    #[error("a host in memory has failed")]
    Unavailable(#[from] Unavailable),
}

/// What runs policies: a host's workers each for two hosts, and the secret that their seeds are made with.
pub struct Engines {
    /// For each of the two hosts.
    pub workers: [Arc<Workers>; 2],
    /// The secret for seeds.
    pub seed_secret: [u8; 32],
}

fn listed(problems: &[Problem]) -> String {
    problems.iter().map(|problem| format!("{}: {}", problem.pointer, problem.message)).collect::<Vec<_>>().join("; ")
}

fn problems_of(error: &ChangeError) -> String {
    match error {
        ChangeError::Control(crate::pipeline::ControlError::Problems(problems)) => format!(": {}", listed(problems)),
        _ => String::new(),
    }
}
