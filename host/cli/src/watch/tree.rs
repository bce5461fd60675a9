//! Looking at the sources of a crate: whether something in a folder, or in folders within it, has changed and come to rest.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use cap_std::ambient_authority;
use cap_std::fs::Dir;

use super::rest::{Rest, Stamp};
use crate::failure::{Failure, Result};

/// What cargo puts into the folders that it builds in.
const BUILT: &str = "CACHEDIR.TAG";
/// Files with one of these endings are sources. The lock file is not: cargo writes it while it builds.
const ENDINGS: [&str; 4] = [".rs", ".toml", ".json", ".wit"];

/// The sources of a crate. Hidden files and what cargo builds are not among them.
#[derive(Debug)]
pub(crate) struct Tree {
    dir: Dir,
    rest: Rest,
    /// How many files there were at the last quiet look.
    files: usize,
    /// Whether something has changed that was not told yet.
    changed: bool,
}

impl Tree {
    /// Opens it.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let dir = Dir::open_ambient_dir(path, ambient_authority());
        let dir = dir.map_err(|error| Failure::usage(error).context(format!("cannot watch {}", path.display())))?;
        Ok(Self { dir, rest: Rest::default(), files: 0, changed: false })
    }

    /// Looks once. Whether something has changed, or has gone, and all of it has come to rest. What is there at the first looks
    /// counts as a change.
    pub(crate) fn has_changed(&mut self) -> bool {
        let mut stamps = BTreeMap::new();
        // What cannot be read now, because it is being moved about, is found at the next look.
        if stamp_all(&self.dir, "", &mut stamps).is_err() {
            return false;
        }
        self.changed |= !self.rest.rested(stamps).is_empty();
        if !self.rest.is_quiet() {
            return false;
        }
        self.changed |= self.rest.len() < self.files;
        self.files = self.rest.len();
        std::mem::take(&mut self.changed)
    }
}

fn stamp_all(dir: &Dir, within: &str, stamps: &mut BTreeMap<String, Stamp>) -> io::Result<()> {
    if dir.exists(BUILT) {
        return Ok(());
    }
    for entry in dir.entries()? {
        let entry = entry?;
        let Some(name) = entry.file_name().to_str().map(str::to_owned) else { continue };
        if name.starts_with('.') {
            continue;
        }
        // It may be gone by now.
        let Ok(metadata) = entry.metadata() else { continue };
        if metadata.is_dir() {
            stamp_all(&entry.open_dir()?, &format!("{within}{name}/"), stamps)?;
        } else if ENDINGS.iter().any(|ending| name.ends_with(ending)) {
            stamps.insert(format!("{within}{name}"), Stamp::of(&metadata));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::rest::REST;
    use super::*;

    #[test]
    fn sources_are_watched_and_nothing_else() {
        let place = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = place.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write("src/lib.rs", "one");
        write("Cargo.toml", "one");
        let mut tree = Tree::open(place.path()).unwrap();
        let mut changes = || {
            // The first look finds what has changed, the second that it rests, the third that nothing else does.
            let looks: [bool; 3] = std::array::from_fn(|_| {
                let changed = tree.has_changed();
                std::thread::sleep(REST);
                changed
            });
            looks.into_iter().filter(|changed| *changed).count()
        };
        assert_eq!(changes(), 1);
        assert_eq!(changes(), 0);
        write("src/lib.rs", "another");
        write("scenarios/a.toml", "new");
        assert_eq!(changes(), 1);
        write("target/CACHEDIR.TAG", "cargo's");
        write("target/debug/build/out.rs", "made");
        write("src/.lib.rs.swp", "an editor's");
        write("notes.txt", "nothing");
        write("Cargo.lock", "cargo's");
        assert_eq!(changes(), 0);
        std::fs::remove_file(place.path().join("scenarios/a.toml")).unwrap();
        assert_eq!(changes(), 1, "what has gone is a change");
        assert_eq!(changes(), 0);
    }
}
