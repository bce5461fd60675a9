//! The double-entry ledger. Whatever is granted, used, expired or taken back is a transfer from one account to another; the
//! accounts of a campaign and unit add up to nothing at any time.

use crate::rows::grant::Grant;
use crate::words::id::{DecisionId, RequestId};
use crate::words::key::{GrantSlot, ReservationSlot};
use crate::words::time::Instant;
use crate::words::unit::{Quantity, Unit};

/// A kind of account. With a campaign and a unit, and for some a customer, it names one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Account {
    /// What the campaign gives from. Its balance is what was spent, below nothing.
    Budget,
    /// Promised to a customer and still held: the committed exposure.
    Pending,
    /// A customer's to use: the liability.
    Wallet,
    /// Taken out of a wallet for a redemption under way.
    Reserved,
    /// Used.
    Expense,
    /// Expired unused.
    Breakage,
    /// What a customer owes after a claw-back of something used, below nothing.
    Debt,
    /// Pieces on hand, of units that are stocked.
    Stock,
    /// Where stock comes from.
    Supply,
}

impl Account {
    /// Every kind, in the order of [`Position`].
    pub const ALL: [Self; 9] = [
        Self::Budget,
        Self::Pending,
        Self::Wallet,
        Self::Reserved,
        Self::Expense,
        Self::Breakage,
        Self::Debt,
        Self::Stock,
        Self::Supply,
    ];

    /// Returns the word in answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Budget => "budget",
            Self::Pending => "pending",
            Self::Wallet => "wallet",
            Self::Reserved => "reserved",
            Self::Expense => "expense",
            Self::Breakage => "breakage",
            Self::Debt => "debt",
            Self::Stock => "stock",
            Self::Supply => "supply",
        }
    }
}

/// What made a transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A decision.
    Decision(DecisionId),
    /// A request through the API: a redemption, a reservation, a reversal.
    Request(RequestId),
    /// A request through the API that settles what a policy reserved.
    Settle(ReservationSlot),
    /// A time that came: a hold was over, a grant expired, a reservation timed out.
    Clock,
}

/// Which grant a transfer is of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lot {
    /// Where it stands.
    pub slot: GrantSlot,
    /// Which issue of its key.
    pub issue: u32,
}

impl Lot {
    /// Returns the lot that a grant is.
    #[must_use]
    pub fn of(grant: &Grant) -> Self {
        Self { slot: grant.slot.clone(), issue: grant.issue }
    }
}

/// A quantity that left one account for another. Never changed and never removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// The host's clock.
    pub at: Instant,
    /// What made it.
    pub cause: Cause,
    /// Of which grant; none when stock arrives or leaves.
    pub lot: Option<Lot>,
    /// Of what.
    pub unit: Unit,
    /// How much; more than nothing.
    pub quantity: Quantity,
    /// Where it left.
    pub debit: Account,
    /// Where it went.
    pub credit: Account,
}

/// The balances of a campaign's accounts in one unit, over all customers: what went in less what went out. They add up to
/// nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position(pub [i64; Account::ALL.len()]);

impl Position {
    /// Returns the balance of one account.
    #[must_use]
    pub fn balance(&self, account: Account) -> i64 {
        self.0[account as usize]
    }

    /// Returns the balances after a transfer.
    ///
    /// # Panics
    /// Beyond 9 * 10^18: budgets end at 10^15.
    #[must_use]
    pub fn after(mut self, transfer: &Transfer) -> Self {
        let quantity = i64::try_from(transfer.quantity.get()).expect("a quantity is at most 10^15");
        for (account, change) in [(transfer.debit, -quantity), (transfer.credit, quantity)] {
            let balance = &mut self.0[account as usize];
            *balance = balance.checked_add(change).expect("an account ends far above what budgets allow");
        }
        self
    }

    /// Returns the sum over all accounts: nothing, or the books are wrong.
    #[must_use]
    pub fn sum(&self) -> i128 {
        self.0.iter().map(|balance| i128::from(*balance)).sum()
    }
}
