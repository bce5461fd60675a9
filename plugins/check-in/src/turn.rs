//! One decision while it is being made.

use largesse_sdk::{Date, Decision, Event, EventData, Grant, Input, Moment, Money, Party, Refusal, events, key_part};

use crate::params::{Clock, Params};
use crate::state::State;
use crate::trigger::Trigger;

/// The attribute that says how many minutes the customer's clock is ahead of UTC.
pub(crate) const OFFSET: &str = "utc_offset_minutes";

/// What an event says that matters here.
#[derive(Default)]
pub(crate) struct Said {
    /// The day that a check-in makes up for.
    pub(crate) makeup_for: Option<Date>,
    /// What was paid, and the name of it in grant keys, where it has one.
    pub(crate) paid: Option<(Option<String>, Money)>,
    /// The task that was completed.
    pub(crate) task: Option<String>,
}

impl Said {
    fn by(event: &Event, trigger: Trigger) -> Result<Self, Refusal> {
        let nothing = Self::default();
        Ok(match trigger {
            Trigger::CheckedIn => Self { makeup_for: event.data::<events::CheckedIn>()?.makeup_for, ..nothing },
            Trigger::OrderPaid => Self { paid: paid("order", event.data::<events::OrderPaid>()?), ..nothing },
            Trigger::PaymentOfflineSucceeded => {
                Self { paid: paid("payment", event.data::<events::PaymentOfflineSucceeded>()?), ..nothing }
            }
            Trigger::TaskCompleted => Self { task: Some(event.data::<events::TaskCompleted>()?.task), ..nothing },
            _ => nothing,
        })
    }
}

fn paid(what: &str, data: impl EventData) -> Option<(Option<String>, Money)> {
    let name = data.about().map(|about| format!("{what}/{}", key_part(about)));
    data.amount().map(|amount| (name, amount.clone()))
}

/// One decision while it is being made. Each part of the policy adds what it gives, or says why it gives nothing.
pub(crate) struct Turn<'a> {
    pub(crate) input: &'a Input<Params, State>,
    pub(crate) trigger: Trigger,
    /// The customer whose state this is.
    pub(crate) me: &'a Party,
    /// The time of the event, by the clock that days go by.
    pub(crate) occurred: Moment,
    /// The local date of the event.
    pub(crate) today: Date,
    pub(crate) said: Said,
    pub(crate) state: State,
    state_changed: bool,
    pub(crate) decision: Decision<State>,
    first_no: Option<Refusal>,
}

impl<'a> Turn<'a> {
    pub(crate) fn new(input: &'a Input<Params, State>, trigger: Trigger) -> Result<Self, Refusal> {
        let me = input.owner_party().ok_or_else(|| Refusal::new("missing-party", "the owner is not shown"))?;
        let own = || i32::try_from(me.integer(OFFSET)?).ok();
        let occurred = match input.params.clock {
            Clock::Campaign => input.event.occurred,
            Clock::Customer => own().map_or(input.event.occurred, |offset| input.event.occurred.by_offset(offset)),
        };
        Ok(Self {
            input,
            trigger,
            me,
            occurred,
            today: input.params.day_begins.day_of(&occurred.local),
            said: Said::by(&input.event, trigger)?,
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
        match &self.said.paid {
            Some((_, amount)) => amount.in_currency(&self.input.campaign.currency),
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
