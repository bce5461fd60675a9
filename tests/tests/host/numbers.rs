//! Runs that are far apart: everything that goes through numbers goes on across the gaps, and takes no longer for them.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use largesse_domain::id::{CustomerId, DecisionId};
use largesse_domain::limits::NUMBER_MAX;
use largesse_domain::run::Numbered;
use largesse_engine::Pace;
use largesse_service::backtest::{Alternative, Candidate, Engines, Recorded, pointwise, stateful};
use largesse_service::replay::{ReplayFilter, decisions_within, replay};
use largesse_service::{Gaps, Retention};
use largesse_store::{Chain as _, DecisionFilter, Records as _, SqliteStore, Store as _};
use serde_json::json;

use crate::fixture::{Host, START, Terms, components_in, engine, event, points_campaign, wait_for};

/// As far apart as numbers can be.
fn farthest() -> Terms {
    Terms { gaps: Gaps::Drawn(Arc::new(|| u64::MAX)), ..Terms::default() }
}

/// Three runs with four events each, each by a customer who comes in every run.
async fn three_runs(folder: &Path) {
    for run in 1..=3 {
        let host = Host::on_disk_of(folder, START, farthest());
        if run == 1 {
            host.register_guest_kind().await;
            host.campaign("daily", "loops", points_campaign(1_000)).await;
        }
        let time = format!("2026-03-0{run}T12:00:00+08:00");
        let events = (0..4).map(|customer| event("day.checked-in", &format!("u{customer}"), &time, json!({})));
        host.send(events.collect()).await;
        host.service.stop().await;
    }
}

fn open(folder: &Path) -> SqliteStore {
    SqliteStore::open(folder.join("largesse.db")).expect("the database opens")
}

fn all() -> ReplayFilter {
    ReplayFilter { of: DecisionFilter::default(), after: DecisionId(0), until: None, made: (None, None) }
}

#[tokio::test]
async fn what_goes_through_numbers_crosses_the_gaps_between_runs() {
    let folder = tempfile::tempdir().expect("a folder");
    three_runs(folder.path()).await;
    let store = open(folder.path());
    let runs = store.runs(0, 9).expect("the store reads");
    assert_eq!(runs.len(), 3);
    for pair in runs.windows(2) {
        // Points are given in the first run only.
        for kind in [Numbered::Event, Numbered::Decision] {
            let (first, after, next) = (pair[0].first.of(kind), pair[1].after.of(kind), pair[1].first.of(kind));
            assert_eq!(after, first + 3, "{kind}");
            assert!(next - after > 1 << 42 && next < NUMBER_MAX, "{kind}");
        }
    }
    assert_eq!(store.verify_chain(None, &|_| {}).expect("the store reads").expect("it holds").checked, 12);
    let of_one = DecisionFilter { campaign: None, actors: vec![CustomerId::new("u1").expect("an id")] };
    assert_eq!(store.decisions(&of_one, DecisionId(0), 99).expect("the store reads").len(), 3);

    let (components, looked_at) = (components_in(folder.path()), AtomicU64::new(0));
    let count = |by| {
        looked_at.fetch_add(by, Ordering::Relaxed);
    };
    let engines = [engine(1, Pace::OFFLINE), engine(1, Pace::OFFLINE)];
    assert_eq!(decisions_within(&store, &all()).expect("the store reads"), 12);
    let replayed = replay(&store, &components, &engines, &all(), &count).expect("the store reads");
    assert_eq!((replayed.identical, looked_at.swap(0, Ordering::Relaxed)), (12, 12));
    let second = ReplayFilter {
        after: DecisionId(runs[1].after.decision),
        until: Some(DecisionId(runs[2].after.decision)),
        ..all()
    };
    assert_eq!(decisions_within(&store, &second).expect("the store reads"), 4);
    assert_eq!(replay(&store, &components, &engines, &second, &|_| {}).expect("the store reads").identical, 4);

    let seen = pointwise((&store, &components), &engines, &all(), &Candidate::default(), &count).expect("it runs");
    assert_eq!((seen.decisions.now, seen.changed, looked_at.swap(0, Ordering::Relaxed)), (12, Some(0), 12));
    let [one, other] = engines;
    let engines = Engines { workers: [Arc::new(one), Arc::new(other)], seed_secret: [9; 32] };
    let campaign = "daily".parse().expect("an id");
    let recorded = Recorded {
        store: &store,
        components: &components,
        campaign,
        alternative: Alternative::default(),
        segment: None,
    };
    let seen = stateful(&recorded, &engines, count).await.expect("it runs");
    assert_eq!((seen.events, seen.changed, looked_at.into_inner()), (Some(12), Some(0), 12));
}

#[tokio::test]
async fn old_records_are_removed_run_after_run() {
    let folder = tempfile::tempdir().expect("a folder");
    three_runs(folder.path()).await;
    let retention = Retention { keep_ms: None, keep_bytes: Some(1) };
    let host = Host::on_disk_of(folder.path(), "2026-03-04T00:00:00Z", Terms { retention, ..farthest() });
    wait_for(async || {
        host.service.catch_up().await.expect("the host does it");
        host.clock.set(host.clock.now().plus_millis(2_000).expect("a time"));
        host.service.read(|store| store.room()).await.expect("the store reads").bytes == 0
    })
    .await;
    host.service.stop().await;
    drop(host);
    let store = open(folder.path());
    assert_eq!(store.runs(0, 9).expect("the store reads").len(), 3, "a run that numbers nothing leaves nothing");
    assert_eq!(store.verify_chain(None, &|_| {}).expect("the store reads").expect("it holds").checked, 12);
    let any = DecisionFilter::default();
    assert_eq!(store.remains(&any, DecisionId(0), 99).expect("the store reads").len(), 12);
}
