//! Pockets as themes: open for a time, and set apart for their campaigns.

use std::sync::Arc;

use largesse_documents::CampaignDocument;
use largesse_documents::catalogue::PocketDocument;
use largesse_domain::lifecycle::Command;
use largesse_domain::outcome::{Outcome, Reason, Verdict};
use largesse_service::ChangeError;
use largesse_service::commands::SetPocket;
use largesse_service::pipeline::{ControlError, Precondition};
use serde_json::{Value, json};

use super::{points, terms, told};
use crate::fixture::{Host, campaign, component};

async fn set_pocket(host: &Host, document: Value) -> Result<(), Vec<String>> {
    let document: PocketDocument = serde_json::from_value(document).expect("a pocket");
    let pocket = document.read("shared".parse().expect("a pocket id")).expect("a pocket");
    host.service.run(SetPocket(pocket)).await.map(drop).map_err(|error| said(&error))
}

fn said(error: &ChangeError) -> Vec<String> {
    match error {
        ChangeError::Control(ControlError::Problems(problems)) => {
            problems.iter().map(|problem| format!("{} {}", problem.pointer, problem.message)).collect()
        }
        other => panic!("{other:?}"),
    }
}

fn theme(total: u64) -> Value {
    json!({"budgets": [{"unit": "points", "total": total}], "allocates": true})
}

#[tokio::test]
async fn a_theme_sets_no_more_apart_than_it_holds() {
    let host = Host::in_memory();
    host.register_guest_kind().await;
    set_pocket(&host, theme(300_000)).await.expect("it is made");
    let (policy, _) = host.service.publish(component("grants_as_told"), None).await.expect("it is published");
    let child = |budgets: Value| {
        let mut document = terms();
        document["policy"] = policy.digest.to_string().into();
        document["unit_classes"] = json!(["points"]);
        document["budgets"] = budgets;
        document["pockets"] = json!(["shared"]);
        document
    };
    let points = |total: u64| json!([{"unit": "points", "total": total}]);
    let start = async |id: &str| {
        let started = host.service.command(campaign(id), Command::Start, Precondition::None).await;
        started.map(drop).map_err(|error| said(&error))
    };
    host.apply("none", child(json!([])), Precondition::Absent).await;
    assert_eq!(
        start("none").await.unwrap_err(),
        ["/budgets the pocket shared allocates its points: declare a budget for it"]
    );
    host.apply("draws", child(points(310_000)), Precondition::Absent).await;
    let refused = "/budgets/0/total 310000 points asked of the pocket shared, which holds 300000 and has 300000 left";
    assert_eq!(start("draws").await.unwrap_err(), [refused]);
    host.apply("draws", child(points(290_000)), Precondition::Version(1)).await;
    start("draws").await.expect("290,000 of 300,000");
    host.apply("late", child(points(10_001)), Precondition::Absent).await;
    let refused = "/budgets/0/total 10001 points asked of the pocket shared, which holds 300000 and has 10000 left";
    assert_eq!(start("late").await.unwrap_err(), [refused]);
    host.apply("late", child(points(10_000)), Precondition::Version(1)).await;
    start("late").await.expect("what was left");

    let registry = host.service.registry();
    let late = Arc::clone(&registry.campaign(&campaign("late")).expect("it runs").campaign);
    let document: CampaignDocument = serde_json::from_value(child(points(10_001))).expect("a document");
    let spec = document.read().expect("a campaign");
    let raised = host.service.apply(late.id.clone(), spec, Precondition::Version(late.version)).await;
    assert_eq!(said(&raised.expect_err("there is nothing left")).len(), 1, "amounts that rise are asked for as well");
    let lowered = set_pocket(&host, theme(299_999)).await.unwrap_err();
    assert_eq!(lowered, ["/budgets/0/total campaigns have set apart or used 300000 points, more than 299999"]);
    host.service.stop().await;
}

#[tokio::test]
async fn a_pocket_that_is_closed_pays_for_nothing_and_takes_nothing_back() {
    let host = Host::in_memory();
    host.register_guest_kind().await;
    let open = json!({"budgets": [{"unit": "points", "total": 100}], "closes": "2026-03-02T00:00:00+08:00"});
    set_pocket(&host, open).await.expect("it is made");
    let mut document = terms();
    document["pockets"] = json!(["shared"]);
    host.campaign("gives", "grants_as_told", document).await;
    host.send_one(told("u1", "2026-03-01T23:59:59+08:00", json!([points("a", 20)]))).await;
    let answer = host.send_one(told("u1", "2026-03-02T00:00:00+08:00", json!([points("b", 20)]))).await;
    let Verdict::Accepted(outcomes) = &answer.decisions[0].verdict else { panic!("{answer:?}") };
    assert!(matches!(outcomes[..], [Outcome::Skipped(_, Reason::PocketClosed)]), "{outcomes:?}");
    assert_eq!(host.grants("u1").await, [("a".to_owned(), "points".to_owned(), 20)]);
    host.service.stop().await;
}
