//! Points at which a test can make the host die, as if the machine had lost its power.
//!
//! `LARGESSE_FAIL_POINT=grants-written:2` kills the process with SIGKILL when it reaches that point for the second time. The
//! thread stands there for a moment before, while others go on: an answer that was given too early gets out, and is missed.
//! Builds without debug assertions have no fail points: there [`reach`] is empty.
//!
//! To add a point, name it in [`Point`] at its place in a host's life, and reach it at one place in the source. The test of the
//! repository's rules finds points that nothing reaches, and the crash tests die at each of them.

/// The environment variable that arms a point: its name, or its name, a colon and which time it is reached, from 1.
pub const VARIABLE: &str = "LARGESSE_FAIL_POINT";

macro_rules! points {
    ($($name:ident, $word:literal, $meaning:literal;)*) => {
        /// A place where the host can be made to die.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Point {$(
            #[doc = $meaning]
            $name,
        )*}

        impl Point {
            /// Every point, in the order in which a host's life comes by them.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The name that arms it.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }
        }
    };
}

points! {
    SecretsAbsent, "secrets-absent", "The data directory is new and locked; its secrets are about to be made.";
    SecretsUnnamed, "secrets-unnamed", "The secrets are written under the name of an unfinished file.";
    SecretsNamed, "secrets-named", "The secrets have their name; the directory is not flushed.";
    DatabaseLocked, "database-locked", "The lock beside the database is held; the database is not opened.";
    LogOn, "log-on", "The database has its write-ahead log; its schema is not looked at.";
    MigrationBegun, "migration-begun", "The transaction that brings the schema up to date has begun.";
    MigrationApplied, "migration-applied", "One migration is applied and not committed.";
    MigrationCommitted, "migration-committed", "The schema is up to date.";
    KindsRead, "kinds-read", "A start has read the event kinds.";
    PoliciesRead, "policies-read", "A start has loaded the policies.";
    CampaignsRead, "campaigns-read", "A start has read the campaigns.";
    CountersRead, "counters-read", "A start knows where counting goes on.";
    ArtefactUnnamed, "artefact-unnamed", "Compiled code is written under the name of an unfinished file.";
    ArtefactNamed, "artefact-named", "Compiled code has its name; the directory is not flushed.";
    ComponentUnnamed, "component-unnamed", "A component is written under the name of an unfinished file.";
    ComponentNamed, "component-named", "A component has its name; the folder is not flushed.";
    ComponentKept, "component-kept", "A component is on disk; its policy is not published.";
    WorkTaken, "work-taken", "The decider has taken events; they have no number.";
    EventsNumbered, "events-numbered", "Events are numbered and not decided.";
    EventsDecided, "events-decided", "Events are decided, in memory.";
    ChangeMade, "change-made", "An operator's change is made, in memory.";
    QueuedDecided, "queued-decided", "A piece of what is queued is decided, in memory.";
    DeferredDecided, "deferred-decided", "A decision that was put off is made, in memory.";
    TimersFired, "timers-fired", "Timers have gone off, in memory.";
    VersionSwapped, "version-swapped", "Another version decides in a campaign, or is tried, in memory.";
    VersionWithdrawn, "version-withdrawn", "A bad version is taken out of a campaign, in memory.";
    StatesMigrated, "states-migrated", "Some of a campaign's states are migrated, in memory.";
    RecordsChosen, "records-chosen", "Old records are to be removed, in memory.";
    BatchClosed, "batch-closed", "A batch goes to the committer.";
    CommitAsked, "commit-asked", "The store is asked to commit; no transaction has begun.";
    CommitBegun, "commit-begun", "The transaction of a batch has begun.";
    PoliciesWritten, "policies-written", "Policies are written.";
    CampaignsWritten, "campaigns-written", "Kinds and campaigns are written.";
    RunWritten, "run-written", "The row of a run is written; none of its numbers are.";
    EventsWritten, "events-written", "Events are written.";
    DecisionsWritten, "decisions-written", "Decisions are written.";
    DeferredWritten, "deferred-written", "Decisions put off, and those made since, are written.";
    StatesWritten, "states-written", "Customers and the states of policies are written.";
    LedgerWritten, "ledger-written", "Transfers, positions, stocks and redemptions are written; nothing is on disk.";
    GrantsWritten, "grants-written", "Grants are written; their use of limits and budgets is not.";
    UsageWritten, "usage-written", "The use of limits and budgets is written.";
    TimersWritten, "timers-written", "Timers that were set and dropped are written.";
    VersionsWritten, "versions-written", "Activations, counts of rollouts and the like are written.";
    OutboxWritten, "outbox-written", "The outbox is written.";
    RecordsRemoved, "records-removed", "Old records are removed; nothing is on disk.";
    RowsWritten, "rows-written", "All of a batch is written; it is not committed.";
    CommitDone, "commit-done", "A batch is on disk; the committer does not know.";
    AnswersDue, "answers-due", "The committer knows that a batch is on disk; nobody is answered.";
    OneAnswered, "one-answered", "One sender of a batch is answered.";
    AllAnswered, "all-answered", "All senders of a batch are answered; the decider does not know.";
    DeliveriesDue, "deliveries-due", "Deliveries are due; nothing is sent.";
    DeliveryAnswered, "delivery-answered", "A destination has answered; the host has not noted it.";
    DeliveryNoted, "delivery-noted", "What came of deliveries is on disk; the dispatcher does not know.";
    StopAsked, "stop-asked", "The host is told to stop and has work in hand.";
    PipelineStopped, "pipeline-stopped", "The pipeline has finished its work; the database is open.";
    StoreClosing, "store-closing", "The log is about to be copied into the database, for the last time.";
}

/// Dies here when the point is armed and this is the time that was asked for.
#[inline]
pub fn reach(point: Point) {
    #[cfg(debug_assertions)]
    armed::reach(point);
    #[cfg(not(debug_assertions))]
    let _ = point;
}

#[cfg(debug_assertions)]
mod armed {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::Duration;

    use super::{Point, VARIABLE};

    /// How long the thread that reached the point stands there while the others go on.
    const PAUSE: Duration = Duration::from_millis(30);

    /// The point that is armed, and how often it may still be reached without harm.
    struct Armed {
        point: Point,
        left: AtomicU64,
    }

    pub(super) fn reach(point: Point) {
        static ARMED: OnceLock<Option<Armed>> = OnceLock::new();
        let armed = ARMED.get_or_init(|| {
            let text = std::env::var(VARIABLE).ok()?;
            let (point, nth) = read(&text).unwrap_or_else(|| panic!("{VARIABLE}={text} names no fail point"));
            Some(Armed { point, left: AtomicU64::new(nth) })
        });
        if let Some(armed) = armed
            && armed.point == point
            && armed.left.fetch_sub(1, Ordering::SeqCst) == 1
        {
            // Whoever was told too early shall hear it.
            std::thread::sleep(PAUSE);
            die();
        }
    }

    pub(super) fn read(text: &str) -> Option<(Point, u64)> {
        let (name, nth) = text.split_once(':').unwrap_or((text, "1"));
        let point = Point::ALL.iter().find(|point| point.name() == name)?;
        Some((*point, nth.parse().ok().filter(|nth| *nth > 0)?))
    }

    /// Ends the process at once: nothing is flushed, no destructor runs, no other thread gets further.
    #[cfg(unix)]
    fn die() -> ! {
        // SAFETY: both calls take numbers, touch no memory of ours and cannot fail for the own process.
        unsafe {
            libc::kill(libc::getpid(), libc::SIGKILL);
        }
        std::process::abort()
    }

    #[cfg(not(unix))]
    fn die() -> ! {
        std::process::abort()
    }
}

#[cfg(all(test, debug_assertions))]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_armed_by_name_and_number() {
        assert_eq!(armed::read("log-on"), Some((Point::LogOn, 1)));
        assert_eq!(armed::read("grants-written:3"), Some((Point::GrantsWritten, 3)));
        for bad in ["", "no-such-point", "log-on:", "log-on:0", "log-on:x", ":1"] {
            assert_eq!(armed::read(bad), None, "{bad}");
        }
    }

    #[test]
    fn names_differ() {
        let mut names: Vec<&str> = Point::ALL.iter().map(|point| point.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Point::ALL.len());
    }
}
