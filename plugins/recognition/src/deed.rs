//! What is honoured.

use largesse_sdk::{Event, EventData, Refusal, events, key_part};

events! {
    /// A deed.
    pub enum Deed {
        /// The actor repaid an instalment on time.
        LoanRepaid,
        /// The actor completed a task: a lesson, a pledge.
        TaskCompleted,
        /// Something that the actor published was featured.
        ContentFeatured,
        InvestPurchased,
    }
}

/// What a deed is about, and what it came to.
pub(crate) struct Subject {
    /// The instalment, task, post or holding.
    pub(crate) name: String,
    /// In minor units; nothing where deeds come to nothing.
    pub(crate) amount: u64,
}

impl Deed {
    /// What the deed of an event is about.
    ///
    /// # Errors
    /// `not-on-time` of an instalment that came late, or of which that is not said.
    pub(crate) fn subject(self, event: &Event, currency: &str) -> Result<Subject, Refusal> {
        let (name, amount) = match self {
            Self::LoanRepaid => {
                let events::LoanRepaid { loan, period_no, on_time, .. } = event.data()?;
                if on_time != Some(true) {
                    return Err(Refusal::new("not-on-time", "only what is repaid on time counts"));
                }
                (format!("{loan}/{}", period_no.unwrap_or(0)), 0)
            }
            Self::TaskCompleted => (event.data::<events::TaskCompleted>()?.task, 0),
            Self::ContentFeatured => (event.data::<events::ContentFeatured>()?.content, 0),
            Self::InvestPurchased => {
                let data: events::InvestPurchased = event.data()?;
                let amount = data.amount_in(currency)?;
                (data.holding, amount)
            }
        };
        Ok(Subject { name, amount })
    }

    /// What the end of a deed is about: a post that is featured no more, a holding that was redeemed.
    pub(crate) fn undone(self, event: &Event) -> Result<String, Refusal> {
        match self {
            Self::InvestPurchased => Ok(event.data::<events::InvestRedeemed>()?.holding),
            _ => Ok(event.data::<events::ContentUnfeatured>()?.content),
        }
    }
}

/// A subject as a part of grant keys and states.
pub(crate) fn part(subject: &str) -> String {
    key_part(subject).into_owned()
}
