//! The pipeline: the only writer, and the only place where engine and store meet.
//!
//! Two threads. The *decider* takes what has arrived, decides it and adds it to the batch that gathers; the *committer*
//! writes one batch at a time. While one batch is flushed the next one gathers, so that throughput is group commit with
//! no timer and no artificial wait, and a single event on an idle host is committed at once.
//!
//! The decider works on rows held in memory ([`Facts`]), which show what it has decided before it is on disk. That is
//! sound because it is the only writer, because nothing is answered before its commit returns, and because a commit that
//! fails ends the process: the rows die with it.

mod activate;
mod admit;
mod answer;
mod bind;
mod audience;
mod cascade;
mod catalogue;
mod control;
mod decide;
mod evaluate;
mod deferred;
mod publish;
mod retain;
mod opening;
mod outbox;
mod ledger;
mod life;
mod merge;
mod migrate;
mod pools;
mod protect;
mod quote;
mod show;
mod stacking;
mod timers;
mod trial;
mod wave;

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, never, select};
use largesse_domain::delivery::DeliveryId;
use largesse_domain::event::{BodyHash, EventKey};
use largesse_domain::facts::{Facts, Wanted};
use largesse_domain::id::{CampaignId, DecisionId, EventSeq};
use largesse_domain::migration::Migration;
use largesse_domain::outcome::Decision;
use largesse_domain::run::Run;
use largesse_domain::time::Instant;
use largesse_domain::timer::TimerKey;
use largesse_engine::Workers;
use largesse_failpoint::{Point, reach};
use largesse_store::{Batch, Store, StoreError};
use tokio::sync::oneshot;

pub use activate::{Aim, Plan};
pub use answer::{Answer, DryRun, EventResult, PutOff, WhyPutOff};
pub use control::{Change, Changed, ControlError, Precondition};
pub use ledger::{LedgerAnswer, LedgerError, LedgerRequest, ReversalRequest, ReversalTarget};
pub use outbox::OutboxCommand;
pub use publish::Publication;
pub use quote::{Ask, Quote};

use admit::Asked;
pub(crate) use decide::not_migrated;
use outbox::Outbox;

use crate::caused::Caused;
use crate::clock::Clock;
use crate::intake::Arrival;
use crate::registry::Registry;
use crate::seed::SeedKey;
use crate::{Gaps, Retention, Shared};
use pools::Settling;
use protect::FaultWindows;
use quote::Questions;
use timers::Timers;
use trial::Tallies;

/// From so many events on, the batch that gathers takes in nothing more before it is written.
const COMMIT_EVENTS_MAX: usize = 2_048;
/// Most events that are decided together: the committer may be waiting for them.
const DECIDE_EVENTS_MAX: usize = 256;
/// Rows held in memory before the decider lets them go.
const FACTS_MAX: usize = 2_000_000;
/// How often the clock is looked at when nothing arrives.
const TICK: Duration = Duration::from_millis(250);

/// What the pipeline is asked to do.
pub(crate) enum Work {
    /// Decide these events.
    Events(Vec<Arrival>, oneshot::Sender<Vec<EventResult>>),
    /// Ask a policy.
    Quote(Ask, oneshot::Sender<Result<Quote, ControlError>>),
    /// Say what would be decided.
    DryRun(Arrival, oneshot::Sender<DryRun>),
    /// Change what is published or runs, or what is known of a customer.
    Change(Change, oneshot::Sender<Result<Changed, ControlError>>),
    /// Look for what the clock makes due, and say when it is done.
    CatchUp(oneshot::Sender<()>),
    /// Finish what was taken and stop.
    Stop,
}

/// Something to do once a batch is on disk.
type AfterCommit = Box<dyn FnOnce() + Send>;

/// What gathers for the next commit.
#[derive(Default)]
struct Pending {
    batch: Batch,
    keys: Vec<EventKey>,
    after: Vec<AfterCommit>,
}

impl Pending {
    fn is_empty(&self) -> bool {
        self.after.is_empty() && self.batch == Batch::default()
    }
}

/// The decider's own.
pub(crate) struct Decider {
    store: Arc<dyn Store>,
    workers: Arc<Workers>,
    clock: Clock,
    seeds: SeedKey,
    shared: Arc<Shared>,
    registry: Arc<Registry>,
    facts: Facts,
    last_event: EventSeq,
    last_decision: DecisionId,
    /// This run, until it is written.
    opening: Option<Run>,
    outbox: Outbox,
    pending: Pending,
    /// Events that were taken and are still to be decided, by who asked.
    asked: VecDeque<Asked>,
    /// What was done and is still to become events.
    caused: Vec<Caused>,
    /// Events that are decided and not yet on disk.
    unwritten: HashMap<EventKey, (EventSeq, BodyHash)>,
    /// What they will be answered.
    answers: HashMap<EventSeq, Answer>,
    /// Campaigns that have decisions to make up for before new ones.
    backlog: HashSet<CampaignId>,
    /// Whether a batch is being written.
    writing: bool,
    /// Which records are kept.
    retention: Retention,
    /// When old records were looked for and none was found.
    looked_for_old: Option<Instant>,
    /// When deferred decisions were last looked for.
    looked_for_deferred: Option<Instant>,
    /// Whether the clock stands because it was set back.
    clock_stands: bool,
    timers: Timers,
    /// Pools that are being shared out.
    settling: HashMap<TimerKey, Settling>,
    /// Schemas of questions that were asked.
    questions: Questions,
    /// What came of the versions that are tried.
    tallies: Tallies,
    /// The last decisions of the versions at work.
    fault_windows: FaultWindows,
    /// Migrations of states that are under way.
    migrations: BTreeMap<CampaignId, Migration>,
}

/// Starts the two threads.
///
/// # Errors
/// When a thread cannot be started.
pub(crate) fn start(mut decider: Decider, work: Receiver<Work>) -> std::io::Result<Vec<JoinHandle<()>>> {
    let (to_committer, batches) = crossbeam_channel::bounded::<Pending>(1);
    let (to_decider, written) = crossbeam_channel::bounded(1);
    let store = Arc::clone(&decider.store);
    let shared = Arc::clone(&decider.shared);
    let committer = std::thread::Builder::new()
        .name("committer".into())
        .spawn(move || commit_batches(&*store, &shared, &batches, &to_decider))?;
    let decider = std::thread::Builder::new()
        .name("decider".into())
        .spawn(move || decider.run(&work, &to_committer, &written))?;
    Ok(vec![decider, committer])
}

fn commit_batches(store: &dyn Store, shared: &Shared, batches: &Receiver<Pending>, written: &Sender<Vec<EventKey>>) {
    for pending in batches {
        let started = std::time::Instant::now();
        if let Err(error) = store.commit(&pending.batch) {
            // What is on disk now is not known. Only a start from disk can tell, so nothing more is answered.
            shared.fail(&error);
            return;
        }
        metrics::histogram!("largesse_commit_seconds").record(started.elapsed().as_secs_f64());
        metrics::counter!("largesse_events_admitted_total").increment(pending.batch.events.len() as u64);
        count_verdicts(&pending.batch.decisions);
        reach(Point::AnswersDue);
        for after in pending.after {
            after();
            reach(Point::OneAnswered);
        }
        reach(Point::AllAnswered);
        if !pending.batch.outbox.is_empty() {
            shared.outbox.notify_one();
        }
        if written.send(pending.keys).is_err() {
            return;
        }
    }
}

/// Looking a counter up takes longer than counting, so that is done once for all decisions of a campaign with one verdict.
fn count_verdicts(decisions: &[Arc<Decision>]) {
    let mut counts = BTreeMap::<_, u64>::new();
    for decision in decisions {
        *counts.entry((&decision.campaign, decision.verdict.as_str())).or_default() += 1;
    }
    for ((campaign, verdict), count) in counts {
        metrics::counter!("largesse_decisions_total", "campaign" => campaign.to_string(), "verdict" => verdict)
            .increment(count);
    }
}

impl Decider {
    pub(crate) fn new(
        (store, workers): (Arc<dyn Store>, Arc<Workers>),
        (clock, seeds): (Clock, SeedKey),
        (shared, retention): (Arc<Shared>, Retention),
        (registry, gaps): (Arc<Registry>, &Gaps),
    ) -> Result<Self, StoreError> {
        let (counters, before) = (store.counters()?, store.last_run()?);
        reach(Point::CountersRead);
        if let Some(at) = counters.last_admitted {
            clock.not_before(at);
        }
        let opening = opening::open(before.as_ref(), &counters, clock.now(), gaps);
        let last = |first: u64| first.saturating_sub(1);
        let tallies = Tallies::read(&*store, &registry)?;
        let under_way = store.migrations()?.into_iter().filter(|migration| migration.ended.is_none());
        let migrations = under_way.map(|migration| (migration.campaign.clone(), migration)).collect();
        let backlog = registry.campaigns().map(|active| active.campaign.id.clone()).collect();
        Ok(Self {
            store,
            workers,
            clock,
            seeds,
            shared,
            registry,
            facts: Facts::default(),
            last_event: EventSeq(last(opening.first.event)),
            last_decision: DecisionId(last(opening.first.decision)),
            outbox: Outbox::after(DeliveryId(last(opening.first.delivery))),
            opening: Some(opening),
            pending: Pending::default(),
            asked: VecDeque::new(),
            caused: Vec::new(),
            unwritten: HashMap::new(),
            answers: HashMap::new(),
            backlog,
            writing: false,
            retention,
            looked_for_old: None,
            looked_for_deferred: None,
            clock_stands: false,
            timers: Timers::default(),
            settling: HashMap::new(),
            questions: Questions::default(),
            tallies,
            fault_windows: FaultWindows::default(),
            migrations,
        })
    }

    fn run(&mut self, work: &Receiver<Work>, batches: &Sender<Pending>, written: &Receiver<Vec<EventKey>>) {
        let (mut stopping, no_work) = (false, never());
        loop {
            if let Err(error) = self.step(batches, stopping) {
                self.shared.fail(&error);
                return;
            }
            if stopping && !self.writing && self.pending.is_empty() && self.asked.is_empty() {
                return;
            }
            let full = self.pending.batch.events.len() >= COMMIT_EVENTS_MAX
                || self.facts.len() > FACTS_MAX
                || self.outbox.is_full();
            if !full && !self.asked.is_empty() {
                if let Err(error) = self.admit_next() {
                    self.shared.fail(&error);
                    return;
                }
                if let Ok(keys) = written.try_recv() {
                    self.on_written(&keys);
                }
                continue;
            }
            let open = if full || stopping { &no_work } else { work };
            select! {
                recv(open) -> first => match first {
                    Ok(first) => match self.take(first, work) {
                        Ok(stop) => stopping = stop,
                        Err(error) => {
                            self.shared.fail(&error);
                            return;
                        }
                    },
                    Err(_) => stopping = true,
                },
                recv(written) -> keys => match keys {
                    Ok(keys) => self.on_written(&keys),
                    // The committer has failed and said so.
                    Err(_) => return,
                },
                default(TICK) => {}
            }
        }
    }

    /// What is due between two pieces of work. Nothing goes off any more once the host is stopping.
    fn step(&mut self, batches: &Sender<Pending>, stopping: bool) -> Result<(), StoreError> {
        self.look_at_clock();
        let idle = !self.writing && self.pending.is_empty();
        if idle {
            if self.facts.len() > FACTS_MAX {
                self.facts = Facts::default();
            }
            self.outbox.all_is_written();
        }
        if !self.writing {
            self.decide_deferred()?;
        }
        if !self.writing && !stopping {
            self.fire_timers()?;
            self.migrate_some()?;
            self.remove_some()?;
        }
        if !self.writing && !self.pending.is_empty() {
            let mut pending = std::mem::take(&mut self.pending);
            pending.batch.rows = self.facts.take_changes();
            pending.batch.versions.tallies = self.tallies.take_changes();
            if opening::assigns_numbers(&pending.batch) {
                pending.batch.run = self.opening.take();
            }
            self.timers.note(&pending.batch.rows.timers);
            self.shared.next_timer.store(self.timers.next().as_millis(), Ordering::SeqCst);
            reach(Point::BatchClosed);
            self.writing = batches.send(pending).is_ok();
        }
        Ok(())
    }

    fn on_written(&mut self, keys: &[EventKey]) {
        self.writing = false;
        for key in keys {
            if let Some((seq, _)) = self.unwritten.remove(key) {
                self.answers.remove(&seq);
            }
        }
    }

    /// Does one piece of work. Events are only taken, and as many more as have arrived. Says whether to stop.
    fn take(&mut self, first: Work, work: &Receiver<Work>) -> Result<bool, StoreError> {
        self.look_at_clock();
        let mut next = Some(first);
        while let Some(piece) = next.take() {
            match piece {
                Work::Stop => {
                    reach(Point::StopAsked);
                    return Ok(true);
                }
                Work::Quote(ask, reply) => {
                    let answer = self.quote(&ask)?;
                    // Whoever asked may have gone.
                    let _ = reply.send(answer);
                }
                Work::DryRun(arrival, reply) => {
                    let answer = self.dry_run(arrival)?;
                    // Whoever asked may have gone.
                    let _ = reply.send(answer);
                }
                // Timers go off before the batch that this gathers in is written.
                Work::CatchUp(reply) => self.pending.after.push(Box::new(move || {
                    let _ = reply.send(());
                })),
                Work::Change(change, reply) => {
                    let made = self.facts.transfers_made();
                    let changed = self.change(change)?;
                    self.request_caused(made)?;
                    reach(Point::ChangeMade);
                    self.pending.after.push(Box::new(move || {
                        let _ = reply.send(changed);
                    }));
                }
                Work::Events(arrivals, reply) => {
                    let mut count = arrivals.len();
                    self.asked.push_back(Asked::new(arrivals, reply));
                    while count < DECIDE_EVENTS_MAX {
                        match work.try_recv() {
                            Ok(Work::Events(arrivals, reply)) => {
                                count += arrivals.len();
                                self.asked.push_back(Asked::new(arrivals, reply));
                            }
                            Ok(other) => {
                                next = Some(other);
                                break;
                            }
                            Err(_) => break,
                        }
                    }
                    reach(Point::WorkTaken);
                    // What came after them is done after them.
                    while next.is_some() && !self.asked.is_empty() {
                        self.admit_next()?;
                    }
                }
            }
        }
        Ok(false)
    }

    /// Loads what is wanted and not held; of customers who were merged into another, that one too.
    fn ensure(&mut self, mut wanted: Wanted) -> Result<(), StoreError> {
        self.facts.missing(&mut wanted);
        while !wanted.is_empty() {
            self.facts.load(self.store.load(&wanted)?);
            wanted = self.facts.wanted_with(&wanted.customers);
            self.facts.missing(&mut wanted);
        }
        Ok(())
    }
}
