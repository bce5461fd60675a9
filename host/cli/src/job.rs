//! `largesse job`: replays, backtests and simulations on a host that runs.

use std::path::PathBuf;
use std::time::Duration;

use largesse_documents::job::{JobDocument, JobStatus, JobView};
use largesse_http::views::JobList;

use crate::campaign::read_file;
use crate::client::{Client, Connection};
use crate::failure::{Failure, Result};
use crate::money::count;
use crate::output::Output;
use crate::replay::{bar, removed_text};
use crate::report::Reporting;
use crate::table::Table;

/// How often a job is looked at while it is waited for.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Replay, backtest and simulate on a host that runs
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
    /// Ask for a job, wait for it, and show what it found
    Run {
        /// What shall be done, in TOML, or in JSON when the name ends with `.json`
        file: PathBuf,
        /// Do not wait
        #[arg(long)]
        no_wait: bool,
        #[command(flatten)]
        reporting: Reporting,
    },
    /// List jobs
    List,
    /// Show a job, with what it found
    Show {
        /// Its number
        id: u64,
        #[command(flatten)]
        reporting: Reporting,
    },
}

pub(crate) fn run(args: Args, output: Output) -> Result {
    let client = args.connection.client()?;
    match args.action {
        Action::Run { file, no_wait, reporting } => {
            let named = || format!("cannot ask for what {} says", file.display());
            let document: JobDocument = read_file(&file).map_err(|failure| failure.context(named()))?;
            let asked: Result<JobView> = client.post_document("/v1/jobs", &document);
            let asked = asked.map_err(|failure| failure.context(named()))?;
            if no_wait {
                return output.print(&asked, || format!("job {} waits\n", asked.id));
            }
            show(&wait(&client, asked, output)?, &reporting, output)
        }
        Action::List => {
            let list: JobList = client.get("/v1/jobs")?;
            output.print(&list, || list_text(&list))
        }
        Action::Show { id, reporting } => show(&client.get(&path(id))?, &reporting, output),
    }
}

fn path(id: u64) -> String {
    format!("/v1/jobs/{id}")
}

fn wait(client: &Client, mut job: JobView, output: Output) -> Result<JobView> {
    let bar = bar(0, !output.json);
    while matches!(job.status, JobStatus::Waiting | JobStatus::Running) {
        std::thread::sleep(LOOK_EVERY);
        job = client.get(&path(job.id))?;
        bar.set_length(job.total.unwrap_or_default());
        bar.set_position(job.progress);
    }
    bar.finish_and_clear();
    Ok(job)
}

fn show(job: &JobView, reporting: &Reporting, output: Output) -> Result {
    if let Some(report) = &job.report {
        return reporting.show(report, &format!("Job {}", job.id), output);
    }
    output.print(job, || text(job))?;
    match (&job.error, &job.replayed) {
        (Some(error), _) => Err(Failure::new(format!("job {} failed: {error}", job.id))),
        (None, Some(replayed)) if replayed.divergent > 0 => {
            Err(Failure::new(format!("{} decisions came to something else", count(replayed.divergent))))
        }
        _ => Ok(()),
    }
}

fn text(job: &JobView) -> String {
    let Some(replayed) = &job.replayed else {
        let of = job.total.map(|total| format!(" of {}", count(total))).unwrap_or_default();
        return format!("job {} is {}: {}{of}\n", job.id, status(job.status), count(job.progress));
    };
    let mut text =
        format!("{} identical in bytes and fuel, {} not\n", count(replayed.identical), count(replayed.divergent));
    for (why, number) in &replayed.not_run {
        text.push_str(&format!("{} not run: {why}\n", count(*number)));
    }
    text.push_str(&removed_text(replayed.removed));
    if let Some(first) = replayed.first_divergent {
        text.push_str(&format!("the first that is not: {first}\n"));
    }
    text
}

fn status(status: JobStatus) -> &'static str {
    match status {
        JobStatus::Waiting => "waiting",
        JobStatus::Running => "running",
        JobStatus::Done => "done",
        JobStatus::Failed => "failed",
    }
}

fn kind(document: &JobDocument) -> &'static str {
    match document {
        JobDocument::Replay(_) => "replay",
        JobDocument::Backtest(_) => "backtest",
        JobDocument::Simulate(_) => "simulate",
    }
}

fn list_text(list: &JobList) -> String {
    let mut table = Table::new([">job", "kind", "asked for", "status", ">progress"]);
    for job in &list.items {
        table.row([
            job.id.to_string(),
            kind(&job.request).to_owned(),
            job.asked.clone(),
            status(job.status).to_owned(),
            count(job.progress),
        ]);
    }
    if table.is_empty() { "There is no job. `largesse job run FILE` asks for one.\n".into() } else { table.to_string() }
}
