//! `largesse dev`: from a saved source to its result. Each time something is saved, the policy is built, checked, run through its
//! scenarios and reloaded into a host in this process.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use largesse_conformance::rules::{Options, Others, check};
use largesse_documents::{CampaignDocument, PolicyView};
use largesse_engine::{Allowance, LoadedPolicy};

use super::build::{self, Engine, Unbuilt};
use super::check::broken;
use super::inputs::{read_kind, read_params};
use super::test::{Suite, scenario_files, scenarios_of};
use crate::client::Client;
use crate::failure::{Failure, Result};
use crate::host::start_logging;
use crate::money::count;
use crate::output::write_out;
use crate::showcase::{Showcase, rights};
use crate::watch::{LOOK_EVERY, Tree};
use crate::{campaign, kind, token};

/// Inputs of a check that is done at every change. `policy check` looks longer.
const QUICK_CASES: usize = 100;
/// Clears a terminal, and what has left it at its top.
const CLEAR: &str = "\x1b[2J\x1b[3J\x1b[H";

/// Work on a policy: build, check, test and reload it into a local host whenever something is saved
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The folder of the crate
    #[arg(value_name = "DIR", default_value = ".")]
    crate_dir: PathBuf,
    /// The folder of the campaigns that the host runs; the crate's own when absent
    #[arg(long, value_name = "DIR")]
    campaigns: Option<PathBuf>,
    /// Where the host keeps everything, to go on with it another time; a folder that is removed at the end when absent
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Where the host listens; on a free port when absent
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// The schema of an event kind of your own, in a file that is named after it, such as `walk.taken.json`
    #[arg(long = "kind", value_name = "FILE")]
    kinds: Vec<PathBuf>,
}

pub(crate) fn run(args: Args) -> Result {
    start_logging("warn", false);
    build::manifest(&args.crate_dir)?;
    let tree = Tree::open(&args.crate_dir)?;
    let place = tempfile::tempdir()?;
    let data_dir = args.data_dir.clone().unwrap_or_else(|| place.path().join("data"));
    let (name, roles, backfill) = rights();
    let (token, entry) = token::make_local(&name, &roles, backfill)?;
    let Showcase { host, client } = Showcase::start(args.listen, &data_dir, &token, entry)?;
    let address = host.address();
    let prepared = args.kinds.iter().try_for_each(|file| kind::register(&client, file, None).map(drop));
    let cache = place.path().join("engine");
    let engine = prepared.and_then(|()| {
        std::fs::create_dir(&cache)?;
        Engine::start_in(&cache, Allowance::Compiled)
    });
    let desk = match engine {
        Ok(engine) => Desk { args, client, engine, address },
        Err(failure) => {
            host.stop();
            return Err(failure);
        }
    };
    let signals = host.signals()?;
    let greeted = write_out(&format!(
        "The host listens at http://{address} until this ends (Ctrl-C). In another terminal:\n\n  \
         export LARGESSE_SERVER=http://{address} LARGESSE_TOKEN={token}\n\n"
    ));
    // It ends with the process, and keeps nothing but what is in `place`.
    std::thread::spawn(move || desk.watch(tree));
    host.run(signals).and(greeted)
}

/// Where a policy is worked on.
struct Desk {
    args: Args,
    client: Client,
    engine: Engine,
    address: SocketAddr,
}

/// What came of one change.
#[derive(Default)]
struct Round {
    steps: Vec<Step>,
    /// What the author should look at first; nothing when all went well.
    trouble: String,
}

/// A step that was done.
struct Step {
    name: &'static str,
    took: Duration,
    /// What it came to, in a few words.
    result: String,
}

/// What a step gives, and what it came to in a few words; or what is wrong, for people.
type Stepped<T> = std::result::Result<(T, String), String>;

impl Round {
    /// Does a step. Nothing when it went wrong, and with it the round.
    fn step<T>(&mut self, name: &'static str, step: impl FnOnce() -> Stepped<T>) -> Option<T> {
        let started = Instant::now();
        let (done, result) = match step() {
            Ok((done, result)) => (Some(done), result),
            Err(trouble) => {
                self.trouble = trouble;
                (None, "failed".to_owned())
            }
        };
        self.steps.push(Step { name, took: started.elapsed(), result });
        done
    }

    fn text(&self, address: SocketAddr) -> String {
        let mut text = String::new();
        if !self.trouble.is_empty() {
            let _ = writeln!(text, "{}\n", self.trouble.trim_end());
        }
        for Step { name, took, result } in &self.steps {
            let _ = writeln!(text, "{name:<10} {:>7.2} s  {result}", took.as_secs_f64());
        }
        let total: Duration = self.steps.iter().map(|step| step.took).sum();
        let end = if self.trouble.is_empty() { "ready at" } else { "as it was at" };
        let _ = writeln!(
            text,
            "{:<10} {:>7.2} s  {end} http://{address}; waiting for changes",
            "in all",
            total.as_secs_f64()
        );
        text
    }
}

impl Desk {
    /// Goes round whenever something is saved.
    fn watch(self, mut tree: Tree) {
        let terminal = std::io::stdout().is_terminal();
        let mut first = true;
        loop {
            if tree.has_changed() {
                let text = self.round().text(self.address);
                // What the host said at the beginning stays until the first change.
                let clear = if terminal && !first { CLEAR } else { "" };
                if write_out(&format!("{clear}{text}")).is_err() {
                    return;
                }
                first = false;
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }

    fn round(&self) -> Round {
        let mut round = Round::default();
        let _ = self.steps(&mut round);
        round
    }

    /// The steps, as far as they go well.
    fn steps(&self, round: &mut Round) -> Option<()> {
        let file = round.step("build", || self.build())?;
        let bytes = round.step("load", || self.load(&file))?;
        let campaigns = self.campaigns();
        round.step("check", || self.check(&bytes, campaigns.as_deref().unwrap_or_default()))?;
        round.step("scenarios", || self.scenarios(&bytes))?;
        round.step("reload", || self.reload(&file, &campaigns.map_err(told)?))
    }

    fn build(&self) -> Stepped<PathBuf> {
        match build::compile(&self.args.crate_dir, build::TARGET, Stdio::piped()) {
            Ok(compiled) => {
                let warnings = compiled.told.matches("\nwarning: ").count();
                let warned = if warnings == 0 { "" } else { "; the compiler warns: `largesse policy build` shows it" };
                let name =
                    compiled.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
                Ok((compiled.file, format!("{name}{warned}")))
            }
            Err(Unbuilt::Compiler(told)) => Err(told),
            Err(Unbuilt::Other(failure)) => Err(told(failure)),
        }
    }

    fn load(&self, file: &Path) -> Stepped<Vec<u8>> {
        let load = || -> Result<_> {
            let bytes = build::read(file)?;
            let policy = self.engine.load(&bytes, file)?;
            Ok((bytes, policy))
        };
        let (bytes, policy) = load().map_err(told)?;
        let result = format!("{}, {} bytes", label(&policy), count(policy.size_bytes()));
        Ok((bytes, result))
    }

    /// Holds it to the rules for a moment, with the parameters of the campaigns.
    fn check(&self, bytes: &[u8], campaigns: &[PathBuf]) -> Stepped<()> {
        let check = || -> Result<_> {
            let options = Options {
                params: campaigns.iter().map(|file| read_params(file)).collect::<Result<_>>()?,
                kinds: self.args.kinds.iter().map(|file| read_kind(file)).collect::<Result<_>>()?,
                cases: QUICK_CASES,
                ..Options::default()
            };
            Ok(check(bytes, &self.engine.workers, Others::default(), &options)?)
        };
        let report = check().map_err(told)?;
        match report.failures().count() {
            0 => Ok(((), format!("{} rules, {QUICK_CASES} inputs", report.rules.len()))),
            _ => Err(broken(&report)),
        }
    }

    fn scenarios(&self, bytes: &[u8]) -> Stepped<()> {
        let folder = scenarios_of(&self.args.crate_dir);
        if !folder.is_dir() {
            return Ok(((), format!("there is no folder {}", folder.display())));
        }
        let run = || -> Result<_> {
            let suite = Suite { files: scenario_files(&folder)?, others: BTreeMap::new(), update: false };
            suite.run(bytes, &self.engine)
        };
        let results = run().map_err(told)?;
        if results.failed == 0 { Ok(((), results.brief())) } else { Err(results.failed_text()) }
    }

    /// Publishes it, and lets it decide in its campaigns.
    fn reload(&self, file: &Path, campaigns: &[PathBuf]) -> Stepped<()> {
        let reload = || -> Result<Vec<String>> {
            let policy = super::publish(&self.client, file, None)?;
            campaigns.iter().map(|file| self.apply(file, &policy)).collect()
        };
        let decides = reload().map_err(told)?;
        let result = match decides.as_slice() {
            [] => "published; there is no campaign for it to decide in".to_owned(),
            decides => format!("decides in {}", decides.join(", ")),
        };
        Ok(((), result))
    }

    /// Applies a campaign with the policy as it is now, and starts it when it is new. Gives its id.
    fn apply(&self, file: &Path, policy: &PolicyView) -> Result<String> {
        let named = |failure: Failure| failure.context(format!("cannot apply {}", file.display()));
        let mut document: CampaignDocument = campaign::read_file(file).map_err(named)?;
        let id = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let of = document.policy.split('@').next().unwrap_or_default();
        if of != policy.name {
            let failure = Failure::usage(anyhow::anyhow!("it is of the policy {of}, not of {}", policy.name));
            return Err(named(failure));
        }
        document.policy.clone_from(&policy.digest);
        let (campaign, _) = campaign::apply(&self.client, &id, &document).map_err(named)?;
        if campaign.lifecycle == "draft" {
            campaign::order(&self.client, &id, "start")?;
        }
        Ok(id)
    }

    /// The campaigns of the folder; of the crate's own folder the files that name a policy, for others than campaigns lie there.
    fn campaigns(&self) -> Result<Vec<PathBuf>> {
        let folder = self.args.campaigns.as_ref().unwrap_or(&self.args.crate_dir);
        let unreadable = |error| Failure::usage(error).context(format!("cannot read {}", folder.display()));
        let mut files = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(unreadable)? {
            let file = entry.map_err(unreadable)?.path();
            let is_toml = file.extension().is_some_and(|ending| ending == "toml");
            if is_toml && (self.args.campaigns.is_some() || names_policy(&file)) {
                files.push(file);
            }
        }
        files.sort();
        Ok(files)
    }
}

/// Whether a line of a file says which policy it is of. A file that does not read otherwise is still told of.
fn names_policy(file: &Path) -> bool {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    text.lines().any(|line| line.strip_prefix("policy").is_some_and(|rest| rest.trim_start().starts_with('=')))
}

fn told(failure: Failure) -> String {
    failure.text(false)
}

fn label(policy: &LoadedPolicy) -> String {
    let digest = policy.digest().to_string();
    format!("{}@{}  {}", policy.manifest().name, policy.manifest().version, &digest[..12])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_stands_above_the_steps() {
        let mut round = Round::default();
        assert_eq!(round.step("build", || Ok((7, "spring.wasm".to_owned()))), Some(7));
        let failed: Option<()> = round.step("scenarios", || Err("FAIL  a.toml\n\n".to_owned()));
        assert_eq!(failed, None);
        for step in &mut round.steps {
            step.took = Duration::from_millis(1_250);
        }
        insta::assert_snapshot!(round.text(SocketAddr::from(([127, 0, 0, 1], 7480))), @"
        FAIL  a.toml

        build         1.25 s  spring.wasm
        scenarios     1.25 s  failed
        in all        2.50 s  as it was at http://127.0.0.1:7480; waiting for changes
        ");
    }
}
