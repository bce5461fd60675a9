//! Versions at work in a campaign: what is asked wrongly, or cannot be, has a type of its own and changes nothing.

use axum::body::Body;
use axum::http::Method;
use serde_json::{Value, json};

use super::{Host, Reply};

const POST: Method = Method::POST;
const PUT: Method = Method::PUT;

async fn write(host: &Host, method: Method, rest: &str, document: Value) -> Reply {
    host.write(("operator", method, &format!("/v1/campaigns/gives{rest}")), document).await
}

async fn digest(host: &Host) -> String {
    host.get("/v1/campaigns/gives").await.body["active"]["policy"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn documents_are_checked() {
    let host = Host::giving().await;
    let version = digest(&host).await;
    let before = host.get("/v1/campaigns/gives").await.body;
    for (method, rest, document, pointer) in [
        (POST, "/activations", json!({"policy": "No Name"}), "/policy"),
        (POST, "/activations", json!({"policy": "nobody@1.0.0"}), "/policy"),
        (POST, "/activations", json!({"policy": version, "effective_from": "2026-03-11T00:00:00Z"}), "/effective_from"),
        (POST, "/activations", json!({"policy": version, "params": {}, "effective_from": "soon"}), "/effective_from"),
        (POST, "/activations", json!({"policy": version, "params": []}), "/params"),
        (POST, "/activations", json!({"policy": version, "parameters": {}}), ""),
        (PUT, "/rollout", json!({"policy": version, "mode": "canary"}), "/percent"),
        (PUT, "/rollout", json!({"policy": version, "mode": "canary", "percent": 0}), "/percent"),
        (PUT, "/rollout", json!({"policy": version, "mode": "canary", "percent": 101}), "/percent"),
        (PUT, "/rollout", json!({"policy": version, "mode": "shadow", "percent": 5}), "/percent"),
        (PUT, "/rollout", json!({"policy": version, "mode": "half"}), "/mode"),
    ] {
        let reply = write(&host, method, rest, document.clone()).await;
        assert_eq!(reply.problem(), (422, "invalid-document"), "{document}");
        assert!(reply.pointers()[0].starts_with(pointer), "{document}: {reply:?}");
    }
    let stop = format!("/v1/policies/{version}/stop");
    for reason in ["", &"x".repeat(257)] {
        let reply = host.write(("operator", POST, &stop), json!({"reason": reason})).await;
        assert_eq!((reply.problem(), reply.pointers()), ((422, "invalid-document"), vec!["/reason"]));
    }
    assert_eq!(host.get("/v1/campaigns/gives").await.body, before, "nothing was changed");
}

#[tokio::test]
async fn what_cannot_be_has_its_own_type() {
    let host = Host::giving().await;
    let version = digest(&host).await;
    assert_eq!(write(&host, POST, "/rollback", json!({})).await.problem(), (409, "nothing-earlier"));
    assert_eq!(write(&host, POST, "/rollout/promote", json!({})).await.problem(), (409, "no-rollout"));
    assert_eq!(host.get("/v1/campaigns/gives/rollout").await.problem(), (404, "not-found"));
    assert_eq!(host.get("/v1/campaigns/gives/migration").await.problem(), (404, "not-found"));
    let none = host.ask(("operator", Method::DELETE, "/v1/campaigns/gives/rollout"), &[], Body::empty()).await;
    assert_eq!(none.status, 204, "what is so already is accepted");
    for path in ["activations", "rollout", "rollout/differences", "migration", "stuck-states"] {
        assert_eq!(host.get(&format!("/v1/campaigns/nobody/{path}")).await.problem(), (404, "not-found"), "{path}");
    }
    for query in ["limit=0", "limit=1001", "after=first", "before=1"] {
        let reply = host.get(&format!("/v1/campaigns/gives/activations?{query}")).await;
        assert_eq!(reply.problem(), (400, "malformed-request"), "{query}");
    }
    let other_version = [("content-type", "application/json"), ("if-match", "\"99\"")];
    let at = ("operator", POST, "/v1/campaigns/gives/activations");
    let reply = host.ask(at, &other_version, json!({"policy": version}).to_string().into()).await;
    assert_eq!(reply.problem(), (412, "precondition-failed"));
    let as_viewer = host.write(("viewer", POST, "/v1/campaigns/gives/rollback"), json!({})).await;
    assert_eq!(as_viewer.problem(), (403, "forbidden"));

    let stop = ("operator", POST, &*format!("/v1/policies/{version}/stop"));
    let stopped = host.write(stop, json!({"reason": "pays twice"})).await;
    assert_eq!((stopped.status.as_u16(), &stopped.body["stopped"]), (200, &json!("pays twice")), "{stopped:?}");
    assert_eq!(stopped.body["campaigns"], json!(["gives"]));
    let again = write(&host, POST, "/activations", json!({"policy": version})).await;
    assert_eq!(again.problem(), (409, "version-stopped"));
    assert_eq!(write(&host, POST, "/resume", Value::Null).await.problem(), (409, "version-stopped"));
    let unknown = host.write(("operator", POST, "/v1/policies/nobody/stop"), json!({"reason": "x"})).await;
    assert_eq!(unknown.problem(), (404, "not-found"));
}

#[tokio::test]
async fn a_rollout_keeps_parameters_as_they_are() {
    let host = Host::giving().await;
    let document = json!({"policy": digest(&host).await, "mode": "shadow"});
    let tried = write(&host, PUT, "/rollout", document).await;
    assert_eq!((tried.status.as_u16(), &tried.body["rollout"]["number"]), (200, &json!(1)), "{tried:?}");
    let mut campaign = host.get("/v1/campaigns/gives").await.body;
    let tag = format!("\"{}\"", campaign["version"]);
    for view in ["id", "version", "lifecycle", "revisions", "active", "earlier", "rollout", "findings", "derived"] {
        campaign.as_object_mut().unwrap().remove(view);
    }
    campaign["params"] = json!({"more": true});
    let headers = [("content-type", "application/json"), ("if-match", tag.as_str())];
    let reply = host.ask(("operator", PUT, "/v1/campaigns/gives"), &headers, campaign.to_string().into()).await;
    assert_eq!(reply.problem(), (409, "rollout-on"));
    let listed = host.get("/v1/campaigns/gives/activations").await.body;
    assert_eq!((&listed["items"][0]["number"], &listed["items"][0]["cause"]), (&json!(1), &json!("created")));
}
