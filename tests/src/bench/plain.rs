//! What plain SQLite can do: six row writes a decision by prepared statements, flushed to disk at every commit.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;
use rusqlite::{Connection, params};

use super::stats::rate;

const CUSTOMERS: usize = 20_000;
const SCHEMA: &str = "
    PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -65536;
    CREATE TABLE events (source TEXT, id TEXT, seq INTEGER, body TEXT, PRIMARY KEY (source, id)) WITHOUT ROWID;
    CREATE TABLE decisions (id INTEGER PRIMARY KEY, event INTEGER, record TEXT);
    CREATE TABLE states (campaign TEXT, owner TEXT, value TEXT, PRIMARY KEY (campaign, owner)) WITHOUT ROWID;
    CREATE TABLE grants (campaign TEXT, customer TEXT, key TEXT, unit TEXT, quantity INTEGER,
        PRIMARY KEY (campaign, customer, key)) WITHOUT ROWID;
    CREATE TABLE usage (campaign TEXT, customer TEXT, amount INTEGER, PRIMARY KEY (campaign, customer)) WITHOUT ROWID;
";

/// Decisions a second, at so many a commit.
pub(super) fn ceiling(file: &Path, batch: usize, time: Duration) -> Result<f64> {
    let connection = Connection::open(file)?;
    connection.execute_batch(SCHEMA)?;
    let record = "x".repeat(600);
    let (start, mut done) = (Instant::now(), 0);
    while start.elapsed() < time {
        commit(&connection, done..done + batch, &record)?;
        done += batch;
    }
    Ok(rate(done, start.elapsed()))
}

fn commit(connection: &Connection, numbers: std::ops::Range<usize>, record: &str) -> Result<()> {
    connection.execute_batch("BEGIN IMMEDIATE")?;
    let mut event = connection.prepare_cached("INSERT INTO events VALUES ('/bench', ?1, ?2, ?3)")?;
    let mut decision = connection.prepare_cached("INSERT INTO decisions VALUES (?1, ?1, ?2)")?;
    let mut state = connection.prepare_cached("INSERT OR REPLACE INTO states VALUES ('daily', ?1, ?2)")?;
    let mut grant = connection.prepare_cached("INSERT INTO grants VALUES ('daily', ?1, ?2, 'points', 5)")?;
    let used = "INSERT INTO usage VALUES ('daily', ?1, 5) ON CONFLICT DO UPDATE SET amount = amount + 5";
    let mut usage = connection.prepare_cached(used)?;
    for number in numbers {
        let customer = format!("user-{:06}", number.wrapping_mul(7_919) % CUSTOMERS);
        let sequence = i64::try_from(number)?;
        event.execute(params![format!("e{number}"), sequence, &record[..120]])?;
        decision.execute(params![sequence + 1, record])?;
        state.execute(params![customer, &record[..60]])?;
        grant.execute(params![customer, format!("day/{number}")])?;
        usage.execute(params![customer])?;
        usage.execute(params![""])?;
    }
    connection.execute_batch("COMMIT")?;
    Ok(())
}
