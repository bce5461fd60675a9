//! The records of decisions, as an auditor uses them from the command line.

use std::path::Path;
use std::time::{Duration, Instant};

use largesse_store::{pack, unpack};
use rusqlite::Connection;
use serde_json::json;

use super::host::{Running, policies, run};
use super::json_of;
use super::versions::{CAMPAIGN, check_in, counted};

/// The database of a host that is stopped.
fn database(data: &str) -> Connection {
    Connection::open(Path::new(data).join("largesse.db")).unwrap()
}

/// Replaces something in the record of a decision of a host that is stopped.
pub(crate) fn change_record(data: &str, id: u64, from: &str, to: &str) {
    let (database, id) = (database(data), i64::try_from(id).unwrap());
    let read = "SELECT body FROM records WHERE decision = ?1";
    let packed: Vec<u8> = database.query_row(read, [id], |row| row.get(0)).unwrap();
    let text = unpack(&packed).unwrap();
    assert!(text.contains(from), "{from} is in {text}");
    let write = "UPDATE records SET body = ?1 WHERE decision = ?2";
    database.execute(write, rusqlite::params![pack(&text.replace(from, to)), id]).unwrap();
}

/// The id of a decision of a host that runs, counted from 1.
pub(crate) fn nth_decision(host: &Running, nth: usize) -> u64 {
    let listed = json_of(&host.ok(&["decision", "list", "--json"]));
    listed["items"][nth - 1]["id"].as_u64().unwrap()
}

fn head(host: &Running) -> String {
    host.ok(&["decision", "head"]).trim_end().to_owned()
}

#[test]
fn an_auditor_sees_what_was_done_to_the_records() {
    let Some(mut host) = counted() else { return };
    let data = host.path("data");
    let verify = |more: &[&str]| run(&[&["decision", "verify", "--data-dir", &data], more].concat());
    let origin = head(&host);
    assert_eq!(origin, format!("0:{}", "0".repeat(64)));
    check_in(&host, 1, "u1", &json!({}));
    check_in(&host, 2, "u2", &json!({}));
    let noted = head(&host);
    let [second, third] = [2, 3].map(|nth| nth_decision(&host, 1) + nth - 1);
    assert!(noted.starts_with(&format!("{second}:")), "{noted}");
    check_in(&host, 3, "u3", &json!({}));
    let last = head(&host);
    let locked = verify(&[]);
    assert!(locked.code == 1 && locked.err.contains("stop the host first"), "{locked:?}");
    host.terminate();

    assert_eq!(verify(&[]).ok(), format!("The chain holds: 3 decisions. It ends with\n{last}\n"));
    for passes in [&origin, &noted, &last] {
        let seen = json_of(&verify(&["--expect", passes, "--json"]).ok());
        assert_eq!(seen, json!({"verified": true, "checked": 3, "head": last}));
    }
    assert_eq!(verify(&["--expect", "2"]).code, 2);

    change_record(&data, second, "\"fuel\":", "\"fuel\":1");
    let changed = verify(&["--json"]);
    let seen = json_of(&changed.out);
    assert_eq!((changed.code, &seen["verified"]), (1, &json!(false)), "{changed:?}");
    assert_eq!((&seen["broken"]["decision"], &seen["broken"]["what"]), (&json!(second), &json!("changed")));
    assert!(verify(&[]).err.contains(&format!("decision {second} does not fit its link")));
    change_record(&data, second, "\"fuel\":1", "\"fuel\":");
    verify(&[]).ok();

    let stats = json_of(&run(&["decision", "stats", "--data-dir", &data, "--json"]).ok());
    let bytes = |name: &str| stats[name].as_u64().unwrap();
    assert_eq!(bytes("decisions"), 3);
    assert!(bytes("packed_bytes") * 2 < bytes("text_bytes"), "{stats}");

    let cut = format!("DELETE FROM decisions WHERE id = {third}; DELETE FROM records WHERE decision = {third}");
    database(&data).execute_batch(&cut).unwrap();
    verify(&["--expect", &noted]).ok();
    let cut = verify(&["--expect", &last]);
    assert!(cut.code == 1 && cut.err.contains(&format!("the chain ends with {second}")), "{cut:?}");
    // The host goes on from there; only what was noted tells.
    host.restart();
    check_in(&host, 4, "u1", &json!({}));
    check_in(&host, 5, "u1", &json!({}));
    host.terminate();
    verify(&["--expect", &noted]).ok();
    let passed_over = verify(&["--expect", &last]);
    assert!(passed_over.code == 1 && passed_over.err.contains("or goes on in another run"), "{passed_over:?}");
}

#[test]
fn records_that_were_removed_are_told_apart_from_those_that_never_were() {
    let Some(mut host) = counted() else { return };
    host.terminate();
    host.configure("[records]\nkeep_bytes = 1");
    host.restart();
    for number in 1..=3 {
        check_in(&host, number, &format!("u{number}"), &json!({}));
    }
    let second = nth_decision(&host, 2).to_string();
    let show = |host: &Running| host.run(&["decision", "show", &second]);
    for _ in 0..200 {
        if show(&host).code != 0 {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let gone = show(&host);
    assert!(gone.code == 1 && gone.err.contains("The decision's record was removed"), "{gone:?}");
    assert!(gone.err.contains(&format!("the record of decision {second} was removed at 20")), "{gone:?}");
    assert!(host.run(&["decision", "show", "9"]).err.contains("There is no such thing"));
    assert!(host.run(&["explain", &second]).err.contains("was removed at"));
    let listed = json_of(&host.ok(&["decision", "list", "--json"]));
    assert_eq!(listed["items"].as_array().unwrap().len(), 3);
    assert!(listed["items"][1]["removed_at"].is_string() && listed["items"][1]["outcomes"].is_array(), "{listed}");
    assert!(host.ok(&["ledger", "verify"]).starts_with("The books balance: "));
    let last = head(&host);
    host.terminate();

    let data = host.path("data");
    let verified = run(&["decision", "verify", "--data-dir", &data, "--expect", &last]).ok();
    assert!(verified.contains("3 decisions"), "{verified}");
    let replayed = json_of(&run(&["replay", "--data-dir", &data, "--json"]).ok());
    let (identical, removed) = (replayed["identical"].as_u64().unwrap(), replayed["removed"].as_u64().unwrap());
    assert!(removed >= 2 && identical + removed == 3, "{replayed}");
    let text = run(&["replay", "--data-dir", &data]).ok();
    assert!(text.contains(&format!("{removed} left out: their records were removed")), "{text}");
    let same = host.write("same.toml", b"");
    let backtest = ["backtest", "--data-dir", &data, "--campaign", "counted", "--params", &same, "--json"];
    let backtest = run(&backtest).ok();
    assert_eq!(json_of(&backtest)["not_run"]["the record was removed"], removed);
}

#[test]
fn what_nobody_shall_read_is_nowhere_on_the_disk() {
    let Some(policies) = policies() else { return };
    let mut host = Running::start();
    let data = host.path("data");
    let schema = json!({"type": "object", "required": ["card"], "properties": {
        "card": {"type": "string", "pattern": "^[0-9]+$", "x-largesse-sensitive": true, "x-largesse-identifier": "card"}
    }});
    host.ok(&["kind", "register", &host.write("day.checked-in.json", schema.to_string().as_bytes())]);
    host.ok(&["policy", "publish", &policies.join("examples/counts_as_1.wasm")]);
    let campaign = host.write("counted.toml", b"policy = \"counts\"\ncurrency = \"CNY\"\ntime_zone = \"Etc/UTC\"\nopens = \"2020-01-01T00:00:00Z\"\n\
        budgets = [{ unit = \"points\", total = 1000 }]\nlimits = [{ unit = \"points\", per = \"card\", window = \"campaign\", amount = 1 },\n\
        { unit = \"points\", window = \"campaign\", amount = 10 }]\n");
    host.ok(&["campaign", "apply", &campaign]);
    host.ok(&["campaign", "start", "counted"]);
    let card = "4111222233334444";
    check_in(&host, 1, "u1", &json!({"card": card}));
    // Another customer with the same card: the limit of the card is used up.
    let second = check_in(&host, 2, "u2", &json!({"card": card}));
    assert_eq!(second["verdict"], "denied", "{second}");
    // The same event again is known; another value under its id is not the same event; what breaks the schema is refused.
    let again = |number, card: &str| {
        host.with_input(
            &["event", "send", "--json"],
            super::event(number, "day.checked-in", "u1", &json!({"card": card})).as_bytes(),
        )
    };
    assert_eq!(json_of(&again(1, card).ok())["duplicates"], 1);
    assert_eq!(json_of(&again(1, "1").out)["conflicts"], 1);
    let refused = again(3, "none");
    assert!(refused.code == 1 && refused.out.contains("does not match"), "{refused:?}");
    let shown = host.ok(&["decision", "show", &nth_decision(&host, 1).to_string()]);
    assert!(shown.contains("masked-") && !shown.contains(card), "{shown}");
    host.terminate();
    for entry in std::fs::read_dir(&data).unwrap() {
        let path = entry.unwrap().path();
        let bytes = if path.is_file() { std::fs::read(&path).unwrap() } else { Vec::new() };
        assert!(!bytes.windows(card.len()).any(|found| found == card.as_bytes()), "{}", path.display());
    }
    let replayed = run(&["replay", "--data-dir", &data]).ok();
    assert!(replayed.contains(" 2 identical in bytes and fuel, 0 not"), "{replayed}");
}

#[test]
fn an_auditor_sees_that_nobody_chose_a_seed() {
    let Some(mut host) = counted() else { return };
    let data = host.path("data");
    let ends = host.write("counted.toml", &[b"closing_days = 0\n", CAMPAIGN].concat());
    host.ok(&["campaign", "apply", &ends]);
    let draws = |host: &Running, more: &[&str]| host.run(&[&["campaign", "draws", "counted"], more].concat());
    let before = json_of(&draws(&host, &["--json"]).ok());
    let commitment = before["commitment"].as_str().unwrap();
    assert!(before["key"].is_null(), "{before}");
    for minute in 1..=3 {
        check_in(&host, minute, &format!("u{minute}"), &json!({}));
    }
    let early = draws(&host, &["--verify"]);
    assert!(early.code == 1 && early.err.contains("counted has not ended"), "{early:?}");
    host.ok(&["campaign", "end", "counted"]);
    let deadline = Instant::now() + Duration::from_secs(30);
    while json_of(&host.ok(&["campaign", "show", "counted", "--json"]))["lifecycle"] != "ended" {
        assert!(Instant::now() < deadline, "it does not end");
        std::thread::sleep(Duration::from_millis(20));
    }
    let seen = json_of(&draws(&host, &["--verify", "--commitment", commitment, "--json"]).ok());
    assert_eq!(seen["verified"], json!({"decisions": 3, "without_record": 0}), "{seen}");
    let otherwise = draws(&host, &["--commitment", &"0".repeat(64)]);
    assert!(otherwise.code == 1 && otherwise.err.contains("the host is committed to"), "{otherwise:?}");

    let second = nth_decision(&host, 2);
    let seed =
        json_of(&host.ok(&["decision", "show", &second.to_string(), "--json"]))["seed"].as_str().unwrap().to_owned();
    host.terminate();
    change_record(&data, second, &seed, &(seed.parse::<u64>().unwrap() ^ 1).to_string());
    host.restart();
    let chosen = draws(&host, &["--verify"]);
    assert!(
        chosen.code == 1 && chosen.err.contains(&format!("decision {second} was made with the seed")),
        "{chosen:?}"
    );
}
