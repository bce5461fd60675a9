//! The events that the policy listens to, under the names that parameters use.

use largesse_sdk::Subscription;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The role of the customer who acted.
pub(crate) const MEMBER: &str = "member";
/// The role of the customer who invited them.
pub(crate) const INVITER: &str = "inviter";

/// Something that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Trigger {
    /// The customer checked in (`checked_in`).
    CheckedIn,
    /// The customer logged in (`login`).
    Login,
    /// The customer asked for the week's chest (`chest.opened`).
    ChestOpened,
    /// The customer paid an order (`order.paid`).
    OrderPaid,
    /// The customer paid in a store (`payment.offline_succeeded`).
    PaymentOfflineSucceeded,
    /// The customer registered (`user.registered`).
    UserRegistered,
    /// Somebody whom the customer invited registered (`user.registered`, for the inviter).
    FriendRegistered,
    /// The customer completed the profile (`user.profile_completed`).
    UserProfileCompleted,
    /// The customer completed a task (`task.completed`).
    TaskCompleted,
    /// The customer wrote a review (`review.posted`).
    ReviewPosted,
    /// The customer shared something (`share.performed`).
    SharePerformed,
}

impl Trigger {
    pub(crate) const ALL: [Self; 11] = [
        Self::CheckedIn,
        Self::Login,
        Self::ChestOpened,
        Self::OrderPaid,
        Self::PaymentOfflineSucceeded,
        Self::UserRegistered,
        Self::FriendRegistered,
        Self::UserProfileCompleted,
        Self::TaskCompleted,
        Self::ReviewPosted,
        Self::SharePerformed,
    ];

    /// Its name, which is the name of its subscription, and the kind of event.
    fn name_and_kind(self) -> (&'static str, &'static str) {
        match self {
            Self::CheckedIn => ("checked-in", "checked_in"),
            Self::Login => ("login", "login"),
            Self::ChestOpened => ("chest-opened", "chest.opened"),
            Self::OrderPaid => ("order-paid", "order.paid"),
            Self::PaymentOfflineSucceeded => ("payment-offline-succeeded", "payment.offline_succeeded"),
            Self::UserRegistered => ("user-registered", "user.registered"),
            Self::FriendRegistered => ("friend-registered", "user.registered"),
            Self::UserProfileCompleted => ("user-profile-completed", "user.profile_completed"),
            Self::TaskCompleted => ("task-completed", "task.completed"),
            Self::ReviewPosted => ("review-posted", "review.posted"),
            Self::SharePerformed => ("share-performed", "share.performed"),
        }
    }

    /// The trigger of a subscription's name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|trigger| trigger.name_and_kind().0 == name)
    }

    /// The subscription that brings it.
    pub(crate) fn subscription(self) -> Subscription {
        let (name, kind) = self.name_and_kind();
        let role = if self == Self::FriendRegistered { INVITER } else { MEMBER };
        let subscription = Subscription::party(name, kind, role);
        match self {
            Self::OrderPaid => subscription.about("/order"),
            Self::PaymentOfflineSucceeded => subscription.about("/payment"),
            _ => subscription,
        }
    }

    /// Whether its events carry an amount of money.
    pub(crate) fn has_amount(self) -> bool {
        matches!(self, Self::OrderPaid | Self::PaymentOfflineSucceeded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_use_the_subscriptions_names() {
        for trigger in Trigger::ALL {
            let (name, _) = trigger.name_and_kind();
            assert_eq!(largesse_sdk::json!(trigger), largesse_sdk::json!(name));
            assert_eq!(Trigger::named(name), Some(trigger));
        }
    }
}
