//! What can be won, and how likely it is: for the host before a campaign starts, and for whoever asks.

use largesse_sdk::{Enquiry, Offer, Refusal, Value, json};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::earn::lucky_value;
use crate::params::{Params, Prize};
use crate::prize::{per_day, weight};
use crate::state::State;

/// The question `odds`: the asker's lucky value, the draws left today, and the weight and chance of each prize.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Odds {}

/// The chance of each prize, in millionths of all draws; never 0, because what can be won is not impossible.
fn chances(params: &Params, lucky: u64) -> impl Iterator<Item = (&Prize, u64, u32)> {
    let all: u64 = params.prizes.iter().map(|prize| weight(prize, lucky)).sum();
    params.prizes.iter().map(move |prize| {
        let weight = weight(prize, lucky);
        let millionths = (u128::from(weight) * 1_000_000).checked_div(u128::from(all)).unwrap_or(0);
        (prize, weight, u32::try_from(millionths).unwrap_or(1_000_000).max(1))
    })
}

/// The prizes, for a customer without luck.
pub(crate) fn offers(params: &Params) -> Vec<Offer> {
    let offer = |(prize, _, chance): (&Prize, u64, u32)| {
        let reward = prize.reward.as_ref()?;
        let quantity = prize.most.or(reward.quantity).or(reward.by).or(reward.basis_points.map(u64::from))?;
        Some(Offer { unit: reward.unit.clone(), quantity, chance: Some(chance) })
    };
    let consolation = params.consolation.iter();
    let consolation = consolation.map(|one| Offer { unit: one.unit.clone(), quantity: one.quantity, chance: None });
    chances(params, 0).filter_map(offer).chain(consolation).collect()
}

/// Answers the question.
pub(crate) fn answer(enquiry: &Enquiry<Params, State>) -> Result<Value, Refusal> {
    enquiry.data::<Odds>()?;
    let state = enquiry.state.clone().unwrap_or_default();
    let params = &enquiry.params;
    let lucky = lucky_value(params, &state);
    let prizes = chances(params, lucky);
    let prizes: Vec<Value> =
        prizes.map(|(prize, weight, chance)| json!({"id": prize.id, "weight": weight, "chance": chance})).collect();
    let mut answer = json!({"lucky": lucky, "prizes": prizes});
    if let Some(most) = per_day(params, enquiry.asker()?) {
        let drawn = state.drawn_on(enquiry.now.local.date()).unwrap_or(0);
        answer["left_today"] = most.saturating_sub(drawn).into();
    }
    Ok(answer)
}
