//! What jobs, configurations and the command line may ask for.

limits! {
    /// Most jobs that are kept with what they found.
    pub const JOBS_KEPT_MAX: usize = 100
        => Operator, "the oldest job that has ended is forgotten", ["service/src/jobs.rs"];
    /// Most jobs that wait for their turn.
    pub const JOBS_WAITING_MAX: usize = 16
        => Operator, "503 `busy`", ["service/src/jobs.rs"];
    /// Most recorded events that a job runs again: it keeps all that comes of them in memory.
    pub const JOB_EVENTS_MAX: u64 = 100_000
        => Operator, "the job fails and names `largesse backtest --stateful`", ["service/src/jobs.rs"];
    /// Most workers: more have no use on any machine that is known.
    pub const WORKERS_MAX: usize = 1_024
        => Config, "the host does not start and names the key", ["cli/src/config.rs"];
    /// Longest time that records are kept, in days: a hundred years.
    pub const KEEP_DAYS_MAX: u32 = 36_525
        => Config, "the host does not start and names the key", ["cli/src/config.rs"];
    /// Largest answer of a host that the command line reads, in bytes.
    pub const CLIENT_ANSWER_BYTES_MAX: u64 = 256 * 1024 * 1024
        => Host, "the command fails", ["cli/src/client.rs"];
    /// Most repetitions of one step of a scenario.
    pub const SCENARIO_TIMES_MAX: u32 = 20_000
        => Author, "the scenario file is rejected", ["conformance/src/run/repeat.rs"];
}
