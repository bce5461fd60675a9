//! Using what was granted: points spent, a coupon used, cash withdrawn, an item claimed. At once, or reserved first and then
//! committed, released or timed out. Whoever asks for it does so through the API, or a policy reserves.

use std::fmt;

use crate::limits::RETURNS_MAX;
use crate::rows::catalogue::Catalogue;
use crate::rows::facts::{Facts, Wanted};
use crate::rows::grant::Grant;
use crate::rows::ledger::Cause;
use crate::rows::redemption::{
    Part, Redemption, RedemptionId, RedemptionRequest, RedemptionState, Return, ReturnRequest,
};
use crate::rows::timer::TimerKey;
use crate::rules::entry::Entry;
use crate::rules::lot::{Move, Use, use_up};
use crate::words::id::CustomerId;
use crate::words::key::{GrantSlot, PositionKey};
use crate::words::time::Instant;
use crate::words::unit::{Quantity, Unit, UnitClass};

/// What shall become of a redemption.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RedemptionAction {
    /// What is reserved is used.
    Commit,
    /// What is reserved is given back.
    Release,
    /// What was used is given back, or some of it.
    Reverse(ReturnRequest),
}

impl RedemptionAction {
    /// Returns the word in the API.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::Release => "release",
            Self::Reverse(_) => "reverse",
        }
    }

    /// Returns the cause of what it does to a redemption.
    #[must_use]
    pub fn cause(&self, of: &RedemptionId) -> Cause {
        match self {
            Self::Reverse(ReturnRequest { id: Some(id), .. }) => Cause::Request(id.clone()),
            _ => of.cause(),
        }
    }
}

/// Why something was not redeemed, or a redemption not settled. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RedeemError {
    /// Units of this class are not used up: growth, a credit limit, a rate boost.
    NotRedeemable(Unit),
    /// Nobody has said what this coupon or item is, and the customer has none.
    UnknownUnit(Unit),
    /// Less is asked for than is redeemed at once.
    BelowMinimum(Quantity),
    /// It would be reserved until a time that is over.
    UntilIsPast,
    /// The customer has no such grant.
    NoGrant,
    /// The grant is of another unit.
    OtherUnit(Unit),
    /// The grant's time is over.
    GrantExpired,
    /// The customer can use only so much.
    Insufficient(Quantity),
    /// The identifier was used for another request.
    OtherRequest,
    /// There is no such redemption.
    NotFound,
    /// It is another customer's.
    OtherCustomer,
    /// What is asked makes no sense in the state that it is in.
    State(RedemptionState),
    /// More would come back than was used and has not come back: so much can.
    ReturnsMore(Quantity),
    /// The return's identifier was used for another quantity.
    OtherReturn,
    /// It came back in so many pieces that only all of the rest can come back.
    TooManyReturns,
    /// A grant that it used was taken back and given anew: there is nothing to give back to.
    GrantReplaced,
}

impl fmt::Display for RedeemError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotRedeemable(unit) => write!(f, "{unit} is not used up"),
            Self::UnknownUnit(unit) => write!(f, "there is no unit {unit}"),
            Self::BelowMinimum(least) => write!(f, "at least {least} is redeemed at once"),
            Self::UntilIsPast => f.write_str("the time until which to reserve is over"),
            Self::NoGrant => f.write_str("the customer has no such grant"),
            Self::OtherUnit(unit) => write!(f, "the grant is of {unit}"),
            Self::GrantExpired => f.write_str("the grant has expired"),
            Self::Insufficient(left) => write!(f, "the customer can use {left}"),
            Self::OtherRequest => f.write_str("the id was used for another request"),
            Self::NotFound => f.write_str("there is no such redemption"),
            Self::OtherCustomer => f.write_str("the redemption is another customer's"),
            Self::State(state) => write!(f, "the redemption is {}", state.as_str()),
            Self::ReturnsMore(left) => write!(f, "{left} of the redemption can still be returned"),
            Self::OtherReturn => f.write_str("the return's id was used for another quantity"),
            Self::TooManyReturns => {
                write!(f, "the redemption was returned in {RETURNS_MAX} pieces: return the rest, without a quantity")
            }
            Self::GrantReplaced => f.write_str("a grant that was used has been taken back and given anew"),
        }
    }
}

impl std::error::Error for RedeemError {}

/// Returns the rows that a request looks at first; [`wanted_of_grants`] says which more. The customer is loaded.
#[must_use]
pub fn wanted(request: &RedemptionRequest, facts: &Facts) -> Wanted {
    let mut wanted = Wanted { redemptions: [request.id.clone()].into(), ..Wanted::default() };
    match slots(request, facts) {
        Some(slots) => wanted.grants.extend(slots),
        None => wanted.wallets.extend(facts.ids_of(&request.customer)),
    }
    wanted
}

/// Returns where the grant that is named may stand: under one of the customer's ids.
fn slots(request: &RedemptionRequest, facts: &Facts) -> Option<Vec<GrantSlot>> {
    let (campaign, key) = request.grant.clone()?;
    Some(facts.slots_of(&GrantSlot { campaign, to: request.customer.clone(), key }))
}

/// Returns the grants that a request may use.
fn candidates<'a>(facts: &'a Facts, request: &RedemptionRequest) -> Vec<&'a Grant> {
    match slots(request, facts) {
        Some(slots) => slots.iter().filter_map(|slot| facts.grants.get(slot).as_deref()).collect(),
        None => facts.wallet(&request.customer).into_iter().filter(|grant| grant.unit == request.unit).collect(),
    }
}

/// Returns the rows that a request changes; those of [`wanted`] are loaded.
#[must_use]
pub fn wanted_of_grants(request: &RedemptionRequest, facts: &Facts) -> Wanted {
    let key = |grant: &Grant| PositionKey { campaign: grant.slot.campaign.clone(), unit: grant.unit.clone() };
    Wanted { positions: candidates(facts, request).into_iter().map(key).collect(), ..Wanted::default() }
}

/// Returns the rows that settling a redemption changes; the redemption is loaded.
#[must_use]
pub fn wanted_to_settle(redemption: &Redemption) -> Wanted {
    let mut wanted = Wanted { customers: [redemption.request.customer.clone()].into(), ..Wanted::default() };
    for part in &redemption.parts {
        // Given to the customer, or to another id of theirs.
        wanted.customers.insert(part.slot.to.clone());
        wanted.grants.insert(part.slot.clone());
        let unit = redemption.request.unit.clone();
        wanted.positions.insert(PositionKey { campaign: part.slot.campaign.clone(), unit });
    }
    wanted
}

/// Redeems, or reserves. Returns whether it is new, too. The caller has loaded [`wanted`] and [`wanted_of_grants`].
///
/// # Errors
/// Why nothing was redeemed.
pub fn redeem(
    facts: &mut Facts,
    request: &RedemptionRequest,
    catalogue: &Catalogue,
    now: Instant,
) -> Result<(Redemption, bool), RedeemError> {
    if let Some(known) = facts.redemptions.get(&request.id) {
        return if known.request == *request { Ok((known.clone(), false)) } else { Err(RedeemError::OtherRequest) };
    }
    check(request, catalogue, now)?;
    let parts = parts(facts, request, Terms { catalogue, now }).map_err(|error| match error {
        RedeemError::Insufficient(Quantity::ZERO) if catalogue.misses(&request.unit) => {
            RedeemError::UnknownUnit(request.unit.clone())
        }
        error => error,
    })?;
    Ok((make(facts, request.clone(), parts, Entry { at: now, cause: &request.id.cause() }), true))
}

/// Takes the parts out of the wallet: to be used, or to be kept apart.
pub(crate) fn make(facts: &mut Facts, request: RedemptionRequest, parts: Vec<Part>, entry: Entry<'_>) -> Redemption {
    let (state, step) = match request.reserve_until {
        Some(_) => (RedemptionState::Reserved, Use::Reserve),
        None => (RedemptionState::Redeemed, Use::Redeem),
    };
    for Part { slot, quantity, .. } in &parts {
        use_up(facts, entry, &Move { slot, quantity: *quantity, how: step, grace_until: None });
    }
    if let Some(until) = request.reserve_until {
        facts.set_ledger_timer(TimerKey::Redemption(request.id.clone()), until);
    }
    let redemption = Redemption { request, state, parts, returns: Vec::new(), made_at: entry.at, changed_at: entry.at };
    facts.redemptions.put(&redemption.request.id, Some(redemption.clone()));
    redemption
}

/// Reports whether units of this class are used up: not growth, a credit limit, a rate boost.
#[must_use]
pub fn is_redeemable(class: UnitClass) -> bool {
    !matches!(class, UnitClass::Growth | UnitClass::CreditLimit | UnitClass::RateBoost)
}

/// Returns the least of a unit that is redeemed at once.
pub(crate) fn least(unit: &Unit, catalogue: &Catalogue) -> Quantity {
    catalogue.units.get(unit).and_then(|terms| terms.redeem_minimum).unwrap_or(Quantity::ONE)
}

fn check(request: &RedemptionRequest, catalogue: &Catalogue, now: Instant) -> Result<(), RedeemError> {
    if !is_redeemable(request.unit.class()) {
        return Err(RedeemError::NotRedeemable(request.unit.clone()));
    }
    let least = least(&request.unit, catalogue);
    if request.quantity < least {
        return Err(RedeemError::BelowMinimum(least));
    }
    if request.reserve_until.is_some_and(|until| until <= now) {
        return Err(RedeemError::UntilIsPast);
    }
    Ok(())
}

/// What holds for units, and when.
#[derive(Clone, Copy)]
pub(crate) struct Terms<'a> {
    /// What operators say of units.
    pub(crate) catalogue: &'a Catalogue,
    /// The host's clock.
    pub(crate) now: Instant,
}

/// Returns what a request is made of, in the order in which the unit is used.
///
/// # Errors
/// When the grant named does not fit, or there is not as much.
pub(crate) fn parts(facts: &Facts, request: &RedemptionRequest, terms: Terms<'_>) -> Result<Vec<Part>, RedeemError> {
    let Terms { catalogue, now } = terms;
    let mut grants = candidates(facts, request);
    let order = catalogue.spend_order(&request.unit);
    grants.sort_by(|a, b| a.used_before(b, order));
    if request.grant.is_some() {
        if grants.is_empty() {
            return Err(RedeemError::NoGrant);
        }
        if let Some(other) = grants.iter().find(|grant| grant.unit != request.unit) {
            return Err(RedeemError::OtherUnit(other.unit.clone()));
        }
        if grants.iter().all(|grant| grant.is_past(now)) {
            return Err(RedeemError::GrantExpired);
        }
    }
    let mut open = request.quantity;
    let mut parts = Vec::new();
    for grant in grants {
        let quantity = grant.available_at(now).min(open);
        if !quantity.is_zero() {
            open = open.room_after(quantity);
            let (slot, issue) = (grant.slot.clone(), grant.issue);
            parts.push(Part { slot, issue, quantity, returned: Quantity::ZERO });
        }
    }
    if open.is_zero() { Ok(parts) } else { Err(RedeemError::Insufficient(request.quantity.room_after(open))) }
}

/// Which redemption is settled, and how.
#[derive(Clone, Copy, Debug)]
pub struct SettleRequest<'a> {
    /// Which.
    pub id: &'a RedemptionId,
    /// Only if it is this customer's.
    pub customer: Option<&'a CustomerId>,
    /// What becomes of it.
    pub how: &'a RedemptionAction,
    /// What operators say of units.
    pub catalogue: &'a Catalogue,
}

/// Commits, releases or reverses a redemption. What is so already stays so. The caller has loaded the
/// redemption, [`wanted_to_settle`] and that customer.
///
/// # Errors
/// Why nothing was changed.
pub fn settle(facts: &mut Facts, request: SettleRequest<'_>, entry: Entry<'_>) -> Result<Redemption, RedeemError> {
    use RedemptionState::{Redeemed, Released, Reserved};
    let SettleRequest { id, customer, how, catalogue } = request;
    let mut redemption = facts.redemptions.get(id).clone().ok_or(RedeemError::NotFound)?;
    if customer.is_some_and(|customer| facts.who_stays(customer) != facts.who_stays(&redemption.request.customer)) {
        return Err(RedeemError::OtherCustomer);
    }
    let step = match (how, redemption.state) {
        (RedemptionAction::Reverse(asked), _) => {
            put_back(facts, &mut redemption, asked, Settling { entry, catalogue })?;
            return Ok(redemption);
        }
        (RedemptionAction::Commit, Redeemed) | (RedemptionAction::Release, Released) => return Ok(redemption),
        (RedemptionAction::Commit, Reserved) if redemption.is_over(entry.at) => {
            return Err(RedeemError::State(RedemptionState::TimedOut));
        }
        (RedemptionAction::Commit, Reserved) => Step { to: Redeemed, how: Use::Commit },
        (RedemptionAction::Release, Reserved) => Step { to: Released, how: Use::Release },
        (_, state) => return Err(RedeemError::State(state)),
    };
    go_on(facts, &mut redemption, step, Settling { entry, catalogue })?;
    Ok(redemption)
}

/// Gives back what was used, or some of it: what was used last comes back first, so that what stays used is what a smaller redemption
/// would have used.
fn put_back(
    facts: &mut Facts,
    redemption: &mut Redemption,
    asked: &ReturnRequest,
    settling: Settling<'_>,
) -> Result<(), RedeemError> {
    let known = redemption.returns.iter().find(|known| known.request.id == asked.id && !known.request.is_of_the_rest());
    if let Some(known) = known.filter(|_| !asked.is_of_the_rest()) {
        return if known.request == *asked { Ok(()) } else { Err(RedeemError::OtherReturn) };
    }
    match redemption.state {
        RedemptionState::Reversed if asked.quantity.is_none() => return Ok(()),
        RedemptionState::Redeemed => {}
        state => return Err(RedeemError::State(state)),
    }
    let left = redemption.request.quantity.room_after(redemption.returned());
    let quantity = asked.quantity.unwrap_or(left);
    if left < quantity {
        return Err(RedeemError::ReturnsMore(left));
    }
    if quantity < left && redemption.returns.len() >= RETURNS_MAX {
        return Err(RedeemError::TooManyReturns);
    }
    let mut open = quantity;
    let mut moves = Vec::new();
    for part in redemption.parts.iter_mut().rev() {
        let back = part.left().min(open);
        if back.is_zero() {
            continue;
        }
        if !stands(facts, part) {
            return Err(RedeemError::GrantReplaced);
        }
        open = open.room_after(back);
        part.returned = part.returned.plus(back).expect("no more of a part comes back than there is");
        moves.push((part.slot.clone(), back));
    }
    let (at, grace_until) = (settling.entry.at, settling.grace_until(redemption));
    for (slot, quantity) in &moves {
        use_up(facts, settling.entry, &Move { slot, quantity: *quantity, how: Use::Undo, grace_until });
    }
    redemption.returns.push(Return { request: asked.clone(), quantity, at });
    redemption.changed_at = at;
    if quantity == left {
        redemption.state = RedemptionState::Reversed;
    }
    facts.redemptions.put(&redemption.request.id, Some(redemption.clone()));
    Ok(())
}

/// Gives back what was reserved for too long. Nothing happens to a redemption that is settled or has time. The caller has loaded
/// the redemption and [`wanted_to_settle`].
pub fn look_at_clock(facts: &mut Facts, id: &RedemptionId, catalogue: &Catalogue, now: Instant) {
    let Some(mut redemption) = facts.redemptions.get(id).clone() else { return };
    if redemption.state == RedemptionState::Reserved && redemption.is_over(now) {
        let given_back = Step { to: RedemptionState::TimedOut, how: Use::Release };
        let entry = Entry { at: now, cause: &Cause::Clock };
        go_on(facts, &mut redemption, given_back, Settling { entry, catalogue })
            .expect("a grant of which a part is reserved stays");
    }
}

/// A step in the life of a redemption.
struct Step {
    to: RedemptionState,
    how: Use,
}

/// When and by what a redemption is settled, under which terms.
#[derive(Clone, Copy)]
struct Settling<'a> {
    entry: Entry<'a>,
    catalogue: &'a Catalogue,
}

impl Settling<'_> {
    fn grace_until(self, of: &Redemption) -> Option<Instant> {
        self.catalogue.grace_until(&of.request.unit, self.entry.at)
    }
}

/// Reports whether the grant of a part was not given anew since.
fn stands(facts: &Facts, part: &Part) -> bool {
    facts.grants.get(&part.slot).as_ref().is_some_and(|grant| grant.issue == part.issue)
}

fn go_on(
    facts: &mut Facts,
    redemption: &mut Redemption,
    step: Step,
    settling: Settling<'_>,
) -> Result<(), RedeemError> {
    if !redemption.parts.iter().all(|part| stands(facts, part)) {
        return Err(RedeemError::GrantReplaced);
    }
    let grace_until = settling.grace_until(redemption);
    for Part { slot, quantity, .. } in &redemption.parts {
        use_up(facts, settling.entry, &Move { slot, quantity: *quantity, how: step.how, grace_until });
    }
    (redemption.state, redemption.changed_at) = (step.to, settling.entry.at);
    facts.redemptions.put(&redemption.request.id, Some(redemption.clone()));
    Ok(())
}
