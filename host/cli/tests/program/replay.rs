//! Decisions run again from their records, by a program that knows nothing but what a host has left.

use serde_json::json;

use super::host::run;
use super::json_of;
use super::records::{change_record, nth_decision};
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
    let first = nth_decision(&host, 1);
    let after = first.to_string();
    host.terminate();

    let all = replay(&[]).ok();
    assert!(
        all.starts_with("replayed 6 decisions in ") && all.contains(" 6 identical in bytes and fuel, 0 not"),
        "{all}"
    );
    let some = json_of(&replay(&["--customer", "u1", "--after", &after, "--json"]).ok());
    assert_eq!((&some["identical"], &some["divergent"]), (&json!(2), &json!(0)));
    assert_eq!(json_of(&replay(&["--decision", &(first + 3).to_string(), "--json"]).ok())["identical"], 1);
    assert_eq!(json_of(&replay(&["--made-before", "2020-01-01T00:00:00Z", "--json"]).ok())["identical"], 0);
    let unknown = replay(&["--made-from", "yesterday"]);
    assert_eq!(unknown.code, 2, "{unknown:?}");

    // The same against itself differs nowhere; three points instead of one differ in every grant.
    let backtest = |more: &[&str]| run(&[&["backtest", "--data-dir", &data, "--campaign", "counted"], more].concat());
    let itself = host.write("same.toml", b"");
    let same = json_of(&backtest(&["--params", &itself, "--fail-if", "changed", "--json"]).ok());
    assert_eq!((&same["decisions"], &same["changed"]), (&json!({"then": 5, "now": 5}), &json!(0)), "{same}");
    assert_eq!(same["not_run"], json!({"the candidate cannot migrate the state": 1}));
    let three = host.write("three.toml", b"points = 3\n");
    let more = backtest(&["--params", &three, "--fail-if", "points>199", "--fail-if", "worse-off", "--json"]);
    let seen = json_of(&more.out);
    let points = json!({"campaign": "counted", "unit": "points", "quantity": {"then": 4, "now": 12}, "exhausted": {"then": null, "now": null}});
    assert_eq!(seen["units"], json!([points]), "{more:?}");
    assert_eq!((&seen["better_off"], &seen["worse_off"], &seen["changed"]), (&json!(3), &json!(0), &json!(4)));
    assert!(more.code == 1 && more.err.contains("more than 199 % more") && !more.err.contains("worse"), "{more:?}");
    let wrong = host.write("wrong.toml", b"pints = 3\n");
    let refused = backtest(&["--params", &wrong]);
    assert!(refused.code == 2 && refused.err.contains("pints"), "{refused:?}");
    let policies = super::host::policies().unwrap();
    let fourth = policies.join("examples/counts_as_4.wasm");
    let other = backtest(&["--policy", &fourth]).ok();
    assert!(other.contains("not run: the candidate cannot migrate the state"), "{other}");

    change_record(&data, first + 4, "\"state\":\"{\\\"count\\\":1", "\"state\":\"{\\\"count\\\":7");
    change_record(&data, first, "\"fuel\":", "\"fuel\":1");
    let changed = replay(&[]);
    assert_eq!(changed.code, 1, "{changed:?}");
    assert!(
        changed.err.contains(&format!("decision {first} of counted")) && changed.err.contains("fuel then: "),
        "{}",
        changed.err
    );
    std::fs::remove_dir_all(format!("{data}/components")).unwrap();
    let lost = replay(&[]);
    assert!(lost.code == 1 && lost.out.contains("is missing"), "{lost:?}");
}
