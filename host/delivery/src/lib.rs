//! Delivery: sends what is in the outbox to its destinations, at least once, signed, in order for each customer.
//!
//! The [`Dispatcher`] asks the service what is due, sends it, and has the service note what came of it. It keeps nothing: a
//! host that dies between an answer and its note sends the same delivery again, under the same id. Modules in reading order.
#![forbid(unsafe_code)]

mod sign;
mod trust;
mod connect;
mod pool;
mod batch;
mod send;
mod pace;
mod dispatch;
#[cfg(test)]
mod tls_tests;

pub use connect::{Connector, Lookup, system_lookup};
pub use dispatch::Dispatcher;
pub use send::{Sender, Times};
pub use sign::sign;
pub use trust::{Trust, TrustError};
