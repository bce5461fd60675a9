//! The event that a policy's timer becomes when it goes off.

use std::sync::Arc;

use largesse_documents::time::instant_text;
use largesse_domain::cascade::Happening;
use largesse_domain::event::{BodyHash, Event, EventKey};
use largesse_domain::id::{CampaignId, CustomerId, EventId, EventKind, EventSource, SubscriptionName, TimerName};
use largesse_domain::json::Json;
use largesse_domain::owner::Owner;
use largesse_domain::pool;
use largesse_domain::time::Instant;
use largesse_domain::timer::{EVENT_KIND, EVENT_SOURCE};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::intake::{self, Arrival, Rejected};
use crate::kinds::Kinds;
use crate::strict_json;

/// Whom such an event concerns: the campaign and the owner that the timer was set for, and nobody else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Concerned {
    /// The campaign.
    pub campaign: CampaignId,
    /// Whose timer it was; none when it concerns the campaign whoever owns the state.
    pub owner: Option<Owner>,
}

impl Concerned {
    /// Whom an event concerns; `None` when neither a timer, a share nor an enrolment became it.
    pub(crate) fn by(event: &Event, data: &Value) -> Option<Self> {
        let field = |name: &str| data.get(name).and_then(Value::as_str);
        if event.kind.as_str() == Happening::EnrolmentMade.kind() {
            return Some(Self { campaign: field("campaign")?.parse().ok()?, owner: None });
        }
        if ![EVENT_SOURCE, pool::EVENT_SOURCE].contains(&event.key.source.as_str()) {
            return None;
        }
        let customer = field("customer").and_then(|id| id.parse().ok()).map(Owner::Party);
        let entity = || field("entity").and_then(|id| id.parse().ok()).map(Owner::Entity);
        Some(Self { campaign: field("campaign")?.parse().ok()?, owner: Some(customer.or_else(entity)?) })
    }
}

/// A policy's timer whose time has come.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fired<'a> {
    pub(crate) campaign: &'a CampaignId,
    pub(crate) owner: &'a Owner,
    pub(crate) name: &'a TimerName,
    pub(crate) set_on: &'a EventKey,
    pub(crate) set_by: &'a SubscriptionName,
    pub(crate) actor: &'a CustomerId,
    pub(crate) data: &'a Json,
    pub(crate) due: Instant,
}

impl Fired<'_> {
    /// The event. Its id follows from the decision that set the timer, which has one campaign, subscription, owner and event, and from the
    /// timer's name: no two settings share it, and it is the same in every run of the same events.
    ///
    /// # Errors
    /// When the kind of such events is not registered, or the timer's data is not JSON.
    pub(crate) fn arrival(self, kinds: &Kinds) -> Result<Arrival, Rejected> {
        let note: Value = serde_json::from_str(self.data.as_str())
            .map_err(|error| Rejected::stored(&format_args!("the timer's data: {error}")))?;
        let owner = match self.owner {
            Owner::Party(_) => "customer",
            Owner::Entity(_) => "entity",
        };
        let data = json!({
            "campaign": self.campaign.as_str(), "timer": self.name.as_str(), "data": note, owner: self.owner.id(),
        });
        let id = self.id();
        let envelope = json!({
            "specversion": "1.0", "source": EVENT_SOURCE, "id": id, "type": EVENT_KIND, "subject": self.actor.as_str(),
            "time": instant_text(self.due), "data": data,
        });
        let event = Event {
            key: EventKey {
                source: EventSource::new(EVENT_SOURCE).expect("printable"),
                id: EventId::new(id).expect("a timer's name and 32 digits are short and printable"),
            },
            kind: EventKind::new(EVENT_KIND).expect("lower-case letters and a dot"),
            actor: self.actor.clone(),
            occurred: self.due,
            data: Json::from_checked(strict_json::canonical(&data)),
            body_hash: BodyHash(Sha256::digest(strict_json::canonical(&envelope).as_bytes()).into()),
        };
        intake::again(Arc::new(event), kinds)
    }

    fn id(&self) -> String {
        let Self { campaign, owner, name, set_on, set_by, .. } = self;
        let (source, event) = (set_on.source.as_str(), set_on.id.as_str());
        let parts =
            [campaign.as_str(), set_by.as_str(), owner.kind().as_str(), owner.id(), source, event, name.as_str()];
        let mut hash = Sha256::new();
        // No part may hold a zero byte, so no two lists of parts give one text.
        for part in parts {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        let hex: String = hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        format!("{name}:{hex}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds() -> Kinds {
        let mut kinds = Kinds::default();
        crate::bundled::kinds().into_iter().for_each(|kind| kinds.insert(kind).unwrap());
        kinds
    }

    fn fired(owner: &Owner, event: &str) -> Arrival {
        let (campaign, name, actor) =
            ("spring".parse().unwrap(), "n".repeat(64).parse().unwrap(), "u1".parse().unwrap());
        let data = Json::from_checked("{\"step\":2}");
        let set_on = EventKey { source: "shop".parse().unwrap(), id: event.parse().unwrap() };
        let (set_by, due) = (&"paid".parse().unwrap(), Instant::from_millis(5_000).unwrap());
        Fired { campaign: &campaign, owner, name: &name, set_on: &set_on, set_by, actor: &actor, data: &data, due }
            .arrival(&kinds())
            .unwrap()
    }

    #[test]
    fn the_event_fits_its_schema_and_names_its_owner() {
        let arrival = fired(&Owner::Entity("team-1".parse().unwrap()), "order-1");
        assert_eq!(arrival.rules.problems(&arrival.data), []);
        assert!(arrival.rules.names_entity("/entity") && arrival.rules.names_customer("/customer"));
        assert_eq!(arrival.reading.named, []);
        let campaign = "spring".parse().unwrap();
        let owner = Owner::Entity("team-1".parse().unwrap());
        assert_eq!(arrival.concerned, Some(Concerned { campaign, owner: Some(owner) }));
        assert_eq!(arrival.data["data"]["step"], 2);
        assert_eq!(arrival.event.occurred.as_millis(), 5_000);
    }

    #[test]
    fn each_setting_has_an_id_of_its_own_and_keeps_it() {
        let id = |owner: &str, event| fired(&Owner::Party(owner.parse().unwrap()), event).event.key.id.clone();
        assert_eq!(id("u1", "order-1"), id("u1", "order-1"));
        assert_ne!(id("u1", "order-1"), id("u2", "order-1"));
        assert_ne!(id("u1", "order-1"), id("u1", "order-2"));
    }

    #[test]
    fn a_customer_that_owns_it_is_named() {
        let owner = Owner::Party("u2".parse().unwrap());
        let arrival = fired(&owner, "order-1");
        assert_eq!(arrival.rules.problems(&arrival.data), []);
        assert_eq!(arrival.reading.named, ["u2".parse().unwrap()]);
        assert_eq!(arrival.concerned.unwrap().owner, Some(owner));
        assert_eq!(arrival.event.actor.as_str(), "u1");
    }
}
