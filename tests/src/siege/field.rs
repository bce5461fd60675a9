//! What an attack has to do with: a host, some time, and a place to note the answers.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::Value;

use super::client::{Answer, Client, Request, Status};
use super::host::{Host, component};

/// Where attackers connect from; the caller is at another address.
pub(super) const ATTACKERS: [Ipv4Addr; 8] = {
    let mut all = [Ipv4Addr::LOCALHOST; 8];
    let mut at = 0_u8;
    while at < 8 {
        all[at as usize] = Ipv4Addr::new(127, 0, 0, 2 + at);
        at += 1;
    }
    all
};

/// How long an attacker waits for an answer beyond the end of the attack, and while the attack is prepared.
const GRACE: Duration = Duration::from_millis(500);
const PREPARATION: Duration = Duration::from_secs(30);

pub(super) struct Field<'a> {
    host: &'a Host,
    time: Duration,
    until: OnceLock<Instant>,
    answers: Mutex<BTreeMap<Status, usize>>,
}

impl<'a> Field<'a> {
    pub(super) fn new(host: &'a Host, time: Duration) -> Self {
        Self { host, time, until: OnceLock::new(), answers: Mutex::default() }
    }

    /// Reports whether the attack goes on. Its time begins with the first question: what was done before has prepared it.
    pub(super) fn goes_on(&self) -> bool {
        Instant::now() < *self.until.get_or_init(|| Instant::now() + self.time)
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.host.address()
    }

    pub(super) fn token(&self, name: &str) -> &str {
        self.host.token(name)
    }

    pub(super) fn note(&self, status: Status) {
        *self.answers.lock().unwrap_or_else(PoisonError::into_inner).entry(status).or_default() += 1;
    }

    pub(super) fn into_answers(self) -> BTreeMap<Status, usize> {
        self.answers.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// A client at the attackers' address of this number, patient until the attack is over.
    pub(super) fn client(&self, attacker: usize) -> Client {
        let left = |until: &Instant| until.saturating_duration_since(Instant::now()) + GRACE;
        let patience = self.until.get().map_or(PREPARATION, left);
        Client::new(ATTACKERS[attacker % ATTACKERS.len()], self.address(), patience)
    }

    /// Sends one request and notes its answer.
    pub(super) fn send(&self, request: &Request) -> Answer {
        let answer = self.client(0).send(request);
        self.note(answer.status.clone());
        answer
    }

    /// Sends one request, which must succeed: the attack is not possible otherwise.
    pub(super) fn must(&self, request: &Request) -> Result<()> {
        let answer = self.send(request);
        let Request { method, path, .. } = request;
        ensure!(answer.is_success(), "{method} {path}: {} {}", answer.status, String::from_utf8_lossy(&answer.body));
        Ok(())
    }

    /// Has so many attackers send requests, each its next one when the last is answered, until the attack is over. The request is made
    /// from the attacker's number and the request's.
    pub(super) fn flood(&self, attackers: usize, request: impl Fn(usize, usize) -> Request + Sync) {
        std::thread::scope(|scope| {
            for attacker in 0..attackers {
                let request = &request;
                scope.spawn(move || {
                    let mut client = None;
                    for number in 0.. {
                        if !self.goes_on() {
                            return;
                        }
                        let client = client.get_or_insert_with(|| self.client(attacker));
                        let status = client.send(&request(attacker, number)).status;
                        if status == Status::Closed {
                            // Whoever is turned away comes again, but not in a loop that is an attack on this program itself.
                            std::thread::sleep(Duration::from_millis(1));
                        }
                        self.note(status);
                    }
                });
            }
        });
    }

    /// Publishes a guest.
    pub(super) fn publish(&self, guest: &str) -> Result<Answer> {
        let component = component(&format!("examples/{guest}"))?;
        Ok(self.send(&Request::post("/v1/policies", self.token("admin"), "application/wasm", component)))
    }

    /// Puts a new campaign.
    pub(super) fn campaign(&self, id: &str, document: &Value) -> Answer {
        let mut apply = Request::put(format!("/v1/campaigns/{id}"), self.token("operator"), document);
        apply.more = "if-none-match: *\r\n".to_owned();
        self.send(&apply)
    }

    /// Puts a new campaign and starts it.
    pub(super) fn running(&self, id: &str, document: &Value) -> Result<()> {
        let applied = self.campaign(id, document);
        ensure!(applied.is_success(), "campaign {id}: {} {}", applied.status, applied.json());
        let start = format!("/v1/campaigns/{id}/start");
        self.must(&Request::post(start, self.token("operator"), "application/json", ""))
    }
}
