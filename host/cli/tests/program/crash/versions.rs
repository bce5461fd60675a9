//! An operator who swaps, migrates, stops and tries versions of one campaign, and what must be true of it at any time.

use serde_json::{Value, json};

use super::client::Client;
use super::load::COUNTED;
use crate::host::Policies;

/// What the campaign goes to and fro between.
const VERSIONS: [&str; 2] = ["examples/counts_as_1.wasm", "examples/counts_as_2.wasm"];

/// Publishes both versions, and gives their digests.
fn publish(client: &Client, policies: &Policies) -> Option<[String; 2]> {
    let mut digests = Vec::new();
    for version in VERSIONS {
        let bytes = std::fs::read(policies.join(version)).unwrap();
        let (status, answer) = client.send("POST", "/v1/policies", ("application/wasm", &bytes))?;
        assert!(matches!(status, 200 | 201), "{answer}");
        digests.push(answer["digest"].as_str().unwrap().to_owned());
    }
    digests.try_into().ok()
}

/// Does once what an operator may do with versions: in the end version 1 decides.
pub(super) fn operate(client: &Client, policies: &Policies) -> Option<()> {
    let [first, second] = publish(client, policies)?;
    let post = |path: &str, body: &Value| client.change("POST", path, body);
    let of_campaign = |rest: &str| format!("/v1/campaigns/{COUNTED}/{rest}");
    let rollout = json!({"policy": second, "mode": "shadow"});
    client.change("PUT", &of_campaign("rollout"), &rollout)?;
    post(&of_campaign("rollout/promote"), &json!({"accept_stuck_states": true}))?;
    post(&of_campaign("migration"), &Value::Null)?;
    // The host takes it out, and the campaign goes back.
    post(&format!("/v1/policies/{second}/stop"), &json!({"reason": "a trial"}))?;
    post(&format!("/v1/policies/{second}/allow"), &Value::Null)?;
    post(&of_campaign("activations"), &json!({"policy": first, "accept_stuck_states": true}))
}

/// Of the versions exactly one decides, every activation is on record, and nothing is in between.
pub(super) fn verify(client: &Client, policies: &Policies) -> Option<()> {
    let known = publish(client, policies)?;
    let campaign = client.get(&format!("/v1/campaigns/{COUNTED}"))?;
    let active = &campaign["active"];
    assert!(known.iter().any(|digest| active["policy"] == digest.as_str()), "{active}");
    let last = active["number"].as_u64().unwrap();
    let listed = client.get(&format!("/v1/campaigns/{COUNTED}/activations?limit=500"))?;
    let listed = listed["items"].as_array().unwrap();
    assert_eq!(&listed[0], active, "the latest activation is the one that decides");
    let numbers: Vec<u64> = listed.iter().map(|item| item["number"].as_u64().unwrap()).collect();
    let expected: Vec<u64> = (1..=last).rev().take(500).collect();
    assert_eq!(numbers, expected, "every activation is on record");
    assert!(last > 1, "something was activated");
    Some(())
}
