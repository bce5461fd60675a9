//! Who is told what, in which order, and how often.

use largesse_domain::delivery::DeliveryState;
use largesse_tests::receiver::Answer;
use serde_json::{Value, json};

use super::desk::{Desk, id, receiver, secret};
use crate::fixture::{Host, event};
use largesse_service::commands::DeleteDestination;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_grant_is_told_once_and_signed() {
    let desk = Desk::in_memory().await;
    let receiver = receiver(&desk.host.clock);
    desk.destination("bank", &receiver.url(), json!({})).await;
    desk.check_in("u1", 1).await;
    receiver.wait_taken(1);
    let delivery = desk.wait_for(1, DeliveryState::Delivered, 1).await;
    let requests = receiver.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!((requests[0].id(), requests[0].verified), ("1", Ok(())));
    assert_eq!(requests[0].body, delivery.body.as_str().as_bytes());
    let body = requests[0].json();
    assert_eq!((&body["id"], &body["type"]), (&json!(1), &json!("grant.granted")));
    assert_eq!(body["timestamp"], "2026-04-01T00:00:00Z");
    let data = &body["data"];
    assert_eq!((&data["to"], &data["unit"], &data["quantity"]), (&json!("u1"), &json!("points"), &json!(5)));
    assert_eq!((&data["campaign"], &data["key"], &data["issue"]), (&json!("daily"), &json!("day/20513"), &json!(1)));
    let event = json!({"source": "/test", "id": "checked_in/u1/2026-03-01T12:00:00+08:00"});
    assert_eq!(data["cause"], json!({"decision": 1, "event": event}));
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_told_what_they_did_not_ask_for() {
    let desk = Desk::in_memory().await;
    desk.check_in("u1", 1).await;
    assert_eq!(desk.deliveries().await, [], "without a destination nothing is written");
    let (messages, grants) = (receiver(&desk.host.clock), receiver(&desk.host.clock));
    desk.destination("messages", &messages.url(), json!({"topics": ["message"]})).await;
    desk.destination("grants", &grants.url(), json!({"topics": ["grant.*", "tag.changed"]})).await;
    desk.check_in("u1", 2).await;
    // The same event again, a dry run, and a decision that grants nothing more today.
    let again = event("checked_in", "u1", "2026-03-02T12:00:00+08:00", json!({}));
    desk.host.send(vec![again]).await;
    let other = event("checked_in", "u2", "2026-03-02T12:00:00+08:00", json!({}));
    desk.host.service.dry_run(desk.host.arrival(other)).await.expect("it is decided");
    desk.host.send_one(event("checked_in", "u1", "2026-03-02T13:00:00+08:00", json!({}))).await;
    grants.wait_taken(1);
    desk.wait_for(1, DeliveryState::Delivered, 1).await;
    assert_eq!(desk.deliveries().await.len(), 1);
    assert_eq!((messages.connections(), grants.connections()), (0, 1));
    desk.host.service.run(DeleteDestination(id("grants"))).await.expect("it is deleted");
    desk.check_in("u1", 3).await;
    assert_eq!(desk.deliveries().await.len(), 1);
    desk.stop().await;
}

/// Who was told of, with the number of their delivery.
fn order(taken: &[Value], customer: &str) -> Vec<u64> {
    let mine = taken.iter().filter(|body| body["data"]["to"] == customer);
    mine.map(|body| body["id"].as_u64().expect("a number")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_customer_is_told_of_in_order_and_once() {
    let desk = Desk::in_memory().await;
    let receiver = receiver(&desk.host.clock);
    // Every third attempt fails, one way or another.
    let count = std::sync::atomic::AtomicUsize::new(0);
    receiver.answer(move |_| match count.fetch_add(1, std::sync::atomic::Ordering::SeqCst) % 12 {
        2 => Answer::status(500),
        5 => Answer::Close,
        8 => Answer::Garbage,
        11 => Answer::Late(std::time::Duration::from_millis(30)),
        _ => Answer::status(204),
    });
    desk.destination("bank", &receiver.url(), json!({})).await;
    for day in 1..=10 {
        let events = ["u1", "u2", "u3", "u4"];
        let time = format!("2026-03-{day:02}T12:00:00+08:00");
        desk.host.send(events.map(|customer| event("checked_in", customer, &time, json!({}))).to_vec()).await;
    }
    for _ in 0..200 {
        if receiver.taken().len() == 40 {
            break;
        }
        // What failed is due again a little later.
        let later = desk.host.clock.now().plus_millis(2_000).expect("a time");
        desk.host.clock.set(later);
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let taken = receiver.taken();
    assert_eq!(taken.len(), 40);
    for customer in ["u1", "u2", "u3", "u4"] {
        let order = order(&taken, customer);
        assert_eq!(order.len(), 10);
        assert!(order.is_sorted(), "{customer}: {order:?}");
    }
    assert!(receiver.requests().len() >= 50, "some were sent again");
    assert!(receiver.requests().iter().all(|request| request.verified.is_ok()));
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_waits_for_their_own_and_for_nobody_else() {
    let desk = Desk::in_memory().await;
    let (sick, well) = (receiver(&desk.host.clock), receiver(&desk.host.clock));
    sick.answer(|request| Answer::status(if request.json()["data"]["to"] == "u1" { 503 } else { 200 }));
    desk.destination("sick", &sick.url(), json!({})).await;
    desk.destination("well", &well.url(), json!({})).await;
    desk.check_in("u1", 1).await;
    desk.check_in("u1", 2).await;
    desk.check_in("u2", 2).await;
    well.wait_taken(3);
    sick.wait_taken(1);
    assert_eq!(order(&sick.taken(), "u2").len(), 1);
    let first = desk.wait_for(1, DeliveryState::Waiting, 1).await;
    assert_eq!(first.progress.last_error.as_deref(), Some("answered 503"));
    desk.wait_for(3, DeliveryState::Waiting, 0).await;
    sick.answer(|_| Answer::status(200));
    desk.wait_until_due(1).await;
    sick.wait_taken(3);
    assert_eq!(order(&sick.taken(), "u1"), [1, 3]);
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_not_noted_is_sent_again_after_a_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let desk = Desk::start(Host::on_disk(folder.path())).await;
    let receiver = receiver(&desk.host.clock);
    receiver.answer(|request| match request.id() {
        "1" => Answer::Late(std::time::Duration::from_millis(500)),
        _ => Answer::status(204),
    });
    desk.destination("bank", &receiver.url(), json!({})).await;
    desk.check_in("u1", 1).await;
    desk.check_in("u1", 2).await;
    receiver.wait(|requests, _| requests.len() == 1);
    let now = desk.host.clock.now();
    // The receiver has it, and the host dies before it can note that.
    desk.stop_badly().await;
    let desk = Desk::again(folder.path());
    desk.host.clock.set(now);
    desk.check_in("u1", 3).await;
    receiver.wait_taken(3);
    desk.wait_for(3, DeliveryState::Delivered, 1).await;
    assert_eq!(order(&receiver.taken(), "u1"), [1, 2, 3]);
    let ids: Vec<_> = receiver.requests().iter().map(|request| request.id().to_owned()).collect();
    assert_eq!(ids, ["1", "1", "2", "3"], "the first twice, under the same id");
    let bodies: Vec<_> = receiver.requests().iter().map(|request| request.body.clone()).collect();
    assert_eq!(bodies[0], bodies[1]);
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn secrets_are_changed_without_a_gap() {
    let desk = Desk::in_memory().await;
    let receiver = receiver(&desk.host.clock);
    let url = receiver.url();
    desk.destination("bank", &url, json!({})).await;
    desk.check_in("u1", 1).await;
    receiver.wait_taken(1);
    // Both sign; the receiver changes when it likes.
    desk.destination("bank", &url, json!({"secrets": [secret(8), secret(7)]})).await;
    desk.check_in("u1", 2).await;
    receiver.wait_taken(2);
    receiver.set_secret(&secret(8));
    desk.check_in("u1", 3).await;
    receiver.wait_taken(3);
    // The old one is gone: a receiver that still has it believes nothing.
    desk.destination("bank", &url, json!({"secrets": [secret(8)]})).await;
    receiver.set_secret(&secret(7));
    desk.check_in("u1", 4).await;
    desk.wait_for(4, DeliveryState::Waiting, 1).await;
    assert_eq!(receiver.requests().last().map(|request| request.verified), Some(Err("not signed with this secret")));
    receiver.set_secret(&secret(8));
    desk.wait_until_due(4).await;
    receiver.wait_taken(4);
    desk.stop().await;
}
