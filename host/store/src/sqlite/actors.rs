//! Whose events are which.
//!
//! An index entry for each event would change a page for each, as customers come in no order. So events are entered a run at a time, in
//! order of actor, which changes each page once for a run; the events of the run that is not complete are looked through.

use rusqlite::{Connection, params};

use super::write::Written;

/// How many events are a run. In tests of this crate so few that the contract's tests come to whole ones.
#[cfg(not(test))]
macro_rules! run {
    () => {
        4096
    };
}
#[cfg(test)]
macro_rules! run {
    () => {
        3
    };
}

/// Selects, as `mine.id`, the decisions on the events of actors: of those in a parameter, a JSON array. From events to decisions: a
/// customer has few.
macro_rules! decisions_of {
    ($actors:literal) => {
        concat!(
            "SELECT mine.id FROM (SELECT event FROM actors WHERE actor IN (SELECT value FROM json_each(",
            $actors,
            ")) UNION ALL SELECT seq FROM events WHERE seq > (SELECT max(seq) FROM events) / ",
            $crate::sqlite::actors::run!(),
            " * ",
            $crate::sqlite::actors::run!(),
            " AND actor IN (SELECT value FROM json_each(",
            $actors,
            "))) theirs CROSS JOIN decisions mine ON mine.event = theirs.event"
        )
    };
}

pub(super) use {decisions_of, run};

/// The last event that is stored; 0 when none is.
pub(super) fn last_event(connection: &Connection) -> Result<i64, rusqlite::Error> {
    let sql = "SELECT coalesce(max(seq), 0) FROM events";
    connection.prepare_cached(sql)?.query_one([], |row| row.get(0))
}

/// Enters the runs that became complete since there was a last event.
pub(super) fn enter(connection: &Connection, before: i64) -> Written {
    let whole_runs = |last: i64| last / run!() * run!();
    let (entered, complete) = (whole_runs(before), whole_runs(last_event(connection)?));
    if entered < complete {
        let sql = "INSERT INTO actors (actor, event) \
                   SELECT actor, seq FROM events WHERE seq > ?1 AND seq <= ?2 ORDER BY actor, seq";
        connection.prepare_cached(sql)?.execute(params![entered, complete])?;
    }
    Ok(())
}
