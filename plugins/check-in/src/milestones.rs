//! What happens when a customer has collected enough.

use largesse_sdk::{Benefit, Effect, TagChange};

use crate::turn::Turn;

/// Reaches every milestone that the balance, with what this decision adds, is enough for. The balance is the host's;
/// what a limit cuts off this decision's grants still counts here.
pub(crate) fn reach(turn: &mut Turn) {
    for milestone in &turn.params().milestones {
        let before = turn.me.balance(&milestone.unit).max(0).unsigned_abs();
        let after = before.saturating_add(granted(turn, &milestone.unit));
        let done = match &milestone.tag {
            Some(tag) => turn.me.has_tag(tag),
            None => before >= milestone.at,
        };
        if done || after < milestone.at || after == before {
            continue;
        }
        if let Some(tag) = &milestone.tag {
            turn.decision.tag(TagChange::set(&turn.me.customer, tag));
        }
        turn.grant_all(&milestone.rewards, &format!("milestone/{}", milestone.id), &milestone.id);
    }
}

/// How much of a unit this decision gives so far.
fn granted(turn: &Turn, unit: &str) -> u64 {
    let quantities = turn.decision.effects.iter().filter_map(|effect| match effect {
        Effect::Grant(grant) => match grant.choices.first() {
            Some(Benefit::Units { unit: own, quantity }) if own == unit => Some(*quantity),
            _ => None,
        },
        _ => None,
    });
    quantities.fold(0, u64::saturating_add)
}
