//! Whether a component can be trusted: rules that any policy must keep, tried on inputs that are generated.
//!
//! Nothing runs but the component, in the engine's sandboxes: no store, no pipeline, no host. Modules in reading order.

mod list;
mod report;
mod subject;
mod tape;
mod values;
mod stage;
mod inputs;
mod trial;
mod decisions;
mod history;
mod params;
mod versions;
mod sample;

use std::sync::Arc;

use largesse_domain::json::Json;
use largesse_domain::limits::{COMPONENT_BYTES_MAX, STATE_BYTES_MAX};
use largesse_domain::problem::Problem;
use largesse_engine::{CompileError, LoadError, Workers};
use largesse_service::Kind;
use serde_json::Value;

pub use list::{Rule, page};
pub use report::{Comparison, Difference, Finding, ParamsUsed, Report, Verdict};
pub use sample::{Sample, sample};
pub use subject::{Loaded, Subject};

use history::Histories;
use inputs::Generator;
use jsonschema::Validator;
use params::Wrong;
use stage::Stage;
use trial::{Run, run, share};

/// Inputs that are generated when nobody says how many.
pub const CASES: usize = 1_000;
/// Customers and entities that inputs are about.
const PEOPLE: u64 = 4;
/// The currency of the campaign when the parameters name none.
const CURRENCY: &str = "CNY";

/// How a policy is checked.
#[derive(Clone, Debug)]
pub struct Options {
    /// The parameters to try it with; those that its schema shows, or that are made by it, when there are none.
    pub params: Vec<ParamsUsed>,
    /// Event kinds beside the bundled ones.
    pub kinds: Vec<Kind>,
    /// What the inputs follow from.
    pub seed: u64,
    /// How many inputs are generated; twice as many make up the histories of one owner.
    pub cases: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { params: Vec::new(), kinds: Vec::new(), seed: 1, cases: CASES }
    }
}

/// Other versions that a policy is held to.
#[derive(Clone, Copy, Default)]
pub struct Others<'a> {
    /// The version whose states it must take over.
    pub previous: Option<&'a dyn Subject>,
    /// A version whose decisions it is compared with.
    pub against: Option<&'a dyn Subject>,
}

/// Why a component could not be checked. Not a word about the component.
#[derive(Debug, thiserror::Error)]
pub enum CheckFailure {
    /// The compiler could not be run.
    #[error(transparent)]
    Compiler(CompileError),
    /// An event kind cannot be used.
    #[error("{0}")]
    Kind(String),
}

/// Loads a component and checks it.
///
/// # Errors
/// When that is not possible, whatever the component is.
pub fn check(
    component: &[u8],
    workers: &Arc<Workers>,
    others: Others<'_>,
    options: &Options,
) -> Result<Report, CheckFailure> {
    match workers.load(component) {
        Ok(policy) => check_loaded(&Loaded::new(Arc::clone(workers), policy), others, options),
        Err(LoadError::Compile(error @ CompileError::Failed { .. })) => Err(CheckFailure::Compiler(error)),
        Err(error) => Ok(refused(&error, options)),
    }
}

/// Checks a policy that was loaded.
///
/// # Errors
/// When an event kind cannot be used.
pub fn check_loaded(subject: &dyn Subject, others: Others<'_>, options: &Options) -> Result<Report, CheckFailure> {
    let stage = Stage::new(&options.kinds, &currency(&options.params)).map_err(CheckFailure::Kind)?;
    let manifest = subject.manifest();
    let mut report = Report {
        policy: Some(format!("{}@{}", manifest.name, manifest.version)),
        seed: options.seed,
        cases: options.cases,
        params: Vec::new(),
        rules: vec![
            Finding::pass(Rule::Contract, "it can be called"),
            Finding::pass(Rule::Imports, "all are given"),
            Finding::pass(Rule::Starts, format!("{} bytes", subject.size_bytes())),
            Finding::pass(Rule::Manifest, format!("{} subscriptions", manifest.subscriptions.len())),
            same_manifest(subject),
            subscriptions(subject, &stage),
        ],
        comparison: None,
    };
    let (schema, finding) = params::schema(subject);
    report.rules.push(finding);
    let chosen = schema.as_ref().map(|schema| {
        let currency = stage.campaign.settings.currency.to_string();
        params::choose(subject, schema, (&options.params, &currency), options.seed)
    });
    let json = chosen.as_ref().map(params::Chosen::json).unwrap_or_default();
    if let (Some(chosen), Some((_, validator)), false) = (&chosen, &schema, json.is_empty()) {
        report.params.clone_from(&chosen.used);
        report.rules.push(chosen.finding.clone());
        decide(subject, (&stage, validator, &json), others, options, &mut report);
    } else {
        report.rules.extend(chosen.map(|chosen| chosen.finding));
        skip_rest(&mut report, "there are no parameters that it takes");
    }
    Ok(report)
}

/// The rules that need decisions, the one about wrong parameters first.
fn decide(
    subject: &dyn Subject,
    (stage, validator, params): (&Stage, &Validator, &[Json]),
    others: Others<'_>,
    options: &Options,
    report: &mut Report,
) {
    let Options { seed, cases, .. } = *options;
    let generator = Generator::new(stage, subject.manifest(), params, PEOPLE);
    let mut trial = run(subject, &generator, (seed, cases), None);
    let alone = Generator::new(stage, subject.manifest(), params, 1);
    let mut histories = Histories::of(subject, &alone, seed, cases * 2);
    let state_size = histories.finding();
    trial.note(&mut histories.run);
    let state_size = trial.failure(Rule::StateSize).unwrap_or(state_size);
    let wrong = Wrong { seed, count: (cases / 5).max(1), decide: trial.breaches.is_empty() };
    report.rules.push(params::wrong(subject, stage, validator, params, wrong));
    report.rules.extend(decisions::direct(&trial, &generator));
    report.rules.push(decisions::deterministic(&trial, subject));
    report.rules.push(decisions::keys(&trial, subject, &generator));
    report.rules.push(decisions::states(&trial, subject));
    report.rules.push(state_size);
    report.rules.push(match others.previous {
        None => Finding::skipped(Rule::Previous, "no previous version is given (`--previous`)"),
        Some(before) => previous(subject, before, stage, options),
    });
    report.rules.push(limits(&trial, histories.largest, subject));
    if let Some(other) = others.against {
        let taken: Vec<Json> = params.iter().filter(|params| other.check(params).is_ok()).cloned().collect();
        let theirs = Generator::new(stage, other.manifest(), &taken, PEOPLE);
        report.comparison = Some(versions::compare((subject, other), (&generator, &theirs), (seed, cases)));
    }
}

/// Lets the version before come to states, with parameters that it takes, and has this one read them.
fn previous(subject: &dyn Subject, before: &dyn Subject, stage: &Stage, options: &Options) -> Finding {
    let currency = stage.campaign.settings.currency.to_string();
    let Some(schema) = params::schema(before).0 else {
        return Finding::skipped(Rule::Previous, "the schema of the previous version's parameters is not valid");
    };
    let params = params::taken(before, &schema, (&options.params, &currency), options.seed);
    if params.is_empty() {
        return Finding::skipped(Rule::Previous, "there are no parameters that the previous version takes");
    }
    let many = Generator::new(stage, before.manifest(), &params, PEOPLE);
    let one = Generator::new(stage, before.manifest(), &params, 1);
    let runs = [
        run(before, &many, (options.seed, options.cases), None),
        run(before, &one, (options.seed, options.cases), Some(inputs::DAY_MS)),
    ];
    versions::previous(subject, before, &runs)
}

fn limits(trial: &Run, largest_state: usize, subject: &dyn Subject) -> Finding {
    let per_cent = |thousandths: u64| format!("{}.{} %", thousandths / 10, thousandths % 10);
    let size = share(subject.size_bytes(), COMPONENT_BYTES_MAX as u64);
    let state = share(largest_state as u64, STATE_BYTES_MAX as u64);
    let seen = format!(
        "at most {} of fuel, {} of memory; component {}, state {} of what is allowed",
        per_cent(trial.worst.fuel),
        per_cent(trial.worst.memory),
        per_cent(size),
        per_cent(state)
    );
    match trial.failure(Rule::Limits) {
        Some(failure) => failure,
        None if trial.tried == 0 => Finding::skipped(Rule::Limits, "no input could be made for its subscriptions"),
        None => Finding::pass(Rule::Limits, seen),
    }
}

fn same_manifest(subject: &dyn Subject) -> Finding {
    const TIMES: usize = 3;
    let rule = Rule::SameManifest;
    for _ in 0..TIMES {
        match subject.describe() {
            Ok(manifest) if manifest == *subject.manifest() => {}
            Ok(_) => return Finding::fail(rule, "asked again, it says something else"),
            Err(error) => return Finding::fail(rule, error.to_string()),
        }
    }
    Finding::pass(rule, format!("asked {TIMES} times more"))
}

fn subscriptions(subject: &dyn Subject, stage: &Stage) -> Finding {
    let rule = Rule::Subscriptions;
    let kinds = subject.manifest().subscriptions.iter().map(|subscription| &subscription.kind);
    let mut unknown: Vec<&str> = kinds.filter(|kind| stage.kind(kind).is_none()).map(|kind| kind.as_str()).collect();
    unknown.dedup();
    let is_unknown = |problem: &&Problem| problem.message.contains("which is not registered");
    let misfits = stage.misfits(subject.manifest());
    match misfits.iter().find(|problem| !is_unknown(problem)) {
        Some(problem) => Finding::fail(rule, &problem.message),
        None if !unknown.is_empty() => {
            let names = unknown.join(", ");
            Finding::skipped(
                rule,
                format!("{names}: not a bundled kind; inputs have any data (`--kind` gives its schema)"),
            )
        }
        None => Finding::pass(rule, "all kinds are known"),
    }
}

/// The report on a component that was not loaded.
fn refused(error: &LoadError, options: &Options) -> Report {
    let broken = match error {
        LoadError::Compile(
            CompileError::NotAComponent { .. }
            | CompileError::Unreadable { .. }
            | CompileError::NoContract
            | CompileError::WrongContract { .. },
        ) => Rule::Contract,
        LoadError::Compile(CompileError::ForeignImport { .. }) => Rule::Imports,
        LoadError::Compile(_) | LoadError::Unfit { .. } | LoadError::Describe(_) => Rule::Starts,
        LoadError::Manifest(_) => Rule::Manifest,
    };
    // The compiler is asked, and the manifest read, when contract and imports are what they must be.
    let before = |rule: Rule| match rule {
        Rule::Contract | Rule::Imports if broken >= Rule::Starts => Some("looked at before it is compiled"),
        Rule::Starts if broken == Rule::Manifest => Some("it starts and describes itself"),
        _ => None,
    };
    let finding = |rule: Rule| match before(rule) {
        _ if rule == broken => Finding::fail(rule, error.to_string()),
        Some(seen) => Finding::pass(rule, seen),
        None => Finding::skipped(rule, format!("{} is broken", broken.id())),
    };
    Report {
        policy: None,
        seed: options.seed,
        cases: options.cases,
        params: Vec::new(),
        rules: Rule::ALL.map(finding).into(),
        comparison: None,
    }
}

/// Skips the rules that have no finding yet.
fn skip_rest(report: &mut Report, why: &str) {
    let rest = Rule::ALL.into_iter().skip(report.rules.len());
    report.rules.extend(rest.map(|rule| Finding::skipped(rule, why)));
}

/// The currency that the parameters name in a unit such as `cash:CNY`.
fn currency(params: &[ParamsUsed]) -> String {
    fn find(value: &Value) -> Option<String> {
        match value {
            Value::String(text) => text.strip_prefix("cash:").filter(|code| code.len() == 3).map(str::to_owned),
            Value::Array(items) => items.iter().find_map(find),
            Value::Object(fields) => fields.values().find_map(find),
            _ => None,
        }
    }
    params.iter().find_map(|params| find(&params.value)).unwrap_or_else(|| CURRENCY.to_owned())
}
