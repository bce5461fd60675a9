//! What is counted, and the events that tell of it.

use largesse_sdk::{Decision, Input, Measurement, Party, Refusal, Subscription, Value};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::CUSTOMER;
use crate::params::{Count, Params, Who};
use crate::state::State;

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Installed the application.
    Installed,
    /// Registered.
    Registered,
    /// Viewed a page.
    PageViewed,
    /// Looked at a product.
    ProductViewed,
    /// A call with the customer ended.
    Called,
    /// Shared something.
    Shared,
    /// An advertisement was shown.
    AdShown,
    /// Clicked an advertisement.
    AdClicked,
    /// Drew a loan.
    LoanDrawn,
    /// Paid an order.
    OrderPaid,
    /// Invested.
    Invested,
    /// Bought a membership.
    MemberJoined,
    /// Used something out of the wallet.
    BenefitUsed,
    /// Claimed a right.
    RightClaimed,
}

impl Kind {
    /// Everything that is counted.
    pub const ALL: [Self; 14] = [
        Self::Installed,
        Self::Registered,
        Self::PageViewed,
        Self::ProductViewed,
        Self::Called,
        Self::Shared,
        Self::AdShown,
        Self::AdClicked,
        Self::LoanDrawn,
        Self::OrderPaid,
        Self::Invested,
        Self::MemberJoined,
        Self::BenefitUsed,
        Self::RightClaimed,
    ];

    /// The word in parameters; also the name of the subscription.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.row().0
    }

    fn row(self) -> (&'static str, &'static str) {
        match self {
            Self::Installed => ("installed", "app.installed"),
            Self::Registered => ("registered", "user.registered"),
            Self::PageViewed => ("page-viewed", "page.viewed"),
            Self::ProductViewed => ("product-viewed", "product.viewed"),
            Self::Called => ("called", "call.completed"),
            Self::Shared => ("shared", "share.performed"),
            Self::AdShown => ("ad-shown", "ad.shown"),
            Self::AdClicked => ("ad-clicked", "ad.clicked"),
            Self::LoanDrawn => ("loan-drawn", "loan.drawn"),
            Self::OrderPaid => ("order-paid", "order.paid"),
            Self::Invested => ("invested", "invest.purchased"),
            Self::MemberJoined => ("member-joined", "membership.purchased"),
            Self::BenefitUsed => ("benefit-used", "benefit.used"),
            Self::RightClaimed => ("right-claimed", "right.claimed"),
        }
    }

    pub(crate) fn of(name: &str) -> Result<Self, Refusal> {
        let known = Self::ALL.into_iter().find(|kind| kind.as_str() == name);
        known.ok_or_else(|| Refusal::new("unknown-subscription", format!("{name} is not counted")))
    }

    pub(crate) fn subscription(self) -> Subscription {
        Subscription::party(self.as_str(), self.row().1, CUSTOMER)
    }
}

/// Adds to every count that wants the event.
pub(crate) fn count(input: &Input<Params, State>, kind: Kind) -> Result<Decision<State>, Refusal> {
    let data: Value = input.event.data()?;
    let customer = input.require(CUSTOMER)?;
    let before = input.state.clone().unwrap_or_default();
    let mut state = before.clone();
    let mut decision = Decision::new();
    for count in input.params.counts.iter().filter(|count| count.on == kind && count.wants(&data, customer)) {
        if count.first && !state.counted.insert(count.id().to_owned()) {
            continue;
        }
        let by = if count.amount { amount(&data)? } else { 1 };
        if by > 0 {
            let label = count.label.clone().or_else(|| count.said(&data, customer)).unwrap_or_default();
            decision.measure(Measurement::one(&count.measure).of(&label).by(by));
        }
    }
    if kind == Kind::LoanDrawn && input.params.marks.iter().any(|mark| mark.loans.is_some()) {
        state.drew(input.event.occurred.at);
    }
    if state != before {
        decision.put(state);
    }
    Ok(decision)
}

/// What the event came to, in minor units.
fn amount(data: &Value) -> Result<u64, Refusal> {
    let minor = data["amount"]["minor"].as_i64().or_else(|| data["fee"]["minor"].as_i64());
    let minor = minor.ok_or_else(|| Refusal::new("no-amount", "the event has no amount"))?;
    u64::try_from(minor).map_err(|_| Refusal::new("bad-amount", "the amount is below nothing"))
}

impl Count {
    /// The name by which it is remembered.
    pub(crate) fn id(&self) -> &str {
        self.id.as_deref().unwrap_or(&self.measure)
    }

    fn wants(&self, data: &Value, customer: &Party) -> bool {
        let said = |(field, texts): (&String, &Vec<String>)| {
            data[field.as_str()].as_str().is_some_and(|text| texts.iter().any(|one| one == text))
        };
        let member = customer.flag("member") == Some(true);
        let who = match self.who {
            Who::Everyone => true,
            Who::Members => member,
            Who::Others => !member,
        };
        who && self.only.iter().all(said) && self.with_tag.as_ref().is_none_or(|tag| customer.has_tag(tag))
    }

    /// What the event says in the field, or what is known of the customer by that name.
    fn said(&self, data: &Value, customer: &Party) -> Option<String> {
        let field = self.by.as_deref()?;
        let of_customer = || if field == "channel" { customer.text(field) } else { None };
        data[field].as_str().map(str::to_owned).or_else(of_customer)
    }
}
