//! Tests over a running service that keeps everything in memory and has no policy.

mod access;
mod answers;
mod bodies;
mod cloudevents;
mod connections;
mod customers;
mod deliveries;
mod events;
mod forms;
mod fuzz;
mod generated;
mod hostile;
mod jobs;
mod ledger;
mod lists;
mod reads;
mod running;
mod serving;
mod tokens;
mod versions;

use std::num::NonZeroUsize;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use largesse_documents::time::read_instant;
use largesse_domain::limits::INVITER_DISTANCE_DEFAULT;
use largesse_engine::{Compiler, HostKey, Pace, Workers, WorkersConfig};
use largesse_service::clock::Clock;
use largesse_service::components::Components;
use largesse_service::jobs::{JobParts, Jobs};
use largesse_service::{Gaps, Parts, PublicationRules, Retention, Service};
use largesse_store::MemoryStore;
use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::Value;
use tower::ServiceExt as _;

use crate::{AppState, Role, TokenEntry, Tokens, mint_token, router};

/// What the host's clock says in these tests.
const NOW: &str = "2026-03-10T12:00:00Z";
const BACKFILL: &str = "backfill";

/// A host, and tokens for it: one for each role, and one that may backfill.
struct Host {
    state: AppState,
    router: Router,
    clock: Clock,
    tokens: Vec<(String, String)>,
}

/// An answer, as far as tests look at it.
#[derive(Debug)]
struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    body: Value,
}

impl Reply {
    /// The word of the problem, with its status, once it is a whole problem document.
    fn problem(&self) -> (u16, &str) {
        assert_eq!(self.headers["content-type"], "application/problem+json", "{self:?}");
        assert_eq!(self.body["status"], self.status.as_u16(), "{self:?}");
        assert!(self.body["title"].is_string(), "{self:?}");
        let kind = self.body["type"].as_str().unwrap();
        (self.status.as_u16(), kind.strip_prefix(crate::URN).unwrap())
    }

    fn pointers(&self) -> Vec<&str> {
        let problems = self.body["problems"].as_array().into_iter().flatten();
        problems.map(|problem| problem["pointer"].as_str().unwrap()).collect()
    }
}

fn in_process() -> WorkersConfig {
    let (workers, compiler) = (NonZeroUsize::MIN, Compiler::in_process());
    WorkersConfig { workers, compiler, cache_dir: None, host_key: HostKey::from_bytes([7; 32]), pace: Pace::LIVE }
}

impl Host {
    fn start() -> Self {
        Self::start_with(PublicationRules::default())
    }

    fn start_with(rules: PublicationRules) -> Self {
        Self::start_of(rules, &[])
    }

    /// A host that takes further tokens, made here.
    fn start_for(entries: &[TokenEntry]) -> Self {
        Self::start_of(PublicationRules::default(), entries)
    }

    fn start_of(rules: PublicationRules, others: &[TokenEntry]) -> Self {
        let workers = Workers::new(in_process()).unwrap();
        let clock = Clock::manual(read_instant(NOW).unwrap());
        let (store, workers) = (Arc::new(MemoryStore::new()), Arc::new(workers));
        let components = Components::in_memory();
        let retention = Retention::default();
        let inviter_distance = INVITER_DISTANCE_DEFAULT;
        let parts = Parts {
            store,
            components,
            workers,
            clock: clock.clone(),
            seed_secret: [7; 32],
            rules,
            retention,
            inviter_distance,
            gaps: Gaps::None,
        };
        let service = Arc::new(Service::start(parts).unwrap());
        let engine = || Workers::new(in_process()).map_err(|error| error.to_string());
        let parts = JobParts { kept: None, engine: Box::new(engine), seed_secret: [7; 32], gaps: Gaps::None };
        let jobs = Jobs::start(&service, parts).unwrap();
        let (mut entries, mut tokens) = (Vec::new(), Vec::new());
        let named = Role::ALL.map(|role| (role.as_str(), role));
        let ordinary = named.into_iter().chain([(BACKFILL, Role::Ingest)]).map(|(name, role)| TokenEntry {
            backfill: name == BACKFILL,
            kinds: Some(vec!["*".into()]),
            ..TokenEntry::new(name, &[role], "")
        });
        for entry in ordinary.chain(others.iter().cloned()) {
            let (token, sha256) = mint_token().unwrap();
            tokens.push((entry.name.clone(), token));
            entries.push(TokenEntry { sha256, ..entry });
        }
        let metrics = PrometheusBuilder::new().build_recorder().handle();
        let state = AppState { service, jobs, tokens: Tokens::new(&entries).unwrap(), metrics };
        Self { router: router(state.clone()), state, clock, tokens }
    }

    fn token(&self, name: &str) -> &str {
        &self.tokens.iter().find(|(known, _)| known == name).unwrap().1
    }

    /// Asks with the token of that name, or with none when the name is empty.
    async fn ask(&self, (token, method, path): (&str, Method, &str), headers: &[(&str, &str)], body: Body) -> Reply {
        let mut request = Request::builder().method(method.clone()).uri(path);
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {}", self.token(token)));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        answers::check((&method, path), (parts.status, &parts.headers), &bytes);
        let text = || Value::String(String::from_utf8_lossy(&bytes).into_owned());
        let body = serde_json::from_slice(&bytes).unwrap_or_else(|_| text());
        Reply { status: parts.status, headers: parts.headers, body }
    }

    async fn get(&self, path: &str) -> Reply {
        self.ask(("viewer", Method::GET, path), &[], Body::empty()).await
    }

    async fn write(&self, (token, method, path): (&str, Method, &str), body: impl ToString) -> Reply {
        self.ask((token, method, path), &[("content-type", "application/json")], body.to_string().into()).await
    }

    async fn send(&self, body: impl ToString) -> Reply {
        let headers = [("content-type", "application/cloudevents+json")];
        self.ask(("ingest", Method::POST, "/v1/events"), &headers, body.to_string().into()).await
    }

    async fn send_batch(&self, body: impl ToString) -> Reply {
        let headers = [("content-type", "application/cloudevents-batch+json")];
        self.ask(("ingest", Method::POST, "/v1/events"), &headers, body.to_string().into()).await
    }
}

/// An event that can be taken.
fn event(id: &str) -> Value {
    serde_json::json!({
        "specversion": "1.0", "id": id, "source": "/test", "type": "user.registered", "subject": "u1",
        "time": "2026-03-10T19:59:00+08:00", "data": {"channel": "web"},
    })
}

/// The same with one attribute replaced; `null` leaves it out.
fn event_with(id: &str, name: &str, value: Value) -> Value {
    let mut event = event(id);
    match value {
        Value::Null => drop(event.as_object_mut().unwrap().remove(name)),
        value => event[name] = value,
    }
    event
}
