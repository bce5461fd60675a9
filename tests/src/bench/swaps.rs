//! Swapping versions under a steady load from another process: does a request fail, wait, or get a mixture?

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::component_path;
use super::stats::Times;

/// Swaps between two versions.
const SWAPS: usize = 1_000;
/// Senders, each with customers of its own.
const SENDERS: usize = 8;
/// Customers of a sender.
const CUSTOMERS: usize = 100;
/// One request of a sender begins so long after the one before.
const PACE: Duration = Duration::from_millis(5);
/// How long the load is measured without swaps.
const QUIET: Duration = Duration::from_secs(20);

/// A host in a process of its own. It is killed when this is dropped.
struct Host {
    child: Child,
    address: SocketAddr,
    token: String,
    _folder: tempfile::TempDir,
}

impl Drop for Host {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Host {
    fn start() -> Result<Self> {
        let program = std::env::current_exe()?.with_file_name("largesse");
        let folder = tempfile::tempdir_in(std::env::current_exe()?.parent().context("no folder")?)?;
        let (token, sha256) = largesse_http::mint_token()?;
        let config = format!(
            "listen = \"127.0.0.1:0\"\n[[tokens]]\nname = \"bench\"\nroles = [\"ingest\", \"admin\"]\nsha256 = \"{sha256}\"\n\
             backfill = true\n"
        );
        let file = folder.path().join("largesse.toml");
        std::fs::write(&file, config)?;
        let mut child = Command::new(&program)
            .args(["serve", "--log-format", "json", "--config"])
            .arg(&file)
            .arg("--data-dir")
            .arg(folder.path().join("data"))
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("{}: run `make build` first", program.display()))?;
        let mut log = BufReader::new(child.stderr.take().context("no log")?).lines();
        let address = loop {
            let line = log.next().context("the host has ended")??;
            let line: Value = serde_json::from_str(&line).unwrap_or_default();
            if let Some(address) = line["fields"]["address"].as_str() {
                break address.parse()?;
            }
        };
        // Read to its end, so that the host never waits for room.
        std::thread::spawn(move || log.for_each(drop));
        Ok(Self { child, address, token, _folder: folder })
    }
}

/// One connection to the host.
struct Connection {
    stream: TcpStream,
    token: String,
    answer: Vec<u8>,
}

impl Connection {
    async fn to(host: &Host) -> Result<Self> {
        let stream = TcpStream::connect(host.address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, token: host.token.clone(), answer: Vec::new() })
    }

    /// Sends a request and gives the answer's body, which must be a success.
    async fn ask(&mut self, method: &str, path: &str, (kind, body): (&str, &[u8])) -> Result<&[u8]> {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {}\r\ncontent-type: {kind}\r\n\
             content-length: {}\r\n\r\n",
            self.token,
            body.len()
        );
        self.stream.write_all(&[head.as_bytes(), body].concat()).await?;
        self.answer.clear();
        loop {
            ensure!(self.stream.read_buf(&mut self.answer).await? > 0, "the host closed the connection");
            let Some(head) = self.answer.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
            let text = std::str::from_utf8(&self.answer[..head])?.to_ascii_lowercase();
            let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")).context("no length")?;
            let end = head + 4 + length.trim().parse::<usize>()?;
            while self.answer.len() < end {
                ensure!(self.stream.read_buf(&mut self.answer).await? > 0, "the host closed the connection");
            }
            let body = &self.answer[head + 4..end];
            if !text.starts_with("http/1.1 20") {
                bail!("{method} {path}: {text}\n{}", String::from_utf8_lossy(body));
            }
            return Ok(&self.answer[head + 4..end]);
        }
    }

    async fn json(&mut self, method: &str, path: &str, body: &Value) -> Result<Value> {
        let answer = self.ask(method, path, ("application/json", body.to_string().as_bytes())).await?;
        Ok(serde_json::from_slice(answer)?)
    }
}

/// What the senders saw.
struct Seen {
    times: Vec<Duration>,
    by_version: [usize; 2],
}

/// Measures requests without swaps and with them, and prints both.
pub(super) fn run() -> Result<()> {
    let host = Host::start()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(measure(&host))
}

async fn measure(host: &Host) -> Result<()> {
    let mut operator = Connection::to(host).await?;
    let versions = set_up(&mut operator).await?;
    let rounds = Arc::new(AtomicUsize::new(0));
    println!(
        "\n{SWAPS} swaps of two versions under load from another process: {SENDERS} senders, a request each every {} ms",
        PACE.as_millis()
    );
    println!("{:<10} {:>9} {:>9} {:>9} {:>9} {:>9}", "", "requests", "p50 us", "p99 us", "max us", "swaps");
    let quiet = load(host, &versions, &rounds, async |_| {
        tokio::time::sleep(QUIET).await;
        Ok(0)
    })
    .await?;
    let without = print("without", quiet);
    let mut swaps = Vec::with_capacity(SWAPS);
    let busy = load(host, &versions, &rounds, async |stop: &AtomicBool| {
        for number in 0..SWAPS {
            let version = &versions[(number + 1) % 2];
            let started = Instant::now();
            let answer =
                operator.json("POST", "/v1/campaigns/counted/activations", &json!({"policy": version})).await?;
            swaps.push(started.elapsed());
            ensure!(answer["active"]["policy"] == version.as_str(), "{answer}");
            ensure!(!stop.load(Ordering::Relaxed), "a sender has stopped");
        }
        Ok(SWAPS)
    })
    .await?;
    let with = print("swapping", busy);
    let swaps = Times::from(swaps);
    println!("99th percentile with swaps: {:.2} times that without", with / without);
    println!(
        "an activation, with its checks and its commit: p50 {:.1} ms, p99 {:.1} ms; of that the decider stands still for:",
        swaps.micros(50) / 1e3,
        swaps.micros(99) / 1e3
    );
    let mut connection = Connection::to(host).await?;
    let metrics = connection.ask("GET", "/metrics", ("text/plain", b"")).await?;
    let metrics = String::from_utf8_lossy(metrics).into_owned();
    for line in metrics.lines().filter(|line| line.starts_with("largesse_swap_seconds")) {
        println!("  {line}");
    }
    Ok(())
}

fn print(what: &str, (seen, swaps): (Seen, usize)) -> f64 {
    let requests = seen.times.len();
    let times = Times::from(seen.times);
    let [p50, p99, max] = [50, 99, 100].map(|per_cent| times.micros(per_cent));
    println!("{what:<10} {requests:>9} {p50:>9.0} {p99:>9.0} {max:>9.0} {swaps:>9}");
    let [first, second] = seen.by_version;
    println!(
        "{:<10} no request failed, every count went on; {first} decided by one version, {second} by the other",
        ""
    );
    p99
}

/// Publishes two versions, the first of which decides.
async fn set_up(operator: &mut Connection) -> Result<[String; 2]> {
    let schema = json!({"type": "object"});
    operator.json("PUT", "/v1/kinds/day.checked-in", &schema).await?;
    let mut versions = Vec::new();
    for name in ["examples/counts_as_1", "examples/counts_as_2"] {
        let path = component_path(name)?;
        let bytes = std::fs::read(&path).with_context(|| format!("{}: run `make guests` first", path.display()))?;
        let answer = operator.ask("POST", "/v1/policies", ("application/wasm", &bytes)).await?;
        let answer: Value = serde_json::from_slice(answer)?;
        versions.push(answer["digest"].as_str().context("no digest")?.to_owned());
    }
    let document = json!({
        "policy": versions[0], "currency": "CNY", "time_zone": "Etc/UTC", "opens": "2020-01-01T00:00:00Z",
        "budgets": [{"unit": "points", "total": 1_000_000_000_u64}],
        "limits": [{"unit": "points", "window": "campaign", "amount": 1_000_000}],
    });
    operator.json("PUT", "/v1/campaigns/counted", &document).await?;
    operator.json("POST", "/v1/campaigns/counted/start", &Value::Null).await?;
    versions.try_into().ok().context("two versions")
}

/// Sends until the operator is done, and holds every answer to what the host must keep: who decided is one of the two, and the
/// customer's count goes on.
async fn load(
    host: &Host,
    versions: &[String; 2],
    rounds: &Arc<AtomicUsize>,
    operate: impl AsyncFnOnce(&AtomicBool) -> Result<usize>,
) -> Result<(Seen, usize)> {
    let stop = Arc::new(AtomicBool::new(false));
    let first_round = rounds.load(Ordering::Relaxed);
    let mut senders = Vec::new();
    for sender in 0..SENDERS {
        let connection = Connection::to(host).await?;
        let (stop, versions) = (Arc::clone(&stop), versions.clone());
        senders.push(tokio::spawn(send(connection, sender, first_round, versions, stop)));
    }
    let swaps = operate(&stop).await;
    stop.store(true, Ordering::Relaxed);
    let mut seen = Seen { times: Vec::new(), by_version: [0; 2] };
    let mut last_round = first_round;
    for sender in senders {
        let (of_sender, round) = sender.await??;
        seen.times.extend(of_sender.times);
        (0..2).for_each(|version| seen.by_version[version] += of_sender.by_version[version]);
        last_round = last_round.max(round);
    }
    ensure!(last_round == first_round || seen.times.len() > SENDERS, "nothing was sent");
    rounds.store(last_round, Ordering::Relaxed);
    Ok((seen, swaps?))
}

async fn send(
    mut connection: Connection,
    sender: usize,
    first_round: usize,
    versions: [String; 2],
    stop: Arc<AtomicBool>,
) -> Result<(Seen, usize)> {
    let mut seen = Seen { times: Vec::new(), by_version: [0; 2] };
    let mut ticks = tokio::time::interval(PACE);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    // Customers of their own for every load: their counts begin at one.
    let mut round = 0;
    while !stop.load(Ordering::Relaxed) {
        round += 1;
        for customer in 0..CUSTOMERS {
            ticks.tick().await;
            let who = format!("load-{first_round}-sender-{sender}-customer-{customer}");
            let event = json!({
                "specversion": "1.0", "source": "/bench", "id": format!("{who}/{round}"), "type": "day.checked-in",
                "subject": who, "time": "2025-01-01T00:00:00Z", "data": {},
            });
            let started = Instant::now();
            let body = event.to_string();
            let answer =
                connection.ask("POST", "/v1/events", ("application/cloudevents+json", body.as_bytes())).await?;
            seen.times.push(started.elapsed());
            let answer: Value = serde_json::from_slice(answer)?;
            let decision = &answer["decisions"][0];
            let by = versions.iter().position(|version| decision["policy"] == version.as_str());
            seen.by_version[by.with_context(|| format!("decided by neither: {answer}"))?] += 1;
            let key = format!("n/{round}");
            ensure!(decision["outcomes"][0]["key"] == key.as_str(), "{key} was expected: {answer}");
        }
    }
    Ok((seen, first_round + 1))
}
