//! The program as it is released, on a copy of one data directory, on a free port.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::json;
use tempfile::TempDir;

use super::client::{Client, Request};

/// How long it may take to listen, and to end.
const PATIENCE: Duration = Duration::from_secs(60);

/// Who has tokens, with their roles: the caller who behaves, and those whose tokens the attackers have.
const TOKENS: [(&str, &str); 13] = [
    ("caller", "ingest"),
    ("auditor", "viewer"),
    ("reader", "viewer"),
    ("operator", "operator"),
    ("admin", "admin"),
    ("sender-0", "ingest"),
    ("sender-1", "ingest"),
    ("sender-2", "ingest"),
    ("sender-3", "ingest"),
    ("sender-4", "ingest"),
    ("sender-5", "ingest"),
    ("sender-6", "ingest"),
    ("sender-7", "ingest"),
];

/// What every host begins from: a data directory with a campaign that runs and the policies of attacks, and the tokens.
pub(super) struct Ground {
    folder: TempDir,
    tokens: BTreeMap<&'static str, String>,
}

impl Ground {
    pub(super) fn prepare() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("largesse-siege-").tempdir()?;
        let mut tokens = BTreeMap::new();
        let mut configuration = "listen = \"127.0.0.1:0\"\n".to_owned();
        for (name, role) in TOKENS {
            let (token, sha256) = largesse_http::mint_token()?;
            configuration
                .push_str(&format!("[[tokens]]\nname = \"{name}\"\nroles = [\"{role}\"]\nsha256 = \"{sha256}\"\n"));
            tokens.insert(name, token);
        }
        std::fs::write(folder.path().join("largesse.toml"), configuration)?;
        std::fs::create_dir(folder.path().join("data"))?;
        let ground = Self { folder, tokens };
        let mut host = Host::start(&ground)?;
        let publish = |name: &str| -> Result<Request> {
            Ok(Request::post("/v1/policies", host.token("admin"), "application/wasm", component(name)?))
        };
        let kind = Request::put("/v1/kinds/day.checked-in", host.token("admin"), &json!({"type": "object"}));
        let policies = [kind, publish("check_in")?, publish("examples/storms")?, publish("examples/siege_divs")?];
        let document = json!({
            "policy": "check-in", "currency": "CNY", "time_zone": "Asia/Shanghai", "opens": "2020-01-01T00:00:00+08:00",
            "unit_classes": ["points"], "subscriptions": ["checked-in"],
            "budgets": [{"unit": "points", "total": 1_000_000_000_000_u64}],
            "limits": [{"unit": "points", "window": "campaign", "amount": 1_000_000_000}],
            "params": {"daily": {"on": ["checked-in"], "rewards": [{"unit": "points", "quantity": 5}]}},
        });
        let mut apply = Request::put("/v1/campaigns/daily", host.token("operator"), &document);
        apply.more = "if-none-match: *\r\n".to_owned();
        let start = Request::post("/v1/campaigns/daily/start", host.token("operator"), "application/json", "");
        for request in policies.into_iter().chain([apply, start]) {
            let answer = host.client(Ipv4Addr::LOCALHOST).patient_for(PATIENCE).send(&request);
            let said = || format!("{} {}: {} {}", request.method, request.path, answer.status, answer.json());
            ensure!(answer.is_success(), said());
        }
        host.end()?;
        copy(&host.data_dir(), &ground.folder.path().join("data"))?;
        Ok(ground)
    }
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &to)?;
        } else {
            std::fs::copy(entry.path(), to)?;
        }
    }
    Ok(())
}

/// A component as it was built: a policy, or a guest as `examples/NAME`.
pub(super) fn component(name: &str) -> Result<Vec<u8>> {
    let target = std::env::current_exe()?.ancestors().nth(2).map(PathBuf::from).context("no target folder")?;
    let path = target.join("wasm32-wasip2/guest").join(format!("{name}.wasm"));
    std::fs::read(&path).with_context(|| format!("{}: run `make plugins guests` first", path.display()))
}

fn program() -> Result<Command> {
    let path = std::env::current_exe()?.with_file_name("largesse");
    ensure!(path.exists(), "{}: run `make build` first", path.display());
    let mut command = Command::new(path);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("LARGESSE_")) {
        command.env_remove(name);
    }
    Ok(command)
}

/// A host that runs.
pub(super) struct Host {
    child: Child,
    folder: TempDir,
    address: SocketAddr,
    tokens: BTreeMap<&'static str, String>,
}

impl Host {
    /// Starts a host on a copy of the ground.
    pub(super) fn start(ground: &Ground) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("largesse-siege-").tempdir()?;
        let data = folder.path().join("data");
        copy(&ground.folder.path().join("data"), &data)?;
        let mut command = program()?;
        command.args(["serve", "--log-format", "json", "--config"]).arg(ground.folder.path().join("largesse.toml"));
        command.arg("--data-dir").arg(&data).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let log = BufReader::new(child.stderr.take().context("the host has no log")?);
        let (to_here, lines) = mpsc::channel();
        // Read to its end, so that the host never waits for room.
        std::thread::spawn(move || {
            for line in log.lines().map_while(std::io::Result::ok) {
                let line: serde_json::Value = serde_json::from_str(&line).unwrap_or_default();
                if let Some(address) = line["fields"]["address"].as_str().and_then(|address| address.parse().ok()) {
                    let _nobody_waits = to_here.send(address);
                }
            }
        });
        match lines.recv_timeout(PATIENCE) {
            Ok(address) => Ok(Self { child, folder, address, tokens: ground.tokens.clone() }),
            Err(_) => {
                child.kill()?;
                child.wait()?;
                bail!("the host does not listen")
            }
        }
    }

    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn token(&self, name: &str) -> &str {
        self.tokens.get(name).map_or("", String::as_str)
    }

    /// A client that is patient for five seconds.
    pub(super) fn client(&self, from: Ipv4Addr) -> Client {
        Client::new(from, self.address, Duration::from_secs(5))
    }

    fn data_dir(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Has the books audited, stops the host, and has the chain of decisions verified. A host that does not stop is killed.
    ///
    /// # Errors
    /// What of it fails.
    pub(super) fn end(&mut self) -> Result<()> {
        let audit = Request::get("/v1/ledger/audit", self.token("auditor"));
        let audit = self.client(Ipv4Addr::LOCALHOST).send(&audit);
        let stopped = self.stop();
        ensure!(audit.json()["balanced"] == json!(true), "the audit: {} {}", audit.status, audit.json());
        stopped?;
        let verified = program()?.args(["decision", "verify", "--data-dir"]).arg(self.data_dir()).output()?;
        ensure!(verified.status.success(), "the chain: {}", String::from_utf8_lossy(&verified.stderr));
        Ok(())
    }

    fn stop(&mut self) -> Result<()> {
        let id = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &id]).stderr(Stdio::null()).status()?;
        // A host that drains has 35 s for what is in flight; here nothing is, so that it needs no more than some.
        let until = Instant::now() + Duration::from_secs(8);
        loop {
            match self.child.try_wait()? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => bail!("the host ended with {status}"),
                None if Instant::now() > until => {
                    self.child.kill()?;
                    self.child.wait()?;
                    bail!("the host did not stop within 8 s")
                }
                None => std::thread::sleep(Duration::from_millis(10)),
            }
        }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // Of a process that was waited for nothing is left to kill.
        let _ended = self.child.kill();
        let _waited = self.child.wait();
    }
}
