//! The outbox: what destinations are told of what was done, and what they make of it.
//!
//! What is told is written in the transaction of what it tells of. It is drafted where a decision is judged, while the
//! facts show what the decision left, and posted where its round is kept: a round that is undone takes its drafts with it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use largesse_documents::DestinationSpec;
use largesse_documents::delivery::{Cause, body, notice_text, settled_words};
use largesse_documents::problem::json_value;
use largesse_domain::case::Case;
use largesse_domain::deliver::Attempt;
use largesse_domain::delivery::{Delivery, DeliveryId, DeliveryState, Progress, Settled, Settlement};
use largesse_domain::destination::{Destination, Paused, Secret};
use largesse_domain::effect::Effect;
use largesse_domain::entry::Entry;
use largesse_domain::facts::Wanted;
use largesse_domain::hold;
use largesse_domain::id::{CampaignId, CustomerId, DestinationId, RequestId};
use largesse_domain::json::Json;
use largesse_domain::key::MessageSlot;
use largesse_domain::ledger::Lot;
use largesse_domain::limits::{DESTINATIONS_MAX, REPLAY_MAX, SETTLEMENTS_WAITING_MAX};
use largesse_domain::lot;
use largesse_domain::notice::{Notice, notices};
use largesse_domain::problem::Problem;
use largesse_domain::sending::Sending;
use largesse_domain::time::Instant;
use largesse_domain::timer::{Timer, TimerBody};
use largesse_domain::topic::Topic;
use largesse_store::{DeliveryFilter, OutboxChange, StoreError};

use super::Decider;
use super::control::{Changed, ControlError, Outcome};

/// What shall be changed about destinations and deliveries.
pub enum OutboxCommand {
    /// A destination is registered or changed; a new one without secrets is given this one.
    Set(DestinationId, Box<DestinationSpec>, Secret),
    /// Nothing is sent to a destination any more, or it is again.
    Pause(DestinationId, bool),
    /// A destination is deleted.
    Delete(DestinationId),
    /// A destination is told that it is being tried.
    Test(DestinationId),
    /// Attempts were made.
    Note(Vec<Attempt>),
    /// A delivery is sent again, unless it is waiting.
    Replay(DeliveryId),
    /// Dead deliveries to a destination are sent again, the earliest first, so many at once as may be.
    ReplayDead(DestinationId),
    /// A destination says this of the grant that it was told of.
    Settle(DeliveryId, Settled),
}

/// Something that destinations are told, before it is written for each of them.
pub(super) struct Draft {
    topic: Topic,
    customer: Option<CustomerId>,
    grant: Option<Lot>,
    data: String,
    /// A message that waits for its quiet hours to be over.
    waits: Option<(MessageSlot, Instant)>,
}

/// The decider's own.
pub(super) struct Outbox {
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
            self.post_to(destination, (draft.topic, &draft.data), draft.customer.clone(), grant);
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

    fn post_to(
        &mut self,
        destination: &Destination,
        (topic, data): (Topic, &str),
        customer: Option<CustomerId>,
        grant: Option<Lot>,
    ) -> Arc<Delivery> {
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

    /// Does what was asked. The outer error ends the host, the inner one is for whoever asked.
    pub(super) fn outbox(&mut self, command: OutboxCommand) -> Result<Outcome, StoreError> {
        Ok(match command {
            OutboxCommand::Set(id, spec, fresh) => self.set_destination(id, *spec, fresh),
            OutboxCommand::Pause(id, paused) => self.pause(&id, paused.then_some(Paused::Operator)),
            OutboxCommand::Delete(id) => self.delete_destination(id),
            OutboxCommand::Test(id) => self.test(&id),
            OutboxCommand::Note(attempts) => self.note(attempts),
            OutboxCommand::Replay(id) => return self.replay(id),
            OutboxCommand::ReplayDead(id) => return self.replay_dead(id),
            OutboxCommand::Settle(id, settled) => return self.settle_delivery(id, settled),
        })
    }

    fn destination(&self, id: &DestinationId) -> Result<Arc<Destination>, ControlError> {
        let missing = || ControlError::NotFound { what: "destination", name: id.to_string() };
        self.registry.destinations.get(id).cloned().ok_or_else(missing)
    }

    fn set_destination(&mut self, id: DestinationId, spec: DestinationSpec, fresh: Secret) -> Outcome {
        let old = self.registry.destinations.get(&id);
        let settles_already = |other: &&Arc<Destination>| other.settles && other.id != id;
        let mut problems = Vec::new();
        if old.is_none() && self.registry.destinations.len() >= DESTINATIONS_MAX {
            let message = format!("there are {DESTINATIONS_MAX} destinations, and there may be no more");
            problems.push(Problem { pointer: String::new(), message });
        }
        if spec.settles
            && let Some(other) = self.registry.destinations.values().find(settles_already)
        {
            let message = format!("{} settles grants already, and only one may", other.id);
            problems.push(Problem { pointer: "/settles".into(), message });
        }
        let mut headers = BTreeMap::new();
        for (name, value) in spec.headers {
            let held = || old.and_then(|old| old.sending.headers.get(&name).cloned());
            if let Some(value) = value.or_else(held) {
                headers.insert(name, value);
                continue;
            }
            let message = "the destination has no such header, so null stands for no value".to_owned();
            problems.push(Problem { pointer: format!("/headers/{}", name.as_str()), message });
        }
        if !problems.is_empty() {
            return Err(ControlError::Problems(problems));
        }
        let kept = || old.map_or_else(|| vec![fresh], |old| old.secrets.clone());
        let destination = Destination {
            secrets: spec.secrets.unwrap_or_else(kept),
            url: spec.url,
            topics: spec.topics,
            allow_private: spec.allow_private,
            settles: spec.settles,
            sending: Sending { headers, ..spec.sending },
            paused: old.and_then(|old| old.paused),
            id,
        };
        let is_new = old.is_none();
        self.put_destination(destination).map(|destination| Changed::Destination(destination, is_new))
    }

    /// Writes a destination, unless it is so already.
    fn put_destination(&mut self, destination: Destination) -> Result<Arc<Destination>, ControlError> {
        if let Some(same) = self.registry.destinations.get(&destination.id).filter(|old| ***old == destination) {
            return Ok(Arc::clone(same));
        }
        let destination = Arc::new(destination);
        self.with_registry(|registry| {
            registry.destinations.insert(destination.id.clone(), Arc::clone(&destination));
            Ok(())
        })?;
        self.pending.batch.outbox.push(OutboxChange::Set(Arc::clone(&destination)));
        Ok(destination)
    }

    fn pause(&mut self, id: &DestinationId, paused: Option<Paused>) -> Outcome {
        let destination = Destination { paused, ..Destination::clone(&*self.destination(id)?) };
        self.put_destination(destination).map(|destination| Changed::Destination(destination, false))
    }

    fn delete_destination(&mut self, id: DestinationId) -> Outcome {
        // Deleting what is not there leaves things as they should be.
        if self.registry.destinations.contains_key(&id) {
            self.with_registry(|registry| {
                registry.destinations.remove(&id);
                Ok(())
            })?;
            self.pending.batch.outbox.push(OutboxChange::Delete(id));
        }
        Ok(Changed::Done)
    }

    fn test(&mut self, id: &DestinationId) -> Outcome {
        let destination = self.destination(id)?;
        if destination.paused.is_some() {
            return Err(ControlError::Paused(id.clone()));
        }
        let delivery = self.post_to(&destination, (Topic::DestinationTest, "{}"), None, None);
        Ok(Changed::Delivery(Box::new(Arc::unwrap_or_clone(delivery))))
    }

    fn note(&mut self, attempts: Vec<Attempt>) -> Outcome {
        for Attempt { id, progress, gone } in attempts {
            self.pending.batch.outbox.push(OutboxChange::Note(id, progress));
            // One that was deleted in the meantime needs no pause.
            if let Some(gone) = gone.filter(|gone| self.registry.destinations.contains_key(gone)) {
                tracing::warn!(destination = %gone, delivery = id.0, "the destination is gone and is paused");
                self.pause(&gone, Some(Paused::Gone))?;
            }
        }
        Ok(Changed::Done)
    }

    fn stored_delivery(&self, id: DeliveryId) -> Result<Result<Delivery, ControlError>, StoreError> {
        Ok(self.store.delivery(id)?.ok_or(ControlError::UnknownDelivery(id)))
    }

    fn replay(&mut self, id: DeliveryId) -> Result<Outcome, StoreError> {
        let found = self.stored_delivery(id)?;
        let now = self.clock.now();
        Ok(found.and_then(|mut delivery| {
            self.destination(&delivery.destination)?;
            if delivery.progress.state != DeliveryState::Waiting {
                delivery.progress = Progress::new(now);
                self.pending.batch.outbox.push(OutboxChange::Replay(id, now));
            }
            Ok(Changed::Delivery(Box::new(delivery)))
        }))
    }

    fn replay_dead(&mut self, id: DestinationId) -> Result<Outcome, StoreError> {
        if let Err(error) = self.destination(&id) {
            return Ok(Err(error));
        }
        let filter = DeliveryFilter { state: Some(DeliveryState::Dead), destination: Some(id) };
        let (dead, now) = (self.store.deliveries(&filter, DeliveryId(0), REPLAY_MAX)?, self.clock.now());
        let again = dead.iter().map(|delivery| OutboxChange::Replay(delivery.id, now));
        self.pending.batch.outbox.extend(again);
        Ok(Ok(Changed::Replayed(dead.len())))
    }

    fn settle_delivery(&mut self, id: DeliveryId, settled: Settled) -> Result<Outcome, StoreError> {
        let mut delivery = match self.stored_delivery(id)? {
            Ok(delivery) => delivery,
            Err(missing) => return Ok(Err(missing)),
        };
        let Some(grant) = delivery.grant.clone() else { return Ok(Err(ControlError::SettlesNothing(id))) };
        let before = self.outbox.settled.get(&id).cloned().or(delivery.settlement.take());
        if let Some(before) = before {
            // Said again, with whatever reason, it changes nothing.
            let (word, _) = settled_words(&before.settled);
            let same = word == settled_words(&settled).0;
            delivery.settlement = Some(before);
            let otherwise = ControlError::SettledOtherwise { id, before: word };
            return Ok(if same { Ok(Changed::Delivery(Box::new(delivery))) } else { Err(otherwise) });
        }
        self.settle_grant(&grant, &settled, id)?;
        let settlement = Settlement { settled, at: self.clock.now() };
        self.outbox.settled.insert(id, settlement.clone());
        self.pending.batch.outbox.push(OutboxChange::Settle(id, settlement.clone()));
        delivery.settlement = Some(settlement);
        Ok(Ok(Changed::Delivery(Box::new(delivery))))
    }

    /// Makes of a grant what its destination said: confirmed, it is given if it was pending; failed, what is left of it is taken
    /// back, and whoever is told of revocations is told. The one place where a callback touches a grant.
    fn settle_grant(&mut self, grant: &Lot, settled: &Settled, by: DeliveryId) -> Result<(), StoreError> {
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
