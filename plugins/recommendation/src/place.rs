//! What is shown at a place.

use largesse_sdk::{Decision, Enquiry, Input, Measurement, Message, Party, Refusal, Value, grants, json, key_part};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::CUSTOMER;
use crate::params::{Candidate, Params, Placement, Trigger};
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
    let mut roles: Vec<&String> = state.holdings.values().collect();
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
            candidate.show(&placement.place, input, party, decision)?;
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

#[derive(Deserialize)]
struct Subject {
    payment: Option<String>,
    holding: Option<String>,
}

impl Candidate {
    fn show(
        &self,
        place: &str,
        input: &Input<Params, State>,
        party: &Party,
        decision: &mut Decision<State>,
    ) -> Result<(), Refusal> {
        let Subject { payment, holding } = input.event.data()?;
        let subject = payment.or(holding).unwrap_or_else(|| input.event.id.clone());
        // By the place, not by what is shown there: one payment shows one thing.
        let key = format!("{place}/{}", key_part(&subject));
        grants(&self.gifts, &key, &party.customer, "shown").for_each(|grant| _ = decision.grant(grant));
        if let Some(template) = &self.message {
            let vars = json!({ "place": place, "ad": self.ad });
            decision.message(Message::new(key, &party.customer, template).vars(&vars));
        }
        decision.measure(Measurement::one("shown").of(&self.ad));
        Ok(())
    }
}
