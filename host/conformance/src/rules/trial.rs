//! Running a policy on many inputs, one after another, each on the states that it came to before.

use std::collections::{BTreeMap, BTreeSet};

use largesse_domain::decision::{FaultKind, Output};
use largesse_domain::effect::{Effect, Proposal};
use largesse_domain::limits::GUEST_MEMORY_BYTES_MAX;
use largesse_engine::Measured;
use serde_json::Value;

use super::inputs::{Generator, Situation, World, shown};
use super::list::Rule;
use super::report::Finding;
use super::subject::Subject;
use super::tape::Tape;

/// What the host's clock stopped is tried again so many times: another program may have kept the processor.
const ATTEMPTS: usize = 4;
/// A run ends early when so many inputs broke rules.
const BREACHES: usize = 40;

/// A decision that was made and broke no rule.
pub(super) struct Done {
    pub(super) situation: Situation,
    pub(super) measured: Measured,
    pub(super) tape: Tape,
    /// What the policy had come to before it.
    pub(super) world: World,
    /// The size of the owner's state after it, in bytes; 0 without one.
    pub(super) state_bytes: usize,
}

impl Done {
    /// What was proposed; `None` when the policy refused.
    pub(super) fn proposal(&self) -> Option<&Proposal> {
        match &self.measured.evaluation.output {
            Output::Proposal(proposal) => Some(proposal),
            _ => None,
        }
    }

    /// Whom it grants what under which key.
    pub(super) fn keys(&self) -> BTreeSet<(String, String)> {
        granted(&self.measured.evaluation.output)
    }
}

/// Inputs that broke a rule: how many, and the first of them.
pub(super) struct Breach {
    count: usize,
    detail: String,
    input: Value,
}

/// The worst share of each limit that was seen, in thousandths.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Worst {
    pub(super) fuel: u64,
    pub(super) memory: u64,
}

/// What came of running a policy on many inputs.
#[derive(Default)]
pub(super) struct Run {
    pub(super) tried: usize,
    pub(super) done: Vec<Done>,
    pub(super) breaches: BTreeMap<Rule, Breach>,
    pub(super) worst: Worst,
}

impl Run {
    /// Adds what came of further inputs, but not the decisions themselves.
    pub(super) fn note(&mut self, other: &mut Self) {
        self.worst.fuel = self.worst.fuel.max(other.worst.fuel);
        self.worst.memory = self.worst.memory.max(other.worst.memory);
        for (rule, breach) in std::mem::take(&mut other.breaches) {
            match self.breaches.get_mut(&rule) {
                Some(known) => known.count += breach.count,
                None => drop(self.breaches.insert(rule, breach)),
            }
        }
    }

    /// The failure of a rule that inputs broke.
    pub(super) fn failure(&self, rule: Rule) -> Option<Finding> {
        let Breach { count, detail, input } = self.breaches.get(&rule)?;
        Some(Finding::fail(rule, format!("{detail} ({count} of the inputs)")).with(input.clone()))
    }
}

/// Runs the policy on so many inputs. With a pace, each is so many milliseconds after the one before it.
pub(super) fn run(
    subject: &dyn Subject,
    generator: &Generator<'_>,
    (seed, cases): (u64, usize),
    pace: Option<i64>,
) -> Run {
    let mut run = Run::default();
    let mut world = World::default();
    let mut broken = 0;
    for number in 0..cases as u64 {
        world.time = pace.map(|pace| pace.saturating_mul(i64::try_from(number).unwrap_or(i64::MAX)));
        let mut tape = Tape::random(seed, number);
        let Some(situation) = generator.situation(&mut tape, &world) else { continue };
        run.tried += 1;
        let measured = decide(subject, &situation);
        run.worst.fuel = run.worst.fuel.max(share(measured.evaluation.fuel, measured.fuel_max));
        run.worst.memory = run.worst.memory.max(share(measured.memory_bytes as u64, GUEST_MEMORY_BYTES_MAX as u64));
        if let Some((rule, detail)) = judge(generator, subject, &situation, &measured) {
            broken += 1;
            let known = run.breaches.get_mut(&rule).map(|breach| breach.count += 1);
            if known.is_none() {
                let breaks = |situation: &Situation| {
                    let measured = decide(subject, situation);
                    judge(generator, subject, situation, &measured).filter(|(found, _)| *found == rule)
                };
                let (detail, input) = smallest(generator, &tape, &world, |found| breaks(found).map(|(_, said)| said))
                    .unwrap_or((detail, shown(&situation.input)));
                run.breaches.insert(rule, Breach { count: 1, detail, input });
            }
            if broken >= BREACHES {
                break;
            }
            continue;
        }
        let before = world.clone();
        if let Output::Proposal(proposal) = &measured.evaluation.output {
            world.take(&situation.input, proposal);
        }
        let state_bytes = world.states.get(&situation.input.owner).map_or(0, |state| state.len());
        run.done.push(Done { situation, measured, tape, world: before, state_bytes });
    }
    run
}

/// The smallest input found that has what `finds` looks for, and what that says of it.
pub(super) fn smallest(
    generator: &Generator<'_>,
    tape: &Tape,
    world: &World,
    finds: impl Fn(&Situation) -> Option<String>,
) -> Option<(String, Value)> {
    let mut found = None;
    tape.shrunk(|candidate| {
        let Some(situation) = generator.situation(candidate, world) else { return false };
        let said = finds(&situation);
        let keeps = said.is_some();
        if let Some(said) = said {
            found = Some((said, shown(&situation.input)));
        }
        keeps
    });
    found
}

/// One decision; again when only the clock, or the host, stopped it.
pub(super) fn decide(subject: &dyn Subject, situation: &Situation) -> Measured {
    let by_chance = |measured: &Measured| matches!(&measured.evaluation.output, Output::Fault(fault) if !fault.kind.is_deterministic());
    let mut attempts = (0..ATTEMPTS).map(|_| subject.decide(&situation.input));
    let first = attempts.next().expect("there is more than one attempt");
    if by_chance(&first) { attempts.find(|measured| !by_chance(measured)).unwrap_or(first) } else { first }
}

/// The rule that a decision breaks, and how.
fn judge(
    generator: &Generator<'_>,
    subject: &dyn Subject,
    situation: &Situation,
    measured: &Measured,
) -> Option<(Rule, String)> {
    let fault = match &measured.evaluation.output {
        Output::Fault(fault) => fault.clone(),
        Output::Refusal(_) => return None,
        Output::Proposal(proposal) => generator.stage.validate(subject.manifest(), situation, proposal).err()?,
    };
    let rule = match fault.kind {
        FaultKind::Trap => Rule::Traps,
        FaultKind::Fuel | FaultKind::Memory | FaultKind::Stack | FaultKind::Time | FaultKind::Host => Rule::Limits,
        // What the engine says of a state that is too large.
        FaultKind::InvalidOutput if fault.detail.starts_with("state: ") && fault.detail.contains("bytes of JSON") => {
            Rule::StateSize
        }
        FaultKind::Output | FaultKind::InvalidOutput => Rule::Output,
        FaultKind::Undeclared => Rule::Declared,
        FaultKind::Stranger => Rule::Parties,
    };
    Some((rule, fault.to_string()))
}

/// Whom an output grants what under which key.
pub(super) fn granted(output: &Output) -> BTreeSet<(String, String)> {
    let Output::Proposal(proposal) = output else { return BTreeSet::new() };
    let grant = |effect: &Effect| match effect {
        Effect::Grant(grant) => Some((grant.to.to_string(), grant.key.to_string())),
        _ => None,
    };
    proposal.effects.iter().filter_map(grant).collect()
}

/// A part of a whole, in thousandths, rounded up.
pub(super) fn share(part: u64, whole: u64) -> u64 {
    part.saturating_mul(1_000).div_ceil(whole.max(1))
}
