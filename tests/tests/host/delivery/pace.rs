//! How a destination is sent to: connections that are kept, how much at a time, how fast, with which headers, in batches.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use largesse_domain::delivery::DeliveryState;
use largesse_service::commands::PauseDestination;
use largesse_tests::receiver::{Answer, Receiver};
use serde_json::{Value, json};

use super::desk::{Desk, id, receiver};

/// A destination that waits paused while so many customers check in.
async fn waiting(desk: &Desk, receiver: &Receiver, customers: usize, more: Value) {
    desk.destination("bank", &receiver.url(), more).await;
    desk.host.service.run(PauseDestination { id: id("bank"), paused: true }).await.expect("it is there");
    for number in 0..customers {
        desk.check_in(&format!("u{number}"), 1).await;
    }
}

/// How long it takes to send all that waits.
async fn resumed(desk: &Desk, receiver: &Receiver, wanted: impl Fn(&Receiver) -> bool) -> Duration {
    let started = Instant::now();
    desk.host.service.run(PauseDestination { id: id("bank"), paused: false }).await.expect("it is there");
    while !wanted(receiver) {
        assert!(started.elapsed() < Duration::from_secs(30), "it does not come about");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    started.elapsed()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_is_kept_from_one_delivery_to_the_next() {
    let desk = Desk::in_memory().await;
    let receiver = receiver(&desk.host.clock);
    desk.destination("bank", &receiver.url(), json!({"concurrency": 1})).await;
    for day in 1..=9 {
        desk.check_in("u1", day).await;
    }
    receiver.wait_taken(9);
    assert_eq!(receiver.connections(), 1);
    // One that the receiver closes is replaced, and the delivery does not count as failed.
    receiver.answer(|_| Answer::Status(200, "connection: close\r\n".into()));
    desk.check_in("u1", 10).await;
    receiver.wait_taken(10);
    receiver.answer(|_| Answer::status(200));
    desk.check_in("u1", 11).await;
    assert_eq!(desk.wait_for(11, DeliveryState::Delivered, 1).await.progress.last_error, None);
    assert_eq!(receiver.connections(), 2);
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_receiver_takes_as_many_at_a_time_as_it_is_said_to() {
    let desk = Desk::in_memory().await;
    let receiver = receiver(&desk.host.clock);
    receiver.answer(|_| Answer::Late(Duration::from_millis(400)));
    waiting(&desk, &receiver, 190, json!({"concurrency": 40})).await;
    // Five rounds of 400 ms; with 16 at a time there would be twelve.
    // That most of the budget is used is told beside them.
    let took = resumed(&desk, &receiver, |receiver| receiver.taken().len() >= 190).await;
    assert!((Duration::from_millis(1_500)..Duration::from_millis(4_500)).contains(&took), "{took:?}");
    assert!(receiver.connections() <= 44, "{}", receiver.connections());
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rate_is_kept() {
    let desk = Desk::in_memory().await;
    let receiver = receiver(&desk.host.clock);
    waiting(&desk, &receiver, 60, json!({"rate": 30})).await;
    let took = resumed(&desk, &receiver, |receiver| receiver.taken().len() == 60).await;
    assert!((Duration::from_millis(1_600)..Duration::from_secs(6)).contains(&took), "{took:?}");
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_destination_has_headers_of_its_own() {
    let desk = Desk::in_memory().await;
    let receiver = receiver(&desk.host.clock);
    desk.destination("bank", &receiver.url(), json!({"headers": {"Authorization": "Bearer abc", "x-tenant": "7"}}))
        .await;
    desk.check_in("u1", 1).await;
    receiver.wait_taken(1);
    // What is named without a value keeps the one that it has; what is not named goes.
    desk.destination("bank", &receiver.url(), json!({"headers": {"authorization": null}})).await;
    desk.check_in("u1", 2).await;
    receiver.wait_taken(2);
    let requests = receiver.requests();
    let header = |place: usize, name: &str| requests[place].others.get(name).map(String::as_str);
    assert_eq!((header(0, "authorization"), header(0, "x-tenant")), (Some("Bearer abc"), Some("7")));
    assert_eq!((header(1, "authorization"), header(1, "x-tenant")), (Some("Bearer abc"), None));
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_deliveries_go_in_one_request() {
    let desk = Desk::in_memory().await;
    let receiver = receiver(&desk.host.clock);
    waiting(&desk, &receiver, 25, json!({"batch": 10})).await;
    // A customer's second waits for the first.
    desk.check_in("u0", 2).await;
    let events = |receiver: &Receiver| receiver.taken().iter().filter_map(Value::as_array).flatten().count();
    resumed(&desk, &receiver, |receiver| events(receiver) == 26).await;
    let (requests, taken) = (receiver.requests(), receiver.taken());
    assert!(requests.iter().all(|request| request.others["content-type"] == "application/cloudevents-batch+json"));
    assert!(requests.iter().all(|request| request.id().starts_with("batch-") && request.verified.is_ok()));
    let mut sizes: Vec<usize> = taken.iter().map(|batch| batch.as_array().expect("an array").len()).collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [1, 5, 10, 10]);
    let all: Vec<&Value> = taken.iter().filter_map(Value::as_array).flatten().collect();
    let ids: BTreeSet<&str> = all.iter().filter_map(|event| event["id"].as_str()).collect();
    assert_eq!(ids.len(), 26, "each once");
    let last = desk.delivery(26).await;
    let event = all.iter().find(|event| event["id"] == "26").expect("it came");
    let body: Value = serde_json::from_str(last.body.as_str()).expect("JSON");
    let expected = json!({"specversion": "1.0", "id": "26", "source": "largesse:host", "type": "grant.granted", "subject": "u0",
        "datacontenttype": "application/json", "time": body["timestamp"], "data": body["data"]});
    assert_eq!(**event, expected);
    desk.wait_for(26, DeliveryState::Delivered, 1).await;
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_is_refused_does_not_take_its_batch_along() {
    let desk = Desk::in_memory().await;
    let receiver = receiver(&desk.host.clock);
    // It refuses whatever is about u3.
    receiver.answer(|request| {
        let about = |event: &Value| event["subject"] == "u3";
        let refused = request.json().as_array().is_some_and(|batch| batch.iter().any(about));
        Answer::status(if refused { 422 } else { 200 })
    });
    waiting(&desk, &receiver, 8, json!({"batch": 10})).await;
    resumed(&desk, &receiver, |receiver| receiver.taken().len() == 7).await;
    for number in 1..=8 {
        let state = if number == 4 { DeliveryState::Dead } else { DeliveryState::Delivered };
        desk.wait_for(number, state, 1).await;
    }
    desk.stop().await;
}
