//! Activating, trying and going back to versions, as operators ask for it: everything that takes time is done beside the
//! pipeline, on the campaign as it is then; the pipeline makes the change in one step if that is still how it is.

use std::collections::BTreeSet;
use std::sync::Arc;

use largesse_documents::rollout::{StatesReport, StuckStateView, VersionSpec};
use largesse_documents::{CampaignSpec, PolicyRef};
use largesse_domain::activation::ActivationCause;
use largesse_domain::campaign::Campaign;
use largesse_domain::id::{CampaignId, Digest};
use largesse_domain::json::Json;
use largesse_domain::key::StateKey;
use largesse_domain::lifecycle::Lifecycle;
use largesse_domain::limits::MIGRATION_STATES_TRIED_MAX;
use largesse_domain::migration::StuckState;
use largesse_domain::problem::Problem;
use largesse_domain::rollout::RolloutMode;
use largesse_domain::time::Instant;
use largesse_engine::{LoadedPolicy, Workers};
use largesse_store::{Store, StoreError};

use super::carry_out::{Aim, CarryOut, Plan};
use crate::pipeline::{ControlError, Precondition};
use crate::registry::{Active, Published};
use crate::{ChangeError, Service, fit};

/// States read at once while they are tried.
const TRIED_AT_ONCE: usize = 500;
/// Most examples of states that cannot be migrated in a report.
const EXAMPLES_REPORTED: usize = 20;
/// How often a plan is made anew because the campaign changed meanwhile.
const PLAN_TRIES: u32 = 5;

/// What an operator asks of the versions of a campaign.
#[derive(Clone, Debug)]
pub enum VersionOrder {
    /// This one shall decide, for that reason.
    Activate(VersionSpec, ActivationCause),
    /// This one shall be tried.
    Try(VersionSpec, RolloutMode),
    /// The one that is tried shall decide.
    Promote {
        /// Whether states that it cannot migrate are accepted.
        accept_stuck_states: bool,
    },
    /// The last good one shall decide again.
    RollBack {
        /// Whether states that it cannot migrate are accepted.
        accept_stuck_states: bool,
    },
}

/// What came of an order.
#[derive(Clone, Debug)]
pub struct Ordered {
    /// The campaign as it is now.
    pub campaign: Arc<Campaign>,
    /// What was found on the way.
    pub plan: Plan,
}

/// Whatever a plan is made from.
struct Wish {
    published: Published,
    /// Revisions to be looked at.
    revisions: BTreeSet<u32>,
    params: Option<(Json, Option<Instant>)>,
    accept_stuck_states: bool,
    aim: Aim,
}

impl Service {
    /// Lets another version decide in a campaign, or tries one, or goes back. With `dry_run` it says what would come of it.
    ///
    /// # Errors
    /// When there is no such version, or it does not fit the campaign, its parameters or its states.
    pub async fn order(
        &self,
        id: &CampaignId,
        order: VersionOrder,
        precondition: Precondition,
        dry_run: bool,
    ) -> Result<Ordered, ChangeError> {
        let mut tries = 1;
        loop {
            let active = self.active(id)?;
            if let Precondition::Version(expected) = precondition
                && expected != active.campaign.version
            {
                return Err(ControlError::Changed { expected, found: active.campaign.version }.into());
            }
            let wish = self.wish(&active, &order)?;
            let aim = wish.aim;
            let plan = self.plan(&active, wish).await?;
            if dry_run {
                return Ok(Ordered { campaign: Arc::clone(&active.campaign), plan });
            }
            match self.run(CarryOut { plan: plan.clone(), aim }).await {
                Ok(campaign) => return Ok(Ordered { campaign, plan }),
                Err(ChangeError::Control(ControlError::Changed { .. })) if tries < PLAN_TRIES => tries += 1,
                Err(error) => return Err(error),
            }
        }
    }

    fn active(&self, id: &CampaignId) -> Result<Arc<Active>, ControlError> {
        let missing = || ControlError::NotFound { what: "campaign", name: id.to_string() };
        self.registry().campaign(id).cloned().ok_or_else(missing)
    }

    fn wish(&self, active: &Active, order: &VersionOrder) -> Result<Wish, ControlError> {
        let campaign = &active.campaign;
        let now = campaign.activations.active.revisions.iter().copied();
        let named = |spec: &VersionSpec, aim| {
            let published = self.find(&spec.policy)?;
            let params = spec.params.clone().map(|params| (params, spec.effective_from));
            let (revisions, accept_stuck_states) = (now.clone().collect(), spec.accept_stuck_states);
            Ok(Wish { published, revisions, params, accept_stuck_states, aim })
        };
        let known = |(digest, revisions): (Digest, &[u32]), accept_stuck_states, cause| {
            let published = self.find(&PolicyRef::ByDigest(digest))?;
            let revisions = revisions.iter().copied().chain(now.clone()).collect();
            Ok(Wish { published, revisions, params: None, accept_stuck_states, aim: Aim::Activate(cause) })
        };
        match order {
            VersionOrder::Activate(spec, cause) => named(spec, Aim::Activate(*cause)),
            VersionOrder::Try(spec, mode) => named(spec, Aim::Try(*mode)),
            VersionOrder::Promote { accept_stuck_states } => {
                let rollout = campaign.rollout.as_ref().ok_or(ControlError::NoRollout)?;
                known((rollout.policy, &rollout.revisions), *accept_stuck_states, ActivationCause::Promoted)
            }
            VersionOrder::RollBack { accept_stuck_states } => {
                let registry = self.registry();
                let good = |digest: &Digest| !registry.stops.contains_key(digest);
                let earlier = campaign.activations.earlier.iter().rfind(|earlier| good(&earlier.policy));
                let earlier = earlier.ok_or(ControlError::NothingEarlier)?;
                known((earlier.policy, &earlier.revisions), *accept_stuck_states, ActivationCause::RolledBack)
            }
        }
    }

    /// Looks at a version for a campaign: its subscriptions and classes, every revision of parameters, the states that there
    /// are.
    async fn plan(&self, active: &Arc<Active>, wish: Wish) -> Result<Plan, ChangeError> {
        let registry = self.registry();
        let campaign = &active.campaign;
        let manifest = wish.published.manifest();
        let mut problems = fit::problems(&campaign.settings, manifest, registry.fits());
        if campaign.lifecycle.has_started() {
            let params = wish.params.as_ref().map_or(&campaign.latest().params, |(params, _)| params);
            problems.extend(fit::problems_at_start(&campaign.settings, manifest, &registry.catalogue, params));
        }
        if !problems.is_empty() {
            return Err(ControlError::Problems(problems).into());
        }
        let loaded = self.loaded(&wish.published).await?;
        let (workers, store, active) = (Arc::clone(&self.workers), Arc::clone(&self.store), Arc::clone(active));
        let now = self.clock().now();
        self.changes
            .run(move || {
                let campaign = &active.campaign;
                Trial { workers: &workers, store: &*store, campaign, now, loaded: &loaded }.plan(&wish)
            })
            .await?
    }

    /// The plan for a document that names another version for a campaign that has started.
    pub(crate) async fn plan_for(
        &self,
        id: &CampaignId,
        spec: &CampaignSpec,
        published: &Published,
    ) -> Result<Option<Plan>, ChangeError> {
        let Some(active) = self.registry().campaign(id).cloned() else { return Ok(None) };
        let campaign = &active.campaign;
        let same = campaign.activations.active.policy == published.policy.digest;
        if same || !campaign.lifecycle.has_started() || campaign.lifecycle == Lifecycle::Ended {
            return Ok(None);
        }
        let new = campaign.latest().params != spec.params;
        let wish = Wish {
            published: published.clone(),
            revisions: campaign.activations.active.revisions.iter().copied().collect(),
            params: new.then(|| (spec.params.clone(), spec.effective_from)),
            accept_stuck_states: false,
            aim: Aim::Activate(ActivationCause::Chosen),
        };
        self.plan(&active, wish).await.map(Some)
    }
}

/// A version that is looked at for a campaign.
struct Trial<'a> {
    workers: &'a Workers,
    store: &'a dyn Store,
    campaign: &'a Campaign,
    now: Instant,
    loaded: &'a LoadedPolicy,
}

impl Trial<'_> {
    fn plan(&self, wish: &Wish) -> Result<Plan, ChangeError> {
        let Self { workers, campaign, loaded, .. } = *self;
        let (mut takes, mut left, mut problems) = (Vec::new(), Vec::new(), Vec::new());
        for revision in campaign.revisions.iter().filter(|revision| wish.revisions.contains(&revision.number)) {
            let found = fit::params_problems(loaded, &revision.params, workers);
            if found.is_empty() {
                takes.push(revision.number);
            } else {
                left.push(revision.number);
                let number = revision.number;
                let of_revision = |Problem { pointer, message }| Problem {
                    pointer,
                    message: format!("revision {number} of the parameters is not taken: {message}"),
                };
                problems.extend(found.into_iter().map(of_revision));
            }
        }
        if let Some((params, _)) = &wish.params {
            problems = fit::params_problems(loaded, params, workers);
        }
        let latest_is_left = left.last() > takes.last();
        if !problems.is_empty() && (wish.params.is_some() || latest_is_left || takes.is_empty()) {
            return Err(ControlError::Problems(problems).into());
        }
        let states = self.states()?;
        if states.stuck > 0 && !wish.accept_stuck_states {
            return Err(ControlError::StuckStates(Box::new(states)).into());
        }
        Ok(Plan {
            campaign: campaign.id.clone(),
            based_on: campaign.version,
            policy: wish.published.policy.digest,
            takes,
            left,
            revision: wish.params.clone(),
            states,
        })
    }

    /// Has the version migrate stored states, and keeps nothing of it.
    fn states(&self) -> Result<StatesReport, StoreError> {
        let Self { workers, store, campaign, now, loaded } = *self;
        let writes = loaded.manifest().state_writes;
        let by_version = store.state_versions(&campaign.id)?.into_iter().collect();
        let mut report = StatesReport { by_version, ..StatesReport::default() };
        let mut after = None;
        while report.tried < MIGRATION_STATES_TRIED_MAX {
            let page = store.states_other_than(&campaign.id, writes, after.as_ref(), TRIED_AT_ONCE)?;
            for (owner, state) in &page {
                report.tried += 1;
                let Err(why) = workers.try_migration(loaded, owner.kind(), &state.value, state.written_as) else {
                    continue;
                };
                report.stuck += 1;
                if report.examples.len() < EXAMPLES_REPORTED {
                    let key = StateKey { campaign: campaign.id.clone(), owner: owner.clone() };
                    let (policy, written_as) = (loaded.digest(), state.written_as);
                    let stuck = StuckState { policy, written_as, why: why.to_string(), at: now };
                    report.examples.push(StuckStateView::of(&key, &stuck));
                }
            }
            match page.into_iter().next_back() {
                Some((owner, _)) => after = Some(owner),
                None => break,
            }
        }
        Ok(report)
    }
}
