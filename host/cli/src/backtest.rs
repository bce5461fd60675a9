//! `largesse backtest`: what another version, or other parameters, would have asked for on recorded decisions.

use std::fmt::Write as _;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::str::FromStr;

use largesse_domain::id::{CampaignId, DecisionId};
use largesse_domain::json::Json;
use largesse_service::backtest::{Asked, Backtested, Candidate, backtest};
use largesse_service::components::Components;
use largesse_service::replay::ReplayFilter;
use largesse_store::{DecisionFilter, Store as _};
use serde_json::{Value, json};

use crate::campaign::read_file;
use crate::failure::{Failure, Result};
use crate::money::count;
use crate::output::Output;
use crate::replay::{bar, engine};
use crate::stopped::Stopped;
use crate::table::Table;

/// Customers that are shown.
const SHOWN: usize = 10;

/// See what another version, or other parameters, would have asked for on recorded decisions
///
/// Each decision is run with the state that it had then. What is compared is what was asked for, before limits and budgets. The host must
/// be stopped.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The data directory of the host
    #[arg(long, value_name = "DIR", default_value = "data")]
    data_dir: PathBuf,
    /// The decisions of this campaign
    #[arg(long, value_name = "ID")]
    campaign: String,
    /// The candidate's component; the version that decided when absent
    #[arg(long, value_name = "FILE", required_unless_present = "params")]
    policy: Option<PathBuf>,
    /// The candidate's parameters, in TOML, or in JSON when the name ends with `.json`; those of the record when absent
    #[arg(long, value_name = "FILE")]
    params: Option<PathBuf>,
    /// Only decisions after this one
    #[arg(long, value_name = "ID", default_value_t = 0)]
    after: u64,
    /// Only decisions up to this one
    #[arg(long, value_name = "ID")]
    until: Option<u64>,
    /// End with 1 if so: `changed`, `faults` (more than then), `worse-off` (any customer), or `UNIT>PERCENT` (asked for more, by that)
    #[arg(long, value_name = "GATE")]
    fail_if: Vec<Gate>,
}

/// What must not be.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Gate {
    Changed,
    Faults,
    WorseOff,
    Risen { unit: String, percent: u32 },
}

impl FromStr for Gate {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        match (text, text.split_once('>')) {
            ("changed", _) => Ok(Self::Changed),
            ("faults", _) => Ok(Self::Faults),
            ("worse-off", _) => Ok(Self::WorseOff),
            (_, Some((unit, percent))) if !unit.is_empty() => {
                let percent =
                    percent.trim_end_matches('%').parse().map_err(|_| "a percentage of whole numbers".to_owned())?;
                Ok(Self::Risen { unit: unit.to_owned(), percent })
            }
            _ => Err("expected changed, faults, worse-off, or a unit, > and a percentage such as points>5".to_owned()),
        }
    }
}

impl Gate {
    /// What is against it, if something is.
    fn objection(&self, seen: &Backtested) -> Option<String> {
        let (_, worse) = seen.better_and_worse();
        match self {
            Self::Changed => (seen.changed > 0).then(|| format!("{} decisions changed", count(seen.changed))),
            Self::Faults => (seen.faults.now > seen.faults.then)
                .then(|| format!("{} faults, {} then", seen.faults.now, seen.faults.then)),
            Self::WorseOff => (worse > 0).then(|| format!("{worse} customers are worse off")),
            Self::Risen { unit, percent } => {
                let of_unit = seen.units.iter().find(|(known, _)| known.as_str() == unit);
                let Asked { then, now } = of_unit.map(|(_, asked)| *asked).unwrap_or_default();
                let risen = now * 100 > then * (100 + u128::from(*percent));
                risen.then(|| format!("{now} {unit} are asked for, {then} then: more than {percent} % more"))
            }
        }
    }
}

pub(crate) fn run(args: &Args, output: Output) -> Result {
    let campaign = CampaignId::new(&*args.campaign).map_err(Failure::usage)?;
    let candidate = candidate(args)?;
    let Stopped { store, dir } = Stopped::open(&args.data_dir, "stop the host first, or take a copy")?;
    let components = Components::in_folder(dir.components()?)?;
    let threads = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let engines = (0..threads).map(|_| engine(&dir)).collect::<Result<Vec<_>>>()?;
    let filter = ReplayFilter {
        of: DecisionFilter { campaign: Some(campaign), actor: None },
        after: DecisionId(args.after),
        until: args.until.map(DecisionId),
        made: (None, None),
    };
    let last = store.counters()?.last_decision.0;
    let bar = bar(args.until.map_or(last, |until| until.min(last)).saturating_sub(args.after), !output.json);
    let seen = backtest((&store, &components), &engines, &filter, &candidate, &|looked_at| bar.inc(looked_at));
    bar.finish_and_clear();
    let seen = seen.map_err(Failure::usage)?;
    output.print(&as_json(&seen), || text(&seen))?;
    let objections: Vec<String> = args.fail_if.iter().filter_map(|gate| gate.objection(&seen)).collect();
    if objections.is_empty() { Ok(()) } else { Err(Failure::new(objections.join("; "))) }
}

fn candidate(args: &Args) -> Result<Candidate> {
    let read = |file: &PathBuf| {
        std::fs::read(file).map_err(|error| Failure::usage(error).context(format!("cannot read {}", file.display())))
    };
    let params = |file: &PathBuf| {
        let read: Result<serde_json::Map<String, Value>> = read_file(file);
        let read = read.map_err(|failure| failure.context(format!("cannot read parameters from {}", file.display())));
        read.map(|params| Json::from_checked(Value::Object(params).to_string()))
    };
    let component = args.policy.as_ref().map(read).transpose()?;
    Ok(Candidate { component, params: args.params.as_ref().map(params).transpose()? })
}

fn as_json(seen: &Backtested) -> Value {
    let asked = |asked: &Asked| json!({"then": asked.then.to_string(), "now": asked.now.to_string()});
    let (better, worse) = seen.better_and_worse();
    json!({
        "decisions": seen.decisions, "changed": seen.changed, "faults": asked(&seen.faults), "fuel": asked(&seen.fuel),
        "not_run": seen.not_run, "better_off": better, "worse_off": worse,
        "units": seen.units.iter().map(|(unit, sums)| (unit.to_string(), asked(sums))).collect::<serde_json::Map<_, _>>(),
        "first_changed": seen.first.iter().map(|id| id.0).collect::<Vec<_>>(),
    })
}

fn text(seen: &Backtested) -> String {
    let (better, worse) = seen.better_and_worse();
    let mut text = format!(
        "{} decisions: {} changed; {} customers better off, {} worse off\nfaults {} then, {} now; mean fuel {} then, {} now\n",
        count(seen.decisions),
        count(seen.changed),
        better,
        worse,
        seen.faults.then,
        seen.faults.now,
        seen.fuel.then / u128::from(seen.decisions.max(1)),
        seen.fuel.now / u128::from(seen.decisions.max(1)),
    );
    for (why, number) in &seen.not_run {
        let _ = writeln!(text, "{} not run: {why}", count(*number));
    }
    let mut units = Table::new(["asked for", ">then", ">now", ">difference"]);
    for (unit, asked) in &seen.units {
        units.row([unit.to_string(), asked.then.to_string(), asked.now.to_string(), difference(asked)]);
    }
    if !units.is_empty() {
        let _ = write!(text, "\n{units}");
    }
    let mut customers: Vec<_> = seen
        .customers
        .iter()
        .flat_map(|(who, units)| units.iter().map(move |(unit, asked)| (who, unit, asked)))
        .collect();
    customers.sort_by_key(|(.., asked)| std::cmp::Reverse(asked.then.abs_diff(asked.now)));
    let mut table = Table::new(["customer", "unit", ">then", ">now", ">difference"]);
    for (customer, unit, asked) in customers.into_iter().take(SHOWN) {
        table.row([
            customer.to_string(),
            unit.to_string(),
            asked.then.to_string(),
            asked.now.to_string(),
            difference(asked),
        ]);
    }
    if !table.is_empty() {
        let _ = write!(text, "\n{table}");
    }
    if !seen.first.is_empty() {
        let first: Vec<_> = seen.first.iter().map(|id| id.0.to_string()).collect();
        let _ = writeln!(text, "\nThe first that changed: {}. `largesse decision show` tells them.", first.join(", "));
    }
    text
}

fn difference(Asked { then, now }: &Asked) -> String {
    let sign = if now < then { "-" } else { "+" };
    if now == then { "0".to_owned() } else { format!("{sign}{}", then.abs_diff(*now)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gates_are_read_and_close() {
        let seen = Backtested {
            decisions: 4,
            changed: 1,
            units: [("points".parse().unwrap(), Asked { then: 100, now: 106 })].into(),
            customers: [("ann".parse().unwrap(), [("points".parse().unwrap(), Asked { then: 100, now: 106 })].into())]
                .into(),
            ..Backtested::default()
        };
        for (gate, closed) in [
            ("changed", true),
            ("faults", false),
            ("worse-off", false),
            ("points>5", true),
            ("points>6%", false),
            ("cash:CNY>0", false),
        ] {
            assert_eq!(gate.parse::<Gate>().unwrap().objection(&seen).is_some(), closed, "{gate}");
        }
        for wrong in ["", "spend", "points>much", ">5"] {
            assert!(wrong.parse::<Gate>().is_err(), "{wrong}");
        }
    }
}
