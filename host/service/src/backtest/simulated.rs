//! A host of its own in memory, whose clock follows the events that it is given.

use std::collections::BTreeMap;
use std::sync::Arc;

use largesse_documents::CampaignSpec;
use largesse_domain::catalogue::{Pocket, UnitTerms};
use largesse_domain::customer::Fact;
use largesse_domain::id::{CampaignId, CustomerId, DecisionId, RequestId};
use largesse_domain::lifecycle::Command;
use largesse_domain::limits::INVITER_DISTANCE_MAX;
use largesse_domain::outcome::Decision;
use largesse_domain::programme::Programme;
use largesse_domain::restock::StockChange;
use largesse_domain::segment::Segment;
use largesse_domain::time::Instant;
use largesse_domain::unit::{Quantity, Unit};
use largesse_engine::Workers;
use largesse_store::{DecisionFilter, Kind, MemoryStore, Store, StoreError};

use super::RunError;
use crate::clock::Clock;
use crate::commands::{Learn, Restock, SetPocket, SetProgramme, SetUnit};
use crate::components::Components;
use crate::intake::Arrival;
use crate::pipeline::{EventResult, Precondition};
use crate::registry::Registry;
use crate::{ChangeError, Gaps, Parts, PublicationRules, Retention, Service};

/// Most events that are decided together.
const DECIDED_TOGETHER: usize = 512;

/// What such a host knows and runs.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// Event kinds beside the bundled ones.
    pub kinds: Vec<Kind>,
    /// Units with terms.
    pub units: Vec<UnitTerms>,
    /// Pieces on hand.
    pub stock: Vec<(Unit, Quantity)>,
    /// Budgets that campaigns share.
    pub pockets: Vec<Pocket>,
    /// Sets of customers.
    pub segments: Vec<Segment>,
    /// Programmes in which customers stand.
    pub programmes: Vec<Programme>,
    /// Components, in order of publication.
    pub components: Vec<Arc<[u8]>>,
    /// What is known of customers before the first event.
    pub customers: Vec<(CustomerId, Vec<Fact>)>,
    /// Campaigns.
    pub campaigns: Vec<Planned>,
}

/// A campaign that is going to run.
#[derive(Clone, Debug)]
pub struct Planned {
    /// Its id.
    pub id: CampaignId,
    /// When it is created and started by the host's clock; before the first event when absent.
    pub from: Option<Instant>,
    /// Its document, once for each revision of its parameters, in order; at least one.
    pub revisions: Vec<CampaignSpec>,
}

/// The host. Everything in it is forgotten with it.
pub(super) struct Simulated {
    service: Service,
    store: Arc<MemoryStore>,
    /// Campaigns that are not there yet, the last to come first.
    planned: Vec<Planned>,
    /// The last decision that was taken from it.
    taken: DecisionId,
    /// Events that were not decided, by why.
    pub(super) not_run: BTreeMap<String, u64>,
    /// Events whose decisions the clock or the host stopped.
    pub(super) stopped: u64,
}

impl Simulated {
    /// Starts a host whose clock stands at a time.
    pub(super) async fn start(
        setup: &Setup,
        at: Instant,
        (workers, seed_secret): (Arc<Workers>, [u8; 32]),
    ) -> Result<Self, RunError> {
        let store = Arc::new(MemoryStore::new());
        let parts = Parts {
            store: Arc::clone(&store) as Arc<dyn Store>,
            components: Components::in_memory(),
            workers,
            clock: Clock::manual(at),
            seed_secret,
            rules: PublicationRules { replace_versions: true, ..PublicationRules::default() },
            retention: Retention::default(),
            inviter_distance: INVITER_DISTANCE_MAX,
            gaps: Gaps::None,
        };
        let service = Service::start(parts)?;
        for kind in &setup.kinds {
            service.register(kind.clone()).await.map_err(setting("the event kind", kind.kind.as_str()))?;
        }
        for unit in &setup.units {
            service.run(SetUnit(unit.clone())).await.map_err(setting("the unit", unit.unit.as_str()))?;
        }
        for (index, (unit, quantity)) in setup.stock.iter().enumerate() {
            let id = RequestId::new(format!("stock-{index}")).expect("a word and a number are short and printable");
            let restock = Restock { id, unit: unit.clone(), change: StockChange::Arrives(*quantity) };
            service.run(restock).await.map_err(setting("the stock of", unit.as_str()))?;
        }
        for pocket in &setup.pockets {
            service.run(SetPocket(pocket.clone())).await.map_err(setting("the pocket", pocket.id.as_str()))?;
        }
        for segment in &setup.segments {
            service.set_segment(segment.clone()).await.map_err(setting("the segment", segment.id.as_str()))?;
        }
        for programme in &setup.programmes {
            service
                .run(SetProgramme(programme.clone()))
                .await
                .map_err(setting("the programme", programme.id.as_str()))?;
        }
        for component in &setup.components {
            let digest = crate::components::digest_of(component).to_string();
            service.publish(component.to_vec(), None).await.map_err(setting("the policy", &digest))?;
        }
        for (customer, facts) in &setup.customers {
            let learnt = service.run(Learn { customer: customer.clone(), facts: facts.clone() }).await;
            learnt.map_err(setting("the customer", customer.as_str()))?;
        }
        let mut planned = setup.campaigns.clone();
        planned.sort_by_key(|planned| std::cmp::Reverse(planned.from));
        let mut host = Self { service, store, planned, taken: DecisionId(0), not_run: BTreeMap::new(), stopped: 0 };
        host.begin_campaigns(None).await?;
        Ok(host)
    }

    /// What it publishes and runs.
    pub(super) fn registry(&self) -> Arc<Registry> {
        self.service.registry()
    }

    /// What it keeps.
    pub(super) fn store(&self) -> &dyn Store {
        &*self.store
    }

    /// Learns something about a customer.
    pub(super) async fn learn(&self, customer: CustomerId, facts: Vec<Fact>) -> Result<(), RunError> {
        let named = customer.to_string();
        self.service.run(Learn { customer, facts }).await.map(drop).map_err(setting("the customer", &named))
    }

    /// Lets time pass, with everything that is due on the way.
    pub(super) async fn pass(&mut self, until: Instant) -> Result<(), RunError> {
        while let Some(from) = self.planned.last().and_then(|planned| planned.from).filter(|from| *from <= until) {
            self.service.pass(from).await?;
            self.begin_campaigns(Some(from)).await?;
        }
        self.service.pass(until).await?;
        Ok(())
    }

    /// Decides events that arrive at one time.
    pub(super) async fn decide(&mut self, at: Instant, arrivals: &[Arrival]) -> Result<(), RunError> {
        self.pass(at).await?;
        for together in arrivals.chunks(DECIDED_TOGETHER) {
            let results = self.service.submit(together.to_vec()).await?;
            for result in results {
                let why = match result {
                    EventResult::Admitted(_) => continue,
                    EventResult::Duplicate(_) => "the event is there twice".to_owned(),
                    EventResult::Conflict(_) => "the event's id is used for another event".to_owned(),
                    EventResult::Unavailable(why) => {
                        tracing::warn!(why, "an event could not be decided");
                        self.stopped += 1;
                        continue;
                    }
                };
                *self.not_run.entry(why).or_default() += 1;
            }
            // What is queued is decided before what comes later, so that a job comes to the same each time.
            self.service.pass(at).await?;
        }
        Ok(())
    }

    /// The decisions made since it was asked last.
    pub(super) fn decisions(&mut self) -> Result<Vec<Decision>, StoreError> {
        let made = self.store.decisions(&DecisionFilter::default(), self.taken, usize::MAX)?;
        self.taken = made.last().map_or(self.taken, |last| last.id);
        Ok(made)
    }

    pub(super) async fn stop(self) {
        self.service.stop().await;
    }

    /// Begins the campaigns whose time has come.
    async fn begin_campaigns(&mut self, by: Option<Instant>) -> Result<(), RunError> {
        while self.planned.last().is_some_and(|planned| planned.from <= by) {
            let Some(Planned { id, revisions, .. }) = self.planned.pop() else { break };
            let named = |source| RunError::Setup { what: format!("the campaign {id}"), source };
            let mut started = false;
            for spec in revisions {
                let version = self.registry().campaign(&id).map(|active| active.campaign.version);
                let precondition = version.map_or(Precondition::Absent, Precondition::Version);
                self.service.apply(id.clone(), spec, precondition).await.map_err(named)?;
                if !started {
                    self.service.command(id.clone(), Command::Start, Precondition::None).await.map_err(named)?;
                    started = true;
                }
            }
        }
        Ok(())
    }
}

fn setting(what: &str, name: &str) -> impl FnOnce(ChangeError) -> RunError {
    let what = format!("{what} {name}");
    move |source| RunError::Setup { what, source }
}
