//! A database on a medium that cannot be written to, such as a snapshot that an auditor is given.
//!
//! SQLite reads a database with a log only when it may write beside it, unless it is told that nobody changes the file (`immutable`). It
//! then takes no locks and does not look at the log, so a log that was not copied into the database is an error here.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use rusqlite::{Connection, OpenFlags};

use super::{READER_CACHE_KIB, SqliteStore, connect, schema};
use crate::StoreError;

impl SqliteStore {
    /// Opens a database that nobody writes to, and writes nothing: neither into it nor beside it.
    ///
    /// # Errors
    /// When its host did not stop in good order, so that a part of it is still in the log; when a host of another version wrote it; or when
    /// the file system or the database fails.
    pub fn open_read_only(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = path.as_ref().to_path_buf();
        let log = log_of(&path);
        if std::fs::metadata(&log).is_ok_and(|log| log.len() > 0) {
            return Err(StoreError::UnfinishedLog { path: log });
        }
        let reader = open(&path)?;
        let found: u32 = reader.pragma_query_value(None, "user_version", |row| row.get(0))?;
        match schema::known() {
            known if found > known => return Err(StoreError::TooNew { found, known }),
            known if found < known => return Err(StoreError::TooOld { found, known }),
            _ => {}
        }
        Ok(Self { readers: Mutex::default(), writer: Mutex::new(reader), path, lock: None })
    }
}

/// Connects to a database that nobody writes to.
pub(super) fn open(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_EXRESCODE;
    connect(Path::new(&uri(path)), flags, READER_CACHE_KIB)
}

fn log_of(database: &Path) -> PathBuf {
    let mut log = OsString::from(database);
    log.push("-wal");
    log.into()
}

fn uri(path: &Path) -> String {
    let mut uri = "file:".to_owned();
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => uri.push(char::from(*byte)),
            _ => {
                let _ = write!(uri, "%{byte:02X}");
            }
        }
    }
    uri.push_str("?mode=ro&immutable=1");
    uri
}

#[cfg(test)]
mod tests {
    use largesse_domain::id::EventSeq;

    use super::*;
    use crate::contract::fixtures::event;
    use crate::{Batch, Chain as _, Store as _};

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_database_of_a_stopped_host_is_read_and_nothing_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a b?c%d#e.db");
        let store = SqliteStore::open(&path).unwrap();
        store.commit(&Batch { events: vec![event(1)], ..Batch::default() }).unwrap();
        drop(store);
        let (before, content) = (names(folder.path()), std::fs::read(&path).unwrap());
        let store = SqliteStore::open_read_only(&path).unwrap();
        assert_eq!(store.counters().unwrap().last_event, EventSeq(1));
        assert!(store.audit().unwrap().is_ok() && store.verify_chain(None, &|_| ()).unwrap().is_ok());
        assert!(store.commit(&Batch { events: vec![event(2)], ..Batch::default() }).is_err());
        assert_eq!((names(folder.path()), std::fs::read(&path).unwrap()), (before, content));
    }

    #[test]
    fn a_log_that_is_not_copied_yet_is_missed_in_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("largesse.db");
        let store = SqliteStore::open(&path).unwrap();
        store.commit(&Batch { events: vec![event(1)], ..Batch::default() }).unwrap();
        let copy = folder.path().join("copy.db");
        for end in ["", "-wal"] {
            std::fs::copy(format!("{}{end}", path.display()), format!("{}{end}", copy.display())).unwrap();
        }
        let error = SqliteStore::open_read_only(&copy).unwrap_err();
        assert!(matches!(error, StoreError::UnfinishedLog { path } if path == log_of(&copy)));
        // With the right to write it is read with its log.
        assert_eq!(SqliteStore::open(&copy).unwrap().counters().unwrap().last_event, EventSeq(1));
        assert_eq!(SqliteStore::open_read_only(&copy).unwrap().counters().unwrap().last_event, EventSeq(1));
    }

    #[test]
    fn another_schema_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("largesse.db");
        let with_version = |version: u32| {
            let connection = Connection::open(&path).unwrap();
            connection.pragma_update(None, "user_version", version).unwrap();
            drop(connection);
            SqliteStore::open_read_only(&path).unwrap_err()
        };
        assert!(matches!(with_version(0), StoreError::TooOld { found: 0, .. }));
        assert!(matches!(with_version(schema::known() + 1), StoreError::TooNew { .. }));
    }
}
