//! Rows that somebody else changed are found by an audit.

use super::before_and_after_a_stop;

#[tokio::test]
async fn a_row_that_was_changed_behind_the_host_is_found() {
    let folder = tempfile::tempdir().expect("a folder");
    before_and_after_a_stop(folder.path()).await;
    let path = folder.path().join("largesse.db");
    for (spoil, mend, names) in [
        (
            "UPDATE grants SET redeemed = redeemed + 1 WHERE grant_key = 'a'",
            "redeemed = redeemed - 1",
            "grant a of gives to u1",
        ),
        (
            "UPDATE grants SET reversed = reversed - 1 WHERE grant_key = 'b'",
            "reversed = reversed + 1",
            "grant b of gives to u1",
        ),
    ] {
        let database = rusqlite::Connection::open(&path).expect("the database opens");
        assert_eq!(database.execute(spoil, []).expect("it is changed"), 1);
        drop(database);
        let store = largesse_store::SqliteStore::open(&path).expect("the database opens");
        let difference = largesse_store::Store::audit(&store).expect("it can be read").expect_err("it is found");
        assert!(difference.to_string().contains(names), "{difference}");
        assert!(difference.to_string().contains("last changed by transfer"), "{difference}");
        drop(store);
        let key = if spoil.ends_with("'a'") { "a" } else { "b" };
        let database = rusqlite::Connection::open(&path).expect("the database opens");
        database.execute(&format!("UPDATE grants SET {mend} WHERE grant_key = '{key}'"), []).expect("it is mended");
    }
    let store = largesse_store::SqliteStore::open(&path).expect("the database opens");
    assert!(largesse_store::Store::audit(&store).expect("it can be read").is_ok());
}
