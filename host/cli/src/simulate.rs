//! `largesse simulate`: what campaigns would grant on events of a file, before anything is live.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use largesse_documents::catalogue::{PocketDocument, UnitDocument};
use largesse_documents::programme::ProgrammeDocument;
use largesse_documents::segment::SegmentDocument;
use largesse_documents::time::read_instant;
use largesse_documents::{CampaignDocument, PolicyRef, Problem};
use largesse_domain::id::{AttributeName, CampaignId};
use largesse_domain::json::Json;
use largesse_domain::limits::EVENT_BYTES_MAX;
use largesse_domain::unit::{Quantity, Unit};
use largesse_engine::{Allowance, HostKey, Pace, Workers, WorkersConfig};
use largesse_service::Kind;
use largesse_service::backtest::{Given, Planned, Setup, simulate};
use serde::de::DeserializeOwned;

use crate::campaign::read_file;
use crate::event::lines::Lines;
use crate::failure::{Failure, Result};
use crate::host::compiler;
use crate::output::Output;
use crate::replay::bar;
use crate::report::Reporting;

/// See what campaigns would grant on given events, before anything is live
///
/// Needs no host. Events are decided in the order of their times, each at its own time, by a host in memory that runs the campaigns
/// of a folder: a document in TOML for each, named after its id. A folder `units`, `pockets`, `segments`, `programmes` or `kinds` in it
/// says what units cost, what campaigns share, for whom they are, where customers stand, and what else happens; `stock.toml` says how many pieces are on hand.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The folder with the campaigns
    #[arg(long, value_name = "DIR")]
    campaigns: PathBuf,
    /// A folder with the campaigns to compare with
    #[arg(long, value_name = "DIR")]
    against: Option<PathBuf>,
    /// The folder with the compiled policies
    #[arg(long, value_name = "DIR")]
    policies: PathBuf,
    /// Files of CloudEvents, one on each line, plain or gzipped; `-` is standard input
    #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
    events: Vec<PathBuf>,
    /// Let time go on until then after the last event, for what is due later, in RFC 3339
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    #[command(flatten)]
    report: Reporting,
}

pub(crate) fn run(args: &Args, output: Output) -> Result {
    let components = components(&args.policies)?;
    let until = args.until.as_deref().map(read_instant).transpose();
    let given = Given {
        setup: setup(&args.campaigns, &components)?,
        against: args.against.as_deref().map(|folder| setup(folder, &components)).transpose()?,
        until: until.map_err(|message| Failure::usage(anyhow::Error::msg(message)))?,
        segment: args.report.segment.as_deref().map(AttributeName::new).transpose().map_err(Failure::usage)?,
    };
    let compiled = tempfile::tempdir()?;
    let workers = [workers(compiled.path())?, workers(compiled.path())?];
    let events = events(&args.events)?;
    let bar = bar(events.len() as u64, !output.json);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let seen = runtime.block_on(simulate(&given, events, workers, |decided| bar.inc(decided)));
    bar.finish_and_clear();
    let title = format!("Simulation of {}", args.campaigns.display());
    args.report.show(&seen.map_err(Failure::usage)?, &title, output)
}

/// Workers for one of the hosts. What one has compiled the other finds in the folder.
fn workers(compiled: &Path) -> Result<Arc<Workers>> {
    Ok(Arc::new(Workers::new(WorkersConfig {
        workers: NonZeroUsize::MIN,
        // Whether a host takes them is told when they are published.
        compiler: compiler(Allowance::Interpreters)?,
        cache_dir: Some(Dir::open_ambient_dir(compiled, ambient_authority())?),
        // The folder is this run's own.
        host_key: HostKey::from_bytes([0; 32]),
        pace: Pace::OFFLINE,
    })?))
}

/// Lines of files. What is too long to be an event stays as long as is needed to be refused.
fn events(files: &[PathBuf]) -> Result<Vec<Vec<u8>>> {
    let mut events = Vec::new();
    for file in files {
        let mut lines = Lines::open(file, EVENT_BYTES_MAX)?;
        while let Some(line) = lines.next_line()? {
            events.push(line.text.unwrap_or_else(|| vec![b' '; EVENT_BYTES_MAX + 1]));
        }
    }
    Ok(events)
}

/// The files of a folder with an ending, by name; none when there is no such folder.
fn files(folder: &Path, ending: &str) -> Result<Vec<(String, PathBuf)>> {
    let unreadable =
        |error: std::io::Error| Failure::usage(error).context(format!("cannot read the folder {}", folder.display()));
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = path.file_stem().and_then(|stem| stem.to_str()).map(str::to_owned);
        if let Some(name) = name.filter(|_| path.extension().is_some_and(|found| found == ending)) {
            files.push((name, path));
        }
    }
    files.sort();
    Ok(files)
}

/// A component, by the name of its file without ending.
struct Found {
    name: String,
    bytes: Arc<[u8]>,
}

fn components(folder: &Path) -> Result<Vec<Found>> {
    let read = |(name, path): &(String, PathBuf)| Ok(Found { name: name.clone(), bytes: std::fs::read(path)?.into() });
    let found = files(folder, "wasm")?;
    if found.is_empty() {
        return Err(Failure::usage(anyhow::anyhow!("there is no policy in {}", folder.display())));
    }
    found.iter().map(read).collect()
}

/// The components that may be one of these policies; compiling them is most of the work. What a policy is called stands in its
/// component, and mostly in the name of its file.
fn used<'a>(components: &[Found], policies: impl Iterator<Item = &'a PolicyRef>) -> Vec<Arc<[u8]>> {
    let mut used = BTreeSet::new();
    for policy in policies {
        let name = match policy {
            PolicyRef::ByVersion { name, .. } | PolicyRef::Latest { name } => name.as_str(),
            // What it is the digest of is told when it is published.
            PolicyRef::ByDigest(_) => return components.iter().map(|one| Arc::clone(&one.bytes)).collect(),
        };
        let has = |one: &Found| one.bytes.windows(name.len()).any(|bytes| bytes == name.as_bytes());
        let is_called = |one: &Found| one.name.replace('_', "-").starts_with(name);
        let holding: Vec<usize> = (0..components.len()).filter(|index| has(&components[*index])).collect();
        let called: Vec<usize> = holding.iter().copied().filter(|index| is_called(&components[*index])).collect();
        used.extend(if called.is_empty() { holding } else { called });
    }
    used.into_iter().map(|index| Arc::clone(&components[index].bytes)).collect()
}

fn setup(folder: &Path, components: &[Found]) -> Result<Setup> {
    let mut setup = Setup::default();
    for (name, path) in files(folder, "toml")?.into_iter().filter(|(name, _)| name != "stock") {
        let id = CampaignId::new(name).map_err(Failure::usage)?;
        let spec = document(&path, |document: CampaignDocument| document.read())?;
        setup.campaigns.push(Planned { id, from: None, revisions: vec![spec] });
    }
    if setup.campaigns.is_empty() {
        return Err(Failure::usage(anyhow::anyhow!("there is no campaign in {}", folder.display())));
    }
    let policies = setup.campaigns.iter().flat_map(|planned| &planned.revisions).map(|spec| &spec.policy);
    setup.components = used(components, policies);
    let parts = |name: &str, ending: &str| {
        let folder = folder.join(name);
        if folder.is_dir() { files(&folder, ending) } else { Ok(Vec::new()) }
    };
    for (name, path) in parts("units", "toml")? {
        let unit: Unit = name.parse().map_err(Failure::usage)?;
        setup.units.push(document(&path, |document: UnitDocument| document.read(unit))?);
    }
    for (name, path) in parts("pockets", "toml")? {
        let id = name.parse().map_err(Failure::usage)?;
        setup.pockets.push(document(&path, |document: PocketDocument| document.read(id))?);
    }
    for (name, path) in parts("segments", "toml")? {
        let id = name.parse().map_err(Failure::usage)?;
        setup.segments.push(document(&path, |document: SegmentDocument| document.read(id))?);
    }
    for (name, path) in parts("programmes", "toml")? {
        let id = name.parse().map_err(Failure::usage)?;
        setup.programmes.push(document(&path, |document: ProgrammeDocument| document.read(id))?);
    }
    for (name, path) in parts("kinds", "json")? {
        let kind = name.parse().map_err(Failure::usage)?;
        let schema = document(&path, |schema: serde_json::Value| Ok(Json::from_checked(schema.to_string())))?;
        setup.kinds.push(Kind { kind, schema });
    }
    let stock = folder.join("stock.toml");
    if stock.exists() {
        let pieces: BTreeMap<String, u64> =
            read_file(&stock).map_err(|failure| failure.context("cannot read the stock"))?;
        for (unit, pieces) in pieces {
            setup.stock.push((unit.parse().map_err(Failure::usage)?, Quantity::new(pieces).map_err(Failure::usage)?));
        }
    }
    Ok(setup)
}

/// A document from a file, checked.
fn document<D: DeserializeOwned, T>(
    path: &Path,
    check: impl FnOnce(D) -> std::result::Result<T, Vec<Problem>>,
) -> Result<T> {
    let named = |failure: Failure| failure.context(format!("cannot take {}", path.display()));
    let read: D = read_file(path).map_err(named)?;
    check(read).map_err(|problems| {
        let problems = problems.iter().map(|problem| format!("{} {}", problem.pointer, problem.message));
        named(Failure::usage(anyhow::Error::msg(problems.collect::<Vec<_>>().join("; "))))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_components_that_may_be_meant_are_used() {
        let found = |name: &str, text: &str| Found { name: name.into(), bytes: text.as_bytes().into() };
        let components = [
            found("tiers", "..tiers.."),
            found("membership", "..membership..tiers.."),
            found("check_in", "..check-in.."),
            found("old", "..mall.."),
            found("counts_as_2", "..counts.."),
            found("counts_as_1", "..counts.."),
        ];
        let used = |policies: &[&str]| {
            let policies: Vec<PolicyRef> = policies.iter().map(|policy| policy.parse().unwrap()).collect();
            let used = used(&components, policies.iter());
            used.iter().map(|bytes| String::from_utf8_lossy(bytes).into_owned()).collect::<Vec<_>>()
        };
        assert_eq!(used(&["tiers"]), ["..tiers.."]);
        assert_eq!(used(&["check-in@1.0.0", "mall"]), ["..check-in..", "..mall.."]);
        assert_eq!(used(&["counts@1.0.0"]).len(), 2, "two versions of one policy");
        assert_eq!(used(&["nobodys"]).len(), 0);
        assert_eq!(used(&[&"ab".repeat(32)]).len(), components.len());
    }
}
