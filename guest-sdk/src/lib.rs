//! Write a Largesse policy: campaign logic that proposes, while the host disposes.
//!
//! A policy is a type with a [`Policy`] implementation: parameters that an operator sets, state that is remembered of
//! each owner, and one pure function, [`Policy::decide`]. [`export_policy!`] makes a WebAssembly component of it. The
//! same crate compiles natively, so `cargo test` needs no WebAssembly; [`Harness`] plays the host.
//!
//! ```
//! use largesse_sdk::{
//!     BenefitParam, Decision, EffectKind, Harness, Input, Manifest, Policy, Problem, Refusal, Role, Subscription,
//!     UnitClass, export_policy, grants, json, manifest, no_problems,
//! };
//! use schemars::JsonSchema;
//! use serde::{Deserialize, Serialize};
//!
//! /// What the operator sets.
//! #[derive(Deserialize, JsonSchema)]
//! #[serde(deny_unknown_fields)]
//! struct Params {
//!     /// Given for every third purchase.
//!     reward: BenefitParam,
//! }
//!
//! /// What is remembered of each customer.
//! #[derive(Clone, Default, Serialize, Deserialize)]
//! struct State {
//!     purchases: u64,
//! }
//!
//! struct ThirdPurchase;
//!
//! impl Policy for ThirdPurchase {
//!     type Params = Params;
//!     type State = State;
//!
//!     fn manifest() -> Manifest {
//!         manifest!("Rewards every third purchase")
//!             .role(Role::actor("buyer"))
//!             .subscribe(Subscription::party("order-paid", "order.paid", "buyer").about("/order"))
//!             .effects([EffectKind::Grant])
//!             .unit_classes([UnitClass::Points, UnitClass::Coupon])
//!     }
//!
//!     fn check(params: &Params) -> Result<(), Vec<Problem>> {
//!         no_problems(params.reward.problems("/reward"))
//!     }
//!
//!     fn decide(input: &Input<Params, State>) -> Result<Decision<State>, Refusal> {
//!         let buyer = input.require("buyer")?;
//!         let mut state = input.state.clone().unwrap_or_default();
//!         state.purchases += 1;
//!         let mut decision = Decision::new();
//!         if state.purchases % 3 == 0 {
//!             let key = format!("purchase/{}", state.purchases);
//!             decision.grant(input.params.reward.grant(key, &buyer.customer).reason("third purchase"));
//!         }
//!         decision.put(state);
//!         Ok(decision)
//!     }
//! }
//!
//! export_policy!(ThirdPurchase);
//!
//! // In a test:
//! let mut host = Harness::<ThirdPurchase>::new(json!({"reward": {"unit": "points", "quantity": 50}}));
//! for order in ["o1", "o2"] {
//!     let early = host.event("order.paid", "u1", "2026-03-01T10:00:00+08:00", json!({"order": order}));
//!     assert!(early.grants().is_empty());
//! }
//! let third = host.event("order.paid", "u1", "2026-03-02T10:00:00+08:00", json!({"order": "o3"}));
//! assert_eq!(third.grants(), [("u1", "purchase/3", "points", 50)]);
//! assert_eq!(host.balance("u1", "points"), 50);
//! ```
//!
//! A plugin's `Cargo.toml` has `crate-type = ["cdylib", "rlib"]` and depends on this crate, `serde` and `schemars`;
//! build it for `wasm32-wasip2`.

mod policy;
mod answer;
pub mod events;
pub mod param;
mod place;
mod input;
mod decision;
mod held;
mod message;
mod reach;
mod timer;
mod term;
mod when;
mod clocked;
mod manifest;
mod time;
mod benefit;
mod key;
mod paid;
pub mod money;
mod rounding;
pub mod ladder;
mod days;
mod chance;
#[cfg(not(target_arch = "wasm32"))]
mod harness;
mod bindings;
#[cfg(any(target_arch = "wasm32", test))]
mod arena;

pub use answer::{Offer, Problem, Problems, Refusal, no_problems};
pub use benefit::{BenefitParam, ShortfallParam, benefit_problems, grants};
pub use chance::Chance;
pub use days::DaySet;
pub use decision::{Benefit, Claim, Decision, Dimension, Effect, Grant, Revocation, StateChange, Target};
pub use events::{EventData, EventKind, Events};
#[cfg(not(target_arch = "wasm32"))]
pub use harness::{Decided, Given, Harness, History, Outcome, Told};
pub use held::{AfterHold, Held, Hold, HoldAction, Reservation, Settlement, Shortfall};
pub use input::{Balance, Campaign, Enquiry, Event, Input, LiveGrant, Owner, OwnerKind, Party, Phase, Standing};
pub use key::key_part;
pub use manifest::{EffectKind, Manifest, OwnerOf, Question, Role, Source, Subscription, UnitClass};
pub use message::{Message, MessageClass, TagChange};
pub use money::Money;
pub use paid::{AllPaid, Back, Paid};
pub use param::{Channel, Slug, Tag, Template, TimeOfDay};
pub use policy::Policy;
pub use reach::{Enrolment, Measurement, Placement, Share};
pub use rounding::Rounding;
pub use serde_json::{Value, json};
pub use term::{CalendarUnit, Expiry, Span};
pub use time::{DAY_SECONDS, Date, LocalTime, Moment};
pub use timer::{Schedule, TIMER_FIRED, TimerFired};
pub use when::When;

/// For the macros of this crate only.
#[doc(hidden)]
pub mod __private {
    pub use crate::bindings::*;
    pub use crate::events::{event, event_schema};
    pub use {schemars, serde};
}

/// Begins a [`Manifest`] with the name and version of the plugin's `Cargo.toml` and a summary of one line.
#[macro_export]
macro_rules! manifest {
    ($summary:expr) => {
        $crate::Manifest::new(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"), $summary)
    };
}

/// Exports a [`Policy`] as a component. Once per plugin, at the top level; does nothing when compiled natively.
#[macro_export]
macro_rules! export_policy {
    ($policy:ty) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            type Component = $crate::__private::Adapter<$policy>;
    $crate::__private::export_component!(Component with_types_in $crate::__private);
        };
    };
}
