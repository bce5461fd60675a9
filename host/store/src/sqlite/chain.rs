//! The chain of decisions in SQLite.

use std::collections::BTreeMap;

use largesse_domain::id::DecisionId;
use largesse_domain::run::{Numbered, Run};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};

use super::SqliteStore;
use super::convert::{Columns, column};
use super::load::find;
use super::runs;
use crate::chain::{Check, End, EventBytes, Linked, contents, sha256};
use crate::numbers::{Gapless, Missing};
use crate::pack::unpack;
use crate::{Anchor, Break, Chain, StoreError, Verified, Wrong};

/// Decisions between two reports of progress.
const PROGRESS_EVERY: u64 = 1_024;

impl Chain for SqliteStore {
    fn chain_head(&self) -> Result<Anchor, StoreError> {
        self.read(head)
    }

    fn verify_chain(
        &self,
        passes: Option<Anchor>,
        progress: &dyn Fn(u64),
    ) -> Result<Result<Verified, Break>, StoreError> {
        self.read(|connection| verify(connection, passes, progress))
    }
}

/// Where the chain ends.
pub(super) fn head(connection: &Connection) -> Result<Anchor, StoreError> {
    let sql = "SELECT id, link FROM decisions ORDER BY id DESC LIMIT 1";
    let last = find("decision", &mut connection.prepare_cached(sql)?, [], |row| {
        Ok(Anchor { decision: DecisionId(row.number()?), link: row.digest()? })
    })?;
    Ok(last.unwrap_or(Anchor::ORIGIN))
}

/// Where the chain goes on.
pub(super) fn end(connection: &Connection) -> Result<End, StoreError> {
    let run = runs::last(connection)?;
    Ok(End::new(head(connection)?, run.as_ref().map(|(run, link)| (run, *link))))
}

/// The parameters of each campaign's revisions, as links see them.
type Params = BTreeMap<(Vec<u8>, i64), [u8; 32]>;

fn params(connection: &Connection) -> Result<Params, StoreError> {
    let mut statement = connection.prepare("SELECT campaign, number, params FROM revisions")?;
    let mut rows = statement.query([])?;
    let mut params = Params::new();
    while let Some(row) = rows.next()? {
        params.insert((bytes(row, 0)?.to_vec(), row.get(1)?), sha256(bytes(row, 2)?));
    }
    Ok(params)
}

/// A column's bytes, whether they are text or not.
fn bytes<'a>(row: &'a Row<'_>, column: usize) -> Result<&'a [u8], StoreError> {
    Ok(row.get_ref(column)?.as_bytes().map_err(rusqlite::Error::from)?)
}

fn verify(
    connection: &Connection,
    passes: Option<Anchor>,
    progress: &dyn Fn(u64),
) -> Result<Result<Verified, Break>, StoreError> {
    let params = params(connection)?;
    let mut removed = Removed { connection, last: 0, contents: Vec::new() };
    let sql = "SELECT d.id, d.link, d.event, d.campaign, d.revision, d.policy, d.remains, e.source, e.id, e.kind, e.actor, \
               e.body_hash, e.occurred, x.data, c.body FROM decisions d LEFT JOIN events e ON e.seq = d.event \
               LEFT JOIN event_data x ON x.seq = d.event LEFT JOIN records c ON c.decision = d.id ORDER BY d.id";
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    let runs = runs::every(connection)?;
    let mut to_begin = runs.iter().peekable();
    let mut check = Check::new(passes);
    let mut unreported = 0;
    while let Some(row) = rows.next()? {
        let mut columns = Columns::of("decision", row);
        let (id, stored) = (DecisionId(columns.number()?), columns.digest()?);
        while let Some((run, link)) = to_begin.next_if(|(run, _)| run.first.decision <= id.0) {
            if let Err(found) = check.take_run(run, *link) {
                return Ok(Err(found));
            }
        }
        if let Err(found) = check.take(id, linked(row, id, (&params, &mut removed))?, stored) {
            return Ok(Err(found));
        }
        unreported += 1;
        if unreported == PROGRESS_EVERY {
            progress(std::mem::take(&mut unreported));
        }
    }
    progress(unreported);
    for (run, link) in to_begin {
        if let Err(found) = check.take_run(run, *link) {
            return Ok(Err(found));
        }
    }
    let verified = match check.finish() {
        Ok(verified) => verified,
        Err(found) => return Ok(Err(found)),
    };
    let runs: Vec<Run> = runs.into_iter().map(|(run, _)| run).collect();
    for (kind, sql) in [
        (Numbered::Event, "SELECT seq FROM events ORDER BY seq"),
        (Numbered::Delivery, "SELECT id FROM deliveries ORDER BY id"),
    ] {
        if let Some((first, last)) = missing(connection, Gapless::new(kind, &runs), sql)? {
            let what = Wrong::Numbers(kind, first, last);
            return Ok(Err(Break { decision: verified.head.decision, what }));
        }
    }
    Ok(Ok(verified))
}

/// The first numbers that are missing among those that a statement lists.
fn missing(connection: &Connection, mut gapless: Gapless<'_>, sql: &str) -> Result<Option<Missing>, StoreError> {
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        if let Err(missing) = gapless.take(Columns::of("number", row).number()?) {
            return Ok(Some(missing));
        }
    }
    Ok(gapless.finish().err())
}

/// The hashes that are kept of removed records, one removal at a time.
struct Removed<'a> {
    connection: &'a Connection,
    last: u64,
    contents: Vec<u8>,
}

impl Removed<'_> {
    /// The hash of a decision's record, if it was removed.
    fn contents(&mut self, id: DecisionId) -> Result<Option<[u8; 32]>, StoreError> {
        if self.last < id.0 {
            let sql = "SELECT last, contents FROM removals WHERE last >= ?1 ORDER BY last LIMIT 1";
            let found = find("removal", &mut self.connection.prepare_cached(sql)?, [column(id.0)?], |row| {
                Ok((row.number()?, row.take()?))
            })?;
            (self.last, self.contents) = found.unwrap_or((u64::MAX, Vec::new()));
        }
        let from_end = usize::try_from(self.last - id.0).unwrap_or(usize::MAX);
        Ok(self.contents.as_chunks().0.iter().rev().nth(from_end).copied())
    }
}

/// A decision as its link sees it; none when a part of it is gone.
fn linked<'a>(
    row: &'a Row<'_>,
    id: DecisionId,
    (params, removed): (&Params, &mut Removed<'_>),
) -> Result<Option<Linked<'a>>, StoreError> {
    let (campaign, revision) = (bytes(row, 3)?, row.get(4)?);
    let is_there = |column| Ok::<_, StoreError>(row.get_ref(column)? != ValueRef::Null);
    let Some(params) = params.get(&(campaign.to_vec(), revision)) else { return Ok(None) };
    let Ok(seq) = u64::try_from(row.get::<_, i64>(2)?) else { return Ok(None) };
    if !is_there(7)? {
        return Ok(None);
    }
    let event = EventBytes {
        seq,
        source: bytes(row, 7)?,
        id: bytes(row, 8)?,
        kind: bytes(row, 9)?,
        actor: bytes(row, 10)?,
        body_hash: bytes(row, 11)?,
        occurred: row.get(12)?,
    };
    let contents = match is_there(14)? {
        true if is_there(13)? => {
            let data = bytes(row, 13)?;
            unpack(bytes(row, 14)?).ok().map(|text| contents(data, text.as_bytes()))
        }
        true => None,
        false => removed.contents(id)?,
    };
    let (policy, Ok(remains), Some(contents)) = (bytes(row, 5)?, unpack(bytes(row, 6)?), contents) else {
        return Ok(None);
    };
    let remains = sha256(remains.as_bytes());
    Ok(Some(Linked { id, event, campaign, revision, params: *params, policy, remains, contents }))
}
