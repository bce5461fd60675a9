//! What operators and senders hand in that would cost too much: rejected when it is handed in, or done where nobody else waits.

use axum::http::Method;
use largesse_domain::limits::EVENT_FACTS_MAX;
use serde_json::{Map, Value, json};

use super::{Host, NOW};

fn doubling(levels: usize, next: fn(Value) -> Value) -> Value {
    let mut definitions = Map::from_iter([("a0".to_owned(), json!({"type": "object"}))]);
    for level in 0..levels {
        definitions.insert(format!("a{}", level + 1), next(json!({"$ref": format!("#/$defs/a{level}")})));
    }
    json!({"$defs": definitions, "$ref": format!("#/$defs/a{levels}")})
}

fn event(id: &str, data: Value) -> Value {
    json!({"specversion": "1.0", "id": id, "source": "test", "type": "test.sent", "subject": "u1", "time": NOW, "data": data})
}

#[tokio::test]
async fn a_schema_that_multiplies_is_rejected_with_its_place() {
    let host = Host::start();
    let negated: fn(Value) -> Value =
        |part| json!({"anyOf": [{"not": part.clone()}, part], "unevaluatedProperties": false});
    for (schema, place) in [
        (doubling(25, negated), "/$defs/a"),
        (doubling(39, |part| json!({"allOf": [part.clone(), part]})), "/$defs/a"),
        (json!({"properties": {"a": {"$dynamicRef": "#a"}}}), "/properties/a/$dynamicRef"),
    ] {
        let reply = host.write(("admin", Method::PUT, "/v1/kinds/test.sent"), schema).await;
        assert_eq!(reply.problem(), (422, "invalid-document"), "{reply:?}");
        assert!(reply.pointers()[0].starts_with(place), "{reply:?}");
    }
    assert_eq!(host.get("/v1/kinds/test.sent").await.problem(), (404, "not-found"));
}

#[tokio::test]
async fn a_condition_that_multiplies_is_rejected_with_its_reason() {
    let host = Host::start();
    let text = (0..10).rev().fold("size(x10) > 0".to_owned(), |text, level| {
        let before = if level == 0 { "attributes.a".to_owned() } else { format!("x{level}") };
        format!("[{before} + {before} + {before} + {before}].exists(x{}, {text})", level + 1)
    });
    let reply = host.write(("operator", Method::PUT, "/v1/segments/large"), json!({"where": text})).await;
    assert_eq!(reply.problem(), (422, "invalid-document"), "{reply:?}");
    assert_eq!(reply.pointers(), ["/where"]);
    assert!(reply.body["problems"][0]["message"].as_str().unwrap().contains("may build a text"), "{reply:?}");
}

/// On a runtime with one thread, which is this one.
#[tokio::test(flavor = "current_thread")]
async fn an_event_that_takes_long_to_validate_keeps_nobody_waiting() {
    let host = Host::start();
    let schema = json!({"properties": {"text": {"pattern": "(a{1,30}){1,15}$"}}});
    let reply = host.write(("admin", Method::PUT, "/v1/kinds/test.sent"), schema).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    let slow = async {
        let reply = host.send(event("1", json!({"text": "ab".repeat(30_000)}))).await;
        assert_eq!(reply.problem().0, 422, "{reply:?}");
        std::time::Instant::now()
    };
    let quick = async {
        // The event is under way.
        tokio::task::yield_now().await;
        assert_eq!(host.ask(("", Method::GET, "/healthz"), &[], axum::body::Body::empty()).await.status, 200);
        assert_eq!(host.get("/v1/kinds").await.status, 200);
        std::time::Instant::now()
    };
    let (slow, quick) = tokio::join!(slow, quick);
    assert!(quick < slow, "others waited for the event");
}

#[tokio::test]
async fn an_event_names_so_many_customers_and_no_more() {
    let host = Host::start();
    let schema = json!({"properties": {"friends": {"items": {"type": "string", "x-largesse-role": "customer"}}}});
    assert_eq!(host.write(("admin", Method::PUT, "/v1/kinds/test.sent"), schema).await.status, 201);
    let naming = |count: usize| json!({"friends": (0..count).map(|n| format!("f{n}")).collect::<Vec<_>>()});
    let reply = host.send(event("1", naming(EVENT_FACTS_MAX))).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let reply = host.send(event("2", naming(EVENT_FACTS_MAX + 1))).await;
    assert_eq!(reply.problem().0, 422, "{reply:?}");
    assert_eq!(reply.pointers(), ["/data/friends/256"]);
}

#[tokio::test]
async fn a_batch_takes_so_many_steps_and_no_more() {
    let host = Host::start();
    // 6,800 steps or so for each byte; few of them are taken for a short text.
    let schema = json!({"properties": {"text": {"maxLength": 9, "pattern": "^[ab]{0,850}$"}}});
    assert_eq!(host.write(("admin", Method::PUT, "/v1/kinds/test.sent"), schema).await.status, 201);
    let fill = |id: usize| event(&id.to_string(), json!({"text": "", "fill": "x".repeat(60 * 1024)}));
    let reply = host.send_batch(Value::from((0..40).map(fill).collect::<Vec<_>>())).await;
    let statuses: Vec<&str> =
        reply.body["items"].as_array().unwrap().iter().map(|item| item["status"].as_str().unwrap()).collect();
    let taken = statuses.iter().take_while(|status| **status == "admitted").count();
    assert!((16..40).contains(&taken), "{taken} of {statuses:?}");
    assert!(statuses[taken..].iter().all(|status| *status == "rejected"), "{statuses:?}");
    assert!(reply.body["items"][taken]["problem"]["detail"].as_str().unwrap().contains("another batch"), "{reply:?}");
}
