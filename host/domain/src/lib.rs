//! The rules of Largesse, pure: no clock, no randomness, no IO, no async, no serialisation.
//!
//! Modules in reading order: what things are called and measured in, what happens, what is declared and asked for, what
//! is known, and what is made of it.
#![forbid(unsafe_code)]
#![warn(clippy::float_arithmetic, clippy::float_cmp, clippy::cast_possible_truncation, clippy::cast_sign_loss)]

pub mod limits;
pub mod id;
pub mod json;
pub mod unit;
pub mod time;
pub mod run;
pub mod recurring;
pub mod event;
pub mod customer;
pub mod referral;
pub mod policy;
pub mod effect;
pub mod decision;
pub mod lifecycle;
pub mod budget;
pub mod segment;
pub mod catalogue;
pub mod activation;
pub mod protection;
pub mod migration;
pub mod campaign;
pub mod allocation;
pub mod grant;
pub mod timer;
pub mod ledger;
pub mod pool;
pub mod programme;
pub mod measure;
pub mod facts;
pub mod identity;
pub mod outcome;
pub mod rollout;
pub mod stacking;
pub mod table;
mod book;
pub mod lot;
pub mod redemption;
pub mod reservation;
pub mod adjudicate;
pub mod revoke;
pub mod reserve;
mod schedule;
pub mod address;
pub mod delivery;
pub mod destination;
pub mod cascade;
pub mod message_rules;
mod message;
pub mod audit;
pub mod ratio;
pub mod formulas;
pub mod formulary;
pub mod gate;
