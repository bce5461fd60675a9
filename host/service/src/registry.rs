//! What is published and what runs: one immutable picture, replaced as a whole when an operator changes something.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use largesse_domain::campaign::{Campaign, Revision};
use largesse_domain::catalogue::Catalogue;
use largesse_domain::destination::Destination;
use largesse_domain::id::{CampaignId, DestinationId, Digest, EventKind, PolicyName, PolicyVersion};
use largesse_domain::policy::{Manifest, Policy, RoleSource};
use largesse_domain::time::Instant;
use largesse_engine::LoadedPolicy;

use crate::intake::Arrival;
use crate::kinds::Kinds;
use crate::zone::Zone;

/// A policy that can be run.
#[derive(Clone)]
pub struct Published {
    /// What it is.
    pub policy: Arc<Policy>,
    /// The component, compiled.
    pub loaded: Arc<LoadedPolicy>,
}

impl Published {
    /// What it says of itself.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.policy.manifest
    }
}

/// A campaign with what its decisions need at hand.
pub struct Active {
    /// The campaign.
    pub campaign: Arc<Campaign>,
    /// Its time zone.
    pub zone: Zone,
    /// The policy of each revision, in the order of the revisions.
    policies: Vec<Published>,
}

impl Active {
    /// The revision for an event time, with its policy.
    #[must_use]
    pub fn at(&self, occurred: Instant) -> (&Revision, &Published) {
        let revision = self.campaign.revision_at(occurred);
        let index = self.campaign.revisions.iter().position(|other| other.number == revision.number).unwrap_or(0);
        (revision, &self.policies[index])
    }

    /// The policy of the latest revision.
    #[must_use]
    pub fn latest(&self) -> &Published {
        &self.policies[self.policies.len() - 1]
    }

    fn kinds(&self) -> BTreeSet<&EventKind> {
        let subscribed = self.policies.iter().flat_map(|published| &published.manifest().subscriptions);
        let mut kinds: BTreeSet<&EventKind> = subscribed.map(|subscription| &subscription.kind).collect();
        if self.policies.iter().any(|published| sees_inviters(published.manifest())) {
            kinds.extend(&self.campaign.settings.attribution.bind_on);
        }
        kinds
    }
}

/// Whether the policy is shown inviters, so that the campaign has to bind them.
#[must_use]
pub fn sees_inviters(manifest: &Manifest) -> bool {
    manifest.roles.iter().any(|role| matches!(role.source, RoleSource::Inviter(_)))
}

/// What is published and what runs.
#[derive(Clone, Default)]
pub struct Registry {
    /// The event kinds.
    pub kinds: Kinds,
    /// Where deliveries go.
    pub destinations: BTreeMap<DestinationId, Arc<Destination>>,
    /// What operators say of units and pockets.
    pub catalogue: Arc<Catalogue>,
    policies: BTreeMap<Digest, Published>,
    published: Vec<Digest>,
    campaigns: BTreeMap<CampaignId, Arc<Active>>,
    routes: BTreeMap<EventKind, Vec<CampaignId>>,
}

impl Registry {
    /// Adds a policy.
    pub fn publish(&mut self, published: Published) {
        let digest = published.policy.digest;
        if self.policies.insert(digest, published).is_none() {
            self.published.push(digest);
        }
    }

    /// Adds or replaces a campaign. `None` when its zone or one of its policies is not known.
    pub fn set_campaign(&mut self, campaign: Arc<Campaign>) -> Option<()> {
        let zone = Zone::new(&campaign.settings.time_zone)?;
        let policies: Option<Vec<_>> =
            campaign.revisions.iter().map(|revision| self.policies.get(&revision.policy).cloned()).collect();
        let id = campaign.id.clone();
        self.campaigns.insert(id, Arc::new(Active { campaign, zone, policies: policies? }));
        self.route();
        Some(())
    }

    fn route(&mut self) {
        self.routes.clear();
        for (id, active) in &self.campaigns {
            for kind in active.kinds() {
                self.routes.entry(kind.clone()).or_default().push(id.clone());
            }
        }
    }

    /// The campaigns that an event may concern, by id.
    pub fn routed<'a>(&'a self, arrival: &'a Arrival) -> impl Iterator<Item = &'a Arc<Active>> {
        let ids = self.routes.get(&arrival.event.kind).into_iter().flatten();
        let only = arrival.concerned.as_ref().map(|concerned| &concerned.campaign);
        ids.filter(move |id| only.is_none_or(|only| only == *id)).filter_map(|id| self.campaigns.get(id))
    }

    /// A campaign.
    #[must_use]
    pub fn campaign(&self, id: &CampaignId) -> Option<&Arc<Active>> {
        self.campaigns.get(id)
    }

    /// All campaigns, by id.
    pub fn campaigns(&self) -> impl Iterator<Item = &Arc<Active>> {
        self.campaigns.values()
    }

    /// A policy by its digest.
    #[must_use]
    pub fn policy(&self, digest: &Digest) -> Option<&Published> {
        self.policies.get(digest)
    }

    /// All policies, in order of publication.
    pub fn policies(&self) -> impl DoubleEndedIterator<Item = &Published> {
        self.published.iter().filter_map(|digest| self.policies.get(digest))
    }

    /// The policy of that name, and version if one is given, that was published last.
    #[must_use]
    pub fn named(&self, name: &PolicyName, version: Option<&PolicyVersion>) -> Option<&Published> {
        let matches = |published: &&Published| {
            let manifest = published.manifest();
            manifest.name == *name && version.is_none_or(|version| manifest.version == *version)
        };
        self.policies().rev().find(matches)
    }
}
