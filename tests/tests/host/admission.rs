//! Each event once: whatever is sent again, or differently.

use largesse_service::pipeline::{DryRun, EventResult};
use serde_json::{Value, json};

use crate::fixture::{Host, event, points_campaign};

/// Five points for a check-in.
pub(crate) fn five_a_day(total: u64) -> Value {
    let mut document = points_campaign(total);
    document["params"] = json!({"daily": {"on": ["checked-in"], "rewards": [{"unit": "points", "quantity": 5}]}});
    document["subscriptions"] = json!(["checked-in"]);
    document
}

fn check_in(customer: &str, time: &str) -> Value {
    event("checked_in", customer, time, json!({}))
}

const NOON: &str = "2026-03-01T12:00:00+08:00";

#[tokio::test]
async fn the_same_id_with_another_body_is_a_conflict() {
    let host = Host::in_memory();
    host.campaign("daily", "check_in", five_a_day(1_000)).await;
    let first = host.send_one(check_in("u1", NOON)).await;
    let mut other = check_in("u1", NOON);
    other["subject"] = "u2".into();
    let results = host.send(vec![other.clone(), check_in("u3", NOON), other]).await;
    assert_eq!(results[0], EventResult::Conflict(first.seq));
    assert!(matches!(&results[1], EventResult::Admitted(answer) if answer.decisions.len() == 1));
    assert_eq!(results[2], EventResult::Conflict(first.seq));
    assert_eq!(host.grants("u2").await, []);
}

#[tokio::test]
async fn an_event_twice_in_one_batch_is_one_event() {
    let host = Host::in_memory();
    host.campaign("daily", "check_in", five_a_day(1_000)).await;
    let mut says_its_type = check_in("u1", NOON);
    says_its_type["datacontenttype"] = "application/json".into();
    let results = host.send(vec![check_in("u1", NOON), says_its_type]).await;
    let [EventResult::Admitted(first), EventResult::Duplicate(second)] = &results[..] else { panic!("{results:?}") };
    assert_eq!(first, second);
    assert_eq!(host.grants("u1").await.len(), 1);
}

/// It has more events than are decided together: the first are on disk before the last are decided.
#[tokio::test]
async fn a_large_request_is_decided_in_order_and_answered_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let host = Host::on_disk(folder.path());
    host.campaign("daily", "check_in", five_a_day(5 * 400)).await;
    let mut events: Vec<Value> = (0..600).map(|n| check_in(&format!("u{n}"), NOON)).collect();
    events[500] = events[10].clone();
    events[550] = events[20].clone();
    events[550]["subject"] = "somebody-else".into();
    let results = host.send(events).await;
    assert_eq!(results.len(), 600);
    let mut admitted = 0;
    for (n, result) in results.iter().enumerate() {
        match result {
            EventResult::Admitted(answer) => {
                admitted += 1;
                assert_eq!(answer.seq.0, admitted, "event {n}");
                let given = host.grants(&format!("u{n}")).await.len();
                assert_eq!(given, usize::from(admitted <= 400), "event {n}, of those that the budget is for");
            }
            EventResult::Duplicate(answer) => assert_eq!((n, answer.seq.0), (500, 11)),
            EventResult::Conflict(seq) => assert_eq!((n, seq.0), (550, 21)),
            EventResult::Unavailable(why) => panic!("event {n}: {why}"),
        }
    }
    assert_eq!(admitted, 598);
    host.service.stop().await;
}

#[tokio::test]
async fn a_dry_run_changes_nothing_and_draws_otherwise() {
    let host = Host::in_memory();
    host.campaign("daily", "check_in", five_a_day(1_000)).await;
    let arrival = host.arrival(check_in("u1", NOON));
    let DryRun::Decided(dry) = host.service.dry_run(arrival).await.expect("it is taken") else { panic!("no answer") };
    assert_eq!(host.grants("u1").await, []);
    let real = host.send_one(check_in("u1", NOON)).await;
    assert_eq!(dry.decisions[0].verdict, real.decisions[0].verdict);
    assert_ne!(dry.decisions[0].input.seed, real.decisions[0].input.seed);
    assert_eq!(host.grants("u1").await.len(), 1);
}

#[tokio::test]
async fn what_was_taken_is_known_after_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let before = {
        let host = Host::on_disk(folder.path());
        host.campaign("daily", "check_in", five_a_day(1_000)).await;
        let answer = host.send_one(check_in("u1", NOON)).await;
        host.service.stop().await;
        answer
    };
    let host = Host::on_disk(folder.path());
    let results = host.send(vec![check_in("u1", NOON), check_in("u1", "2026-03-02T12:00:00+08:00")]).await;
    let [EventResult::Duplicate(same), EventResult::Admitted(next)] = &results[..] else { panic!("{results:?}") };
    assert_eq!(same.decisions, before.decisions);
    assert!(next.decisions[0].input.state.is_some(), "the state of the day before is there");
    assert_eq!(host.grants("u1").await.len(), 2);
    host.service.stop().await;
}

#[tokio::test]
async fn a_stopped_host_takes_nothing_and_loses_nothing() {
    let host = Host::in_memory();
    host.campaign("daily", "check_in", five_a_day(10_000)).await;
    let senders: Vec<_> = (0..100)
        .map(|n| {
            let service = std::sync::Arc::clone(&host.service);
            let arrival = host.arrival(check_in(&format!("u{n}"), NOON));
            tokio::spawn(async move { service.submit(vec![arrival]).await })
        })
        .collect();
    tokio::task::yield_now().await;
    host.service.stop().await;
    for (n, sender) in senders.into_iter().enumerate() {
        let answered = sender.await.expect("the sender ends").is_ok();
        assert_eq!(host.grants(&format!("u{n}")).await.len(), usize::from(answered), "u{n}");
    }
    assert!(host.service.submit(vec![host.arrival(check_in("late", NOON))]).await.is_err());
}
