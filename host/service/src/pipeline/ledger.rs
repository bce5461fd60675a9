//! What the ledger is asked for beside decisions: redemptions, reservations, reversals, stock, and what is due by the clock.

use std::sync::Arc;

use largesse_documents::delivery::Cause as CauseForm;
use largesse_documents::receipt::{ReversalAnswer, ReversedGrant, StockAnswer, TakenTag};
use largesse_domain::book::Book;
use largesse_domain::campaign::Campaign;
use largesse_domain::customer::Fact;
use largesse_domain::entry::Entry;
use largesse_domain::event::EventKey;
use largesse_domain::facts::{Receipt, Wanted};
use largesse_domain::grant::Grant;
use largesse_domain::hold;
use largesse_domain::id::{CampaignId, CustomerId, DecisionId, EventSeq, RequestId};
use largesse_domain::json::Json;
use largesse_domain::key::GrantSlot;
use largesse_domain::ledger::{Cause, Lot};
use largesse_domain::lot::{self, SettleError};
use largesse_domain::notice::Notice;
use largesse_domain::outcome::{Done, Outcome, Reversal, Verdict};
use largesse_domain::redeem::{self, RedeemError, SettleRequest};
use largesse_domain::redemption::{Redemption, RedemptionId, RedemptionRequest};
use largesse_domain::reservation::{self, ReservationRequest};
use largesse_domain::restock::{self, StockChange};
use largesse_domain::reversal::{ReversalRequest, ReversalTarget};
use largesse_domain::time::Instant;
use largesse_domain::unit::{Quantity, Unit};
use largesse_store::StoreError;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Decider;
use crate::error::{ControlError, LedgerError};

/// An answer, and whether what it shows was done now and not before.
type Answered<T> = Result<(T, bool), ControlError>;

impl Decider {
    /// Uses, or reserves, out of a wallet. The outer error ends the host, the inner one is for whoever asked; so it is below.
    pub(crate) fn redeem(&mut self, request: &RedemptionRequest) -> Result<Answered<Redemption>, StoreError> {
        self.ensure(Wanted { customers: [request.customer.clone()].into(), ..Wanted::default() })?;
        self.ensure(redeem::wanted(request, &self.facts))?;
        self.ensure(redeem::wanted_of_grants(request, &self.facts))?;
        let catalogue = Arc::clone(&self.registry.catalogue);
        let redeemed = redeem::redeem(&mut self.facts, request, &catalogue, self.clock.now());
        Ok(self.answer_redemption(redeemed, &request.id))
    }

    fn answer_redemption(
        &mut self,
        done: Result<(Redemption, bool), RedeemError>,
        id: &RedemptionId,
    ) -> Answered<Redemption> {
        let (redemption, is_new) = done.map_err(LedgerError::from)?;
        if is_new {
            self.tell(&Notice::Redemption(&redemption), id.campaign(), CauseForm::Redemption(id));
        }
        Ok((redemption, is_new))
    }

    /// Commits, releases or reverses a redemption.
    pub(crate) fn settle_redemption(
        &mut self,
        id: &RedemptionId,
        customer: Option<&CustomerId>,
        how: redeem::RedemptionAction,
    ) -> Result<Answered<Redemption>, StoreError> {
        self.ensure_redemption(id)?;
        self.ensure(Wanted { customers: customer.into_iter().cloned().collect(), ..Wanted::default() })?;
        let before = self.facts.redemptions.get(id).clone();
        let (catalogue, cause) = (Arc::clone(&self.registry.catalogue), how.cause(id));
        let entry = Entry { at: self.clock.now(), cause: &cause };
        let settled =
            redeem::settle(&mut self.facts, SettleRequest { id, customer, how: &how, catalogue: &catalogue }, entry);
        let settled = settled.map(|redemption| {
            let is_new = before.as_ref() != Some(&redemption);
            (redemption, is_new)
        });
        Ok(self.answer_redemption(settled, id))
    }

    fn ensure_redemption(&mut self, id: &RedemptionId) -> Result<(), StoreError> {
        self.ensure(Wanted { redemptions: [id.clone()].into(), ..Wanted::default() })?;
        let wanted = self.facts.redemptions.get(id).as_ref().map(redeem::wanted_to_settle);
        self.ensure(wanted.unwrap_or_default())
    }

    /// Gives back what a redemption has reserved for too long.
    pub(super) fn redemption_is_due(&mut self, id: &RedemptionId, now: Instant) -> Result<(), StoreError> {
        self.ensure_redemption(id)?;
        let catalogue = Arc::clone(&self.registry.catalogue);
        redeem::look_at_clock(&mut self.facts, id, &catalogue, now);
        let timed_out = self.facts.redemptions.get(id).clone().filter(|redemption| redemption.changed_at == now);
        if let Some(redemption) = timed_out {
            self.tell(&Notice::Redemption(&redemption), id.campaign(), CauseForm::Host);
        }
        Ok(())
    }

    fn campaign(&self, id: &CampaignId) -> Result<Arc<Campaign>, ControlError> {
        let found = self.registry.campaign(id).map(|active| Arc::clone(&active.campaign));
        found.ok_or_else(|| ControlError::NotFound { what: "campaign", name: id.to_string() })
    }

    /// Reserves out of a campaign's budget.
    pub(crate) fn reserve(&mut self, request: &ReservationRequest) -> Result<Answered<Grant>, StoreError> {
        let Some(active) = self.registry.campaign(&request.campaign).cloned() else {
            return Ok(Err(ControlError::NotFound { what: "campaign", name: request.campaign.to_string() }));
        };
        let catalogue = Arc::clone(&self.registry.catalogue);
        let now = self.clock.now();
        let book = Book { campaign: &active.campaign, catalogue: &catalogue, local: active.zone.moment(now).local };
        self.ensure(Wanted { customers: [request.customer.clone()].into(), ..Wanted::default() })?;
        self.ensure(reservation::wanted(request, book, &self.facts))?;
        let reserved = reservation::reserve(&mut self.facts, request, book, now);
        self.note_crossings();
        let (grant, is_new) = match reserved {
            Ok(reserved) => reserved,
            Err(error) => return Ok(Err(LedgerError::from(error).into())),
        };
        if is_new {
            self.tell(&Notice::Granted(&grant.slot), Some(&request.campaign), CauseForm::Request(&request.id));
        }
        Ok(Ok((grant, is_new)))
    }

    /// Where a grant stands that is asked for under any id of the customer's.
    fn standing(&mut self, asked: &GrantSlot) -> Result<GrantSlot, StoreError> {
        self.ensure(Wanted { customers: [asked.to.clone()].into(), ..Wanted::default() })?;
        let slots: Vec<GrantSlot> = std::iter::once(asked.clone()).chain(self.facts.slots_of(asked)).collect();
        self.ensure(Wanted { grants: slots.iter().cloned().collect(), ..Wanted::default() })?;
        let stands = slots.into_iter().find(|slot| self.facts.grants.get(slot).is_some());
        Ok(stands.unwrap_or_else(|| asked.clone()))
    }

    /// Loads a grant and all that a change of it looks at. Its campaign, if there is such a grant.
    pub(super) fn ensure_grant(&mut self, slot: &GrantSlot) -> Result<Option<Arc<Campaign>>, StoreError> {
        self.ensure(Wanted { grants: [slot.clone()].into(), ..Wanted::default() })?;
        let (Ok(campaign), Some(grant)) = (self.campaign(&slot.campaign), self.facts.grants.get(slot)) else {
            return Ok(None);
        };
        let wanted = lot::wanted(&campaign, &self.registry.catalogue, grant);
        self.ensure(wanted)?;
        Ok(Some(campaign))
    }

    /// Does what the time has come for: a hold is over, a grant expires.
    pub(super) fn grant_is_due(&mut self, due: &Lot, now: Instant) -> Result<(), StoreError> {
        let Some(campaign) = self.ensure_grant(&due.slot)? else { return Ok(()) };
        // An issue whose key was freed holds nothing any more.
        let Some(before) = self.facts.grants.get(&due.slot).clone().filter(|grant| grant.issue == due.issue) else {
            return Ok(());
        };
        let catalogue = Arc::clone(&self.registry.catalogue);
        let entry = Entry { at: now, cause: &Cause::Clock };
        let change = lot::Change { entry, campaign: &campaign, catalogue: &catalogue };
        lot::look_at_clock(&mut self.facts, change, &due.slot);
        if let Some(after) = self.facts.grants.get(&due.slot).clone() {
            self.tell_of_clock(&before, &after);
        }
        Ok(())
    }

    fn tell_of_clock(&mut self, before: &Grant, after: &Grant) {
        let campaign = Some(&after.slot.campaign);
        let taken_back = after.reversed.room_after(before.reversed);
        let expired = after.expired.room_after(before.expired);
        if !taken_back.is_zero() {
            let (grant, unit) = (after.slot.clone(), after.unit.clone());
            let reversal = Reversal { grant, unit, quantity: taken_back };
            self.tell(&Notice::revoked(&reversal, "nobody settled the reservation in time"), campaign, CauseForm::Host);
        } else if before.hold.is_some() && after.hold.is_none() {
            self.tell(&Notice::Posted(after), campaign, CauseForm::Host);
        }
        if !expired.is_zero() {
            self.tell(&Notice::Expired(after, expired), campaign, CauseForm::Host);
        }
    }

    /// Commits or releases a grant that is pending.
    pub(crate) fn settle_pending(
        &mut self,
        asked: &GrantSlot,
        how: hold::HoldAction,
        id: RequestId,
    ) -> Result<Answered<Grant>, StoreError> {
        let slot = &self.standing(asked)?;
        let Some(campaign) = self.ensure_grant(slot)? else {
            return Ok(Err(LedgerError::from(SettleError::NotFound).into()));
        };
        let before = self.facts.grants.get(slot).clone();
        let (catalogue, cause) = (Arc::clone(&self.registry.catalogue), Cause::Request(id.clone()));
        let entry = Entry { at: self.clock.now(), cause: &cause };
        let change = lot::Change { entry, campaign: &campaign, catalogue: &catalogue };
        let grant = match lot::settle(&mut self.facts, change, slot, how) {
            Ok(grant) => grant,
            Err(error) => return Ok(Err(LedgerError::from(error).into())),
        };
        let is_new = before.as_deref() != Some(&grant);
        if is_new {
            let (unit, quantity) = (grant.unit.clone(), grant.reversed);
            let reversal = Reversal { grant: slot.clone(), unit, quantity };
            let notice = match how {
                hold::HoldAction::Commit => Notice::Posted(&grant),
                hold::HoldAction::Release => Notice::revoked(&reversal, "released"),
            };
            self.tell(&notice, Some(&slot.campaign), CauseForm::Request(&id));
        }
        Ok(Ok((grant, is_new)))
    }

    /// Returns the answer to the same request before. The inner error says that the id was used for another.
    fn receipt<T: DeserializeOwned>(
        &mut self,
        id: &RequestId,
        asked: &Json,
    ) -> Result<Option<Answered<T>>, StoreError> {
        self.ensure(Wanted { receipts: [id.clone()].into(), ..Wanted::default() })?;
        let Some(receipt) = self.facts.receipts.get(id).as_ref() else { return Ok(None) };
        if receipt.asked != *asked {
            return Ok(Some(Err(LedgerError::OtherRequest.into())));
        }
        let unreadable = |error: serde_json::Error| StoreError::Corrupt { what: "receipt", detail: error.to_string() };
        let answer = serde_json::from_str(receipt.answer.as_str()).map_err(unreadable)?;
        Ok(Some(Ok((answer, false))))
    }

    fn keep_receipt<T: Serialize>(&mut self, id: &RequestId, asked: Json, answer: T) -> Answered<T> {
        let text = serde_json::to_string(&answer).expect("texts and numbers are JSON");
        self.facts.receipts.put(id, Some(Receipt { asked, answer: Json::from_checked(text) }));
        Ok((answer, true))
    }

    /// Changes how many pieces of a unit are on hand.
    pub(crate) fn restock(
        &mut self,
        id: &RequestId,
        unit: &Unit,
        change: StockChange,
    ) -> Result<Answered<StockAnswer>, StoreError> {
        let (quantity, arrives) = match change {
            StockChange::Arrives(quantity) => (quantity, true),
            StockChange::WrittenOff(quantity) => (quantity, false),
        };
        let asked = json!({"unit": unit.as_str(), "quantity": quantity.get(), "arrives": arrives});
        let asked = Json::from_checked(asked.to_string());
        if let Some(before) = self.receipt(id, &asked)? {
            return Ok(before);
        }
        if !self.registry.catalogue.is_stocked(unit) {
            return Ok(Err(LedgerError::NotStocked(unit.clone()).into()));
        }
        self.ensure(Wanted { stocks: [unit.clone()].into(), ..Wanted::default() })?;
        let cause = Cause::Request(id.clone());
        let entry = Entry { at: self.clock.now(), cause: &cause };
        Ok(match restock::restock(&mut self.facts, entry, unit, change) {
            Ok(on_hand) => self.keep_receipt(id, asked, StockAnswer::of(unit, on_hand)),
            Err(error) => Err(LedgerError::from(error).into()),
        })
    }

    /// Takes back what was granted.
    pub(crate) fn reverse(&mut self, request: &ReversalRequest) -> Result<Answered<ReversalAnswer>, StoreError> {
        let asked = Json::from_checked(asked_to_reverse(request).to_string());
        if let Some(before) = self.receipt(&request.id, &asked)? {
            return Ok(before);
        }
        let mut reversals = Vec::new();
        let mut tags = Vec::new();
        match &request.of {
            ReversalTarget::Grant(asked, quantity) => {
                let slot = &self.standing(asked)?;
                if self.ensure_grant(slot)?.is_none() {
                    return Ok(Err(ControlError::NotFound { what: "grant", name: slot.key.to_string() }));
                }
                reversals.extend(self.take_back(slot, *quantity, &request.id)?);
            }
            ReversalTarget::Event(key) => {
                let Some(seq) = self.seq_of(key)? else {
                    return Ok(Err(ControlError::NotFound { what: "event", name: key.id.to_string() }));
                };
                for (decision, verdict) in self.verdicts_on(seq)? {
                    self.undo_decision((decision, &verdict), &request.id, (&mut reversals, &mut tags))?;
                }
            }
        }
        if reversals.is_empty() && tags.is_empty() {
            return Ok(Err(LedgerError::NothingLeft.into()));
        }
        for reversal in &reversals {
            let campaign = Some(&reversal.grant.campaign);
            self.tell(&Notice::revoked(reversal, &request.reason), campaign, CauseForm::Request(&request.id));
        }
        let reversed = reversals.iter().map(ReversedGrant::from).collect();
        Ok(self.keep_receipt(&request.id, asked, ReversalAnswer { reversed, tags }))
    }

    fn take_back(
        &mut self,
        slot: &GrantSlot,
        quantity: Option<Quantity>,
        id: &RequestId,
    ) -> Result<Option<Reversal>, StoreError> {
        let Some(campaign) = self.ensure_grant(slot)? else { return Ok(None) };
        let (catalogue, cause) = (Arc::clone(&self.registry.catalogue), Cause::Request(id.clone()));
        let entry = Entry { at: self.clock.now(), cause: &cause };
        let change = lot::Change { entry, campaign: &campaign, catalogue: &catalogue };
        Ok(lot::reverse(&mut self.facts, change, slot, quantity))
    }

    fn seq_of(&self, key: &EventKey) -> Result<Option<EventSeq>, StoreError> {
        if let Some((seq, _)) = self.unwritten.get(key) {
            return Ok(Some(*seq));
        }
        Ok(self.store.seen(std::slice::from_ref(key))?.pop().flatten().map(|(seq, _)| seq))
    }

    fn verdicts_on(&self, seq: EventSeq) -> Result<Vec<(DecisionId, Verdict)>, StoreError> {
        let (remains, decisions) = match self.answers.get(&seq) {
            Some(answer) => (Vec::new(), answer.decisions.clone()),
            None => self.stored_on(seq)?,
        };
        let kept = decisions.iter().map(|decision| (decision.id, decision.verdict.clone()));
        Ok(remains.into_iter().map(|remains| (remains.id, remains.verdict)).chain(kept).collect())
    }

    /// Takes back what a decision gave, as far as it still stands, and the tags that it set.
    fn undo_decision(
        &mut self,
        (decision, verdict): (DecisionId, &Verdict),
        id: &RequestId,
        (reversals, tags): (&mut Vec<Reversal>, &mut Vec<TakenTag>),
    ) -> Result<(), StoreError> {
        let Verdict::Accepted(outcomes) = verdict else { return Ok(()) };
        for outcome in outcomes {
            match outcome {
                Outcome::Applied(Done::Granted { grant: slot, .. })
                | Outcome::Reduced(Done::Granted { grant: slot, .. }, _) => {
                    self.ensure_grant(slot)?;
                    let given = self.facts.grants.get(slot).as_ref().and_then(|grant| grant.decision);
                    if given == Some(decision) {
                        reversals.extend(self.take_back(slot, None, id)?);
                    }
                }
                Outcome::Applied(Done::Tagged { to, tag, present: true }) => {
                    self.ensure(Wanted { customers: [to.clone()].into(), ..Wanted::default() })?;
                    let to = self.facts.who_stays(to).clone();
                    let mut customer = self.facts.customers.get(&to).clone();
                    let had = customer.tags.contains_key(tag);
                    if had && customer.learn(Fact::NoTag(tag.clone()), self.clock.now()).is_ok() {
                        self.facts.customers.put(&to, customer);
                        tags.push(TakenTag::of(&to, tag));
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Tells of budgets that have risen to a share that operators want to hear of.
    pub(super) fn note_crossings(&mut self) {
        for crossing in self.facts.take_crossings() {
            let (of, percent) = (crossing.key.of.to_string(), crossing.percent.to_string());
            let holder = match &crossing.key.by {
                largesse_domain::key::UsedBy::Pocket(pocket) => format!("pocket {pocket}"),
                by => by.campaign().map_or_else(String::new, |campaign| format!("campaign {campaign}")),
            };
            let window = crossing.key.window.window.as_str();
            tracing::warn!(%holder, unit = %of, window, percent, used = %crossing.used, total = %crossing.total,
                "a budget has risen to a share of its total");
            self.tell(&Notice::BudgetReached(&crossing), crossing.key.by.campaign(), CauseForm::Host);
            metrics::counter!("largesse_budget_crossings_total", "holder" => holder, "unit" => of, "percent" => percent)
                .increment(1);
        }
    }
}

fn asked_to_reverse(request: &ReversalRequest) -> Value {
    match &request.of {
        ReversalTarget::Grant(slot, quantity) => json!({
            "campaign": slot.campaign.as_str(), "to": slot.to.as_str(), "key": slot.key.as_str(),
            "quantity": quantity.map(Quantity::get), "reason": request.reason,
        }),
        ReversalTarget::Event(key) => json!({
            "source": key.source.as_str(), "id": key.id.as_str(), "reason": request.reason,
        }),
    }
}
