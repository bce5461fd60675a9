//! Campaigns that are sized before anything is live.

use serde_json::json;

use super::host::{policies, run};
use super::json_of;

const TITLE: &str = "currency = \"CNY\"\ntime_zone = \"Asia/Shanghai\"\nopens = \"2026-03-01T00:00:00+08:00\"\n";

fn event(id: usize, kind: &str, customer: &str, time: &str, data: &serde_json::Value) -> String {
    json!({
        "specversion": "1.0", "id": format!("e{id}"), "source": "/test", "type": kind, "subject": customer, "time": time,
        "data": data,
    })
    .to_string()
}

/// A folder with a campaign that gives a stocked item for registering, and points for checking in.
fn campaigns(folder: &std::path::Path, points: u64) -> String {
    std::fs::create_dir_all(folder.join("units")).unwrap();
    std::fs::create_dir_all(folder.join("pockets")).unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
    let gift = "policy = \"new-user-gift\"\nunit_classes = [\"item\"]\nsubscriptions = [\"user-registered\"]\npockets = [\"gifts\"]\n\
                limits = [{ unit = \"item\", window = \"campaign\", count = 1 }]\n[[params.milestones]]\n";
    let bundle = "on = \"user-registered\"\ngifts = [{ unit = \"item:mug\", quantity = 1, on_shortfall = \"skip\" }]\n";
    write("gift.toml", &format!("{TITLE}{gift}{bundle}"));
    let daily = format!(
        "policy = \"check-in\"\nunit_classes = [\"points\"]\nsubscriptions = [\"checked-in\"]\n\
         budgets = [{{ unit = \"points\", total = 1000 }}]\nlimits = [{{ unit = \"points\", window = \"day\", amount = 1000 }}]\n\
         [params.daily]\non = [\"checked-in\"]\nrewards = [{{ unit = \"points\", quantity = {points} }}]\n"
    );
    write("daily.toml", &format!("{TITLE}{daily}"));
    write(
        "units/item:mug.toml",
        "title = \"A mug\"\nstocked = true\ncost = { amount = 1250, per = 1, currency = \"CNY\" }\n",
    );
    write("pockets/gifts.toml", "title = \"Gifts\"\nbudgets = [{ unit = \"item:mug\", total = 100 }]\n");
    write("stock.toml", "\"item:mug\" = 2\n");
    folder.to_str().unwrap().to_owned()
}

/// Fuel depends on the compiler.
fn without_fuel(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(|line| line.split("; mean fuel").next().unwrap_or_default()).collect();
    lines.join("\n")
}

#[test]
fn campaigns_are_sized_on_events_before_they_are_live() {
    let Some(policies) = policies() else { return };
    let place = tempfile::tempdir().unwrap();
    let five = campaigns(&place.path().join("five"), 5);
    let six = campaigns(&place.path().join("six"), 6);
    // Not in the order of their times; one before the campaigns open, one of no known kind, one that is no event.
    let channel = |name: &str| json!({"channel": name});
    let lines = [
        event(1, "checked_in", "u1", "2026-03-03T09:00:00+08:00", &json!({})),
        event(2, "user.registered", "u1", "2026-03-01T09:00:00+08:00", &channel("app")),
        event(3, "user.registered", "u2", "2026-03-01T10:00:00+08:00", &channel("app")),
        event(4, "user.registered", "u3", "2026-03-01T11:00:00+08:00", &channel("web")),
        event(5, "checked_in", "u1", "2026-02-28T09:00:00+08:00", &json!({})),
        event(6, "checked_in", "u3", "2026-03-03T23:59:59+08:00", &json!({})),
        event(6, "checked_in", "u3", "2026-03-03T23:59:59+08:00", &json!({})),
        event(7, "no.such.kind", "u3", "2026-03-03T12:00:00+08:00", &json!({})),
        "not an event".to_owned(),
    ];
    let events = place.path().join("events.ndjson");
    std::fs::write(&events, lines.join("\n")).unwrap();
    let folder = policies.join("");
    let page = place.path().join("page.html");
    let (events, page) = (events.to_str().unwrap(), page.to_str().unwrap());
    let simulate = |more: &[&str]| {
        run(&[&["simulate", "--policies", &folder, "--events", events, "--json", "--campaigns"], more].concat())
    };

    let report = json_of(&simulate(&[&five, "--segment", "channel", "--html", page]).ok());
    assert_eq!(report["events"], 7, "{report}");
    assert_eq!(
        report["not_run"],
        json!({
            "not acceptable JSON": 1, "the event is there twice": 1, "the event kind no.such.kind is not registered": 1,
        })
    );
    let row = |campaign: &str, unit: &str, now: u64| json!({"campaign": campaign, "unit": unit, "quantity": {"now": now}, "exhausted": {"now": null}});
    let mut mugs = row("gift", "item:mug", 2);
    mugs["cost"] = json!({"amount": {"now": 2_500}, "currency": "CNY"});
    assert_eq!(report["units"], json!([row("daily", "points", 10), mugs]));
    // There were two mugs, for three who registered.
    let kept_back = json!({"campaign": "gift", "unit": "item:mug", "reason": "stock-exhausted", "count": {"now": 1}});
    assert_eq!(report["kept_back"], json!([kept_back]));
    let segment = |segment: &str, unit: &str, customers: u64, quantity: u64| json!({"segment": segment, "unit": unit, "customers": {"now": customers}, "quantity": {"now": quantity}});
    assert_eq!(
        report["segments"],
        json!([segment("app", "item:mug", 2, 2), segment("app", "points", 1, 5), segment("web", "points", 1, 5)])
    );
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.starts_with("<!doctype html>") && page.contains("item:mug") && page.contains("25.00 CNY"), "{page}");
    assert!(!page.contains("http") && !page.contains("<script"), "it needs nothing else");

    let both = json_of(&simulate(&[&six, "--against", &five]).ok());
    assert_eq!(both["units"][0]["quantity"], json!({"then": 10, "now": 12}), "{both}");
    assert_eq!((&both["changed"], &both["better_off"], &both["worse_off"]), (&json!(2), &json!(2), &json!(0)));
    let first = json!({
        "campaign": "daily", "kind": "checked_in", "occurred": "2026-03-03T01:00:00Z", "then": "5 points to u1",
        "now": "6 points to u1",
    });
    assert_eq!(both["customers"][0]["decisions"], json!([first]));
    let text =
        run(&["simulate", "--policies", &folder, "--events", events, "--campaigns", &six, "--against", &five]).ok();
    insta::assert_snapshot!(without_fuel(&text));

    let gate = simulate(&[&six, "--against", &five, "--fail-if", "points>10"]);
    assert!(gate.code == 1 && gate.err.contains("points is 12, 10 then: more than 10 % more"), "{gate:?}");
    std::fs::write(place.path().join("six/daily.toml"), "policy = 1").unwrap();
    let wrong = simulate(&[&six]);
    assert!(wrong.code == 2 && wrong.err.contains("six/daily.toml"), "{wrong:?}");
}

#[test]
fn timers_go_off_at_their_own_time() {
    let Some(policies) = policies() else { return };
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("campaigns");
    std::fs::create_dir_all(folder.join("kinds")).unwrap();
    let campaign = "policy = \"largesse-guests\"\nbudgets = [{ unit = \"points\", total = 100 }]\n\
                    limits = [{ unit = \"points\", window = \"campaign\", amount = 100 }]\n";
    std::fs::write(folder.join("timers.toml"), format!("{TITLE}{campaign}")).unwrap();
    std::fs::write(
        folder.join("kinds/day.checked-in.json"),
        r#"{"type": "object", "properties": {"team": {"type": "string", "x-largesse-role": "entity"}}}"#,
    )
    .unwrap();
    let examples = place.path().join("policies");
    std::fs::create_dir(&examples).unwrap();
    std::fs::copy(policies.join("examples/sets_timers.wasm"), examples.join("sets_timers.wasm")).unwrap();
    // An hour, and then every hour twice more.
    let data = json!({"set": [{"name": "t", "after": 3_600, "note": {"again": 2, "every": 3_600}}]});
    let events = place.path().join("events.ndjson");
    std::fs::write(&events, event(1, "day.checked-in", "u1", "2026-03-01T22:30:00+08:00", &data)).unwrap();
    let [folder, examples, events] = [&folder, &examples, &events].map(|path| path.to_str().unwrap());
    let days = |until: &[&str]| {
        let arguments = ["simulate", "--json", "--campaigns", folder, "--policies", examples, "--events", events];
        json_of(&run(&[&arguments, until].concat()).ok())["days"].clone()
    };
    let day =
        |day: &str, now: u64| json!({"campaign": "timers", "unit": "points", "day": day, "quantity": {"now": now}});
    // The event itself is worth a point.
    assert_eq!(days(&[]), json!([day("2026-03-01", 1)]));
    assert_eq!(days(&["--until", "2026-03-01T23:30:00+08:00"]), json!([day("2026-03-01", 2)]));
    let all = json!([day("2026-03-01", 2), day("2026-03-02", 2)]);
    assert_eq!(days(&["--until", "2026-04-01T00:00:00+08:00"]), all);
}
