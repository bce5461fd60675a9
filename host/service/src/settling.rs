//! The events that shares of a pool become when it is settled.

use std::sync::Arc;

use largesse_documents::time::instant_text;
use largesse_domain::event::{BodyHash, Event, EventKey};
use largesse_domain::id::{CampaignId, CustomerId, EventId, EventKind, EventSource};
use largesse_domain::json::Json;
use largesse_domain::pool::{EVENT_KIND, EVENT_SOURCE, Pool};
use largesse_domain::unit::Quantity;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::intake::{self, Arrival, Rejected};
use crate::kinds::Kinds;
use crate::strict_json;

/// What a weight in a pool came to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settled<'a> {
    pub(crate) campaign: &'a CampaignId,
    pub(crate) pool: &'a Pool,
    pub(crate) customer: &'a CustomerId,
    pub(crate) amount: Quantity,
    pub(crate) weight: u64,
    /// Everybody's together.
    pub(crate) weights: u64,
}

impl Settled<'_> {
    /// The event. There is one for each customer of a pool, whose parts its id names.
    ///
    /// # Errors
    /// When the kind of such events is not registered.
    pub(crate) fn arrival(self, kinds: &Kinds) -> Result<Arrival, Rejected> {
        let Self { campaign, pool, customer, amount, weight, weights } = self;
        let data = json!({
            "campaign": campaign.as_str(), "pool": pool.id.as_str(), "unit": pool.unit.as_str(), "customer": customer.as_str(),
            "amount": amount.get(), "weight": weight, "weights": weights,
        });
        // Campaign, pool and customer together are longer than an id may be.
        let named = Sha256::digest(format!("{campaign} {} {customer}", pool.id).as_bytes());
        let id: String = named.iter().take(20).map(|byte| format!("{byte:02x}")).collect();
        let envelope = json!({
            "specversion": "1.0", "source": EVENT_SOURCE, "id": id, "type": EVENT_KIND, "subject": customer.as_str(),
            "time": instant_text(pool.settles), "data": data,
        });
        let event = Event {
            key: EventKey {
                source: EventSource::new(EVENT_SOURCE).expect("printable"),
                id: EventId::new(id).expect("hexadecimal digits"),
            },
            kind: EventKind::new(EVENT_KIND).expect("lower-case letters and a dot"),
            actor: customer.clone(),
            occurred: pool.settles,
            data: Json::from_checked(strict_json::canonical(&data)),
            body_hash: BodyHash(Sha256::digest(strict_json::canonical(&envelope).as_bytes()).into()),
        };
        intake::again(Arc::new(event), kinds)
    }
}
