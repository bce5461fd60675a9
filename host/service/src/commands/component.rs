//! The component of a policy that was published earlier is loaded when somebody needs it.

use std::sync::Arc;

use largesse_documents::PolicyRef;
use largesse_domain::id::Digest;
use largesse_domain::problem::Problem;
use largesse_engine::LoadedPolicy;

use super::Command;
use crate::pipeline::{CommandError, ControlError, Decider};
use crate::registry::{Component, Published};
use crate::{ChangeError, Service, start};

impl Service {
    pub(crate) fn find(&self, policy: &PolicyRef) -> Result<Published, ControlError> {
        let missing = || problem_of_policy(format!("the policy {policy} is not published"));
        self.registry().find(policy).cloned().ok_or_else(missing)
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
