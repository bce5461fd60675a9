//! For whom campaigns are: segments and conditions.

use largesse_documents::segment::SegmentDocument;
use largesse_documents::{CampaignDocument, CustomerDocument};
use largesse_domain::id::CustomerId;
use largesse_service::ChangeError;
use largesse_service::commands::Learn;
use largesse_service::pipeline::{ControlError, Precondition};
use serde_json::{Value, json};

use crate::admission::five_a_day;
use crate::fixture::{Host, campaign, component, event};

fn check_in(customer: &str, time: &str) -> Value {
    event("checked_in", customer, time, json!({}))
}

fn five_a_day_for(audience: Value) -> Value {
    let mut document = five_a_day(1_000);
    document["audience"] = audience;
    document
}

async fn set(host: &Host, id: &str, condition: &str) -> Result<bool, ChangeError> {
    let document = SegmentDocument { title: "Test".into(), condition: condition.into() };
    let segment = document.read(id.parse().expect("an id")).expect("a segment");
    host.service.set_segment(segment).await.map(|(_, is_new)| is_new)
}

async fn know(host: &Host, customer: &str, what: Value) {
    let document: CustomerDocument = serde_json::from_value(what).expect("a customer");
    let facts = document.facts().expect("facts");
    host.service
        .run(Learn { customer: CustomerId::new(customer).expect("an id"), facts })
        .await
        .expect("they are learnt");
}

fn pointer(error: ChangeError) -> String {
    match error {
        ChangeError::Control(ControlError::Problems(problems)) => problems[0].pointer.clone(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_segment_is_shared_and_counts_as_it_is_now() {
    let folder = tempfile::tempdir().expect("a folder");
    let keys = async |host: &Host, customer: &str| host.grants(customer).await.len();
    {
        let host = Host::on_disk(folder.path());
        assert!(set(&host, "adults", "attributes.age >= 18").await.expect("it is set"));
        assert!(!set(&host, "adults", "attributes.age >= 18").await.expect("it is set again"));
        host.campaign("one", "check_in", five_a_day_for(json!({"segment": "adults"}))).await;
        host.campaign("two", "check_in", five_a_day_for(json!({"segment": "adults"}))).await;
        know(&host, "u1", json!({"attributes": {"age": 20}})).await;
        know(&host, "u2", json!({"attributes": {"age": 17}})).await;
        for customer in ["u1", "u2", "unknown"] {
            host.send_one(check_in(customer, "2026-03-01T12:00:00+08:00")).await;
        }
        assert_eq!([keys(&host, "u1").await, keys(&host, "u2").await, keys(&host, "unknown").await], [2, 0, 0]);
        set(&host, "adults", "attributes.age >= 16").await.expect("it is changed");
        host.send_one(check_in("u2", "2026-03-02T12:00:00+08:00")).await;
        assert_eq!(keys(&host, "u2").await, 2);
        host.service.stop().await;
    }
    let host = Host::on_disk_at(folder.path(), "2026-03-03T00:00:00Z");
    host.send_one(check_in("u2", "2026-03-03T12:00:00+08:00")).await;
    assert_eq!(keys(&host, "u2").await, 4, "segments are kept");
}

#[tokio::test]
async fn a_condition_of_the_campaigns_own_is_asked_at_the_events_time() {
    let host = Host::in_memory();
    let audience = json!({"where": "'late' in tags && weekday == 7 && has(attributes.city)"});
    host.campaign("daily", "check_in", five_a_day_for(audience)).await;
    know(
        &host,
        "u1",
        json!({"attributes": {"city": "Shanghai"}, "tags": [{"tag": "late", "until": "2026-03-01T13:00:00+08:00"}]}),
    )
    .await;
    let decided = async |time: &str| host.send_one(check_in("u1", time)).await.decisions.len();
    assert_eq!(decided("2026-03-01T12:59:59+08:00").await, 1);
    assert_eq!(decided("2026-03-01T13:00:00+08:00").await, 0, "the tag holds no longer");
    know(&host, "u1", json!({"tags": ["late"]})).await;
    assert_eq!(decided("2026-03-01T23:59:59+08:00").await, 1);
    assert_eq!(decided("2026-03-02T00:00:00+08:00").await, 0, "a Monday");
}

#[tokio::test]
async fn a_condition_sees_what_decisions_before_it_granted() {
    let host = Host::in_memory();
    host.campaign("a-giver", "check_in", five_a_day(1_000)).await;
    host.campaign("for-savers", "check_in", five_a_day_for(json!({"where": "balances.points >= 10"}))).await;
    let events = (1..=4).map(|day| check_in("u1", &format!("2026-03-0{day}T12:00:00+08:00"))).collect();
    let results = host.send(events).await;
    let decisions = results.into_iter().map(|result| match result {
        largesse_service::pipeline::EventResult::Admitted(answer) => answer.decisions.len(),
        other => panic!("{other:?}"),
    });
    assert_eq!(decisions.collect::<Vec<_>>(), [1, 1, 2, 2], "ten points are there from the third day on");
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused_with_a_pointer() {
    let host = Host::in_memory();
    for wrong in ["age > 18", "attributes.age + 1", "1 +", "tags > 3"] {
        assert_eq!(pointer(set(&host, "wrong", wrong).await.expect_err("it is refused")), "/where", "{wrong}");
    }
    assert!(host.service.registry().catalogue.segments.is_empty());
    let (policy, _) = host.service.publish(component("check_in"), None).await.expect("it is published");
    for (audience, expected) in
        [(json!({"where": "age > 18"}), "/audience/where"), (json!({"segment": "nobody"}), "/audience/segment")]
    {
        let mut document = five_a_day_for(audience);
        document["policy"] = policy.digest.to_string().into();
        let document: CampaignDocument = serde_json::from_value(document).expect("a document");
        let spec = document.read().expect("a campaign");
        let refused = host.service.apply(campaign("daily"), spec, Precondition::Absent).await;
        assert_eq!(pointer(refused.expect_err("it is refused")), expected);
    }
}
