//! What the runner of scenarios does itself: the policies' own scenario files are run with the activities.

use largesse_conformance::Versions;

use crate::fixture::{component, workers};

/// A runner that finds nothing wrong with anything would pass everything.
#[test]
fn a_wrong_expectation_fails_with_its_line() {
    let text = r#"
title = "Expects too much"
[campaign]
currency = "CNY"
time_zone = "Asia/Shanghai"
opens = "2026-03-01T00:00:00+08:00"
unit_classes = ["points"]
budgets = [{ unit = "points", total = 100 }]
limits = [{ unit = "points", window = "campaign", amount = 100 }]
[campaign.params]
daily = { on = ["checked-in"], rewards = [{ unit = "points", quantity = 5 }] }
[[step]]
event = { kind = "checked_in", customer = "u1", time = "2026-03-01T09:00:00+08:00", data = {} }
grants = [{ to = "u1", unit = "points", quantity = 6 }]
[totals]
u1 = { points = 7 }
"#;
    let failures = largesse_conformance::run(text, Versions::only(&component("check_in")), &workers()).failures;
    let texts: Vec<String> = failures.iter().map(ToString::to_string).collect();
    assert_eq!(texts.len(), 2, "{texts:?}");
    assert!(
        texts[0].starts_with("line 12: grants: missing 6 points to u1; unexpected 5 points to u1 (day/20513)"),
        "{texts:?}"
    );
    assert_eq!(texts[1], "line 16: totals: missing 7 points of u1; unexpected 5 points of u1");
}

const TIMERS: &str = r#"
title = "A timer goes off, is set again and cancelled"
[campaign]
currency = "CNY"
time_zone = "Asia/Shanghai"
opens = "2026-03-01T00:00:00+08:00"
unit_classes = ["points"]
budgets = [{ unit = "points", total = 100 }]
limits = [{ unit = "points", window = "campaign", amount = 100 }]
[kinds."day.checked-in"]
type = "object"
properties = { team = { type = "string", x-largesse-role = "entity" } }
[[step]]
advance = "2026-03-01T08:00:00+08:00"
[[step]]
event = { kind = "day.checked-in", customer = "u1", time = "2026-03-01T09:00:00+08:00", data = { set = [{ name = "remind", after = 3600, note = { again = 2, every = 3600 } }] } }
grants = [{ to = "u1", unit = "points", quantity = 1 }]
timers = [{ owner = "u1", name = "remind", due = "2026-03-01T10:00:00+08:00" }]
[[step]]
advance = "2026-03-01T10:30:00+08:00"
grants = [{ to = "u1", key = "fired/remind/1772330400000", unit = "points", quantity = 1 }]
timers = [{ name = "remind", due = "2026-03-01T03:00:00Z" }]
[[step]]
# On the way to the event the timer goes off once more.
event = { kind = "day.checked-in", customer = "u1", time = "2026-03-01T11:30:00+08:00", data = { cancel = ["remind"] } }
grants = [{ to = "u1", unit = "points", quantity = 1 }]
timers = [{ name = "remind", due = "2026-03-01T12:00:00+08:00" }]
skipped = ["already-granted"]
cancelled = ["remind"]
[[step]]
event = { kind = "day.checked-in", customer = "u2", time = "2026-03-01T11:40:00+08:00", data = { set = [{ name = "at-once", after = 0 }] } }
timers = [{ name = "at-once", due = "2026-03-01T11:40:00+08:00" }]
grants = [{ to = "u2", key = "day", unit = "points", quantity = 1 }, { to = "u2", unit = "points", quantity = 1 }]
[[step]]
advance = "2026-03-08T00:00:00+08:00"
grants = []
timers = []
[totals]
u1 = { points = 3 }
u2 = { points = 2 }
"#;

#[test]
fn time_passes_and_timers_go_off() {
    let run = |text: &str| {
        let failures = largesse_conformance::run(text, Versions::only(&component("sets_timers")), &workers()).failures;
        failures.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(run(TIMERS), [""; 0]);
    let wrong = run(&TIMERS.replace("03:00:00Z", "04:00:00Z").replace("cancelled = [\"remind\"]", "cancelled = []"));
    assert_eq!(wrong.len(), 2, "{wrong:?}");
    let timers =
        "line 19: timers: missing remind at 2026-03-01T04:00:00Z; unexpected remind of u1 at 2026-03-01T03:00:00Z";
    assert!(wrong[0].starts_with(timers), "{wrong:?}");
    assert!(wrong[1].starts_with("line 23: cancelled: unexpected remind"), "{wrong:?}");
}

const HOLDS: &str = r#"
title = "Points pay for orders"
[campaign]
currency = "CNY"
time_zone = "Asia/Shanghai"
opens = "2026-03-01T00:00:00+08:00"
unit_classes = ["points"]
budgets = [{ unit = "points", total = 100 }]
limits = [{ unit = "points", window = "campaign", amount = 100 }]
[kinds."day.checked-in"]
type = "object"
[[step]]
event = { kind = "day.checked-in", customer = "u1", time = "2026-03-01T09:00:00+08:00", data = { grants = [{ key = "a", unit = "points", quantity = 30 }, { key = "b", unit = "points", quantity = 5, hold = 3600, void = true }] } }
reserved = []
committed = []
[[step]]
event = { kind = "day.checked-in", customer = "u1", time = "2026-03-01T09:01:00+08:00", data = { reserve = [{ key = "order/1", unit = "points", quantity = 20, until = 3600 }, { key = "order/2", unit = "points", quantity = 20, until = 3600, on_shortfall = "reduce" }] } }
reserved = [{ to = "u1", key = "order/1", unit = "points", quantity = 20 }, { to = "u1", unit = "points", quantity = 10 }]
[[step]]
event = { kind = "day.checked-in", customer = "u1", time = "2026-03-01T09:02:00+08:00", data = { settle = [{ reservation = "order/1" }, { grant = "b" }, { reservation = "order/2", release = true }] } }
committed = [{ to = "u1", key = "order/1", unit = "points", quantity = 20 }, { to = "u1", key = "b", unit = "points", quantity = 5 }]
released = [{ to = "u1", key = "order/2", unit = "points", quantity = 10 }]
[[step]]
event = { kind = "day.checked-in", customer = "u1", time = "2026-03-01T09:03:00+08:00", data = { settle = [{ reservation = "order/2", required = true }] } }
denied = "nothing-to-settle"
"#;

#[test]
fn what_is_held_is_settled() {
    let run = |text: &str| {
        let failures =
            largesse_conformance::run(text, Versions::only(&component("grants_as_told")), &workers()).failures;
        failures.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(run(HOLDS), [""; 0]);
    let wrong = run(&HOLDS.replace("quantity = 10 }]", "quantity = 11 }]").replace("committed = []", ""));
    assert_eq!(wrong.len(), 2, "{wrong:?}");
    assert!(wrong[0].contains("reserved: missing 11 points to u1; unexpected 10 points to u1 (order/2)"), "{wrong:?}");
    assert!(wrong[1].contains("released: missing 11 points to u1 (order/2); unexpected 10"), "{wrong:?}");
}

const SWAPPED: &str = r#"
title = "What version 1 kept is carried over"
begins_with = "before"
[campaign]
currency = "CNY"
time_zone = "Asia/Shanghai"
opens = "2026-03-01T00:00:00+08:00"
unit_classes = ["points"]
budgets = [{ unit = "points", total = 100 }]
limits = [{ unit = "points", window = "campaign", amount = 100 }]
[kinds."day.checked-in"]
type = "object"
[[step]]
event = { kind = "day.checked-in", customer = "u1", time = "2026-03-01T09:00:00+08:00", data = { } }
states = { u1 = { n = 1, unlucky = false }, u2 = { n = 1 } }
[[step]]
activate = "tested"
states = { u1 = { n = 1, unlucky = false } }
[[step]]
event = { kind = "day.checked-in", customer = "u1", time = "2026-03-02T09:00:00+08:00", data = { } }
states = { u1 = { count = 2 } }
balances = { u1 = { points = 2 } }
[[step]]
activate = "before"
params = {}
[[step]]
event = { kind = "day.checked-in", customer = "u1", time = "2026-03-03T09:00:00+08:00", data = { } }
states = { u1 = { n = 3, unlucky = false } }
[[step]]
activate = "nowhere"
"#;

#[test]
fn versions_are_swapped_in_the_middle() {
    let named = |name: &str| match name {
        "before" => Ok(component("counts_as_1")),
        other => Err(format!("there is no {other}")),
    };
    let tested = component("counts_as_2");
    let report = largesse_conformance::run(SWAPPED, Versions { tested: &tested, named: &named }, &workers());
    let texts: Vec<String> = report.failures.iter().map(ToString::to_string).collect();
    assert_eq!(
        texts,
        ["line 13: states: missing u2: {\"n\":1}; unexpected u2: nothing is kept", "line 29: there is no nowhere"]
    );
    assert_eq!(report.seen.fuel.len(), 1, "only decisions of the component under test count");
    let without = SWAPPED.replace("begins_with = \"before\"\n", "begins_with = \"nobody\"\n");
    let report = largesse_conformance::run(&without, Versions { tested: &tested, named: &named }, &workers());
    assert_eq!(report.failures[0].to_string(), "line 3: there is no nobody");
    // A version that cannot carry a state over is not activated.
    let unlucky = SWAPPED.replace("09:00:00+08:00\", data = { }", "09:00:00+08:00\", data = { unlucky = true }");
    let report = largesse_conformance::run(&unlucky, Versions { tested: &tested, named: &named }, &workers());
    let refused = report.failures.iter().find(|failure| failure.line == 16).expect("the step fails");
    assert!(refused.to_string().contains("tested is not activated: "), "{refused}");
}

#[test]
fn expectations_are_rewritten_to_what_happened() {
    let wrong = TIMERS
        .replace("quantity = 1 }]", "quantity = 9 }]")
        .replace("skipped = [\"already-granted\"]", "skipped = [] # of the timer")
        .replace("cancelled = [\"remind\"]", "cancelled = [\"remind\", \"other\"]")
        .replace("u1 = { points = 3 }", "u1 = { points = 0 } # in all");
    let component = component("sets_timers");
    let run = |text: &str| largesse_conformance::run(text, Versions::only(&component), &workers());
    let report = run(&wrong);
    assert_eq!(report.failures.len(), 7, "{:?}", report.failures);
    let text = largesse_conformance::updated(&wrong, &report).expect("there is something to rewrite");
    assert_eq!(run(&text).failures, []);
    let right = TIMERS
        .replace("skipped = [\"already-granted\"]", "skipped = [\"already-granted\"] # of the timer")
        .replace("u1 = { points = 3 }", "u1 = { points = 3 } # in all");
    assert_eq!(text, right);
    assert_eq!(largesse_conformance::updated(&text, &run(&text)), None);
}
