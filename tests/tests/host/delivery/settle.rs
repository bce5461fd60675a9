//! What a destination says of a grant: confirmed, it stays; failed, it is taken back, once.

use largesse_domain::delivery::{Delivery, DeliveryId, DeliveryState, Settled};
use largesse_service::ChangeError;
use largesse_service::commands::{SetDestination, SettleDelivery};
use largesse_service::pipeline::ControlError;
use serde_json::json;

use super::desk::{Desk, receiver};
use crate::admission::five_a_day;
use crate::fixture::{Host, campaign, event};

fn failed(reason: &str) -> Settled {
    Settled::Failed(reason.to_owned())
}

async fn settle(desk: &Desk, number: u64, settled: Settled) -> Result<Delivery, ControlError> {
    match desk.host.service.run(SettleDelivery { id: DeliveryId(number), settled }).await {
        Ok(delivery) => Ok(delivery),
        Err(ChangeError::Control(error)) => Err(error),
        Err(error) => panic!("{error}"),
    }
}

/// What the campaign `small` has spent.
async fn spent(desk: &Desk) -> u64 {
    let read = desk.host.service.read(|store| store.budget_usage(&campaign("small")));
    read.await.expect("the store reads")[0].1.amount.get()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_grant_that_cannot_be_carried_out_is_taken_back_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let host = Host::on_disk(folder.path());
    host.campaign("small", "check_in", five_a_day(5)).await;
    let desk = Desk::start(host).await;
    let (bank, watcher) = (receiver(&desk.host.clock), receiver(&desk.host.clock));
    desk.destination("bank", &bank.url(), json!({"topics": ["grant.granted"], "settles": true})).await;
    desk.destination("watcher", &watcher.url(), json!({"topics": ["grant.revoked"]})).await;
    // Two campaigns grant; the small one has nothing left then.
    desk.check_in("u1", 1).await;
    bank.wait_taken(2);
    let small = bank.taken().into_iter().find(|body| body["data"]["campaign"] == "small").expect("it is told");
    let number = small["id"].as_u64().expect("a number");
    assert_eq!(spent(&desk).await, 5);

    let delivery = settle(&desk, number, failed("no account")).await.expect("it is settled");
    assert_eq!(delivery.settlement.map(|settlement| settlement.settled), Some(failed("no account")));
    assert_eq!(spent(&desk).await, 0, "what was taken back can be granted again");
    let left: Vec<u64> = desk.host.grants("u1").await.into_iter().map(|grant| grant.2).collect();
    assert_eq!(left.iter().sum::<u64>(), 5, "{left:?}");
    watcher.wait_taken(1);
    let told = watcher.taken().remove(0);
    assert_eq!((&told["type"], &told["data"]["quantity"]), (&json!("grant.revoked"), &json!(5)));
    assert_eq!((&told["data"]["reason"], &told["data"]["to"]), (&json!("no account"), &json!("u1")));
    assert_eq!(told["data"]["cause"], json!({"failed_delivery": number}));

    // Said again it changes nothing, after a start neither; the contrary is refused.
    settle(&desk, number, failed("said again")).await.expect("it is so already");
    let now = desk.host.clock.now();
    desk.stop().await;
    let desk = Desk::again(folder.path());
    desk.host.clock.set(now);
    let again = settle(&desk, number, failed("said again")).await.expect("it is so already");
    assert_eq!(again.settlement.map(|settlement| settlement.settled), Some(failed("no account")), "the first counts");
    let otherwise = settle(&desk, number, Settled::Confirmed).await;
    assert_eq!(otherwise, Err(ControlError::SettledOtherwise { id: DeliveryId(number), before: "failed" }));
    assert_eq!(spent(&desk).await, 0);
    assert_eq!(desk.deliveries().await.len(), 3);
    desk.check_in("u2", 1).await;
    assert_eq!(spent(&desk).await, 5);
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_grant_that_was_carried_out_stays() {
    let desk = Desk::in_memory().await;
    let bank = receiver(&desk.host.clock);
    desk.destination("bank", &bank.url(), json!({"settles": true})).await;
    desk.check_in("u1", 1).await;
    bank.wait_taken(1);
    // Both at once: what comes first counts, before it is on disk too.
    let (first, second) = tokio::join!(settle(&desk, 1, Settled::Confirmed), settle(&desk, 1, failed("late")));
    assert!(first.is_ok());
    assert_eq!(second, Err(ControlError::SettledOtherwise { id: DeliveryId(1), before: "confirmed" }));
    settle(&desk, 1, Settled::Confirmed).await.expect("it is so already");
    assert_eq!(desk.host.grants("u1").await[0].2, 5);
    desk.wait_for(1, DeliveryState::Delivered, 1).await;
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_destination_that_settles_settles() {
    let desk = Desk::in_memory().await;
    let (bank, other) = (receiver(&desk.host.clock), receiver(&desk.host.clock));
    desk.destination("bank", &bank.url(), json!({"settles": true})).await;
    desk.destination("other", &other.url(), json!({})).await;
    desk.check_in("u1", 1).await;
    other.wait_taken(1);
    let number = other.taken()[0]["id"].as_u64().expect("a number");
    assert_eq!(settle(&desk, number, failed("no")).await, Err(ControlError::SettlesNothing(DeliveryId(number))));
    assert!(matches!(settle(&desk, 77, failed("no")).await, Err(ControlError::UnknownDelivery(DeliveryId(77)))));
    let spec = json!({"url": other.url(), "allow_private": true, "settles": true});
    let spec: largesse_documents::DestinationDocument = serde_json::from_value(spec).expect("a document");
    let fresh = largesse_domain::destination::Secret::new(&[1; 32]).expect("a secret");
    let spec = spec.read().expect("a destination");
    let refused = desk.host.service.run(SetDestination { id: super::desk::id("other"), spec, fresh }).await;
    assert!(matches!(refused, Err(ChangeError::Control(ControlError::Problems(_)))), "{refused:?}");
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_grant_that_was_revoked_before_is_not_taken_back_twice() {
    let desk = Desk::in_memory().await;
    let bank = receiver(&desk.host.clock);
    desk.destination("bank", &bank.url(), json!({"settles": true})).await;
    desk.check_in("u1", 1).await;
    bank.wait_taken(1);
    settle(&desk, 1, failed("no account")).await.expect("it is settled");
    bank.wait_taken(2);
    assert_eq!(bank.taken()[1]["type"], "grant.revoked");
    // The key is not free: the same day gives nothing again.
    desk.host.send_one(event("checked_in", "u1", "2026-03-01T13:00:00+08:00", json!({}))).await;
    let told = bank.taken()[1]["id"].as_u64().expect("a number");
    assert_eq!(settle(&desk, told, failed("no")).await, Err(ControlError::SettlesNothing(DeliveryId(told))));
    assert_eq!(desk.host.grants("u1").await[0].2, 0);
    assert_eq!(desk.deliveries().await.len(), 2);
    desk.stop().await;
}
