//! Components of every contract version, as they were built when the version was released.

use std::path::{Path, PathBuf};

use largesse_conformance::Versions;
use largesse_engine::ContractVersion;
use sha2::{Digest as _, Sha256};

use crate::fixture::workers;

/// Largest frozen component, in bytes: they stay in the repository for ever.
const BYTES_MAX: usize = 150 * 1024;

fn folder(version: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("frozen").join(version)
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn every_contract_version_has_a_component_that_still_decides() {
    for version in ContractVersion::ALL {
        let folder = folder(version.package());
        let component = std::fs::read(folder.join("policy.wasm"));
        let component = component.unwrap_or_else(|error| panic!("{}: {error}; see its README", folder.display()));
        assert!(component.len() <= BYTES_MAX, "{} has {} bytes", folder.display(), component.len());
        let built: toml::Table = text(&folder.join("built.toml")).parse().expect("it is TOML");
        let digest: String = Sha256::digest(&component).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(built["component_sha256"].as_str(), Some(digest.as_str()), "{}", folder.display());

        let loaded = workers().load(&component);
        let loaded = loaded.unwrap_or_else(|error| {
            panic!("contract {} does not load: {error}; is `make frozen` to be run?", version.package())
        });
        assert_eq!(loaded.contract(), version);
        let scenario = text(&folder.join("scenario.toml"));
        let failures = largesse_conformance::run(&scenario, Versions::only(&component), &workers()).failures;
        let failures: Vec<String> = failures.iter().map(ToString::to_string).collect();
        assert!(failures.is_empty(), "contract {}:\n{}", version.package(), failures.join("\n"));
    }
}

/// A folder that no version claims is run by nobody.
#[test]
fn every_folder_is_of_a_version_that_the_host_takes() {
    for entry in std::fs::read_dir(folder("")).expect("there are frozen components") {
        let path = entry.expect("a folder can be read").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let known = ContractVersion::ALL.iter().any(|version| version.package() == name);
        assert!(known || path.is_file(), "{name}");
    }
}
