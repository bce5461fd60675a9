//! What one event, or one policy, can lead to is done in pieces: others are served meanwhile, nothing is lost, and order is kept.

use largesse_store::DecisionFilter;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use largesse_domain::id::{DecisionId, EventSeq};
use largesse_domain::lifecycle::Command;
use largesse_domain::limits::{DECISION_MS_MAX, EFFECTS_MAX, EVENT_DECISIONS_MAX, LATE_PER_TURN_MAX};
use largesse_domain::outcome::{Decision, Verdict};
use largesse_domain::owner::Owner;
use largesse_service::pipeline::{Answer, EventResult, WhyPutOff};
use serde_json::{Value, json};

use crate::fixture::{Host, campaign, event, points_campaign};

const NINE: &str = "2026-03-01T09:00:00+08:00";
const TEN: &str = "2026-03-01T10:00:00+08:00";
const ELEVEN: &str = "2026-03-01T11:00:00+08:00";
/// Campaigns that hear of one another.
const STORMS: [&str; 3] = ["storm-1", "storm-2", "storm-3"];

fn storm(grants: usize) -> Value {
    json!({
        "currency": "CNY", "time_zone": "Asia/Shanghai", "opens": "2026-03-01T00:00:00+08:00",
        "params": {"grants": grants}, "unit_classes": ["growth"],
        "budgets": [{"unit": "growth", "total": 1_000_000}],
        "limits": [{"unit": "growth", "window": "campaign", "amount": 1_000_000}],
    })
}

/// How many decisions one event leads to by three campaigns of so many grants: by all three, then by the two others on each
/// grant, then by the third.
const fn decisions_of_storm(grants: usize) -> usize {
    3 + 3 * grants * 2 + 3 * grants * 2 * grants
}

async fn with_storms(host: &Host, grants: usize) {
    host.register_guest_kind().await;
    for id in STORMS {
        host.campaign(id, "storms", storm(grants)).await;
    }
}

fn check_in(customer: &str, time: &str) -> Value {
    event("day.checked-in", customer, time, json!({}))
}

async fn put_off(host: &Host) -> u64 {
    let mut sum = 0;
    for id in STORMS {
        sum += host.service.read(move |store| store.deferred_count(&campaign(id))).await.expect("the store reads");
    }
    sum
}

async fn decisions(host: &Host) -> Vec<Decision> {
    let all = host.service.read(|store| store.decisions(&DecisionFilter::default(), DecisionId(0), usize::MAX));
    all.await.expect("the store reads")
}

/// Every decision is there once, accepted, and every grant once.
async fn assert_whole(host: &Host, events: usize, grants: usize) {
    let all = decisions(host).await;
    assert_eq!(all.len(), events * decisions_of_storm(grants));
    let keys: BTreeSet<_> = all.iter().map(|decision| (&decision.campaign, decision.event)).collect();
    assert_eq!(keys.len(), all.len(), "one decision of each campaign on each event");
    assert!(all.iter().all(|decision| matches!(decision.verdict, Verdict::Accepted(_))));
    let mut used = 0;
    for id in STORMS {
        let usage = host.service.read(move |store| store.budget_usage(&campaign(id))).await.expect("the store reads");
        used += usage.iter().map(|(_, usage)| usage.amount.get()).max().expect("it has a budget");
    }
    assert_eq!(usize::try_from(used).expect("it fits"), events * grants * decisions_of_storm(grants));
    assert_eq!(put_off(host).await, 0);
}

/// The decisions of each campaign for each customer come in the order of their events.
fn assert_in_order(decisions: &[Decision]) {
    let mut last: BTreeMap<_, EventSeq> = BTreeMap::new();
    for decision in decisions {
        let Owner::Party(customer) = &decision.input.owner else { continue };
        let before = last.insert((&decision.campaign, customer), decision.event);
        assert!(before.is_none_or(|before| before < decision.event), "{} for {customer}", decision.campaign);
    }
}

#[tokio::test]
async fn a_cascade_is_done_in_pieces_while_others_are_served() {
    let folder = tempfile::tempdir().expect("a folder");
    let host = Host::on_disk(folder.path());
    with_storms(&host, 10).await;
    host.register_kind("day.walked", json!({"type": "object"})).await;
    let answer = host.send_one(check_in("ann", NINE)).await;
    assert_eq!((answer.decisions.len(), answer.put_off.len()), (3, 0), "her own event is decided at once");
    assert!(put_off(&host).await > 100, "most of what it led to is still to come");
    let (mut served, mut left) = (0, u64::MAX);
    while left > 0 {
        // Another caller's event is decided and answered between two pieces.
        let time = format!("2026-03-01T10:{:02}:{:02}+08:00", served / 60 % 60, served % 60);
        host.send_one(event("day.walked", "bob", &time, json!({}))).await;
        served += 1;
        left = put_off(&host).await;
    }
    assert!(served > 5, "others were served {served} times meanwhile");
    assert_whole(&host, 1, 10).await;
    assert_in_order(&decisions(&host).await);
    host.service.stop().await;
}

#[tokio::test]
async fn a_small_cascade_is_decided_with_what_caused_it() {
    let host = Host::in_memory();
    with_storms(&host, 2).await;
    host.send_one(check_in("ann", NINE)).await;
    assert_whole(&host, 1, 2).await;
    host.service.stop().await;
}

#[tokio::test]
async fn whoever_has_decisions_in_the_queue_waits_and_nobody_else() {
    let host = Host::in_memory();
    with_storms(&host, 8).await;
    let events = ["ann", "ann", "bob"].into_iter().zip([NINE, TEN, TEN]);
    let results = host.send(events.map(|(customer, time)| check_in(customer, time)).collect()).await;
    let answers: Vec<Answer> = results.into_iter().map(admitted).collect();
    // Both were decided before anything that the first led to was queued.
    assert!(answers.iter().all(|answer| answer.decisions.len() == 3), "{answers:?}");
    let next = host.send(vec![check_in("ann", ELEVEN), check_in("carol", ELEVEN)]).await;
    let [ann, carol] = <[Answer; 2]>::try_from(next.into_iter().map(admitted).collect::<Vec<_>>()).expect("two");
    let why: Vec<_> = ann.put_off.iter().map(|put_off| (put_off.campaign.as_str(), put_off.why)).collect();
    assert_eq!(why, STORMS.map(|id| (id, WhyPutOff::Queued)), "behind what is queued of hers");
    assert_eq!((carol.decisions.len(), carol.put_off.len()), (3, 0), "a stranger is not kept waiting");
    host.service.catch_up().await.expect("the host takes it");
    assert_whole(&host, 5, 8).await;
    assert_in_order(&decisions(&host).await);
    let EventResult::Duplicate(again) = host.send(vec![check_in("ann", ELEVEN)]).await.remove(0) else { panic!() };
    assert_eq!((again.decisions.len(), again.put_off.len()), (3, 0));
    host.service.stop().await;
}

fn admitted(result: EventResult) -> Answer {
    match result {
        EventResult::Admitted(answer) => answer,
        other => panic!("not admitted: {other:?}"),
    }
}

#[tokio::test]
async fn the_queue_lasts_over_stops_and_pauses() {
    let folder = tempfile::tempdir().expect("a folder");
    {
        let host = Host::on_disk(folder.path());
        with_storms(&host, 8).await;
        host.send_one(check_in("ann", NINE)).await;
        host.service.stop().await;
    }
    let host = Host::on_disk(folder.path());
    assert!(put_off(&host).await > 0, "a stop does not wait for it");
    let again = host.send_one(check_in("ann", TEN)).await;
    assert!(again.put_off.iter().any(|put_off| put_off.why == WhyPutOff::Queued), "{again:?}");
    host.command("storm-2", Command::Pause).await;
    let paused = host.send_one(check_in("ann", ELEVEN)).await;
    let why = |id: &str| paused.put_off.iter().find(|put_off| put_off.campaign.as_str() == id).map(|off| off.why);
    assert_eq!(why("storm-2"), Some(WhyPutOff::Paused));
    host.service.catch_up().await.expect("the host takes it");
    let left = host.service.read(|store| store.deferred_count(&campaign("storm-2"))).await.expect("the store reads");
    assert!(left > 0, "what a paused campaign has in the queue waits");
    host.command("storm-2", Command::Resume).await;
    for _ in 0..200 {
        host.service.catch_up().await.expect("the host takes it");
        if put_off(&host).await == 0 {
            break;
        }
    }
    assert_whole(&host, 3, 8).await;
    assert_in_order(&decisions(&host).await);
    host.service.stop().await;
}

#[tokio::test]
async fn an_event_for_many_campaigns_is_decided_by_some_at_once() {
    let host = Host::in_memory();
    host.register_guest_kind().await;
    let id = |number: usize| format!("many-{number:04}");
    for number in 0..EVENT_DECISIONS_MAX {
        host.campaign(&id(number), "panics", points_campaign(1_000)).await;
    }
    let answer = host.send_one(check_in("ann", NINE)).await;
    assert_eq!((answer.decisions.len(), answer.put_off.len()), (EVENT_DECISIONS_MAX, 0), "as many as may be");
    host.campaign(&id(EVENT_DECISIONS_MAX), "panics", points_campaign(1_000)).await;
    let answer = host.send_one(check_in("bob", TEN)).await;
    assert_eq!(answer.decisions.len(), EVENT_DECISIONS_MAX);
    let why: Vec<_> = answer.put_off.iter().map(|put_off| put_off.why).collect();
    assert_eq!(why, [WhyPutOff::Queued]);
    host.service.catch_up().await.expect("the host takes it");
    assert_eq!(host.grants("bob").await.len(), EVENT_DECISIONS_MAX + 1);
    host.service.stop().await;
}

#[tokio::test]
async fn a_request_of_many_effects_is_decided_in_turns() {
    let host = Host::in_memory();
    host.register_guest_kind().await;
    let mut document = storm(EFFECTS_MAX);
    document["subscriptions"] = json!(["check-in"]);
    host.campaign("storm-1", "storms", document).await;
    let customer = |number: usize| format!("u{}", number % 150);
    let time = |number: usize| if number < 150 { NINE } else { TEN };
    let events: Vec<Value> = (0..200).map(|number| check_in(&customer(number), time(number))).collect();
    let answers: Vec<Answer> = host.send(events).await.into_iter().map(admitted).collect();
    assert!(answers.iter().all(|answer| answer.decisions.len() == 1 && answer.put_off.is_empty()));
    let mut seqs: Vec<u64> = answers.iter().map(|answer| answer.seq.0).collect();
    seqs.sort_unstable();
    assert_eq!(seqs, (1..=200).collect::<Vec<_>>(), "no number is left out");
    assert_in_order(&decisions(&host).await);
    host.service.stop().await;
}

/// A campaign of a policy that takes much time for its fuel, of which its large parameters give it more.
async fn with_slow(host: &Host) {
    host.register_guest_kind().await;
    let mut document = points_campaign(1_000_000);
    document["params"] = json!({"padding": "x".repeat(60_000)});
    // However often it is late, the host does not pause it.
    document["fault_threshold"] = json!({"percent": 100, "window": 10_000});
    host.campaign("slow", "chases", document).await;
    host.register_kind("day.walked", json!({"type": "object"})).await;
}

/// A stated bound on the time that a policy which runs out of it takes of one turn, with some room for a machine that does
/// other things too.
fn taken_by_late(turns: u32) -> Duration {
    let late = u64::try_from(LATE_PER_TURN_MAX).expect("it is small") + 2;
    Duration::from_millis(late * DECISION_MS_MAX) * turns * 5
}

#[tokio::test]
async fn a_request_for_a_slow_policy_comes_back_soon() {
    for count in [64_usize, 256] {
        let host = Host::in_memory();
        with_slow(&host).await;
        let padding = "x".repeat(30_000);
        let data = json!({"misbehave": true, "padding": padding});
        let bad = |number: usize| event("day.checked-in", &format!("bad-{number}"), NINE, data.clone());
        let good = |number: usize| event("day.checked-in", &format!("good-{number}"), NINE, json!({}));
        // The good ones stand before the bad ones, so that they are decided with the first of them.
        let events: Vec<Value> = (0..8).map(good).chain((8..count).map(bad)).collect();
        let started = Instant::now();
        let results = host.send(events).await;
        let took = started.elapsed();
        let mut by_fuel = 0;
        for (number, result) in results.iter().enumerate() {
            match result {
                EventResult::Admitted(answer) if number < 8 => {
                    assert!(matches!(answer.decisions[0].verdict, Verdict::Accepted(_)));
                }
                // On a machine that is very busy with other things the clock ticks slowly.
                EventResult::Admitted(answer) => {
                    assert_eq!(answer.decisions[0].verdict, Verdict::Faulted);
                    by_fuel += 1;
                }
                EventResult::Unavailable(why) => assert!(why.contains("slow"), "{why}"),
                other => panic!("{other:?}"),
            }
        }
        assert!(took < taken_by_late(4) + Duration::from_secs(2) * by_fuel, "{count} events took {took:?}");
        for (number, result) in results.iter().enumerate().take(8) {
            let kept = host.grants(&format!("good-{number}")).await.len();
            assert_eq!(kept, usize::from(matches!(result, EventResult::Admitted(_))));
            assert_eq!(kept, 1, "what was decided of a request stays decided");
        }
        if by_fuel == 0 {
            let EventResult::Unavailable(why) = host.send(vec![bad(count)]).await.remove(0) else { panic!("decided") };
            assert!(why.contains("suspended"), "{why}");
        }
        let walked = host.send_one(event("day.walked", "bob", TEN, json!({}))).await;
        assert_eq!(walked.put_off, []);
        host.service.stop().await;
    }
}

#[tokio::test]
async fn a_slow_policy_does_not_undo_what_others_decided() {
    let host = Host::in_memory();
    with_slow(&host).await;
    let mut document = storm(1);
    document["subscriptions"] = json!(["check-in"]);
    host.campaign("quick", "storms", document).await;
    let padding = "x".repeat(30_000);
    let data = |number: usize| json!({"misbehave": number % 2 == 1, "padding": padding});
    // Of an event that two campaigns decide on, both or none do.
    let events = (0..10).map(|number| event("day.checked-in", &format!("u{number}"), NINE, data(number)));
    let results = host.send(events.collect()).await;
    for (number, result) in results.iter().enumerate() {
        let held = host.grants(&format!("u{number}")).await.len();
        match result {
            EventResult::Admitted(answer) => {
                let accepted = |decision: &&Arc<Decision>| matches!(decision.verdict, Verdict::Accepted(_));
                let given = answer.decisions.iter().filter(accepted).count();
                assert_eq!((answer.decisions.len(), held), (2, given), "u{number}");
            }
            EventResult::Unavailable(_) => assert_eq!(held, 0, "u{number}"),
            other => panic!("{other:?}"),
        }
    }
    let ids: Vec<u64> = decisions(&host).await.iter().map(|decision| decision.id.0).collect();
    assert_eq!(ids, (1..=ids.len() as u64).collect::<Vec<_>>(), "no number is left out");
    host.service.stop().await;
}
