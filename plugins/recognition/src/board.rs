//! A board on which the members of a team stand by their results.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use largesse_sdk::{Decision, EventData, Input, Placement, Refusal, Subscription, events};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::params::{Board, Params, Tie};
use crate::state::{Score, State};
use crate::{ACTOR, MEMBER};

/// The kind of group whose members compete.
const TEAM: &str = "team";

/// The data of the question `rank`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

pub(crate) fn subscriptions() -> [Subscription; 3] {
    [events::InvestPurchased::KIND, events::OrderPaid::KIND, events::CharityDonated::KIND]
        .map(|kind| kind.of_group(TEAM))
}

/// What the result comes to.
fn amount(input: &Input<Params, State>) -> Result<u64, Refusal> {
    let (event, currency) = (&input.event, &input.campaign.currency);
    match event.kind.as_str() {
        "invest.purchased" => event.data::<events::InvestPurchased>()?.amount_in(currency),
        "order.paid" => event.data::<events::OrderPaid>()?.amount_in(currency),
        _ => {
            let amount = event.data::<events::CharityDonated>()?.amount;
            let missing = || Refusal::new("bad-event-data", "a donation that is not of money");
            amount.ok_or_else(missing)?.in_currency(currency)
        }
    }
}

/// A member's result: the ranks that change with it are told by the programme.
pub(crate) fn result(input: &Input<Params, State>) -> Result<Decision<State>, Refusal> {
    let board = input.params.board.as_ref().ok_or_else(|| Refusal::new("no-board", "there is no board"))?;
    let amount = amount(input)?;
    let actor = &input.require(ACTOR)?.customer;
    let mut state = input.state.clone().unwrap_or_default();
    let before = ranks(&state.board, board);
    let shown: Vec<&str> = input.parties_in(MEMBER).map(|member| member.customer.as_str()).collect();
    state.board.retain(|member, _| shown.contains(&member.as_str()));
    if !shown.contains(&actor.as_str()) {
        return Err(Refusal::new("not-on-the-board", "the board shows as many members as a decision does"));
    }
    let score = state.board.entry(actor.clone()).or_insert(Score { amount: 0, since: input.event.occurred.at });
    score.add(amount, input.event.occurred.at, board.takes);

    let mut decision = Decision::new();
    for (member, rank) in ranks(&state.board, board) {
        if before.get(member.as_str()) == Some(&rank) {
            continue;
        }
        let placement = if rank <= board.places {
            Placement::into(member, &board.programme, format!("rank-{rank}"))
        } else {
            Placement::out(member, &board.programme)
        };
        decision.place(placement.reason("result"));
    }
    decision.put(state);
    Ok(decision)
}

/// Ranks from 1: one more than there are members who are better.
fn ranks(scores: &BTreeMap<String, Score>, board: &Board) -> BTreeMap<String, u32> {
    let worth = |score: &Score| match board.tie {
        Tie::Shared => (score.amount, Reverse(0)),
        Tie::Earlier => (score.amount, Reverse(score.since)),
    };
    let rank = |own: &Score| scores.values().filter(|other| worth(other) > worth(own)).map(|_| 1).sum::<u32>() + 1;
    scores.iter().map(|(member, own)| (member.clone(), rank(own))).collect()
}
