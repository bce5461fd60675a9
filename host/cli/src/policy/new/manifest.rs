//! Cargo's files for a crate outside this workspace: what is inherited here is written out there.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use toml::{Table, Value};

/// The manifest of the workspace, from which the others inherit.
const WORKSPACE: &str = include_str!("../../../../../Cargo.toml");
/// What this version of Largesse was built and tested with.
const LOCK: &str = include_str!("../../../../../Cargo.lock");
/// The package of the SDK.
const SDK: &str = "largesse-sdk";
const DEPENDENCIES: &str = "dependencies";
const BUILD_DEPENDENCIES: &str = "build-dependencies";

fn read(text: &str) -> Table {
    text.parse().expect("the manifests of this repository are TOML")
}

fn table<'a>(table: &'a Table, name: &str) -> &'a Table {
    table.get(name).and_then(Value::as_table).expect("the workspace's manifest has what others inherit")
}

/// The manifest of the SDK with everything that it inherits written out, as cargo reads it anywhere.
pub(super) fn of_sdk(manifest: &str) -> String {
    let workspace = read(WORKSPACE);
    let workspace = table(&workspace, "workspace");
    let mut manifest = read(manifest);
    for (name, section) in &mut manifest {
        let Some(section) = section.as_table_mut() else { continue };
        match name.as_str() {
            "package" => write_out(section, table(workspace, "package")),
            "lints" => *section = table(workspace, "lints").clone(),
            DEPENDENCIES | BUILD_DEPENDENCIES => write_out(section, table(workspace, DEPENDENCIES)),
            "target" => {
                let of_targets =
                    section.iter_mut().filter_map(|(_, target)| target.get_mut(DEPENDENCIES)?.as_table_mut());
                of_targets.for_each(|section| write_out(section, table(workspace, DEPENDENCIES)));
            }
            _ => {}
        }
    }
    format!("# Written by `largesse policy new`.\n{manifest}")
}

/// Replaces `key.workspace = true` by what the workspace says.
fn write_out(section: &mut Table, workspace: &Table) {
    for (key, value) in section {
        if value.get("workspace").and_then(Value::as_bool) == Some(true) {
            *value = workspace.get(key).expect("what is inherited is in the workspace").clone();
        }
    }
}

/// The manifest of a new crate after the one of a template.
pub(super) fn of_crate(name: &str, template: &str) -> String {
    let (workspace, template) = (read(WORKSPACE), read(template));
    let profiles = table(&workspace, "profile");
    let workspace = table(&workspace, "workspace");
    let package = table(workspace, "package");
    let mut dependencies = String::new();
    for (dependency, _) in table(&template, DEPENDENCIES).iter().filter(|(dependency, _)| *dependency != SDK) {
        let value = table(workspace, DEPENDENCIES).get(dependency).expect("templates inherit their dependencies");
        let _ = writeln!(dependencies, "{dependency} = {value}");
    }
    format!(
        "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = {edition}\nrust-version = {rust}\npublish = false\n\n\
         [lib]\n# A component for the host, and a library for the tests.\ncrate-type = [\"cdylib\", \"rlib\"]\n\n\
         [dependencies]\n# The SDK of Largesse {version}.\n{SDK} = {{ path = \"{library}/sdk\" }}\n{dependencies}\n\
         # Components are small, start fast and check their arithmetic.\n[profile.release]\n{profile}\n\
         # A workspace of its own, wherever it lies.\n[workspace]\n",
        edition = package["edition"],
        rust = package["rust-version"],
        version = env!("CARGO_PKG_VERSION"),
        library = super::LIBRARY_IN,
        profile = profile(profiles),
    )
}

/// What the policies of this repository are built with: the profile `guest` over the one that it inherits from.
fn profile(profiles: &Table) -> String {
    let mut merged = table(profiles, "release").clone();
    merged.extend(table(profiles, "guest").clone());
    merged.remove("inherits");
    merged.to_string()
}

/// The packages of the lock file by name, each with its text. A name in several versions has several texts.
fn packages() -> BTreeMap<&'static str, Vec<&'static str>> {
    let mut packages: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for block in LOCK.split("[[package]]\n").skip(1) {
        packages.entry(quoted(block, "name = ")).or_default().push(block.trim_end());
    }
    packages
}

fn quoted(block: &'static str, key: &str) -> &'static str {
    let value = block.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default();
    value.trim_matches('"')
}

/// The packages that this one is built with, itself among them: those of its name and version, or of its name alone.
fn closure(of: &'static str) -> BTreeMap<(&'static str, &'static str), &'static str> {
    let packages = packages();
    let mut found = BTreeMap::new();
    let mut wanted = vec![of];
    while let Some(one) = wanted.pop() {
        let (name, version) = one.split_once(' ').unwrap_or((one, ""));
        for block in packages.get(name).into_iter().flatten() {
            let its = quoted(block, "version = ");
            if (version.is_empty() || its == version) && found.insert((name, its), *block).is_none() {
                let listed = block.lines().filter_map(|line| line.strip_prefix(" \"")?.strip_suffix("\","));
                wanted.extend(listed);
            }
        }
    }
    found
}

/// The names of what the SDK is built with, itself among them.
pub(super) fn locked() -> impl Iterator<Item = &'static str> {
    closure(SDK).into_keys().map(|(name, _)| name)
}

/// The lock file of a new crate: the versions that this program was tested with.
pub(super) fn lock(name: &str, template: &'static str) -> String {
    let mut packages: Vec<(&str, String)> =
        closure(template).into_iter().map(|((of, _), block)| (of, block.to_owned())).collect();
    for (of, block) in packages.iter_mut().filter(|(of, _)| *of == template) {
        *of = name;
        *block = block.replacen(&format!("\"{template}\""), &format!("\"{name}\""), 1);
    }
    packages.sort();
    let head = LOCK.split("[[package]]\n").next().unwrap_or_default();
    let mut text = head.to_owned();
    let blocks: Vec<String> = packages.iter().map(|(_, block)| format!("[[package]]\n{block}\n")).collect();
    text.push_str(&blocks.join("\n"));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str =
        "[package]\nname = \"t\"\n[dependencies]\nlargesse-sdk.workspace = true\nserde.workspace = true\n";

    #[test]
    fn nothing_inherited_is_left_in_the_sdk() {
        let text = of_sdk(include_str!("../../../../../guest-sdk/Cargo.toml"));
        assert!(!text.contains("workspace"), "{text}");
        let manifest = read(&text);
        assert_eq!(manifest["package"]["version"].as_str(), Some(env!("CARGO_PKG_VERSION")));
        assert_eq!(manifest["lints"]["rust"]["missing_docs"].as_str(), Some("warn"));
        assert_eq!(manifest["dependencies"]["wit-bindgen"]["features"][0].as_str(), Some("macros"));
    }

    #[test]
    fn a_crate_stands_alone_and_is_built_as_policies_are() {
        let text = of_crate("spring", TEMPLATE);
        let manifest = read(&text);
        assert!(table(&manifest, "workspace").is_empty());
        assert_eq!(manifest["dependencies"]["largesse-sdk"]["path"].as_str(), Some("largesse/sdk"));
        assert_eq!(manifest["dependencies"]["serde"]["features"][0].as_str(), Some("derive"));
        let release = &manifest["profile"]["release"];
        assert_eq!((release["strip"].as_bool(), release["overflow-checks"].as_bool()), (Some(true), Some(true)));
        assert_eq!((release["lto"].as_str(), release["panic"].as_str()), (Some("fat"), Some("abort")));
    }

    #[test]
    fn a_lock_has_what_policies_need_and_nothing_of_the_host() {
        let lock: Table = lock("spring", "milestone").parse().unwrap();
        let names: Vec<&str> =
            lock["package"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
        assert!(names.is_sorted() && names.contains(&"spring") && names.contains(&SDK), "{names:?}");
        assert!(names.contains(&"serde_json") && names.contains(&"wit-bindgen"), "{names:?}");
        assert!(!names.contains(&"milestone") && !names.contains(&"wasmtime"), "{names:?}");
        for package in lock["package"].as_array().unwrap() {
            for needed in package.get("dependencies").and_then(Value::as_array).into_iter().flatten() {
                let name = needed.as_str().unwrap().split(' ').next().unwrap();
                assert!(names.contains(&name), "{name} is needed and not locked");
            }
        }
    }
}
