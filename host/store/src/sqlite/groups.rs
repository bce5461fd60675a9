//! Members of entities, weights in pools, counts of campaigns, and programmes.

use largesse_documents::stored::{
    measures_text, members_text, programme_text, read_measures, read_members, read_programme,
};
use largesse_domain::facts::{Members, Rows, Wanted};
use largesse_domain::id::{CampaignId, CustomerId, EntityId, PoolId};
use largesse_domain::key::ShareKey;
use largesse_domain::measure::Measures;
use largesse_domain::pool::Share;
use largesse_domain::programme::Programme;
use rusqlite::{Connection, params};

use super::convert::{Columns, column};
use super::load::{each, find};
use super::write::Written;
use crate::{Batch, StoreError};

pub(super) fn members(connection: &Connection, wanted: &Wanted) -> Result<Vec<(EntityId, Members)>, StoreError> {
    each(connection, "SELECT members FROM members WHERE entity = ?1", &wanted.members, |statement, entity| {
        let found = find("list of members", statement, [entity.as_str()], |row| row.form(read_members))?;
        Ok(found.unwrap_or_default())
    })
}

fn share(row: &mut Columns<'_>) -> Result<Share, StoreError> {
    Ok(Share { weight: row.number()?, settled: row.take()? })
}

pub(super) fn shares(connection: &Connection, wanted: &Wanted) -> Result<Vec<(ShareKey, Share)>, StoreError> {
    let sql = "SELECT weight, settled FROM shares WHERE campaign = ?1 AND pool = ?2 AND customer = ?3";
    each(connection, sql, &wanted.shares, |statement, ShareKey { campaign, pool, customer }| {
        let key = [campaign.as_str(), pool.as_str(), customer.as_str()];
        Ok(find("share", statement, key, share)?.unwrap_or_default())
    })
}

pub(super) fn shares_of(
    connection: &Connection,
    campaign: &CampaignId,
    pool: &PoolId,
) -> Result<Vec<(CustomerId, Share)>, StoreError> {
    let sql = "SELECT customer, weight, settled FROM shares WHERE campaign = ?1 AND pool = ?2 ORDER BY customer";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([campaign.as_str(), pool.as_str()])?;
    let mut shares = Vec::new();
    while let Some(row) = rows.next()? {
        let mut row = Columns::of("share", row);
        shares.push((row.id()?, share(&mut row)?));
    }
    Ok(shares)
}

pub(super) fn measures(connection: &Connection, wanted: &Wanted) -> Result<Vec<(CampaignId, Measures)>, StoreError> {
    each(connection, "SELECT counts FROM measures WHERE campaign = ?1", &wanted.measures, |statement, campaign| {
        let found = find("list of counts", statement, [campaign.as_str()], |row| row.form(read_measures))?;
        Ok(found.unwrap_or_default())
    })
}

pub(super) fn programmes(connection: &Connection) -> Result<Vec<Programme>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT id, body FROM programmes ORDER BY id")?;
    let mut rows = statement.query([])?;
    let mut programmes = Vec::new();
    while let Some(row) = rows.next()? {
        let mut row = Columns::of("programme", row);
        let id: String = row.take()?;
        programmes.push(row.form(|text| read_programme(&id, text))?);
    }
    Ok(programmes)
}

pub(super) fn write_programmes(connection: &Connection, batch: &Batch) -> Written {
    for programme in &batch.programmes {
        let sql =
            "INSERT INTO programmes (id, body) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET body = excluded.body";
        connection.prepare_cached(sql)?.execute([programme.id.as_str(), &programme_text(programme)])?;
    }
    Ok(())
}

pub(super) fn write(connection: &Connection, rows: &Rows) -> Written {
    for (entity, members) in &rows.members {
        if *members == Members::default() {
            connection.prepare_cached("DELETE FROM members WHERE entity = ?1")?.execute([entity.as_str()])?;
            continue;
        }
        let sql = "INSERT INTO members (entity, members) VALUES (?1, ?2) \
                   ON CONFLICT (entity) DO UPDATE SET members = excluded.members";
        connection.prepare_cached(sql)?.execute([entity.as_str(), &members_text(members)])?;
    }
    for (ShareKey { campaign, pool, customer }, share) in &rows.shares {
        let (campaign, pool, customer) = (campaign.as_str(), pool.as_str(), customer.as_str());
        if *share == Share::default() {
            let sql = "DELETE FROM shares WHERE campaign = ?1 AND pool = ?2 AND customer = ?3";
            connection.prepare_cached(sql)?.execute([campaign, pool, customer])?;
            continue;
        }
        let sql = "INSERT INTO shares (campaign, pool, customer, weight, settled) VALUES (?1, ?2, ?3, ?4, ?5) \
                   ON CONFLICT (campaign, pool, customer) \
                   DO UPDATE SET weight = excluded.weight, settled = excluded.settled";
        let row = params![campaign, pool, customer, column(share.weight)?, share.settled];
        connection.prepare_cached(sql)?.execute(row)?;
    }
    for (campaign, measures) in &rows.measures {
        if *measures == Measures::default() {
            connection.prepare_cached("DELETE FROM measures WHERE campaign = ?1")?.execute([campaign.as_str()])?;
            continue;
        }
        let sql = "INSERT INTO measures (campaign, counts) VALUES (?1, ?2) \
                   ON CONFLICT (campaign) DO UPDATE SET counts = excluded.counts";
        connection.prepare_cached(sql)?.execute([campaign.as_str(), &measures_text(measures)])?;
    }
    Ok(())
}
