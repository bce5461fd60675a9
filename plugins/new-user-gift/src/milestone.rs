//! The steps that a newcomer takes.

use largesse_sdk::{Event, Refusal, events};

events! {
    /// A step that a newcomer takes.
    pub enum Milestone {
        UserRegistered,
        UserRealnameVerified,
        UserProfileCompleted,
        CardBound,
        AccountFollowed,
        CreditApplied,
        CreditApproved,
        /// The actor was given no credit limit: rejected, or approved with a limit of nothing.
        CreditRejected,
        LoanDrawn,
        InvestPurchased,
        InvestPlanSet,
        /// The actor bought a membership; not a renewal.
        MembershipPurchased,
    }
}

impl Milestone {
    /// Which milestone the event of a subscription reaches, and the credit application that it is about, where it is about one.
    pub(crate) fn reached(subscription: &str, event: &Event) -> Result<(Self, Option<String>), Refusal> {
        let milestone = Self::of(subscription);
        let unknown = || Refusal::new("unknown-subscription", format!("{subscription} is no milestone"));
        Ok(match milestone.ok_or_else(unknown)? {
            Self::CreditApplied => (Self::CreditApplied, Some(event.data::<events::CreditApplied>()?.application)),
            Self::CreditRejected => (Self::CreditRejected, Some(event.data::<events::CreditRejected>()?.application)),
            Self::CreditApproved => {
                let approved: events::CreditApproved = event.data()?;
                let reached = if approved.limit.minor == 0 { Self::CreditRejected } else { Self::CreditApproved };
                (reached, Some(approved.application))
            }
            Self::MembershipPurchased if event.data::<events::MembershipPurchased>()?.renewal == Some(true) => {
                return Err(Refusal::new("renewal", "a renewal is no new membership"));
            }
            other => (other, None),
        })
    }
}
