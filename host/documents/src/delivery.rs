//! Deliveries: the bodies that destinations are sent, and deliveries as operators see them.

use largesse_domain::delivery::{Delivery, DeliveryId, DeliveryState, Settled};
use largesse_domain::event::EventKey;
use largesse_domain::grant::Grant;
use largesse_domain::id::{CampaignId, DecisionId, RequestId};
use largesse_domain::json::Json;
use largesse_domain::key::UsedBy;
use largesse_domain::notice::Notice;
use largesse_domain::redemption::RedemptionId;
use largesse_domain::time::Instant;
use largesse_domain::topic::Topic;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::effect::class_word;
use crate::problem::json_value;
use crate::time::instant_text;
use crate::{GrantView, RedemptionView};

/// Why something came about.
#[derive(Clone, Copy, Debug)]
pub enum Cause<'a> {
    /// A decision on an event.
    Decision(DecisionId, &'a EventKey),
    /// A destination could not carry out the grant that this delivery told it of.
    Failed(DeliveryId),
    /// A destination carried out the grant that this delivery told it of.
    Confirmed(DeliveryId),
    /// A request through the API.
    Request(&'a RequestId),
    /// A request through the API that made this redemption or settled it.
    Redemption(&'a RedemptionId),
    /// The host itself: a time that came, a budget that runs low.
    Host,
}

impl Cause<'_> {
    fn value(self) -> Value {
        match self {
            Self::Decision(id, event) => {
                json!({"decision": id.0, "event": {"source": event.source.as_str(), "id": event.id.as_str()}})
            }
            Self::Failed(delivery) => json!({"failed_delivery": delivery.0}),
            Self::Confirmed(delivery) => json!({"confirmed_delivery": delivery.0}),
            Self::Request(id) => json!({"request": id.as_str()}),
            Self::Redemption(id) => json!({"request": id.to_string()}),
            Self::Host => json!({"host": true}),
        }
    }
}

/// What a delivery says of a notice, as text: `data` of its body.
///
/// `grant` is the grant of a notice of one, `until` when the tag of a notice of one lapses.
#[must_use]
pub fn notice_text(
    notice: &Notice<'_>,
    campaign: Option<&CampaignId>,
    (grant, until): (Option<&Grant>, Option<Instant>),
    cause: Cause<'_>,
) -> String {
    let mut data = match notice {
        Notice::Granted(slot) => match grant {
            Some(grant) => json!(GrantView::of(grant, grant.granted_at)),
            None => json!({"to": slot.to.as_str(), "key": slot.key.as_str()}),
        },
        Notice::Revoked { grant, unit, quantity, reason } => json!({
            "to": grant.to.as_str(), "key": grant.key.as_str(), "unit": unit.as_str(), "quantity": quantity.get(),
            "reason": reason,
        }),
        Notice::Posted(grant) => json!(GrantView::of(grant, grant.granted_at)),
        Notice::Expired(grant, quantity) => json!({
            "to": grant.slot.to.as_str(), "key": grant.slot.key.as_str(), "unit": grant.unit.as_str(),
            "quantity": quantity.get(),
        }),
        Notice::Redemption(redemption) => json!(RedemptionView::of(redemption)),
        Notice::BudgetReached(crossing) => json!({
            "pocket": match &crossing.key.by {
                UsedBy::Pocket(pocket) => Some(pocket.as_str()),
                _ => None,
            },
            "unit": crossing.key.of.to_string(), "window": crossing.key.window.window.as_str(),
            "percent": crossing.percent, "used": crossing.used.get(), "total": crossing.total.get(),
        }),
        Notice::Withdrawn(withdrawal) => json!({
            "policy": withdrawal.policy.to_string(), "reason": withdrawal.reason.to_string(),
            "done": withdrawal.rescue.as_str(), "active": withdrawal.active.to_string(),
        }),
        Notice::Message { message, without, .. } => json!({
            "to": message.to.as_str(), "key": message.key.as_str(), "template": message.template.as_str(),
            "vars": json_value(&message.vars), "class": class_word(message.class), "channels": message.channels.iter().filter(|channel| !without.contains(channel)).collect::<Vec<_>>(),
        }),
        Notice::Tag(tag) => json!({
            "to": tag.to.as_str(), "tag": tag.tag.as_str(), "present": tag.present, "until": until.map(instant_text),
        }),
    };
    if let Some(campaign) = campaign {
        data["campaign"] = campaign.as_str().into();
    }
    data["cause"] = cause.value();
    data.to_string()
}

/// The body of a delivery: `id`, `type`, `timestamp` and `data`, as Standard Webhooks has them.
#[must_use]
pub fn body(id: DeliveryId, topic: Topic, made_at: Instant, data: &str) -> Json {
    let time = instant_text(made_at);
    Json::from_checked(format!(r#"{{"id":{id},"type":"{topic}","timestamp":"{time}","data":{data}}}"#))
}

/// A delivery as operators see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeliveryView {
    /// Its place in the order of deliveries; `webhook-id` when it is sent.
    pub id: u64,
    /// To whom it goes.
    pub destination: String,
    /// What it tells of.
    pub topic: String,
    /// Whom it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<String>,
    /// `waiting`, `delivered` or `dead`.
    pub state: String,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was written, by the host's clock.
    pub made_at: String,
    /// Of one that waits: not before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<String>,
    /// Why the last attempt failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    /// Whether the destination says if the grant was carried out.
    pub settles: bool,
    /// What it said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settlement: Option<SettlementView>,
}

/// What a destination said of a grant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SettlementView {
    /// `confirmed` or `failed`.
    pub settled: String,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When, by the host's clock.
    pub at: String,
}

impl From<&Delivery> for DeliveryView {
    fn from(delivery: &Delivery) -> Self {
        let progress = &delivery.progress;
        Self {
            id: delivery.id.0,
            destination: delivery.destination.to_string(),
            topic: delivery.topic.to_string(),
            customer: delivery.customer.as_ref().map(ToString::to_string),
            state: progress.state.as_str().to_owned(),
            attempts: progress.attempts,
            made_at: instant_text(delivery.made_at),
            due: (progress.state == DeliveryState::Waiting).then(|| instant_text(progress.due)),
            last_error: progress.last_error.clone(),
            settles: delivery.grant.is_some(),
            settlement: delivery.settlement.as_ref().map(|settlement| {
                let (settled, reason) = settled_words(&settlement.settled);
                let (settled, reason) = (settled.to_owned(), reason.map(str::to_owned));
                SettlementView { settled, reason, at: instant_text(settlement.at) }
            }),
        }
    }
}

/// A delivery with what is sent.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WholeDeliveryView {
    /// The delivery.
    #[serde(flatten)]
    pub delivery: DeliveryView,
    /// What is sent.
    pub body: Value,
}

impl From<&Delivery> for WholeDeliveryView {
    fn from(delivery: &Delivery) -> Self {
        Self { delivery: delivery.into(), body: json_value(&delivery.body) }
    }
}

/// The word for what a destination said, and its reason.
#[must_use]
pub fn settled_words(settled: &Settled) -> (&'static str, Option<&str>) {
    match settled {
        Settled::Confirmed => ("confirmed", None),
        Settled::Failed(reason) => ("failed", Some(reason)),
    }
}

#[cfg(test)]
mod tests {
    use largesse_domain::effect::{Message, MessageClass, TagChange};
    use largesse_domain::key::GrantSlot;
    use largesse_domain::outcome::Reversal;
    use largesse_domain::unit::{Quantity, Unit};

    use super::*;

    fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
        text.parse().unwrap()
    }

    fn data(notice: Notice<'_>, until: Option<Instant>) -> Value {
        let event = EventKey { source: id("/shop"), id: id("e1") };
        let cause = Cause::Decision(DecisionId(7), &event);
        let text = notice_text(&notice, Some(&id("spring")), (None, until), cause);
        let body = body(DeliveryId(3), notice.topic(), Instant::from_millis(1_000).unwrap(), &text);
        let body = json_value(&body);
        assert_eq!((&body["id"], &body["timestamp"]), (&json!(3), &json!("1970-01-01T00:00:01Z")));
        assert_eq!(body["type"], notice.topic().as_str());
        assert_eq!(body["data"]["cause"], json!({"decision": 7, "event": {"source": "/shop", "id": "e1"}}));
        assert_eq!(body["data"]["campaign"], "spring");
        body["data"].clone()
    }

    #[test]
    fn bodies_say_what_was_done() {
        let message = Message {
            key: id("hello"),
            to: id("u1"),
            template: id("welcome"),
            vars: Json::from_checked(r#"{"a": "\"é"}"#),
            class: MessageClass::Service,
            channels: vec!["sms".into(), "push".into()],
        };
        let without = ["sms".to_owned()];
        let said = data(Notice::Message { message: &message, without: &without, not_before: None }, None);
        assert_eq!(
            (&said["vars"], &said["channels"], &said["to"]),
            (&json!({"a": "\"é"}), &json!(["push"]), &json!("u1"))
        );
        let tag = TagChange { to: id("u1"), tag: id("vip"), present: true, until: None };
        let said = data(Notice::Tag(&tag), Instant::from_millis(0));
        assert_eq!((&said["present"], &said["until"]), (&json!(true), &json!("1970-01-01T00:00:00Z")));
        let grant = GrantSlot { campaign: id("spring"), to: id("u1"), key: id("day/1") };
        let unit = Unit::new("points").unwrap();
        let reversal = Reversal { grant, unit, quantity: Quantity::new(5).unwrap() };
        let said = data(Notice::revoked(&reversal, "cancelled"), None);
        assert_eq!((&said["quantity"], &said["reason"]), (&json!(5), &json!("cancelled")));
    }
}
