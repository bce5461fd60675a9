//! What a component was built from, kept in it: `largesse policy build` writes it into a custom section, and whoever looks at the
//! component reads it. The same sources, with the same compiler, give the same bytes.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use wasmparser::{Parser, Payload};

use crate::failure::{Failure, Result};
use crate::token::hex;

/// The name of the custom section.
const SECTION: &str = "largesse:origin";
/// The package of the SDK.
const SDK: &str = "largesse-sdk";

/// What a component was built from. Its builder says so; nobody has checked it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::policy) struct Origin {
    /// The package, as its manifest names it.
    package: String,
    version: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    authors: Vec<String>,
    /// The version of the SDK; absent where it is not used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sdk: Option<String>,
    /// What the compiler says of itself.
    compiler: String,
    /// The sha-256 of the sources, with the SDK's, the manifest and the lock file.
    source_sha256: String,
}

impl Origin {
    /// Looks at what cargo built from a crate: its metadata of the crate, and the list of sources beside what it made.
    pub(super) fn of(made: &Path, manifest: &Path, metadata: &Value, compiler: &str) -> Result<Self> {
        let packages = || metadata["packages"].as_array().into_iter().flatten();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let this = packages().find(|package| package["manifest_path"].as_str().map(Path::new) == Some(manifest));
        let this = this.ok_or_else(|| Failure::new("cargo does not know the crate that it built"))?;
        let sdk = packages().find(|package| package["name"] == SDK);
        let mut files = sources(made)?;
        files.insert(manifest.to_owned());
        files.insert(PathBuf::from(text(&metadata["workspace_root"])).join("Cargo.lock"));
        Ok(Self {
            package: text(&this["name"]),
            version: text(&this["version"]),
            authors: this["authors"].as_array().into_iter().flatten().map(text).collect(),
            sdk: sdk.map(|package| text(&package["version"])),
            compiler: compiler.to_owned(),
            source_sha256: digest(&files)?,
        })
    }

    /// What a component says of itself; nothing where it says nothing that reads.
    pub(in crate::policy) fn read(component: &[u8]) -> Option<Self> {
        Parser::new(0).parse_all(component).map_while(std::result::Result::ok).find_map(|payload| match payload {
            Payload::CustomSection(section) if section.name() == SECTION => serde_json::from_slice(section.data()).ok(),
            _ => None,
        })
    }

    /// Puts it at the end of a component, whole or not at all. The file is a new one: cargo's own, which it is a link to, stays as
    /// it was built.
    pub(super) fn write_into(&self, file: &Path) -> Result {
        let mut component = std::fs::read(file)?;
        component.extend(section(&serde_json::to_vec(self)?)?);
        let mut new = tempfile::NamedTempFile::new_in(file.parent().unwrap_or(Path::new(".")))?;
        new.write_all(&component)?;
        new.as_file().set_permissions(std::fs::metadata(file)?.permissions())?;
        new.persist(file)?;
        Ok(())
    }

    /// For people, in a line for each thing.
    pub(in crate::policy) fn text(&self) -> String {
        let Self { package, version, authors, sdk, compiler, source_sha256 } = self;
        let by = if authors.is_empty() { String::new() } else { format!(" by {}", authors.join(", ")) };
        let sdk = sdk.as_ref().map_or_else(String::new, |sdk| format!(", SDK {sdk}"));
        format!(
            "built from     {package} {version}{by}{sdk}\nsources        {source_sha256}\ncompiler       {compiler}\n"
        )
    }
}

/// A custom section: its id, its length, the length of its name, its name, its data.
fn section(data: &[u8]) -> Result<Vec<u8>> {
    let mut body = length(SECTION.len())?;
    body.extend(SECTION.as_bytes());
    body.extend(data);
    let mut section = vec![0];
    section.extend(length(body.len())?);
    section.extend(body);
    Ok(section)
}

/// A length in LEB128, as WebAssembly has it.
fn length(length: usize) -> Result<Vec<u8>> {
    let mut rest = u32::try_from(length)?;
    let mut bytes = Vec::new();
    loop {
        let low = (rest & 0x7f) as u8;
        rest >>= 7;
        if rest == 0 {
            bytes.push(low);
            return Ok(bytes);
        }
        bytes.push(low | 0x80);
    }
}

/// Returns the files that something was compiled from, by the list that cargo writes beside it. Of a folder, which a build script may
/// depend on, all files count.
fn sources(made: &Path) -> Result<BTreeSet<PathBuf>> {
    let file = made.with_extension("d");
    let text = std::fs::read_to_string(&file)
        .map_err(|error| Failure::from(error).context(format!("cannot read {}", file.display())))?;
    let mut files = BTreeSet::new();
    let mut open: Vec<PathBuf> = listed(&text).into_iter().collect();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            let cannot = |error| Failure::from(error).context(format!("cannot read the folder {}", path.display()));
            for entry in std::fs::read_dir(&path).map_err(cannot)? {
                open.push(entry.map_err(cannot)?.path());
            }
        } else {
            files.insert(path);
        }
    }
    Ok(files)
}

/// The files behind the colon. A blank within a name has a backslash before it.
fn listed(text: &str) -> BTreeSet<PathBuf> {
    let (_, files) = text.split_once(": ").unwrap_or_default();
    let files = files.lines().next().unwrap_or_default().replace("\\ ", "\0");
    files.split_whitespace().map(|name| name.replace('\0', " ").into()).collect()
}

/// The digest of files, each by its name without its folder, its length and its bytes: the same wherever they lie. A target folder that
/// several crates share may name the files of another's SDK.
fn digest(files: &BTreeSet<PathBuf>) -> Result<String> {
    let mut named = Vec::new();
    for file in files {
        let bytes = std::fs::read(file)
            .map_err(|error| Failure::from(error).context(format!("cannot read the source {}", file.display())))?;
        named.push((file.file_name().unwrap_or_default(), bytes));
    }
    // Of one name there may be several; what they hold puts them in order.
    named.sort();
    let mut all = Sha256::new();
    for (name, bytes) in named {
        all.update(name.as_encoded_bytes());
        all.update([0]);
        all.update((bytes.len() as u64).to_be_bytes());
        all.update(&bytes);
    }
    Ok(hex(&all.finalize()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin() -> Origin {
        Origin {
            package: "spring".into(),
            version: "0.1.0".into(),
            authors: vec!["Ann".into()],
            sdk: Some("0.1.0".into()),
            compiler: "rustc 1.95.0".into(),
            source_sha256: "ab".repeat(32),
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("x.wasm");
        // An empty component.
        let empty = b"\0asm\x0d\0\x01\0".to_vec();
        std::fs::write(&file, &empty).unwrap();
        let many = Origin { authors: vec!["Ann".into(); 100], ..origin() };
        many.write_into(&file).unwrap();
        let component = std::fs::read(&file).unwrap();
        assert_eq!(Origin::read(&component), Some(many));
        assert!(component.starts_with(&empty) && wasmparser::Validator::new().validate_all(&component).is_ok());
        // Whatever is there instead is nothing.
        for end in 0..component.len() {
            assert_eq!(Origin::read(&component[..end]), None, "{end}");
        }
        assert_eq!(Origin::read(&[empty, section(b"{}").unwrap()].concat()), None);
    }

    #[test]
    fn lengths_are_those_of_webassembly() {
        assert_eq!(length(0).unwrap(), [0]);
        assert_eq!(length(127).unwrap(), [0x7f]);
        assert_eq!(length(624_485).unwrap(), [0xe5, 0x8e, 0x26]);
    }

    #[test]
    fn sources_are_what_they_hold_and_not_where_they_lie() {
        let files = listed("/t/x.wasm: /c/src/a\\ b.rs /c/src/lib.rs\n\n/c/src/lib.rs:\n");
        assert_eq!(files.into_iter().collect::<Vec<_>>(), [Path::new("/c/src/a b.rs"), Path::new("/c/src/lib.rs")]);
        let digest_of = |texts: [&str; 2]| {
            let place = tempfile::tempdir().unwrap();
            let files = texts.map(|text| {
                let folder = tempfile::tempdir_in(&place).unwrap().keep();
                std::fs::write(folder.join("mod.rs"), text).unwrap();
                folder.join("mod.rs")
            });
            digest(&files.into()).unwrap()
        };
        assert_eq!(digest_of(["one", "two"]), digest_of(["two", "one"]));
        assert_ne!(digest_of(["one", "two"]), digest_of(["one", "three"]));
    }
}
