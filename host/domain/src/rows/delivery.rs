//! Deliveries: what destinations are told, in which order, how often it is tried, and what their answers mean.
//!
//! What is to be told is written together with what it tells of, so that neither is there without the other, and it is sent
//! afterwards until the destination has taken it. Of two deliveries about one customer to one destination the later waits
//! until the earlier is delivered or dead.

use std::fmt;
use std::str::FromStr;

use crate::limits::{DELIVERY_ATTEMPTS_MAX, DELIVERY_ERROR_BYTES_MAX, RETRY_AFTER_MS_MAX};
use crate::rows::budget::Crossing;
use crate::rows::destination::UnknownTopic;
use crate::rows::effect::{Effect, Message, TagChange};
use crate::rows::facts::Facts;
use crate::rows::grant::{Grant, GrantSlot};
use crate::rows::outcome::{Done, HeldSlot, Outcome, Reversal};
use crate::rows::protection::Withdrawal;
use crate::rows::redemption::{Redemption, RedemptionId};
use crate::rules::lot::Settle;
use crate::words::id::{CustomerId, DestinationId};
use crate::words::json::Json;
use crate::words::time::Instant;
use crate::words::unit::{Quantity, Unit};

macro_rules! topics {
    ($($(#[$doc:meta])* $name:ident, $word:literal;)*) => {
        /// What a delivery tells of.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Topic { $($(#[$doc])* $name,)* }

        impl Topic {
            /// Every topic.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The word: `type` of the body.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }
        }
    };
}

topics! {
    /// A benefit was given.
    GrantGranted, "grant.granted";
    /// A grant was taken back, or part of it.
    GrantRevoked, "grant.revoked";
    /// A grant that was pending is given.
    GrantPosted, "grant.posted";
    /// What was left of a grant expired.
    GrantExpired, "grant.expired";
    /// A redemption was made, or changed its state.
    RedemptionChanged, "redemption.changed";
    /// The use of a budget rose to a share that operators want to hear of.
    BudgetReached, "budget.reached";
    /// The host took a version of a policy out of a campaign.
    VersionWithdrawn, "version.withdrawn";
    /// A message is to be sent.
    Message, "message";
    /// A tag was set or taken.
    TagChanged, "tag.changed";
    /// An operator tries the destination. Told when asked for, whatever the destination takes.
    DestinationTest, "destination.test";
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Topic {
    type Err = UnknownTopic;

    fn from_str(text: &str) -> Result<Self, UnknownTopic> {
        Self::ALL.iter().copied().find(|topic| topic.as_str() == text).ok_or(UnknownTopic)
    }
}

/// Something that came about and that destinations are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice<'a> {
    /// The grant in this slot was given.
    Granted(&'a GrantSlot),
    /// So much of a grant was taken back.
    Revoked {
        /// Of which.
        grant: &'a GrantSlot,
        /// Of what.
        unit: &'a Unit,
        /// How much.
        quantity: Quantity,
        /// Why.
        reason: &'a str,
    },
    /// This grant was pending and is given now.
    Posted(&'a Grant),
    /// So much of this grant expired.
    Expired(&'a Grant, Quantity),
    /// This redemption was made, or changed its state.
    Redemption(&'a Redemption),
    /// The use of this budget rose to a share.
    BudgetReached(&'a Crossing),
    /// This version was taken out of a campaign.
    Withdrawn(&'a Withdrawal),
    /// This message is to be sent.
    Message {
        /// Which.
        message: &'a Message,
        /// But not by these of its channels.
        without: &'a [String],
        /// And not before.
        not_before: Option<Instant>,
    },
    /// This tag was set or taken.
    Tag(&'a TagChange),
}

impl<'a> Notice<'a> {
    /// What tells of a reversal.
    #[must_use]
    pub fn revoked(reversal: &'a Reversal, reason: &'a str) -> Self {
        Self::Revoked { grant: &reversal.grant, unit: &reversal.unit, quantity: reversal.quantity, reason }
    }

    /// Under which topic it goes.
    #[must_use]
    pub fn topic(&self) -> Topic {
        match self {
            Self::Granted(_) => Topic::GrantGranted,
            Self::Revoked { .. } => Topic::GrantRevoked,
            Self::Posted(_) => Topic::GrantPosted,
            Self::Expired(..) => Topic::GrantExpired,
            Self::Redemption(_) => Topic::RedemptionChanged,
            Self::BudgetReached(_) => Topic::BudgetReached,
            Self::Withdrawn(_) => Topic::VersionWithdrawn,
            Self::Message { .. } => Topic::Message,
            Self::Tag(_) => Topic::TagChanged,
        }
    }

    /// Whom it is about. Budgets and versions are about nobody.
    #[must_use]
    pub fn customer(&self) -> Option<&'a CustomerId> {
        match self {
            Self::Granted(slot) | Self::Revoked { grant: slot, .. } => Some(&slot.to),
            Self::Posted(grant) | Self::Expired(grant, _) => Some(&grant.slot.to),
            Self::Redemption(redemption) => Some(&redemption.request.customer),
            Self::BudgetReached(_) | Self::Withdrawn(_) => None,
            Self::Message { message, .. } => Some(&message.to),
            Self::Tag(tag) => Some(&tag.to),
        }
    }
}

/// What is told of a decision: of each effect that was done, wholly or in part, in the order of the effects; of a redemption
/// once, as the facts show that the decision left it.
#[must_use]
pub fn notices<'a>(effects: &'a [Effect], outcomes: &'a [Outcome], facts: &'a Facts) -> Vec<Notice<'a>> {
    let mut notices = Vec::new();
    for (effect, outcome) in effects.iter().zip(outcomes) {
        let (Outcome::Applied(done) | Outcome::Reduced(done, _)) = outcome else { continue };
        match (effect, done) {
            (_, Done::Granted { grant, .. }) => notices.push(Notice::Granted(grant)),
            (Effect::Revoke(revocation), Done::Revoked(reversals)) => {
                notices.extend(reversals.iter().map(|reversal| Notice::revoked(reversal, &revocation.reason)));
            }
            (Effect::Message(message), Done::Messaged { not_before, without, .. }) => {
                notices.push(Notice::Message { message, without, not_before: *not_before });
            }
            (Effect::Tag(tag), Done::Tagged { .. }) => notices.push(Notice::Tag(tag)),
            (_, Done::Reserved { reservation: slot, .. })
            | (_, Done::Settled { of: HeldSlot::Reservation(slot), .. }) => {
                let found = facts.redemptions.get(&RedemptionId::Policy(slot.clone())).as_ref();
                let notice = found.map(Notice::Redemption);
                notices.retain(|before| Some(*before) != notice);
                notices.extend(notice);
            }
            (Effect::Settle(settle), Done::Settled { of: HeldSlot::Grant(grant), how, unit, quantity }) => match how {
                Settle::Commit => notices.extend(facts.grants.get(grant).as_deref().map(Notice::Posted)),
                Settle::Release => {
                    let (quantity, reason) = (*quantity, settle.reason.as_str());
                    notices.push(Notice::Revoked { grant, unit, quantity, reason });
                }
            },
            _ => {}
        }
    }
    notices
}

/// A delivery's place in the order of deliveries, from 1. Never given twice: receivers know by it what they have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeliveryId(pub u64);

impl fmt::Display for DeliveryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One issue of a grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantIssue {
    /// Where it stands.
    pub slot: GrantSlot,
    /// Which issue, from 1.
    pub issue: u32,
}

/// Something that one destination is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Its place in the order of deliveries.
    pub id: DeliveryId,
    /// To whom it goes.
    pub destination: DestinationId,
    /// Whom it is about; deliveries about nobody wait for one another.
    pub customer: Option<CustomerId>,
    /// What it tells of.
    pub topic: Topic,
    /// The grant that the destination settles by this delivery.
    pub grant: Option<GrantIssue>,
    /// What is sent. Written once, and the same at every attempt.
    pub body: Json,
    /// When it was written, by the host's clock.
    pub made_at: Instant,
    /// How far it has got.
    pub progress: Progress,
    /// What the destination said of the grant.
    pub settlement: Option<Settlement>,
}

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeliveryState {
    /// Still to be sent, or sent again.
    Waiting,
    /// The destination has taken it.
    Delivered,
    /// It was given up; an operator can have it sent again.
    Dead,
}

impl DeliveryState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Waiting, Self::Delivered, Self::Dead];

    /// The word in answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Dead => "dead",
        }
    }
}

impl FromStr for DeliveryState {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let found = Self::ALL.into_iter().find(|state| state.as_str() == text);
        found.ok_or("expected waiting, delivered or dead")
    }
}

/// How far a delivery has got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Where it stands.
    pub state: DeliveryState,
    /// How often it was tried since it was written, or since it was last sent again by an operator.
    pub attempts: u32,
    /// Not to be tried before.
    pub due: Instant,
    /// Why the last attempt failed, in at most 256 bytes.
    pub last_error: Option<String>,
}

impl Progress {
    /// Not tried yet, and due at once.
    #[must_use]
    pub fn new(now: Instant) -> Self {
        Self { state: DeliveryState::Waiting, attempts: 0, due: now, last_error: None }
    }
}

/// What came of one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// The destination answered.
    Answered {
        /// With this HTTP status.
        status: u16,
        /// And asked to be left alone for so long, in milliseconds.
        retry_after_ms: Option<i64>,
    },
    /// No answer came, for this reason.
    Failed(String),
}

/// What a reply makes of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Which delivery.
    pub id: DeliveryId,
    /// How far it has got now.
    pub progress: Progress,
    /// The destination is gone, and is to be paused.
    pub gone: Option<DestinationId>,
}

/// What a reply makes of a delivery.
///
/// | reply | then |
/// |---|---|
/// | 2xx | delivered |
/// | 410 | the destination is paused; the delivery waits |
/// | 400, 413, 415, 422 | dead: the destination has read it and will not take it |
/// | anything else, and none | tried again later; dead after the last attempt |
///
/// A test is tried once.
#[must_use]
pub fn after(delivery: &Delivery, reply: &Reply, now: Instant) -> Attempt {
    let attempts = delivery.progress.attempts.saturating_add(1);
    let wait = backoff_ms(delivery.id, attempts);
    let last = attempts >= DELIVERY_ATTEMPTS_MAX || delivery.topic == Topic::DestinationTest;
    let retry = if last { DeliveryState::Dead } else { DeliveryState::Waiting };
    let (state, wait, error) = match reply {
        Reply::Answered { status: 200..=299, .. } => (DeliveryState::Delivered, 0, None),
        Reply::Answered { status: 410, .. } => (DeliveryState::Waiting, 0, Some("answered 410: gone".to_owned())),
        Reply::Answered { status: status @ (400 | 413 | 415 | 422), .. } => {
            (DeliveryState::Dead, 0, Some(format!("answered {status}: refused")))
        }
        Reply::Answered { status, retry_after_ms } => {
            let asked = retry_after_ms.unwrap_or(0).clamp(0, RETRY_AFTER_MS_MAX);
            (retry, wait.max(asked), Some(format!("answered {status}")))
        }
        Reply::Failed(why) => (retry, wait, Some(cut(why).to_owned())),
    };
    let gone = matches!(reply, Reply::Answered { status: 410, .. }).then(|| delivery.destination.clone());
    let due = now.plus_millis(wait).unwrap_or(Instant::MAX);
    Attempt { id: delivery.id, progress: Progress { state, attempts, due, last_error: error }, gone }
}

fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(DELIVERY_ERROR_BYTES_MAX)]
}

/// How long a delivery waits after its first failure, in milliseconds; thrice as long after each further one.
const BACKOFF_MS_MIN: i64 = 5_000;
/// The longest that it waits between two attempts, in milliseconds: 4 hours.
const BACKOFF_MS_MAX: i64 = 4 * 60 * 60 * 1_000;

/// How long a delivery waits after so many failures, in milliseconds: an eighth more or less than the schedule says, by its id,
/// so that deliveries that failed together do not come back together.
fn backoff_ms(id: DeliveryId, attempts: u32) -> i64 {
    let plain = 3_i64.saturating_pow(attempts.saturating_sub(1)).saturating_mul(BACKOFF_MS_MIN).min(BACKOFF_MS_MAX);
    let spread = plain / 4;
    let place = mixed(id.0 ^ (u64::from(attempts) << 56)) % spread.unsigned_abs().max(1);
    plain - spread / 2 + i64::try_from(place).unwrap_or(0)
}

/// Spreads neighbouring numbers far apart.
fn mixed(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// What a destination says of the grant that it was told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It was carried out.
    Confirmed,
    /// It could not be carried out, for that reason.
    Failed(String),
}

/// What a destination said of a grant, and when. It does not change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// What it said.
    pub settled: Settled,
    /// When, by the host's clock.
    pub at: Instant,
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

    fn at(millis: i64) -> Instant {
        Instant::from_millis(millis).unwrap()
    }

    fn delivery(id: u64, attempts: u32) -> Delivery {
        Delivery {
            id: DeliveryId(id),
            destination: DestinationId::new("shop").unwrap(),
            customer: None,
            topic: Topic::GrantGranted,
            grant: None,
            body: Json::empty_object(),
            made_at: at(0),
            progress: Progress { attempts, ..Progress::new(at(0)) },
            settlement: None,
        }
    }

    fn answered(status: u16) -> Reply {
        Reply::Answered { status, retry_after_ms: None }
    }

    #[test]
    fn answers_mean_what_the_table_says() {
        let state = |status| after(&delivery(1, 0), &answered(status), at(0)).progress.state;
        for status in [200, 202, 204, 299] {
            assert_eq!(state(status), DeliveryState::Delivered, "{status}");
        }
        for status in [400, 413, 415, 422] {
            assert_eq!(state(status), DeliveryState::Dead, "{status}");
        }
        for status in [100, 199, 301, 307, 401, 403, 404, 408, 409, 410, 425, 429, 500, 502, 503, 504] {
            assert_eq!(state(status), DeliveryState::Waiting, "{status}");
        }
        let gone = after(&delivery(1, DELIVERY_ATTEMPTS_MAX), &answered(410), at(0));
        assert_eq!(gone.gone, Some(DestinationId::new("shop").unwrap()));
        assert_eq!((gone.progress.state, gone.progress.due), (DeliveryState::Waiting, at(0)));
    }

    #[test]
    fn the_schedule_is_about_a_day_and_ends() {
        for id in [1, 2, 77, u64::MAX] {
            let (mut delivery, mut now, mut waits) = (delivery(id, 0), at(0), Vec::new());
            while delivery.progress.state == DeliveryState::Waiting {
                delivery.progress = after(&delivery, &Reply::Failed("closed".into()), now).progress;
                waits.push(delivery.progress.due.as_millis() - now.as_millis());
                now = delivery.progress.due;
            }
            assert_eq!(u32::try_from(waits.len()).unwrap(), DELIVERY_ATTEMPTS_MAX);
            waits.pop();
            let total: i64 = waits.iter().sum();
            assert!((DAY_MS * 3 / 4..DAY_MS * 5 / 4).contains(&total), "{total}");
            assert!((4_375..5_625).contains(&waits[0]), "{waits:?}");
            assert!(waits.iter().all(|wait| *wait <= BACKOFF_MS_MAX + BACKOFF_MS_MAX / 8), "{waits:?}");
        }
    }

    #[test]
    fn deliveries_that_fail_together_come_back_apart() {
        let waits: std::collections::BTreeSet<i64> = (0..100).map(|id| backoff_ms(DeliveryId(id), 3)).collect();
        assert!(waits.len() > 90, "{waits:?}");
    }

    #[test]
    fn a_destination_may_ask_for_time_within_bounds() {
        let due = |seconds: i64| {
            let reply = Reply::Answered { status: 429, retry_after_ms: Some(seconds * 1_000) };
            after(&delivery(1, 0), &reply, at(0)).progress.due.as_millis()
        };
        assert_eq!(due(600), 600_000);
        assert_eq!(due(1_000_000), RETRY_AFTER_MS_MAX);
        assert!((4_375..5_625).contains(&due(1)), "{}", due(1));
        assert!((4_375..5_625).contains(&due(-7)), "{}", due(-7));
    }

    #[test]
    fn a_test_is_tried_once_and_errors_are_cut() {
        let test = Delivery { topic: Topic::DestinationTest, ..delivery(1, 0) };
        let attempt = after(&test, &Reply::Failed("é".repeat(200)), at(0));
        assert_eq!(attempt.progress.state, DeliveryState::Dead);
        assert_eq!(attempt.progress.last_error.unwrap().len(), 256);
    }

    #[test]
    fn words_are_read_as_they_are_written() {
        for topic in Topic::ALL {
            assert_eq!(topic.as_str().parse(), Ok(*topic));
        }
        for state in DeliveryState::ALL {
            assert_eq!(state.as_str().parse(), Ok(state));
        }
    }
}
