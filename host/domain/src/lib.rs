//! The rules of Largesse, pure: no clock, no randomness, no IO, no async, no serialisation.
//!
//! Modules in reading order.
#![forbid(unsafe_code)]

pub mod limits;
pub mod id;
pub mod json;
pub mod unit;
pub mod time;
pub mod event;
pub mod policy;
pub mod effect;
pub mod decision;
