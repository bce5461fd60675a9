//! The bytes of published components: files named by their digest.
//!
//! A file is written under another name, flushed and renamed before the commit that publishes its policy, and never changed
//! afterwards. So a policy that is published has its file, whenever the host dies; a file without a policy does no harm, and
//! is there already when the policy is published again.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use cap_std::fs::Dir;
use largesse_domain::id::Digest;
use largesse_domain::limits::COMPONENT_BYTES_MAX;
use largesse_engine::files;
use largesse_failpoint::{Point, reach};
use sha2::{Digest as _, Sha256};

/// What the folder of components is called in a data directory.
pub const FOLDER: &str = "components";
/// How the names of unfinished files end.
const UNFINISHED: &str = ".new";

/// Why the bytes of a component are not at hand. Publishing the same bytes again mends it.
#[derive(Debug, thiserror::Error)]
pub enum ComponentError {
    /// There is no such file.
    #[error("the file {} is missing", place(.0))]
    Missing(Digest),
    /// The file holds other bytes.
    #[error("the file {} does not hold what its name says: its sha-256 is {found}", place(.digest))]
    Changed {
        /// What it should hold.
        digest: Digest,
        /// What it holds; of a file that is too long, what its beginning is.
        found: Digest,
    },
    /// The file cannot be read.
    #[error("the file {} cannot be read", place(.digest))]
    Unreadable {
        /// Which.
        digest: Digest,
        /// Why.
        #[source]
        source: io::Error,
    },
}

fn place(digest: &Digest) -> String {
    format!("{FOLDER}/{}", file_name(digest))
}

fn file_name(digest: &Digest) -> String {
    format!("{digest}.wasm")
}

/// The sha-256 of a component's bytes.
pub(crate) fn digest_of(bytes: &[u8]) -> Digest {
    Digest::from_bytes(Sha256::digest(bytes).into())
}

/// Where components are kept.
#[derive(Debug)]
pub struct Components(Place);

#[derive(Debug)]
enum Place {
    Folder { dir: Dir, serial: AtomicU64 },
    Memory(Mutex<BTreeMap<Digest, Arc<[u8]>>>),
}

impl Components {
    /// Keeps them in a folder of the host's own. Removes what a host that died there has left unfinished.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn in_folder(dir: Dir) -> io::Result<Self> {
        for entry in dir.entries()? {
            let name = entry?.file_name();
            if name.to_string_lossy().ends_with(UNFINISHED)
                && let Err(error) = dir.remove_file(&name)
            {
                tracing::warn!(name = %name.to_string_lossy(), %error, "an unfinished component cannot be removed");
            }
        }
        Ok(Self(Place::Folder { dir, serial: AtomicU64::new(0) }))
    }

    /// Keeps them as long as it lives itself, beside a store that does so too.
    #[must_use]
    pub fn in_memory() -> Self {
        Self(Place::Memory(Mutex::default()))
    }

    /// The bytes of a component, which have its digest.
    ///
    /// # Errors
    /// Any of [`ComponentError`].
    pub(crate) fn get(&self, digest: &Digest) -> Result<Vec<u8>, ComponentError> {
        let read = match &self.0 {
            Place::Folder { dir, .. } => read(dir, digest),
            Place::Memory(kept) => {
                let kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                kept.get(digest).map(|bytes| bytes.to_vec()).ok_or_else(|| io::ErrorKind::NotFound.into())
            }
        };
        let bytes = read.map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => ComponentError::Missing(*digest),
            _ => ComponentError::Unreadable { digest: *digest, source },
        })?;
        let found = digest_of(&bytes);
        if found == *digest { Ok(bytes) } else { Err(ComponentError::Changed { digest: *digest, found }) }
    }

    /// Keeps a component. It is on disk when this returns; a file that holds something else is replaced.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn put(&self, digest: &Digest, bytes: &[u8]) -> io::Result<()> {
        match &self.0 {
            Place::Folder { dir, serial } => {
                // The host that wrote it may have died before it was flushed.
                if self.get(digest).is_ok() {
                    dir.open(file_name(digest))?.sync_all()?;
                } else {
                    write(dir, serial.fetch_add(1, Ordering::Relaxed), digest, bytes)?;
                }
                dir.open(".")?.sync_all()
            }
            Place::Memory(kept) => {
                kept.lock().unwrap_or_else(PoisonError::into_inner).insert(*digest, bytes.into());
                Ok(())
            }
        }
    }
}

fn read(dir: &Dir, digest: &Digest) -> io::Result<Vec<u8>> {
    // One byte more than may be there has another digest.
    files::read(dir, &file_name(digest), COMPONENT_BYTES_MAX + 1)
}

fn write(dir: &Dir, serial: u64, digest: &Digest, bytes: &[u8]) -> io::Result<()> {
    let unfinished = format!("{digest}.{serial}{UNFINISHED}");
    let written = files::create(dir, &unfinished).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    reach(Point::ComponentUnnamed);
    let named = written.and_then(|()| dir.rename(&unfinished, dir, file_name(digest)));
    if named.is_err() {
        // What is left of it is removed at the next start.
        let _ = dir.remove_file(&unfinished);
    }
    reach(Point::ComponentNamed);
    named
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use cap_std::ambient_authority;

    use super::*;

    fn folder(path: &Path) -> Components {
        Components::in_folder(Dir::open_ambient_dir(path, ambient_authority()).unwrap()).unwrap()
    }

    fn names(path: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(path).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn what_was_kept_comes_back() {
        let place = tempfile::tempdir().unwrap();
        for components in [folder(place.path()), Components::in_memory()] {
            let digest = digest_of(b"one");
            assert!(matches!(components.get(&digest), Err(ComponentError::Missing(missing)) if missing == digest));
            components.put(&digest, b"one").unwrap();
            components.put(&digest, b"one").unwrap();
            assert_eq!(components.get(&digest).unwrap(), b"one");
        }
        assert_eq!(names(place.path()), [format!("{}.wasm", digest_of(b"one"))]);
        assert_eq!(folder(place.path()).get(&digest_of(b"one")).unwrap(), b"one");
    }

    #[test]
    fn a_file_that_was_changed_is_named_and_replaced() {
        let place = tempfile::tempdir().unwrap();
        let components = folder(place.path());
        let digest = digest_of(b"one");
        for spoilt in [&b"two"[..], b"", b"on", &vec![0; COMPONENT_BYTES_MAX + 9]] {
            std::fs::write(place.path().join(file_name(&digest)), spoilt).unwrap();
            let error = components.get(&digest).unwrap_err();
            assert!(matches!(error, ComponentError::Changed { .. }), "{error}");
            assert!(error.to_string().starts_with(&format!("the file components/{digest}.wasm does not")), "{error}");
            components.put(&digest, b"one").unwrap();
            assert_eq!(components.get(&digest).unwrap(), b"one");
        }
    }

    #[test]
    fn a_pipe_or_a_directory_in_the_place_of_a_component_blocks_nobody() {
        let place = tempfile::tempdir().unwrap();
        let digest = digest_of(b"one");
        let path = place.path().join(file_name(&digest));
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        std::fs::create_dir(place.path().join("folder.new")).unwrap();
        let components = folder(place.path());
        let error = components.get(&digest).unwrap_err();
        assert!(matches!(error, ComponentError::Unreadable { .. }), "{error}");
        components.put(&digest, b"one").unwrap();
        assert_eq!(components.get(&digest).unwrap(), b"one", "it is replaced");
    }

    #[test]
    fn what_was_left_unfinished_is_removed() {
        let place = tempfile::tempdir().unwrap();
        let digest = digest_of(b"one");
        folder(place.path()).put(&digest, b"one").unwrap();
        std::fs::write(place.path().join(format!("{digest}.0.new")), b"o").unwrap();
        folder(place.path()).put(&digest_of(b"two"), b"two").unwrap();
        let mut expected = [digest, digest_of(b"two")].map(|digest| file_name(&digest));
        expected.sort();
        let mut found = names(place.path());
        found.sort();
        assert_eq!(found, expected);
    }
}
