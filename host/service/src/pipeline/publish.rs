//! Publication: a component that is on disk becomes a policy.

use std::sync::Arc;

use largesse_domain::id::{Digest, KeyName};
use largesse_domain::policy::Policy;
use largesse_engine::LoadedPolicy;

use super::Decider;
use super::control::{Changed, ControlError, Outcome};
use crate::registry::{Component, Published, Registry};
use crate::start::count_broken;

/// A component that shall be published.
pub struct Publication {
    /// The component.
    pub loaded: Arc<LoadedPolicy>,
    /// Whose signature it came with, if a trusted key's.
    pub signed_by: Option<KeyName>,
    /// Whether it may take a name and version from other bytes.
    pub replaces: bool,
}

impl Publication {
    /// That other bytes have its name and version, when they do and keep it.
    pub(crate) fn taken(&self, registry: &Registry) -> Option<ControlError> {
        let (digest, manifest) = (self.loaded.digest(), self.loaded.manifest());
        let other = registry.named(&manifest.name, Some(&manifest.version))?.policy.digest;
        let (name, version) = (manifest.name.to_string(), manifest.version.to_string());
        (other != digest && !self.replaces).then_some(ControlError::VersionTaken { name, version, digest: other })
    }
}

impl Decider {
    /// Publishes a component, or mends what was published.
    pub(super) fn publish(&mut self, publication: Publication) -> Outcome {
        if let Some(taken) = publication.taken(&self.registry) {
            return Err(taken);
        }
        let Publication { loaded, signed_by, replaces: _ } = publication;
        let (digest, manifest) = (loaded.digest(), loaded.manifest().clone());
        let known = self.registry.policy(&digest).cloned();
        let meant = self.registry.named(&manifest.name, Some(&manifest.version)).map(|meant| meant.policy.digest);
        if let Some(known) = &known
            && meant == Some(digest)
        {
            if known.loaded().is_none() {
                tracing::info!(%digest, "a policy can be run again");
                self.change_registry(|registry| registry.set_component(&digest, Component::Loaded(loaded)))?;
            }
            return Ok(Changed::Policy(Arc::clone(&known.policy), false));
        }
        let policy = Arc::new(Policy {
            digest,
            manifest,
            size_bytes: loaded.size_bytes(),
            contract: loaded.contract().as_str().to_owned(),
            published_at: self.clock.now(),
            signed_by,
        });
        let published = Published { policy: Arc::clone(&policy), component: Component::Loaded(loaded) };
        self.change_registry(|registry| registry.publish(published))?;
        self.pending.batch.policies.push(Arc::clone(&policy));
        Ok(Changed::Policy(policy, known.is_none()))
    }

    /// Notes what has become of the component of a published policy.
    pub(super) fn set_component(&mut self, policy: &Digest, component: Component) -> Outcome {
        // Who published it meanwhile has loaded it too.
        if self.registry.policy(policy).is_some_and(|published| published.loaded().is_none()) {
            self.change_registry(|registry| registry.set_component(policy, component))?;
        }
        Ok(Changed::Done)
    }

    fn change_registry(&mut self, change: impl FnOnce(&mut Registry)) -> Result<(), ControlError> {
        self.with_registry(|registry| {
            change(registry);
            count_broken(registry);
            Ok(())
        })
    }
}
