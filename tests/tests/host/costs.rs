//! What schemas and audiences cost: those of all policies less than half of what is allowed, and those of all campaigns together no more.

use std::path::Path;

use largesse_documents::CampaignDocument;
use largesse_documents::segment::SegmentDocument;
use largesse_domain::limits::{AUDIENCES_STEPS_MAX, CONDITION_STEPS_MAX, SCHEMA_STEPS_PER_BYTE_MAX, SEGMENTS_MAX};
use largesse_service::ChangeError;
use largesse_service::pipeline::{ControlError, Precondition};
use largesse_service::schema::Schema;
use serde_json::{Value, json};

use crate::admission::five_a_day;
use crate::fixture::{Host, campaign, component, workers};

#[test]
fn the_schemas_of_all_policies_cost_less_than_half_of_what_is_allowed() {
    let plugins = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins");
    let mut most = (0, String::new());
    for entry in std::fs::read_dir(plugins).expect("the policies are there") {
        let place = entry.expect("a folder can be read").path();
        if !place.join("Cargo.toml").exists() {
            continue;
        }
        let name = place.file_name().expect("a folder has a name").to_string_lossy().replace('-', "_");
        let policy = workers().load(&component(&name)).expect("it loads");
        let manifest = policy.manifest();
        let questions = manifest.questions.iter().map(|question| &question.data_schema);
        for schema in questions.chain([&manifest.params_schema]) {
            let schema: Value = serde_json::from_str(schema.as_str()).expect("a schema is JSON");
            let steps = Schema::compile(&schema).unwrap_or_else(|problem| panic!("{name}: {problem:?}")).steps(1);
            most = most.max((steps, name.clone()));
        }
    }
    let (steps, name) = most;
    println!("the most expensive schema of a policy is that of {name}: {steps} steps for each byte");
    assert!(steps > 0 && steps <= SCHEMA_STEPS_PER_BYTE_MAX / 2, "{name}: {steps}");
}

#[tokio::test]
async fn a_host_has_so_many_segments_and_no_more() {
    let host = Host::in_memory();
    let set = async |number: usize| {
        let document = SegmentDocument { title: "Test".into(), condition: "true".into() };
        let segment = document.read(format!("s{number}").parse().expect("an id")).expect("a segment");
        host.service.set_segment(segment).await
    };
    for number in 0..SEGMENTS_MAX {
        set(number).await.expect("it is set");
    }
    let refused = set(SEGMENTS_MAX).await;
    let Err(ChangeError::Control(ControlError::Problems(problems))) = &refused else { panic!("{refused:?}") };
    assert!(problems[0].message.contains("1000 segments"), "{problems:?}");
    set(0).await.expect("one that is there can be set");
    host.service.stop().await;
}

#[tokio::test]
async fn the_audiences_of_all_campaigns_on_a_kind_are_bounded_together() {
    let host = Host::in_memory();
    let (policy, _) = host.service.publish(component("check_in"), None).await.expect("it is published");
    // Half as expensive as a single audience may be.
    let condition = "tags.filter(a, a != 'none').size() >= 0";
    let apply = async |number: u64, audience: Value| {
        let mut document = five_a_day(1_000);
        document["policy"] = policy.digest.to_string().into();
        document["audience"] = audience;
        let document: CampaignDocument = serde_json::from_value(document).expect("a campaign document");
        let spec = document.read().expect("a campaign");
        host.service.apply(campaign(&format!("c{number}")), spec, Precondition::Absent).await
    };
    let mut number = 0;
    let refused = loop {
        match apply(number, json!({"where": condition})).await {
            Ok(_) => number += 1,
            Err(refused) => break refused,
        }
    };
    let ChangeError::Control(ControlError::Problems(problems)) = &refused else { panic!("{refused:?}") };
    assert_eq!(problems[0].pointer, "/audience");
    assert!(problems[0].message.contains("take"), "{problems:?}");
    assert!(number >= AUDIENCES_STEPS_MAX / CONDITION_STEPS_MAX, "{number} campaigns fit");
    assert!(number < AUDIENCES_STEPS_MAX / (CONDITION_STEPS_MAX / 4), "{number} campaigns fit");
    // One that costs little still fits, and one for everybody costs nothing.
    apply(number, Value::Null).await.expect("it is applied");
    host.service.stop().await;
}
