//! Campaigns and events that are given, before anything is live.

use std::collections::BTreeMap;
use std::sync::Arc;

use largesse_documents::report::{Mode, ReportView};
use largesse_domain::id::AttributeName;
use largesse_domain::time::Instant;
use largesse_engine::Workers;

use super::simulated::Setup;
use super::two::Two;
use super::{Engines, RunError};
use crate::bundled;
use crate::intake::{self, Arrival, Backfill, Rejected};
use crate::kinds::Kinds;
use crate::pipeline::ControlError;

/// What is simulated.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// What runs.
    pub setup: Setup,
    /// What it is held to, if anything.
    pub against: Option<Setup>,
    /// Until when time goes on after the last event.
    pub until: Option<Instant>,
    /// The attribute that customers are told apart by.
    pub segment: Option<AttributeName>,
}

/// What simulations draw by: the same everywhere, and never a host's own secret, so that nobody can try beforehand which event will win.
const SEED_SECRET: [u8; 32] = [0; 32];

/// Runs events through campaigns, in the order of their times, each at its own time. An event is one CloudEvent in JSON. `progress` is told
/// the events decided by then.
///
/// # Errors
/// When something of the setup is not taken, or a host in memory fails.
pub async fn simulate(
    given: &Given,
    events: impl IntoIterator<Item = Vec<u8>>,
    workers: [Arc<Workers>; 2],
    progress: impl Fn(u64),
) -> Result<ReportView, RunError> {
    let engines = Engines { workers, seed_secret: SEED_SECRET };
    let kinds = kinds(&given.setup)?;
    let (mut arrivals, mut not_run) = (Vec::new(), BTreeMap::<String, u64>::new());
    for event in events {
        let parsed = intake::parse(&event);
        match parsed.and_then(|event| intake::check(event, &kinds, Instant::MAX, &Backfill::Allowed.into())) {
            Ok(arrival) => arrivals.push(arrival),
            Err(why) => *not_run.entry(said(&why)).or_default() += 1,
        }
    }
    arrivals.sort_by_key(|arrival| arrival.event.occurred);
    let time = |arrival: &Arrival| arrival.event.occurred;
    let first = arrivals.first().map_or(Instant::MIN, time);
    let mut hosts = Two::start((given.against.as_ref(), &given.setup), first, &engines, false).await?;
    for together in arrivals.chunk_by(|one, other| time(one) == time(other)) {
        hosts.decide(time(&together[0]), together).await?;
        progress(together.len() as u64);
    }
    if let Some(until) = given.until {
        hosts.pass(until).await?;
    }
    let mut report = hosts.finish(Mode::Simulated, given.segment.as_ref()).await?;
    for (why, count) in not_run {
        *report.not_run.entry(why).or_default() += count;
    }
    Ok(report)
}

fn kinds(setup: &Setup) -> Result<Kinds, RunError> {
    let mut kinds = Kinds::default();
    for kind in bundled::kinds().into_iter().chain(setup.kinds.iter().cloned()) {
        let what = format!("the event kind {}", kind.kind);
        let refused = |problem| RunError::Setup { what, source: ControlError::Problems(vec![problem]).into() };
        kinds.insert(kind).map_err(refused)?;
    }
    Ok(kinds)
}

/// Why an event is not taken, without what differs between events.
fn said(why: &Rejected) -> String {
    match why {
        Rejected::Malformed { .. } => "not acceptable JSON".to_owned(),
        Rejected::TooLarge(_) => "larger than an event may be".to_owned(),
        Rejected::Envelope(problems) => format!("not a CloudEvent: {}", super::listed(problems)),
        Rejected::Data { kind, problems } => format!("does not fit {kind}: {}", super::listed(problems)),
        Rejected::UnknownKind(_) | Rejected::Time(_) | Rejected::OutOfScope(_) | Rejected::BatchTooExpensive => {
            why.to_string()
        }
    }
}
