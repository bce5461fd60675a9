//! `largesse campaign check`: what would keep a campaign from starting, and what it would never give, before it is applied.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use largesse_documents::nearest::choices;
use largesse_documents::{CampaignDocument, CampaignSpec, CheckView, FindingView, PolicyRef, Severity};
use largesse_domain::id::CampaignId;
use largesse_domain::problem::Problem;
use largesse_engine::{HostKey, LoadedPolicy, Pace, Workers, WorkersConfig};
use largesse_service::kinds::Kinds;
use largesse_service::lint::Finding;
use largesse_service::{Looked, bundled, check_alone};
use serde::Serialize;

use super::{id_of, path};
use crate::client::{Client, Connection};
use crate::failure::{Failure, Result};
use crate::host::{allowance, compiler};
use crate::output::Output;
use crate::policy::read_kind;

/// What to check, and against what.
#[derive(Debug, clap::Args)]
pub(super) struct CheckArgs {
    /// Campaigns in TOML, or in JSON when their names end with `.json`
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The folder with the compiled policies, or a component; not needed with --server
    #[arg(long, value_name = "DIR", default_value = "target/wasm32-wasip2/guest")]
    policies: PathBuf,
    /// The schema of an event kind of your own, in a file that is named after it, such as `walk.taken.json`
    #[arg(long = "kind", value_name = "FILE")]
    kinds: Vec<PathBuf>,
}

/// What was found in a file.
#[derive(Debug, Serialize)]
struct Checked {
    file: PathBuf,
    #[serde(flatten)]
    found: CheckView,
}

pub(super) fn run(connection: &Connection, args: &CheckArgs, output: Output) -> Result {
    let mut alone = if connection.is_named() { None } else { Some(Alone::new(args)?) };
    let mut checked = Vec::with_capacity(args.files.len());
    for file in &args.files {
        // A file that is not there is no finding about a campaign.
        let text = std::fs::read_to_string(file)
            .map_err(|error| Failure::usage(error).context(format!("cannot read {}", file.display())))?;
        let found = match super::read::<CampaignDocument>(file, &text) {
            Err(failure) => unread(&failure),
            Ok(document) => match &mut alone {
                Some(alone) => alone.check(file, &document)?,
                None => beside(&connection.client()?, file, &document)?,
            },
        };
        checked.push(Checked { file: file.clone(), found });
    }
    output.print(&checked, || checked.iter().map(text).collect())?;
    let errors = checked.iter().flat_map(|one| &one.found.findings);
    match errors.filter(|finding| finding.severity == Severity::Error).count() {
        0 => Ok(()),
        1 => Err(Failure::new("one error was found")),
        errors => Err(Failure::new(format!("{errors} errors were found"))),
    }
}

fn text(checked: &Checked) -> String {
    let Checked { file, found } = checked;
    let file = file.display();
    if found.findings.is_empty() {
        return format!("{file}: all goes together\n");
    }
    let mut text = String::new();
    for finding in &found.findings {
        let _ = write!(text, "{file}: {}", super::show::finding_line(finding));
    }
    text
}

/// A document that is none, as a finding.
fn unread(failure: &Failure) -> CheckView {
    let causes: Vec<String> = failure.error.chain().map(|cause| cause.to_string().trim_end().to_owned()).collect();
    let pointer = failure.problems.first().map_or_else(String::new, |problem| problem.pointer.clone());
    let problem = Problem { pointer, message: causes.join(": ") };
    of_problems(vec![problem])
}

fn of_problems(problems: Vec<Problem>) -> CheckView {
    let findings: Vec<Finding> = problems.into_iter().map(Finding::not_ready).collect();
    CheckView { findings: findings.iter().map(FindingView::from).collect(), ..CheckView::default() }
}

fn of_looked(looked: &Looked) -> CheckView {
    CheckView { findings: looked.findings.iter().map(FindingView::from).collect(), derived: looked.derived.clone() }
}

/// Asks a host, which knows what is there.
fn beside(client: &Client, file: &Path, document: &CampaignDocument) -> Result<CheckView> {
    if let Err(problems) = document.read() {
        return Ok(of_problems(problems));
    }
    let id = id_of(file, None)?;
    match client.post_document(&format!("{}/check", path(&id)), document) {
        Ok(found) => Ok(found),
        // What a host has against a document is found, too.
        Err(failure) if !failure.problems.is_empty() => {
            let problems = failure.problems.into_iter();
            Ok(of_problems(problems.map(|item| Problem { pointer: item.pointer, message: item.message }).collect()))
        }
        Err(failure) => Err(failure.context(format!("cannot check {}", file.display()))),
    }
}

/// What is checked with when there is no host.
struct Alone {
    workers: Arc<Workers>,
    kinds: Kinds,
    /// Components that were not needed so far.
    files: Vec<PathBuf>,
    /// Policies by name.
    policies: BTreeMap<String, Arc<LoadedPolicy>>,
}

impl Alone {
    fn new(args: &CheckArgs) -> Result<Self> {
        let workers = Workers::new(WorkersConfig {
            workers: NonZeroUsize::MIN,
            compiler: compiler(allowance(true))?,
            cache_dir: None,
            // Nothing compiled is kept.
            host_key: HostKey::from_bytes([0; 32]),
            pace: Pace::OFFLINE,
        })?;
        let mut kinds = Kinds::default();
        let own = args.kinds.iter().map(|file| read_kind(file)).collect::<Result<Vec<_>>>()?;
        for kind in bundled::kinds().into_iter().chain(own) {
            let name = kind.kind.to_string();
            kinds.insert(kind).map_err(|problem| {
                Failure::usage(anyhow::anyhow!("the event kind {name}: {} {}", problem.pointer, problem.message))
            })?;
        }
        let files = components(&args.policies)?;
        Ok(Self { workers: Arc::new(workers), kinds, files, policies: BTreeMap::new() })
    }

    fn check(&mut self, file: &Path, document: &CampaignDocument) -> Result<CheckView> {
        let spec = match document.read() {
            Ok(spec) => spec,
            Err(problems) => return Ok(of_problems(problems)),
        };
        let id: CampaignId = id_of(file, None)?.parse().map_err(Failure::usage)?;
        let policy = match self.policy(&spec)? {
            Ok(policy) => policy,
            Err(message) => return Ok(of_problems(vec![Problem { pointer: "/policy".into(), message }])),
        };
        Ok(of_looked(&check_alone(&id, &spec, &policy, (&self.kinds, &self.workers))))
    }

    /// The policy that a campaign names, or why there is none.
    fn policy(&mut self, spec: &CampaignSpec) -> Result<std::result::Result<Arc<LoadedPolicy>, String>> {
        let (name, version) = match &spec.policy {
            PolicyRef::ByVersion { name, version } => (name.as_str(), Some(version)),
            PolicyRef::Latest { name } => (name.as_str(), None),
            PolicyRef::ByDigest(_) => {
                return Ok(Err("a digest says nothing here: name the policy, or check with --server".to_owned()));
            }
        };
        // Components are called like their crates, mostly: what is called like the policy is tried first.
        let wanted = name.replace('-', "_");
        self.files.sort_by_key(|file| file.file_stem().is_some_and(|stem| stem == wanted.as_str()));
        while !self.policies.contains_key(name) {
            let Some(file) = self.files.pop() else {
                let known = choices(name, self.policies.keys().map(String::as_str));
                return Ok(Err(format!("there is no component of the policy {name}; there are: {known}")));
            };
            let loaded = self.workers.load(&std::fs::read(&file)?);
            let loaded =
                loaded.map_err(|error| Failure::usage(error).context(format!("cannot load {}", file.display())))?;
            self.policies.insert(loaded.manifest().name.to_string(), loaded);
        }
        let found = &self.policies[name];
        let there = &found.manifest().version;
        Ok(match version.filter(|version| *version != there) {
            Some(version) => Err(format!("the component of {name} is version {there}, not {version}")),
            None => Ok(Arc::clone(found)),
        })
    }
}

/// The components of a folder, or the one of a file.
fn components(place: &Path) -> Result<Vec<PathBuf>> {
    if place.is_file() {
        return Ok(vec![place.to_owned()]);
    }
    let unreadable = |error: std::io::Error| {
        let failure = Failure::usage(error).context(format!("cannot read the folder {}", place.display()));
        failure.hint("say with --policies where compiled policies are, or check with --server")
    };
    let entries = std::fs::read_dir(place).map_err(unreadable)?;
    let mut files = entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>().map_err(unreadable)?;
    files.retain(|file| file.extension().is_some_and(|ending| ending == "wasm"));
    files.sort();
    Ok(files)
}
