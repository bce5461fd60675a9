//! Versions in SQLite.

use largesse_documents::stored::{activation_text, evaluation_text, read_activation, read_evaluation};
use largesse_domain::activation::Activation;
use largesse_domain::facts::State;
use largesse_domain::id::{CampaignId, DecisionId, Digest};
use largesse_domain::json::Json;
use largesse_domain::key::StateKey;
use largesse_domain::migration::{Migration, StuckState};
use largesse_domain::owner::{Owner, OwnerKind};
use largesse_domain::protection::Stop;
use largesse_domain::rollout::{ShadowDifference, Side, Tally};
use rusqlite::{Connection, params};

use super::SqliteStore;
use super::convert::{Columns, column, owner_code};
use super::list::{all, at_most};
use super::write::Written;
use crate::StoreError;
use crate::versions::{VersionChanges, Versions};

pub(super) fn write(connection: &Connection, changes: &VersionChanges) -> Written {
    for (campaign, activation) in &changes.activations {
        let sql = "INSERT INTO activations (campaign, number, body) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
        let row = params![campaign.as_str(), activation.number, activation_text(activation)];
        connection.prepare_cached(sql)?.execute(row)?;
    }
    for (key, tally) in &changes.tallies {
        let sql = "INSERT OR REPLACE INTO tallies (campaign, rollout, side, decisions, accepted, denied, refused, \
                   faulted, differing, fuel) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
        let Tally { decisions, accepted, denied, refused, faulted, differing, fuel } = *tally;
        connection.prepare_cached(sql)?.execute(params![
            key.campaign.as_str(),
            key.rollout,
            side_code(key.side),
            column(decisions)?,
            column(accepted)?,
            column(denied)?,
            column(refused)?,
            column(faulted)?,
            column(differing)?,
            column(fuel)?,
        ])?;
    }
    for difference in &changes.differences {
        let sql = "INSERT INTO differences (campaign, rollout, decision, body) VALUES (?1, ?2, ?3, ?4) \
                   ON CONFLICT DO NOTHING";
        let (campaign, decision) = (difference.campaign.as_str(), column(difference.decision.0)?);
        let row = params![campaign, difference.rollout, decision, evaluation_text(&difference.candidate)];
        connection.prepare_cached(sql)?.execute(row)?;
    }
    for (key, stuck) in &changes.stuck {
        let sql = "INSERT OR REPLACE INTO stuck_states (campaign, owner_kind, owner, policy, written_as, why, at) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let (kind, owner) = (owner_code(key.owner.kind()), key.owner.id());
        let StuckState { policy, written_as, why, at } = stuck;
        let row = params![key.campaign.as_str(), kind, owner, policy.as_bytes(), written_as, why, at.as_millis()];
        connection.prepare_cached(sql)?.execute(row)?;
    }
    for (policy, stop) in &changes.stops {
        match stop {
            Some(Stop { reason, at }) => {
                let sql = "INSERT OR REPLACE INTO stops (policy, reason, at) VALUES (?1, ?2, ?3)";
                connection.prepare_cached(sql)?.execute(params![policy.as_bytes(), reason, at.as_millis()])?;
            }
            None => {
                connection.prepare_cached("DELETE FROM stops WHERE policy = ?1")?.execute([policy.as_bytes()])?;
            }
        }
    }
    changes.migrations.iter().try_for_each(|migration| write_migration(connection, migration))
}

fn write_migration(connection: &Connection, migration: &Migration) -> Written {
    let sql = "INSERT OR REPLACE INTO migrations (campaign, policy, started, states, migrated, failed, after_kind, \
               after, ended) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    let after = migration.after.as_ref();
    connection.prepare_cached(sql)?.execute(params![
        migration.campaign.as_str(),
        migration.policy.as_bytes(),
        migration.started.as_millis(),
        column(migration.states)?,
        column(migration.migrated)?,
        column(migration.failed)?,
        after.map(|owner| owner_code(owner.kind())),
        after.map(Owner::id),
        migration.ended.map(|ended| ended.as_millis()),
    ])?;
    Ok(())
}

fn side_code(side: Side) -> i64 {
    match side {
        Side::Active => 0,
        Side::Candidate => 1,
    }
}

/// The next two columns, an owner.
fn owner(row: &mut Columns<'_>) -> Result<Owner, StoreError> {
    let code: i64 = row.take()?;
    Ok(if code == owner_code(OwnerKind::Party) { Owner::Party(row.id()?) } else { Owner::Entity(row.id()?) })
}

/// The place in the order of owners after which to go on.
fn place(after: Option<&Owner>) -> (i64, &str) {
    after.map_or((-1, ""), |owner| (owner_code(owner.kind()), owner.id()))
}

impl Versions for SqliteStore {
    fn activations(&self, campaign: &CampaignId, before: u32, limit: usize) -> Result<Vec<Activation>, StoreError> {
        let sql = "SELECT body FROM activations WHERE campaign = ?1 AND number < ?2 ORDER BY number DESC LIMIT ?3";
        let row = params![campaign.as_str(), before, at_most(limit)];
        self.read(|connection| all(connection, "activation", sql, row, |row| row.form(read_activation)))
    }

    fn tallies(&self, campaign: &CampaignId, rollout: u32) -> Result<Vec<(Side, Tally)>, StoreError> {
        let sql = "SELECT side, decisions, accepted, denied, refused, faulted, differing, fuel FROM tallies \
                   WHERE campaign = ?1 AND rollout = ?2 ORDER BY side";
        let read = |row: &mut Columns<'_>| {
            let side = if row.number()? == 0 { Side::Active } else { Side::Candidate };
            let tally = Tally {
                decisions: row.number()?,
                accepted: row.number()?,
                denied: row.number()?,
                refused: row.number()?,
                faulted: row.number()?,
                differing: row.number()?,
                fuel: row.number()?,
            };
            Ok((side, tally))
        };
        self.read(|connection| all(connection, "tally", sql, params![campaign.as_str(), rollout], read))
    }

    fn differences(
        &self,
        campaign: &CampaignId,
        rollout: u32,
        after: DecisionId,
        limit: usize,
    ) -> Result<Vec<ShadowDifference>, StoreError> {
        let sql = "SELECT decision, body FROM differences WHERE campaign = ?1 AND rollout = ?2 AND decision > ?3 \
                   ORDER BY decision LIMIT ?4";
        let bounds = params![campaign.as_str(), rollout, column(after.0)?, at_most(limit)];
        let read = |row: &mut Columns<'_>| {
            let decision = DecisionId(row.number()?);
            let candidate = row.form(read_evaluation)?;
            Ok(ShadowDifference { campaign: campaign.clone(), rollout, decision, candidate })
        };
        self.read(|connection| all(connection, "difference", sql, bounds, read))
    }

    fn stuck_states(
        &self,
        campaign: &CampaignId,
        policy: &Digest,
        after: Option<&Owner>,
        limit: usize,
    ) -> Result<Vec<(StateKey, StuckState)>, StoreError> {
        let sql = "SELECT k.owner_kind, k.owner, k.policy, k.written_as, k.why, k.at FROM stuck_states k \
                   JOIN states s ON s.campaign = k.campaign AND s.owner_kind = k.owner_kind AND s.owner = k.owner \
                   WHERE k.campaign = ?1 AND (k.owner_kind, k.owner) > (?2, ?3) AND k.policy = ?4 \
                   AND s.written_as = k.written_as ORDER BY k.owner_kind, k.owner LIMIT ?5";
        let (kind, id) = place(after);
        let bounds = params![campaign.as_str(), kind, id, policy.as_bytes(), at_most(limit)];
        let read = |row: &mut Columns<'_>| {
            let key = StateKey { campaign: campaign.clone(), owner: owner(row)? };
            let (policy, written_as) = (row.digest()?, row.take()?);
            Ok((key, StuckState { policy, written_as, why: row.take()?, at: row.instant()? }))
        };
        self.read(|connection| all(connection, "state that is stuck", sql, bounds, read))
    }

    fn stops(&self) -> Result<Vec<(Digest, Stop)>, StoreError> {
        let sql = "SELECT policy, reason, at FROM stops ORDER BY policy";
        let read = |row: &mut Columns<'_>| Ok((row.digest()?, Stop { reason: row.take()?, at: row.instant()? }));
        self.read(|connection| all(connection, "stop", sql, [], read))
    }

    fn migrations(&self) -> Result<Vec<Migration>, StoreError> {
        let sql = "SELECT campaign, policy, started, states, migrated, failed, ended, after_kind, after FROM migrations \
                   ORDER BY campaign";
        let read = |row: &mut Columns<'_>| {
            let mut migration = Migration {
                campaign: row.id()?,
                policy: row.digest()?,
                started: row.instant()?,
                states: row.number()?,
                migrated: row.number()?,
                failed: row.number()?,
                ended: row.optional_instant()?,
                after: None,
            };
            let kind: Option<i64> = row.take()?;
            let party = kind == Some(owner_code(OwnerKind::Party));
            migration.after = match kind {
                Some(_) if party => row.optional_id()?.map(Owner::Party),
                Some(_) => row.optional_id()?.map(Owner::Entity),
                None => None,
            };
            Ok(migration)
        };
        self.read(|connection| all(connection, "migration", sql, [], read))
    }

    fn state_versions(&self, campaign: &CampaignId) -> Result<Vec<(u32, u64)>, StoreError> {
        let sql = "SELECT written_as, count(*) FROM states WHERE campaign = ?1 GROUP BY written_as ORDER BY written_as";
        let read = |row: &mut Columns<'_>| Ok((row.take()?, row.number()?));
        self.read(|connection| all(connection, "state", sql, [campaign.as_str()], read))
    }

    fn states_other_than(
        &self,
        campaign: &CampaignId,
        written_as: u32,
        after: Option<&Owner>,
        limit: usize,
    ) -> Result<Vec<(Owner, State)>, StoreError> {
        let sql = "SELECT owner_kind, owner, written_as, value FROM states WHERE campaign = ?1 \
                   AND (owner_kind, owner) > (?2, ?3) AND written_as <> ?4 ORDER BY owner_kind, owner LIMIT ?5";
        let (kind, id) = place(after);
        let bounds = params![campaign.as_str(), kind, id, written_as, at_most(limit)];
        let read = |row: &mut Columns<'_>| {
            let owner = owner(row)?;
            Ok((owner, State { written_as: row.take()?, value: Json::from_checked(row.take::<String>()?) }))
        };
        self.read(|connection| all(connection, "state", sql, bounds, read))
    }
}
