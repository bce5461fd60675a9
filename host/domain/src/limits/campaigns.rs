//! What campaigns, segments and units may be.

limits! {
    /// Largest campaign parameters, in bytes of JSON.
    pub const PARAMS_BYTES_MAX: usize = 64 * 1024
        => Operator, "422 `invalid-document` at `/params`; terms of a unit at `/terms`",
        ["documents/src/campaign.rs", "documents/src/catalogue.rs", "service/src/fit.rs"];
    /// Most pools of one campaign.
    pub const POOLS_MAX: usize = 8
        => Operator, "422 `invalid-document` at `/pools`", ["documents/src/programme.rs"];
    /// Most budgets of one campaign.
    pub const BUDGETS_MAX: usize = 32
        => Operator, "422 `invalid-document` at `/budgets`", ["documents/src/terms.rs"];
    /// Most limits of one campaign.
    pub const CAMPAIGN_LIMITS_MAX: usize = 32
        => Operator, "422 `invalid-document` at `/limits`", ["documents/src/terms.rs"];
    /// Most rules of one gate.
    pub const GATE_RULES_MAX: usize = 8
        => Operator, "422 `invalid-document` at `/gate/any_of`", ["documents/src/gate.rs"];
    /// Largest rate of a gate, in basis points: the whole.
    pub const BASIS_POINTS_MAX: u32 = 10_000
        => Operator, "422 `invalid-document` at `/gate/.../rate_basis_points`",
        ["documents/src/gate.rs", "domain/src/rules/cost.rs"];
    /// Most recurring windows of one campaign.
    pub const WINDOWS_MAX: usize = 32
        => Operator, "422 `invalid-document` at `/windows`", ["documents/src/windows.rs"];
    /// Most dates of one recurring window: every day of a year.
    pub const WINDOW_DATES_MAX: usize = 366
        => Operator, "422 `invalid-document` at `/windows/.../dates`", ["documents/src/windows.rs"];
    /// Longest condition on customers, in bytes.
    pub const CONDITION_BYTES_MAX: usize = 1_024
        => Operator, "422 `invalid-document` at `/where` or `/audience/where`", ["domain/src/rows/segment.rs"];
    /// Deepest nesting of a condition on customers.
    pub const CONDITION_DEPTH_MAX: usize = 32
        => Operator, "422 `invalid-document` at `/where` or `/audience/where`",
        ["service/src/segment.rs", "service/src/segment/reading.rs"];
    /// Most steps of the evaluation of a condition on customers.
    pub const CONDITION_STEPS_MAX: u64 = 50_000
        => Operator, "422 `invalid-document` at `/where` or `/audience/where`", ["service/src/segment/reading.rs"];
    /// Most days that a calendar is shown for at once: a leap year.
    pub const CALENDAR_DAYS_MAX: i32 = 366
        => Viewer, "400 `malformed-request`", ["http/src/calendar.rs"];
    /// Longest time that a grant is good for by the terms of its unit, in days: a hundred years.
    pub const VALID_DAYS_MAX: u32 = 36_525
        => Operator, "422 `invalid-document` at `/valid_days` or `/grace_days`", ["documents/src/catalogue.rs"];
    /// Most pieces in which one redemption is returned.
    pub const RETURNS_MAX: usize = 64
        => Fulfil, "409 `too-many-returns`; the rest can be returned at once", ["domain/src/rules/redeem.rs"];
    /// Most digits behind the point that a decimal is read or written with.
    pub const PLACES_MAX: u32 = 12
        => Operator, "422 `invalid-document`", ["domain/src/words/ratio.rs"];
    /// Activations that a campaign can go back through.
    pub const EARLIER_MAX: usize = 8
        => Operator, "the oldest activation is forgotten", ["domain/src/rows/activation.rs"];
    /// Most states that are tried before an activation.
    pub const MIGRATION_STATES_TRIED_MAX: u64 = 10_000
        => Operator, "further states are not tried before the activation", ["service/src/commands/order.rs"];
    /// Most differences of a rollout that are kept.
    pub const ROLLOUT_DIFFERENCES_MAX: u64 = 10_000
        => Operator, "further differences are only counted", ["service/src/pipeline/trial.rs"];
    /// Most quiet hours in the rules for messages.
    pub const QUIET_WINDOWS_MAX: usize = 8
        => Operator, "422 `invalid-document` at `/quiet`", ["domain/src/rows/message_rules.rs"];
    /// Most caps in the rules for messages.
    pub const MESSAGE_CAPS_MAX: usize = 8
        => Operator, "422 `invalid-document` at `/caps`", ["domain/src/rows/message_rules.rs"];
    /// Most messages that a cap may allow; as many times are kept of each customer.
    pub const CAP_COUNT_MAX: u32 = 100
        => Operator, "422 `invalid-document` at `/caps/N/count`", ["domain/src/rows/message_rules.rs"];
    /// Longest window of a cap, in hours: a year.
    pub const CAP_HOURS_MAX: u32 = 366 * 24
        => Operator, "422 `invalid-document` at `/caps/N/hours`", ["domain/src/rows/message_rules.rs"];
    /// Most segments.
    pub const SEGMENTS_MAX: usize = 1_000
        => Operator, "422 `invalid-document`", ["service/src/commands/segments.rs"];
    /// Most pockets.
    pub const POCKETS_MAX: usize = 1_000
        => Operator, "422 `invalid-document`", ["service/src/commands/pockets.rs"];
    /// Most units that have terms.
    pub const UNITS_MAX: usize = 4_000
        => Operator, "422 `invalid-document`", ["service/src/commands/units.rs"];
    /// Largest text or list that a condition on customers may build, in bytes.
    pub const CONDITION_VALUE_BYTES_MAX: u64 = 64 * 1024
        => Operator, "422 `invalid-document` at `/where` or `/audience/where`", ["service/src/segment/reading.rs"];
    /// Most units whose balances a condition on customers is shown at once.
    pub const CONDITION_UNITS_MAX: usize = 256
        => Operator, "422 `invalid-document` at `/where` or `/audience/where`", ["service/src/segment.rs", "service/src/segment/reading.rs"];
    /// Most steps of trying a condition on customers when it is written.
    pub const CONDITION_TRIAL_STEPS_MAX: u64 = 2_000_000
        => Operator, "fewer customers are tried", ["service/src/segment/trial.rs"];
    /// Most steps that the audiences of all campaigns on one event kind take together.
    pub const AUDIENCES_STEPS_MAX: u64 = 1_000_000
        => Operator, "422 `invalid-document` at `/audience/where`", ["service/src/pipeline/control.rs"];
    /// Most times that campaigns grant in one calendar.
    pub const CALENDAR_OCCURRENCES_MAX: usize = 20_000
        => Viewer, "400 `malformed-request`", ["service/src/queries/calendar.rs"];
    /// Most documents of operators that are checked at the same time.
    pub const CHANGES_RUNNING_MAX: usize = 2
        => Operator, "further documents wait", ["service/src/lib.rs"];
    /// Most documents of operators that wait to be checked.
    pub const CHANGES_WAITING_MAX: usize = 64
        => Operator, "503 `busy`", ["service/src/lib.rs"];
    /// Most findings about a campaign that are told at once.
    pub const FINDINGS_MAX: usize = 64
        => Operator, "further findings are not told; errors come first", ["service/src/lint/mod.rs"];
}
