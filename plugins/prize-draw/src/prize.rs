//! Draws with a prize at once.

use std::collections::BTreeMap;

use largesse_sdk::{
    Benefit, Chance, DAY_SECONDS, Decision, Grant, Input, Measurement, Party, Refusal, Reservation, When, events,
};

use crate::PLAYER;
use crate::earn::lucky_value;
use crate::params::{Params, Prize};
use crate::state::State;

/// Most draws of one request.
const AT_ONCE_MAX: u32 = 20;

/// Reads a request that this campaign answers, while it is open.
pub(crate) fn request(input: &Input<Params, State>) -> Result<events::DrawRequested, Refusal> {
    let request: events::DrawRequested = input.event.data()?;
    let (own, asked) = (&input.params.draw, &request.draw);
    if own.is_some() && asked.is_some() && own != asked {
        return Err(Refusal::new("another-draw", "the request is for another draw"));
    }
    if !input.params.is_open(input.event.occurred.local.second_of_day) {
        return Err(Refusal::new("not-open", "the draw is not open at this time"));
    }
    Ok(request)
}

/// Draws, once or as often as is asked, all or nothing.
pub(crate) fn draw(input: &Input<Params, State>) -> Result<Decision<State>, Refusal> {
    let request = request(input)?;
    let player = input.require(PLAYER)?;
    let params = &input.params;
    let mut state = input.state.clone().unwrap_or_default();
    let today = input.event.occurred.local.date();
    let count = request.count.unwrap_or(1);
    if !(1..=AT_ONCE_MAX).contains(&count) {
        return Err(Refusal::new("too-many-at-once", format!("at most {AT_ONCE_MAX} draws in one request")));
    }
    let Some(drawn) = state.drawn_on(today) else {
        return Err(Refusal::new("too-late", "the request is for a day that is too long ago"));
    };
    if per_day(params, player).is_some_and(|most| drawn.saturating_add(count) > most) {
        return Err(Refusal::new("no-draw-left-today", "all draws of the day are used"));
    }
    if params.in_all.is_some_and(|most| state.draws.saturating_add(u64::from(count)) > most) {
        return Err(Refusal::new("no-draw-left", "all draws are used"));
    }
    let mut decision = Decision::new();
    spend(&mut decision, input, (&player.customer, &format!("draw/{}", state.draws + 1)), count);
    let mut chance = input.chance();
    let lucky = lucky_value(params, &state);
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for nth in 1..=u64::from(count) {
        let prize = pick(params, lucky, &mut chance)?;
        *counts.entry(&prize.id).or_default() += 1;
        let key = format!("draw/{}", state.draws + nth);
        if let Some(grant) = won(params, prize, (&player.customer, key), &mut chance) {
            decision.grant(grant);
        }
    }
    for (prize, count) in counts {
        decision.measure(Measurement::one("drawn").of(prize).by(count));
    }
    state.draw(today, count);
    decision.put(state);
    Ok(decision)
}

/// How many draws a customer has on one day; any number when `None`.
pub(crate) fn per_day(params: &Params, player: &Party) -> Option<u32> {
    let per_day = params.per_day.as_ref()?;
    let tier = per_day.programme.as_ref().and_then(|programme| player.tier(programme));
    Some(tier.and_then(|tier| per_day.tiers.get(tier).copied()).unwrap_or(per_day.draws))
}

/// What a prize weighs for a customer with a lucky value.
pub(crate) fn weight(prize: &Prize, lucky: u64) -> u64 {
    if prize.lucky { prize.weight.saturating_mul(lucky.saturating_add(1)) } else { prize.weight }
}

/// Uses up chances, if draws cost any.
pub(crate) fn spend(
    decision: &mut Decision<State>,
    input: &Input<Params, State>,
    (customer, key): (&str, &str),
    count: u32,
) {
    let Some(unit) = &input.params.chances else { return };
    // It is committed at once; the time only has to be ahead of the host's, however late the request comes.
    let day_ms = i64::try_from(DAY_SECONDS).unwrap_or(0) * 1_000;
    let until = When::At(input.now.at.max(input.event.occurred.at).saturating_add(day_ms));
    decision.spend(Reservation::new(key, customer, (u64::from(count), unit), until).reason("a draw"));
}

fn pick<'a>(params: &'a Params, lucky: u64, chance: &mut Chance) -> Result<&'a Prize, Refusal> {
    let weights = params.prizes.iter().map(|prize| weight(prize, lucky));
    let index = chance.weighted(weights).ok_or_else(|| Refusal::new("no-prize", "there is nothing to draw"))?;
    Ok(&params.prizes[index])
}

/// What a prize gives: the reward, or the least of it, or the consolation, whichever is still there.
fn won(params: &Params, prize: &Prize, (customer, key): (&str, String), chance: &mut Chance) -> Option<Grant> {
    let reward = prize.reward.as_ref()?;
    let mut grant = reward.grant(key, customer).reason(prize.id.as_str());
    if let (Some(least), Some(most)) = (reward.quantity, prize.most) {
        let quantity = chance.between(least, most);
        if quantity > least {
            grant.choices.insert(0, Benefit::units(&reward.unit, quantity));
        }
    }
    Some(match &params.consolation {
        Some(consolation) => grant.or(Benefit::units(&consolation.unit, consolation.quantity)),
        None => grant,
    })
}
