//! Makes acts of steps, and follows with the oracle what the host answered to them.

use largesse_documents::receipt::{ReversalAnswer, StockAnswer};
use largesse_domain::decision::Output;
use largesse_domain::effect::{Effect, GrantProposal, ReserveProposal};
use largesse_domain::event::EventKey;
use largesse_domain::grant::Hold;
use largesse_domain::hold::{self, AfterHold};
use largesse_domain::id::{DecisionId, RequestId};
use largesse_domain::key::GrantSlot;
use largesse_domain::lot;
use largesse_domain::outcome::{Decision, Done, HeldSlot, Outcome, Reason, Verdict};
use largesse_domain::redeem::{self, RedeemError};
use largesse_domain::redemption::{RedemptionId, RedemptionRequest, RedemptionState};
use largesse_domain::reservation::{ReservationRequest, ReserveError};
use largesse_domain::restock::{RestockError, StockChange};
use largesse_domain::reversal::{ReversalRequest, ReversalTarget};
use largesse_domain::time::{Instant, When};
use largesse_domain::unit::Unit;
use largesse_service::commands::{Redeem, Reserve, Restock, Reverse, SettleGrant, SettleRedemption};
use largesse_service::pipeline::{ControlError, LedgerError};
use serde_json::{Value, json};

use super::oracle::{Given, Oracle};
use super::side::{
    Act, Answered, Asked, CUSTOMERS, MERGED, STOCKED, TOLD, Terms, Told, USUAL, customer, pocket, quantity, terms,
};
use super::step::{self, Amount, By, Happening, Step};
use crate::fixture::{at, campaign, event};

const HOUR_MS: i64 = 60 * 60 * 1_000;

/// What there is to choose from, and what customers hold.
pub(super) struct World {
    pub(super) oracle: Oracle,
    pub(super) now: Instant,
    pub(super) last_decision: DecisionId,
    sent: Vec<Value>,
    asked: Vec<Asked>,
    redemptions: Vec<RedemptionRequest>,
    reserved: Vec<GrantSlot>,
    /// What was said of each unit last.
    terms: Vec<(Unit, Terms)>,
    first_policy: Option<String>,
}

fn later(now: Instant, hours: i64) -> Instant {
    now.plus_millis(hours * HOUR_MS).expect("some days")
}

impl World {
    pub(super) fn new() -> Self {
        Self {
            oracle: Oracle::default(),
            now: at("2026-03-02T00:00:00Z"),
            last_decision: DecisionId(0),
            sent: Vec::new(),
            asked: Vec::new(),
            redemptions: Vec::new(),
            reserved: Vec::new(),
            terms: vec![(STOCKED.parse().expect("a unit"), Terms { days: Some(4), ..USUAL })],
            first_policy: None,
        }
    }

    fn event(&mut self, happening: &Happening) -> Value {
        let Happening { kind, who, other, hours, order, minor } = happening;
        let time = later(self.now, *hours);
        let (actor, other, paid) = (format!("u{who}"), format!("u{other}"), format!("o{order}"));
        let money = |minor: u64| json!({"minor": minor, "currency": "CNY"});
        let (kind, data) = match *kind {
            "user.registered" | "invite.opened" => (*kind, json!({"inviter": other})),
            "user.realname_verified" => (*kind, json!({"id_hash": format!("person-{actor}")})),
            "order.paid" => (*kind, json!({"order": paid, "amount": money(*minor)})),
            "order.refunded" => (*kind, json!({"order": paid})),
            "order.refunded_in_part" => {
                let data = json!({"order": paid, "amount": money(minor / 4), "remaining": money(minor / 2)});
                ("order.refunded", data)
            }
            TOLD => (*kind, step::told(*order, *minor)),
            // Nobody is merged with themselves.
            MERGED if actor == other => ("login", json!({})),
            MERGED => (*kind, json!({"customers": [other]})),
            kind => (kind, json!({})),
        };
        let mut event = event(kind, &actor, &largesse_documents::time::instant_text(time), data);
        if kind == MERGED {
            // Several may be merged at one time.
            event["id"] = format!("{MERGED}/{actor}/{other}/{}", time.as_millis()).into();
        }
        event
    }

    fn sending(&mut self, happenings: &[Happening]) -> Vec<Value> {
        let events: Vec<Value> = happenings.iter().map(|happening| self.event(happening)).collect();
        let latest = happenings.iter().map(|happening| later(self.now, happening.hours)).max();
        self.now = self.now.max(latest.unwrap_or(self.now));
        events
    }

    /// What a step is, as things are now. `None` when there is nothing to do it to.
    pub(super) fn act(&mut self, step: &Step) -> Option<Act> {
        Some(match step {
            Step::Send(happenings) => {
                let events = self.sending(happenings);
                self.sent.extend(events.iter().cloned());
                Act::Send(events)
            }
            Step::Again(which) => Act::Send(vec![which.of(&self.sent)?.clone()]),
            Step::Otherwise(which) => {
                let mut other = which.of(&self.sent)?.clone();
                other["subject"] = "somebody-else".into();
                Act::Send(vec![other])
            }
            Step::Try(happening) => Act::Try(self.sending(std::slice::from_ref(happening)).remove(0)),
            Step::Command(id, command) => Act::Command(id, *command),
            Step::Revise(quantity, version) => Act::Revise(*quantity, *version),
            Step::Wait(hours) => {
                self.now = later(self.now, *hours);
                Act::Nothing
            }
            Step::Restart => Act::Restart,
            Step::Terms(unit, of) => {
                let terms = terms(unit, *of);
                self.terms.retain(|(unit, _)| *unit != terms.unit);
                self.terms.push((terms.unit.clone(), *of));
                self.oracle.said(terms.unit.clone(), *of);
                Act::Terms(terms)
            }
            Step::Pocket(total) => Act::Pocket(pocket(*total)),
            step => {
                let request = self.request(step)?;
                self.asked.push(request.clone());
                Act::Ledger(request)
            }
        })
    }

    fn request(&self, step: &Step) -> Option<Asked> {
        let id = RequestId::new(format!("r{:05}", self.asked.len())).expect("an id");
        let reason = || "a reason".to_owned();
        Some(match step {
            Step::Redeem { who, unit, amount, of, hours } => {
                let (customer, unit) = (customer(*who), unit.parse().expect("a unit"));
                let all = self.oracle.available(&customer, &unit, self.now);
                let quantity = quantity(match amount {
                    Amount::All => all.max(1),
                    Amount::Tenths(tenths) => (all * tenths / 10).max(1),
                    Amount::OneMoreThanAll => all + 1,
                });
                let of = of.as_ref().and_then(|which| which.of(&self.oracle.lots));
                let grant = of.map(|lot| (lot.slot.campaign.clone(), lot.slot.key.clone()));
                let reserve_until = hours.map(|hours| later(self.now, hours));
                let reference = "an order".to_owned();
                let id = id.into();
                let request = RedemptionRequest { id, customer, unit, quantity, grant, reserve_until, reference };
                Asked::Redeem(Redeem(request))
            }
            Step::SettleRedemption(which, by, how) => {
                let request = which.as_ref().and_then(|which| which.of(&self.redemptions));
                let owner = request.map_or(customer(0), |request| request.customer.clone());
                let customer = match by {
                    By::Anyone => None,
                    By::Owner => Some(owner),
                    By::Another => (0..CUSTOMERS).map(customer).find(|other| *other != owner),
                };
                let id = request.map_or_else(|| id.into(), |request| request.id.clone());
                Asked::SettleRedemption(SettleRedemption { id, customer, how: how.clone() })
            }
            Step::Reserve { campaign: of, who, unit, quantity: number, hours } => {
                Asked::Reserve(Reserve(ReservationRequest {
                    id,
                    campaign: campaign(of),
                    customer: customer(*who),
                    unit: unit.parse().expect("a unit"),
                    quantity: quantity((*number).max(1)),
                    until: later(self.now, *hours),
                    reason: reason(),
                }))
            }
            Step::SettleGrant { reserved, which, how } => {
                let slots: Vec<_> = self.oracle.lots.iter().map(|lot| lot.slot.clone()).collect();
                let slots = if *reserved { &self.reserved } else { &slots };
                Asked::SettleGrant(SettleGrant { slot: which.of(slots)?.clone(), how: *how, id })
            }
            Step::TakeBack(which, most) => {
                let slot = which.of(&self.oracle.lots)?.slot.clone();
                let of = ReversalTarget::Grant(slot, most.map(quantity));
                Asked::Reverse(Reverse(ReversalRequest { id, of, reason: reason() }))
            }
            Step::TakeBackEvent(which) => {
                let key = match which {
                    Some(which) => which.of(&self.sent)?["id"].as_str()?,
                    None => "none",
                };
                let key = EventKey { source: "/test".parse().ok()?, id: key.parse().ok()? };
                Asked::Reverse(Reverse(ReversalRequest { id, of: ReversalTarget::Event(key), reason: reason() }))
            }
            Step::Restock(number, arrives) => {
                let (unit, pieces) = (STOCKED.parse().expect("a unit"), quantity(*number));
                let change = if *arrives { StockChange::Arrives(pieces) } else { StockChange::WrittenOff(pieces) };
                Asked::Restock(Restock { id, unit, change })
            }
            Step::AskAgain(which) => which.of(&self.asked)?.clone(),
            Step::AskOtherwise(which) => otherwise(which.of(&self.asked)?.clone()),
            _ => return None,
        })
    }

    /// What an act came to. Returns what the host should have said otherwise.
    pub(super) fn follow(&mut self, act: &Act, told: &Told, decisions: &[Decision]) -> Result<(), String> {
        if let Act::Send(events) = act {
            self.merged(events);
        }
        for decision in decisions {
            self.decided(decision)?;
        }
        let result = match (act, told) {
            (Act::Ledger(request), Told::Ledger(Ok(answer))) => self.answered(request, answer),
            (Act::Ledger(request), Told::Ledger(Err(error))) => self.refused(request, error),
            _ => Ok(()),
        };
        self.oracle.pass(self.now);
        result
    }

    /// Customers were merged. An event of the same id with another subject changes nothing.
    fn merged(&mut self, events: &[Value]) {
        for event in events.iter().filter(|event| event["type"] == MERGED && event["subject"] != "somebody-else") {
            let id = |value: &Value| value.as_str().and_then(|id| id.parse().ok()).expect("a customer id");
            self.oracle.merge(&id(&event["subject"]), &id(&event["data"]["customers"][0]));
        }
    }

    fn decided(&mut self, decision: &Decision) -> Result<(), String> {
        self.last_decision = decision.id;
        let first = self.first_policy.get_or_insert_with(String::new);
        if decision.campaign.as_str() == "daily" {
            let policy = decision.policy.to_string();
            if first.is_empty() {
                first.clone_from(&policy);
            }
            if policy != *first {
                self.oracle.seen.push("another version of the policy decides");
            }
        }
        let outcomes = match &decision.verdict {
            Verdict::Accepted(outcomes) => outcomes,
            Verdict::Denied(_, reason) => {
                self.oracle.seen.push(reason.as_str());
                return Ok(());
            }
            Verdict::Refused | Verdict::Faulted => return Ok(()),
        };
        let Output::Proposal(proposal) = &decision.evaluation.output else { return Ok(()) };
        for (effect, outcome) in proposal.effects.iter().zip(outcomes) {
            if let Outcome::Reduced(_, reason) | Outcome::Skipped(_, reason) = outcome {
                self.oracle.seen.push(reason.as_str());
            }
            match (effect, outcome) {
                (Effect::Grant(asked), Outcome::Applied(done) | Outcome::Reduced(done, _)) => {
                    let Done::Granted { grant, unit, quantity, .. } = done else { continue };
                    let given = self.granted(decision, asked, (grant, unit, quantity.get()));
                    self.oracle.give(given);
                }
                (_, Outcome::Applied(Done::Revoked(reversals))) => {
                    for reversal in reversals {
                        self.oracle.take_back(&reversal.grant, reversal.quantity.get());
                    }
                }
                (Effect::Reserve(asked), outcome) => self.reserved_by(decision, asked, outcome)?,
                (_, Outcome::Applied(Done::Settled { of, how, quantity, .. })) => {
                    self.settled_by(decision.input.now.at, (of, *how), quantity.get());
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// A policy reserved, or not for want of anything to reserve.
    fn reserved_by(&mut self, by: &Decision, asked: &ReserveProposal, outcome: &Outcome) -> Result<(), String> {
        let now = by.input.now.at;
        let usable = self.oracle.available(&asked.party, &asked.unit, now);
        let (Outcome::Applied(done) | Outcome::Reduced(done, _)) = outcome else {
            let short = matches!(outcome, Outcome::Skipped(_, Reason::InsufficientBalance));
            let wrong = short && usable >= asked.quantity.get();
            return if wrong { Err(format!("{usable} can be used")) } else { Ok(()) };
        };
        let Done::Reserved { reservation, unit, quantity, until } = done else { return Ok(()) };
        if quantity.get() != usable.min(asked.quantity.get()) {
            return Err(format!("{usable} can be used"));
        }
        let request = RedemptionRequest {
            id: RedemptionId::Policy(reservation.clone()),
            customer: asked.party.clone(),
            unit: unit.clone(),
            quantity: *quantity,
            grant: None,
            reserve_until: Some(*until),
            reference: asked.reason.clone(),
        };
        self.oracle.redeem(&request, now);
        self.oracle.seen.push("a policy reserves");
        self.redemptions.push(request);
        Ok(())
    }

    fn settled_by(&mut self, now: Instant, (of, how): (&HeldSlot, hold::HoldAction), quantity: u64) {
        match (of, how) {
            (HeldSlot::Grant(slot), hold::HoldAction::Commit) => self.oracle.post(slot, now),
            (HeldSlot::Grant(slot), hold::HoldAction::Release) => self.oracle.take_back(slot, quantity),
            (HeldSlot::Reservation(slot), how) => {
                let how = match how {
                    hold::HoldAction::Commit => redeem::RedemptionAction::Commit,
                    hold::HoldAction::Release => redeem::RedemptionAction::Release,
                };
                self.oracle.settle(&RedemptionId::Policy(slot.clone()), &how, now);
            }
        }
        self.oracle.seen.push(match (of, how) {
            (HeldSlot::Grant(_), hold::HoldAction::Commit) => "a policy commits a grant",
            (HeldSlot::Grant(_), hold::HoldAction::Release) => "a policy releases a grant",
            (HeldSlot::Reservation(_), hold::HoldAction::Commit) => "a policy commits a reservation",
            (HeldSlot::Reservation(_), hold::HoldAction::Release) => "a policy releases a reservation",
        });
    }

    fn granted(&self, by: &Decision, asked: &GrantProposal, given: (&GrantSlot, &Unit, u64)) -> Given {
        let (slot, unit, quantity) = (given.0.clone(), given.1.clone(), given.2);
        let (now, occurred) = (by.input.now.at, by.input.occurred);
        let resolve = |when: When| match when {
            When::At(at) => at,
            When::AfterSeconds(seconds) => occurred.at.plus_millis(seconds as i64 * 1_000).expect("some days"),
            When::AtLocal { day, second_of_day } => {
                // The zones of the campaigns here keep their distance from UTC.
                let wanted = i64::from(day.0) * 86_400 + i64::from(second_of_day);
                let local = i64::from(occurred.local.day.0) * 86_400 + i64::from(occurred.local.second_of_day);
                let ahead = local - occurred.at.as_millis().div_euclid(1_000);
                Instant::from_millis((wanted - ahead) * 1_000).expect("a time of this century")
            }
        };
        let hold = asked.hold.map(|hold| Hold { until: resolve(hold.until), then: hold.then });
        let hold = hold.filter(|hold| now < hold.until);
        let expires = asked.expires.map(resolve).or_else(|| self.usual_end(&unit, now));
        Given { slot, unit, quantity, at: now, decision: Some(by.id), hold, expires }
    }

    fn usual_end(&self, unit: &Unit, now: Instant) -> Option<Instant> {
        let days = self.terms.iter().find(|(of, _)| of == unit)?.1.days?;
        Some(later(now, i64::from(days) * 24))
    }

    fn answered(&mut self, request: &Asked, answer: &Answered) -> Result<(), String> {
        let (oracle, now) = (&mut self.oracle, self.now);
        match (request, answer) {
            (Asked::Redeem(Redeem(request)), Answered::Redemption(redemption, true)) => {
                let parts = oracle.redeem(request, now);
                let shown = redemption.parts.iter().map(|part| (&part.slot, part.issue, part.quantity.get()));
                if !shown.eq(parts.iter().map(|(lot, part)| (&lot.slot, lot.issue, *part))) {
                    return Err(format!("it should be of {parts:?}"));
                }
                self.redemptions.push(request.clone());
            }
            (Asked::SettleRedemption(settle), Answered::Redemption(redemption, true)) => {
                let id = &settle.id;
                oracle.settle(id, &settle.how, now);
                oracle.seen.push(redemption.state.as_str());
                let left = oracle.used_of(id);
                let shown = redemption.request.quantity.get() - redemption.returned().get();
                if redemption.state == RedemptionState::Redeemed && shown != left {
                    return Err(format!("{left} of it should be used"));
                }
            }
            (Asked::Reserve(Reserve(request)), Answered::Grant(grant, true)) => {
                let hold = Some(Hold { until: request.until, then: AfterHold::Void });
                let (slot, unit, quantity) = (grant.slot.clone(), request.unit.clone(), request.quantity.get());
                let expires = self.usual_end(&unit, now);
                self.reserved.push(slot.clone());
                self.oracle.give(Given { slot, unit, quantity, at: now, decision: None, hold, expires });
            }
            (Asked::SettleGrant(SettleGrant { slot, how, .. }), Answered::Grant(grant, true)) => match how {
                hold::HoldAction::Commit => {
                    oracle.post(slot, now);
                    oracle.seen.push("a pending grant is committed");
                }
                hold::HoldAction::Release => {
                    oracle.take_back(slot, grant.reversed.get());
                    oracle.seen.push("a pending grant is released");
                }
            },
            (Asked::Reverse(_), Answered::Reversal(answer, true)) => self.taken_back(answer),
            (Asked::Restock(Restock { change, .. }), Answered::Stock(_, true)) => {
                let before = oracle.on_hand;
                let after = match change {
                    StockChange::Arrives(pieces) => before.checked_add(pieces.get()),
                    StockChange::WrittenOff(pieces) => before.checked_sub(pieces.get()),
                };
                oracle.on_hand = after.ok_or("there is not as much on hand")?;
            }
            _ => oracle.seen.push("the same is asked again"),
        }
        match answer {
            Answered::Stock(answer, _) => self.check_stock(request, answer),
            _ => Ok(()),
        }
    }

    fn check_stock(&self, request: &Asked, answer: &StockAnswer) -> Result<(), String> {
        let is_new = self.asked.iter().filter(|before| *before == request).count() == 1;
        if is_new && answer.on_hand != self.oracle.on_hand {
            return Err(format!("{} should be on hand", self.oracle.on_hand));
        }
        Ok(())
    }

    fn taken_back(&mut self, answer: &ReversalAnswer) {
        for reversal in &answer.reversed {
            let slot = GrantSlot {
                campaign: campaign(&reversal.campaign),
                to: reversal.to.parse().expect("a customer id"),
                key: reversal.key.parse().expect("a key"),
            };
            self.oracle.take_back(&slot, reversal.quantity);
        }
    }

    fn refused(&mut self, request: &Asked, error: &ControlError) -> Result<(), String> {
        let word = match error {
            ControlError::NotFound { .. } => "not found",
            ControlError::Ledger(error) => self.because(request, error)?,
            other => return Err(format!("{other} is no answer of the ledger")),
        };
        self.oracle.seen.push(word);
        Ok(())
    }

    fn because(&self, request: &Asked, error: &LedgerError) -> Result<&'static str, String> {
        Ok(match (request, error) {
            (Asked::Redeem(Redeem(request)), LedgerError::Redeem(RedeemError::Insufficient(shown))) => {
                let all = self.oracle.available(&request.customer, &request.unit, self.now);
                if request.grant.is_none() && (all != shown.get() || all >= request.quantity.get()) {
                    return Err(format!("{all} can be used"));
                }
                "a customer has not enough"
            }
            (_, LedgerError::Redeem(RedeemError::BelowMinimum(_))) => "less than the least",
            (_, LedgerError::Redeem(RedeemError::UntilIsPast)) => "the time is over",
            (_, LedgerError::Redeem(RedeemError::OtherUnit(_))) => "a grant of another unit",
            (_, LedgerError::Redeem(RedeemError::GrantExpired)) => "a grant that has expired",
            (_, LedgerError::Redeem(RedeemError::OtherCustomer)) => "another customer's redemption",
            (_, LedgerError::Redeem(RedeemError::State(RedemptionState::TimedOut))) => "a redemption that timed out",
            (_, LedgerError::Redeem(RedeemError::State(_))) => "a redemption that is settled otherwise",
            (Asked::SettleRedemption(settle), LedgerError::Redeem(RedeemError::ReturnsMore(shown))) => {
                let left = self.oracle.used_of(&settle.id);
                if left != shown.get() {
                    return Err(format!("{left} of it can be returned"));
                }
                "more would come back than was used"
            }
            (_, LedgerError::Redeem(RedeemError::OtherReturn)) => "a return that was of something else",
            (_, LedgerError::Redeem(RedeemError::GrantReplaced)) => "a redemption of a grant given anew",
            (_, LedgerError::Redeem(RedeemError::NotFound)) => "a redemption that there is not",
            (_, LedgerError::Reserve(ReserveError::NoRoom(reason))) => reason.as_str(),
            (_, LedgerError::Settle(lot::SettleError::Posted)) => "a grant that was given already",
            (_, LedgerError::Settle(lot::SettleError::Reversed)) => "a grant that was taken back",
            (_, LedgerError::NothingLeft) => "nothing left to take back",
            (_, LedgerError::Restock(RestockError::NotOnHand(on_hand))) => {
                if on_hand.get() != self.oracle.on_hand {
                    return Err(format!("{} are on hand", self.oracle.on_hand));
                }
                "more written off than there is"
            }
            (_, LedgerError::OtherRequest)
            | (_, LedgerError::Redeem(RedeemError::OtherRequest))
            | (_, LedgerError::Reserve(ReserveError::OtherRequest)) => "an id used for something else",
            _ => "refused otherwise",
        })
    }
}

/// The same id for something else, where there is an id.
fn otherwise(mut request: Asked) -> Asked {
    match &mut request {
        Asked::Redeem(Redeem(request)) => request.reference.push('!'),
        Asked::Reserve(Reserve(request)) => request.reason.push('!'),
        Asked::Reverse(Reverse(request)) => request.reason.push('!'),
        Asked::Restock(Restock { change, .. }) => {
            *change = match *change {
                StockChange::Arrives(pieces) => StockChange::WrittenOff(pieces),
                StockChange::WrittenOff(pieces) => StockChange::Arrives(pieces),
            };
        }
        Asked::SettleRedemption(_) | Asked::SettleGrant(_) => {}
    }
    request
}
