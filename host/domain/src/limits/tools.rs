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
    /// Wall time of one call of a policy where nobody waits for it (replays, backtests, simulations, tests of policies), in milliseconds: so
    /// long that fuel ends a call first.
    pub const OFFLINE_CALL_MS_MAX: u64 = 10_000
        => Author, "the decision is reported as not run", ["engine/src/runtime.rs"];
    /// Largest answer of a host that the command line reads, in bytes.
    pub const CLIENT_ANSWER_BYTES_MAX: u64 = 256 * 1024 * 1024
        => Host, "the command fails", ["cli/src/client.rs"];
    /// Most repetitions of one step of a scenario.
    pub const SCENARIO_TIMES_MAX: u32 = 20_000
        => Author, "the scenario file is rejected", ["conformance/src/run/repeat.rs"];
    /// Largest file of a job that is read when the host starts, in bytes.
    pub const JOB_BYTES_MAX: usize = 64 * 1024 * 1024
        => Host, "the job is left out, with a warning", ["service/src/jobs/kept.rs"];
    /// Largest file of secrets, in bytes.
    pub const SECRETS_BYTES_MAX: usize = 64 * 1024
        => Config, "the host does not start and names the file", ["cli/src/data_dir.rs"];
    /// Largest file of a signature in a watched folder, in bytes.
    pub const SIGNATURE_BYTES_MAX: usize = 1_024
        => Config, "the file is reported and left out", ["cli/src/watch/folder.rs"];
}
