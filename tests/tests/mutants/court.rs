//! Loads a mutant, has it decide in the real pipeline, and says how it went.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use largesse_documents::CampaignDocument;
use largesse_domain::decision::Output;
use largesse_domain::id::{CampaignId, EventKind};
use largesse_domain::json::Json;
use largesse_domain::lifecycle::Command;
use largesse_domain::limits::INVITER_DISTANCE_DEFAULT;
use largesse_engine::{CompileError, Compiler, HostKey, LoadError, Pace, Workers, WorkersConfig};
use largesse_service::clock::Clock;
use largesse_service::components::Components;
use largesse_service::intake::{self, Backfill};
use largesse_service::pipeline::{ControlError, EventResult, Precondition};
use largesse_service::{ChangeError, Gaps, Parts, PublicationRules, Retention, Service};
use largesse_store::{Kind, MemoryStore, Store};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

const TIME: &str = "2026-03-01T12:00:00+08:00";
/// So long a load may take: what compiling is given (30 s), and the calls that ask the policy what it is.
const LOAD_TIME_MAX: Duration = Duration::from_secs(35);
/// So long everything after it may take: a dozen calls of at most a second, on a busy machine.
const CAMPAIGN_TIME_MAX: Duration = Duration::from_secs(20);

/// What became of a mutant. Each is an answer of a host that works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Sentence {
    /// Refused before anything was compiled.
    NotRead,
    /// Refused by the compiler, or for the time or memory that compiling it takes.
    NotCompiled,
    /// It does not fit the contract or a sandbox.
    Unfit,
    /// It cannot start, or what it says of itself is not allowed.
    NotDescribed,
    /// It is published, and the campaign cannot use it.
    NotApplied,
    /// It decides, and one decision at least is a fault.
    Faulted,
    /// It decides, and every decision is judged.
    Judged,
}

/// A component built for the sandbox.
fn component(name: &str) -> Vec<u8> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("it is in the target folder");
    let built = target.join("wasm32-wasip2/guest");
    let candidates = [built.join(format!("{name}.wasm")), built.join(format!("examples/{name}.wasm"))];
    let found = candidates.iter().find(|path| path.exists());
    let path = found.unwrap_or_else(|| panic!("{name}.wasm is not in {}: run `make plugins guests`", built.display()));
    std::fs::read(path).expect("a component can be read")
}

/// A component, and what it is tried with.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) component: Vec<u8>,
    /// The kind of event that it decides on; a kind of the tests is registered first.
    kind: &'static str,
    params: Value,
    /// What events say, one after the other.
    data: [Value; 4],
}

impl Case {
    /// A guest, provoked every other time.
    pub(crate) fn guest(name: &'static str) -> Self {
        let (good, bad) = (json!({}), json!({"misbehave": true}));
        let data = [good.clone(), bad.clone(), good, bad];
        Self { name, component: component(name), kind: "day.checked-in", params: json!({}), data }
    }

    /// A policy that is used.
    pub(crate) fn check_in() -> Self {
        let reward = json!([{"unit": "points", "quantity": 5}]);
        Self {
            name: "check_in",
            component: component("check_in"),
            kind: "checked_in",
            params: json!({"daily": {"on": ["checked-in"], "rewards": reward}}),
            data: [json!({}), json!({}), json!({"makeup_for": "2026-02-28"}), json!({})],
        }
    }
}

/// Tries mutants.
pub(crate) struct Court {
    workers: Arc<Workers>,
    runtime: Runtime,
}

impl Court {
    pub(crate) fn open() -> Self {
        let config = WorkersConfig {
            workers: NonZeroUsize::MIN,
            compiler: Compiler::child(PathBuf::from(env!("CARGO_BIN_EXE_compile_child")), Vec::new()),
            cache_dir: None,
            host_key: HostKey::from_bytes([3; 32]),
            pace: Pace::LIVE,
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        Self {
            workers: Arc::new(Workers::new(config).expect("the engine starts")),
            runtime: runtime.expect("a runtime"),
        }
    }

    /// # Errors
    /// What no component may make a host do.
    pub(crate) fn hear(&self, case: &Case, component: Vec<u8>) -> Result<Sentence, String> {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        let opens = largesse_documents::time::read_instant(TIME).expect("a time");
        let parts = Parts {
            store: Arc::clone(&store),
            components: Components::in_memory(),
            workers: Arc::clone(&self.workers),
            clock: Clock::manual(opens),
            seed_secret: [9; 32],
            rules: PublicationRules::default(),
            retention: Retention::default(),
            inviter_distance: INVITER_DISTANCE_DEFAULT,
            gaps: Gaps::None,
        };
        let service = Service::start(parts).expect("the service starts");
        let sentence = self.runtime.block_on(async {
            let sentence = try_out(&service, case, component).await;
            service.stop().await;
            sentence
        });
        if !self.workers.is_healthy() {
            return Err("a worker or the ticker died".to_owned());
        }
        match store.audit() {
            Ok(Ok(_)) => sentence,
            other => Err(format!("the books do not balance: {other:?}")),
        }
    }
}

async fn try_out(service: &Service, case: &Case, component: Vec<u8>) -> Result<Sentence, String> {
    let started = Instant::now();
    let published = service.publish(component, None).await;
    within(started, LOAD_TIME_MAX, "loading")?;
    let digest = match published {
        Ok((policy, _)) => policy.digest.to_string(),
        Err(ChangeError::Load(error)) => return refused(&error),
        Err(error) => return Err(format!("{error:?}")),
    };
    let started = Instant::now();
    let schema = Json::from_checked(r#"{"type": "object"}"#.to_owned());
    let kind = Kind { kind: EventKind::new("day.checked-in").expect("a kind"), schema };
    service.register(kind).await.expect("a kind is registered");
    let document: CampaignDocument =
        serde_json::from_value(campaign(&digest, &case.params)).expect("a campaign document");
    let id = CampaignId::new("c").expect("a campaign id");
    match service.apply(id.clone(), document.read().expect("a campaign"), Precondition::Absent).await {
        Ok(_) => {}
        Err(ChangeError::Control(ControlError::Problems(_))) => return Ok(Sentence::NotApplied),
        Err(error) => return Err(format!("{error:?}")),
    }
    service.command(id, Command::Start, Precondition::None).await.expect("a campaign that is applied starts");
    let sentence = decide(service, case).await?;
    within(started, CAMPAIGN_TIME_MAX, "deciding")?;
    Ok(sentence)
}

fn within(started: Instant, max: Duration, what: &str) -> Result<(), String> {
    let took = started.elapsed();
    if took <= max { Ok(()) } else { Err(format!("{what} took {took:?}")) }
}

/// What a refusal says must be more than that there is one.
fn refused(error: &LoadError) -> Result<Sentence, String> {
    let text = error.to_string();
    if text.trim_end().ends_with(':') || text.len() < 16 {
        return Err(format!("a refusal that does not say why: {error:?}"));
    }
    match error {
        LoadError::Compile(CompileError::Failed { .. }) => Err(text),
        LoadError::Compile(
            CompileError::Refused { .. }
            | CompileError::OutOfTime { .. }
            | CompileError::OutOfMemory
            | CompileError::ArtefactTooLarge,
        ) => Ok(Sentence::NotCompiled),
        LoadError::Compile(_) => Ok(Sentence::NotRead),
        LoadError::Unfit { .. } => Ok(Sentence::Unfit),
        LoadError::Describe(fault) if fault.kind == largesse_domain::decision::FaultKind::Host => Err(text),
        LoadError::Describe(_) | LoadError::Manifest(_) => Ok(Sentence::NotDescribed),
    }
}

fn campaign(digest: &str, params: &Value) -> Value {
    json!({
        "policy": digest, "params": params, "currency": "CNY", "time_zone": "Asia/Shanghai", "opens": TIME,
        "unit_classes": ["points"], "budgets": [{"unit": "points", "total": 1_000}],
        "limits": [{"unit": "points", "window": "campaign", "amount": 1_000}],
    })
}

/// Lets it decide for some customers.
async fn decide(service: &Service, case: &Case) -> Result<Sentence, String> {
    let registry = service.registry();
    let now = largesse_documents::time::read_instant(TIME).expect("a time");
    let event = |(place, data): (usize, &Value)| {
        let event = json!({
            "specversion": "1.0", "source": "/test", "id": place.to_string(), "type": case.kind,
            "subject": format!("u{}", place % 2), "time": TIME, "data": data,
        });
        intake::check(event, &registry.kinds, now, &Backfill::Allowed.into()).expect("an event as it should be")
    };
    let arrivals = case.data.iter().enumerate().map(event).collect();
    let results = service.submit(arrivals).await.map_err(|error| format!("{error:?}"))?;
    let mut sentence = Sentence::Judged;
    for result in results {
        match result {
            EventResult::Admitted(answer) => {
                let mut outputs = answer.decisions.iter().map(|decision| &decision.evaluation.output);
                if outputs.any(|output| matches!(output, Output::Fault(_))) {
                    sentence = Sentence::Faulted;
                }
            }
            // Wall time may end a call on a busy machine; a host without sandboxes may not.
            EventResult::Unavailable(why) if why.contains("it took longer than") => sentence = Sentence::Faulted,
            other => return Err(format!("{other:?}")),
        }
    }
    Ok(sentence)
}
