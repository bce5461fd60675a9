//! What a destination's reply makes of a delivery: delivered, tried again later, or given up.

use crate::limits::{BACKOFF_MS_MAX, DELIVERY_ATTEMPTS_MAX, DELIVERY_ERROR_BYTES_MAX, RETRY_AFTER_MS_MAX};
use crate::rows::delivery::{Delivery, DeliveryId, DeliveryState, Progress};
use crate::words::id::DestinationId;
use crate::words::time::Instant;
use crate::words::topic::Topic;

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

/// Returns what a reply makes of a delivery.
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

/// Returns how long a delivery waits after so many failures, in milliseconds: an eighth more or less than the schedule says, by its id,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::json::Json;

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
