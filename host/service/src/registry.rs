//! What is published and what runs: one immutable picture, replaced as a whole when an operator changes something.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use largesse_documents::PolicyRef;
use largesse_domain::campaign::{Campaign, Revision};
use largesse_domain::cascade::{Happening, Trail};
use largesse_domain::catalogue::Catalogue;
use largesse_domain::destination::Destination;
use largesse_domain::id::{CampaignId, DestinationId, Digest, EventKind, PolicyName, PolicyVersion, SegmentId};
use largesse_domain::lifecycle::Lifecycle;
use largesse_domain::policy::{Manifest, Policy, RoleSource};
use largesse_domain::problem::Problem;
use largesse_domain::protection::Stop;
use largesse_domain::rollout::{Rollout, RolloutMode, Side};
use largesse_domain::segment::{Audience, Segment};
use largesse_domain::time::Instant;
use largesse_engine::LoadedPolicy;

use crate::intake::Arrival;
use crate::kinds::Kinds;
use crate::segment::Rule;
use crate::zone::Zone;

/// A published policy.
#[derive(Clone)]
pub struct Published {
    /// What it is.
    pub policy: Arc<Policy>,
    /// How far its component has got.
    pub component: Component,
}

/// How far the component of a published policy has got.
#[derive(Clone)]
pub enum Component {
    /// It can be run.
    Loaded(Arc<LoadedPolicy>),
    /// It is on disk as it was published. Nobody has needed it since the host started.
    Kept,
    /// It cannot be run, for this reason. Publishing the same bytes again mends it.
    Broken(Arc<str>),
}

impl From<Result<Arc<LoadedPolicy>, Arc<str>>> for Component {
    fn from(loaded: Result<Arc<LoadedPolicy>, Arc<str>>) -> Self {
        loaded.map_or_else(Self::Broken, Self::Loaded)
    }
}

impl Published {
    /// The component, when it can be run.
    #[must_use]
    pub fn loaded(&self) -> Option<&Arc<LoadedPolicy>> {
        match &self.component {
            Component::Loaded(loaded) => Some(loaded),
            Component::Kept | Component::Broken(_) => None,
        }
    }

    /// Why it cannot be run, when it cannot.
    #[must_use]
    pub fn broken(&self) -> Option<&str> {
        match &self.component {
            Component::Broken(why) => Some(why),
            Component::Loaded(_) | Component::Kept => None,
        }
    }

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
    /// The version that is active.
    pub published: Published,
    /// The version that is tried.
    pub candidate: Option<Published>,
    /// For whom it is; everyone when `None`.
    pub audience: Option<Arc<Rule>>,
}

/// Why a campaign or a segment cannot be set.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    /// It uses what there is not.
    #[error("there is no {what} {name}")]
    Unknown {
        /// What it is.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// Its condition cannot be read.
    #[error("{} {}", .0.pointer, .0.message)]
    Condition(Problem),
}

impl Active {
    /// The versions that decide: the active one and, while a canary is on, the candidate.
    pub fn deciding(&self) -> impl Iterator<Item = (Side, &Published)> {
        let canary = matches!(self.campaign.rollout, Some(Rollout { mode: RolloutMode::Canary { .. }, .. }));
        let candidate = self.candidate.as_ref().filter(|_| canary);
        [(Side::Active, &self.published)].into_iter().chain(candidate.map(|candidate| (Side::Candidate, candidate)))
    }

    /// The parameters for an event time, of one of the versions at work.
    #[must_use]
    pub fn revision(&self, side: Side, occurred: Instant) -> &Revision {
        let numbers = match (side, &self.campaign.rollout) {
            (Side::Candidate, Some(rollout)) => &rollout.revisions,
            _ => &self.campaign.activations.active.revisions,
        };
        self.campaign.revision_at(numbers, occurred)
    }

    /// Whether a version that decides is shown inviters, so that the campaign has to bind them.
    #[must_use]
    pub fn sees_inviters(&self) -> bool {
        self.deciding().any(|(_, published)| sees_inviters(published.manifest()))
    }

    /// Whether a version that decides is shown the members of entities.
    #[must_use]
    pub fn sees_members(&self) -> bool {
        let sees = |manifest: &Manifest| manifest.roles.iter().any(|role| role.source == RoleSource::Members);
        self.deciding().any(|(_, published)| sees(published.manifest()))
    }

    /// Whether it makes no decisions for now because a version that decides cannot be run.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.deciding().any(|(_, published)| published.loaded().is_none())
    }

    /// Whether it is live and uses a subscription to this.
    fn hears_of(&self, happening: Happening) -> bool {
        let mut subscribed = self.deciding().flat_map(|(_, published)| &published.manifest().subscriptions);
        self.campaign.lifecycle.is_live()
            && subscribed
                .any(|declared| declared.kind.as_str() == happening.kind() && self.campaign.subscribes(declared))
    }

    fn kinds(&self) -> BTreeSet<&EventKind> {
        let subscribed = self.deciding().flat_map(|(_, published)| &published.manifest().subscriptions);
        let mut kinds: BTreeSet<&EventKind> = subscribed.map(|subscription| &subscription.kind).collect();
        if self.sees_inviters() {
            kinds.extend(&self.campaign.settings.attribution.bind_on);
        }
        kinds
    }
}

fn sees_inviters(manifest: &Manifest) -> bool {
    manifest.roles.iter().any(|role| matches!(role.source, RoleSource::Inviter(_)))
}

/// What is published and what runs.
#[derive(Clone, Default)]
pub struct Registry {
    /// The event kinds.
    pub kinds: Kinds,
    /// Where deliveries go.
    pub destinations: BTreeMap<DestinationId, Arc<Destination>>,
    /// What operators say of units, pockets and segments.
    pub catalogue: Arc<Catalogue>,
    /// How far off inviters are shown to policies.
    pub inviter_distance: u8,
    /// Versions that may not decide anywhere.
    pub stops: BTreeMap<Digest, Stop>,
    policies: BTreeMap<Digest, Published>,
    published: Vec<Digest>,
    campaigns: BTreeMap<CampaignId, Arc<Active>>,
    segments: BTreeMap<SegmentId, Arc<Rule>>,
    routes: BTreeMap<EventKind, Vec<CampaignId>>,
    /// What live campaigns want to hear of that the host did.
    heard: BTreeMap<Happening, Vec<CampaignId>>,
}

impl Registry {
    /// What policies must fit.
    pub(crate) fn fits(&self) -> (&Kinds, u8) {
        (&self.kinds, self.inviter_distance)
    }

    /// Adds a policy. It is the one published last, also when it was published before.
    pub fn publish(&mut self, published: Published) {
        let digest = published.policy.digest;
        self.published.retain(|other| *other != digest);
        self.published.push(digest);
        self.put(published);
    }

    /// Notes what has become of the component of a policy.
    pub fn set_component(&mut self, policy: &Digest, component: Component) {
        if let Some(published) = self.policies.get(policy) {
            self.put(Published { component, ..published.clone() });
        }
    }

    fn put(&mut self, published: Published) {
        let digest = published.policy.digest;
        self.policies.insert(digest, published);
        let users: Vec<_> = self.users(&digest).cloned().collect();
        for campaign in users {
            self.set_campaign(campaign).expect("what it uses is known: it was set before");
        }
    }

    /// The campaigns in which a policy is active or tried, by id.
    pub fn users(&self, policy: &Digest) -> impl Iterator<Item = &Arc<Campaign>> {
        let is = |published: &Published| published.policy.digest == *policy;
        let uses = move |active: &&Arc<Active>| is(&active.published) || active.candidate.as_ref().is_some_and(is);
        self.campaigns.values().filter(uses).map(|active| &active.campaign)
    }

    /// Adds or replaces a campaign.
    ///
    /// # Errors
    /// When its zone, one of its policies or its segment is not known, or its condition cannot be read.
    pub fn set_campaign(&mut self, campaign: Arc<Campaign>) -> Result<(), Unfit> {
        let unknown = |what, name: String| Unfit::Unknown { what, name };
        let zone = &campaign.settings.time_zone;
        let zone = Zone::new(zone).ok_or_else(|| unknown("time zone", zone.clone()))?;
        let policy =
            |digest: &Digest| self.policies.get(digest).cloned().ok_or_else(|| unknown("policy", digest.to_string()));
        let published = policy(&campaign.activations.active.policy)?;
        let candidate = campaign.rollout.as_ref().map(|rollout| policy(&rollout.policy)).transpose()?;
        let audience = self.audience(&campaign)?;
        let active = Active { zone, published, candidate, audience, campaign: Arc::clone(&campaign) };
        self.campaigns.insert(campaign.id.clone(), Arc::new(active));
        self.route();
        Ok(())
    }

    fn audience(&self, campaign: &Campaign) -> Result<Option<Arc<Rule>>, Unfit> {
        let condition = match &campaign.settings.audience {
            Audience::Everyone => return Ok(None),
            Audience::Segment(id) => {
                let rule = self.segments.get(id).cloned();
                let unknown = || Unfit::Unknown { what: "segment", name: id.to_string() };
                return rule.ok_or_else(unknown).map(Some);
            }
            Audience::Where(condition) => condition,
        };
        // Reading takes a while, and a campaign changes more often than its condition.
        let before = self.campaigns.get(&campaign.id);
        if let Some(before) = before.filter(|before| before.campaign.settings.audience == campaign.settings.audience) {
            return Ok(before.audience.clone());
        }
        let unread = |message| Unfit::Condition(Problem { pointer: "/audience/where".into(), message });
        Rule::read(condition).map(|rule| Some(Arc::new(rule))).map_err(unread)
    }

    /// Adds or replaces a segment, also where campaigns use it.
    ///
    /// # Errors
    /// When its condition cannot be read.
    pub fn set_segment(&mut self, segment: Segment) -> Result<(), Unfit> {
        let unread = |message| Unfit::Condition(Problem { pointer: "/where".into(), message });
        let rule = Rule::read(&segment.condition).map_err(unread)?;
        self.segments.insert(segment.id.clone(), Arc::new(rule));
        let audience = Audience::Segment(segment.id.clone());
        let campaigns = self.campaigns.values().map(|active| &active.campaign);
        let users: Vec<_> = campaigns.filter(|campaign| campaign.settings.audience == audience).cloned().collect();
        Arc::make_mut(&mut self.catalogue).segments.insert(segment.id.clone(), segment);
        users.into_iter().try_for_each(|campaign| self.set_campaign(campaign))
    }

    fn route(&mut self) {
        self.routes.clear();
        self.heard.clear();
        for (id, active) in &self.campaigns {
            for kind in active.kinds() {
                self.routes.entry(kind.clone()).or_default().push(id.clone());
            }
            for happening in Happening::ALL.iter().filter(|happening| active.hears_of(**happening)) {
                self.heard.entry(*happening).or_default().push(id.clone());
            }
        }
    }

    /// The event kind whose campaigns have the most expensive audiences together, and the most steps that they take.
    #[must_use]
    pub fn audience_steps(&self) -> Option<(&EventKind, u64)> {
        let steps = |id: &CampaignId| {
            let active = self.campaigns.get(id).filter(|active| active.campaign.lifecycle != Lifecycle::Ended)?;
            active.audience.as_ref().map(|rule| rule.steps())
        };
        let all = self.routes.iter();
        all.map(|(kind, ids)| (kind, ids.iter().filter_map(steps).sum())).max_by_key(|(_, steps)| *steps)
    }

    /// Whether any campaign hears of anything that the host does.
    #[must_use]
    pub fn hears(&self) -> bool {
        !self.heard.is_empty()
    }

    /// Whether a campaign hears of this at that time that is not on the trail; when only one may be told, whether that does.
    #[must_use]
    pub fn hears_of(
        &self,
        happening: Happening,
        occurred: Instant,
        (trail, only): (&Trail, Option<&CampaignId>),
    ) -> bool {
        let hears = |id: &CampaignId| {
            trail.avoids(id)
                && only.is_none_or(|only| only == id)
                && self.campaigns.get(id).is_some_and(|active| active.campaign.takes(occurred))
        };
        self.heard.get(&happening).into_iter().flatten().any(hears)
    }

    /// The campaigns that an event may concern, by id.
    pub fn routed<'a>(&'a self, arrival: &'a Arrival) -> impl Iterator<Item = &'a Arc<Active>> {
        let ids = self.routes.get(&arrival.event.kind).into_iter().flatten();
        let only = arrival.concerned.as_ref().map(|concerned| &concerned.campaign);
        let concerns = move |id: &&CampaignId| only.is_none_or(|only| only == *id) && arrival.trail.avoids(id);
        ids.filter(concerns).filter_map(|id| self.campaigns.get(id))
    }

    /// Whether a campaign keeps its events for later: it is paused, or its version is stopped or cannot be run.
    #[must_use]
    pub fn holds(&self, campaign: &Campaign) -> bool {
        campaign.lifecycle == Lifecycle::Paused
            || self.stops.contains_key(&campaign.activations.active.policy)
            || self.campaigns.get(&campaign.id).is_some_and(|active| active.is_held())
    }

    /// The campaigns that decide now.
    pub fn open(&self) -> Vec<CampaignId> {
        let campaigns = self.campaigns.values().map(|active| &active.campaign);
        let open = campaigns.filter(|campaign| campaign.lifecycle.is_live() && !self.holds(campaign));
        open.map(|campaign| campaign.id.clone()).collect()
    }

    /// A campaign.
    #[must_use]
    pub fn campaign(&self, id: &CampaignId) -> Option<&Arc<Active>> {
        self.campaigns.get(id)
    }

    /// All campaigns, by id.
    pub fn campaigns(&self) -> impl Iterator<Item = &Arc<Active>> + Clone {
        self.campaigns.values()
    }

    /// A policy by its digest.
    #[must_use]
    pub fn policy(&self, digest: &Digest) -> Option<&Published> {
        self.policies.get(digest)
    }

    /// The policy that a reference means.
    #[must_use]
    pub fn find(&self, policy: &PolicyRef) -> Option<&Published> {
        match policy {
            PolicyRef::ByDigest(digest) => self.policy(digest),
            PolicyRef::Latest { name } => self.named(name, None),
            PolicyRef::ByVersion { name, version } => self.named(name, Some(version)),
        }
    }

    /// All policies, in order of publication.
    pub fn policies(&self) -> impl DoubleEndedIterator<Item = &Published> {
        self.published.iter().filter_map(|digest| self.policies.get(digest))
    }

    /// All policies, by name and then by version; of one version, in order of publication.
    #[must_use]
    pub fn by_name(&self) -> Vec<&Published> {
        let mut policies: Vec<&Published> = self.policies().collect();
        policies.sort_by_cached_key(|published| {
            let manifest = published.manifest();
            (manifest.name.clone(), semver::Version::parse(manifest.version.as_str()).ok())
        });
        policies
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
