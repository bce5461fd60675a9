//! Pieces on hand: stock that arrives and that is written off.

use crate::rows::facts::Facts;
use crate::rows::ledger::{Account, Transfer};
use crate::rules::entry::Entry;
use crate::words::unit::{Quantity, Unit};

/// Why a stock was not changed. Each with how many pieces are on hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestockError {
    /// More would be written off than there are.
    NotOnHand(Quantity),
    /// There would be more than 10^15.
    TooMany(Quantity),
}

impl std::fmt::Display for RestockError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotOnHand(on_hand) => write!(f, "{on_hand} are on hand"),
            Self::TooMany(on_hand) => write!(f, "{on_hand} are on hand, and {} may be", Quantity::MAX),
        }
    }
}

impl std::error::Error for RestockError {}

/// A change of how many pieces are on hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StockChange {
    /// So many come.
    Arrives(Quantity),
    /// So many go without having been given.
    WrittenOff(Quantity),
}

/// Changes how many pieces of a unit are on hand, and returns how many there are then. The caller has loaded the stock.
///
/// # Errors
/// When more would leave than there is, or be there than may be.
pub fn restock(
    facts: &mut Facts,
    entry: Entry<'_>,
    unit: &Unit,
    change: StockChange,
) -> Result<Quantity, RestockError> {
    let on_hand = *facts.stocks.get(unit);
    let (quantity, after, debit, credit) = match change {
        StockChange::Arrives(quantity) => {
            let after = on_hand.plus(quantity).map_err(|_| RestockError::TooMany(on_hand))?;
            (quantity, after, Account::Supply, Account::Stock)
        }
        StockChange::WrittenOff(quantity) => {
            let after = on_hand.minus(quantity).map_err(|_| RestockError::NotOnHand(on_hand))?;
            (quantity, after, Account::Stock, Account::Supply)
        }
    };
    if !quantity.is_zero() {
        let (cause, unit) = (entry.cause.clone(), unit.clone());
        facts.record(Transfer { at: entry.at, cause, lot: None, unit: unit.clone(), quantity, debit, credit });
        facts.stocks.put(&unit, after);
    }
    Ok(after)
}
