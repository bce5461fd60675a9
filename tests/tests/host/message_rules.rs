//! Marketing messages in the whole host: with consent, outside quiet hours, not too many. Service messages always.

use largesse_documents::DestinationDocument;
use largesse_documents::message_rules::MessageRulesDocument;
use largesse_domain::delivery::DeliveryId;
use largesse_domain::destination::Secret;
use largesse_domain::outcome::{Outcome, Verdict};
use largesse_domain::topic::Topic;
use largesse_service::commands::{SetDestination, SetMessageRules};
use largesse_service::pipeline::Answer;
use largesse_store::DeliveryFilter;
use serde_json::{Value, json};

use crate::fixture::{Host, at, event, points_campaign};

const NOON: &str = "2026-03-02T12:00:00+08:00";

/// A host with two campaigns that send, and a destination that is told of messages and grants.
async fn prepare(host: &Host) {
    host.register_guest_kind().await;
    let mut document = points_campaign(1_000);
    document["params"] = json!({});
    for id in ["one", "two"] {
        host.campaign(id, "markets", document.clone()).await;
    }
    let destination = json!({"url": "https://mail.example/largesse", "topics": ["message", "grant.granted"]});
    let destination: DestinationDocument = serde_json::from_value(destination).expect("a destination document");
    let spec = destination.read().expect("a destination");
    let secret = Secret::new(&[7; 32]).expect("long enough");
    host.service
        .run(SetDestination { id: "mail".parse().expect("an id"), spec, fresh: secret })
        .await
        .expect("it is taken");
}

async fn rule(host: &Host, rules: Value) {
    let document: MessageRulesDocument = serde_json::from_value(rules).expect("a document");
    host.service.run(SetMessageRules(document.read().expect("rules"))).await.expect("they are set");
}

fn told(customer: &str, time: &str, messages: Value) -> Value {
    event("day.checked-in", customer, time, json!({"messages": messages}))
}

/// What became of the messages, by each campaign.
fn outcomes(answer: &Answer) -> Vec<String> {
    let said = |outcome: &Outcome| match outcome {
        Outcome::Skipped(_, reason) => reason.as_str().to_owned(),
        _ => "sent".to_owned(),
    };
    let of = |verdict: &Verdict| match verdict {
        Verdict::Accepted(outcomes) => said(&outcomes[0]),
        other => panic!("not accepted: {other:?}"),
    };
    answer.decisions.iter().map(|decision| of(&decision.verdict)).collect()
}

/// The bodies that the destination is to be told, in order.
async fn told_of(host: &Host, topic: Topic) -> Vec<Value> {
    let all = host.service.read(|store| store.deliveries(&DeliveryFilter::default(), DeliveryId(0), usize::MAX)).await;
    let of_topic = all.expect("the store reads").into_iter().filter(|delivery| delivery.topic == topic);
    of_topic.map(|delivery| serde_json::from_str(delivery.body.as_str()).expect("a body is JSON")).collect()
}

async fn pass(host: &Host, until: &str) {
    host.clock.set(at(until));
    host.service.catch_up().await.expect("the host takes it");
}

#[tokio::test]
async fn whoever_refuses_is_sent_service_messages_only() {
    let host = Host::in_memory();
    prepare(&host).await;
    host.send_one(event("unsubscribe", "ann", NOON, json!({"channel": "sms"}))).await;
    let both = json!([{"key": "a", "channels": ["sms", "push"]}]);
    host.send_one(told("ann", "2026-03-02T12:01:00+08:00", both)).await;
    let messages = told_of(&host, Topic::Message).await;
    assert_eq!(messages.iter().map(|body| &body["data"]["channels"]).collect::<Vec<_>>(), [&json!(["push"]); 2]);
    host.send_one(event("unsubscribe", "ann", "2026-03-02T12:02:00+08:00", json!({}))).await;
    let refused = host.send_one(told("ann", "2026-03-02T12:03:00+08:00", json!([{"key": "b"}]))).await;
    assert_eq!(outcomes(&refused), ["no-consent", "no-consent"]);
    let service = json!([{"key": "c", "service": true, "channels": ["sms"]}]);
    assert_eq!(outcomes(&host.send_one(told("ann", "2026-03-02T12:04:00+08:00", service)).await), ["sent", "sent"]);
    let again = event("consent.changed", "ann", "2026-03-02T12:05:00+08:00", json!({"granted": true}));
    host.send_one(again).await;
    let sent = host.send_one(told("ann", "2026-03-02T12:06:00+08:00", json!([{"key": "d"}]))).await;
    assert_eq!(outcomes(&sent), ["sent", "sent"]);
    host.service.stop().await;
}

#[tokio::test]
async fn a_message_waits_for_the_morning_and_nothing_waits_behind_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let host = Host::on_disk(folder.path());
    prepare(&host).await;
    rule(&host, json!({"quiet": [{"from": "22:00", "to": "08:00"}]})).await;
    let late = json!([{"key": "a", "channels": ["push", "sms"]}]);
    for customer in ["ann", "bob", "cem"] {
        host.send_one(told(customer, "2026-03-02T23:00:00+08:00", late.clone())).await;
    }
    assert_eq!(told_of(&host, Topic::Message).await, [Value::Null; 0]);
    assert_eq!(told_of(&host, Topic::GrantGranted).await.len(), 6);
    let service = json!([{"key": "bill", "service": true}]);
    host.send_one(told("ann", "2026-03-02T23:01:00+08:00", service)).await;
    assert_eq!(told_of(&host, Topic::Message).await.len(), 2, "it wakes nobody who did not ask for it");
    host.send_one(event("unsubscribe", "bob", "2026-03-02T23:30:00+08:00", json!({}))).await;
    host.send_one(event("unsubscribe", "cem", "2026-03-02T23:30:00+08:00", json!({"channel": "sms"}))).await;
    host.service.stop().await;
    drop(host);
    let host = Host::on_disk_at(folder.path(), "2026-03-02T23:59:00+08:00");
    pass(&host, "2026-03-03T07:59:59+08:00").await;
    assert_eq!(told_of(&host, Topic::Message).await.len(), 2);
    pass(&host, "2026-03-03T08:00:00+08:00").await;
    let messages = told_of(&host, Topic::Message).await;
    let said = |body: &Value| format!("{} {}", body["data"]["to"], body["data"]["channels"]);
    let said: Vec<String> = messages[2..].iter().map(said).collect();
    let (ann, cem) = (r#""ann" ["push","sms"]"#, r#""cem" ["push"]"#);
    assert_eq!(said, [ann, cem, ann, cem], "bob refused while it waited; each campaign sends its own");
    pass(&host, "2026-03-03T09:00:00+08:00").await;
    assert_eq!(told_of(&host, Topic::Message).await.len(), 6, "each once");
    host.service.stop().await;
}

#[tokio::test]
async fn campaigns_share_a_cap_over_stops() {
    let folder = tempfile::tempdir().expect("a folder");
    {
        let host = Host::on_disk(folder.path());
        prepare(&host).await;
        rule(&host, json!({"caps": [{"count": 3, "hours": 24}]})).await;
        let answer = host.send_one(told("ann", NOON, json!([{"key": "a"}]))).await;
        assert_eq!(outcomes(&answer), ["sent", "sent"]);
        host.service.stop().await;
    }
    let host = Host::on_disk(folder.path());
    let answer = host.send_one(told("ann", "2026-03-02T13:00:00+08:00", json!([{"key": "b"}]))).await;
    assert_eq!(outcomes(&answer), ["sent", "too-many-messages"]);
    let other = host.send_one(told("bob", "2026-03-02T13:00:00+08:00", json!([{"key": "b"}]))).await;
    assert_eq!(outcomes(&other), ["sent", "sent"]);
    let service = json!([{"key": "bill", "service": true}]);
    assert_eq!(outcomes(&host.send_one(told("ann", "2026-03-02T14:00:00+08:00", service)).await), ["sent", "sent"]);
    let next = host.send_one(told("ann", "2026-03-03T12:00:00+08:00", json!([{"key": "c"}]))).await;
    assert_eq!(outcomes(&next), ["sent", "sent"]);
    host.service.stop().await;
}
