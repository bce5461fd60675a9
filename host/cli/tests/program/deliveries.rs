//! Deliveries as people see them: a destination is registered, tried, told and asked again.

use std::time::{SystemTime, UNIX_EPOCH};

use largesse_tests::receiver::{Answer, Receiver};
use serde_json::{Value, json};

use crate::host::{Running, policies, repository, run};

fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

fn json_of(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn a_destination_is_set_tried_paused_and_deleted() {
    let mut host = Running::start();
    let receiver = Receiver::start("whsec_", now);
    let url = receiver.url();

    let answer = host.run(&["destination", "set", "bank", "--url", &url]);
    assert_eq!(answer.code, 1);
    assert!(answer.err.contains("/url: is not https, which needs \"allow_private\": true"), "{}", answer.err);
    let set =
        ["destination", "set", "bank", "--url", &url, "--topic", "grant.*", "--topic", "message", "--allow-private"];
    let made = json_of(&host.ok(&[&set[..], &["--json"]].concat()));
    let secret = made["secret"].as_str().unwrap();
    assert_eq!(made["topics"], json!(["grant.*", "message"]));
    assert!(host.ok(&set).starts_with("bank: grant.*, message to http://127.0.0.1:"));
    assert!(!host.ok(&["destination", "list"]).contains(secret));

    // With the wrong secret the receiver believes nothing; then it does.
    let answer = host.run(&["destination", "test", "bank"]);
    assert_eq!(answer.code, 1);
    assert!(answer.err.contains("bank did not take the test (delivery ") && answer.err.contains("): answered 401"));
    let first = receiver.requests()[0].id().parse::<u64>().unwrap();
    receiver.set_secret(secret);
    let took = |id: u64| format!("bank took the test (delivery {id})\n");
    assert_eq!(host.ok(&["destination", "test", "bank"]), took(first + 1));

    // A secret of one's own, next to the old one.
    let new = run(&["destination", "secret"]).ok();
    let file = host.write("secrets", format!("{new}{secret}\n").as_bytes());
    assert_eq!(json_of(&host.ok(&[&set[..], &["--secrets", &file, "--json"]].concat()))["secret_count"], 2);
    receiver.set_secret(new.trim());
    assert_eq!(host.ok(&["destination", "test", "bank"]), took(first + 2));

    assert_eq!(host.ok(&["destination", "pause", "bank"]), "bank is paused\n");
    let answer = host.run(&["destination", "test", "bank"]);
    assert!(answer.err.contains("the host answered 409"), "{}", answer.err);
    assert_eq!(host.ok(&["destination", "resume", "bank"]), "bank is sent to\n");
    assert_eq!(host.ok(&["destination", "delete", "bank"]), "bank is deleted\n");
    assert_eq!(host.ok(&["destination", "list"]), "No destination.\n");
    host.terminate();
}

#[test]
fn a_grant_is_told_refused_sent_again_and_confirmed() {
    let Some(policies) = policies() else { return };
    let mut host = Running::start();
    let receiver = Receiver::start("whsec_", now);
    let file = host.write("secrets", run(&["destination", "secret"]).ok().as_bytes());
    receiver.set_secret(std::fs::read_to_string(&file).unwrap().trim());
    receiver.answer(|_| Answer::status(422));
    let url = receiver.url();
    host.ok(&["destination", "set", "bank", "--url", &url, "--secrets", &file, "--allow-private", "--settles"]);
    host.ok(&["policy", "publish", &policies.join("check_in.wasm")]);
    host.ok(&["campaign", "apply", &repository("demo/campaigns/check-in.toml")]);
    host.ok(&["campaign", "start", "check-in"]);
    let event = json!({"specversion": "1.0", "id": "e1", "source": "/test", "type": "checked_in", "subject": "u1",
        "time": "2026-11-10T09:00:00+08:00", "data": {}});
    host.with_input(&["event", "send"], event.to_string().as_bytes()).ok();

    receiver.wait(|requests, _| !requests.is_empty());
    let id = receiver.requests()[0].id().to_owned();
    let number: u64 = id.parse().unwrap();
    let dead = || json_of(&host.ok(&["delivery", "list", "--state", "dead", "--json"]));
    for _ in 0..100 {
        if dead()["items"][0]["id"].as_u64() == Some(number) {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let shown = host.ok(&["delivery", "show", &id]);
    assert!(shown.starts_with(&format!("delivery {id}: dead\n")) && shown.contains("answered 422: refused"), "{shown}");

    receiver.answer(|_| Answer::status(204));
    let sent = host.ok(&["delivery", "replay", "--destination", "bank"]);
    assert!(sent.ends_with(" sent again\n"), "{sent}");
    receiver.wait(|_, taken| taken.iter().any(|body| body["id"].as_u64() == Some(number)));
    assert!(host.ok(&["delivery", "confirm", &id]).contains("confirmed"));
    let answer = host.run(&["delivery", "fail", &id, "--reason", "too late"]);
    assert_eq!(answer.code, 1);
    assert!(answer.err.contains(&format!("delivery {id} is confirmed and stays so")), "{}", answer.err);
    assert_eq!(host.run(&["delivery", "replay"]).code, 2);
    host.terminate();
}
