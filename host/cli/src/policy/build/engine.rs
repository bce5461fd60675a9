//! The host's own engine, for one command: it compiles in a process of its own and runs under every limit.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use largesse_engine::{Allowance, HostKey, LoadedPolicy, Pace, Workers, WorkersConfig};
use tempfile::TempDir;

use crate::failure::{Failure, Result};
use crate::host::compiler;
use crate::token::random;

/// An engine with one worker.
pub(in crate::policy) struct Engine {
    pub(in crate::policy) workers: Arc<Workers>,
    // Compiled code, so that a component is compiled once. Nothing when the folder is somebody else's.
    _cache: Option<TempDir>,
}

impl Engine {
    pub(in crate::policy) fn start(allowance: Allowance) -> Result<Self> {
        let cache = tempfile::tempdir()?;
        let engine = Self::start_in(cache.path(), allowance)?;
        Ok(Self { _cache: Some(cache), ..engine })
    }

    /// Keeps compiled code in this folder.
    pub(in crate::policy) fn start_in(cache: &Path, allowance: Allowance) -> Result<Self> {
        let workers = Workers::new(WorkersConfig {
            workers: NonZeroUsize::MIN,
            compiler: compiler(allowance)?,
            cache_dir: Some(Dir::open_ambient_dir(cache, ambient_authority())?),
            host_key: HostKey::from_bytes(random()?),
            pace: Pace::OFFLINE,
        })?;
        Ok(Self { workers: Arc::new(workers), _cache: None })
    }

    /// Compiles a component and asks it what it is; the file is named in what goes wrong.
    pub(in crate::policy) fn load(&self, component: &[u8], file: &Path) -> Result<Arc<LoadedPolicy>> {
        self.workers
            .load(component)
            .map_err(|error| Failure::from(error).context(format!("the host does not take {}", file.display())))
    }
}
