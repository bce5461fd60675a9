//! Marks that follow from facts, once a month.

use largesse_sdk::{Decision, Input, Party, Refusal, TagChange};

use crate::CUSTOMER;
use crate::params::{Mark, Params, Range};
use crate::state::State;

/// Sets the marks that fit and takes those that no longer do.
pub(crate) fn score(input: &Input<Params, State>) -> Result<Decision<State>, Refusal> {
    let customer = input.require(CUSTOMER)?;
    let state = input.state.clone().unwrap_or_default();
    let mut marked: Vec<&str> = Vec::new();
    let mut decision = Decision::new();
    for mark in &input.params.marks {
        let kept_off = mark.unless.as_deref().is_some_and(|unless| marked.contains(&unless));
        let fits = !kept_off && mark.fits(customer, &state, input.event.occurred.at);
        if fits {
            marked.push(&mark.tag);
        }
        match (customer.has_tag(&mark.tag), fits) {
            (false, true) => _ = decision.tag(TagChange::set(&customer.customer, &mark.tag)),
            (true, false) => _ = decision.tag(TagChange::take(&customer.customer, &mark.tag)),
            _ => {}
        }
    }
    Ok(decision)
}

impl Mark {
    fn fits(&self, customer: &Party, state: &State, at: i64) -> bool {
        let known = |(attribute, range): (&crate::Attribute, &Range)| {
            customer.integer(attribute.as_str()).is_some_and(|value| range.has(value))
        };
        self.facts.iter().all(known) && self.loans.is_none_or(|loans| state.loans_before(at, loans) >= loans.at_least)
    }
}

impl Range {
    fn has(self, value: i64) -> bool {
        self.at_least.is_none_or(|least| least <= value) && self.at_most.is_none_or(|most| value <= most)
    }
}
