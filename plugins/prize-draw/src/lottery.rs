//! Lotteries: whoever enters gets a number, and the highest numbers win.
//!
//! The numbers are weights in a pool of the campaign, so close to each other that everybody's share of the pieces is the same but
//! for a fraction. The host gives each the whole pieces of its share, and what is left over to the largest fractions: with fewer
//! pieces than entrants that is one piece each for the highest numbers, and exactly as many winners as there are pieces.

use largesse_sdk::{Decision, Grant, Input, Measurement, Refusal, Share, UnitClass, events};

use crate::PLAYER;
use crate::earn::lucky_value;
use crate::params::Params;
use crate::prize::{request, spend};
use crate::state::State;

/// What everybody weighs.
const EVEN: u64 = 999_000_000;
/// Numbers are below this.
const NUMBERS: u64 = 1_000_000;

/// Enters the lottery of the day.
pub(crate) fn enter(input: &Input<Params, State>) -> Result<Decision<State>, Refusal> {
    request(input)?;
    let player = input.require(PLAYER)?;
    let today = input.event.occurred.local.date();
    let lottery = input.params.lotteries.iter().find(|lottery| lottery.on.is_none_or(|day| day == today));
    let lottery = lottery.ok_or_else(|| Refusal::new("not-open", "there is no lottery on this day"))?;
    let mut state = input.state.clone().unwrap_or_default();
    if state.entered.iter().any(|entered| lottery.pool == *entered) {
        return Err(Refusal::new("already-entered", "a lottery is entered once"));
    }
    let mut decision = Decision::new();
    spend(&mut decision, input, (&player.customer, &format!("lottery/{}", lottery.pool)), 1);
    // The best of several lots: with two the highest number of all is twice as likely.
    let mut chance = input.chance();
    let lots = 0..=lucky_value(&input.params, &state);
    let number = lots.map(|_| chance.below(NUMBERS)).max().unwrap_or(0);
    decision.share(Share::new(&lottery.pool, &player.customer, EVEN + number));
    decision.measure(Measurement::one("entered").of(&lottery.pool));
    state.entered.push(lottery.pool.to_string());
    decision.put(state);
    Ok(decision)
}

/// Gives a winner one piece.
pub(crate) fn win(input: &Input<Params, State>) -> Result<Decision<State>, Refusal> {
    let settled: events::PoolSettled = input.event.data()?;
    let mut decision = Decision::new();
    // With more pieces than entrants a share is several; nobody wins more than one.
    let mine = input.params.lotteries.iter().any(|lottery| lottery.pool == settled.pool);
    if mine && settled.amount > 0 && UnitClass::of(&settled.unit).is_some() {
        let customer = &input.require(PLAYER)?.customer;
        let key = format!("won/{}", settled.pool);
        decision.grant(Grant::units(key, customer, &settled.unit, 1).reason("won"));
        decision.measure(Measurement::one("won").of(&settled.pool));
    }
    Ok(decision)
}
