//! What customers are told of.

use largesse_sdk::{Event, Refusal, events, key_part};

events! {
    /// Something that a customer is told of.
    pub enum Trigger {
        Login,
        DepositMade,
        WithdrawalMade,
        InvestPurchased,
        InterestSettled,
        InvestRedeemed,
        InvestMatured,
        RepaymentReceived,
        InstalmentDue,
        LoanOverdue,
        ListingPublished,
        CardBound,
        CardUnbound,
    }
}

impl Trigger {
    /// What the event is about, as a part of a key: told of once, however many events say so. Where nothing in the event can be told
    /// from another one like it, the event itself.
    pub(crate) fn about(self, event: &Event) -> Result<String, Refusal> {
        let thing = match self {
            Self::InvestPurchased => event.data::<events::InvestPurchased>()?.holding,
            Self::InvestMatured => event.data::<events::InvestMatured>()?.holding,
            Self::ListingPublished => event.data::<events::ListingPublished>()?.listing,
            Self::InstalmentDue => {
                let events::InstalmentDue { loan, period_no, .. } = event.data()?;
                format!("{loan}#{period_no}")
            }
            _ => format!("{} {}", event.source, event.id),
        };
        Ok(key_part(&thing).into_owned())
    }
}
