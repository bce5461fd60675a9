//! How far a connection is: it waits for a request, or one is answered; and when it has taken too long.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use largesse_domain::limits::ANSWER_BYTES_PER_SECOND_MIN;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::door::Door;

/// How often a connection is looked at whose answer is not taken.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// A connection, as requests that come over it know it.
pub(crate) struct Connection {
    door: Arc<Door>,
    pub(super) id: u64,
    close: Arc<Notify>,
    progress: Mutex<Progress>,
}

/// What takes too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Overdue {
    /// A request, of which nothing has come.
    Idle,
    /// A head, of which a part has come.
    Head,
    /// The client does not take its answer.
    Answer,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Waiting {
        since: Instant,
        head_since: Option<Instant>,
    },
    Answering,
    /// All of the answer is made, and a part of it is not written yet.
    Ending,
}

#[derive(Debug)]
struct Progress {
    phase: Phase,
    is_authenticated: bool,
    has_unread_body: bool,
    written: u64,
    /// Since when the client has kept this answer waiting, and what was written before.
    blocked: Option<(Instant, u64)>,
}

impl Connection {
    pub(super) fn new(door: Arc<Door>, id: u64, close: Arc<Notify>) -> Self {
        let phase = Phase::Waiting { since: Instant::now(), head_since: None };
        let progress = Progress { phase, is_authenticated: false, has_unread_body: false, written: 0, blocked: None };
        Self { door, id, close, progress: Mutex::new(progress) }
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that a caller with a valid token uses it. Reports whether there is room for one more of those.
    pub(crate) fn authenticate(&self) -> bool {
        if self.progress().is_authenticated {
            return true;
        }
        let has_room = self.door.authenticate(self.id);
        self.progress().is_authenticated = has_room;
        has_room
    }

    /// Reports whether the host is about to stop.
    pub(crate) fn is_draining(&self) -> bool {
        self.door.is_draining()
    }

    /// Notes that a request has come. Reports whether the connection is still open.
    pub(super) fn begin(&self) -> bool {
        let mut progress = self.progress();
        (progress.phase, progress.blocked, progress.has_unread_body) = (Phase::Answering, None, false);
        drop(progress);
        self.door.begin(self.id)
    }

    /// Notes that nothing is worked on while the rest of a body comes: the connection may be closed for another.
    pub(super) fn linger(&self) {
        self.door.wait(self.id);
    }

    /// Notes that an answer goes out. Reports whether the connection is still open.
    pub(super) fn go_on(&self) -> bool {
        self.door.begin(self.id)
    }

    /// Notes that all of an answer is made.
    pub(super) fn end_answer(&self) {
        let mut progress = self.progress();
        if progress.phase == Phase::Answering {
            progress.phase = Phase::Ending;
        }
    }

    /// Notes that a request was answered whose body was not read to its end.
    pub(super) fn leave_unread(&self) {
        self.progress().has_unread_body = true;
    }

    /// Reports whether a request was answered whose body was not read to its end.
    pub(super) fn has_unread_body(&self) -> bool {
        self.progress().has_unread_body
    }

    /// Notes that all that was written has gone out.
    pub(super) fn flushed(&self) {
        let mut progress = self.progress();
        if progress.phase == Phase::Ending {
            progress.phase = Phase::Waiting { since: Instant::now(), head_since: None };
            progress.blocked = None;
            drop(progress);
            self.door.wait(self.id);
        }
    }

    /// Notes that bytes have come.
    pub(super) fn received(&self) {
        if let Phase::Waiting { head_since, .. } = &mut self.progress().phase {
            head_since.get_or_insert_with(Instant::now);
        }
    }

    /// Notes that bytes were written.
    pub(super) fn wrote(&self, bytes: usize) {
        self.progress().written += bytes as u64;
    }

    /// Notes that the client's side has no room for more bytes.
    pub(super) fn blocked(&self) {
        let mut progress = self.progress();
        let written = progress.written;
        progress.blocked.get_or_insert_with(|| (Instant::now(), written));
    }

    /// Reports whether no request is being answered.
    pub(super) fn is_waiting(&self) -> bool {
        matches!(self.progress().phase, Phase::Waiting { .. })
    }

    /// Returns when the connection is to be closed because others need its room.
    pub(super) async fn closed(&self) {
        self.close.notified().await;
    }

    /// Returns what takes too long, once something does.
    pub(super) async fn overdue(&self) -> Overdue {
        loop {
            match self.due() {
                Ok(at) => sleep_until(at).await,
                Err(overdue) => return overdue,
            }
        }
    }

    /// Returns when to look again, or what takes too long.
    fn due(&self) -> Result<Instant, Overdue> {
        let (now, bounds, progress) = (Instant::now(), &self.door.bounds, self.progress());
        let after = |at: Instant, overdue| if at <= now { Err(overdue) } else { Ok(at) };
        match progress.phase {
            Phase::Waiting { since, head_since } if !progress.is_authenticated => {
                after(since + bounds.head_time, if head_since.is_some() { Overdue::Head } else { Overdue::Idle })
            }
            Phase::Waiting { head_since: Some(since), .. } => after(since + bounds.head_time, Overdue::Head),
            // A head that begins to come is due sooner than that.
            Phase::Waiting { since, head_since: None } => {
                Ok(after(since + bounds.idle_time, Overdue::Idle)?.min(now + bounds.head_time))
            }
            Phase::Answering | Phase::Ending => {
                let Some((since, before)) = progress.blocked else { return Ok(now + LOOK_AGAIN) };
                let waited = now - since;
                let taken = progress.written - before;
                if waited >= bounds.stall_time && taken < waited.as_secs().max(1) * ANSWER_BYTES_PER_SECOND_MIN {
                    return Err(Overdue::Answer);
                }
                Ok(now + LOOK_AGAIN)
            }
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.door.leave(self.id);
    }
}
