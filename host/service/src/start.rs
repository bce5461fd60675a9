//! What a start reads: the picture of what is published and runs.

use std::sync::Arc;

use largesse_domain::id::Digest;
use largesse_engine::{LoadError, LoadedPolicy, Workers};
use largesse_failpoint::{Point, reach};
use largesse_store::{Store, StoreError};

use crate::bundled;
use crate::components::{ComponentError, Components};
use crate::registry::{Component, Published, Registry};

/// Why the service did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store failed.
    #[error("the store cannot be read")]
    Store(#[from] StoreError),
    /// What is stored does not fit together.
    #[error("the store is inconsistent: {0}")]
    Inconsistent(String),
    /// A thread could not be started.
    #[error("a thread cannot be started")]
    Thread(#[source] std::io::Error),
}

/// Reads everything. A policy that cannot be run is no reason not to start: its campaigns are held.
pub(crate) fn read_registry(
    store: &dyn Store,
    workers: &Workers,
    components: &Components,
) -> Result<Registry, StartError> {
    let inconsistent = |text: String| StartError::Inconsistent(text);
    let mut registry = Registry::default();
    registry.catalogue = Arc::new(store.catalogue()?);
    for kind in bundled::kinds().into_iter().chain(store.kinds()?) {
        let name = kind.kind.clone();
        registry.kinds.insert(kind).map_err(|problem| inconsistent(format!("kind {name}: {}", problem.message)))?;
    }
    reach(Point::KindsRead);
    for policy in store.policies()? {
        let component = load(components, workers, &policy.digest);
        registry.publish(Published { policy: Arc::new(policy), component });
    }
    reach(Point::PoliciesRead);
    registry.stops = store.stops()?.into_iter().collect();
    for campaign in store.campaigns()? {
        let id = campaign.id.clone();
        let set = registry.set_campaign(Arc::new(campaign));
        set.ok_or_else(|| inconsistent(format!("campaign {id} uses a policy or a zone that is not known")))?;
    }
    reach(Point::CampaignsRead);
    for destination in store.destinations()? {
        registry.destinations.insert(destination.id.clone(), Arc::new(destination));
    }
    tell_broken(&registry);
    Ok(registry)
}

/// Makes a published component ready to run.
fn load(components: &Components, workers: &Workers, digest: &Digest) -> Component {
    match try_load(components, workers, digest) {
        Ok(loaded) => Component::Loaded(loaded),
        Err(error) => Component::Broken(crate::chain(&error).into()),
    }
}

/// Why a published component is not ready to run.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error(transparent)]
    Lost(#[from] ComponentError),
    #[error("this host does not load it any more")]
    Unloadable(#[from] LoadError),
}

fn try_load(components: &Components, workers: &Workers, digest: &Digest) -> Result<Arc<LoadedPolicy>, Broken> {
    Ok(workers.load(&components.get(digest)?)?)
}

/// Tells the operator of each policy that cannot be run, what that means and what to do.
fn tell_broken(registry: &Registry) {
    let mut count = 0_u32;
    for published in registry.policies() {
        let Some(why) = published.broken() else { continue };
        count += 1;
        let users: Vec<&str> = registry.users(&published.policy.digest).map(|campaign| campaign.id.as_str()).collect();
        let manifest = published.manifest();
        tracing::error!(
            policy = %format!("{}@{}", manifest.name, manifest.version),
            digest = %published.policy.digest,
            held = users.join(", "),
            "a policy cannot be run: {why}; its campaigns are held until the same bytes are published again"
        );
    }
    metrics::gauge!("largesse_policies_broken").set(f64::from(count));
}
