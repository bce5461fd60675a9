//! What customers are told of, and the events that tell of it.

use largesse_sdk::{Event, Subscription, Value, key_part};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::CUSTOMER;

/// Something that a customer is told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Trigger {
    /// Logged in.
    Login,
    /// Paid in.
    Deposit,
    /// Withdrew.
    Withdrawal,
    /// Invested.
    Invested,
    /// Interest was credited.
    Interest,
    /// A holding was redeemed.
    Redeemed,
    /// A holding reached the end of its term.
    Matured,
    /// A holding paid back.
    PaidBack,
    /// An instalment falls due.
    Due,
    /// An instalment is overdue.
    Overdue,
    /// A listing was published.
    Listing,
    /// A bank card was bound.
    CardBound,
    /// A bank card was unbound.
    CardUnbound,
}

impl Trigger {
    /// Every trigger.
    pub const ALL: [Self; 13] = [
        Self::Login,
        Self::Deposit,
        Self::Withdrawal,
        Self::Invested,
        Self::Interest,
        Self::Redeemed,
        Self::Matured,
        Self::PaidBack,
        Self::Due,
        Self::Overdue,
        Self::Listing,
        Self::CardBound,
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
            Self::Deposit => ("deposit", "deposit.made"),
            Self::Withdrawal => ("withdrawal", "withdrawal.made"),
            Self::Invested => ("invested", "invest.purchased"),
            Self::Interest => ("interest", "interest.settled"),
            Self::Redeemed => ("redeemed", "invest.redeemed"),
            Self::Matured => ("matured", "invest.matured"),
            Self::PaidBack => ("paid-back", "repayment.received"),
            Self::Due => ("due", "instalment.due"),
            Self::Overdue => ("overdue", "loan.overdue"),
            Self::Listing => ("listing", "listing.published"),
            Self::CardBound => ("card-bound", "card.bound"),
            Self::CardUnbound => ("card-unbound", "card.unbound"),
        }
    }

    /// Whether its events have an amount by which small ones can be told from large ones.
    pub(crate) fn has_amount(self) -> bool {
        matches!(
            self,
            Self::Deposit
                | Self::Withdrawal
                | Self::Invested
                | Self::Interest
                | Self::Redeemed
                | Self::PaidBack
                | Self::Overdue
        )
    }

    pub(crate) fn subscription(self) -> Subscription {
        let (name, kind) = self.event();
        Subscription::party(name, kind, CUSTOMER)
    }

    pub(crate) fn of(subscription: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|trigger| trigger.as_str() == subscription)
    }

    /// What the event is about, as a part of a key: told of once, however many events say so. Where nothing in the event can be told
    /// from another one like it, the event itself.
    pub(crate) fn about(self, event: &Event, data: &Value) -> String {
        let text = |field: &str| data[field].as_str();
        let thing = match self {
            Self::Invested | Self::Matured => text("holding").map(str::to_owned),
            Self::Listing => text("listing").map(str::to_owned),
            Self::Due => text("loan").map(|loan| format!("{loan}#{}", data["period_no"])),
            _ => None,
        };
        key_part(&thing.unwrap_or_else(|| format!("{} {}", event.source, event.id))).into_owned()
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
            assert_eq!(Trigger::of(trigger.as_str()), Some(trigger));
        }
    }
}
