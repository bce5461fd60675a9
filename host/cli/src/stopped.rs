//! The data directory of a host that is stopped, opened to be looked into.

use std::path::Path;

use largesse_store::SqliteStore;

use crate::data_dir::DataDir;
use crate::failure::{Failure, Result};

/// What a host that is stopped has left. It stays locked until this is dropped.
pub(crate) struct Stopped {
    pub(crate) store: SqliteStore,
    pub(crate) dir: DataDir,
}

impl Stopped {
    /// Opens a data directory; `otherwise` says what to do when its host runs.
    pub(crate) fn open(path: &Path, otherwise: &str) -> Result<Self> {
        if !path.is_dir() {
            return Err(Failure::usage(anyhow::anyhow!("there is no data directory {}", path.display())));
        }
        let dir = DataDir::open(path).map_err(|failure| failure.hint(otherwise))?;
        let database = dir.database()?;
        if !database.exists() {
            return Err(Failure::usage(anyhow::anyhow!("no host has made its database in {}", path.display())));
        }
        let store = SqliteStore::open(&database)
            .map_err(|error| Failure::from(error).context(format!("cannot open {}", database.display())))?;
        Ok(Self { store, dir })
    }
}
