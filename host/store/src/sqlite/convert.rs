//! Between columns and domain values.

use std::fmt::Display;
use std::str::FromStr;

use largesse_documents::stored::Unreadable;
use largesse_domain::dimension::Dimension;
use largesse_domain::id::{DecisionId, Digest};
use largesse_domain::key::UsedBy;
use largesse_domain::ledger::{Account, Cause};
use largesse_domain::owner::OwnerKind;
use largesse_domain::redemption::RedemptionId;
use largesse_domain::time::{Instant, Window};
use largesse_domain::unit::Quantity;
use rusqlite::Row;
use rusqlite::types::FromSql;

use crate::StoreError;
use crate::pack::unpack;

/// A row of a kind, read column by column.
pub(super) struct Columns<'a> {
    what: &'static str,
    row: &'a Row<'a>,
    next: usize,
}

impl<'a> Columns<'a> {
    pub(super) fn of(what: &'static str, row: &'a Row<'a>) -> Self {
        Self { what, row, next: 0 }
    }

    /// The next column, as it stands.
    pub(super) fn take<T: FromSql>(&mut self) -> Result<T, StoreError> {
        let value = self.row.get(self.next)?;
        self.next += 1;
        Ok(value)
    }

    pub(super) fn corrupt(&self, detail: impl Display) -> StoreError {
        StoreError::Corrupt { what: self.what, detail: detail.to_string() }
    }

    /// The next column, an identifier or a unit.
    pub(super) fn id<T: FromStr<Err: Display>>(&mut self) -> Result<T, StoreError> {
        let text = self.row.get_ref(self.next)?.as_str().map_err(rusqlite::Error::from)?;
        self.next += 1;
        text.parse().map_err(|error| self.corrupt(error))
    }

    pub(super) fn optional_id<T: FromStr<Err: Display>>(&mut self) -> Result<Option<T>, StoreError> {
        if self.row.get_ref(self.next)? == rusqlite::types::ValueRef::Null {
            self.next += 1;
            return Ok(None);
        }
        self.id().map(Some)
    }

    pub(super) fn number(&mut self) -> Result<u64, StoreError> {
        let value: i64 = self.take()?;
        u64::try_from(value).map_err(|error| self.corrupt(error))
    }

    pub(super) fn optional_number(&mut self) -> Result<Option<u64>, StoreError> {
        let value: Option<i64> = self.take()?;
        value.map(u64::try_from).transpose().map_err(|error| self.corrupt(error))
    }

    pub(super) fn quantity(&mut self) -> Result<Quantity, StoreError> {
        let value = self.number()?;
        Quantity::new(value).map_err(|error| self.corrupt(error))
    }

    pub(super) fn optional_quantity(&mut self) -> Result<Option<Quantity>, StoreError> {
        let value: Option<i64> = self.take()?;
        let value = value.map(|value| u64::try_from(value).ok().and_then(|value| Quantity::new(value).ok()));
        match value {
            None => Ok(None),
            Some(Some(quantity)) => Ok(Some(quantity)),
            Some(None) => Err(self.corrupt("a quantity out of range")),
        }
    }

    pub(super) fn instant(&mut self) -> Result<Instant, StoreError> {
        let millis: i64 = self.take()?;
        Instant::from_millis(millis).ok_or_else(|| self.corrupt("a time out of range"))
    }

    pub(super) fn optional_instant(&mut self) -> Result<Option<Instant>, StoreError> {
        let millis: Option<i64> = self.take()?;
        let instant = millis.map(|millis| Instant::from_millis(millis).ok_or("a time out of range"));
        instant.transpose().map_err(|error| self.corrupt(error))
    }

    pub(super) fn digest(&mut self) -> Result<Digest, StoreError> {
        self.take().map(Digest::from_bytes)
    }

    /// The next column, a packed text.
    pub(super) fn packed(&mut self) -> Result<String, StoreError> {
        let packed = self.row.get_ref(self.next)?.as_blob().map_err(rusqlite::Error::from)?;
        self.next += 1;
        unpack(packed).map_err(|error| self.corrupt(error))
    }

    /// The next column, a packed text in one of the stored forms.
    pub(super) fn packed_form<T>(&mut self, read: impl FnOnce(&str) -> Result<T, Unreadable>) -> Result<T, StoreError> {
        let text = self.packed()?;
        read(&text).map_err(|error| self.corrupt(error))
    }

    /// The next column, a text in one of the stored forms.
    pub(super) fn form<T>(&mut self, read: impl FnOnce(&str) -> Result<T, Unreadable>) -> Result<T, StoreError> {
        let text = self.row.get_ref(self.next)?.as_str().map_err(rusqlite::Error::from)?;
        self.next += 1;
        read(text).map_err(|error| self.corrupt(error))
    }
}

/// A number as a column holds it.
pub(super) fn column(number: u64) -> Result<i64, StoreError> {
    i64::try_from(number).map_err(|error| StoreError::Database(Box::new(error)))
}

/// A quantity as a column holds it.
pub(super) fn amount(quantity: Quantity) -> i64 {
    i64::try_from(quantity.get()).expect("quantities end at 10^15")
}

pub(super) fn owner_code(kind: OwnerKind) -> i64 {
    match kind {
        OwnerKind::Party => 0,
        OwnerKind::Entity => 1,
    }
}

pub(super) fn dimension_code(dimension: Dimension) -> i64 {
    match dimension {
        Dimension::Customer => 0,
        Dimension::Identity => 1,
        Dimension::Device => 2,
        Dimension::Card => 3,
        Dimension::Address => 4,
    }
}

pub(super) fn window_code(window: Window) -> i64 {
    match window {
        Window::Campaign => 0,
        Window::Day => 1,
        Window::Week => 2,
        Window::Month => 3,
    }
}

pub(super) fn window(code: i64) -> Option<Window> {
    [Window::Campaign, Window::Day, Window::Week, Window::Month].into_iter().find(|window| window_code(*window) == code)
}

/// Whose use it is: a campaign or a pocket, of what kind, and which customer or identifier.
pub(super) fn holder(by: &UsedBy) -> (&str, i64, &str) {
    match by {
        UsedBy::Campaign(campaign) => (campaign.as_str(), 0, ""),
        UsedBy::Pocket(pocket) => (pocket.as_str(), 1, ""),
        UsedBy::Customer(campaign, customer) => (campaign.as_str(), 2, customer.as_str()),
        UsedBy::Identifier(campaign, dimension, value) => {
            (campaign.as_str(), 2 + dimension_code(*dimension), value.as_str())
        }
    }
}

/// What [`holder`] wrote.
pub(super) fn read_holder(row: &mut Columns<'_>) -> Result<UsedBy, StoreError> {
    let (holder, kind, who): (String, i64, String) = (row.take()?, row.take()?, row.take()?);
    let dimension = Dimension::ALL.into_iter().find(|dimension| 2 + dimension_code(*dimension) == kind);
    let read = || -> Result<UsedBy, largesse_domain::id::InvalidId> {
        Ok(match (kind, dimension) {
            (0, _) => UsedBy::Campaign(holder.parse()?),
            (1, _) => UsedBy::Pocket(holder.parse()?),
            (_, Some(dimension)) if dimension != Dimension::Customer => {
                UsedBy::Identifier(holder.parse()?, dimension, who.parse()?)
            }
            _ => UsedBy::Customer(holder.parse()?, who.parse()?),
        })
    };
    read().map_err(|error| row.corrupt(error))
}

/// What made a transfer, as a column holds it.
pub(super) fn cause_text(cause: &Cause) -> String {
    match cause {
        Cause::Decision(id) => format!("decision/{id}"),
        Cause::Request(id) => format!("request/{id}"),
        Cause::Settle(slot) => format!("settle/{slot}"),
        Cause::Clock => "clock".into(),
    }
}

/// What [`cause_text`] wrote.
pub(super) fn read_cause(row: &mut Columns<'_>) -> Result<Cause, StoreError> {
    let text: String = row.take()?;
    let cause = match text.split_once('/') {
        Some(("decision", id)) => id.parse().ok().map(|id| Cause::Decision(DecisionId(id))),
        Some(("request", id)) => id.parse().ok().map(Cause::Request),
        Some(("settle", id)) => match id.parse() {
            Ok(RedemptionId::Policy(slot)) => Some(Cause::Settle(slot)),
            _ => None,
        },
        _ => (text == "clock").then_some(Cause::Clock),
    };
    cause.ok_or_else(|| row.corrupt(format!("cause {text:?}")))
}

pub(super) fn account_code(account: Account) -> i64 {
    account as i64
}

pub(super) fn read_account(row: &mut Columns<'_>) -> Result<Account, StoreError> {
    let code: i64 = row.take()?;
    let account = Account::ALL.into_iter().find(|account| account_code(*account) == code);
    account.ok_or_else(|| row.corrupt(format!("account {code}")))
}
