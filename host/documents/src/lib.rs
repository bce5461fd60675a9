//! The JSON forms of domain values: the same for HTTP, the command line, scenario files and the store.
//!
//! Domain types are not serialisable; the types here are, and convert. A `...Document` comes in and is checked: conversion
//! answers with all its [`Problem`]s at once, each with a JSON pointer. A `...View` goes out. Times are RFC 3339 texts,
//! quantities are integers, identifiers, units and digests are texts, and so is what does not fit a JSON number (seeds).
//! The forms in [`stored`] are for the store alone: compact, and they lose nothing.
#![forbid(unsafe_code)]

pub mod nearest;
pub mod problem;
pub mod finding;
pub mod programme;
pub mod time;
pub mod terms;
pub mod windows;
pub mod segment;
pub mod campaign;
pub mod customer;
pub mod policy;
pub mod effect;
pub mod outcome;
pub mod decision;
pub mod grant;
pub mod delivery;
pub mod destination;
pub mod redemption;
pub mod catalogue;
pub mod request;
pub mod receipt;
pub mod job;
pub mod ledger;
pub mod rollout;
pub mod report;
pub mod message_rules;
pub mod stacking;
pub mod gate;
pub mod stored;
#[cfg(any(test, feature = "testing"))]
pub mod samples;
#[cfg(any(test, feature = "testing"))]
pub mod noise;
#[cfg(test)]
mod fuzz;

pub use campaign::{CampaignDocument, CampaignSpec, CampaignView, CheckView, PolicyRef};
pub use customer::{CustomerDocument, CustomerView};
pub use decision::{DecisionSummary, DecisionView, HeadView};
pub use delivery::{DeliveryView, WholeDeliveryView};
pub use destination::{DestinationDocument, DestinationSpec, DestinationView};
pub use finding::{DerivedView, FindingView, Severity};
pub use grant::GrantView;
pub use largesse_domain::problem::Problem;
pub use ledger::{AccountsView, AuditView, TransferView};
pub use policy::PolicyView;
pub use problem::{ProblemDocument, ProblemItem, from_json, from_value};
pub use redemption::RedemptionView;
pub use request::{RedemptionDocument, ReservationDocument, ReversalDocument};
