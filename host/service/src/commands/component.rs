//! The component of a policy that was published earlier is loaded when somebody needs it.

use std::sync::Arc;

use largesse_documents::PolicyRef;
use largesse_documents::nearest::choices;
use largesse_domain::id::Digest;
use largesse_domain::problem::Problem;
use largesse_engine::LoadedPolicy;

use super::Command;
use crate::pipeline::{CommandError, ControlError, Decider};
use crate::registry::{Component, Published, Registry};
use crate::{ChangeError, Service, start};

impl Service {
    pub(crate) fn find(&self, policy: &PolicyRef) -> Result<Published, ControlError> {
        let registry = self.registry();
        let missing = || {
            let known = known_beside(policy, &registry);
            problem_of_policy(format!("the policy {policy} is not published; there are: {known}"))
        };
        registry.find(policy).cloned().ok_or_else(missing)
    }

    /// Returns a published policy, to be run. When nobody has needed it since the host started it is loaded now.
    pub(crate) async fn loaded(&self, published: &Published) -> Result<Arc<LoadedPolicy>, ChangeError> {
        let loaded = match &published.component {
            Component::Loaded(loaded) => Ok(Arc::clone(loaded)),
            Component::Broken(why) => Err(Arc::clone(why)),
            Component::Kept => {
                let (workers, components) = (Arc::clone(&self.workers), Arc::clone(&self.components));
                let policy = published.policy.digest;
                let loaded = self.publications.run(move || start::load(&components, &workers, &policy)).await?;
                self.run(NoteComponent { policy, component: loaded.clone().into() }).await?;
                loaded
            }
        };
        let broken = |why| problem_of_policy(format!("the policy cannot be run: {why}; publish the same bytes again"));
        loaded.map_err(|why| broken(why).into())
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

/// It is known what has become of the component of a published policy.
struct NoteComponent {
    policy: Digest,
    component: Component,
}

impl Command for NoteComponent {
    type Answer = ();

    fn carry_out(self, decider: &mut Decider) -> Result<(), CommandError> {
        let Self { policy, component } = self;
        // Who published it meanwhile has loaded it too.
        if decider.registry.policy(&policy).is_some_and(|published| published.loaded().is_none()) {
            decider.with_policies(|registry| registry.set_component(&policy, component))?;
        }
        Ok(())
    }
}
