//! The ledger as operators and the finance department use it, from the command line.

use std::path::Path;

use rusqlite::Connection;
use serde_json::{Value, json};

use super::host::{self, Running, policies, run};
use super::{event, json_of};

/// A host where a customer has checked in, and got points.
fn with_points() -> Option<Running> {
    let policies = policies()?;
    let host = Running::start();
    host.ok(&["policy", "publish", &policies.join("check_in.wasm")]);
    host.ok(&["campaign", "apply", &host::repository("demo/campaigns/check-in.toml")]);
    host.ok(&["campaign", "start", "check-in"]);
    let events =
        [event(1, "user.registered", "u1", &json!({"channel": "app"})), event(2, "checked_in", "u1", &json!({}))];
    host.with_input(&["event", "send"], events.join("\n").as_bytes()).ok();
    Some(host)
}

fn points(host: &Running) -> Value {
    let shown = json_of(&host.ok(&["customer", "show", "u1", "--json"]));
    shown["balances"].as_array().unwrap().iter().find(|balance| balance["unit"] == "points").unwrap().clone()
}

#[test]
fn points_are_used_taken_back_and_accounted_for() {
    let Some(mut host) = with_points() else { return };
    let given = points(&host)["available"].as_u64().unwrap();
    let terms = host.write("points.toml", b"title = \"Points\"\ncost = { amount = 1, per = 1, currency = \"CNY\" }\n");
    assert!(host.ok(&["unit", "set", "points", &terms]).contains("0.01 CNY"));

    let make = ["redemption", "make", "order/1", "--customer", "u1", "--unit", "points", "--quantity", "2"];
    let made = host.ok(&make);
    assert!(made.starts_with("order/1 is redeemed: 2 of points, u1\n"), "{made}");
    assert_eq!(host.ok(&make), made, "the same again");
    assert_eq!(host.ok(&["redemption", "show", "order/1"]), made);
    let reserve =
        ["--customer", "u1", "--unit", "points", "--quantity", "1", "--reserve-until", "2126-01-01T00:00:00Z"];
    host.ok(&[&["redemption", "make", "order/2"], &reserve[..]].concat());
    assert!(host.ok(&["redemption", "release", "order/2", "--customer", "u1"]).starts_with("order/2 is released"));
    let stolen = host.run(&["redemption", "reverse", "order/1", "--customer", "u2"]);
    assert!(stolen.code == 1 && stolen.err.contains("It is another customer's"), "{stolen:?}");
    assert!(host.ok(&["redemption", "list", "u1"]).contains("order/2"));

    let shown = json_of(&host.ok(&["customer", "show", "u1", "--json"]));
    let key = shown["grants"][0]["key"].as_str().unwrap();
    let back = host.ok(&["grant", "reverse", "check-in", "u1", key, "--id", "fraud/1", "--reason", "fraud"]);
    assert!(back.contains(key), "{back}");
    assert_eq!((&points(&host)["owed"], &points(&host)["available"]), (&json!(2), &json!(0)));
    let nothing = host.run(&["event", "reverse", "/test", "e2", "--id", "fraud/2", "--reason", "fraud"]);
    assert!(nothing.code == 1 && nothing.err.contains("There is nothing left to take back"), "{nothing:?}");

    let accounts = json_of(&host.ok(&["ledger", "accounts", "check-in", "--json"]));
    let of_points = &accounts[0]["units"][0];
    assert_eq!((&of_points["quantity"]["spent"], &of_points["quantity"]["owed"]), (&json!(0), &json!(2)));
    assert_eq!((&of_points["cost"]["expense"], &of_points["cost"]["currency"]), (&json!(2), &json!("CNY")));
    assert!(host.ok(&["ledger", "accounts"]).starts_with("check-in\n"));
    let export = host.ok(&["ledger", "export"]);
    let journal: Vec<Value> = export.lines().map(json_of).collect();
    assert_eq!((&journal[0]["debit"], &journal[0]["quantity"]), (&json!("budget"), &json!(given)));
    let first = journal[0]["number"].to_string();
    assert_eq!(host.ok(&["ledger", "export", "--after", &first]).lines().count(), journal.len() - 1);
    assert!(host.ok(&["ledger", "verify"]).starts_with("The books balance: "));
    host.terminate();
}

#[test]
fn stock_and_reservations_are_held_and_let_go() {
    let Some(mut host) = with_points() else { return };
    let cup = host.write("cup.json", br#"{"title": "A cup", "stocked": true}"#);
    host.ok(&["unit", "set", "item:cup", &cup]);
    let stock = ["unit", "stock", "item:cup", "--id", "truck/1", "--arrives", "5"];
    assert_eq!(host.ok(&stock), "5 of item:cup on hand\n");
    assert_eq!(host.ok(&stock), "5 of item:cup on hand\n");
    assert_eq!(
        host.ok(&["unit", "stock", "item:cup", "--id", "lost", "--written-off", "2"]),
        "3 of item:cup on hand\n"
    );
    assert!(host.ok(&["unit", "list"]).contains("A cup"));
    let pocket = host.write("spring.toml", b"budgets = [{ unit = \"points\", total = 1000 }]\n");
    assert!(host.ok(&["pocket", "set", &pocket]).starts_with("spring\nshared by no campaign\n"));
    assert_eq!(host.ok(&["pocket", "show", "spring"]), host.ok(&["pocket", "list"]));

    let of = ["--campaign", "check-in", "--customer", "u1"];
    let what = ["--unit", "points", "--quantity", "3", "--until", "2126-01-01T00:00:00Z"];
    let held = host.ok(&[&["reservation", "make", "hold:1/a"], &of[..], &what[..]].concat());
    assert!(held.starts_with("reservation/hold:1/a of check-in is pending until 2126"), "{held}");
    assert_eq!(points(&host)["pending"], 3);
    let given = host.ok(&[&["reservation", "commit", "hold:1/a"], &of[..]].concat());
    assert!(given.contains("is posted"), "{given}");
    let late = host.run(&[&["reservation", "release", "hold:1/a"], &of[..]].concat());
    assert!(late.code == 1 && late.err.contains("The grant is not pending"), "{late:?}");
    assert!(host.ok(&["ledger", "verify"]).starts_with("The books balance: "));
    host.terminate();
}

#[test]
fn books_that_were_changed_by_somebody_else_do_not_verify() {
    let Some(mut host) = with_points() else { return };
    let data = host.path("data");
    let verify = ["ledger", "verify", "--data-dir", &data];
    let locked = run(&verify);
    assert!(locked.code == 1 && locked.err.contains("another host is using the data directory"), "{locked:?}");
    host.terminate();
    assert!(run(&verify).ok().starts_with("The books balance: "));
    assert_eq!(json_of(&run(&[&verify[..], &["--json"]].concat()).ok())["balanced"], true);

    let database = Connection::open(Path::new(&data).join("largesse.db")).unwrap();
    database.execute("UPDATE positions SET wallet = wallet + 1, budget = budget - 1", []).unwrap();
    drop(database);
    let answer = run(&verify);
    assert_eq!((answer.code, answer.out.as_str()), (1, ""));
    assert!(
        answer.err.starts_with("error: the books do not balance\n  cause: budget of check-in in points: "),
        "{}",
        answer.err
    );
    let told = run(&[&verify[..], &["--json"]].concat());
    assert_eq!((told.code, &json_of(&told.out)["balanced"]), (1, &json!(false)));

    // The running host says the same.
    host.restart();
    let asked = host.run(&["ledger", "verify"]);
    assert_eq!((asked.code, asked.err), (1, answer.err));
    host.terminate();
}
