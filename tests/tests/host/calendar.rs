//! When campaigns grant, and for whom.

use largesse_documents::CustomerDocument;
use largesse_documents::time::read_day;
use largesse_domain::id::CustomerId;
use largesse_domain::lifecycle::Command;
use serde_json::{Value, json};

use crate::admission::five_a_day;
use crate::fixture::{Host, at};
use largesse_service::commands::Learn;
use largesse_service::queries::Calendar;

fn customer(id: &str) -> Option<CustomerId> {
    Some(CustomerId::new(id).expect("an id"))
}

async fn begin(host: &Host, id: &str, windows: Value, audience: Option<&str>) {
    let mut document = five_a_day(1_000);
    document["opens"] = "2025-01-01T00:00:00+08:00".into();
    document["windows"] = windows;
    if let Some(condition) = audience {
        document["audience"] = json!({"where": condition});
    }
    host.campaign(id, "check_in", document).await;
}

/// Starts and campaigns, in order of time.
async fn shown(host: &Host, of: Option<CustomerId>, days: Option<(&str, &str)>) -> Vec<String> {
    let days = days.map(|(from, to)| (read_day(from).expect("a day"), read_day(to).expect("a day")));
    let entries = host.service.query(Calendar { customer: of, days, after: None, limit: usize::MAX }).await;
    let entries = entries.expect("the store reads").expect("they are few");
    let mut shown = Vec::new();
    for entry in &entries {
        let (zone, id) = (&entry.active.zone, &entry.active.campaign.id);
        shown.extend(entry.occurrences.iter().map(|time| format!("{} {id}", &zone.text(time.start)[..16])));
    }
    shown.sort();
    shown
}

const JANUARY: Option<(&str, &str)> = Some(("2025-01-01", "2025-01-31"));

#[tokio::test]
async fn a_month_of_branded_days_is_shown_and_what_is_over_disappears() {
    let host = Host::in_memory_at("2024-12-31T16:00:00Z");
    begin(&host, "eighteenth", json!([{"month_days": [18]}]), None).await;
    begin(&host, "friday", json!([{"weekdays": [5], "from": "10:00"}]), None).await;
    begin(&host, "new-year", json!([{"dates": ["01-01"]}]), None).await;
    let all = [
        "2025-01-01T00:00 new-year",
        "2025-01-03T10:00 friday",
        "2025-01-10T10:00 friday",
        "2025-01-17T10:00 friday",
        "2025-01-18T00:00 eighteenth",
        "2025-01-24T10:00 friday",
        "2025-01-31T10:00 friday",
    ];
    assert_eq!(shown(&host, None, JANUARY).await, all);
    assert_eq!(shown(&host, None, None).await, all[..1], "today");
    host.clock.set(at("2025-01-15T00:00:00+08:00"));
    host.command("friday", Command::End).await;
    let left = [all[0], all[1], all[2], all[4]];
    assert_eq!(shown(&host, None, JANUARY).await, left);
    assert_eq!(shown(&host, None, Some(("2025-02-01", "2025-02-28"))).await, ["2025-02-18T00:00 eighteenth"]);
}

#[tokio::test]
async fn a_campaign_is_shown_to_those_it_is_for_while_it_runs() {
    let host = Host::in_memory_at("2024-12-31T16:00:00Z");
    begin(&host, "always", json!([]), Some("'vip' in tags || balances.points > 5")).await;
    begin(&host, "twice", json!([{"from": "08:00", "to": "09:00"}, {"from": "20:00"}]), None).await;
    let document: CustomerDocument = serde_json::from_value(json!({"tags": ["vip"]})).expect("a customer");
    let facts = document.facts().expect("facts");
    host.service.run(Learn { customer: CustomerId::new("u1").expect("an id"), facts }).await.expect("they are learnt");
    let day = Some(("2024-12-31", "2025-01-01"));
    let twice = ["2025-01-01T08:00 twice", "2025-01-01T20:00 twice"];
    assert_eq!(shown(&host, customer("u2"), day).await, twice);
    let with_always = ["2025-01-01T00:00 always", twice[0], twice[1]];
    assert_eq!(shown(&host, customer("u1"), day).await, with_always, "from its opening, not from the day before");
    host.clock.set(at("2025-01-01T08:30:00+08:00"));
    host.command("twice", Command::End).await;
    assert_eq!(shown(&host, customer("u2"), day).await, twice[..1]);
    let entries =
        host.service.query(Calendar { customer: customer("u2"), days: None, after: None, limit: usize::MAX }).await;
    let entries = entries.expect("the store reads").expect("they are few");
    assert_eq!(entries[0].occurrences[0].end, at("2025-01-01T08:30:00+08:00"), "it ends with the campaign");
}
