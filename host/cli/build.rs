//! Lists what `largesse policy new` writes: the SDK and the contract of this version, and the templates.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Folders of the repository that a new crate gets under `largesse/`, beside one another as here, because the SDK finds the
/// contract by its place. Of the SDK the sources, the build script and the manifest; its tests stay here.
const LIBRARY: [(&str, &str); 4] = [
    ("guest-sdk/src", "sdk/src"),
    ("guest-sdk/build.rs", "sdk/build.rs"),
    ("guest-sdk/Cargo.toml", "sdk/Cargo.toml"),
    ("wit", "wit"),
];
const TEMPLATES: &str = "templates";

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(&std::env::var("CARGO_MANIFEST_DIR")?).join("../..").canonicalize()?;
    let mut library = String::from("&[\n");
    for (from, to) in LIBRARY {
        list(&root.join(from), to, &mut library)?;
    }
    library.push(']');
    let mut templates = String::from("&[\n");
    for folder in entries(&root.join(TEMPLATES))? {
        writeln!(templates, "({:?}, &[", name(&folder)?)?;
        for entry in entries(&folder)? {
            list(&entry, name(&entry)?, &mut templates)?;
        }
        templates.push_str("]),\n");
    }
    templates.push(']');
    println!("cargo:rerun-if-changed={}", root.join(TEMPLATES).display());
    for (from, _) in LIBRARY {
        println!("cargo:rerun-if-changed={}", root.join(from).display());
    }
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    std::fs::write(out.join("library.rs"), library)?;
    std::fs::write(out.join("templates.rs"), templates)?;
    Ok(())
}

/// Adds a file, or all files of a folder, to a list of paths and texts.
fn list(path: &Path, to: &str, code: &mut String) -> Result<(), Box<dyn Error>> {
    if path.is_dir() {
        for entry in entries(path)? {
            list(&entry, &format!("{to}/{}", name(&entry)?), code)?;
        }
    } else {
        writeln!(code, "({to:?}, include_str!({path:?})),")?;
    }
    Ok(())
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let entries = std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path()));
    let mut entries: Vec<PathBuf> = entries.collect::<Result<_, _>>()?;
    entries.sort();
    Ok(entries)
}

fn name(path: &Path) -> Result<&str, Box<dyn Error>> {
    Ok(path.file_name().and_then(|name| name.to_str()).ok_or("a name is not UTF-8")?)
}
