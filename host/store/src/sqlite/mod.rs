//! SQLite: one connection that writes, a few that read, one process.
//!
//! The log is flushed to disk at every commit (`synchronous=FULL`), so what `commit` returns is durable, and it is copied
//! into the database by the connection that writes. The file is never mapped into memory: an error of the disk is then an
//! error that is reported, not a signal.

mod actors;
mod chain;
#[cfg(test)]
mod chain_tests;
mod convert;
mod groups;
mod immutable;
mod ledger;
mod list;
mod load;
mod outbox;
mod pages;
mod records;
mod runs;
#[cfg(test)]
mod run_tests;
mod schema;
mod sizes;
mod sources;
#[cfg(test)]
mod tests;
mod versions;
mod write;

use std::ffi::OsString;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError as TryLock};

use largesse_domain::audit::{Audited, Difference};
use largesse_domain::budget::Usage;
use largesse_domain::campaign::Campaign;
use largesse_domain::catalogue::Catalogue;
use largesse_domain::customer::Customer;
use largesse_domain::event::{Admission, BodyHash, Event, EventKey};
use largesse_domain::facts::{Rows, Wanted};
use largesse_domain::grant::Grant;
use largesse_domain::id::{CampaignId, CustomerId, DecisionId, EventSeq, PocketId, PoolId};
use largesse_domain::key::{PositionKey, UsageKey};
use largesse_domain::ledger::{Position, Transfer};
use largesse_domain::outcome::Decision;
use largesse_domain::policy::Policy;
use largesse_domain::pool::Share;
use largesse_domain::run::Run;
use largesse_domain::time::Instant;
use largesse_domain::timer::{Timer, TimerKey};
use largesse_failpoint::{Point, reach};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

pub use sizes::Sizes;
pub use sources::SourceEnd;

use crate::{Batch, Counters, DecisionFilter, Deferred, Kind, Stop, Store, StoreError};

/// How long a connection waits for another, in milliseconds. Only a checkpoint at the wrong moment makes it wait.
const BUSY_MS: u64 = 5_000;
/// Pages of the log before it is copied into the database: 64 MiB. A page that many commits write is copied once: with a quarter of it,
/// batches of a thousand took about a tenth longer.
const CHECKPOINT_PAGES: u32 = 16_000;
/// Size that the log's file is cut to after a large batch, in bytes.
const LOG_BYTES_KEPT: u32 = 128 * 1024 * 1024;
/// Page cache of the connection that writes, in KiB. SQLite walks through it at every commit: four times as much made single
/// events about a tenth slower (`make bench`).
const WRITER_CACHE_KIB: i32 = 16 * 1024;
/// Page cache of a connection that reads, in KiB.
const READER_CACHE_KIB: i32 = 16 * 1024;
/// Connections that read, kept open while nobody reads.
const IDLE_READERS: usize = 4;
/// Steps of SQLite's machine between two looks whether a read is to end: some tenths of a millisecond.
const STEPS_BETWEEN_LOOKS: std::ffi::c_int = 10_000;
/// Statements that a connection keeps prepared; more than there are.
const STATEMENTS_KEPT: usize = 96;

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::OperationInterrupted) => Self::Stopped,
            _ => Self::Database(Box::new(error)),
        }
    }
}

/// Everything, in one SQLite database. While it is open no other process can open it.
#[derive(Debug)]
pub struct SqliteStore {
    // Readers close before the writer, so that closing the writer copies the log into the database.
    readers: Mutex<Vec<Connection>>,
    writer: Mutex<Connection>,
    path: PathBuf,
    // Holds the lock on the file beside the database; none when nobody writes to it.
    lock: Option<File>,
}

impl SqliteStore {
    /// Opens the database at a path, creates it when there is none, and brings its schema to the newest version.
    ///
    /// # Errors
    /// When another process has it open, when a newer host wrote it, or when the file system or the database fails.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = path.as_ref().to_path_buf();
        let lock = lock(&path)?;
        reach(Point::DatabaseLocked);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_EXRESCODE;
        let mut writer = connect(&path, flags, WRITER_CACHE_KIB)?;
        let mode: String = writer.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))?;
        if mode != "wal" {
            return Err(StoreError::Database(format!("the log could not be switched on: {mode}").into()));
        }
        writer.pragma_update(None, "synchronous", "FULL")?;
        writer.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
        writer.pragma_update(None, "journal_size_limit", LOG_BYTES_KEPT)?;
        writer.pragma_update(None, "foreign_keys", true)?;
        reach(Point::LogOn);
        schema::migrate(&mut writer)?;
        reach(Point::MigrationCommitted);
        Ok(Self { readers: Mutex::default(), writer: Mutex::new(writer), path, lock: Some(lock) })
    }

    /// Reads what a batch will change, with the connection that writes when it is free: its cache stays warm, while that of a
    /// reader is dropped at every commit.
    fn read_ahead<T>(&self, read: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let writer = match self.writer.try_lock() {
            Ok(writer) => writer,
            Err(TryLock::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLock::WouldBlock) => return self.read(read),
        };
        let snapshot = writer.unchecked_transaction()?;
        let answer = read(&snapshot);
        snapshot.finish()?;
        answer
    }

    /// Reads with a connection of its own, all of it from one moment. It ends early when this thread's [`Stop`] says so; the connection of
    /// a read that fails is not used again.
    fn read<T>(&self, read: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let idle = guard(&self.readers).pop();
        let mut connection = idle.map_or_else(|| self.reader(), Ok)?;
        if let Some(stop) = Stop::current() {
            connection.progress_handler(STEPS_BETWEEN_LOOKS, Some(move || stop.is_stopped()))?;
        }
        let snapshot = connection.unchecked_transaction()?;
        let answer = read(&snapshot)?;
        snapshot.finish()?;
        connection.progress_handler(0, None::<fn() -> bool>)?;
        let mut idle = guard(&self.readers);
        if idle.len() < IDLE_READERS {
            idle.push(connection);
        }
        Ok(answer)
    }

    fn reader(&self) -> Result<Connection, StoreError> {
        if self.lock.is_none() {
            return immutable::open(&self.path);
        }
        // A reader that may not write could not recover the log, so it is the connection that is told not to.
        let flags =
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_EXRESCODE;
        let connection = connect(&self.path, flags, READER_CACHE_KIB)?;
        connection.pragma_update(None, "query_only", true)?;
        Ok(connection)
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        // Then the fields go, in their order.
        reach(Point::StoreClosing);
    }
}

fn guard<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic in between rolls the transaction back; the connection stays good.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn lock(path: &Path) -> Result<File, StoreError> {
    let mut name = OsString::from(path);
    name.push(".lock");
    let failed = |error: std::io::Error| StoreError::Database(Box::new(error));
    // To open a pipe would wait for whoever reads from it.
    if std::fs::metadata(&name).is_ok_and(|found| !found.is_file()) {
        return Err(failed(std::io::Error::other(format!("{} is not a regular file", Path::new(&name).display()))));
    }
    let file = File::options().create(true).truncate(false).write(true).open(&name).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse { path: path.to_path_buf() }),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

fn connect(path: &Path, flags: OpenFlags, cache_kib: i32) -> Result<Connection, StoreError> {
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(std::time::Duration::from_millis(BUSY_MS))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    connection.pragma_update(None, "trusted_schema", false)?;
    // Statements are planned once, not again when values are bound.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "mmap_size", 0)?;
    connection.pragma_update(None, "cache_size", -cache_kib)?;
    connection.pragma_update(None, "temp_store", "memory")?;
    Ok(connection)
}

impl Store for SqliteStore {
    fn seen(&self, keys: &[EventKey]) -> Result<Vec<Option<(EventSeq, BodyHash)>>, StoreError> {
        self.read_ahead(|connection| load::seen(connection, keys))
    }

    fn load(&self, wanted: &Wanted) -> Result<Rows, StoreError> {
        self.read_ahead(|connection| load::rows(connection, wanted))
    }

    fn commit(&self, batch: &Batch) -> Result<(), StoreError> {
        let mut writer = guard(&self.writer);
        reach(Point::CommitAsked);
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        reach(Point::CommitBegun);
        write::batch(&transaction, batch)?;
        reach(Point::RowsWritten);
        transaction.commit()?;
        reach(Point::CommitDone);
        Ok(())
    }

    fn counters(&self) -> Result<Counters, StoreError> {
        self.read(list::counters)
    }

    fn runs(&self, after: u64, limit: usize) -> Result<Vec<Run>, StoreError> {
        self.read(|connection| runs::list(connection, after, limit))
    }

    fn last_run(&self) -> Result<Option<Run>, StoreError> {
        Ok(self.read(runs::last)?.map(|(run, _)| run))
    }

    fn due(&self, campaigns: &[CampaignId], now: Instant, limit: usize) -> Result<Vec<Deferred>, StoreError> {
        self.read(|connection| list::due(connection, campaigns, now, limit))
    }

    fn queued(&self, campaigns: &[CampaignId], limit: usize) -> Result<Vec<Deferred>, StoreError> {
        self.read(|connection| list::queued(connection, campaigns, limit))
    }

    fn queues(&self) -> Result<Vec<(CampaignId, CustomerId, u64)>, StoreError> {
        self.read(list::queues)
    }

    fn deferred_count(&self, campaign: &CampaignId) -> Result<u64, StoreError> {
        self.read(|connection| list::deferred_count(connection, campaign))
    }

    fn deferred_on(&self, event: EventSeq) -> Result<Vec<Deferred>, StoreError> {
        self.read(|connection| list::deferred_on(connection, event))
    }

    fn due_timers(
        &self,
        campaigns: &[CampaignId],
        until: Instant,
        limit: usize,
    ) -> Result<Vec<(TimerKey, Timer)>, StoreError> {
        self.read(|connection| list::due_timers(connection, campaigns, until, limit))
    }

    fn campaigns(&self) -> Result<Vec<Campaign>, StoreError> {
        self.read(list::campaigns)
    }

    fn policies(&self) -> Result<Vec<Policy>, StoreError> {
        self.read(list::policies)
    }

    fn kinds(&self) -> Result<Vec<Kind>, StoreError> {
        self.read(list::kinds)
    }

    fn events(&self, seqs: &[EventSeq]) -> Result<Vec<Option<(Admission, Event)>>, StoreError> {
        self.read(|connection| list::events(connection, seqs))
    }

    fn decisions_on(&self, event: EventSeq) -> Result<Vec<Decision>, StoreError> {
        self.read(|connection| list::decisions_on(connection, event))
    }

    fn decision(&self, id: DecisionId) -> Result<Option<Decision>, StoreError> {
        self.read(|connection| list::decision(connection, id))
    }

    fn decisions(&self, filter: &DecisionFilter, after: DecisionId, limit: usize) -> Result<Vec<Decision>, StoreError> {
        self.read(|connection| list::decisions(connection, filter, after, limit))
    }

    fn customer(&self, id: &CustomerId) -> Result<Option<Customer>, StoreError> {
        self.read(|connection| load::customer(connection, id))
    }

    fn grants_to(&self, customer: &CustomerId) -> Result<Vec<Grant>, StoreError> {
        self.read(|connection| load::wallet(connection, customer))
    }

    fn inviters_of(&self, invitee: &CustomerId) -> Result<Vec<(CampaignId, CustomerId)>, StoreError> {
        self.read(|connection| list::inviters_of(connection, invitee))
    }

    fn budget_usage(&self, campaign: &CampaignId) -> Result<Vec<(UsageKey, Usage)>, StoreError> {
        self.read(|connection| list::budget_usage(connection, campaign))
    }

    fn positions(&self, campaign: Option<&CampaignId>) -> Result<Vec<(PositionKey, Position)>, StoreError> {
        self.read(|connection| ledger::positions_of(connection, campaign))
    }

    fn transfers(&self, after: u64, limit: usize) -> Result<Vec<(u64, Transfer)>, StoreError> {
        self.read(|connection| ledger::transfers(connection, after, limit))
    }

    fn catalogue(&self) -> Result<Catalogue, StoreError> {
        self.read(ledger::catalogue)
    }

    fn pocket_usage(&self, pocket: &PocketId) -> Result<Vec<(UsageKey, Usage)>, StoreError> {
        self.read(|connection| ledger::pocket_usage(connection, pocket))
    }

    fn shares(&self, campaign: &CampaignId, pool: &PoolId) -> Result<Vec<(CustomerId, Share)>, StoreError> {
        self.read(|connection| groups::shares_of(connection, campaign, pool))
    }

    fn audit(&self) -> Result<Result<Audited, Box<Difference>>, StoreError> {
        self.read(ledger::audit)
    }

    fn verdict_counts(&self, campaign: &CampaignId) -> Result<Vec<(String, u64)>, StoreError> {
        self.read(|connection| list::verdict_counts(connection, campaign))
    }
}
