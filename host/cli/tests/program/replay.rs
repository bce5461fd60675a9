//! Decisions run again from their records, by a program that knows nothing but what a host has left.

use rusqlite::Connection;
use serde_json::json;

use super::host::run;
use super::json_of;
use super::versions::{check_in, counted};

#[test]
fn every_decision_gives_the_same_again() {
    let Some(mut host) = counted() else { return };
    let data = host.path("data");
    let replay = |more: &[&str]| run(&[&["replay", "--data-dir", &data], more].concat());
    let running = replay(&[]);
    assert!(running.code == 1 && running.err.contains("another host is using"), "{running:?}");
    // Accepted, refused for its state, out of fuel; by three versions.
    check_in(&host, 1, "u1", &json!({}));
    check_in(&host, 2, "unlucky", &json!({"unlucky": true}));
    check_in(&host, 3, "u2", &json!({}));
    host.ok(&["campaign", "activate", "counted", "--policy", "counts@2.0.0", "--accept-stuck-states"]);
    check_in(&host, 4, "unlucky", &json!({}));
    check_in(&host, 5, "u1", &json!({}));
    host.ok(&["campaign", "activate", "counted", "--policy", "counts@3.0.0"]);
    check_in(&host, 6, "u1", &json!({"spin": 3}));
    host.terminate();

    let all = replay(&[]).ok();
    assert!(
        all.starts_with("replayed 6 decisions in ") && all.contains(" 6 identical in bytes and fuel, 0 not"),
        "{all}"
    );
    let some = json_of(&replay(&["--customer", "u1", "--after", "1", "--json"]).ok());
    assert_eq!((&some["identical"], &some["divergent"]), (&json!(2), &json!(0)));
    assert_eq!(json_of(&replay(&["--decision", "4", "--json"]).ok())["identical"], 1);
    assert_eq!(json_of(&replay(&["--made-before", "2020-01-01T00:00:00Z", "--json"]).ok())["identical"], 0);
    let unknown = replay(&["--made-from", "yesterday"]);
    assert_eq!(unknown.code, 2, "{unknown:?}");

    let change = |sql: &str| {
        let database = Connection::open(std::path::Path::new(&data).join("largesse.db")).unwrap();
        assert_eq!(database.execute(sql, []).unwrap(), 1, "{sql}");
    };
    change(
        "UPDATE decisions SET body = replace(body, '\"state\":\"{\\\"n\\\":1', '\"state\":\"{\\\"n\\\":7') WHERE id = 5",
    );
    change("UPDATE decisions SET body = replace(body, '\"fuel\":', '\"fuel\":1') WHERE id = 1");
    let changed = replay(&[]);
    assert_eq!(changed.code, 1, "{changed:?}");
    assert!(changed.err.contains("decision 1 of counted") && changed.err.contains("fuel then: "), "{}", changed.err);
    std::fs::remove_dir_all(format!("{data}/components")).unwrap();
    let lost = replay(&[]);
    assert!(lost.code == 1 && lost.out.contains("is missing"), "{lost:?}");
}
