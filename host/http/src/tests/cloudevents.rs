//! CloudEvents 1.0 over HTTP, as its bindings say and as the SDKs of other languages write it: every mode, every way to write the same.

use axum::http::Method;
use serde_json::{Value, json};

use super::{Host, Reply, event, event_with};

const STRUCTURED: &str = "application/cloudevents+json";

impl Host {
    /// Sends a request as a client writes it: lines of headers, an empty line, the body.
    async fn exchange(&self, request: &str) -> Reply {
        let (head, body) = request.split_once("\n\n").unwrap_or((request, ""));
        let headers: Vec<_> = head.lines().map(|line| line.split_once(':').unwrap()).collect();
        let headers: Vec<_> = headers.into_iter().map(|(name, value)| (name.trim(), value.trim())).collect();
        self.ask(("ingest", Method::POST, "/v1/events"), &headers, body.trim_end().to_owned().into()).await
    }
}

/// The attributes of [`event`] in headers.
const BINARY: &str = "ce-specversion: 1.0\nce-id: 1\nce-source: /test\nce-type: user.registered\nce-subject: u1
ce-time: 2026-03-10T19:59:00+08:00\n";

#[track_caller]
fn expect_status(reply: &Reply, status: &str) {
    assert_eq!((reply.status.as_u16(), reply.body["status"].as_str()), (200, Some(status)), "{reply:?}");
}

#[tokio::test]
async fn an_event_is_one_event_in_every_mode() {
    let host = Host::start();
    expect_status(&host.send(event("1")).await, "admitted");
    let data = r#"{"channel":"web"}"#;
    for exchange in [
        format!("{BINARY}content-type: application/json\n\n{data}"),
        format!("{BINARY}content-type: application/json; charset=utf-8\n\n{data}"),
        format!("{BINARY}content-type: application/vnd.example.user+json\n\n{data}"),
        format!("{BINARY}\n{data}"),
        format!("content-type: {STRUCTURED}; charset=UTF-8\n\n{}", event("1")),
    ] {
        expect_status(&host.exchange(&exchange).await, "duplicate");
    }
    let batch = host.send_batch(json!([event("1")])).await;
    assert_eq!(batch.body["items"][0]["status"], "duplicate");
    for exchange in [
        format!("{BINARY}content-type: text/plain\n\n{data}"),
        format!("content-type: application/json\n\n{}", event("1")),
    ] {
        assert_eq!(host.exchange(&exchange).await.problem(), (415, "unsupported-media-type"));
    }
}

#[tokio::test]
async fn header_values_are_unquoted_and_decoded() {
    let host = Host::start();
    for (id, subject, customer) in [
        ("1", r#""u1""#, "u1"),
        ("2", "u%31", "u1"),
        ("3", r#""%75\1""#, "u1"),
        ("4", "u%252", "u%252"),
        ("5", r#""a\"b""#, "a%22b"),
        ("6", "a%22b", "a%22b"),
    ] {
        let head = BINARY.replace("ce-id: 1", &format!("ce-id: {id}"));
        let head = head.replace("ce-subject: u1", &format!("ce-subject: {subject}"));
        expect_status(&host.exchange(&format!("{head}\n{{\"channel\":\"web\"}}")).await, "admitted");
        let found = host.get(&format!("/v1/customers/{customer}")).await;
        assert_eq!(found.body["attributes"]["channel"]["value"], "web", "{subject}: {found:?}");
    }
    for subject in [r#""u1"#, r#"u"1""#, "%FF", "%u1", "%", r#""""#, ""] {
        let head = BINARY.replace("ce-subject: u1", &format!("ce-subject: {subject}"));
        let reply = host.exchange(&format!("{head}\n{{}}")).await;
        assert_eq!((reply.problem(), reply.pointers()), ((422, "invalid-event"), vec!["/subject"]), "{subject}");
    }
}

#[tokio::test]
async fn an_event_that_is_written_otherwise_is_the_same_event() {
    let host = Host::start();
    expect_status(&host.send(event("1")).await, "admitted");
    let same = [
        ("time", json!("2026-03-10T11:59:00Z")),
        ("time", json!("2026-03-10t11:59:00.000z")),
        ("datacontenttype", json!("application/json")),
        ("datacontenttype", json!("Application/JSON; charset=utf-8")),
        ("datacontenttype", json!("text/json")),
        ("datacontenttype", json!("application/vnd.example.user+json")),
        ("dataschema", json!("https://example.com/user")),
        ("traceparent", json!("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")),
        ("tracestate", json!("rojo=00f067aa0ba902b7")),
        ("sampledrate", json!(30)),
        ("replayed", json!(true)),
        ("partitionkey", json!("u1")),
    ];
    for (name, value) in same {
        let again = event_with("1", name, value.clone());
        expect_status(&host.send(again).await, "duplicate");
    }
    let mut nulls = event("1");
    for name in ["datacontenttype", "dataschema", "traceparent", "data_base64"] {
        nulls[name] = Value::Null;
    }
    expect_status(&host.send(nulls).await, "duplicate");
    let base64 = r#"{"data_base64":"eyJjaGFubmVsIjoid2ViIn0=","data":null,"time":"2026-03-10T11:59:00Z","subject":"u1",
        "type":"user.registered","source":"/test","id":"1","specversion":"1.0"}"#;
    expect_status(&host.send(base64).await, "duplicate");
    let head =
        BINARY.replace("ce-time", "ce-traceparent: 00-1-2-01\nce-sampledrate: 30\ntraceparent: 00-3-4-01\nce-time");
    expect_status(&host.exchange(&format!("{head}\n{{ \"channel\" : \"web\" }}")).await, "duplicate");
    for (name, value) in
        [("time", json!("2026-03-10T11:59:00.001Z")), ("subject", json!("u2")), ("data", json!({"channel": "app"}))]
    {
        assert_eq!(host.send(event_with("1", name, value)).await.problem(), (409, "event-conflict"), "{name}");
    }
}

#[tokio::test]
async fn a_number_is_what_it_amounts_to() {
    let host = Host::start();
    let paid = |id: &str, minor: &str| {
        let data = format!(r#"{{"order":"o1","amount":{{"minor":{minor},"currency":"CNY"}}}}"#);
        event_with(id, "type", json!("order.paid")).to_string().replace(r#"{"channel":"web"}"#, &data)
    };
    expect_status(&host.send(paid("1", "500")).await, "admitted");
    for same in ["500.0", "5e2", "5.00E+2", "500000e-3"] {
        expect_status(&host.send(paid("1", same)).await, "duplicate");
    }
    expect_status(&host.send(paid("2", "-0.0")).await, "admitted");
    expect_status(&host.send(paid("2", "0")).await, "duplicate");
    for odd in ["1e400", "-1e400", "18446744073709551616", "1e-400", "9007199254740993.5"] {
        let reply = host.send(paid("3", odd)).await;
        assert_eq!((reply.problem(), reply.pointers()), ((400, "malformed-json"), vec!["/data/amount/minor"]), "{odd}");
    }
    for refused in ["1.5", "1e19"] {
        let reply = host.send(paid("3", refused)).await;
        assert_eq!(
            (reply.problem(), reply.pointers()),
            ((422, "invalid-data"), vec!["/data/amount/minor"]),
            "{refused}"
        );
    }
}

#[tokio::test]
async fn what_is_odd_in_one_event_leaves_the_batch() {
    let host = Host::start();
    let odd = event("2").to_string().replace(r#""web""#, "1e400");
    let twice = event("3").to_string().replace(r#"{"channel":"web"}"#, r#"{"channel":"web","channel":"app"}"#);
    let deep = event("4").to_string().replace(r#""web""#, &format!("{}{}", "[".repeat(40), "]".repeat(40)));
    let slow = event_with("5", "time", json!("2026-03-10 11:59:00Z"));
    let batch = format!("[{},{odd},{twice},{deep},{slow},null,{}]", event("1"), event("6"));
    let reply = host.send_batch(batch).await;
    let items = reply.body["items"].as_array().unwrap();
    let seen = items.iter().map(|item| {
        let problem = &item["problem"];
        let word = problem["type"].as_str().and_then(|kind| kind.rsplit(':').next()).unwrap_or("");
        (item["status"].as_str().unwrap(), word, problem["problems"][0]["pointer"].as_str().unwrap_or("-"))
    });
    let deep_at = format!("/data/channel{}", "/0".repeat(30));
    let expected = [
        ("admitted", "", "-"),
        ("rejected", "malformed-json", "/data/channel"),
        ("rejected", "malformed-json", "/data/channel"),
        ("rejected", "malformed-json", &*deep_at),
        ("rejected", "invalid-event", "/time"),
        ("rejected", "invalid-event", ""),
        ("admitted", "", "-"),
    ];
    assert_eq!(seen.collect::<Vec<_>>(), expected);
    assert!(items.iter().enumerate().all(|(index, item)| item["index"] == index));
}

#[tokio::test]
async fn what_the_specification_rules_out_is_named() {
    let host = Host::start();
    let both = event_with("x", "data_base64", json!("e30="));
    let bare = |base64: Value| {
        let mut event = event_with("x", "data_base64", base64);
        event.as_object_mut().unwrap().remove("data");
        event
    };
    for (event, pointer) in [
        (both, "/data_base64"),
        (bare(json!("e30")), "/data_base64"),
        (bare(json!("bm8=")), "/data_base64"),
        (bare(json!("eyJhIjoxZTQwMH0=")), "/data_base64"),
        (bare(json!(5)), "/data_base64"),
        (event_with("x", "datacontenttype", json!("application/xml")), "/datacontenttype"),
        (event_with("x", "datacontenttype", json!("")), "/datacontenttype"),
        (event_with("x", "datacontenttype", json!(5)), "/datacontenttype"),
        (event_with("x", "traceParent", json!("1")), "/traceParent"),
        (event_with("x", "a/b", json!("1")), "/a~1b"),
        (event_with("x", "tags", json!(["1"])), "/tags"),
        (event_with("x", "rate", json!(1.5)), "/rate"),
        (event_with("x", "id", json!(5)), "/id"),
        (event_with("x", "time", json!("2026-03-10T11:59Z")), "/time"),
        (event_with("x", "time", json!("2026-03-10T11:59:00")), "/time"),
        (event_with("x", "time", json!("2026-03-10T11:59:00+08")), "/time"),
        (event_with("x", "time", json!("2026-03-10T11:59:00Z[Asia/Shanghai]")), "/time"),
        (event_with("x", "time", json!(1_773_144_000)), "/time"),
    ] {
        let reply = host.send(&event).await;
        assert_eq!((reply.problem(), reply.pointers()), ((422, "invalid-event"), vec![pointer]), "{event}");
    }
}
