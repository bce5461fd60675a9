//! The host as a library: events in, decisions out, committed.
//!
//! [`Service`] is what every edge calls. It parses events ([`intake`]), hands them to the [`pipeline`], which alone writes,
//! and reads from the store for everyone else. Modules in reading order.
#![forbid(unsafe_code)]

pub mod clock;
pub mod zone;
pub mod strict_json;
pub mod schema;
mod lane;
pub mod mask;
mod odds;
pub mod kinds;
pub mod bundled;
pub mod scope;
pub mod intake;
pub mod firing;
pub mod segment;
mod caused;
pub mod seed;
mod settling;
pub mod components;
pub mod signature;
pub mod registry;
pub mod lint;
pub mod fit;
mod answer;
mod error;
mod questions;
pub mod pipeline;
pub mod queue;
pub mod commands;
pub mod queries;
mod look;
mod parts;
mod reads;
mod start;
mod rerun;
pub mod replay;
pub mod backtest;
pub mod jobs;

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::JoinHandle;

use largesse_domain::id::CampaignId;
use largesse_domain::lifecycle::Lifecycle;
use largesse_domain::limits::{
    CHANGES_RUNNING_MAX, CHANGES_WAITING_MAX, CHECKS_WAITING_MAX, PUBLICATIONS_WAITING_MAX,
    VALIDATION_STEPS_INLINE_MAX, VALIDATION_STEPS_SHARED_MAX,
};
use largesse_domain::time::Instant;
use largesse_engine::Workers;
use largesse_failpoint::{Point, reach};
use largesse_store::Store;
use serde_json::Value;
use tokio::sync::{Notify, oneshot, watch};

// What the edges need to read answers and errors; they use nothing else of engine and store.
pub use largesse_engine::{CompileError, LoadError};
pub use largesse_store::{Kind, StoreError};
pub use look::{Looked, With, check_alone};

pub use parts::{Gaps, Parts, PublicationRules, Retention};
pub use start::StartError;

use clock::Clock;
use components::Components;
use intake::{Arrival, Permit, Rejected};
use lane::Lane;
use mask::MaskKey;
use pipeline::{Ask, ControlError, DeciderParts, DryRun, EventResult, Quote, Work};
use questions::Questions;
use queue::{Flow, Full, Inlet, NotQueued};
use reads::Reads;
use registry::Registry;
use seed::{Draws, SeedKey};
use signature::SignatureError;

/// Why the host does not do what it is asked now.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Unavailable {
    /// Too much waits to be done.
    #[error(transparent)]
    Busy(Full),
    /// It checks as much for others as it does at a time. Come back in a second.
    #[error("the host has as many checks waiting as it takes")]
    Checking,
    /// It reads as much for others as it does at a time. Come back in a second.
    #[error("the host has as many reads under way as it takes")]
    Reading,
    /// It is stopping, or has failed.
    #[error("the host is stopping")]
    Stopping,
}

impl From<NotQueued> for Unavailable {
    fn from(not_queued: NotQueued) -> Self {
        match not_queued {
            NotQueued::Full(full) => Self::Busy(full),
            NotQueued::Closed => Self::Stopping,
        }
    }
}

/// Why nothing was read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// There is no such thing.
    #[error("there is no {what} {name}")]
    NotFound {
        /// A campaign, a pocket.
        what: &'static str,
        /// What it was called.
        name: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Not now.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
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

impl From<ReadError> for ChangeError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::NotFound { what, name } => ControlError::NotFound { what, name }.into(),
            ReadError::Store(error) => error.into(),
            ReadError::Unavailable(unavailable) => unavailable.into(),
        }
    }
}

/// What the pipeline shares with everyone else.
pub(crate) struct Shared {
    registry: RwLock<Arc<Registry>>,
    /// Told when something of the outbox is on disk.
    outbox: Notify,
    /// No timer goes off before, in milliseconds.
    next_timer: AtomicI64,
    /// Whether no decision is queued that can be made.
    is_worked_off: AtomicBool,
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
    work: Inlet<Work>,
    reads: Reads,
    /// Checks of events that take longer than the HTTP runtime may be kept.
    checks: Lane,
    /// Checks of single events that take much longer.
    long_checks: Lane,
    /// Checks of batches.
    batches: Lane,
    /// Checks of what operators hand in.
    changes: Lane,
    /// Components that are compiled and loaded.
    publications: Lane,
    questions: Arc<Questions>,
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
            is_worked_off: AtomicBool::new(false),
            failure,
        });
        let (work, to_do) = queue::queue();
        let seeds = SeedKey::new(&seed_secret);
        let decider = pipeline::Decider::new(DeciderParts {
            store: Arc::clone(&store),
            workers: Arc::clone(&workers),
            clock: clock.clone(),
            seeds: seeds.clone(),
            shared: Arc::clone(&shared),
            retention,
            registry,
            gaps: &gaps,
            queue: to_do,
        })?;
        let threads = pipeline::start(decider).map_err(StartError::Thread)?;
        let (components, threads) = (Arc::new(components), Mutex::new(threads));
        let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        Ok(Self {
            store,
            components,
            rules,
            workers,
            clock,
            seeds,
            shared,
            work,
            reads: Reads::default(),
            checks: Lane::new(cores, CHECKS_WAITING_MAX),
            long_checks: Lane::new(1, CHECKS_WAITING_MAX),
            batches: Lane::new(cores, CHECKS_WAITING_MAX),
            changes: Lane::new(CHANGES_RUNNING_MAX, CHANGES_WAITING_MAX),
            publications: Lane::new(1, PUBLICATIONS_WAITING_MAX),
            questions: Arc::default(),
            threads,
        })
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

    /// Checks one event of so many bytes that was parsed: on the calling thread when that takes a millisecond or two at most, otherwise
    /// beside the runtime.
    ///
    /// # Errors
    /// When too many such checks wait already. Within, why the event is not accepted.
    pub async fn check(
        &self,
        event: Value,
        bytes: usize,
        permit: &Permit,
    ) -> Result<Result<Arrival, Rejected>, Unavailable> {
        let (registry, now) = (self.registry(), self.clock.now());
        let steps = intake::steps(&event, bytes, &registry.kinds);
        if steps <= VALIDATION_STEPS_INLINE_MAX {
            return Ok(intake::check(event, &registry.kinds, now, permit));
        }
        let permit = permit.clone();
        let lane = if steps <= VALIDATION_STEPS_SHARED_MAX { &self.checks } else { &self.long_checks };
        lane.run(move || intake::check(event, &registry.kinds, now, &permit)).await
    }

    /// Runs the check of a batch beside the runtime.
    ///
    /// # Errors
    /// When too many wait already.
    pub async fn check_batch<T: Send + 'static>(
        &self,
        check: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Unavailable> {
        self.batches.run(check).await
    }

    /// Decides events. Answers come in the order of the events, when everything is on disk. Requests of one [`Flow`] are decided
    /// in order of arrival, beside those of others.
    ///
    /// # Errors
    /// When too much waits or the host is stopping; nothing is taken then.
    pub async fn submit(&self, arrivals: Vec<Arrival>) -> Result<Vec<EventResult>, Unavailable> {
        if arrivals.is_empty() {
            return Ok(Vec::new());
        }
        self.wait(|reply| self.work.push_events(Flow::current(), arrivals, reply)).await
    }

    /// Says what would be decided on an event, with another seed; changes nothing.
    ///
    /// # Errors
    /// When the host has too much to do or is stopping.
    pub async fn dry_run(&self, arrival: Arrival) -> Result<DryRun, Unavailable> {
        self.ask(|reply| Work::DryRun(arrival, reply)).await
    }

    /// Lets the timers go off that are due by the clock, rather than within a quarter of a second, and returns when what
    /// they led to is on disk. Of very many, some are left for the next time.
    ///
    /// # Errors
    /// When the host has too much to do or is stopping.
    pub async fn catch_up(&self) -> Result<(), Unavailable> {
        self.ask(Work::CatchUp).await
    }

    /// Sets a clock that stands to a time, and lets everything go off on the way that is due by then, each at its own time. Returns when
    /// what that led to is on disk.
    ///
    /// # Errors
    /// When the host has too much to do or is stopping.
    pub async fn pass(&self, until: Instant) -> Result<(), Unavailable> {
        loop {
            let next = self.shared.next_timer.load(Ordering::SeqCst);
            if !self.shared.is_worked_off.load(Ordering::SeqCst) {
                self.catch_up().await?;
                continue;
            }
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

    /// Asks a campaign's policy a question; changes nothing.
    ///
    /// # Errors
    /// When there is no such campaign or question, the question's data do not fit, or nobody can answer now.
    pub async fn quote(&self, ask: Ask) -> Result<Quote, ChangeError> {
        let (questions, active) = (Arc::clone(&self.questions), self.registry().campaign(&ask.campaign).cloned());
        let question = self.checks.run(move || questions.check(ask, active.as_deref())).await??;
        Ok(self.ask(|reply| Work::Quote(Box::new(question), reply)).await??)
    }

    /// Hands work to the pipeline and waits for its answer.
    async fn ask<T>(&self, work: impl FnOnce(oneshot::Sender<T>) -> Work) -> Result<T, Unavailable> {
        self.wait(|reply| self.work.push(Flow::current(), work(reply))).await
    }

    async fn wait<T>(&self, push: impl FnOnce(oneshot::Sender<T>) -> Result<(), NotQueued>) -> Result<T, Unavailable> {
        if self.shared.failure.borrow().is_some() {
            return Err(Unavailable::Stopping);
        }
        let (reply, answer) = oneshot::channel();
        push(reply)?;
        answer.await.map_err(|_| Unavailable::Stopping)
    }

    /// Finishes what was taken and stops. Events that come afterwards are told so.
    pub async fn stop(&self) {
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        self.work.close();
        let joined = tokio::task::spawn_blocking(move || {
            threads.into_iter().for_each(|thread| drop(thread.join()));
        });
        // A panic of a pipeline thread has been printed by then.
        let _ = joined.await;
        reach(Point::PipelineStopped);
    }
}
