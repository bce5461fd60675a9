//! The event that something becomes that the host did.

use std::sync::Arc;

use largesse_documents::time::instant_text;
use largesse_domain::cascade::{EVENT_SOURCE, Happening, Trail};
use largesse_domain::event::{BodyHash, Event, EventKey};
use largesse_domain::id::{CampaignId, CustomerId, DecisionId, EventId, EventKind, EventSource};
use largesse_domain::json::Json;
use largesse_domain::time::Instant;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::intake::{self, Arrival, Rejected};
use crate::kinds::Kinds;
use crate::strict_json;

/// What made the host do something.
#[derive(Clone, Debug)]
pub(crate) struct Doer {
    /// What tells it from everything else that ever makes the host do something, in every run of the same events.
    pub(crate) key: Vec<String>,
    /// Which decision, when one did.
    pub(crate) decision: Option<DecisionId>,
    /// Whose decision, or whose grant.
    pub(crate) campaign: Option<CampaignId>,
    /// How what is caused comes about.
    pub(crate) trail: Trail,
    /// When it happened.
    pub(crate) occurred: Instant,
}

/// Something that the host did to a customer.
#[derive(Clone, Debug)]
pub(crate) struct Caused {
    pub(crate) happening: Happening,
    pub(crate) customer: CustomerId,
    /// What of the data says what was done.
    pub(crate) data: Map<String, Value>,
    pub(crate) by: Arc<Doer>,
    /// Which of the same kind to the same customer by the same doer, from 0.
    pub(crate) number: usize,
}

impl Caused {
    /// The event.
    ///
    /// # Errors
    /// When the kind of such events is not registered.
    pub(crate) fn arrival(self, kinds: &Kinds) -> Result<Arrival, Rejected> {
        let (by, id) = (&self.by, self.id());
        let through: Vec<&str> = by.trail.through.iter().map(CampaignId::as_str).collect();
        let mut cause = json!({"depth": by.trail.depth, "through": through});
        if let Some(decision) = by.decision {
            cause["decision"] = decision.0.into();
        }
        if let Some(campaign) = &by.campaign {
            cause["campaign"] = campaign.as_str().into();
        }
        let mut data = self.data;
        data.insert("cause".to_owned(), cause);
        let data = Value::Object(data);
        let envelope = json!({
            "specversion": "1.0", "source": EVENT_SOURCE, "id": id.as_str(), "type": self.happening.kind(),
            "subject": self.customer.as_str(), "time": instant_text(by.occurred), "data": data,
        });
        let event = Event {
            key: EventKey { source: EventSource::new(EVENT_SOURCE).expect("printable"), id },
            kind: EventKind::new(self.happening.kind()).expect("lower-case letters and a dot"),
            actor: self.customer,
            occurred: by.occurred,
            data: Json::from_checked(strict_json::canonical(&data)),
            body_hash: BodyHash(Sha256::digest(strict_json::canonical(&envelope).as_bytes()).into()),
        };
        intake::again(Arc::new(event), kinds)
    }

    /// Made of what caused it, not of numbers, so that it is the same when the same events are run again, and draws come out the same.
    fn id(&self) -> EventId {
        let mut hash = Sha256::new();
        let number = self.number.to_string();
        let own = [self.happening.kind(), self.customer.as_str(), &number];
        // No part may hold a zero byte, so no two lists of parts give one text.
        for part in self.by.key.iter().map(String::as_str).chain(own) {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        let digest = hash.finalize();
        let hex: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        EventId::new(hex).expect("32 hexadecimal digits")
    }
}

/// How a stored event came about.
pub(crate) fn trail(event: &Event, data: &Value) -> Trail {
    if event.key.source.as_str() != EVENT_SOURCE {
        return Trail::default();
    }
    let cause = &data["cause"];
    let through = cause["through"].as_array().into_iter().flatten();
    Trail {
        depth: cause["depth"].as_u64().and_then(|depth| u32::try_from(depth).ok()).unwrap_or(u32::MAX),
        through: through.filter_map(|id| id.as_str()?.parse().ok()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caused(number: usize) -> Caused {
        let trail = Trail::default().next(Some(&"spring".parse().unwrap()));
        let by = Doer {
            key: vec!["spring".into(), "check-in".into()],
            decision: Some(DecisionId(7)),
            campaign: Some("spring".parse().unwrap()),
            trail: trail.next(Some(&"bonus".parse().unwrap())),
            occurred: Instant::from_millis(5_000).unwrap(),
        };
        let data = json!({"unit": "points", "delta": -3, "balance": 4});
        let Value::Object(data) = data else { unreachable!("an object") };
        let customer = "ann".parse().unwrap();
        Caused { happening: Happening::PointsChanged, customer, data, by: Arc::new(by), number }
    }

    fn kinds() -> Kinds {
        let mut kinds = Kinds::default();
        crate::bundled::kinds().into_iter().for_each(|kind| kinds.insert(kind).unwrap());
        kinds
    }

    #[test]
    fn the_event_fits_its_schema_and_tells_its_trail_again() {
        let arrival = caused(0).arrival(&kinds()).unwrap();
        assert_eq!(arrival.rules.problems(&arrival.data), []);
        let through: Vec<_> = arrival.trail.through.iter().map(CampaignId::as_str).collect();
        assert_eq!((arrival.trail.depth, through), (2, vec!["spring", "bonus"]));
        assert_eq!((arrival.event.actor.as_str(), arrival.event.occurred.as_millis()), ("ann", 5_000));
        assert_eq!(arrival.data["cause"]["decision"], 7);
        assert_eq!(arrival.concerned, None);
    }

    #[test]
    fn every_one_has_an_id_of_its_own_and_keeps_it() {
        let id = |number| caused(number).arrival(&kinds()).unwrap().event.key.id.clone();
        assert_eq!(id(0), id(0));
        assert_ne!(id(0), id(1));
    }

    #[test]
    fn every_happening_has_a_kind() {
        let kinds = kinds();
        for happening in Happening::ALL {
            assert!(kinds.get(&happening.kind().parse().unwrap()).is_some(), "{}", happening.kind());
        }
    }
}
