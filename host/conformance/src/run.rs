//! Runs a scenario in the host's own pipeline, over the memory model of the store, by a clock that follows the events.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use largesse_documents::{CampaignDocument, CustomerDocument};
use largesse_domain::campaign::Campaign;
use largesse_domain::decision::Output;
use largesse_domain::effect::{Effect, EffectKind};
use largesse_domain::id::{CampaignId, CustomerId, InvalidId, SubscriptionName};
use largesse_domain::json::Json;
use largesse_domain::lifecycle::Command;
use largesse_domain::outcome::Decision;
use largesse_domain::policy::Problem;
use largesse_domain::time::Instant;
use largesse_engine::Workers;
use largesse_service::clock::Clock;
use largesse_service::components::Components;
use largesse_service::intake::{self, Backfill, Rejected};
use largesse_service::pipeline::{ControlError, EventResult, Precondition};
use largesse_service::{ChangeError, DecisionFilter, Kind, Parts, PublicationRules, Service, Store, StoreError};
use largesse_store::MemoryStore;
use serde::Serialize;
use serde_json::{Map, Value, json};
use toml::Spanned;

use crate::expect::{Difference, differences};
use crate::scenario::{Scenario, Step, StepEvent, line_of};

/// What went otherwise than the scenario says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// The line of the file that says so, from 1: of a step, of a total, or of what does not read.
    pub line: usize,
    /// What differs.
    #[serde(flatten)]
    pub difference: Difference,
}

impl Failure {
    fn new(line: usize, what: impl Into<String>) -> Self {
        Self { line, difference: Difference::wrong(what) }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.difference)
    }
}

/// What a scenario showed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// What it says it shows; empty when the file does not read.
    pub title: String,
    /// Empty when everything went as it says.
    pub failures: Vec<Failure>,
    /// What the policy was seen to do.
    pub seen: Seen,
}

/// What a policy was seen to do in scenarios.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// The fuel of each decision, in order.
    pub fuel: Vec<u64>,
    /// The subscriptions that decided.
    pub subscriptions: BTreeSet<SubscriptionName>,
    /// The kinds of effect that were asked for.
    pub effects: BTreeSet<EffectKind>,
}

impl Seen {
    fn add(&mut self, decisions: &[Decision]) {
        for decision in decisions {
            self.fuel.push(decision.evaluation.fuel);
            self.subscriptions.insert(decision.input.subscription.clone());
            if let Output::Proposal(proposal) = &decision.evaluation.output {
                self.effects.extend(proposal.effects.iter().map(Effect::kind));
            }
        }
    }

    /// Adds what was seen in another scenario.
    pub fn extend(&mut self, other: &Self) {
        self.fuel.extend(&other.fuel);
        self.subscriptions.extend(other.subscriptions.iter().cloned());
        self.effects.extend(&other.effects);
    }
}

/// Runs a scenario file on a component.
#[must_use]
pub fn run(text: &str, component: &[u8], workers: &Arc<Workers>) -> Report {
    let scenario = match Scenario::read(text) {
        Ok(scenario) => scenario,
        Err(error) => {
            return Report { failures: vec![Failure::new(error.line(), error.to_string())], ..Report::default() };
        }
    };
    let mut report = Report { title: scenario.title.clone(), ..Report::default() };
    let runtime = match tokio::runtime::Builder::new_current_thread().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            report.failures.push(Failure::new(1, format!("no runtime: {error}")));
            return report;
        }
    };
    runtime.block_on(async {
        match Runner::start(&scenario, text, component, workers).await {
            Ok(runner) => {
                runner.steps(&scenario, text, &mut report).await;
                runner.service.stop().await;
            }
            Err(failure) => report.failures.push(failure),
        }
    });
    report
}

struct Runner {
    service: Service,
    campaign: CampaignId,
    document: Map<String, Value>,
}

impl Runner {
    async fn start(scenario: &Scenario, text: &str, component: &[u8], workers: &Arc<Workers>) -> Result<Self, Failure> {
        let line = line_of(text, scenario.campaign.span().start);
        let of_campaign = |what: String| Failure::new(line, what);
        let mut document = scenario.campaign.get_ref().clone();
        let opens = document.get("opens").and_then(Value::as_str).unwrap_or_default();
        let opens = time(opens).map_err(|what| of_campaign(format!("campaign: opens: {what}")))?;
        let parts = Parts {
            store: Arc::new(MemoryStore::new()),
            components: Components::in_memory(),
            workers: Arc::clone(workers),
            clock: Clock::manual(opens),
            seed_secret: [1; 32],
            rules: PublicationRules::default(),
        };
        let service = Service::start(parts).map_err(|error| of_campaign(chain(&error)))?;
        let (policy, _) = service.publish(component.to_vec(), None).await.map_err(|error| of_campaign(said(&error)))?;
        document.insert("policy".into(), policy.digest.to_string().into());
        let campaign = CampaignId::new("scenario").map_err(|error| of_campaign(error.to_string()))?;
        let runner = Self { service, campaign, document };
        for (name, schema) in &scenario.kinds {
            let at = line_of(text, schema.span().start);
            runner.register(name, schema.get_ref()).await.map_err(|what| Failure::new(at, what))?;
        }
        for (id, known) in &scenario.customers {
            let at = line_of(text, known.span().start);
            runner.learn(id, known.get_ref()).await.map_err(|what| Failure::new(at, what))?;
        }
        runner.apply(&runner.document, Precondition::Absent).await.map_err(of_campaign)?;
        let start = runner.service.command(runner.campaign.clone(), Command::Start, Precondition::None).await;
        start.map_err(|error| of_campaign(said(&error)))?;
        Ok(runner)
    }

    async fn register(&self, name: &str, schema: &Value) -> Result<(), String> {
        let kind = name.parse().map_err(|error: InvalidId| format!("kinds: {error}"))?;
        let kind = Kind { kind, schema: Json::from_checked(schema.to_string()) };
        self.service.register(kind).await.map(drop).map_err(|error| format!("kind {name}: {}", said(&error)))
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

    async fn steps(&self, scenario: &Scenario, text: &str, report: &mut Report) {
        let mut line = 1;
        for (index, step) in scenario.steps.iter().enumerate() {
            line = line_of(text, step.span().start);
            match self.step(index + 1, step).await {
                Ok(decisions) => {
                    let found = differences(step.get_ref(), &decisions);
                    report.failures.extend(found.into_iter().map(|difference| Failure { line, difference }));
                    report.seen.add(&decisions);
                }
                Err(what) => report.failures.push(Failure::new(line, what)),
            }
        }
        // The books are of the whole scenario: they are told of at its last step.
        match self.read(|store| store.audit()).await {
            Ok(Ok(_)) => {}
            Ok(Err(difference)) => {
                report.failures.push(Failure::new(line, format!("the books do not balance: {difference}")));
            }
            Err(what) => report.failures.push(Failure::new(line, what)),
        }
        report.failures.extend(self.totals(scenario, text).await);
    }

    async fn step(&self, number: usize, step: &Spanned<Step>) -> Result<Vec<Decision>, String> {
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
        self.read(move |store| store.decisions(&DecisionFilter::default(), last, usize::MAX)).await
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

    async fn totals(&self, scenario: &Scenario, text: &str) -> Vec<Failure> {
        let mut found = Vec::new();
        let expected = scenario.totals.iter().flat_map(|(id, units)| units.iter().map(move |unit| (id, unit)));
        for (id, (unit, expected)) in expected {
            let line = line_of(text, expected.span().start);
            match self.held(id, unit).await {
                Ok(actual) if actual == *expected.get_ref() => {}
                Ok(actual) => found.push(Failure {
                    line,
                    difference: Difference {
                        what: "totals".into(),
                        missing: vec![format!("{} {unit} of {id}", expected.get_ref())],
                        unexpected: vec![format!("{actual} {unit} of {id}")],
                    },
                }),
                Err(what) => found.push(Failure::new(line, what)),
            }
        }
        found
    }

    /// What a customer holds of a unit.
    async fn held(&self, id: &str, unit: &str) -> Result<u64, String> {
        let customer = CustomerId::new(id).map_err(|error| format!("totals: {error}"))?;
        let grants = self.read(move |store| store.grants_to(&customer)).await?;
        Ok(grants.iter().filter(|grant| grant.unit.as_str() == unit).map(|grant| grant.net().get()).sum())
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
