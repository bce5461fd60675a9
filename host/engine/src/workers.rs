//! Several workers, each with an engine and a pool of its own, because two threads in one pool hinder each other.

use std::any::Any;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use cap_std::fs::Dir;
use largesse_domain::decision::{Enquiry, Evaluation, Fault, FaultKind, Input, Output};
use largesse_domain::id::Digest;
use largesse_domain::json::Json;
use largesse_domain::owner::OwnerKind;
use largesse_domain::policy::{Manifest, Offer};
use sha2::{Digest as _, Sha256};

use crate::cache::{Cache, HostKey};
use crate::compile::Compiler;
use crate::contract::ContractVersion;
use crate::failure::{CheckError, LoadError, ReplyError, StartError};
use crate::runtime::{Measured, Pace, Prepared, Runtime};
use crate::ticker::Ticker;
use crate::{child, declared, profile};

/// Fewer jobs than this are done by the calling thread alone: waking another costs more.
const SHARE_FROM: usize = 4;
/// Stack of a worker thread, in bytes: the guest's and the host's.
const THREAD_STACK_BYTES: usize = 2 * 1024 * 1024;

/// What [`Workers::new`] needs.
#[derive(Debug)]
pub struct WorkersConfig {
    /// How many decisions may run at the same time, the calling thread's included.
    pub workers: NonZeroUsize,
    /// What compiles.
    pub compiler: Compiler,
    /// Where compiled code is kept, in a directory of the host's own; nowhere when `None`.
    pub cache_dir: Option<Dir>,
    /// The key that authenticates compiled code.
    pub host_key: HostKey,
    /// How much wall time a call has.
    pub pace: Pace,
}

/// A policy that is ready to decide, on every worker of one [`Workers`].
pub struct LoadedPolicy {
    digest: Digest,
    size_bytes: u64,
    manifest: Manifest,
    contract: ContractVersion,
    home: Home,
    /// By worker; the last one is for calls that decide nothing.
    prepared: Vec<Prepared>,
}

/// Tells the policies of one [`Workers`] from those of another.
type Home = Arc<()>;

impl LoadedPolicy {
    /// The sha-256 of the component's bytes.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The size of the component, in bytes.
    #[must_use]
    pub fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// What the policy says of itself.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The version of the contract that it keeps.
    #[must_use]
    pub fn contract(&self) -> ContractVersion {
        self.contract
    }
}

impl std::fmt::Debug for LoadedPolicy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LoadedPolicy({} {} {})", self.manifest.name, self.manifest.version, self.digest)
    }
}

/// One decision to make. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Job {
    /// The policy that decides.
    pub policy: Arc<LoadedPolicy>,
    /// All that it may know.
    pub input: Arc<Input>,
}

/// Loads policies and runs them. To be shared between threads; all its calls block.
pub struct Workers {
    /// By worker; the first belongs to whoever calls [`Workers::decide_all`], the last to calls that decide nothing.
    runtimes: Vec<Runtime>,
    helpers: Vec<Helper>,
    /// Held while a batch is decided: the caller is the first worker.
    batch: Mutex<()>,
    /// Held while a call that decides nothing runs.
    control: Mutex<()>,
    compiler: Compiler,
    cache: Option<Cache>,
    ticker: Ticker,
    home: Home,
}

impl Workers {
    /// Starts the engines, the threads and the ticker.
    ///
    /// # Errors
    /// When the system gives no address space or no thread.
    pub fn new(config: WorkersConfig) -> Result<Self, StartError> {
        let workers = config.workers.get();
        let runtimes = (0..=workers).map(|_| Runtime::new(config.pace)).collect::<wasmtime::Result<Vec<_>>>();
        let runtimes = runtimes.map_err(|error| StartError(child::describe(&error)))?;
        let no_thread = |error: std::io::Error| StartError(error.to_string());
        let ticker = Ticker::start(runtimes.iter().map(|runtime| runtime.engine().weak()).collect());
        let helpers = (1..workers).map(Helper::start).collect::<std::io::Result<Vec<_>>>().map_err(no_thread)?;
        let control = &runtimes[workers];
        let fingerprint = profile::fingerprint(control.engine());
        Ok(Self {
            helpers,
            batch: Mutex::default(),
            control: Mutex::default(),
            compiler: config.compiler,
            cache: config.cache_dir.map(|dir| Cache::new(dir, config.host_key, fingerprint)),
            ticker: ticker.map_err(no_thread)?,
            home: Home::default(),
            runtimes,
        })
    }

    /// Whether the clock that bounds wall time runs. Where it does not, the host should stop deciding.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        self.ticker.is_alive() && self.helpers.iter().all(Helper::is_alive)
    }

    /// Checks a component, compiles it or takes it from the cache, and asks it to describe itself.
    ///
    /// # Errors
    /// Any of [`LoadError`].
    pub fn load(&self, component: &[u8]) -> Result<Arc<LoadedPolicy>, LoadError> {
        let contract = self.compiler.inspect(component)?;
        let digest = Digest::from_bytes(Sha256::digest(component).into());
        let prepared = self.prepare(component, digest, contract)?;
        let control = prepared.last().expect("there is always the worker that decides nothing");
        let described = {
            let _turn = self.control.lock().unwrap_or_else(PoisonError::into_inner);
            let fits = control.check_types().map_err(LoadError::Describe)?;
            fits.map_err(|error| LoadError::Unfit { detail: child::describe(&error) })?;
            control.describe().map_err(LoadError::Describe)?
        };
        let manifest = declared::manifest(described).map_err(LoadError::Manifest)?;
        let home = Arc::clone(&self.home);
        Ok(Arc::new(LoadedPolicy { digest, size_bytes: component.len() as u64, manifest, contract, home, prepared }))
    }

    fn prepare(&self, component: &[u8], digest: Digest, contract: ContractVersion) -> Result<Vec<Prepared>, LoadError> {
        if let Some((cache, artefact)) = self.cache.as_ref().and_then(|cache| Some((cache, cache.get(&digest)?))) {
            match self.prepare_artefact(&artefact, contract) {
                Ok(prepared) => return Ok(prepared),
                Err(error) => {
                    let error = child::describe(&error);
                    tracing::warn!(%digest, error, "compiled code in the cache is of no use; it is compiled again");
                    cache.forget(&digest);
                }
            }
        }
        let artefact = self.compiler.compile(component)?;
        let prepared = self.prepare_artefact(&artefact, contract);
        let prepared = prepared.map_err(|error| LoadError::Unfit { detail: child::describe(&error) })?;
        if let Some(cache) = &self.cache {
            cache.put(&digest, &artefact);
        }
        Ok(prepared)
    }

    fn prepare_artefact(&self, artefact: &[u8], contract: ContractVersion) -> wasmtime::Result<Vec<Prepared>> {
        self.runtimes.iter().map(|runtime| runtime.prepare(artefact, contract)).collect()
    }

    /// Makes the decisions, several at a time, and returns what came of them in the order of the jobs. One batch at a
    /// time: a second caller waits.
    #[must_use]
    pub fn decide_all(&self, jobs: Vec<Job>) -> Vec<Evaluation> {
        let evaluations = self.decide_within(jobs, Patience::default()).into_iter();
        evaluations.map(|evaluation| evaluation.unwrap_or_else(|| host_fault("a worker died"))).collect()
    }

    /// Makes decisions as [`Workers::decide_all`] does, as long as the patience lasts; `None` stands for a job that was
    /// not run. The first job always runs.
    #[must_use]
    pub fn decide_within(&self, jobs: Vec<Job>, patience: Patience) -> Vec<Option<Evaluation>> {
        let _turn = self.batch.lock().unwrap_or_else(PoisonError::into_inner);
        let count = jobs.len();
        let batch = Arc::new(Batch {
            jobs,
            next: AtomicUsize::new(0),
            home: Arc::clone(&self.home),
            patience,
            late: Mutex::default(),
        });
        let mut evaluations: Vec<Option<Evaluation>> = vec![None; count];
        let mut keep = |(index, evaluation): (usize, Evaluation)| evaluations[index] = Some(evaluation);
        if count < SHARE_FROM || self.helpers.is_empty() {
            batch.work(0).into_iter().for_each(&mut keep);
            return evaluations;
        }
        let (sender, receiver) = mpsc::channel();
        let helpers = self.helpers.iter().take(batch.jobs.len() - 1);
        helpers.for_each(|helper| helper.send(Task { batch: Arc::clone(&batch), done: sender.clone() }));
        drop(sender);
        batch.work(0).into_iter().for_each(&mut keep);
        receiver.into_iter().flatten().for_each(&mut keep);
        evaluations
    }

    /// Makes one decision beside the batches, and says what it used of its sandbox.
    #[must_use]
    pub fn measure(&self, policy: &LoadedPolicy, input: &Input) -> Measured {
        let measured = self.control(policy, |prepared| Ok(prepared.measure(input)));
        measured.unwrap_or_else(|fault| Measured {
            evaluation: Evaluation { output: Output::Fault(fault), fuel: 0, log: String::new() },
            fuel_max: 0,
            memory_bytes: 0,
        })
    }

    /// Asks the policy again what it says of itself.
    ///
    /// # Errors
    /// [`LoadError::Describe`] and [`LoadError::Manifest`].
    pub fn describe(&self, policy: &LoadedPolicy) -> Result<Manifest, LoadError> {
        let described = self.control(policy, Prepared::describe).map_err(LoadError::Describe)?;
        declared::manifest(described).map_err(LoadError::Manifest)
    }

    /// Asks the policy whether it takes the parameters, and what it may give with them.
    ///
    /// # Errors
    /// When it does not, or breaks its contract.
    pub fn check(&self, policy: &LoadedPolicy, params: &Json) -> Result<Vec<Offer>, CheckError> {
        let checked = self.control(policy, |prepared| prepared.check(params));
        checked.map_err(CheckError::Fault)?.map_err(CheckError::Problems)
    }

    /// Asks the policy a question, on the worker of whoever decides: no call beside it is waited for.
    ///
    /// # Errors
    /// When it refuses, or breaks its contract.
    pub fn quote(&self, policy: &LoadedPolicy, enquiry: &Enquiry) -> Result<Json, ReplyError> {
        let answer = self.between_batches(policy, |prepared| prepared.quote(enquiry));
        answer.map_err(ReplyError::Fault)?.map_err(ReplyError::Refused)
    }

    /// Has the policy make one state of what it kept of two customers who are one, on the worker of whoever decides.
    ///
    /// # Errors
    /// When it refuses, or breaks its contract.
    pub fn merge(&self, policy: &LoadedPolicy, kept: &Json, joined: &Json) -> Result<Json, ReplyError> {
        let merged = self.between_batches(policy, |prepared| prepared.merge(kept, joined));
        merged.map_err(ReplyError::Fault)?.map_err(ReplyError::Refused)
    }

    /// Has the policy rewrite a state of an older version, on the worker of whoever decides.
    ///
    /// # Errors
    /// When it refuses, or breaks its contract.
    pub fn migrate(
        &self,
        policy: &LoadedPolicy,
        owner: OwnerKind,
        state: &Json,
        written_by: u32,
    ) -> Result<Json, ReplyError> {
        let migrated = self.between_batches(policy, |prepared| prepared.migrate(owner, state, written_by));
        migrated.map_err(ReplyError::Fault)?.map_err(ReplyError::Refused)
    }

    /// Does what [`Workers::migrate`] does beside the decisions, which do not wait for it.
    ///
    /// # Errors
    /// When it refuses, or breaks its contract.
    pub fn try_migration(
        &self,
        policy: &LoadedPolicy,
        owner: OwnerKind,
        state: &Json,
        written_by: u32,
    ) -> Result<Json, ReplyError> {
        let migrated = self.control(policy, |prepared| prepared.migrate(owner, state, written_by));
        migrated.map_err(ReplyError::Fault)?.map_err(ReplyError::Refused)
    }

    /// Calls a policy on the first worker, which belongs to whoever decides.
    fn between_batches<T>(
        &self,
        policy: &LoadedPolicy,
        call: impl FnOnce(&Prepared) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let _turn = self.batch.lock().unwrap_or_else(PoisonError::into_inner);
        call(prepared_for(policy, 0, &self.home)?)
    }

    fn control<T>(&self, policy: &LoadedPolicy, call: impl FnOnce(&Prepared) -> Result<T, Fault>) -> Result<T, Fault> {
        let _turn = self.control.lock().unwrap_or_else(PoisonError::into_inner);
        call(prepared_for(policy, self.runtimes.len() - 1, &self.home)?)
    }
}

impl std::fmt::Debug for Workers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Workers({})", self.runtimes.len() - 1)
    }
}

fn prepared_for<'a>(policy: &'a LoadedPolicy, worker: usize, home: &Home) -> Result<&'a Prepared, Fault> {
    let prepared = Arc::ptr_eq(&policy.home, home).then(|| policy.prepared.get(worker)).flatten();
    prepared.ok_or_else(|| Fault {
        kind: FaultKind::Host,
        detail: "the policy was loaded by other workers than those that run it".to_owned(),
    })
}

fn decide(job: &Job, worker: usize, home: &Home) -> Evaluation {
    let decided = catch_unwind(AssertUnwindSafe(|| match prepared_for(&job.policy, worker, home) {
        Ok(prepared) => prepared.decide(&job.input),
        Err(fault) => Evaluation { output: Output::Fault(fault), fuel: 0, log: String::new() },
    }));
    decided.unwrap_or_else(|panic| host_fault(panic_message(&*panic)))
}

fn panic_message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("the host panicked")
}

fn host_fault(detail: &str) -> Evaluation {
    let fault = Fault { kind: FaultKind::Host, detail: detail.to_owned() };
    Evaluation { output: Output::Fault(fault), fuel: 0, log: String::new() }
}

/// How long a batch of decisions may take. By default it takes what it takes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Patience {
    /// No job is begun after this moment, but the first.
    pub until: Option<Instant>,
    /// No job is begun after so many ran out of wall time, and none of a policy that ran out of it once.
    pub late_max: Option<usize>,
}

/// Jobs that several workers take from, one at a time.
struct Batch {
    jobs: Vec<Job>,
    next: AtomicUsize,
    home: Home,
    patience: Patience,
    /// The policies of the jobs that ran out of wall time.
    late: Mutex<Vec<Digest>>,
}

impl Batch {
    /// Takes jobs until there are none; returns what came of those taken and run, by their place.
    fn work(&self, worker: usize) -> Vec<(usize, Evaluation)> {
        let mut done = Vec::new();
        loop {
            let index = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(job) = self.jobs.get(index) else { return done };
            if index > 0 && !self.may_run(job) {
                continue;
            }
            let evaluation = decide(job, worker, &self.home);
            if matches!(&evaluation.output, Output::Fault(fault) if fault.kind == FaultKind::Time) {
                self.late().push(job.policy.digest);
            }
            done.push((index, evaluation));
        }
    }

    fn may_run(&self, job: &Job) -> bool {
        if self.patience.until.is_some_and(|until| Instant::now() >= until) {
            return false;
        }
        self.patience.late_max.is_none_or(|late_max| {
            let late = self.late();
            late.len() < late_max && !late.contains(&job.policy.digest)
        })
    }

    fn late(&self) -> MutexGuard<'_, Vec<Digest>> {
        self.late.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Task {
    batch: Arc<Batch>,
    done: mpsc::Sender<Vec<(usize, Evaluation)>>,
}

/// A worker with a thread of its own. It ends when it is dropped.
struct Helper {
    tasks: Option<mpsc::Sender<Task>>,
    thread: Option<JoinHandle<()>>,
}

impl Helper {
    fn start(worker: usize) -> std::io::Result<Self> {
        let (tasks, inbox) = mpsc::channel::<Task>();
        let thread = thread::Builder::new()
            .name(format!("largesse-worker-{worker}"))
            .stack_size(THREAD_STACK_BYTES)
            .spawn(move || {
                for Task { batch, done } in inbox {
                    // The caller waits for every helper, so somebody always listens.
                    let _unheard = done.send(batch.work(worker));
                }
            })?;
        Ok(Self { tasks: Some(tasks), thread: Some(thread) })
    }

    /// A helper that died takes no task; the other workers do its share.
    fn send(&self, task: Task) {
        let _dead = self.tasks.as_ref().map(|tasks| tasks.send(task));
    }

    fn is_alive(&self) -> bool {
        self.thread.as_ref().is_some_and(|thread| !thread.is_finished())
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        drop(self.tasks.take());
        if let Some(thread) = self.thread.take() {
            let _panicked = thread.join();
        }
    }
}
