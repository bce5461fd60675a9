//! What one decision may use and propose.

limits! {
    /// Fuel of one decision before its input is counted.
    pub const FUEL_BASE: u64 = 10_000_000
        => Author, "fault `fuel`: the decision changes nothing", ["engine/src/runtime.rs"];
    /// Fuel added for each byte of parameters, event data, parties and state.
    pub const FUEL_PER_INPUT_BYTE: u64 = 500
        => Author, "fault `fuel`: the decision changes nothing", ["engine/src/runtime.rs"];
    /// Wall time of one decision, in milliseconds.
    pub const DECISION_MS_MAX: u64 = 50
        => Author, "503 `undecided` after DECISION_TRIES_MAX tries; nothing of the event is recorded",
        ["engine/src/runtime.rs"];
    /// Tries of a decision that ran out of wall time, before its event is rejected.
    pub const DECISION_TRIES_MAX: u32 = 3
        => Author, "503 `undecided`; nothing of the event is recorded", ["service/src/pipeline/evaluate.rs"];
    /// Memory that one decision may use, in bytes.
    pub const GUEST_MEMORY_BYTES_MAX: usize = 16 * 1024 * 1024
        => Author, "fault `memory`: the decision changes nothing", ["engine/src/sandbox.rs", "engine/src/profile.rs"];
    /// Stack of a guest, in bytes.
    pub const GUEST_STACK_BYTES_MAX: usize = 512 * 1024
        => Author, "fault `stack`: the decision changes nothing", ["engine/src/profile.rs"];
    /// Handles to resources that one call may hold at a time.
    pub const HANDLES_MAX: usize = 64
        => Author, "fault `trap`: the decision changes nothing", ["engine/src/sandbox.rs"];
    /// Random bytes that one call gives a guest.
    pub const GUEST_RANDOM_BYTES_MAX: u64 = 64 * 1024
        => Author, "fault `trap`: the decision changes nothing", ["engine/src/wasi/random.rs"];
    /// Bytes that the host lifts out of a guest for one call.
    pub const OUTPUT_BYTES_MAX: usize = 1024 * 1024
        => Author, "fault `output`: the decision changes nothing", ["engine/src/sandbox.rs"];
    /// Log kept of one decision, in bytes.
    pub const LOG_BYTES_MAX: usize = 8 * 1024
        => Author, "the rest of the log is dropped", ["engine/src/log.rs"];
    /// Most that is kept of the end of standard error, in bytes, to find a panic's message in.
    pub const LAST_WORDS_BYTES_MAX: usize = 512
        => Author, "what was written earlier is dropped", ["engine/src/log.rs"];
    /// Largest record of a decision, in bytes of its stored text: more than all that it is made of comes to.
    pub const RECORD_BYTES_MAX: usize = 64 * 1024 * 1024
        => Author, "cannot be reached by decisions within their other bounds", ["store/src/pack.rs"];
    /// Most effects in one decision.
    pub const EFFECTS_MAX: usize = 64
        => Author, "fault `invalid-output`: the decision changes nothing", ["engine/src/proposed.rs"];
    /// Most claims in one decision.
    pub const CLAIMS_MAX: usize = 16
        => Author, "fault `invalid-output`: the decision changes nothing", ["engine/src/proposed.rs"];
    /// Largest state of one owner, in bytes of JSON.
    pub const STATE_BYTES_MAX: usize = 16 * 1024
        => Author, "fault `invalid-output`: the decision changes nothing", ["engine/src/proposed.rs"];
    /// Largest data of one enrolment, in bytes of JSON.
    pub const ENROLMENT_DATA_BYTES_MAX: usize = 4 * 1024
        => Author, "fault `invalid-output`: the decision changes nothing", ["engine/src/proposed.rs"];
    /// Most that one party weighs in a pool.
    pub const WEIGHT_MAX: u64 = 1_000_000_000
        => Author, "fault `invalid-output`: the decision changes nothing", ["engine/src/proposed.rs"];
    /// Longest label of a measure, in bytes.
    pub const MEASURE_LABEL_BYTES_MAX: usize = 64
        => Author, "fault `invalid-output`: the decision changes nothing", ["engine/src/proposed.rs"];
    /// Most counts of one campaign: measures, each with each of its labels.
    pub const MEASURES_MAX: usize = 256
        => Author, "the effect is skipped: `too-many-counts`", ["domain/src/rules/measure.rs"];
    /// Most alternatives of one grant.
    pub const CHOICES_MAX: usize = 8
        => Author, "fault `invalid-output`: the decision changes nothing", ["engine/src/proposed.rs"];
    /// Longest note of a decision, in bytes.
    pub const NOTE_BYTES_MAX: usize = 1024
        => Author, "fault `invalid-output`: the decision changes nothing", ["engine/src/proposed.rs"];
    /// Longest reason of a grant or revocation, in bytes.
    pub const REASON_BYTES_MAX: usize = 256
        => Author, "fault `invalid-output`: the decision changes nothing; of an operator's command 422 `invalid-document`",
        ["engine/src/proposed.rs", "documents/src/request.rs", "http/src/deliveries.rs", "http/src/versions.rs"];
    /// Longest message of a refusal, in bytes.
    pub const REFUSAL_MESSAGE_BYTES_MAX: usize = 1024
        => Author, "fault `invalid-output`: the decision changes nothing", ["engine/src/proposed.rs"];
    /// Largest variables of one message, in bytes of JSON.
    pub const MESSAGE_VARS_BYTES_MAX: usize = 8 * 1024
        => Author, "fault `invalid-output`: the decision changes nothing", ["engine/src/proposed.rs"];
    /// Most channels that a message may name.
    pub const MESSAGE_CHANNELS_MAX: usize = 8
        => Author, "fault `invalid-output`: the decision changes nothing", ["engine/src/proposed.rs"];
    /// Longest name of a channel, in bytes.
    pub const CHANNEL_BYTES_MAX: usize = 64
        => Author, "fault `invalid-output`: the decision changes nothing", ["engine/src/proposed.rs"];
    /// Largest data of one timer, in bytes of JSON.
    pub const TIMER_DATA_BYTES_MAX: usize = 4 * 1024
        => Author, "fault `invalid-output`: the decision changes nothing", ["engine/src/proposed.rs"];
    /// Most timers of one owner in one campaign.
    pub const TIMERS_PER_OWNER_MAX: usize = 16
        => Author, "the effect is skipped: `too-many-timers`", ["domain/src/rules/schedule.rs"];
    /// How long after a timer went off one that is set because of it is due at the earliest, in milliseconds: a minute.
    pub const TIMER_AGAIN_MS_MIN: i64 = 60_000
        => Author, "the timer is set to this time", ["domain/src/rules/schedule.rs"];
    /// Largest answer to one question, in bytes of JSON.
    pub const ANSWER_BYTES_MAX: usize = 8 * 1024
        => Author, "502 `policy-fault`", ["engine/src/proposed.rs"];
    /// Most offers taken from one check of parameters.
    pub const OFFERS_MAX: usize = 64
        => Author, "422 `invalid-document` at `/params`: the policy could not check them", ["engine/src/proposed.rs"];
    /// Most problems taken from one check of parameters.
    pub const CHECK_PROBLEMS_MAX: usize = 64
        => Author, "422 `invalid-document` at `/params`: the policy could not check them", ["engine/src/proposed.rs"];
    /// Largest magnitude of an amount, in minor units.
    pub const AMOUNT_MAX: i64 = 1_000_000_000_000_000
        => Author, "fault `invalid-output`: the decision changes nothing; elsewhere 422 `invalid-quantity` or `invalid-document`",
        ["domain/src/words/unit.rs", "engine/src/proposed.rs"];
}
