//! What things are called and measured in: identifiers, units, time. It knows nothing of rows and rules.

pub mod id;
pub mod json;
pub mod unit;
pub mod time;
pub mod run;
pub mod recurring;
pub mod ratio;
pub mod lifecycle;
pub mod dimension;
pub mod owner;
pub mod hold;
pub mod key;
pub mod topic;
pub mod problem;
pub mod address;
