//! Amounts: the chances that they earn, and the luck.

use largesse_sdk::{Decision, Grant, Input, Money, Refusal, Revocation, Shortfall, key_part, ladder};
use serde::Deserialize;

use crate::PLAYER;
use crate::params::{Lucky, Params, Purchase};
use crate::state::State;

/// What the events' data may hold for this.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Data {
    loan: Option<String>,
    order: Option<String>,
    holding: Option<String>,
    amount: Option<Money>,
    remaining: Option<Money>,
    early: bool,
}

impl Data {
    /// What was bought.
    fn thing(&self) -> &str {
        [&self.loan, &self.order, &self.holding].into_iter().find_map(Option::as_deref).unwrap_or_default()
    }

    fn amount(&self, currency: &str) -> Result<u64, Refusal> {
        self.amount.as_ref().map_or(Ok(0), |amount| amount.in_currency(currency))
    }
}

/// The lucky value of a customer.
pub(crate) fn lucky_value(params: &Params, state: &State) -> u64 {
    let value = |lucky: &Lucky| state.lucky_amount.checked_div(lucky.minor_per_point).unwrap_or(0).min(lucky.at_most);
    params.lucky.as_ref().map_or(0, value)
}

/// What follows on something bought.
pub(crate) fn after(input: &Input<Params, State>, purchase: Purchase) -> Result<Decision<State>, Refusal> {
    let data: Data = input.event.data()?;
    let amount = data.amount(&input.campaign.currency)?;
    let mut decision = Decision::new();
    let rule = input.params.earn.iter().find(|earn| earn.on == purchase);
    let rung = rule.and_then(|earn| ladder::highest(&earn.steps, |rung| rung.from, amount));
    if let (Some(rung), Some(unit)) = (rung, &input.params.chances) {
        let customer = &input.require(PLAYER)?.customer;
        let key = format!("earned/{}", key_part(data.thing()));
        let grant = Grant::units(key, customer, unit, rung.chances).reason("earned by an amount");
        decision.grant(grant.on_shortfall(Shortfall::Reduce));
    }
    if input.params.lucky.as_ref().is_some_and(|lucky| lucky.on.contains(&purchase)) {
        let mut state = input.state.clone().unwrap_or_default();
        state.lucky_amount = state.lucky_amount.saturating_add(amount);
        decision.put(state);
    }
    if decision.is_empty() { Err(Refusal::new("nothing-due", "the amount earns nothing")) } else { Ok(decision) }
}

/// What follows when it goes back.
pub(crate) fn undo(input: &Input<Params, State>, purchase: Purchase) -> Result<Decision<State>, Refusal> {
    let data: Data = input.event.data()?;
    if purchase == Purchase::Invested && !data.early {
        return Err(Refusal::new("nothing-due", "what is redeemed in time keeps what it earned"));
    }
    let mut decision = Decision::new();
    let whole = data.remaining.as_ref().is_none_or(|remaining| remaining.minor <= 0);
    if whole && input.params.earn.iter().any(|earn| earn.on == purchase) {
        decision.revoke(Revocation::about().reason("it went back"));
    }
    if input.params.lucky.as_ref().is_some_and(|lucky| lucky.on.contains(&purchase)) {
        let mut state = input.state.clone().unwrap_or_default();
        state.lucky_amount = state.lucky_amount.saturating_sub(data.amount(&input.campaign.currency)?);
        decision.put(state);
    }
    if decision.is_empty() { Err(Refusal::new("nothing-due", "there is nothing to take back")) } else { Ok(decision) }
}
