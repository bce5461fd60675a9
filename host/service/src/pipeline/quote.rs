//! Questions: what a policy would answer a customer now. Nothing is changed and nothing recorded.

use std::time::Instant;

use largesse_domain::decision::{Enquiry, Fault, FaultKind, Refusal};
use largesse_domain::facts::Wanted;
use largesse_domain::id::Digest;
use largesse_domain::json::Json;
use largesse_domain::key::StateKey;
use largesse_domain::owner::Owner;
use largesse_domain::policy::RoleSource;
use largesse_domain::rollout::Side;
use largesse_engine::ReplyError;
use largesse_store::StoreError;

use super::Decider;
use super::show::campaign_view;
use crate::error::ControlError;
use crate::questions::Question;

/// What is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Quote {
    /// The policy's answer, an object.
    Answer {
        /// The version that answers.
        policy: Digest,
        /// By which revision of the parameters.
        revision: u32,
        /// The answer.
        answer: Json,
    },
    /// The policy's own no.
    Refused(Refusal),
    /// The policy broke its contract.
    Faulted(Fault),
}

impl Decider {
    /// Asks the policy of a campaign. The outer error ends the host.
    pub(super) fn quote(&mut self, question: &Question) -> Result<Result<Quote, ControlError>, StoreError> {
        let ask = &question.ask;
        let not_found = || ControlError::NotFound { what: "campaign", name: ask.campaign.to_string() };
        let Some(active) = self.registry.campaign(&ask.campaign).cloned() else { return Ok(Err(not_found())) };
        let campaign = &active.campaign;
        self.ensure(Wanted { customers: [ask.customer.clone()].into(), ..Wanted::default() })?;
        let customer = self.facts.who_stays(&ask.customer).clone();
        let owner = Owner::Party(customer.clone());
        let side = campaign
            .rollout
            .as_ref()
            .map_or(Side::Active, |rollout| rollout.mode.side(self.seeds.place(&campaign.id, rollout.number, &owner)));
        let published = match (side, &active.candidate) {
            (Side::Candidate, Some(candidate)) => candidate,
            _ => &active.published,
        };
        let loaded = published.loaded().filter(|_| campaign.lifecycle.is_live() && !self.registry.holds(campaign));
        let Some(loaded) = loaded else { return Ok(Err(ControlError::NotAsked(campaign.id.clone()))) };
        let policy = published.policy.digest;
        if let Some(detail) = self.suspended(&policy) {
            return Ok(Ok(Quote::Faulted(Fault { kind: FaultKind::Time, detail })));
        }
        match question.accepted_by(&published.policy.digest) {
            Some(Ok(())) => {}
            Some(Err(error)) => return Ok(Err(error)),
            // Another version has come to decide since the data were validated.
            None => return Ok(Err(ControlError::NotAsked(campaign.id.clone()))),
        }
        let roles: Vec<_> = published.manifest().roles.iter().filter(|role| role.source == RoleSource::Actor).collect();
        let state = StateKey { campaign: campaign.id.clone(), owner };
        let mut wanted = Wanted { states: [state.clone()].into(), ..Wanted::default() };
        if roles.iter().any(|role| role.grants || !role.balances.is_empty()) {
            wanted.wallets.extend(self.facts.ids_of(&customer));
        }
        self.ensure(wanted)?;
        let state = match self.facts.states.get(&state) {
            Some(state) if state.written_as != published.manifest().state_writes => {
                match self.workers.migrate(
                    loaded,
                    largesse_domain::owner::OwnerKind::Party,
                    &state.value,
                    state.written_as,
                ) {
                    Ok(state) => Some(state),
                    Err(error) => return Ok(Ok(self.unanswered(policy, error))),
                }
            }
            other => other.as_ref().map(|state| state.value.clone()),
        };
        let now = self.clock.now();
        let local = active.zone.moment(now);
        let revision = active.revision(side, now);
        let parties = roles.into_iter().map(|role| self.party(role, &customer, &campaign.id, (now, now)));
        let enquiry = Enquiry {
            question: ask.question.clone(),
            data: question.data.clone(),
            parties: parties.collect(),
            campaign: campaign_view(campaign, revision, &local.local),
            now: local,
            state,
        };
        Ok(Ok(match self.workers.quote(loaded, &enquiry) {
            Ok(answer) => {
                self.suspensions.note_in_time(&policy);
                Quote::Answer { policy, revision: revision.number, answer }
            }
            Err(error) => self.unanswered(policy, error),
        }))
    }

    fn unanswered(&mut self, policy: Digest, error: ReplyError) -> Quote {
        match error {
            ReplyError::Refused(refusal) => Quote::Refused(refusal),
            ReplyError::Fault(fault) => {
                if !fault.kind.is_deterministic() {
                    self.note_late(policy);
                    self.suspensions.note_given_up(policy, Instant::now());
                }
                Quote::Faulted(fault)
            }
        }
    }
}
