//! What tokens are limited to: sources, kinds, and how much at a time.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::http::{Method, Request};
use hyper::body::Frame;
use largesse_domain::limits::IN_FLIGHT_PER_TOKEN_DEFAULT;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tower::ServiceExt as _;

use super::{Host, Reply, event, event_with};
use crate::{Role, TokenEntry};

const STRUCTURED: [(&str, &str); 1] = [("content-type", "application/cloudevents+json")];
const BATCH: [(&str, &str); 1] = [("content-type", "application/cloudevents-batch+json")];

fn ingest(name: &str) -> TokenEntry {
    TokenEntry::new(name, &[Role::Ingest, Role::Viewer], "")
}

fn patterns(patterns: &[&str]) -> Option<Vec<String>> {
    Some(patterns.iter().map(|pattern| (*pattern).to_owned()).collect())
}

async fn send(host: &Host, token: &str, event: &Value) -> Reply {
    host.ask((token, Method::POST, "/v1/events"), &STRUCTURED, event.to_string().into()).await
}

async fn send_batch(host: &Host, token: &str, events: &[Value]) -> Reply {
    host.ask((token, Method::POST, "/v1/events"), &BATCH, json!(events).to_string().into()).await
}

async fn kinds(host: &Host) -> Reply {
    host.ask(("shop", Method::GET, "/v1/kinds"), &[], Body::empty()).await
}

/// An event that merges a stranger into another customer.
fn merge() -> Value {
    let mut event = event_with("m", "type", json!("identity.merged"));
    event["data"] = json!({"customers": ["stranger"]});
    event
}

/// The attributes of an event in `ce-` headers, and its data.
fn binary(event: &Value) -> (Vec<(String, String)>, String) {
    let attributes = event.as_object().unwrap().iter().filter(|(name, _)| *name != "data");
    let headers = attributes.map(|(name, value)| (format!("ce-{name}"), value.as_str().unwrap().to_owned()));
    let headers = headers.chain([("content-type".to_owned(), "application/json".to_owned())]);
    (headers.collect(), event["data"].to_string())
}

/// Sends an event in each way that one can come in: tried, binary, structured, and in a batch.
async fn each_way(host: &Host, token: &str, event: &Value) -> [Reply; 4] {
    let (headers, data) = binary(event);
    let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    [
        host.ask((token, Method::POST, "/v1/dry-run"), &STRUCTURED, event.to_string().into()).await,
        host.ask((token, Method::POST, "/v1/events"), &headers, data.into()).await,
        send(host, token, event).await,
        send_batch(host, token, std::slice::from_ref(event)).await,
    ]
}

#[tokio::test]
async fn a_token_sends_from_its_sources_and_of_its_kinds_only() {
    let (sources, kinds) = (patterns(&["/shop", "/till/*"]), patterns(&["order.*", "login"]));
    let host = Host::start_for(&[TokenEntry { sources, kinds, ..ingest("shop") }]);
    let with = |source: &str, kind: &str| {
        let mut event = event_with("1", "source", json!(source));
        (event["type"], event["data"]) = (json!(kind), json!({}));
        event
    };
    for (source, kind, pointers) in [
        ("/test", "login", &["/source"][..]),
        ("/shops", "login", &["/source"]),
        ("/till", "login", &["/source"]),
        ("/shop", "user.registered", &["/type"]),
        ("/shop", "logins", &["/type"]),
        ("/shop", "identity.merged", &["/type"]),
        ("/test", "checked_in", &["/source", "/type"]),
    ] {
        let [tried, binary, structured, batch] = each_way(&host, "shop", &with(source, kind)).await;
        for reply in [tried, binary, structured] {
            let told = (reply.problem(), reply.pointers());
            assert_eq!(told, ((403, "out-of-scope"), pointers.to_vec()), "{source} {kind}");
        }
        let item = &batch.body["items"][0];
        assert_eq!((batch.status.as_u16(), &item["status"]), (200, &json!("rejected")));
        assert_eq!(item["problem"]["type"], "urn:largesse:problem:out-of-scope");
        assert_eq!(item["problem"]["problems"][0]["pointer"], pointers[0]);
    }
    let refused = send(&host, "shop", &with("/test", "login")).await;
    let message = &refused.body["problems"][0]["message"];
    assert_eq!(message, "the token may not send the source /test, only /shop, /till/*");
    for (id, source) in [("1", "/shop"), ("2", "/till/7")] {
        let mut event = with(source, "login");
        event["id"] = json!(id);
        for reply in each_way(&host, "shop", &event).await {
            assert_eq!(reply.status, 200, "{reply:?}");
        }
    }
    assert_eq!(host.send(with("/test", "login")).await.body["seq"], 3, "nothing else was taken");
}

#[tokio::test]
async fn a_forbidden_event_does_not_stop_its_batch() {
    let host = Host::start_for(&[TokenEntry { sources: patterns(&["/test"]), ..ingest("shop") }]);
    let other = event_with("2", "source", json!("/other"));
    let reply = send_batch(&host, "shop", &[event("1"), other, merge(), event("3")]).await;
    let items = reply.body["items"].as_array().unwrap();
    let told: Vec<_> = items.iter().map(|item| (item["index"].as_u64(), item["status"].as_str().unwrap())).collect();
    assert_eq!(told, [(Some(0), "admitted"), (Some(1), "rejected"), (Some(2), "rejected"), (Some(3), "admitted")]);
    assert_eq!(items[1]["problem"]["problems"][0]["pointer"], "/source");
    assert_eq!(items[2]["problem"]["status"], 403);
}

#[tokio::test]
async fn an_event_id_of_another_source_cannot_be_taken() {
    let host = Host::start_for(&[TokenEntry { sources: patterns(&["/shop"]), ..ingest("shop") }]);
    assert_eq!(send(&host, "shop", &event_with("1", "data", json!({"channel": "app"}))).await.problem().0, 403);
    assert_eq!(host.send(event("1")).await.body["status"], "admitted");
}

#[tokio::test]
async fn merging_customers_has_to_be_allowed_by_name() {
    let named = |name: &str, kinds: &[&str]| TokenEntry { kinds: patterns(kinds), ..ingest(name) };
    let tokens =
        [ingest("plain"), named("exact", &["identity.merged"]), named("prefix", &["identity.*"]), named("all", &["*"])];
    let host = Host::start_for(&tokens);
    for reply in &each_way(&host, "plain", &merge()).await[..3] {
        assert_eq!((reply.problem(), reply.pointers()), ((403, "out-of-scope"), vec!["/type"]));
    }
    assert_eq!(host.get("/v1/customers/stranger").await.status, 404);
    // A kind that an operator registers is held to the same.
    let schema = json!({"type": "object", "properties": {"cookie": {"type": "string", "x-largesse-role": "same"}}});
    let registered = host.write(("admin", Method::PUT, "/v1/kinds/cookie.known"), schema).await;
    assert_eq!(registered.status, 201, "{registered:?}");
    let mut cookie = event_with("c", "type", json!("cookie.known"));
    cookie["data"] = json!({"cookie": "k1"});
    assert_eq!(send(&host, "plain", &cookie).await.problem(), (403, "out-of-scope"));
    for (id, token) in [("1", "exact"), ("2", "prefix"), ("3", "all")] {
        let mut event = merge();
        event["id"] = json!(id);
        assert_eq!(send(&host, token, &event).await.body["status"], "admitted", "{token}");
    }
}

#[tokio::test]
async fn nobody_sends_what_the_host_makes() {
    let all = TokenEntry { sources: patterns(&["*"]), kinds: patterns(&["*"]), ..ingest("all") };
    let host = Host::start_for(&[all]);
    let own = [
        ("source", "largesse:host"),
        ("source", "largesse:timer"),
        ("type", "timer.fired"),
        ("type", "benefit.granted"),
    ];
    for (name, value) in own {
        let [tried, binary, structured, batch] = each_way(&host, "all", &event_with("1", name, json!(value))).await;
        for reply in [tried, binary, structured] {
            let told = (reply.problem(), reply.pointers());
            assert_eq!(told, ((422, "invalid-event"), vec![&*format!("/{name}")]), "{value}");
        }
        assert_eq!(batch.body["items"][0]["status"], "rejected", "{value}");
    }
}

/// After how many seconds to try again, and why, of an answer that a quota is used up.
fn told(reply: &Reply) -> (u64, &str) {
    assert_eq!(reply.problem(), (429, "too-many-requests"), "{reply:?}");
    (reply.headers["retry-after"].to_str().unwrap().parse().unwrap(), reply.body["detail"].as_str().unwrap())
}

#[tokio::test]
async fn events_a_second_are_bounded() {
    let shop = TokenEntry { events_per_second: Some(1), burst: Some(100), ..ingest("shop") };
    let host = Host::start_for(&[shop, ingest("other")]);
    let batch = |from: usize, to: usize| (from..to).map(|id| event(&id.to_string())).collect::<Vec<_>>();
    assert_eq!(send_batch(&host, "shop", &batch(0, 97)).await.status, 200);
    let tried = host.ask(("shop", Method::POST, "/v1/dry-run"), &STRUCTURED, event("t").to_string().into()).await;
    assert_eq!(tried.status, 200, "a try counts as an event");
    // Two are left, and what a second or so has added.
    let refused = send_batch(&host, "shop", &batch(100, 150)).await;
    let (seconds, detail) = told(&refused);
    assert!((20..=48).contains(&seconds) && detail.contains("`events_per_second`"), "{seconds} {detail}");
    assert_eq!(send(&host, "shop", &event("200")).await.status, 200);
    assert_eq!(send(&host, "other", &event("201")).await.status, 200, "others have quotas of their own");
    let after = host.send(event("202")).await;
    assert_eq!(after.body["seq"], 100, "nothing of the batch was taken");
}

#[tokio::test]
async fn a_batch_larger_than_the_burst_is_taken_and_made_up_for() {
    let host = Host::start_for(&[TokenEntry { events_per_second: Some(1), ..ingest("shop") }]);
    let batch: Vec<Value> = (0..1_000).map(|id| event(&id.to_string())).collect();
    let taken = send_batch(&host, "shop", &batch).await;
    assert_eq!(taken.body["items"].as_array().unwrap().len(), 1_000);
    let refused = send(&host, "shop", &event("x")).await;
    let (seconds, _) = told(&refused);
    assert!((900..=1_000).contains(&seconds), "{seconds}");
}

#[tokio::test]
async fn requests_a_second_are_bounded_on_every_route() {
    let host = Host::start_for(&[TokenEntry { requests_per_second: Some(20), ..ingest("shop") }]);
    let mut refused = None;
    for _ in 0..2_000 {
        let reply = host.ask(("shop", Method::POST, "/v1/campaigns/c/quote"), &[], Body::empty()).await;
        if reply.status == 429 {
            refused = Some(reply);
            break;
        }
    }
    let refused = refused.expect("two thousand requests take less than a hundred seconds");
    let (seconds, detail) = told(&refused);
    assert!(seconds == 1 && detail.contains("`requests_per_second`"), "{detail}");
}

/// A body of which nothing comes until something is sent to it.
struct Slow(mpsc::Receiver<Bytes>);

impl HttpBody for Slow {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(context).map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))))
    }
}

#[tokio::test]
async fn requests_in_hand_are_bounded() {
    let host = Arc::new(Host::start_for(&[TokenEntry { in_flight: Some(2), ..ingest("shop") }]));
    let mut asked = Vec::new();
    for id in 0..2 {
        let (sender, body) = mpsc::channel(1);
        let asking = Arc::clone(&host);
        let task = tokio::spawn(async move {
            asking.ask(("shop", Method::POST, "/v1/events"), &STRUCTURED, Body::new(Slow(body))).await.status
        });
        asked.push((sender, event(&id.to_string()).to_string(), task));
    }
    tokio::task::yield_now().await;
    assert!(told(&kinds(&host).await).1.contains("2 requests in hand"));
    assert_eq!(host.send(event("9")).await.status, 200, "others have quotas of their own");
    for (sender, text, task) in asked {
        sender.send(text.into()).await.unwrap();
        drop(sender);
        assert_eq!(task.await.unwrap(), 200);
    }
    assert_eq!(kinds(&host).await.status, 200);
}

#[tokio::test]
async fn an_answer_that_is_not_read_is_in_hand() {
    let host = Host::start_for(&[ingest("shop")]);
    let ask = || {
        let bearer = format!("Bearer {}", host.token("shop"));
        let request = Request::builder().uri("/v1/kinds").header("authorization", bearer).body(Body::empty());
        host.router.clone().oneshot(request.unwrap())
    };
    let mut unread = Vec::new();
    for _ in 0..IN_FLIGHT_PER_TOKEN_DEFAULT {
        let response = ask().await.unwrap();
        assert_eq!(response.status(), 200);
        unread.push(response);
    }
    assert_eq!(ask().await.unwrap().status(), 429);
    unread.pop();
    assert_eq!(ask().await.unwrap().status(), 200);
}
