//! The host as a library: events in, decisions out, committed.
//!
//! [`Service`] is what every edge calls. It parses events ([`intake`]), hands them to the [`pipeline`], which alone writes,
//! and reads from the store for everyone else. Modules in reading order.
#![forbid(unsafe_code)]

pub mod clock;
pub mod zone;
pub mod strict_json;
mod schema;
pub mod mask;
mod odds;
pub mod kinds;
pub mod bundled;
pub mod intake;
pub mod firing;
pub mod segment;
mod caused;
pub mod seed;
mod settling;
pub mod components;
pub mod signature;
pub mod registry;
pub mod fit;
pub mod pipeline;
mod outbox;
mod versions;
mod catalogue;
pub mod calendar;
mod parts;
mod start;
mod rerun;
pub mod replay;
pub mod backtest;
pub mod jobs;

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::JoinHandle;

use crossbeam_channel::Sender;
use largesse_documents::{CampaignSpec, PolicyRef};
use largesse_domain::campaign::Campaign;
use largesse_domain::customer::{Customer, Fact};
use largesse_domain::id::{CampaignId, CustomerId};
use largesse_domain::lifecycle::{Command, Lifecycle};
use largesse_domain::policy::{Policy, Problem};
use largesse_domain::segment::Audience;
use largesse_domain::time::Instant;
use largesse_engine::{LoadedPolicy, Workers};
use largesse_failpoint::{Point, reach};
use tokio::sync::{Notify, Semaphore, oneshot, watch};

// What the edges need to read answers and errors; they use nothing else of engine and store.
pub use largesse_engine::{CompileError, LoadError};
pub use largesse_store::{Chain, DecisionFilter, DeliveryFilter, Kind, Outbox, Records, Store, StoreError, Versions};
pub use versions::{Ordered, VersionOrder};

pub use parts::{Gaps, Parts, PublicationRules, Retention};
pub use start::StartError;

use clock::Clock;
use components::Components;
use intake::Arrival;
use mask::MaskKey;
use pipeline::{
    Ask, Change, Changed, ControlError, DryRun, EventResult, LedgerAnswer, LedgerRequest, Precondition, Publication,
    Quote, Work,
};
use registry::{Component, Published, Registry};
use seed::{Draws, SeedKey};
use signature::{Signature, SignatureError};

/// Most events that wait for their answer at a time. Beyond it senders are told to come back.
pub const WAITING_EVENTS_MAX: usize = 16 * 1024;

/// Why the host does not do what it is asked now.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Unavailable {
    /// It has as much to do as it takes. Come back in a second.
    #[error("the host has as many events waiting as it takes")]
    Busy,
    /// It is stopping, or has failed.
    #[error("the host is stopping")]
    Stopping,
}

/// Why a change was not made.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// For a reason of its own.
    #[error(transparent)]
    Control(#[from] ControlError),
    /// What is stored cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The component is not signed as it must be.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// The component cannot be published.
    #[error("the component cannot be published")]
    Load(#[source] LoadError),
    /// The component cannot be written to its file.
    #[error("the component cannot be kept")]
    NotKept(#[source] std::io::Error),
    /// Not now.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// What the pipeline shares with everyone else.
pub(crate) struct Shared {
    registry: RwLock<Arc<Registry>>,
    /// Told when something of the outbox is on disk.
    outbox: Notify,
    /// No timer goes off before, in milliseconds.
    next_timer: AtomicI64,
    failure: watch::Sender<Option<String>>,
}

impl Shared {
    fn registry(&self) -> Arc<Registry> {
        Arc::clone(&self.registry.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn set_registry(&self, registry: Arc<Registry>) {
        *self.registry.write().unwrap_or_else(PoisonError::into_inner) = registry;
    }

    /// Notes a failure that only a restart can cure.
    pub(crate) fn fail(&self, error: &dyn std::error::Error) {
        let text = chain(error);
        tracing::error!(error = %text, "the host cannot go on and stops answering");
        self.failure.send_replace(Some(text));
    }
}

/// An error and its sources in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let sources = std::iter::successors(error.source(), |source| source.source());
    sources.fold(error.to_string(), |text, source| format!("{text}: {source}"))
}

/// The running host.
pub struct Service {
    store: Arc<dyn Store>,
    components: Arc<Components>,
    rules: PublicationRules,
    workers: Arc<Workers>,
    clock: Clock,
    seeds: SeedKey,
    shared: Arc<Shared>,
    work: Sender<Work>,
    waiting: Arc<Semaphore>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Service {
    /// Reads what is stored, loads the published policies and starts the pipeline.
    ///
    /// # Errors
    /// Why it could not start.
    pub fn start(parts: Parts) -> Result<Self, StartError> {
        let Parts { store, components, workers, clock, seed_secret, rules, retention, inviter_distance, gaps } = parts;
        let mask = MaskKey::new(&seed_secret);
        let registry = start::read_registry(&*store, &workers, &components, (mask, inviter_distance))?;
        let registry = Arc::new(registry);
        let (failure, _) = watch::channel(None);
        let shared = Arc::new(Shared {
            registry: RwLock::new(Arc::clone(&registry)),
            outbox: Notify::new(),
            next_timer: AtomicI64::new(Instant::MIN.as_millis()),
            failure,
        });
        // Bounded by `waiting`. Unlike a channel with a bound of its own, this one drops what it holds when the pipeline ends, so
        // that whoever waits for an answer learns that none will come.
        let (work, to_do) = crossbeam_channel::unbounded();
        let seeds = SeedKey::new(&seed_secret);
        let decider = pipeline::Decider::new(
            (Arc::clone(&store), Arc::clone(&workers)),
            (clock.clone(), seeds.clone()),
            (Arc::clone(&shared), retention),
            (registry, &gaps),
        )?;
        let threads = pipeline::start(decider, to_do).map_err(StartError::Thread)?;
        let waiting = Arc::new(Semaphore::new(WAITING_EVENTS_MAX));
        let (components, threads) = (Arc::new(components), Mutex::new(threads));
        Ok(Self { store, components, rules, workers, clock, seeds, shared, work, waiting, threads })
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// What is published and runs, as far as it is on disk.
    #[must_use]
    pub fn registry(&self) -> Arc<Registry> {
        self.shared.registry()
    }

    /// What may be known of a campaign's draws; `None` when there is no such campaign.
    #[must_use]
    pub fn draws(&self, campaign: &CampaignId) -> Option<Draws> {
        let lifecycle = self.registry().campaign(campaign)?.campaign.lifecycle;
        let key = self.seeds.of_campaign(campaign);
        Some(Draws { commitment: key.commitment(), key: (lifecycle == Lifecycle::Ended).then_some(key) })
    }

    /// Tells of a failure that only a restart can cure.
    #[must_use]
    pub fn failure(&self) -> watch::Receiver<Option<String>> {
        self.shared.failure.subscribe()
    }

    /// Whether it can decide: it has not failed and its workers are alive.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.shared.failure.borrow().is_none() && self.workers.is_healthy()
    }

    /// Decides events. Answers come in the order of the events, when everything is on disk.
    ///
    /// # Errors
    /// When the host has too much to do or is stopping; nothing is taken then.
    pub async fn submit(&self, arrivals: Vec<Arrival>) -> Result<Vec<EventResult>, Unavailable> {
        if arrivals.is_empty() {
            return Ok(Vec::new());
        }
        self.ask(arrivals.len(), |reply| Work::Events(arrivals, reply)).await
    }

    /// Says what would be decided on an event, with another seed; changes nothing.
    ///
    /// # Errors
    /// When the host has too much to do or is stopping.
    pub async fn dry_run(&self, arrival: Arrival) -> Result<DryRun, Unavailable> {
        self.ask(1, |reply| Work::DryRun(arrival, reply)).await
    }

    /// Lets the timers go off that are due by the clock, rather than within a quarter of a second, and returns when what
    /// they led to is on disk. Of very many, some are left for the next time.
    ///
    /// # Errors
    /// When the host has too much to do or is stopping.
    pub async fn catch_up(&self) -> Result<(), Unavailable> {
        self.ask(1, Work::CatchUp).await
    }

    /// Sets a clock that stands to a time, and lets everything go off on the way that is due by then, each at its own time. Returns when
    /// what that led to is on disk.
    ///
    /// # Errors
    /// When the host has too much to do or is stopping.
    pub async fn pass(&self, until: Instant) -> Result<(), Unavailable> {
        loop {
            let next = self.shared.next_timer.load(Ordering::SeqCst);
            if next > until.as_millis() {
                break;
            }
            // What is not known yet is found at the time that it is.
            self.clock.set(Instant::from_millis(next).unwrap_or(until).max(self.clock.now()));
            self.catch_up().await?;
        }
        self.clock.set(until.max(self.clock.now()));
        Ok(())
    }

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
        let kept = blocking(move || {
            let digest = components::digest_of(&component);
            let trusted = (&rules.trusted_keys[..], rules.require_signature);
            let signed_by = signature::signer(trusted, &digest, signature.as_ref())?;
            let loaded = workers.load(&component).map_err(ChangeError::Load)?;
            let publication = Publication { loaded, signed_by, replaces: rules.replace_versions };
            if let Some(taken) = publication.taken(&registry) {
                return Err(taken.into());
            }
            components.put(&digest, &component).map_err(ChangeError::NotKept)?;
            reach(Point::ComponentKept);
            Ok::<_, ChangeError>(publication)
        });
        match self.change(Change::Publish(kept.await??)).await? {
            Changed::Policy(policy, is_new) => Ok((policy, is_new)),
            _ => Err(Unavailable::Stopping.into()),
        }
    }

    /// Creates or changes a campaign. The boolean says whether it is new.
    ///
    /// # Errors
    /// When the policy is not published or refuses the parameters, or the document does not fit.
    pub async fn apply(
        &self,
        id: CampaignId,
        spec: CampaignSpec,
        precondition: Precondition,
    ) -> Result<(Arc<Campaign>, bool), ChangeError> {
        let published = self.find(&spec.policy)?;
        let loaded = self.loaded(&published).await?;
        let digest = loaded.digest();
        let (workers, params, audience) =
            (Arc::clone(&self.workers), spec.params.clone(), spec.settings.audience.clone());
        let problems = blocking(move || {
            let mut problems = fit::params_problems(&loaded, &params, &workers);
            if let Audience::Where(condition) = &audience {
                problems.extend(fit::condition_problem("/audience/where", condition));
            }
            problems
        });
        let problems = problems.await?;
        if !problems.is_empty() {
            return Err(ControlError::Problems(problems).into());
        }
        let plan = self.plan_for(&id, &spec, &published).await?.map(Box::new);
        match self.change(Change::Apply(id, Box::new(spec), (digest, plan), precondition)).await? {
            Changed::Campaign(campaign, is_new) => Ok((campaign, is_new)),
            _ => Err(Unavailable::Stopping.into()),
        }
    }

    fn find(&self, policy: &PolicyRef) -> Result<Published, ControlError> {
        let missing = || problem_of_policy(format!("the policy {policy} is not published"));
        self.registry().find(policy).cloned().ok_or_else(missing)
    }

    /// A published policy, to be run. When nobody has needed it since the host started it is loaded now.
    async fn loaded(&self, published: &Published) -> Result<Arc<LoadedPolicy>, ChangeError> {
        let loaded = match &published.component {
            Component::Loaded(loaded) => Ok(Arc::clone(loaded)),
            Component::Broken(why) => Err(Arc::clone(why)),
            Component::Kept => {
                let (workers, components) = (Arc::clone(&self.workers), Arc::clone(&self.components));
                let digest = published.policy.digest;
                let loaded = blocking(move || start::load(&components, &workers, &digest)).await?;
                self.change(Change::Component(digest, loaded.clone().into())).await?;
                loaded
            }
        };
        let broken = |why| problem_of_policy(format!("the policy cannot be run: {why}; publish the same bytes again"));
        loaded.map_err(|why| broken(why).into())
    }

    /// Starts, pauses, resumes or ends a campaign.
    ///
    /// # Errors
    /// When there is none, or its life does not allow it, or something that it needs to start is missing.
    pub async fn command(
        &self,
        id: CampaignId,
        command: Command,
        precondition: Precondition,
    ) -> Result<Arc<Campaign>, ChangeError> {
        if command == Command::Start {
            self.check_odds(&id).await?;
        }
        match self.change(Change::Command(id, command, precondition)).await? {
            Changed::Campaign(campaign, _) => Ok(campaign),
            _ => Err(Unavailable::Stopping.into()),
        }
    }

    /// Registers or changes an event kind. The boolean says whether it is new.
    ///
    /// # Errors
    /// When its schema or an annotation is not valid.
    pub async fn register(&self, kind: Kind) -> Result<(Kind, bool), ChangeError> {
        match self.change(Change::Register(kind)).await? {
            Changed::Kind(kind, is_new) => Ok((kind, is_new)),
            _ => Err(Unavailable::Stopping.into()),
        }
    }

    /// Establishes something about a customer, as of now. Answers with the customer by the id that stays.
    ///
    /// # Errors
    /// When the customer would have too much of something; nothing is kept then.
    pub async fn learn(&self, customer: CustomerId, facts: Vec<Fact>) -> Result<(CustomerId, Customer), ChangeError> {
        match self.change(Change::Learn(customer, facts)).await? {
            Changed::Customer(id, customer) => Ok((id, *customer)),
            _ => Err(Unavailable::Stopping.into()),
        }
    }

    /// Asks a campaign's policy a question; changes nothing.
    ///
    /// # Errors
    /// When there is no such campaign or question, the question's data do not fit, or nobody can answer now.
    pub async fn quote(&self, ask: Ask) -> Result<Quote, ChangeError> {
        Ok(self.ask(1, |reply| Work::Quote(ask, reply)).await??)
    }

    /// Asks the ledger for something.
    ///
    /// # Errors
    /// Why nothing was done.
    pub async fn ledger(&self, request: LedgerRequest) -> Result<LedgerAnswer, ChangeError> {
        match self.change(request.into()).await? {
            Changed::Ledger(answer) => Ok(*answer),
            _ => Err(Unavailable::Stopping.into()),
        }
    }

    async fn change(&self, change: Change) -> Result<Changed, ChangeError> {
        Ok(self.ask(1, |reply| Work::Change(change, reply)).await??)
    }

    /// Hands work of so many events, or one change, to the pipeline and waits for its answer.
    async fn ask<T>(&self, weight: usize, work: impl FnOnce(oneshot::Sender<T>) -> Work) -> Result<T, Unavailable> {
        if self.shared.failure.borrow().is_some() {
            return Err(Unavailable::Stopping);
        }
        let weight = u32::try_from(weight).map_err(|_| Unavailable::Busy)?;
        let _waiting = self.waiting.try_acquire_many(weight).map_err(|_| Unavailable::Busy)?;
        let (reply, answer) = oneshot::channel();
        self.work.send(work(reply)).map_err(|_| Unavailable::Stopping)?;
        answer.await.map_err(|_| Unavailable::Stopping)
    }

    /// Reads from the store, beside the pipeline.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&dyn Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let store = Arc::clone(&self.store);
        match tokio::task::spawn_blocking(move || query(&*store)).await {
            Ok(result) => result,
            Err(error) => Err(StoreError::Database(error.into())),
        }
    }

    /// Finishes what was taken and stops. Events that come afterwards are told so.
    pub async fn stop(&self) {
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        let work = self.work.clone();
        let joined = tokio::task::spawn_blocking(move || {
            // When the pipeline has failed there is nobody to tell.
            let _ = work.send(Work::Stop);
            threads.into_iter().for_each(|thread| drop(thread.join()));
        });
        // A panic of a pipeline thread has been printed by then.
        let _ = joined.await;
        reach(Point::PipelineStopped);
    }
}

fn problem_of_policy(message: String) -> ControlError {
    ControlError::Problems(vec![Problem { pointer: "/policy".into(), message }])
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Unavailable> {
    tokio::task::spawn_blocking(work).await.map_err(|_| Unavailable::Stopping)
}
