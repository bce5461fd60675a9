//! Whether what was done was told, whatever happened in between: each thing once by its id, in order for each customer.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use largesse_tests::receiver::Receiver;
use serde_json::{Value, json};

use super::client::Client;

const SECRET: &str = "whsec_YSBrZXkgb2YgdGhpcnR5LXR3byBieXRlcywgcGxhaW4=";

/// A receiver that outlives every host of a trial.
pub(super) fn receiver() -> Receiver {
    Receiver::start(SECRET, || {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        i64::try_from(since.as_secs()).unwrap()
    })
}

/// Registers the receiver. Nothing when the host died.
pub(super) fn set_up(client: &Client, receiver: &Receiver) -> Option<()> {
    let document = json!({"url": receiver.url(), "secrets": [SECRET], "allow_private": true});
    client.change("PUT", "/v1/destinations/receiver", &document).map(drop)
}

/// Waits until nothing waits any more, then holds what the receiver has to what the host wrote. Nothing when the host died.
pub(super) fn verify(client: &Client, receiver: &Receiver) -> Option<()> {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let waiting = client.get("/v1/deliveries?state=waiting&limit=1")?;
        if waiting["items"].as_array().unwrap().is_empty() {
            break;
        }
        assert!(Instant::now() < deadline, "deliveries wait for ever: {waiting}");
        std::thread::sleep(Duration::from_millis(50));
    }
    let mut written = BTreeSet::new();
    let mut after = Some(0);
    while let Some(last) = after {
        let page = client.get(&format!("/v1/deliveries?after={last}&limit=500"))?;
        for item in page["items"].as_array().unwrap() {
            assert_eq!(item["state"], "delivered", "{item}");
            written.insert(item["id"].as_u64().unwrap());
        }
        after = page["next"].as_u64();
    }
    let taken = receiver.taken();
    let ids: BTreeSet<u64> = taken.iter().map(id).collect();
    assert_eq!(ids.len(), taken.len(), "no id is taken twice");
    assert_eq!(ids, written, "what is told is what was written");
    let mut of_each: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for body in &taken {
        of_each.entry(body["data"]["to"].as_str().unwrap_or_default()).or_default().push(id(body));
    }
    for (customer, order) in of_each {
        assert!(order.is_sorted(), "{customer} out of order: {order:?}");
    }
    let requests = receiver.requests();
    let mut bodies = BTreeMap::new();
    for request in &requests {
        assert_eq!(request.verified, Ok(()));
        let first = bodies.entry(request.id().to_owned()).or_insert_with(|| request.body.clone());
        assert_eq!(*first, request.body, "sent again it says the same");
    }
    println!("{} deliveries, {} sent again", taken.len(), requests.len() - taken.len());
    Some(())
}

fn id(body: &Value) -> u64 {
    body["id"].as_u64().unwrap()
}
