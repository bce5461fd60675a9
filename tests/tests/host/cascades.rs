//! What the host did is told to campaigns that hear of it: once, in order, with the commit that did it, and never round in circles.

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use largesse_domain::cascade::{EVENT_SOURCE, Happening};
use largesse_domain::event::Event;
use largesse_domain::id::{DecisionId, EventSeq, RequestId};
use largesse_domain::lifecycle::Command;
use largesse_domain::limits::CASCADE_DEPTH_MAX;
use largesse_domain::outcome::{Decision, Verdict};
use largesse_domain::redemption::RedemptionRequest;
use largesse_domain::reversal::{ReversalRequest, ReversalTarget};
use largesse_domain::unit::{Quantity, Unit};
use largesse_service::backtest::{self, Alternative, Engines, Recorded};
use largesse_service::commands::{Redeem, Reverse};
use largesse_service::components::{self, Components};
use largesse_service::intake::{self, Backfill, Rejected};
use largesse_store::{DecisionFilter, SqliteStore};
use serde_json::{Value, json};

use crate::fixture::{Host, at, campaign, event, workers};

const NINE: &str = "2026-03-01T09:00:00+08:00";

fn terms(units: &[&str]) -> Value {
    let budget = |unit: &&str| json!({"unit": unit, "total": 100_000});
    let limit = |unit: &&str| json!({"unit": unit, "window": "campaign", "amount": 100_000});
    json!({
        "currency": "CNY", "time_zone": "Asia/Shanghai", "opens": "2026-03-01T00:00:00+08:00", "params": {},
        "unit_classes": units, "budgets": units.iter().map(budget).collect::<Vec<_>>(),
        "limits": units.iter().map(limit).collect::<Vec<_>>(),
    })
}

/// A campaign that hears of these kinds.
async fn hears(host: &Host, id: &str, kinds: &[&str], params: Value) {
    let mut document = terms(&["growth"]);
    let subscriptions: Vec<String> = kinds.iter().map(|kind| kind.replace('.', "-")).collect();
    document["subscriptions"] = json!([&subscriptions[..], &["timers".to_owned()]].concat());
    document["params"] = params;
    host.campaign(id, "hears", document).await;
}

/// A host with a campaign that gives what its events say.
async fn prepare(host: &Host) {
    host.register_guest_kind().await;
    host.campaign("gives", "grants_as_told", terms(&["points"])).await;
}

fn told(customer: &str, time: &str, data: Value) -> Value {
    event("day.checked-in", customer, time, data)
}

fn points(key: &str, quantity: u64) -> Value {
    json!({"grants": [{"key": key, "unit": "points", "quantity": quantity}]})
}

async fn decisions(host: &Host) -> Vec<Decision> {
    let all = host.service.read(|store| store.decisions(&DecisionFilter::default(), DecisionId(0), usize::MAX));
    all.await.expect("the store reads")
}

/// What campaigns heard, in order: campaign, kind and customer.
async fn heard(host: &Host) -> Vec<String> {
    let caused = decisions(host).await.into_iter().filter(|decision| is_caused(&decision.input.event));
    let said = |decision: Decision| {
        let event = &decision.input.event;
        assert!(matches!(decision.verdict, Verdict::Accepted(_) | Verdict::Refused), "{:?}", decision.verdict);
        format!("{} {} {}", decision.campaign, event.kind, event.actor)
    };
    caused.map(said).collect()
}

fn is_caused(event: &Event) -> bool {
    event.key.source.as_str() == EVENT_SOURCE
}

/// The data of what was heard, in order.
async fn data(host: &Host) -> Vec<Value> {
    let caused = decisions(host).await.into_iter().filter(|decision| is_caused(&decision.input.event));
    caused.map(|decision| serde_json::from_str(decision.input.event.data.as_str()).expect("data are JSON")).collect()
}

#[tokio::test]
async fn a_campaign_hears_of_what_another_gave() {
    let host = Host::in_memory();
    prepare(&host).await;
    hears(&host, "hears", &["benefit.granted", "points.changed"], json!({"growth": 5})).await;
    let answer = host.send_one(told("ann", NINE, points("a", 30))).await;
    assert_eq!(answer.decisions.len(), 1, "the sender is answered what its event came to");
    assert_eq!(heard(&host).await, ["hears benefit.granted ann", "hears points.changed ann"]);
    let cause = json!({"decision": 1, "campaign": "gives", "depth": 1, "through": ["gives"]});
    let granted =
        json!({"campaign": "gives", "key": "a", "unit": "points", "quantity": 30, "pending": false, "choice": 0});
    let changed = json!({"unit": "points", "delta": 30, "balance": 30});
    let with_cause = |mut data: Value| {
        data["cause"] = cause.clone();
        data
    };
    assert_eq!(data(&host).await, [with_cause(granted), with_cause(changed)]);
    let all = decisions(&host).await;
    let seqs: Vec<_> = all.iter().map(|decision| (decision.event.0, decision.input.event.occurred)).collect();
    assert_eq!(seqs, [1, 2, 3].map(|seq| (seq, at(NINE))), "numbered behind what caused them, at its time");
    host.send_one(told("ann", "2026-03-01T10:00:00+08:00", points("b", 12))).await;
    assert_eq!(data(&host).await[3]["balance"], 42);
    let growth: u64 = host.grants("ann").await.iter().filter(|grant| grant.1 == "growth").map(|grant| grant.2).sum();
    assert_eq!(growth, 20);
    host.service.stop().await;
}

#[tokio::test]
async fn nothing_is_made_that_nobody_hears_of() {
    let host = Host::in_memory();
    prepare(&host).await;
    hears(&host, "hears", &["benefit.revoked"], json!({})).await;
    host.send_one(told("ann", NINE, points("a", 30))).await;
    let next = host.send_one(told("ann", "2026-03-01T10:00:00+08:00", points("b", 1))).await;
    assert_eq!((next.seq, heard(&host).await.len()), (EventSeq(2), 0));
    host.service.stop().await;
}

#[tokio::test]
async fn an_event_sent_again_causes_nothing_again_over_stops() {
    let folder = tempfile::tempdir().expect("a folder");
    {
        let host = Host::on_disk(folder.path());
        prepare(&host).await;
        hears(&host, "hears", &["points.changed"], json!({"growth": 5})).await;
        host.send_one(told("ann", NINE, points("a", 30))).await;
        host.service.stop().await;
    }
    let host = Host::on_disk(folder.path());
    host.send(vec![told("ann", NINE, points("a", 30))]).await;
    assert_eq!(heard(&host).await, ["hears points.changed ann"]);
    let next = host.send_one(told("bob", "2026-03-01T10:00:00+08:00", points("a", 1))).await;
    assert_eq!(next.seq, EventSeq(3));
    assert_eq!(heard(&host).await, ["hears points.changed ann", "hears points.changed bob"]);
    host.service.stop().await;
}

#[tokio::test]
async fn a_backtest_makes_its_own_and_comes_to_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let host = Host::on_disk(folder.path());
    prepare(&host).await;
    hears(&host, "hears", &["benefit.granted", "points.changed"], json!({"growth": 5})).await;
    hears(&host, "and-then", &["growth.changed"], json!({"tag": "grown"})).await;
    for (customer, key) in [("ann", "a"), ("bob", "a"), ("ann", "b")] {
        let time = format!("2026-03-01T{}:00:00+08:00", if key == "a" { 10 } else { 11 });
        host.send_one(told(customer, &time, points(key, 30))).await;
    }
    let made = decisions(&host).await.len() as u64;
    host.service.stop().await;
    drop(host);
    let store = SqliteStore::open(folder.path().join("largesse.db")).expect("the database opens");
    let components = Dir::open_ambient_dir(folder.path().join(components::FOLDER), ambient_authority());
    let components = components.and_then(Components::in_folder).expect("the folder of components can be opened");
    let recorded = Recorded {
        store: &store,
        components: &components,
        campaign: campaign("hears"),
        alternative: Alternative::default(),
        segment: None,
    };
    let engines = Engines { workers: [workers(), workers()], seed_secret: [9; 32] };
    let report = backtest::stateful(&recorded, &engines, |_| ()).await.expect("it runs");
    let recorded = report.recorded.expect("it is held to the record");
    assert_eq!((recorded.same, recorded.otherwise, made), (made, 0, 15));
}

#[tokio::test]
async fn campaigns_that_hear_of_one_another_come_to_an_end() {
    let host = Host::in_memory();
    prepare(&host).await;
    for id in ["one", "two"] {
        hears(&host, id, &["benefit.granted"], json!({"growth": 1})).await;
    }
    host.send_one(told("ann", NINE, points("a", 1))).await;
    let expected = ["one", "two", "two", "one"].map(|id| format!("{id} benefit.granted ann"));
    assert_eq!(heard(&host).await, expected, "each hears of the other once, and of itself never");
    let through: Vec<_> = data(&host).await.iter().map(|data| data["cause"]["through"].clone()).collect();
    let first = json!(["gives"]);
    assert_eq!(through, [first.clone(), first, json!(["gives", "one"]), json!(["gives", "two"])]);
    host.service.stop().await;
}

#[tokio::test]
async fn a_chain_of_campaigns_is_cut() {
    let host = Host::in_memory();
    prepare(&host).await;
    for link in 1..=CASCADE_DEPTH_MAX + 2 {
        let params = json!({"only": format!("\"tag\":\"t{}\"", link - 1), "tag": format!("t{link}")});
        hears(&host, &format!("link-{link}"), &["tag.added"], params).await;
    }
    let mut first = points("a", 1);
    first["tag"] = "t0".into();
    host.send_one(told("ann", NINE, first)).await;
    let tags =
        host.service.read(|store| store.customer(&"ann".parse().expect("an id"))).await.expect("the store reads");
    let tags: Vec<String> = tags.expect("she is known").tags.keys().map(ToString::to_string).collect();
    let expected: Vec<String> = (0..=CASCADE_DEPTH_MAX).map(|link| format!("t{link}")).collect();
    assert_eq!(tags, expected);
    host.service.stop().await;
}

#[tokio::test]
async fn a_paused_campaign_hears_later_and_causes_then() {
    let host = Host::in_memory();
    prepare(&host).await;
    hears(&host, "slow", &["points.changed"], json!({"growth": 5})).await;
    hears(&host, "quick", &["growth.changed"], json!({})).await;
    host.command("slow", Command::Pause).await;
    host.send_one(told("ann", NINE, points("a", 30))).await;
    assert_eq!(heard(&host).await, [""; 0]);
    host.command("slow", Command::Resume).await;
    host.service.catch_up().await.expect("the host takes it");
    assert_eq!(heard(&host).await, ["slow points.changed ann", "quick growth.changed ann"]);
    host.service.stop().await;
}

#[tokio::test]
async fn what_requests_and_the_clock_do_is_told() {
    let host = Host::in_memory();
    prepare(&host).await;
    hears(&host, "hears", &["benefit.revoked", "benefit.expired", "points.changed"], json!({})).await;
    let grants = json!({"grants": [
        {"key": "a", "unit": "points", "quantity": 30}, {"key": "b", "unit": "points", "quantity": 12, "expires": 60},
    ]});
    host.send_one(told("ann", NINE, grants)).await;
    let request = |id: &str| RequestId::new(id).expect("a request id");
    let redemption = RedemptionRequest {
        id: request("order/7").into(),
        customer: "ann".parse().expect("an id"),
        unit: Unit::new("points").expect("a unit"),
        quantity: Quantity::new(10).expect("in range"),
        grant: None,
        reserve_until: None,
        reference: String::new(),
    };
    for _ in 0..2 {
        host.service.run(Redeem(redemption.clone())).await.expect("she has them");
    }
    host.clock.set(at("2026-03-01T09:05:00+08:00"));
    host.service.catch_up().await.expect("the host takes it");
    let key = decisions(&host).await[0].input.event.key.clone();
    let reversal = ReversalRequest { id: request("back/1"), of: ReversalTarget::Event(key), reason: "returned".into() };
    host.service.run(Reverse(reversal)).await.expect("there is something");
    let said = |data: &Value| format!("{} {} {}", data["key"], data["delta"], data["balance"]);
    let said: Vec<_> = data(&host).await.iter().map(said).collect();
    let expected = [
        "null 42 42",
        "null -10 32",
        "\"b\" null null",
        // What expires first was used first: two of the twelve are left.
        "null -2 30",
        "\"a\" null null",
        "\"b\" null null",
        "null -30 0",
    ];
    assert_eq!(said, expected);
    let causes: Vec<_> = data(&host).await.iter().map(|data| data["cause"].clone()).collect();
    assert_eq!(causes[1], json!({"depth": 1, "through": []}), "nobody's decision");
    assert_eq!(causes[2], json!({"campaign": "gives", "depth": 1, "through": ["gives"]}), "its grant expired");
    host.service.stop().await;
}

#[tokio::test]
async fn whoever_is_handed_on_is_told_to_that_campaign_alone() {
    let host = Host::in_memory();
    prepare(&host).await;
    hears(&host, "hands-on", &["benefit.granted"], json!({"enrol": "takes"})).await;
    for id in ["takes", "other"] {
        hears(&host, id, &["enrolment.made"], json!({"growth": 1})).await;
    }
    host.command("takes", Command::Pause).await;
    host.send_one(told("ann", NINE, points("a", 1))).await;
    assert_eq!(heard(&host).await, ["hands-on benefit.granted ann"], "a paused campaign keeps it");
    host.command("takes", Command::Resume).await;
    host.service.catch_up().await.expect("the host takes it");
    assert_eq!(heard(&host).await, ["hands-on benefit.granted ann", "takes enrolment.made ann"]);
    let said = &data(&host).await[1];
    assert_eq!((&said["by"], &said["data"]), (&json!("hands-on"), &json!({"why": "heard"})));
    host.service.stop().await;
}

#[tokio::test]
async fn a_dry_run_causes_nothing() {
    let host = Host::in_memory();
    prepare(&host).await;
    hears(&host, "hears", &["points.changed"], json!({"growth": 5})).await;
    let arrival = host.arrival(told("ann", NINE, points("a", 30)));
    host.service.dry_run(arrival).await.expect("the host takes it");
    let next = host.send_one(told("bob", NINE, points("a", 1))).await;
    assert_eq!((next.seq, heard(&host).await), (EventSeq(1), vec!["hears points.changed bob".to_owned()]));
    host.service.stop().await;
}

#[tokio::test]
async fn a_timer_set_on_what_was_heard_waits_a_minute() {
    let host = Host::in_memory();
    prepare(&host).await;
    hears(&host, "hears", &["points.changed"], json!({"timer": 0})).await;
    host.send_one(told("ann", NINE, points("a", 30))).await;
    let due = host.service.read(|store| store.due_timers(&[campaign("hears")], at("2026-04-01T00:00:00Z"), 9)).await;
    let due: Vec<_> = due.expect("the store reads").into_iter().map(|(_, timer)| timer.due).collect();
    assert_eq!(due, [at("2026-03-01T09:01:00+08:00")]);
    host.service.stop().await;
}

#[tokio::test]
async fn nobody_else_says_what_the_host_did() {
    let host = Host::in_memory();
    for happening in Happening::ALL {
        let mut event = event(happening.kind(), "ann", NINE, json!({}));
        event["source"] = EVENT_SOURCE.into();
        let kinds = &host.service.registry().kinds;
        let Err(Rejected::Envelope(problems)) =
            intake::check(event, kinds, host.clock.now(), &Backfill::Allowed.into())
        else {
            panic!("{} is taken", happening.kind());
        };
        let pointers: Vec<_> = problems.into_iter().map(|problem| problem.pointer).collect();
        assert_eq!(pointers, ["/source", "/type"]);
    }
    host.service.stop().await;
}
