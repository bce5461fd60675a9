//! Numbers that somebody removes behind the host's back are missed, and so is the row of a run: gaps are where runs begin and nowhere else.

use largesse_domain::id::{DecisionId, EventSeq};
use largesse_domain::run::{Numbered, Run};
use tempfile::TempDir;

use super::*;
use crate::contract::fixtures::{event, first_day, removal};
use crate::contract::{commit_in_run, delivery, next_run};
use crate::{Break, Chain as _, OutboxChange, Verified, Wrong};

/// A store with three runs: the second made three decisions on an event each and two deliveries, the third one decision and no delivery.
/// Every run made a transfer.
struct Tampered {
    store: SqliteStore,
    runs: [Run; 3],
    _folder: TempDir,
}

impl Tampered {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path().join("largesse.db")).unwrap();
        let begin = |gap| next_run(&store, gap);
        let first = begin(0);
        store.commit(&Batch { run: Some(first.clone()), ..first_day() }).unwrap();
        let second = begin(1 << 43);
        commit_in_run(&store, Some(second.clone()), 10..=12);
        let told = [0, 1].map(|place| OutboxChange::Post(delivery(second.first.delivery + place, "bank", "u1").into()));
        let unheard =
            (largesse_domain::event::Admission { seq: EventSeq(second.first.event + 3), ..event(13).0 }, event(13).1);
        store.commit(&Batch { outbox: told.into(), events: vec![unheard], ..Batch::default() }).unwrap();
        let third = begin(1 << 43);
        commit_in_run(&store, Some(third.clone()), 20..=20);
        Self { store, runs: [first, second, third], _folder: folder }
    }

    /// What is found after these statements.
    fn after(&self, sql: &str) -> Result<Verified, Break> {
        let writer = guard(&self.store.writer);
        let unguarded = "PRAGMA foreign_keys = OFF; DROP TRIGGER IF EXISTS transfers_are_not_removed";
        writer.execute_batch(&format!("{unguarded}; {sql}")).unwrap();
        drop(writer);
        self.store.verify_chain(None, &|_| {}).unwrap()
    }
}

fn missing(first: u64, last: u64) -> Result<Verified, Break> {
    Err(Break { decision: DecisionId(first), what: Wrong::Missing(DecisionId(last)) })
}

#[test]
fn a_decision_that_is_removed_is_missed_wherever_it_stood_in_its_run() {
    let whole = Tampered::new();
    assert_eq!(whole.after("").unwrap().checked, 8);
    let first = whole.runs[1].first.decision;
    for removed in first..=first + 2 {
        let store = Tampered::new();
        assert_eq!(store.after(&format!("DELETE FROM decisions WHERE id = {removed}")), missing(removed, removed));
    }
    let all = format!("DELETE FROM decisions WHERE id BETWEEN {first} AND {}", first + 2);
    assert_eq!(Tampered::new().after(&all), missing(first, first + 2));
    assert_eq!(Tampered::new().after("DELETE FROM decisions WHERE id = 4"), missing(4, 4));
}

#[test]
fn a_run_that_is_removed_or_changed_is_found() {
    let whole = Tampered::new();
    let [_, second, third] = &whole.runs;
    let broken = |after: u64, what| Err(Break { decision: DecisionId(after), what });
    for (sql, found) in [
        ("DELETE FROM runs WHERE number = 1", broken(1, Wrong::Changed)),
        ("DELETE FROM runs WHERE number = 2", missing(5, second.first.decision - 1)),
        ("DELETE FROM runs WHERE number = 3", missing(second.first.decision + 3, third.first.decision - 1)),
        ("UPDATE runs SET number = 4 WHERE number = 3", broken(second.first.decision + 2, Wrong::RunMissing(3))),
    ] {
        assert_eq!(Tampered::new().after(sql), found, "{sql}");
    }
    let columns = ["opened", "version", "link"].map(str::to_owned);
    let numbers = Numbered::ALL.map(|kind| [format!("after_{kind}"), format!("first_{kind}")]);
    for column in columns.into_iter().chain(numbers.into_iter().flatten()) {
        let value = match &*column {
            "version" => "'9.9.9'".to_owned(),
            "link" => "zeroblob(32)".to_owned(),
            first if first.starts_with("first") => format!("{column} + 1"),
            "after_delivery" => format!("{column} + 1"),
            _ => format!("{column} - 1"),
        };
        let seen = Tampered::new().after(&format!("UPDATE runs SET {column} = {value} WHERE number = 3"));
        let last = second.first.decision + 2;
        let found = match &*column {
            // Its first decision comes before it begins.
            "first_decision" => missing(last + 1, third.first.decision - 1),
            _ => broken(last, Wrong::Run(3)),
        };
        assert_eq!(seen, found, "{column}");
    }
}

#[test]
fn events_deliveries_and_transfers_are_missed_as_well() {
    let store = Tampered::new();
    let [_, second, third] = store.runs.clone();
    let head = third.first.decision;
    let gone = |kind, first, last| Err(Break { decision: DecisionId(head), what: Wrong::Numbers(kind, first, last) });
    let (event, delivery) = (second.first.event + 3, second.first.delivery);
    let seen = store.after(&format!("DELETE FROM events WHERE seq = {event}"));
    assert_eq!(seen, gone(Numbered::Event, event, event), "the last of its run, on which nothing was decided");
    for (sql, first, last) in [
        (format!("DELETE FROM deliveries WHERE id = {delivery}"), delivery, delivery),
        (format!("DELETE FROM deliveries WHERE id > {delivery}"), delivery + 1, delivery + 1),
        ("DELETE FROM deliveries".to_owned(), delivery, delivery + 1),
    ] {
        let store = Tampered::new();
        assert_eq!(store.after(&sql), gone(Numbered::Delivery, first, last), "{sql}");
    }
    let store = Tampered::new();
    assert!(!store.store.audit().unwrap().is_err_and(|difference| difference.what.contains("transfer")));
    let transfer = second.first.transfer;
    assert!(store.after(&format!("DELETE FROM transfers WHERE number = {transfer}")).is_ok());
    let difference = store.store.audit().unwrap().unwrap_err();
    assert_eq!(difference.what, format!("transfer {transfer}"));
}

#[test]
fn a_run_that_has_decided_nothing_yet_is_part_of_the_chain() {
    let store = Tampered::new();
    let idle = next_run(&store.store, 1 << 43);
    store.store.commit(&Batch { run: Some(idle.clone()), ..Batch::default() }).unwrap();
    assert_eq!(store.after("").unwrap().checked, 8);
    let last = store.runs[2].first.decision;
    let changed = store.after("UPDATE runs SET opened = opened + 1 WHERE number = 4");
    assert_eq!(changed, Err(Break { decision: DecisionId(last), what: Wrong::Run(4) }));
    // What the run before it decided last is missed by it.
    let store = Tampered::new();
    store.store.commit(&Batch { run: Some(next_run(&store.store, 9)), ..Batch::default() }).unwrap();
    assert_eq!(store.after(&format!("DELETE FROM decisions WHERE id = {last}")), missing(last, last));
}

#[test]
fn records_are_removed_in_room_that_does_not_depend_on_gaps() {
    let store = Tampered::new();
    let head = store.store.chain_head().unwrap().decision.0;
    store.store.commit(&Batch { removal: Some(removal(head, 4)), ..Batch::default() }).unwrap();
    let writer = guard(&store.store.writer);
    let room: i64 = writer.query_one("SELECT sum(length(contents)) FROM removals", [], |row| row.get(0)).unwrap();
    assert_eq!(room, 8 * 32);
    drop(writer);
    assert_eq!(store.after("").unwrap().checked, 8);
}
