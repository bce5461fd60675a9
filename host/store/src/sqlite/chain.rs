//! The chain of decisions in SQLite.

use std::collections::BTreeMap;

use largesse_domain::id::DecisionId;
use rusqlite::{Connection, Row};

use super::SqliteStore;
use super::convert::Columns;
use super::load::find;
use crate::chain::{Check, EventBytes, Linked, contents, sha256};
use crate::pack::unpack;
use crate::{Anchor, Break, Chain, StoreError, Verified};

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
    let sql = "SELECT d.id, d.link, d.event, d.campaign, d.revision, d.policy, d.body, e.source, e.id, e.kind, e.actor, \
               e.body_hash, e.data, e.occurred FROM decisions d LEFT JOIN events e ON e.seq = d.event ORDER BY d.id";
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    let mut check = Check::new(passes);
    let mut unreported = 0;
    while let Some(row) = rows.next()? {
        let mut columns = Columns::of("decision", row);
        let (id, stored) = (DecisionId(columns.number()?), columns.digest()?);
        if let Err(found) = check.take(id, linked(row, id, &params)?, stored) {
            return Ok(Err(found));
        }
        unreported += 1;
        if unreported == PROGRESS_EVERY {
            progress(std::mem::take(&mut unreported));
        }
    }
    progress(unreported);
    Ok(check.finish())
}

/// A decision as its link sees it; none when a part of it is gone.
fn linked<'a>(row: &'a Row<'_>, id: DecisionId, params: &Params) -> Result<Option<Linked<'a>>, StoreError> {
    let (campaign, revision) = (bytes(row, 3)?, row.get(4)?);
    let is_there = row.get_ref(7)? != rusqlite::types::ValueRef::Null;
    let Some(params) = params.get(&(campaign.to_vec(), revision)).filter(|_| is_there) else { return Ok(None) };
    let Ok(seq) = u64::try_from(row.get::<_, i64>(2)?) else { return Ok(None) };
    let event = EventBytes {
        seq,
        source: bytes(row, 7)?,
        id: bytes(row, 8)?,
        kind: bytes(row, 9)?,
        actor: bytes(row, 10)?,
        body_hash: bytes(row, 11)?,
        occurred: row.get(13)?,
    };
    let Ok(text) = unpack(bytes(row, 6)?) else { return Ok(None) };
    let (policy, contents) = (bytes(row, 5)?, contents(bytes(row, 12)?, text.as_bytes()));
    Ok(Some(Linked { id, event, campaign, revision, params: *params, policy, contents }))
}
