//! What journeys begin with, wait for and lead to.

use largesse_sdk::{EventData, Subscription, events};

use crate::CUSTOMER;

events! {
    /// Something that a customer does, or that happens to one.
    pub enum Trigger {
        AppFirstOpened,
        UserRegistered,
        UserRealnameVerified,
        CardBound,
        Login,
        CheckedIn,
        PopupClicked,
        PopupDismissed,
        PageExited,
        ProductViewed,
        CartAdded,
        FaceStarted,
        FacePassed,
        CreditApplied,
        CreditApproved,
        CreditRejected,
        LoanDrawn,
        OrderPaid,
        InvestPurchased,
        /// A holding of the actor reached the end of its term. Its data have `total` as well: principal and interest.
        InvestMatured,
        MembershipPurchased,
        CallCompleted,
        /// The actor opened a message of the journey, or followed a link in one.
        MessageOpened,
        SegmentEntered,
        SegmentLeft,
        TierChanged,
        EnrolmentMade,
    }
}

impl Trigger {
    /// The subscriptions whose events tell of it.
    pub(crate) fn subscriptions() -> impl Iterator<Item = Subscription> {
        let clicked = events::MessageClicked::KIND.of(CUSTOMER);
        Self::ALL.iter().map(|trigger| trigger.subscription(CUSTOMER)).chain([clicked])
    }

    /// What the event of a subscription tells of.
    pub(crate) fn told_by(subscription: &str) -> Option<Self> {
        // Whoever follows a link has opened the message, also where the channel does not say so.
        Self::of(if subscription == "message-clicked" { "message-opened" } else { subscription })
    }
}
