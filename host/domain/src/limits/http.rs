//! What a connection and a request may use.

limits! {
    /// Connections that are open at a time, as long as `connections.max` does not say otherwise.
    pub const CONNECTIONS_MAX: usize = 4_096
        => Network, "idle connections without a valid token are closed first; then 503 `busy`", ["http/src/serve/door.rs"];
    /// Largest value of `connections.max`.
    pub const CONNECTIONS_CONFIGURED_MAX: usize = 1_000_000
        => Config, "the host does not start and names the key", ["cli/src/config/serving.rs"];
    /// Connections of one peer address (IPv6: one /64) that have not shown a valid token, as long as `connections.per_address` does not say
    /// otherwise.
    pub const CONNECTIONS_PER_ADDRESS_MAX: usize = 256
        => Network, "429 `too-many-connections`; the connection is closed", ["http/src/serve/door.rs"];
    /// Largest head of a request (request line and header fields), in bytes.
    pub const HEAD_BYTES_MAX: usize = 64 * 1024
        => Network, "431 `head-too-large`; the connection is closed", ["http/src/serve.rs"];
    /// Most header fields of a request.
    pub const HEADERS_MAX: usize = 100
        => Network, "431 `head-too-large`; the connection is closed", ["http/src/serve.rs"];
    /// Time for the head of a request to arrive, and for a connection that has not shown a valid token to be idle, in seconds.
    pub const HEAD_SECONDS_MAX: u64 = 5
        => Network, "408 `slow-head`; an idle connection is closed", ["http/src/serve/door.rs"];
    /// Time for a connection that has shown a valid token to be idle, in seconds, as long as `connections.idle_seconds` does not say otherwise.
    pub const IDLE_SECONDS_MAX: u64 = 75
        => Token, "the connection is closed", ["http/src/serve/door.rs"];
    /// Largest value of `connections.idle_seconds`: an hour.
    pub const IDLE_SECONDS_CONFIGURED_MAX: u64 = 3_600
        => Config, "the host does not start and names the key", ["cli/src/config/serving.rs"];
    /// Time for a body to arrive, in seconds.
    pub const BODY_SECONDS_MAX: u64 = 60
        => Token, "408 `slow-body`", ["http/src/body.rs"];
    /// Time without a byte of the body of a request, in seconds.
    pub const BODY_STALL_SECONDS_MAX: u64 = 5
        => Token, "408 `slow-body`", ["http/src/body.rs"];
    /// Largest document that is no event and no component, in bytes.
    pub const DOCUMENT_BYTES_MAX: usize = 256 * 1024
        => Token, "413 `too-large`", ["http/src/body.rs"];
    /// Memory for the bodies of all requests at a time, in bytes.
    pub const BODIES_BYTES_MAX: usize = 512 * 1024 * 1024
        => Token, "503 `busy`", ["http/src/body.rs"];
    /// Time for which a client may keep an answer waiting, in seconds, before it must take it at `ANSWER_BYTES_PER_SECOND_MIN`.
    pub const ANSWER_STALL_SECONDS_MAX: u64 = 20
        => Network, "the connection is closed", ["http/src/serve/door.rs"];
    /// Slowest rate at which a client may take an answer, in bytes per second.
    pub const ANSWER_BYTES_PER_SECOND_MIN: u64 = 16 * 1024
        => Network, "the connection is closed", ["http/src/serve/connection.rs"];
    /// Bytes of an answer that the system holds for a client that does not take them; Linux doubles it for its own bookkeeping.
    pub const SEND_BUFFER_BYTES: usize = 128 * 1024
        => Network, "the answer goes out as the client takes it", ["http/src/serve.rs"];
    /// Largest rest of a body that is read after an early answer to keep the connection open, in bytes.
    pub const DRAIN_BYTES_MAX: u64 = 64 * 1024
        => Network, "`Connection: close`", ["http/src/serve/front.rs"];
    /// Most that is read and thrown away before a connection is closed, so that the client can read the answer, in bytes.
    pub const LINGER_BYTES_MAX: usize = 4 * 1024 * 1024
        => Network, "the connection is closed", ["http/src/serve.rs"];
    /// Time for which is read before a connection is closed, in milliseconds.
    pub const LINGER_MS_MAX: u64 = 2_000
        => Network, "the connection is closed", ["http/src/serve.rs", "http/src/serve/front.rs"];
    /// Largest value of `shutdown.drain_seconds` and `shutdown.finish_seconds`.
    pub const SHUTDOWN_SECONDS_CONFIGURED_MAX: u64 = 3_600
        => Config, "the host does not start and names the key", ["cli/src/config/serving.rs"];
    /// Time for a request to be answered, in seconds.
    pub const REQUEST_SECONDS_MAX: u64 = 30
        => Token, "503 `unavailable`", ["http/src/route.rs"];
    /// Time for an audit to be answered, in seconds.
    pub const AUDIT_SECONDS_MAX: u64 = 100
        => Viewer, "503 `unavailable`; the audit is stopped", ["http/src/ledger.rs"];
    /// Time for a publication to be answered, in seconds; a component may wait for others to be compiled.
    pub const PUBLISH_SECONDS_MAX: u64 = 120
        => Admin, "503 `unavailable`", ["http/src/policies.rs"];
    /// Most items in a page of a list.
    pub const PAGE_ITEMS_MAX: usize = 1_000
        => Viewer, "400 `malformed-request`", ["http/src/page.rs", "cli/src/listing.rs"];
    /// Size from which a page takes no further item, in bytes of JSON. A single item may be larger.
    pub const PAGE_BYTES_MAX: usize = 4 * 1024 * 1024
        => Viewer, "the page ends early; `next` says where to go on", ["http/src/page.rs"];
    /// Reads of the store for callers that run at a time.
    pub const READS_MAX: usize = 16
        => Viewer, "further reads wait for `READ_WAIT_MS_MAX`", ["service/src/reads.rs"];
    /// Time for which a read waits for its turn, in milliseconds.
    pub const READ_WAIT_MS_MAX: u64 = 5_000
        => Viewer, "503 `busy`", ["service/src/reads.rs"];
    /// Audits over HTTP that run at a time.
    pub const AUDITS_MAX: usize = 1
        => Viewer, "503 `busy`", ["service/src/reads.rs"];
    /// Most requests of one token that its configuration can allow in flight at a time.
    pub const IN_FLIGHT_PER_TOKEN_MAX: u32 = 4_096
        => Config, "the host does not start and names the key", ["http/src/auth.rs"];
    /// Most bytes of bodies of one token's requests that are in flight at a time.
    pub const IN_FLIGHT_BYTES_PER_TOKEN_MAX: u32 = 64 * 1024 * 1024
        => Token, "429 `too-many-requests` with `Retry-After`", ["http/src/quota.rs"];
    /// Most events or requests a second that a token's quota can say.
    pub const QUOTA_PER_SECOND_MAX: u32 = 1_000_000
        => Config, "the host does not start and names the key", ["http/src/auth.rs"];
    /// Most patterns of sources, and of kinds, of one token.
    pub const TOKEN_PATTERNS_MAX: usize = 64
        => Config, "the host does not start and names the key", ["http/src/auth.rs"];
    /// Longest pattern of a source or a kind, in bytes.
    pub const TOKEN_PATTERN_BYTES_MAX: usize = 256
        => Config, "the host does not start and names the key", ["service/src/scope.rs"];
    /// Longest token that is looked up, in bytes.
    pub const TOKEN_BYTES_MAX: usize = 256
        => Network, "401 `unauthenticated`", ["http/src/auth.rs"];
}
