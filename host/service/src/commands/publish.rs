//! A component becomes a policy, or what was published is mended.

use std::sync::Arc;

use largesse_domain::id::KeyName;
use largesse_domain::policy::Policy;
use largesse_engine::{LoadError, LoadedPolicy};
use largesse_failpoint::{Point, reach};

use super::Command;
use crate::pipeline::{CommandError, ControlError, Decider};
use crate::registry::{Component, Published, Registry};
use crate::signature::{self, Signature};
use crate::{ChangeError, Service, components, fit};

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
            let publish = Publish { loaded, signed_by, replaces: rules.replace_versions };
            if let Some(taken) = publish.taken(&registry) {
                return Err(taken.into());
            }
            components.put(&digest, &component).map_err(ChangeError::NotKept)?;
            reach(Point::ComponentKept);
            Ok::<_, ChangeError>(publish)
        });
        self.run(kept.await??).await
    }
}

/// A policy is published, whose component is on disk.
struct Publish {
    loaded: Arc<LoadedPolicy>,
    /// Whose signature it came with, if a trusted key's.
    signed_by: Option<KeyName>,
    /// Whether it may take a name and version from other bytes.
    replaces: bool,
}

impl Publish {
    /// Reports that other bytes have its name and version, when they do and keep it.
    fn taken(&self, registry: &Registry) -> Option<ControlError> {
        let (digest, manifest) = (self.loaded.digest(), self.loaded.manifest());
        let other = registry.named(&manifest.name, Some(&manifest.version))?.policy.digest;
        let (name, version) = (manifest.name.to_string(), manifest.version.to_string());
        (other != digest && !self.replaces).then_some(ControlError::VersionTaken { name, version, digest: other })
    }
}

impl Command for Publish {
    /// The policy; `true` when it was not published before.
    type Answer = (Arc<Policy>, bool);

    fn carry_out(self, decider: &mut Decider) -> Result<Self::Answer, CommandError> {
        if let Some(taken) = self.taken(&decider.registry) {
            return Err(taken.into());
        }
        let Self { loaded, signed_by, replaces: _ } = self;
        let (digest, manifest) = (loaded.digest(), loaded.manifest().clone());
        let known = decider.registry.policy(&digest).cloned();
        let meant = decider.registry.named(&manifest.name, Some(&manifest.version)).map(|meant| meant.policy.digest);
        if let Some(known) = &known
            && meant == Some(digest)
        {
            if known.loaded().is_none() {
                tracing::info!(%digest, "a policy can be run again");
                decider.with_policies(|registry| registry.set_component(&digest, Component::Loaded(loaded)))?;
            }
            return Ok((Arc::clone(&known.policy), false));
        }
        let policy = Arc::new(Policy {
            digest,
            manifest,
            size_bytes: loaded.size_bytes(),
            contract: loaded.contract().as_str().to_owned(),
            published_at: decider.clock.now(),
            signed_by,
        });
        let published = Published { policy: Arc::clone(&policy), component: Component::Loaded(loaded) };
        decider.with_policies(|registry| registry.publish(published))?;
        decider.batch().policies.push(Arc::clone(&policy));
        Ok((policy, known.is_none()))
    }
}
