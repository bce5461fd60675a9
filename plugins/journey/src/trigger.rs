//! What journeys begin with, wait for and lead to, and the events that tell of it.

use largesse_sdk::{ENROLMENT_MADE, Subscription};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::CUSTOMER;

/// Something that a customer does, or that happens to one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Trigger {
    /// Opened the application for the first time.
    FirstOpened,
    /// Registered.
    Registered,
    /// The real name was verified.
    Verified,
    /// Bound a bank card.
    CardBound,
    /// Logged in.
    Login,
    /// Checked in.
    CheckedIn,
    /// Clicked what a pop-up offers.
    PopupClicked,
    /// Closed a pop-up.
    PopupDismissed,
    /// Left a page.
    PageExited,
    /// Looked at a product.
    Viewed,
    /// Put something into the cart.
    CartAdded,
    /// Began a face check.
    FaceStarted,
    /// Passed a face check.
    FacePassed,
    /// Applied for credit.
    Applied,
    /// Was given a credit limit.
    Approved,
    /// Was given no credit limit.
    Rejected,
    /// Drew a loan.
    LoanDrawn,
    /// Paid an order.
    Ordered,
    /// Invested.
    Invested,
    /// A holding reached the end of its term. Its data have `total` as well: principal and interest.
    Matured,
    /// Bought a membership.
    Member,
    /// A call ended.
    Called,
    /// Opened a message of the journey, or followed a link in one.
    Opened,
    /// Entered a segment that another system keeps.
    SegmentEntered,
    /// Left a segment that another system keeps.
    SegmentLeft,
    /// Was moved within a programme; `to` is the tier.
    TierChanged,
    /// Was handed on by another campaign.
    Enrolled,
}

impl Trigger {
    /// Every trigger.
    pub const ALL: [Self; 27] = [
        Self::FirstOpened,
        Self::Registered,
        Self::Verified,
        Self::CardBound,
        Self::Login,
        Self::CheckedIn,
        Self::PopupClicked,
        Self::PopupDismissed,
        Self::PageExited,
        Self::Viewed,
        Self::CartAdded,
        Self::FaceStarted,
        Self::FacePassed,
        Self::Applied,
        Self::Approved,
        Self::Rejected,
        Self::LoanDrawn,
        Self::Ordered,
        Self::Invested,
        Self::Matured,
        Self::Member,
        Self::Called,
        Self::Opened,
        Self::SegmentEntered,
        Self::SegmentLeft,
        Self::TierChanged,
        Self::Enrolled,
    ];

    /// The word in parameters; also the name of the subscription.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.event().0
    }

    /// Its word and the event's kind.
    fn event(self) -> (&'static str, &'static str) {
        match self {
            Self::FirstOpened => ("first-opened", "app.first_opened"),
            Self::Registered => ("registered", "user.registered"),
            Self::Verified => ("verified", "user.realname_verified"),
            Self::CardBound => ("card-bound", "card.bound"),
            Self::Login => ("login", "login"),
            Self::CheckedIn => ("checked-in", "checked_in"),
            Self::PopupClicked => ("popup-clicked", "popup.clicked"),
            Self::PopupDismissed => ("popup-dismissed", "popup.dismissed"),
            Self::PageExited => ("page-exited", "page.exited"),
            Self::Viewed => ("viewed", "product.viewed"),
            Self::CartAdded => ("cart-added", "cart.added"),
            Self::FaceStarted => ("face-started", "face.started"),
            Self::FacePassed => ("face-passed", "face.passed"),
            Self::Applied => ("applied", "credit.applied"),
            Self::Approved => ("approved", "credit.approved"),
            Self::Rejected => ("rejected", "credit.rejected"),
            Self::LoanDrawn => ("loan-drawn", "loan.drawn"),
            Self::Ordered => ("ordered", "order.paid"),
            Self::Invested => ("invested", "invest.purchased"),
            Self::Matured => ("matured", "invest.matured"),
            Self::Member => ("member", "membership.purchased"),
            Self::Called => ("called", "call.completed"),
            Self::Opened => ("opened", "message.opened"),
            Self::SegmentEntered => ("segment-entered", "segment.entered"),
            Self::SegmentLeft => ("segment-left", "segment.left"),
            Self::TierChanged => ("tier-changed", "tier.changed"),
            Self::Enrolled => ("enrolled", ENROLMENT_MADE),
        }
    }

    /// The subscriptions whose events tell of it.
    pub(crate) fn subscriptions() -> impl Iterator<Item = Subscription> {
        let of = |(name, kind)| Subscription::party(name, kind, CUSTOMER);
        Self::ALL.into_iter().map(Self::event).chain([("clicked", "message.clicked")]).map(of)
    }

    /// What the event of a subscription tells of.
    pub(crate) fn told_by(subscription: &str) -> Option<Self> {
        // Whoever follows a link has opened the message, also where the channel does not say so.
        let word = if subscription == "clicked" { "opened" } else { subscription };
        Self::ALL.into_iter().find(|trigger| trigger.as_str() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use largesse_sdk::json;

    #[test]
    fn words_in_parameters_are_names_of_subscriptions() {
        for trigger in Trigger::ALL {
            assert_eq!(json!(trigger), json!(trigger.as_str()));
            assert_eq!(Trigger::told_by(trigger.as_str()), Some(trigger));
        }
        assert_eq!(Trigger::told_by("clicked"), Some(Trigger::Opened));
        assert_eq!(Trigger::told_by("elsewhere"), None);
    }
}
