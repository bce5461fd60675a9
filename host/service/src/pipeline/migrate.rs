//! Migrating all states of a campaign ahead of the decisions that need them, a few between two commits.

use std::time::Instant;

use largesse_domain::facts::{State, Wanted};
use largesse_domain::key::StateKey;
use largesse_domain::limits::STATES_MIGRATED_AT_ONCE_MAX;
use largesse_domain::migration::Migration;
use largesse_engine::ReplyError;
use largesse_failpoint::{Point, reach};
use largesse_store::StoreError;

use super::Decider;

impl Decider {
    /// Notes how far a migration is, in memory and in the batch.
    pub(crate) fn note_migration(&mut self, migration: Migration) {
        let id = migration.campaign.clone();
        if migration.ended.is_some() {
            self.migrations.remove(&id);
        } else {
            self.migrations.insert(id.clone(), migration.clone());
        }
        self.pending.batch.versions.migrations.retain(|other| other.campaign != id);
        self.pending.batch.versions.migrations.push(migration);
    }

    /// Carries migrations on. Nothing is being written: the rows in memory and the store tell between them all that there is.
    pub(super) fn migrate_some(&mut self) -> Result<(), StoreError> {
        let under_way: Vec<Migration> = self.migrations.values().cloned().collect();
        for migration in under_way {
            self.begin_turn();
            let carried_on = self.carry_on(migration)?;
            self.note_migration(carried_on);
            reach(Point::StatesMigrated);
        }
        Ok(())
    }

    fn carry_on(&mut self, mut migration: Migration) -> Result<Migration, StoreError> {
        let id = migration.campaign.clone();
        let active = self.registry.campaign(&id).cloned();
        let Some(active) = active.filter(|active| active.published.policy.digest == migration.policy) else {
            migration.ended = Some(self.clock.now());
            return Ok(migration);
        };
        let published = &active.published;
        // It goes on when the version can be run again.
        let Some(loaded) = published.loaded() else { return Ok(migration) };
        let policy = published.policy.digest;
        if self.suspended(&policy).is_some() {
            return Ok(migration);
        }
        let writes = published.manifest().state_writes;
        let found = self.store.states_other_than(&id, writes, migration.after.as_ref(), STATES_MIGRATED_AT_ONCE_MAX)?;
        let keys = found.into_iter().map(|(owner, _)| StateKey { campaign: id.clone(), owner });
        let keys: Vec<StateKey> = keys.collect();
        self.ensure(Wanted { states: keys.iter().cloned().collect(), ..Wanted::default() })?;
        let mut looked_at = 0;
        for key in &keys {
            if self.turn.is_over() {
                break;
            }
            looked_at += 1;
            self.turn.count(1, 0);
            // Decisions since may have written it already.
            let Some(state) = self.facts.states.get(key).clone().filter(|state| state.written_as != writes) else {
                continue;
            };
            match self.workers.migrate(loaded, key.owner.kind(), &state.value, state.written_as) {
                Ok(value) => {
                    self.facts.states.put(key, Some(State { written_as: writes, value }));
                    migration.migrated += 1;
                }
                Err(why) => {
                    if matches!(&why, ReplyError::Fault(fault) if !fault.kind.is_deterministic()) {
                        self.note_late(policy);
                        self.suspensions.note_given_up(policy, Instant::now());
                    }
                    let stuck = self.stuck(published, state.written_as, why.to_string());
                    self.pending.batch.versions.stuck.push((key.clone(), stuck));
                    migration.failed += 1;
                }
            }
        }
        self.pending.rows += looked_at;
        migration.after = keys[..looked_at].last().map(|key| key.owner.clone()).or(migration.after);
        if looked_at == keys.len() && keys.len() < STATES_MIGRATED_AT_ONCE_MAX {
            migration.ended = Some(self.clock.now());
            let Migration { migrated, failed, .. } = migration;
            tracing::info!(campaign = %id, migrated, failed, "the states are migrated");
        }
        Ok(migration)
    }
}
