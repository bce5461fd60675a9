//! What destinations may be, and how long they are tried.

limits! {
    /// Most destinations.
    pub const DESTINATIONS_MAX: usize = 64
        => Admin, "422 `invalid-document`", ["service/src/commands/destinations.rs"];
    /// Longest URL of a destination, in bytes.
    pub const DESTINATION_URL_BYTES_MAX: usize = 2_048
        => Admin, "422 `invalid-document` at `/url`", ["domain/src/rows/destination.rs"];
    /// Most secrets of a destination that are good at a time.
    pub const DESTINATION_SECRETS_MAX: usize = 3
        => Admin, "422 `invalid-document` at `/secrets`", ["documents/src/destination.rs"];
    /// Most patterns of topics of a destination.
    pub const DESTINATION_TOPICS_MAX: usize = 32
        => Admin, "422 `invalid-document` at `/topics`", ["documents/src/destination.rs"];
    /// Shortest secret, in bytes.
    pub const SECRET_BYTES_MIN: usize = 24
        => Admin, "422 `invalid-document` at `/secrets`", ["domain/src/rows/destination.rs"];
    /// Longest secret, in bytes.
    pub const SECRET_BYTES_MAX: usize = 64
        => Admin, "422 `invalid-document` at `/secrets`", ["domain/src/rows/destination.rs"];
    /// Most requests on their way to one destination at a time.
    pub const DELIVERY_CONCURRENCY_MAX: u16 = 1_024
        => Admin, "422 `invalid-document` at `/concurrency`; further deliveries wait", ["documents/src/destination.rs"];
    /// Most deliveries to one destination in a second.
    pub const DELIVERY_RATE_MAX: u32 = 100_000
        => Admin, "422 `invalid-document` at `/rate`; further deliveries wait", ["documents/src/destination.rs"];
    /// Most deliveries in one request.
    pub const DELIVERY_BATCH_MAX: u16 = 100
        => Admin, "422 `invalid-document` at `/batch`; further deliveries go in another request",
        ["documents/src/destination.rs"];
    /// Most headers of a destination's own.
    pub const DESTINATION_HEADERS_MAX: usize = 8
        => Admin, "422 `invalid-document` at `/headers`", ["documents/src/destination.rs"];
    /// Longest name of a destination's header, in bytes.
    pub const DESTINATION_HEADER_NAME_BYTES_MAX: usize = 64
        => Admin, "422 `invalid-document` at `/headers/NAME`", ["domain/src/rows/sending.rs"];
    /// Longest value of a destination's header, in bytes.
    pub const DESTINATION_HEADER_BYTES_MAX: usize = 1_024
        => Admin, "422 `invalid-document` at `/headers/NAME`", ["domain/src/rows/sending.rs"];
    /// Attempts at a delivery before it is dead.
    pub const DELIVERY_ATTEMPTS_MAX: u32 = 14
        => Receiver, "the delivery is dead; an operator can have it sent again", ["domain/src/rules/deliver.rs"];
    /// Longest wait between two attempts at a delivery, in milliseconds: 4 hours.
    pub const BACKOFF_MS_MAX: i64 = 4 * 60 * 60 * 1_000
        => Receiver, "the delivery is tried again after this time", ["domain/src/rules/deliver.rs"];
    /// Longest that a destination may ask to be left alone, in milliseconds: 1 hour.
    pub const RETRY_AFTER_MS_MAX: i64 = 60 * 60 * 1_000
        => Receiver, "the delivery is tried again after this time", ["domain/src/rules/deliver.rs"];
    /// Longest error kept of a delivery, in bytes.
    pub const DELIVERY_ERROR_BYTES_MAX: usize = 256
        => Receiver, "the rest of the error is dropped", ["domain/src/rules/deliver.rs"];
    /// Largest head of a destination's answer, in bytes.
    pub const ANSWER_HEAD_BYTES_MAX: usize = 16 * 1024
        => Receiver, "the attempt has failed", ["delivery/src/send.rs"];
    /// Most dead deliveries that one command has sent again.
    pub const REPLAY_MAX: usize = 1_000
        => Operator, "the answer says how many were sent again; the command continues",
        ["service/src/commands/deliveries.rs", "cli/src/delivery.rs"];
    /// Settlements of deliveries held in memory until they are on disk.
    pub const SETTLEMENTS_WAITING_MAX: usize = 100_000
        => Host, "nothing more is taken until they are on disk", ["service/src/pipeline/outbox.rs"];
}
