//! What operators publish, apply and register: checked beside the pipeline, then handed to it.

use std::sync::Arc;

use largesse_documents::nearest::choices;
use largesse_documents::{CampaignSpec, PolicyRef};
use largesse_domain::campaign::Campaign;
use largesse_domain::id::CampaignId;
use largesse_domain::lifecycle::Command;
use largesse_domain::policy::Policy;
use largesse_domain::problem::Problem;
use largesse_domain::segment::Audience;
use largesse_engine::{LoadError, LoadedPolicy};
use largesse_failpoint::{Point, reach};
use largesse_store::Kind;

use crate::kinds::KindRules;
use crate::pipeline::{Change, Changed, ControlError, Precondition, Publication};
use crate::registry::{Component, Published, Registry};
use crate::signature::{self, Signature};
use crate::{ChangeError, Service, Unavailable, components, fit, start};

impl Service {
    /// Publishes a component. The boolean says whether it is new.
    ///
    /// # Errors
    /// When it is not signed as it must be, or does not load, or its name and version belong to another component, or it cannot be kept.
    pub async fn publish(
        &self,
        component: Vec<u8>,
        signature: Option<Signature>,
    ) -> Result<(Arc<Policy>, bool), ChangeError> {
        let (workers, components) = (Arc::clone(&self.workers), Arc::clone(&self.components));
        let (registry, rules) = (self.registry(), self.rules.clone());
        let kept = self.publications.run(move || {
            let digest = components::digest_of(&component);
            let trusted = (&rules.trusted_keys[..], rules.require_signature);
            let signed_by = signature::signer(trusted, &digest, signature.as_ref())?;
            let loaded = workers.load(&component).map_err(ChangeError::Load)?;
            let problems = fit::schema_problems(loaded.manifest());
            if !problems.is_empty() {
                return Err(ChangeError::Load(LoadError::Manifest(problems)));
            }
            let publication = Publication { loaded, signed_by, replaces: rules.replace_versions };
            if let Some(taken) = publication.taken(&registry) {
                return Err(taken.into());
            }
            components.put(&digest, &component).map_err(ChangeError::NotKept)?;
            reach(Point::ComponentKept);
            Ok::<_, ChangeError>(publication)
        });
        match self.change(Change::Publish(kept.await??)).await? {
            Changed::Policy(policy, is_new) => Ok((policy, is_new)),
            _ => Err(Unavailable::Stopping.into()),
        }
    }

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
        let digest = loaded.digest();
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
        let plan = self.plan_for(&id, &spec, &published).await?.map(Box::new);
        match self.change(Change::Apply(id, Box::new(spec), (digest, plan), precondition)).await? {
            Changed::Campaign(campaign, is_new) => Ok((campaign, is_new)),
            _ => Err(Unavailable::Stopping.into()),
        }
    }

    pub(crate) fn find(&self, policy: &PolicyRef) -> Result<Published, ControlError> {
        let registry = self.registry();
        let missing = || {
            let known = known_beside(policy, &registry);
            problem_of_policy(format!("the policy {policy} is not published; there are: {known}"))
        };
        registry.find(policy).cloned().ok_or_else(missing)
    }

    /// A published policy, to be run. When nobody has needed it since the host started it is loaded now.
    pub(crate) async fn loaded(&self, published: &Published) -> Result<Arc<LoadedPolicy>, ChangeError> {
        let loaded = match &published.component {
            Component::Loaded(loaded) => Ok(Arc::clone(loaded)),
            Component::Broken(why) => Err(Arc::clone(why)),
            Component::Kept => {
                let (workers, components) = (Arc::clone(&self.workers), Arc::clone(&self.components));
                let digest = published.policy.digest;
                let loaded = self.publications.run(move || start::load(&components, &workers, &digest)).await?;
                self.change(Change::Component(digest, loaded.clone().into())).await?;
                loaded
            }
        };
        let broken = |why| problem_of_policy(format!("the policy cannot be run: {why}; publish the same bytes again"));
        loaded.map_err(|why| broken(why).into())
    }

    /// Starts, pauses, resumes or ends a campaign.
    ///
    /// # Errors
    /// When there is none, or its life does not allow it, or something that it needs to start is missing.
    pub async fn command(
        &self,
        id: CampaignId,
        command: Command,
        precondition: Precondition,
    ) -> Result<Arc<Campaign>, ChangeError> {
        if command == Command::Start {
            self.check_start(&id).await?;
        }
        match self.change(Change::Command(id, command, precondition)).await? {
            Changed::Campaign(campaign, _) => Ok(campaign),
            _ => Err(Unavailable::Stopping.into()),
        }
    }

    /// Registers or changes an event kind. The boolean says whether it is new.
    ///
    /// # Errors
    /// When its schema or an annotation is not valid.
    pub async fn register(&self, kind: Kind) -> Result<(Kind, bool), ChangeError> {
        let compiled = {
            let kind = kind.clone();
            self.changes.run(move || KindRules::of(&kind)).await?
        };
        let rules = compiled.map_err(|problem| ControlError::Problems(vec![problem]))?;
        match self.change(Change::Register(kind, Arc::new(rules))).await? {
            Changed::Kind(kind, is_new) => Ok((kind, is_new)),
            _ => Err(Unavailable::Stopping.into()),
        }
    }
}

/// What there is instead of a policy that is not published: the other versions of one that is, else all names.
fn known_beside(policy: &PolicyRef, registry: &Registry) -> String {
    let asked = policy.to_string();
    let name = asked.split('@').next().unwrap_or_default();
    let (mut versions, mut names) = (Vec::new(), Vec::new());
    for published in registry.by_name() {
        let manifest = published.manifest();
        if manifest.name.as_str() == name {
            versions.push(format!("{name}@{}", manifest.version));
        }
        names.push(manifest.name.as_str());
    }
    names.dedup();
    if versions.is_empty() { choices(name, names) } else { choices(&asked, versions.iter().map(String::as_str)) }
}

fn problem_of_policy(message: String) -> ControlError {
    ControlError::Problems(vec![Problem { pointer: "/policy".into(), message }])
}
