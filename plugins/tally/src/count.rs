//! What is counted.

use largesse_sdk::{Decision, Input, Measurement, Party, Refusal, Value};

use crate::CUSTOMER;
use crate::params::{Count, Kind, Params, Who};
use crate::state::State;

/// Adds to every count that wants the event.
pub(crate) fn count(input: &Input<Params, State>, kind: Kind) -> Result<Decision<State>, Refusal> {
    // Parameters name fields of the data: any may matter.
    let data: Value = input.event.data()?;
    let customer = input.require(CUSTOMER)?;
    let before = input.state.clone().unwrap_or_default();
    let mut state = before.clone();
    let mut decision = Decision::new();
    for count in input.params.counts.iter().filter(|count| count.on == kind && count.wants(&data, customer)) {
        if count.first && !state.counted.insert(count.id().to_owned()) {
            continue;
        }
        let by = if count.amount { amount(kind, &data)? } else { 1 };
        if by > 0 {
            let label = count.label.clone().or_else(|| count.said(&data, customer)).unwrap_or_default();
            decision.measure(Measurement::one(&count.measure).of(&label).by(by));
        }
    }
    if kind == Kind::LoanDrawn && input.params.marks.iter().any(|mark| mark.loans.is_some()) {
        state.drew(input.event.occurred.at);
    }
    if state != before {
        decision.put(state);
    }
    Ok(decision)
}

/// What the event came to, in minor units.
fn amount(kind: Kind, data: &Value) -> Result<u64, Refusal> {
    let amount = kind.kind().amount_in(data)?;
    let amount = amount.ok_or_else(|| Refusal::new("no-amount", "the event has no amount"))?;
    u64::try_from(amount.minor).map_err(|_| Refusal::new("bad-amount", "the amount is below nothing"))
}

impl Count {
    /// The name by which it is remembered.
    pub(crate) fn id(&self) -> &str {
        self.id.as_deref().unwrap_or(&self.measure)
    }

    fn wants(&self, data: &Value, customer: &Party) -> bool {
        let said = |(field, texts): (&String, &Vec<String>)| {
            data[field.as_str()].as_str().is_some_and(|text| texts.iter().any(|one| one == text))
        };
        let member = customer.flag("member") == Some(true);
        let who = match self.who {
            Who::Everyone => true,
            Who::Members => member,
            Who::Others => !member,
        };
        who && self.only.iter().all(said) && self.with_tag.as_ref().is_none_or(|tag| customer.has_tag(tag))
    }

    /// What the event says in the field, or what is known of the customer by that name.
    fn said(&self, data: &Value, customer: &Party) -> Option<String> {
        let field = self.by.as_deref()?;
        let of_customer = || if field == "channel" { customer.text(field) } else { None };
        data[field].as_str().map(str::to_owned).or_else(of_customer)
    }
}
