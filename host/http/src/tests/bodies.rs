//! Bodies that are JSON, but no document.

use axum::body::Body;
use axum::http::Method;
use serde_json::Value;

use super::Host;
use crate::Role;
use crate::route::Access;

/// The path with something in each place that wants something.
fn example(path: &str) -> String {
    let segments = path.split('/').map(|segment| match segment {
        "{delivery}" => "1",
        "{unit}" => "points",
        place if place.starts_with('{') => "x1",
        other => other,
    });
    segments.collect::<Vec<_>>().join("/")
}

#[tokio::test]
async fn a_body_that_is_no_document_is_rejected_everywhere() {
    let host = Host::start();
    let description: Value = serde_json::from_str(&crate::openapi()).unwrap();
    let mut tried = 0;
    for route in crate::routes() {
        let operation = &description["paths"][route.path][route.method.as_str().to_lowercase()];
        let content = &operation["requestBody"]["content"];
        let Some(content) = content.as_object().filter(|content| !content.contains_key("application/wasm")) else {
            continue;
        };
        let Access::Role(role) = route.access else { panic!("{} takes a body from everyone", route.path) };
        let role = if role == Role::Ingest { "ingest" } else { "admin" };
        for media_type in content.keys() {
            let headers = [("content-type", media_type.as_str()), ("if-none-match", "*")];
            for body in ["null", "[]", "7", "\"text\"", "true", "[null]"] {
                if media_type.ends_with("batch+json") && body.starts_with('[') {
                    continue;
                }
                let path = example(route.path);
                let reply = host.ask((role, route.method.clone(), &path), &headers, Body::from(body)).await;
                let (status, kind) = reply.problem();
                assert!(
                    matches!((status, kind), (422, _) | (400, "malformed-json")) || status == 415,
                    "{} {path} {media_type} {body}: {reply:?}",
                    route.method
                );
                tried += 1;
            }
        }
    }
    assert!(tried > 100, "{tried}");
}

#[tokio::test]
async fn a_batch_of_nothing_that_is_an_event_names_each() {
    let host = Host::start();
    let reply = host.send_batch("[null, 7, []]").await;
    assert_eq!(reply.status, 200, "{reply:?}");
    for item in reply.body["items"].as_array().unwrap() {
        assert_eq!((&item["status"], &item["problem"]["status"]), (&"rejected".into(), &422.into()), "{item}");
    }
    let reply = host.send_batch("null").await;
    assert_eq!(reply.problem(), (400, "malformed-json"));
    let reply =
        host.ask(("admin", Method::PUT, "/v1/kinds/x"), &[("content-type", "application/json")], "null".into()).await;
    assert_eq!((reply.problem(), reply.pointers()), ((422, "invalid-document"), vec![""]), "{reply:?}");
}
