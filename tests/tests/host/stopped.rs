//! Reports do not depend on how busy the machine is: what the clock stops is run again alone, or was not run.

use std::sync::Arc;

use largesse_documents::report::ReportView;
use largesse_domain::id::DecisionId;
use largesse_engine::{Pace, Workers};
use largesse_service::backtest::{Alternative, Candidate, Engines, Recorded, pointwise, stateful};
use largesse_service::replay::{ReplayFilter, Replayed, replay};
use largesse_store::{DecisionFilter, SqliteStore};
use serde_json::json;
use tempfile::TempDir;

use crate::fixture::{Host, components_in, engine, event, points_campaign};

/// No wall time at all: the clock stops every decision, however fast the machine is.
const HURRIED: Pace = Pace { decision_ms: 0, control_ms: 1_000 };

/// A record of six decisions that used all of their fuel, which takes some milliseconds, and were faults.
struct Record {
    folder: TempDir,
    store: SqliteStore,
}

impl Record {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let host = Host::on_disk(folder.path());
        host.register_guest_kind().await;
        host.campaign("daily", "loops", points_campaign(1_000)).await;
        for customer in 0..6 {
            let time = "2026-03-01T12:00:00+08:00";
            host.send(vec![event("day.checked-in", &format!("u{customer}"), time, json!({"misbehave": true}))]).await;
        }
        host.service.stop().await;
        drop(host);
        let store = SqliteStore::open(folder.path().join("largesse.db")).expect("the database opens");
        Self { folder, store }
    }

    fn pointwise(&self, engines: &[Workers]) -> ReportView {
        let components = components_in(self.folder.path());
        pointwise((&self.store, &components), engines, &all(), &Candidate::default(), &|_| {}).expect("it runs")
    }

    fn replay(&self, engines: &[Workers]) -> Replayed {
        replay(&self.store, &components_in(self.folder.path()), engines, &all(), &|_| {}).expect("the store reads")
    }

    async fn stateful(&self) -> ReportView {
        let workers = [(); 2].map(|()| Arc::new(engine(1, Pace::OFFLINE)));
        let (campaign, components) = ("daily".parse().expect("an id"), components_in(self.folder.path()));
        let alternative = Alternative::default();
        let recorded = Recorded { store: &self.store, components: &components, campaign, alternative, segment: None };
        stateful(&recorded, &Engines { workers, seed_secret: [9; 32] }, |_| {}).await.expect("it runs")
    }
}

fn all() -> ReplayFilter {
    ReplayFilter { of: DecisionFilter::default(), after: DecisionId(0), until: None, made: (None, None) }
}

#[tokio::test]
async fn what_the_clock_stops_is_nobodys_fault() {
    let record = Record::new().await;
    let hurried = [engine(2, HURRIED)];
    let seen = record.pointwise(&hurried);
    assert_eq!(seen.stopped, [("time".to_owned(), 6)].into());
    assert_eq!((seen.decisions.then, seen.decisions.now, seen.changed), (Some(0), 0, Some(0)));
    assert!(seen.verdicts.is_empty() && seen.not_run.is_empty(), "{seen:?}");
    let replayed = record.replay(&hurried);
    assert_eq!((replayed.identical, replayed.divergent), (0, 0));
    assert_eq!(replayed.not_run, [("it ran out of wall time, alone as well".to_owned(), 6)].into());
}

#[tokio::test]
async fn the_same_job_gives_the_same_report() {
    let record = Record::new().await;
    // Two engines at a time hinder each other.
    let engines = || [engine(1, Pace::OFFLINE), engine(1, Pace::OFFLINE), engine(1, Pace::OFFLINE)];
    let seen = record.pointwise(&engines());
    assert_eq!((seen.decisions.then, seen.decisions.now, seen.changed), (Some(6), 6, Some(0)));
    assert_eq!(seen.verdicts["faulted"].now, 6, "fuel ends them, as it did then");
    assert!(seen.stopped.is_empty(), "{seen:?}");
    assert_eq!(record.pointwise(&engines()), seen);
    assert_eq!(record.replay(&engines()).identical, 6);
    let seen = record.stateful().await;
    assert_eq!((seen.events, seen.decisions.now), (Some(6), 6));
    assert!(seen.stopped.is_empty(), "{seen:?}");
    assert_eq!(record.stateful().await, seen);
}
