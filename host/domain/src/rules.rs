//! What is made of rows: how proposals are judged, and what requests, the clock and operators may do.

pub mod allocation;
pub mod identity;
mod book;
pub mod lot;
pub mod reservation;
pub mod adjudicate;
pub mod revoke;
pub mod reserve;
mod schedule;
mod message;
pub mod cascade;
pub mod audit;
pub mod formulas;
pub mod formulary;
