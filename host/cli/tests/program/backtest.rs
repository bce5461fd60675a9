//! What a change would have made of recorded and of given events, against what arithmetic says.

use serde_json::{Value, json};

use super::host::{Running, policies, run};
use super::json_of;

/// A campaign of each mechanic that is changed below.
const LOANS: &str = r#"
policy = "sign-up-rebate"
currency = "CNY"
time_zone = "Asia/Shanghai"
opens = "2026-11-01T00:00:00+08:00"
unit_classes = ["cash"]
subscriptions = ["credit-approved", "loan-drawn", "loan-cancelled"]
budgets = [{ unit = "cash:CNY", total = 950000 }]
limits = [{ unit = "cash:CNY", window = "campaign", amount = 95000 }]
"#;
const INVITE: &str = r#"
policy = "invite-for-credit"
currency = "CNY"
time_zone = "Asia/Shanghai"
opens = "2026-11-01T00:00:00+08:00"
unit_classes = ["cash"]
subscriptions = ["friend-user-realname-verified", "user-realname-verified"]
attribution = { touch = "first", window_days = 30, bind_on = ["user.registered"] }
budgets = [{ unit = "cash:CNY", total = 1000000 }]
limits = [{ unit = "cash:CNY", window = "campaign", amount = 100000 }]
"#;
const DAILY: &str = r#"
policy = "check-in"
currency = "CNY"
time_zone = "Asia/Shanghai"
opens = "2026-11-01T00:00:00+08:00"
unit_classes = ["points"]
subscriptions = ["checked-in", "review-posted"]
budgets = [{ unit = "points", total = 1000000 }]
"#;
const A_LOT: &str = "limits = [{ unit = \"points\", window = \"campaign\", amount = 1000000 }]\n";
const DAILY_PARAMS: &str = r#"
[params.daily]
on = ["checked-in"]
rewards = [{ unit = "points", quantity = 5 }]
[[params.tasks]]
id = "review"
on = "review-posted"
per_day = 3
rewards = [{ unit = "points", quantity = 10 }]
"#;

fn rebates(approved: u64, first_loan: u64) -> String {
    format!(
        "rebates = [{{ id = \"approved\", on = \"credit-approved\", unit = \"cash:CNY\", fixed = {approved} }}, \
         {{ id = \"first-loan\", on = \"loan-drawn\", unit = \"cash:CNY\", fixed = {first_loan} }}]\n"
    )
}

fn invitation(indirect: bool) -> String {
    let cash = |quantity: u64| format!("[{{ unit = \"cash:CNY\", quantity = {quantity} }}]");
    let further = if indirect { format!("indirect = {}\n", cash(1_000)) } else { String::new() };
    format!(
        "success = \"user-realname-verified\"\njoiner = {}\ninviter = {}\nonce_per = [\"identity\"]\n{further}",
        cash(2_000),
        cash(2_000)
    )
}

/// Events, each at its time, numbered in the order in which they are added.
#[derive(Default)]
struct Events(Vec<String>);

impl Events {
    fn add(&mut self, kind: &str, customer: &str, time: &str, data: &Value) {
        let id = format!("e{}", self.0.len());
        let event = json!({
            "specversion": "1.0", "id": id, "source": "/test", "type": kind, "subject": customer,
            "time": format!("2026-11-{time}+08:00"), "data": data,
        });
        self.0.push(event.to_string());
    }

    /// Ten are approved, six draw a loan, two cancel it.
    fn loans(&mut self) {
        let money = |minor: u64| json!({"minor": minor, "currency": "CNY"});
        for n in 0..10 {
            let data = json!({"application": format!("a{n}"), "limit": money(1_000_000)});
            self.add("credit.approved", &format!("u{n}"), "02T10:00:00", &data);
        }
        for n in 0..6 {
            let data = json!({"loan": format!("l{n}"), "amount": money(100_000), "periods": 6});
            self.add("loan.drawn", &format!("u{n}"), "03T10:00:00", &data);
        }
        for n in 0..2 {
            self.add("loan.cancelled", &format!("u{n}"), "04T10:00:00", &json!({"loan": format!("l{n}")}));
        }
    }

    /// A invites B, B invites C, C invites D; all verify.
    fn invitations(&mut self) {
        for (day, who, inviter) in
            [("05", "A", None), ("06", "B", Some("A")), ("07", "C", Some("B")), ("08", "D", Some("C"))]
        {
            let data = inviter.map_or_else(|| json!({}), |inviter| json!({"inviter": inviter}));
            self.add("user.registered", who, &format!("{day}T10:00:00"), &data);
            let data = json!({"id_hash": format!("person-{who}")});
            self.add("user.realname_verified", who, &format!("{day}T10:05:00"), &data);
        }
    }

    /// Three customers check in and post three reviews, on each of two days. Gives what each event is worth, in points.
    fn days(&mut self) -> Vec<u64> {
        let mut worth = Vec::new();
        for day in ["09", "10"] {
            for hour in ["08", "09", "10", "11"] {
                for customer in ["x", "y", "z"] {
                    let kind = if hour == "08" { "checked_in" } else { "review.posted" };
                    let data =
                        if hour == "08" { json!({}) } else { json!({"order": format!("{customer}{day}{hour}")}) };
                    self.add(kind, customer, &format!("{day}T{hour}:00:00"), &data);
                    worth.push(if hour == "08" { 5 } else { 10 });
                }
            }
        }
        worth
    }
}

/// A host that has decided all that, and is stopped.
fn decided() -> Option<(Running, Vec<u64>)> {
    let policies = policies()?;
    let mut host = Running::start();
    for policy in ["sign_up_rebate", "invite_for_credit", "check_in"] {
        host.ok(&["policy", "publish", &policies.join(&format!("{policy}.wasm"))]);
    }
    for (id, document) in [
        ("loans", format!("{LOANS}[params]\n{}", rebates(1_500, 8_000))),
        ("invite", format!("{INVITE}[params]\n{}", invitation(true))),
        ("daily", format!("{DAILY}{A_LOT}{DAILY_PARAMS}")),
    ] {
        let file = host.write(&format!("{id}.toml"), document.as_bytes());
        host.ok(&["campaign", "apply", &file]);
        host.ok(&["campaign", "start", id]);
    }
    let mut events = Events::default();
    events.loans();
    events.invitations();
    let worth = events.days();
    let file = host.write("events.ndjson", events.0.join("\n").as_bytes());
    let sent = json_of(&host.ok(&["event", "send", &file, "--batch", "7", "--json"]));
    assert_eq!((&sent["admitted"], &sent["rejected"]), (&json!(events.0.len()), &json!(0)), "{sent}");
    host.terminate();
    Some((host, worth))
}

/// The row of a campaign and unit.
fn of<'a>(report: &'a Value, campaign: &str) -> &'a Value {
    let rows = report["units"].as_array().unwrap();
    rows.iter().find(|row| row["campaign"] == campaign).unwrap_or_else(|| panic!("{campaign}: {report}"))
}

fn quantity(report: &Value, campaign: &str) -> Value {
    of(report, campaign)["quantity"].clone()
}

#[test]
fn a_known_change_makes_the_difference_that_arithmetic_says() {
    let Some((host, worth)) = decided() else { return };
    let data = host.path("data");
    let backtest = |campaign: &str, more: &[&str]| {
        let answer = run(&[&["backtest", "--data-dir", &data, "--campaign", campaign, "--json"], more].concat());
        json_of(&answer.out)
    };

    // Against itself nothing differs, and the run of what is active is what was recorded.
    let same = host.write("same.toml", rebates(1_500, 8_000).as_bytes());
    for more in [&["--params", &same, "--fail-if", "changed"][..], &["--params", &same, "--stateful"]] {
        let report = backtest("loans", more);
        assert_eq!((&report["changed"], &report["worse_off"]), (&json!(0), &json!(0)), "{report}");
    }
    let report = backtest("loans", &["--params", &same, "--stateful"]);
    assert_eq!(report["recorded"], json!({"same": report["decisions"]["now"], "otherwise": 0}), "{report}");
    assert_eq!(report["decisions"]["then"], report["decisions"]["now"]);

    // 15.00 and 80.00 become 20.00 and 60.00: ten are approved, six draw, of whom two cancel.
    let other = host.write("other.toml", rebates(2_000, 6_000).as_bytes());
    let report = backtest("loans", &["--params", &other, "--stateful"]);
    let granted = |approved: u64, loan: u64| 10 * approved + 6 * loan - 2 * loan;
    assert_eq!(quantity(&report, "loans"), json!({"then": granted(1_500, 8_000), "now": granted(2_000, 6_000)}));
    assert_eq!((&report["better_off"], &report["worse_off"]), (&json!(6), &json!(4)), "{report}");
    assert_eq!(quantity(&report, "daily"), json!({"then": 210, "now": 210}), "other campaigns are as they were");
    // Pointwise, what is asked for counts, and nothing is taken back.
    let report = backtest("loans", &["--params", &other]);
    assert_eq!(quantity(&report, "loans"), json!({"then": 10 * 1_500 + 6 * 8_000, "now": 10 * 2_000 + 6 * 6_000}));

    // Direct invitations only: the inviter's inviter loses 10.00 for C and for D.
    let direct = host.write("direct.toml", invitation(false).as_bytes());
    let report = backtest("invite", &["--params", &direct, "--stateful"]);
    let chain = 4 * 2_000 + 3 * 2_000;
    assert_eq!(quantity(&report, "invite"), json!({"then": chain + 2 * 1_000, "now": chain}));
    assert_eq!((&report["better_off"], &report["worse_off"]), (&json!(0), &json!(2)), "{report}");
    let losers: Vec<_> = report["customers"].as_array().unwrap().iter().map(|row| &row["customer"]).collect();
    assert_eq!(losers, [&json!("A"), &json!("B")]);

    // A daily limit of 25: of 5 and three times 10 the last is denied, for three customers on two days.
    let limited = format!("{DAILY}limits = [{{ unit = \"points\", window = \"day\", amount = 25 }}]\n{DAILY_PARAMS}");
    let limited = host.write("limited.toml", limited.as_bytes());
    let report = backtest("daily", &["--document", &limited, "--stateful"]);
    assert_eq!(quantity(&report, "daily"), json!({"then": 210, "now": 210 - 3 * 2 * 10}));
    let denied =
        json!({"campaign": "daily", "unit": "points", "reason": "limit-reached", "count": {"then": 0, "now": 6}});
    assert_eq!(report["kept_back"], json!([denied]));

    // Half the budget: whatever still fits is granted, in the order of the events.
    let total = 105;
    let granted = worth.iter().fold(0, |used, worth| if used + worth <= total { used + worth } else { used });
    let answer = run(&[
        "backtest",
        "--data-dir",
        &data,
        "--campaign",
        "daily",
        "--budget",
        "points=105",
        "--stateful",
        "--json",
        "--fail-if",
        "exhausted",
    ]);
    let report = json_of(&answer.out);
    assert_eq!(quantity(&report, "daily"), json!({"then": 210, "now": granted}));
    // On the second morning 105 are spent, to the last point.
    assert_eq!(of(&report, "daily")["exhausted"], json!({"then": null, "now": "2026-11-10T00:00:00Z"}), "{report}");
    assert!(answer.code == 1 && answer.err.contains("the budget of daily for points runs out"), "{answer:?}");
}

/// A simulation draws by no host's secret: on a host, and without one, it comes to the same prize.
fn draws_are_not_told_beforehand(host: &Running, like: &Value) {
    let mut drawn = like.clone();
    drawn["budgets"][0]["total"] = json!(1_000_000_000);
    drawn["limits"][0]["amount"] = json!(1_000_000_000);
    drawn["subscriptions"] = json!(["chest-opened"]);
    drawn["params"] = json!({"chest": {"needs_days": 0, "range": {"unit": "points", "from": 1, "to": 1_000_000_000}}});
    let mut events = Events::default();
    events.add("chest.opened", "u", "02T09:00:00", &json!({}));
    let event = json_of(&events.0[0]);
    let job = json!({"kind": "simulate", "campaigns": {"drawn": drawn}, "events": [event]});
    let job = host.write("drawn.json", job.to_string().as_bytes());
    let on_the_host = json_of(&host.ok(&["job", "run", &job, "--json"]));

    let (folder, built) = (host.path("simulated"), policies().expect("the host has them"));
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(format!("{folder}/drawn.toml"), toml::to_string(&drawn).unwrap()).unwrap();
    std::fs::copy(built.join("check_in.wasm"), format!("{folder}/check_in.wasm")).unwrap();
    let events = host.write("drawn.ndjson", events.0[0].as_bytes());
    let alone = ["simulate", "--json", "--policies", &folder, "--events", &events, "--campaigns", &folder];
    let alone = json_of(&run(&alone).ok());
    assert!(quantity(&alone, "drawn")["now"].as_u64() > Some(0), "{alone}");
    assert_eq!(quantity(&on_the_host, "drawn"), quantity(&alone, "drawn"));
}

#[test]
fn jobs_find_the_same_on_a_host_that_runs() {
    let Some((mut host, _)) = decided() else { return };
    host.restart();
    let document = |name: &str, text: &str| host.write(name, text.as_bytes());
    let rebates = rebates(2_000, 6_000).replace("rebates = ", "params.rebates = ");
    let other =
        document("other.toml", &format!("kind = \"backtest\"\ncampaign = \"loans\"\nstateful = true\n{rebates}"));
    let report = json_of(&host.ok(&["job", "run", &other, "--json"]));
    assert_eq!(quantity(&report, "loans"), json!({"then": 47_000, "now": 44_000}), "{report}");
    let gated = host.run(&["job", "run", &other, "--fail-if", "worse-off"]);
    assert!(gated.code == 1 && gated.err.contains("4 customers are worse off"), "{gated:?}");

    let replay = document("replay.toml", "kind = \"replay\"\n");
    let replayed = host.ok(&["job", "run", &replay]);
    assert!(replayed.contains("identical in bytes and fuel, 0 not"), "{replayed}");

    let tried = json!({
        "policy": "check-in", "currency": "CNY", "time_zone": "Asia/Shanghai", "opens": "2026-11-01T00:00:00+08:00",
        "unit_classes": ["points"], "subscriptions": ["checked-in"], "budgets": [{"unit": "points", "total": 100}],
        "limits": [{"unit": "points", "window": "day", "amount": 100}],
        "params": {"daily": {"on": ["checked-in"], "rewards": [{"unit": "points", "quantity": 7}]}},
    });
    let mut events = Events::default();
    events.add("checked_in", "u", "02T09:00:00", &json!({}));
    let event = json_of(&events.0[0]);
    let simulate = json!({"kind": "simulate", "campaigns": {"tried": tried}, "events": [event]});
    let simulate = document("simulate.json", &simulate.to_string());
    let simulated = json_of(&host.ok(&["job", "run", &simulate, "--json"]));
    assert_eq!(quantity(&simulated, "tried"), json!({"now": 7}), "{simulated}");
    assert_eq!((&simulated["mode"], &simulated["events"]), (&json!("simulated"), &json!(1)), "{simulated}");

    draws_are_not_told_beforehand(&host, &tried);

    // What they found outlives the host; what was not done has failed.
    let asked = host.ok(&["job", "run", &other, "--no-wait"]);
    let sixth: u64 =
        asked.strip_prefix("job ").and_then(|rest| rest.strip_suffix(" waits\n")).unwrap().parse().unwrap();
    let first = sixth - 5;
    host.kill();
    host.wait();
    host.restart();
    let list = json_of(&host.ok(&["job", "list", "--json"]));
    let ends: Vec<_> =
        list["items"].as_array().unwrap().iter().map(|job| (job["id"].as_u64(), &job["status"])).collect();
    let done = json!("done");
    let before: Vec<_> = (first..sixth).rev().map(|id| (Some(id), &done)).collect();
    assert_eq!(ends[1..], before, "{list}");
    assert_eq!(ends[0].0, Some(sixth));
    let again = json_of(&host.ok(&["job", "show", &first.to_string(), "--json"]));
    assert_eq!(again, report);
    host.terminate();
}
