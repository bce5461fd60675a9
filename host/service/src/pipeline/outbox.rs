//! The outbox: what destinations are told of what was done, and what they make of it.
//!
//! What is told is written in the transaction of what it tells of. It is drafted where a decision is judged, while the
//! facts show what the decision left, and posted where its round is kept: a round that is undone takes its drafts with it.

use std::collections::HashMap;
use std::sync::Arc;

use largesse_documents::delivery::{Cause, body, notice_text};
use largesse_documents::problem::json_value;
use largesse_domain::case::Case;
use largesse_domain::delivery::{Delivery, DeliveryId, Progress, Settled, Settlement};
use largesse_domain::destination::Destination;
use largesse_domain::effect::Effect;
use largesse_domain::entry::Entry;
use largesse_domain::facts::Wanted;
use largesse_domain::hold;
use largesse_domain::id::{CampaignId, CustomerId, RequestId};
use largesse_domain::json::Json;
use largesse_domain::key::MessageSlot;
use largesse_domain::ledger::Lot;
use largesse_domain::limits::SETTLEMENTS_WAITING_MAX;
use largesse_domain::lot;
use largesse_domain::notice::{Notice, notices};
use largesse_domain::time::Instant;
use largesse_domain::timer::{Timer, TimerBody};
use largesse_domain::topic::Topic;
use largesse_store::{OutboxChange, StoreError};

use super::Decider;

/// Something that destinations are told, before it is written for each of them.
pub(super) struct Draft {
    topic: Topic,
    customer: Option<CustomerId>,
    grant: Option<Lot>,
    data: String,
    /// A message that waits for its quiet hours to be over.
    waits: Option<(MessageSlot, Instant)>,
}

/// What one destination is told.
pub(crate) struct Post<'a> {
    pub(crate) topic: Topic,
    pub(crate) data: &'a str,
    pub(crate) customer: Option<CustomerId>,
    /// The grant that the destination is to settle.
    pub(crate) grant: Option<Lot>,
}

/// The decider's own.
pub(crate) struct Outbox {
    last: DeliveryId,
    /// Settlements that may not be on disk yet.
    settled: HashMap<DeliveryId, Settlement>,
}

impl Outbox {
    pub(super) fn after(last: DeliveryId) -> Self {
        Self { last, settled: HashMap::new() }
    }

    pub(super) fn is_full(&self) -> bool {
        self.settled.len() >= SETTLEMENTS_WAITING_MAX
    }

    /// Returns what a destination said of a delivery, if that may not be on disk yet.
    pub(crate) fn settlement(&self, id: DeliveryId) -> Option<Settlement> {
        self.settled.get(&id).cloned()
    }

    /// Notes what a destination said of a delivery, until it is on disk.
    pub(crate) fn note_settlement(&mut self, id: DeliveryId, settlement: Settlement) {
        self.settled.insert(id, settlement);
    }

    pub(super) fn all_is_written(&mut self) {
        self.settled.clear();
    }
}

impl Decider {
    /// Drafts what is told of the outcomes of a decision.
    pub(super) fn draft(
        &self,
        case: &Case<'_>,
        (effects, outcomes): (&[Effect], &[largesse_domain::outcome::Outcome]),
        drafts: &mut Vec<Draft>,
    ) {
        if self.registry.destinations.is_empty() {
            return;
        }
        let cause = Cause::Decision(case.decision, &case.input.event.key);
        let until = |notice: &Notice<'_>| match notice {
            Notice::Tag(tag) => tag.until.and_then(case.resolve),
            _ => None,
        };
        for notice in notices(effects, outcomes, &self.facts) {
            drafts.extend(self.draft_one(&notice, Some(&case.campaign.id), until(&notice), cause));
        }
    }

    fn draft_one(
        &self,
        notice: &Notice<'_>,
        campaign: Option<&CampaignId>,
        until: Option<largesse_domain::time::Instant>,
        cause: Cause<'_>,
    ) -> Option<Draft> {
        let topic = notice.topic();
        self.registry.destinations.values().find(|destination| destination.takes(topic))?;
        let grant = match notice {
            Notice::Granted(slot) => self.facts.grants.get(slot).as_deref(),
            _ => None,
        };
        Some(Draft {
            topic,
            customer: notice.customer().cloned(),
            data: notice_text(notice, campaign, (grant, until), cause),
            grant: grant.map(|grant| Lot { slot: grant.slot.clone(), issue: grant.issue }),
            waits: match (notice, campaign) {
                (Notice::Message { message, not_before: Some(until), .. }, Some(campaign)) => {
                    let (campaign, to, key) = (campaign.clone(), message.to.clone(), message.key.clone());
                    Some((MessageSlot { campaign, to, key }, *until))
                }
                _ => None,
            },
        })
    }

    /// Tells destinations of something that no decision did.
    pub(super) fn tell(&mut self, notice: &Notice<'_>, campaign: Option<&CampaignId>, cause: Cause<'_>) {
        if let Some(draft) = self.draft_one(notice, campaign, None, cause) {
            self.post(draft);
        }
    }

    /// Writes a draft for each destination that takes its topic. One that waits is kept aside, so that nothing waits behind it.
    pub(super) fn post(&mut self, draft: Draft) {
        if let Some((slot, due)) = draft.waits {
            self.facts.set_message_timer(slot, due, Json::from_checked(draft.data));
            return;
        }
        let registry = Arc::clone(&self.registry);
        for destination in registry.destinations.values().filter(|destination| destination.takes(draft.topic)) {
            let grant = draft.grant.clone().filter(|_| destination.settles);
            let (topic, data, customer) = (draft.topic, &draft.data, draft.customer.clone());
            self.post_to(destination, Post { topic, data, customer, grant });
        }
    }

    /// Tells destinations of a message whose quiet hours are over, unless its customer has refused it meanwhile.
    pub(super) fn message_is_due(&mut self, slot: &MessageSlot, timer: &Timer) -> Result<(), StoreError> {
        let TimerBody::Message(data) = &timer.body else { return Ok(()) };
        self.ensure(Wanted { customers: [slot.to.clone()].into(), ..Wanted::default() })?;
        let mut data = json_value(data);
        let channels = data["channels"].as_array().into_iter().flatten();
        let channels: Vec<String> = channels.filter_map(|channel| channel.as_str().map(str::to_owned)).collect();
        let rules = &self.registry.catalogue.messages;
        let Some(refused) = rules.refused(self.facts.customers.get(&slot.to), &channels) else {
            tracing::info!(campaign = %slot.campaign, key = %slot.key, "a message is dropped: it was refused while it waited");
            return Ok(());
        };
        data["channels"] = channels.iter().filter(|channel| !refused.contains(&channel.as_str())).cloned().collect();
        let (topic, customer, data) = (Topic::Message, Some(slot.to.clone()), data.to_string());
        self.post(Draft { topic, customer, grant: None, data, waits: None });
        Ok(())
    }

    /// Writes a delivery to a destination.
    pub(crate) fn post_to(&mut self, destination: &Destination, post: Post<'_>) -> Arc<Delivery> {
        let Post { topic, data, customer, grant } = post;
        let (id, made_at) = (DeliveryId(self.outbox.last.0 + 1), self.clock.now());
        self.outbox.last = id;
        let delivery = Arc::new(Delivery {
            id,
            destination: destination.id.clone(),
            customer,
            topic,
            grant,
            body: body(id, topic, made_at, data),
            made_at,
            progress: Progress::new(made_at),
            settlement: None,
        });
        self.pending.batch.outbox.push(OutboxChange::Post(Arc::clone(&delivery)));
        delivery
    }

    /// Makes of a grant what its destination said: confirmed, it is given if it was pending; failed, what is left of it is taken
    /// back, and whoever is told of revocations is told. The one place where a callback touches a grant.
    pub(crate) fn settle_grant(&mut self, grant: &Lot, settled: &Settled, by: DeliveryId) -> Result<(), StoreError> {
        let Some(campaign) = self.ensure_grant(&grant.slot)? else { return Ok(()) };
        // A key that was granted again was freed by a revocation of all that this issue gave.
        if self.facts.grants.get(&grant.slot).as_ref().is_none_or(|held| held.issue != grant.issue) {
            return Ok(());
        }
        let request = RequestId::new(format!("delivery/{by}")).expect("a number makes a short id");
        let cause = largesse_domain::ledger::Cause::Request(request);
        let entry = Entry { at: self.clock.now(), cause: &cause };
        let catalogue = Arc::clone(&self.registry.catalogue);
        let change = lot::Change { entry, campaign: &campaign, catalogue: &catalogue };
        match settled {
            Settled::Confirmed => {
                let pending = self.facts.grants.get(&grant.slot).as_ref().is_some_and(|held| held.hold.is_some());
                match lot::settle(&mut self.facts, change, &grant.slot, hold::HoldAction::Commit) {
                    Ok(posted) if pending => {
                        self.tell(&Notice::Posted(&posted), Some(&campaign.id), Cause::Confirmed(by));
                    }
                    Ok(_) => {}
                    Err(error) => {
                        tracing::warn!(delivery = by.0, %error, "a grant was carried out that had been taken back");
                    }
                }
            }
            Settled::Failed(reason) => {
                if let Some(reversal) = lot::reverse(&mut self.facts, change, &grant.slot, None) {
                    let notice = Notice::revoked(&reversal, reason);
                    self.tell(&notice, Some(&campaign.id), Cause::Failed(by));
                }
            }
        }
        Ok(())
    }
}
