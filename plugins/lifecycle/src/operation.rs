//! What investors do that shows that they are still there.

use largesse_sdk::Subscription;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::INVESTOR;

/// Something that an investor does besides investing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    /// Logged in.
    Login,
    /// Looked at a product.
    ProductViewed,
    /// Looked at what is there.
    AssetsViewed,
    /// Redeemed a holding.
    Redeemed,
    /// Withdrew.
    Withdrawal,
    /// Set up that money goes out regularly.
    TransferOutPlan,
    /// Unbound a bank card.
    CardUnbound,
}

impl Operation {
    /// Every operation.
    pub const ALL: [Self; 7] = [
        Self::Login,
        Self::ProductViewed,
        Self::AssetsViewed,
        Self::Redeemed,
        Self::Withdrawal,
        Self::TransferOutPlan,
        Self::CardUnbound,
    ];

    /// The word in parameters; also the name of the subscription.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.event().0
    }

    /// Its word and the event's kind.
    fn event(self) -> (&'static str, &'static str) {
        match self {
            Self::Login => ("login", "login"),
            Self::ProductViewed => ("product-viewed", "product.viewed"),
            Self::AssetsViewed => ("assets-viewed", "assets.viewed"),
            Self::Redeemed => ("redeemed", "invest.redeemed"),
            Self::Withdrawal => ("withdrawal", "withdrawal.made"),
            Self::TransferOutPlan => ("transfer-out-plan", "transfer_out_plan.set"),
            Self::CardUnbound => ("card-unbound", "card.unbound"),
        }
    }

    pub(crate) fn subscription(self) -> Subscription {
        let (name, kind) = self.event();
        Subscription::party(name, kind, INVESTOR)
    }

    pub(crate) fn of(subscription: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operation| operation.as_str() == subscription)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use largesse_sdk::json;

    #[test]
    fn words_in_parameters_are_names_of_subscriptions() {
        for operation in Operation::ALL {
            assert_eq!(json!(operation), json!(operation.as_str()));
            assert_eq!(Operation::of(operation.as_str()), Some(operation));
        }
    }
}
