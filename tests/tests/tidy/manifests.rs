//! Rules on manifests: which of our crates may use which.

use crate::files::File;
use crate::rules::{DIRECTION, SHARED_LINTS, Violation};

/// Each folder with the crates of ours that it may use. Tests may use everything and are not listed.
const ALLOWED: [(&str, &[&str]); 15] = [
    ("host/failpoint", &[]),
    ("host/domain", &[]),
    ("host/documents", &["largesse-domain"]),
    ("host/engine", &["largesse-domain", "largesse-failpoint"]),
    ("host/store", &["largesse-documents", "largesse-domain", "largesse-failpoint"]),
    (
        "host/service",
        &["largesse-documents", "largesse-domain", "largesse-engine", "largesse-failpoint", "largesse-store"],
    ),
    ("host/http", &["largesse-documents", "largesse-domain", "largesse-service"]),
    ("host/delivery", &["largesse-documents", "largesse-domain", "largesse-failpoint", "largesse-service"]),
    (
        "host/conformance",
        &["largesse-documents", "largesse-domain", "largesse-engine", "largesse-service", "largesse-store"],
    ),
    ("host/cli", HOST),
    ("guest-sdk", &[]),
    ("plugins/*", &["largesse-sdk"]),
    ("templates/*", &["largesse-sdk"]),
    ("tests/guests", &["largesse-sdk"]),
    ("tests", EVERYTHING),
];

const HOST: &[&str] = &[
    "largesse-conformance",
    "largesse-delivery",
    "largesse-documents",
    "largesse-domain",
    "largesse-engine",
    "largesse-failpoint",
    "largesse-http",
    "largesse-service",
    "largesse-store",
];
const EVERYTHING: &[&str] = &["*"];

/// Folders whose crates use nothing but the standard library.
const PURE: [&str; 1] = ["host/domain"];

/// Checks every `Cargo.toml`.
pub(crate) fn check(files: &[File]) -> Vec<Violation> {
    let manifests: Vec<(&File, toml::Table)> = files
        .iter()
        .filter(|file| file.path == "Cargo.toml" || file.path.ends_with("/Cargo.toml"))
        .map(|file| (file, file.text.parse().unwrap_or_else(|error| panic!("{}: {error}", file.path))))
        .collect();
    let name = |table: &toml::Table| table.get("package")?.get("name")?.as_str().map(str::to_owned);
    let ours: Vec<String> = manifests.iter().filter_map(|(_, table)| name(table)).collect();
    let mut found = Vec::new();
    for (file, table) in manifests.iter().filter(|(_, table)| table.contains_key("package")) {
        found.extend(check_one(&file.path, table, &ours));
    }
    found
}

fn check_one(path: &str, table: &toml::Table, ours: &[String]) -> Vec<Violation> {
    let mut found = Vec::new();
    let lints = table.get("lints").and_then(|lints| lints.get("workspace")).and_then(toml::Value::as_bool);
    if lints != Some(true) {
        found.push(Violation::new(&SHARED_LINTS, path, 0, "[lints] workspace = true is missing"));
    }
    let folder = path.trim_end_matches("Cargo.toml").trim_end_matches('/');
    let Some(allowed) = allowed(folder) else {
        found.push(Violation::new(&DIRECTION, path, 0, "a new crate: say in this test what it may use"));
        return found;
    };
    for dependency in dependencies(table) {
        let is_ours = ours.contains(&dependency);
        let is_allowed = allowed.contains(&"*") || allowed.contains(&dependency.as_str());
        if is_ours && !is_allowed {
            found.push(Violation::new(&DIRECTION, path, 0, format!("must not use {dependency}")));
        }
        if !is_ours && PURE.contains(&folder) {
            found.push(Violation::new(&DIRECTION, path, 0, format!("is pure, but uses {dependency}")));
        }
    }
    found
}

fn allowed(folder: &str) -> Option<&'static [&'static str]> {
    let fits = |pattern: &str| match pattern.strip_suffix("/*") {
        Some(parent) => folder.rsplit_once('/').is_some_and(|(start, _)| start == parent),
        None => pattern == folder,
    };
    ALLOWED.iter().find(|(pattern, _)| fits(pattern)).map(|(_, allowed)| *allowed)
}

/// What the crate and its build script use, on any target; what only its tests use is not asked.
fn dependencies(table: &toml::Table) -> Vec<String> {
    let sections = |table: &toml::Table| -> Vec<String> {
        let names =
            ["dependencies", "build-dependencies"].into_iter().filter_map(|section| table.get(section)?.as_table());
        names
            .flatten()
            .map(|(name, what)| what.get("package").and_then(toml::Value::as_str).unwrap_or(name).to_owned())
            .collect()
    };
    let targets = table.get("target").and_then(toml::Value::as_table).into_iter().flatten();
    let mut all = sections(table);
    all.extend(targets.filter_map(|(_, target)| target.as_table()).flat_map(sections));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, sections: &str) -> Vec<String> {
        let text = format!("[package]\nname = \"x\"\n[lints]\nworkspace = true\n{sections}");
        let domain = "[package]\nname = \"largesse-domain\"\n[lints]\nworkspace = true\n";
        let sdk = domain.replace("domain", "sdk");
        let mut files = vec![File { path: path.into(), text }];
        if path != "host/domain/Cargo.toml" {
            files.push(File { path: "host/domain/Cargo.toml".into(), text: domain.into() });
        }
        files.push(File { path: "guest-sdk/Cargo.toml".into(), text: sdk });
        check(&files).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_plugin_uses_the_sdk_and_nothing_of_the_host() {
        let plugin = "plugins/new/Cargo.toml";
        assert!(found(plugin, "[dependencies]\nlargesse-sdk.workspace = true\nserde = \"1\"").is_empty());
        let host = "plugins/new/Cargo.toml: must not use largesse-domain";
        assert_eq!(found(plugin, "[dependencies]\nlargesse-domain.workspace = true"), [host]);
        assert_eq!(found(plugin, "[build-dependencies]\nlargesse-domain = { path = \"x\" }"), [host]);
        assert_eq!(found(plugin, "[target.'cfg(unix)'.dependencies]\nlargesse-domain = \"0\""), [host]);
        assert_eq!(found(plugin, "[dependencies]\nd = { package = \"largesse-domain\", path = \"x\" }"), [host]);
        assert!(found(plugin, "[dev-dependencies]\nlargesse-domain = \"0\"").is_empty());
    }

    #[test]
    fn the_domain_uses_nothing() {
        let domain = "host/domain/Cargo.toml";
        assert_eq!(found(domain, "[dependencies]\nserde = \"1\""), [format!("{domain}: is pure, but uses serde")]);
        assert_eq!(
            found(domain, "[dependencies]\nlargesse-sdk = \"1\""),
            [format!("{domain}: must not use largesse-sdk")]
        );
    }

    #[test]
    fn a_new_crate_is_asked_about() {
        assert_eq!(found("host/new/Cargo.toml", "").len(), 1);
        assert!(found("tests/Cargo.toml", "[dependencies]\nlargesse-domain = \"0\"").is_empty());
    }

    #[test]
    fn lints_are_shared() {
        let text = "[package]\nname = \"x\"\n".to_owned();
        let found = check(&[File { path: "plugins/x/Cargo.toml".into(), text }]);
        assert_eq!(found[0].rule.name, SHARED_LINTS.name);
    }
}
