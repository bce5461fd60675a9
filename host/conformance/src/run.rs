//! Runs a scenario in the host's own pipeline, over the memory model of the store, by a clock that follows the events.

use std::fmt;
use std::sync::Arc;

use largesse_documents::{CampaignDocument, CustomerDocument};
use largesse_domain::campaign::Campaign;
use largesse_domain::id::{CampaignId, CustomerId, InvalidId};
use largesse_domain::json::Json;
use largesse_domain::lifecycle::Command;
use largesse_domain::policy::Problem;
use largesse_domain::time::Instant;
use largesse_engine::Workers;
use largesse_service::clock::Clock;
use largesse_service::components::Components;
use largesse_service::intake::{self, Backfill, Rejected};
use largesse_service::pipeline::{ControlError, EventResult, Precondition};
use largesse_service::{ChangeError, DecisionFilter, Kind, Parts, PublicationRules, Service, Store, StoreError};
use largesse_store::MemoryStore;
use serde_json::{Map, Value, json};
use toml::Spanned;

use crate::expect::differences;
use crate::scenario::{Scenario, Step, StepEvent, line_of};

/// What went otherwise than the scenario says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The line of the step, from 1; `None` for what concerns the whole scenario.
    pub line: Option<usize>,
    /// What differs.
    pub message: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

/// Runs a scenario file on a component. Empty when everything went as it says.
#[must_use]
pub fn run(text: &str, component: &[u8], workers: &Arc<Workers>) -> Vec<Failure> {
    let whole = |message: String| vec![Failure { line: None, message }];
    let scenario = match Scenario::read(text) {
        Ok(scenario) => scenario,
        Err(error) => return whole(error.to_string()),
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().build() {
        Ok(runtime) => runtime,
        Err(error) => return whole(format!("no runtime: {error}")),
    };
    runtime.block_on(async {
        match Runner::start(&scenario, component, workers).await {
            Ok(runner) => {
                let failures = runner.steps(&scenario, text).await;
                runner.service.stop().await;
                failures
            }
            Err(message) => whole(message),
        }
    })
}

struct Runner {
    service: Service,
    campaign: CampaignId,
    document: Map<String, Value>,
}

impl Runner {
    async fn start(scenario: &Scenario, component: &[u8], workers: &Arc<Workers>) -> Result<Self, String> {
        let mut document = scenario.campaign.clone();
        let opens = time(document.get("opens").and_then(Value::as_str).unwrap_or_default())?;
        let clock = Clock::manual(opens);
        let store = Arc::new(MemoryStore::new());
        let (workers, components) = (Arc::clone(workers), Components::in_memory());
        let parts =
            Parts { store, components, workers, clock, seed_secret: [1; 32], rules: PublicationRules::default() };
        let service = Service::start(parts).map_err(|error| chain(&error))?;
        let (policy, _) = service.publish(component.to_vec(), None).await.map_err(|error| said(&error))?;
        document.insert("policy".into(), policy.digest.to_string().into());
        let campaign = CampaignId::new("scenario").map_err(|error| error.to_string())?;
        let runner = Self { service, campaign, document };
        for (name, schema) in &scenario.kinds {
            let kind = name.parse().map_err(|error: InvalidId| format!("kinds: {error}"))?;
            let kind = Kind { kind, schema: Json::from_checked(schema.to_string()) };
            runner.service.register(kind).await.map_err(|error| format!("kind {name}: {}", said(&error)))?;
        }
        for (id, known) in &scenario.customers {
            runner.learn(id, known).await?;
        }
        runner.apply(&runner.document, Precondition::Absent).await?;
        let start = runner.service.command(runner.campaign.clone(), Command::Start, Precondition::None).await;
        start.map_err(|error| said(&error))?;
        Ok(runner)
    }

    async fn learn(&self, id: &str, known: &Value) -> Result<(), String> {
        let document: CustomerDocument =
            serde_json::from_value(known.clone()).map_err(|error| format!("customer {id}: {error}"))?;
        let facts = document.facts().map_err(|problems| format!("customer {id}: {}", listed(&problems)))?;
        let customer = CustomerId::new(id).map_err(|error| error.to_string())?;
        self.service.learn(customer, facts).await.map(drop).map_err(|error| said(&error))
    }

    async fn apply(&self, document: &Map<String, Value>, precondition: Precondition) -> Result<Arc<Campaign>, String> {
        let document: CampaignDocument =
            serde_json::from_value(document.clone().into()).map_err(|error| format!("campaign: {error}"))?;
        let spec = document.read().map_err(|problems| format!("campaign: {}", listed(&problems)))?;
        let applied = self.service.apply(self.campaign.clone(), spec, precondition).await;
        applied.map(|(campaign, _)| campaign).map_err(|error| said(&error))
    }

    async fn steps(&self, scenario: &Scenario, text: &str) -> Vec<Failure> {
        let mut failures = Vec::new();
        for (index, step) in scenario.steps.iter().enumerate() {
            let found = match self.step(index + 1, step).await {
                Ok(found) => found,
                Err(message) => vec![message],
            };
            let line = Some(line_of(text, step.span().start));
            failures.extend(found.into_iter().map(|message| Failure { line, message }));
        }
        let books = match self.read(|store| store.audit()).await {
            Ok(Ok(_)) => None,
            Ok(Err(difference)) => Some(format!("the books do not balance: {difference}")),
            Err(message) => Some(message),
        };
        failures.extend(books.map(|message| Failure { line: None, message }));
        failures.extend(self.totals(scenario).await.into_iter().map(|message| Failure { line: None, message }));
        failures
    }

    async fn step(&self, number: usize, step: &Spanned<Step>) -> Result<Vec<String>, String> {
        let step = step.get_ref();
        let last = self.read(|store| store.counters()).await?.last_decision;
        if let Some(params) = &step.params {
            self.set_params(params, step.effective_from.as_ref()).await?;
        }
        if let Some(until) = &step.advance {
            self.pass(time(until)?).await?;
        }
        if let Some(event) = &step.event {
            self.pass(time(&event.time)?).await?;
            match self.send(number, event).await? {
                // What was decided on a duplicate then is not decided again.
                EventResult::Admitted(_) | EventResult::Duplicate(_) => {}
                EventResult::Conflict(seq) => return Err(format!("the event's id was used with another body ({seq})")),
                EventResult::Unavailable(why) => return Err(why),
            }
            // A timer that was set to what is past goes off at once.
            self.pass(self.service.clock().now()).await?;
        }
        let decisions = self.read(move |store| store.decisions(&DecisionFilter::default(), last, usize::MAX)).await?;
        Ok(differences(step, &decisions))
    }

    async fn set_params(&self, params: &Map<String, Value>, effective_from: Option<&String>) -> Result<(), String> {
        let mut document = self.document.clone();
        document.insert("params".into(), params.clone().into());
        if let Some(effective_from) = effective_from {
            document.insert("effective_from".into(), effective_from.clone().into());
        }
        let registry = self.service.registry();
        let version = registry.campaign(&self.campaign).map_or(0, |active| active.campaign.version);
        self.apply(&document, Precondition::Version(version)).await.map(drop)
    }

    /// Lets time pass until then; timers that are due go off one after another, each at its own time.
    async fn pass(&self, until: Instant) -> Result<(), String> {
        let clock = self.service.clock();
        let mut last = None;
        loop {
            let campaigns = [self.campaign.clone()];
            let next = self.read(move |store| store.due_timers(&campaigns, until, 1)).await?.pop();
            let Some((key, timer)) = next else { break };
            if last.as_ref() == Some(&(key.clone(), timer.clone())) {
                return Err(format!("the timer {key} does not go off"));
            }
            clock.set(clock.now().max(timer.due));
            self.service.catch_up().await.map_err(|error| error.to_string())?;
            last = Some((key, timer));
        }
        clock.set(clock.now().max(until));
        Ok(())
    }

    async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&dyn Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, String> {
        self.service.read(query).await.map_err(|error| chain(&error))
    }

    async fn send(&self, number: usize, event: &StepEvent) -> Result<EventResult, String> {
        let clock = self.service.clock();
        let id = event.id.clone().unwrap_or_else(|| format!("step-{number}"));
        let cloud_event = json!({
            "specversion": "1.0", "source": "/scenario", "id": id, "type": event.kind, "subject": event.customer,
            "time": event.time, "data": event.data,
        });
        let kinds = &self.service.registry().kinds;
        let arrival =
            intake::check(cloud_event, kinds, clock.now(), Backfill::Allowed).map_err(|error| match &error {
                Rejected::Envelope(problems) | Rejected::Data { problems, .. } => {
                    format!("{error}: {}", listed(problems))
                }
                _ => error.to_string(),
            })?;
        let results = self.service.submit(vec![arrival]).await.map_err(|error| error.to_string())?;
        results.into_iter().next().ok_or_else(|| "no answer".into())
    }

    async fn totals(&self, scenario: &Scenario) -> Vec<String> {
        let mut found = Vec::new();
        for (id, units) in &scenario.totals {
            let Ok(customer) = CustomerId::new(id) else {
                found.push(format!("totals: {id} is no customer id"));
                continue;
            };
            let grants = match self.read(move |store| store.grants_to(&customer)).await {
                Ok(grants) => grants,
                Err(error) => return vec![error],
            };
            for (unit, expected) in units {
                let of_unit = grants.iter().filter(|grant| grant.unit.as_str() == unit);
                let actual: u64 = of_unit.map(|grant| grant.net().get()).sum();
                if actual != *expected {
                    found.push(format!("totals: expected {id} to hold {expected} {unit}, got {actual}"));
                }
            }
        }
        found
    }
}

fn time(text: &str) -> Result<Instant, String> {
    largesse_documents::time::read_instant(text).map_err(|_| format!("not a time in RFC 3339: {text:?}"))
}

fn listed(problems: &[Problem]) -> String {
    problems.iter().map(|problem| format!("{} {}", problem.pointer, problem.message)).collect::<Vec<_>>().join("; ")
}

fn said(error: &ChangeError) -> String {
    match error {
        ChangeError::Control(ControlError::Problems(problems)) => format!("refused: {}", listed(problems)),
        other => chain(other),
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
