//! Changes to what is published and runs, made by the pipeline between decisions, so that no decision sees half of one.

use std::sync::Arc;

use largesse_documents::CampaignSpec;
use largesse_documents::rollout::StatesReport;
use largesse_domain::activation::{ActivationCause, Activations, NextActivation};
use largesse_domain::campaign::{Campaign, Revision};
use largesse_domain::catalogue::{Pocket, UnitTerms};
use largesse_domain::check::problems_of_change;
use largesse_domain::customer::{Customer, Fact, TooMany};
use largesse_domain::delivery::{Delivery, DeliveryId};
use largesse_domain::destination::Destination;
use largesse_domain::facts::Wanted;
use largesse_domain::id::{CampaignId, CustomerId, DestinationId, Digest};
use largesse_domain::lifecycle::{Command, Illegal, Lifecycle};
use largesse_domain::limits::AUDIENCES_STEPS_MAX;
use largesse_domain::message_rules::MessageRules;
use largesse_domain::migration::Migration;
use largesse_domain::policy::Policy;
use largesse_domain::problem::Problem;
use largesse_domain::programme::Programme;
use largesse_domain::segment::Segment;
use largesse_domain::timer::EVENT_KIND;
use largesse_store::{Kind, StoreError};

use super::Decider;
use super::activate::{Aim, Plan};
use super::ledger::{LedgerAnswer, LedgerError, LedgerRequest};
use super::outbox::OutboxCommand;
use super::publish::Publication;
use crate::fit;
use crate::kinds::KindRules;
use crate::registry::{Component, Published, Registry, Unfit};

/// What the sender of a change knows of the version that it changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precondition {
    /// Nothing.
    None,
    /// That there is none yet.
    Absent,
    /// That it is this version.
    Version(u64),
}

/// What shall be changed.
pub enum Change {
    /// A policy is published, whose component is on disk.
    Publish(Publication),
    /// It is known what has become of the component of a published policy.
    Component(Digest, Component),
    /// A campaign is created or changed; the policy is named by digest and has accepted the parameters. A campaign that has
    /// started and gets another version needs a plan.
    Apply(CampaignId, Box<CampaignSpec>, (Digest, Option<Box<Plan>>), Precondition),
    /// A version shall decide in a campaign, or be tried in it.
    CarryOut(Box<Plan>, Aim),
    /// A version is no longer tried in a campaign.
    StopRollout(CampaignId, Precondition),
    /// A version is stopped everywhere, for a reason, or allowed again.
    StopPolicy(Digest, Option<String>),
    /// All states of a campaign are migrated.
    Migrate(CampaignId),
    /// A campaign goes on in its life.
    Command(CampaignId, Command, Precondition),
    /// An event kind is registered or changed.
    Register(Kind, Arc<KindRules>),
    /// Something about a customer is established.
    Learn(CustomerId, Vec<Fact>),
    /// Something about destinations or deliveries.
    Outbox(OutboxCommand),
    /// The terms of a unit are set or changed.
    SetUnit(Box<UnitTerms>),
    /// A pocket is made or changed.
    SetPocket(Box<Pocket>),
    /// A programme is made or changed.
    SetProgramme(Box<Programme>),
    /// The rules for messages are set.
    SetMessageRules(Box<MessageRules>),
    /// The ledger is asked for something.
    Ledger(Box<LedgerRequest>),
    /// A segment is set or changed; its condition was tried.
    SetSegment(Box<Segment>),
}

/// What was changed.
#[derive(Clone, Debug, PartialEq)]
pub enum Changed {
    /// A policy is published; `true` when it was not before.
    Policy(Arc<Policy>, bool),
    /// A campaign as it is now; `true` when it was not there before.
    Campaign(Arc<Campaign>, bool),
    /// An event kind; `true` when it was not there before.
    Kind(Kind, bool),
    /// A customer as they are known now, by the id that stays.
    Customer(CustomerId, Box<Customer>),
    /// A destination as it is now; `true` when it was not there before.
    Destination(Arc<Destination>, bool),
    /// A delivery as it is now.
    Delivery(Box<Delivery>),
    /// So many deliveries are sent again.
    Replayed(usize),
    /// What there is nothing more to say about.
    Done,
    /// A migration as it is now.
    Migration(Box<Migration>),
    /// A unit's terms as they are now; `true` when there were none before.
    Unit(Box<UnitTerms>, bool),
    /// A pocket as it is now; `true` when it was not there before.
    Pocket(Box<Pocket>, bool),
    /// A programme as it is now; `true` when it was not there before.
    Programme(Box<Programme>, bool),
    /// The rules for messages as they are now.
    MessageRules(Box<MessageRules>),
    /// What the ledger answered.
    Ledger(Box<LedgerAnswer>),
    /// A segment as it is now; `true` when it was not there before.
    Segment(Box<Segment>, bool),
}

/// Why something was not changed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ControlError {
    /// The campaign's policy answers no questions now: the campaign does not run, or its policy cannot.
    #[error("the policy of {0} cannot be asked now")]
    NotAsked(CampaignId),
    /// There is no such thing.
    #[error("there is no {what} {name}")]
    NotFound {
        /// A policy, a campaign.
        what: &'static str,
        /// What it was called.
        name: String,
    },
    /// Nobody knows of the delivery: whoever settles it may have been told of it before a backup was restored.
    #[error("there is no delivery {0}: it was never made, or it was made before a backup was restored")]
    UnknownDelivery(DeliveryId),
    /// The document does not fit the policy, or may not change so.
    #[error("the document cannot be taken")]
    Problems(Vec<Problem>),
    /// Someone else changed it in the meantime.
    #[error("the campaign is at version {found}, not at {expected}")]
    Changed {
        /// What the sender knew.
        expected: u64,
        /// What it is.
        found: u64,
    },
    /// It is there, and the sender did not say which version it changes.
    #[error("the campaign exists at version {found}; say which version you change (If-Match)")]
    Unconditional {
        /// What it is.
        found: u64,
    },
    /// Another component was published under this name and version.
    #[error("{name} {version} was published with digest {digest}; versions do not change")]
    VersionTaken {
        /// The policy.
        name: String,
        /// Its version.
        version: String,
        /// The digest of what was published.
        digest: Digest,
    },
    /// The campaign's life does not allow it.
    #[error(transparent)]
    Illegal(#[from] Illegal),
    /// A version is tried in the campaign; parameters cannot change for both at once.
    #[error("a version is tried in the campaign; promote it or stop the rollout first")]
    RolloutOn,
    /// No version is tried in the campaign.
    #[error("no version is tried in the campaign")]
    NoRollout,
    /// There is nothing to try a version on.
    #[error("a campaign that is {lifecycle} decides nothing that a version could be tried on")]
    NothingToTry {
        /// Where the campaign is in its life.
        lifecycle: &'static str,
    },
    /// There is no earlier version that was good.
    #[error("there is no earlier version to go back to")]
    NothingEarlier,
    /// The version is stopped.
    #[error("version {policy} is stopped: {reason}")]
    Stopped {
        /// Which.
        policy: Digest,
        /// Why.
        reason: String,
    },
    /// There are states that the version cannot migrate.
    #[error("the version cannot migrate {} of {} states tried", .0.stuck, .0.tried)]
    StuckStates(Box<StatesReport>),
    /// The campaign is over.
    #[error("the campaign has ended and does not change any more")]
    Ended,
    /// The customer would have too much of something.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// Nothing is sent to the destination now.
    #[error("the destination {0} is paused")]
    Paused(DestinationId),
    /// The delivery tells of no grant, or its destination does not settle grants.
    #[error("delivery {0} settles no grant")]
    SettlesNothing(DeliveryId),
    /// The destination said otherwise before, and that stands.
    #[error("delivery {id} is {before} and stays so")]
    SettledOtherwise {
        /// Which.
        id: DeliveryId,
        /// What the destination said: confirmed, or failed.
        before: &'static str,
    },
    /// The ledger did nothing.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl From<Unfit> for ControlError {
    fn from(unfit: Unfit) -> Self {
        match unfit {
            Unfit::Unknown { what, name } => Self::NotFound { what, name },
            Unfit::Condition(problem) => Self::Problems(vec![problem]),
        }
    }
}

pub(super) type Outcome = Result<Changed, ControlError>;

impl Decider {
    /// Makes a change. The outer error ends the host, the inner one is for whoever asked.
    pub(super) fn change(&mut self, change: Change) -> Result<Outcome, StoreError> {
        match &change {
            Change::Apply(..) | Change::Command(..) => self.ensure_used_of_over(None)?,
            Change::SetPocket(pocket) => self.ensure_used_of_over(Some(pocket))?,
            _ => {}
        }
        Ok(match change {
            Change::Publish(publication) => self.publish(publication),
            Change::Component(policy, component) => self.set_component(&policy, component),
            Change::Apply(id, spec, version, precondition) => self.apply(id, *spec, version, precondition),
            Change::CarryOut(plan, aim) => self.carry_out(&plan, aim),
            Change::StopRollout(id, precondition) => self.stop_rollout(&id, precondition),
            Change::StopPolicy(policy, reason) => self.stop_policy(policy, reason),
            Change::Migrate(id) => return self.begin_migration(&id),
            Change::Command(id, command, precondition) => self.command(&id, command, precondition),
            Change::Register(kind, rules) => self.register(kind, rules),
            Change::Learn(customer, facts) => return self.learn_directly(&customer, facts),
            Change::Outbox(command) => return self.outbox(command),
            Change::SetUnit(terms) => self.set_unit(*terms),
            Change::SetPocket(pocket) => self.set_pocket(*pocket),
            Change::SetProgramme(programme) => self.set_programme(*programme),
            Change::SetSegment(segment) => self.set_segment(*segment),
            Change::SetMessageRules(rules) => self.set_message_rules(*rules),
            Change::Ledger(request) => return self.ask_ledger(*request),
        })
    }

    /// Replaces the picture of what runs: for the decider now, for readers once it is on disk.
    pub(super) fn with_registry<T>(
        &mut self,
        change: impl FnOnce(&mut Registry) -> Result<T, ControlError>,
    ) -> Result<T, ControlError> {
        let mut registry = Registry::clone(&self.registry);
        let changed = change(&mut registry)?;
        self.registry = Arc::new(registry);
        let (shared, registry) = (Arc::clone(&self.shared), Arc::clone(&self.registry));
        self.pending.after.push(Box::new(move || shared.set_registry(registry)));
        Ok(changed)
    }

    fn apply(
        &mut self,
        id: CampaignId,
        spec: CampaignSpec,
        (policy, plan): (Digest, Option<Box<Plan>>),
        precondition: Precondition,
    ) -> Outcome {
        let published = self.registry.policy(&policy).cloned();
        let published = published.ok_or(ControlError::NotFound { what: "policy", name: policy.to_string() })?;
        let mut problems = fit::problems(&spec.settings, published.manifest(), self.registry.fits());
        problems.extend(fit::unknown_names(&spec.settings, &self.registry.catalogue));
        problems.extend(fit::stacking_problems(&id, &spec.settings, &self.registry));
        if !problems.is_empty() {
            return Err(ControlError::Problems(problems));
        }
        let old = self.registry.campaign(&id).map(|active| Arc::clone(&active.campaign));
        expect_version(old.as_deref().map(|old| old.version), precondition)?;
        let is_new = old.is_none();
        let old_number = old.as_deref().map(|old| old.activations.active.number);
        let campaign = match old {
            None => Campaign {
                id,
                version: 1,
                lifecycle: Lifecycle::Draft,
                revisions: vec![first_revision(&spec)],
                activations: Activations::first(policy, vec![1], self.clock.now()),
                rollout: None,
                rollouts: 0,
                settings: spec.settings,
            },
            Some(old) => {
                let changed = self.changed(&old, spec, &published, plan)?;
                if changed == *old {
                    return Ok(Changed::Campaign(old, false));
                }
                Campaign { version: old.version + 1, ..changed }
            }
        };
        if old_number.is_none_or(|number| number < campaign.activations.active.number) {
            self.note_activation(&campaign);
        }
        self.put_campaign(campaign).map(|campaign| Changed::Campaign(campaign, is_new))
    }

    fn changed(
        &self,
        old: &Campaign,
        spec: CampaignSpec,
        published: &Published,
        plan: Option<Box<Plan>>,
    ) -> Result<Campaign, ControlError> {
        if old.lifecycle == Lifecycle::Ended {
            return Err(ControlError::Ended);
        }
        let mut changed = old.clone();
        let policy = published.policy.digest;
        let (same_policy, same_params) = (old.activations.active.policy == policy, old.latest().params == spec.params);
        let now = self.clock.now();
        if !old.lifecycle.has_started() {
            changed.revisions = vec![first_revision(&spec)];
            if !same_policy {
                changed.activations.activate(
                    NextActivation { policy, revisions: vec![1], at: now, cause: ActivationCause::Created },
                    false,
                );
            }
        } else {
            let mut problems = problems_of_change(&old.settings, &spec.settings);
            let (manifest, catalogue) = (published.manifest(), &self.registry.catalogue);
            problems.extend(fit::problems_at_start(&spec.settings, manifest, catalogue, &spec.params));
            problems.extend(self.allocation_problems(&old.id, &spec.settings));
            if !problems.is_empty() {
                return Err(ControlError::Problems(problems));
            }
            if !(same_policy && same_params) && old.rollout.is_some() {
                return Err(ControlError::RolloutOn);
            }
            let mut revisions = old.activations.active.revisions.clone();
            if !same_policy {
                self.may_decide(policy)?;
                // It was looked at for the campaign as it is now; otherwise whoever asks asks again.
                let plan = plan.filter(|plan| plan.based_on == old.version);
                revisions = plan.ok_or(ControlError::Changed { expected: 0, found: old.version })?.takes;
            }
            if !same_params || revisions.is_empty() {
                let number = old.next_revision();
                let effective_from = spec.effective_from.unwrap_or(now);
                changed.revisions.push(Revision { number, effective_from, params: spec.params });
                revisions.push(number);
            }
            if same_policy {
                changed.activations.active.revisions = revisions;
            } else {
                let good = !self.registry.stops.contains_key(&old.activations.active.policy);
                changed
                    .activations
                    .activate(NextActivation { policy, revisions, at: now, cause: ActivationCause::Chosen }, good);
            }
        }
        changed.settings = spec.settings;
        Ok(changed)
    }

    fn command(&mut self, id: &CampaignId, command: Command, precondition: Precondition) -> Outcome {
        let active = self.registry.campaign(id).cloned();
        let active = active.ok_or_else(|| ControlError::NotFound { what: "campaign", name: id.to_string() })?;
        let campaign = &active.campaign;
        if precondition != Precondition::None {
            expect_version(Some(campaign.version), precondition)?;
        }
        if matches!(command, Command::Start | Command::Resume) {
            self.may_decide(campaign.activations.active.policy)?;
        }
        if command == Command::Start && !campaign.lifecycle.has_started() {
            let manifest = active.published.manifest();
            let (catalogue, params) = (&self.registry.catalogue, &campaign.latest().params);
            let mut problems = fit::problems_at_start(&campaign.settings, manifest, catalogue, params);
            problems.extend(self.allocation_problems(id, &campaign.settings));
            if !problems.is_empty() {
                return Err(ControlError::Problems(problems));
            }
        }
        let campaign = self.go_on(campaign, command)?;
        self.look_at_clock();
        let campaign = self.registry.campaign(id).map_or(campaign, |active| Arc::clone(&active.campaign));
        Ok(Changed::Campaign(campaign, false))
    }

    pub(super) fn go_on(&mut self, old: &Arc<Campaign>, command: Command) -> Result<Arc<Campaign>, ControlError> {
        let lifecycle = old.lifecycle.next(command)?;
        if lifecycle == old.lifecycle {
            return Ok(Arc::clone(old));
        }
        let mut campaign = Campaign { lifecycle, version: old.version + 1, ..Campaign::clone(old) };
        let now = self.clock.now();
        if matches!(lifecycle, Lifecycle::Closing | Lifecycle::Ended)
            && campaign.settings.closes.is_none_or(|closes| now < closes)
        {
            // Ended before its time: events from now on are not rewarded.
            campaign.settings.closes = Some(now);
        }
        tracing::info!(campaign = %campaign.id, from = old.lifecycle.as_str(), to = lifecycle.as_str(), "campaign goes on");
        self.put_campaign(campaign)
    }

    pub(super) fn put_campaign(&mut self, campaign: Campaign) -> Result<Arc<Campaign>, ControlError> {
        let campaign = Arc::new(campaign);
        if self.registry.campaign(&campaign.id).is_some_and(|old| self.registry.holds(&old.campaign)) {
            self.backlog.insert(campaign.id.clone());
        }
        self.with_audiences(|registry| Ok(registry.set_campaign(Arc::clone(&campaign))?), "/audience")?;
        self.timers.look_again();
        self.pending.batch.campaigns.retain(|other| other.id != campaign.id);
        self.pending.batch.campaigns.push(Arc::clone(&campaign));
        Ok(campaign)
    }

    /// Changes the registry unless the audiences of all campaigns on some event kind would take too many steps together.
    pub(super) fn with_audiences(
        &mut self,
        change: impl FnOnce(&mut Registry) -> Result<(), ControlError>,
        pointer: &str,
    ) -> Result<(), ControlError> {
        let before = self.registry.audience_steps().map_or(0, |(_, steps)| steps);
        self.with_registry(|registry| {
            change(registry)?;
            match registry.audience_steps() {
                Some((kind, steps)) if steps > AUDIENCES_STEPS_MAX && steps > before => {
                    let message = format!(
                        "with it the audiences of all campaigns on {kind} take {steps} steps, more than {AUDIENCES_STEPS_MAX}"
                    );
                    Err(ControlError::Problems(vec![Problem { pointer: pointer.to_owned(), message }]))
                }
                _ => Ok(()),
            }
        })
    }

    fn register(&mut self, kind: Kind, rules: Arc<KindRules>) -> Outcome {
        if kind.kind.as_str() == EVENT_KIND {
            let message = format!("{} is the host's own kind and does not change", kind.kind);
            return Err(ControlError::Problems(vec![Problem { pointer: String::new(), message }]));
        }
        let old = self.registry.kinds.all().find(|old| old.kind == kind.kind).cloned();
        if old.as_ref() == Some(&kind) {
            return Ok(Changed::Kind(kind, false));
        }
        self.with_registry(|registry| {
            registry.kinds.insert_rules(kind.clone(), rules).map_err(|problem| ControlError::Problems(vec![problem]))
        })?;
        self.pending.batch.kinds.push(kind.clone());
        Ok(Changed::Kind(kind, old.is_none()))
    }

    fn learn_directly(&mut self, id: &CustomerId, facts: Vec<Fact>) -> Result<Outcome, StoreError> {
        self.ensure(Wanted { customers: [id.clone()].into(), ..Wanted::default() })?;
        let id = self.facts.who_stays(id).clone();
        let mut customer = self.facts.customers.get(&id).clone();
        let now = self.clock.now();
        for fact in facts {
            if let Err(too_many) = customer.learn(fact, now) {
                return Ok(Err(too_many.into()));
            }
        }
        self.facts.customers.put(&id, customer.clone());
        Ok(Ok(Changed::Customer(id, Box::new(customer))))
    }
}

fn first_revision(spec: &CampaignSpec) -> Revision {
    let effective_from = spec.effective_from.unwrap_or(spec.settings.opens);
    Revision { number: 1, effective_from, params: spec.params.clone() }
}

pub(super) fn expect_version(found: Option<u64>, precondition: Precondition) -> Result<(), ControlError> {
    match (found, precondition) {
        (None, Precondition::None | Precondition::Absent) => Ok(()),
        (Some(found), Precondition::Version(expected)) if found == expected => Ok(()),
        (Some(found), Precondition::None) => Err(ControlError::Unconditional { found }),
        (found, Precondition::Version(expected)) => Err(ControlError::Changed { expected, found: found.unwrap_or(0) }),
        (Some(found), Precondition::Absent) => Err(ControlError::Changed { expected: 0, found }),
    }
}
