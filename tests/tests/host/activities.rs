//! Every scenario of every policy, and what of the field's activities they show.
//!
//! `docs/activities.md` is written from this run: `UPDATE_ACTIVITIES=1` rewrites it. An activity without a scenario that passes
//! fails the test. `LARGESSE_SCENARIOS=<part of a file's path>` runs some only, and then the page is not looked at.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use largesse_conformance::Versions;

use crate::fixture::{component, workers};

/// The activities, each with its row in the catalogue that scenarios name.
const ACTIVITIES: &str = include_str!("../../activities.txt");

/// A scenario file and what came of it.
struct Run {
    policy: String,
    file: PathBuf,
    row: Option<String>,
    parameters: Vec<String>,
    failures: Vec<String>,
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// The files of all policies, in order.
fn files() -> Vec<(String, PathBuf)> {
    let entries = |folder: &Path| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).into_iter().flatten();
        let mut paths: Vec<_> = entries.map(|entry| entry.expect("a folder can be read").path()).collect();
        paths.sort();
        paths
    };
    let policies = entries(&root().join("plugins")).into_iter().filter(|folder| folder.join("Cargo.toml").exists());
    let of = |folder: PathBuf| {
        let policy = folder.file_name().expect("a folder of its own").to_string_lossy().into_owned();
        let files = entries(&folder.join("scenarios"));
        assert!(!files.is_empty(), "{policy} has no scenario");
        files.into_iter().map(move |file| (policy.clone(), file))
    };
    policies.flat_map(of).collect()
}

fn run(policy: &str, file: &Path) -> Run {
    let text = std::fs::read_to_string(file).expect("a scenario can be read");
    let tested = component(&policy.replace('-', "_"));
    let named = |name: &str| Ok(component(&name.replace('-', "_")));
    let report = largesse_conformance::run(&text, Versions { tested: &tested, named: &named }, &workers());
    let document: toml::Table = text.parse().unwrap_or_default();
    let text_of = |name: &str| document.get(name).and_then(toml::Value::as_str).map(str::to_owned);
    let params = document.get("campaign").and_then(|campaign| campaign.get("params")).and_then(toml::Value::as_table);
    Run {
        policy: policy.to_owned(),
        file: file.to_owned(),
        row: text_of("catalogue"),
        parameters: params.into_iter().flat_map(|params| params.keys().cloned()).collect(),
        failures: report.failures.iter().map(ToString::to_string).collect(),
    }
}

fn run_all(files: &[(String, PathBuf)]) -> Vec<Run> {
    let next = Mutex::new(files.iter().enumerate());
    let done = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let taken = next.lock().expect("no scenario panics").next();
                    let Some((place, (policy, file))) = taken else { return };
                    let run = run(policy, file);
                    done.lock().expect("no scenario panics").insert(place, run);
                }
            });
        }
    });
    done.into_inner().expect("no scenario panics").into_values().collect()
}

fn page(runs: &[Run]) -> String {
    let mut page = "# Activities\n\n\
        What the field runs, and the scenario that shows it on a compiled policy in the host's own pipeline. This page is \
        written from a\nrun of the tests (`UPDATE_ACTIVITIES=1 make test`); an activity without a scenario that passes fails \
        them. A scenario file has the\nwhole campaign, what happens, and what must come of it.\n\n\
        | row | activity | policy | parameters | scenario | result |\n|---|---|---|---|---|---|\n"
        .to_owned();
    for line in ACTIVITIES.lines() {
        let (row, title) = line.split_once(' ').expect("a row and its title");
        let of_row: Vec<&Run> = runs.iter().filter(|run| run.row.as_deref() == Some(row)).collect();
        if of_row.is_empty() {
            let _ = writeln!(page, "| {row} | {title} | | | none | **missing** |");
        }
        for run in of_row {
            let name = run.file.file_stem().unwrap_or_default().to_string_lossy();
            let path = format!("../plugins/{}/scenarios/{name}.toml", run.policy);
            let parameters: Vec<String> = run.parameters.iter().map(|name| format!("`{name}`")).collect();
            let result = if run.failures.is_empty() { "passes" } else { "**fails**" };
            let (policy, parameters) = (&run.policy, parameters.join(", "));
            let _ = writeln!(page, "| {row} | {title} | {policy} | {parameters} | [{name}]({path}) | {result} |");
        }
    }
    page
}

#[test]
fn every_activity_has_a_scenario_that_passes() {
    let only = std::env::var("LARGESSE_SCENARIOS").ok();
    let chosen =
        |(_, file): &(String, PathBuf)| only.as_ref().is_none_or(|part| file.to_string_lossy().contains(part.as_str()));
    let files: Vec<_> = files().into_iter().filter(chosen).collect();
    assert!(!files.is_empty(), "no scenario is chosen");
    let runs = run_all(&files);
    let failures: Vec<String> = runs
        .iter()
        .flat_map(|run| run.failures.iter().map(move |failure| format!("{}: {failure}", run.file.display())))
        .collect();
    assert!(failures.is_empty(), "{} failures in {} scenarios:\n{}", failures.len(), runs.len(), failures.join("\n"));
    if only.is_some() {
        return eprintln!("\n*** {} scenarios ran; docs/activities.md was not looked at ***\n", runs.len());
    }
    let (page, path) = (page(&runs), root().join("docs/activities.md"));
    if std::env::var_os("UPDATE_ACTIVITIES").is_some() {
        std::fs::write(&path, &page).expect("the page can be written");
    }
    let missing: Vec<&str> = page.lines().filter(|line| line.contains("**missing**")).collect();
    assert!(missing.is_empty(), "without a scenario:\n{}", missing.join("\n"));
    let known = |row: &str| ACTIVITIES.lines().any(|line| line.split(' ').next() == Some(row));
    let unknown: Vec<&String> = runs.iter().filter_map(|run| run.row.as_ref()).filter(|row| !known(row)).collect();
    assert!(unknown.is_empty(), "no such rows: {unknown:?}");
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == page, "docs/activities.md is not what this run shows: run it with UPDATE_ACTIVITIES=1");
}
