//! Quotas of one token: requests and events a second, requests and bytes in hand.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use axum::http::{HeaderMap, header};
use largesse_domain::limits::{
    BATCH_BYTES_MAX, COMPONENT_BYTES_MAX, IN_FLIGHT_BYTES_PER_TOKEN_MAX, IN_FLIGHT_PER_TOKEN_DEFAULT,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};

use crate::auth::TokenEntry;
use crate::problem::{Failure, ProblemType};

const NANOS_PER_SECOND: u128 = 1_000_000_000;

/// A token bucket. What is taken at once may be more than it holds when full; what follows then waits until that is made up for.
#[derive(Debug)]
struct Bucket {
    per_second: u32,
    burst: u32,
    level: Mutex<Level>,
}

/// What a bucket holds, in parts of 10^-9; less than nothing when more was taken than it held.
#[derive(Debug)]
struct Level {
    parts: i128,
    at: Instant,
}

impl Bucket {
    fn new(per_second: u32, burst: u32, now: Instant) -> Self {
        let level = Level { parts: full(burst), at: now };
        Self { per_second, burst, level: Mutex::new(level) }
    }

    /// Takes so many, or says after how many seconds they can be taken.
    fn take(&self, count: u32, now: Instant) -> Result<(), u32> {
        self.need(count, count, now)
    }

    /// Says after how many seconds one can be taken, when none can now.
    fn check(&self, now: Instant) -> Result<(), u32> {
        self.need(1, 0, now)
    }

    fn need(&self, needed: u32, taken: u32, now: Instant) -> Result<(), u32> {
        let mut level = self.level.lock().unwrap_or_else(PoisonError::into_inner);
        let elapsed = now.saturating_duration_since(level.at).as_nanos();
        let gained = i128::try_from(elapsed.saturating_mul(u128::from(self.per_second))).unwrap_or(i128::MAX);
        level.parts = level.parts.saturating_add(gained).min(full(self.burst));
        level.at = level.at.max(now);
        let missing = full(needed.min(self.burst)) - level.parts;
        if let Ok(missing) = u128::try_from(missing)
            && missing > 0
        {
            let seconds = missing.div_ceil(NANOS_PER_SECOND * u128::from(self.per_second.max(1)));
            return Err(u32::try_from(seconds).unwrap_or(u32::MAX));
        }
        level.parts -= full(taken);
        Ok(())
    }
}

fn full(count: u32) -> i128 {
    i128::from(count) * 1_000_000_000
}

/// The quotas of a token.
#[derive(Debug)]
pub(crate) struct Quota {
    token: String,
    requests: Option<Bucket>,
    events: Option<Bucket>,
    in_flight_max: u32,
    in_flight: Arc<Semaphore>,
    bytes: Arc<Semaphore>,
}

/// A request's part of the quotas for what is in hand.
#[derive(Debug)]
pub(crate) struct InFlight {
    /// Held until the answer is sent.
    pub(crate) request: OwnedSemaphorePermit,
    /// Held until there is an answer.
    pub(crate) bytes: OwnedSemaphorePermit,
}

impl Quota {
    pub(crate) fn new(entry: &TokenEntry, now: Instant) -> Self {
        let bucket = |per_second: u32, burst: u32| Bucket::new(per_second, burst, now);
        let in_flight_max = entry.in_flight.unwrap_or(IN_FLIGHT_PER_TOKEN_DEFAULT);
        Self {
            token: entry.name.clone(),
            requests: entry.requests_per_second.map(|rate| bucket(rate, rate)),
            events: entry.events_per_second.map(|rate| bucket(rate, entry.burst.unwrap_or(rate))),
            in_flight_max,
            in_flight: Arc::new(Semaphore::new(in_flight_max as usize)),
            bytes: Arc::new(Semaphore::new(IN_FLIGHT_BYTES_PER_TOKEN_MAX as usize)),
        }
    }

    /// Takes a request in, before its body is read.
    pub(crate) fn begin(&self, headers: &HeaderMap, now: Instant) -> Result<InFlight, Failure> {
        if let Some(bucket) = &self.requests {
            let exceeded = |wait| self.too_fast(("requests", bucket), wait);
            bucket.take(1, now).map_err(exceeded)?;
        }
        let request = Arc::clone(&self.in_flight).try_acquire_owned().map_err(|error| {
            let what = format!("has {} requests in hand, as many as its `in_flight` allows", self.in_flight_max);
            self.too_much("in_flight", &what, &error)
        })?;
        let bytes = Arc::clone(&self.bytes).try_acquire_many_owned(body_bytes(headers)).map_err(|error| {
            let what = format!("has bodies of more than {IN_FLIGHT_BYTES_PER_TOKEN_MAX} bytes in hand with this one");
            self.too_much("bytes", &what, &error)
        })?;
        Ok(InFlight { request, bytes })
    }

    /// Checks that another event can be taken, before it is read.
    pub(crate) fn check_events(&self, now: Instant) -> Result<(), Failure> {
        let Some(bucket) = &self.events else { return Ok(()) };
        bucket.check(now).map_err(|wait| self.too_fast(("events", bucket), wait))
    }

    /// Takes so many events.
    pub(crate) fn take_events(&self, count: usize, now: Instant) -> Result<(), Failure> {
        let Some(bucket) = &self.events else { return Ok(()) };
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        bucket.take(count, now).map_err(|wait| self.too_fast(("events", bucket), wait))
    }

    fn too_fast(&self, (what, bucket): (&'static str, &Bucket), wait: u32) -> Failure {
        self.count(what);
        let Bucket { per_second, burst, .. } = bucket;
        let detail = format!(
            "the token {:?} may send {per_second} {what} a second (`{what}_per_second`), {burst} at once",
            self.token
        );
        Failure::new(ProblemType::TooManyRequests, detail).retry_after(wait)
    }

    fn too_much(&self, bound: &'static str, what: &str, _: &TryAcquireError) -> Failure {
        self.count(bound);
        Failure::new(ProblemType::TooManyRequests, format!("the token {:?} {what}", self.token)).retry_after(1)
    }

    fn count(&self, bound: &'static str) {
        metrics::counter!("largesse_throttled_requests_total", "token" => self.token.clone(), "bound" => bound)
            .increment(1);
    }
}

/// How many bytes a body is counted for: what it announces, or as much as a batch may have.
fn body_bytes(headers: &HeaderMap) -> u32 {
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    let is_chunked = headers.contains_key(header::TRANSFER_ENCODING);
    let bytes = announced.unwrap_or(if is_chunked { BATCH_BYTES_MAX } else { 0 });
    // No body is longer: what announces more is refused.
    u32::try_from(bytes.min(COMPONENT_BYTES_MAX)).unwrap_or(IN_FLIGHT_BYTES_PER_TOKEN_MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn bucket(per_second: u32, burst: u32) -> (Bucket, Instant) {
        let now = Instant::now();
        (Bucket::new(per_second, burst, now), now)
    }

    #[test]
    fn a_bucket_gives_its_burst_and_then_its_rate() {
        let (bucket, now) = bucket(10, 20);
        for _ in 0..20 {
            bucket.take(1, now).unwrap();
        }
        assert_eq!(bucket.take(1, now), Err(1));
        assert_eq!(bucket.check(now), Err(1));
        let later = now + Duration::from_millis(99);
        assert_eq!(bucket.take(1, later), Err(1));
        bucket.take(1, now + Duration::from_millis(100)).unwrap();
        assert_eq!(bucket.take(20, now + Duration::from_millis(100)), Err(2));
        let full = now + Duration::from_secs(3_600);
        bucket.take(20, full).unwrap();
        assert_eq!(bucket.take(1, full), Err(1));
    }

    #[test]
    fn more_than_the_burst_is_taken_at_once_and_made_up_for() {
        let (bucket, now) = bucket(10, 20);
        bucket.take(1_000, now).unwrap();
        assert_eq!(bucket.take(1, now), Err(99));
        assert_eq!(bucket.take(1_000, now), Err(100));
        assert_eq!(bucket.take(1_000, now + Duration::from_secs(99)), Err(1));
        bucket.take(1_000, now + Duration::from_secs(100)).unwrap();
    }

    #[test]
    fn a_clock_that_goes_back_gives_nothing() {
        let (bucket, now) = bucket(1, 1);
        let later = now + Duration::from_secs(10);
        bucket.take(1, later).unwrap();
        assert_eq!(bucket.take(1, now), Err(1));
        assert_eq!(bucket.take(1, later + Duration::from_millis(999)), Err(1));
        bucket.take(1, later + Duration::from_secs(1)).unwrap();
    }

    #[test]
    fn a_body_is_counted_as_announced() {
        let headers = |name, value: &str| [(name, value.parse().unwrap())].into_iter().collect::<HeaderMap>();
        assert_eq!(body_bytes(&HeaderMap::new()), 0);
        assert_eq!(body_bytes(&headers(header::CONTENT_LENGTH, "17")), 17);
        assert_eq!(body_bytes(&headers(header::CONTENT_LENGTH, "99999999999")), COMPONENT_BYTES_MAX as u32);
        assert_eq!(body_bytes(&headers(header::TRANSFER_ENCODING, "chunked")), BATCH_BYTES_MAX as u32);
    }

    #[test]
    fn bytes_in_hand_are_bounded() {
        let entry = TokenEntry::new("shop", &[crate::Role::Ingest], "");
        let quota = Quota::new(&entry, Instant::now());
        let length = IN_FLIGHT_BYTES_PER_TOKEN_MAX / 4;
        let headers = [(header::CONTENT_LENGTH, length.into())].into_iter().collect();
        let mut held: Vec<_> = (0..4).map(|_| quota.begin(&headers, Instant::now()).unwrap()).collect();
        let none = HeaderMap::new();
        quota.begin(&none, Instant::now()).unwrap();
        let document = quota.begin(&headers, Instant::now()).unwrap_err().document();
        assert_eq!((document.status, document.detail.unwrap().contains("67108864 bytes")), (429, true));
        held.pop();
        quota.begin(&headers, Instant::now()).unwrap();
    }
}
