//! What the host makes of a proposal. Pure: it reads and changes [`Facts`], nothing else.
//!
//! Precedence, first to last:
//!
//! 1. [`validate`]: kinds of effect and classes of unit that the manifest does not declare, and customers that were not
//!    shown, are faults.
//! 2. Claims, in the order proposed. One that is unknown or taken denies the decision.
//! 3. Effects, in the order proposed. Of a grant: granted before, cancelled before, campaign ended, outside its windows, a pocket closed, its hold over if it
//!    would be taken back then; then each choice against class, credit ceiling, limits, budgets, stock; the first that fits
//!    whole is given; when none does, the grant's own word decides: refuse (the decision is denied), reduce (the first choice
//!    with room), skip. Of what is reserved and settled, [`crate::rules::reserve`] says the order. A
//!    message: sent before; of a marketing one, no consent, then too many; in quiet hours it waits.
//!
//! A denied decision leaves the facts as they were.

use crate::rows::budget::{Cap, Recipient};
use crate::rows::campaign::{Campaign, UnknownClaim};
use crate::rows::catalogue::Catalogue;
use crate::rows::customer::Fact;
use crate::rows::decision::{Fault, FaultKind, Input};
use crate::rows::effect::{
    Benefit, Claim, Dimension, Effect, EffectKind, Enrolment, GrantProposal, Held, Proposal, RevocationTarget,
    Schedule, Shortfall, TagChange,
};
use crate::rows::facts::{AboutKey, ClaimKey, Facts, Wanted};
use crate::rows::grant::{AfterHold, Grant, GrantSlot, Hold};
use crate::rows::ledger::{Cause, Entry};
use crate::rows::measure;
use crate::rows::outcome::{Denied, Done, Outcome, Reason, Verdict};
use crate::rows::policy::Manifest;
use crate::rows::pool;
use crate::rows::programme;
use crate::rows::redemption;
use crate::rules::book::Book;
use crate::rules::lot;
use crate::rules::message;
use crate::rules::reserve;
use crate::rules::revoke;
use crate::rules::schedule;
use crate::words::id::{AboutId, CampaignId, CustomerId, DecisionId, GrantKey, Identifier};
use crate::words::time::{Instant, Moment, When};
use crate::words::unit::{Quantity, Unit, UnitClass};

/// The case that a proposal is judged in.
#[derive(Clone, Copy)]
pub struct Case<'a> {
    /// The campaign.
    pub campaign: &'a Campaign,
    /// What operators say of units and shared budgets.
    pub catalogue: &'a Catalogue,
    /// What the policy declared.
    pub manifest: &'a Manifest,
    /// What the policy was shown.
    pub input: &'a Input,
    /// What grants are about.
    pub about: Option<&'a AboutId>,
    /// The decision.
    pub decision: DecisionId,
    /// Whether customers can be handed on to a campaign.
    pub takes_on: &'a dyn Fn(&CampaignId) -> bool,
    /// When it is judged, by the host's clock; later than the input's `now` after a deferral.
    pub made: Moment,
    /// Turns what the policy asked for into an instant, in the campaign's zone. `None` when there is none.
    pub resolve: &'a dyn Fn(When) -> Option<Instant>,
}

impl<'a> Case<'a> {
    fn book(&self) -> Book<'a> {
        Book { campaign: self.campaign, catalogue: self.catalogue, local: self.input.occurred.local }
    }
}

/// Checks a proposal against what the policy declared and was shown.
///
/// # Errors
/// A fault that names the first effect or claim that breaks the contract.
pub fn validate(case: &Case<'_>, proposal: &Proposal) -> Result<(), Fault> {
    let fault = |kind, detail| Err(Fault { kind, detail });
    let shown = |id: &CustomerId| case.input.parties.iter().any(|party| party.customer == *id);
    for (index, claim) in proposal.claims.iter().enumerate() {
        if !shown(&claim.party) {
            return fault(FaultKind::Stranger, format!("claims[{index}].party: {} is no party", claim.party));
        }
    }
    for (index, effect) in proposal.effects.iter().enumerate() {
        let kind = effect.kind();
        if !case.manifest.effects.contains(&kind) {
            let detail = format!("effects[{index}]: the manifest does not declare {}", kind.as_str());
            return fault(FaultKind::Undeclared, detail);
        }
        if let Some(class) = undeclared_class(case.manifest, effect) {
            return fault(FaultKind::Undeclared, format!("effects[{index}]: the manifest does not declare {class}"));
        }
        match recipient(effect) {
            Some(to) if !shown(to) => {
                return fault(FaultKind::Stranger, format!("effects[{index}]: {to} is no party"));
            }
            None if revokes_about(effect) && case.about.is_none() => {
                let detail =
                    format!("effects[{index}]: revokes what is about nothing: the subscription names no thing");
                return fault(FaultKind::InvalidOutput, detail);
            }
            _ => {}
        }
        if let Effect::Reserve(reserve) = effect
            && !redemption::is_redeemable(reserve.unit.class())
        {
            let detail = format!("effects[{index}].reserve.unit: {} is not used up", reserve.unit);
            return fault(FaultKind::InvalidOutput, detail);
        }
        if let Some(field) = unresolvable(case, effect) {
            return fault(FaultKind::InvalidOutput, format!("effects[{index}].{field}: no such time"));
        }
    }
    Ok(())
}

fn undeclared_class(manifest: &Manifest, effect: &Effect) -> Option<UnitClass> {
    let class = |choice: &Benefit| match choice {
        Benefit::Units { unit, .. } | Benefit::RateBoost { unit, .. } => unit.class(),
        Benefit::CreditLimit { .. } => UnitClass::CreditLimit,
    };
    let classes = match effect {
        Effect::Grant(grant) => grant.choices.iter().map(class).collect(),
        Effect::Reserve(reserve) => vec![reserve.unit.class()],
        _ => Vec::new(),
    };
    classes.into_iter().find(|class| !manifest.unit_classes.contains(class))
}

fn revokes_about(effect: &Effect) -> bool {
    matches!(effect, Effect::Revoke(revocation) if revocation.of == RevocationTarget::About)
}

fn recipient(effect: &Effect) -> Option<&CustomerId> {
    match effect {
        Effect::Grant(grant) => Some(&grant.to),
        Effect::Message(message) => Some(&message.to),
        Effect::Tag(tag) => Some(&tag.to),
        Effect::Revoke(revocation) => match &revocation.of {
            RevocationTarget::Key { to, .. } => Some(to),
            RevocationTarget::About => None,
        },
        Effect::Reserve(reserve) => Some(&reserve.party),
        Effect::Settle(settle) => match &settle.of {
            Held::Grant { to: party, .. } | Held::Reservation { party, .. } => Some(party),
        },
        Effect::Place(placement) => Some(&placement.to),
        Effect::Share(share) => Some(&share.to),
        Effect::Enrol(enrolment) => Some(&enrolment.party),
        Effect::Schedule(_) | Effect::CancelTimer(_) | Effect::Measure(_) => None,
    }
}

fn unresolvable(case: &Case<'_>, effect: &Effect) -> Option<&'static str> {
    let missing = |when: &Option<When>| when.is_some_and(|when| (case.resolve)(when).is_none());
    match effect {
        Effect::Grant(grant) if missing(&grant.hold.map(|hold| hold.until)) => Some("grant.hold.until"),
        Effect::Grant(grant) if missing(&grant.expires) => Some("grant.expires"),
        Effect::Grant(grant) if grant.choices.iter().any(|choice| missing(&benefit_until(choice))) => {
            Some("grant.choices.until")
        }
        Effect::Tag(tag) if missing(&tag.until) => Some("tag.until"),
        Effect::Schedule(schedule) if missing(&Some(schedule.due)) => Some("schedule.due"),
        Effect::Place(placement) if missing(&placement.until) => Some("place.until"),
        Effect::Reserve(reserve) if missing(&Some(reserve.until)) => Some("reserve.until"),
        _ => None,
    }
}

fn benefit_until(benefit: &Benefit) -> Option<When> {
    match benefit {
        Benefit::Units { .. } => None,
        Benefit::CreditLimit { until, .. } | Benefit::RateBoost { until, .. } => *until,
    }
}

/// The rows that [`adjudicate`] will look at. What revocations, reservations and settlements name has to be loaded first, to
/// know which counts and positions they change: [`revoke::wanted`] and [`reserve::wanted`] ask for those.
#[must_use]
pub fn wanted(case: &Case<'_>, proposal: &Proposal, facts: &Facts) -> Wanted {
    let mut wanted = Wanted::default();
    for claim in &proposal.claims {
        wanted.claims.extend(claim_key(case, claim, facts));
    }
    for effect in &proposal.effects {
        match effect {
            Effect::Grant(grant) => {
                wanted.grants.extend(facts.slots_of(&slot(case, &grant.to, &grant.key)));
                let identifiers = case.book().identifiers(&grant.to, facts);
                let other_ids = facts.other_ids(&grant.to);
                let to = Recipient { customer: &grant.to, identifiers: &identifiers, other_ids };
                for choice in &grant.choices {
                    wanted.extend(case.book().wanted(to, &unit_of(case, choice)));
                }
            }
            Effect::Message(message) => message::wanted(case, message, facts, &mut wanted),
            Effect::Schedule(Schedule { name, .. }) | Effect::CancelTimer(name) => {
                schedule::keys(case, name, facts).into_iter().for_each(|key| wanted.timer(key));
            }
            Effect::Share(share) => {
                wanted.shares.insert(pool::key(case, share));
                wanted.timer(pool::timer(case, share));
            }
            Effect::Measure(_) => {
                wanted.measures.insert(case.campaign.id.clone());
            }
            Effect::Revoke(_)
            | Effect::Tag(_)
            | Effect::Reserve(_)
            | Effect::Settle(_)
            | Effect::Place(_)
            | Effect::Enrol(_) => {}
        }
    }
    wanted.abouts.extend(about_key(case));
    wanted
}

/// Whether what a proposal changes is known only when what it names is loaded: [`revoke::wanted`] and [`reserve::wanted`].
#[must_use]
pub fn names_grants(proposal: &Proposal) -> bool {
    let names = |effect: &Effect| matches!(effect, Effect::Revoke(_) | Effect::Reserve(_) | Effect::Settle(_));
    proposal.effects.iter().any(names)
}

/// Judges a valid proposal and changes the facts accordingly. The caller has loaded the rows of [`wanted`], of
/// [`revoke::wanted`] and [`reserve::wanted`], and the customers of the parties.
#[must_use]
pub fn adjudicate(case: &Case<'_>, proposal: &Proposal, facts: &mut Facts) -> Verdict {
    let savepoint = facts.savepoint();
    match claims(case, proposal, facts).and_then(|()| effects(case, proposal, facts)) {
        Ok(outcomes) => Verdict::Accepted(outcomes),
        Err((denied, reason)) => {
            facts.undo_to(savepoint);
            Verdict::Denied(denied, reason)
        }
    }
}

type Denial = (Denied, Reason);

fn claims(case: &Case<'_>, proposal: &Proposal, facts: &mut Facts) -> Result<(), Denial> {
    for claim in &proposal.claims {
        let denied = |reason| Err((Denied::Claim { scope: claim.scope.clone(), by: claim.by }, reason));
        let Some(key) = claim_key(case, claim, facts) else {
            match case.campaign.settings.unknown_claim {
                UnknownClaim::Allow => continue,
                UnknownClaim::Deny => return denied(Reason::ClaimUnknown),
            }
        };
        match facts.claims.get(&key) {
            Some(holder) if !facts.ids_of(&claim.party).contains(holder) => return denied(Reason::ClaimTaken),
            Some(_) => {}
            None => facts.claims.put(&key, Some(claim.party.clone())),
        }
    }
    Ok(())
}

fn claim_key(case: &Case<'_>, claim: &Claim, facts: &Facts) -> Option<ClaimKey> {
    let value = match claim.by {
        Dimension::Customer => claim.party.as_str(),
        dimension => facts.customers.get(&claim.party).identifier(dimension)?.as_str(),
    };
    Some(ClaimKey {
        campaign: case.campaign.id.clone(),
        scope: claim.scope.clone(),
        by: claim.by,
        value: value.to_owned(),
    })
}

fn effects(case: &Case<'_>, proposal: &Proposal, facts: &mut Facts) -> Result<Vec<Outcome>, Denial> {
    let mut outcomes = Vec::with_capacity(proposal.effects.len());
    for (index, effect) in proposal.effects.iter().enumerate() {
        let denied = |reason| (Denied::Effect(index), reason);
        let outcome = match effect {
            Effect::Grant(proposal) => grant(case, proposal, facts).map_err(denied)?,
            Effect::Revoke(revocation) => revoke::apply(case, revocation, facts),
            Effect::Message(message) => message::send(case, message, facts),
            Effect::Tag(change) => tag(case, change, facts),
            Effect::Schedule(schedule) => schedule::set(case, schedule, facts),
            Effect::CancelTimer(name) => schedule::cancel(case, name, facts),
            Effect::Reserve(proposal) => reserve::reserve(case, proposal, facts).map_err(denied)?,
            Effect::Settle(proposal) => reserve::settle(case, proposal, facts).map_err(denied)?,
            Effect::Place(placement) => programme::place(case, placement, facts),
            Effect::Share(share) => pool::set(case, share, facts),
            Effect::Enrol(Enrolment { campaign, party, .. }) if (case.takes_on)(campaign) => {
                Outcome::Applied(Done::Enrolled { party: party.clone(), campaign: campaign.clone() })
            }
            Effect::Enrol(_) => Outcome::Skipped(EffectKind::Enrol, Reason::NoSuchCampaign),
            Effect::Measure(measurement) => measure::add(case, measurement, facts),
        };
        outcomes.push(outcome);
    }
    Ok(outcomes)
}

fn tag(case: &Case<'_>, change: &TagChange, facts: &mut Facts) -> Outcome {
    let mut customer = facts.customers.get(&change.to).clone();
    let fact = if change.present {
        Fact::Tag(change.tag.clone(), change.until.and_then(case.resolve))
    } else {
        Fact::NoTag(change.tag.clone())
    };
    if customer.learn(fact, case.input.event.occurred).is_err() {
        return Outcome::Skipped(EffectKind::Tag, Reason::TooManyTags);
    }
    facts.customers.put(&change.to, customer);
    Outcome::Applied(Done::Tagged { to: change.to.clone(), tag: change.tag.clone(), present: change.present })
}

/// What of a choice can be given.
struct Fit {
    wanted: Quantity,
    room: Quantity,
    reason: Reason,
    caps: Vec<Cap>,
}

fn grant(case: &Case<'_>, proposal: &GrantProposal, facts: &mut Facts) -> Result<Outcome, Reason> {
    let skipped = |reason| Ok(Outcome::Skipped(EffectKind::Grant, reason));
    let slot = slot(case, &proposal.to, &proposal.key);
    let stands = |slot: &GrantSlot| facts.grants.get(slot).as_ref().is_some_and(|old| !old.key_freed);
    if facts.slots_of(&slot).iter().any(stands) {
        return skipped(Reason::AlreadyGranted);
    }
    let issue = facts.grants.get(&slot).as_ref().map_or(1, |old| old.issue.saturating_add(1));
    if about_key(case).is_some_and(|key| facts.abouts.get(&key).cancelled) {
        return skipped(Reason::CancelledBefore);
    }
    if let Some(reason) = gives_nothing(case) {
        return skipped(reason);
    }
    if !case.catalogue.are_open(&case.campaign.settings.pockets, case.input.event.occurred) {
        return skipped(Reason::PocketClosed);
    }
    if hold(case, proposal).is_some_and(|hold| hold.then == AfterHold::Void && hold.until <= case.input.now.at) {
        return skipped(Reason::TimedOut);
    }
    let identifiers = case.book().identifiers(&proposal.to, facts);
    let to = Recipient { customer: &proposal.to, identifiers: &identifiers, other_ids: facts.other_ids(&proposal.to) };
    let mut fits: Vec<Fit> = proposal.choices.iter().map(|choice| fit(case, to, choice, facts)).collect();
    let whole = fits.iter().position(|fit| !fit.wanted.is_zero() && fit.room >= fit.wanted);
    if let Some(choice) = whole {
        let Fit { wanted, caps, .. } = fits.swap_remove(choice);
        let done = give(case, proposal, Given { slot, issue, choice, quantity: wanted, caps, identifiers }, facts);
        return Ok(Outcome::Applied(done));
    }
    let reason = fits.first().map_or(Reason::NoBudget, |fit| fit.reason);
    match proposal.on_shortfall {
        Shortfall::Refuse => Err(reason),
        Shortfall::Skip => skipped(reason),
        Shortfall::Reduce => match fits.iter().position(|fit| !fit.wanted.is_zero() && !fit.room.is_zero()) {
            None => skipped(reason),
            Some(choice) => {
                let Fit { room, reason, caps, .. } = fits.swap_remove(choice);
                let done =
                    give(case, proposal, Given { slot, issue, choice, quantity: room, caps, identifiers }, facts);
                Ok(Outcome::Reduced(done, reason))
            }
        },
    }
}

/// Why the campaign gives nothing at the time of the event. What a share of a pool comes to was earned before the pool settled, so it
/// is given after the end, too.
pub(crate) fn gives_nothing(case: &Case<'_>) -> Option<Reason> {
    if case.input.event.kind.as_str() == pool::EVENT_KIND {
        None
    } else if !case.campaign.grants_for(case.input.event.occurred) {
        Some(Reason::CampaignEnded)
    } else if !case.campaign.is_within_windows(&case.input.occurred.local) {
        Some(Reason::OutsideWindow)
    } else {
        None
    }
}

fn fit(case: &Case<'_>, to: Recipient<'_>, choice: &Benefit, facts: &Facts) -> Fit {
    let nothing = |reason| Fit { wanted: Quantity::ZERO, room: Quantity::ZERO, reason, caps: Vec::new() };
    let unit = unit_of(case, choice);
    if !case.campaign.allows(unit.class()) {
        return nothing(Reason::ClassNotAllowed);
    }
    let wanted = match choice {
        Benefit::Units { quantity, .. } => *quantity,
        Benefit::RateBoost { basis_points, .. } => *basis_points,
        Benefit::CreditLimit { by, up_to, .. } => {
            let customer = facts.customers.get(to.customer);
            let Some(limit) = customer.credit_limit() else { return nothing(Reason::CreditUnknown) };
            let raised = limit.plus(customer.raises_under_way).unwrap_or(Quantity::MAX);
            (*by).min(up_to.room_after(raised))
        }
    };
    if wanted.is_zero() {
        return nothing(Reason::CreditCeiling);
    }
    let caps = case.book().caps(to, &unit);
    let (room, reason) = case.book().room((to, &caps), (&unit, wanted), facts);
    Fit { wanted, room, reason, caps }
}

struct Given {
    slot: GrantSlot,
    issue: u32,
    choice: usize,
    quantity: Quantity,
    /// What it is counted under.
    caps: Vec<Cap>,
    identifiers: Vec<(Dimension, Identifier)>,
}

fn give(case: &Case<'_>, proposal: &GrantProposal, given: Given, facts: &mut Facts) -> Done {
    let Given { slot, issue, choice, quantity, caps, identifiers } = given;
    let benefit = &proposal.choices[choice];
    let unit = unit_of(case, benefit);
    case.book().count(caps, quantity, facts);
    if matches!(benefit, Benefit::CreditLimit { .. }) {
        let mut customer = facts.customers.get(&proposal.to).clone();
        let under_way = customer.raises_under_way.plus(quantity);
        customer.raises_under_way = under_way.expect("the ceiling keeps raises in range");
        facts.customers.put(&proposal.to, customer);
    }
    if let Some(key) = about_key(case) {
        let mut about = facts.abouts.get(&key).clone();
        if !about.grants.contains(&slot) {
            about.grants.push(slot.clone());
            facts.abouts.put(&key, about);
        }
    }
    let now = case.input.now.at;
    let expires = proposal.expires.or(benefit_until(benefit)).and_then(case.resolve);
    let grant = Grant {
        decision: Some(case.decision),
        about: case.about.cloned(),
        hold: hold(case, proposal).filter(|hold| now < hold.until),
        principal_cap: match benefit {
            Benefit::RateBoost { principal_cap, .. } => *principal_cap,
            _ => None,
        },
        reason: proposal.reason.clone(),
        ..case.book().grant((slot.clone(), issue), (unit.clone(), quantity), (now, expires), identifiers)
    };
    lot::give(facts, Entry { at: now, cause: &Cause::Decision(case.decision) }, grant);
    Done::Granted { grant: slot, unit, quantity, choice }
}

fn hold(case: &Case<'_>, proposal: &GrantProposal) -> Option<Hold> {
    let hold = proposal.hold?;
    (case.resolve)(hold.until).map(|until| Hold { until, then: hold.then })
}

fn unit_of(case: &Case<'_>, benefit: &Benefit) -> Unit {
    match benefit {
        Benefit::Units { unit, .. } | Benefit::RateBoost { unit, .. } => unit.clone(),
        Benefit::CreditLimit { .. } => Unit::credit_limit(case.input.campaign.currency),
    }
}

pub(crate) fn slot(case: &Case<'_>, to: &CustomerId, key: &GrantKey) -> GrantSlot {
    GrantSlot { campaign: case.campaign.id.clone(), to: to.clone(), key: key.clone() }
}

pub(crate) fn about_key(case: &Case<'_>) -> Option<AboutKey> {
    let about = case.about?.clone();
    Some(AboutKey { campaign: case.campaign.id.clone(), about })
}
