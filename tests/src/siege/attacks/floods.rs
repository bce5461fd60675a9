//! Requests that are in order, by callers who send as many as they can.

use anyhow::Result;
use serde_json::{Value, json};

use super::super::caller::check_in;
use super::super::client::Request;
use super::super::field::Field;
use super::policies::slow_answers;

fn batch(field: &Field<'_>, sender: usize, events: &[Value]) -> Request {
    let token = field.token(&format!("sender-{}", sender % 8));
    Request::post("/v1/events", token, "application/cloudevents-batch+json", json!(events).to_string())
}

fn new_events(attacker: usize, number: usize, count: usize) -> Vec<Value> {
    let event = |at: usize| {
        let name = format!("flood-{attacker}-{number}-{at}");
        check_in("/siege", &name, &name)
    };
    (0..count).map(event).collect()
}

/// Eight senders of batches, each of which grants something to every customer.
pub(super) fn batch_senders(field: &Field<'_>) -> Result<()> {
    field.flood(8, |attacker, number| batch(field, attacker, &new_events(attacker, number, 500)));
    Ok(())
}

/// The largest batches there may be, and larger ones.
pub(super) fn huge_batches(field: &Field<'_>) -> Result<()> {
    let filling = "x".repeat(3_500);
    field.flood(4, |attacker, number| {
        let count = if number % 2 == 0 { 1_000 } else { 1_001 + 400 * (number % 4) };
        let mut events = new_events(attacker, number, count);
        events.iter_mut().for_each(|event| event["data"] = json!({"filling": filling}));
        batch(field, attacker, &events)
    });
    Ok(())
}

/// Tokens that are guessed, over new connections and old ones.
pub(super) fn failed_tokens(field: &Field<'_>) -> Result<()> {
    field.flood(32, |attacker, number| {
        let mut request = Request::get("/v1/campaigns", &format!("lgs_{attacker:08}{number:024}"));
        if number % 2 == 0 {
            request.more = "connection: close\r\n".to_owned();
        }
        request
    });
    Ok(())
}

/// Events that are tried and not taken.
pub(super) fn dry_runs(field: &Field<'_>) -> Result<()> {
    field.flood(16, |attacker, number| {
        let event = check_in("/siege", &format!("dry-{attacker}-{number}"), &format!("dry-{attacker}"));
        Request::post("/v1/dry-run", field.token("reader"), "application/cloudevents+json", event.to_string())
    });
    Ok(())
}

/// Questions that a policy takes all its time to answer.
pub(super) fn quotes(field: &Field<'_>) -> Result<()> {
    slow_answers(field)
}

/// Audits, and the longest lists, of books with some content.
pub(super) fn audits_and_lists(field: &Field<'_>) -> Result<()> {
    for number in 0..10 {
        field.must(&batch(field, 0, &new_events(0, number, 1_000)))?;
    }
    let paths = [
        "/v1/ledger/audit",
        "/v1/transfers?limit=1000",
        "/v1/decisions?limit=500",
        "/v1/openapi.json",
        "/metrics",
        "/v1/calendar?from=2026-01-01&to=2026-12-31",
        "/v1/campaigns/daily/accounts",
        "/v1/customers/flood-0-0-0/grants",
        "/v1/deliveries?limit=500",
    ];
    field.flood(16, |attacker, number| Request::get(paths[(attacker + number) % paths.len()], field.token("reader")));
    Ok(())
}

/// New kinds, segments and campaigns without end.
pub(super) fn many_names(field: &Field<'_>) -> Result<()> {
    field.flood(6, |attacker, number| {
        let name = format!("siege-{attacker}-{number}");
        match attacker % 3 {
            0 => {
                let schema = json!({"type": "object", "properties": {"a": {"type": "string"}}});
                Request::put(format!("/v1/kinds/siege.k{attacker}-{number}"), field.token("admin"), &schema)
            }
            1 => {
                let document = json!({"title": name, "where": "has(attributes.a)"});
                Request::put(format!("/v1/segments/{name}"), field.token("operator"), &document)
            }
            _ => {
                let document = json!({"policy": "check-in", "currency": "CNY", "time_zone": "Asia/Shanghai",
                    "opens": "2020-01-01T00:00:00+08:00", "unit_classes": ["points"], "subscriptions": ["checked-in"],
                    "params": {"daily": {"on": ["checked-in"], "rewards": [{"unit": "points", "quantity": 5}]}}});
                let mut apply = Request::put(format!("/v1/campaigns/{name}"), field.token("operator"), &document);
                apply.more = "if-none-match: *\r\n".to_owned();
                apply
            }
        }
    });
    Ok(())
}
