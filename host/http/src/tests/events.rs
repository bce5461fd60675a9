//! Events: what is taken, what is answered to what is not, and that nothing bad stops anything good.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::http::Method;
use hyper::body::Frame;
use largesse_domain::limits::{BATCH_BYTES_MAX, EVENT_BYTES_MAX};
use serde_json::{Value, json};

use super::{BACKFILL, Host, event, event_with};

#[tokio::test]
async fn an_event_is_taken_once() {
    let host = Host::start();
    let first = host.send(event("1")).await;
    assert_eq!(
        (first.status.as_u16(), &first.body),
        (200, &json!({"seq": 1, "status": "admitted", "decisions": [], "deferred": []}))
    );
    let again = host.send(event("1")).await;
    assert_eq!(again.body, json!({"seq": 1, "status": "duplicate", "decisions": [], "deferred": []}));
    let other = host.send(event_with("1", "data", json!({"channel": "app"}))).await;
    assert_eq!(other.problem(), (409, "event-conflict"));
    assert!(other.body["detail"].as_str().unwrap().contains("number 1"));
    assert_eq!(host.send(event("2")).await.body["seq"], 2);
    let customer = host.get("/v1/customers/u1").await;
    assert_eq!(customer.body["attributes"]["channel"]["value"], "web");
}

#[tokio::test]
async fn what_cannot_be_taken_is_answered_and_named() {
    let host = Host::start();
    let deep = format!(r#"{{"data": {}{}}}"#, "[".repeat(40), "]".repeat(40));
    let deep_at = format!("/data{}", "/0".repeat(31));
    let order = |data: Value| {
        event_with("x", "type", json!("order.paid"))
            .as_object()
            .cloned()
            .map(|mut event| {
                event.insert("data".into(), data);
                Value::Object(event).to_string()
            })
            .unwrap()
    };
    let with = |name: &str, value: Value| event_with("x", name, value).to_string();
    let cases: [(String, (u16, &str), &[&str]); 21] = [
        ("{".into(), (400, "malformed-json"), &[]),
        (String::new(), (400, "malformed-json"), &[]),
        ("\u{0}".into(), (400, "malformed-json"), &[]),
        (r#"{"id": "1", "id": "2"}"#.into(), (400, "malformed-json"), &["/id"]),
        (deep, (400, "malformed-json"), &[&deep_at]),
        ("[]".into(), (422, "invalid-event"), &[""]),
        ("{}".into(), (422, "invalid-event"), &["/specversion", "/source", "/id", "/type", "/subject", "/time"]),
        (with("subject", Value::Null), (422, "invalid-event"), &["/subject"]),
        (with("subject", json!("")), (422, "invalid-event"), &["/subject"]),
        (with("subject", json!({"id": "u1"})), (422, "invalid-event"), &["/subject"]),
        (with("specversion", json!("0.3")), (422, "invalid-event"), &["/specversion"]),
        (with("time", json!("yesterday")), (422, "invalid-event"), &["/time"]),
        (with("datacontenttype", json!("text/xml")), (422, "invalid-event"), &["/datacontenttype"]),
        (with("type", json!("nobody.knows")), (422, "unknown-kind"), &[]),
        (with("data", json!({"chanel": "web"})), (422, "invalid-data"), &["/data/chanel"]),
        (with("data", json!({"channel": 5})), (422, "invalid-data"), &["/data/channel"]),
        (order(json!({"order": "o1"})), (422, "invalid-data"), &["/data"]),
        (
            order(json!({"order": "o1", "amount": {"minor": 1.5, "currency": "CNY"}})),
            (422, "invalid-data"),
            &["/data/amount/minor"],
        ),
        (with("time", json!("2026-03-03T11:59:59Z")), (422, "event-time"), &[]),
        (with("time", json!("2026-03-10T12:05:01Z")), (422, "event-time"), &[]),
        (with("data", json!({"channel": "x".repeat(EVENT_BYTES_MAX)})), (413, "too-large"), &[]),
    ];
    for (body, problem, pointers) in cases {
        let short = body.chars().take(200).collect::<String>();
        let reply = host.send(&body).await;
        assert_eq!(reply.problem(), problem, "{short}");
        assert_eq!(reply.pointers(), pointers, "{short}");
    }
    assert_eq!(host.send(event("x")).await.body["seq"], 1, "nothing of it was taken");
}

#[tokio::test]
async fn the_edges_of_the_tolerance_are_taken() {
    let host = Host::start();
    for (id, time) in [("1", "2026-03-03T12:00:00Z"), ("2", "2026-03-10T12:05:00Z")] {
        assert_eq!(host.send(event_with(id, "time", json!(time))).await.status, 200, "{time}");
    }
    let old = event_with("3", "time", json!("2016-01-01T00:00:00Z")).to_string();
    let headers = [("content-type", "application/cloudevents+json")];
    let reply = host.ask((BACKFILL, Method::POST, "/v1/events"), &headers, old.into()).await;
    assert_eq!((reply.status.as_u16(), &reply.body["seq"]), (200, &json!(3)));
}

#[tokio::test]
async fn a_bad_event_does_not_stop_the_batch() {
    let host = Host::start();
    host.send(event("known")).await;
    let batch = json!([
        event("1"),
        event_with("2", "type", json!("nobody.knows")),
        event("known"),
        event_with("known", "subject", json!("u2")),
        5,
        event("3"),
        event("3"),
    ]);
    let reply = host.send_batch(batch).await;
    assert_eq!(reply.status, 200);
    let items = reply.body["items"].as_array().unwrap();
    let seen: Vec<_> = items.iter().map(|item| (item["status"].as_str().unwrap(), item["seq"].as_u64())).collect();
    let expected = [
        ("admitted", Some(2)),
        ("rejected", None),
        ("duplicate", Some(1)),
        ("conflict", None),
        ("rejected", None),
        ("admitted", Some(3)),
        ("duplicate", Some(3)),
    ];
    assert_eq!(seen, expected);
    assert!(items.iter().enumerate().all(|(index, item)| item["index"] == index));
    assert_eq!(items[1]["problem"]["type"], "urn:largesse:problem:unknown-kind");
    assert_eq!(items[3]["problem"]["status"], 409);
    assert_eq!(items[4]["problem"]["problems"][0]["message"], "expected an object");
    assert_eq!(items[0].get("problem"), None);
}

#[tokio::test]
async fn a_batch_that_is_none_is_refused_whole() {
    let host = Host::start();
    assert_eq!(host.send_batch(event("1")).await.problem(), (400, "malformed-json"));
    assert_eq!(host.send_batch(format!("[{}, {{]", event("1"))).await.problem(), (400, "malformed-json"));
    let many = vec![event("1"); 1_001];
    assert_eq!(host.send_batch(json!(many)).await.problem(), (413, "too-large"));
    let long = format!("[{}]", " ".repeat(BATCH_BYTES_MAX));
    assert_eq!(host.send_batch(long).await.problem(), (413, "too-large"));
    assert_eq!(host.send_batch("[]").await.body, json!({"items": []}));
    assert_eq!(host.send(event("1")).await.body["seq"], 1, "nothing of it was taken");
}

#[tokio::test]
async fn a_body_of_unknown_length_is_counted_as_it_comes() {
    let host = Host::start();
    let endless = Body::new(Endless);
    let headers = [("content-type", "application/cloudevents+json")];
    let reply = host.ask(("ingest", Method::POST, "/v1/events"), &headers, endless).await;
    assert_eq!(reply.problem(), (413, "too-large"));
}

/// A body without end.
struct Endless;

impl hyper::body::Body for Endless {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b' '; 1024])))))
    }
}
