//! A backup is put back after the host went on: nothing is paid twice, dropped, or taken from the wrong customer.
//!
//! The receiver does as `docs/deliveries.md` tells it: it takes each `webhook-id` once, and pays a grant once by what names it in any time
//! line. What it says of a grant it says late.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use largesse_tests::receiver::Receiver;
use rusqlite::Connection;
use serde_json::{Value, json};

use super::crash::verify_books;
use super::host::{Running, policies, repository, run};
use super::json_of;

/// A group of customers, who check in once each.
struct Group(&'static str, std::ops::Range<usize>);

/// Before the backup.
const EARLY: Group = Group("early", 0..40);
/// While the backup is taken and after it: lost by the restore, and sent again.
const LOST: Group = Group("lost", 0..40);
/// Served first by the restored host.
const OTHER: Group = Group("other", 0..60);

impl Group {
    fn customers(&self) -> impl Iterator<Item = String> {
        let Self(name, numbers) = self;
        numbers.clone().map(move |number| format!("{name}-{number}"))
    }

    /// Their events, one a line.
    fn events(&self) -> String {
        let event = |customer: String| {
            let event = json!({"specversion": "1.0", "id": customer, "source": "/test", "type": "checked_in", "subject": customer,
                "time": "2026-11-10T09:00:00+08:00", "data": {}});
            event.to_string()
        };
        self.customers().map(event).collect::<Vec<_>>().join("\n")
    }
}

fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

/// What a receiver has paid whom, by what names a grant in any time line.
fn paid(receiver: &Receiver) -> BTreeMap<(String, String, String, u64), u64> {
    let mut paid = BTreeMap::new();
    for body in receiver.taken().iter().filter(|body| body["type"] == "grant.granted") {
        let grant = &body["data"];
        let text = |name: &str| grant[name].as_str().unwrap().to_owned();
        let key = (text("campaign"), text("to"), text("key"), grant["issue"].as_u64().unwrap());
        // Told of again, under another id, it is not paid again.
        paid.entry(key).or_insert(grant["quantity"].as_u64().unwrap());
    }
    paid
}

fn ids(receiver: &Receiver) -> BTreeSet<u64> {
    receiver.taken().iter().map(|body| body["id"].as_u64().unwrap()).collect()
}

/// A host that tells a receiver, which settles, of what a campaign gives for checking in.
fn host_and_receiver() -> Option<(Running, Receiver)> {
    let policies = policies()?;
    let (host, receiver) = (Running::start(), Receiver::start("whsec_", now));
    let file = host.write("secrets", run(&["destination", "secret"]).ok().as_bytes());
    receiver.set_secret(std::fs::read_to_string(&file).unwrap().trim());
    let set = ["destination", "set", "bank", "--secrets", &file, "--topic", "grant.*", "--allow-private", "--settles"];
    host.ok(&[&set[..], &["--url", &receiver.url()]].concat());
    host.ok(&["policy", "publish", &policies.join("check_in.wasm")]);
    host.ok(&["campaign", "apply", &repository("demo/campaigns/check-in.toml")]);
    host.ok(&["campaign", "start", "check-in"]);
    Some((host, receiver))
}

fn send(host: &Running, events: &str) -> Value {
    json_of(&host.with_input(&["event", "send", "--batch", "5", "--json"], events.as_bytes()).ok())
}

/// Takes a backup of a database while its host runs.
fn back_up(host: &Running) -> String {
    let backup = host.path("backup.db");
    let database = Connection::open(Path::new(&host.path("data")).join("largesse.db")).unwrap();
    database.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
    database.execute("VACUUM INTO ?1", [&backup]).unwrap();
    backup
}

/// Puts a backup in the place of the database of a host that is dead.
fn restore(host: &Running, backup: &str) {
    let data = host.path("data");
    for name in ["largesse.db", "largesse.db-wal", "largesse.db-shm"] {
        let _ = std::fs::remove_file(Path::new(&data).join(name));
    }
    std::fs::copy(backup, Path::new(&data).join("largesse.db")).unwrap();
}

/// What the host says that a customer has.
fn points(host: &Running, customer: &str) -> u64 {
    let shown = json_of(&host.ok(&["customer", "show", customer, "--json"]));
    let balances = shown["balances"].as_array().unwrap();
    balances
        .iter()
        .filter(|balance| balance["unit"] == "points")
        .map(|balance| balance["available"].as_u64().unwrap())
        .sum()
}

/// Says late of the deliveries of the lost time line that they failed, and that they were carried out: the restored host knows nothing of them, and
/// takes nothing from anybody. Gives those that it does not know.
fn refused_late(host: &Running, lost: &BTreeSet<u64>) -> Vec<u64> {
    let list = json_of(&host.ok(&["delivery", "list", "--limit", "500", "--json"]));
    let known: BTreeSet<u64> =
        list["items"].as_array().unwrap().iter().map(|item| item["id"].as_u64().unwrap()).collect();
    let unknown: Vec<u64> = lost.difference(&known).copied().collect();
    assert!(!unknown.is_empty(), "the backup was taken after all was over");
    for id in &unknown {
        let id = id.to_string();
        for settle in [&["delivery", "fail", &id, "--reason", "account closed"][..], &["delivery", "confirm", &id]] {
            let refused = host.run(settle);
            assert!(refused.code == 1 && refused.err.contains("before a backup was restored"), "{refused:?}");
        }
    }
    let given = points(host, "early-0");
    assert!(given > 0);
    for customer in OTHER.customers() {
        assert_eq!(points(host, &customer), given, "{customer}");
    }
    unknown
}

#[test]
fn a_restored_host_repeats_no_id() {
    let Some((mut host, receiver)) = host_and_receiver() else { return };
    send(&host, &EARLY.events());
    receiver.wait_taken(40);
    let kept = ids(&receiver);
    // The backup is taken in the middle of the load.
    let backup = std::thread::scope(|scope| {
        let sending = scope.spawn(|| send(&host, &LOST.events()));
        let backup = back_up(&host);
        sending.join().unwrap();
        backup
    });
    receiver.wait_taken(80);
    let lost: BTreeSet<u64> = ids(&receiver).difference(&kept).copied().collect();
    let before = json_of(&host.ok(&["runs", "--json"]));
    host.kill();
    host.wait();
    restore(&host, &backup);

    // The runbook: how far each source got, then the host is started.
    let sources = json_of(&run(&["event", "sources", "--data-dir", &host.path("data"), "--json"]).ok());
    let taken = sources["items"][0]["events"].as_u64().unwrap();
    assert!((40..80).contains(&taken), "{sources}");
    host.restart();
    send(&host, &OTHER.events());
    // Of those that were taken before the backup some are told again, under their old ids; all others are new.
    receiver.wait_taken(140);
    let new: BTreeSet<u64> = ids(&receiver).into_iter().filter(|id| !kept.contains(id) && !lost.contains(id)).collect();
    assert_eq!(new.len(), 60, "no id of the lost time line was used again");

    let unknown = refused_late(&host, &lost);

    // The source sends again what it sent since: some of it is known.
    let sent = send(&host, &LOST.events());
    assert_eq!((&sent["admitted"], &sent["duplicates"]), (&json!(80 - taken), &json!(taken - 40)));
    receiver.wait_taken(140 + unknown.len());

    let paid = paid(&receiver);
    let everybody: BTreeSet<String> = [EARLY, LOST, OTHER].iter().flat_map(Group::customers).collect();
    assert_eq!(paid.keys().map(|(_, to, ..)| to.clone()).collect::<BTreeSet<_>>(), everybody, "nothing is dropped");
    assert_eq!(paid.len(), everybody.len(), "nothing is paid twice");
    for customer in &everybody {
        let got: u64 = paid.iter().filter(|((_, to, ..), _)| to == customer).map(|(_, quantity)| quantity).sum();
        assert_eq!(got, points(&host, customer), "{customer}");
    }

    let runs = json_of(&host.ok(&["runs", "--json"]));
    let (runs, before) = (runs["items"].as_array().unwrap(), before["items"].as_array().unwrap());
    assert_eq!((runs.len(), before.len()), (2, 1));
    assert_eq!(runs[0], before[0]);
    assert!(runs[1]["first"]["delivery"].as_u64() > lost.last().copied(), "{runs:?}");
    host.terminate();
    let data = host.path("data");
    assert!(run(&["decision", "verify", "--data-dir", &data]).ok().starts_with("The chain holds: 140 decisions."));
    verify_books(Path::new(&data));
}

/// A database that is lost altogether, and replaced by an empty one, repeats no number either.
#[test]
fn an_empty_database_in_the_place_of_a_lost_one_begins_elsewhere() {
    let first = |name: &str| {
        let (mut host, _receiver) = host_and_receiver()?;
        send(&host, &EARLY.events());
        let runs = json_of(&host.ok(&["runs", "--json"]));
        host.terminate();
        Some(runs["items"][0]["first"][name].as_u64().unwrap())
    };
    let (Some(one), Some(other)) = (first("delivery"), first("delivery")) else { return };
    assert!(one.abs_diff(other) > 1_000, "{one} and {other} were drawn among 2^43");
}
