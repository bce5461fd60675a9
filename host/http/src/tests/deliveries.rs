//! Destinations and deliveries over HTTP; nothing is sent here.

use axum::body::Body;
use axum::http::Method;
use serde_json::{Value, json};

use super::Host;

const BANK: &str = "/v1/destinations/bank";

fn document() -> Value {
    json!({"url": "https://bank.example/in", "topics": ["grant.*"]})
}

async fn set(host: &Host, path: &str, document: &Value) -> super::Reply {
    host.write(("admin", Method::PUT, path), document).await
}

async fn post(host: &Host, token: &str, path: &str) -> super::Reply {
    host.ask((token, Method::POST, path), &[], Body::empty()).await
}

#[tokio::test]
async fn a_secret_is_shown_once() {
    let host = Host::start();
    let made = set(&host, BANK, &document()).await;
    assert_eq!(made.status, 201);
    let secret = made.body["secret"].as_str().unwrap().to_owned();
    assert!(secret.starts_with("whsec_") && secret.len() > 40, "{secret}");
    let again = set(&host, BANK, &document()).await;
    assert_eq!((again.status.as_u16(), again.body.get("secret")), (200, None));
    for reply in [again, host.get(BANK).await, host.get("/v1/destinations").await] {
        assert!(!reply.body.to_string().contains("whsec_"), "{reply:?}");
    }
    let mut with_secrets = document();
    with_secrets["secrets"] = json!([secret, secret.replace("whsec_", "whsec_AAAA")]);
    let changed = set(&host, BANK, &with_secrets).await;
    assert_eq!((changed.status.as_u16(), &changed.body["secret_count"]), (200, &json!(2)));
    assert!(!changed.body.to_string().contains("whsec_"));
    // Another destination's secret is its own.
    let other = set(&host, "/v1/destinations/other", &document()).await;
    assert_ne!(other.body["secret"], secret);
}

#[tokio::test]
async fn documents_that_cannot_be_taken_are_pointed_at() {
    let host = Host::start();
    let pointers = async |document: Value| {
        let reply = set(&host, BANK, &document).await;
        assert_eq!(reply.problem(), (422, "invalid-document"));
        reply.pointers().join(" ")
    };
    assert_eq!(pointers(json!({})).await, "");
    for url in
        ["http://bank.example", "https://127.0.0.1", "https://10.0.0.1", "https://[::1]/", "https://user@x.example"]
    {
        assert_eq!(pointers(json!({"url": url})).await, "/url", "{url}");
    }
    assert_eq!(pointers(json!({"url": "https://x.example", "topics": ["grant"]})).await, "/topics/0");
    assert_eq!(pointers(json!({"url": "https://x.example", "secrets": ["x"]})).await, "/secrets/0");
    assert_eq!(pointers(json!({"url": "https://x.example", "paused": true})).await, "/paused");
    let settles = json!({"url": "https://x.example", "settles": true});
    assert_eq!(set(&host, "/v1/destinations/first", &settles).await.status, 201);
    assert_eq!(pointers(settles).await, "/settles");
    assert_eq!(host.get(BANK).await.problem(), (404, "not-found"));
}

#[tokio::test]
async fn what_is_shown_of_a_destination_can_be_sent_back() {
    let host = Host::start();
    let mut whole = document();
    whole["headers"] = json!({"Authorization": "Bearer abc"});
    whole["concurrency"] = json!(40);
    whole["rate"] = json!(200);
    whole["batch"] = json!(10);
    assert_eq!(set(&host, BANK, &whole).await.status, 201);
    assert_eq!(post(&host, "operator", "/v1/destinations/bank/pause").await.status, 200);
    let mut shown = host.get(BANK).await.body;
    assert_eq!(shown["headers"], json!({"authorization": null}));
    let same = set(&host, BANK, &shown).await;
    assert_eq!((same.status.as_u16(), &same.body), (200, &shown));
    shown["concurrency"] = json!(7);
    assert_eq!(set(&host, BANK, &shown).await.body, shown);
    assert_eq!(host.get(BANK).await.body, shown);
    let other = set(&host, "/v1/destinations/other", &shown).await;
    assert_eq!((other.problem(), other.pointers()), ((422, "invalid-document"), vec!["/id"]));
    for (name, value, pointer) in [
        ("headers", json!({"x-new": null}), "/headers/x-new"),
        ("headers", json!({"webhook-id": "1"}), "/headers/webhook-id"),
        ("headers", json!({"x-new": "a\r\nb"}), "/headers/x-new"),
        ("concurrency", json!(1_025), "/concurrency"),
        ("rate", json!(0), "/rate"),
        ("batch", json!(101), "/batch"),
    ] {
        let mut changed = shown.clone();
        changed[name] = value;
        let reply = set(&host, BANK, &changed).await;
        assert_eq!((reply.problem(), reply.pointers()), ((422, "invalid-document"), vec![pointer]));
    }
}

#[tokio::test]
async fn destinations_pause_resume_and_go() {
    let host = Host::start();
    set(&host, BANK, &document()).await;
    let paused = post(&host, "operator", "/v1/destinations/bank/pause").await;
    assert_eq!(paused.body["paused"], "operator");
    assert_eq!(post(&host, "operator", "/v1/destinations/bank/test").await.problem(), (409, "destination-paused"));
    let changed = set(&host, BANK, &document()).await;
    assert_eq!(changed.body["paused"], "operator", "a change of the document is no resumption");
    let resumed = post(&host, "operator", "/v1/destinations/bank/resume").await;
    assert_eq!(resumed.body.get("paused"), None);
    for _ in 0..2 {
        let gone = host.ask(("admin", Method::DELETE, BANK), &[], Body::empty()).await;
        assert_eq!(gone.status, 204);
    }
    assert_eq!(host.get(BANK).await.problem(), (404, "not-found"));
    assert_eq!(post(&host, "operator", "/v1/destinations/bank/pause").await.problem(), (404, "not-found"));
}

#[tokio::test]
async fn deliveries_are_listed_shown_and_sent_again() {
    let host = Host::start();
    set(&host, BANK, &document()).await;
    for _ in 0..3 {
        assert_eq!(post(&host, "operator", "/v1/destinations/bank/test").await.status, 202);
    }
    let page = host.get("/v1/deliveries?state=waiting&destination=bank&after=1&limit=1").await.body;
    assert_eq!((&page["items"][0]["id"], &page["next"]), (&json!(2), &json!(2)));
    assert_eq!(host.get("/v1/deliveries?state=dead").await.body, json!({"items": []}));
    let shown = host.get("/v1/deliveries/1").await.body;
    assert_eq!((&shown["state"], &shown["body"]["type"]), (&json!("waiting"), &json!("destination.test")));
    assert_eq!(shown["body"]["id"], 1);
    let replayed = post(&host, "operator", "/v1/deliveries/1/replay").await;
    assert_eq!((replayed.status.as_u16(), &replayed.body["state"]), (200, &json!("waiting")));
    host.ask(("admin", Method::DELETE, BANK), &[], Body::empty()).await;
    assert_eq!(host.get("/v1/deliveries?state=dead").await.body["items"].as_array().map(Vec::len), Some(3));
    assert_eq!(post(&host, "operator", "/v1/deliveries/1/replay").await.problem(), (404, "not-found"));
    let all = json!({"destination": "bank"});
    let path = ("operator", Method::POST, "/v1/deliveries/replay");
    assert_eq!(host.write(path.clone(), &all).await.problem(), (404, "not-found"));
    set(&host, BANK, &document()).await;
    assert_eq!(host.write(path.clone(), &all).await.body, json!({"replayed": 3}));
    assert_eq!(host.write(path, &json!({"destination": "No"})).await.pointers(), ["/destination"]);
}

#[tokio::test]
async fn questions_about_no_delivery_are_problems() {
    let host = Host::start();
    for path in ["/v1/deliveries/7", "/v1/deliveries/-1", "/v1/deliveries/9223372036854775807"] {
        assert_eq!(host.get(path).await.problem(), (404, "not-found"), "{path}");
    }
    for path in
        ["?state=lost", "?limit=0", "?limit=1001", "?destination=A", "?colour=red", "/x", "/99999999999999999999"]
    {
        assert_eq!(host.get(&format!("/v1/deliveries{path}")).await.problem(), (400, "malformed-request"), "{path}");
    }
    assert_eq!(host.get("/v1/deliveries?after=18446744073709551615").await.body, json!({"items": []}));
}

#[tokio::test]
async fn what_settles_nothing_is_refused() {
    let host = Host::start();
    set(&host, BANK, &document()).await;
    post(&host, "operator", "/v1/destinations/bank/test").await;
    let confirm = |id: u64| format!("/v1/deliveries/{id}/confirm");
    assert_eq!(post(&host, "fulfil", &confirm(1)).await.problem(), (409, "settles-nothing"));
    assert_eq!(post(&host, "fulfil", &confirm(2)).await.problem(), (404, "not-found"));
    let fail = async |document: Value| host.write(("fulfil", Method::POST, "/v1/deliveries/1/fail"), document).await;
    assert_eq!(fail(json!({"reason": "no account"})).await.problem(), (409, "settles-nothing"));
    assert_eq!(fail(json!({"reason": ""})).await.pointers(), ["/reason"]);
    assert_eq!(fail(json!({"reason": "x".repeat(257)})).await.pointers(), ["/reason"]);
    assert_eq!(fail(json!({})).await.problem(), (422, "invalid-document"));
}
