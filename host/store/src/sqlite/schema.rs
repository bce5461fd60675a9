//! The schema and its migrations: numbered SQL files, applied in order when a database is opened.

use largesse_failpoint::{Point, reach};
use rusqlite::{Connection, TransactionBehavior};

use crate::StoreError;

/// Each file brings the schema to the version of its place, from 1. Files are never changed once released.
const MIGRATIONS: [&str; 1] = [include_str!("../../migrations/0001_initial.sql")];

/// The newest schema version that this host knows.
pub(super) fn known() -> u32 {
    u32::try_from(MIGRATIONS.len()).expect("there are few migrations")
}

/// Brings the database to the newest version, all or nothing.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    reach(Point::MigrationBegun);
    let found: u32 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if found > known() {
        return Err(StoreError::TooNew { found, known: known() });
    }
    let done = usize::try_from(found).expect("a version that is known is small");
    for migration in &MIGRATIONS[done..] {
        transaction.execute_batch(migration)?;
        reach(Point::MigrationApplied);
    }
    transaction.pragma_update(None, "user_version", known())?;
    transaction.commit()?;
    Ok(())
}
