//! A host in miniature for the native tests of a policy: it shows what the manifest declares, keeps state and balances,
//! gives a key once, honours claims, takes grants back, holds and reserves. Budgets, limits, expiry and delivery are the real
//! host's; scenarios test them.

mod book;
mod cast;
mod clock;
mod holds;
mod merge;
mod misfit;
mod outcome;
mod timers;

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::answer::{Problem, Refusal};
use crate::decision::{Decision, Dimension, StateChange};
use crate::input::{Campaign, Enquiry, Event, Input, OwnerKind, Phase};
use crate::manifest::{Manifest, Source, Subscription};
use crate::policy::Policy;
use crate::time::{LocalTime, Moment};
use crate::timer::TIMER_FIRED;

use book::Book;
use cast::{Cast, Customer};
pub use merge::{History, Told};
use outcome::Around;
pub use outcome::{Decided, Given, Outcome};

/// Runs one campaign of a policy, natively.
pub struct Harness<P: Policy> {
    manifest: Manifest,
    params: Value,
    campaign: Campaign,
    offset_minutes: i32,
    cast: Cast,
    /// Ids that turned out to be another's.
    also: BTreeMap<String, String>,
    states: BTreeMap<(OwnerKind, String), String>,
    book: Book,
    events: u64,
    policy: std::marker::PhantomData<P>,
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
            cast: Cast::default(),
            also: BTreeMap::new(),
            states: BTreeMap::new(),
            book: Book::default(),
            events: 0,
            policy: std::marker::PhantomData,
        }
    }

    /// Where parameters are wrong, and how: what does not fit their schema or, when all of it does, the problems that `check`
    /// finds.
    ///
    /// # Panics
    /// When `params` is not JSON, or the schema of the parameters is none.
    pub fn problems(params: impl Serialize) -> Vec<(String, String)> {
        let params = serde_json::to_value(params).expect("parameters are JSON");
        let schema = schemars::schema_for!(P::Params).to_value();
        let validator = jsonschema::draft202012::new(&schema).expect("the schema of the parameters is valid");
        let mut misfits = Vec::new();
        validator.iter_errors(&params).for_each(|error| misfit::collect(&error, &mut misfits));
        if !misfits.is_empty() {
            return misfits;
        }
        let problems = match crate::place::read::<P::Params>(&params.to_string()) {
            Err(problem) => vec![problem],
            Ok(params) => P::check(&params).err().unwrap_or_default(),
        };
        problems.into_iter().map(|Problem { pointer, message }| (pointer, message)).collect()
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
        self.cast.join(kind, group, customer);
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
            parties: roles.map(|role| self.cast.shown(role, customer.to_owned(), &self.book)).collect(),
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
        let customer = &*self.who(customer);
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
            let mine = |one: &Subscription| {
                self.cast.owner(&self.manifest, one, &fired.actor, &fired.data).as_ref() == Some(&fired.owner)
            };
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
        self.cast.customer(id)
    }

    fn decide(&mut self, subscription: &Subscription, actor: &str, occurred: Moment, data: &Value) -> Option<Decided> {
        let owner = self.cast.owner(&self.manifest, subscription, actor, data)?;
        let cast = self.manifest.roles.iter().flat_map(|role| {
            let ids = self.cast.filling(role, actor, data, &owner);
            ids.into_iter().map(|id| self.cast.shown(role, id, &self.book)).collect::<Vec<_>>()
        });
        let parties: Vec<_> = cast.collect();
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
        let customers = self.cast.customers();
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
            let tags = &mut self.cast.customer(&change.to).tags;
            tags.retain(|tag| *tag != change.tag);
            if change.present {
                tags.push(change.tag.clone());
            }
        }
        self.cast.stand(&decided.placed, input.event.occurred.at, self.offset_minutes);
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
