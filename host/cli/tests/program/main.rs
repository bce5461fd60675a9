//! The program as people run it: a host on a free port, and commands that talk to it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod host;
mod checks;
mod crash;
mod deliveries;
mod faults;
mod ledger;
mod read_only;
mod records;
mod replay;
mod restore;
mod simulate;
mod stopping;
mod versions;
mod policies;
mod quickstart;
mod author;
mod backtest;
mod dev;
mod tutorial;

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use host::{Running, policies, run, run_with_input};
use serde_json::{Value, json};

fn event(number: usize, kind: &str, subject: &str, data: &Value) -> String {
    let time = "2026-11-10T09:00:00+08:00";
    let id = format!("e{number}");
    json!({"specversion": "1.0", "id": id, "source": "/test", "type": kind, "subject": subject, "time": time, "data": data})
        .to_string()
}

/// Four good events: three customers, of whom one also checks in.
fn events() -> Vec<String> {
    let mut events: Vec<_> =
        (1..=3).map(|n| event(n, "user.registered", &format!("u{n}"), &json!({"channel": "app"}))).collect();
    events.push(event(4, "checked_in", "u1", &json!({})));
    events
}

fn json_of(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn a_campaign_from_publication_to_reward() {
    let Some(policies) = policies() else { return };
    let mut host = Running::start();

    let published =
        host.ok(&["policy", "publish", &policies.join("check_in.wasm"), &policies.join("new_user_gift.wasm")]);
    assert!(published.contains("published check-in@0.1.0"), "{published}");
    assert!(host.ok(&["policy", "list"]).contains("new-user-gift@0.1.0"));
    assert!(host.ok(&["policy", "show", "check-in"]).contains("checked-in"));

    for id in ["check-in", "new-user-gift"] {
        let applied = host.ok(&["campaign", "apply", &host::repository(&format!("demo/campaigns/{id}.toml"))]);
        assert!(applied.starts_with(&format!("created {id}: version 1, draft")), "{applied}");
        assert_eq!(host.ok(&["campaign", "start", id]), format!("{id} is running\n"));
    }

    // A file.
    let file = host.write("events.ndjson", events()[..2].join("\n").as_bytes());
    let sent = json_of(&host.ok(&["event", "send", &file, "--json"]));
    assert_eq!((&sent["sent"], &sent["admitted"], &sent["rejected"]), (&json!(2), &json!(2), &json!(0)));
    assert_eq!(sent["granted"][0]["unit"], "points");

    // Standard input, one event a request: two known already, two new.
    let sent = host.with_input(&["event", "send", "--batch", "1", "--json"], events().join("\n").as_bytes());
    let sent = json_of(&sent.ok());
    assert_eq!((&sent["admitted"], &sent["duplicates"]), (&json!(2), &json!(2)));

    // The same, gzipped, changes nothing.
    let before = host.ok(&["campaign", "spend", "new-user-gift", "--json"]);
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(events().join("\n").as_bytes()).unwrap();
    let gzipped = host.write("events.gz", &encoder.finish().unwrap());
    let sent = host.ok(&["event", "send", &gzipped, "--concurrency", "3", "--batch", "2"]);
    assert!(sent.starts_with("sent 4 events: 4 known already;"), "{sent}");
    assert_eq!(host.ok(&["campaign", "spend", "new-user-gift", "--json"]), before);

    // What it came to.
    let customer = json_of(&host.ok(&["customer", "show", "u1", "--json"]));
    assert_eq!(
        customer["balances"],
        json!([{"unit": "points", "available": 105, "paid": 0, "pending": 0, "reserved": 0, "redeemed": 0, "expired": 0, "reversed": 0,
            "owed": 0}])
    );
    assert_eq!(customer["customer"]["tags"], json!([{"tag": "came-by:app"}]));
    let list = json_of(&host.ok(&["decision", "list", "--customer", "u1", "--json"]));
    assert_eq!(list["items"].as_array().unwrap().len(), 2);
    let id = list["items"][0]["id"].to_string();
    assert!(host.ok(&["decision", "show", &id]).contains("100 points to u1"));

    // A dry run decides and changes nothing.
    let dry =
        host.with_input(&["event", "dry-run"], event(9, "user.registered", "u9", &json!({"channel": "x"})).as_bytes());
    assert!(dry.ok().contains("100 points to u9"));
    assert_eq!(host.ok(&["campaign", "spend", "new-user-gift", "--json"]), before);

    assert_eq!(host.ok(&["campaign", "pause", "check-in"]), "check-in is paused\n");
    assert_eq!(host.ok(&["campaign", "resume", "check-in"]), "check-in is running\n");
    assert!(host.ok(&["kind", "list"]).contains("order.paid"));

    // Stopped and started, it knows everything.
    host.terminate();
    host.restart();
    let sent = host.ok(&["event", "send", &gzipped]);
    assert!(sent.starts_with("sent 4 events: 4 known already;"), "{sent}");
    assert_eq!(host.ok(&["campaign", "spend", "new-user-gift", "--json"]), before);
    host.terminate();
}

#[test]
fn bad_events_are_named_and_the_others_are_taken() {
    let mut host = Running::start();
    let good = events();
    let lines = [
        good[0].as_str(),
        "{\"broken\": ",
        "{\"a\": 1, \"a\": 2}",
        &event(7, "no.such.kind", "u7", &json!({})),
        &event(8, "order.paid", "u8", &json!({"order": "o1", "amount": {"minor": "ten", "currency": "CNY"}})),
        "",
        good[1].as_str(),
    ];
    let file = host.write("events.ndjson", lines.join("\n").as_bytes());
    let answer = host.run(&["event", "send", &file, "--json"]);
    assert_eq!(answer.code, 1);
    let sent = json_of(&answer.out);
    assert_eq!((&sent["sent"], &sent["admitted"], &sent["rejected"]), (&json!(6), &json!(2), &json!(4)));
    let named: Vec<_> =
        sent["not_taken"].as_array().unwrap().iter().map(|item| item["line"].as_u64().unwrap()).collect();
    assert_eq!(named, [2, 3, 4, 5]);
    assert!(answer.err.starts_with("error: 4 events were not taken\n"), "{}", answer.err);
    assert!(sent["not_taken"][3]["why"].as_str().unwrap().contains("/data/amount/minor"), "{sent}");

    // The same event with another body is a conflict, and what stands stands.
    let other = event(1, "user.registered", "somebody-else", &json!({"channel": "app"}));
    let answer = host.with_input(&["event", "send"], other.as_bytes());
    assert_eq!(answer.code, 1);
    assert!(answer.out.starts_with("sent 1 event: 1 in conflict;"), "{}", answer.out);
    host.terminate();
}

#[test]
fn sending_goes_on_where_it_stopped() {
    let mut host = Running::start();
    let lines: Vec<_> = (1..=50).map(|n| event(n, "checked_in", "u1", &json!({}))).collect();
    let file = host.write("events.ndjson", lines.join("\n").as_bytes());
    let state = host.path("state.json");
    let sent = json_of(&host.ok(&[
        "event",
        "send",
        &file,
        "--batch",
        "7",
        "--concurrency",
        "4",
        "--resume",
        &state,
        "--json",
    ]));
    assert_eq!(sent["admitted"], 50);
    let sent = json_of(&host.ok(&["event", "send", &file, "--resume", &state, "--json"]));
    assert_eq!(sent["sent"], 0);
    let longer = format!("{}\n{}\n", lines.join("\n"), event(51, "checked_in", "u2", &json!({})));
    let file = host.write("events.ndjson", longer.as_bytes());
    let sent = json_of(&host.ok(&["event", "send", &file, "--resume", &state, "--json"]));
    assert_eq!((&sent["sent"], &sent["admitted"]), (&json!(1), &json!(1)));
    host.terminate();
}

#[test]
fn refusals_have_pointers_and_hints() {
    let mut host = Running::start();
    let campaign =
        host.write("wrong.toml", b"policy = \"nobody\"\ncurrency = \"yuan\"\ntime_zone = \"Mars\"\nopens = \"soon\"\n");
    let answer = host.run(&["campaign", "apply", &campaign]);
    assert_eq!(answer.code, 1);
    let pointers: Vec<_> = answer.err.lines().filter_map(|line| line.trim().strip_prefix('/')).collect();
    assert_eq!(pointers.len(), 3, "{}", answer.err);
    assert!(answer.err.contains("  /currency: "), "{}", answer.err);

    let wasm = host.write("policy.wasm", b"not a component");
    let answer = host.run(&["policy", "publish", &wasm]);
    assert_eq!(answer.code, 1);
    assert!(answer.err.starts_with("error: cannot publish "), "{}", answer.err);

    let answer = run(&["campaign", "list", "--server", &host.server(), "--token", "wrong"]);
    assert_eq!(answer.code, 1);
    assert!(answer.err.contains("hint: give a token"), "{}", answer.err);
    assert_eq!(host.run(&["decision", "show", "77"]).code, 1);
    host.terminate();
}

#[test]
fn a_second_host_in_the_same_directory_is_refused() {
    let mut host = Running::start();
    let answer = run(&["serve", "--listen", "127.0.0.1:0", "--data-dir", &host.path("data")]);
    assert_eq!(answer.code, 1);
    assert!(answer.err.contains("error: another host is using the data directory"), "{}", answer.err);
    host.terminate();
}

#[test]
fn what_cannot_be_understood_ends_with_2() {
    assert_eq!(run(&["campain"]).code, 2);
    assert_eq!(run(&["event", "send", "--batch", "1001"]).code, 2);
    assert_eq!(run(&["serve", "--workers", "none"]).code, 2);
    assert_eq!(run(&["campaign", "list", "--server", "nowhere"]).code, 2);
    assert_eq!(run(&["event", "send", "no/such/file"]).code, 2);
    let answer = run_with_input(&["config", "--workers", "3", "--json"], b"");
    assert_eq!(json_of(&answer.ok())["workers"], json!({"value": 3, "from": "flag --workers"}));
}

#[test]
fn a_token_is_printed_with_its_configuration() {
    let text = run(&["token", "new", "--name", "shop", "--role", "ingest", "--backfill"]).ok();
    let (token, configuration) = text.split_once("\n\n").unwrap();
    assert!(token.starts_with("lgs_"), "{token}");
    assert!(!configuration.contains(token));
    let configuration: toml::Table = toml::from_str(configuration).unwrap();
    assert_eq!(configuration["tokens"][0]["backfill"], toml::Value::Boolean(true));
}
