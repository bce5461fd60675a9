//! What is shown at a place.

use largesse_sdk::{
    Decision, Enquiry, Event, Input, Measurement, Message, Party, Refusal, Value, events, grants, json, key_part,
};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::CUSTOMER;
use crate::params::{Candidate, Params, Placement, Trigger, When};
use crate::state::State;

/// The data of the question `placement`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// The place.
    pub place: String,
}

/// The data of the question `portfolio`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// What fits at a place, the best first.
pub(crate) fn answer(enquiry: &Enquiry<Params, State>) -> Result<Value, Refusal> {
    let Asked { place } = enquiry.data()?;
    let placement = enquiry.params.placements.iter().find(|one| one.place == place);
    let placement = placement.ok_or_else(|| Refusal::new("unknown-place", "nothing is shown there"))?;
    let state = enquiry.state.clone().unwrap_or_default();
    let fitting = placement.fitting(enquiry.asker()?, &state);
    let show: Vec<&str> = fitting.into_iter().map(|candidate| candidate.ad.as_str()).collect();
    Ok(json!({ "show": show }))
}

/// Which roles the products play that the customer holds, and how many purchases there were.
pub(crate) fn portfolio(enquiry: &Enquiry<Params, State>) -> Value {
    let state = enquiry.state.clone().unwrap_or_default();
    let mut roles: Vec<&String> = state.roles().collect();
    roles.sort_unstable();
    roles.dedup();
    json!({ "roles": roles, "purchases": state.purchases })
}

/// Shows the first candidate that fits, where something is shown by itself.
pub(crate) fn show(
    input: &Input<Params, State>,
    trigger: Trigger,
    state: &mut State,
    decision: &mut Decision<State>,
) -> Result<(), Refusal> {
    let party = input.require(CUSTOMER)?;
    let mut refusal = Refusal::new("nothing-to-show", "no candidate fits");
    for placement in input.params.placements.iter().filter(|placement| placement.on == Some(trigger)) {
        let day = input.event.occurred.local.date();
        if state.is_enough(placement, day) {
            refusal = Refusal::new("shown-enough", format!("{} was shown as often as it may be", placement.place));
        } else if let Some(candidate) = placement.fitting(party, state).first() {
            state.note_shown(placement, day);
            candidate.show(&placement.place, &subject(&input.event, trigger)?, party, decision);
        }
    }
    if decision.effects.is_empty() { Err(refusal) } else { Ok(()) }
}

impl Placement {
    /// The candidates that are shown to a customer, the best first.
    fn fitting(&self, party: &Party, state: &State) -> Vec<&Candidate> {
        let most = usize::try_from(self.most).unwrap_or(usize::MAX);
        self.candidates.iter().filter(|candidate| candidate.when.fits(party, state)).take(most).collect()
    }
}

impl When {
    /// Whether it is so of a customer.
    fn fits(&self, party: &Party, state: &State) -> bool {
        let holds = |role: &String| state.roles().any(|own| own == role);
        self.member.is_none_or(|member| party.flag("member").unwrap_or(false) == member)
            && self.with_tags.iter().all(|tag| party.has_tag(tag))
            && !self.without_tags.iter().any(|tag| party.has_tag(tag))
            && (self.segments.is_empty() || self.segments.iter().any(|segment| state.is_in(segment)))
            && (self.holds.is_empty() || self.holds.iter().any(holds))
            && !self.lacks.iter().any(holds)
            && self.risk_at_least.is_none_or(|least| party.integer("risk_level").is_some_and(|level| least <= level))
    }
}

/// The payment or holding that shows something; the event where it names none.
fn subject(event: &Event, trigger: Trigger) -> Result<String, Refusal> {
    let named = match trigger {
        Trigger::PaymentOfflineSucceeded => event.data::<events::PaymentOfflineSucceeded>()?.payment,
        Trigger::UtilityPaid => event.data::<events::UtilityPaid>()?.payment,
        Trigger::InvestPurchased => Some(event.data::<events::InvestPurchased>()?.holding),
        Trigger::InvestMatured => Some(event.data::<events::InvestMatured>()?.holding),
    };
    Ok(named.unwrap_or_else(|| event.id.clone()))
}

impl Candidate {
    /// Shows it at a place because of something, once.
    fn show(&self, place: &str, subject: &str, party: &Party, decision: &mut Decision<State>) {
        // By the place, not by what is shown there: one payment shows one thing.
        let key = format!("{place}/{}", key_part(subject));
        grants(&self.gifts, &key, &party.customer, "shown").for_each(|grant| _ = decision.grant(grant));
        if let Some(template) = &self.message {
            let vars = json!({ "place": place, "ad": self.ad });
            decision.message(Message::new(key, &party.customer, template).vars(&vars));
        }
        decision.measure(Measurement::one("shown").of(&self.ad));
    }
}
