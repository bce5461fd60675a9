//! Compiled code on disk, authenticated.
//!
//! An artefact is machine code: whoever can write one can do anything. So a file counts only if it carries the MAC of the
//! host's key over its policy, its fingerprint and its content. Everything else is thrown away and compiled again.

use std::io::{self, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};

use cap_std::fs::Dir;
use hmac::{Hmac, KeyInit as _, Mac as _};
use largesse_domain::id::Digest;
use largesse_domain::limits::ARTEFACT_BYTES_MAX;
use largesse_failpoint::{Point, reach};
use sha2::Sha256;
use std::fmt;

use crate::files;

const MAC_BYTES: usize = 32;
/// Set before what is authenticated, so that a MAC made for another purpose with the same key is none here.
const PURPOSE: &[u8] = b"largesse compiled policy 1\0";

/// The key by which the host knows its own compiled code. Keep it secret, and the same from start to start.
#[derive(Clone)]
pub struct HostKey([u8; 32]);

impl HostKey {
    /// Wraps 32 random bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for HostKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HostKey(..)")
    }
}

/// A directory of artefacts.
pub(crate) struct Cache {
    dir: Dir,
    key: HostKey,
    fingerprint: [u8; 32],
    names: AtomicU64,
}

impl Cache {
    /// Opens a directory. What another engine compiled there, or a host that died has left unfinished, is removed.
    pub(crate) fn new(dir: Dir, key: HostKey, fingerprint: [u8; 32]) -> Self {
        let cache = Self { dir, key, fingerprint, names: AtomicU64::new(0) };
        match cache.sweep() {
            Ok(0) => {}
            Ok(files) => tracing::info!(files, "compiled code that this engine does not use is removed"),
            Err(error) => tracing::warn!(%error, "the cache of compiled code cannot be looked through"),
        }
        cache
    }

    fn sweep(&self) -> io::Result<usize> {
        let own = self.ending();
        let mut removed = 0;
        for entry in self.dir.entries()? {
            let name = entry?.file_name();
            if !name.to_string_lossy().ends_with(&own) {
                self.dir.remove_file(&name)?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    /// The artefact of a policy, if there is one that the host made.
    pub(crate) fn get(&self, digest: &Digest) -> Option<Vec<u8>> {
        let name = self.file_name(digest);
        match self.read(&name, digest) {
            Ok(Some(artefact)) => Some(artefact),
            Ok(None) => {
                tracing::warn!(%digest, "compiled code in the cache is not the host's own; it is compiled again");
                self.discard(&name);
                None
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                tracing::warn!(%digest, %error, "compiled code in the cache cannot be read; it is compiled again");
                None
            }
        }
    }

    /// Keeps an artefact. A cache that cannot be written costs time, nothing else.
    pub(crate) fn put(&self, digest: &Digest, artefact: &[u8]) {
        if let Err(error) = self.write(digest, artefact) {
            tracing::warn!(%digest, %error, "compiled code cannot be kept in the cache");
        }
    }

    /// Removes what was kept of a policy.
    pub(crate) fn forget(&self, digest: &Digest) {
        self.discard(&self.file_name(digest));
    }

    fn discard(&self, name: &str) {
        if let Err(error) = self.dir.remove_file(name) {
            tracing::warn!(name, %error, "a file of the cache cannot be removed");
        }
    }

    /// `None` when the file is not the host's own.
    fn read(&self, name: &str, digest: &Digest) -> io::Result<Option<Vec<u8>>> {
        // One byte more than may be there is not authentic.
        let mut content = files::read(&self.dir, name, MAC_BYTES + ARTEFACT_BYTES_MAX + 1)?;
        if content.len() < MAC_BYTES {
            return Ok(None);
        }
        let artefact = content.split_off(MAC_BYTES);
        let authentic = self.mac(digest, &artefact).verify_slice(&content).is_ok();
        Ok(authentic.then_some(artefact))
    }

    fn write(&self, digest: &Digest, artefact: &[u8]) -> io::Result<()> {
        let serial = self.names.fetch_add(1, Ordering::Relaxed);
        let temporary = format!("{digest}.{}-{serial}.new", std::process::id());
        let written = files::create(&self.dir, &temporary).and_then(|mut file| {
            file.write_all(&self.mac(digest, artefact).finalize().into_bytes())?;
            file.write_all(artefact)?;
            file.sync_all()
        });
        reach(Point::ArtefactUnnamed);
        let kept = written.and_then(|()| self.dir.rename(&temporary, &self.dir, self.file_name(digest)));
        if kept.is_err() {
            self.discard(&temporary);
        }
        kept?;
        reach(Point::ArtefactNamed);
        self.dir.open(".")?.sync_all()
    }

    fn mac(&self, digest: &Digest, artefact: &[u8]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key.0).expect("HMAC takes a key of any length");
        mac.update(PURPOSE);
        mac.update(digest.as_bytes());
        mac.update(&self.fingerprint);
        mac.update(artefact);
        mac
    }

    fn file_name(&self, digest: &Digest) -> String {
        format!("{digest}{}", self.ending())
    }

    /// How the names of this engine's files end.
    fn ending(&self) -> String {
        let [a, b, c, d, ..] = self.fingerprint;
        format!("-{a:02x}{b:02x}{c:02x}{d:02x}.cwasm")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cap_std::ambient_authority;

    fn cache(path: &std::path::Path, key: u8, fingerprint: u8) -> Cache {
        let dir = Dir::open_ambient_dir(path, ambient_authority()).unwrap();
        Cache::new(dir, HostKey::from_bytes([key; 32]), [fingerprint; 32])
    }

    #[test]
    fn what_was_kept_comes_back() {
        let place = tempfile::tempdir().unwrap();
        let digest = Digest::from_bytes([7; 32]);
        let own = cache(place.path(), 1, 1);
        assert_eq!(own.get(&digest), None);
        own.put(&digest, b"code");
        assert_eq!(own.get(&digest).as_deref(), Some(&b"code"[..]));
        assert_eq!(own.get(&Digest::from_bytes([8; 32])), None);
        own.forget(&digest);
        assert_eq!(own.get(&digest), None);
        assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_another_engine_compiled_is_removed() {
        let place = tempfile::tempdir().unwrap();
        let digest = Digest::from_bytes([7; 32]);
        let own = cache(place.path(), 1, 1);
        own.put(&digest, b"code");
        std::fs::write(place.path().join(format!("{digest}.77-0.new")), b"unfinished").unwrap();
        assert_eq!(cache(place.path(), 1, 1).get(&digest).as_deref(), Some(&b"code"[..]));
        assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 1);
        // The same file under the name that the other would give it.
        let other = cache(place.path(), 1, 2);
        assert_eq!(other.get(&digest), None, "it was removed");
        own.put(&digest, b"code");
        std::fs::rename(place.path().join(own.file_name(&digest)), place.path().join(other.file_name(&digest)))
            .unwrap();
        assert_eq!(other.get(&digest), None, "another engine's code");
    }

    #[test]
    fn a_pipe_in_the_place_of_compiled_code_blocks_nobody() {
        let place = tempfile::tempdir().unwrap();
        let digest = Digest::from_bytes([7; 32]);
        let own = cache(place.path(), 1, 1);
        let path = place.path().join(own.file_name(&digest));
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        assert_eq!(own.get(&digest), None);
        own.put(&digest, b"code");
        assert_eq!(own.get(&digest).as_deref(), Some(&b"code"[..]), "it is replaced");
    }

    #[test]
    fn every_flipped_byte_is_seen() {
        let place = tempfile::tempdir().unwrap();
        let digest = Digest::from_bytes([7; 32]);
        let own = cache(place.path(), 1, 1);
        let path = place.path().join(own.file_name(&digest));
        for position in 0..MAC_BYTES + 4 {
            own.put(&digest, b"code");
            let mut content = std::fs::read(&path).unwrap();
            content[position] ^= 1;
            std::fs::write(&path, content).unwrap();
            assert_eq!(own.get(&digest), None, "byte {position}");
            assert!(!path.exists(), "what is not the host's own is thrown away");
        }
        std::fs::write(&path, b"short").unwrap();
        assert_eq!(own.get(&digest), None);
    }

    #[test]
    fn a_file_of_another_policy_or_key_is_no_use() {
        let place = tempfile::tempdir().unwrap();
        let (one, other) = (Digest::from_bytes([1; 32]), Digest::from_bytes([2; 32]));
        let own = cache(place.path(), 1, 1);
        own.put(&one, b"code");
        let names = [own.file_name(&one), own.file_name(&other)].map(|name| place.path().join(name));
        std::fs::copy(&names[0], &names[1]).unwrap();
        assert_eq!(own.get(&other), None, "moved to another name");
        assert_eq!(cache(place.path(), 2, 1).get(&one), None, "another key");
    }
}
