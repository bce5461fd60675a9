//! What an operator sets.

use largesse_sdk::{Problem, Problems, Slug, Tag, events, ladder};
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
    pub pool: Slug,
    /// The events that count a day, each local day once.
    #[schemars(length(min = 1))]
    pub on: Vec<Trigger>,
    /// Payments below this many minor units count no day.
    #[serde(default)]
    pub least_amount: u64,
    /// How many days a share takes, in a row or not.
    #[schemars(range(min = 1))]
    pub needs_days: u32,
    /// How teams multiply the shares of their members; customers count alone when absent.
    #[serde(default)]
    pub team: Option<Team>,
}

/// How teams multiply the shares of their members.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Team {
    /// How many members a team takes.
    #[schemars(range(min = 2, max = MEMBERS_MAX))]
    pub size: u32,
    /// The unit that a day is in its customer's wallet, of this campaign alone: entitlement and a name.
    #[schemars(regex(pattern = "^entitlement:[A-Za-z0-9._/-]{1,64}$"))]
    pub day_unit: String,
    /// The tag of members, of this campaign alone.
    pub tag: Tag,
    /// The highest that the days of all members together reach counts; 1 below the first. `days` rises from one to the next.
    #[schemars(length(min = 1))]
    pub multiples: Vec<Multiple>,
}

/// So many shares from a number of days on.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Multiple {
    /// From so many days of the team on.
    pub days: u64,
    /// So many shares for each member who has enough days.
    #[schemars(range(min = 1, max = TIMES_MAX))]
    pub times: u64,
}

events! {
    /// Something that counts a day.
    pub enum Trigger {
        PaymentOfflineSucceeded,
        OrderPaid,
        CheckedIn,
    }
}

impl Params {
    /// What the schema cannot say.
    pub(crate) fn check(&self) -> Result<(), Vec<Problem>> {
        let mut found = Problems::new();
        if let Some(team) = &self.team {
            found.extend(ladder::problems(&team.multiples, |one| one.days, "/team/multiples", "days"));
        }
        found.done()
    }
}
