//! Decisions in waves must come to what decisions one by one come to.

use largesse_domain::id::DecisionId;
use largesse_domain::outcome::Verdict;
use largesse_store::DecisionFilter;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::fixture::{Host, event, points_campaign};

/// Something that one of a few customers does, many of them related.
fn happening() -> impl Strategy<Value = Value> {
    let customer = || (0..6_u8).prop_map(|n| format!("u{n}"));
    (customer(), customer(), 0..20_u8, 0..5_u8, 0..24_u8).prop_map(|(actor, other, day, what, hour)| {
        let time = format!("2026-03-{:02}T{hour:02}:00:00+08:00", day + 1);
        match what {
            0 => event("user.registered", &actor, &time, json!({"inviter": other})),
            1 => event("user.realname_verified", &actor, &time, json!({"id_hash": format!("person-{actor}")})),
            2 => event("invite.opened", &actor, &time, json!({"inviter": other})),
            _ => event("checked_in", &actor, &time, json!({})),
        }
    })
}

async fn start() -> Host {
    let host = Host::in_memory();
    let mut daily = points_campaign(200);
    daily["subscriptions"] = json!(["checked-in"]);
    daily["limits"] = json!([{"unit": "points", "window": "week", "amount": 31}]);
    daily["params"] = json!({"daily": {
        "on": ["checked-in"],
        "rewards": [{"unit": "points", "quantity": 5, "on_shortfall": "reduce"}],
        "streaks": [{"days": 2, "every": true, "rewards": [{"unit": "points", "quantity": 3}]}],
    }});
    host.campaign("daily", "check_in", daily).await;
    let mut invite = points_campaign(500);
    invite["subscriptions"] = json!(["friend-user-realname-verified"]);
    invite["attribution"] = json!({"touch": "last", "window_days": 30, "bind_on": ["user.registered"]});
    invite["params"] = json!({
        "success": "user-realname-verified", "inviter": [{"unit": "points", "quantity": 20}],
        "ladder": [{"at": 2, "gifts": [{"unit": "points", "quantity": 30}]}],
    });
    host.campaign("invite", "invite_for_credit", invite).await;
    host
}

/// What was decided, without what depends on how events were grouped.
async fn decided(host: &Host) -> Vec<(u64, String, String, Verdict)> {
    let all = host.service.read(|store| store.decisions(&DecisionFilter::default(), DecisionId(0), 10_000)).await;
    let mut rows: Vec<_> = all
        .expect("the store reads")
        .into_iter()
        .map(|decision| {
            let subscription = decision.input.subscription.to_string();
            (decision.event.0, decision.campaign.to_string(), subscription, decision.verdict)
        })
        .collect();
    rows.sort_by(|a, b| (a.0, &a.1, &a.2).cmp(&(b.0, &b.1, &b.2)));
    rows
}

/// Events of the same id are dropped: the generator makes the same event now and then.
fn distinct(events: Vec<Value>) -> Vec<Value> {
    let mut seen = std::collections::HashSet::new();
    events.into_iter().filter(|event| seen.insert(event["id"].to_string())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_batch_decides_as_its_events_one_by_one(events in prop::collection::vec(happening(), 1..60)) {
        let events = distinct(events);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        runtime.block_on(async {
            let (single, batch) = (start().await, start().await);
            for event in events.clone() {
                single.send_one(event).await;
            }
            batch.send(events).await;
            // Budgets are shared by all, and side by side means in any order: they are wide enough here not to matter.
            let (singly, together) = (decided(&single).await, decided(&batch).await);
            single.service.stop().await;
            batch.service.stop().await;
            prop_assert_eq!(singly, together);
            Ok(())
        })?;
    }
}
