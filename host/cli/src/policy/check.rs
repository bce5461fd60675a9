//! `largesse policy check`: hold a component to the rules, without a host.

use std::fmt::Write as _;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use largesse_conformance::rules::{CheckFailure, Comparison, Finding, Loaded, Others, Report, Subject, Verdict, check};
use largesse_engine::{HostKey, Pace, Workers, WorkersConfig};
use serde::Serialize;

use super::build::{Origin, read};
use super::inputs::Inputs;
use crate::failure::{Failure, Result};
use crate::host::{allowance, compiler};
use crate::money::count;
use crate::output::Output;
use crate::table::Table;

/// Decisions that run beside one another.
const WORKERS: NonZeroUsize = NonZeroUsize::new(2).expect("two");

/// What to check, and how.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A component
    file: PathBuf,
    #[command(flatten)]
    inputs: Inputs,
    /// The version before it, whose states it must take over
    #[arg(long, value_name = "FILE")]
    previous: Option<PathBuf>,
    /// Another version, to show what it decides otherwise
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,
    /// Take what a host with `policies.interpreters` takes
    #[arg(long)]
    interpreters: bool,
}

/// What was found, and what the component says that it was built from.
#[derive(Serialize)]
struct Checked<'a> {
    #[serde(flatten)]
    report: &'a Report,
    origin: Option<Origin>,
}

pub(crate) fn run(args: &Args, output: Output) -> Result {
    let options = args.inputs.options()?;
    let workers = Arc::new(Workers::new(WorkersConfig {
        workers: WORKERS,
        compiler: compiler(allowance(args.interpreters))?,
        cache_dir: None,
        // Nothing compiled is kept.
        host_key: HostKey::from_bytes([0; 32]),
        pace: Pace::OFFLINE,
    })?);
    let component = read(&args.file)?;
    let other = |file: &Option<PathBuf>| file.as_ref().map(|file| load(file, &workers)).transpose();
    let (previous, against) = (other(&args.previous)?, other(&args.against)?);
    let others = Others {
        previous: previous.as_ref().map(|loaded| loaded as &dyn Subject),
        against: against.as_ref().map(|loaded| loaded as &dyn Subject),
    };
    let report = check(&component, &workers, others, &options).map_err(|error| match error {
        CheckFailure::Kind(_) => Failure::usage(error),
        CheckFailure::Compiler(_) => Failure::from(error),
    })?;
    let checked = Checked { report: &report, origin: Origin::read(&component) };
    output.print(&checked, || {
        let origin = checked.origin.as_ref().map(|origin| format!("{}\n", origin.text())).unwrap_or_default();
        format!("{origin}{}", text(&report))
    })?;
    match report.failures().count() {
        0 => Ok(()),
        1 => Err(Failure::new("one rule is broken")),
        broken => Err(Failure::new(format!("{broken} rules are broken"))),
    }
}

fn load(file: &Path, workers: &Arc<Workers>) -> Result<Loaded> {
    let loaded = workers.load(&read(file)?);
    let loaded = loaded.map_err(|error| Failure::usage(error).context(format!("cannot load {}", file.display())))?;
    Ok(Loaded::new(Arc::clone(workers), loaded))
}

fn text(report: &Report) -> String {
    let mut table = Table::new(["rule", "verdict", "what was seen"]);
    for Finding { rule, verdict, seen, .. } in &report.rules {
        // What is broken is told in full beneath.
        let seen = if *verdict == Verdict::Fail { rule.demand().to_owned() } else { seen.clone() };
        table.row([rule.id().to_owned(), verdict.as_str().to_owned(), seen]);
    }
    let named = report.policy.as_deref().unwrap_or("the component");
    let mut text = format!("{named}, {} inputs from seed {}\n\n{table}", count(report.cases as u64), report.seed);
    text.push_str(&broken(report));
    if let Some(comparison) = &report.comparison {
        text.push_str(&comparison_text(comparison));
    }
    text
}

/// The rules that are broken, each with the input that breaks it and the remedy.
pub(super) fn broken(report: &Report) -> String {
    let mut text = String::new();
    for finding in report.failures() {
        let _ = write!(text, "\n{}: {}\n", finding.rule.id(), finding.seen);
        if let Some(input) = &finding.input {
            let _ = writeln!(text, "  input: {input}");
        }
        let _ = writeln!(text, "  remedy: {}", finding.rule.remedy());
    }
    text
}

fn comparison_text(comparison: &Comparison) -> String {
    let Comparison { with, inputs, differing, incomparable, first } = comparison;
    let mut text = format!("\nagainst {with}: {differing} of {inputs} inputs are decided otherwise");
    if *incomparable > 0 {
        let _ = write!(text, "; {incomparable} cannot be compared: both cannot be shown the same");
    }
    text.push('\n');
    for difference in first {
        let (input, checked, other) = (&difference.input, &difference.checked, &difference.other);
        let _ = write!(text, "\n  input: {input}\n  this:  {checked}\n  other: {other}\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use largesse_conformance::rules::{Difference, Rule};
    use serde_json::json;

    use super::*;

    fn report() -> Report {
        let finding = |rule: Rule| Finding {
            rule,
            verdict: if rule == Rule::Previous { Verdict::Skipped } else { Verdict::Pass },
            seen: if rule == Rule::Previous { "no previous version is given (`--previous`)" } else { "fine" }
                .to_owned(),
            input: None,
        };
        let rules = [Rule::Contract, Rule::Traps, Rule::Previous].map(finding).into();
        Report { policy: Some("check-in@0.2.0".into()), seed: 1, cases: 1_000, params: vec![], rules, comparison: None }
    }

    #[test]
    fn a_report_is_a_table() {
        insta::assert_snapshot!(text(&report()), @r"
        check-in@0.2.0, 1,000 inputs from seed 1

        RULE                 VERDICT  WHAT WAS SEEN
        C01-contract         pass     fine
        C10-no-trap          pass     fine
        C18-previous-states  skipped  no previous version is given (`--previous`)
        ");
    }

    #[test]
    fn what_is_broken_is_told_beneath() {
        let mut report = report();
        report.rules[1] = Finding {
            rule: Rule::Traps,
            verdict: Verdict::Fail,
            seen: "trap: attempt to divide by zero (3 of the inputs)".into(),
            input: Some(json!({"event": {"data": {"amount": 0}}})),
        };
        let first = Difference { input: json!({}), checked: json!({"refusal": {}}), other: json!({"proposal": {}}) };
        let with = "check-in@0.1.0".into();
        report.comparison = Some(Comparison { with, inputs: 900, differing: 1, incomparable: 2, first: vec![first] });
        insta::assert_snapshot!(text(&report), @r#"
        check-in@0.2.0, 1,000 inputs from seed 1

        RULE                 VERDICT  WHAT WAS SEEN
        C01-contract         pass     fine
        C10-no-trap          fail     It does not trap on any input that the host may show it.
        C18-previous-states  skipped  no previous version is given (`--previous`)

        C10-no-trap: trap: attempt to divide by zero (3 of the inputs)
          input: {"event":{"data":{"amount":0}}}
          remedy: Refuse with a code where it panics, and use checked arithmetic.

        against check-in@0.1.0: 1 of 900 inputs are decided otherwise; 2 cannot be compared: both cannot be shown the same

          input: {}
          this:  {"refusal":{}}
          other: {"proposal":{}}
        "#);
    }
}
