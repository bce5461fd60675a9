//! What can happen to a grant after it was given. Each change books its transfers and keeps the grant, the wallet, the counts of
//! use and the customer's debt in step.

use std::sync::Arc;

use crate::rows::campaign::Campaign;
use crate::rows::catalogue::Catalogue;
use crate::rows::facts::{Facts, Wanted};
use crate::rows::grant::Grant;
use crate::rows::ledger::{Account, Lot};
use crate::rows::outcome::Reversal;
use crate::rows::timer::TimerKey;
use crate::rules::book::Book;
use crate::rules::cap::{self, Recipient};
use crate::rules::entry::{Entry, Way, debt, set_debt};
use crate::words::hold::{AfterHold, HoldAction};
use crate::words::key::{GrantSlot, PositionKey, UsageKey};
use crate::words::time::Instant;
use crate::words::unit::{Quantity, UnitClass};

/// A change of a campaign's grants: when and by what it is made, and under which terms they were counted.
#[derive(Clone, Copy)]
pub struct Change<'a> {
    /// When and by what.
    pub entry: Entry<'a>,
    /// The campaign that gave them.
    pub campaign: &'a Campaign,
    /// What operators say of units and shared budgets.
    pub catalogue: &'a Catalogue,
}

/// How much of a grant to take back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TakeBack {
    /// At most so much.
    pub(crate) quantity: Quantity,
    /// Whether the key may be granted again if nothing is left.
    pub(crate) free_key: bool,
}

impl TakeBack {
    /// Takes back so much; the key stays taken.
    fn of(quantity: Quantity) -> Self {
        Self { quantity, free_key: false }
    }
}

/// Returns the rows that a change of a grant looks at, besides the grant.
#[must_use]
pub fn wanted(campaign: &Campaign, catalogue: &Catalogue, grant: &Grant) -> Wanted {
    let mut wanted = Wanted { usage: counted_in(campaign, catalogue, grant).into(), ..Wanted::default() };
    wanted.customers.insert(grant.slot.to.clone());
    wanted.positions.insert(PositionKey { campaign: grant.slot.campaign.clone(), unit: grant.unit.clone() });
    if grant.from_stock {
        wanted.stocks.insert(grant.unit.clone());
    }
    wanted
}

/// Returns the counts that a grant went into, and that a reversal returns to.
#[must_use]
pub fn counted_in(campaign: &Campaign, catalogue: &Catalogue, grant: &Grant) -> Vec<UsageKey> {
    let to = Recipient { customer: &grant.slot.to, identifiers: &grant.counted_for, other_ids: &[] };
    let book = Book { campaign, catalogue, local: grant.counted_on };
    cap::counts(book.caps(to, &grant.unit))
}

/// Gives a grant: out of the campaign's budget or the unit's stock, into the wallet or, while it is held, to what is promised.
pub(crate) fn give(facts: &mut Facts, entry: Entry<'_>, mut grant: Grant) {
    let to = if grant.hold.is_some() { Account::Pending } else { Account::Wallet };
    entry.book(facts, &grant, grant.quantity, Way { from: source(&grant), to });
    if grant.from_stock {
        let left = facts.stocks.get(&grant.unit).minus(grant.quantity).expect("what is given was on hand");
        facts.stocks.put(&grant.unit, left);
    }
    if grant.hold.is_none() {
        arrive(facts, entry, &mut grant);
    }
    set_timer(facts, &grant);
    facts.supersede(grant);
}

/// Sets the timer for when a hold is over, or a grant expires.
fn set_timer(facts: &mut Facts, grant: &Grant) {
    let until = grant.hold.map(|hold| hold.until);
    let due = [until, grant.expires].into_iter().flatten().min();
    if let Some(due) = due.filter(|_| !grant.net().is_zero()) {
        facts.set_ledger_timer(TimerKey::Grant(Lot::of(grant)), due);
    }
}

/// Posts a grant that is held. Does nothing to one that is not. Returns how much was posted.
pub fn post(facts: &mut Facts, entry: Entry<'_>, slot: &GrantSlot) -> Quantity {
    let Some(mut grant) = stored(facts, slot).filter(|grant| grant.hold.is_some()) else {
        return Quantity::ZERO;
    };
    let quantity = grant.left();
    entry.book(facts, &grant, quantity, Way { from: Account::Pending, to: Account::Wallet });
    grant.hold = None;
    arrive(facts, entry, &mut grant);
    keep(facts, slot, grant);
    quantity
}

/// Why a grant was not settled. Nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettleError {
    /// There is no such grant.
    NotFound,
    /// Its hold is over, and it was to be taken back then.
    TimedOut,
    /// It was taken back.
    Reversed,
    /// It was given already.
    Posted,
}

impl std::fmt::Display for SettleError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::NotFound => "there is no such grant",
            Self::TimedOut => "the reservation has timed out",
            Self::Reversed => "the grant was taken back",
            Self::Posted => "the grant was given already",
        })
    }
}

impl std::error::Error for SettleError {}

/// Commits or releases a grant that is pending. What is so already stays so. The caller has loaded [`wanted`].
///
/// # Errors
/// Why nothing was changed.
pub fn settle(facts: &mut Facts, change: Change<'_>, slot: &GrantSlot, how: HoldAction) -> Result<Grant, SettleError> {
    let grant = stored(facts, slot).ok_or(SettleError::NotFound)?;
    let reversed = grant.net().is_zero();
    match (how, grant.hold) {
        // Whether the clock has taken it back by now or is about to makes no difference.
        (HoldAction::Commit, Some(hold)) if hold.then == AfterHold::Void && hold.until <= change.entry.at => {
            return Err(SettleError::TimedOut);
        }
        (HoldAction::Commit, _) if reversed => return Err(SettleError::Reversed),
        (HoldAction::Commit, None) => return Ok(grant),
        (HoldAction::Commit, Some(_)) => drop(post(facts, change.entry, slot)),
        (HoldAction::Release, _) if reversed => return Ok(grant),
        (HoldAction::Release, None) => return Err(SettleError::Posted),
        (HoldAction::Release, Some(_)) => {
            let all = TakeBack::of(grant.net());
            take_back(facts, change, grant, all);
        }
    }
    stored(facts, slot).ok_or(SettleError::NotFound)
}

/// Takes back a grant, or at most so much of it, by request. `None` when there is nothing left to take back, or no such grant.
/// The caller has loaded [`wanted`].
pub fn reverse(
    facts: &mut Facts,
    change: Change<'_>,
    slot: &GrantSlot,
    quantity: Option<Quantity>,
) -> Option<Reversal> {
    let grant = stored(facts, slot)?;
    let quantity = quantity.unwrap_or(grant.net());
    take_back(facts, change, grant, TakeBack::of(quantity))
}

/// Does what is due to a grant at the entry's time: a hold that is over, an expiry. Does nothing when nothing is due. Its timer
/// has gone off, and is set again for what is still to come.
pub fn look_at_clock(facts: &mut Facts, change: Change<'_>, slot: &GrantSlot) {
    let entry = change.entry;
    let Some(grant) = stored(facts, slot) else { return };
    match grant.hold {
        Some(hold) if hold.until <= entry.at => match hold.then {
            AfterHold::Post => drop(post(facts, entry, slot)),
            AfterHold::Void => {
                let quantity = grant.left();
                take_back(facts, change, grant, TakeBack::of(quantity));
            }
        },
        _ => {}
    }
    let Some(mut grant) = stored(facts, slot) else { return };
    if !grant.is_past(entry.at) {
        set_timer(facts, &grant);
    } else if !grant.left().is_zero() {
        expire(facts, entry, &mut grant);
        keep(facts, slot, grant);
    }
}

/// Returns a grant as it stands, to be changed.
pub(crate) fn stored(facts: &Facts, slot: &GrantSlot) -> Option<Grant> {
    facts.grants.get(slot).as_deref().cloned()
}

fn keep(facts: &mut Facts, slot: &GrantSlot, grant: Grant) {
    facts.grants.put(slot, Some(Arc::new(grant)));
}

/// Pays the customer's debt with what comes into a wallet, and lets what is past its time expire at once.
fn arrive(facts: &mut Facts, entry: Entry<'_>, grant: &mut Grant) {
    let owed = debt(facts, &grant.slot.to, &grant.unit);
    let paid = owed.min(grant.left());
    if !paid.is_zero() {
        entry.book(facts, grant, paid, Way { from: Account::Wallet, to: Account::Debt });
        grant.paid = more(grant.paid, paid);
        set_debt(facts, &grant.slot.to, &grant.unit, owed.room_after(paid));
    }
    if grant.is_past(entry.at) {
        expire(facts, entry, grant);
    }
}

fn expire(facts: &mut Facts, entry: Entry<'_>, grant: &mut Grant) {
    let left = grant.left();
    move_to_breakage(facts, entry, grant, left);
}

fn move_to_breakage(facts: &mut Facts, entry: Entry<'_>, grant: &mut Grant, quantity: Quantity) {
    let from = if grant.hold.is_some() { Account::Pending } else { Account::Wallet };
    entry.book(facts, grant, quantity, Way { from, to: Account::Breakage });
    grant.expired = more(grant.expired, quantity);
}

/// Takes back part of a grant, at most what was not taken back before: first what is still there, then what has expired, then
/// what was used, which the customer owes from then on.
pub(crate) fn take_back(facts: &mut Facts, change: Change<'_>, mut grant: Grant, how: TakeBack) -> Option<Reversal> {
    let Change { entry, campaign, catalogue } = change;
    let quantity = how.quantity.min(grant.net());
    if quantity.is_zero() {
        return None;
    }
    let whole = quantity == grant.net();
    for key in counted_in(campaign, catalogue, &grant) {
        let used = *facts.usage.get(&key);
        let used = used.after_return(quantity, whole).expect("a count holds every grant that went into it");
        facts.usage.put(&key, used);
    }
    let from_wallet = quantity.min(grant.left());
    let from_expired = quantity.room_after(from_wallet).min(grant.expired);
    let used = quantity.room_after(from_wallet).room_after(from_expired);
    let held = if grant.hold.is_some() { Account::Pending } else { Account::Wallet };
    for (quantity, from) in [(from_wallet, held), (from_expired, Account::Breakage)] {
        let to = give_back(facts, &grant, quantity);
        entry.book(facts, &grant, quantity, Way { from, to });
    }
    // What was used does not come back to the shelf.
    let back = if grant.from_stock { Account::Supply } else { Account::Budget };
    entry.book(facts, &grant, used, Way { from: Account::Debt, to: back });
    if !used.is_zero() {
        let owes = more(debt(facts, &grant.slot.to, &grant.unit), used);
        set_debt(facts, &grant.slot.to, &grant.unit, owes);
    }
    if grant.unit.class() == UnitClass::CreditLimit {
        let to = facts.who_stays(&grant.slot.to).clone();
        let mut customer = facts.customers.get(&to).clone();
        // A raise that has reached the limit already is not under way any more: there is nothing to take off here.
        customer.raises_under_way = customer.raises_under_way.room_after(quantity);
        facts.customers.put(&to, customer);
    }
    grant.expired = grant.expired.room_after(from_expired);
    grant.owed = more(grant.owed, used);
    grant.reversed = more(grant.reversed, quantity);
    // What is reserved has still to come back to this issue.
    grant.key_freed = whole && how.free_key && grant.reserved.is_zero();
    // Until when a reservation was held says later whether it was in time.
    if whole {
        grant.hold = grant.hold.filter(|hold| hold.then == AfterHold::Void);
    }
    let reversal = Reversal { grant: grant.slot.clone(), unit: grant.unit.clone(), quantity };
    keep(facts, &reversal.grant, grant);
    Some(reversal)
}

/// Where in the life of a redemption a part of a lot goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    /// Out of the wallet: used.
    Redeem,
    /// Out of the wallet, kept apart.
    Reserve,
    /// Out of what was kept apart: used.
    Commit,
    /// Out of what was kept apart: back into the wallet.
    Release,
    /// What was used comes back into the wallet.
    Undo,
}

/// A quantity of a grant on its way in a redemption's life.
pub(crate) struct Move<'a> {
    /// Of which grant.
    pub(crate) slot: &'a GrantSlot,
    /// How much.
    pub(crate) quantity: Quantity,
    /// Where to.
    pub(crate) how: Use,
    /// Until when what comes back after its end can be used; not at all, when `None`.
    pub(crate) grace_until: Option<Instant>,
}

/// Moves a quantity of a grant on in a redemption's life. The caller has checked that there is as much.
pub(crate) fn use_up(facts: &mut Facts, entry: Entry<'_>, moved: &Move<'_>) {
    let Move { slot, quantity, how, grace_until } = *moved;
    let mut grant = stored(facts, slot).expect("a redemption is of grants that exist");
    let less = |from: Quantity| from.minus(quantity).expect("a redemption moves only what it holds");
    let way = match how {
        Use::Redeem => {
            grant.redeemed = more(grant.redeemed, quantity);
            Way { from: Account::Wallet, to: Account::Expense }
        }
        Use::Reserve => {
            grant.reserved = more(grant.reserved, quantity);
            Way { from: Account::Wallet, to: Account::Reserved }
        }
        Use::Commit => {
            (grant.reserved, grant.redeemed) = (less(grant.reserved), more(grant.redeemed, quantity));
            Way { from: Account::Reserved, to: Account::Expense }
        }
        Use::Release => {
            grant.reserved = less(grant.reserved);
            Way { from: Account::Reserved, to: Account::Wallet }
        }
        Use::Undo => {
            grant.redeemed = less(grant.redeemed);
            Way { from: Account::Expense, to: Account::Wallet }
        }
    };
    let comes_back = way.to == Account::Wallet;
    if comes_back
        && grant.is_past(entry.at)
        && let Some(until) = grace_until
    {
        // The rest was not used in time, and the clock may not have come to it yet: only what comes back has a grace.
        let rest = grant.left().room_after(quantity);
        move_to_breakage(facts, entry, &mut grant, rest);
        grant.expires = Some(until);
        set_timer(facts, &grant);
    }
    entry.book(facts, &grant, quantity, way);
    if comes_back {
        arrive(facts, entry, &mut grant);
        facts.list_in_wallet(slot);
    }
    keep(facts, slot, grant);
}

/// Puts back what is taken back, and says where: where it came from, unless that is a shelf that cannot hold as much.
fn give_back(facts: &mut Facts, grant: &Grant, quantity: Quantity) -> Account {
    if !grant.from_stock {
        return Account::Budget;
    }
    match facts.stocks.get(&grant.unit).plus(quantity) {
        Ok(stock) => {
            facts.stocks.put(&grant.unit, stock);
            Account::Stock
        }
        Err(_) => Account::Supply,
    }
}

/// Returns where a grant comes from.
fn source(grant: &Grant) -> Account {
    if grant.from_stock { Account::Stock } else { Account::Budget }
}

fn more(quantity: Quantity, by: Quantity) -> Quantity {
    quantity.plus(by).expect("parts of a grant are at most 10^15")
}
