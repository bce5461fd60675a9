//! Shows that a policy does what its author says: scenario files, run on the compiled component in the host's own
//! pipeline and engine, under the production limits.
#![forbid(unsafe_code)]

pub mod scenario;
pub mod expect;
pub mod run;

pub use run::{Failure, run};
pub use scenario::{Scenario, ScenarioError};
