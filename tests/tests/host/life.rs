//! A campaign's life: pausing, ending, changing its parameters, putting decisions off.

use std::sync::Arc;

use largesse_domain::lifecycle::{Command, Lifecycle, Phase};
use largesse_domain::outcome::{Outcome, Reason, Verdict};
use largesse_service::ChangeError;
use largesse_service::pipeline::{Answer, ControlError, EventResult, Precondition, WhyPutOff};
use serde_json::{Value, json};

use crate::admission::five_a_day;
use crate::fixture::{Host, at, campaign, component, event, points_campaign, wait_for};

fn check_in(customer: &str, time: &str) -> Value {
    event("checked_in", customer, time, json!({}))
}

fn lifecycle(host: &Host, id: &str) -> Lifecycle {
    host.service.registry().campaign(&campaign(id)).expect("it is there").campaign.lifecycle
}

#[tokio::test]
async fn a_pause_keeps_events_for_later_in_order() {
    let host = Host::in_memory();
    let mut document = five_a_day(1_000);
    document["params"]["daily"]["streaks"] = json!([{"days": 2, "rewards": [{"unit": "points", "quantity": 20}]}]);
    host.campaign("daily", "check_in", document).await;
    host.command("daily", Command::Pause).await;
    let answer = host.send_one(check_in("u1", "2026-03-01T12:00:00+08:00")).await;
    assert_eq!(answer.put_off[0].why, WhyPutOff::Paused);
    host.send_one(check_in("u1", "2026-03-02T12:00:00+08:00")).await;
    assert_eq!(host.grants("u1").await, []);
    let results = host.send(vec![check_in("u1", "2026-03-01T12:00:00+08:00")]).await;
    let still = |result: &EventResult| matches!(result, EventResult::Duplicate(again) if *again == answer);
    assert!(still(&results[0]), "asked again, the event shows that its decision is still to come: {results:?}");
    host.command("daily", Command::Resume).await;
    host.send_one(check_in("u1", "2026-03-03T12:00:00+08:00")).await;
    wait_for(async || host.grants("u1").await.len() == 4).await;
    let keys: Vec<String> = host.grants("u1").await.into_iter().map(|grant| grant.0).collect();
    assert_eq!(
        keys.iter().filter(|key| key.starts_with("day/")).collect::<Vec<_>>(),
        ["day/20513", "day/20514", "day/20515"]
    );
    // Asked again, the event shows what was decided since.
    let results = host.send(vec![check_in("u1", "2026-03-01T12:00:00+08:00")]).await;
    let decided = |answer: &Answer| answer.decisions.len() == 1 && answer.put_off.is_empty();
    assert!(matches!(&results[0], EventResult::Duplicate(answer) if decided(answer)));
}

/// However many events come, a campaign that was resumed catches up and then decides them as they come.
#[tokio::test]
async fn a_resumed_campaign_catches_up_while_events_keep_coming() {
    let host = Arc::new(Host::in_memory());
    host.campaign("daily", "check_in", five_a_day(1_000_000)).await;
    host.command("daily", Command::Pause).await;
    let customers =
        |from: usize, to: usize| (from..to).map(|n| check_in(&format!("u{n}"), "2026-03-01T12:00:00+08:00"));
    for start in (0..4_000).step_by(500) {
        host.send(customers(start, start + 500).collect()).await;
    }
    host.command("daily", Command::Resume).await;
    let senders: Vec<_> = (0..3_usize)
        .map(|sender| {
            let host = Arc::clone(&host);
            tokio::spawn(async move {
                let mut decided_at_once = 0;
                for round in 0..30 {
                    let start = 10_000 * (sender + 1) + 100 * round;
                    let sent = (start..start + 100).map(|n| check_in(&format!("u{n}"), "2026-03-02T12:00:00+08:00"));
                    for result in host.send(sent.collect()).await {
                        let EventResult::Admitted(answer) = result else { panic!("{result:?}") };
                        decided_at_once += answer.decisions.len();
                    }
                }
                decided_at_once
            })
        })
        .collect();
    let mut decided_at_once = 0;
    for sender in senders {
        decided_at_once += sender.await.unwrap();
    }
    assert!(decided_at_once > 0, "all that came was put off behind what the pause had put off");
    wait_for(async || {
        let all = host.service.read(|store| store.verdict_counts(&campaign("daily"))).await.unwrap();
        all == [("accepted".to_owned(), 4_000 + 3 * 30 * 100)]
    })
    .await;
}

#[tokio::test]
async fn after_the_end_late_events_count_and_later_ones_do_not() {
    let host = Host::in_memory();
    let mut document = five_a_day(1_000);
    document["closes"] = "2026-03-10T00:00:00+08:00".into();
    document["closing_days"] = 5.into();
    host.campaign("daily", "check_in", document).await;
    host.clock.set(at("2026-03-11T00:00:00+08:00"));
    let late = host.send_one(check_in("u1", "2026-03-09T23:59:59+08:00")).await;
    assert_eq!(late.decisions[0].input.campaign.phase, Phase::Closing);
    assert_eq!(host.grants("u1").await.len(), 1);
    let later = host.send_one(check_in("u1", "2026-03-10T00:00:00+08:00")).await;
    let Verdict::Accepted(outcomes) = &later.decisions[0].verdict else { panic!("{later:?}") };
    assert!(matches!(outcomes[..], [Outcome::Skipped(_, Reason::CampaignEnded)]), "{outcomes:?}");
    assert_eq!(lifecycle(&host, "daily"), Lifecycle::Closing);
    host.clock.set(at("2026-03-16T00:00:00+08:00"));
    wait_for(async || lifecycle(&host, "daily") == Lifecycle::Ended).await;
    let over = host.send_one(check_in("u1", "2026-03-08T12:00:00+08:00")).await;
    assert!(over.decisions.is_empty());
}

#[tokio::test]
async fn a_campaign_with_windows_grants_within_them_by_its_own_clock() {
    let host = Host::in_memory();
    host.register_guest_kind().await;
    let mut document = points_campaign(1_000);
    document["windows"] = json!([{"weekdays": [5], "from": "10:00"}, {"dates": ["03-08"], "to": "00:01"}]);
    host.campaign("fridays", "counts_as_1", document).await;
    for (time, phase) in [
        ("2026-03-06T09:59:59+08:00", Phase::Between),
        ("2026-03-06T10:00:00+08:00", Phase::Open),
        ("2026-03-06T20:00:00Z", Phase::Between),
        ("2026-03-07T16:00:01Z", Phase::Open),
        ("2026-03-08T00:01:00+08:00", Phase::Between),
    ] {
        let answer = host.send_one(event("day.checked-in", &format!("u/{time}"), time, json!({}))).await;
        let decision = &answer.decisions[0];
        assert_eq!(decision.input.campaign.phase, phase, "{time}");
        let Verdict::Accepted(outcomes) = &decision.verdict else { panic!("{answer:?}") };
        let skipped = matches!(outcomes[..], [Outcome::Skipped(_, Reason::OutsideWindow)]);
        let granted = matches!(outcomes[..], [Outcome::Applied(_)]);
        assert!(if phase == Phase::Open { granted } else { skipped }, "{time}: {outcomes:?}");
    }
}

#[tokio::test]
async fn a_campaign_does_not_end_over_decisions_that_were_put_off() {
    let host = Host::in_memory();
    let mut document = five_a_day(1_000);
    document["closes"] = "2026-03-10T00:00:00+08:00".into();
    document["closing_days"] = 1.into();
    host.campaign("daily", "check_in", document).await;
    host.command("daily", Command::Pause).await;
    host.send_one(check_in("u1", "2026-03-09T12:00:00+08:00")).await;
    host.clock.set(at("2026-03-20T00:00:00+08:00"));
    wait_for(async || lifecycle(&host, "daily") == Lifecycle::Ended).await;
    assert_eq!(host.grants("u1").await.len(), 1, "it was decided before the end");
}

#[tokio::test]
async fn a_campaign_waits_for_its_opening_and_can_be_ended_at_once() {
    let host = Host::in_memory_at("2026-02-27T00:00:00Z");
    host.campaign("daily", "check_in", five_a_day(1_000)).await;
    assert_eq!(lifecycle(&host, "daily"), Lifecycle::Scheduled);
    let early = host.send_one(check_in("u1", "2026-02-27T01:00:00+08:00")).await;
    assert!(early.decisions.is_empty());
    host.clock.set(at("2026-03-05T00:00:00Z"));
    wait_for(async || lifecycle(&host, "daily") == Lifecycle::Running).await;
    host.command("daily", Command::End).await;
    host.clock.set(at("2026-03-06T00:00:00Z"));
    host.send_one(check_in("u1", "2026-03-06T01:00:00+00:00")).await;
    host.send_one(check_in("u1", "2026-03-04T01:00:00+00:00")).await;
    let keys: Vec<String> = host.grants("u1").await.into_iter().map(|grant| grant.0).collect();
    assert_eq!(keys, ["day/20516"], "the event after the end gets nothing, the late one its points");
}

#[tokio::test]
async fn parameters_apply_by_event_time() {
    let host = Host::in_memory();
    host.campaign("daily", "check_in", five_a_day(1_000)).await;
    let running = host.service.registry();
    let active = running.campaign(&campaign("daily")).expect("it runs");
    let mut document = five_a_day(1_000);
    document["policy"] = active.published.policy.digest.to_string().into();
    document["params"]["daily"]["rewards"][0]["quantity"] = 8.into();
    document["effective_from"] = "2026-03-05T00:00:00+08:00".into();
    host.apply("daily", document, Precondition::Version(active.campaign.version)).await;
    host.clock.set(at("2026-03-06T00:00:00Z"));
    host.send_one(check_in("u1", "2026-03-05T00:00:00+08:00")).await;
    host.send_one(check_in("u1", "2026-03-04T23:59:59+08:00")).await;
    let mut amounts: Vec<u64> = host.grants("u1").await.into_iter().map(|grant| grant.2).collect();
    amounts.sort_unstable();
    assert_eq!(amounts, [5, 8]);
}

async fn refusal(host: &Host, id: &str, mut document: Value, precondition: Precondition) -> ControlError {
    let (policy, _) = host.service.publish(component("check_in"), None).await.expect("it is published");
    document["policy"] = policy.digest.to_string().into();
    let document: largesse_documents::CampaignDocument = serde_json::from_value(document).expect("a document");
    let spec = document.read().expect("a campaign");
    match host.service.apply(campaign(id), spec, precondition).await {
        Err(ChangeError::Control(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_does_not_fit_is_refused_with_pointers() {
    let host = Host::in_memory();
    let mut document = five_a_day(1_000);
    document["params"]["daily"]["rewards"][0]["quantity"] = "five".into();
    let ControlError::Problems(problems) = refusal(&host, "daily", document, Precondition::Absent).await else {
        panic!("no problems")
    };
    assert!(problems.iter().all(|problem| problem.pointer.starts_with("/params/daily/rewards")), "{problems:?}");
    host.campaign("daily", "check_in", five_a_day(1_000)).await;
    let mut document = five_a_day(1_000);
    document["time_zone"] = "Europe/Prague".into();
    document["budgets"] = json!([{"unit": "points", "total": 1_000, "per_day": 10}]);
    let version = host.service.registry().campaign(&campaign("daily")).expect("it runs").campaign.version;
    let error = refusal(&host, "daily", document.clone(), Precondition::Version(version)).await;
    let ControlError::Problems(problems) = error else { panic!("{error:?}") };
    let pointers: Vec<&str> = problems.iter().map(|problem| problem.pointer.as_str()).collect();
    assert_eq!(pointers, ["/time_zone", "/budgets"]);
    let error = refusal(&host, "daily", document.clone(), Precondition::None).await;
    assert_eq!(error, ControlError::Unconditional { found: version });
    let error = refusal(&host, "daily", document, Precondition::Version(version + 1)).await;
    assert_eq!(error, ControlError::Changed { expected: version + 1, found: version });
}

#[tokio::test]
async fn a_campaign_without_budget_or_limit_does_not_start() {
    let host = Host::in_memory();
    let mut document = five_a_day(1_000);
    document["budgets"] = json!([]);
    document["limits"] = json!([]);
    let (policy, _) = host.service.publish(component("check_in"), None).await.expect("it is published");
    document["policy"] = policy.digest.to_string().into();
    host.apply("daily", document, Precondition::Absent).await;
    let started = host.service.command(campaign("daily"), Command::Start, Precondition::None).await;
    let Err(ChangeError::Control(ControlError::Problems(problems))) = started else { panic!("{started:?}") };
    let pointers: Vec<&str> = problems.iter().map(|problem| problem.pointer.as_str()).collect();
    assert_eq!(pointers, ["/budgets", "/limits"]);
    assert_eq!(lifecycle(&host, "daily"), Lifecycle::Draft);
}

#[tokio::test]
async fn a_fault_that_defers_is_tried_again_and_becomes_a_dead_letter() {
    let host = Host::in_memory();
    host.register_guest_kind().await;
    let mut document = points_campaign(100);
    document["on_fault"] = "defer".into();
    host.campaign("faulty", "panics", document).await;
    let bad = event("day.checked-in", "u1", "2026-03-01T12:00:00+08:00", json!({"misbehave": true}));
    let answer = host.send_one(bad.clone()).await;
    assert!(answer.decisions.is_empty());
    assert_eq!(answer.put_off[0].why, WhyPutOff::Fault);
    let again = host.send(vec![bad.clone()]).await;
    assert_eq!(again, [EventResult::Duplicate(answer)]);
    let good = host.send_one(event("day.checked-in", "u2", "2026-03-01T12:00:00+08:00", json!({}))).await;
    assert_eq!(good.decisions.len(), 1);
    for day in 2..14 {
        host.clock.set(at(&format!("2026-03-{day:02}T00:00:00Z")));
        tokio::time::sleep(std::time::Duration::from_millis(600)).await;
    }
    let results = host.send(vec![bad]).await;
    let EventResult::Duplicate(answer) = &results[0] else { panic!("{results:?}") };
    assert_eq!(answer.decisions.len(), 1, "after its last attempt the fault is final");
    assert_eq!(answer.decisions[0].verdict, Verdict::Faulted);
    assert_eq!(answer.decisions[0].input.now.at, at("2026-03-01T12:00:00+08:00"), "now is the time of admission");
}
