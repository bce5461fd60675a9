//! Spoilt requests: each is taken or refused with a problem document, in no time, and none is the host's fault.

use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Method, Request};
use largesse_documents::noise::{cases, spoilt};
use proptest::prelude::{Strategy, prop_assert, prop_oneof, proptest};
use proptest::sample::select;
use serde_json::json;
use tower::ServiceExt as _;

use super::{Host, event};

/// So long no answer may take.
const TIME_MAX: Duration = Duration::from_secs(2);

/// Method, path, token, headers and body.
#[derive(Clone, Debug)]
struct Sent {
    to: (Method, &'static str, &'static str),
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
}

fn posted(kind: &str, body: Vec<u8>) -> Sent {
    let headers = vec![("content-type".to_owned(), kind.as_bytes().to_vec())];
    Sent { to: (Method::POST, "/v1/events", "backfill"), headers, body }
}

/// Good requests, of every form that an event has, and of documents.
fn good() -> Vec<Sent> {
    let batch = json!([event("1"), event("2"), event("3")]).to_string().into_bytes();
    let attributes = [
        ("ce-specversion", "1.0"),
        ("ce-id", "4"),
        ("ce-source", "/test"),
        ("ce-type", "user.registered"),
        ("ce-subject", "u%20"),
        ("ce-time", "2026-03-10T19:59:00+08:00"),
    ];
    let mut binary = posted("application/json", br#"{"channel": "web", "inviter": "u2"}"#.to_vec());
    binary.headers.extend(attributes.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec())));
    let document = json!({
        "policy": "nobody", "currency": "CNY", "time_zone": "Asia/Shanghai", "opens": "2026-03-01T00:00:00+08:00",
        "budgets": [{"unit": "points", "total": 10}], "params": {"a": [1, 2.5, {"b": null}]},
    });
    let put = |path, body: &serde_json::Value| Sent {
        to: (Method::PUT, path, "admin"),
        body: body.to_string().into_bytes(),
        ..posted("application/json", Vec::new())
    };
    vec![
        posted("application/cloudevents+json", event("5").to_string().into_bytes()),
        posted("application/cloudevents-batch+json", batch),
        binary,
        put("/v1/campaigns/c", &document),
        put(
            "/v1/kinds/fuzz.kind",
            &json!({"type": "object", "properties": {"a": {"pattern": "^a+$", "maxLength": 5}}}),
        ),
        Sent {
            to: (Method::POST, "/v1/policies", "admin"),
            ..posted("application/wasm", b"\0asm\x0d\0\x01\0".repeat(4))
        },
    ]
}

/// One of them, with its body or one of its headers spoilt.
fn sent() -> impl Strategy<Value = Sent> {
    select(good()).prop_flat_map(|good| {
        let (of_body, of_header) = (good.clone(), good.clone());
        let headers = good.headers.len();
        prop_oneof![
            3 => spoilt(good.body).prop_map(move |body| Sent { body, ..of_body.clone() }),
            1 => (0..headers).prop_flat_map(move |at| {
                let good = of_header.clone();
                spoilt(good.headers[at].1.clone()).prop_map(move |value| {
                    let mut sent = good.clone();
                    sent.headers[at].1 = value;
                    sent
                })
            }),
        ]
    })
}

/// Status and body. `None` when HTTP itself does not carry such a header.
async fn answer(host: &Host, sent: &Sent) -> Option<(u16, Vec<u8>)> {
    let (method, path, token) = &sent.to;
    let mut request = Request::builder().method(method).uri(*path);
    request = request.header("authorization", format!("Bearer {}", host.token(token)));
    for (name, value) in &sent.headers {
        let name = HeaderName::try_from(name).ok()?;
        request = request.header(name, HeaderValue::from_bytes(value).ok()?);
    }
    let request = request.body(Body::from(sent.body.clone())).ok()?;
    let response = host.router.clone().oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    Some((status, body.to_vec()))
}

proptest! {
    #![proptest_config(cases(16))]

    #[test]
    fn spoilt_requests(all in proptest::collection::vec(sent(), 32)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let host = Host::start();
            for sent in &all {
                let started = Instant::now();
                let Some((status, body)) = answer(&host, sent).await else { continue };
                prop_assert!(started.elapsed() < TIME_MAX, "{sent:?} took {:?}", started.elapsed());
                prop_assert!(status < 500, "{sent:?}: {status}");
                let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
                prop_assert!(status < 300 || body["type"].as_str().is_some_and(|kind| kind.starts_with(crate::URN)), "{body}");
            }
            prop_assert!(host.state.service.is_ready());
            // It is well: a good event is taken, once at most.
            prop_assert!(host.send(event("afterwards")).await.body["status"] == "admitted");
            host.state.service.stop().await;
            Ok(())
        })?;
    }
}

#[tokio::test]
async fn what_is_spoilt_was_good() {
    let host = Host::start();
    for sent in good() {
        let (status, body) = answer(&host, &sent).await.unwrap();
        // Nobody has published the policy, and what is published here is no component.
        let expected = if matches!(sent.to.1, "/v1/campaigns/c" | "/v1/policies") { 422 } else { status };
        assert!(status == expected && matches!(status, 200 | 201 | 422), "{sent:?}: {status} {body:?}");
    }
}
