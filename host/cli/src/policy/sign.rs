//! Keys that sign components, and signatures in files beside them.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use largesse_domain::id::KeyName;
use largesse_service::signature::{PrivateKey, Signature, TrustedKey};
use serde_json::json;

use crate::failure::{Failure, Result};
use crate::output::Output;
use crate::token::random;

/// What the names of signature files end with, after the name of the component.
const ENDING: &str = ".sig";

/// Makes a key: the private one into a file that only its owner reads, the public one to standard output.
pub(super) fn keygen(file: &Path, name: Option<KeyName>, output: Output) -> Result {
    let name = match name {
        Some(name) => name,
        None => named_after(file)?,
    };
    let key = PrivateKey::from_bytes(random()?);
    write_private(file, &key).map_err(|error| {
        let is_there = error.kind() == std::io::ErrorKind::AlreadyExists;
        let failure = Failure::usage(error).context(format!("cannot write the key {}", file.display()));
        if is_there { failure.hint("a key is not written over; choose another file") } else { failure }
    })?;
    let trusted = key.trusted(name);
    let document = json!({"private_key": file, "trusted_key": trusted.to_string(), "id": trusted.id().to_string()});
    output.print(&document, || key_text(file, &trusted))
}

fn named_after(file: &Path) -> Result<KeyName> {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    KeyName::new(&*stem).map_err(|error| Failure::usage(error).hint("say what the key shall be called with --name"))
}

fn key_text(file: &Path, trusted: &TrustedKey) -> String {
    format!(
        "wrote {}: keep it, and show it to nobody\n\n# For the configuration of hosts that shall trust the key {}:\n\
         [policies]\ntrusted_keys = [\"{trusted}\"]\n",
        file.display(),
        trusted.id(),
    )
}

fn write_private(file: &Path, key: &PrivateKey) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut opened = options.open(file)?;
    opened.write_all(key.text().as_bytes())?;
    opened.sync_all()
}

/// Signs components, each into a file beside it.
pub(super) fn sign(files: &[PathBuf], key: &Path, output: Output) -> Result {
    let of_key = |error: anyhow::Error| Failure::usage(error).context(format!("cannot use the key {}", key.display()));
    let text = std::fs::read_to_string(key).map_err(|error| of_key(error.into()))?;
    let private = PrivateKey::read(&text).map_err(|error| of_key(error.into()))?;
    let mut signed = Vec::new();
    for file in files {
        let of_file = |error: std::io::Error| Failure::usage(error).context(format!("cannot sign {}", file.display()));
        let component = std::fs::read(file).map_err(of_file)?;
        let beside = beside(file);
        std::fs::write(&beside, format!("{}\n", private.sign(&component))).map_err(of_file)?;
        signed.push(beside);
    }
    output.print(&signed, || signed.iter().map(|file| format!("wrote {}\n", file.display())).collect())
}

/// The signature of a component: from this file, or from the one beside it when there is one.
pub(super) fn signature(component: &Path, given: Option<&Path>) -> Result<Option<Signature>> {
    let beside = beside(component);
    let file = match given {
        Some(file) => file,
        None if beside.exists() => &beside,
        None => return Ok(None),
    };
    let of_file =
        |error: anyhow::Error| Failure::usage(error).context(format!("cannot use the signature {}", file.display()));
    let text = std::fs::read_to_string(file).map_err(|error| of_file(error.into()))?;
    let read: std::result::Result<Signature, _> = text.parse();
    let failed = |failure: Failure| failure.hint("`largesse policy sign` writes one");
    read.map(Some).map_err(|error| failed(of_file(error.into())))
}

fn beside(component: &Path) -> PathBuf {
    let mut name = component.as_os_str().to_owned();
    name.push(ENDING);
    name.into()
}
