//! How far the events of each source were taken.

use largesse_domain::id::{EventId, EventSource};
use largesse_domain::time::Instant;

use super::SqliteStore;
use super::list::all;
use crate::StoreError;

/// How far the events of a source were taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceEnd {
    /// The source.
    pub source: EventSource,
    /// How many of its events were taken.
    pub events: u64,
    /// The id of the last.
    pub last: EventId,
    /// When that was taken, by the host's clock.
    pub admitted: Instant,
    /// When it happened, as the event says.
    pub occurred: Instant,
}

impl SqliteStore {
    /// Lists the sources of all events, in order. Reads every event.
    ///
    /// # Errors
    /// When the database fails.
    pub fn sources(&self) -> Result<Vec<SourceEnd>, StoreError> {
        // Of the columns beside the largest place SQLite shows those of its row.
        let sql =
            "SELECT source, count(*), id, admitted, occurred, max(seq) FROM events GROUP BY source ORDER BY source";
        self.read(|connection| {
            all(connection, "source", sql, [], |row| {
                let (source, events, last) = (row.id()?, row.number()?, row.id()?);
                Ok(SourceEnd { source, events, last, admitted: row.instant()?, occurred: row.instant()? })
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::fixtures::{at, event, first_day};
    use crate::{Batch, Store as _};

    #[test]
    fn every_source_ends_with_the_event_that_was_taken_last() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path().join("largesse.db")).unwrap();
        assert_eq!(store.sources().unwrap(), []);
        store.commit(&first_day()).unwrap();
        let (mut admission, of_bank) = event(5);
        admission.at = at(2_000);
        let mut of_bank = (*of_bank).clone();
        of_bank.key.source = "bank".parse().unwrap();
        store.commit(&Batch { events: vec![(admission, of_bank.into())], ..Batch::default() }).unwrap();
        let end = |source: &str, events, last: &str, admitted| SourceEnd {
            source: source.parse().unwrap(),
            events,
            last: last.parse().unwrap(),
            admitted: at(admitted),
            occurred: at(500),
        };
        assert_eq!(store.sources().unwrap(), [end("bank", 1, "order-5", 2_000), end("shop", 4, "order-4", 1_000)]);
    }
}
