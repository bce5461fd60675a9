//! What an operator sets.

use largesse_sdk::{Problem, UnitClass, ladder};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Most members of a team: no more are shown to a decision.
const MEMBERS_MAX: u32 = 60;
/// Most that days are multiplied by.
const TIMES_MAX: u64 = 1_000_000;

/// What an operator sets.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// The pool of the campaign that is shared out.
    pub pool: String,
    /// The events that count a day, each local day once.
    pub on: Vec<Trigger>,
    /// Payments below this many minor units count no day.
    #[serde(default)]
    pub least_amount: u64,
    /// How many days a share takes, in a row or not.
    pub needs_days: u32,
    /// How teams multiply the shares of their members; customers count alone when absent.
    #[serde(default)]
    pub team: Option<Team>,
}

/// How teams multiply the shares of their members.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Team {
    /// How many members a team takes; 2 to 60.
    pub size: u32,
    /// The unit that a day is in its customer's wallet, of this campaign alone: entitlement and a name.
    pub day_unit: String,
    /// The tag of members, of this campaign alone.
    pub tag: String,
    /// The highest that the days of all members together reach counts; 1 below the first. `days` rises from one to the next.
    pub multiples: Vec<Multiple>,
}

/// So many shares from a number of days on.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Multiple {
    /// From so many days of the team on.
    pub days: u64,
    /// So many shares for each member who has enough days.
    pub times: u64,
}

/// Something that counts a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Trigger {
    /// A payment in a shop (`payment.offline_succeeded`).
    PaymentOfflineSucceeded,
    /// An order paid (`order.paid`).
    OrderPaid,
    /// A check-in (`checked_in`).
    CheckedIn,
}

impl Trigger {
    pub(crate) const ALL: [Self; 3] = [Self::PaymentOfflineSucceeded, Self::OrderPaid, Self::CheckedIn];

    /// The names of its subscriptions, the customer's and the team's, and the kind of event.
    pub(crate) fn names(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::PaymentOfflineSucceeded => {
                ("payment-offline-succeeded", "team-payment-offline-succeeded", "payment.offline_succeeded")
            }
            Self::OrderPaid => ("order-paid", "team-order-paid", "order.paid"),
            Self::CheckedIn => ("checked-in", "team-checked-in", "checked_in"),
        }
    }

    /// The trigger of a subscription, and whether it is the team's.
    pub(crate) fn named(name: &str) -> Option<(Self, bool)> {
        let of = |trigger: Self| {
            let (customer, team, _) = trigger.names();
            (name == customer || name == team).then_some((trigger, name == team))
        };
        Self::ALL.into_iter().find_map(of)
    }
}

impl Params {
    /// What is wrong beyond the schema.
    pub(crate) fn problems(&self) -> Vec<Problem> {
        let mut found = Vec::new();
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if !(1..=64).contains(&self.pool.len()) || !self.pool.bytes().all(allowed) {
            found.push(Problem::new("/pool", "must be 1 to 64 of a-z, 0-9 and -"));
        }
        if self.on.is_empty() {
            found.push(Problem::new("/on", "must name at least one event"));
        }
        if self.needs_days == 0 {
            found.push(Problem::new("/needs_days", "must be at least 1"));
        }
        let Some(team) = &self.team else { return found };
        if !(2..=MEMBERS_MAX).contains(&team.size) {
            found.push(Problem::new("/team/size", format!("must be within 2 to {MEMBERS_MAX}")));
        }
        if UnitClass::of(&team.day_unit) != Some(UnitClass::Entitlement) {
            found.push(Problem::new("/team/day_unit", "must be a unit such as entitlement:pay-day"));
        }
        if team.tag.is_empty() {
            found.push(Problem::new("/team/tag", "must not be empty"));
        }
        if team.multiples.is_empty() {
            found.push(Problem::new("/team/multiples", "must not be empty"));
        }
        found.extend(ladder::problems(&team.multiples, |one| one.days, "/team/multiples", "days"));
        for (index, _) in team.multiples.iter().enumerate().filter(|(_, one)| !(1..=TIMES_MAX).contains(&one.times)) {
            let message = format!("must be within 1 to {TIMES_MAX}");
            found.push(Problem::new(format!("/team/multiples/{index}/times"), message));
        }
        found
    }
}
