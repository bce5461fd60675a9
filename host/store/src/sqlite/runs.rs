//! Runs in SQLite.

use largesse_domain::id::Digest;
use largesse_domain::run::{Numbers, Run};
use rusqlite::{Connection, params};

use super::chain;
use super::convert::{Columns, column};
use super::list::{all, at_most};
use crate::StoreError;

/// The columns that a run is read from.
macro_rules! select_runs {
    ($rest:literal) => {
        concat!(
            "SELECT number, opened, version, after_event, after_decision, after_delivery, after_transfer, first_event, \
             first_decision, first_delivery, first_transfer, link FROM runs ",
            $rest
        )
    };
}

fn linked(row: &mut Columns<'_>) -> Result<(Run, Digest), StoreError> {
    let (number, opened, version) = (row.number()?, row.instant()?, row.take()?);
    let (after, first) = (numbers(row)?, numbers(row)?);
    Ok((Run { number, opened, version, after, first }, row.digest()?))
}

fn numbers(row: &mut Columns<'_>) -> Result<Numbers, StoreError> {
    let (event, decision, delivery, transfer) = (row.number()?, row.number()?, row.number()?, row.number()?);
    Ok(Numbers { event, decision, delivery, transfer })
}

/// All runs in order, each with its link.
pub(super) fn every(connection: &Connection) -> Result<Vec<(Run, Digest)>, StoreError> {
    all(connection, "run", select_runs!("ORDER BY number"), [], linked)
}

/// The last run with its link.
pub(super) fn last(connection: &Connection) -> Result<Option<(Run, Digest)>, StoreError> {
    Ok(all(connection, "run", select_runs!("ORDER BY number DESC LIMIT 1"), [], linked)?.pop())
}

pub(super) fn list(connection: &Connection, after: u64, limit: usize) -> Result<Vec<Run>, StoreError> {
    let sql = select_runs!("WHERE number > ?1 ORDER BY number LIMIT ?2");
    // Nothing is numbered beyond what a column holds.
    let after = column(after).unwrap_or(i64::MAX);
    let found = all(connection, "run", sql, params![after, at_most(limit)], linked)?;
    Ok(found.into_iter().map(|(run, _)| run).collect())
}

/// Splits the decisions after one, up to and including another, where runs begin: each part is the one before its first, and its last.
pub(super) fn parts(connection: &Connection, after: u64, until: u64) -> Result<Vec<(u64, u64)>, StoreError> {
    let sql = "SELECT after_decision, first_decision FROM runs WHERE first_decision > ?1 AND first_decision <= ?2 \
               ORDER BY number";
    let begun =
        all(connection, "run", sql, [column(after)?, column(until)?], |row| Ok((row.number()?, row.number()?)))?;
    let (mut parts, mut from) = (Vec::with_capacity(begun.len() + 1), after);
    for (last, first) in begun {
        parts.push((from, last));
        from = first.saturating_sub(1);
    }
    parts.push((from, until));
    parts.retain(|(from, until)| from < until);
    Ok(parts)
}

/// Writes a run behind the end of the chain.
pub(super) fn write(connection: &Connection, run: &Run) -> Result<(), StoreError> {
    let last = last(connection)?.map_or(0, |(last, _)| last.number);
    if run.number != last + 1 {
        return Err(StoreError::Database(format!("run {} is not the next one", run.number).into()));
    }
    let Run { number, opened, version, after, first } = run;
    let sql = "INSERT INTO runs (number, opened, version, after_event, after_decision, after_delivery, after_transfer, \
               first_event, first_decision, first_delivery, first_transfer, link) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
    let link = chain::end(connection)?.run(run);
    connection.prepare_cached(sql)?.execute(params![
        column(*number)?,
        opened.as_millis(),
        version,
        column(after.event)?,
        column(after.decision)?,
        column(after.delivery)?,
        column(after.transfer)?,
        column(first.event)?,
        column(first.decision)?,
        column(first.delivery)?,
        column(first.transfer)?,
        link.as_bytes(),
    ])?;
    Ok(())
}
