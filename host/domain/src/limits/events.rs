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
        ["service/src/strict_json.rs", "documents/src/campaign.rs", "engine/src/json.rs"];
    /// How long after its time an event is taken without the permission to backfill, in milliseconds: 7 days.
    pub const EVENT_AGE_MS_MAX: i64 = 7 * 24 * 60 * 60 * 1_000
        => Ingest, "422 `event-time`, unless the token has `backfill`", ["service/src/intake.rs"];
    /// How far ahead of the host's clock an event's time may be, in milliseconds: 5 minutes.
    pub const EVENT_AHEAD_MS_MAX: i64 = 5 * 60 * 1_000
        => Ingest, "422 `event-time`", ["service/src/intake.rs"];
    /// Most problems that are listed of one document that breaks its schema.
    pub const DOCUMENT_PROBLEMS_MAX: usize = 32
        => Token, "further problems of the document are not listed", ["service/src/schema.rs"];
}
