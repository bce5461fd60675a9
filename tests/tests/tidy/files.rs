//! The files of the repository, read once.

use std::path::{Path, PathBuf};

/// A text file.
#[derive(Clone, Debug)]
pub(crate) struct File {
    /// From the root of the repository, with slashes.
    pub(crate) path: String,
    pub(crate) text: String,
}

/// The folder that holds the repository.
pub(crate) fn root() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().expect("the crate of tests is a folder of the repository").to_owned()
}

/// Every text file but those that are built or hidden, sorted.
pub(crate) fn read_all(root: &Path) -> Vec<File> {
    let mut files = Vec::new();
    walk(root, root, &mut files);
    files.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(files.iter().any(|file| file.path == "Cargo.toml"), "{} is not the repository", root.display());
    files
}

fn walk(root: &Path, folder: &Path, files: &mut Vec<File>) {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for entry in entries {
        let path = entry.expect("a folder that opened can be listed").path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let at_root = folder == root;
        let is_built = name == "node_modules" || (at_root && matches!(name, "target" | "data"));
        if (name.starts_with('.') && name != ".ci") || is_built {
            continue;
        }
        if path.is_dir() {
            walk(root, &path, files);
        } else if let Ok(text) = std::fs::read_to_string(&path) {
            let path = path.strip_prefix(root).expect("walked from the root").to_string_lossy().replace('\\', "/");
            files.push(File { path, text });
        }
    }
}
