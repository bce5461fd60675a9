//! Lists the schemas of the bundled event kinds, so that a further file needs no further line of code.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = Path::new(&std::env::var("CARGO_MANIFEST_DIR")?).join("../../wit/schemas").canonicalize()?;
    println!("cargo:rerun-if-changed={}", folder.display());
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(&folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    let mut code = String::from("&[\n");
    for file in &files {
        let kind = file.file_stem().and_then(|stem| stem.to_str()).ok_or("a schema's name is not UTF-8")?;
        writeln!(code, "    ({kind:?}, include_str!({file:?})),")?;
    }
    code.push(']');
    std::fs::write(Path::new(&std::env::var("OUT_DIR")?).join("bundled.rs"), code)?;
    Ok(())
}
