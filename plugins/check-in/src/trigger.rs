//! The events that the policy listens to.

use largesse_sdk::{Subscription, events};

/// The role of the customer who acted.
pub(crate) const MEMBER: &str = "member";
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
        Self::ALL.iter().map(move |trigger| trigger.subscription(role(*trigger)))
    }

    /// Whether its events carry an amount of money.
    pub(crate) fn has_amount(self) -> bool {
        self.kind().amount.is_some()
    }
}
