//! Checks the books: every grant, position, count of use, debt and stock is worked out anew from transfers and grants, and
//! compared with what is kept.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher as _};

use crate::rows::budget::Usage;
use crate::rows::campaign::Campaign;
use crate::rows::catalogue::Catalogue;
use crate::rows::customer::Customer;
use crate::rows::grant::Grant;
use crate::rows::ledger::{Account, Cause, Lot, Position, Transfer};
use crate::rows::redemption::{Redemption, RedemptionState};
use crate::rules::lot::counted_in;
use crate::words::id::{CampaignId, CustomerId};
use crate::words::key::{PositionKey, UsageKey};
use crate::words::unit::{Quantity, Unit};

/// Something kept that is not what the transfers and grants come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Of what: a grant, a position, a count of use.
    pub what: String,
    /// What is kept.
    pub kept: String,
    /// What it should be.
    pub found: String,
    /// The last that changed it, as far as it is known.
    pub cause: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: kept is {}, but the books come to {}", self.what, self.kept, self.found)?;
        if self.cause.is_empty() { Ok(()) } else { write!(f, " (last changed by {})", self.cause) }
    }
}

impl std::error::Error for Difference {}

/// How much was looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Audited {
    /// Transfers.
    pub transfers: u64,
    /// Grants, every issue of every key.
    pub grants: u64,
    /// Redemptions.
    pub redemptions: u64,
    /// Accounts of campaigns, by unit.
    pub positions: u64,
    /// Counts of use of budgets and limits.
    pub usage: u64,
    /// Debts of customers.
    pub debts: u64,
}

/// What the transfers of one grant come to.
#[derive(Debug, Default)]
struct LotBooks {
    accounts: Position,
    given: u64,
    kept_for_debt: u64,
    last: String,
}

/// A part of the grants and counts of use: all whose hash leaves the same rest. An audit of a part holds that part in memory, so that books
/// of any size are audited part by part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    number: u64,
    of: u64,
}

impl Part {
    /// Everything.
    pub const WHOLE: Self = Self { number: 0, of: 1 };

    /// Divides everything into so many parts, at least one.
    pub fn all(of: u64) -> impl Iterator<Item = Self> {
        let of = of.max(1);
        (0..of).map(move |number| Self { number, of })
    }

    /// Reports whether it is the first part, with which everything is looked at that is not divided.
    fn is_first(self) -> bool {
        self.number == 0
    }

    fn holds(self, key: &impl Hash) -> bool {
        if self.of == 1 {
            return true;
        }
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        hasher.finish() % self.of == self.number
    }
}

/// An audit under way, of a part of the books. First all transfers, then all redemptions, grants and customers, then [`Audit::positions`],
/// all counts of use, and [`Audit::finish`].
#[derive(Debug)]
pub struct Audit<'a> {
    part: Part,
    campaigns: BTreeMap<&'a CampaignId, &'a Campaign>,
    catalogue: &'a Catalogue,
    lots: HashMap<Lot, LotBooks>,
    reserved: HashMap<Lot, u64>,
    used: HashMap<Lot, u64>,
    positions: BTreeMap<PositionKey, Position>,
    usage: BTreeMap<UsageKey, Usage>,
    debts: BTreeMap<(CustomerId, Unit), i64>,
    stocks: BTreeMap<Unit, i64>,
    audited: Audited,
}

type Checked = Result<(), Box<Difference>>;

fn differ(what: String, kept: impl fmt::Display, found: impl fmt::Display, cause: &str) -> Box<Difference> {
    Box::new(Difference { what, kept: kept.to_string(), found: found.to_string(), cause: cause.to_owned() })
}

fn same<T: PartialEq + fmt::Display>(what: impl FnOnce() -> String, kept: T, found: T, cause: &str) -> Checked {
    if kept == found { Ok(()) } else { Err(differ(what(), kept, found, cause)) }
}

fn signed(quantity: Quantity) -> i64 {
    i64::try_from(quantity.get()).expect("a quantity is at most 10^15")
}

fn cause_text(number: u64, cause: &Cause) -> String {
    match cause {
        Cause::Decision(id) => format!("transfer {number} by decision {id}"),
        Cause::Request(id) => format!("transfer {number} by request {id}"),
        Cause::Settle(slot) => format!("transfer {number} by request to settle {slot}"),
        Cause::Clock => format!("transfer {number} by the clock"),
    }
}

impl<'a> Audit<'a> {
    /// Begins an audit. Campaigns and catalogue say which counts a grant went into.
    #[must_use]
    pub fn new(campaigns: &'a [Campaign], catalogue: &'a Catalogue, part: Part) -> Self {
        Self {
            part,
            campaigns: campaigns.iter().map(|campaign| (&campaign.id, campaign)).collect(),
            catalogue,
            lots: HashMap::new(),
            reserved: HashMap::new(),
            used: HashMap::new(),
            positions: BTreeMap::new(),
            usage: BTreeMap::new(),
            debts: BTreeMap::new(),
            stocks: BTreeMap::new(),
            audited: Audited::default(),
        }
    }

    /// Takes the next transfer, in order, with its number.
    ///
    /// # Errors
    /// When an account that cannot be below nothing would be.
    pub fn transfer(&mut self, number: u64, transfer: &Transfer) -> Checked {
        self.audited.transfers += 1;
        let cause = cause_text(number, &transfer.cause);
        if self.part.is_first() {
            self.undivided(transfer, &cause)?;
        }
        let Some(lot) = transfer.lot.as_ref().filter(|lot| self.part.holds(lot)) else { return Ok(()) };
        let books = self.lots.entry(lot.clone()).or_default();
        books.accounts = books.accounts.after(transfer);
        if matches!(transfer.debit, Account::Budget | Account::Stock) {
            books.given += transfer.quantity.get();
        }
        if (transfer.debit, transfer.credit) == (Account::Wallet, Account::Debt) {
            books.kept_for_debt += transfer.quantity.get();
        }
        for account in [Account::Pending, Account::Wallet, Account::Reserved, Account::Expense, Account::Breakage] {
            let balance = books.accounts.balance(account);
            same(|| format!("{} of {}", account.as_str(), name(lot)), balance.max(0), balance, &cause)?;
        }
        books.last = cause;
        Ok(())
    }

    /// Adds a transfer to stocks, positions and debts.
    fn undivided(&mut self, transfer: &Transfer, cause: &str) -> Checked {
        let quantity = signed(transfer.quantity);
        let changes = [(transfer.debit, -quantity), (transfer.credit, quantity)];
        for (_, change) in changes.iter().filter(|(account, _)| *account == Account::Stock) {
            *self.stocks.entry(transfer.unit.clone()).or_default() += change;
        }
        let on_hand = self.stocks.get(&transfer.unit).copied().unwrap_or_default();
        same(|| format!("stock of {}", transfer.unit), on_hand.max(0), on_hand, cause)?;
        let Some(lot) = &transfer.lot else { return Ok(()) };
        let key = PositionKey { campaign: lot.slot.campaign.clone(), unit: transfer.unit.clone() };
        let position = self.positions.entry(key).or_default();
        *position = position.after(transfer);
        for (_, change) in changes.iter().filter(|(account, _)| *account == Account::Debt) {
            *self.debts.entry((lot.slot.to.clone(), transfer.unit.clone())).or_default() += change;
        }
        Ok(())
    }

    /// Takes a redemption, after all transfers.
    pub fn redemption(&mut self, redemption: &Redemption) {
        self.audited.redemptions += 1;
        let sums = match redemption.state {
            RedemptionState::Reserved => &mut self.reserved,
            RedemptionState::Redeemed | RedemptionState::Reversed => &mut self.used,
            RedemptionState::Released | RedemptionState::TimedOut => return,
        };
        for part in redemption.parts.iter().filter(|part| !part.left().is_zero()) {
            let lot = Lot { slot: part.slot.clone(), issue: part.issue };
            if self.part.holds(&lot) {
                *sums.entry(lot).or_default() += part.left().get();
            }
        }
    }

    /// Takes a grant, after all transfers and redemptions.
    ///
    /// # Errors
    /// When it is not what its transfers come to.
    pub fn grant(&mut self, grant: &Grant) -> Checked {
        self.audited.grants += 1;
        let lot = Lot::of(grant);
        if !self.campaigns.contains_key(&grant.slot.campaign) {
            return Err(differ(name(&lot), format!("granted by {}", grant.slot.campaign), "no such campaign", ""));
        }
        if self.part.holds(&lot) {
            self.lot(&lot, grant)?;
        }
        let Some(campaign) = self.campaigns.get(&grant.slot.campaign) else { return Ok(()) };
        for key in counted_in(campaign, self.catalogue, grant).into_iter().filter(|key| self.part.holds(key)) {
            let used = self.usage.entry(key).or_default();
            used.amount = used.amount.plus(grant.net()).unwrap_or(Quantity::MAX);
            used.count += u64::from(!grant.net().is_zero());
        }
        Ok(())
    }

    /// Compares a grant with its transfers.
    fn lot(&mut self, lot: &Lot, grant: &Grant) -> Checked {
        let what = |part: &str| format!("{part} of {}", name(lot));
        let books = self.lots.remove(lot).unwrap_or_default();
        let held = if grant.hold.is_some() { Account::Pending } else { Account::Wallet };
        let other = if grant.hold.is_some() { Account::Wallet } else { Account::Pending };
        let cause = &books.last;
        let balance = |account| books.accounts.balance(account);
        same(|| what("quantity"), grant.quantity.get(), books.given, cause)?;
        same(|| what(held.as_str()), signed(grant.left()), balance(held), cause)?;
        same(|| what(other.as_str()), 0, balance(other), cause)?;
        same(|| what("reserved"), signed(grant.reserved), balance(Account::Reserved), cause)?;
        same(|| what("expired"), signed(grant.expired), balance(Account::Breakage), cause)?;
        same(|| what("redeemed"), signed(grant.redeemed), balance(Account::Expense), cause)?;
        same(|| what("paid"), grant.paid.get(), books.kept_for_debt, cause)?;
        // Paying a debt moves it off the grant that pays, so only what both sides come to is told apart here.
        let owed = i64::try_from(books.kept_for_debt).unwrap_or(i64::MAX) - signed(grant.owed);
        same(|| what("owed"), owed, balance(Account::Debt), cause)?;
        let reserved = self.reserved.remove(lot).unwrap_or_default();
        same(|| what("reserved by redemptions"), grant.reserved.get(), reserved, cause)?;
        let used = self.used.remove(lot).unwrap_or_default();
        same(|| what("used by redemptions"), grant.redeemed.get(), used, cause)
    }

    /// Takes a customer, after all transfers.
    ///
    /// # Errors
    /// When they owe something else than the transfers come to.
    pub fn customer(&mut self, id: &CustomerId, customer: &Customer) -> Checked {
        self.audited.debts += customer.debts.len() as u64;
        if !self.part.is_first() {
            return Ok(());
        }
        self.unite_debts(id, &customer.also);
        for (unit, debt) in &customer.debts {
            let found = self.debts.remove(&(id.clone(), unit.clone())).unwrap_or_default();
            same(|| format!("debt of {id} in {unit}"), signed(*debt), -found, "")?;
        }
        Ok(())
    }

    /// Charges the one who stays with what grants to the other ids of a customer leave owing.
    fn unite_debts(&mut self, id: &CustomerId, also: &[CustomerId]) {
        if also.is_empty() {
            return;
        }
        let theirs = |(customer, _): &(CustomerId, Unit)| also.contains(customer);
        let keys: Vec<_> = self.debts.keys().filter(|key| theirs(key)).cloned().collect();
        for key in keys {
            let owed = self.debts.remove(&key).unwrap_or_default();
            *self.debts.entry((id.clone(), key.1)).or_default() += owed;
        }
    }

    /// Compares positions, after all grants and customers; and that no transfer was left out.
    ///
    /// # Errors
    /// The first difference.
    pub fn positions(&mut self, positions: &[(PositionKey, Position)]) -> Checked {
        self.audited.positions += positions.len() as u64;
        if let Some((lot, books)) = self.lots.iter().min_by(|a, b| (&a.0.slot, a.0.issue).cmp(&(&b.0.slot, b.0.issue)))
        {
            return Err(differ(name(lot), "nothing", "a grant with transfers", &books.last));
        }
        if let Some(lot) = self.reserved.keys().min_by(|a, b| (&a.slot, a.issue).cmp(&(&b.slot, b.issue))) {
            return Err(differ(name(lot), "nothing", "a grant reserved by a redemption", ""));
        }
        if let Some(lot) = self.used.keys().min_by(|a, b| (&a.slot, a.issue).cmp(&(&b.slot, b.issue))) {
            return Err(differ(name(lot), "nothing", "a grant used by a redemption", ""));
        }
        if !self.part.is_first() {
            return Ok(());
        }
        for ((customer, unit), balance) in &self.debts {
            same(|| format!("debt of {customer} in {unit}"), 0, -balance, "")?;
        }
        for (key, position) in positions {
            let found = self.positions.remove(key).unwrap_or_default();
            for account in Account::ALL {
                let what = || format!("{} of {} in {}", account.as_str(), key.campaign, key.unit);
                same(what, position.balance(account), found.balance(account), "")?;
            }
            same(|| format!("sum of accounts of {} in {}", key.campaign, key.unit), position.sum(), 0, "")?;
        }
        match self.positions.first_key_value() {
            Some((key, position)) => {
                let what = format!("accounts of {} in {}", key.campaign, key.unit);
                Err(differ(what, "nothing", format!("{:?}", position.0), ""))
            }
            None => Ok(()),
        }
    }

    /// Takes a count of use, after all grants.
    ///
    /// # Errors
    /// When it is not what the grants come to.
    pub fn usage(&mut self, key: &UsageKey, used: Usage) -> Checked {
        self.audited.usage += 1;
        if !self.part.holds(key) {
            return Ok(());
        }
        let found = self.usage.remove(key).unwrap_or_default();
        same(|| format!("use of {key:?}"), used.amount.get(), found.amount.get(), "")?;
        same(|| format!("grants counted in {key:?}"), used.count, found.count, "")
    }

    /// Compares stocks, after all else; and that no count of use was left out.
    ///
    /// # Errors
    /// The first difference.
    pub fn finish(mut self, stocks: &[(Unit, Quantity)]) -> Result<Audited, Box<Difference>> {
        if let Some((key, used)) = self.usage.iter().find(|(_, used)| **used != Usage::default()) {
            return Err(differ(format!("use of {key:?}"), "nothing", used.amount, ""));
        }
        if !self.part.is_first() {
            return Ok(self.audited);
        }
        for (unit, on_hand) in stocks {
            let found = self.stocks.remove(unit).unwrap_or_default();
            same(|| format!("stock of {unit}"), signed(*on_hand), found, "")?;
        }
        match self.stocks.iter().find(|(_, on_hand)| **on_hand != 0) {
            Some((unit, on_hand)) => Err(differ(format!("stock of {unit}"), "nothing", on_hand, "")),
            None => Ok(self.audited),
        }
    }
}

fn name(lot: &Lot) -> String {
    let again = if lot.issue > 1 { format!(" (issue {})", lot.issue) } else { String::new() };
    format!("grant {} of {} to {}{again}", lot.slot.key, lot.slot.campaign, lot.slot.to)
}
