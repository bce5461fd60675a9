//! `largesse event`: send events, see what would be decided on one, take back what one gave.

pub(crate) mod lines;
pub(crate) mod batch;
pub(crate) mod resume;
pub(crate) mod summary;
pub(crate) mod send;
mod sources;

use std::io::IsTerminal as _;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use largesse_documents::ReversalDocument;
use largesse_documents::request::EventName;
use largesse_domain::limits::{BATCH_BYTES_MAX, BATCH_EVENTS_MAX};
use largesse_http::views::DryRunAnswer;

use crate::client::Connection;
use crate::decision::result_text;
use crate::failure::{Failure, Kind, Result};
use crate::grant::{self, ReversalArgs};
use crate::output::Output;
use crate::table::Table;
use lines::Lines;

/// Send events, and take back what they gave
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub(crate) struct Args {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Send events from a file: CloudEvents in JSON, one a line, plain or gzipped
    ///
    /// Sending events again changes nothing: the host knows them by source and id.
    Send(SendArgs),
    /// See what would be decided on one event, without deciding it
    DryRun {
        /// A file with one CloudEvent in JSON; `-` is standard input
        #[arg(default_value = "-")]
        file: PathBuf,
    },
    /// Tell how far the events of each source were taken, in a data directory of a host that is stopped
    ///
    /// After a backup was restored, a source sends again what it sent since its last event was taken (docs/restore.md).
    Sources(sources::Args),
    /// Take back everything that an event gave and that still stands, and the tags that it set
    Reverse {
        /// The system that the event comes from
        source: String,
        /// Its identifier there
        event: String,
        #[command(flatten)]
        request: ReversalArgs,
    },
}

#[derive(Debug, clap::Args)]
struct SendArgs {
    /// The file; `-` is standard input
    #[arg(default_value = "-")]
    file: PathBuf,
    /// Events in one request
    #[arg(long, default_value = "500", value_name = "NUMBER", value_parser = batch_size)]
    batch: usize,
    /// Begin with this line
    #[arg(long, default_value = "1", value_name = "LINE")]
    from_line: u64,
    /// Requests at the same time; with more than one, events do not arrive in the order of the file
    #[arg(long, default_value = "1", value_name = "NUMBER")]
    concurrency: NonZeroUsize,
    /// Keep in this file how far the host has answered, and begin there when it is there already
    #[arg(long, value_name = "STATE_FILE")]
    resume: Option<PathBuf>,
}

fn batch_size(text: &str) -> std::result::Result<usize, String> {
    let size = text.parse().ok().filter(|size| (1..=BATCH_EVENTS_MAX).contains(size));
    size.ok_or_else(|| format!("a number from 1 to {BATCH_EVENTS_MAX}"))
}

pub(crate) fn run(args: Args, output: Output) -> Result {
    let client = || args.connection.client();
    match args.action {
        Action::Sources(args) => sources::run(&args, output),
        Action::DryRun { file } => {
            let line = Lines::open(&file, usize::MAX - 2)?;
            let event = line.rest().map_err(|error| Failure::usage(error).context("cannot read the event"))?;
            let answer: DryRunAnswer =
                client()?.post_body("/v1/dry-run", ("application/cloudevents+json", event.trim_ascii()))?;
            output.print(&answer, || dry_run_text(&answer))
        }
        Action::Reverse { source, event, request } => {
            let event = Some(EventName { source, id: event });
            grant::reverse(&client()?, output, &ReversalDocument { event, ..request.document() })
        }
        Action::Send(args) => {
            let options = send::Options {
                batch: args.batch,
                concurrency: args.concurrency.get(),
                from_line: args.from_line,
                resume: args.resume,
                progress: std::io::stderr().is_terminal(),
            };
            let lines = Lines::open(&args.file, BATCH_BYTES_MAX - 2)?;
            let summary = send::send(&client()?, lines, &options)?;
            output.print(&summary.view(), || summary.text())?;
            summary.verdict()
        }
    }
}

impl summary::Summary {
    /// Fails when the host has not taken every event.
    fn verdict(&self) -> Result {
        let not_taken = self.rejected + self.conflicts;
        if not_taken == 0 {
            return Ok(());
        }
        let events = if not_taken == 1 { "event was" } else { "events were" };
        let failure = Failure::new(format!("{not_taken} {events} not taken"));
        let hint = "correct and send them again; those that were taken can be in the file, they change nothing";
        Err(Failure { kind: Kind::Failed, ..failure }.hint(hint))
    }
}

fn dry_run_text(answer: &DryRunAnswer) -> String {
    let mut table = Table::new(["campaign", "subscription", "verdict", "result"]);
    for decision in &answer.decisions {
        let code = decision.refusal.as_ref().map(|refusal| refusal.code.as_str());
        let code = code.or(decision.fault.as_ref().map(|fault| fault.kind.as_str()));
        let reason = decision.denied.as_ref().map(|denied| denied.reason.as_str());
        table.row([
            decision.campaign.clone(),
            decision.subscription.clone(),
            decision.verdict.clone(),
            result_text(reason, code, &decision.outcomes),
        ]);
    }
    for deferred in &answer.deferred {
        table.row([deferred.campaign.clone(), deferred.subscription.clone(), "deferred".into(), deferred.why.clone()]);
    }
    if table.is_empty() { "No campaign would decide on this event.\n".into() } else { table.to_string() }
}
