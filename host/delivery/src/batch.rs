//! Several deliveries in one request: a batch of CloudEvents.

use largesse_domain::cascade::EVENT_SOURCE;
use largesse_domain::delivery::Delivery;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

/// The content type of [`body`].
pub(crate) const CONTENT_TYPE: &str = "application/cloudevents-batch+json";

/// The `webhook-id` of a batch: the same for the same deliveries in the same order, and no delivery's own.
pub(crate) fn id(deliveries: &[Delivery]) -> String {
    let ids: Vec<String> = deliveries.iter().map(|delivery| delivery.id.to_string()).collect();
    let hash = Sha256::digest(ids.join(",").as_bytes());
    let digits: String = hash[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("batch-{digits}")
}

/// The deliveries as CloudEvents in JSON's batch format. The `id` of each is the `webhook-id` that it has by itself.
pub(crate) fn body(deliveries: &[Delivery]) -> String {
    Value::Array(deliveries.iter().map(event).collect()).to_string()
}

fn event(delivery: &Delivery) -> Value {
    // The host wrote it as an object.
    let mut body: Map<String, Value> = serde_json::from_str(delivery.body.as_str()).unwrap_or_default();
    let mut event = json!({
        "specversion": "1.0",
        "id": delivery.id.to_string(),
        "source": EVENT_SOURCE,
        "type": delivery.topic.as_str(),
        "datacontenttype": "application/json",
        "time": body.remove("timestamp"),
        "data": body.remove("data"),
    });
    if let Some(customer) = &delivery.customer {
        event["subject"] = customer.as_str().into();
    }
    event
}
