//! `largesse backtest`: what another version, or other parameters, budgets and limits, would have changed.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;

use largesse_documents::CampaignDocument;
use largesse_documents::report::ReportView;
use largesse_domain::campaign::Settings;
use largesse_domain::id::{AttributeName, CampaignId, DecisionId};
use largesse_domain::json::Json;
use largesse_domain::run::Numbered;
use largesse_domain::unit::{Quantity, UnitPattern};
use largesse_service::backtest::{Alternative, Candidate, Engines, Recorded, pointwise, stateful};
use largesse_service::components::Components;
use largesse_service::replay::{ReplayFilter, decisions_within};
use largesse_store::{DecisionFilter, Store as _};
use serde_json::Value;

use crate::campaign::read_file;
use crate::failure::{Failure, Result};
use crate::output::Output;
use crate::replay::{bar, engine};
use crate::report::Reporting;
use crate::stopped::Stopped;

/// See what another version, or other parameters, budgets and limits, would have changed
///
/// Each recorded decision of the campaign is run with the state that it had then, and what is asked for is compared, before limits and
/// budgets. With --stateful, all recorded events are run again from the start in memory, with what is active and with what is tried, and
/// what is granted is compared. The host must be stopped.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("tried").required(true).multiple(true).args(["policy", "params", "document", "budget"]))]
pub(crate) struct Args {
    /// The data directory of the host
    #[arg(long, value_name = "DIR", default_value = "data")]
    data_dir: PathBuf,
    /// The campaign that is changed
    #[arg(long, value_name = "ID")]
    campaign: String,
    /// Another component; the version that decided when absent
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Other parameters, in TOML, or in JSON when the name ends with `.json`; those of the record when absent
    #[arg(long, value_name = "FILE")]
    params: Option<PathBuf>,
    /// Run all events again from the start, with states, limits and budgets as they become
    #[arg(long)]
    stateful: bool,
    /// Another campaign document: its settings and its parameters, but not its policy
    #[arg(long, value_name = "FILE", requires = "stateful", conflicts_with = "params")]
    document: Option<PathBuf>,
    /// Another total of a budget, in the smallest parts of the unit
    #[arg(long, value_name = "UNIT=TOTAL", requires = "stateful", value_parser = read_budget)]
    budget: Vec<(UnitPattern, Quantity)>,
    /// Only decisions after this one
    #[arg(long, value_name = "ID", default_value_t = 0, conflicts_with = "stateful")]
    after: u64,
    /// Only decisions up to this one
    #[arg(long, value_name = "ID", conflicts_with = "stateful")]
    until: Option<u64>,
    #[command(flatten)]
    report: Reporting,
}

fn read_budget(text: &str) -> std::result::Result<(UnitPattern, Quantity), String> {
    let expected = || "expected a unit, = and a total, such as points=10000".to_owned();
    let (unit, total) = text.split_once('=').ok_or_else(expected)?;
    let total: u64 = total.parse().map_err(|_| expected())?;
    let total = Quantity::new(total).map_err(|error| error.to_string())?;
    Ok((unit.parse().map_err(|error| format!("{error}"))?, total))
}

pub(crate) fn run(args: &Args, output: Output) -> Result {
    let campaign = CampaignId::new(&*args.campaign).map_err(Failure::usage)?;
    let opened = Stopped::open(&args.data_dir, "stop the host first, or take a copy")?;
    let components = Components::in_folder(opened.dir.components()?)?;
    let seen = if args.stateful {
        run_stateful(args, campaign, (&opened, &components), output)?
    } else {
        run_pointwise(args, campaign, (&opened, &components), output)?
    };
    args.report.show(&seen, &format!("Backtest of {}", args.campaign), output)
}

fn run_pointwise(
    args: &Args,
    campaign: CampaignId,
    (Stopped { store, dir }, components): (&Stopped, &Components),
    output: Output,
) -> Result<ReportView> {
    let threads = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let engines = (0..threads).map(|_| engine(dir)).collect::<Result<Vec<_>>>()?;
    let filter = ReplayFilter {
        of: DecisionFilter { campaign: Some(campaign), actors: Vec::new() },
        after: DecisionId(args.after),
        until: args.until.map(DecisionId),
        made: (None, None),
    };
    let candidate = Candidate { component: args.component()?, params: args.params()?, segment: args.segment()? };
    let bar = bar(decisions_within(store, &filter)?, !output.json);
    let seen = pointwise((store, components), &engines, &filter, &candidate, &|looked_at| bar.inc(looked_at));
    bar.finish_and_clear();
    seen.map_err(Failure::usage)
}

fn run_stateful(
    args: &Args,
    campaign: CampaignId,
    (Stopped { store, dir }, components): (&Stopped, &Components),
    output: Output,
) -> Result<ReportView> {
    let engines =
        Engines { workers: [Arc::new(engine(dir)?), Arc::new(engine(dir)?)], seed_secret: dir.secrets()?.seed };
    let stored = store.campaigns()?.into_iter().find(|stored| stored.id == campaign);
    let settings = stored.map(|stored| stored.settings);
    let recorded =
        Recorded { store, components, campaign, alternative: args.alternative(settings)?, segment: args.segment()? };
    let bar = bar(store.assigned(Numbered::Event)?.count(0, u64::MAX), !output.json);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let seen = runtime.block_on(stateful(&recorded, &engines, |decided| bar.inc(decided)));
    bar.finish_and_clear();
    seen.map_err(Failure::usage)
}

impl Args {
    fn component(&self) -> Result<Option<Vec<u8>>> {
        let read = |file: &PathBuf| {
            std::fs::read(file)
                .map_err(|error| Failure::usage(error).context(format!("cannot read {}", file.display())))
        };
        self.policy.as_ref().map(read).transpose()
    }

    fn params(&self) -> Result<Option<Json>> {
        let read = |file: &PathBuf| {
            let read: Result<serde_json::Map<String, Value>> = read_file(file);
            let read =
                read.map_err(|failure| failure.context(format!("cannot read parameters from {}", file.display())));
            read.map(|params| Json::from_checked(Value::Object(params).to_string()))
        };
        self.params.as_ref().map(read).transpose()
    }

    fn segment(&self) -> Result<Option<AttributeName>> {
        self.report.segment.as_deref().map(AttributeName::new).transpose().map_err(Failure::usage)
    }

    /// What is tried, given the settings of the campaign.
    fn alternative(&self, stored: Option<Settings>) -> Result<Alternative> {
        let (mut params, mut settings) = (self.params()?, None);
        if let Some(file) = &self.document {
            let named = |failure: Failure| failure.context(format!("cannot take {}", file.display()));
            let document: CampaignDocument = read_file(file).map_err(named)?;
            let spec = document.read().map_err(|problems| {
                let problems = problems.iter().map(|problem| format!("{} {}", problem.pointer, problem.message));
                named(Failure::usage(anyhow::Error::msg(problems.collect::<Vec<_>>().join("; "))))
            })?;
            params = Some(spec.params);
            settings = Some(spec.settings);
        }
        if !self.budget.is_empty() {
            let none = || Failure::usage(anyhow::anyhow!("there is no campaign {}", self.campaign));
            let mut changed = settings.or(stored).ok_or_else(none)?;
            for (unit, total) in &self.budget {
                let budget = changed.budgets.iter_mut().find(|budget| budget.of == *unit);
                let none = || Failure::usage(anyhow::anyhow!("{} has no budget for {unit}", self.campaign));
                budget.ok_or_else(none)?.total = *total;
            }
            settings = Some(changed);
        }
        Ok(Alternative { component: self.component()?, params, settings })
    }
}
