//! Looking at a folder: which components have changed and come to rest.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::time::Instant;

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use largesse_domain::limits::{COMPONENT_BYTES_MAX, SIGNATURE_BYTES_MAX};
use largesse_engine::files;
use largesse_service::signature::Signature;

use super::rest::{Rest, Stamp, written};
use crate::failure::{Failure, Result};

/// A component that has changed and come to rest.
#[derive(Debug)]
pub(super) struct Rested {
    /// The file's name.
    pub(super) name: String,
    /// When the change was found.
    pub(super) found: Instant,
    /// The component, and the signature beside it; or why they cannot be read.
    pub(super) content: std::result::Result<(Vec<u8>, Option<Signature>), String>,
}

/// A folder whose components are watched: files with the ending `.wasm`, not those of folders within it.
#[derive(Debug)]
pub(crate) struct Folder {
    dir: Dir,
    rest: Rest,
    /// Whether the last look failed, so that it is told once.
    unreadable: bool,
}

impl Folder {
    /// Opens it.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let dir = Dir::open_ambient_dir(path, ambient_authority()).map_err(|error| {
            let failure = Failure::usage(error).context(format!("cannot watch {}", path.display()));
            failure.hint("make the folder first, or name another with --watch")
        })?;
        Ok(Self { dir, rest: Rest::default(), unreadable: false })
    }

    /// Looks once. Gives what has come to rest since the last time.
    pub(super) fn look(&mut self) -> Vec<Rested> {
        let stamps = match self.stamps() {
            Ok(stamps) => {
                self.unreadable = false;
                stamps
            }
            Err(error) => {
                if !std::mem::replace(&mut self.unreadable, true) {
                    tracing::error!(%error, "watch: the folder cannot be read");
                }
                return Vec::new();
            }
        };
        let rested = self.rest.rested(stamps);
        let read = |(name, found): (String, Instant)| {
            let content = self.read(&name).map_err(|error| error.to_string());
            Rested { name, found, content }
        };
        rested.into_iter().map(read).collect()
    }

    fn stamps(&self) -> io::Result<BTreeMap<String, Stamp>> {
        let mut stamps = BTreeMap::new();
        for entry in self.dir.entries()? {
            let entry = entry?;
            let Some(name) = entry.file_name().to_str().map(str::to_owned) else { continue };
            if !name.ends_with(".wasm") || name.starts_with('.') {
                continue;
            }
            // It may be gone by now, or be a link to nothing.
            let Ok(metadata) = self.dir.metadata(&name) else { continue };
            if metadata.is_file() {
                let signature = self.dir.metadata(format!("{name}.sig")).ok();
                let signed = signature.as_ref().and_then(written);
                stamps.insert(name, Stamp::of(&metadata).signed(signed));
            }
        }
        Ok(stamps)
    }

    fn read(&self, name: &str) -> io::Result<(Vec<u8>, Option<Signature>)> {
        // One byte more than may be published is enough to be told that it is too much.
        let component = files::read(&self.dir, name, COMPONENT_BYTES_MAX + 1)?;
        let signature = match files::read(&self.dir, &format!("{name}.sig"), SIGNATURE_BYTES_MAX) {
            Ok(text) => Some(String::from_utf8_lossy(&text).trim().parse().map_err(io::Error::other)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        Ok((component, signature))
    }
}

#[cfg(test)]
mod tests {
    use super::super::rest::REST;
    use super::*;

    fn rest(folder: &mut Folder) -> Vec<String> {
        // The first look finds what has changed, a later one that it rests.
        let mut rested = folder.look();
        std::thread::sleep(REST);
        rested.extend(folder.look());
        rested
            .into_iter()
            .map(|file| format!("{} {:?}", file.name, file.content.map(|(bytes, _)| bytes.len())))
            .collect()
    }

    #[test]
    fn only_what_has_come_to_rest_is_taken_and_once() {
        let place = tempfile::tempdir().unwrap();
        let write = |name: &str, content: &str| std::fs::write(place.path().join(name), content).unwrap();
        write("there.wasm", "before");
        let mut folder = Folder::open(place.path()).unwrap();
        assert_eq!(rest(&mut folder), ["there.wasm Ok(6)"]);
        assert!(rest(&mut folder).is_empty());
        write("there.wasm", "half");
        assert!(folder.look().is_empty());
        write("there.wasm", "half and the rest");
        assert!(folder.look().is_empty(), "it is being written");
        std::thread::sleep(REST);
        assert_eq!(folder.look().len(), 1);
        for name in ["notes.txt", ".there.wasm", "there.wasm.tmp"] {
            write(name, "of an editor");
        }
        std::fs::create_dir(place.path().join("folder.wasm")).unwrap();
        assert!(rest(&mut folder).is_empty());
    }

    #[test]
    fn a_file_that_is_moved_here_is_a_change() {
        let place = tempfile::tempdir().unwrap();
        let path = |name: &str| place.path().join(name);
        std::fs::write(path("a.wasm"), "one").unwrap();
        let mut folder = Folder::open(place.path()).unwrap();
        assert_eq!(rest(&mut folder).len(), 1);
        std::fs::write(path("new"), "two").unwrap();
        let before = std::fs::metadata(path("a.wasm")).unwrap().modified().unwrap();
        std::fs::File::options().write(true).open(path("new")).unwrap().set_modified(before).unwrap();
        std::fs::rename(path("new"), path("a.wasm")).unwrap();
        assert_eq!(rest(&mut folder), ["a.wasm Ok(3)"], "of the same time and size");
        std::fs::remove_file(path("a.wasm")).unwrap();
        assert!(rest(&mut folder).is_empty());
        std::fs::write(path("a.wasm"), "two").unwrap();
        assert_eq!(rest(&mut folder).len(), 1, "it is back");
        std::fs::write(path("a.wasm.sig"), "no signature").unwrap();
        assert!(rest(&mut folder)[0].contains("not a signature"));
    }

    #[test]
    fn a_folder_that_is_not_there_is_told() {
        let place = tempfile::tempdir().unwrap();
        let error = Folder::open(&place.path().join("nowhere")).unwrap_err().text(false);
        assert!(error.contains("cannot watch") && error.contains("make the folder first"), "{error}");
    }
}
