//! What a rebate is given on, and what an event tells of it.

use largesse_sdk::{Event, EventData, Refusal, Subscription, events};

use crate::CUSTOMER;

events! {
    /// What a rebate is given on.
    pub enum Trigger {
        UserRegistered,
        UserRealnameVerified,
        /// The actor was given a credit limit. The amount is the limit.
        CreditApproved,
        /// The actor drew a loan. The amount is the principal, the term the number of instalments.
        LoanDrawn,
        /// The actor paid an order. The amount is what was paid.
        OrderPaid,
        /// The actor invested. The amount is the principal, the term its days.
        InvestPurchased,
    }
}

/// What an event tells of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fact {
    /// In minor units of the campaign's currency; 0 when there is none.
    pub(crate) amount: u64,
    /// Instalments or days.
    pub(crate) term: Option<u64>,
    /// The loan, order or holding.
    pub(crate) about: Option<String>,
}

impl Trigger {
    /// Whether it has an amount.
    pub(crate) fn has_amount(self) -> bool {
        self.kind().amount.is_some()
    }

    /// Whether it has a term.
    pub(crate) fn has_term(self) -> bool {
        matches!(self, Self::LoanDrawn | Self::InvestPurchased)
    }

    /// Whether it is about a loan, an order or a holding.
    pub(crate) fn has_about(self) -> bool {
        self.kind().about.is_some()
    }

    /// The subscription: what is given on a loan, an order or a holding is remembered with it.
    pub(crate) fn heard(self) -> Subscription {
        if self.has_about() { self.kind().of_thing() } else { self.kind().of(CUSTOMER) }
    }

    pub(crate) fn fact(self, event: &Event, currency: &str) -> Result<Fact, Refusal> {
        match self {
            Self::UserRegistered | Self::UserRealnameVerified => Ok(Fact::default()),
            Self::CreditApproved => Fact::of(&event.data::<events::CreditApproved>()?, None, currency),
            Self::OrderPaid => Fact::of(&event.data::<events::OrderPaid>()?, None, currency),
            Self::LoanDrawn => {
                let data: events::LoanDrawn = event.data()?;
                Fact::of(&data, data.periods, currency)
            }
            Self::InvestPurchased => {
                let data: events::InvestPurchased = event.data()?;
                Fact::of(&data, data.term_days, currency)
            }
        }
    }
}

impl Fact {
    fn of(data: &impl EventData, term: Option<u32>, currency: &str) -> Result<Self, Refusal> {
        let about = data.about().map(str::to_owned);
        Ok(Self { amount: data.amount_in(currency)?, term: term.map(u64::from), about })
    }
}
