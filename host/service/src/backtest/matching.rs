//! Which decision of one run is which of another.

use std::collections::HashMap;

use largesse_domain::event::EventKey;
use largesse_domain::id::{CampaignId, SubscriptionName};
use largesse_domain::outcome::Decision;
use largesse_domain::owner::Owner;

use super::tally::{Came, ended_the_same};

/// What a decision is known by in every run of the same events.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Key {
    campaign: CampaignId,
    subscription: SubscriptionName,
    owner: Owner,
    event: EventKey,
}

impl Key {
    fn of(decision: &Decision) -> Self {
        let input = &decision.input;
        Self {
            campaign: decision.campaign.clone(),
            subscription: input.subscription.clone(),
            owner: input.owner.clone(),
            event: input.event.key.clone(),
        }
    }
}

/// What a decision is held to another by.
#[derive(Debug)]
pub(super) struct Held {
    decision: Decision,
    pub(super) came: Came,
}

impl Held {
    pub(super) fn new(decision: Decision) -> Self {
        Self { came: Came::granted(&decision), decision }
    }

    fn ended_as(&self, other: &Self) -> bool {
        ended_the_same(&self.decision, &other.decision)
    }
}

/// Decisions of two runs that wait for their counterparts.
#[derive(Debug, Default)]
pub(super) struct Matching {
    waiting: [HashMap<Key, Held>; 2],
}

/// A decision of one run or the other, and of both when they ended otherwise.
pub(super) type Pair = [Option<Held>; 2];

impl Matching {
    /// Adds a decision of the first or second run. When its counterpart is there, says whether both ended the same, with both.
    pub(super) fn add(&mut self, run: usize, held: Held) -> Option<(bool, Pair)> {
        let key = Key::of(&held.decision);
        let Some(other) = self.waiting[1 - run].remove(&key) else {
            self.waiting[run].insert(key, held);
            return None;
        };
        let same = held.ended_as(&other);
        let pair = if run == 0 { [Some(held), Some(other)] } else { [Some(other), Some(held)] };
        Some((same, pair))
    }

    /// What has no counterpart, in a fixed order.
    pub(super) fn left(self) -> Vec<Pair> {
        let [first, second] = self.waiting.map(|waiting| {
            let mut waiting: Vec<_> = waiting.into_iter().collect();
            waiting.sort_by(|one, other| one.0.cmp(&other.0));
            waiting.into_iter().map(|(_, held)| held)
        });
        first.map(|held| [Some(held), None]).chain(second.map(|held| [None, Some(held)])).collect()
    }
}
