//! The directory in which a host keeps everything: database, components, compiled code, secrets, and a lock against a second host.

use std::fs::{File, TryLockError};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions};
use largesse_failpoint::{Point, reach};
use largesse_service::components;
use serde::{Deserialize, Serialize};

use crate::failure::{Failure, Result};
use crate::token::{hex, random, unhex};

const DATABASE: &str = "largesse.db";
const DATABASE_MADE: &str = "database-made";
const SECRETS: &str = "secrets.toml";
const CACHE: &str = "compiled";
/// What policies are published from; it belongs into the backup with the database.
const COMPONENTS: &str = components::FOLDER;
/// What jobs found.
const JOBS: &str = "jobs";
const LOCK: &str = "lock";

/// An opened data directory, locked until it is dropped.
#[derive(Debug)]
pub(crate) struct DataDir {
    dir: Dir,
    path: PathBuf,
    _lock: Option<File>,
}

/// What may be done with a data directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Everything.
    Write,
    /// It is on a read-only medium, or belongs to somebody else.
    Read,
}

/// What nobody else may know.
pub(crate) struct Secrets {
    /// What the seeds of decisions are made with.
    pub(crate) seed: [u8; 32],
    /// What authenticates compiled code.
    pub(crate) cache: [u8; 32],
}

/// The secrets as they are written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SecretsFile {
    seed: String,
    cache: String,
}

impl DataDir {
    /// Opens a directory, making it when it is not there.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let at = |error: std::io::Error| {
            Failure::from(error).context(format!("cannot use the data directory {}", path.display()))
        };
        std::fs::create_dir_all(path).map_err(at)?;
        let dir = Dir::open_ambient_dir(path, ambient_authority()).map_err(at)?;
        let lock = dir.open_with(LOCK, OpenOptions::new().create(true).write(true)).map_err(at)?.into_std();
        Self::locked(dir, path, Some(lock))
    }

    /// Opens the directory of a host that is stopped. One that cannot be written to is opened to be read.
    pub(crate) fn open_stopped(path: &Path) -> Result<(Self, Access)> {
        let at = |error: std::io::Error| {
            Failure::from(error).context(format!("cannot use the data directory {}", path.display()))
        };
        let dir = Dir::open_ambient_dir(path, ambient_authority()).map_err(at)?;
        // The host that runs holds both for writing.
        let writable = dir.open_with(LOCK, OpenOptions::new().create(true).write(true)).and_then(|_| {
            if dir.exists(DATABASE) {
                dir.open_with(DATABASE, OpenOptions::new().write(true)).map(drop)
            } else {
                Ok(())
            }
        });
        match writable {
            Ok(()) => Ok((Self::open(path)?, Access::Write)),
            Err(error) if matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem) => {
                // A copy need not have a lock. One that is there may still be that of a host that runs under another name.
                let lock = dir.open(LOCK).ok().map(cap_std::fs::File::into_std);
                Ok((Self::locked(dir, path, lock)?, Access::Read))
            }
            Err(error) => Err(at(error)),
        }
    }

    fn locked(dir: Dir, path: &Path, lock: Option<File>) -> Result<Self> {
        match lock.as_ref().map_or(Ok(()), File::try_lock) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let failure = Failure::new(format!("another host is using the data directory {}", path.display()));
                return Err(failure.hint("stop it first, or give this one a directory of its own with --data-dir"));
            }
            Err(TryLockError::Error(error)) => {
                return Err(Failure::from(error).context(format!("cannot use the data directory {}", path.display())));
            }
        }
        Ok(Self { dir, path: path.to_owned(), _lock: lock })
    }

    /// Where the database is, or will be made. One that was there and is gone is not made anew: everything would be granted
    /// again.
    pub(crate) fn database(&self) -> Result<PathBuf> {
        let place = self.path.join(DATABASE);
        let is_empty = self.dir.metadata(DATABASE).map_or(true, |file| file.len() == 0);
        if is_empty && self.dir.exists(DATABASE_MADE) {
            let failure = Failure::new(format!("{} is missing or empty, but there was a database", place.display()));
            return Err(failure.hint("put it back from a backup; a host that shall know nothing takes a new directory"));
        }
        Ok(place)
    }

    /// Remembers that there is a database.
    pub(crate) fn note_database(&self) -> Result {
        if !self.dir.exists(DATABASE_MADE) {
            self.dir.write(DATABASE_MADE, "A host has made its database here, and will not make another.\n")?;
            self.dir.open(".")?.sync_all()?;
        }
        Ok(())
    }

    /// Where compiled code is kept.
    pub(crate) fn cache(&self) -> Result<Dir> {
        self.folder(CACHE)
    }

    /// Where the components of published policies are kept.
    pub(crate) fn components(&self) -> Result<Dir> {
        self.folder(COMPONENTS)
    }

    /// Where what jobs found is kept.
    pub(crate) fn jobs(&self) -> Result<Dir> {
        self.folder(JOBS)
    }

    fn folder(&self, name: &str) -> Result<Dir> {
        let opened = self.dir.create_dir_all(name).and_then(|()| self.dir.open(".")?.sync_all());
        let opened = opened.and_then(|()| self.dir.open_dir(name));
        opened.map_err(|error| Failure::from(error).context(format!("cannot use {}", self.path.join(name).display())))
    }

    /// Reads the secrets, or makes them when the directory is new.
    pub(crate) fn secrets(&self) -> Result<Secrets> {
        let place = self.path.join(SECRETS);
        let at = |error: std::io::Error| Failure::from(error).context(format!("cannot use {}", place.display()));
        let text = match self.dir.read_to_string(SECRETS) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                if self.dir.exists(DATABASE) {
                    let failure = Failure::new(format!("{} is missing, but there is a database", place.display()));
                    return Err(failure.hint("put it back from a backup: decisions could not be replayed without it"));
                }
                self.make_secrets().map_err(|failure| failure.context(format!("cannot make {}", place.display())))?
            }
            Err(error) => return Err(at(error)),
        };
        let file: Option<SecretsFile> = toml::from_str(&text).ok();
        let read = file.and_then(|file| Some(Secrets { seed: unhex(&file.seed)?, cache: unhex(&file.cache)? }));
        read.ok_or_else(|| {
            let failure = Failure::new(format!("{} does not hold the secrets of a host", place.display()));
            failure.hint("put it back from a backup")
        })
    }

    /// Writes new secrets so that they are there whole or not at all.
    fn make_secrets(&self) -> Result<String> {
        reach(Point::SecretsAbsent);
        let text = toml::to_string(&SecretsFile { seed: hex(&random()?), cache: hex(&random()?) })?;
        let text = format!("# Secrets of this host. Keep a backup; show them to nobody.\n{text}");
        let unfinished = format!("{SECRETS}.new");
        let mut options = OpenOptions::new();
        options.create(true).truncate(true).write(true);
        #[cfg(unix)]
        cap_std::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = self.dir.open_with(&unfinished, &options)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        reach(Point::SecretsUnnamed);
        self.dir.rename(&unfinished, &self.dir, SECRETS)?;
        reach(Point::SecretsNamed);
        self.dir.open(".")?.sync_all()?;
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_made_once_and_only_the_owner_reads_them() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("new/data");
        let seed = DataDir::open(&path).unwrap().secrets().unwrap().seed;
        let again = DataDir::open(&path).unwrap().secrets().unwrap();
        assert_eq!(again.seed, seed);
        assert_ne!(again.seed, again.cache);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(path.join(SECRETS)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn a_database_without_its_secrets_is_refused() {
        let temp = tempfile::tempdir().unwrap();
        std::fs::write(temp.path().join(DATABASE), "").unwrap();
        let failure = DataDir::open(temp.path()).unwrap().secrets().err().unwrap();
        assert!(failure.text(false).contains("is missing, but there is a database"), "{failure:?}");
        std::fs::write(temp.path().join(SECRETS), "seed = \"1\"\ncache = \"2\"").unwrap();
        let failure = DataDir::open(temp.path()).unwrap().secrets().err().unwrap();
        assert!(failure.text(false).contains("does not hold the secrets"), "{failure:?}");
    }

    #[test]
    fn a_database_that_is_gone_is_missed() {
        let temp = tempfile::tempdir().unwrap();
        let dir = DataDir::open(temp.path()).unwrap();
        let place = dir.database().unwrap();
        // A first start that died leaves nothing, or an empty file.
        std::fs::write(&place, "").unwrap();
        dir.database().unwrap();
        std::fs::write(&place, "a database").unwrap();
        dir.note_database().unwrap();
        dir.note_database().unwrap();
        assert_eq!(dir.database().unwrap(), place);
        for spoil in [|place: &Path| std::fs::write(place, ""), |place: &Path| std::fs::remove_file(place)] {
            spoil(&place).unwrap();
            let failure = dir.database().unwrap_err();
            assert!(failure.text(false).contains("is missing or empty, but there was a database"), "{failure:?}");
        }
    }

    #[test]
    fn two_hosts_cannot_share_a_directory() {
        let temp = tempfile::tempdir().unwrap();
        let first = DataDir::open(temp.path()).unwrap();
        let failure = DataDir::open(temp.path()).unwrap_err();
        assert!(failure.text(false).starts_with("error: another host is using"), "{failure:?}");
        drop(first);
        DataDir::open(temp.path()).unwrap();
    }
}
