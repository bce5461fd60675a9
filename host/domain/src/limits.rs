//! Every bound of the system, in one place, with its unit in its name.

/// Largest CloudEvent, in bytes of JSON.
pub const EVENT_BYTES_MAX: usize = 64 * 1024;
/// Most events in one batch.
pub const BATCH_EVENTS_MAX: usize = 1_000;
/// Largest batch, in bytes of JSON.
pub const BATCH_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Deepest nesting of objects and arrays in any JSON that comes in.
pub const JSON_DEPTH_MAX: usize = 32;
/// Largest campaign parameters, in bytes of JSON.
pub const PARAMS_BYTES_MAX: usize = 64 * 1024;
/// Largest state of one owner, in bytes of JSON.
pub const STATE_BYTES_MAX: usize = 16 * 1024;
/// Largest manifest schema, in bytes of JSON.
pub const PARAMS_SCHEMA_BYTES_MAX: usize = 256 * 1024;

/// Most effects in one decision.
pub const EFFECTS_MAX: usize = 64;
/// Most claims in one decision.
pub const CLAIMS_MAX: usize = 16;
/// Largest data of one enrolment, in bytes of JSON.
pub const ENROLMENT_DATA_BYTES_MAX: usize = 4 * 1024;
/// Most that one party weighs in a pool.
pub const WEIGHT_MAX: u64 = 1_000_000_000;
/// Longest label of a measure, in bytes.
pub const MEASURE_LABEL_BYTES_MAX: usize = 64;
/// Most counts of one campaign: measures, each with each of its labels.
pub const MEASURES_MAX: usize = 256;
/// Most alternatives of one grant.
pub const CHOICES_MAX: usize = 8;
/// Longest note of a decision, in bytes.
pub const NOTE_BYTES_MAX: usize = 1024;
/// Longest reason of a grant or revocation, in bytes.
pub const REASON_BYTES_MAX: usize = 256;
/// Longest message of a refusal, in bytes.
pub const REFUSAL_MESSAGE_BYTES_MAX: usize = 1024;
/// Largest variables of one message, in bytes of JSON.
pub const MESSAGE_VARS_BYTES_MAX: usize = 8 * 1024;
/// Largest data of one timer, in bytes of JSON.
pub const TIMER_DATA_BYTES_MAX: usize = 4 * 1024;
/// Most timers of one owner in one campaign.
pub const TIMERS_PER_OWNER_MAX: usize = 16;
/// How long after a timer went off one that is set because of it is due at the earliest, in milliseconds: a minute.
pub const TIMER_AGAIN_MS_MIN: i64 = 60_000;
/// Most channels that a message may name.
pub const MESSAGE_CHANNELS_MAX: usize = 8;

/// Largest component, in bytes.
pub const COMPONENT_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Memory that one decision may use, in bytes.
pub const GUEST_MEMORY_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Fuel of one decision before its input is counted.
pub const FUEL_BASE: u64 = 10_000_000;
/// Fuel added for each byte of parameters, event data, parties and state.
pub const FUEL_PER_INPUT_BYTE: u64 = 500;
/// Wall time of one decision, in milliseconds.
pub const DECISION_MS_MAX: u64 = 50;
/// Wall time of one call of a policy where nobody waits for it (replays, backtests, simulations, tests of policies), in milliseconds: so long that
/// fuel ends a call first.
pub const OFFLINE_CALL_MS_MAX: u64 = 10_000;
/// Log kept of one decision, in bytes.
pub const LOG_BYTES_MAX: usize = 8 * 1024;
/// Largest record of a decision, in bytes of its stored text: more than all that it is made of comes to.
pub const RECORD_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Bytes that the host lifts out of a guest for one call.
pub const OUTPUT_BYTES_MAX: usize = 1024 * 1024;

/// Furthest inviter shown by default.
pub const INVITER_DISTANCE_DEFAULT: u8 = 2;
/// Furthest inviter that a campaign may allow.
pub const INVITER_DISTANCE_MAX: u8 = 3;
/// Longest chain of inviters followed when looking for a cycle.
pub const REFERRAL_CHAIN_MAX: usize = 1_000;
/// Most parties shown to one decision; of more, those of the roles that are declared first.
pub const PARTIES_MAX: usize = 128;
/// Most members of an entity that are kept and shown.
pub const MEMBERS_MAX: usize = 64;
/// Most live grants shown of one party.
pub const LIVE_GRANTS_MAX: usize = 64;
/// Most questions in a manifest.
pub const QUESTIONS_MAX: usize = 16;
/// Largest data of one question, in bytes of JSON.
pub const QUESTION_BYTES_MAX: usize = 16 * 1024;
/// Largest answer to one question, in bytes of JSON.
pub const ANSWER_BYTES_MAX: usize = 8 * 1024;
/// Most offers taken from one check of parameters.
pub const OFFERS_MAX: usize = 64;
/// Most roles in a manifest.
pub const ROLES_MAX: usize = 16;
/// Most subscriptions in a manifest.
pub const SUBSCRIPTIONS_MAX: usize = 64;

/// Most attributes of one customer.
pub const ATTRIBUTES_MAX: usize = 64;
/// Most tags of one customer.
pub const TAGS_MAX: usize = 128;
/// Values kept of one dimension of one customer (their last devices, cards ...).
pub const IDENTIFIERS_PER_DIMENSION_MAX: usize = 16;
/// Touches kept of one customer.
pub const TOUCHES_MAX: usize = 32;

/// Most programmes that one customer stands in.
pub const STANDINGS_MAX: usize = 16;
/// Most kinds of group that one customer is a member in.
pub const GROUPS_MAX: usize = 16;
/// Most tiers of one programme.
pub const TIERS_MAX: usize = 64;
/// Most programmes.
pub const PROGRAMMES_MAX: usize = 64;
/// Most pools of one campaign.
pub const POOLS_MAX: usize = 8;
/// Most other ids of one customer.
pub const OTHER_IDS_MAX: usize = 16;

/// Most budgets of one campaign.
pub const BUDGETS_MAX: usize = 32;
/// Most limits of one campaign.
pub const CAMPAIGN_LIMITS_MAX: usize = 32;
/// Most rules of one gate.
pub const GATE_RULES_MAX: usize = 8;
/// Largest rate of a gate, in basis points: the whole.
pub const BASIS_POINTS_MAX: u32 = 10_000;

/// Most recurring windows of one campaign.
pub const WINDOWS_MAX: usize = 32;
/// Most dates of one recurring window: every day of a year.
pub const WINDOW_DATES_MAX: usize = 366;
/// Longest condition on customers, in bytes.
pub const CONDITION_BYTES_MAX: usize = 1_024;
/// Deepest nesting of a condition on customers.
pub const CONDITION_DEPTH_MAX: usize = 32;
/// Most steps of the evaluation of a condition on customers.
pub const CONDITION_STEPS_MAX: u64 = 20_000;
/// Most days that a calendar is shown for at once: a leap year.
pub const CALENDAR_DAYS_MAX: i32 = 366;
/// A day by the clock on the wall, in minutes.
pub const MINUTES_PER_DAY: u16 = 24 * 60;

/// Largest number of an event, a decision, a delivery or a transfer: every reader of JSON holds it exactly.
pub const NUMBER_MAX: u64 = (1 << 53) - 1;
/// Largest magnitude of an amount, in minor units.
pub const AMOUNT_MAX: i64 = 1_000_000_000_000_000;

/// How long after its time an event is taken without the permission to backfill, in milliseconds: 7 days.
pub const EVENT_AGE_MS_MAX: i64 = 7 * 24 * 60 * 60 * 1_000;
/// How far ahead of the host's clock an event's time may be, in milliseconds: 5 minutes.
pub const EVENT_AHEAD_MS_MAX: i64 = 5 * 60 * 1_000;

/// Re-tries of a deferred decision before it is a dead letter.
pub const DEFER_ATTEMPTS_MAX: u32 = 8;

/// Most destinations.
pub const DESTINATIONS_MAX: usize = 64;
/// Longest URL of a destination, in bytes.
pub const DESTINATION_URL_BYTES_MAX: usize = 2_048;
/// Most secrets of a destination that are good at a time.
pub const DESTINATION_SECRETS_MAX: usize = 3;
/// Most patterns of topics of a destination.
pub const DESTINATION_TOPICS_MAX: usize = 32;
/// Shortest secret, in bytes.
pub const SECRET_BYTES_MIN: usize = 24;
/// Longest secret, in bytes.
pub const SECRET_BYTES_MAX: usize = 64;
/// Attempts at a delivery before it is dead.
pub const DELIVERY_ATTEMPTS_MAX: u32 = 14;
/// Longest error kept of a delivery, in bytes.
pub const DELIVERY_ERROR_BYTES_MAX: usize = 256;
/// Longest that a destination may ask to be left alone, in milliseconds: 1 hour.
pub const RETRY_AFTER_MS_MAX: i64 = 60 * 60 * 1_000;
/// Most jobs that are kept with what they found.
pub const JOBS_KEPT_MAX: usize = 100;
/// Most jobs that wait for their turn.
pub const JOBS_WAITING_MAX: usize = 16;
/// Most recorded events that a job runs again: it keeps all that comes of them in memory.
pub const JOB_EVENTS_MAX: u64 = 100_000;
/// Most dead deliveries that one command has sent again.
pub const REPLAY_MAX: usize = 1_000;
/// Most times in a row that what the host did leads to a further event.
pub const CASCADE_DEPTH_MAX: u32 = 8;
/// Most quiet hours in the rules for messages.
pub const QUIET_WINDOWS_MAX: usize = 8;
/// Most caps in the rules for messages.
pub const MESSAGE_CAPS_MAX: usize = 8;
/// Most messages that a cap may allow; as many times are kept of each customer.
pub const CAP_COUNT_MAX: u32 = 100;
/// Longest window of a cap, in hours: a year.
pub const CAP_HOURS_MAX: u32 = 366 * 24;

const _: () = assert!(EVENT_BYTES_MAX <= BATCH_BYTES_MAX);
const _: () = assert!(STATE_BYTES_MAX < OUTPUT_BYTES_MAX);
const _: () = assert!(MESSAGE_VARS_BYTES_MAX * EFFECTS_MAX <= OUTPUT_BYTES_MAX);
const _: () = assert!(ENROLMENT_DATA_BYTES_MAX * EFFECTS_MAX <= OUTPUT_BYTES_MAX);
const _: () = assert!(TIMER_DATA_BYTES_MAX * EFFECTS_MAX <= OUTPUT_BYTES_MAX);
const _: () = assert!(TIMER_DATA_BYTES_MAX * 2 <= EVENT_BYTES_MAX);
const _: () = assert!(INVITER_DISTANCE_DEFAULT <= INVITER_DISTANCE_MAX);
const _: () = assert!(AMOUNT_MAX.checked_mul(1_000).is_some());
