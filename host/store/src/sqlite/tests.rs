//! The contract, on both stores and on both at once, and what is SQLite's own.

use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, Strategy, prop_assert_eq, proptest};
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use rusqlite::Connection;
use tempfile::TempDir;

use super::*;
use crate::MemoryStore;
use crate::contract::fixtures::{answers, decision, event, first_day, universe};
use crate::contract::random::{Driver, ingredients};

fn open() -> (SqliteStore, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (SqliteStore::open(folder.path().join("largesse.db")).unwrap(), folder)
}

mod memory {
    crate::contract!(|| (crate::MemoryStore::new(), ()));
}

mod sqlite {
    crate::contract!(super::open);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn both_answer_alike_and_sqlite_remembers(batches in vec(ingredients(), 1..6)) {
        let (memory, (sqlite, folder)) = (MemoryStore::new(), open());
        let stores: [&dyn Store; 2] = [&memory, &sqlite];
        for store in stores {
            store.commit(&Driver::first()).unwrap();
        }
        let mut driver = Driver::default();
        for batch in batches {
            driver.commit(batch, &stores);
        }
        let expected = answers(&memory, &universe());
        prop_assert_eq!(&answers(&sqlite, &universe()), &expected);
        drop(sqlite);
        let reopened = SqliteStore::open(folder.path().join("largesse.db")).unwrap();
        prop_assert_eq!(&answers(&reopened, &universe()), &expected);
    }
}

#[test]
fn random_batches_are_mostly_taken_and_sometimes_refused() {
    let store = MemoryStore::new();
    store.commit(&Driver::first()).unwrap();
    let (mut driver, mut runner) = (Driver::default(), TestRunner::deterministic());
    let mut commit = |_: &i32| driver.commit(ingredients().new_tree(&mut runner).unwrap().current(), &[&store]);
    let taken = (0..100).filter(&mut commit).count();
    assert!((30..95).contains(&taken), "{taken} of 100 taken: the comparison compares little");
}

#[test]
fn what_was_committed_is_there_after_a_start() {
    let (store, folder) = open();
    store.commit(&first_day()).unwrap();
    let before = answers(&store, &universe());
    drop(store);
    let store = SqliteStore::open(folder.path().join("largesse.db")).unwrap();
    assert_eq!(answers(&store, &universe()), before);
}

#[test]
fn reading_does_not_wait_for_writing() {
    let (store, _folder) = open();
    store.commit(&first_day()).unwrap();
    let expected = store.load(&universe()).unwrap();
    let writer = guard(&store.writer);
    writer.execute_batch("BEGIN IMMEDIATE; DELETE FROM states; DELETE FROM grants; DELETE FROM usage").unwrap();
    assert_eq!(store.load(&universe()).unwrap(), expected);
    writer.execute_batch("ROLLBACK").unwrap();
}

#[test]
fn a_database_is_open_once() {
    let (store, folder) = open();
    let path = folder.path().join("largesse.db");
    let error = SqliteStore::open(&path).unwrap_err();
    assert!(matches!(&error, StoreError::InUse { path: told } if *told == path), "{error}");
    drop(store);
    SqliteStore::open(&path).unwrap();
}

#[test]
fn a_newer_schema_is_refused_and_left_alone() {
    let (store, folder) = open();
    drop(store);
    let path = folder.path().join("largesse.db");
    let connection = Connection::open(&path).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    drop(connection);
    let error = SqliteStore::open(&path).unwrap_err();
    assert!(matches!(error, StoreError::TooNew { found: 99, known: 1 }), "{error}");
    let connection = Connection::open(&path).unwrap();
    let version: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    assert_eq!(version, 99);
}

#[test]
fn a_file_that_is_no_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("largesse.db");
    std::fs::write(&path, "a text of some length that no database begins with, whatever it may say ".repeat(20))
        .unwrap();
    let error = SqliteStore::open(&path).unwrap_err();
    assert!(matches!(error, StoreError::Database(_)), "{error}");
}

#[test]
fn a_row_that_cannot_be_read_is_named() {
    let (store, _folder) = open();
    store.commit(&first_day()).unwrap();
    guard(&store.writer).execute_batch("UPDATE records SET body = x'007b7d' WHERE decision = 2").unwrap();
    assert!(store.decision(DecisionId(1)).unwrap().is_some());
    let error = store.decision(DecisionId(2)).unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { what: "decision", .. }), "{error}");
}

#[test]
fn the_connections_are_set_up_for_durability() {
    let (store, _folder) = open();
    let number = |connection: &Connection, name: &str| -> i64 {
        connection.pragma_query_value(None, name, |row| row.get(0)).unwrap()
    };
    let writer = guard(&store.writer);
    let full = 2;
    assert_eq!(number(&writer, "synchronous"), full);
    assert_eq!(number(&writer, "foreign_keys"), 1);
    assert_eq!(number(&writer, "wal_autocheckpoint"), i64::from(CHECKPOINT_PAGES));
    let reader = store.reader().unwrap();
    for connection in [&*writer, &reader] {
        assert_eq!((number(connection, "trusted_schema"), number(connection, "mmap_size")), (0, 0));
    }
    assert!(reader.execute_batch("DELETE FROM events").is_err(), "a reader must not write");
    let version = rusqlite::version_number();
    assert!(version >= 3_051_003, "SQLite {version} has a known fault in its log");
}

#[test]
fn events_are_entered_under_their_actors_a_run_at_a_time() {
    let (store, _folder) = open();
    let actor = event(1).1.actor.clone();
    let Batch { campaigns, policies, .. } = first_day();
    store.commit(&Batch { campaigns, policies, ..Batch::default() }).unwrap();
    let mut first = 1;
    for (last, entered) in [(2, 0), (3, 3), (5, 3), (13, 12)] {
        let events: Vec<_> = (first..=last).map(event).collect();
        let decisions = events.iter().map(|event| Arc::new(decision(event.0.seq.0, event))).collect();
        store.commit(&Batch { events, decisions, ..Batch::default() }).unwrap();
        first = last + 1;
        let writer = guard(&store.writer);
        let count = writer.query_one("SELECT count(*) FROM actors", [], |row| row.get::<_, i64>(0));
        assert_eq!(count.unwrap(), entered, "after event {last}");
        drop(writer);
        let of_actor = DecisionFilter { campaign: None, actors: vec![actor.clone()] };
        let found = store.decisions(&of_actor, DecisionId(0), 100).unwrap();
        let by_actor = (1..=last).filter(|number| event(*number).1.actor == actor);
        assert_eq!(found.iter().map(|found| found.id.0).collect::<Vec<_>>(), by_actor.collect::<Vec<_>>());
    }
}

#[test]
fn no_list_reads_a_whole_table() {
    let (store, _folder) = open();
    let writer = guard(&store.writer);
    let plan = |sql: &str| -> String {
        let mut statement = writer.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let steps = statement.query_map([], |row| row.get::<_, String>(3)).unwrap();
        steps.map(Result::unwrap).collect::<Vec<_>>().join("; ")
    };
    for sql in [
        "SELECT 1 FROM events WHERE source = 's' AND id = 'i'",
        "SELECT 1 FROM decisions d WHERE d.event = 1 ORDER BY d.id",
        "SELECT 1 FROM decisions d WHERE d.campaign = 'c' AND d.id > 1 ORDER BY d.id LIMIT 2",
        "SELECT 1 FROM actors CROSS JOIN decisions mine ON mine.event = actors.event WHERE actor = 'a'",
        "SELECT seq FROM events WHERE seq > (SELECT max(seq) FROM events) AND actor = 'a'",
        "SELECT 1 FROM grants WHERE recipient = 'r'",
        "SELECT 1 FROM deliveries WHERE destination = 'd' AND customer = 'c' AND state = 'waiting'",
        "SELECT min(id) FROM deliveries WHERE destination = 'd' AND customer = 'c' AND state = 'waiting'",
        "SELECT 1 FROM deliveries WHERE destination = 'd' AND first = 1 AND due <= 7 ORDER BY due, id LIMIT 2",
        "SELECT 1 FROM deliveries WHERE state = 'dead' AND state <> 'delivered' AND id > 1 ORDER BY id LIMIT 2",
        "SELECT 1 FROM deliveries WHERE id > 1 AND state = 'delivered' ORDER BY id LIMIT 2",
    ] {
        let plan = plan(sql);
        assert!(plan.contains("SEARCH") && !plan.contains("SCAN") && !plan.contains("TEMP B-TREE"), "{sql}: {plan}");
    }
}

/// A store with some grants of several customers and the transfers that made them.
fn with_grants() -> (SqliteStore, TempDir) {
    let (store, folder) = open();
    store.commit(&Driver::first()).unwrap();
    let (mut driver, mut runner) = (Driver::default(), TestRunner::deterministic());
    for _ in 0..30 {
        driver.commit(ingredients().new_tree(&mut runner).unwrap().current(), &[&store]);
    }
    (store, folder)
}

#[test]
fn an_audit_by_parts_finds_what_an_audit_of_the_whole_finds() {
    let (store, _folder) = with_grants();
    let count = "SELECT count(*) FROM grants";
    let grants = store.read(|connection| Ok(connection.query_one(count, [], |row| row.get::<_, i64>(0))?)).unwrap();
    assert!(grants > 5, "{grants} grants: the comparison compares little");
    let by = |items| store.read(|connection| ledger::audit_by(connection, items)).unwrap();
    // What is committed at random does not balance; each way finds a difference, or none does.
    assert_eq!(by(1).is_ok(), by(u64::MAX).is_ok());
}

#[test]
fn a_read_that_is_told_to_ends() {
    let (store, _folder) = open();
    let endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n";
    let stop = Stop::default();
    let teller = stop.clone();
    let telling = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(100));
        teller.stop();
    });
    let ended =
        stop.guard(|| store.read(|connection| Ok(connection.query_one(endless, [], |row| row.get::<_, i64>(0))?)));
    assert!(matches!(ended, Err(StoreError::Stopped)), "{ended:?}");
    telling.join().unwrap();
    // What is read afterwards, on this thread as well, is read to its end.
    assert!(store.counters().is_ok());
}
