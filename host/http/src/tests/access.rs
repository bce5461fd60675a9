//! Who may do what: the description and the table of routes say the same, and the guard does what they say.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::Method;
use serde_json::{Value, json};

use super::Host;
use crate::Role;
use crate::route::Access;

fn described() -> BTreeSet<(String, String)> {
    let description: Value = serde_json::from_str(&crate::openapi()).unwrap();
    let paths = description["paths"].as_object().unwrap().iter();
    let operations = paths.flat_map(|(path, operations)| {
        operations.as_object().unwrap().keys().map(move |method| (method.to_uppercase(), path.clone()))
    });
    operations.collect()
}

/// The path with something in each place that wants something.
fn example(path: &str) -> String {
    let segments = path.split('/').map(|segment| match segment {
        "{decision}" | "{delivery}" => "1",
        "{unit}" => "points",
        place if place.starts_with('{') => "x1",
        other => other,
    });
    segments.collect::<Vec<_>>().join("/")
}

#[test]
fn the_description_has_every_route_and_no_other() {
    let routes = crate::routes();
    let table: BTreeSet<_> =
        routes.iter().map(|route| (route.method.as_str().to_owned(), route.path.to_owned())).collect();
    assert_eq!(table.len(), routes.len());
    assert_eq!(described(), table);
}

#[test]
fn the_description_says_which_role_each_needs() {
    let description: Value = serde_json::from_str(&crate::openapi()).unwrap();
    for route in crate::routes() {
        let operation = &description["paths"][route.path][route.method.as_str().to_lowercase()];
        let role = operation.get("x-largesse-role").and_then(Value::as_str);
        match route.access {
            Access::Open => assert_eq!((role, operation.get("security")), (None, Some(&json!([]))), "{}", route.path),
            Access::Role(needed) => assert_eq!(role, Some(needed.as_str()), "{}", route.path),
        }
    }
}

#[tokio::test]
async fn every_described_route_asks_for_a_token_and_its_role() {
    let host = Host::start();
    let routes = crate::routes();
    let open: BTreeSet<_> = ["/healthz", "/readyz", "/v1/openapi.json"].into();
    for (method, path) in described() {
        let route = routes.iter().find(|route| route.method == *method && route.path == path).unwrap();
        let method: Method = method.parse().unwrap();
        let at = example(&path);
        let nobody = host.ask(("", method.clone(), &at), &[], Body::empty()).await;
        let Access::Role(needed) = route.access else {
            assert!(open.contains(path.as_str()), "{path} is open");
            assert_eq!(nobody.status, 200, "{path}");
            continue;
        };
        assert_eq!(nobody.problem(), (401, "unauthenticated"), "{method} {path}");
        assert_eq!(nobody.headers["www-authenticate"], "Bearer realm=\"largesse\"");
        let stranger = [("authorization", "Bearer lgs_unknown")];
        let unknown = host.ask(("", method.clone(), &at), &stranger, Body::empty()).await;
        assert_eq!(unknown.problem(), (401, "unauthenticated"), "{method} {path}");
        for role in Role::ALL {
            let reply = host.ask((role.as_str(), method.clone(), &at), &[], Body::empty()).await;
            if role.includes(needed) {
                assert!(!matches!(reply.status.as_u16(), 401 | 403 | 405 | 500), "{method} {path} {role}: {reply:?}");
            } else {
                assert_eq!(reply.problem(), (403, "forbidden"), "{method} {path} {role}");
            }
        }
    }
}

#[tokio::test]
async fn reading_and_writing_take_different_roles() {
    // The table could say something silly and be consistent; this says what must hold whatever the table says.
    for route in crate::routes() {
        let Access::Role(needed) = route.access else { continue };
        let asks = route.path == "/v1/dry-run" || route.path.ends_with("/quote");
        let reads = route.method == Method::GET || asks;
        assert_eq!(needed == Role::Viewer, reads, "{} {}", route.method, route.path);
        assert_eq!(needed == Role::Ingest, route.path == "/v1/events", "{}", route.path);
        let fulfils = ["/v1/redemptions", "/v1/reservations"].iter().any(|path| route.path.starts_with(path));
        let fulfils = fulfils || route.path.ends_with("/confirm") || route.path.ends_with("/fail");
        assert_eq!(needed == Role::Fulfil, fulfils && !reads, "{}", route.path);
    }
}

#[tokio::test]
async fn unknown_paths_and_methods_are_problems() {
    let host = Host::start();
    assert_eq!(host.get("/v1/nothing").await.problem(), (404, "not-found"));
    let reply = host.ask(("viewer", Method::DELETE, "/v1/campaigns"), &[], Body::empty()).await;
    assert_eq!(reply.problem(), (405, "method-not-allowed"));
    assert!(reply.headers["allow"].to_str().unwrap().contains("GET"));
}
