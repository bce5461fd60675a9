//! Old records are removed while events come in, and nobody is answered otherwise for it.

use std::path::Path;

use largesse_documents::DecisionSummary;
use largesse_domain::event::EventKey;
use largesse_domain::id::DecisionId;
use largesse_domain::lifecycle::Command;
use largesse_domain::reversal::{ReversalRequest, ReversalTarget};
use largesse_service::Retention;
use largesse_service::commands::Reverse;
use largesse_service::pipeline::{Answer, EventResult};
use largesse_store::{Chain as _, DecisionFilter, Room, SqliteStore, Verified};
use serde_json::{Value, json};

use crate::admission::five_a_day;
use crate::fixture::{Host, event, wait_for};

fn check_in(customer: usize, day: usize) -> Value {
    event("checked_in", &format!("u{customer}"), &format!("2026-03-{day:02}T12:00:00+08:00"), json!({}))
}

fn keeping(bytes: u64) -> Retention {
    Retention { keep_bytes: Some(bytes), keep_ms: None }
}

async fn room(host: &Host) -> Room {
    host.service.read(|store| store.room()).await.expect("the store reads")
}

/// Lets time pass until no more is kept than so many bytes.
async fn settle(host: &Host, bytes: u64) {
    wait_for(async || {
        host.clock.set(host.clock.now().plus_millis(1_000).expect("a time"));
        room(host).await.bytes <= bytes
    })
    .await;
}

/// What a sender is told.
fn told(answer: &Answer) -> Vec<DecisionSummary> {
    let kept = answer.decisions.iter().map(|decision| DecisionSummary::of(decision));
    answer.remains.iter().map(DecisionSummary::of_remains).chain(kept).collect()
}

fn verified(folder: &Path) -> Verified {
    let store = SqliteStore::open(folder.join("largesse.db")).expect("the database opens");
    store.verify_chain(None, &|_| {}).expect("the store reads").expect("the chain holds")
}

#[tokio::test]
async fn events_are_answered_as_before_without_their_records() {
    let folder = tempfile::tempdir().expect("a folder");
    let host = Host::on_disk_keeping(folder.path(), keeping(2_000));
    host.campaign("daily", "check_in", five_a_day(1_000)).await;
    let mut answers = Vec::new();
    for customer in 0..30 {
        answers.push(host.send_one(check_in(customer, 1)).await);
    }
    settle(&host, 2_000).await;
    let removed = room(&host).await.decision;
    assert!(removed > DecisionId(15) && removed < DecisionId(30), "{removed}");

    let again = host.send((0..30).map(|customer| check_in(customer, 1)).collect()).await;
    for (again, before) in again.iter().zip(&answers) {
        let EventResult::Duplicate(again) = again else { panic!("{again:?}") };
        assert_eq!((again.seq, told(again)), (before.seq, told(before)));
        assert_eq!(again.remains.len(), usize::from(before.decisions[0].id <= removed));
    }
    let mut other = check_in(0, 1);
    other["subject"] = "u1".into();
    assert_eq!(host.send(vec![other]).await, [EventResult::Conflict(answers[0].seq)]);
    assert_eq!(host.send_one(check_in(0, 2)).await.decisions.len(), 1, "the state is as it was");

    // What a decision gave is taken back without its record.
    let id = answers[0].decisions[0].input.event.key.id.clone();
    let key = EventKey { source: "/test".parse().expect("a source"), id };
    let asked = ReversalRequest {
        id: "fraud/1".parse().expect("an id"),
        of: ReversalTarget::Event(key),
        reason: "a test".into(),
    };
    let (receipt, is_new) = host.service.run(Reverse(asked)).await.expect("it is taken back");
    assert_eq!((receipt.reversed[0].quantity, is_new), (5, true));

    settle(&host, 2_000).await;
    host.service.stop().await;
    drop(host);
    assert_eq!(verified(folder.path()).checked, 31);
}

#[tokio::test]
async fn what_is_put_off_is_decided_from_data_that_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    let host = Host::on_disk_keeping(folder.path(), keeping(1));
    host.campaign("daily", "check_in", five_a_day(1_000)).await;
    host.campaign("paused", "check_in", five_a_day(1_000)).await;
    host.command("paused", Command::Pause).await;
    for customer in 0..5 {
        assert_eq!(host.send_one(check_in(customer, 1)).await.decisions.len(), 1);
    }
    let data = json!({}).to_string().len() as u64;
    settle(&host, 5 * data).await;
    assert_eq!(room(&host).await.decision, DecisionId(5));
    host.command("paused", Command::Resume).await;
    wait_for(async || host.grants("u4").await.len() == 2).await;
    settle(&host, 0).await;
    assert_eq!(room(&host).await.decision, DecisionId(10));
    let kept = host.service.read(|store| store.decisions(&DecisionFilter::default(), DecisionId(0), 9)).await;
    assert_eq!(kept.expect("the store reads"), []);
    let again = host.send(vec![check_in(3, 1)]).await;
    assert!(matches!(&again[..], [EventResult::Duplicate(answer)] if told(answer).len() == 2), "{again:?}");
    host.service.stop().await;
}

#[tokio::test]
async fn records_go_when_they_are_old() {
    let folder = tempfile::tempdir().expect("a folder");
    let day = 24 * 60 * 60 * 1_000;
    let host = Host::on_disk_keeping(folder.path(), Retention { keep_ms: Some(3 * day), keep_bytes: None });
    host.campaign("daily", "check_in", five_a_day(1_000)).await;
    for day in 1..=6 {
        host.send_one(check_in(1, day)).await;
    }
    wait_for(async || room(&host).await.decision >= DecisionId(2)).await;
    host.clock.set(host.clock.now().plus_millis(1_000).expect("a time"));
    wait_for(async || room(&host).await.decision == DecisionId(3)).await;
    host.service.stop().await;
}

/// The bytes of the tables that records stand in, and of free pages.
fn room_on_disk(folder: &Path) -> u64 {
    let sizes = SqliteStore::open(folder.join("largesse.db")).expect("the database opens").sizes().expect("it is read");
    let of_records = sizes.tables.iter().filter(|(table, _)| table == "records" || table == "event_data");
    of_records.map(|(_, bytes)| bytes).sum::<u64>() + sizes.free_bytes
}

#[tokio::test]
async fn the_room_of_records_is_bounded_under_a_steady_load() {
    const KEPT: u64 = 20_000;
    let folder = tempfile::tempdir().expect("a folder");
    let mut taken = Vec::new();
    for part in 0..3 {
        let host = Host::on_disk_keeping(folder.path(), keeping(KEPT));
        if part == 0 {
            host.campaign("daily", "check_in", five_a_day(1_000_000)).await;
        }
        for batch in 0..10 {
            let customers = (batch * 40..batch * 40 + 40).map(|customer| check_in(part * 400 + customer, 2));
            host.send(customers.collect()).await;
            settle(&host, KEPT).await;
        }
        host.service.stop().await;
        drop(host);
        taken.push(room_on_disk(folder.path()));
    }
    // Each part writes several times what is kept.
    let page = 4_096;
    assert!(taken[0] <= 4 * KEPT, "{taken:?}");
    assert!(taken[2] <= taken[0] + 2 * page && taken[2] <= taken[1] + page, "{taken:?}");
    assert_eq!(verified(folder.path()).checked, 1_200);
}
