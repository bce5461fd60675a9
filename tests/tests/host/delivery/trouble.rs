//! Receivers that misbehave: what is tried again, what is dead, what is sent again, and who is not held up.

use largesse_domain::delivery::{DeliveryId, DeliveryState};
use largesse_domain::destination::Paused;
use largesse_domain::limits::DELIVERY_ATTEMPTS_MAX;
use largesse_tests::receiver::Answer;
use serde_json::json;

use super::desk::{Desk, id, receiver};
use largesse_service::commands::{DeleteDestination, PauseDestination, ReplayDead, ReplayDelivery, TestDestination};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_fails_is_tried_again_when_it_is_due() {
    let desk = Desk::in_memory().await;
    let receiver = receiver(&desk.host.clock);
    desk.destination("bank", &receiver.url(), json!({})).await;
    let failures = [
        (Answer::status(500), "answered 500"),
        (Answer::status(404), "answered 404"),
        (Answer::Never, "no answer within 1 s"),
        (Answer::Close, "connection closed before message completed"),
        (Answer::Garbage, "invalid HTTP"),
    ];
    let count = u32::try_from(failures.len()).expect("few");
    let mut attempts = 0;
    for (answer, error) in failures {
        receiver.answer(move |_| answer.clone());
        attempts += 1;
        match attempts {
            1 => desk.check_in("u1", 1).await,
            _ => desk.wait_until_due(1).await,
        }
        let failed = desk.wait_for(1, DeliveryState::Waiting, attempts).await.progress;
        assert!(failed.last_error.as_ref().is_some_and(|told| told.contains(error)), "{failed:?}");
        assert!(failed.due > desk.host.clock.now());
    }
    // Not due, it is not sent, however long one looks.
    receiver.answer(|_| Answer::status(200));
    tokio::time::sleep(std::time::Duration::from_millis(600)).await;
    desk.wait_for(1, DeliveryState::Waiting, count).await;
    desk.wait_until_due(1).await;
    let delivered = desk.wait_for(1, DeliveryState::Delivered, count + 1).await;
    assert_eq!(delivered.progress.last_error, None);
    assert_eq!(receiver.taken().len(), 1);
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_destination_may_ask_for_time() {
    let desk = Desk::in_memory().await;
    let receiver = receiver(&desk.host.clock);
    receiver.answer(|_| Answer::Status(429, "retry-after: 1800\r\n".into()));
    desk.destination("bank", &receiver.url(), json!({})).await;
    desk.check_in("u1", 1).await;
    let failed = desk.wait_for(1, DeliveryState::Waiting, 1).await;
    assert_eq!(Some(failed.progress.due), failed.made_at.plus_millis(1_800_000));
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_never_succeeds_is_dead_and_can_be_sent_again() {
    let desk = Desk::in_memory().await;
    let receiver = receiver(&desk.host.clock);
    receiver.answer(|request| Answer::status(if request.id() == "1" { 500 } else { 200 }));
    desk.destination("bank", &receiver.url(), json!({})).await;
    desk.check_in("u1", 1).await;
    desk.check_in("u1", 2).await;
    let begun = desk.host.clock.now();
    for attempts in 1..DELIVERY_ATTEMPTS_MAX {
        desk.wait_for(1, DeliveryState::Waiting, attempts).await;
        assert_eq!(receiver.taken().len(), 0, "the customer's next waits");
        desk.wait_until_due(1).await;
    }
    desk.wait_for(1, DeliveryState::Dead, DELIVERY_ATTEMPTS_MAX).await;
    let hours = (desk.host.clock.now().as_millis() - begun.as_millis()) / 3_600_000;
    assert!((18..30).contains(&hours), "{hours}");
    // Now the next may go.
    receiver.wait_taken(1);
    desk.wait_for(2, DeliveryState::Delivered, 1).await;
    receiver.answer(|_| Answer::status(200));
    assert_eq!(desk.host.service.run(ReplayDead(id("bank"))).await.expect("it is there"), 1);
    desk.wait_for(1, DeliveryState::Delivered, 1).await;
    let taken = receiver.taken();
    assert_eq!((taken.len(), &taken[1]["id"]), (2, &json!(1)));
    // What was delivered can be sent again too; the receiver has it already.
    desk.host.service.run(ReplayDelivery(DeliveryId(2))).await.expect("it is there");
    receiver.wait(|requests, _| requests.iter().filter(|request| request.id() == "2").count() == 2);
    desk.wait_for(2, DeliveryState::Delivered, 1).await;
    assert_eq!(receiver.taken().len(), 2);
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_destination_refuses_is_dead_at_once() {
    let desk = Desk::in_memory().await;
    let receiver = receiver(&desk.host.clock);
    receiver.answer(|request| Answer::status(if request.id() == "1" { 422 } else { 200 }));
    desk.destination("bank", &receiver.url(), json!({})).await;
    desk.check_in("u1", 1).await;
    desk.check_in("u1", 2).await;
    let dead = desk.wait_for(1, DeliveryState::Dead, 1).await;
    assert_eq!(dead.progress.last_error.as_deref(), Some("answered 422: refused"));
    desk.wait_for(2, DeliveryState::Delivered, 1).await;
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_destination_that_is_gone_is_paused_until_it_is_resumed() {
    let folder = tempfile::tempdir().expect("a folder");
    let desk = Desk::start(crate::fixture::Host::on_disk(folder.path())).await;
    let receiver = receiver(&desk.host.clock);
    receiver.answer(|_| Answer::status(410));
    desk.destination("bank", &receiver.url(), json!({})).await;
    desk.check_in("u1", 1).await;
    desk.wait_for(1, DeliveryState::Waiting, 1).await;
    let paused = || desk.host.service.registry().destinations[&id("bank")].paused;
    assert_eq!(paused(), Some(Paused::Gone));
    assert!(desk.host.service.run(TestDestination(id("bank"))).await.is_err());
    receiver.answer(|_| Answer::status(200));
    desk.check_in("u1", 2).await;
    tokio::time::sleep(std::time::Duration::from_millis(600)).await;
    assert_eq!(receiver.requests().len(), 1, "nothing more was sent");
    let now = desk.host.clock.now();
    desk.stop().await;
    let desk = Desk::again(folder.path());
    desk.host.clock.set(now);
    assert_eq!(desk.host.service.registry().destinations[&id("bank")].paused, Some(Paused::Gone), "a start knows it");
    desk.host.service.run(PauseDestination { id: id("bank"), paused: false }).await.expect("it is there");
    receiver.wait_taken(2);
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_destination_that_hangs_holds_up_nobody() {
    let desk = Desk::in_memory().await;
    let (hanging, well) = (receiver(&desk.host.clock), receiver(&desk.host.clock));
    hanging.answer(|_| Answer::Never);
    desk.destination("hanging", &hanging.url(), json!({})).await;
    desk.destination("well", &well.url(), json!({})).await;
    for number in 0..40 {
        desk.check_in(&format!("u{number}"), 1).await;
    }
    let started = std::time::Instant::now();
    well.wait_taken(40);
    assert!(started.elapsed() < std::time::Duration::from_secs(5), "{:?}", started.elapsed());
    assert!(
        hanging.connections() <= 2 * usize::from(largesse_domain::limits::DELIVERY_CONCURRENCY_DEFAULT),
        "{}",
        hanging.connections()
    );
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_destination_is_told_nothing_more() {
    let desk = Desk::in_memory().await;
    let receiver = receiver(&desk.host.clock);
    receiver.answer(|_| Answer::status(500));
    desk.destination("bank", &receiver.url(), json!({})).await;
    desk.check_in("u1", 1).await;
    desk.wait_for(1, DeliveryState::Waiting, 1).await;
    desk.host.service.run(DeleteDestination(id("bank"))).await.expect("it is deleted");
    desk.wait_for(1, DeliveryState::Dead, 1).await;
    assert!(desk.host.service.run(ReplayDelivery(DeliveryId(1))).await.is_err(), "there is nobody to send it to");
    desk.destination("bank", &receiver.url(), json!({})).await;
    receiver.answer(|_| Answer::status(200));
    desk.host.service.run(ReplayDelivery(DeliveryId(1))).await.expect("now there is");
    desk.wait_for(1, DeliveryState::Delivered, 1).await;
    desk.stop().await;
}
