//! Answers that say no: problem documents (RFC 9457) with a stable type.
//!
//! A refusal or a denial of a decision is not a problem; it is data in a 200. Problems are about the request, or the host.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use largesse_documents::{Problem, ProblemDocument};
use largesse_domain::lot::SettleError;
use largesse_domain::redeem::RedeemError;
use largesse_domain::redemption::RedemptionState;
use largesse_domain::reservation::ReserveError;
use largesse_domain::restock::RestockError;
use largesse_service::intake::Rejected;
use largesse_service::pipeline::{ControlError, LedgerError};
use largesse_service::queue::Full;
use largesse_service::signature::SignatureError;
use largesse_service::{ChangeError, CompileError, LoadError, ReadError, Unavailable};

/// What stands before the word of every type.
pub const URN: &str = "urn:largesse:problem:";

/// How long a sender is told to wait before it tries again when nothing else is known, in seconds.
const RETRY_AFTER_SECONDS: u32 = 1;

macro_rules! problem_types {
    ($($name:ident, $word:literal, $status:ident, $title:literal, $meaning:literal;)*) => {
        /// What kind of problem it is. Words and statuses do not change.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ProblemType {$(
            #[doc = $meaning]
            $name,
        )*}

        impl ProblemType {
            /// Every type, by status.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The word behind `urn:largesse:problem:`.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// The status that it is answered with.
            #[must_use]
            pub fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status,)* }
            }

            /// The type in a few words, for people.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }

            /// When it is answered, and what to do.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning,)* }
            }
        }
    };
}

problem_types! {
    MalformedRequest, "malformed-request", BAD_REQUEST, "The request cannot be read",
        "A path, a query or a header does not hold what it must. The detail says which.";
    MalformedHead, "malformed-head", BAD_REQUEST, "The request is not HTTP/1.1",
        "The request line or a header field cannot be read; the detail says why. The connection is closed.";
    MalformedJson, "malformed-json", BAD_REQUEST, "The body is not acceptable JSON",
        "The body is not JSON, nests too deep, has a key twice in one object, or a number beyond 64 bits. Nothing of it was taken.";
    Unauthenticated, "unauthenticated", UNAUTHORIZED, "No valid token",
        "The request needs a header `Authorization: Bearer` with a token that the host knows.";
    Forbidden, "forbidden", FORBIDDEN, "The token's roles do not allow this",
        "The token is valid, but has none of the roles that the detail names.";
    OutOfScope, "out-of-scope", FORBIDDEN, "The token may not send this event",
        "The event's `source` or `type` is not among the `sources` and `kinds` of the token; `problems` says which are. A kind that merges customers has to be among `kinds`.";
    OtherCustomer, "other-customer", FORBIDDEN, "It is another customer's",
        "The redemption belongs to a customer other than the one named.";
    NotFound, "not-found", NOT_FOUND, "There is no such thing",
        "Nothing is at this path, or nothing has this name.";
    UnknownUnit, "unknown-unit", NOT_FOUND, "There is no such unit",
        "Nobody has set terms for this unit, and it cannot be used without. `PUT /v1/units/{unit}` sets them.";
    RecordRemoved, "record-removed", GONE, "The decision's record was removed",
        "Records are kept as long as the host's configuration says (`records.keep_days`, `records.keep_bytes`). The list of decisions still has what was answered.";
    MethodNotAllowed, "method-not-allowed", METHOD_NOT_ALLOWED, "The path does not take this method",
        "The `Allow` header says which it takes.";
    SlowHead, "slow-head", REQUEST_TIMEOUT, "The head of the request came too slowly",
        "The request line and the header fields were not complete within 5 seconds. The connection is closed.";
    SlowBody, "slow-body", REQUEST_TIMEOUT, "The body came too slowly",
        "The body was not complete within 60 seconds, or no byte of it came for 5 seconds. Nothing of it was taken.";
    EventConflict, "event-conflict", CONFLICT, "The event was sent before with another body",
        "An event with this source and id was taken with another body, and that one stands. Give a new fact a new id.";
    VersionTaken, "version-taken", CONFLICT, "The version is published with other bytes",
        "A policy's version does not change; the detail has the digest of what it means. Publish the component under a new version, or on a host for staging, which has `policies.replace_versions`.";
    VersionStopped, "version-stopped", CONFLICT, "The version is stopped",
        "An operator stopped it everywhere; the detail says why. `POST /v1/policies/{policy}/allow` lifts that.";
    StuckStates, "stuck-states", CONFLICT, "There are states that the version cannot migrate",
        "The problems name some of their owners. With `accept_stuck_states` the version is taken all the same, and their decisions are refused.";
    NothingEarlier, "nothing-earlier", CONFLICT, "There is no version to go back to",
        "None was active before, or each of them was taken out or stopped.";
    RolloutOn, "rollout-on", CONFLICT, "A version is tried in the campaign",
        "Policy and parameters cannot change for two versions at once. Promote the one that is tried, or stop the rollout.";
    NoRollout, "no-rollout", CONFLICT, "No version is tried in the campaign",
        "There is nothing to promote.";
    NotAsked, "not-asked", CONFLICT, "The campaign's policy cannot be asked now",
        "The campaign does not run, is paused, or its policy cannot be run.";
    IllegalCommand, "illegal-command", CONFLICT, "The campaign's life does not allow this",
        "A draft cannot pause, an ended campaign cannot change, and so on. The detail says where the campaign is.";
    DestinationPaused, "destination-paused", CONFLICT, "Nothing is sent to the destination now",
        "The destination is paused, by an operator or because it answered 410. Resume it, then try it.";
    SettlesNothing, "settles-nothing", CONFLICT, "The delivery settles no grant",
        "Only a delivery of `grant.granted` to the destination that settles grants can be confirmed or failed.";
    SettledOtherwise, "settled-otherwise", CONFLICT, "The grant was settled otherwise before",
        "What was confirmed cannot fail, and what failed cannot be confirmed. The detail says which it is.";
    GrantExpired, "grant-expired", CONFLICT, "The grant has expired",
        "What it gave was worth something until its `expires`; it is breakage now.";
    InsufficientBalance, "insufficient-balance", CONFLICT, "The customer cannot use as much",
        "What is pending, reserved, expired or taken back cannot be used. The detail says how much can.";
    RequestConflict, "request-conflict", CONFLICT, "The id was used for another request",
        "The same id with the same content gets the same answer. Give a new request a new id.";
    RedemptionSettled, "redemption-settled", CONFLICT, "The redemption is in another state",
        "What was released cannot be committed, what was committed can only be reversed, and so on. The detail says the state.";
    ReturnsMore, "returns-more", CONFLICT, "More would be returned than is left",
        "The returns of a redemption add up to at most what was used. The detail says how much can still be returned.";
    TooManyReturns, "too-many-returns", CONFLICT, "The redemption was returned in too many pieces",
        "A bounded number of pieces is kept of one redemption. The rest can be returned at once, without a quantity.";
    TimedOut, "timed-out", CONFLICT, "The reservation has timed out",
        "It was not settled before its time, and what it held was given back. Make a new one.";
    GrantReplaced, "grant-replaced", CONFLICT, "The grant was taken back and given anew",
        "What was used of it became a debt when it was taken back, and was paid by what came later.";
    GrantSettled, "grant-settled", CONFLICT, "The grant is not pending",
        "A grant that was taken back cannot be committed, and one that was given cannot be released. Reverse it instead.";
    NothingLeft, "nothing-left", CONFLICT, "There is nothing left to take back",
        "The grant, or all that the event gave, was wholly taken back before.";
    NoRoom, "no-room", CONFLICT, "A limit, a budget or the stock leaves no room",
        "The detail has the reason, as decisions give it.";
    NotRunning, "not-running", CONFLICT, "The campaign does not give now",
        "It is not running, has not opened, or has closed.";
    NotOnHand, "not-on-hand", CONFLICT, "There are not as many pieces on hand",
        "The detail says how many there are.";
    TooManyOnHand, "too-many-on-hand", CONFLICT, "There would be more pieces than can be counted",
        "At most 10^15 pieces of a unit are on hand. The detail says how many there are.";
    PreconditionFailed, "precondition-failed", PRECONDITION_FAILED, "The campaign was changed in the meantime",
        "Its version is not the one in `If-Match`, or it exists despite `If-None-Match: *`. Read it again, then decide.";
    TooLarge, "too-large", PAYLOAD_TOO_LARGE, "The body is too large",
        "An event may have 64 KiB, a batch 4 MiB and 1,000 events, a component 16 MiB, any other document 256 KiB.";
    UnsupportedMediaType, "unsupported-media-type", UNSUPPORTED_MEDIA_TYPE, "The content type is not taken here",
        "The detail names the content types that this path takes. Compressed bodies are not taken.";
    InvalidEvent, "invalid-event", UNPROCESSABLE_ENTITY, "Not a CloudEvent as this host takes them",
        "An attribute is missing or wrong; `problems` points at each. `specversion`, `id`, `source`, `type`, `subject` (the customer who acted) and `time` are needed.";
    UnknownKind, "unknown-kind", UNPROCESSABLE_ENTITY, "The event's kind is not registered",
        "No schema is registered under the event's `type`. Register the kind, or correct the `type`.";
    InvalidData, "invalid-data", UNPROCESSABLE_ENTITY, "The event's data does not fit its kind",
        "The data breaks the schema of its kind; `problems` points at each place.";
    EventTime, "event-time", UNPROCESSABLE_ENTITY, "The event's time is outside the tolerance",
        "The event is more than 7 days old and the token may not backfill, or more than 5 minutes ahead of the host's clock.";
    InvalidDocument, "invalid-document", UNPROCESSABLE_ENTITY, "The document is not valid",
        "`problems` points at each place of the document that is wrong, that the policy refuses, or that may not change.";
    TooMany, "too-many", UNPROCESSABLE_ENTITY, "The customer would have too much of something",
        "A customer has a bounded number of attributes and tags. Nothing of the document was taken.";
    Unsigned, "unsigned", UNPROCESSABLE_ENTITY, "The component is not signed",
        "This host takes components that a key in its `policies.trusted_keys` has signed. Sign it with `largesse policy sign`.";
    SignedByUnknownKey, "signed-by-unknown-key", UNPROCESSABLE_ENTITY, "The component is signed by a key that is not trusted",
        "The key is not in the host's `policies.trusted_keys`. The detail has its id, which `largesse policy keygen` printed.";
    SignatureInvalid, "signature-invalid", UNPROCESSABLE_ENTITY, "The signature does not hold",
        "The key did not sign these bytes: the component was changed or built again since, or the signature is another file's.";
    NotAComponent, "not-a-component", UNPROCESSABLE_ENTITY, "Not a WebAssembly component",
        "The body is something else: a core module, a text, another file.";
    UnreadableComponent, "unreadable-component", UNPROCESSABLE_ENTITY, "The component cannot be read",
        "It is broken, or uses a feature of WebAssembly that the host does not give.";
    InvalidQuantity, "invalid-quantity", UNPROCESSABLE_ENTITY, "Not a quantity",
        "A quantity is a whole number of a unit's smallest part from 1 to 10^15.";
    BelowMinimum, "below-minimum", UNPROCESSABLE_ENTITY, "Less than is redeemed at once",
        "The terms of the unit say the least that is redeemed at once; the detail says it.";
    NotRedeemable, "not-redeemable", UNPROCESSABLE_ENTITY, "The unit is not used up",
        "Growth, credit limits and rate boosts are not redeemed.";
    NotReservable, "not-reservable", UNPROCESSABLE_ENTITY, "The unit cannot be reserved",
        "Credit limits and rate boosts depend on what a policy says of them.";
    OtherUnit, "other-unit", UNPROCESSABLE_ENTITY, "The grant is of another unit",
        "Name the unit of the grant, or no grant.";
    OtherCurrency, "other-currency", UNPROCESSABLE_ENTITY, "The unit is not in the campaign's currency",
        "A campaign gives money of its own currency only.";
    UntilIsPast, "until-is-past", UNPROCESSABLE_ENTITY, "The time is over",
        "Something cannot be reserved until a time that is over.";
    NotStocked, "not-stocked", UNPROCESSABLE_ENTITY, "The unit has no stock",
        "Its terms do not say `stocked`, or there are none.";
    NoContract, "no-contract", UNPROCESSABLE_ENTITY, "The component is not a policy",
        "It does not export the interface `largesse:policy/policy`.";
    WrongContract, "wrong-contract", UNPROCESSABLE_ENTITY, "The component has another contract version",
        "The detail says whether it is newer or older than this host takes, and which SDK or host to use.";
    ForeignImport, "foreign-import", UNPROCESSABLE_ENTITY, "The component imports what the host does not give",
        "A policy has no imports but a few of WASI's. The detail names the import.";
    ComponentShape, "component-shape", UNPROCESSABLE_ENTITY, "The component has a shape that is not taken",
        "It breaks a bound on memories, tables, instances or the like.";
    CompilerRefused, "compiler-refused", UNPROCESSABLE_ENTITY, "The compiler refuses the component",
        "The detail has the compiler's words.";
    CompileTime, "compile-time", UNPROCESSABLE_ENTITY, "The component takes too long to compile",
        "Compilation is bounded in time.";
    CompileMemory, "compile-memory", UNPROCESSABLE_ENTITY, "The component takes too much memory to compile",
        "Compilation is bounded in memory, and so is the machine code that it makes.";
    UnfitComponent, "unfit-component", UNPROCESSABLE_ENTITY, "The component does not fit a sandbox",
        "It compiles, but needs more than a sandbox has, or does not keep the contract's types.";
    DescribeFault, "describe-fault", UNPROCESSABLE_ENTITY, "The policy cannot describe itself",
        "It trapped or broke a limit when it was started or asked for its manifest.";
    InvalidManifest, "invalid-manifest", UNPROCESSABLE_ENTITY, "The policy's manifest is wrong",
        "`problems` points at each place of the manifest.";
    PreconditionRequired, "precondition-required", PRECONDITION_REQUIRED, "Say which version you change",
        "The campaign exists. Send its version in `If-Match`, as its `ETag` said it.";
    TooManyRequests, "too-many-requests", TOO_MANY_REQUESTS, "The token's quota is used up",
        "The detail names the quota: `events_per_second`, `requests_per_second`, `in_flight`, or the bytes of bodies in hand. Nothing was taken. Send it again after `Retry-After`.";
    QueueFull, "queue-full", TOO_MANY_REQUESTS, "Too much of the token's work waits",
        "The detail says of what as much waits as may: requests, events or bytes. Nothing was taken. Send it again after `Retry-After`, and wait for answers before sending more.";
    TooManyConnections, "too-many-connections", TOO_MANY_REQUESTS, "Too many connections from this address",
        "As many connections of this address answer requests without a valid token as it may have (`connections.per_address`).";
    HeadTooLarge, "head-too-large", REQUEST_HEADER_FIELDS_TOO_LARGE, "The head of the request is too large",
        "The request line and the header fields come to more than 64 KiB or are more than 100 fields. The connection is closed.";
    Internal, "internal", INTERNAL_SERVER_ERROR, "The host failed",
        "The host's log says why. A write can be sent again.";
    Busy, "busy", SERVICE_UNAVAILABLE, "The host has too much to do",
        "As much work of all callers waits as the host takes. Nothing was taken. Send it again after `Retry-After`.";
    Unavailable, "unavailable", SERVICE_UNAVAILABLE, "The host does not answer now",
        "It is starting, stopping or has failed, or the answer took longer than 30 seconds. Send it again after `Retry-After`; what was taken is not taken twice.";
    PolicyFault, "policy-fault", BAD_GATEWAY, "The policy broke its contract",
        "It trapped, ran out of a limit, or answered what the contract does not allow. The detail says which. Its author has to mend it.";
    Undecided, "undecided", SERVICE_UNAVAILABLE, "The event could not be decided now",
        "A policy ran out of wall time, or the host of memory. Nothing was taken. Send it again after `Retry-After`.";
}

impl ProblemType {
    /// The `type` of the document.
    #[must_use]
    pub fn urn(self) -> String {
        format!("{URN}{}", self.word())
    }
}

/// A problem on its way out.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    kind: ProblemType,
    detail: Option<String>,
    problems: Vec<Problem>,
    retry_after_seconds: u32,
}

impl Failure {
    pub(crate) fn new(kind: ProblemType, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..Self::bare(kind) }
    }

    pub(crate) fn bare(kind: ProblemType) -> Self {
        Self { kind, detail: None, problems: Vec::new(), retry_after_seconds: RETRY_AFTER_SECONDS }
    }

    pub(crate) fn with(kind: ProblemType, problems: Vec<Problem>) -> Self {
        Self { problems, ..Self::bare(kind) }
    }

    /// The same with what can be pointed at.
    pub(crate) fn pointing_at(self, problems: Vec<Problem>) -> Self {
        Self { problems, ..self }
    }

    /// Tells the sender when to try again, where the status says that it can.
    pub(crate) fn retry_after(self, seconds: u32) -> Self {
        Self { retry_after_seconds: seconds, ..self }
    }

    pub(crate) fn not_found(what: &str, name: impl std::fmt::Display) -> Self {
        Self::new(ProblemType::NotFound, format!("there is no {what} {name}"))
    }

    /// Hides an error from the caller and tells it to the operator.
    pub(crate) fn internal(error: &dyn std::error::Error) -> Self {
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            source = cause.source();
        }
        tracing::error!(error = %text, "a request failed");
        Self::bare(ProblemType::Internal)
    }

    pub(crate) fn document(self) -> ProblemDocument {
        ProblemDocument {
            kind: self.kind.urn(),
            title: self.kind.title().to_owned(),
            status: self.kind.status().as_u16(),
            detail: self.detail,
            problems: self.problems.into_iter().map(Into::into).collect(),
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let (status, retry_after) = (self.kind.status(), self.retry_after_seconds);
        let mut response = (status, Json(self.document())).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        match status {
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
                drop(headers.insert(header::RETRY_AFTER, retry_after.into()));
            }
            StatusCode::UNAUTHORIZED => {
                drop(headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"largesse\"")));
            }
            _ => {}
        }
        response
    }
}

impl From<Rejected> for Failure {
    fn from(rejected: Rejected) -> Self {
        let detail = rejected.to_string();
        let (kind, problems) = match rejected {
            Rejected::Malformed { problems, .. } => (ProblemType::MalformedJson, problems),
            Rejected::TooLarge(_) | Rejected::BatchTooExpensive => (ProblemType::TooLarge, Vec::new()),
            Rejected::Envelope(problems) => (ProblemType::InvalidEvent, problems),
            Rejected::UnknownKind(_) => (ProblemType::UnknownKind, Vec::new()),
            Rejected::Data { problems, .. } => (ProblemType::InvalidData, problems),
            Rejected::Time(_) => (ProblemType::EventTime, Vec::new()),
            Rejected::OutOfScope(problems) => (ProblemType::OutOfScope, problems),
        };
        Self { problems, ..Self::new(kind, detail) }
    }
}

impl From<Unavailable> for Failure {
    fn from(unavailable: Unavailable) -> Self {
        let (kind, seconds) = match unavailable {
            Unavailable::Busy(Full::Caller { retry_after_seconds, .. }) => {
                (ProblemType::QueueFull, retry_after_seconds)
            }
            Unavailable::Busy(Full::Host { retry_after_seconds, .. }) => (ProblemType::Busy, retry_after_seconds),
            Unavailable::Checking | Unavailable::Reading => (ProblemType::Busy, RETRY_AFTER_SECONDS),
            Unavailable::Stopping => (ProblemType::Unavailable, RETRY_AFTER_SECONDS),
        };
        Self::new(kind, unavailable.to_string()).retry_after(seconds)
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::NotFound { what, name } => Self::not_found(what, name),
            ReadError::Store(error) => Self::internal(&error),
            ReadError::Unavailable(unavailable) => unavailable.into(),
        }
    }
}

impl From<ChangeError> for Failure {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Control(error) => error.into(),
            ChangeError::Store(error) => Self::internal(&error),
            ChangeError::Load(error) => error.into(),
            ChangeError::Signature(error) => error.into(),
            ChangeError::NotKept(_) => Self::internal(&error),
            ChangeError::Unavailable(unavailable) => unavailable.into(),
        }
    }
}

impl From<ControlError> for Failure {
    fn from(error: ControlError) -> Self {
        let detail = error.to_string();
        let kind = match error {
            ControlError::Problems(problems) => return Self::with(ProblemType::InvalidDocument, problems),
            ControlError::StuckStates(report) => {
                let problems = report.examples.iter().map(|stuck| Problem {
                    pointer: "/policy".into(),
                    message: format!("{} {}: {}", stuck.owner.kind, stuck.owner.id, stuck.why),
                });
                return Self { problems: problems.collect(), ..Self::new(ProblemType::StuckStates, detail) };
            }
            ControlError::NotAsked(_) => ProblemType::NotAsked,
            ControlError::RolloutOn => ProblemType::RolloutOn,
            ControlError::NoRollout => ProblemType::NoRollout,
            ControlError::NothingEarlier => ProblemType::NothingEarlier,
            ControlError::Stopped { .. } => ProblemType::VersionStopped,
            ControlError::NotFound { .. } | ControlError::UnknownDelivery(_) => ProblemType::NotFound,
            ControlError::Changed { .. } => ProblemType::PreconditionFailed,
            ControlError::Unconditional { .. } => ProblemType::PreconditionRequired,
            ControlError::VersionTaken { .. } => ProblemType::VersionTaken,
            ControlError::Illegal(_) | ControlError::Ended | ControlError::NothingToTry { .. } => {
                ProblemType::IllegalCommand
            }
            ControlError::TooMany(_) => ProblemType::TooMany,
            ControlError::Paused(_) => ProblemType::DestinationPaused,
            ControlError::SettlesNothing(_) => ProblemType::SettlesNothing,
            ControlError::SettledOtherwise { .. } => ProblemType::SettledOtherwise,
            ControlError::Ledger(error) => ledger_problem(&error),
        };
        Self::new(kind, detail)
    }
}

fn ledger_problem(error: &LedgerError) -> ProblemType {
    match error {
        LedgerError::Redeem(error) => match error {
            RedeemError::NotRedeemable(_) => ProblemType::NotRedeemable,
            RedeemError::UnknownUnit(_) => ProblemType::UnknownUnit,
            RedeemError::BelowMinimum(_) => ProblemType::BelowMinimum,
            RedeemError::UntilIsPast => ProblemType::UntilIsPast,
            RedeemError::NoGrant | RedeemError::NotFound => ProblemType::NotFound,
            RedeemError::OtherUnit(_) => ProblemType::OtherUnit,
            RedeemError::GrantExpired => ProblemType::GrantExpired,
            RedeemError::Insufficient(_) => ProblemType::InsufficientBalance,
            RedeemError::OtherRequest => ProblemType::RequestConflict,
            RedeemError::OtherCustomer => ProblemType::OtherCustomer,
            RedeemError::State(RedemptionState::TimedOut) => ProblemType::TimedOut,
            RedeemError::State(_) => ProblemType::RedemptionSettled,
            RedeemError::ReturnsMore(_) => ProblemType::ReturnsMore,
            RedeemError::OtherReturn => ProblemType::RequestConflict,
            RedeemError::TooManyReturns => ProblemType::TooManyReturns,
            RedeemError::GrantReplaced => ProblemType::GrantReplaced,
        },
        LedgerError::Reserve(error) => match error {
            ReserveError::NotRunning => ProblemType::NotRunning,
            ReserveError::UntilIsPast => ProblemType::UntilIsPast,
            ReserveError::NotReservable(_) => ProblemType::NotReservable,
            ReserveError::UnknownUnit(_) => ProblemType::UnknownUnit,
            ReserveError::OtherCurrency(_) => ProblemType::OtherCurrency,
            ReserveError::NoRoom(_) => ProblemType::NoRoom,
            ReserveError::OtherRequest => ProblemType::RequestConflict,
        },
        LedgerError::Settle(error) => match error {
            SettleError::NotFound => ProblemType::NotFound,
            SettleError::TimedOut => ProblemType::TimedOut,
            SettleError::Reversed | SettleError::Posted => ProblemType::GrantSettled,
        },
        LedgerError::NothingLeft => ProblemType::NothingLeft,
        LedgerError::OtherRequest => ProblemType::RequestConflict,
        LedgerError::NotStocked(_) => ProblemType::NotStocked,
        LedgerError::Restock(RestockError::NotOnHand(_)) => ProblemType::NotOnHand,
        LedgerError::Restock(RestockError::TooMany(_)) => ProblemType::TooManyOnHand,
    }
}

impl From<SignatureError> for Failure {
    fn from(error: SignatureError) -> Self {
        let kind = match error {
            SignatureError::Unsigned => ProblemType::Unsigned,
            SignatureError::UnknownKey(_) => ProblemType::SignedByUnknownKey,
            SignatureError::Invalid(_) => ProblemType::SignatureInvalid,
        };
        Self::new(kind, error.to_string())
    }
}

impl From<LoadError> for Failure {
    fn from(error: LoadError) -> Self {
        let detail = error.to_string();
        let kind = match error {
            LoadError::Compile(CompileError::Failed { .. }) => return Self::internal(&error),
            LoadError::Manifest(problems) => return Self::with(ProblemType::InvalidManifest, problems),
            LoadError::Compile(error) => compile_problem(&error),
            LoadError::Unfit { .. } => ProblemType::UnfitComponent,
            LoadError::Describe(_) => ProblemType::DescribeFault,
        };
        Self::new(kind, detail)
    }
}

fn compile_problem(error: &CompileError) -> ProblemType {
    match error {
        CompileError::TooLarge { .. } => ProblemType::TooLarge,
        CompileError::NotAComponent { .. } => ProblemType::NotAComponent,
        CompileError::Unreadable { .. } => ProblemType::UnreadableComponent,
        CompileError::NoContract => ProblemType::NoContract,
        CompileError::WrongContract { .. } => ProblemType::WrongContract,
        CompileError::ForeignImport { .. } => ProblemType::ForeignImport,
        CompileError::Shape { .. } => ProblemType::ComponentShape,
        CompileError::Refused { .. } => ProblemType::CompilerRefused,
        CompileError::OutOfTime { .. } => ProblemType::CompileTime,
        CompileError::OutOfMemory | CompileError::ArtefactTooLarge => ProblemType::CompileMemory,
        CompileError::Failed { .. } => ProblemType::Internal,
    }
}
