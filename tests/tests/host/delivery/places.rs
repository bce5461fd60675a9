//! Places that deliveries must not reach: private addresses behind names, and wherever a redirect leads.

use largesse_domain::delivery::DeliveryState;
use largesse_tests::receiver::Answer;
use serde_json::json;

use super::desk::{Desk, id, receiver};
use largesse_service::commands::TestDestination;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_leads_to_this_machine_is_refused() {
    let desk = Desk::in_memory().await;
    let receiver = receiver(&desk.host.clock);
    let url = format!("https://localhost:{}/", receiver.port());
    desk.destination("inside", &url, json!({"allow_private": false})).await;
    desk.check_in("u1", 1).await;
    let error = desk.wait_for(1, DeliveryState::Waiting, 1).await.progress.last_error.expect("it failed");
    assert!(error.starts_with("the name leads to ") && error.ends_with("may not be private"), "{error}");
    assert_eq!(receiver.connections(), 0, "nobody connected");
    // With the permission it gets as far as TLS, which the receiver does not speak.
    desk.destination("inside", &url, json!({})).await;
    desk.wait_until_due(1).await;
    let error = desk.wait_for(1, DeliveryState::Waiting, 2).await.progress.last_error.expect("it failed");
    assert!(!error.contains("private"), "{error}");
    assert_eq!(receiver.connections(), 1);
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_permission_that_is_taken_away_counts_at_once() {
    let desk = Desk::in_memory().await;
    let receiver = receiver(&desk.host.clock);
    desk.destination("inside", &receiver.url(), json!({})).await;
    desk.check_in("u1", 1).await;
    receiver.wait_taken(1);
    desk.wait_for(1, DeliveryState::Delivered, 1).await;
    let url = format!("https://localhost:{}/", receiver.port());
    desk.destination("inside", &url, json!({"allow_private": false})).await;
    desk.check_in("u1", 2).await;
    desk.wait_for(2, DeliveryState::Waiting, 1).await;
    assert_eq!(receiver.connections(), 1);
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redirect_is_not_followed() {
    let desk = Desk::in_memory().await;
    let (front, behind) = (receiver(&desk.host.clock), receiver(&desk.host.clock));
    let to = behind.url();
    desk.destination("front", &front.url(), json!({})).await;
    let mut attempts = 0;
    for status in [301, 302, 303, 307, 308] {
        let headers = format!("location: {to}\r\n");
        front.answer(move |_| Answer::Status(status, headers.clone()));
        attempts += 1;
        match attempts {
            1 => desk.check_in("u1", 1).await,
            _ => desk.wait_until_due(1).await,
        }
        let failed = desk.wait_for(1, DeliveryState::Waiting, attempts).await;
        assert!(failed.progress.last_error.is_some_and(|error| error.starts_with("answered 30")));
    }
    assert_eq!(behind.connections(), 0, "nobody came");
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_says_what_comes_of_it_once() {
    let desk = Desk::in_memory().await;
    let receiver = receiver(&desk.host.clock);
    desk.destination("bank", &receiver.url(), json!({"topics": ["message"]})).await;
    let test = desk.host.service.run(TestDestination(id("bank"))).await.expect("it is written");
    receiver.wait_taken(1);
    desk.wait_for(test.id.0, DeliveryState::Delivered, 1).await;
    assert_eq!(receiver.taken()[0]["type"], "destination.test");
    receiver.answer(|_| Answer::status(503));
    let test = desk.host.service.run(TestDestination(id("bank"))).await.expect("it is written");
    let dead = desk.wait_for(test.id.0, DeliveryState::Dead, 1).await;
    assert_eq!(dead.progress.last_error.as_deref(), Some("answered 503"));
    desk.stop().await;
}
