//! Work that takes long, beside the pipeline: replays, backtests, simulations. One job at a time, on a thread of its own, with engines of
//! its own; it reads from the store and writes nothing but what it found, to a file of its own that is kept.

mod kept;

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use cap_std::fs::Dir;
use largesse_documents::job::{
    BacktestDocument, JobDocument, JobStatus, JobView, ReplayDocument, ReplayedView, SimulateDocument,
};
use largesse_documents::report::ReportView;
use largesse_documents::time::{instant_text, read_instant};
use largesse_documents::{CampaignDocument, CampaignSpec, PolicyRef};
use largesse_domain::id::{AttributeName, CampaignId, CustomerId, DecisionId};
use largesse_domain::json::Json;
use largesse_domain::limits::{JOB_EVENTS_MAX, JOBS_KEPT_MAX, JOBS_WAITING_MAX};
use largesse_domain::problem::Problem;
use largesse_domain::run::{Numbered, first_number};
use largesse_engine::Workers;
use largesse_store::{DecisionFilter, Store};
use serde_json::Value;

use crate::backtest::{
    Alternative, Candidate, Engines, Given, Planned, Recorded, Setup, pointwise, simulate, stateful,
};
use crate::clock::Clock;
use crate::components::Components;
use crate::replay::{ReplayFilter, replay};
use crate::{Gaps, Service, Shared, chain};

/// What jobs are done with.
pub struct JobParts {
    /// Where what they find is kept; as long as the host runs when absent.
    pub kept: Option<Dir>,
    /// Makes an engine with one worker.
    pub engine: Box<dyn Fn() -> Result<Workers, String> + Send + Sync>,
    /// The secret for seeds.
    pub seed_secret: [u8; 32],
    /// How far apart the ids of jobs of two runs are.
    pub gaps: Gaps,
}

/// Why a job is not taken.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// The document is wrong.
    #[error("the document cannot be taken")]
    Problems(Vec<Problem>),
    /// As many wait as may.
    #[error("{JOBS_WAITING_MAX} jobs wait already")]
    Busy,
    /// It cannot be written down.
    #[error("the job cannot be kept")]
    NotKept(#[from] io::Error),
}

/// The jobs of a host.
#[derive(Clone)]
pub struct Jobs(Arc<Inner>);

/// How long a job that is under way when the host stops may go on, so that the store is closed in good order.
const GRACE: Duration = Duration::from_secs(1);

struct Inner {
    store: Arc<dyn Store>,
    components: Arc<Components>,
    shared: Arc<Shared>,
    clock: Clock,
    parts: JobParts,
    state: Mutex<State>,
    /// The thread that does them.
    thread: Mutex<Option<JoinHandle<()>>>,
    /// Told when a job waits, or none is to be begun any more.
    waiting: Condvar,
    /// How far the one that runs is.
    progress: AtomicU64,
}

#[derive(Default)]
struct State {
    jobs: BTreeMap<u64, JobView>,
    /// With what they are given, events included.
    waiting: VecDeque<(u64, JobDocument)>,
    /// Whether a job was asked for since the host began.
    numbered: bool,
    /// Whether no more are begun.
    stopping: bool,
}

impl Jobs {
    /// Reads what is kept, and begins to do what is asked for. A job that was under way when its host stopped has failed.
    ///
    /// # Errors
    /// When what is kept cannot be read, or a thread not be started.
    pub fn start(service: &Service, parts: JobParts) -> io::Result<Self> {
        let mut jobs = BTreeMap::new();
        if let Some(kept) = &parts.kept {
            for mut job in kept::read_all(kept)? {
                if matches!(job.status, JobStatus::Waiting | JobStatus::Running) {
                    job.status = JobStatus::Failed;
                    job.error = Some("the host was stopped before it was done; ask for it again".to_owned());
                    kept::write(kept, &job)?;
                }
                jobs.insert(job.id, job);
            }
        }
        let inner = Arc::new(Inner {
            store: Arc::clone(&service.store),
            components: Arc::clone(&service.components),
            shared: Arc::clone(&service.shared),
            clock: service.clock.clone(),
            parts,
            state: Mutex::new(State { jobs, ..State::default() }),
            thread: Mutex::default(),
            waiting: Condvar::new(),
            progress: AtomicU64::new(0),
        });
        let worker = Arc::clone(&inner);
        let thread = std::thread::Builder::new().name("jobs".into()).spawn(move || worker.work())?;
        *inner.thread.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread);
        Ok(Self(inner))
    }

    /// Takes a job.
    ///
    /// # Errors
    /// Why it is not taken.
    pub fn ask(&self, document: JobDocument) -> Result<JobView, JobError> {
        let problems = self.0.problems(&document);
        if !problems.is_empty() {
            return Err(JobError::Problems(problems));
        }
        let mut state = self.0.state();
        if state.waiting.len() >= JOBS_WAITING_MAX {
            return Err(JobError::Busy);
        }
        let id = self.0.next_id(&state);
        let mut request = document.clone();
        if let JobDocument::Simulate(simulated) = &mut request {
            simulated.events.clear();
        }
        let job = JobView {
            id,
            status: JobStatus::Waiting,
            request,
            asked: instant_text(self.0.clock.now()),
            ended: None,
            progress: 0,
            total: None,
            report: None,
            replayed: None,
            error: None,
        };
        self.0.keep(&job)?;
        state.numbered = true;
        state.jobs.insert(id, job.clone());
        state.waiting.push_back((id, document));
        self.0.forget_oldest(&mut state)?;
        self.0.waiting.notify_one();
        Ok(job)
    }

    /// Begins no more. One that is under way has a second to come to its end; then it ends with the process, and has failed at the next start.
    pub fn stop(&self) {
        self.0.state().stopping = true;
        self.0.waiting.notify_one();
        let thread = self.0.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        let (Some(thread), until) = (thread, Instant::now() + GRACE) else { return };
        while !thread.is_finished() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// All that are kept, the latest first, without what they found.
    #[must_use]
    pub fn list(&self) -> Vec<JobView> {
        let jobs: Vec<_> = self.0.state().jobs.values().rev().cloned().collect();
        jobs.into_iter().map(|job| JobView { report: None, ..self.0.with_progress(job) }).collect()
    }

    /// One job.
    #[must_use]
    pub fn get(&self, id: u64) -> Option<JobView> {
        let job = self.0.state().jobs.get(&id).cloned()?;
        Some(self.0.with_progress(job))
    }
}

/// What came of a job.
enum Found {
    Report(Box<ReportView>),
    Replayed(ReplayedView),
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with_progress(&self, mut job: JobView) -> JobView {
        if job.status == JobStatus::Running {
            job.progress = self.progress.load(Ordering::Relaxed);
        }
        job
    }

    /// The id of the next job: as for all that the host numbers, the first of a run is drawn.
    fn next_id(&self, state: &State) -> u64 {
        let last = state.jobs.last_key_value().map_or(0, |(last, _)| *last);
        let gaps = if state.numbered { &Gaps::None } else { &self.parts.gaps };
        first_number(last, gaps.source())
    }

    fn keep(&self, job: &JobView) -> io::Result<()> {
        self.parts.kept.as_ref().map_or(Ok(()), |kept| kept::write(kept, job))
    }

    /// Of those that came to their end, only so many are kept.
    fn forget_oldest(&self, state: &mut State) -> io::Result<()> {
        while state.jobs.len() > JOBS_KEPT_MAX {
            let ended = |job: &&JobView| matches!(job.status, JobStatus::Done | JobStatus::Failed);
            let Some(id) = state.jobs.values().find(ended).map(|job| job.id) else { break };
            state.jobs.remove(&id);
            if let Some(kept) = &self.parts.kept {
                kept.remove_file(kept::file_name(id))?;
            }
        }
        Ok(())
    }

    fn work(&self) {
        while let Some((id, document)) = self.next() {
            let found = self.run(&document);
            let mut state = self.state();
            let Some(job) = state.jobs.get_mut(&id) else { continue };
            job.progress = self.progress.load(Ordering::Relaxed);
            job.ended = Some(instant_text(self.clock.now()));
            job.status = if found.is_ok() { JobStatus::Done } else { JobStatus::Failed };
            match found {
                Ok(Found::Report(report)) => job.report = Some(report),
                Ok(Found::Replayed(replayed)) => job.replayed = Some(replayed),
                Err(error) => job.error = Some(error),
            }
            if let Err(error) = self.keep(job) {
                tracing::error!(job = id, %error, "what a job found cannot be kept over a restart");
            }
        }
    }

    /// Waits for a job, and notes that it runs; none once the host stops.
    fn next(&self) -> Option<(u64, JobDocument)> {
        let mut state = self.state();
        while !state.stopping {
            if let Some((id, document)) = state.waiting.pop_front() {
                self.progress.store(0, Ordering::Relaxed);
                let total = self.total(&document);
                if let Some(job) = state.jobs.get_mut(&id) {
                    job.status = JobStatus::Running;
                    job.total = total;
                }
                return Some((id, document));
            }
            state = self.waiting.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        None
    }

    fn total(&self, document: &JobDocument) -> Option<u64> {
        let (all, of) = (u64::MAX, |kind| self.store.assigned(kind).ok());
        Some(match document {
            JobDocument::Backtest(backtest) if backtest.stateful => of(Numbered::Event)?.count(0, all),
            JobDocument::Replay(replay) => of(Numbered::Decision)?.count(replay.after, replay.until.unwrap_or(all)),
            JobDocument::Backtest(_) => of(Numbered::Decision)?.count(0, all),
            JobDocument::Simulate(simulated) => simulated.events.len() as u64,
        })
    }

    fn run(&self, document: &JobDocument) -> Result<Found, String> {
        match document {
            JobDocument::Replay(document) => self.replay(document).map(Found::Replayed),
            JobDocument::Backtest(document) => self.backtest(document).map(|report| Found::Report(Box::new(report))),
            JobDocument::Simulate(document) => self.simulate(document).map(|report| Found::Report(Box::new(report))),
        }
    }

    fn progressed(&self, by: u64) {
        self.progress.fetch_add(by, Ordering::Relaxed);
    }

    fn replay(&self, document: &ReplayDocument) -> Result<ReplayedView, String> {
        let filter = ReplayFilter {
            of: DecisionFilter {
                campaign: parsed::<CampaignId>(document.campaign.as_deref())?,
                actors: match parsed::<CustomerId>(document.customer.as_deref())? {
                    Some(customer) => self.store.ids_of(&customer).map_err(|error| chain(&error))?,
                    None => Vec::new(),
                },
            },
            after: DecisionId(document.after),
            until: document.until.map(DecisionId),
            made: (None, None),
        };
        let engines = [(self.parts.engine)()?];
        let replayed = replay(&*self.store, &self.components, &engines, &filter, &|by| self.progressed(by));
        let replayed = replayed.map_err(|error| chain(&error))?;
        Ok(ReplayedView {
            identical: replayed.identical,
            divergent: replayed.divergent,
            first_divergent: replayed.first.map(|first| first.recorded.id.0),
            removed: replayed.removed,
            not_run: replayed.not_run,
        })
    }

    fn backtest(&self, document: &BacktestDocument) -> Result<ReportView, String> {
        let campaign: CampaignId = document.campaign.parse().map_err(|error| format!("{error}"))?;
        let component = document.policy.as_deref().map(|policy| self.component(policy)).transpose()?;
        let mut params =
            document.params.as_ref().map(|params| Json::from_checked(Value::Object(params.clone()).to_string()));
        let segment = parsed::<AttributeName>(document.segment.as_deref())?;
        if !document.stateful {
            let filter = ReplayFilter {
                of: DecisionFilter { campaign: Some(campaign), actors: Vec::new() },
                after: DecisionId(0),
                until: None,
                made: (None, None),
            };
            let candidate = Candidate { component, params, segment };
            let engines = [(self.parts.engine)()?];
            let seen =
                pointwise((&*self.store, &self.components), &engines, &filter, &candidate, &|by| self.progressed(by));
            return seen.map_err(|error| chain(&error));
        }
        let events = self.store.assigned(Numbered::Event).map_err(|error| chain(&error))?.count(0, u64::MAX);
        if events > JOB_EVENTS_MAX {
            return Err(format!(
                "the record has {events} events, and a job runs at most {JOB_EVENTS_MAX} again, because it keeps everything in memory; \
                 run `largesse backtest --stateful` on a copy of the data directory"
            ));
        }
        let spec = document.document.as_deref().map(read_spec).transpose()?;
        let settings = spec.map(|spec| {
            params.get_or_insert(spec.params);
            spec.settings
        });
        let recorded = Recorded {
            store: &*self.store,
            components: &self.components,
            campaign,
            alternative: Alternative { component, params, settings },
            segment,
        };
        let engines = Engines { workers: self.two()?, seed_secret: self.parts.seed_secret };
        block_on(stateful(&recorded, &engines, |by| self.progressed(by)))?.map_err(|error| chain(&error))
    }

    fn simulate(&self, document: &SimulateDocument) -> Result<ReportView, String> {
        let given = Given {
            setup: self.setup(&document.campaigns)?,
            against: document.against.as_ref().map(|campaigns| self.setup(campaigns)).transpose()?,
            until: document.until.as_deref().map(read_instant).transpose()?,
            segment: parsed::<AttributeName>(document.segment.as_deref())?,
        };
        let events: Vec<_> = document.events.iter().map(|event| event.to_string().into_bytes()).collect();
        block_on(simulate(&given, events, self.two()?, |by| self.progressed(by)))?.map_err(|error| chain(&error))
    }

    /// Workers for two hosts in memory.
    fn two(&self) -> Result<[Arc<Workers>; 2], String> {
        let engine = || (self.parts.engine)().map(Arc::new);
        Ok([engine()?, engine()?])
    }

    /// Campaigns on what the host knows of kinds, units, pockets, segments and programmes.
    fn setup(&self, campaigns: &BTreeMap<String, CampaignDocument>) -> Result<Setup, String> {
        let registry = self.shared.registry();
        let mut setup = Setup {
            kinds: self.store.kinds().map_err(|error| chain(&error))?,
            units: registry.catalogue.units.values().cloned().collect(),
            pockets: registry.catalogue.pockets.values().cloned().collect(),
            segments: registry.catalogue.segments.values().cloned().collect(),
            programmes: registry.catalogue.programmes.values().cloned().collect(),
            ..Setup::default()
        };
        for (id, document) in campaigns {
            let mut spec = read_spec(document)?;
            let component = self.component(&document.policy)?;
            // The host in memory publishes it anew, alone.
            spec.policy = PolicyRef::ByDigest(crate::components::digest_of(&component));
            setup.components.push(component.into());
            let id = id.parse().map_err(|error| format!("{error}"))?;
            setup.campaigns.push(Planned { id, from: None, revisions: vec![spec] });
        }
        Ok(setup)
    }

    fn component(&self, policy: &str) -> Result<Vec<u8>, String> {
        let named: PolicyRef = policy.parse().map_err(|error| format!("{error}"))?;
        let registry = self.shared.registry();
        let published = registry.find(&named).ok_or_else(|| format!("the policy {policy} is not published"))?;
        self.components.get(&published.policy.digest).map_err(|error| chain(&error))
    }

    /// What can be said to be wrong with a job before it is done.
    fn problems(&self, document: &JobDocument) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut problem = |pointer: String, message: String| problems.push(Problem { pointer, message });
        let (campaign, policies) = match document {
            JobDocument::Replay(replay) => (replay.campaign.as_ref(), Vec::new()),
            JobDocument::Backtest(backtest) => {
                if backtest.policy.is_none() && backtest.params.is_none() && backtest.document.is_none() {
                    problem(String::new(), "nothing is changed: expected policy, params or document".to_owned());
                }
                if backtest.document.is_some() && !backtest.stateful {
                    problem("/document".to_owned(), "settings matter only when stateful".to_owned());
                }
                (
                    Some(&backtest.campaign),
                    backtest.policy.iter().map(|policy| ("/policy".to_owned(), policy)).collect(),
                )
            }
            JobDocument::Simulate(simulated) => {
                let named = |at: &str, campaigns: &BTreeMap<String, CampaignDocument>| {
                    let policy = |(id, document): (&String, &CampaignDocument)| {
                        (format!("/{at}/{id}/policy"), document.policy.clone())
                    };
                    campaigns.iter().map(policy).collect::<Vec<_>>()
                };
                let mut all = named("campaigns", &simulated.campaigns);
                all.extend(simulated.against.iter().flat_map(|against| named("against", against)));
                for (pointer, policy) in all {
                    if let Err(message) = self.component(&policy) {
                        problem(pointer, message);
                    }
                }
                if simulated.campaigns.is_empty() {
                    problem("/campaigns".to_owned(), "expected at least one".to_owned());
                }
                (None, Vec::new())
            }
        };
        let known = |id: &String| {
            let id: Option<CampaignId> = id.parse().ok();
            id.is_some_and(|id| self.shared.registry().campaign(&id).is_some())
        };
        if let Some(id) = campaign.filter(|id| !known(id)) {
            problem("/campaign".to_owned(), format!("there is no campaign {id}"));
        }
        for (pointer, policy) in policies {
            if let Err(message) = self.component(policy) {
                problem(pointer, message);
            }
        }
        problems
    }
}

fn read_spec(document: &CampaignDocument) -> Result<CampaignSpec, String> {
    document.read().map_err(|problems| {
        let said = problems.iter().map(|problem| format!("{} {}", problem.pointer, problem.message));
        said.collect::<Vec<_>>().join("; ")
    })
}

fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(text: Option<&str>) -> Result<Option<T>, String> {
    text.map(|text| text.parse().map_err(|error| format!("{text}: {error}"))).transpose()
}

fn block_on<T>(work: impl Future<Output = T>) -> Result<T, String> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().build().map_err(|error| error.to_string())?;
    Ok(runtime.block_on(work))
}
