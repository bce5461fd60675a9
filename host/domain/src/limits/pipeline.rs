//! What the pipeline does at once, and what waits for it.

limits! {
    /// Most events that wait for their answer at a time.
    pub const WAITING_EVENTS_MAX: usize = 16 * 1024
        => Ingest, "503 `busy`", ["service/src/lib.rs"];
    /// Most events that are decided together: the committer may be waiting for them.
    pub const DECIDE_EVENTS_MAX: usize = 256
        => Ingest, "further events wait for their turn",
        ["service/src/pipeline/admit.rs", "service/src/pipeline/mod.rs"];
    /// Events from which on the batch that gathers takes in nothing more before it is written.
    pub const COMMIT_EVENTS_MAX: usize = 2_048
        => Ingest, "further events wait for the next commit", ["service/src/pipeline/mod.rs"];
    /// Rows held in memory before the decider lets them go.
    pub const FACTS_MAX: usize = 2_000_000
        => Ingest, "rows are read again from the store", ["service/src/pipeline/mod.rs"];
    /// Most times in a row that what the host did leads to a further event.
    pub const CASCADE_DEPTH_MAX: u32 = 8
        => Author, "no further event is made", ["domain/src/cascade.rs"];
    /// Re-tries of a deferred decision before it is a dead letter.
    pub const DEFER_ATTEMPTS_MAX: u32 = 8
        => Author, "the decision is a dead letter: `faulted`", ["service/src/pipeline/decide.rs"];
    /// Most deferred decisions that are read from the store between two commits.
    pub const DEFERRED_AT_ONCE_MAX: usize = 2 * COMMIT_EVENTS_MAX
        => Host, "the rest waits for the next commit", ["service/src/pipeline/deferred.rs"];
    /// Most timers that go off between two commits.
    pub const TIMERS_AT_ONCE_MAX: usize = 512
        => Author, "the rest waits for the next commit", ["service/src/pipeline/timers.rs"];
    /// Most shares of pools that are told between two commits.
    pub const SHARES_AT_ONCE_MAX: usize = 512
        => Host, "the rest waits for the next commit", ["service/src/pipeline/pools.rs"];
    /// Most states that are looked at for a migration between two commits: some milliseconds of work.
    pub const STATES_MIGRATED_AT_ONCE_MAX: usize = 256
        => Operator, "the rest waits for the next commit", ["service/src/pipeline/migrate.rs"];
    /// Most records that are removed in one commit: a millisecond or two of work.
    pub const RECORDS_REMOVED_AT_ONCE_MAX: usize = 256
        => Host, "the rest waits for the next commit", ["service/src/pipeline/retain.rs"];
    /// Most events that one removal of records goes by.
    pub const EVENTS_REMOVED_AT_ONCE_MAX: u64 = 4_096
        => Host, "the rest waits for the next commit", ["service/src/pipeline/retain.rs"];
}
