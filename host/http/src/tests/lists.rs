//! Lists come in pages, and pages follow one another without gaps.

use axum::http::Method;
use serde_json::{Value, json};

use super::{Host, event_with};

/// All items of a list, asked for so many at a time, and how many pages that took.
async fn all(host: &Host, path: &str, limit: usize) -> (Vec<Value>, usize) {
    let (mut items, mut after, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let joint = if path.contains('?') { '&' } else { '?' };
        let reply = host.get(&format!("{path}{joint}limit={limit}{after}")).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        let page = reply.body["items"].as_array().unwrap();
        assert!(page.len() <= limit);
        items.extend(page.iter().cloned());
        pages += 1;
        let next = match &reply.body["next"] {
            Value::Null => return (items, pages),
            Value::String(text) => text.clone(),
            number => number.to_string(),
        };
        let escaped: String = next.bytes().map(|byte| format!("%{byte:02X}")).collect();
        after = format!("&after={escaped}");
    }
}

/// Checks that a list is the same however it is asked for, and has so many items.
async fn expect(host: &Host, path: &str, count: usize) {
    let (whole, pages) = all(host, path, 1_000).await;
    assert_eq!((whole.len(), pages), (count, 1), "{path}: {whole:?}");
    for limit in [1, 2] {
        let (parts, pages) = all(host, path, limit).await;
        assert_eq!((&parts, pages), (&whole, count / limit + 1), "{path} by {limit}");
    }
    for wrong in ["limit=0", "limit=1001", "limit=x", "limt=1"] {
        let reply = host.get(&format!("{path}?{wrong}")).await;
        assert_eq!(reply.problem(), (400, "malformed-request"), "{path}?{wrong}");
    }
}

#[tokio::test]
async fn every_list_of_what_operators_make_is_paged() {
    let host = Host::start();
    let put = async |path: String, document: Value| {
        let reply = host.write(("admin", Method::PUT, &path), document).await;
        assert_eq!(reply.status, 201, "{path}: {reply:?}");
    };
    for name in ["a", "b", "c"] {
        put(format!("/v1/units/coupon%3A{name}"), json!({})).await;
        put(format!("/v1/segments/{name}"), json!({"where": "has(attributes.age)"})).await;
        put(format!("/v1/pockets/{name}"), json!({"budgets": [{"unit": "points", "total": 5}]})).await;
    }
    for list in ["units", "segments", "pockets"] {
        expect(&host, &format!("/v1/{list}"), 3).await;
    }
    let kinds = host.get("/v1/kinds?limit=1000").await.body["items"].as_array().unwrap().len();
    expect(&host, "/v1/kinds", kinds).await;
    for list in ["campaigns", "policies", "calendar"] {
        expect(&host, &format!("/v1/{list}"), 0).await;
    }
    let reply = host.get("/v1/policies?after=nothing").await;
    assert_eq!(reply.problem(), (400, "malformed-request"));
}

#[tokio::test]
async fn what_customers_hold_is_paged_across_their_ids() {
    let host = Host::giving().await;
    let give = async |customer: &str, keys: &[&str]| {
        let grants = |unit: &str| {
            keys.iter().map(move |key| json!({"key": key, "unit": unit, "quantity": 2})).collect::<Vec<_>>()
        };
        let mut event = event_with(&format!("for-{customer}"), "subject", customer.into());
        event["type"] = "day.checked-in".into();
        event["data"] = json!({"grants": grants("points")});
        let reply = host.send(event).await;
        assert_eq!(reply.body["decisions"][0]["verdict"], "accepted", "{reply:?}");
    };
    give("u1", &["a", "b", "c"]).await;
    give("u2", &["a", "d"]).await;
    for number in 1..=3 {
        let document = json!({"id": format!("r{number}"), "customer": "u1", "unit": "points", "quantity": 1});
        let reply = host.write(("fulfil", Method::POST, "/v1/redemptions"), document).await;
        assert_eq!(reply.status, 201, "{reply:?}");
    }
    expect(&host, "/v1/customers/u1/grants", 3).await;
    expect(&host, "/v1/customers/u2/grants", 2).await;
    expect(&host, "/v1/customers/u1/redemptions", 3).await;
    expect(&host, "/v1/customers/u1/balances", 1).await;
    expect(&host, "/v1/customers/u9/grants", 0).await;
    expect(&host, "/v1/campaigns", 1).await;
    expect(&host, "/v1/decisions", 2).await;
    let transfers = host.get("/v1/transfers?limit=1000").await.body["items"].as_array().unwrap().len();
    expect(&host, "/v1/transfers", transfers).await;
    expect(&host, "/v1/campaigns/gives/activations", 1).await;
    for after in ["nothing", "[1]", "[1,-1,\"\",\"\",1,\"\"]"] {
        let escaped: String = after.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let reply = host.get(&format!("/v1/customers/u1/grants?after={escaped}")).await;
        assert_eq!(reply.problem(), (400, "malformed-request"), "{after}");
    }
}
