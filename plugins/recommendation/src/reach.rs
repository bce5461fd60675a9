//! What is seen, clicked and bought.

use largesse_sdk::{Decision, EventData, Input, Measurement, Refusal, events, grants};

use crate::CUSTOMER;
use crate::params::{Goal, Params};
use crate::state::State;

const HOUR_MS: i64 = 3_600_000;

/// A place's page was viewed.
pub(crate) fn visited(input: &Input<Params, State>, decision: &mut Decision<State>) -> Result<(), Refusal> {
    let events::PageViewed { page, .. } = input.event.data()?;
    if !input.params.placements.iter().any(|placement| placement.place == page) {
        return Err(Refusal::new("unknown-place", "nothing is shown there"));
    }
    decision.measure(Measurement::one("visits").of(&page));
    Ok(())
}

/// Something was shown by an application.
pub(crate) fn shown(input: &Input<Params, State>, decision: &mut Decision<State>) -> Result<(), Refusal> {
    let events::AdShown { ad, .. } = input.event.data()?;
    known(input, &ad)?;
    decision.measure(Measurement::one("shown").of(&ad));
    Ok(())
}

/// Something was clicked: the latest click counts, what it gives is given once.
pub(crate) fn clicked(
    input: &Input<Params, State>,
    state: &mut State,
    decision: &mut Decision<State>,
) -> Result<(), Refusal> {
    let events::AdClicked { ad, .. } = input.event.data()?;
    let candidate = known(input, &ad)?;
    let customer = &input.require(CUSTOMER)?.customer;
    let key = format!("click/{ad}");
    grants(&candidate.on_click, &key, customer, "clicked").for_each(|grant| _ = decision.grant(grant));
    decision.measure(Measurement::one("clicked").of(&ad));
    if candidate.converts.is_some() {
        let at = state.clicks.entry(ad).or_insert(input.event.occurred.at);
        *at = input.event.occurred.at.max(*at);
    }
    Ok(())
}

/// The customer did something: a success of what was clicked in time before, once for a click.
pub(crate) fn converted(
    input: &Input<Params, State>,
    goal: Goal,
    state: &mut State,
    decision: &mut Decision<State>,
) -> Result<(), Refusal> {
    let currency = &input.campaign.currency;
    let amount = match goal {
        Goal::InvestPurchased => input.event.data::<events::InvestPurchased>()?.amount_in(currency)?,
        Goal::DepositMade => input.event.data::<events::DepositMade>()?.amount_in(currency)?,
        Goal::LoanDrawn => input.event.data::<events::LoanDrawn>()?.amount_in(currency)?,
        Goal::OrderPaid => input.event.data::<events::OrderPaid>()?.amount_in(currency)?,
        Goal::MembershipPurchased => {
            let data: events::MembershipPurchased = input.event.data()?;
            if data.renewal == Some(true) {
                return Ok(());
            }
            data.amount_in(currency)?
        }
    };
    let candidates = input.params.placements.iter().flat_map(|placement| &placement.candidates);
    for candidate in candidates {
        let Some(converts) = candidate.converts.as_ref().filter(|converts| converts.on == goal) else { continue };
        let Some(clicked) = state.clicks.get(&*candidate.ad) else { continue };
        let since = input.event.occurred.at.saturating_sub(*clicked);
        if !(0..=i64::from(converts.within_hours) * HOUR_MS).contains(&since) {
            continue;
        }
        state.clicks.remove(&*candidate.ad);
        decision.measure(Measurement::one("converted").of(&candidate.ad));
        if amount > 0 {
            decision.measure(Measurement::one("converted-amount").of(&candidate.ad).by(amount));
        }
    }
    Ok(())
}

fn known<'a>(input: &'a Input<Params, State>, ad: &str) -> Result<&'a crate::Candidate, Refusal> {
    input.params.candidate(ad).ok_or_else(|| Refusal::new("unknown-ad", "it is shown nowhere here"))
}
