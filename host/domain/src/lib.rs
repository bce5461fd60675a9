//! The rules of Largesse, pure: no clock, no randomness, no IO, no async, no serialisation.
//!
//! The crate stands on three floors, and a module imports from its own floor and from those below, never in a circle:
//!
//! - `words`: what things are called and measured in. Identifiers, units, time, keys, small enums.
//! - `rows`: what is stored, and held in memory while decisions are made. [`facts`] holds it.
//! - `rules`: what is made of it. [`adjudicate`] judges a proposal, with a file for each effect.
//!
//! [`limits`] lies below all three. The floors are folders; from outside every module has one path, without its floor.
#![forbid(unsafe_code)]
#![warn(clippy::float_arithmetic, clippy::float_cmp, clippy::cast_possible_truncation, clippy::cast_sign_loss)]

pub mod limits;
mod words;
mod rows;
mod rules;

pub use rows::{
    activation, budget, campaign, catalogue, customer, decision, delivery, destination, effect, event, facts, gate,
    grant, ledger, measure, message_rules, migration, outcome, policy, pool, programme, protection, redemption,
    referral, reversal, rollout, segment, sending, stacking, table, timer,
};
pub use rules::{
    adjudicate, allocation, attribution, audit, book, cap, cascade, case, check, cost, deliver, entry, formulary,
    formulas, identity, lot, notice, redeem, reservation, reserve, restock, revoke, shadow, share, stack, validate,
};
pub use words::{
    address, dimension, hold, id, json, key, lifecycle, owner, problem, ratio, recurring, run, time, topic, unit,
};
