//! Runs policies: compiles them, checks them, and calls them in fresh sandboxes with every limit set.
//!
//! A policy comes in as bytes ([`Workers::load`]) and decides ([`Workers::decide_all`]). There is no way to run one that
//! passes the limits by: stores are made in one place, `sandbox`. Modules in reading order.
#![deny(unsafe_code)]

mod failure;
mod workers;
mod runtime;
mod sandbox;
mod wasi;
mod log;
mod contract;
mod allowance;
mod inspect;
mod compile;
mod child;
pub mod files;
mod cache;
mod costs;
mod profile;
mod ticker;
mod shown;
mod proposed;
mod declared;
mod json;
mod bindings;

pub use allowance::Allowance;
pub use cache::HostKey;
pub use child::compile_child_main;
pub use compile::{CompileError, Compiler};
pub use contract::ContractVersion;
pub use failure::{CheckError, LoadError, ReplyError, StartError};
pub use profile::WASI_PROFILE;
pub use runtime::{Measured, Pace};
pub use workers::{Job, LoadedPolicy, Patience, Workers, WorkersConfig};
