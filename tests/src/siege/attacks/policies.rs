//! Policies that keep within their bounds in every decision, and in sum do not.

use anyhow::Result;
use serde_json::{Value, json};

use super::super::caller::now;
use super::super::client::Request;
use super::super::field::Field;

fn check_in(id: &str, customer: &str, data: &Value) -> Value {
    json!({"specversion": "1.0", "source": "/siege", "id": id, "type": "day.checked-in", "subject": customer, "time": now(),
        "data": data})
}

/// Three campaigns that give as much as a decision may, and hear of what the others give: one event makes half a million grants.
pub(super) fn storm(field: &Field<'_>) -> Result<()> {
    for id in ["storm-1", "storm-2", "storm-3"] {
        let document = json!({"policy": "storms", "currency": "CNY", "time_zone": "Etc/UTC",
            "opens": "2020-01-01T00:00:00Z", "unit_classes": ["growth"],
            "subscriptions": ["check-in", "benefit-granted"],
            "audience": {"where": "has(attributes.storm)"},
            "budgets": [{"unit": "growth", "total": 1_000_000_000_000_u64}],
            "limits": [{"unit": "growth", "window": "campaign", "amount": 1_000_000_000}],
            "params": {"grants": 64}});
        field.running(id, &document)?;
    }
    let customer = json!({"attributes": {"storm": true}});
    let told = Request { method: "PATCH", ..Request::put("/v1/customers/storm", field.token("operator"), &customer) };
    field.must(&told)?;
    field.flood(1, |_, number| {
        Request::event(
            field.token("sender-0"),
            &check_in(&format!("storm-{number}"), "storm", &json!({"day": "2026-01-01"})),
        )
    });
    Ok(())
}

fn slow_campaign(field: &Field<'_>) -> Result<()> {
    let document = json!({"policy": "siege-divs", "currency": "CNY", "time_zone": "Etc/UTC",
        "opens": "2020-01-01T00:00:00Z", "unit_classes": ["points"], "subscriptions": ["check-in"],
        "budgets": [{"unit": "points", "total": 1_000_000_000_000_u64}],
        "limits": [{"unit": "points", "window": "campaign", "amount": 1_000_000_000}], "params": {}});
    field.running("divs", &document)
}

/// Requests of many events, each of which takes all the time that a decision may take for little fuel.
pub(super) fn slow_instructions(field: &Field<'_>) -> Result<()> {
    slow_campaign(field)?;
    field.flood(2, |attacker, number| {
        let event = |at: usize| {
            let name = format!("divs-{attacker}-{number}-{at}");
            check_in(&name, &name, &json!({"day": "2026-01-01", "misbehave": true}))
        };
        let events: Vec<Value> = (0..64).map(event).collect();
        let token = field.token(&format!("sender-{attacker}"));
        Request::post("/v1/events", token, "application/cloudevents-batch+json", json!(events).to_string())
    });
    Ok(())
}

/// The same as answers to questions.
pub(super) fn slow_answers(field: &Field<'_>) -> Result<()> {
    slow_campaign(field)?;
    field.flood(8, |attacker, number| {
        let ask = json!({"customer": format!("divs-{attacker}-{number}"), "question": "slow", "data": {}});
        Request::post("/v1/campaigns/divs/quote", field.token("reader"), "application/json", ask.to_string())
    });
    Ok(())
}
