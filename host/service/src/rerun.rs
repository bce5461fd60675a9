//! Decisions made again for a report, whose result must not depend on how busy the machine is.
//!
//! Fuel bounds a decision in the same way each time; wall time does not. What the clock or the host stopped is therefore run once more, alone.
//! If it is stopped again, it was not run: that is nobody's fault.

use std::fmt;

use largesse_domain::decision::{Evaluation, FaultKind, Output};
use largesse_engine::{Job, ReplyError, Workers};

/// A run that the clock or the host stopped, twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stopped(pub(crate) FaultKind);

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            FaultKind::Time => f.write_str("it ran out of wall time, alone as well"),
            kind => write!(f, "the host could not run it ({})", kind.as_str()),
        }
    }
}

fn stopped(output: &Output) -> Option<Stopped> {
    match output {
        Output::Fault(fault) if !fault.kind.is_deterministic() => Some(Stopped(fault.kind)),
        _ => None,
    }
}

/// Makes the decisions, and returns what came of them in the order of the jobs.
pub(crate) fn decide_all(workers: &Workers, jobs: Vec<Job>) -> Vec<Result<Evaluation, Stopped>> {
    let evaluations = workers.decide_all(jobs.clone());
    let again = |(job, first): (Job, Evaluation)| {
        if stopped(&first.output).is_none() {
            return Ok(first);
        }
        let Some(alone) = workers.decide_all(vec![job]).pop() else { return Err(Stopped(FaultKind::Host)) };
        stopped(&alone.output).map_or(Ok(alone), Err)
    };
    jobs.into_iter().zip(evaluations).map(again).collect()
}

/// Makes another call of a policy, and makes it again when the clock or the host stopped it.
pub(crate) fn call<T>(call: impl Fn() -> Result<T, ReplyError>) -> Result<Result<T, ReplyError>, Stopped> {
    let by_chance = |reply: &Result<T, ReplyError>| match reply {
        Err(ReplyError::Fault(fault)) if !fault.kind.is_deterministic() => Some(Stopped(fault.kind)),
        _ => None,
    };
    let mut reply = call();
    if by_chance(&reply).is_some() {
        reply = call();
    }
    by_chance(&reply).map_or(Ok(reply), Err)
}
