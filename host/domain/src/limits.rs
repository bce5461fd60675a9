//! Every bound on work that comes from outside, with its unit in its name, and the table of them (`docs/limits.md`).
//!
//! A bound is one entry of `limits!` in the file of its subject: its documentation, `pub const NAME: TYPE = VALUE`, who can reach it,
//! what they are told, and the files that check it. From these entries the table is generated (`make generated`), and the tidy test
//! holds them: a bound stands in no other place, and each named file uses it.

/// Declares bounds, and the part of the table that describes them.
macro_rules! limits {
    ($(
        $(#[doc = $doc:literal])+
        pub const $name:ident: $kind:ty = $value:expr
            => $cause:ident, $answer:literal, [$($file:literal),+ $(,)?];
    )+) => {
        $($(#[doc = $doc])+ pub const $name: $kind = $value;)+

        /// The bounds of this file, in their order.
        pub(super) const LIMITS: &[super::Limit] = &[$(super::Limit {
            name: stringify!($name),
            what: concat!($($doc),+),
            value: $name as i128,
            cause: super::Cause::$cause,
            answer: $answer,
            checked: &[$($file),+],
        }),+];
    };
}

mod events;
mod decisions;
mod components;
mod customers;
mod campaigns;
mod deliveries;
mod http;
mod pipeline;
mod tools;

pub use campaigns::*;
pub use components::*;
pub use customers::*;
pub use decisions::*;
pub use deliveries::*;
pub use events::*;
pub use http::*;
pub use pipeline::*;
pub use tools::*;

/// A bound and what the table says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The name of the constant. It ends with the direction and has the unit before it.
    pub name: &'static str,
    /// What is bounded: the documentation of the constant.
    pub what: &'static str,
    /// The bound.
    pub value: i128,
    /// Who can reach it.
    pub cause: Cause,
    /// What they are told, or what happens instead.
    pub answer: &'static str,
    /// The files that check it, below `host/`.
    pub checked: &'static [&'static str],
}

/// Who can reach a bound. Whoever has a role can do what roles below it can.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Whoever can connect, without a token.
    Network,
    /// Whoever has a token.
    Token,
    /// Whoever sends events.
    Ingest,
    /// Whoever carries out grants.
    Fulfil,
    /// Whoever reads.
    Viewer,
    /// Whoever runs campaigns.
    Operator,
    /// Whoever publishes policies, kinds and destinations.
    Admin,
    /// Whoever writes a policy, by what it does in a decision.
    Author,
    /// Whoever receives deliveries.
    Receiver,
    /// Whoever configures and starts the host.
    Config,
    /// Nobody outside: the host's own work.
    Host,
}

impl Cause {
    /// The words of the table.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Network => "anyone on the network",
            Self::Token => "any token",
            Self::Ingest => "`ingest`",
            Self::Fulfil => "`fulfil`",
            Self::Viewer => "`viewer`",
            Self::Operator => "`operator`",
            Self::Admin => "`admin`",
            Self::Author => "a policy",
            Self::Receiver => "a destination",
            Self::Config => "the configuration",
            Self::Host => "the host itself",
        }
    }
}

/// Every bound, by subject.
pub const TABLE: &[(&str, &[Limit])] = &[
    ("Events", events::LIMITS),
    ("Decisions", decisions::LIMITS),
    ("Components and manifests", components::LIMITS),
    ("Customers", customers::LIMITS),
    ("Campaigns, segments and units", campaigns::LIMITS),
    ("Destinations and deliveries", deliveries::LIMITS),
    ("Connections and requests", http::LIMITS),
    ("The pipeline", pipeline::LIMITS),
    ("Jobs, configuration, command line", tools::LIMITS),
];

/// Requests on their way to one destination at a time, unless it says otherwise.
pub const DELIVERY_CONCURRENCY_DEFAULT: u16 = 16;
/// Furthest inviter shown by default: a default, no bound.
pub const INVITER_DISTANCE_DEFAULT: u8 = 2;
/// One connection in so many is kept for callers that have shown a valid token.
pub const CONNECTIONS_RESERVED_ONE_IN: usize = 8;
/// One connection in so many is kept for callers without a token, such as health checks.
pub const CONNECTIONS_ANONYMOUS_ONE_IN: usize = 64;
/// How long the host serves on after SIGTERM while `/readyz` says 503, in seconds, as long as `shutdown.drain_seconds` does not say otherwise.
pub const SHUTDOWN_DRAIN_SECONDS: u64 = 5;
/// How long requests in flight may take to finish afterwards, in seconds, as long as `shutdown.finish_seconds` does not say otherwise.
pub const SHUTDOWN_FINISH_SECONDS: u64 = 35;
/// Items in a page of a list when the request does not say how many.
pub const PAGE_ITEMS_DEFAULT: usize = 100;
/// What an event that waits for the decider counts for beside its data, in bytes.
pub const EVENT_OVERHEAD_BYTES: usize = 512;
/// What a change or a question that waits for the decider counts for, in bytes.
pub const DOCUMENT_WAITING_BYTES: usize = 64 * 1024;
/// Requests of one token that are in flight at a time when its configuration does not say how many.
pub const IN_FLIGHT_PER_TOKEN_DEFAULT: u32 = 256;
/// The window of `LATE_IN_WINDOW_MAX`, in milliseconds.
pub const LATE_WINDOW_MS: u64 = 10_000;
/// A day by the clock on the wall, in minutes: a fact, no bound.
pub const MINUTES_PER_DAY: u16 = 24 * 60;

const _: () = assert!(BATCH_BYTES_MAX < BODIES_BYTES_MAX && COMPONENT_BYTES_MAX < BODIES_BYTES_MAX);
const _: () = assert!(DELIVERY_CONCURRENCY_DEFAULT <= DELIVERY_CONCURRENCY_MAX);
const _: () = assert!(PAGE_ITEMS_DEFAULT <= PAGE_ITEMS_MAX);
const _: () = assert!(BATCH_EVENTS_MAX <= WAITING_EVENTS_PER_TOKEN_MAX);
const _: () = assert!(BATCH_BYTES_MAX + BATCH_EVENTS_MAX * EVENT_OVERHEAD_BYTES <= WAITING_BYTES_PER_TOKEN_MAX);
const _: () = assert!(COMPONENT_BYTES_MAX <= IN_FLIGHT_BYTES_PER_TOKEN_MAX as usize);
const _: () = assert!(WAITING_EVENTS_PER_TOKEN_MAX <= WAITING_EVENTS_MAX / 2);
const _: () = assert!(WAITING_REQUESTS_PER_TOKEN_MAX <= WAITING_REQUESTS_MAX / 2);
const _: () = assert!(WAITING_BYTES_PER_TOKEN_MAX <= WAITING_BYTES_MAX / 2);
const _: () = assert!(IN_FLIGHT_PER_TOKEN_DEFAULT <= IN_FLIGHT_PER_TOKEN_MAX);
const _: () = assert!(EVENT_DECISIONS_MAX <= TURN_DECISIONS_MAX);
const _: () = assert!(CASCADE_EFFECTS_MAX <= TURN_EFFECTS_MAX);
const _: () = assert!(EVENT_BYTES_MAX <= BATCH_BYTES_MAX);
const _: () = assert!(BATCH_BYTES_MAX < BODIES_BYTES_MAX && COMPONENT_BYTES_MAX < BODIES_BYTES_MAX);
const _: () = assert!(PAGE_ITEMS_DEFAULT <= PAGE_ITEMS_MAX);
const _: () = assert!(STATE_BYTES_MAX < OUTPUT_BYTES_MAX);
const _: () = assert!(MESSAGE_VARS_BYTES_MAX * EFFECTS_MAX <= OUTPUT_BYTES_MAX);
const _: () = assert!(ENROLMENT_DATA_BYTES_MAX * EFFECTS_MAX <= OUTPUT_BYTES_MAX);
const _: () = assert!(TIMER_DATA_BYTES_MAX * EFFECTS_MAX <= OUTPUT_BYTES_MAX);
const _: () = assert!(TIMER_DATA_BYTES_MAX * 2 <= EVENT_BYTES_MAX);
const _: () = assert!(INVITER_DISTANCE_DEFAULT <= INVITER_DISTANCE_MAX);
const _: () = assert!(AMOUNT_MAX.checked_mul(1_000).is_some());
