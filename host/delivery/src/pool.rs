//! Connections that are kept from one delivery to the next.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hyper::client::conn::http1::SendRequest;
use largesse_domain::destination::Destination;
use largesse_domain::id::DestinationId;
use tokio::task::JoinHandle;

/// How long a connection is kept that nothing is sent over. Receivers close theirs after a minute or so, and it is better to be first.
const IDLE: Duration = Duration::from_secs(20);
/// How old a connection becomes, so that a name that leads elsewhere is followed.
const AGE: Duration = Duration::from_secs(60);

/// A connection on which nothing is under way.
pub(crate) struct Line {
    pub(crate) requests: SendRequest<String>,
    driver: JoinHandle<()>,
    opened: Instant,
    used: Instant,
}

impl Line {
    pub(crate) fn new(requests: SendRequest<String>, driver: JoinHandle<()>) -> Self {
        let now = Instant::now();
        Self { requests, driver, opened: now, used: now }
    }

    fn is_good(&self, now: Instant) -> bool {
        !self.requests.is_closed() && now - self.used < IDLE && now - self.opened < AGE
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// What a connection was made for. What was permitted when it was made must be permitted still.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Place {
    id: DestinationId,
    url: Arc<str>,
    allow_private: bool,
}

impl Place {
    fn of(destination: &Destination) -> Self {
        let Destination { id, url, allow_private, .. } = destination;
        Self { id: id.clone(), url: url.as_str().into(), allow_private: *allow_private }
    }
}

/// The connections that are kept.
#[derive(Default)]
pub(crate) struct Pool(Mutex<HashMap<Place, Vec<Line>>>);

impl Pool {
    fn lines(&self) -> MutexGuard<'_, HashMap<Place, Vec<Line>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a connection to a destination, the one that was used last.
    pub(crate) fn take(&self, destination: &Destination) -> Option<Line> {
        let now = Instant::now();
        let mut lines = self.lines();
        let kept = lines.get_mut(&Place::of(destination))?;
        while let Some(line) = kept.pop() {
            if line.is_good(now) {
                return Some(line);
            }
        }
        None
    }

    /// Keeps a connection for the next delivery.
    pub(crate) fn keep(&self, destination: &Destination, mut line: Line) {
        line.used = Instant::now();
        if line.is_good(line.used) {
            self.lines().entry(Place::of(destination)).or_default().push(line);
        }
    }

    /// Drops the connections that nothing was sent over for a while.
    pub(crate) fn sweep(&self) {
        let now = Instant::now();
        self.lines().retain(|_, kept| {
            kept.retain(|line| line.is_good(now));
            !kept.is_empty()
        });
    }
}
