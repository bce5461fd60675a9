//! Everything but events: customers, kinds, campaigns, policies and decisions, as far as no policy is needed.

use axum::body::Body;
use axum::http::Method;
use largesse_documents::time::read_instant;
use largesse_domain::id::KeyName;
use largesse_domain::limits::COMPONENT_BYTES_MAX;
use largesse_service::PublicationRules;
use largesse_service::signature::PrivateKey;
use serde_json::json;

use super::{Host, event_with};

#[tokio::test]
async fn facts_are_told_and_shown() {
    let host = Host::start();
    let at = ("operator", Method::PATCH, "/v1/customers/a%2Fb");
    let told = host.write(at.clone(), json!({"attributes": {"vip": true}, "tags": ["new"]})).await;
    assert_eq!((told.status.as_u16(), &told.body["id"]), (200, &json!("a/b")));
    let told = host.write(at.clone(), json!({"attributes": {"vip": null, "city": "Brno"}})).await;
    assert_eq!(told.body["attributes"], json!({"city": {"value": "Brno", "as_of": super::NOW}}));
    let shown = host.get("/v1/customers/a%2Fb").await;
    assert_eq!((&shown.body["tags"], &shown.body["inviters"]), (&json!([{"tag": "new"}]), &json!({})));

    let shapes = [
        (json!({"tags": "new"}), vec!["/tags"]),
        (json!({"atributes": {}}), vec!["/atributes"]),
        (json!({"attributes": {"A b": 1}}), vec!["/attributes/A b"]),
        (json!([]), vec![""]),
    ];
    for (document, pointers) in shapes {
        let reply = host.write(at.clone(), &document).await;
        assert_eq!((reply.problem(), reply.pointers()), ((422, "invalid-document"), pointers), "{document}");
    }
    assert_eq!(host.write(at.clone(), "{").await.problem(), (400, "malformed-json"));
    let tags: Vec<_> = (0..200).map(|n| format!("t{n}")).collect();
    assert_eq!(host.write(at, json!({"tags": tags})).await.problem(), (422, "too-many"));
    assert_eq!(host.get("/v1/customers/a%2Fb").await.body["tags"], json!([{"tag": "new"}]));
    assert_eq!(host.get("/v1/customers/a%20b").await.problem(), (400, "malformed-request"));
    assert_eq!(host.get("/v1/customers/%FF").await.problem(), (400, "malformed-request"));
    assert_eq!(host.get("/v1/customers/nobody/grants").await.body, json!({"items": []}));
    assert_eq!(host.get("/v1/customers/nobody/balances").await.body, json!({"items": []}));
}

#[tokio::test]
async fn a_customer_is_shown_by_any_id() {
    let host = Host::start();
    let tell = async |id: &str, document| {
        let path = format!("/v1/customers/{id}");
        host.write(("operator", Method::PATCH, &path), document).await
    };
    tell("web", json!({"tags": ["new"]})).await;
    let merge = |others| {
        let mut event = event_with("m", "type", json!("identity.merged"));
        event["data"] = json!({"customers": others});
        event["subject"] = json!("app");
        event
    };
    let refused = host.send(merge(json!(["web", "app"]))).await;
    assert_eq!((refused.problem().0, refused.pointers()), (422, vec!["/data/customers/1"]));
    assert_eq!(host.send(merge(json!(["web"]))).await.body["status"], "admitted");
    let told = tell("web", json!({"attributes": {"city": "Brno"}})).await;
    assert_eq!(told.body["id"], "app");
    for id in ["web", "app"] {
        let shown = host.get(&format!("/v1/customers/{id}")).await.body;
        assert_eq!((&shown["id"], &shown["also"]), (&json!("app"), &json!(["web"])), "{id}");
        assert_eq!((&shown["tags"], &shown["attributes"]["city"]["value"]), (&json!([{"tag": "new"}]), &json!("Brno")));
        let themselves = format!("/v1/customers/{id}/inviters/web");
        let refused = host.ask(("operator", Method::PUT, &themselves), &[], Body::empty()).await;
        assert_eq!(refused.problem(), (422, "invalid-document"));
    }
}

#[tokio::test]
async fn an_invitation_can_be_sent_again() {
    let host = Host::start();
    let invite = async |inviter: &str| {
        let path = format!("/v1/customers/u1/inviters/{inviter}");
        host.ask(("operator", Method::PUT, &path), &[], Body::empty()).await
    };
    assert_eq!(invite("u1").await.problem(), (422, "invalid-document"));
    assert_eq!(invite("a").await.status, 200);
    host.clock.set(read_instant("2026-03-10T12:01:00Z").unwrap());
    invite("a").await;
    invite("b").await;
    let referrals = host.get("/v1/customers/u1/referrals").await;
    let touches = json!([{"inviter": "a", "at": super::NOW}, {"inviter": "b", "at": "2026-03-10T12:01:00Z"}]);
    assert_eq!(referrals.body, json!({"touches": touches, "inviters": {}}));
}

#[tokio::test]
async fn a_kind_can_be_registered_and_used() {
    let host = Host::start();
    let at = ("admin", Method::PUT, "/v1/kinds/parcel.lost");
    let schema = json!({"type": "object", "properties": {"parcel": {"type": "string"}}, "additionalProperties": false});
    let lost = event_with("1", "type", json!("parcel.lost")).as_object().cloned().unwrap();
    let lost = json!({"data": {"parcel": "p1"}, "id": "1", "source": lost["source"], "specversion": "1.0",
        "subject": "u1", "time": lost["time"], "type": "parcel.lost"});
    assert_eq!(host.send(&lost).await.problem(), (422, "unknown-kind"));
    assert_eq!(host.get("/v1/kinds/parcel.lost").await.problem(), (404, "not-found"));
    let created = host.write(at.clone(), &schema).await;
    assert_eq!((created.status.as_u16(), &created.body["schema"]), (201, &schema));
    assert_eq!(host.write(at.clone(), &schema).await.status, 200);
    assert_eq!(host.send(&lost).await.body["status"], "admitted");
    assert_eq!(host.get("/v1/kinds/parcel.lost").await.body, created.body);
    let kinds = host.get("/v1/kinds").await;
    assert!(kinds.body["items"].as_array().unwrap().contains(&created.body));

    let bad = json!({"properties": {"x": {"x-largesse-role": "friend"}}});
    let reply = host.write(at.clone(), bad).await;
    let expected = ((422, "invalid-document"), vec!["/properties/x/x-largesse-role"]);
    assert_eq!((reply.problem(), reply.pointers()), expected);
    let large = json!({"description": "x".repeat(300 * 1024)});
    assert_eq!(host.write(at, large).await.problem(), (413, "too-large"));
}

#[tokio::test]
async fn campaigns_are_checked_before_anything_is_kept() {
    let host = Host::start();
    let at = ("operator", Method::PUT, "/v1/campaigns/spring");
    let document = json!({"policy": "check-in", "currency": "CNY", "time_zone": "Asia/Shanghai",
        "opens": "2026-03-01T00:00:00+08:00"});
    let reply = host.write(at.clone(), &document).await;
    assert_eq!((reply.problem(), reply.pointers()), ((422, "invalid-document"), vec!["/policy"]));
    for (field, value) in [("currency", json!("yuan")), ("opens", json!(5)), ("budget", json!([]))] {
        let mut wrong = document.clone();
        wrong[field] = value;
        let reply = host.write(at.clone(), wrong).await;
        let expected = ((422, "invalid-document"), vec![format!("/{field}")]);
        assert_eq!((reply.problem(), reply.pointers().into_iter().map(str::to_owned).collect()), expected);
    }
    let headers = [("content-type", "application/json"), ("if-match", "3")];
    let reply = host.ask(at, &headers, document.to_string().into()).await;
    assert_eq!(reply.problem(), (400, "malformed-request"));
    for path in ["/v1/campaigns/spring", "/v1/campaigns/spring/spend"] {
        assert_eq!(host.get(path).await.problem(), (404, "not-found"), "{path}");
    }
    assert_eq!(host.get("/v1/campaigns").await.body, json!({"items": []}));
    let start = host.ask(("operator", Method::POST, "/v1/campaigns/spring/start"), &[], Body::empty()).await;
    assert_eq!(start.problem(), (404, "not-found"));
}

#[tokio::test]
async fn a_component_that_is_not_signed_as_it_must_be_is_not_looked_at() {
    let key = |byte| PrivateKey::from_bytes([byte; 32]);
    let trusted_keys = vec![key(1).trusted(KeyName::new("release").unwrap())];
    let rules = PublicationRules { trusted_keys, require_signature: true, ..PublicationRules::default() };
    let host = Host::start_with(rules);
    let publish = async |signatures: &[&str]| {
        let kind = [("content-type", "application/wasm")];
        let signatures = signatures.iter().map(|signature| ("largesse-signature", *signature));
        let headers: Vec<_> = kind.into_iter().chain(signatures).collect();
        host.ask(("admin", Method::POST, "/v1/policies"), &headers, "no component".into()).await
    };
    assert_eq!(publish(&[]).await.problem(), (422, "unsigned"));
    let stranger = publish(&[&key(2).sign(b"no component").to_string()]).await;
    assert_eq!(stranger.problem(), (422, "signed-by-unknown-key"));
    let other = publish(&[&key(1).sign(b"something else").to_string()]).await;
    assert_eq!(other.problem(), (422, "signature-invalid"));
    assert!(other.body["detail"].as_str().unwrap().contains("the key release"), "{other:?}");
    let good = key(1).sign(b"no component").to_string();
    assert_eq!(publish(&[&good]).await.problem(), (422, "not-a-component"));
    for malformed in [&["AAAA"][..], &[&good, &good], &[""]] {
        assert_eq!(publish(malformed).await.problem(), (400, "malformed-request"), "{malformed:?}");
    }
}

#[tokio::test]
async fn a_component_that_is_none_is_not_published() {
    let host = Host::start();
    let publish = async |content_type: &str, body: Vec<u8>| {
        host.ask(("admin", Method::POST, "/v1/policies"), &[("content-type", content_type)], body.into()).await
    };
    assert_eq!(publish("application/json", b"{}".to_vec()).await.problem(), (415, "unsupported-media-type"));
    assert_eq!(publish("application/wasm", b"no component".to_vec()).await.problem(), (422, "not-a-component"));
    assert_eq!(publish("application/wasm", b"\0asm\x01\0\0\0".to_vec()).await.problem(), (422, "not-a-component"));
    assert_eq!(publish("application/wasm", b"\0asm\x0d\0\x01\0".to_vec()).await.problem(), (422, "no-contract"));
    assert_eq!(publish("application/wasm", vec![0; COMPONENT_BYTES_MAX + 1]).await.problem(), (413, "too-large"));
    assert_eq!(host.get("/v1/policies").await.body, json!({"items": []}));
    assert_eq!(host.get("/v1/policies/check-in@1.0.0").await.problem(), (404, "not-found"));
    assert_eq!(host.get("/v1/policies/Check%20in").await.problem(), (400, "malformed-request"));
}

#[tokio::test]
async fn decisions_are_asked_for_strictly() {
    let host = Host::start();
    assert_eq!(host.get("/v1/decisions").await.body, json!({"items": []}));
    assert_eq!(host.get("/v1/decisions?campaign=c&customer=u1&after=18446744073709551615&limit=500").await.status, 200);
    for query in
        ["limit=0", "limit=1001", "after=-1", "after=x", "campaign=A", "customer=", "sort=id", "limit=1&limit=2"]
    {
        let reply = host.get(&format!("/v1/decisions?{query}")).await;
        assert_eq!(reply.problem(), (400, "malformed-request"), "{query}");
    }
    let head = host.get("/v1/decisions/head").await;
    assert_eq!((head.status.as_u16(), head.body), (200, json!({"decision": 0, "link": "0".repeat(64)})));
    assert_eq!(host.get("/v1/decisions/1").await.problem(), (404, "not-found"));
    assert_eq!(host.get("/v1/decisions/-1").await.problem(), (404, "not-found"));
    assert_eq!(host.get("/v1/decisions/first").await.problem(), (400, "malformed-request"));
}
