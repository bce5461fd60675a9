//! What is honoured, and the events that tell of it.

use largesse_sdk::{Input, Money, Refusal, Subscription, key_part};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ACTOR;
use crate::params::Params;
use crate::state::State;

/// A deed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Deed {
    /// An instalment was repaid on time.
    RepaidOnTime,
    /// A task was completed: a lesson, a pledge.
    TaskDone,
    /// Something that the customer published was featured.
    Featured,
    /// An investment was made.
    Invested,
}

/// What a deed is about, and what it came to.
pub(crate) struct Subject {
    /// The instalment, task, post or holding.
    pub(crate) name: String,
    /// In minor units; nothing where deeds come to nothing.
    pub(crate) amount: u64,
}

#[derive(Deserialize)]
struct Repaid {
    loan: String,
    #[serde(default)]
    period_no: u32,
    on_time: Option<bool>,
}

#[derive(Deserialize)]
struct TaskCompleted {
    task: String,
}

#[derive(Deserialize)]
struct Content {
    content: String,
}

#[derive(Deserialize)]
struct Redeemed {
    holding: String,
}

#[derive(Deserialize)]
struct Purchased {
    holding: String,
    amount: Money,
}

impl Deed {
    /// Every deed.
    pub const ALL: [Self; 4] = [Self::RepaidOnTime, Self::TaskDone, Self::Featured, Self::Invested];

    /// The word in parameters; also the name of the subscription.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.event().0
    }

    fn event(self) -> (&'static str, &'static str) {
        match self {
            Self::RepaidOnTime => ("repaid-on-time", "loan.repaid"),
            Self::TaskDone => ("task-done", "task.completed"),
            Self::Featured => ("featured", "content.featured"),
            Self::Invested => ("invested", "invest.purchased"),
        }
    }

    pub(crate) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|deed| deed.as_str() == name)
    }

    pub(crate) fn subscription(self) -> Subscription {
        Subscription::party(self.as_str(), self.event().1, ACTOR)
    }

    /// What the deed of an event is about.
    ///
    /// # Errors
    /// `not-on-time` of an instalment that came late, or of which that is not said.
    pub(crate) fn subject(self, input: &Input<Params, State>) -> Result<Subject, Refusal> {
        let (name, amount) = match self {
            Self::RepaidOnTime => {
                let Repaid { loan, period_no, on_time } = input.event.data()?;
                if on_time != Some(true) {
                    return Err(Refusal::new("not-on-time", "only what is repaid on time counts"));
                }
                (format!("{loan}/{period_no}"), 0)
            }
            Self::TaskDone => (input.event.data::<TaskCompleted>()?.task, 0),
            Self::Featured => (input.event.data::<Content>()?.content, 0),
            Self::Invested => {
                let Purchased { holding, amount } = input.event.data()?;
                (holding, amount.in_currency(&input.campaign.currency)?)
            }
        };
        Ok(Subject { name, amount })
    }

    /// What the end of a deed is about: a post that is featured no more, a holding that was redeemed.
    pub(crate) fn undone(self, input: &Input<Params, State>) -> Result<String, Refusal> {
        match self {
            Self::Invested => Ok(input.event.data::<Redeemed>()?.holding),
            _ => Ok(input.event.data::<Content>()?.content),
        }
    }
}

/// A subject as a part of grant keys and states.
pub(crate) fn part(subject: &str) -> String {
    key_part(subject).into_owned()
}
