//! Records in SQLite: what remains of old ones, and how they are removed.
//!
//! Records and the data of events have tables of their own, in order, so that what is removed are whole pages from the front. SQLite
//! keeps those for what is written next: the file does not shrink, and does not grow either.

use largesse_documents::stored::{RemainsKeys, read_remains};
use largesse_domain::event::EventKey;
use largesse_domain::id::{CampaignId, CustomerId, DecisionId, EventSeq};
use largesse_domain::outcome::Remains;
use largesse_failpoint::{Point, reach};
use rusqlite::{Connection, params};

use super::SqliteStore;
use super::actors::decisions_of;
use super::chain;
use super::convert::{Columns, column};
use super::list::{all, at_most};
use super::runs;
use super::write::Written;
use crate::chain::contents;
use crate::pack::unpack;
use crate::{Batch, DecisionFilter, KeptRecord, Records, Removal, Room, StoreError};

/// The bytes of a hash.
const HASH_BYTES: usize = 32;

/// The columns that remains are read from, of decisions `d` and events `e`.
macro_rules! select_remains {
    ($rest:literal) => {
        concat!(
            "SELECT d.id, d.event, e.source, e.id, e.kind, e.actor, e.occurred, d.campaign, d.policy, \
             (SELECT at FROM removals WHERE last >= d.id ORDER BY last LIMIT 1), d.remains FROM decisions d \
             CROSS JOIN events e ON e.seq = d.event ",
            $rest
        )
    };
}

/// Removes those of the data of events on which, behind decision `?1`, nothing was decided and nothing is put off.
macro_rules! delete_unneeded {
    ($which:literal) => {
        concat!(
            "DELETE FROM event_data WHERE ",
            $which,
            " AND NOT EXISTS (SELECT 1 FROM decisions d WHERE d.event = event_data.seq AND d.id > ?1) \
             AND NOT EXISTS (SELECT 1 FROM deferred f WHERE f.event = event_data.seq) RETURNING octet_length(data)"
        )
    };
}

impl Records for SqliteStore {
    fn room(&self) -> Result<Room, StoreError> {
        self.read(room)
    }

    fn oldest_records(&self, limit: usize) -> Result<Vec<KeptRecord>, StoreError> {
        self.read(|connection| oldest(connection, limit))
    }

    fn data_after(&self, event: EventSeq, limit: usize) -> Result<Option<EventSeq>, StoreError> {
        let sql = "SELECT max(seq) FROM (SELECT seq FROM event_data WHERE seq > ?1 ORDER BY seq LIMIT ?2)";
        let row = params![column(event.0)?, at_most(limit)];
        let found = self.read(|connection| all(connection, "event", sql, row, |row| row.optional_number()))?;
        Ok(found.into_iter().flatten().next().map(EventSeq))
    }

    fn remains_on(&self, event: EventSeq) -> Result<Vec<Remains>, StoreError> {
        self.read(|connection| {
            let sql = select_remains!("WHERE d.event = ?2 AND d.id <= ?1 ORDER BY d.id");
            let removed = column(room(connection)?.decision.0)?;
            all(connection, "decision", sql, params![removed, column(event.0)?], remains_row)
        })
    }

    fn remains(&self, filter: &DecisionFilter, after: DecisionId, limit: usize) -> Result<Vec<Remains>, StoreError> {
        self.read(|connection| remains(connection, filter, after, limit))
    }

    fn removed_count(&self, filter: &DecisionFilter, after: DecisionId, until: DecisionId) -> Result<u64, StoreError> {
        self.read(|connection| {
            let until = until.min(room(connection)?.decision);
            let sql = "SELECT count(*) FROM decisions d CROSS JOIN events e ON e.seq = d.event WHERE d.id > ?1 AND d.id <= ?2 \
                       AND (?3 IS NULL OR d.campaign = ?3) AND (?4 IS NULL OR e.actor IN (SELECT value FROM json_each(?4)))";
            let campaign = filter.campaign.as_ref().map(CampaignId::as_str);
            let row = params![column(after.0)?, column(until.0)?, campaign, actors(filter)];
            let count = all(connection, "count", sql, row, |row| row.number())?;
            Ok(count.into_iter().sum())
        })
    }
}

pub(super) fn room(connection: &Connection) -> Result<Room, StoreError> {
    let sql = "SELECT bytes, decision, event FROM record_room";
    let found = all(connection, "room of records", sql, [], |row| {
        Ok(Room { bytes: row.number()?, decision: DecisionId(row.number()?), event: EventSeq(row.number()?) })
    })?;
    found.into_iter().next().ok_or_else(|| rusqlite::Error::QueryReturnedNoRows.into())
}

/// The ids that a filter takes, as a JSON array; none when it takes everybody's.
pub(super) fn actors(filter: &DecisionFilter) -> Option<String> {
    let ids: Vec<&str> = filter.actors.iter().map(CustomerId::as_str).collect();
    (!ids.is_empty()).then(|| serde_json::Value::from(ids).to_string())
}

fn oldest(connection: &Connection, limit: usize) -> Result<Vec<KeptRecord>, StoreError> {
    let sql = "SELECT c.decision, d.event, c.made_at, length(c.body) + coalesce(octet_length(x.data), 0) FROM records c \
               CROSS JOIN decisions d ON d.id = c.decision LEFT JOIN event_data x ON x.seq = d.event \
               ORDER BY c.decision LIMIT ?1";
    all(connection, "record", sql, [at_most(limit)], |row| {
        let (decision, event) = (DecisionId(row.number()?), EventSeq(row.number()?));
        Ok(KeptRecord { decision, event, made_at: row.instant()?, bytes: row.number()? })
    })
}

fn remains_row(row: &mut Columns<'_>) -> Result<Remains, StoreError> {
    let keys = RemainsKeys {
        id: DecisionId(row.number()?),
        seq: EventSeq(row.number()?),
        key: EventKey { source: row.id()?, id: row.id()? },
        kind: row.id()?,
        actor: row.id()?,
        occurred: row.instant()?,
        campaign: row.id()?,
        policy: row.digest()?,
        removed_at: row.instant()?,
    };
    row.packed_form(|text| read_remains(text, keys))
}

fn remains(
    connection: &Connection,
    filter: &DecisionFilter,
    after: DecisionId,
    limit: usize,
) -> Result<Vec<Remains>, StoreError> {
    let (removed, after, limit) = (column(room(connection)?.decision.0)?, column(after.0)?, at_most(limit));
    let campaign = filter.campaign.as_ref().map(CampaignId::as_str);
    let find = |sql, params: &[&dyn rusqlite::ToSql]| all(connection, "decision", sql, params, remains_row);
    match (actors(filter), campaign) {
        (None, None) => {
            let sql = select_remains!("WHERE d.id > ?2 AND d.id <= ?1 ORDER BY d.id LIMIT ?3");
            find(sql, params![removed, after, limit])
        }
        (None, Some(campaign)) => {
            let sql = select_remains!("WHERE d.campaign = ?4 AND d.id > ?2 AND d.id <= ?1 ORDER BY d.id LIMIT ?3");
            find(sql, params![removed, after, limit, campaign])
        }
        (Some(actors), campaign) => {
            let sql = concat!(
                select_remains!("WHERE d.id IN ("),
                decisions_of!("?4"),
                ") AND d.id > ?2 AND d.id <= ?1 AND (?5 IS NULL OR d.campaign = ?5) ORDER BY d.id LIMIT ?3"
            );
            find(sql, params![removed, after, limit, actors, campaign])
        }
    }
}

/// Notes that records and data of events were written.
pub(super) fn note_written(connection: &Connection, bytes: u64) -> Written {
    if bytes > 0 {
        let sql = "UPDATE record_room SET bytes = bytes + ?1";
        connection.prepare_cached(sql)?.execute([column(bytes)?])?;
    }
    Ok(())
}

/// Removes the records that a batch is to remove, and data that nothing needs any more.
pub(super) fn trim(connection: &Connection, batch: &Batch) -> Written {
    if batch.removal.is_none() && batch.undeferred.is_empty() {
        return Ok(());
    }
    let before = room(connection)?;
    let (mut after, mut freed) = (before, 0);
    if let Some(removal) = &batch.removal {
        after.decision = removal.decision;
        after.event = before.event.max(removal.event);
        freed += remove(connection, removal, (before, after))?;
        reach(Point::RecordsRemoved);
    }
    // Of what was put off when its time came to be removed, nothing may have been decided.
    for key in batch.undeferred.iter().filter(|key| key.event <= before.event) {
        freed += forget(connection, after.decision, key.event)?;
    }
    let sql = "UPDATE record_room SET bytes = max(bytes - ?1, 0), decision = ?2, event = ?3";
    let row = params![column(freed)?, column(after.decision.0)?, column(after.event.0)?];
    connection.prepare_cached(sql)?.execute(row)?;
    Ok(())
}

/// Removes records, and the data of events of their time. Gives the bytes. The hashes of records stay, so that the chain can be checked.
fn remove(connection: &Connection, removal: &Removal, (before, after): (Room, Room)) -> Result<u64, StoreError> {
    if removal.decision < before.decision || removal.decision > chain::head(connection)?.decision {
        return Err(StoreError::Database(format!("there are no records up to {}", removal.decision).into()));
    }
    let until = column(removal.decision.0)?;
    let mut freed = 0;
    for (after, last) in runs::parts(connection, before.decision.0, removal.decision.0)? {
        let gone = gone(connection, DecisionId(after), DecisionId(last))?;
        let sql = "INSERT INTO removals (last, at, contents) VALUES (?1, ?2, ?3)";
        connection.prepare_cached(sql)?.execute(params![column(last)?, removal.at.as_millis(), gone.contents])?;
        connection.prepare_cached("DELETE FROM records WHERE decision <= ?1")?.execute([column(last)?])?;
        freed += gone.bytes;
        for event in gone.events {
            freed += forget(connection, removal.decision, event)?;
        }
    }
    let sql = delete_unneeded!("seq > ?2 AND seq <= ?3");
    let range = [until, column(before.event.0)?, column(after.event.0)?];
    let sizes = all(connection, "size", sql, range, |row| row.number())?;
    Ok(freed + sizes.iter().sum::<u64>())
}

/// Removes the data of one event when nothing needs it. Gives its bytes.
fn forget(connection: &Connection, until: DecisionId, event: EventSeq) -> Result<u64, StoreError> {
    let row = [column(until.0)?, column(event.0)?];
    let sizes = all(connection, "size", delete_unneeded!("seq = ?2"), row, |row| row.number())?;
    Ok(sizes.iter().sum())
}

/// Records that are about to be removed.
#[derive(Default)]
struct Gone {
    bytes: u64,
    /// Their events.
    events: Vec<EventSeq>,
    /// The hashes of their contents, one after the other.
    contents: Vec<u8>,
}

/// The records behind a decision, up to another of the same run. One that is damaged or missing goes too, with a hash that its link does not fit: the
/// chain tells of it, and the host goes on.
fn gone(connection: &Connection, after: DecisionId, until: DecisionId) -> Result<Gone, StoreError> {
    let sql = "SELECT d.id, d.event, c.body, x.data FROM decisions d LEFT JOIN records c ON c.decision = d.id \
               LEFT JOIN event_data x ON x.seq = d.event WHERE d.id > ?1 AND d.id <= ?2 ORDER BY d.id";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([column(after.0)?, column(until.0)?])?;
    let mut gone = Gone::default();
    let size = |count: u64| usize::try_from(count).map_or(0, |count| count.saturating_mul(HASH_BYTES));
    while let Some(row) = rows.next()? {
        let mut columns = Columns::of("record", row);
        let id = columns.number()?;
        gone.events.push(EventSeq(columns.number()?));
        gone.contents.resize(size(id - 1 - after.0), 0);
        let (packed, data) = (row.get_ref(2)?.as_blob_or_null(), row.get_ref(3)?.as_bytes_or_null());
        let (packed, data) = (packed.map_err(rusqlite::Error::from)?, data.map_err(rusqlite::Error::from)?);
        let text = packed.and_then(|packed| unpack(packed).ok());
        if let (Some(text), Some(data)) = (text, data) {
            gone.contents.extend(contents(data, text.as_bytes()));
        }
        gone.bytes += packed.map_or(0, |packed| packed.len() as u64);
    }
    gone.contents.resize(size(until.0 - after.0), 0);
    Ok(gone)
}
