//! Runs a scenario in the host's own pipeline, over the memory model of the store, by a clock that follows the events.

mod look;
mod operate;
mod repeat;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use largesse_documents::{CampaignDocument, CustomerDocument, from_value};
use largesse_domain::campaign::Campaign;
use largesse_domain::decision::Output;
use largesse_domain::effect::{Effect, EffectKind};
use largesse_domain::id::{CampaignId, CustomerId, Digest, InvalidId, RefusalCode, SubscriptionName};
use largesse_domain::json::Json;
use largesse_domain::lifecycle::Command;
use largesse_domain::limits::INVITER_DISTANCE_MAX;
use largesse_domain::outcome::Decision;
use largesse_domain::problem::Problem;
use largesse_domain::time::Instant;
use largesse_engine::Workers;
use largesse_service::clock::Clock;
use largesse_service::commands::Learn;
use largesse_service::components::Components;
use largesse_service::intake::{self, Arrival, Backfill, Rejected};
use largesse_service::pipeline::{ControlError, EventResult, Precondition};
use largesse_service::{ChangeError, Gaps, Kind, Parts, PublicationRules, Retention, Service, StoreError};
use largesse_store::{DecisionFilter, MemoryStore, Store};
use serde::Serialize;
use serde_json::{Map, Value, json};
use toml::Spanned;

use crate::desk::{self, Reply};
use crate::difference::Difference;
use crate::expect::{Actual, differences};
use crate::scenario::{Scenario, Step, StepEvent, TESTED, line_of};

/// Where the events of a scenario come from.
pub(crate) const SOURCE: &str = "/scenario";

/// The versions of a policy that a scenario is run on.
#[derive(Clone, Copy)]
pub struct Versions<'a> {
    /// The component under test.
    pub tested: &'a [u8],
    /// Finds the component of another that a scenario names, or says why there is none.
    pub named: &'a dyn Fn(&str) -> Result<Vec<u8>, String>,
}

impl<'a> Versions<'a> {
    /// The component under test and no other.
    #[must_use]
    pub fn only(tested: &'a [u8]) -> Self {
        Self { tested, named: &|name| Err(format!("there is no component {name:?}")) }
    }

    fn find(&self, name: &str) -> Result<Vec<u8>, String> {
        if name == TESTED { Ok(self.tested.to_vec()) } else { (self.named)(name) }
    }
}

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
    /// What each step led to; nothing for one that could not be done.
    pub(crate) steps: Vec<Option<Actual>>,
    /// What the customers that are named at the end hold then.
    pub(crate) totals: BTreeMap<String, BTreeMap<String, u64>>,
}

/// What the policy under test was seen to do in scenarios; not what other versions did there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// The fuel of each decision, in order.
    pub fuel: Vec<u64>,
    /// The subscriptions that decided.
    pub subscriptions: BTreeSet<SubscriptionName>,
    /// The kinds of effect that were asked for.
    pub effects: BTreeSet<EffectKind>,
    /// The codes that it refused with.
    pub refusals: BTreeSet<RefusalCode>,
}

impl Seen {
    fn add(&mut self, decisions: &[Decision], tested: Digest) {
        for decision in decisions.iter().filter(|decision| decision.policy == tested) {
            self.fuel.push(decision.evaluation.fuel);
            self.subscriptions.insert(decision.input.subscription.clone());
            match &decision.evaluation.output {
                Output::Proposal(proposal) => self.effects.extend(proposal.effects.iter().map(Effect::kind)),
                Output::Refusal(refusal) => drop(self.refusals.insert(refusal.code.clone())),
                Output::Fault(_) => {}
            }
        }
    }

    /// Adds what was seen in another scenario.
    pub fn extend(&mut self, other: &Self) {
        self.fuel.extend(&other.fuel);
        self.subscriptions.extend(other.subscriptions.iter().cloned());
        self.effects.extend(&other.effects);
        self.refusals.extend(other.refusals.iter().cloned());
    }
}

/// Runs a scenario file on the component under test, and on others that it names.
#[must_use]
pub fn run(text: &str, versions: Versions<'_>, workers: &Arc<Workers>) -> Report {
    let scenario = match Scenario::read(text) {
        Ok(scenario) => scenario,
        Err(error) => {
            return Report { failures: vec![Failure::new(error.line(), error.to_string())], ..Report::default() };
        }
    };
    let mut report = Report { title: scenario.title.clone(), ..Report::default() };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_time().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            report.failures.push(Failure::new(1, format!("no runtime: {error}")));
            return report;
        }
    };
    runtime.block_on(async {
        match Runner::start(&scenario, text, versions, workers).await {
            Ok(runner) => {
                runner.steps(&scenario, text, &mut report).await;
                runner.service.stop().await;
            }
            Err(failure) => report.failures.push(failure),
        }
    });
    report
}

struct Runner<'a> {
    service: Service,
    campaign: CampaignId,
    /// Without its policy.
    document: Map<String, Value>,
    versions: Versions<'a>,
    tested: Digest,
}

impl<'a> Runner<'a> {
    async fn start(
        scenario: &Scenario,
        text: &str,
        versions: Versions<'a>,
        workers: &Arc<Workers>,
    ) -> Result<Self, Failure> {
        let line = line_of(text, scenario.campaign.span().start);
        let of_campaign = |what: String| Failure::new(line, what);
        let document = scenario.campaign.get_ref().clone();
        let opens = document.get("opens").and_then(Value::as_str).unwrap_or_default();
        let opens = time(opens).map_err(|what| of_campaign(format!("campaign: opens: {what}")))?;
        let parts = Parts {
            store: Arc::new(MemoryStore::new()),
            components: Components::in_memory(),
            workers: Arc::clone(workers),
            clock: Clock::manual(opens),
            seed_secret: [1; 32],
            // A version under work keeps its number, and the one before it may have the same.
            rules: PublicationRules { replace_versions: true, ..PublicationRules::default() },
            retention: Retention::default(),
            inviter_distance: INVITER_DISTANCE_MAX,
            gaps: Gaps::None,
        };
        let service = Service::start(parts).map_err(|error| of_campaign(chain(&error)))?;
        let published = service.publish(versions.tested.to_vec(), None).await;
        let tested = published.map_err(|error| of_campaign(said(&error)))?.0.digest;
        let campaign = CampaignId::new("scenario").map_err(|error| of_campaign(error.to_string()))?;
        let runner = Self { service, campaign, document, versions, tested };
        for (name, schema) in &scenario.kinds {
            let at = line_of(text, schema.span().start);
            runner.register(name, schema.get_ref()).await.map_err(|what| Failure::new(at, what))?;
        }
        desk::set_up(&runner.service, scenario)
            .await
            .map_err(|(offset, what)| Failure::new(line_of(text, offset), what))?;
        for (id, known) in &scenario.customers {
            let at = line_of(text, known.span().start);
            runner.learn(id, known.get_ref()).await.map_err(|what| Failure::new(at, what))?;
        }
        let first = match &scenario.begins_with {
            None => tested,
            Some(name) => {
                let at = line_of(text, name.span().start);
                runner.publish(name.get_ref()).await.map_err(|what| Failure::new(at, what))?
            }
        };
        runner
            .apply(&runner.campaign, runner.document.clone(), first, Precondition::Absent)
            .await
            .map_err(of_campaign)?;
        let start = runner.service.command(runner.campaign.clone(), Command::Start, Precondition::None).await;
        start.map_err(|error| of_campaign(said(&error)))?;
        for (id, document) in &scenario.campaigns {
            let at = line_of(text, document.span().start);
            runner.further(id, document.get_ref().clone()).await.map_err(|what| Failure::new(at, what))?;
        }
        Ok(runner)
    }

    /// Starts a further campaign.
    async fn further(&self, id: &str, document: Map<String, Value>) -> Result<(), String> {
        let campaign: CampaignId = id.parse().map_err(|error: InvalidId| error.to_string())?;
        let policy = document.get("policy").and_then(Value::as_str).ok_or("a further campaign names its policy")?;
        let policy = self.publish(policy).await?;
        self.apply(&campaign, document, policy, Precondition::Absent).await?;
        let started = self.service.command(campaign, Command::Start, Precondition::None).await;
        started.map(drop).map_err(|error| said(&error))
    }

    async fn register(&self, name: &str, schema: &Value) -> Result<(), String> {
        let kind = name.parse().map_err(|error: InvalidId| format!("kinds: {error}"))?;
        let kind = Kind { kind, schema: Json::from_checked(schema.to_string()) };
        self.service.register(kind).await.map(drop).map_err(|error| format!("kind {name}: {}", said(&error)))
    }

    async fn learn(&self, id: &str, known: &Value) -> Result<(), String> {
        let document: CustomerDocument =
            from_value(known.clone()).map_err(|problem| format!("customer {id}: {}", listed(&[problem])))?;
        let facts = document.facts().map_err(|problems| format!("customer {id}: {}", listed(&problems)))?;
        let customer = CustomerId::new(id).map_err(|error| error.to_string())?;
        self.service.run(Learn { customer, facts }).await.map(drop).map_err(|error| said(&error))
    }

    /// Publishes the component of that name.
    async fn publish(&self, name: &str) -> Result<Digest, String> {
        let component = self.versions.find(name)?;
        let published = self.service.publish(component, None).await;
        published.map(|(policy, _)| policy.digest).map_err(|error| format!("{name}: {}", said(&error)))
    }

    async fn apply(
        &self,
        campaign: &CampaignId,
        mut document: Map<String, Value>,
        policy: Digest,
        precondition: Precondition,
    ) -> Result<Arc<Campaign>, String> {
        document.insert("policy".into(), policy.to_string().into());
        let document: CampaignDocument =
            from_value(document.into()).map_err(|problem| format!("campaign: {}", listed(&[problem])))?;
        let spec = document.read().map_err(|problems| format!("campaign: {}", listed(&problems)))?;
        let applied = self.service.apply(campaign.clone(), spec, precondition).await;
        applied.map(|(campaign, _)| campaign).map_err(|error| said(&error))
    }

    async fn steps(&self, scenario: &Scenario, text: &str, report: &mut Report) {
        let mut line = 1;
        for (index, step) in scenario.steps.iter().enumerate() {
            line = line_of(text, step.span().start);
            let actual = match self.step(index + 1, step).await {
                Ok((decisions, reply)) => {
                    report.seen.add(&decisions, self.tested);
                    self.after(step.get_ref(), &decisions, reply).await
                }
                Err(what) => Err(what),
            };
            match &actual {
                Ok(actual) => {
                    let found = differences(step.get_ref(), actual);
                    report.failures.extend(found.into_iter().map(|difference| Failure { line, difference }));
                }
                Err(what) => report.failures.push(Failure::new(line, what)),
            }
            report.steps.push(actual.ok());
        }
        // The books are of the whole scenario: they are told of at its last step.
        match self.read(|store| store.audit()).await {
            Ok(Ok(_)) => {}
            Ok(Err(difference)) => {
                report.failures.push(Failure::new(line, format!("the books do not balance: {difference}")));
            }
            Err(what) => report.failures.push(Failure::new(line, what)),
        }
        self.totals(scenario, text, report).await;
        look::sums_of_all(scenario, text, report);
    }

    /// What a step led to.
    async fn after(&self, step: &Step, decisions: &[Decision], reply: Reply) -> Result<Actual, String> {
        let mut actual = Actual::of(decisions);
        let Reply { answer, refused, denied, problems, entries, revoked } = reply;
        (actual.answer, actual.problems, actual.entries) = (answer, problems, entries);
        actual.revoked.extend(revoked);
        actual.refused.extend(refused);
        actual.denied.extend(denied);
        if !(step.measures.is_empty() && step.ratios.is_empty()) {
            actual.measures = desk::measures(&self.service, &self.campaign).await?;
        }
        for customer in step.standings.keys() {
            actual.standings.insert(customer.clone(), desk::standings(&self.service, customer).await?);
        }
        for (customer, units) in &step.balances {
            actual.balances.insert(customer.clone(), self.available(customer, units.keys()).await?);
        }
        for owner in step.states.keys() {
            actual.states.insert(owner.clone(), self.state(owner).await?);
        }
        Ok(actual)
    }

    async fn step(&self, number: usize, step: &Spanned<Step>) -> Result<(Vec<Decision>, Reply), String> {
        let step = step.get_ref();
        let mut reply = Reply::default();
        let last = self.read(|store| store.counters()).await?.last_decision;
        if let Some(name) = &step.activate {
            self.activate(name, step).await?;
        } else if let Some(params) = &step.params {
            self.set_params(params, step.effective_from.as_ref()).await?;
        }
        if let Some(until) = &step.advance {
            self.service.pass(time(until)?).await.map_err(|error| error.to_string())?;
        }
        if let Some(event) = &step.event {
            for event in repeat::repeated(event, step)? {
                reply.problems.extend(self.arrive(number, &event, step.problems.is_some()).await?);
            }
        }
        if let Some(redeem) = &step.redeem {
            self.wait_for(redeem.time.as_deref()).await?;
            reply = desk::redeem(&self.service, number, redeem).await?;
        }
        if let Some(settle) = &step.settle {
            self.wait_for(settle.time.as_deref()).await?;
            reply = desk::settle(&self.service, settle).await?;
        }
        if let Some(reverse) = &step.reverse {
            self.wait_for(reverse.time.as_deref()).await?;
            reply = desk::reverse(&self.service, &self.campaign, number, reverse).await?;
        }
        if let Some(quote) = &step.quote {
            self.wait_for(quote.time.as_deref()).await?;
            reply = desk::quote(&self.service, &self.campaign, quote).await?;
        }
        if let Some(apply) = &step.apply {
            reply.problems = self.make(apply).await?;
            if step.problems.is_none() && !reply.problems.is_empty() {
                return Err(format!("{} is refused: {}", apply.id, reply.problems.join(", ")));
            }
        }
        if let Some(calendar) = &step.calendar {
            reply = desk::calendar(&self.service, calendar).await?;
        }
        if let Some(command) = &step.command {
            desk::command(&self.service, &self.campaign, step, command).await?;
            // What a pause kept is decided now.
            self.service.pass(self.service.clock().now()).await.map_err(|error| error.to_string())?;
        }
        let decisions = self.read(move |store| store.decisions(&DecisionFilter::default(), last, usize::MAX)).await?;
        Ok((decisions, reply))
    }

    async fn wait_for(&self, until: Option<&str>) -> Result<(), String> {
        let Some(until) = until else { return Ok(()) };
        self.service.pass(time(until)?).await.map_err(|error| error.to_string())
    }

    /// Sends an event. Where it is wrong is given when that is asked for, and a failure otherwise.
    async fn arrive(&self, number: usize, event: &StepEvent, may_be_wrong: bool) -> Result<Vec<String>, String> {
        self.service.pass(time(&event.time)?).await.map_err(|error| error.to_string())?;
        let arrival = match self.check(number, event) {
            Ok(arrival) => arrival,
            Err(Rejected::Envelope(problems) | Rejected::Data { problems, .. }) if may_be_wrong => {
                return Ok(problems.into_iter().map(|problem| problem.pointer).collect());
            }
            Err(Rejected::Envelope(problems)) => return Err(listed(&problems)),
            Err(Rejected::Data { kind, problems }) => return Err(format!("not a {kind}: {}", listed(&problems))),
            Err(other) => return Err(other.to_string()),
        };
        let results = self.service.submit(vec![arrival]).await.map_err(|error| error.to_string())?;
        match results.into_iter().next() {
            // What was decided on a duplicate then is not decided again.
            Some(EventResult::Admitted(_) | EventResult::Duplicate(_)) => {}
            Some(EventResult::Conflict(seq)) => {
                return Err(format!("the event's id was used with another body ({seq})"));
            }
            Some(EventResult::Unavailable(why)) => return Err(why),
            None => return Err("no answer".into()),
        }
        // A timer that was set to what is past goes off at once.
        self.service.pass(self.service.clock().now()).await.map_err(|error| error.to_string())?;
        Ok(Vec::new())
    }

    fn check(&self, number: usize, event: &StepEvent) -> Result<Arrival, Rejected> {
        let id = event.id.clone().unwrap_or_else(|| format!("step-{number}"));
        let cloud_event = json!({
            "specversion": "1.0", "source": SOURCE, "id": id, "type": event.kind, "subject": event.customer,
            "time": event.time, "data": event.data,
        });
        let kinds = &self.service.registry().kinds;
        intake::check(cloud_event, kinds, self.service.clock().now(), &Backfill::Allowed.into())
    }

    async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&dyn Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, String> {
        self.service.read(query).await.map_err(|error| chain(&error))
    }
}

pub(crate) fn time(text: &str) -> Result<Instant, String> {
    largesse_documents::time::read_instant(text).map_err(|_| format!("not a time in RFC 3339: {text:?}"))
}

pub(crate) fn listed(problems: &[Problem]) -> String {
    problems.iter().map(|problem| format!("{} {}", problem.pointer, problem.message)).collect::<Vec<_>>().join("; ")
}

pub(crate) fn said(error: &ChangeError) -> String {
    match error {
        ChangeError::Control(ControlError::Problems(problems)) => format!("refused: {}", listed(problems)),
        other => chain(other),
    }
}

pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
