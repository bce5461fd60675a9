//! Events through HTTP, each answered when it is on disk: batches over one connection, single events over many.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use largesse_domain::id::CampaignId;
use largesse_domain::lifecycle::Command;
use largesse_domain::limits::INVITER_DISTANCE_DEFAULT;
use largesse_http::{AppState, ConnectionBounds, Role, TokenEntry, Tokens};
use largesse_service::clock::Clock;
use largesse_service::components::Components;
use largesse_service::jobs::{JobParts, Jobs};
use largesse_service::pipeline::Precondition;
use largesse_service::{Gaps, Parts, PublicationRules, Retention, Service};
use largesse_store::SqliteStore;
use metrics_exporter_prometheus::PrometheusHandle;
use serde_json::json;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::stats::rate;
use super::threads::Threads;
use super::{component, plain, workers};

const TIME: Duration = Duration::from_secs(5);
const CUSTOMERS: usize = 20_000;

/// Numbers the events of one measurement.
static NEXT: AtomicUsize = AtomicUsize::new(0);

/// What is sent: over so many connections, so many events at a time.
#[derive(Clone, Copy)]
pub(super) struct Row {
    connections: usize,
    batch: usize,
    beside_plain: bool,
}

impl Row {
    const fn batches(connections: usize, batch: usize) -> Self {
        Self { connections, batch, beside_plain: true }
    }

    const fn single(connections: usize) -> Self {
        Self { connections, batch: 1, beside_plain: false }
    }

    /// The name of all rows of its kind.
    pub(super) fn group(self) -> &'static str {
        if self.beside_plain { "batches" } else { "connections" }
    }
}

impl std::fmt::Display for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}x{}", self.connections, self.batch)
    }
}

/// Every row, in the order in which they are measured.
pub(super) const ROWS: [Row; 7] = [
    Row::batches(1, 1),
    Row::batches(1, 100),
    Row::batches(4, 100),
    Row::batches(1, 1_000),
    Row::batches(4, 1_000),
    Row::single(64),
    Row::single(256),
];

pub(super) fn run(rows: &[Row]) -> Result<()> {
    let metrics = metrics_exporter_prometheus::PrometheusBuilder::new().install_recorder()?;
    println!(
        "Durable events a second through HTTP (check-in, one decision each), and decisions a second of plain SQLite"
    );
    println!("with six row writes a decision at the same batch, {} s each, from an empty database", TIME.as_secs());
    println!("{:<32} {:>12} {:>12} {:>7}   us on a processor for each event", "how", "events/s", "plain/s", "share");
    for Row { connections, batch, beside_plain } in rows.iter().copied() {
        let folder = folder()?;
        let (events, threads) = measure(&folder, &metrics, connections, batch)?;
        if !beside_plain {
            println!("{:<32} {events:>12.0} {:>22} {threads}", format!("{connections} connections, single events"), "");
            continue;
        }
        let ceiling = plain::ceiling(&folder.path().join("plain.db"), batch, TIME)?;
        let how = format!("{connections} connections, batches of {batch}");
        println!("{how:<32} {events:>12.0} {ceiling:>12.0} {:>6.0}%   {threads}", 100.0 * events / ceiling);
    }
    Ok(())
}

pub(super) fn folder() -> Result<TempDir> {
    Ok(tempfile::tempdir_in(std::env::current_exe()?.parent().context("no folder")?)?)
}

/// Sends events to a new host for a while.
fn measure(folder: &TempDir, metrics: &PrometheusHandle, connections: usize, batch: usize) -> Result<(f64, String)> {
    let server = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let client = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (token, entry) = token("bench")?;
    let (address, service) = server.block_on(start(folder.path(), &[entry], metrics.clone()))?;
    NEXT.store(0, Ordering::Relaxed);
    let measured = client.block_on(load(address, &token, connections, batch));
    server.block_on(service.stop());
    measured
}

/// A token that may send events.
pub(super) fn token(name: &str) -> Result<(String, TokenEntry)> {
    let (token, sha256) = largesse_http::mint_token()?;
    Ok((token, TokenEntry { backfill: true, ..TokenEntry::new(name, &[Role::Ingest], &sha256) }))
}

/// Starts a host with one campaign, which takes these tokens.
pub(super) async fn start(
    folder: &std::path::Path,
    tokens: &[TokenEntry],
    metrics: PrometheusHandle,
) -> Result<(SocketAddr, Arc<Service>)> {
    let store = Arc::new(SqliteStore::open(folder.join("largesse.db"))?);
    let components = Components::in_memory();
    let parts = Parts {
        store,
        components,
        workers: workers(2)?,
        clock: Clock::system(),
        seed_secret: [1; 32],
        rules: PublicationRules::default(),
        retention: Retention::default(),
        inviter_distance: INVITER_DISTANCE_DEFAULT,
        gaps: Gaps::None,
    };
    let service = Arc::new(tokio::task::spawn_blocking(move || Service::start(parts)).await??);
    let (policy, _) = service.publish(component("check_in")?, None).await?;
    let document = json!({
        "policy": policy.digest.to_string(), "currency": "CNY", "time_zone": "Asia/Shanghai",
        "opens": "2020-01-01T00:00:00+08:00", "unit_classes": ["points"], "subscriptions": ["checked-in"],
        "budgets": [{"unit": "points", "total": 1_000_000_000_000_u64}],
        "limits": [{"unit": "points", "window": "campaign", "amount": 1_000_000_000}],
        "params": {"daily": {"on": ["checked-in"], "rewards": [{"unit": "points", "quantity": 5}]}},
    });
    let document: largesse_documents::CampaignDocument = serde_json::from_value(document)?;
    let Ok(spec) = document.read() else { bail!("the campaign does not read") };
    let id = CampaignId::new("daily")?;
    service.apply(id.clone(), spec, Precondition::Absent).await?;
    service.command(id, Command::Start, Precondition::None).await?;
    let engine = || Err("nothing is asked of jobs here".to_owned());
    let parts = JobParts { kept: None, engine: Box::new(engine), seed_secret: [1; 32], gaps: Gaps::None };
    let jobs = Jobs::start(&service, parts)?;
    let state = AppState { service: Arc::clone(&service), jobs, tokens: Tokens::new(tokens)?, metrics };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(largesse_http::serve(listener, state, ConnectionBounds::default(), std::future::pending()));
    Ok((address, service))
}

/// Events a second over so many connections, each sending its next request when the last is answered; and what threads took.
async fn load(address: SocketAddr, token: &str, connections: usize, batch: usize) -> Result<(f64, String)> {
    let (before, start) = (Threads::now()?, Instant::now());
    let senders: Vec<_> =
        (0..connections).map(|_| tokio::spawn(send_for(address, token.to_owned(), batch, start))).collect();
    let mut sent = 0;
    for sender in senders {
        sent += sender.await??;
    }
    Ok((rate(sent, start.elapsed()), Threads::now()?.each_since(&before, sent)))
}

async fn send_for(address: SocketAddr, token: String, batch: usize, start: Instant) -> Result<usize> {
    let mut sender = Sender::connect(address, token).await?;
    let mut sent = 0;
    while start.elapsed() < TIME {
        sender.send(batch).await?;
        sent += batch;
    }
    Ok(sent)
}

/// A connection with a token.
pub(super) struct Sender {
    stream: TcpStream,
    token: String,
    answer: Vec<u8>,
}

impl Sender {
    pub(super) async fn connect(address: SocketAddr, token: String) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, token, answer: Vec::new() })
    }

    /// Sends so many events, and returns when they are answered.
    pub(super) async fn send(&mut self, batch: usize) -> Result<()> {
        let first = NEXT.fetch_add(batch, Ordering::Relaxed);
        let kind = if batch == 1 { "cloudevents" } else { "cloudevents-batch" };
        let body = body(first, batch);
        let (token, length) = (&self.token, body.len());
        let request = format!(
            "POST /v1/events HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\ncontent-type: application/{kind}+json\r\n\
             content-length: {length}\r\n\r\n{body}"
        );
        self.stream.write_all(request.as_bytes()).await?;
        let body = read_answer(&mut self.stream, &mut self.answer).await?;
        let admitted = body.matches("\"status\":\"admitted\"").count();
        anyhow::ensure!(admitted == batch, "{admitted} of {batch} admitted: {body}");
        Ok(())
    }
}

/// A check-in of a customer on a day of their own each time, so that every event is rewarded.
fn body(first: usize, batch: usize) -> String {
    let event = |number: usize| {
        let (customer, day) = (number.wrapping_mul(7_919) % CUSTOMERS, number / CUSTOMERS);
        let (month, day) = (1 + day / 28 % 12, 1 + day % 28);
        format!(
            r#"{{"specversion":"1.0","source":"/bench","id":"e{number}","type":"checked_in","subject":"user-{customer:06}","time":"2025-{month:02}-{day:02}T12:00:00+08:00","data":{{}}}}"#
        )
    };
    if batch == 1 {
        return event(first);
    }
    let events: Vec<String> = (first..first + batch).map(event).collect();
    format!("[{}]", events.join(","))
}

async fn read_answer<'a>(stream: &mut TcpStream, answer: &'a mut Vec<u8>) -> Result<&'a str> {
    answer.clear();
    loop {
        anyhow::ensure!(stream.read_buf(answer).await? > 0, "the host closed the connection");
        let Some(head) = answer.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let text = std::str::from_utf8(&answer[..head])?.to_ascii_lowercase();
        anyhow::ensure!(text.starts_with("http/1.1 200"), "{text}\n{}", String::from_utf8_lossy(&answer[head..]));
        let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")).context("no length")?;
        let end = head + 4 + length.trim().parse::<usize>()?;
        while answer.len() < end {
            anyhow::ensure!(stream.read_buf(answer).await? > 0, "the host closed the connection");
        }
        return Ok(std::str::from_utf8(&answer[head + 4..end])?);
    }
}
