//! The caller who behaves: an event every forty milliseconds, of a customer of its own each, some over new connections, and now and
//! then a look whether the host is alive. What is late counts from the time at which it was due.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use largesse_documents::time::instant_text;
use serde_json::{Value, json};

use super::client::{Request, Status};
use super::host::Host;

const EVERY: Duration = Duration::from_millis(40);
/// One of so many requests makes a connection of its own, and one of so many asks for the host's health.
const CONNECTS: usize = 3;
const ASKS: usize = 10;

/// What became of all calls.
#[derive(Debug, Default)]
pub(super) struct Calls {
    times: Vec<Duration>,
    answers: BTreeMap<Status, usize>,
    accepted: Vec<(Value, Value)>,
}

impl Calls {
    /// The time that so many per cent of the calls stay within.
    pub(super) fn within(&self, per_cent: usize) -> Duration {
        let mut times = self.times.clone();
        times.sort_unstable();
        let index = (times.len() * per_cent / 100).min(times.len().saturating_sub(1));
        times.get(index).copied().unwrap_or(Duration::MAX)
    }

    /// Calls that were not answered with success.
    pub(super) fn unserved(&self) -> usize {
        self.answers.iter().filter(|(status, _)| **status != Status::Code(200)).map(|(_, count)| count).sum()
    }

    pub(super) fn count(&self) -> usize {
        self.times.len()
    }

    pub(super) fn answers(&self) -> &BTreeMap<Status, usize> {
        &self.answers
    }
}

#[cfg(test)]
impl Calls {
    /// Calls that took so many milliseconds each and were answered.
    pub(super) fn of(millis: &[u64]) -> Self {
        let times = millis.iter().map(|millis| Duration::from_millis(*millis)).collect();
        Self { times, answers: BTreeMap::from([(Status::Code(200), millis.len())]), accepted: Vec::new() }
    }

    /// The same with so many refusals.
    pub(super) fn refused(mut self, count: usize) -> Self {
        self.answers.insert(Status::Code(503), count);
        self
    }
}

/// The time now, as events say it.
pub(super) fn now() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = i64::try_from(since.as_millis()).ok().and_then(largesse_domain::time::Instant::from_millis);
    now.map(instant_text).unwrap_or_default()
}

/// A check-in, now.
pub(super) fn check_in(source: &str, id: &str, customer: &str) -> Value {
    json!({"specversion": "1.0", "source": source, "id": id, "type": "checked_in", "subject": customer, "time": now(), "data": {}})
}

/// Calls until it is over. Each call is due at a time of its own, however long the ones before took.
pub(super) fn call(host: &Host, round: &str, over: &AtomicBool) -> Calls {
    let mut calls = Calls::default();
    let mut client = host.client(Ipv4Addr::LOCALHOST);
    let started = Instant::now();
    for number in 0_usize.. {
        let due = started + EVERY * u32::try_from(number).unwrap_or(u32::MAX);
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        if over.load(Ordering::Relaxed) {
            break;
        }
        if number % CONNECTS == 0 {
            client.hang_up();
        }
        let event = check_in("/caller", &format!("{round}-{number}"), &format!("{round}-{number}"));
        let asks = number % ASKS == ASKS - 1;
        let request = if asks { Request::get("/healthz", "") } else { Request::event(host.token("caller"), &event) };
        let answer = client.send(&request);
        calls.times.push(due.elapsed());
        *calls.answers.entry(answer.status.clone()).or_default() += 1;
        if answer.is_success() && !asks {
            calls.accepted.push((event, answer.json()["decisions"].clone()));
        }
    }
    calls
}

/// Sends what was accepted again. Returns how many events the host does not know any more, or has decided otherwise.
pub(super) fn lost(host: &Host, calls: &Calls) -> usize {
    let mut client = host.client(Ipv4Addr::LOCALHOST);
    let until = Instant::now() + Duration::from_secs(5);
    let mut is_lost = |(event, decisions): &&(Value, Value)| {
        let is_decided = decisions[0]["verdict"] == json!("accepted");
        let again = if Instant::now() < until {
            client.send(&Request::event(host.token("caller"), event)).json()
        } else {
            Value::Null
        };
        !is_decided || again["status"] != json!("duplicate") || again["decisions"] != *decisions
    };
    calls.accepted.iter().filter(|call| is_lost(call)).count()
}
