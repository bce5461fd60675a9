//! The chest of the week.

use largesse_sdk::Grant;

use crate::trigger::Trigger;
use crate::turn::Turn;

/// Opens the chest of the event's ISO week, once.
pub(crate) fn open(turn: &mut Turn) {
    let Some(chest) = &turn.params().chest else { return };
    if turn.trigger != Trigger::ChestOpened {
        return;
    }
    let (monday, sunday) = turn.today.week_range();
    if turn.state.chests.contains(&monday.0) {
        return turn.no("chest-already-opened", "the chest of this week is open");
    }
    if turn.state.days.count(monday, sunday) < chest.needs_days {
        return turn.no("not-enough-check-ins", "the chest needs more days of this week");
    }
    turn.change().open_chest(monday);
    let key = format!("chest/{}", turn.today.week_key());
    let mut chance = turn.input.chance();
    if let Some(range) = &chest.range {
        let quantity = chance.between(range.from, range.to);
        turn.grant(Grant::units(key, &turn.me.customer, &range.unit, quantity).reason("chest of the week"));
    } else if let Some(index) = chance.weighted(chest.prizes.iter().map(|prize| u64::from(prize.weight))) {
        turn.grant_all(&chest.prizes[index].rewards, &key, "chest of the week");
    }
}
