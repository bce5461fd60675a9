//! `largesse policy bench`: what decisions cost, on the inputs that `policy check` generates, and next to another version.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use largesse_conformance::rules::{Loaded, Options, Sample, Subject, sample};
use largesse_domain::decision::Output as Decided;
use largesse_engine::Allowance;
use serde::Serialize;

use super::build::{self, Engine};
use super::inputs::Inputs;
use crate::failure::{Failure, Result};
use crate::money::count;
use crate::output::Output;
use crate::table::Table;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A component
    #[arg(value_name = "FILE.wasm")]
    file: PathBuf,
    /// Another version to measure beside it, decision by decision in turn
    #[arg(long, value_name = "OTHER.wasm")]
    against: Option<PathBuf>,
    /// How long to decide, in seconds
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    #[command(flatten)]
    inputs: Inputs,
}

/// What was measured.
#[derive(Debug, Serialize)]
struct Bench {
    seed: u64,
    /// Which one was measured, and the other beside it.
    policies: Vec<Cost>,
    /// The first by the second, when there are two.
    ratios: Option<Ratios>,
}

/// What the decisions of one version cost, on one core.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Cost {
    policy: String,
    digest: String,
    /// Different ones.
    inputs: usize,
    /// How many of the inputs it refuses.
    refused: usize,
    /// How many were timed.
    decisions: usize,
    decisions_per_second: u64,
    p50_ns: u64,
    p99_ns: u64,
    fuel_median: u64,
    fuel_worst: u64,
    /// The largest memory of a decision.
    memory_bytes: u64,
}

/// A number of the first version by that of the second.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Ratios {
    decisions_per_second: f64,
    p50: f64,
    p99: f64,
    fuel_median: f64,
    fuel_worst: f64,
    memory: f64,
}

/// A version while it is measured.
struct Runner {
    policy: String,
    digest: String,
    subject: Loaded,
    samples: Vec<Sample>,
    /// How long each decision took.
    times: Vec<Duration>,
}

pub(super) fn run(args: &Args, output: Output) -> Result {
    let options = args.inputs.options()?;
    let engine = Engine::start(Allowance::Interpreters)?;
    let files = [Some(&args.file), args.against.as_ref()];
    let runners = files.into_iter().flatten().map(|file| Runner::new(file, &engine, &options));
    let mut runners = runners.collect::<Result<Vec<_>>>()?;
    measure(&mut runners, Duration::from_secs(args.seconds));
    let policies: Vec<Cost> = runners.iter_mut().map(Runner::cost).collect();
    let ratios = match policies.as_slice() {
        [one, other] => Some(Ratios::of(one, other)),
        _ => None,
    };
    let bench = Bench { seed: options.seed, policies, ratios };
    output.print(&bench, || text(&bench))
}

impl Runner {
    /// Loads a component and makes the inputs that it decides on. Each version is shown the states that it came to itself.
    fn new(file: &Path, engine: &Engine, options: &Options) -> Result<Self> {
        let policy = engine.load(&build::read(file)?, file)?;
        let manifest = policy.manifest();
        let (name, digest) = (format!("{}@{}", manifest.name, manifest.version), policy.digest().to_string());
        let subject = Loaded::new(Arc::clone(&engine.workers), policy);
        let samples = sample(&subject, options).map_err(Failure::usage)?;
        if samples.is_empty() {
            let failure = Failure::usage(anyhow::anyhow!("{name} decides on no input that could be made"));
            return Err(failure.hint("give parameters with --params; `largesse policy check` says what is wrong"));
        }
        Ok(Self { policy: name, digest, subject, samples, times: Vec::new() })
    }

    fn decide(&mut self, number: usize) {
        let input = &self.samples[number % self.samples.len()].input;
        let started = Instant::now();
        let measured = self.subject.decide(input);
        self.times.push(started.elapsed());
        std::hint::black_box(measured);
    }

    fn cost(&mut self) -> Cost {
        self.times.sort_unstable();
        let of = |part: fn(&Sample) -> u64| {
            let mut numbers: Vec<u64> = self.samples.iter().map(part).collect();
            numbers.sort_unstable();
            numbers
        };
        let fuel = of(|sample| sample.measured.evaluation.fuel);
        let memory = of(|sample| sample.measured.memory_bytes as u64);
        let nanos: Vec<u64> =
            self.times.iter().map(|time| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)).collect();
        let total: Duration = self.times.iter().sum();
        let refused = |sample: &&Sample| matches!(sample.measured.evaluation.output, Decided::Refusal(_));
        Cost {
            policy: self.policy.clone(),
            digest: self.digest.clone(),
            inputs: self.samples.len(),
            refused: self.samples.iter().filter(refused).count(),
            decisions: nanos.len(),
            decisions_per_second: (nanos.len() as f64 / total.as_secs_f64()) as u64,
            p50_ns: at(&nanos, 50),
            p99_ns: at(&nanos, 99),
            fuel_median: at(&fuel, 50),
            fuel_worst: at(&fuel, 100),
            memory_bytes: at(&memory, 100),
        }
    }
}

/// Decides for so long, and at least once on every input, one decision of each version in turn: whatever else the machine does
/// meanwhile falls on both.
fn measure(runners: &mut [Runner], time: Duration) {
    let once = runners.iter().map(|runner| runner.samples.len()).max().unwrap_or_default();
    // The first ones warm caches, and are not counted.
    (0..once.min(100)).for_each(|number| runners.iter_mut().for_each(|runner| runner.decide(number)));
    runners.iter_mut().for_each(|runner| runner.times.clear());
    let started = Instant::now();
    let mut number = 0;
    while number < once || started.elapsed() < time {
        // Who begins changes: the second finds other things in the processor's caches than the first.
        if number.is_multiple_of(2) {
            runners.iter_mut().for_each(|runner| runner.decide(number));
        } else {
            runners.iter_mut().rev().for_each(|runner| runner.decide(number));
        }
        number += 1;
    }
}

/// The number that so many of a hundred are not above; the numbers are sorted.
fn at(sorted: &[u64], percent: usize) -> u64 {
    let place = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(place).copied().unwrap_or_default()
}

impl Ratios {
    fn of(one: &Cost, other: &Cost) -> Self {
        let ratio = |of: fn(&Cost) -> u64| of(one) as f64 / of(other).max(1) as f64;
        Self {
            decisions_per_second: ratio(|cost| cost.decisions_per_second),
            p50: ratio(|cost| cost.p50_ns),
            p99: ratio(|cost| cost.p99_ns),
            fuel_median: ratio(|cost| cost.fuel_median),
            fuel_worst: ratio(|cost| cost.fuel_worst),
            memory: ratio(|cost| cost.memory_bytes),
        }
    }
}

/// A row of the table: what it is, its number, how that is written, and the ratio of two.
type Row<'a> = (&'a str, fn(&Cost) -> u64, &'a dyn Fn(u64) -> String, fn(&Ratios) -> f64);

fn text(bench: &Bench) -> String {
    let mut text = String::new();
    for Cost { policy, digest, inputs, refused, decisions, .. } in &bench.policies {
        let (inputs, refused, decisions) = (count(*inputs as u64), count(*refused as u64), count(*decisions as u64));
        text.push_str(&format!(
            "{policy}  {}  {decisions} decisions on {inputs} inputs from seed {}, {refused} of them refused\n",
            &digest[..12],
            bench.seed
        ));
    }
    let micros = |nanos: u64| format!("{}.{} µs", count(nanos / 1_000), nanos % 1_000 / 100);
    let kib = |bytes: u64| format!("{} KiB", count(bytes.div_ceil(1024)));
    let rows: [Row<'_>; 6] = [
        (
            "decisions in a second, on one core",
            |cost| cost.decisions_per_second,
            &count,
            |all| all.decisions_per_second,
        ),
        ("time, median", |cost| cost.p50_ns, &micros, |all| all.p50),
        ("time, 99 of 100 are below", |cost| cost.p99_ns, &micros, |all| all.p99),
        ("fuel, median", |cost| cost.fuel_median, &count, |all| all.fuel_median),
        ("fuel, worst", |cost| cost.fuel_worst, &count, |all| all.fuel_worst),
        ("memory, most", |cost| cost.memory_bytes, &kib, |all| all.memory),
    ];
    let table = match (bench.policies.as_slice(), &bench.ratios) {
        ([one, other], Some(ratios)) => {
            let mut table = Table::new(["what", ">this", ">other", ">ratio"]);
            for (what, of, shown, ratio) in rows {
                table.row([what.into(), shown(of(one)), shown(of(other)), format!("{:.2}", ratio(ratios))]);
            }
            table
        }
        (policies, _) => {
            let mut table = Table::new(["what", ">this"]);
            for (what, of, shown, _) in rows {
                table.row([what.into(), policies.first().map_or_else(String::new, |one| shown(of(one)))]);
            }
            table
        }
    };
    format!("{text}\n{table}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(policy: &str, nanos: u64) -> Cost {
        Cost {
            policy: policy.into(),
            digest: "0123456789abcdef".repeat(4),
            inputs: 980,
            refused: 120,
            decisions: 30_000,
            decisions_per_second: 1_000_000_000 / nanos,
            p50_ns: nanos,
            p99_ns: nanos * 3,
            fuel_median: 90_000,
            fuel_worst: 200_000,
            memory_bytes: 1_200_000,
        }
    }

    #[test]
    fn so_many_of_a_hundred_are_not_above() {
        let numbers: Vec<u64> = (1..=200).collect();
        assert_eq!((at(&numbers, 50), at(&numbers, 99), at(&numbers, 100)), (100, 198, 200));
        assert_eq!((at(&[7], 50), at(&[], 99)), (7, 0));
    }

    #[test]
    fn two_versions_stand_beside_one_another() {
        let (one, other) = (cost("spring@0.2.0", 80_000), cost("spring@0.1.0", 100_000));
        let ratios = Ratios::of(&one, &other);
        assert_eq!((ratios.decisions_per_second, ratios.p50, ratios.fuel_worst), (1.25, 0.8, 1.0));
        let both = Bench { seed: 1, policies: vec![one.clone(), other], ratios: Some(ratios) };
        insta::assert_snapshot!(text(&both), @r"
        spring@0.2.0  0123456789ab  30,000 decisions on 980 inputs from seed 1, 120 of them refused
        spring@0.1.0  0123456789ab  30,000 decisions on 980 inputs from seed 1, 120 of them refused

        WHAT                                     THIS      OTHER  RATIO
        decisions in a second, on one core     12,500     10,000   1.25
        time, median                          80.0 µs   100.0 µs   0.80
        time, 99 of 100 are below            240.0 µs   300.0 µs   0.80
        fuel, median                           90,000     90,000   1.00
        fuel, worst                           200,000    200,000   1.00
        memory, most                        1,172 KiB  1,172 KiB   1.00
        ");
        insta::assert_snapshot!(text(&Bench { seed: 1, policies: vec![one], ratios: None }), @r"
        spring@0.2.0  0123456789ab  30,000 decisions on 980 inputs from seed 1, 120 of them refused

        WHAT                                     THIS
        decisions in a second, on one core     12,500
        time, median                          80.0 µs
        time, 99 of 100 are below            240.0 µs
        fuel, median                           90,000
        fuel, worst                           200,000
        memory, most                        1,172 KiB
        ");
    }
}
