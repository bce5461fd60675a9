//! How far off inviters are shown.

use std::path::Path;

use largesse_documents::CampaignDocument;
use largesse_service::ChangeError;
use largesse_service::pipeline::{ControlError, Precondition};
use serde_json::{Value, json};

use crate::fixture::{Host, campaign, component};

/// The campaign of a scenario of a policy that looks at three inviters in a row.
fn chains() -> Value {
    let file =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins/yield-boost/scenarios/a060-chains-of-friends.toml");
    let text = std::fs::read_to_string(file).expect("the scenario can be read");
    let scenario: Value = toml::from_str(&text).expect("TOML");
    scenario["campaign"].clone()
}

/// Where it is wrong, and what is said of it.
async fn applied(host: &Host, distance: Option<u8>) -> Vec<(String, String)> {
    let (policy, _) = host.service.publish(component("yield_boost"), None).await.expect("it is published");
    let mut document = chains();
    document["policy"] = policy.digest.to_string().into();
    if let Some(distance) = distance {
        document["attribution"]["distance"] = json!(distance);
    }
    let document: CampaignDocument = serde_json::from_value(document).expect("a campaign document");
    let spec = document.read().expect("a campaign");
    match host.service.apply(campaign("chains"), spec, Precondition::Absent).await {
        Ok(_) => Vec::new(),
        Err(ChangeError::Control(ControlError::Problems(problems))) => {
            problems.into_iter().map(|problem| (problem.pointer, problem.message)).collect()
        }
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn a_policy_that_looks_farther_than_the_host_shows_is_not_taken() {
    let host = Host::in_memory();
    let said =
        "looks at inviters at distance 3, and this host shows them up to 2: say how many do in attribution.distance";
    assert_eq!(applied(&host, None).await, [("/policy".to_owned(), said.to_owned())]);
    let said = "this host shows inviters up to distance 2";
    assert_eq!(applied(&host, Some(3)).await, [("/attribution/distance".to_owned(), said.to_owned())]);
    assert_eq!(applied(&host, Some(2)).await, [], "it does without the third");
    host.service.stop().await;
}
