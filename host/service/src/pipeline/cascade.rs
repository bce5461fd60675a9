//! What the host did becomes events for other campaigns, decided in further rounds of the same batch.
//!
//! They are made only when a live campaign hears of them, numbered behind the events that caused them, and committed with what they
//! tell of: neither is there without the other, and nothing happens twice. A batch decides a bounded number of them; the
//! decisions on the others are queued. Nobody is answered. A dry run causes nothing.

use std::collections::HashMap;
use std::sync::Arc;

use largesse_documents::problem::json_value;
use largesse_documents::time::instant_text;
use largesse_domain::cascade::{Booked, Happening, Trail, booked};
use largesse_domain::decision::Output;
use largesse_domain::effect::{Effect, TagChange};
use largesse_domain::event::Admission;
use largesse_domain::facts::Wanted;
use largesse_domain::id::{CampaignId, CustomerId, EventSeq};
use largesse_domain::key::GrantSlot;
use largesse_domain::limits::CASCADE_DECISIONS_MAX;
use largesse_domain::outcome::{Decision, Done, Outcome, Verdict};
use largesse_domain::timer::{Timer, TimerKey};
use largesse_store::StoreError;
use serde_json::{Map, Value, json};

use super::admit::Admitted;
use super::decide::Task;
use super::group::Decided;
use super::show;
use super::{Decider, Pending};
use crate::answer::WhyPutOff;
use crate::caused::{Caused, Doer};
use crate::seed::Purpose;

/// Something done to a customer, with what of its event's data says so.
struct Deed {
    happening: Happening,
    customer: CustomerId,
    data: Value,
    /// The campaign that alone is told.
    only: Option<CampaignId>,
}

impl Deed {
    fn new(happening: Happening, customer: &CustomerId, data: Value) -> Self {
        Self { happening, customer: customer.clone(), data, only: None }
    }
}

impl Decider {
    /// What a decision has caused that was just made, after so many transfers.
    pub(super) fn caused_by(
        &mut self,
        decision: &Decision,
        (task, event): (&Task, &Admitted),
        made: usize,
    ) -> Result<Vec<Caused>, StoreError> {
        let (Verdict::Accepted(outcomes), Output::Proposal(proposal)) =
            (&decision.verdict, &decision.evaluation.output)
        else {
            return Ok(Vec::new());
        };
        let (input, key) = (&decision.input, &event.arrival.event.key);
        let parts = [
            "decision",
            decision.campaign.as_str(),
            input.subscription.as_str(),
            input.owner.kind().as_str(),
            input.owner.id(),
            key.source.as_str(),
            key.id.as_str(),
        ];
        let by = Doer {
            key: parts.map(str::to_owned).to_vec(),
            decision: Some(decision.id),
            campaign: Some(decision.campaign.clone()),
            trail: event.arrival.trail.next(Some(&decision.campaign)),
            occurred: event.arrival.event.occurred,
        };
        let mut deeds = self.deeds(made, &by, outcomes)?;
        for (effect, outcome) in proposal.effects.iter().zip(outcomes) {
            if let Outcome::Applied(done) = outcome {
                deeds.extend(deed(effect, done, (task, &by)));
            }
        }
        Ok(self.cause(deeds, by))
    }

    /// Decides what a request has caused, after so many transfers.
    pub(super) fn request_caused(&mut self, made: usize) -> Result<(), StoreError> {
        let key = vec!["request".to_owned(), (self.last_event.0 + 1).to_string()];
        let trail = Trail::default().next(None);
        let by = Doer { key, decision: None, campaign: None, trail, occurred: self.clock.now() };
        self.caused_beside(made, by)
    }

    /// Decides what a timer of the ledger's has caused, after so many transfers. What a campaign gave and expires is not told to it.
    pub(super) fn clock_caused(&mut self, made: usize, (key, timer): &(TimerKey, Timer)) -> Result<(), StoreError> {
        let campaign = match key {
            TimerKey::Grant(lot) => Some(lot.slot.campaign.clone()),
            TimerKey::Policy { .. } | TimerKey::Redemption(_) | TimerKey::Message(_) | TimerKey::Pool { .. } => None,
        };
        let trail = Trail::default().next(campaign.as_ref());
        let key = vec!["clock".to_owned(), key.to_string(), timer.due.as_millis().to_string()];
        let by = Doer { key, decision: None, campaign, trail, occurred: timer.due };
        self.caused_beside(made, by)
    }

    fn caused_beside(&mut self, made: usize, by: Doer) -> Result<(), StoreError> {
        if self.registry.hears() {
            let deeds = self.deeds(made, &by, &[])?;
            let caused = self.cause(deeds, by);
            self.caused.extend(caused);
        }
        self.cascade()
    }

    /// What the transfers made after so many did that a campaign hears of. Balances are those of now.
    fn deeds(&mut self, made: usize, by: &Doer, outcomes: &[Outcome]) -> Result<Vec<Deed>, StoreError> {
        let heard = |booked: &Booked| self.registry.hears_of(booked.happening(), by.occurred, (&by.trail, None));
        let booked: Vec<Booked> = booked(self.facts.transfers_after(made)).into_iter().filter(heard).collect();
        let of_balance = booked.iter().filter(|booked| matches!(booked, Booked::Balance { .. }));
        let wallets = of_balance.map(|booked| booked.customer().clone()).collect();
        self.ensure(Wanted { wallets, ..Wanted::default() })?;
        let now = self.clock.now();
        let deed = |booked: Booked| match booked {
            Booked::Benefit { happening, lot, unit, quantity, pending } => {
                let (campaign, key) = (lot.slot.campaign.as_str(), lot.slot.key.as_str());
                let mut data =
                    json!({"campaign": campaign, "key": key, "unit": unit.as_str(), "quantity": quantity.get()});
                if happening == Happening::BenefitGranted {
                    data["pending"] = pending.into();
                    if let Some(choice) = choice(outcomes, &lot.slot) {
                        data["choice"] = choice.into();
                    }
                }
                Deed::new(happening, &lot.slot.to, data)
            }
            Booked::Balance { happening, customer, unit, delta } => {
                let balance = show::balance(&self.facts.wallet(&customer), &unit, now);
                Deed::new(happening, &customer, json!({"unit": unit.as_str(), "delta": delta, "balance": balance}))
            }
        };
        Ok(booked.into_iter().map(deed).collect())
    }

    /// The events that deeds become, unless nobody hears of them or their trail has come to its end.
    fn cause(&self, mut deeds: Vec<Deed>, by: Doer) -> Vec<Caused> {
        deeds.retain(|deed| self.registry.hears_of(deed.happening, by.occurred, (&by.trail, deed.only.as_ref())));
        if deeds.is_empty() {
            return Vec::new();
        }
        if by.trail.ends() {
            let through = by.trail.through.iter().map(CampaignId::as_str).collect::<Vec<_>>().join(", ");
            tracing::warn!(through, events = deeds.len(), "campaigns hear of one another too deep: no further events");
            metrics::counter!("largesse_cascades_ended_total").increment(1);
            return Vec::new();
        }
        let by = Arc::new(by);
        let mut caused: Vec<Caused> = Vec::with_capacity(deeds.len());
        let mut numbers: HashMap<(Happening, CustomerId), usize> = HashMap::new();
        for Deed { happening, customer, data, .. } in deeds {
            let next = numbers.entry((happening, customer.clone())).or_default();
            let number = *next;
            *next += 1;
            let data = if let Value::Object(data) = data { data } else { Map::new() };
            caused.push(Caused { happening, customer, data, by: Arc::clone(&by), number });
        }
        caused
    }

    /// Decides what was caused, round by round, as much of it as a batch decides at once. The decisions on the rest are queued:
    /// it is stored with what caused it, and worked off between later commits.
    pub(super) fn cascade(&mut self) -> Result<(), StoreError> {
        while !self.caused.is_empty() {
            let caused = std::mem::take(&mut self.caused);
            let admitted = self.number_caused(caused);
            let decided = self.decide_caused(&admitted)?;
            let Decided { mut round, refused, left } = decided;
            let mut given_up = Vec::with_capacity(refused.len());
            // What caused it stands, so it cannot be refused.
            for (index, why) in refused {
                let event = &admitted[index].arrival.event;
                tracing::warn!(event = %event.key.id, why, "decisions on what was caused are put off");
                given_up.push(index);
            }
            self.put_off_all((&admitted, &given_up), WhyPutOff::Fault, &mut round)?;
            self.put_off_all((&admitted, &left), WhyPutOff::Queued, &mut round)?;
            metrics::counter!("largesse_events_queued_total").increment(left.len() as u64);
            self.last_event = admitted.last().map_or(self.last_event, |last| last.admission.seq);
            self.keep(&admitted, round);
        }
        Ok(())
    }

    /// Decides as much of what was caused as there is room for in the batch that gathers.
    fn decide_caused(&mut self, admitted: &[Admitted]) -> Result<Decided, StoreError> {
        let Pending { caused_decisions, caused_effects, .. } = self.pending;
        let part = self.turn.for_cascade(caused_decisions, caused_effects);
        let turn = std::mem::replace(&mut self.turn, part);
        // The others would only be looked through.
        let at_once = admitted.len().min(CASCADE_DECISIONS_MAX);
        let decided = self.decide(&admitted[..at_once], Purpose::Commit);
        let part = std::mem::replace(&mut self.turn, turn);
        self.turn.count_late_of(&part);
        let mut decided = decided?;
        self.turn.count(decided.round.decisions.len(), decided.round.effects());
        self.pending.caused_decisions += decided.round.decisions.len();
        self.pending.caused_effects += decided.round.effects();
        decided.left.extend(at_once..admitted.len());
        Ok(decided)
    }

    fn number_caused(&self, caused: Vec<Caused>) -> Vec<Admitted> {
        let at = self.clock.now();
        let mut admitted: Vec<Admitted> = Vec::with_capacity(caused.len());
        for caused in caused {
            let kind = caused.happening.kind();
            match caused.arrival(&self.registry.kinds) {
                Ok(arrival) => {
                    metrics::counter!("largesse_events_caused_total", "kind" => kind).increment(1);
                    let last = admitted.last().map_or(self.last_event, |last| last.admission.seq);
                    let admission = Admission { seq: EventSeq(last.0 + 1), at };
                    admitted.push(Admitted { arrival, admission });
                }
                Err(error) => tracing::error!(kind, %error, "what the host did cannot be told to campaigns"),
            }
        }
        admitted
    }
}

fn choice(outcomes: &[Outcome], slot: &GrantSlot) -> Option<usize> {
    outcomes.iter().find_map(|outcome| match outcome {
        Outcome::Applied(Done::Granted { grant, choice, .. })
        | Outcome::Reduced(Done::Granted { grant, choice, .. }, _)
            if grant == slot =>
        {
            Some(*choice)
        }
        _ => None,
    })
}

/// What an effect did, unless the books say so.
fn deed(effect: &Effect, done: &Done, (task, by): (&Task, &Doer)) -> Option<Deed> {
    match (effect, done) {
        (Effect::Tag(change), Done::Tagged { .. }) => Some(tagged(change, task, by)),
        (_, Done::Placed { to, programme, from, tier, until }) if from != tier => {
            let mut data = json!({"programme": programme.as_str()});
            let named = [("from", from.as_ref()), ("to", tier.as_ref())];
            for (name, tier) in named.into_iter().filter_map(|(name, tier)| Some((name, tier?))) {
                data[name] = tier.as_str().into();
            }
            if let Some(until) = until {
                data["until"] = instant_text(*until).into();
            }
            Some(Deed::new(Happening::TierChanged, to, data))
        }
        (Effect::Enrol(enrolment), Done::Enrolled { party, campaign }) => {
            let by = task.active.campaign.id.as_str();
            let data = json!({"campaign": campaign.as_str(), "by": by, "data": json_value(&enrolment.data)});
            let deed = Deed::new(Happening::EnrolmentMade, party, data);
            Some(Deed { only: Some(campaign.clone()), ..deed })
        }
        _ => None,
    }
}

fn tagged(change: &TagChange, task: &Task, by: &Doer) -> Deed {
    let happening = if change.present { Happening::TagAdded } else { Happening::TagRemoved };
    let mut data = json!({"tag": change.tag.as_str()});
    let until = change.until.filter(|_| change.present);
    if let Some(until) = until.and_then(|until| task.active.zone.resolve(until, by.occurred)) {
        data["until"] = instant_text(until).into();
    }
    Deed::new(happening, &change.to, data)
}
