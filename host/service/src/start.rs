//! What a start reads: the picture of what is published and runs.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::num::NonZeroUsize;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use largesse_domain::campaign::Campaign;
use largesse_domain::catalogue::Catalogue;
use largesse_domain::id::Digest;
use largesse_domain::lifecycle::Lifecycle;
use largesse_engine::{LoadError, LoadedPolicy, Workers};
use largesse_failpoint::{Point, reach};
use largesse_store::{Store, StoreError};

use crate::bundled;
use crate::components::{ComponentError, Components};
use crate::fit;
use crate::kinds::Kinds;
use crate::mask::MaskKey;
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
    (key, inviter_distance): (MaskKey, u8),
) -> Result<Registry, StartError> {
    let inconsistent = |text: String| StartError::Inconsistent(text);
    let mut registry = Registry::default();
    (registry.kinds, registry.inviter_distance) = (Kinds::new(key), inviter_distance);
    let catalogue = store.catalogue()?;
    registry.catalogue = Arc::new(Catalogue { segments: BTreeMap::new(), ..catalogue });
    for segment in catalogue.segments.into_values() {
        let id = segment.id.clone();
        registry.set_segment(segment).map_err(|unfit| inconsistent(format!("segment {id}: {unfit}")))?;
    }
    for kind in bundled::kinds().into_iter().chain(store.kinds()?) {
        let name = kind.kind.clone();
        registry.kinds.insert(kind).map_err(|problem| inconsistent(format!("kind {name}: {}", problem.message)))?;
    }
    reach(Point::KindsRead);
    let (policies, campaigns) = (store.policies()?, store.campaigns()?);
    let needed = needed(&campaigns);
    let found = side_by_side(&policies, |policy| match needed.contains(&policy.digest) {
        true => load(components, workers, &policy.digest).into(),
        false => look(components, &policy.digest),
    });
    for (policy, component) in policies.into_iter().zip(found.map_err(StartError::Thread)?) {
        registry.publish(Published { policy: Arc::new(policy), component });
    }
    reach(Point::PoliciesRead);
    registry.stops = store.stops()?.into_iter().collect();
    for campaign in campaigns {
        let id = campaign.id.clone();
        let set = registry.set_campaign(Arc::new(campaign));
        set.map_err(|unfit| inconsistent(format!("campaign {id}: {unfit}")))?;
    }
    reach(Point::CampaignsRead);
    for destination in store.destinations()? {
        registry.destinations.insert(destination.id.clone(), Arc::new(destination));
    }
    tell_too_far(&registry);
    tell_broken(&registry);
    Ok(registry)
}

/// The policies that decide for campaigns, are tried in them, or may be gone back to without asking. Others are loaded when somebody
/// asks for them: a host with hundreds of versions starts as fast as one with those that are in use.
fn needed(campaigns: &[Campaign]) -> BTreeSet<Digest> {
    let in_use = campaigns.iter().filter(|campaign| campaign.lifecycle != Lifecycle::Ended);
    let of_campaign = |campaign: &Campaign| {
        let Campaign { activations, rollout, .. } = campaign;
        let activated = activations.earlier.iter().chain([&activations.active]).map(|activation| activation.policy);
        let tried = rollout.as_ref().map(|rollout| rollout.policy);
        activated.chain(tried).collect::<Vec<_>>()
    };
    in_use.flat_map(of_campaign).collect()
}

/// Does some work on every item, on as many threads as the machine has cores. Results come in the order of the items.
fn side_by_side<T: Sync, U: Send>(items: &[T], work: impl Fn(&T) -> U + Sync) -> io::Result<Vec<U>> {
    let next = AtomicUsize::new(0);
    let take = || {
        let mut done = Vec::new();
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(place) else { return done };
            done.push((place, work(item)));
        }
    };
    let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get).min(items.len());
    let mut done = thread::scope(|scope| {
        let helpers = (1..threads).map(|_| thread::Builder::new().spawn_scoped(scope, take));
        let helpers = helpers.collect::<io::Result<Vec<_>>>()?;
        let own = take();
        let helped = helpers.into_iter().flat_map(|helper| helper.join().unwrap_or_else(|panic| resume_unwind(panic)));
        Ok::<_, io::Error>(own.into_iter().chain(helped).collect::<Vec<_>>())
    })?;
    done.sort_unstable_by_key(|(place, _)| *place);
    Ok(done.into_iter().map(|(_, result)| result).collect())
}

/// Sees that a published component is there.
fn look(components: &Components, digest: &Digest) -> Component {
    components.get(digest).map_or_else(|error| Component::Broken(crate::chain(&error).into()), |_| Component::Kept)
}

/// Makes a published component ready to run, or says why it cannot be.
pub(crate) fn load(components: &Components, workers: &Workers, digest: &Digest) -> Result<Arc<LoadedPolicy>, Arc<str>> {
    try_load(components, workers, digest).map_err(|error| crate::chain(&error).into())
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

/// Says which campaigns were made when the host showed inviters farther away.
fn tell_too_far(registry: &Registry) {
    for active in registry.campaigns() {
        let settings = &active.campaign.settings;
        if let Some(problem) = fit::too_far(settings, active.published.manifest(), registry.inviter_distance) {
            tracing::warn!(campaign = %active.campaign.id, "the policy {}", problem.message);
        }
    }
}

/// Tells the operator of each policy that cannot be run, what that means and what to do.
fn tell_broken(registry: &Registry) {
    for published in registry.policies() {
        let Some(why) = published.broken() else { continue };
        let users: Vec<&str> = registry.users(&published.policy.digest).map(|campaign| campaign.id.as_str()).collect();
        let manifest = published.manifest();
        tracing::error!(
            policy = %format!("{}@{}", manifest.name, manifest.version),
            digest = %published.policy.digest,
            held = users.join(", "),
            "a policy cannot be run: {why}; its campaigns are held until the same bytes are published again"
        );
    }
    count_broken(registry);
}

/// Measures how many policies cannot be run.
pub(crate) fn count_broken(registry: &Registry) {
    let broken: u32 = registry.policies().filter_map(Published::broken).map(|_| 1).sum();
    metrics::gauge!("largesse_policies_broken").set(f64::from(broken));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_done_side_by_side_comes_in_order() {
        for count in [0_u64, 1, 2, 1_000] {
            let items: Vec<u64> = (0..count).collect();
            let expected: Vec<u64> = items.iter().map(|item| item * 2).collect();
            assert_eq!(side_by_side(&items, |item| item * 2).unwrap(), expected);
        }
    }
}
