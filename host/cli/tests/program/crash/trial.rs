//! One database through many lives of a host, with senders who never forget an answer.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::process::{Command, ExitStatus};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use largesse_failpoint::VARIABLE;
use largesse_tests::receiver::Receiver;
use serde_json::{Value, json};

use super::books::{timers, verify_answers, verify_books};
use super::client::Client;
use super::deliveries;
use super::load::{self, CAMPAIGNS, Happenings, Numbers};
use super::memory::Memory;
use super::prepared;
use super::versions;
use crate::host::{Policies, Running};

/// Who send at the same time.
const SENDERS: usize = 4;
/// New events in one life.
const EVENTS: usize = 60;
/// How long a host looks for old records at the latest, after there were none.
pub(super) const LOOKS_FOR_OLD: Duration = Duration::from_millis(1_500);
/// Events of one request while they are sent again.
const AGAIN: usize = 250;
/// Events from earlier lives that are sent again in each life, besides those of the last one.
const SAMPLE: u64 = 30;

/// Everything of a trial.
pub(crate) struct Trial {
    pub(crate) host: Running,
    pub(super) numbers: Numbers,
    policies: Policies,
    happenings: Happenings,
    memory: Mutex<Memory>,
    receiver: Receiver,
    /// How many events there were before the last life.
    known: usize,
}

impl Trial {
    /// With policies that are compiled already.
    pub(crate) fn new(seed: u64, policies: Policies) -> Self {
        let trial = Self::from_nothing(seed, policies);
        prepared::give_to(&trial.host, &trial.policies);
        trial
    }

    /// With nothing but the program.
    pub(super) fn from_nothing(seed: u64, policies: Policies) -> Self {
        let host = Running::new();
        // Records are removed under its feet, and no answer may change for that.
        host.configure("[records]\nkeep_bytes = 2000");
        Self {
            host,
            numbers: Numbers::new(seed),
            policies,
            happenings: Happenings::new(seed),
            memory: Mutex::default(),
            receiver: deliveries::receiver(),
            known: 0,
        }
    }

    /// How many events were sent, and how many of them answered.
    pub(super) fn counts(&self) -> (usize, usize) {
        let memory = self.memory.lock().unwrap();
        (memory.len(), memory.answered())
    }

    /// What starts the host, to die at a point.
    pub(super) fn armed(&self, fail_point: &str) -> Command {
        let mut command = self.host.command();
        command.env(VARIABLE, fail_point);
        command
    }

    /// The destination first, so that all that is granted is told.
    fn set_up(&self, client: &Client) -> Option<()> {
        deliveries::set_up(client, &self.receiver)?;
        load::set_up(client, &self.policies)
    }

    /// Starts the host and keeps it busy, then asks it to stop. Gives how it ended, which an armed host does on its own.
    pub(crate) fn live(&mut self, command: Command) -> ExitStatus {
        self.live_on(command, Duration::ZERO)
    }

    /// The same, with so much time between the last event and the stop for what the host does now and then.
    pub(super) fn live_on(&mut self, command: Command, idle: Duration) -> ExitStatus {
        if self.host.launch(command) {
            let work = self.work();
            if self.send_again(&work.client).is_some() && self.set_up(&work.client).is_some() {
                self.load(&work);
                std::thread::sleep(idle);
            }
            self.host.ask_to_stop();
        }
        let status = self.host.wait();
        verify_books(&self.data());
        status
    }

    /// Starts the host and kills it after a time, wherever it is then.
    pub(super) fn cut_short(&mut self, after: Duration) {
        let command = self.host.command();
        let started = Instant::now();
        // A host that is killed while it starts never says where it listens.
        let is_early = after < Duration::from_millis(150);
        if is_early {
            drop(self.host.spawn(command));
            std::thread::sleep(after);
            self.host.kill();
            self.host.wait();
        } else if self.host.launch(command) {
            let work = self.work();
            let stops = self.numbers.below(4) == 0;
            std::thread::scope(|scope| {
                let this = &*self;
                let busy = scope.spawn(|| {
                    this.send_again(&work.client)?;
                    this.set_up(&work.client)?;
                    this.load(&work)
                });
                std::thread::sleep(after.saturating_sub(started.elapsed()));
                if stops {
                    this.host.ask_to_stop();
                    std::thread::sleep(after / 50);
                }
                this.host.kill();
                // However far it came.
                let _: Option<()> = busy.join().unwrap_or_else(|failure| std::panic::resume_unwind(failure));
            });
            self.host.wait();
        }
        verify_books(&self.data());
    }

    /// Starts the host, sends everything again, and holds all that it tells to what it told before.
    pub(crate) fn prove(&mut self) {
        self.host.restart();
        let client = Client::of(&self.host);
        self.set_up(&client).expect("the host lives");
        for (id, _) in CAMPAIGNS {
            client.change("POST", &format!("/v1/campaigns/{id}/resume"), &Value::Null).expect("the host lives");
        }
        let deadline = Instant::now() + Duration::from_secs(60);
        while CAMPAIGNS.iter().any(|(id, _)| deferred(&client, id) > 0) {
            assert!(Instant::now() < deadline, "decisions stay put off");
            std::thread::sleep(Duration::from_millis(50));
        }
        let all: Vec<usize> = (0..self.memory.lock().unwrap().len()).collect();
        // Once for what nobody answered, once more to hear the same.
        for _ in 0..2 {
            self.ask_again(&client, &all).expect("the host lives");
        }
        self.refuse_changed(&client);
        while timers(&client).is_none_or(|(set, fired)| fired < set) {
            assert!(Instant::now() < deadline, "timers do not go off");
            std::thread::sleep(Duration::from_millis(50));
        }
        let (set, fired) = timers(&client).expect("the host lives");
        assert_eq!(fired, set, "each timer goes off once");
        verify_answers(&client, &self.memory.lock().unwrap()).expect("the host lives");
        deliveries::verify(&client, &self.receiver).expect("the host lives");
        versions::verify(&client, &self.policies).expect("the host lives");
        self.host.terminate();
        verify_books(&self.data());
    }

    pub(crate) fn data(&self) -> PathBuf {
        PathBuf::from(self.host.path("data"))
    }

    /// Sends every event again to a host that may fail, and compares what it answers. Gives how many answers there were.
    pub(crate) fn hear(&self) -> usize {
        let client = Client::of(&self.host);
        let mut memory = self.memory.lock().unwrap();
        let mut answers = 0;
        for place in 0..memory.len() {
            let body = memory.event(place).to_string();
            let kind = "application/cloudevents+json";
            if let Some((200, answer)) = client.send("POST", "/v1/events", (kind, body.as_bytes())) {
                memory.note(place, &answer, true);
                answers += 1;
            }
        }
        answers
    }

    /// The status of a page; nothing when no whole answer came.
    pub(crate) fn status_of(&self, path: &str) -> Option<u16> {
        Some(Client::of(&self.host).send("GET", path, ("application/json", b""))?.0)
    }

    /// The requests of a life: new events alone and in batches, some of them twice.
    fn work(&mut self) -> Work {
        let memory = self.memory.get_mut().unwrap();
        self.known = memory.len();
        let mut requests = VecDeque::new();
        while memory.len() < self.known + EVENTS {
            let size = 1 + self.numbers.below(3) * self.numbers.below(4);
            let places: Vec<usize> = (0..size).map(|_| memory.add(self.happenings.next())).collect();
            if self.numbers.below(6) == 0 {
                requests.push_back(places.clone());
            }
            requests.push_back(places);
        }
        Work { client: Client::of(&self.host), requests: Mutex::new(requests) }
    }

    /// Sends what the last life sent, and some of what was sent before, and compares.
    fn send_again(&self, client: &Client) -> Option<()> {
        let mut numbers = Numbers::new(self.known as u64);
        let mut places: Vec<usize> = (self.known.saturating_sub(2 * EVENTS)..self.known).collect();
        if self.known > 0 {
            places.extend((0..SAMPLE).map(|_| numbers.below(self.known as u64) as usize));
        }
        places.sort_unstable();
        places.dedup();
        self.ask_again(client, &places)
    }

    fn ask_again(&self, client: &Client, places: &[usize]) -> Option<()> {
        for places in places.chunks(AGAIN) {
            self.send(client, places, true)?;
        }
        Some(())
    }

    /// Sends events in one request and remembers the answers.
    fn send(&self, client: &Client, places: &[usize], later: bool) -> Option<()> {
        let events: Vec<Value> = {
            let memory = self.memory.lock().unwrap();
            places.iter().map(|place| memory.event(*place).clone()).collect()
        };
        let (kind, body) = match &events[..] {
            [event] => ("application/cloudevents+json", event.to_string()),
            events => ("application/cloudevents-batch+json", json!(events).to_string()),
        };
        let (status, answer) = client.send("POST", "/v1/events", (kind, body.as_bytes()))?;
        assert_eq!(status, 200, "{answer}");
        let answers = answer["items"].as_array().map_or(std::slice::from_ref(&answer), Vec::as_slice);
        assert_eq!(answers.len(), places.len(), "{answer}");
        let mut memory = self.memory.lock().unwrap();
        for (place, answer) in places.iter().zip(answers) {
            memory.note(*place, answer, later);
        }
        Some(())
    }

    /// Sends everything of a life from several senders at once, while an operator pauses and resumes a campaign.
    fn load(&self, work: &Work) -> Option<()> {
        let sender = || {
            loop {
                let next = work.requests.lock().unwrap().pop_front();
                let Some(places) = next else { return Some(()) };
                self.send(&work.client, &places, false)?;
            }
        };
        let operator = || {
            for command in ["pause", "resume"] {
                std::thread::sleep(Duration::from_millis(15));
                work.client.change("POST", &format!("/v1/campaigns/check-in/{command}"), &Value::Null)?;
            }
            versions::operate(&work.client, &self.policies)
        };
        std::thread::scope(|scope| {
            let mut busy: Vec<_> = (0..SENDERS).map(|_| scope.spawn(sender)).collect();
            busy.push(scope.spawn(operator));
            let ends: Vec<Option<()>> = busy
                .into_iter()
                .map(|thread| thread.join().unwrap_or_else(|failure| std::panic::resume_unwind(failure)))
                .collect();
            ends.into_iter().collect()
        })
    }

    /// The same events with another body are conflicts, and change nothing.
    fn refuse_changed(&self, client: &Client) {
        let memory = self.memory.lock().unwrap();
        let changed = (0..memory.len()).step_by(17).map(|place| {
            let mut event = memory.event(place).clone();
            event["subject"] = "somebody-else".into();
            event
        });
        let body = Value::Array(changed.collect()).to_string();
        let kind = "application/cloudevents-batch+json";
        let (_, answer) = client.send("POST", "/v1/events", (kind, body.as_bytes())).expect("the host lives");
        for item in answer["items"].as_array().unwrap() {
            assert_eq!(item["status"], "conflict", "{item}");
        }
    }
}

/// What is to be sent in one life.
struct Work {
    client: Client,
    requests: Mutex<VecDeque<Vec<usize>>>,
}

fn deferred(client: &Client, campaign: &str) -> u64 {
    let spend = client.get(&format!("/v1/campaigns/{campaign}/spend")).expect("the host lives");
    spend["deferred"].as_u64().unwrap()
}
