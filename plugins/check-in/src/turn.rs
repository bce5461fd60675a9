//! One decision while it is being made.

use largesse_sdk::{Date, Decision, Grant, Input, Money, Party, Refusal};
use serde::Deserialize;

use crate::params::Params;
use crate::state::State;
use crate::trigger::Trigger;

/// What the events' data may hold for this policy.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Data {
    /// The day that a check-in makes up for.
    pub(crate) makeup_for: Option<Date>,
    pub(crate) order: Option<String>,
    pub(crate) payment: Option<String>,
    pub(crate) amount: Option<Money>,
    pub(crate) task: Option<String>,
}

/// One decision while it is being made. Each part of the policy adds what it gives, or says why it gives nothing.
pub(crate) struct Turn<'a> {
    pub(crate) input: &'a Input<Params, State>,
    pub(crate) trigger: Trigger,
    /// The customer whose state this is.
    pub(crate) me: &'a Party,
    /// The local date of the event.
    pub(crate) today: Date,
    pub(crate) data: Data,
    pub(crate) state: State,
    state_changed: bool,
    pub(crate) decision: Decision<State>,
    first_no: Option<Refusal>,
}

impl<'a> Turn<'a> {
    pub(crate) fn new(input: &'a Input<Params, State>, trigger: Trigger) -> Result<Self, Refusal> {
        let me = input.owner_party().ok_or_else(|| Refusal::new("missing-party", "the owner is not shown"))?;
        Ok(Self {
            input,
            trigger,
            me,
            today: input.event.occurred.local.date(),
            data: input.event.data()?,
            state: input.state.clone().unwrap_or_default(),
            state_changed: false,
            decision: Decision::new(),
            first_no: None,
        })
    }

    pub(crate) fn params(&self) -> &'a Params {
        &self.input.params
    }

    /// Gives something.
    pub(crate) fn grant(&mut self, grant: Grant) {
        self.decision.grant(grant);
    }

    /// Gives a list of benefits under a name.
    pub(crate) fn grant_all(&mut self, rewards: &[largesse_sdk::BenefitParam], key: &str, reason: &str) {
        for grant in largesse_sdk::grants(rewards, key, &self.me.customer, reason) {
            self.decision.grant(grant);
        }
    }

    /// The state, to be written back.
    pub(crate) fn change(&mut self) -> &mut State {
        self.state_changed = true;
        &mut self.state
    }

    /// Says why one part gives nothing. It is the answer if no other part gives anything.
    pub(crate) fn no(&mut self, code: &str, message: &str) {
        self.first_no.get_or_insert_with(|| Refusal::new(code, message));
    }

    /// The amount of a payment, in minor units of the campaign's money.
    pub(crate) fn amount(&self) -> Result<u64, Refusal> {
        match &self.data.amount {
            Some(amount) => amount.in_currency(&self.input.campaign.currency),
            None => Err(Refusal::new("bad-event-data", "a payment without an amount")),
        }
    }

    /// The decision, or why there is none.
    pub(crate) fn finish(mut self) -> Result<Decision<State>, Refusal> {
        if self.state_changed {
            self.decision.put(self.state);
        }
        match self.first_no {
            Some(no) if self.decision.is_empty() => Err(no),
            _ => Ok(self.decision),
        }
    }
}
