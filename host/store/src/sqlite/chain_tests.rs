//! What somebody does to the database behind the host's back is found, and the first place of it named.

use largesse_domain::id::DecisionId;
use tempfile::TempDir;

use super::*;
use crate::contract::fixtures::{decision, event, first_day, removal};
use crate::pack::{pack, unpack};
use crate::{Anchor, Batch, Break, Chain as _, Records as _, Verified, Wrong};

/// A store with eight decisions, four of them on an event each.
fn open() -> (SqliteStore, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path().join("largesse.db")).unwrap();
    store.commit(&first_day()).unwrap();
    let more = (5..=8).map(|number| decision(number, &event(number - 4)).into());
    store.commit(&Batch { decisions: more.collect(), ..Batch::default() }).unwrap();
    (store, folder)
}

fn verify(store: &SqliteStore, passes: Option<Anchor>) -> Result<Verified, Break> {
    store.verify_chain(passes, &|_| {}).unwrap()
}

/// What is found after these statements.
fn after(sql: &str) -> Result<Verified, Break> {
    let (store, _folder) = open();
    let writer = guard(&store.writer);
    writer.execute_batch(&format!("PRAGMA foreign_keys = OFF; {sql}")).unwrap();
    drop(writer);
    verify(&store, None)
}

/// The same statements on decisions and on their records.
fn both(sql: &str) -> String {
    format!("{sql}; {}", sql.replace("decisions", "records").replace("id", "decision"))
}

fn broken(decision: u64, what: Wrong) -> Result<Verified, Break> {
    Err(Break { decision: DecisionId(decision), what })
}

#[test]
fn one_byte_changed_anywhere_is_found() {
    let flip = |table: &str, column: &str, key: &str| {
        // The last byte becomes another one.
        format!(
            "UPDATE {table} SET {column} = CAST(substr({column}, 1, length({column}) - 1) || \
             (CASE substr({column}, -1) WHEN '}}' THEN ']' WHEN 'x' THEN 'y' ELSE 'x' END) AS TEXT) WHERE {key}"
        )
    };
    for (changed, decision) in [
        ("UPDATE records SET body = x'007b7d' WHERE decision = 3".to_owned(), 3),
        ("UPDATE records SET body = x'' WHERE decision = 8".to_owned(), 8),
        ("UPDATE decisions SET event = 3 WHERE id = 6".to_owned(), 6),
        ("UPDATE decisions SET revision = 2 WHERE id = 4".to_owned(), 4),
        ("UPDATE decisions SET policy = zeroblob(32) WHERE id = 7".to_owned(), 7),
        ("UPDATE decisions SET link = zeroblob(32) WHERE id = 2".to_owned(), 2),
        (flip("decisions", "campaign", "id = 5"), 5),
        // Of an event, both decisions on it; of parameters, all by them.
        (flip("event_data", "data", "seq = 3"), 3),
        ("DELETE FROM event_data WHERE seq = 3".to_owned(), 3),
        ("DELETE FROM records WHERE decision = 4".to_owned(), 4),
        ("UPDATE decisions SET remains = x'007b7d' WHERE id = 5".to_owned(), 5),
        (flip("events", "actor", "seq = 2"), 2),
        (flip("events", "source", "seq = 4"), 4),
        (flip("events", "id", "seq = 4"), 4),
        (flip("events", "kind", "seq = 4"), 4),
        ("UPDATE events SET occurred = occurred + 1 WHERE seq = 2".to_owned(), 2),
        ("UPDATE events SET body_hash = zeroblob(32) WHERE seq = 2".to_owned(), 2),
        ("DELETE FROM events WHERE seq = 2".to_owned(), 2),
        (flip("revisions", "params", "number = 1"), 1),
    ] {
        assert_eq!(after(&changed), broken(decision, Wrong::Changed), "{changed}");
    }
    assert!(after("").is_ok());
    assert!(after("UPDATE revisions SET params = '{}' WHERE number = 2").is_ok(), "nothing was decided by it");
}

#[test]
fn every_byte_of_a_record_counts() {
    let (store, _folder) = open();
    let writer = || guard(&store.writer);
    let read = "SELECT body FROM records WHERE decision = 3";
    let whole: Vec<u8> = writer().query_row(read, [], |row| row.get(0)).unwrap();
    let put = |body: &[u8]| writer().execute("UPDATE records SET body = ?1 WHERE decision = 3", [body]).unwrap();
    let text = unpack(&whole).unwrap();
    let mut seen = 0;
    for place in 0..whole.len() {
        let mut changed = whole.clone();
        changed[place] ^= 1;
        put(&changed);
        // Packed otherwise, it may still be the same text.
        if unpack(&changed).as_ref() != Ok(&text) {
            assert_eq!(verify(&store, None), broken(3, Wrong::Changed), "byte {place}");
            seen += 1;
        }
    }
    assert!(seen * 10 > whole.len() * 9, "{seen} of {}", whole.len());
    put(&pack(&text.replace("12345", "12346")));
    assert_eq!(verify(&store, None), broken(3, Wrong::Changed));
    put(&whole);
    assert!(verify(&store, None).is_ok());
}

#[test]
fn what_remains_of_removed_records_is_held_to_its_links() {
    let after = |sql: &str| {
        let (store, _folder) = open();
        for until in [2, 5] {
            store.commit(&Batch { removal: Some(removal(until, 2)), ..Batch::default() }).unwrap();
        }
        guard(&store.writer).execute_batch(sql).unwrap();
        verify(&store, None)
    };
    assert_eq!(after("").unwrap().checked, 8);
    for (changed, decision) in [
        ("UPDATE decisions SET remains = x'007b7d' WHERE id = 4", 4),
        ("UPDATE events SET actor = 'somebody' WHERE seq = 2", 2),
        ("UPDATE removals SET contents = zeroblob(64) WHERE last = 2", 1),
        ("UPDATE removals SET contents = CAST(substr(contents, 1, 64) || zeroblob(32) AS BLOB) WHERE last = 5", 5),
        ("DELETE FROM removals WHERE last = 5", 3),
        ("UPDATE removals SET last = 4 WHERE last = 5", 3),
        ("INSERT INTO records SELECT 3, made_at, body FROM records WHERE decision = 6", 3),
    ] {
        assert_eq!(after(changed), broken(decision, Wrong::Changed), "{changed}");
    }
}

#[test]
fn a_damaged_record_is_removed_and_told_all_the_same() {
    for damage in [
        "UPDATE records SET body = x'0102' WHERE decision = 2",
        "DELETE FROM records WHERE decision = 2",
        "DELETE FROM event_data WHERE seq = 2",
        "UPDATE decisions SET remains = x'' WHERE id = 2",
    ] {
        let (store, _folder) = open();
        guard(&store.writer).execute_batch(damage).unwrap();
        store.commit(&Batch { removal: Some(removal(8, 4)), ..Batch::default() }).unwrap();
        assert_eq!(store.room().unwrap().decision, DecisionId(8), "{damage}");
        assert_eq!(verify(&store, None), broken(2, Wrong::Changed), "{damage}");
    }
}

#[test]
fn decisions_that_are_missing_are_named() {
    assert_eq!(after("DELETE FROM decisions WHERE id = 1"), broken(1, Wrong::Missing(DecisionId(1))));
    assert_eq!(after("DELETE FROM decisions WHERE id BETWEEN 3 AND 5"), broken(3, Wrong::Missing(DecisionId(5))));
    // Those behind it are given its number.
    let closed = "DELETE FROM decisions WHERE id = 4; UPDATE decisions SET id = id - 1 WHERE id > 4";
    assert_eq!(after(&both(closed)), broken(4, Wrong::Changed));
}

#[test]
fn decisions_that_change_places_are_found() {
    let swap = "UPDATE decisions SET id = -1 WHERE id = 3; UPDATE decisions SET id = 3 WHERE id = 4; \
                UPDATE decisions SET id = 4 WHERE id = -1";
    assert_eq!(after(&both(swap)), broken(3, Wrong::Inserted), "the fourth stands before the third");
    let events = "UPDATE decisions SET event = (CASE id WHEN 5 THEN 2 ELSE 1 END) WHERE id IN (5, 6)";
    assert_eq!(after(events), broken(5, Wrong::Changed));
}

#[test]
fn decisions_that_were_put_in_are_found() {
    let copy = |id: i64, of: i64| {
        let record = format!("INSERT INTO records SELECT {id}, made_at, body FROM records WHERE decision = {of}");
        let decision = format!(
            "INSERT INTO decisions SELECT {id}, event, campaign, revision, policy, remains, link FROM decisions \
             WHERE id = {of}"
        );
        format!("{record}; {decision}")
    };
    let room = "UPDATE decisions SET id = -id - 1 WHERE id > 3; UPDATE decisions SET id = -id WHERE id < 0";
    assert_eq!(after(&format!("{}; {}", both(room), copy(4, 3))), broken(4, Wrong::Inserted));
    assert_eq!(after(&copy(0, 1)), broken(0, Wrong::Inserted));
    assert_eq!(after(&copy(9, 8)), broken(9, Wrong::Changed), "at the end nothing follows that could tell");
    assert_eq!(after(&copy(12, 8)), broken(9, Wrong::Missing(DecisionId(11))));
}

#[test]
fn a_tail_that_is_cut_is_missed_by_whoever_noted_it() {
    let (store, _folder) = open();
    let (head, decisions) = (store.chain_head().unwrap(), 8);
    assert_eq!(verify(&store, Some(head)), Ok(Verified { checked: decisions, head }));
    guard(&store.writer).execute_batch(&both("DELETE FROM decisions WHERE id > 6")).unwrap();
    assert_eq!(verify(&store, None).unwrap().checked, 6, "by itself it cannot be seen");
    assert_eq!(verify(&store, Some(head)), broken(8, Wrong::Cut(DecisionId(6))));
    // Others are decided since, in their place.
    let more = (7..=9).map(|number| decision(number, &event(1)).into());
    store.commit(&Batch { decisions: more.collect(), ..Batch::default() }).unwrap();
    assert_eq!(verify(&store, None).unwrap().checked, 9);
    assert_eq!(verify(&store, Some(head)), broken(8, Wrong::Rewritten));
}

#[test]
fn the_form_of_a_link_stays_as_it_is() {
    let (store, _folder) = open();
    let head = store.chain_head().unwrap();
    let text = head.to_string();
    assert_eq!(
        text, "8:07cb1473ead9d634308f1a1d4c6bd3561ab282b3157b71a1c156a92a333b57d9",
        "a link that was noted once stands"
    );
    assert_eq!(text.parse(), Ok(head));
    for bad in ["", "8", "8:", ":", "x:00", &text[..text.len() - 1], &text.replace(':', "")] {
        assert!(bad.parse::<Anchor>().is_err(), "{bad}");
    }
}
