//! Two hosts that are given the same events, or one alone.

use largesse_documents::report::{Mode, RecordedView, ReportView};
use largesse_domain::id::AttributeName;
use largesse_domain::outcome::Decision;
use largesse_domain::time::Instant;

use super::matching::{Held, Matching};
use super::report::Findings;
use super::simulated::{Setup, Simulated};
use super::tally::{Changes, Totals};
use super::{Engines, RunError};
use crate::intake::Arrival;

/// The hosts and what has come of them.
pub(super) struct Two {
    /// What is compared with.
    then: Option<(Simulated, Totals)>,
    now: (Simulated, Totals),
    changes: Changes,
    matching: Matching,
    /// The record, held to what is compared with, and what was found.
    record: Option<(Matching, RecordedView)>,
    events: u64,
}

impl Two {
    /// Starts them, with their clocks at a time.
    pub(super) async fn start(
        (then, now): (Option<&Setup>, &Setup),
        at: Instant,
        engines: &Engines,
        with_record: bool,
    ) -> Result<Self, RunError> {
        let [first, second] = &engines.workers;
        let then = match then {
            Some(then) => Some(Simulated::start(then, at, (first.clone(), engines.seed_secret)).await?),
            None => None,
        };
        Ok(Self {
            then: then.map(|host| (host, Totals::default())),
            now: (Simulated::start(now, at, (second.clone(), engines.seed_secret)).await?, Totals::default()),
            changes: Changes::default(),
            matching: Matching::default(),
            record: with_record.then(Default::default),
            events: 0,
        })
    }

    /// The host in question.
    pub(super) fn now(&self) -> &Simulated {
        &self.now.0
    }

    /// Both, to be told something.
    pub(super) fn both(&mut self) -> impl Iterator<Item = &mut Simulated> {
        self.then.as_mut().map(|(host, _)| host).into_iter().chain([&mut self.now.0])
    }

    /// Notes that something could not be run, and how often.
    pub(super) fn left_out(&mut self, why: &str, count: u64) {
        *self.now.0.not_run.entry(why.to_owned()).or_default() += count;
    }

    /// Decides events that arrive at one time.
    pub(super) async fn decide(&mut self, at: Instant, arrivals: &[Arrival]) -> Result<(), RunError> {
        self.events += arrivals.len() as u64;
        match &mut self.then {
            Some((then, _)) => {
                let (then, now) = tokio::join!(then.decide(at, arrivals), self.now.0.decide(at, arrivals));
                then.and(now)?;
            }
            None => self.now.0.decide(at, arrivals).await?,
        }
        self.take()
    }

    /// Lets time pass, with everything that is due on the way.
    pub(super) async fn pass(&mut self, until: Instant) -> Result<(), RunError> {
        self.decide(until, &[]).await
    }

    /// Holds a recorded decision to the run of what is active.
    pub(super) fn recorded(&mut self, decision: Decision) {
        if let Some((matching, seen)) = &mut self.record
            && let Some((same, _)) = matching.add(0, Held::new(decision))
        {
            *(if same { &mut seen.same } else { &mut seen.otherwise }) += 1;
        }
    }

    /// Takes the decisions that were made.
    fn take(&mut self) -> Result<(), RunError> {
        let mut made = Vec::new();
        if let Some((host, totals)) = &mut self.then {
            for decision in host.decisions()? {
                if let Some((matching, seen)) = &mut self.record
                    && let Some((same, _)) = matching.add(1, Held::new(decision.clone()))
                {
                    *(if same { &mut seen.same } else { &mut seen.otherwise }) += 1;
                }
                let held = Held::new(decision);
                totals.note(&held.came);
                made.push((0, held));
            }
        }
        let compared = self.then.is_some();
        for decision in self.now.0.decisions()? {
            let held = Held::new(decision);
            self.now.1.note(&held.came);
            if compared {
                made.push((1, held));
            }
        }
        for (run, held) in made {
            if let Some((false, [then, now])) = self.matching.add(run, held) {
                self.changes.note(then.as_ref().map(|held| &held.came), now.as_ref().map(|held| &held.came));
            }
        }
        Ok(())
    }

    /// Stops them and reports.
    pub(super) async fn finish(mut self, mode: Mode, segment: Option<&AttributeName>) -> Result<ReportView, RunError> {
        for [then, now] in self.matching.left() {
            self.changes.note(then.as_ref().map(|held| &held.came), now.as_ref().map(|held| &held.came));
        }
        let recorded = self.record.map(|(matching, seen)| {
            let left = matching.left().len() as u64;
            RecordedView { same: seen.same, otherwise: seen.otherwise + left }
        });
        let (host, now) = self.now;
        let (mut not_run, mut stopped) = (host.not_run.clone(), host.stopped);
        let then = match self.then {
            Some((other, totals)) => {
                for (why, count) in &other.not_run {
                    let most = not_run.entry(why.clone()).or_default();
                    *most = (*most).max(*count);
                }
                stopped = stopped.max(other.stopped);
                other.stop().await;
                Some(totals)
            }
            None => None,
        };
        let (events, changes) = (Some(self.events), self.changes);
        let stopped = (stopped > 0).then(|| ("unavailable".to_owned(), stopped)).into_iter().collect();
        let findings = Findings { mode, events, then, now, changes, not_run, stopped, recorded };
        let report = findings.report(host.store(), &host.registry().catalogue, segment)?;
        host.stop().await;
        Ok(report)
    }
}
