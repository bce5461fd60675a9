//! The steps that a newcomer takes, and the events that tell of them.

use largesse_sdk::{Refusal, Subscription, Value};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::CUSTOMER;

/// A step that a newcomer takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Milestone {
    /// Registered.
    Registered,
    /// The real name was verified.
    Verified,
    /// Completed the profile.
    ProfileCompleted,
    /// Bound a bank card.
    CardBound,
    /// Followed an official account.
    Followed,
    /// Applied for credit.
    Applied,
    /// Was given a credit limit.
    Approved,
    /// Was given no credit limit: rejected, or approved with a limit of nothing.
    Rejected,
    /// Drew a loan.
    LoanDrawn,
    /// Invested.
    Invested,
    /// Set up a regular investment.
    PlanSet,
    /// Bought a membership; not a renewal.
    Member,
}

impl Milestone {
    /// Every milestone.
    pub const ALL: [Self; 12] = [
        Self::Registered,
        Self::Verified,
        Self::ProfileCompleted,
        Self::CardBound,
        Self::Followed,
        Self::Applied,
        Self::Approved,
        Self::Rejected,
        Self::LoanDrawn,
        Self::Invested,
        Self::PlanSet,
        Self::Member,
    ];

    /// The word in parameters; also the name of the subscription.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.event().0
    }

    /// Its word, the event's kind, and what its gifts are about.
    fn event(self) -> (&'static str, &'static str, Option<&'static str>) {
        match self {
            Self::Registered => ("registered", "user.registered", None),
            Self::Verified => ("verified", "user.realname_verified", None),
            Self::ProfileCompleted => ("profile-completed", "user.profile_completed", None),
            Self::CardBound => ("card-bound", "card.bound", None),
            Self::Followed => ("followed", "account.followed", None),
            Self::Applied => ("applied", "credit.applied", None),
            Self::Approved => ("approved", "credit.approved", None),
            Self::Rejected => ("rejected", "credit.rejected", None),
            Self::LoanDrawn => ("loan-drawn", "loan.drawn", Some("/loan")),
            Self::Invested => ("invested", "invest.purchased", Some("/holding")),
            Self::PlanSet => ("plan-set", "invest.plan_set", None),
            Self::Member => ("member", "membership.purchased", Some("/membership")),
        }
    }

    pub(crate) fn subscription(self) -> Subscription {
        let (name, kind, about) = self.event();
        let subscription = Subscription::party(name, kind, CUSTOMER);
        match about {
            Some(pointer) => subscription.about(pointer),
            None => subscription,
        }
    }

    /// Which milestone the event of a subscription reaches.
    pub(crate) fn reached(subscription: &str, data: &Value) -> Result<Self, Refusal> {
        let known = Self::ALL.into_iter().find(|milestone| milestone.as_str() == subscription);
        match known {
            Some(Self::Approved) if data["limit"]["minor"].as_i64() == Some(0) => Ok(Self::Rejected),
            Some(Self::Member) if data["renewal"].as_bool() == Some(true) => {
                Err(Refusal::new("renewal", "a renewal is no new membership"))
            }
            Some(milestone) => Ok(milestone),
            None => Err(Refusal::new("unknown-subscription", format!("{subscription} is no milestone"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use largesse_sdk::json;

    #[test]
    fn words_in_parameters_are_names_of_subscriptions() {
        for milestone in Milestone::ALL {
            assert_eq!(json!(milestone), json!(milestone.as_str()));
            assert_eq!(Milestone::reached(milestone.as_str(), &json!({})), Ok(milestone));
        }
    }

    #[test]
    fn an_approval_without_a_limit_is_a_rejection() {
        let approved = |minor: i64| json!({"application": "a", "limit": {"minor": minor, "currency": "CNY"}});
        assert_eq!(Milestone::reached("approved", &approved(0)), Ok(Milestone::Rejected));
        assert_eq!(Milestone::reached("approved", &approved(1)), Ok(Milestone::Approved));
    }
}
