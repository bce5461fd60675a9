//! `largesse policy check`: hold a component to the rules, without a host.

use std::fmt::Write as _;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use largesse_conformance::rules::{
    CASES, CheckFailure, Comparison, Finding, Loaded, Options, Others, ParamsUsed, Report, Subject, Verdict, check,
};
use largesse_domain::id::EventKind;
use largesse_domain::json::Json;
use largesse_engine::{Compiler, HostKey, Workers, WorkersConfig};
use largesse_service::Kind;
use serde_json::Value;

use crate::failure::{Failure, Result};
use crate::host::COMPILE_CHILD;
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
    /// Parameters to try it with, TOML or JSON: an object of them, or a campaign document; those that its schema shows, or that
    /// fit it, when absent
    #[arg(long, value_name = "FILE")]
    params: Vec<PathBuf>,
    /// The schema of an event kind of your own, in a file that is named after it, such as `walk.taken.json`
    #[arg(long = "kind", value_name = "FILE")]
    kinds: Vec<PathBuf>,
    /// The version before it, whose states it must take over
    #[arg(long, value_name = "FILE")]
    previous: Option<PathBuf>,
    /// Another version, to show what it decides otherwise
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,
    /// What the inputs follow from; the same seed makes the same ones
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many inputs to generate
    #[arg(long, default_value_t = CASES, value_parser = parse_cases)]
    cases: usize,
}

fn parse_cases(text: &str) -> std::result::Result<usize, String> {
    match text.parse() {
        Ok(cases @ 1..=10_000_000) => Ok(cases),
        _ => Err("expected 1 to 10000000".into()),
    }
}

pub(crate) fn run(args: &Args, output: Output) -> Result {
    let options = Options {
        params: args.params.iter().map(|file| read_params(file)).collect::<Result<_>>()?,
        kinds: args.kinds.iter().map(|file| read_kind(file)).collect::<Result<_>>()?,
        seed: args.seed,
        cases: args.cases,
    };
    let program = std::env::current_exe()?;
    let workers = Arc::new(Workers::new(WorkersConfig {
        workers: WORKERS,
        compiler: Compiler::child(program, vec![COMPILE_CHILD.to_owned()]),
        cache_dir: None,
        // Nothing compiled is kept.
        host_key: HostKey::from_bytes([0; 32]),
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
    output.print(&report, || text(&report))?;
    match report.failures().count() {
        0 => Ok(()),
        1 => Err(Failure::new("one rule is broken")),
        broken => Err(Failure::new(format!("{broken} rules are broken"))),
    }
}

fn read(file: &Path) -> Result<Vec<u8>> {
    std::fs::read(file).map_err(|error| Failure::usage(error).context(format!("cannot read {}", file.display())))
}

fn load(file: &Path, workers: &Arc<Workers>) -> Result<Loaded> {
    let loaded = workers.load(&read(file)?);
    let loaded = loaded.map_err(|error| Failure::usage(error).context(format!("cannot load {}", file.display())))?;
    Ok(Loaded::new(Arc::clone(workers), loaded))
}

/// Reads parameters: JSON or TOML, by themselves or in a campaign document.
fn read_params(file: &Path) -> Result<ParamsUsed> {
    let text = read_text(file)?;
    let told = |failure: Failure| failure.context(format!("cannot read parameters from {}", file.display()));
    let value: Value = match file.extension() {
        Some(ending) if ending == "json" => serde_json::from_str(&text).map_err(|error| told(Failure::usage(error)))?,
        _ => toml::from_str(&text).map_err(|error| told(Failure::usage(error)))?,
    };
    let origin = file.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let of_campaign = value.get("policy").is_some_and(Value::is_string).then(|| value.get("params").cloned()).flatten();
    let value = of_campaign.unwrap_or(value);
    if !value.is_object() {
        return Err(told(Failure::usage(anyhow::anyhow!("expected an object"))));
    }
    Ok(ParamsUsed { origin, value })
}

/// Reads the schema of a kind from a file that is named after it.
fn read_kind(file: &Path) -> Result<Kind> {
    let name = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let named = format!("{} is not named after an event kind", file.display());
    let kind = EventKind::new(&name).map_err(|error| Failure::usage(error).context(named))?;
    Ok(Kind { kind, schema: Json::from_checked(read_text(file)?) })
}

fn read_text(file: &Path) -> Result<String> {
    String::from_utf8(read(file)?)
        .map_err(|error| Failure::usage(error).context(format!("cannot read {}", file.display())))
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
    for finding in report.failures() {
        let _ = write!(text, "\n{}: {}\n", finding.rule.id(), finding.seen);
        if let Some(input) = &finding.input {
            let _ = writeln!(text, "  input: {input}");
        }
        let _ = writeln!(text, "  remedy: {}", finding.rule.remedy());
    }
    if let Some(comparison) = &report.comparison {
        text.push_str(&comparison_text(comparison));
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

    #[test]
    fn parameters_are_read_by_themselves_or_in_a_campaign() {
        let folder = tempfile::tempdir().expect("a folder");
        let read = |name: &str, text: &str| {
            let file = folder.path().join(name);
            std::fs::write(&file, text).expect("a file");
            read_params(&file)
        };
        let expected = json!({"points": 5});
        for (name, text) in
            [("a.json", r#"{"points": 5}"#), ("b.toml", "points = 5"), ("c.toml", "policy = 'x'\n[params]\npoints = 5")]
        {
            let used = read(name, text).expect("parameters");
            assert_eq!((used.origin.as_str(), &used.value), (name, &expected));
        }
        assert_eq!(read("d.json", "[5]").expect_err("no object").kind.code(), 2);
        assert_eq!(read("e.json", "{").expect_err("no JSON").kind.code(), 2);
        assert!(read_kind(&folder.path().join("No Kind.json")).is_err());
    }
}
