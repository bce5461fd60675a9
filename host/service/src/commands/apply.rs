//! A campaign is created or changed.

use std::sync::Arc;

use largesse_documents::CampaignSpec;
use largesse_domain::activation::{ActivationCause, Activations, NextActivation};
use largesse_domain::campaign::{Campaign, Revision};
use largesse_domain::check::problems_of_change;
use largesse_domain::id::{CampaignId, Digest};
use largesse_domain::lifecycle::Lifecycle;
use largesse_domain::segment::Audience;

use super::Command;
use super::carry_out::Plan;
use crate::pipeline::{CommandError, ControlError, Decider, Precondition, expect_version};
use crate::registry::Published;
use crate::{ChangeError, Service, fit};

impl Service {
    /// Creates or changes a campaign. The boolean says whether it is new.
    ///
    /// # Errors
    /// When the policy is not published or refuses the parameters, or the document does not fit.
    pub async fn apply(
        &self,
        id: CampaignId,
        spec: CampaignSpec,
        precondition: Precondition,
    ) -> Result<(Arc<Campaign>, bool), ChangeError> {
        let published = self.find(&spec.policy)?;
        let loaded = self.loaded(&published).await?;
        let policy = loaded.digest();
        let (workers, params, audience) =
            (Arc::clone(&self.workers), spec.params.clone(), spec.settings.audience.clone());
        let read = self.changes.run(move || {
            let condition = if let Audience::Where(condition) = &audience { Some(condition) } else { None };
            let problem = condition.and_then(|condition| fit::condition_problem("/audience/where", condition));
            (fit::read_params(&loaded, &params, &workers), problem)
        });
        let (offers, problem) = read.await?;
        let (offers, mut problems) = match offers {
            Ok(offers) => (offers, Vec::new()),
            Err(problems) => (Vec::new(), problems),
        };
        problems.extend(problem);
        if self.registry().campaign(&id).is_some_and(|active| active.campaign.lifecycle.has_started()) {
            problems.extend(self.lint_problems(&id, &spec, &offers));
        }
        if !problems.is_empty() {
            return Err(ControlError::Problems(problems).into());
        }
        let plan = self.plan_for(&id, &spec, &published).await?;
        self.run(Apply { id, spec, policy, plan, precondition }).await
    }
}

/// A campaign is created or changed; the policy has accepted the parameters, and the audience can be read.
struct Apply {
    id: CampaignId,
    spec: CampaignSpec,
    /// The policy that the document names.
    policy: Digest,
    /// What was found for another version; needed where the campaign has started.
    plan: Option<Plan>,
    precondition: Precondition,
}

impl Command for Apply {
    /// The campaign as it is now; `true` when it was not there before.
    type Answer = (Arc<Campaign>, bool);

    fn carry_out(self, decider: &mut Decider) -> Result<Self::Answer, CommandError> {
        decider.ensure_used_of_over(None)?;
        let Self { id, spec, policy, plan, precondition } = self;
        let published = decider.registry.policy(&policy).cloned();
        let published = published.ok_or(ControlError::NotFound { what: "policy", name: policy.to_string() })?;
        let mut problems = fit::problems(&spec.settings, published.manifest(), decider.registry.fits());
        problems.extend(fit::unknown_names(&spec.settings, &decider.registry.catalogue));
        problems.extend(fit::stacking_problems(&id, &spec.settings, &decider.registry));
        if !problems.is_empty() {
            return Err(ControlError::Problems(problems).into());
        }
        let old = decider.registry.campaign(&id).map(|active| Arc::clone(&active.campaign));
        expect_version(old.as_deref().map(|old| old.version), precondition)?;
        let is_new = old.is_none();
        let old_number = old.as_deref().map(|old| old.activations.active.number);
        let campaign = match old {
            None => Campaign {
                id,
                version: 1,
                lifecycle: Lifecycle::Draft,
                revisions: vec![first_revision(&spec)],
                activations: Activations::first(policy, vec![1], decider.clock.now()),
                rollout: None,
                rollouts: 0,
                settings: spec.settings,
            },
            Some(old) => {
                let changed = changed(decider, &old, spec, Version { published: &published, plan })?;
                if changed == *old {
                    return Ok((old, false));
                }
                Campaign { version: old.version + 1, ..changed }
            }
        };
        if old_number.is_none_or(|number| number < campaign.activations.active.number) {
            decider.note_activation(&campaign);
        }
        Ok((decider.put_campaign(campaign)?, is_new))
    }
}

/// The version that a document names, and what was found for it.
struct Version<'a> {
    published: &'a Published,
    plan: Option<Plan>,
}

/// The campaign with what the document says, unless it may not change so.
fn changed(
    decider: &Decider,
    old: &Campaign,
    spec: CampaignSpec,
    Version { published, plan }: Version<'_>,
) -> Result<Campaign, ControlError> {
    if old.lifecycle == Lifecycle::Ended {
        return Err(ControlError::Ended);
    }
    let mut changed = old.clone();
    let policy = published.policy.digest;
    let (same_policy, same_params) = (old.activations.active.policy == policy, old.latest().params == spec.params);
    let now = decider.clock.now();
    if !old.lifecycle.has_started() {
        changed.revisions = vec![first_revision(&spec)];
        if !same_policy {
            changed.activations.activate(
                NextActivation { policy, revisions: vec![1], at: now, cause: ActivationCause::Created },
                false,
            );
        }
    } else {
        let mut problems = problems_of_change(&old.settings, &spec.settings);
        let (manifest, catalogue) = (published.manifest(), &decider.registry.catalogue);
        problems.extend(fit::problems_at_start(&spec.settings, manifest, catalogue, &spec.params));
        problems.extend(decider.allocation_problems(&old.id, &spec.settings));
        if !problems.is_empty() {
            return Err(ControlError::Problems(problems));
        }
        if !(same_policy && same_params) && old.rollout.is_some() {
            return Err(ControlError::RolloutOn);
        }
        let mut revisions = old.activations.active.revisions.clone();
        if !same_policy {
            decider.may_decide(policy)?;
            // It was looked at for the campaign as it is now; otherwise whoever asks asks again.
            let plan = plan.filter(|plan| plan.based_on == old.version);
            revisions = plan.ok_or(ControlError::Changed { expected: 0, found: old.version })?.takes;
        }
        if !same_params || revisions.is_empty() {
            let number = old.next_revision();
            let effective_from = spec.effective_from.unwrap_or(now);
            changed.revisions.push(Revision { number, effective_from, params: spec.params });
            revisions.push(number);
        }
        if same_policy {
            changed.activations.active.revisions = revisions;
        } else {
            let good = !decider.registry.stops.contains_key(&old.activations.active.policy);
            changed
                .activations
                .activate(NextActivation { policy, revisions, at: now, cause: ActivationCause::Chosen }, good);
        }
    }
    changed.settings = spec.settings;
    Ok(changed)
}

fn first_revision(spec: &CampaignSpec) -> Revision {
    let effective_from = spec.effective_from.unwrap_or(spec.settings.opens);
    Revision { number: 1, effective_from, params: spec.params.clone() }
}
