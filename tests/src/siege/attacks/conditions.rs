//! Conditions of few steps whose texts and lists double at each.

use anyhow::Result;
use serde_json::json;

use super::super::caller::check_in;
use super::super::client::Request;
use super::super::field::Field;

/// A condition in which a text of the customer's grows to `copies` of itself so many times.
fn doubling(levels: usize, copies: usize) -> String {
    let name = |level: usize| match level {
        0 => "attributes.a".to_owned(),
        level => format!("b{level}"),
    };
    let sum = |level: usize| vec![name(level); copies].join(" + ");
    let opening: String = (1..=levels).map(|level| format!("[{}].exists({}, ", sum(level - 1), name(level))).collect();
    format!("{opening}size({}) > 1{}", name(levels), ")".repeat(levels))
}

fn list(levels: usize) -> String {
    let opening: String = (1..=levels).map(|level| format!("[[1, 1, 1, 1], [1, 1, 1, 1]].exists(b{level}, ")).collect();
    format!("{opening}size(b1 + b1 + b1) > 1{}", ")".repeat(levels))
}

/// Sets such conditions as segments.
pub(super) fn segments(field: &Field<'_>) -> Result<()> {
    field.flood(4, |attacker, number| {
        let condition = match number % 4 {
            0 => doubling(13, 4),
            1 => doubling(26, 2),
            2 => doubling(11, 6),
            _ => list(12),
        };
        let document = json!({"title": "siege", "where": condition});
        Request::put(format!("/v1/segments/siege-{attacker}-{number}"), field.token("operator"), &document)
    });
    Ok(())
}

/// Runs campaigns for audiences by such conditions, and sends events of a customer with a long attribute.
pub(super) fn audiences(field: &Field<'_>) -> Result<()> {
    let customer = json!({"attributes": {"a": "x".repeat(256)}});
    let told = Request { method: "PATCH", ..Request::put("/v1/customers/siege", field.token("operator"), &customer) };
    field.must(&told)?;
    for (number, condition) in
        [doubling(9, 4), doubling(7, 6), doubling(11, 3), doubling(17, 2), doubling(4, 2)].iter().enumerate()
    {
        let id = format!("audience-{number}");
        let document = json!({
            "policy": "check-in", "currency": "CNY", "time_zone": "Asia/Shanghai", "opens": "2020-01-01T00:00:00+08:00",
            "unit_classes": ["points"], "subscriptions": ["checked-in"], "audience": {"where": condition},
            "budgets": [{"unit": "points", "total": 1_000_000_000_000_u64}],
            "limits": [{"unit": "points", "window": "campaign", "amount": 1_000_000_000}],
            "params": {"daily": {"on": ["checked-in"], "rewards": [{"unit": "points", "quantity": 5}]}},
        });
        if field.campaign(&id, &document).is_success() {
            let start = format!("/v1/campaigns/{id}/start");
            field.send(&Request::post(start, field.token("operator"), "application/json", ""));
        }
    }
    field.flood(2, |attacker, number| {
        let event = check_in("/siege", &format!("audience-{attacker}-{number}"), "siege");
        Request::event(field.token(&format!("sender-{attacker}")), &event)
    });
    Ok(())
}
