//! What the pipeline does at once, and what waits for it.

limits! {
    /// Most requests of all callers that wait for the decider.
    pub const WAITING_REQUESTS_MAX: usize = 4_096
        => Token, "503 `busy` with `Retry-After`", ["service/src/queue/bounds.rs"];
    /// Most requests of one token that wait for the decider.
    pub const WAITING_REQUESTS_PER_TOKEN_MAX: usize = 1_024
        => Token, "429 `queue-full` with `Retry-After`", ["service/src/queue/bounds.rs"];
    /// Most events of all callers that wait for the decider.
    pub const WAITING_EVENTS_MAX: usize = 16 * 1024
        => Ingest, "503 `busy` with `Retry-After`", ["service/src/queue/bounds.rs"];
    /// Most events of one token that wait for the decider.
    pub const WAITING_EVENTS_PER_TOKEN_MAX: usize = 8 * 1024
        => Ingest, "429 `queue-full` with `Retry-After`", ["service/src/queue/bounds.rs"];
    /// Most bytes of all callers' work that waits for the decider.
    pub const WAITING_BYTES_MAX: usize = 128 * 1024 * 1024
        => Token, "503 `busy` with `Retry-After`", ["service/src/queue/bounds.rs"];
    /// Most bytes of one token's work that waits for the decider.
    pub const WAITING_BYTES_PER_TOKEN_MAX: usize = 32 * 1024 * 1024
        => Token, "429 `queue-full` with `Retry-After`", ["service/src/queue/bounds.rs"];
    /// Longest time after which a caller is told to try again because too much waits, in seconds.
    pub const WAITING_RETRY_SECONDS_MAX: u32 = 30
        => Host, "`Retry-After` says no more", ["service/src/queue/bounds.rs"];
    /// Largest number of an event, a decision, a delivery or a transfer: every reader of JSON holds it exactly.
    pub const NUMBER_MAX: u64 = (1 << 53) - 1
        => Host, "the host stops and says so", ["domain/src/words/run.rs"];
    /// Most events that are taken for one turn of the decider: the committer may be waiting for them.
    pub const DECIDE_EVENTS_MAX: usize = 256
        => Ingest, "further events wait for their turn",
        ["service/src/queue.rs", "service/src/pipeline/mod.rs"];
    /// Events from which on the batch that gathers takes in nothing more before it is written.
    pub const COMMIT_EVENTS_MAX: usize = 2_048
        => Ingest, "further events wait for the next commit", ["service/src/pipeline/mod.rs"];
    /// Most decisions that are made in one turn of the decider.
    pub const TURN_DECISIONS_MAX: usize = 256
        => Ingest, "further decisions wait for the next turn, after other callers had theirs",
        ["service/src/pipeline/turn.rs", "service/src/pipeline/deferred.rs"];
    /// Effects after which a turn of the decider ends. A wave that has begun is finished, so a turn has at most these and those of
    /// `WAVE_DECISIONS_MAX` decisions.
    pub const TURN_EFFECTS_MAX: usize = 1_024
        => Author, "further decisions wait for the next turn", ["service/src/pipeline/turn.rs"];
    /// Wall time after which a turn of the decider begins nothing more, in milliseconds.
    pub const TURN_MS_MAX: u64 = 100
        => Author, "further decisions wait for the next turn", ["service/src/pipeline/turn.rs"];
    /// Most decisions that are made side by side.
    pub const WAVE_DECISIONS_MAX: usize = 64
        => Ingest, "further decisions are made in the next wave", ["service/src/pipeline/wave.rs"];
    /// Most decisions on one event that are made at once.
    pub const EVENT_DECISIONS_MAX: usize = 256
        => Operator, "the other decisions are queued; the answer lists them as deferred", ["service/src/pipeline/group.rs"];
    /// Effects of the decisions on one event after which its other decisions are queued.
    pub const EVENT_EFFECTS_MAX: usize = 1_024
        => Author, "the other decisions are queued; the answer lists them as deferred", ["service/src/pipeline/group.rs"];
    /// Events, decisions, effects and deferred decisions after which a batch takes in nothing more before it is written.
    pub const COMMIT_ROWS_MAX: usize = 4_096
        => Author, "the rest waits for the next commit", ["service/src/pipeline/mod.rs"];
    /// Rows after which a batch takes in nothing more while more than one caller waits.
    pub const COMMIT_SHARED_ROWS_MAX: usize = 512
        => Ingest, "the rest waits for the next commit", ["service/src/pipeline/mod.rs"];
    /// Most decisions on what the host itself did that one batch makes together with what caused them.
    pub const CASCADE_DECISIONS_MAX: usize = 128
        => Author, "further decisions are queued, in order", ["service/src/pipeline/cascade.rs", "service/src/pipeline/turn.rs"];
    /// Effects of decisions on what was caused, in one batch, after which further such decisions are queued.
    pub const CASCADE_EFFECTS_MAX: usize = 512
        => Author, "further decisions are queued, in order", ["service/src/pipeline/turn.rs"];
    /// Most queued decisions that are made between two commits.
    pub const QUEUED_DECISIONS_MAX: usize = 128
        => Author, "the rest waits for the next commit", ["service/src/pipeline/queued.rs", "service/src/pipeline/turn.rs"];
    /// Effects of queued decisions after which no more of them are made between two commits.
    pub const QUEUED_EFFECTS_MAX: usize = 512
        => Author, "the rest waits for the next commit", ["service/src/pipeline/turn.rs"];
    /// Decisions that may run out of wall time in one turn of the decider; then nothing more is begun in it.
    pub const LATE_PER_TURN_MAX: usize = 4
        => Author, "further decisions wait for the next turn", ["service/src/pipeline/turn.rs"];
    /// Decisions given up in a row for want of wall time before a version is suspended.
    pub const LATE_IN_A_ROW_MAX: u32 = 3
        => Author, "503 `undecided` while the version is suspended", ["service/src/pipeline/turn.rs"];
    /// Decisions that may run out of wall time in `LATE_WINDOW_MS` before a version is suspended.
    pub const LATE_IN_WINDOW_MAX: u32 = 20
        => Author, "503 `undecided` while the version is suspended", ["service/src/pipeline/turn.rs"];
    /// Shortest time that a version is suspended, in milliseconds; twice as long each time that it is late again.
    pub const SUSPENDED_MS_MIN: u64 = 1_000
        => Author, "503 `undecided` while the version is suspended", ["service/src/pipeline/turn.rs"];
    /// Longest time that a version is suspended at a time, in milliseconds.
    pub const SUSPENDED_MS_MAX: u64 = 60_000
        => Author, "503 `undecided` while the version is suspended", ["service/src/pipeline/turn.rs"];
    /// Longest time that policies may take to merge the states of the customers of one event, in milliseconds.
    pub const MERGING_MS_MAX: u64 = 500
        => Ingest, "503 `undecided`", ["service/src/pipeline/merge.rs"];
    /// Rows held in memory before the decider lets them go.
    pub const FACTS_MAX: usize = 2_000_000
        => Ingest, "rows are read again from the store", ["service/src/pipeline/mod.rs"];
    /// Most times in a row that what the host did leads to a further event.
    pub const CASCADE_DEPTH_MAX: u32 = 8
        => Author, "no further event is made", ["domain/src/rules/cascade.rs"];
    /// Re-tries of a deferred decision before it is a dead letter.
    pub const DEFER_ATTEMPTS_MAX: u32 = 8
        => Author, "the decision is a dead letter: `faulted`", ["service/src/pipeline/decide.rs"];
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
    pub const EVENTS_REMOVED_AT_ONCE_MAX: usize = 4_096
        => Host, "the rest waits for the next commit", ["service/src/pipeline/retain.rs"];
}
