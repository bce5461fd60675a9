//! Shows that a policy does what its author says, and that it can be trusted.
//!
//! The first by scenario files, run on the compiled component in the host's own pipeline and engine, under the production limits;
//! the second by [`rules`] that any policy must keep, tried on inputs that are generated.
#![forbid(unsafe_code)]

pub mod scenario;
pub mod difference;
mod sums;
mod desk;
pub mod expect;
pub mod run;
pub mod update;
pub mod rules;

pub use difference::Difference;
pub use run::{Failure, Report, Seen, Versions, run};
pub use scenario::{Scenario, ScenarioError};
pub use update::updated;
