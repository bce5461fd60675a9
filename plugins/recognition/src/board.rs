//! A board on which the members of a team stand by their results.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use largesse_sdk::{Decision, Input, Money, Placement, Refusal, Subscription};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::params::{Board, Params, Takes, Tie};
use crate::state::State;
use crate::{ACTOR, MEMBER};

/// The kind of group whose members compete.
const TEAM: &str = "team";

/// The data of the question `rank`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// What a member has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Score {
    /// In minor units.
    pub amount: u64,
    /// Since then, in milliseconds since 1970.
    pub since: i64,
}

#[derive(Deserialize)]
struct Amounted {
    amount: Money,
}

pub(crate) fn subscriptions() -> [Subscription; 3] {
    [
        Subscription::group("board-invested", "invest.purchased", TEAM),
        Subscription::group("board-ordered", "order.paid", TEAM),
        Subscription::group("board-donated", "charity.donated", TEAM),
    ]
}

/// A member's result: the ranks that change with it are told by the programme.
pub(crate) fn result(input: &Input<Params, State>) -> Result<Decision<State>, Refusal> {
    let board = input.params.board.as_ref().ok_or_else(|| Refusal::new("no-board", "there is no board"))?;
    let amount = input.event.data::<Amounted>()?.amount.in_currency(&input.campaign.currency)?;
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

impl Score {
    fn add(&mut self, amount: u64, at: i64, takes: Takes) {
        // What is added late was reached when the latest of its parts happened.
        let (total, since) = match takes {
            Takes::Sum if self.amount == 0 => (amount, at),
            Takes::Sum => (self.amount.saturating_add(amount), self.since.max(at)),
            Takes::Best => (amount, at),
        };
        if total > self.amount {
            *self = Self { amount: total, since };
        }
    }
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
