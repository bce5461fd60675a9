//! What things are called and measured in: identifiers, units, time. It knows nothing of rows and rules.

pub mod id;
pub mod json;
pub mod unit;
pub mod time;
pub mod recurring;
pub mod ratio;
pub mod lifecycle;
pub mod address;
