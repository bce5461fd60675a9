//! The data directory of a host that is stopped, opened to be looked into.

use std::path::Path;

use largesse_store::{SqliteStore, StoreError};

use crate::data_dir::{Access, DataDir};
use crate::failure::{Failure, Result};

/// What a host that is stopped has left. It stays locked until this is dropped.
pub(crate) struct Stopped {
    pub(crate) store: SqliteStore,
    pub(crate) dir: DataDir,
}

impl Stopped {
    /// Opens a data directory; `otherwise` says what to do when its host runs. One that cannot be written to is only read.
    pub(crate) fn open(path: &Path, otherwise: &str) -> Result<Self> {
        if !path.is_dir() {
            return Err(Failure::usage(anyhow::anyhow!("there is no data directory {}", path.display())));
        }
        let (dir, access) = DataDir::open_stopped(path).map_err(|failure| failure.hint(otherwise))?;
        let database = dir.database()?;
        if !database.exists() {
            return Err(Failure::usage(anyhow::anyhow!("no host has made its database in {}", path.display())));
        }
        let opened = match access {
            Access::Write => SqliteStore::open(&database),
            Access::Read => SqliteStore::open_read_only(&database),
        };
        let store = opened.map_err(|error| {
            let needs_write = matches!(error, StoreError::UnfinishedLog { .. } | StoreError::TooOld { .. });
            let failure = Failure::from(error).context(format!("cannot open {}", database.display()));
            match needs_write {
                true => failure.hint(
                    "copy the directory, with all its files, to where it may be written to, and look into the copy",
                ),
                false => failure,
            }
        })?;
        Ok(Self { store, dir })
    }
}
