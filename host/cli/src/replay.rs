//! `largesse replay`: runs decisions again from their records, and holds what comes of it to what came of it then.

use std::fmt::Write as _;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use largesse_documents::time::read_instant;
use largesse_domain::decision::{Evaluation, Output as Came};
use largesse_domain::id::{CampaignId, CustomerId, DecisionId};
use largesse_engine::{Allowance, HostKey, Pace, Workers, WorkersConfig};
use largesse_service::components::Components;
use largesse_service::replay::{Divergence, ReplayFilter, Replayed, decisions_within, replay};
use largesse_store::{DecisionFilter, Store};
use serde_json::json;

use crate::data_dir::DataDir;
use crate::failure::{Failure, Result};
use crate::host::compiler;
use crate::money::count;
use crate::output::Output;
use crate::stopped::Stopped;

/// Run decisions again from their records, and compare
///
/// The same input must give the same bytes for the same fuel. Ends with 1 and shows the first decision that does not. The host must be
/// stopped.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The data directory of the host
    #[arg(long, value_name = "DIR", default_value = "data")]
    data_dir: PathBuf,
    /// Only this decision
    #[arg(long, value_name = "ID", conflicts_with_all = ["after", "until"])]
    decision: Option<u64>,
    /// Only those of this campaign
    #[arg(long, value_name = "ID")]
    campaign: Option<String>,
    /// Only those on events of this customer
    #[arg(long, value_name = "ID")]
    customer: Option<String>,
    /// Only those after this one
    #[arg(long, value_name = "ID", default_value_t = 0)]
    after: u64,
    /// Only those up to this one
    #[arg(long, value_name = "ID")]
    until: Option<u64>,
    /// Only those made from then on, in RFC 3339
    #[arg(long, value_name = "TIME")]
    made_from: Option<String>,
    /// Only those made before, in RFC 3339
    #[arg(long, value_name = "TIME")]
    made_before: Option<String>,
    /// How many threads; one for each core when absent
    #[arg(long, value_name = "NUMBER")]
    threads: Option<NonZeroUsize>,
}

impl Args {
    fn filter(&self, store: &dyn Store) -> Result<ReplayFilter> {
        let wrong = |message: String| Failure::usage(anyhow::Error::msg(message));
        let time = |text: &Option<String>| text.as_deref().map(read_instant).transpose().map_err(wrong);
        let campaign = self.campaign.as_deref().map(CampaignId::new).transpose().map_err(Failure::usage)?;
        let customer = self.customer.as_deref().map(CustomerId::new).transpose().map_err(Failure::usage)?;
        let actors = customer.map(|customer| store.ids_of(&customer)).transpose()?.unwrap_or_default();
        let (after, until) = match self.decision {
            Some(one) => (one.saturating_sub(1), Some(one)),
            None => (self.after, self.until),
        };
        Ok(ReplayFilter {
            of: DecisionFilter { campaign, actors },
            after: DecisionId(after),
            until: until.map(DecisionId),
            made: (time(&self.made_from)?, time(&self.made_before)?),
        })
    }
}

pub(crate) fn run(args: &Args, output: Output) -> Result {
    let Stopped { store, dir } = Stopped::open(&args.data_dir, "stop the host first, or replay a copy")?;
    let filter = args.filter(&store)?;
    let components = Components::in_folder(dir.components()?)?;
    let threads = args.threads.or(std::thread::available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN);
    let engines = (0..threads.get()).map(|_| engine(&dir)).collect::<Result<Vec<_>>>()?;
    let bar = bar(decisions_within(&store, &filter)?, !output.json);
    let started = Instant::now();
    let replayed = replay(&store, &components, &engines, &filter, &|looked_at| bar.inc(looked_at));
    bar.finish_and_clear();
    report(&replayed?, started.elapsed(), output)
}

/// An engine of one thread's own, with the host's compiled code.
pub(crate) fn engine(dir: &DataDir) -> Result<Workers> {
    Ok(Workers::new(WorkersConfig {
        workers: NonZeroUsize::MIN,
        // What was published was taken once.
        compiler: compiler(Allowance::Interpreters)?,
        cache_dir: Some(dir.cache()?),
        host_key: HostKey::from_bytes(dir.secrets()?.cache),
        pace: Pace::OFFLINE,
    })?)
}

pub(crate) fn bar(decisions: u64, visible: bool) -> ProgressBar {
    if !visible {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {percent:>3} %  {elapsed}, {eta} left, {per_sec}");
    ProgressBar::new(decisions).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn report(replayed: &Replayed, took: Duration, output: Output) -> Result {
    let Replayed { identical, divergent, not_run, removed, first } = replayed;
    let unknown: u64 = not_run.values().sum();
    let seen = json!({
        "identical": identical, "divergent": divergent, "not_run": not_run, "removed": removed, "seconds": took.as_secs_f64(),
        "first_divergent": first.as_ref().map(|first| first.recorded.id.0),
    });
    output.print(&seen, || text(replayed, took))?;
    let Some(first) = first else {
        if unknown == 0 {
            return Ok(());
        }
        return Err(Failure::new(format!("{} decisions could not be run", count(unknown))));
    };
    Err(Failure::new(format!("{} decisions came to something else", count(*divergent))).hint(explanation(first)))
}

fn text(replayed: &Replayed, took: Duration) -> String {
    let all = replayed.identical + replayed.divergent;
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let rate = all as f64 / took.as_secs_f64().max(0.001);
    let mut text = format!(
        "replayed {} decisions in {:.2} s ({} a second): {} identical in bytes and fuel, {} not\n",
        count(all),
        took.as_secs_f64(),
        count(rate as u64),
        count(replayed.identical),
        count(replayed.divergent)
    );
    for (why, number) in &replayed.not_run {
        let _ = writeln!(text, "{} not run: {why}", count(*number));
    }
    text.push_str(&removed_text(replayed.removed));
    text
}

/// How many decisions have no record any more.
pub(crate) fn removed_text(removed: u64) -> String {
    if removed == 0 { String::new() } else { format!("{} left out: their records were removed\n", count(removed)) }
}

/// What is different in the first decision that came to something else.
fn explanation(Divergence { recorded, now }: &Divergence) -> String {
    let then = &recorded.evaluation;
    let mut text = format!("decision {} of {} by {}:", recorded.id, recorded.campaign, recorded.policy);
    let mut differs = |what: &str, then: &str, now: &str| {
        let _ = write!(text, "\n    {what} then: {then}\n    {what} now:  {now}");
    };
    if then.fuel != now.fuel {
        differs("fuel", &count(then.fuel), &count(now.fuel));
    }
    if then.log != now.log {
        differs("log", &format!("{:?}", then.log), &format!("{:?}", now.log));
    }
    if then.output != now.output {
        differs("output", &output_text(then), &output_text(now));
    }
    text
}

fn output_text(evaluation: &Evaluation) -> String {
    match &evaluation.output {
        Came::Proposal(proposal) => {
            let view = largesse_documents::effect::ProposalView::from(proposal);
            serde_json::to_string(&view).unwrap_or_default()
        }
        Came::Refusal(refusal) => format!("refused: {}: {}", refusal.code, refusal.message),
        Came::Fault(fault) => format!("faulted: {fault}"),
    }
}
