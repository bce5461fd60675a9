//! Spoilt components and parameters: refused or harmless, in bounded time, and never the host's fault.

use std::time::{Duration, Instant};

use largesse_documents::CampaignDocument;
use largesse_documents::noise::{cases, spoilt};
use largesse_engine::{CompileError, LoadError};
use largesse_service::ChangeError;
use largesse_service::pipeline::{ControlError, Precondition};
use proptest::prelude::{Strategy, prop_assert, proptest};
use proptest::sample::select;
use serde_json::{Value, json};

use crate::admission::five_a_day;
use crate::fixture::{Host, campaign, component, points_campaign, workers};

/// So long loading may take: the bound on compiling, and some.
const LOAD_TIME_MAX: Duration = Duration::from_secs(40);

proptest! {
    #![proptest_config(cases(48))]

    #[test]
    fn spoilt_components(bytes in select(&["looks_around", "remembers"][..]).prop_flat_map(|name| spoilt(component(name)))) {
        let started = Instant::now();
        match workers().load(&bytes) {
            // What is still a policy may do as it likes within its limits.
            Ok(_) => {}
            Err(LoadError::Compile(error @ CompileError::Failed { .. })) => {
                return Err(proptest::test_runner::TestCaseError::fail(error.to_string()));
            }
            Err(_) => {}
        }
        prop_assert!(started.elapsed() < LOAD_TIME_MAX, "{:?}", started.elapsed());
    }
}

/// Parameters that each policy takes.
fn params() -> Vec<(&'static str, Value)> {
    vec![
        ("check_in", five_a_day(1)["params"].clone()),
        (
            "invite_for_credit",
            json!({"success": "user-realname-verified", "inviter": [{"unit": "points", "quantity": 20}],
            "ladder": [{"at": 2, "gifts": [{"unit": "points", "quantity": 30}]}]}),
        ),
        (
            "new_user_gift",
            json!({"milestones": [{"on": "user-realname-verified", "gifts": [{"unit": "points", "quantity": 8}],
            "once_per": ["identity"], "within_days": 30}]}),
        ),
        (
            "sign_up_rebate",
            json!({"rebates": [{"id": "first-loan", "on": "loan-drawn", "unit": "points",
            "steps": [{"from": 100_000, "quantity": 2_000}], "term": [{"from": 12, "percent": 150}]}]}),
        ),
    ]
}

proptest! {
    #![proptest_config(cases(8))]

    #[test]
    fn spoilt_parameters(
        all in proptest::collection::vec(select(params()).prop_flat_map(|(policy, params)| {
            spoilt(params.to_string().into_bytes()).prop_map(move |bytes| (policy, bytes))
        }), 64)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        runtime.block_on(async {
            let host = Host::in_memory();
            for (place, (policy, bytes)) in all.iter().enumerate() {
                let Ok(Value::Object(params)) = largesse_service::strict_json::parse(bytes) else { continue };
                let (policy, _) = host.service.publish(component(policy), None).await.expect("it is published");
                let mut document = points_campaign(100);
                document["policy"] = policy.digest.to_string().into();
                document["params"] = Value::Object(params);
                let document: CampaignDocument = serde_json::from_value(document).expect("a campaign document");
                let spec = document.read().expect("parameters are the policy's affair");
                let id = format!("c{place}");
                let started = Instant::now();
                let applied = host.service.apply(campaign(&id), spec, Precondition::Absent).await;
                let refused = matches!(applied, Err(ChangeError::Control(ControlError::Problems(_))));
                prop_assert!(applied.is_ok() || refused, "{applied:?}");
                prop_assert!(started.elapsed() < Duration::from_secs(5));
            }
            host.service.stop().await;
            Ok(())
        })?;
    }
}

#[tokio::test]
async fn what_is_spoilt_was_good() {
    let host = Host::in_memory();
    for (policy, params) in params() {
        let mut document = points_campaign(100);
        document["params"] = params;
        host.campaign(&policy.replace('_', "-"), policy, document).await;
    }
}
