//! The directory in which a host keeps everything: database, components, compiled code, secrets, and a lock against a second host.
//!
//! What the host makes there, and the directory itself, can be read by its owner alone. A directory that was there before keeps its
//! mode, since it may be a mounted volume; the host warns when others can read it.

use std::fs::{File, TryLockError};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions};
use largesse_domain::limits::SECRETS_BYTES_MAX;
use largesse_engine::files;
use largesse_failpoint::{Point, reach};
use largesse_service::components;
use serde::{Deserialize, Serialize};

use crate::failure::{Failure, Result};
use crate::token::{hex, random, unhex};

const DATABASE: &str = "largesse.db";
/// What SQLite has not put into the database yet.
const DATABASE_LOG: &str = "largesse.db-wal";
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
        #[cfg_attr(not(unix), expect(unused_mut, reason = "only Unix has modes"))]
        let mut builder = std::fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.recursive(true).create(path).map_err(at)?;
        let dir = Dir::open_ambient_dir(path, ambient_authority()).map_err(at)?;
        let lock = files::open_to_write(&dir, LOCK).map_err(at)?.into_std();
        let opened = Self::locked(dir, path, Some(lock))?;
        for warning in opened.exposed() {
            tracing::warn!("{warning}");
        }
        Ok(opened)
    }

    /// Opens the directory of a host that is stopped. One that cannot be written to is opened to be read.
    pub(crate) fn open_stopped(path: &Path) -> Result<(Self, Access)> {
        let at = |error: std::io::Error| {
            Failure::from(error).context(format!("cannot use the data directory {}", path.display()))
        };
        let dir = Dir::open_ambient_dir(path, ambient_authority()).map_err(at)?;
        // The host that runs holds both for writing.
        let writable = files::open_to_write(&dir, LOCK).and_then(|_| {
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

    /// What others than the owner can read, and how to change that.
    fn exposed(&self) -> Vec<String> {
        #[cfg(not(unix))]
        return Vec::new();
        #[cfg(unix)]
        [("", "700"), (SECRETS, "600"), (DATABASE, "600"), (DATABASE_LOG, "600")]
            .into_iter()
            .filter_map(|(name, right)| {
                use std::os::unix::fs::PermissionsExt as _;
                let place = if name.is_empty() { self.path.clone() } else { self.path.join(name) };
                let mode = std::fs::metadata(&place).ok()?.permissions().mode() & 0o777;
                let place = place.display();
                (mode & 0o077 != 0).then(|| {
                    format!(
                        "{place} has mode {mode:03o}: others can read this host's secrets; run chmod {right} {place}"
                    )
                })
            })
            .collect()
    }

    /// Where the database is, or will be made. One that was there and is gone is not made anew: everything would be granted
    /// again.
    pub(crate) fn database(&self) -> Result<PathBuf> {
        let place = self.path.join(DATABASE);
        if std::fs::metadata(&place).is_ok_and(|found| !found.is_file()) {
            return Err(Failure::new(format!("{} is not a regular file", place.display())));
        }
        let is_empty = self.dir.metadata(DATABASE).map_or(true, |file| file.len() == 0);
        if is_empty && self.dir.exists(DATABASE_MADE) {
            let failure = Failure::new(format!("{} is missing or empty, but there was a database", place.display()));
            return Err(failure.hint("put it back from a backup; a host that shall know nothing takes a new directory"));
        }
        Ok(place)
    }

    /// Returns where the database is, and makes an empty file there when the host is new: SQLite gives its other files the mode of this one.
    pub(crate) fn database_to_write(&self) -> Result<PathBuf> {
        let place = self.database()?;
        if !self.dir.exists(DATABASE) {
            drop(files::create(&self.dir, DATABASE)?);
        }
        Ok(place)
    }

    /// Remembers that there is a database.
    pub(crate) fn note_database(&self) -> Result {
        if !self.dir.exists(DATABASE_MADE) {
            let mut file = files::create(&self.dir, DATABASE_MADE)?;
            file.write_all(b"A host has made its database here, and will not make another.\n")?;
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
        let opened = files::folder(&self.dir, name);
        let opened = opened.and_then(|folder| self.dir.open(".")?.sync_all().map(|()| folder));
        opened.map_err(|error| Failure::from(error).context(format!("cannot use {}", self.path.join(name).display())))
    }

    /// Reads the secrets, or makes them when the directory is new.
    pub(crate) fn secrets(&self) -> Result<Secrets> {
        let place = self.path.join(SECRETS);
        let at = |error: std::io::Error| Failure::from(error).context(format!("cannot use {}", place.display()));
        let text = match files::read(&self.dir, SECRETS, SECRETS_BYTES_MAX) {
            Ok(text) => String::from_utf8_lossy(&text).into_owned(),
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
        let mut file = files::open_to_write(&self.dir, &unfinished)?;
        file.set_len(0)?;
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

    #[cfg(unix)]
    #[test]
    fn what_is_made_can_be_read_by_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("new/data");
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let dir = DataDir::open(&path).unwrap();
        dir.secrets().unwrap();
        let database = dir.database_to_write().unwrap();
        let store = rusqlite::Connection::open(&database).unwrap();
        store.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE t (a); INSERT INTO t VALUES (1);").unwrap();
        dir.note_database().unwrap();
        drop((dir.cache().unwrap(), dir.components().unwrap(), dir.jobs().unwrap()));
        assert_eq!(mode(&path), 0o700);
        let mut names = Vec::new();
        for entry in std::fs::read_dir(&path).unwrap() {
            let entry = entry.unwrap();
            let expected = if entry.file_type().unwrap().is_dir() { 0o700 } else { 0o600 };
            assert_eq!(mode(&entry.path()), expected, "{entry:?}");
            names.push(entry.file_name().into_string().unwrap());
        }
        assert!(names.contains(&"largesse.db-wal".to_owned()), "{names:?}");
        assert_eq!(dir.exposed(), [""; 0]);
        let open = |path: &Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        open(&path, 0o755);
        open(&database, 0o640);
        let warnings = dir.exposed();
        assert!(warnings[0].contains("mode 755") && warnings[0].contains("chmod 700"), "{warnings:?}");
        assert!(warnings[1].contains("mode 640") && warnings[1].contains("largesse.db"), "{warnings:?}");
        assert_eq!(warnings.len(), 2);
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_in_the_place_of_a_file_blocks_nobody() {
        for name in [LOCK, SECRETS, DATABASE] {
            let temp = tempfile::tempdir().unwrap();
            assert!(std::process::Command::new("mkfifo").arg(temp.path().join(name)).status().unwrap().success());
            let opened = DataDir::open(temp.path());
            let used = opened.and_then(|dir| dir.database().and_then(|_| dir.secrets().map(drop)));
            assert!(used.is_err(), "{name}");
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
