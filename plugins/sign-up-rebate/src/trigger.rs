//! What a rebate is given on, and what an event tells of it.

use largesse_sdk::{Money, Refusal, Subscription, Value};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::CUSTOMER;

/// What a rebate is given on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Trigger {
    /// The customer registered.
    Registered,
    /// The real name was verified.
    Verified,
    /// A credit limit was given. The amount is the limit.
    Approved,
    /// A loan was drawn. The amount is the principal, the term the number of instalments.
    LoanDrawn,
    /// An order was paid. The amount is what was paid.
    OrderPaid,
    /// An investment was made. The amount is the principal, the term its days.
    Invested,
}

/// What an event tells of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fact<'a> {
    /// In minor units of the campaign's currency; 0 when there is none.
    pub(crate) amount: u64,
    /// Instalments or days.
    pub(crate) term: Option<u64>,
    /// The loan, order or holding.
    pub(crate) about: Option<&'a str>,
}

impl Trigger {
    /// Every trigger.
    pub const ALL: [Self; 6] =
        [Self::Registered, Self::Verified, Self::Approved, Self::LoanDrawn, Self::OrderPaid, Self::Invested];

    /// The word in parameters; also the name of the subscription.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.row().0
    }

    /// Its word, the event's kind, and the fields of amount, term and thing.
    fn row(self) -> (&'static str, &'static str, [Option<&'static str>; 3]) {
        match self {
            Self::Registered => ("registered", "user.registered", [None, None, None]),
            Self::Verified => ("verified", "user.realname_verified", [None, None, None]),
            Self::Approved => ("approved", "credit.approved", [Some("limit"), None, None]),
            Self::LoanDrawn => ("loan-drawn", "loan.drawn", [Some("amount"), Some("periods"), Some("loan")]),
            Self::OrderPaid => ("order-paid", "order.paid", [Some("amount"), None, Some("order")]),
            Self::Invested => ("invested", "invest.purchased", [Some("amount"), Some("term_days"), Some("holding")]),
        }
    }

    pub(crate) fn subscription(self) -> Subscription {
        let (name, kind, [_, _, about]) = self.row();
        let subscription = Subscription::party(name, kind, CUSTOMER);
        match about {
            Some(field) => subscription.about(format!("/{field}")),
            None => subscription,
        }
    }

    pub(crate) fn of(subscription: &str) -> Result<Self, Refusal> {
        let known = Self::ALL.into_iter().find(|trigger| trigger.as_str() == subscription);
        known.ok_or_else(|| Refusal::new("unknown-subscription", format!("no rebate is given on {subscription}")))
    }

    /// Whether it has an amount.
    pub(crate) fn has_amount(self) -> bool {
        self.row().2[0].is_some()
    }

    /// Whether it has a term.
    pub(crate) fn has_term(self) -> bool {
        self.row().2[1].is_some()
    }

    /// Whether it is about a loan, an order or a holding.
    pub(crate) fn has_about(self) -> bool {
        self.row().2[2].is_some()
    }

    pub(crate) fn fact<'a>(self, data: &'a Value, currency: &str) -> Result<Fact<'a>, Refusal> {
        let (_, _, [amount_field, term, about]) = self.row();
        let amount = match amount_field {
            Some(field) => amount(data, field)?.map_or(Ok(0), |amount| amount.in_currency(currency))?,
            None => 0,
        };
        let term = term.and_then(|field| data[field].as_u64());
        Ok(Fact { amount, term, about: about.and_then(|field| data[field].as_str()) })
    }
}

/// An amount in an event's data; `None` when the field is missing.
pub(crate) fn amount(data: &Value, field: &str) -> Result<Option<Money>, Refusal> {
    let amount = &data[field];
    if amount.is_null() {
        return Ok(None);
    }
    match (amount["minor"].as_i64(), amount["currency"].as_str()) {
        (Some(minor), Some(currency)) => Ok(Some(Money { minor, currency: currency.to_owned() })),
        _ => Err(Refusal::new("bad-event-data", format!("{field} is not an amount"))),
    }
}
