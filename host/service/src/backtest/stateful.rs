//! The recorded events from the start, in what is active and in what is tried.
//!
//! Both hosts begin with nothing but what operators have set: kinds, units, stock, pockets, campaigns as they are now with every revision of
//! their parameters, each from when it was created on, and the tags that operators gave to customers. What the record does not tell is not
//! repeated: redemptions, reversals and reservations through the API, attributes that operators set, earlier versions and settings.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use largesse_documents::report::{Mode, ReportView};
use largesse_documents::{CampaignSpec, PolicyRef};
use largesse_domain::campaign::{Campaign, Settings};
use largesse_domain::cascade::is_own_source;
use largesse_domain::customer::Fact;
use largesse_domain::event::{Admission, Event};
use largesse_domain::id::{AttributeName, CampaignId, CustomerId, DecisionId, EventSeq, Tag};
use largesse_domain::json::Json;
use largesse_domain::ledger::Account;
use largesse_domain::lifecycle::Lifecycle;
use largesse_domain::outcome::{Decision, Done, Outcome, Verdict};
use largesse_domain::run::{Numbered, Spans};
use largesse_domain::time::Instant;
use largesse_domain::unit::{Quantity, Unit};
use largesse_store::{DecisionFilter, Store, StoreError};

use super::simulated::{Planned, Setup};
use super::two::Two;
use super::{Engines, RunError};
use crate::components::{Components, digest_of};
use crate::intake::{self, Arrival};

/// Rows that are read at once.
const PAGE: u64 = 512;

/// What is tried: whatever is absent stays as it is.
#[derive(Clone, Debug, Default)]
pub struct Alternative {
    /// Another component.
    pub component: Option<Vec<u8>>,
    /// Other parameters, for events of any time.
    pub params: Option<Json>,
    /// Other settings: budgets, limits, audience.
    pub settings: Option<Settings>,
}

/// What was recorded, and what of it is changed.
pub struct Recorded<'a> {
    /// The record.
    pub store: &'a dyn Store,
    /// The components of its policies.
    pub components: &'a Components,
    /// The campaign that is changed.
    pub campaign: CampaignId,
    /// How.
    pub alternative: Alternative,
    /// The attribute that customers are told apart by.
    pub segment: Option<AttributeName>,
}

/// Runs the recorded events through what is active and through the alternative. `progress` is told the events decided by then.
///
/// # Errors
/// When the store cannot be read, the alternative is not taken, or a host in memory fails.
pub async fn stateful(
    recorded: &Recorded<'_>,
    engines: &Engines,
    progress: impl Fn(u64),
) -> Result<ReportView, RunError> {
    let store = recorded.store;
    let then = setup(store, recorded.components)?;
    let now = changed(&then, recorded)?;
    let mut events = Events { store, spans: store.assigned(Numbered::Event)?, read: 0, removed: 0 };
    let mut page = events.next()?;
    let first = page.first().map_or(Instant::MIN, |(admission, _)| admission.at);
    let mut hosts = Two::start((Some(&then), &now), first, engines, true).await?;
    let mut decisions = Decisions { store, page: Vec::new().into_iter().peekable(), read: DecisionId(0) };
    let mut tags = Tags { store, known: HashSet::new(), by_policies: None };
    while !page.is_empty() {
        for together in page.chunk_by(|one, other| one.0.at == other.0.at) {
            let (at, mut arrivals) = (together[0].0.at, Vec::with_capacity(together.len()));
            for (_, event) in together.iter().filter(|(_, event)| !is_own_source(&event.key.source)) {
                let facts = tags.of(&event.actor)?;
                if !facts.is_empty() {
                    for host in hosts.both() {
                        host.learn(event.actor.clone(), facts.clone()).await?;
                    }
                }
                arrivals.push(arrival(&hosts, event)?);
            }
            hosts.decide(at, &arrivals).await?;
            progress(together.len() as u64);
        }
        let upto = page.last().map_or(EventSeq(0), |(admission, _)| admission.seq);
        while let Some(decision) = decisions.next(upto)? {
            hosts.recorded(decision);
        }
        page = events.next()?;
    }
    while let Some(decision) = decisions.next(EventSeq(u64::MAX))? {
        hosts.recorded(decision);
    }
    if events.removed > 0 {
        hosts.left_out("the data of the event was removed", events.removed);
    }
    hosts.finish(Mode::Stateful, recorded.segment.as_ref()).await
}

fn arrival(hosts: &Two, event: &Event) -> Result<Arrival, RunError> {
    intake::again(Arc::new(event.clone()), &hosts.now().registry().kinds).map_err(|rejected| RunError::Setup {
        what: format!("the event {}", event.key.id),
        source: crate::pipeline::ControlError::NotFound { what: "event", name: rejected.to_string() }.into(),
    })
}

/// What operators have set, as far as the store tells.
fn setup(store: &dyn Store, components: &Components) -> Result<Setup, RunError> {
    let catalogue = store.catalogue()?;
    let campaigns: Vec<Campaign> =
        store.campaigns()?.into_iter().filter(|campaign| campaign.lifecycle != Lifecycle::Draft).collect();
    let digests: BTreeSet<_> = campaigns.iter().map(|campaign| campaign.activations.active.policy).collect();
    let read = |digest| components.get(digest).map(Arc::from);
    Ok(Setup {
        kinds: store.kinds()?,
        units: catalogue.units.into_values().collect(),
        stock: stock(store)?,
        pockets: catalogue.pockets.into_values().collect(),
        segments: catalogue.segments.into_values().collect(),
        programmes: catalogue.programmes.into_values().collect(),
        components: digests.iter().map(read).collect::<Result<_, _>>()?,
        customers: Vec::new(),
        campaigns: campaigns.iter().map(planned).collect(),
    })
}

fn planned(campaign: &Campaign) -> Planned {
    let active = &campaign.activations.active;
    let first = campaign.activations.earlier.iter().chain([active]).map(|activation| activation.at).min();
    let revisions = campaign.revisions.iter().filter(|revision| active.revisions.contains(&revision.number));
    let spec = |params: &Json, effective_from| CampaignSpec {
        settings: campaign.settings.clone(),
        policy: PolicyRef::ByDigest(active.policy),
        params: params.clone(),
        effective_from: Some(effective_from),
    };
    Planned {
        id: campaign.id.clone(),
        from: first,
        revisions: revisions.map(|revision| spec(&revision.params, revision.effective_from)).collect(),
    }
}

/// What has arrived of each unit less what was written off.
fn stock(store: &dyn Store) -> Result<Vec<(Unit, Quantity)>, RunError> {
    let (mut sums, mut after) = (BTreeMap::<Unit, i128>::new(), 0);
    loop {
        let page = store.transfers(after, usize::try_from(PAGE).unwrap_or(usize::MAX))?;
        let Some((last, _)) = page.last() else { break };
        after = *last;
        for (_, transfer) in page {
            let quantity = i128::from(transfer.quantity.get());
            match (transfer.debit, transfer.credit) {
                (Account::Supply, Account::Stock) => *sums.entry(transfer.unit).or_default() += quantity,
                (Account::Stock, Account::Supply) => *sums.entry(transfer.unit).or_default() -= quantity,
                _ => {}
            }
        }
    }
    let whole = |(unit, sum)| Some((unit, u64::try_from(sum).ok().and_then(|sum| Quantity::new(sum).ok())?));
    Ok(sums.into_iter().filter_map(whole).filter(|(_, quantity)| quantity.get() > 0).collect())
}

/// The same with the alternative in the place of what it changes.
fn changed(setup: &Setup, recorded: &Recorded<'_>) -> Result<Setup, RunError> {
    let Alternative { component, params, settings } = recorded.alternative.clone();
    let mut setup = setup.clone();
    let campaign = setup.campaigns.iter_mut().find(|planned| planned.id == recorded.campaign);
    let campaign = campaign.ok_or_else(|| RunError::NoCampaign(recorded.campaign.to_string()))?;
    if params.is_some() {
        campaign.revisions.truncate(1);
    }
    for spec in &mut campaign.revisions {
        spec.params = params.clone().unwrap_or_else(|| spec.params.clone());
        spec.settings = settings.clone().unwrap_or_else(|| spec.settings.clone());
        if let Some(component) = &component {
            spec.policy = PolicyRef::ByDigest(digest_of(component));
        }
    }
    setup.components.extend(component.map(Arc::from));
    Ok(setup)
}

/// The recorded events, in order of admission.
struct Events<'a> {
    store: &'a dyn Store,
    spans: Spans,
    read: u64,
    /// How many had no data any more.
    removed: u64,
}

impl Events<'_> {
    /// The next ones that have their data; none at the end.
    fn next(&mut self) -> Result<Vec<(Admission, Event)>, StoreError> {
        while let Some(page) = self.spans.page(self.read, u64::MAX, PAGE) {
            self.read = *page.end();
            let seqs: Vec<_> = page.map(EventSeq).collect();
            let found: Vec<_> = self.store.events(&seqs)?.into_iter().flatten().collect();
            self.removed += (seqs.len() - found.len()) as u64;
            if !found.is_empty() {
                return Ok(found);
            }
        }
        Ok(Vec::new())
    }
}

/// The recorded decisions, in order.
struct Decisions<'a> {
    store: &'a dyn Store,
    page: std::iter::Peekable<std::vec::IntoIter<Decision>>,
    read: DecisionId,
}

impl Decisions<'_> {
    /// The next, if it is on an event up to this one.
    fn next(&mut self, upto: EventSeq) -> Result<Option<Decision>, StoreError> {
        if self.page.peek().is_none() {
            let limit = usize::try_from(PAGE).unwrap_or(usize::MAX);
            let page = self.store.decisions(&DecisionFilter::default(), self.read, limit)?;
            self.read = page.last().map_or(self.read, |last| last.id);
            self.page = page.into_iter().peekable();
        }
        Ok(self.page.next_if(|decision| decision.event <= upto))
    }
}

/// The tags that operators gave, told of when a customer first appears.
struct Tags<'a> {
    store: &'a dyn Store,
    known: HashSet<CustomerId>,
    by_policies: Option<HashSet<(CustomerId, Tag)>>,
}

impl Tags<'_> {
    fn of(&mut self, customer: &CustomerId) -> Result<Vec<Fact>, StoreError> {
        if !self.known.insert(customer.clone()) {
            return Ok(Vec::new());
        }
        let tags = self.store.customer(customer)?.map(|known| known.tags).unwrap_or_default();
        if tags.is_empty() {
            return Ok(Vec::new());
        }
        let by_policies = match self.by_policies.take() {
            Some(known) => known,
            None => self.set_by_policies()?,
        };
        let by_operators = |tag: &Tag| !by_policies.contains(&(customer.clone(), tag.clone()));
        let facts = tags.into_iter().filter(|(tag, _)| by_operators(tag)).map(|(tag, until)| Fact::Tag(tag, until));
        let facts = facts.collect();
        self.by_policies = Some(by_policies);
        Ok(facts)
    }

    fn set_by_policies(&self) -> Result<HashSet<(CustomerId, Tag)>, StoreError> {
        let mut decisions =
            Decisions { store: self.store, page: Vec::new().into_iter().peekable(), read: DecisionId(0) };
        let mut set = HashSet::new();
        while let Some(decision) = decisions.next(EventSeq(u64::MAX))? {
            let Verdict::Accepted(outcomes) = decision.verdict else { continue };
            set.extend(outcomes.into_iter().filter_map(|outcome| match outcome {
                Outcome::Applied(Done::Tagged { to, tag, .. }) => Some((to, tag)),
                _ => None,
            }));
        }
        Ok(set)
    }
}
