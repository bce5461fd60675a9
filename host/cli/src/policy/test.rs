//! `largesse policy test`: runs scenario files on a component, in the host's own engine and pipeline, and says what they
//! left out.

mod junit;
mod text;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use largesse_conformance::rules::{Loaded, Options, ParamsUsed, sample};
use largesse_conformance::{Report, Seen, Versions, updated};
use largesse_domain::decision::Output as Decided;
use largesse_domain::id::RefusalCode;
use largesse_domain::json::Json;
use largesse_domain::policy::Manifest;
use largesse_service::Kind;
use serde::Serialize;

use super::build::{self, Engine};
use crate::failure::{Failure, Result};
use crate::host::allowance;
use crate::money::count;
use crate::output::Output;

/// What the folder of the scenarios of a crate is called.
const SCENARIOS: &str = "scenarios";
/// Generated inputs that are decided to learn how the policy refuses.
const REFUSALS_FROM: usize = 500;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The folder of the crate, which is built first, or a component
    #[arg(value_name = "DIR|FILE.wasm", default_value = ".")]
    policy: PathBuf,
    /// The folder of the scenario files; `scenarios` in the crate's folder, or in the current one for a component
    #[arg(long, value_name = "DIR")]
    scenarios: Option<PathBuf>,
    /// Another component, under the name by which scenarios let it decide; other names there are paths beside the scenario
    #[arg(long = "with", value_name = "NAME=FILE.wasm", value_parser = parse_named)]
    others: Vec<(String, PathBuf)>,
    /// Rewrite what failing scenarios expect to what happened, and leave everything else in their files as it is
    #[arg(long)]
    update: bool,
    /// Write the results into a file, as JUnit's XML, for continuous integration
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Take what a host with `policies.interpreters` takes
    #[arg(long)]
    interpreters: bool,
}

fn parse_named(text: &str) -> std::result::Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((name, file)) if !name.is_empty() && !file.is_empty() => Ok((name.to_owned(), file.into())),
        _ => Err("expected NAME=FILE.wasm".into()),
    }
}

/// What all scenarios came to.
#[derive(Debug, Serialize)]
pub(super) struct Results {
    policy: String,
    digest: String,
    passed: usize,
    pub(super) failed: usize,
    scenarios: Vec<Scenario>,
    fuel: Fuel,
    not_exercised: NotExercised,
}

/// What one scenario came to.
#[derive(Debug, Serialize)]
struct Scenario {
    file: PathBuf,
    title: String,
    /// Whether its file was rewritten before.
    updated: bool,
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

/// What the policy declares, or does on generated inputs, and no scenario showed.
#[derive(Debug, Serialize)]
struct NotExercised {
    subscriptions: Vec<String>,
    effects: Vec<&'static str>,
    /// Codes of refusals that generated inputs came to.
    refusals: Vec<String>,
}

pub(super) fn run(args: &Args, output: Output) -> Result {
    let is_crate = args.policy.is_dir();
    let folder =
        args.scenarios.clone().unwrap_or_else(|| scenarios_of(if is_crate { &args.policy } else { Path::new("") }));
    let files = scenario_files(&folder)?;
    let component = if is_crate { build::component(&args.policy)? } else { args.policy.clone() };
    let bytes = build::read(&component)?;
    let others = args.others.iter().map(|(name, file)| Ok((name.clone(), build::read(file)?)));
    let suite = Suite { files, others: others.collect::<Result<_>>()?, update: args.update };
    let engine = Engine::start(allowance(args.interpreters))?;
    engine.load(&bytes, &component)?;
    let results = suite.run(&bytes, &engine)?;
    if let Some(file) = &args.junit {
        std::fs::write(file, junit::document(&results))
            .map_err(|error| Failure::usage(error).context(format!("cannot write {}", file.display())))?;
    }
    output.print(&results, || text::of(&results))?;
    results.verdict()
}

/// Scenario files, and how they are run.
pub(super) struct Suite {
    pub(super) files: Vec<PathBuf>,
    /// Components by the names that scenarios have for them.
    pub(super) others: BTreeMap<String, Vec<u8>>,
    /// Whether expectations that are not met are rewritten.
    pub(super) update: bool,
}

impl Suite {
    /// Runs all of it on a component.
    pub(super) fn run(&self, component: &[u8], engine: &Engine) -> Result<Results> {
        let policy = engine.workers.load(component)?;
        let mut seen = Seen::default();
        let mut options = Options { cases: REFUSALS_FROM, ..Options::default() };
        let mut scenarios = Vec::new();
        for file in &self.files {
            let text = read_text(file)?;
            note(&text, file, &mut options);
            let (scenario, here) = self.run_one(file, &text, component, engine)?;
            seen.extend(&here);
            scenarios.push(scenario);
        }
        let manifest = policy.manifest();
        let failed = scenarios.iter().filter(|scenario| !scenario.failures.is_empty()).count();
        let subject = Loaded::new(Arc::clone(&engine.workers), Arc::clone(&policy));
        let samples = sample(&subject, &options).map_err(Failure::usage)?;
        let refusals = samples.into_iter().filter_map(|sample| match sample.measured.evaluation.output {
            Decided::Refusal(refusal) => Some(refusal.code),
            _ => None,
        });
        Ok(Results {
            policy: format!("{}@{}", manifest.name, manifest.version),
            digest: policy.digest().to_string(),
            passed: scenarios.len() - failed,
            failed,
            fuel: Fuel::of(seen.fuel.clone()),
            not_exercised: NotExercised::of(manifest, &refusals.collect(), &seen),
            scenarios,
        })
    }

    fn run_one(&self, file: &Path, text: &str, tested: &[u8], engine: &Engine) -> Result<(Scenario, Seen)> {
        let named = |name: &str| match self.others.get(name) {
            Some(component) => Ok(component.clone()),
            None => {
                let path = file.with_file_name(name);
                std::fs::read(&path).map_err(|error| {
                    format!("cannot read {}: {error}; --with {name}=FILE.wasm says where {name} is", path.display())
                })
            }
        };
        let versions = Versions { tested, named: &named };
        let started = Instant::now();
        let mut report = largesse_conformance::run(text, versions, &engine.workers);
        let rewritten = updated(text, &report).filter(|_| self.update);
        if let Some(text) = &rewritten {
            std::fs::write(file, text)
                .map_err(|error| Failure::usage(error).context(format!("cannot write {}", file.display())))?;
            report = largesse_conformance::run(text, versions, &engine.workers);
        }
        let Report { title, failures, seen, .. } = report;
        let (updated, took) = (rewritten.is_some(), started.elapsed());
        Ok((Scenario { file: file.to_owned(), title, updated, failures, took }, seen))
    }
}

/// Notes what a scenario has for whoever generates inputs: parameters, and kinds of event.
fn note(text: &str, file: &Path, options: &mut Options) {
    // What does not read is told of where it is run.
    let Ok(scenario) = largesse_conformance::Scenario::read(text) else { return };
    if let Some(params) = scenario.campaign.get_ref().get("params") {
        options.params.push(ParamsUsed { origin: file.display().to_string(), value: params.clone() });
    }
    for (name, schema) in scenario.kinds {
        let known = options.kinds.iter().any(|kind| kind.kind.as_str() == name);
        if let (Ok(kind), false) = (name.parse(), known) {
            options.kinds.push(Kind { kind, schema: Json::from_checked(schema.get_ref().to_string()) });
        }
    }
}

fn read_text(file: &Path) -> Result<String> {
    std::fs::read_to_string(file)
        .map_err(|error| Failure::usage(error).context(format!("cannot read {}", file.display())))
}

impl Results {
    /// The scenarios that failed, for people.
    pub(super) fn failed_text(&self) -> String {
        text::failed(self)
    }

    /// How many passed, and the fuel of their decisions, in a few words.
    pub(super) fn brief(&self) -> String {
        let Fuel { median, worst, .. } = self.fuel;
        let (passed, failed) = (self.passed, self.failed);
        format!("{passed} passed, {failed} failed; fuel: median {}, worst {}", count(median), count(worst))
    }

    /// Fails when a scenario did.
    pub(super) fn verdict(&self) -> Result {
        match self.failed {
            0 => Ok(()),
            failed => Err(Failure::new(format!("{failed} of {} scenarios failed", self.scenarios.len()))),
        }
    }
}

/// Where the scenarios of a crate are.
pub(super) fn scenarios_of(crate_dir: &Path) -> PathBuf {
    crate_dir.strip_prefix(".").unwrap_or(crate_dir).join(SCENARIOS)
}

/// The scenario files of a folder, by name.
pub(super) fn scenario_files(folder: &Path) -> Result<Vec<PathBuf>> {
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
    fn of(manifest: &Manifest, refusals: &BTreeSet<RefusalCode>, seen: &Seen) -> Self {
        let subscriptions = manifest.subscriptions.iter().filter(|one| !seen.subscriptions.contains(&one.name));
        let effects = manifest.effects.iter().filter(|one| !seen.effects.contains(one));
        Self {
            subscriptions: subscriptions.map(|one| one.name.to_string()).collect(),
            effects: effects.map(|one| one.as_str()).collect(),
            refusals: refusals.difference(&seen.refusals).map(ToString::to_string).collect(),
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
            updated: false,
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
            not_exercised: NotExercised {
                subscriptions: vec!["order-refunded".into()],
                effects: vec!["revoke"],
                refusals: vec!["too-late".into()],
            },
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
