//! What the host makes of a proposal. Pure: it reads and changes [`Facts`], nothing else.
//!
//! Precedence, first to last:
//!
//! 1. [`validate`](crate::rules::validate::validate): kinds of effect and classes of unit that the manifest does not declare, and
//!    customers that were not shown, are faults.
//! 2. Claims, in the order proposed. One that is unknown or taken denies the decision.
//! 3. Effects, in the order proposed. Of a grant: granted before, cancelled before, campaign ended, outside its windows, a pocket
//!    closed, its hold over if it would be taken back then; then each choice against class, credit ceiling, limits, budgets, stock;
//!    the first that fits whole is given; when none does, the grant's own word decides: refuse (the decision is denied), reduce (the
//!    first choice with room), skip. Of what is reserved, [`crate::rules::reserve`] says the order. A message: sent before; of a
//!    marketing one, no consent, then too many; in quiet hours it waits.
//!
//! A denied decision leaves the facts as they were.

use crate::rows::effect::{Effect, Proposal, Schedule};
use crate::rows::facts::{Facts, Wanted};
use crate::rows::outcome::{Denied, Outcome, Verdict};
use crate::rules::cap::Recipient;
use crate::rules::case::{Case, about_key, slot};
use crate::rules::claim::{Denial, claim_key, claims};
use crate::rules::enrol;
use crate::rules::grant::{grant, unit_of};
use crate::rules::measure;
use crate::rules::message;
use crate::rules::place;
use crate::rules::reserve;
use crate::rules::revoke;
use crate::rules::schedule;
use crate::rules::settle;
use crate::rules::share;
use crate::rules::tag::tag;

/// Returns the rows that [`adjudicate`] will look at. What revocations, reservations and settlements name has to be loaded first, to
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
                wanted.shares.insert(share::key(case, share));
                wanted.timer(share::timer(case, share));
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

/// Reports whether what a proposal changes is known only when what it names is loaded: [`revoke::wanted`] and [`reserve::wanted`].
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
            Effect::Settle(proposal) => settle::settle(case, proposal, facts).map_err(denied)?,
            Effect::Place(placement) => place::place(case, placement, facts),
            Effect::Share(share) => share::set(case, share, facts),
            Effect::Enrol(enrolment) => enrol::enrol(case, enrolment),
            Effect::Measure(measurement) => measure::add(case, measurement, facts),
        };
        outcomes.push(outcome);
    }
    Ok(outcomes)
}
