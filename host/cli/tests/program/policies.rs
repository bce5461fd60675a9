//! Published policies through the lives of a host: their files, their versions, who signed them.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use largesse_tests::variants::with_section;
use serde_json::{Value, json};

use crate::crash::Client;
use crate::host::{Policies, Running, policies, repository, run};
use crate::{event, json_of};

/// A host with two campaigns, on a policy each.
fn two_campaigns(policies: &Policies) -> Running {
    let host = Running::start();
    for (id, component) in [("check-in", "check_in.wasm"), ("new-user-gift", "new_user_gift.wasm")] {
        host.ok(&["policy", "publish", &policies.join(component)]);
        host.ok(&["campaign", "apply", &repository(&format!("demo/campaigns/{id}.toml"))]);
        host.ok(&["campaign", "start", id]);
    }
    host
}

fn listed(host: &Running, name: &str) -> Value {
    let list = json_of(&host.ok(&["policy", "list", "--json"]));
    let items = list["items"].as_array().unwrap();
    items.iter().find(|item| item["name"] == name).unwrap().clone()
}

/// The file of a policy's component.
fn file_of(host: &Running, name: &str) -> PathBuf {
    let digest = listed(host, name)["digest"].as_str().unwrap().to_owned();
    PathBuf::from(host.path(&format!("data/components/{digest}.wasm")))
}

/// Sends an event. Gives the answer.
fn send(host: &Running, number: usize, kind: &str) -> Value {
    let body = event(number, kind, &format!("u{number}"), &json!({}));
    let answer = Client::of(host).send("POST", "/v1/events", ("application/cloudevents+json", body.as_bytes()));
    answer.expect("the host lives").1
}

fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !done() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_component_that_is_lost_holds_its_campaigns_until_it_is_published_again() {
    let Some(policies) = policies() else { return };
    let mut host = two_campaigns(&policies);
    let file = file_of(&host, "check-in");
    let good = std::fs::read(&file).unwrap();
    let name = file.file_name().unwrap().to_str().unwrap().to_owned();
    let mut flipped = good.clone();
    flipped[1_000] ^= 1;
    let spoils: [(&str, Option<&[u8]>); 3] =
        [("is missing", None), ("does not hold", Some(&flipped)), ("does not hold", Some(&good[..100]))];
    for (number, (said, bytes)) in spoils.into_iter().enumerate() {
        let decided = send(&host, 10 * number, "checked_in");
        assert_eq!(decided["decisions"][0]["verdict"], "accepted", "{decided}");
        host.terminate();
        match bytes {
            Some(bytes) => std::fs::write(&file, bytes).unwrap(),
            None => std::fs::remove_file(&file).unwrap(),
        }
        host.restart();
        let log = host.log();
        let lines: Vec<&str> = log.lines().filter(|line| line.contains("cannot be run")).collect();
        assert_eq!(lines.len(), 1, "{log}");
        for part in [said, &name, "check-in@0.1.0", "until the same bytes are published again"] {
            assert!(lines[0].contains(part), "{part}: {}", lines[0]);
        }
        assert!(listed(&host, "check-in")["broken"].as_str().unwrap().contains(said));
        assert!(host.ok(&["policy", "list"]).contains("Publish the same bytes again."));

        // Its campaign keeps events for later; the other one decides. A campaign cannot begin on it.
        let deferred = json!([{"campaign": "check-in", "subscription": "checked-in", "why": "held"}]);
        for status in ["admitted", "duplicate"] {
            let held = send(&host, 10 * number + 1, "checked_in");
            assert_eq!((&held["status"], &held["deferred"]), (&json!(status), &deferred), "{held}");
        }
        let other = send(&host, 10 * number + 2, "user.registered");
        assert_eq!(other["decisions"][0]["verdict"], "accepted", "{other}");
        let text = std::fs::read_to_string(repository("demo/campaigns/check-in.toml")).unwrap();
        let another = host.write("another.toml", text.as_bytes());
        let refused = host.run(&["campaign", "apply", &another, "--id", "another"]);
        assert!(refused.err.contains("/policy: ") && refused.err.contains("cannot be run"), "{}", refused.err);

        host.ok(&["policy", "publish", &policies.join("check_in.wasm")]);
        assert_eq!(std::fs::read(&file).unwrap(), good);
        assert_eq!(listed(&host, "check-in")["broken"], Value::Null);
        wait_until("the event that was held is decided", || {
            let spend = json_of(&host.ok(&["campaign", "spend", "check-in", "--json"]));
            spend["deferred"] == 0 && spend["verdicts"]["accepted"] == 2 * (number + 1)
        });
    }
    host.terminate();
}

#[test]
fn a_version_is_replaced_for_staging_only() {
    let Some(policies) = policies() else { return };
    let mut host = Running::start();
    let first = std::fs::read(policies.join("check_in.wasm")).unwrap();
    host.ok(&["policy", "publish", &policies.join("check_in.wasm")]);
    let other = host.write("other.wasm", &with_section(&first, b"other"));
    let refused = host.run(&["policy", "publish", &other]);
    let digest = listed(&host, "check-in")["digest"].as_str().unwrap().to_owned();
    assert_eq!(refused.code, 1);
    assert!(
        refused.err.contains("the host answered 409: The version is published with other bytes"),
        "{}",
        refused.err
    );
    assert!(refused.err.contains(&digest), "the digest that has it is named: {}", refused.err);
    host.terminate();

    let mut command = host.command();
    command.arg("--replace-versions");
    assert!(host.launch(command), "{}", host.log());
    host.ok(&["policy", "publish", &other]);
    let shown = json_of(&host.ok(&["policy", "show", "check-in@0.1.0", "--json"]));
    assert_ne!(shown["digest"], digest.as_str());
    assert_eq!(json_of(&host.ok(&["policy", "show", &digest, "--json"]))["digest"], digest.as_str());
    host.terminate();
}

#[test]
fn a_host_that_trusts_a_key_takes_what_it_signed() {
    let Some(policies) = policies() else { return };
    let mut host = Running::new();
    let (key, stranger) = (host.path("release.key"), host.path("stranger.key"));
    let made = run(&["policy", "keygen", &key]).ok();
    run(&["policy", "keygen", &stranger, "--name", "release"]).ok();
    let again = run(&["policy", "keygen", &key]);
    assert!(again.code == 2 && again.err.contains("a key is not written over"), "{}", again.err);
    assert_eq!(std::fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    let (_, configuration) = made.split_once("[policies]").unwrap();
    host.configure(&format!("[policies]{configuration}"));
    host.restart();

    let component = std::fs::read(policies.join("check_in.wasm")).unwrap();
    let file = host.write("check_in.wasm", &component);
    let refusal = |word: &str| {
        let answer = host.run(&["policy", "publish", &file]);
        assert_eq!(answer.code, 1);
        assert!(answer.err.contains(word), "{word}: {}", answer.err);
    };
    refusal("The component is not signed");
    run(&["policy", "sign", &file, "--key", &stranger]).ok();
    refusal("signed by a key that is not trusted");
    run(&["policy", "sign", &file, "--key", &key]).ok();
    host.write("check_in.wasm", &with_section(&component, b"changed since"));
    refusal("The signature does not hold");
    host.write("check_in.wasm", b"damaged");
    std::fs::write(host.path("check_in.wasm.sig"), "damaged").unwrap();
    let answer = host.run(&["policy", "publish", &file]);
    assert!(answer.code == 2 && answer.err.contains("`largesse policy sign` writes one"), "{}", answer.err);
    assert_eq!(host.ok(&["policy", "list"]), "No policy is published. `largesse policy publish FILE` publishes one.\n");

    host.write("check_in.wasm", &component);
    run(&["policy", "sign", &file, "--key", &key]).ok();
    let elsewhere = host.write("elsewhere.sig", &std::fs::read(host.path("check_in.wasm.sig")).unwrap());
    std::fs::remove_file(host.path("check_in.wasm.sig")).unwrap();
    let published = host.ok(&["policy", "publish", &file, "--signature", &elsewhere]);
    assert!(published.ends_with("  signed by release\n"), "{published}");
    host.terminate();
    // It was checked when it was published; who signed it is known from then on.
    host.restart();
    assert_eq!(listed(&host, "check-in")["signed_by"], "release");
    host.terminate();
}

/// The files of compiled code, by name.
fn compiled(host: &Running) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(host.path("data/compiled")).unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn compiled_code_that_is_not_the_hosts_own_is_compiled_again() {
    let Some(policies) = policies() else { return };
    let mut host = two_campaigns(&policies);
    let digest = listed(&host, "check-in")["digest"].as_str().unwrap().to_owned();
    let of_policy = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with(&digest);
    let file = compiled(&host).into_iter().find(of_policy).unwrap();
    let good = std::fs::read(&file).unwrap();
    // The same code, authenticated by another host.
    let stranger = two_campaigns(&policies);
    let foreign = std::fs::read(compiled(&stranger).into_iter().find(of_policy).unwrap()).unwrap();
    assert_ne!(foreign, good);
    drop(stranger);
    let mut flipped = good.clone();
    flipped[good.len() / 2] ^= 1;
    let of_another_engine = file.with_file_name(format!("{digest}-00000000.cwasm"));

    let spoils: [(&str, &[u8]); 4] =
        [("cut short", &good[..good.len() / 2]), ("empty", b""), ("flipped", &flipped), ("another host's", &foreign)];
    for (number, (what, bytes)) in spoils.into_iter().enumerate() {
        host.terminate();
        std::fs::write(&file, bytes).unwrap();
        std::fs::write(&of_another_engine, &good).unwrap();
        host.restart();
        let log = host.log();
        let lines = |part: &str| log.lines().filter(|line| line.contains(part)).count();
        assert_eq!(lines("compiled again"), 1, "{what}: {log}");
        assert_eq!(lines("that this engine does not use is removed"), 1, "{what}: {log}");
        let again = std::fs::read(&file).unwrap();
        assert_ne!(again, bytes, "{what}: it is written anew");
        assert_eq!(again.len(), good.len(), "{what}");
        assert!(!of_another_engine.exists());
        let decided = send(&host, number, "checked_in");
        assert_eq!(decided["decisions"][0]["verdict"], "accepted", "{what}: {decided}");
    }
    // What was compiled again is used from then on.
    host.terminate();
    host.restart();
    assert!(!host.log().contains("compiled"), "{}", host.log());
    host.terminate();
}

/// A component with a function of so many blocks, each within the one before, and nothing else.
fn nested(blocks: usize) -> Vec<u8> {
    let sized = |content: Vec<u8>| {
        let size = [(content.len() & 0x7f) as u8 | 0x80, (content.len() >> 7) as u8];
        [&size[..], &content].concat()
    };
    let body = [&[0][..], &[0x02, 0x40].repeat(blocks), &[0x0b].repeat(blocks), &[0x0b]].concat();
    let code = [&[1][..], &sized(body)].concat();
    let types_and_functions = b"\x01\x04\x01\x60\0\0\x03\x02\x01\0";
    let module = [&b"\0asm\x01\0\0\0"[..], types_and_functions, &[0x0a], &sized(code)].concat();
    [&b"\0asm\x0d\0\x01\0\x01"[..], &sized(module)].concat()
}

#[test]
fn interpreters_are_taken_where_it_is_said() {
    let mut host = Running::start();
    let file = host.write("nested.wasm", &nested(201));
    let says =
        "nests blocks deeper than 200; what has an interpreter in it goes only to a host that takes interpreters";
    let checked = |arguments: &[&str]| run(&[&["policy", "check", &file], arguments].concat()).out;
    assert!(checked(&[]).contains(says), "{}", checked(&[]));
    assert!(checked(&["--interpreters"]).contains("does not export `largesse:policy/policy`"), "its shape is taken");

    let published = |host: &Running| host.run(&["policy", "publish", &file]).err;
    assert!(published(&host).contains(says), "{}", published(&host));
    host.terminate();
    host.configure("[policies]\ninterpreters = true");
    host.restart();
    assert!(published(&host).contains("does not export `largesse:policy/policy`"), "{}", published(&host));
    host.terminate();
}
