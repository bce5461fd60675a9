//! Callers beside one another: nobody waits for all that others sent.

use std::sync::Arc;

use largesse_domain::lifecycle::Command;
use largesse_domain::limits::{WAITING_EVENTS_MAX, WAITING_EVENTS_PER_TOKEN_MAX};
use largesse_service::Unavailable;
use largesse_service::intake::Arrival;
use largesse_service::pipeline::EventResult;
use largesse_service::queue::{Bound, Flow, Full};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::admission::five_a_day;
use crate::fixture::{Host, event};

const NOON: &str = "2026-03-01T12:00:00+08:00";

fn named(customer: &str, id: &str) -> Value {
    let mut event = event("checked_in", customer, NOON, json!({}));
    event["id"] = id.into();
    event
}

/// So many events of as many customers.
fn arrivals(host: &Host, caller: &str, count: usize) -> Vec<Arrival> {
    let ids = (0..count).map(|number| format!("{caller}-{number}"));
    ids.map(|id| host.arrival(named(&id, &id))).collect()
}

type Sent = JoinHandle<Result<Vec<EventResult>, Unavailable>>;

/// Sends events on behalf of a token, and returns once they wait.
async fn send(host: &Host, caller: &str, arrivals: Vec<Arrival>) -> Sent {
    let (service, flow) = (Arc::clone(&host.service), Flow::token(caller));
    let sent = tokio::spawn(flow.scope(async move { service.submit(arrivals).await }));
    tokio::task::yield_now().await;
    sent
}

/// Eight tokens send a thousand events each.
async fn send_batches(host: &Host) -> Vec<Sent> {
    let callers: Vec<String> = (0..8).map(|number| format!("sender{number}")).collect();
    let batches: Vec<_> = callers.iter().map(|caller| arrivals(host, caller, 1_000)).collect();
    let mut sent = Vec::new();
    for (caller, batch) in callers.iter().zip(batches) {
        sent.push(send(host, caller, batch).await);
    }
    sent
}

async fn host() -> Host {
    let host = Host::in_memory();
    host.campaign("daily", "check_in", five_a_day(1_000_000)).await;
    host
}

async fn results(sent: Sent) -> Vec<EventResult> {
    sent.await.expect("the sender ends").expect("the host takes events")
}

async fn numbers(sent: Sent) -> Vec<u64> {
    let number = |result: EventResult| match result {
        EventResult::Admitted(answer) => answer.seq.0,
        other => panic!("{other:?}"),
    };
    results(sent).await.into_iter().map(number).collect()
}

#[tokio::test]
async fn single_events_are_decided_between_the_batches_of_others() {
    let host = host().await;
    let one = arrivals(&host, "shop", 1);
    let sent = send_batches(&host).await;
    let single = numbers(send(&host, "shop", one).await).await[0];
    assert!(single <= 2_000, "it was number {single} of 8001");
    for sent in sent {
        let numbers = numbers(sent).await;
        assert!(numbers.is_sorted(), "the order within a request is kept");
        let (first, last) = (numbers[0], numbers[999]);
        assert!(first < 4_000 && last > 4_000, "batches share the time: {first} to {last}");
    }
}

#[tokio::test]
async fn a_pause_does_not_wait_for_the_events_that_were_sent_before() {
    let host = host().await;
    let sent = send_batches(&host).await;
    host.command("daily", Command::Pause).await;
    let mut decided = 0;
    for sent in sent {
        let is_decided = |result: &&EventResult| match result {
            EventResult::Admitted(answer) => answer.put_off.is_empty(),
            other => panic!("{other:?}"),
        };
        decided += results(sent).await.iter().filter(is_decided).count();
    }
    assert!(decided <= 2_000, "{decided} of 8000 were decided before the pause");
}

#[tokio::test]
async fn what_one_token_sends_of_a_customer_keeps_its_order() {
    let host = host().await;
    let mut sent = Vec::new();
    for number in 0..300 {
        let arrival = host.arrival(named("u1", &format!("e{number}")));
        sent.push(send(&host, "shop", vec![arrival]).await);
    }
    let mut seen = Vec::new();
    for sent in sent {
        seen.extend(numbers(sent).await);
    }
    assert!(seen.is_sorted(), "{seen:?}");
}

#[tokio::test]
async fn a_token_of_which_too_much_waits_is_told_so_and_others_are_not() {
    let host = host().await;
    let one = arrivals(&host, "shop", 1);
    let of = |count: usize| vec![one[0].clone(); count];
    let told = send(&host, "flood", of(WAITING_EVENTS_PER_TOKEN_MAX + 1)).await.await.expect("the sender ends");
    let (bound, max) = (Bound::Events, WAITING_EVENTS_PER_TOKEN_MAX);
    assert!(
        matches!(told, Err(Unavailable::Busy(Full::Caller { bound: in_bound, max: in_max, .. })) if (in_bound, in_max) == (bound, max)),
        "{told:?}"
    );
    let just_fits = send(&host, "flood", of(WAITING_EVENTS_PER_TOKEN_MAX)).await;
    assert_eq!(results(send(&host, "shop", of(1)).await).await.len(), 1);
    assert_eq!(results(just_fits).await.len(), WAITING_EVENTS_PER_TOKEN_MAX);
    let all = host.service.submit(of(WAITING_EVENTS_MAX + 1)).await;
    assert!(matches!(all, Err(Unavailable::Busy(Full::Host { bound: Bound::Events, .. }))), "{all:?}");
}
