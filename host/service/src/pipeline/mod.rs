//! The pipeline: the only writer, and the only place where engine and store meet.
//!
//! Two threads. The *decider* takes what has arrived, decides it and adds it to the batch that gathers; the *committer*
//! writes one batch at a time. While one batch is flushed the next one gathers, so that throughput is group commit with
//! no timer and no artificial wait, and a single event on an idle host is committed at once.
//!
//! The decider works on rows held in memory ([`Facts`]), which show what it has decided before it is on disk. That is
//! sound because it is the only writer, because nothing is answered before its commit returns, and because a commit that
//! fails ends the process: the rows die with it.

mod admit;
mod bind;
mod audience;
mod cascade;
mod catalogue;
mod control;
mod decide;
mod evaluate;
mod group;
mod deferred;
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
mod queued;
mod serving;
mod show;
mod stacking;
mod timers;
mod trial;
mod turn;
mod wave;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, never, select};
use largesse_domain::delivery::DeliveryId;
use largesse_domain::event::{BodyHash, EventKey};
use largesse_domain::facts::{Facts, Wanted};
use largesse_domain::id::{CampaignId, DecisionId, EventSeq};
use largesse_domain::limits::{
    COMMIT_EVENTS_MAX, COMMIT_ROWS_MAX, COMMIT_SHARED_ROWS_MAX, DECIDE_EVENTS_MAX, DOCUMENT_WAITING_BYTES, FACTS_MAX,
};
use largesse_domain::migration::Migration;
use largesse_domain::outcome::Decision;
use largesse_domain::run::Run;
use largesse_domain::time::Instant;
use largesse_domain::timer::TimerKey;
use largesse_engine::Workers;
use largesse_failpoint::{Point, reach};
use largesse_store::{Batch, Store, StoreError};
use tokio::sync::oneshot;

pub use crate::answer::{Answer, DryRun, EventResult, PutOff, WhyPutOff};
pub use crate::error::{CommandError, ControlError, LedgerError};
pub use crate::questions::Ask;
pub use control::Precondition;
pub use quote::Quote;

pub(crate) use catalogue::expect_room;
pub(crate) use control::expect_version;
pub(crate) use outbox::Post;
pub(crate) use protect::at_work;

pub(crate) use decide::not_migrated;
use outbox::Outbox;

use crate::caused::Caused;
use crate::clock::Clock;
use crate::intake::Arrival;
use crate::questions::Question;
use crate::queue::{Class, Outlet, Room, Usage, Waits};
use crate::registry::Registry;
use crate::seed::SeedKey;
use crate::{Gaps, Retention, Shared};
use pools::Settling;
use protect::FaultWindows;
use queued::Queued;
use timers::Timers;
use trial::Tallies;
use turn::{Suspensions, Turn};

/// How often the clock is looked at when nothing arrives.
const TICK: Duration = Duration::from_millis(250);

/// What the pipeline is asked to do.
pub(crate) enum Work {
    /// Ask a policy.
    Quote(Box<Question>, oneshot::Sender<Result<Quote, ControlError>>),
    /// Say what would be decided.
    DryRun(Arrival, oneshot::Sender<DryRun>),
    /// Carry out a command, which answers by itself.
    Change(QueuedCommand),
    /// Look for what the clock makes due, and say when it is done.
    CatchUp(oneshot::Sender<()>),
}

/// A command with whoever waits for its answer. Returns how the answer is sent, once what was changed is on disk.
pub(crate) type QueuedCommand = Box<dyn FnOnce(&mut Decider) -> Result<AfterCommit, StoreError> + Send>;

impl Waits for Work {
    fn class(&self) -> Class {
        match self {
            Self::Quote(..) | Self::DryRun(..) => Class::Question,
            Self::Change(_) | Self::CatchUp(_) => Class::Change,
        }
    }

    fn usage(&self) -> Usage {
        match self {
            Self::DryRun(arrival, _) => Usage { requests: 1, ..Usage::of_event(arrival) },
            Self::Quote(..) | Self::Change(_) => Usage { requests: 1, events: 0, bytes: DOCUMENT_WAITING_BYTES },
            Self::CatchUp(_) => Usage { requests: 1, ..Usage::default() },
        }
    }

    fn is_abandoned(&self) -> bool {
        match self {
            Self::Quote(_, reply) => reply.is_closed(),
            Self::DryRun(_, reply) => reply.is_closed(),
            Self::Change(_) | Self::CatchUp(_) => false,
        }
    }
}

/// Something to do once a batch is on disk.
pub(crate) type AfterCommit = Box<dyn FnOnce() + Send>;

/// What gathers for the next commit.
#[derive(Default)]
struct Pending {
    batch: Batch,
    keys: Vec<EventKey>,
    after: Vec<AfterCommit>,
    /// How many events, decisions, effects and decisions put off it holds.
    rows: usize,
    /// How many decisions on what the host did were made with what caused them, and their effects.
    caused_decisions: usize,
    caused_effects: usize,
    /// How many decisions it puts off for campaigns that make up for a pause.
    behind_backlog: usize,
}

impl Pending {
    fn is_empty(&self) -> bool {
        self.after.is_empty() && self.batch == Batch::default()
    }
}

/// What a decider is made of.
pub(crate) struct DeciderParts<'a> {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) workers: Arc<Workers>,
    pub(crate) clock: Clock,
    pub(crate) seeds: SeedKey,
    pub(crate) shared: Arc<Shared>,
    pub(crate) retention: Retention,
    pub(crate) registry: Arc<Registry>,
    pub(crate) gaps: &'a Gaps,
    pub(crate) queue: Outlet<Work>,
}

/// What commands work on, and the pipeline decides with. Only this crate looks into it.
pub struct Decider {
    pub(crate) store: Arc<dyn Store>,
    workers: Arc<Workers>,
    pub(crate) clock: Clock,
    seeds: SeedKey,
    shared: Arc<Shared>,
    pub(crate) registry: Arc<Registry>,
    pub(crate) facts: Facts,
    last_event: EventSeq,
    last_decision: DecisionId,
    /// This run, until it is written.
    opening: Option<Run>,
    pub(crate) outbox: Outbox,
    pending: Pending,
    /// What waits to be done.
    queue: Outlet<Work>,
    /// Results so far of requests whose other events still wait, by the events' places.
    begun: HashMap<u64, Vec<Option<EventResult>>>,
    /// What was done and is still to become events.
    caused: Vec<Caused>,
    /// Events that are decided and not yet on disk.
    unwritten: HashMap<EventKey, (EventSeq, BodyHash)>,
    /// What they will be answered.
    answers: HashMap<EventSeq, Answer>,
    /// Campaigns that have decisions to make up for before new ones.
    pub(crate) backlog: HashSet<CampaignId>,
    /// Decisions that are queued.
    queued: Queued,
    /// How many decisions that were put off were worked off when they were last looked for.
    worked_off: usize,
    /// What may still be done before others get their turn.
    turn: Turn,
    /// Versions that take too long.
    suspensions: Suspensions,
    /// Who waits until what is queued is worked off.
    catching_up: Vec<oneshot::Sender<()>>,
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
    pub(crate) timers: Timers,
    /// Pools that are being shared out.
    settling: HashMap<TimerKey, Settling>,
    /// What came of the versions that are tried.
    pub(crate) tallies: Tallies,
    /// The last decisions of the versions at work.
    pub(crate) fault_windows: FaultWindows,
    /// Migrations of states that are under way.
    pub(crate) migrations: BTreeMap<CampaignId, Migration>,
}

/// Starts the two threads.
///
/// # Errors
/// When a thread cannot be started.
pub(crate) fn start(mut decider: Decider) -> std::io::Result<Vec<JoinHandle<()>>> {
    let (to_committer, batches) = crossbeam_channel::bounded::<Pending>(1);
    let (to_decider, written) = crossbeam_channel::bounded(1);
    let store = Arc::clone(&decider.store);
    let shared = Arc::clone(&decider.shared);
    let committer = std::thread::Builder::new()
        .name("committer".into())
        .spawn(move || commit_batches(&*store, &shared, &batches, &to_decider))?;
    let decider =
        std::thread::Builder::new().name("decider".into()).spawn(move || decider.run(&to_committer, &written))?;
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
    /// Reads where the last run of the host left off.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) fn new(parts: DeciderParts<'_>) -> Result<Self, StoreError> {
        let DeciderParts { store, workers, clock, seeds, shared, retention, registry, gaps, queue } = parts;
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
        let queued = Queued::read(&*store)?;
        let turn = Turn::begin(clock.stands());
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
            queue,
            begun: HashMap::new(),
            caused: Vec::new(),
            unwritten: HashMap::new(),
            answers: HashMap::new(),
            backlog,
            queued,
            worked_off: 0,
            turn,
            suspensions: Suspensions::default(),
            catching_up: Vec::new(),
            writing: false,
            retention,
            looked_for_old: None,
            looked_for_deferred: None,
            clock_stands: false,
            timers: Timers::default(),
            settling: HashMap::new(),
            tallies,
            fault_windows: FaultWindows::default(),
            migrations,
        })
    }

    fn run(&mut self, batches: &Sender<Pending>, written: &Receiver<Vec<EventKey>>) {
        let wakes = self.queue.wakes().clone();
        let (mut stopping, not_now) = (false, never());
        loop {
            if !stopping && self.queue.is_closed() {
                stopping = true;
                reach(Point::StopAsked);
            }
            if let Err(error) = self.step(batches, stopping) {
                self.shared.fail(&error);
                return;
            }
            if stopping && !self.writing && self.pending.is_empty() && self.queue.is_empty() {
                return;
            }
            let full = self.is_full();
            if !full && let Some(serving) = self.queue.next(self.room()) {
                if let Err(error) = self.take(serving) {
                    self.shared.fail(&error);
                    return;
                }
                if let Ok(keys) = written.try_recv() {
                    self.on_written(&keys);
                }
                continue;
            }
            let open = if full || stopping { &not_now } else { &wakes };
            select! {
                // Whether something waits is looked at above. Nobody is left to put anything in when there is nobody to wake.
                recv(open) -> wake => stopping |= wake.is_err(),
                recv(written) -> keys => match keys {
                    Ok(keys) => self.on_written(&keys),
                    // The committer has failed and said so.
                    Err(_) => return,
                },
                default(TICK) => {}
            }
        }
    }

    /// Returns how much is taken at once. While a campaign makes up for a pause, no more events than it can put off behind that.
    fn room(&self) -> Room {
        let is_catching_up =
            !self.backlog.is_empty() && self.registry.campaigns().any(|active| self.is_catching_up(active));
        let events = if is_catching_up { self.room_behind_backlog().max(1) } else { DECIDE_EVENTS_MAX };
        if self.clock.stands() { Room::of_events(events) } else { Room::of_time(events) }
    }

    /// Whether the batch that gathers takes in nothing more before it is written.
    fn is_full(&self) -> bool {
        let batch = &self.pending;
        let enough_behind = batch.behind_backlog > 0 && self.room_behind_backlog() == 0;
        // A caller with one event waits for the batch that is written and for the next one: where others wait, batches are small.
        let enough_for_several = batch.rows >= COMMIT_SHARED_ROWS_MAX && self.queue.has_several_callers();
        batch.batch.events.len() >= COMMIT_EVENTS_MAX
            || batch.rows >= COMMIT_ROWS_MAX
            || enough_for_several
            || enough_behind
            || self.facts.len() > FACTS_MAX
            || self.outbox.is_full()
    }

    /// Begins a turn, after which others get theirs.
    fn begin_turn(&mut self) {
        self.turn = Turn::begin(self.clock.stands());
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
            self.decide_queued()?;
            self.fire_timers()?;
            self.migrate_some()?;
            self.remove_some()?;
        }
        if !self.writing && (stopping || self.is_worked_off()) {
            for reply in self.catching_up.drain(..) {
                self.pending.after.push(Box::new(move || {
                    // Whoever waits may have gone.
                    let _ = reply.send(());
                }));
            }
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
            self.shared.is_worked_off.store(self.is_worked_off(), Ordering::SeqCst);
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

    /// Returns the batch that gathers.
    pub(crate) fn batch(&mut self) -> &mut Batch {
        &mut self.pending.batch
    }

    /// Loads what is wanted and not held; of customers who were merged into another, that one too.
    pub(crate) fn ensure(&mut self, mut wanted: Wanted) -> Result<(), StoreError> {
        self.facts.missing(&mut wanted);
        while !wanted.is_empty() {
            self.facts.load(self.store.load(&wanted)?);
            wanted = self.facts.wanted_with(&wanted.customers);
            self.facts.missing(&mut wanted);
        }
        Ok(())
    }
}
