//! `largesse demo`: sends a made-up week, and real data when there is some, and shows what campaigns granted and spent.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use largesse_domain::limits::{BATCH_BYTES_MAX, BATCH_EVENTS_MAX};

use crate::campaign;
use crate::event::lines::Lines;
use crate::event::send::{self, send};
use crate::event::summary::Summary;
use crate::failure::{Failure, Result};
use crate::host::start_logging;
use crate::money::count;
use crate::output::Output;
use crate::showcase::{Showcase, Sources, rights};
use crate::token;

/// Send a bundled week of events to a temporary host and show what each campaign granted and spent
///
/// With LARGESSE_DATA naming a directory that has berka.ndjson.gz or cdnow.ndjson.gz, those are sent too, each to a host
/// and campaigns of its own. Everything is sent a second time, to show that nothing changes, and every decision is
/// replayed from its record.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    sources: Sources,
    /// The bundled events
    #[arg(long, value_name = "FILE", default_value = "demo/day.ndjson")]
    events: PathBuf,
    /// The directory with campaigns for the real data, a directory for each file
    #[arg(long, value_name = "DIR", default_value = "demo/data")]
    data_campaigns: PathBuf,
    /// The directory with the real data
    #[arg(long, value_name = "DIR", env = "LARGESSE_DATA", hide_env_values = true)]
    data: Option<OsString>,
}

/// The real data, by the names of their files without endings.
const DATA_SETS: [&str; 2] = ["berka", "cdnow"];
/// The policies of their campaigns that are not among those of every showcase.
const OF_DATA_SETS: [&str; 2] = ["points_mall", "tiers"];

/// A file and the campaigns that decide on it.
struct Act {
    name: String,
    events: PathBuf,
    campaigns: PathBuf,
}

pub(crate) fn run(args: &Args, output: Output) -> Result {
    start_logging("warn", false);
    let mut acts =
        vec![Act { name: "demo".into(), events: args.events.clone(), campaigns: args.sources.campaigns.clone() }];
    match args.data.as_deref().filter(|folder| !folder.is_empty()) {
        Some(folder) => acts.extend(real_data(Path::new(folder), &args.data_campaigns)?),
        None => eprintln!("LARGESSE_DATA is not set: only the bundled events are sent"),
    }
    let mut shown = Vec::new();
    for act in &acts {
        shown.push(perform(act, &args.sources.plugins, output)?);
    }
    if output.json { output.print(&shown, String::new) } else { Ok(()) }
}

fn real_data(folder: &Path, campaigns: &Path) -> Result<Vec<Act>> {
    let act = |name: &&str| {
        let events = folder.join(format!("{name}.ndjson.gz"));
        events.exists().then(|| Act { name: (*name).to_owned(), events, campaigns: campaigns.join(name) })
    };
    let acts: Vec<_> = DATA_SETS.iter().filter_map(act).collect();
    if acts.is_empty() {
        let failure = Failure::usage(anyhow::anyhow!("there is no data set in {}", folder.display()));
        return Err(failure.hint("LARGESSE_DATA names a directory with berka.ndjson.gz or cdnow.ndjson.gz"));
    }
    Ok(acts)
}

/// Sends a file twice to a host of its own.
fn perform(act: &Act, plugins: &Path, output: Output) -> Result<serde_json::Value> {
    let temp = tempfile::Builder::new().prefix("largesse-demo-").tempdir()?;
    let (name, roles, backfill) = rights();
    let (token, entry) = token::make_local(&name, &roles, backfill)?;
    let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
    let showcase = Showcase::start(loopback, temp.path(), &token, entry)?;
    let performed = send_twice(act, plugins, &showcase, output);
    showcase.host.stop();
    let mut performed = performed?;
    performed["replay"] = replay_all(temp.path(), output)?;
    Ok(performed)
}

/// Replays every decision, in a process that knows nothing but what the host has left.
fn replay_all(data_dir: &Path, output: Output) -> Result<serde_json::Value> {
    let mut command = Command::new(std::env::current_exe()?);
    let replayed = command.args(["replay", "--json", "--data-dir"]).arg(data_dir).output()?;
    let seen: serde_json::Value = serde_json::from_slice(&replayed.stdout).unwrap_or_default();
    let [identical, divergent] = ["identical", "divergent"].map(|name| seen[name].as_u64().unwrap_or_default());
    if !replayed.status.success() {
        let said = String::from_utf8_lossy(&replayed.stderr).into_owned();
        return Err(Failure::new(format!(
            "{} decisions came to something else when replayed: {said}",
            count(divergent)
        )));
    }
    let seconds = seen["seconds"].as_f64().unwrap_or_default();
    output.say(&format!(
        "replayed {} decisions in {seconds:.2} s: the same bytes for the same fuel\n",
        count(identical)
    ))?;
    Ok(seen)
}

fn send_twice(act: &Act, plugins: &Path, showcase: &Showcase, output: Output) -> Result<serde_json::Value> {
    showcase.publish(plugins, &OF_DATA_SETS)?;
    let campaigns = showcase.run_campaigns(&act.campaigns)?;
    output.say(&format!("== {}: {} into {}\n", act.name, act.events.display(), campaigns.join(", ")))?;
    let send_file = || -> Result<Summary> {
        let lines = Lines::open(&act.events, BATCH_BYTES_MAX - 2)?;
        let progress = std::io::IsTerminal::is_terminal(&std::io::stderr());
        send(&showcase.client, lines, &send::Options { batch: BATCH_EVENTS_MAX, progress, ..send::Options::default() })
    };
    let spend = || -> Result<Vec<_>> { campaigns.iter().map(|id| campaign::spend(&showcase.client, id)).collect() };
    let first = send_file()?;
    let spent = spend()?;
    output.say(&first.text())?;
    for spent in &spent {
        output.say(&campaign::spend_tables(spent))?;
    }
    let second = send_file()?;
    if spend()? != spent || second.duplicates != first.admitted + first.duplicates {
        return Err(Failure::new("sending the events again changed something"));
    }
    output.say(&format!("again: {}\nDecisions, grants and budgets are as before.\n", second.line()))?;
    Ok(serde_json::json!({
        "name": act.name, "first": first.view(), "spend": spent, "second": second.view(),
    }))
}
