//! The composition root: puts store, engine, service and HTTP together, runs them, and stops them in good order.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use largesse_delivery::{Connector, Dispatcher, Sender, Times, system_lookup};
use largesse_engine::{Allowance, Compiler, HostKey, Pace, Workers, WorkersConfig};
use largesse_http::{AppState, ConnectionBounds, TokenEntry, Tokens};
use largesse_service::clock::Clock;
use largesse_service::components::Components;
use largesse_service::jobs::{JobParts, Jobs};
use largesse_service::{Gaps, Parts, PublicationRules, Retention, Service};
use largesse_store::{SqliteStore, StoreError};
use metrics_exporter_prometheus::PrometheusBuilder;
use tokio::net::{TcpListener, TcpSocket};
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::config::CertificateFiles;
use crate::data_dir::{DataDir, Secrets};
use crate::failure::{Failure, Result};
use crate::token::no_random;
use crate::watch::{Folder, run as watch_folder};

/// The first argument by which this program is a compiler of policies, in a process of its own.
pub(crate) const COMPILE_CHILD: &str = "compile-child";
/// Whether interpreters are taken, as the engine says it.
pub(crate) fn allowance(interpreters: bool) -> Allowance {
    if interpreters { Allowance::Interpreters } else { Allowance::Compiled }
}

/// This program as the compiler.
pub(crate) fn compiler(allowance: Allowance) -> Result<Compiler> {
    let program = std::env::current_exe()?;
    Ok(Compiler::child(program, vec![COMPILE_CHILD.to_owned()]).allowing(allowance))
}

/// Gaps that are drawn with the random numbers of the system.
pub(crate) fn drawn_gaps() -> Result<Gaps> {
    // A system that gives none does so from the first on.
    getrandom::u64().map_err(no_random)?;
    Ok(Gaps::Drawn(Arc::new(|| getrandom::u64().expect("the system gave random numbers before"))))
}

/// Connections that wait to be accepted; the system may allow fewer.
const CONNECTIONS_WAITING: u32 = 65_535;
/// How often measurements are put in order.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);

/// What a host is started with.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) listen: SocketAddr,
    pub(crate) data_dir: PathBuf,
    pub(crate) workers: NonZeroUsize,
    pub(crate) tokens: Vec<TokenEntry>,
    pub(crate) rules: PublicationRules,
    pub(crate) retention: Retention,
    /// How far off inviters are shown to policies.
    pub(crate) inviter_distance: u8,
    /// How far apart the numbers of two runs are.
    pub(crate) gaps: Gaps,
    /// How connections are bounded.
    pub(crate) connections: ConnectionBounds,
    /// How long it serves on after SIGTERM while `/readyz` says that it stops.
    pub(crate) drain_time: Duration,
    /// Certificates of deliveries.
    pub(crate) certificates: CertificateFiles,
    /// What components it takes.
    pub(crate) allowance: Allowance,
    /// A folder whose components are published when they change.
    pub(crate) watch: Option<PathBuf>,
}

/// A host that runs.
pub(crate) struct Host {
    runtime: Runtime,
    service: Arc<Service>,
    jobs: Jobs,
    address: SocketAddr,
    /// Says to the server how long to serve on, and to everything else that it is over.
    stop: watch::Sender<Option<Duration>>,
    drain_time: Duration,
    server: JoinHandle<()>,
    dispatcher: Dispatcher,
    watching: Option<JoinHandle<()>>,
    // Another host may use the directory when all else is gone.
    _data_dir: DataDir,
}

impl Host {
    /// Opens everything and begins to answer.
    pub(crate) fn start(options: &Options) -> Result<Self> {
        let tokens = Tokens::new(&options.tokens).map_err(Failure::usage)?;
        let folder = options.watch.as_deref().map(Folder::open).transpose()?;
        let data_dir = DataDir::open(&options.data_dir)?;
        let secrets = data_dir.secrets()?;
        let database = data_dir.database_to_write()?;
        let store = SqliteStore::open(&database).map_err(|error| {
            let too_new = matches!(error, StoreError::TooNew { .. });
            let failure = Failure::from(error).context(format!("cannot open {}", database.display()));
            if too_new { failure.hint("use the host that wrote it, or a newer one") } else { failure }
        })?;
        data_dir.note_database()?;
        let workers = Workers::new(WorkersConfig {
            workers: options.workers,
            compiler: compiler(options.allowance)?,
            cache_dir: Some(data_dir.cache()?),
            host_key: HostKey::from_bytes(secrets.cache),
            pace: Pace::LIVE,
        })?;
        let metrics = PrometheusBuilder::new().build_recorder();
        let handle = metrics.handle();
        // A second host in this process shares the first one's measurements.
        let _ = metrics::set_global_recorder(metrics);
        let parts = Parts {
            store: Arc::new(store),
            components: Components::in_folder(data_dir.components()?)?,
            workers: Arc::new(workers),
            clock: Clock::system(),
            seed_secret: secrets.seed,
            rules: options.rules.clone(),
            retention: options.retention,
            inviter_distance: options.inviter_distance,
            gaps: options.gaps.clone(),
        };
        let connector = options.certificates.trust().and_then(|trust| Connector::new(system_lookup(), trust));
        let connector = connector.map_err(|error| Failure::usage(error).context("the certificates of deliveries"))?;
        let sender = Sender::new(connector, Times::default());
        let service = Arc::new(Service::start(parts)?);
        let jobs = Self::jobs(&service, &data_dir, &secrets, options.gaps.clone())?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_name("http").build()?;
        let state = AppState { service: Arc::clone(&service), jobs: jobs.clone(), tokens, metrics: handle };
        let started = runtime.block_on(Self::listen(options, state));
        let (server, address, stop) = match started {
            Ok(started) => started,
            Err(failure) => {
                runtime.block_on(service.stop());
                return Err(failure);
            }
        };
        let (dispatcher, watching) = {
            let _runtime = runtime.enter();
            let watching =
                folder.map(|folder| tokio::spawn(watch_folder(Arc::clone(&service), folder, stop.subscribe())));
            (Dispatcher::start(Arc::clone(&service), sender), watching)
        };
        let drain_time = options.drain_time;
        Ok(Self {
            runtime,
            service,
            jobs,
            address,
            stop,
            drain_time,
            server,
            dispatcher,
            watching,
            _data_dir: data_dir,
        })
    }

    /// What is asked for beside decisions, with engines of its own that find what the host has compiled.
    fn jobs(service: &Service, data_dir: &DataDir, secrets: &Secrets, gaps: Gaps) -> Result<Jobs> {
        // What was published was taken once.
        let (compiler, cache, key) = (compiler(Allowance::Interpreters)?, data_dir.cache()?, secrets.cache);
        let engine = move || {
            let workers = Workers::new(WorkersConfig {
                workers: NonZeroUsize::MIN,
                compiler: compiler.clone(),
                cache_dir: Some(cache.try_clone().map_err(|error| error.to_string())?),
                host_key: HostKey::from_bytes(key),
                pace: Pace::OFFLINE,
            });
            workers.map_err(|error| error.to_string())
        };
        let parts =
            JobParts { kept: Some(data_dir.jobs()?), engine: Box::new(engine), seed_secret: secrets.seed, gaps };
        Ok(Jobs::start(service, parts)?)
    }

    async fn listen(
        options: &Options,
        state: AppState,
    ) -> Result<(JoinHandle<()>, SocketAddr, watch::Sender<Option<Duration>>)> {
        let listen = options.listen;
        let listener = bind(listen).map_err(|error| {
            let in_use = error.kind() == std::io::ErrorKind::AddrInUse;
            let failure = Failure::from(error).context(format!("cannot listen on {listen}"));
            if in_use { failure.hint("something else listens there; choose another with --listen") } else { failure }
        })?;
        let address = listener.local_addr()?;
        let (stop, mut stopped) = watch::channel(None);
        let upkeep = state.metrics.clone();
        let mut over = stopped.clone();
        tokio::spawn(async move {
            while tokio::time::timeout(UPKEEP_EVERY, over.wait_for(Option::is_some)).await.is_err() {
                upkeep.run_upkeep();
            }
        });
        let connections = options.connections;
        let server = tokio::spawn(async move {
            let told = async { stopped.wait_for(Option::is_some).await.ok().and_then(|serve_on| *serve_on) };
            let told = async { told.await.unwrap_or_default() };
            largesse_http::serve(listener, state, connections, told).await;
        });
        Ok((server, address, stop))
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Begins to hear what tells the host to stop. Before, a signal ends the process as it always does.
    pub(crate) fn signals(&self) -> Result<Signals> {
        let _runtime = self.runtime.enter();
        Ok(Signals::new()?)
    }

    /// Runs until it is told to stop or fails. Told a second time, it ends at once.
    pub(crate) fn run(self, mut signals: Signals) -> Result {
        let mut failure = self.service.failure();
        let ended = self.runtime.block_on(async {
            tokio::select! {
                signal = signals.next() => Ok(signal),
                changed = failure.wait_for(Option::is_some) => Err(changed.ok().and_then(|failure| failure.clone())),
            }
        });
        let serve_on = match ended {
            Ok(Signal::Terminate) => self.drain_time,
            Ok(Signal::Interrupt) | Err(_) => Duration::ZERO,
        };
        if !serve_on.is_zero() {
            tracing::info!(seconds = serve_on.as_secs(), "stopping: not ready any more, and serving on for a while");
        } else {
            tracing::info!("stopping: finishing what was taken");
        }
        let is_told = ended.is_ok();
        self.runtime.spawn(async move {
            // A host that stops because it failed is told for the first time.
            if !is_told {
                signals.next().await;
            }
            let signal = signals.next().await;
            tracing::warn!("told to stop a second time: what is under way is left");
            std::process::exit(signal.exit_code());
        });
        self.stop_after(serve_on);
        match ended.err().flatten() {
            None => Ok(()),
            Some(cause) => {
                let failure = Failure::from(anyhow::Error::msg(cause).context("the host failed and has stopped"));
                Err(failure.hint("what was answered is on disk; look at the disk, then start the host again"))
            }
        }
    }

    /// Answers what it has taken and stops.
    pub(crate) fn stop(self) {
        self.stop_after(Duration::ZERO);
    }

    /// Serves on for a while, answers what it has taken and stops.
    fn stop_after(self, serve_on: Duration) {
        self.stop.send_replace(Some(serve_on));
        self.runtime.block_on(async {
            // Deliveries go on as long as requests are answered. A panic of the server has been printed by then.
            drop(self.server.await);
            let watching = async {
                if let Some(watching) = self.watching {
                    drop(watching.await)
                }
            };
            let ((), ()) = tokio::join!(self.dispatcher.stop(), watching);
            self.service.stop().await;
        });
        self.jobs.stop();
    }
}

/// What the host is told to stop by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Signal {
    /// Ctrl-C.
    Interrupt,
    /// A request to terminate.
    Terminate,
}

/// Listens with as long a queue of connections as the system allows: where many connect at once, one that finds it full tries again only
/// a second later.
fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(CONNECTIONS_WAITING)
}

impl Signal {
    /// Returns the exit code of a process that a signal has ended.
    fn exit_code(self) -> i32 {
        match self {
            Self::Interrupt => 128 + 2,
            Self::Terminate => 128 + 15,
        }
    }
}

/// What the host is told from outside.
#[cfg(unix)]
pub(crate) struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.interrupt.recv() => Signal::Interrupt,
            _ = self.terminate.recv() => Signal::Terminate,
        }
    }
}

/// What the host is told from outside.
#[cfg(not(unix))]
pub(crate) struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> Signal {
        if tokio::signal::ctrl_c().await.is_err() {
            // Without signals only a failure ends it.
            std::future::pending::<()>().await;
        }
        Signal::Interrupt
    }
}

/// Writes logs to standard error.
pub(crate) fn start_logging(level: &str, json: bool) {
    let filter = tracing_subscriber::EnvFilter::new(level);
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second start in one process keeps the first one's logging.
    let _ = if json {
        builder.json().try_init()
    } else {
        builder.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).try_init()
    };
}
