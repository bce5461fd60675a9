//! Requests to the ledger as they come in: to use what was granted, to reserve, to take back.

use largesse_domain::event::EventKey;
use largesse_domain::id::{CampaignId, CustomerId};
use largesse_domain::key::GrantSlot;
use largesse_domain::limits::REASON_BYTES_MAX;
use largesse_domain::redemption::{RedemptionId, RedemptionRequest, ReturnRequest};
use largesse_domain::reservation::ReservationRequest;
use largesse_domain::reversal::{ReversalRequest, ReversalTarget};
use largesse_domain::time::Instant;
use largesse_domain::unit::{Quantity, Unit};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Problem;
use crate::problem::Problems;
use crate::time::read_instant;

/// Where the quantity of a document stands.
pub const QUANTITY: &str = "/quantity";

/// A quantity as it is sent: a whole number from 1 to 10^15. Whatever else is sent is told when the document is read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = u64))]
#[serde(transparent)]
pub struct QuantityDocument(Value);

impl From<u64> for QuantityDocument {
    fn from(quantity: u64) -> Self {
        Self(quantity.into())
    }
}

impl QuantityDocument {
    pub(crate) fn read(&self, problems: &mut Problems) -> Option<Quantity> {
        let whole = self.0.as_u64().filter(|quantity| *quantity > 0);
        let quantity = whole.and_then(|quantity| Quantity::new(quantity).ok());
        problems.keep(QUANTITY, quantity.ok_or("expected a whole number from 1 to 10^15"))
    }
}

/// A text for the statement and the auditor.
fn read_text(pointer: &str, text: &str, problems: &mut Problems) -> String {
    if text.len() > REASON_BYTES_MAX {
        problems.add(pointer, format!("longer than {REASON_BYTES_MAX} bytes"));
    }
    text.to_owned()
}

fn read_until(pointer: &str, text: Option<&str>, problems: &mut Problems) -> Option<Instant> {
    problems.keep(pointer, read_instant(text?))
}

/// A grant of the customer that is spoken of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct GrantName {
    /// The campaign that granted.
    pub campaign: String,
    /// The grant's key.
    pub key: String,
}

/// A request to use, or to reserve, what a customer was granted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RedemptionDocument {
    /// Your own identifier: the same request again gets the same answer.
    pub id: String,
    /// Whose wallet.
    pub customer: String,
    /// Of what.
    pub unit: String,
    /// How much.
    pub quantity: QuantityDocument,
    /// Only from this grant. Without it, in the order that the terms of the unit say: by default what expires soonest first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant: Option<GrantName>,
    /// Reserve until then, in RFC 3339, to commit or release. Without it, it is used at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reserve_until: Option<String>,
    /// For the statement and the auditor: an order, a transfer; at most 256 bytes.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reference: String,
}

impl RedemptionDocument {
    /// Checks the request.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn read(&self) -> Result<RedemptionRequest, Vec<Problem>> {
        let mut problems = Problems::default();
        let id = problems.keep("/id", self.id.parse());
        let customer = problems.keep("/customer", self.customer.parse());
        let unit: Option<Unit> = problems.keep("/unit", self.unit.parse());
        let quantity = self.quantity.read(&mut problems);
        let grant = self.grant.as_ref().and_then(|grant| {
            let campaign = problems.keep("/grant/campaign", grant.campaign.parse());
            let key = problems.keep("/grant/key", grant.key.parse());
            Some((campaign?, key?))
        });
        let reserve_until = read_until("/reserve_until", self.reserve_until.as_deref(), &mut problems);
        let reference = read_text("/reference", &self.reference, &mut problems);
        let request = || {
            let (id, customer, unit, quantity) = (id?, customer?, unit?, quantity?);
            let id = RedemptionId::Request(id);
            Some(RedemptionRequest { id, customer, unit, quantity, grant, reserve_until, reference })
        };
        problems.finish(request())
    }
}

/// Whose redemption it must be, to be settled.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct SettleDocument {
    /// Settle it only if it is this customer's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer: Option<String>,
}

impl SettleDocument {
    /// Checks it.
    ///
    /// # Errors
    /// When the customer is none.
    pub fn read(&self) -> Result<Option<CustomerId>, Vec<Problem>> {
        let mut problems = Problems::default();
        let customer = self.customer.as_ref().and_then(|customer| problems.keep("/customer", customer.parse()));
        problems.finish(Some(customer))
    }
}

/// How much of what was used comes back.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct ReturnDocument {
    /// Your own identifier of this return: the same again gets the same answer, another quantity is a conflict. Returns of a redemption
    /// add up; without an id there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// So much comes back; at most what was used and has not come back. Without it, all of that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quantity: Option<QuantityDocument>,
    /// Reverse it only if it is this customer's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer: Option<String>,
}

impl ReturnDocument {
    /// Checks it: what comes back, and whose the redemption must be.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn read(&self) -> Result<(ReturnRequest, Option<CustomerId>), Vec<Problem>> {
        let mut problems = Problems::default();
        let id = self.id.as_ref().and_then(|id| problems.keep("/id", id.parse()));
        let quantity = self.quantity.as_ref().and_then(|quantity| quantity.read(&mut problems));
        let customer = self.customer.as_ref().and_then(|customer| problems.keep("/customer", customer.parse()));
        problems.finish(Some((ReturnRequest { id, quantity }, customer)))
    }
}

/// A request to reserve out of a campaign's budget.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ReservationDocument {
    /// Your own identifier: the same request again gets the same answer.
    pub id: String,
    /// Out of which campaign's budget.
    pub campaign: String,
    /// For whom.
    pub customer: String,
    /// Of what.
    pub unit: String,
    /// How much; all or nothing.
    pub quantity: QuantityDocument,
    /// Until when, in RFC 3339; then it is released.
    pub until: String,
    /// For the statement and the auditor; at most 256 bytes.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

impl ReservationDocument {
    /// Checks the request.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn read(&self) -> Result<ReservationRequest, Vec<Problem>> {
        let mut problems = Problems::default();
        let id = problems.keep("/id", self.id.parse());
        let campaign = problems.keep("/campaign", self.campaign.parse());
        let customer = problems.keep("/customer", self.customer.parse());
        let unit: Option<Unit> = problems.keep("/unit", self.unit.parse());
        let quantity = self.quantity.read(&mut problems);
        let until = read_until("/until", Some(&self.until), &mut problems);
        let reason = read_text("/reason", &self.reason, &mut problems);
        let request = || {
            let (campaign, customer, unit) = (campaign?, customer?, unit?);
            Some(ReservationRequest { id: id?, campaign, customer, unit, quantity: quantity?, until: until?, reason })
        };
        problems.finish(request())
    }
}

/// Which reservation is settled, beside its id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ReservationName {
    /// Out of which campaign's budget.
    pub campaign: String,
    /// For whom.
    pub customer: String,
}

impl ReservationName {
    /// Checks it.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn read(&self) -> Result<(CampaignId, CustomerId), Vec<Problem>> {
        let mut problems = Problems::default();
        let campaign = problems.keep("/campaign", self.campaign.parse());
        let customer = problems.keep("/customer", self.customer.parse());
        problems.finish(campaign.zip(customer))
    }
}

/// A grant, wherever it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SlotDocument {
    /// The campaign that granted.
    pub campaign: String,
    /// Who got it.
    pub customer: String,
    /// Its key.
    pub key: String,
}

/// An event, by what its sender calls it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct EventName {
    /// The system that it comes from.
    pub source: String,
    /// Its identifier there.
    pub id: String,
}

/// A request to take back a grant, some of a grant, or whatever an event gave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ReversalDocument {
    /// Your own identifier: the same request again gets the same answer.
    pub id: String,
    /// Take back this grant. Either this or `event`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant: Option<SlotDocument>,
    /// Take back at most so much of the grant. Without it, all that is left of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<QuantityDocument>,
    /// Take back whatever decisions on this event gave, and the tags that they set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<EventName>,
    /// Why, for the auditor; at most 256 bytes.
    pub reason: String,
}

impl ReversalDocument {
    /// Checks the request.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn read(&self) -> Result<ReversalRequest, Vec<Problem>> {
        let mut problems = Problems::default();
        let id = problems.keep("/id", self.id.parse());
        let quantity = self.quantity.as_ref().map(|quantity| quantity.read(&mut problems));
        let of = match (&self.grant, &self.event) {
            (Some(grant), None) => {
                let campaign = problems.keep("/grant/campaign", grant.campaign.parse());
                let to = problems.keep("/grant/customer", grant.customer.parse());
                let key = problems.keep("/grant/key", grant.key.parse());
                let slot = || Some(GrantSlot { campaign: campaign?, to: to?, key: key? });
                slot().map(|slot| ReversalTarget::Grant(slot, quantity.flatten()))
            }
            (None, Some(event)) => {
                if quantity.is_some() {
                    problems.add("/event", "an event is reversed whole: leave out the quantity");
                }
                let source = problems.keep("/event/source", event.source.parse());
                let id = problems.keep("/event/id", event.id.parse());
                let key = || Some(EventKey { source: source?, id: id? });
                key().map(ReversalTarget::Event)
            }
            _ => {
                problems.add("", "expected either a grant or an event");
                None
            }
        };
        let reason = read_text("/reason", &self.reason, &mut problems);
        problems.finish(id.zip(of).map(|(id, of)| ReversalRequest { id, of, reason }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pointers<T: std::fmt::Debug>(read: Result<T, Vec<Problem>>) -> Vec<String> {
        read.unwrap_err().into_iter().map(|problem| problem.pointer).collect()
    }

    #[test]
    fn only_whole_numbers_in_range_are_quantities() {
        let read = |value: Value| QuantityDocument(value).read(&mut Problems::default()).map(Quantity::get);
        assert_eq!(read(json!(1)), Some(1));
        assert_eq!(read(json!(1_000_000_000_000_000_u64)), Some(1_000_000_000_000_000));
        for bad in [json!(0), json!(-1), json!(1.5), json!(1_000_000_000_000_001_u64), json!("5"), json!(null)] {
            assert_eq!(read(bad.clone()), None, "{bad}");
        }
    }

    #[test]
    fn whatever_is_wrong_with_a_redemption_is_told_at_once() {
        let document: RedemptionDocument = serde_json::from_value(json!({
            "id": "a b", "customer": "", "unit": "gold", "quantity": -1, "grant": {"campaign": "A", "key": "k"},
            "reserve_until": "tomorrow", "reference": "x".repeat(257),
        }))
        .unwrap();
        let expected = ["/id", "/customer", "/unit", "/quantity", "/grant/campaign", "/reserve_until", "/reference"];
        assert_eq!(pointers(document.read()), expected);
    }

    #[test]
    fn a_reversal_is_of_one_thing() {
        let grant = json!({"campaign": "c", "customer": "u", "key": "k/1"});
        let event = json!({"source": "/s", "id": "1"});
        let read = |document: Value| serde_json::from_value::<ReversalDocument>(document).unwrap().read();
        assert_eq!(pointers(read(json!({"id": "r", "reason": ""}))), [""]);
        assert_eq!(pointers(read(json!({"id": "r", "reason": "", "grant": grant, "event": event}))), [""]);
        assert_eq!(pointers(read(json!({"id": "r", "reason": "", "quantity": 1, "event": event}))), ["/event"]);
        assert_eq!(pointers(read(json!({"id": "r", "reason": "", "quantity": 0, "grant": grant}))), ["/quantity"]);
        let of = read(json!({"id": "r", "reason": "", "quantity": 7, "grant": grant})).unwrap().of;
        assert!(matches!(of, ReversalTarget::Grant(_, Some(quantity)) if quantity.get() == 7), "{of:?}");
        assert!(matches!(read(json!({"id": "r", "reason": "", "event": event})).unwrap().of, ReversalTarget::Event(_)));
    }
}
