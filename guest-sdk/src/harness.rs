//! A host in miniature for the native tests of a policy: it shows what the manifest declares, keeps state and balances,
//! gives a key once, honours claims, takes grants back, holds and reserves. Budgets, limits, expiry and delivery are the real
//! host's; scenarios test them.

mod book;
mod cast;
mod clock;
mod holds;
mod timers;

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::decision::{Decision, Dimension, StateChange};
use crate::input::{Campaign, Enquiry, Event, Input, OwnerKind, Phase, Standing};
use crate::manifest::{Manifest, Source, Subscription};
use crate::message::{Message, TagChange};
use crate::policy::{Policy, Refusal};
use crate::reach::{Enrolment, Measurement, Placement, Share};
use crate::time::{LocalTime, Moment};
use crate::timer::{Schedule, TIMER_FIRED};

pub use book::Given;
use book::{Around, Book};

/// What is known of a customer.
#[derive(Clone, Debug, Default)]
struct Customer {
    attributes: Map<String, Value>,
    tags: Vec<String>,
    inviter: Option<String>,
    identifiers: Vec<(Dimension, String)>,
    standings: Vec<Standing>,
    groups: BTreeMap<String, String>,
}

/// Runs one campaign of a policy, natively.
pub struct Harness<P: Policy> {
    manifest: Manifest,
    params: Value,
    campaign: Campaign,
    offset_minutes: i32,
    customers: BTreeMap<String, Customer>,
    members: BTreeMap<String, Vec<String>>,
    states: BTreeMap<(OwnerKind, String), String>,
    book: Book,
    events: u64,
    policy: std::marker::PhantomData<P>,
}

/// What came of one event.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// One for each subscription that matched and had an owner.
    pub decisions: Vec<Decided>,
}

/// What came of one decision.
#[derive(Clone, Debug, Default)]
pub struct Decided {
    /// Which subscription.
    pub subscription: String,
    /// Whose state.
    pub owner: String,
    /// The policy's own no.
    pub refusal: Option<Refusal>,
    /// The host's no: `claim-taken`, `insufficient-balance`, or why a required settlement came to nothing.
    pub denied: Option<&'static str>,
    /// Grants applied.
    pub given: Vec<Given>,
    /// Grants taken back, with what was taken.
    pub revoked: Vec<Given>,
    /// Keys of grants not given, of reservations not made and of what was not settled, and names of timers not set or dropped,
    /// with the reason: `already-granted`, `credit-ceiling`, `cancelled-before`, `already-reserved`, `insufficient-balance`,
    /// `nothing-to-settle`, `timed-out`, `too-many-timers` or `no-such-timer`.
    pub skipped: Vec<(String, &'static str)>,
    /// Reserved out of wallets.
    pub reserved: Vec<Given>,
    /// Grants and reservations committed.
    pub committed: Vec<Given>,
    /// Grants and reservations released.
    pub released: Vec<Given>,
    /// Moves within programmes.
    pub placed: Vec<Placement>,
    /// Weights in pools.
    pub shares: Vec<Share>,
    /// Parties handed on.
    pub enrolled: Vec<Enrolment>,
    /// What was counted.
    pub measured: Vec<Measurement>,
    /// Tags set and taken.
    pub tags: Vec<TagChange>,
    /// Messages sent.
    pub messages: Vec<Message>,
    /// Timers set.
    pub scheduled: Vec<Schedule>,
    /// Timers dropped, by name.
    pub cancelled: Vec<String>,
    /// The policy's note.
    pub note: String,
}

impl Outcome {
    /// All grants as customer, key, unit and quantity, in order.
    #[must_use]
    pub fn grants(&self) -> Vec<(&str, &str, &str, u64)> {
        let given = self.decisions.iter().flat_map(|decided| &decided.given);
        given.map(|one| (one.to.as_str(), one.key.as_str(), one.unit.as_str(), one.quantity)).collect()
    }

    /// The code of the first refusal.
    #[must_use]
    pub fn refused(&self) -> Option<&str> {
        self.decisions.iter().find_map(|decided| decided.refusal.as_ref()).map(|refusal| refusal.code.as_str())
    }

    /// The first denial.
    #[must_use]
    pub fn denied(&self) -> Option<&'static str> {
        self.decisions.iter().find_map(|decided| decided.denied)
    }

    /// All tags set (`true`) and taken (`false`), as customer and tag.
    #[must_use]
    pub fn tags(&self) -> Vec<(&str, &str, bool)> {
        let tags = self.decisions.iter().flat_map(|decided| &decided.tags);
        tags.map(|one| (one.to.as_str(), one.tag.as_str(), one.present)).collect()
    }

    /// What was taken back, as customer, unit and quantity.
    #[must_use]
    pub fn revoked(&self) -> Vec<(&str, &str, u64)> {
        let revoked = self.decisions.iter().flat_map(|decided| &decided.revoked);
        revoked.map(|one| (one.to.as_str(), one.unit.as_str(), one.quantity)).collect()
    }
}

impl<P: Policy> Harness<P> {
    /// A campaign with these parameters: money in CNY, local time eight hours ahead of UTC, open since 1970 and without
    /// end.
    ///
    /// # Panics
    /// When the parameters do not read, or the policy's `check` finds a problem.
    #[must_use]
    pub fn new(params: impl Serialize) -> Self {
        let params = serde_json::to_value(params).expect("parameters are JSON");
        let problems = Self::problems(&params);
        assert!(problems.is_empty(), "the policy does not accept these parameters: {problems:?}");
        let campaign = Campaign {
            id: "test".to_owned(),
            revision: 1,
            currency: "CNY".to_owned(),
            opens: 0,
            closes: None,
            phase: Phase::Open,
        };
        Self {
            manifest: P::manifest(),
            params,
            campaign,
            offset_minutes: 480,
            customers: BTreeMap::new(),
            members: BTreeMap::new(),
            states: BTreeMap::new(),
            book: Book::default(),
            events: 0,
            policy: std::marker::PhantomData,
        }
    }

    /// Where parameters are wrong: the pointers of `check`'s problems, or an empty pointer and the message when they do
    /// not read at all.
    ///
    /// # Panics
    /// When `params` is not JSON.
    pub fn problems(params: impl Serialize) -> Vec<(String, String)> {
        let params = serde_json::to_value(params).expect("parameters are JSON");
        match serde_json::from_value::<P::Params>(params) {
            Err(error) => vec![(String::new(), error.to_string())],
            Ok(params) => {
                let problems = P::check(&params).err().unwrap_or_default();
                problems.into_iter().map(|problem| (problem.pointer, problem.message)).collect()
            }
        }
    }

    /// Sets the campaign's money.
    #[must_use]
    pub fn currency(mut self, code: &str) -> Self {
        code.clone_into(&mut self.campaign.currency);
        self
    }

    /// Sets the campaign's local time: so many minutes ahead of UTC.
    #[must_use]
    pub fn offset_minutes(mut self, minutes: i32) -> Self {
        self.offset_minutes = minutes;
        self
    }

    /// Sets when the campaign opens and, exclusive, closes (RFC 3339).
    #[must_use]
    pub fn open_between(mut self, opens: &str, closes: Option<&str>) -> Self {
        self.campaign.opens = clock::parse(opens);
        self.campaign.closes = closes.map(clock::parse);
        self
    }

    /// Replaces the parameters, as a new revision.
    ///
    /// # Panics
    /// As [`Harness::new`].
    pub fn set_params(&mut self, params: impl Serialize) {
        let params = serde_json::to_value(params).expect("parameters are JSON");
        let problems = Self::problems(&params);
        assert!(problems.is_empty(), "the policy does not accept these parameters: {problems:?}");
        self.params = params;
        self.campaign.revision += 1;
    }

    /// Sets an attribute of a customer.
    pub fn attribute(&mut self, customer: &str, name: &str, value: impl Into<Value>) -> &mut Self {
        self.customer(customer).attributes.insert(name.to_owned(), value.into());
        self
    }

    /// Sets a tag of a customer.
    pub fn tag(&mut self, customer: &str, tag: &str) -> &mut Self {
        self.customer(customer).tags.push(tag.to_owned());
        self
    }

    /// Says who invited a customer.
    pub fn invited(&mut self, inviter: &str, customer: &str) -> &mut Self {
        self.customer(customer).inviter = Some(inviter.to_owned());
        self
    }

    /// Makes a customer a member of a group: its kind and which.
    pub fn joined(&mut self, kind: &str, group: &str, customer: &str) -> &mut Self {
        self.customer(customer).groups.insert(kind.to_owned(), group.to_owned());
        self.members.entry(group.to_owned()).or_default().push(customer.to_owned());
        self
    }

    /// Asks a question as a customer, at a time (RFC 3339).
    ///
    /// # Errors
    /// The policy's own no.
    ///
    /// # Panics
    /// When the policy does not declare the question.
    pub fn quote(&self, question: &str, customer: &str, time: &str, data: impl Serialize) -> Result<Value, Refusal> {
        let declared = self.manifest.questions.iter().any(|one| one.name == question);
        assert!(declared, "the manifest does not declare the question {question}");
        let at = clock::parse(time);
        let roles = self.manifest.roles.iter().filter(|role| role.source == Source::Actor);
        let state = self.states.get(&(OwnerKind::Party, customer.to_owned()));
        P::quote(&Enquiry {
            question: question.to_owned(),
            data: serde_json::to_value(data).expect("question data is JSON").to_string(),
            parties: roles.map(|role| self.shown(role, customer.to_owned())).collect(),
            campaign: self.campaign.clone(),
            params: serde_json::from_value(self.params.clone()).expect("parameters were read before"),
            now: Moment { at, local: LocalTime::at_offset(at, self.offset_minutes) },
            state: state.map(|state| serde_json::from_str(state).expect("the policy reads the state that it wrote")),
        })
    }

    /// Gives a customer an identity, device, card or address.
    pub fn identifier(&mut self, customer: &str, dimension: Dimension, value: &str) -> &mut Self {
        self.customer(customer).identifiers.push((dimension, value.to_owned()));
        self
    }

    /// What a customer can use of a unit: not what is pending, reserved or used.
    #[must_use]
    pub fn balance(&self, customer: &str, unit: &str) -> u64 {
        self.book.balance(customer, unit)
    }

    /// The state of an owner, as JSON; null when there is none.
    ///
    /// # Panics
    /// When the stored state is not JSON, which it always is.
    #[must_use]
    pub fn state(&self, kind: OwnerKind, owner: &str) -> Value {
        let state = self.states.get(&(kind, owner.to_owned()));
        state.map_or(Value::Null, |state| serde_json::from_str(state).expect("states are JSON"))
    }

    /// Sends an event: its kind, the customer who acted, its time (RFC 3339) and its data (an object).
    ///
    /// # Panics
    /// When the policy breaks its contract: an effect or unit class that its manifest does not declare, a customer that
    /// it was not shown, a misspelt key, a quantity out of range.
    pub fn event(&mut self, kind: &str, customer: &str, time: &str, data: impl Serialize) -> Outcome {
        self.events += 1;
        let at = clock::parse(time);
        self.book.lapse(at);
        let occurred = Moment { at, local: LocalTime::at_offset(at, self.offset_minutes) };
        let data = serde_json::to_value(data).expect("event data is JSON");
        self.customer(customer);
        let matching: Vec<_> = self.manifest.subscriptions.iter().filter(|one| one.kind == kind).cloned().collect();
        let decisions = matching.iter().filter_map(|one| self.decide(one, customer, occurred, &data)).collect();
        Outcome { decisions }
    }

    /// Lets time pass until then (RFC 3339): timers that are due go off, the one due first, first, and holds end. At an event holds
    /// end that are over by its time; timers do not go off.
    ///
    /// # Panics
    /// As [`Harness::event`].
    pub fn advance(&mut self, time: &str) -> Vec<Outcome> {
        let until = clock::parse(time);
        let mut outcomes = Vec::new();
        while let Some(fired) = self.book.timers.next(until, &self.campaign.id) {
            self.events += 1;
            self.book.lapse(fired.due);
            let occurred = Moment { at: fired.due, local: LocalTime::at_offset(fired.due, self.offset_minutes) };
            let matching = self.manifest.subscriptions.iter().filter(|one| one.kind == TIMER_FIRED).cloned();
            let mine = |one: &Subscription| self.owner(one, &fired.actor, &fired.data).as_ref() == Some(&fired.owner);
            let matching: Vec<_> = matching.filter(mine).collect();
            let decide = |one| self.decide(one, &fired.actor, occurred, &fired.data);
            let decisions = matching.iter().filter_map(decide).collect();
            outcomes.push(Outcome { decisions });
        }
        self.book.lapse(until);
        outcomes
    }

    /// The timers that are set, as owner, name and milliseconds since 1970, the one due first, first.
    #[must_use]
    pub fn timers(&self) -> Vec<(&str, &str, i64)> {
        self.book.timers.all()
    }

    fn customer(&mut self, id: &str) -> &mut Customer {
        self.customers.entry(id.to_owned()).or_default()
    }

    fn decide(&mut self, subscription: &Subscription, actor: &str, occurred: Moment, data: &Value) -> Option<Decided> {
        let owner = self.owner(subscription, actor, data)?;
        let cast = |role| self.parties(role, actor, data, &owner);
        let parties: Vec<_> = self.manifest.roles.iter().flat_map(cast).collect();
        let state = self.states.get(&(owner.kind, owner.id.clone()));
        let input = Input {
            subscription: subscription.name.clone(),
            event: Event {
                source: "/test".to_owned(),
                id: self.events.to_string(),
                kind: subscription.kind.clone(),
                occurred,
                data: data.to_string(),
            },
            owner: owner.clone(),
            parties,
            campaign: self.campaign.clone(),
            params: serde_json::from_value(self.params.clone()).expect("parameters were read before"),
            now: occurred,
            seed: self.events.wrapping_mul(0x5851_f42d_4c95_7f2d),
            state: state.map(|state| serde_json::from_str(state).expect("the policy reads the state that it wrote")),
        };
        let mut decided =
            Decided { subscription: subscription.name.clone(), owner: owner.id.clone(), ..Decided::default() };
        match P::decide(&input) {
            Err(refusal) => decided.refusal = Some(refusal),
            Ok(decision) => self.adjudicate(subscription, (&input, actor), decision, data, &mut decided),
        }
        Some(decided)
    }

    fn adjudicate(
        &mut self,
        subscription: &Subscription,
        (input, actor): (&Input<P::Params, P::State>, &str),
        decision: Decision<P::State>,
        data: &Value,
        decided: &mut Decided,
    ) {
        let before = self.book.clone();
        decided.note = decision.note;
        let customers = &self.customers;
        let values = |claim: &crate::decision::Claim| match (claim.by, customers.get(&claim.party)) {
            (Dimension::Customer, _) => vec![claim.party.clone()],
            (by, Some(party)) => party.identifiers.iter().filter(|one| one.0 == by).map(|one| one.1.clone()).collect(),
            (_, None) => Vec::new(),
        };
        if !self.book.claim(&decision.claims, values) {
            decided.denied = Some("claim-taken");
            return;
        }
        let shown: Vec<&str> = input.parties.iter().map(|party| party.customer.as_str()).collect();
        let about = subscription.about.as_deref().and_then(|pointer| data.pointer(pointer)).map(Value::to_string);
        let around = Around {
            about: about.as_deref(),
            currency: &self.campaign.currency,
            owner: &input.owner,
            actor,
            event: &input.event,
            offset_minutes: self.offset_minutes,
        };
        for effect in decision.effects {
            book::assert_contract(&effect, &self.manifest, &shown);
            let limit = |customer: &str| {
                customers.get(customer).and_then(|one| one.attributes.get("credit_limit")).and_then(Value::as_u64)
            };
            if let Err(reason) = self.book.apply(effect, &around, limit, decided) {
                self.book = before;
                let Decided { subscription, owner, note, .. } = std::mem::take(decided);
                *decided = Decided { subscription, owner, note, denied: Some(reason), ..Decided::default() };
                return;
            }
        }
        for change in &decided.tags {
            let tags = &mut self.customers.entry(change.to.clone()).or_default().tags;
            tags.retain(|tag| *tag != change.tag);
            if change.present {
                tags.push(change.tag.clone());
            }
        }
        self.stand(&decided.placed, input.event.occurred.at);
        let key = (input.owner.kind, input.owner.id.clone());
        match decision.state {
            StateChange::Keep => {}
            StateChange::Clear => drop(self.states.remove(&key)),
            StateChange::Put(state) => {
                let state = serde_json::to_string(&state).expect("a state serialises to JSON");
                assert!(state.len() <= 16 * 1024, "the state has {} bytes, more than 16 KiB", state.len());
                self.states.insert(key, state);
            }
        }
    }
}
