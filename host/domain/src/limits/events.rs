//! What events may be.

limits! {
    /// Largest CloudEvent, in bytes of JSON.
    pub const EVENT_BYTES_MAX: usize = 64 * 1024
        => Ingest, "413 `too-large`", ["http/src/events.rs", "service/src/intake.rs"];
    /// Most events in one batch.
    pub const BATCH_EVENTS_MAX: usize = 1_000
        => Ingest, "413 `too-large`", ["http/src/events.rs"];
    /// Largest batch, in bytes of JSON.
    pub const BATCH_BYTES_MAX: usize = 4 * 1024 * 1024
        => Ingest, "413 `too-large`; `POST /v1/jobs` has the same bound", ["http/src/events.rs", "http/src/jobs.rs"];
    /// Deepest nesting of objects and arrays in any JSON that comes in.
    pub const JSON_DEPTH_MAX: usize = 32
        => Token, "400 `malformed-json`; in parameters 422 `invalid-document`; of a policy fault `invalid-output`",
        ["service/src/strict_json/reader.rs", "documents/src/campaign.rs", "engine/src/json.rs"];
    /// How long after its time an event is taken without the permission to backfill, in milliseconds: 7 days.
    pub const EVENT_AGE_MS_MAX: i64 = 7 * 24 * 60 * 60 * 1_000
        => Ingest, "422 `event-time`, unless the token has `backfill`", ["service/src/intake.rs"];
    /// How far ahead of the host's clock an event's time may be, in milliseconds: 5 minutes.
    pub const EVENT_AHEAD_MS_MAX: i64 = 5 * 60 * 1_000
        => Ingest, "422 `event-time`", ["service/src/intake.rs"];
    /// Most problems that are listed of one document that breaks its schema.
    pub const PROBLEMS_MAX: usize = 32
        => Token, "further problems of the document are not listed", ["service/src/schema/mod.rs"];
    /// Most memory that the errors of one document take while they are collected, in bytes.
    pub const VALIDATION_ERROR_BYTES_MAX: u64 = 32 * 1024 * 1024
        => Token, "further problems of the document are not listed", ["service/src/schema/mod.rs"];
    /// Most steps of validating an event on a thread of the HTTP runtime.
    pub const VALIDATION_STEPS_INLINE_MAX: u64 = 500_000
        => Ingest, "the event is validated on another thread", ["service/src/lib.rs"];
    /// Most steps of validating an event beside other events: more than any event of a bundled kind takes.
    pub const VALIDATION_STEPS_SHARED_MAX: u64 = 128_000_000
        => Ingest, "the event is validated with others of its sort, one at a time", ["service/src/lib.rs"];
    /// Most checks of events, or of batches, that wait for a thread beside the HTTP runtime.
    pub const CHECKS_WAITING_MAX: usize = 256
        => Ingest, "503 `busy`", ["service/src/lib.rs"];
    /// Longest message of a problem with a document, in bytes.
    pub const PROBLEM_BYTES_MAX: usize = 1_024
        => Token, "the rest of the message is dropped", ["service/src/schema/mod.rs", "engine/src/proposed.rs"];
    /// Most steps of validating all events of a batch: sixteen times what one event of the largest size may take.
    pub const BATCH_STEPS_MAX: u64 = 16 * super::SCHEMA_STEPS_PER_BYTE_MAX * EVENT_BYTES_MAX as u64
        => Ingest, "the event is rejected: `too-large`", ["service/src/intake.rs"];
    /// Most customers, identifiers and attributes that the annotated fields of one event name.
    pub const EVENT_FACTS_MAX: usize = 256
        => Ingest, "422 `invalid-data`", ["service/src/kinds.rs"];
}
