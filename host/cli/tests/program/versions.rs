//! Versions as operators swap, try and stop them, from the command line, on a host that decides meanwhile.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::host::{Running, policies};
use super::{event, json_of};

pub(crate) const CAMPAIGN: &[u8] = br#"
title = "Counted"
policy = "counts@1.0.0"
currency = "CNY"
time_zone = "Etc/UTC"
opens = "2020-01-01T00:00:00Z"
budgets = [{ unit = "points", total = 1000000 }]
limits = [{ unit = "points", window = "campaign", amount = 1000000 }]
fault_threshold = { percent = 10, window = 10 }
"#;

/// Waits until the log says this after its first so many lines; gives the line.
fn logged(host: &Running, after: usize, says: &str) -> String {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let log = host.log();
        if let Some(line) = log.lines().skip(after).find(|line| line.contains(says)) {
            return line.to_owned();
        }
        assert!(Instant::now() < deadline, "{says:?} is not in the log:\n{log}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn what_is_saved_in_a_watched_folder_decides() {
    let Some(policies) = policies() else { return };
    let mut host = Running::new();
    let folder = host.path("watched");
    std::fs::create_dir(&folder).unwrap();
    let mut command = host.command();
    command.args(["--watch", &folder]);
    assert!(host.launch(command), "{}", host.log());
    let save = |name: &str, bytes: &[u8]| std::fs::write(format!("{folder}/{name}"), bytes).unwrap();
    let component =
        |version: usize| std::fs::read(policies.join(&format!("examples/counts_as_{version}.wasm"))).unwrap();
    save("counts.wasm", &component(1));
    logged(&host, 0, "watch: published");
    let kind = host.write("day.checked-in.json", br#"{"type": "object"}"#);
    host.ok(&["kind", "register", &kind]);
    let following = host.write("counted.toml", &[b"follow = true\n", CAMPAIGN].concat());
    host.ok(&["campaign", "apply", &following]);
    host.ok(&["campaign", "start", "counted"]);
    let steady = host.write("steady.toml", CAMPAIGN);
    host.ok(&["campaign", "apply", &steady]);
    host.ok(&["campaign", "start", "steady"]);

    // Half of it first, then all of it over the half, as slow writers do; then a rename, as editors do.
    let lines = host.log().lines().count();
    save("counts.wasm", &component(2)[..100_000]);
    logged(&host, lines, "watch: not published");
    let saved = Instant::now();
    save("counts.wasm", &component(2));
    let line = logged(&host, lines, "watch: decides now");
    println!("from save to decision: {:.1} s, compiled by a debug build", saved.elapsed().as_secs_f64());
    assert!(line.contains("counts.wasm") && line.contains("counted") && line.contains("2.0.0"), "{line}");
    let decided = check_in(&host, 1, "u1", &json!({}));
    assert_eq!((active(&host).as_str(), &decided["verdict"]), ("2.0.0", &json!("accepted")));
    let steady = json_of(&host.ok(&["campaign", "show", "steady", "--json"]));
    assert_ne!(steady["active"]["policy"], decided["policy"], "it does not follow");
    let lines = host.log().lines().count();
    save("counts.wasm.swp", &component(3));
    std::fs::rename(format!("{folder}/counts.wasm.swp"), format!("{folder}/counts.wasm")).unwrap();
    logged(&host, lines, "watch: decides now");
    assert_eq!(active(&host), "3.0.0");
    assert!(host.ok(&["campaign", "activations", "counted"]).contains("followed"));

    // A version that cannot read the states, and something that is no component: told once, and nothing changes.
    let lines = host.log().lines().count();
    save("counts.wasm", &component(4));
    let line = logged(&host, lines, "watch: not activated");
    assert!(line.contains("cannot migrate 1 of 1 states tried"), "{line}");
    save("broken.wasm", b"nothing of the kind");
    let line = logged(&host, lines, "broken.wasm");
    assert!(line.contains("watch: not published") && line.contains("something other than WebAssembly"), "{line}");
    assert_eq!(active(&host), "3.0.0");
    std::thread::sleep(Duration::from_millis(700));
    let log = host.log();
    assert_eq!(log.lines().skip(lines).filter(|line| line.contains("watch: not")).count(), 2, "{log}");
    host.terminate();
}

/// A host where version 1 of `counts` decides and four are published.
pub(super) fn counted() -> Option<Running> {
    let policies = policies()?;
    let host = Running::start();
    let kind = host.write("day.checked-in.json", br#"{"type": "object"}"#);
    host.ok(&["kind", "register", &kind]);
    for version in 1..=4 {
        host.ok(&["policy", "publish", &policies.join(&format!("examples/counts_as_{version}.wasm"))]);
    }
    let file = host.write("counted.toml", CAMPAIGN);
    host.ok(&["campaign", "apply", &file]);
    host.ok(&["campaign", "start", "counted"]);
    Some(host)
}

/// Sends a check-in; gives the decision's summary.
pub(super) fn check_in(host: &Running, number: usize, customer: &str, data: &Value) -> Value {
    let sent = event(number, "day.checked-in", customer, data);
    host.with_input(&["event", "send"], sent.as_bytes()).ok();
    let listed = json_of(&host.ok(&["decision", "list", "--campaign", "counted", "--customer", customer, "--json"]));
    listed["items"].as_array().unwrap().last().cloned().unwrap_or_default()
}

fn active(host: &Running) -> String {
    let shown = json_of(&host.ok(&["campaign", "show", "counted", "--json"]));
    let digest = shown["active"]["policy"].as_str().unwrap().to_owned();
    json_of(&host.ok(&["policy", "show", &digest, "--json"]))["version"].as_str().unwrap().to_owned()
}

#[test]
fn versions_are_swapped_and_gone_back_to() {
    let Some(mut host) = counted() else { return };
    let first = check_in(&host, 1, "u1", &json!({}));
    let tried = host.ok(&["campaign", "activate", "counted", "--policy", "counts@2.0.0", "--dry-run"]);
    assert!(tried.contains("it can be done; nothing was changed") && tried.contains("1 tried, 0 stuck"), "{tried}");
    assert_eq!(active(&host), "1.0.0");
    let done = host.ok(&["campaign", "activate", "counted", "--policy", "counts@2.0.0"]);
    assert!(done.contains("decides (chosen, activation 2)"), "{done}");
    let second = check_in(&host, 2, "u1", &json!({}));
    assert_ne!(first["policy"], second["policy"], "each answer names the version that decided");
    assert_eq!((&first["outcomes"][0]["key"], &second["outcomes"][0]["key"]), (&json!("n/1"), &json!("n/2")));
    let back = host.ok(&["campaign", "rollback", "counted"]);
    assert!(back.contains("decides (rolled-back, activation 3)"), "{back}");
    let again = host.run(&["campaign", "rollback", "counted"]);
    assert!(again.code == 1 && again.err.contains("There is no version to go back to"), "{again:?}");
    let listed = host.ok(&["campaign", "activations", "counted"]);
    assert_eq!(listed.lines().count(), 4, "{listed}");
    let unknown = host.run(&["campaign", "activate", "counted", "--policy", "counts@9.0.0"]);
    assert!(unknown.code == 1 && unknown.err.contains("the policy counts@9.0.0 is not published"), "{unknown:?}");
    let params = host.write("params.toml", b"pints = 2\n");
    let wrong = host.run(&["campaign", "activate", "counted", "--policy", "counts@2.0.0", "--params", &params]);
    assert!(wrong.code == 1 && wrong.err.contains("/params"), "{wrong:?}");
    host.terminate();
}

#[test]
fn states_that_cannot_be_carried_over_are_told() {
    let Some(mut host) = counted() else { return };
    check_in(&host, 1, "unlucky", &json!({"unlucky": true}));
    check_in(&host, 2, "u1", &json!({}));
    let refused = host.run(&["campaign", "activate", "counted", "--policy", "counts@2.0.0"]);
    assert!(
        refused.code == 1 && refused.err.contains("There are states that the version cannot migrate"),
        "{refused:?}"
    );
    assert!(refused.err.contains("party unlucky"), "{refused:?}");
    let accept = ["campaign", "activate", "counted", "--policy", "counts@2.0.0", "--accept-stuck-states"];
    assert!(host.ok(&accept).contains("1 stuck"));
    assert!(host.ok(&["campaign", "stuck-states", "counted"]).contains("No state is known to be stuck"));
    let begun = host.ok(&["campaign", "migrate", "counted"]);
    assert!(begun.contains("of 2 states migrated"), "{begun}");
    let deadline = Instant::now() + Duration::from_secs(20);
    while !host.ok(&["campaign", "migrate", "counted", "--status"]).contains("done, 1 of 2 states migrated, 1 stuck") {
        assert!(Instant::now() < deadline, "the migration does not end");
    }
    let stuck = host.ok(&["campaign", "stuck-states", "counted"]);
    assert!(stuck.contains("party:unlucky") && stuck.contains("it is not carried over"), "{stuck}");
    let decided = check_in(&host, 3, "unlucky", &json!({}));
    assert_eq!(decided["refusal"], "state-not-migrated");
    assert!(host.ok(&["campaign", "stuck-states", "counted", "--after", "party:unlucky"]).contains("No state"));
    host.terminate();
}

#[test]
fn a_version_is_tried_compared_and_promoted() {
    let Some(mut host) = counted() else { return };
    let mixed = host.run(&["rollout", "start", "counted", "--policy", "counts@3.0.0", "--canary", "10"]);
    assert!(mixed.code == 1 && mixed.err.contains("does not read the states that version 3.0.0 writes"), "{mixed:?}");
    let none = host.run(&["rollout", "status", "counted"]);
    assert!(none.code == 1 && none.err.contains("no rollout in counted"), "{none:?}");
    let promoted = host.run(&["rollout", "promote", "counted"]);
    assert!(promoted.code == 1 && promoted.err.contains("No version is tried"), "{promoted:?}");

    let params = host.write("double.json", br#"{"points": 2}"#);
    let shadow = ["rollout", "start", "counted", "--policy", "counts@2.0.0", "--shadow", "--params", &params];
    let from = ["--effective-from", "2020-01-01T00:00:00Z"];
    let started = host.ok(&[&shadow[..], &from].concat());
    assert!(started.contains("is tried in its shadow (rollout 1)"), "{started}");
    check_in(&host, 1, "u1", &json!({}));
    check_in(&host, 2, "u2", &json!({}));
    let status = json_of(&host.ok(&["rollout", "status", "counted", "--json"]));
    let [active, candidate] = [0, 1].map(|place| &status["versions"][place]);
    assert_eq!(
        (&active["accepted"], &candidate["decisions"], &candidate["differing"]),
        (&json!(2), &json!(2), &json!(2))
    );
    assert!(host.ok(&["rollout", "status", "counted"]).contains("shadow since"));
    let differences = host.ok(&["rollout", "differences", "counted"]);
    assert!(differences.contains("proposed") && differences.contains("\"quantity\":2"), "{differences}");
    let changed = CAMPAIGN.to_vec();
    let changed = [&changed[..], b"params = { points = 3 }\n"].concat();
    let file = host.write("counted.toml", &changed);
    let refused = host.run(&["campaign", "apply", &file]);
    assert!(refused.code == 1 && refused.err.contains("A version is tried in the campaign"), "{refused:?}");
    assert_eq!(host.ok(&["rollout", "stop", "counted"]), "nothing is tried in counted\n");

    host.ok(&["rollout", "start", "counted", "--policy", "counts@2.0.0", "--canary", "100"]);
    let tried = check_in(&host, 3, "u3", &json!({}));
    assert_eq!(tried["policy"], candidate["policy"]);
    assert!(host.ok(&["rollout", "promote", "counted"]).contains("decides (promoted, activation 2)"));
    host.terminate();
}

#[test]
fn bad_versions_are_taken_out() {
    let Some(mut host) = counted() else { return };
    host.ok(&["campaign", "activate", "counted", "--policy", "counts@2.0.0"]);
    let faulted = check_in(&host, 1, "u1", &json!({"fault": 2}));
    assert_eq!(faulted["fault"], "trap");
    assert_eq!(active(&host), "1.0.0");
    let log = host.log();
    let told: Vec<&str> = log.lines().filter(|line| line.contains("a version was taken out")).collect();
    assert_eq!(told.len(), 1, "{log}");
    assert!(
        told[0].contains("it faulted in 1 of its last 1 decisions") && told[0].contains("rolled-back"),
        "{}",
        told[0]
    );
    assert!(host.ok(&["campaign", "activations", "counted"]).contains("protected"));

    host.ok(&["campaign", "activate", "counted", "--policy", "counts@2.0.0"]);
    let stopped = host.ok(&["policy", "stop", "counts@2.0.0", "--reason", "pays twice"]);
    assert!(stopped.ends_with("It decides in no campaign.\n"), "{stopped}");
    assert_eq!(active(&host), "1.0.0");
    assert!(host.ok(&["policy", "list"]).contains("stopped: pays twice"));
    let refused = host.run(&["campaign", "activate", "counted", "--policy", "counts@2.0.0"]);
    assert!(refused.code == 1 && refused.err.contains("The version is stopped"), "{refused:?}");
    let held = host.ok(&["policy", "stop", "counts@1.0.0", "--reason", "so does this"]);
    assert!(held.contains("There is no good version to go back to in counted"), "{held}");
    check_in(&host, 2, "u2", &json!({}));
    assert!(host.ok(&["campaign", "spend", "counted"]).contains("1 still to come"));
    host.terminate();
    host.restart();
    assert!(host.ok(&["campaign", "spend", "counted"]).contains("1 still to come"), "a stop outlives a restart");
    assert!(host.ok(&["policy", "allow", "counts@1.0.0"]).ends_with("may decide\n"));
    let deadline = Instant::now() + Duration::from_secs(20);
    while host.ok(&["campaign", "spend", "counted"]).contains("still to come") {
        assert!(Instant::now() < deadline, "what was kept is not decided");
    }
    host.terminate();
}
