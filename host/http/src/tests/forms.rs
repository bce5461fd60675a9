//! The forms in which an event may come, and in which an answer is asked for.

use axum::body::Body;
use axum::http::Method;
use serde_json::json;

use super::{Host, event, event_with};

const BINARY: [(&str, &str); 7] = [
    ("content-type", "application/json"),
    ("ce-specversion", "1.0"),
    ("ce-id", "1"),
    ("ce-source", "/test"),
    ("ce-type", "user.registered"),
    ("ce-subject", "u1"),
    ("ce-time", "2026-03-10T19:59:00+08:00"),
];

async fn send(host: &Host, headers: &[(&str, &str)], body: impl Into<Body>) -> super::Reply {
    host.ask(("ingest", Method::POST, "/v1/events"), headers, body.into()).await
}

#[tokio::test]
async fn binary_and_structured_mode_are_one() {
    let host = Host::start();
    let reply = send(&host, &BINARY, r#"{"channel": "web"}"#).await;
    assert_eq!((reply.status.as_u16(), &reply.body["status"]), (200, &json!("admitted")), "{reply:?}");
    assert_eq!(host.send(event("1")).await.body["status"], "duplicate");
    let reply = send(&host, &BINARY[..6], "{").await;
    assert_eq!(reply.problem(), (400, "malformed-json"));
    let reply = send(&host, &BINARY[..6], "{}").await;
    assert_eq!((reply.problem(), reply.pointers()), ((422, "invalid-event"), vec!["/time"]));
}

#[tokio::test]
async fn other_content_types_get_a_hint() {
    let host = Host::start();
    let plain = [("content-type", "application/json")];
    let packed = [("content-type", "application/cloudevents+json"), ("content-encoding", "gzip")];
    for headers in [&[][..], &plain, &[("content-type", "text/plain")], &packed] {
        let reply = send(&host, headers, event("1").to_string()).await;
        assert_eq!(reply.problem(), (415, "unsupported-media-type"), "{headers:?}");
    }
    let reply = send(&host, &plain, event("1").to_string()).await;
    assert!(reply.body["detail"].as_str().unwrap().contains("application/cloudevents-batch+json"));
    let typed = [("content-type", "application/cloudevents+json; charset=utf-8")];
    assert_eq!(send(&host, &typed, event("1").to_string()).await.status, 200);
}

#[tokio::test]
async fn an_answer_may_come_without_decisions() {
    let host = Host::start();
    let headers = [("content-type", "application/cloudevents+json"), ("prefer", "wait=5, respond-async")];
    let reply = send(&host, &headers, event("1").to_string()).await;
    assert_eq!((reply.status.as_u16(), &reply.body), (202, &json!({"seq": 1, "status": "admitted"})));
    assert_eq!(reply.headers["preference-applied"], "respond-async");
    let headers = [("content-type", "application/cloudevents-batch+json"), ("prefer", "respond-async")];
    let batch = json!([event("1"), event("2")]).to_string();
    let reply = send(&host, &headers, batch).await;
    let items = json!([{"index": 0, "status": "duplicate", "seq": 1}, {"index": 1, "status": "admitted", "seq": 2}]);
    assert_eq!((reply.status.as_u16(), &reply.body["items"]), (202, &items));
    let conflict = event_with("1", "subject", json!("u2")).to_string();
    let headers = [("content-type", "application/cloudevents+json"), ("prefer", "respond-async")];
    assert_eq!(send(&host, &headers, conflict).await.problem(), (409, "event-conflict"));
}

#[tokio::test]
async fn a_dry_run_leaves_nothing_behind() {
    let host = Host::start();
    let headers = [("content-type", "application/cloudevents+json")];
    let ask = |body: String, headers: [(&'static str, &'static str); 1]| {
        let host = &host;
        async move { host.ask(("viewer", Method::POST, "/v1/dry-run"), &headers, body.into()).await }
    };
    let reply = ask(event("1").to_string(), headers).await;
    assert_eq!(reply.body, json!({"dry_run": true, "decisions": [], "deferred": []}));
    assert_eq!(host.get("/v1/customers/u1").await.problem(), (404, "not-found"));
    assert_eq!(host.send(event("1")).await.body["status"], "admitted");
    let unknown = event_with("2", "type", json!("nobody.knows")).to_string();
    assert_eq!(ask(unknown, headers).await.problem(), (422, "unknown-kind"));
    let batch = [("content-type", "application/cloudevents-batch+json")];
    assert_eq!(ask(json!([event("3")]).to_string(), batch).await.problem(), (415, "unsupported-media-type"));
}
