//! The events that the policy listens to.

use largesse_sdk::{EventData, Subscription, events};

/// The role of the customer who acted.
pub(crate) const MEMBER: &str = "member";
/// The subscription by which an order's amount is remembered with the order.
pub(crate) const ORDER_NOTED: &str = "spend-order-paid";
/// The role of the customer who invited them.
pub(crate) const INVITER: &str = "inviter";

events! {
    /// Something that happened.
    pub enum Trigger {
        CheckedIn,
        Login,
        ChestOpened,
        OrderPaid,
        PaymentOfflineSucceeded,
        UserRegistered,
        /// Somebody whom the customer invited registered.
        FriendUserRegistered = UserRegistered as "friend-user-registered",
        UserProfileCompleted,
        TaskCompleted,
        ReviewPosted,
        SharePerformed,
    }
}

impl Trigger {
    /// The subscriptions that bring them.
    pub(crate) fn subscriptions() -> impl Iterator<Item = Subscription> {
        let role = |trigger: Self| if trigger == Self::FriendUserRegistered { INVITER } else { MEMBER };
        let noted = Subscription { name: ORDER_NOTED.to_owned(), ..events::OrderPaid::KIND.of_thing() };
        let others = [noted, events::OrderRefunded::KIND.of_thing(), events::IdentityMerged::KIND.of(MEMBER)];
        // A customer's own decision gives; what was heard before of refunds of the order is taken back after it.
        Self::ALL.iter().map(move |trigger| trigger.subscription(role(*trigger))).chain(others)
    }

    /// Whether its events carry an amount of money.
    pub(crate) fn has_amount(self) -> bool {
        self.kind().amount.is_some()
    }
}
