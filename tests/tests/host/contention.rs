//! Many at once want what only one can have.

use std::sync::Arc;

use largesse_domain::outcome::{Outcome, Reason, Verdict};
use largesse_service::pipeline::{Answer, EventResult};
use serde_json::{Value, json};

use crate::admission::five_a_day;
use crate::fixture::{Host, event, points_campaign};

const NOON: &str = "2026-03-01T12:00:00+08:00";

fn on_disk() -> (Host, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    (Host::on_disk(folder.path()), folder)
}

/// Sends each event by a sender of its own, all at once. Says of each answer whether it is to an event that was new.
async fn send_at_once(host: &Host, events: Vec<Value>) -> Vec<(bool, Answer)> {
    let barrier = Arc::new(tokio::sync::Barrier::new(events.len()));
    let senders: Vec<_> = events
        .into_iter()
        .map(|event| {
            let (service, barrier) = (Arc::clone(&host.service), Arc::clone(&barrier));
            let arrival = host.arrival(event);
            tokio::spawn(async move {
                barrier.wait().await;
                service.submit(vec![arrival]).await.expect("it is taken").remove(0)
            })
        })
        .collect();
    let mut answers = Vec::new();
    for sender in senders {
        answers.push(match sender.await.expect("the sender ends") {
            EventResult::Admitted(answer) => (true, answer),
            EventResult::Duplicate(answer) => (false, answer),
            other => panic!("{other:?}"),
        });
    }
    answers
}

/// How many answers grant something, and why the others do not.
fn granted(answers: &[(bool, Answer)]) -> (usize, Vec<Reason>) {
    let (mut grants, mut reasons) = (0, Vec::new());
    for (_, answer) in answers {
        match &answer.decisions[0].verdict {
            Verdict::Accepted(outcomes) => match &outcomes[..] {
                [Outcome::Applied(_)] => grants += 1,
                [Outcome::Skipped(_, reason)] => reasons.push(*reason),
                other => panic!("{other:?}"),
            },
            Verdict::Denied(_, reason) => reasons.push(*reason),
            other => panic!("{other:?}"),
        }
    }
    reasons.dedup();
    (grants, reasons)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_event_sent_64_times_at_once_is_decided_once() {
    let (host, _folder) = on_disk();
    host.campaign("daily", "check_in", five_a_day(1_000)).await;
    let answers = send_at_once(&host, vec![event("checked_in", "u1", NOON, json!({})); 64]).await;
    assert_eq!(answers.iter().filter(|(is_new, _)| *is_new).count(), 1);
    assert!(answers.iter().all(|(_, answer)| *answer == answers[0].1), "all hear the same");
    assert_eq!(host.grants("u1").await, [("day/20513".into(), "points".into(), 5)]);
    host.service.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_a_thousand_who_want_the_last_one_gets_it() {
    let (host, _folder) = on_disk();
    let mut document = five_a_day(1);
    document["params"]["daily"]["rewards"][0]["quantity"] = 1.into();
    host.campaign("daily", "check_in", document).await;
    let events = (0..1_000).map(|n| event("checked_in", &format!("u{n}"), NOON, json!({}))).collect();
    assert_eq!(granted(&send_at_once(&host, events).await), (1, vec![Reason::BudgetExhausted]));
    host.service.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_a_thousand_wishes_of_one_customer_the_limit_grants_one() {
    let (host, _folder) = on_disk();
    let mut document = points_campaign(1_000_000);
    document["subscriptions"] = json!(["review-posted"]);
    document["limits"] = json!([{"unit": "points", "window": "campaign", "count": 1}]);
    document["params"] = json!({"tasks": [
        {"id": "review", "on": "review-posted", "per_day": 1_000, "rewards": [{"unit": "points", "quantity": 10}]},
    ]});
    host.campaign("tasks", "check_in", document).await;
    let review = |n| {
        let mut review = event("review.posted", "u1", NOON, json!({"order": format!("o{n}")}));
        review["id"] = format!("review-{n}").into();
        review
    };
    let answers = send_at_once(&host, (0..1_000).map(review).collect()).await;
    assert_eq!(granted(&answers), (1, vec![Reason::LimitReached]));
    assert_eq!(host.grants("u1").await.len(), 1);
    host.service.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_a_thousand_accounts_of_one_person_one_is_paid() {
    let (host, _folder) = on_disk();
    let mut document = points_campaign(1_000_000);
    document["subscriptions"] = json!(["user-realname-verified"]);
    document["params"] = json!({"milestones": [
        {"on": "user-realname-verified", "gifts": [{"unit": "points", "quantity": 8}], "once_per": ["identity"]},
    ]});
    host.campaign("welcome", "new_user_gift", document).await;
    let verified = |n| event("user.realname_verified", &format!("u{n}"), NOON, json!({"id_hash": "one-person"}));
    let answers = send_at_once(&host, (0..1_000).map(verified).collect()).await;
    assert_eq!(granted(&answers), (1, vec![Reason::ClaimTaken]));
    host.service.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixty_four_writers_spend_a_budget_to_the_last_unit_and_no_further() {
    let (host, _folder) = on_disk();
    // Room for 143 times seven, and for two more.
    let mut document = five_a_day(1_003);
    document["params"]["daily"]["rewards"] = json!([{"unit": "points", "quantity": 7, "on_shortfall": "reduce"}]);
    host.campaign("daily", "check_in", document).await;
    let arrival = |n: usize| host.arrival(event("checked_in", &format!("u{n}"), NOON, json!({})));
    let writers: Vec<_> = (0..64)
        .map(|writer| {
            let service = Arc::clone(&host.service);
            let arrivals: Vec<_> = (0..4).map(|n| arrival(writer * 4 + n)).collect();
            tokio::spawn(async move {
                for arrival in arrivals {
                    service.submit(vec![arrival]).await.expect("it is taken");
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.expect("the writer ends");
    }
    let mut amounts = Vec::new();
    for n in 0..256 {
        amounts.extend(host.grants(&format!("u{n}")).await.iter().map(|grant| grant.2));
    }
    amounts.sort_unstable();
    assert_eq!((amounts.len(), amounts[0], amounts.iter().sum::<u64>()), (144, 2, 1_003));
    host.service.stop().await;
}
