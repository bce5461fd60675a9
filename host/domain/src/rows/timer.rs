//! Timers: what the host is to do, or to tell a policy, at a later time.

use std::fmt;
use std::str::FromStr;

use crate::rows::event::EventKey;
use crate::rows::ledger::Lot;
use crate::rows::redemption::RedemptionId;
use crate::words::id::{CampaignId, CustomerId, InvalidId, PoolId, SubscriptionName, TimerName};
use crate::words::json::Json;
use crate::words::key::{GrantSlot, MessageSlot, StateKey};
use crate::words::owner::Owner;
use crate::words::time::Instant;

/// The source of the events that policies' timers become. Nobody but the host sends from there.
pub const EVENT_SOURCE: &str = "largesse:timer";

/// The kind of those events.
pub const EVENT_KIND: &str = "timer.fired";

/// What a timer is known by. Setting another under the same key replaces the one before.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TimerKey {
    /// A policy's own: it is told when the time has come.
    Policy {
        /// By which campaign.
        campaign: CampaignId,
        /// Whose.
        owner: Owner,
        /// The policy's name for it.
        name: TimerName,
    },
    /// A grant's: its hold is over, or it expires.
    Grant(Lot),
    /// A redemption's: what is reserved for it has to be settled by then.
    Redemption(RedemptionId),
    /// A pool's: it is shared out.
    Pool {
        /// Of which campaign.
        campaign: CampaignId,
        /// Which.
        pool: PoolId,
    },
    /// A message's: its quiet hours are over.
    Message(MessageSlot),
}

impl TimerKey {
    /// Returns the campaign whose pause the timer waits out. `None` for one that waits for nothing but its time.
    #[must_use]
    pub fn waits_with(&self) -> Option<&CampaignId> {
        match self {
            Self::Policy { campaign, .. } | Self::Pool { campaign, .. } => Some(campaign),
            Self::Grant(_) | Self::Redemption(_) | Self::Message(_) => None,
        }
    }

    /// Returns whose timer it is and its name, when it has an owner.
    #[must_use]
    pub fn of_owner(&self) -> Option<(StateKey, &TimerName)> {
        match self {
            Self::Policy { campaign, owner, name } => {
                Some((StateKey { campaign: campaign.clone(), owner: owner.clone() }, name))
            }
            Self::Grant(_) | Self::Redemption(_) | Self::Message(_) | Self::Pool { .. } => None,
        }
    }

    /// Returns what the texts of all timers of an owner begin with, and of no other.
    #[must_use]
    pub fn prefix_of(campaign: &CampaignId, owner: &Owner) -> String {
        format!("policy {campaign} {} {} ", owner.kind().as_str(), owner.id())
    }
}

/// One text for one key; no part of it holds a space. Timers that are due at the same time go off in the order of these.
impl fmt::Display for TimerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Policy { campaign, owner, name } => write!(f, "{}{name}", Self::prefix_of(campaign, owner)),
            Self::Grant(Lot { slot, issue }) => write!(f, "grant {} {} {} {issue}", slot.campaign, slot.to, slot.key),
            Self::Redemption(id) => write!(f, "redemption {id}"),
            Self::Pool { campaign, pool } => write!(f, "pool {campaign} {pool}"),
            Self::Message(slot) => write!(f, "message {} {} {}", slot.campaign, slot.to, slot.key),
        }
    }
}

impl FromStr for TimerKey {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let invalid = InvalidId {
            what: "timer key",
            rule: "`policy`, `grant`, `redemption`, `pool` or `message` and what it is of",
        };
        match *text.split(' ').collect::<Vec<_>>() {
            ["policy", campaign, kind, owner, name] => {
                let owner = match kind {
                    "party" => Owner::Party(owner.parse()?),
                    "entity" => Owner::Entity(owner.parse()?),
                    _ => return Err(invalid),
                };
                Ok(Self::Policy { campaign: campaign.parse()?, owner, name: name.parse()? })
            }
            ["grant", campaign, to, key, issue] => {
                let slot = GrantSlot { campaign: campaign.parse()?, to: to.parse()?, key: key.parse()? };
                Ok(Self::Grant(Lot { slot, issue: issue.parse().map_err(|_| invalid)? }))
            }
            ["message", campaign, to, key] => {
                let slot = MessageSlot { campaign: campaign.parse()?, to: to.parse()?, key: key.parse()? };
                Ok(Self::Message(slot))
            }
            ["redemption", id] => Ok(Self::Redemption(id.parse()?)),
            ["pool", campaign, pool] => Ok(Self::Pool { campaign: campaign.parse()?, pool: pool.parse()? }),
            _ => Err(invalid),
        }
    }
}

/// A timer that was set and has not gone off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timer {
    /// Not before.
    pub due: Instant,
    /// What it carries.
    pub body: TimerBody,
}

/// What a timer carries until it goes off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TimerBody {
    /// Nothing: the ledger, or the pool, knows what is due.
    Ledger,
    /// What the policy is told.
    Policy {
        /// The event that was decided on when it was set.
        set_on: EventKey,
        /// By which of the policy's subscriptions.
        set_by: SubscriptionName,
        /// Whose event that decision was on.
        actor: CustomerId,
        /// The policy's note to itself; a JSON object.
        data: Json,
    },
    /// What destinations are told of a message; a JSON object.
    Message(Json),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_what_it_prints() {
        let owners = [Owner::Party("u:1".parse().unwrap()), Owner::Entity("policy".parse().unwrap())];
        for owner in owners {
            let (campaign, name) = ("spring".parse().unwrap(), "remind/2".parse().unwrap());
            let key = TimerKey::Policy { campaign, owner, name };
            assert_eq!(key.to_string().parse(), Ok(key));
        }
        let slot = GrantSlot { campaign: "c".parse().unwrap(), to: "u".parse().unwrap(), key: "k/1".parse().unwrap() };
        let redemptions = ["r:1", "c@k/1@u@example"].map(|id| TimerKey::Redemption(id.parse().unwrap()));
        let pool = TimerKey::Pool { campaign: "c".parse().unwrap(), pool: "p".parse().unwrap() };
        let message =
            MessageSlot { campaign: "c".parse().unwrap(), to: "u".parse().unwrap(), key: "m/1".parse().unwrap() };
        let redemptions = redemptions.into_iter().chain([TimerKey::Message(message)]);
        for key in redemptions.chain([TimerKey::Grant(Lot { slot, issue: 2 }), pool]) {
            assert_eq!(key.to_string().parse(), Ok(key));
        }
        for bad in [
            "",
            "policy",
            "policy c party u",
            "policy c team u n",
            "policy c party u n n",
            "grant c u k",
            "grant c u k x",
            "hold c party u n",
        ] {
            assert!(bad.parse::<TimerKey>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_prefix_is_of_one_owner() {
        let campaign: CampaignId = "spring".parse().unwrap();
        let prefix = |id: &str| TimerKey::prefix_of(&campaign, &Owner::Party(id.parse().unwrap()));
        assert!(!prefix("u11").starts_with(&prefix("u1")));
    }
}
