//! What a connection and a request may use.

limits! {
    /// Most connections at a time.
    pub const CONNECTIONS_MAX: usize = 4_096
        => Network, "further connections wait to be accepted", ["http/src/serve.rs"];
    /// Time for a request's head to arrive, and for a connection to be idle, in seconds.
    pub const HEAD_SECONDS_MAX: u64 = 60
        => Network, "the connection is closed", ["http/src/serve.rs"];
    /// Largest head of a request, in bytes.
    pub const HEAD_BYTES_MAX: usize = 64 * 1024
        => Network, "431, without a problem document", ["http/src/serve.rs"];
    /// Time for a body to arrive, in seconds.
    pub const BODY_SECONDS_MAX: u64 = 20
        => Token, "408 `slow-body`", ["http/src/body.rs"];
    /// Largest document that is no event and no component, in bytes.
    pub const DOCUMENT_BYTES_MAX: usize = 256 * 1024
        => Token, "413 `too-large`", ["http/src/body.rs"];
    /// Time for a request to be answered, in seconds.
    pub const REQUEST_SECONDS_MAX: u64 = 30
        => Token, "503 `unavailable`", ["http/src/route.rs"];
    /// Time for an audit to be answered, in seconds.
    pub const AUDIT_SECONDS_MAX: u64 = 100
        => Viewer, "503 `unavailable`", ["http/src/ledger.rs"];
    /// Time for a publication to be answered, in seconds; a component may wait for others to be compiled.
    pub const PUBLISH_SECONDS_MAX: u64 = 120
        => Admin, "503 `unavailable`", ["http/src/policies.rs"];
    /// Time for requests in flight to finish once the host stops, in seconds.
    pub const DRAIN_SECONDS_MAX: u64 = 35
        => Host, "the connection is closed", ["http/src/serve.rs"];
    /// Most deliveries in one page.
    pub const DELIVERIES_PAGE_MAX: usize = 500
        => Viewer, "400 `malformed-request`", ["http/src/deliveries.rs"];
    /// Most transfers in one page.
    pub const TRANSFERS_PAGE_MAX: usize = 1_000
        => Viewer, "400 `malformed-request`", ["http/src/ledger.rs"];
    /// Most decisions in one page.
    pub const DECISIONS_PAGE_MAX: usize = 500
        => Viewer, "400 `malformed-request`", ["http/src/decisions.rs"];
    /// Most items in one page about versions and rollouts.
    pub const ITEMS_PAGE_MAX: usize = 500
        => Viewer, "400 `malformed-request`", ["http/src/versions.rs"];
}
