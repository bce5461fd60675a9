//! `largesse policy test`: runs scenario files on a component, in the host's own engine and pipeline, and says what they
//! left out.

mod junit;
mod text;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use largesse_conformance::{Report, Seen};
use largesse_domain::policy::Manifest;
use serde::Serialize;

use super::build::{self, Engine};
use crate::failure::{Failure, Result};
use crate::output::Output;

/// Where the scenarios of a crate are.
const SCENARIOS: &str = "scenarios";

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The folder of the crate, which is built first, or a component
    #[arg(value_name = "DIR|FILE.wasm", default_value = ".")]
    policy: PathBuf,
    /// The folder of the scenario files; `scenarios` in the crate's folder, or in the current one for a component
    #[arg(long, value_name = "DIR")]
    scenarios: Option<PathBuf>,
    /// Write the results into a file, as JUnit's XML, for continuous integration
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
}

/// What all scenarios came to.
#[derive(Debug, Serialize)]
struct Results {
    policy: String,
    digest: String,
    passed: usize,
    failed: usize,
    scenarios: Vec<Scenario>,
    fuel: Fuel,
    not_exercised: NotExercised,
}

/// What one scenario came to.
#[derive(Debug, Serialize)]
struct Scenario {
    file: PathBuf,
    title: String,
    failures: Vec<largesse_conformance::Failure>,
    #[serde(skip)]
    took: Duration,
}

/// Fuel of decisions. Comparable only within one digest.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
struct Fuel {
    decisions: usize,
    median: u64,
    worst: u64,
}

/// What the policy declares and no scenario showed.
#[derive(Debug, Serialize)]
struct NotExercised {
    subscriptions: Vec<String>,
    effects: Vec<&'static str>,
}

pub(super) fn run(args: &Args, output: Output) -> Result {
    let is_crate = args.policy.is_dir();
    let folder = args.scenarios.clone().unwrap_or_else(|| match args.policy.strip_prefix(".") {
        Ok(below) if is_crate => below.join(SCENARIOS),
        Err(_) if is_crate => args.policy.join(SCENARIOS),
        _ => SCENARIOS.into(),
    });
    let files = scenario_files(&folder)?;
    let component = if is_crate { build::component(&args.policy)? } else { args.policy.clone() };
    let bytes = build::read(&component)?;
    let engine = Engine::start()?;
    let policy = engine.load(&bytes, &component)?;

    let mut seen = Seen::default();
    let mut scenarios = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file)
            .map_err(|error| Failure::usage(error).context(format!("cannot read {}", file.display())))?;
        let started = Instant::now();
        let Report { title, failures, seen: here } = largesse_conformance::run(&text, &bytes, &engine.workers);
        seen.extend(&here);
        scenarios.push(Scenario { file, title, failures, took: started.elapsed() });
    }
    let manifest = policy.manifest();
    let failed = scenarios.iter().filter(|scenario| !scenario.failures.is_empty()).count();
    let results = Results {
        policy: format!("{}@{}", manifest.name, manifest.version),
        digest: policy.digest().to_string(),
        passed: scenarios.len() - failed,
        failed,
        scenarios,
        fuel: Fuel::of(seen.fuel.clone()),
        not_exercised: NotExercised::of(manifest, &seen),
    };
    if let Some(file) = &args.junit {
        std::fs::write(file, junit::document(&results))
            .map_err(|error| Failure::usage(error).context(format!("cannot write {}", file.display())))?;
    }
    output.print(&results, || text::of(&results))?;
    match failed {
        0 => Ok(()),
        failed => Err(Failure::new(format!("{failed} of {} scenarios failed", results.scenarios.len()))),
    }
}

/// The scenario files of a folder, by name.
fn scenario_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let named = |failure: Failure| {
        let failure = failure.context(format!("there are no scenarios in {}", folder.display()));
        failure.hint("name their folder with --scenarios; `largesse policy new` writes some to begin with")
    };
    let entries = std::fs::read_dir(folder).map_err(|error| named(Failure::usage(error)))?;
    let mut files: Vec<PathBuf> =
        entries.map(|entry| entry.map(|entry| entry.path())).collect::<std::io::Result<_>>()?;
    files.retain(|file| file.extension().is_some_and(|ending| ending == "toml"));
    files.sort();
    if files.is_empty() {
        return Err(named(Failure::usage(anyhow::anyhow!("no file there ends with .toml"))));
    }
    Ok(files)
}

impl Fuel {
    fn of(mut fuel: Vec<u64>) -> Self {
        fuel.sort_unstable();
        let median = fuel.get(fuel.len() / 2).copied().unwrap_or_default();
        Self { decisions: fuel.len(), median, worst: fuel.last().copied().unwrap_or_default() }
    }
}

impl NotExercised {
    fn of(manifest: &Manifest, seen: &Seen) -> Self {
        let subscriptions = manifest.subscriptions.iter().filter(|one| !seen.subscriptions.contains(&one.name));
        let effects = manifest.effects.iter().filter(|one| !seen.effects.contains(one));
        Self {
            subscriptions: subscriptions.map(|one| one.name.to_string()).collect(),
            effects: effects.map(|one| one.as_str()).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use largesse_conformance::{Difference, Failure};

    use super::*;

    /// One scenario that passed and one that did not.
    pub(super) fn results() -> Results {
        let scenario = |file: &str, title: &str, failures| Scenario {
            file: file.into(),
            title: title.into(),
            failures,
            took: Duration::from_millis(12),
        };
        let failure = |line, what: &str, missing: &[&str], unexpected: &[&str]| Failure {
            line,
            difference: Difference {
                what: what.into(),
                missing: missing.iter().map(ToString::to_string).collect(),
                unexpected: unexpected.iter().map(ToString::to_string).collect(),
            },
        };
        let failures = vec![
            failure(12, "grants", &["6 points to u1"], &["5 points to u1 (day/1)"]),
            failure(20, "the policy faulted: <trap> & \"more\"\u{1}", &[], &[]),
        ];
        Results {
            policy: "spring@0.1.0".into(),
            digest: "ab".repeat(32),
            passed: 1,
            failed: 1,
            scenarios: vec![
                scenario("scenarios/a.toml", "Orders are rewarded", Vec::new()),
                scenario("scenarios/b.toml", "Refunds take back", failures),
            ],
            fuel: Fuel::of(vec![30, 10, 12_345]),
            not_exercised: NotExercised { subscriptions: vec!["order-refunded".into()], effects: vec!["revoke"] },
        }
    }

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(Fuel::of(vec![5, 1, 9]), Fuel { decisions: 3, median: 5, worst: 9 });
        assert_eq!(Fuel::of(Vec::new()), Fuel::default());
    }

    #[test]
    fn results_are_read_by_programs() {
        let json = serde_json::to_value(results()).unwrap();
        let failure = serde_json::json!({
            "line": 12, "what": "grants", "missing": ["6 points to u1"], "unexpected": ["5 points to u1 (day/1)"],
        });
        assert_eq!(json["scenarios"][1]["failures"][0], failure);
        assert_eq!(json["not_exercised"]["effects"], serde_json::json!(["revoke"]));
    }
}
