//! Grants reserved through the API: a hold on budget, limits and stock that is committed, released, or times out.

use std::fmt;

use crate::rows::facts::{Facts, Wanted};
use crate::rows::grant::{Grant, Hold};
use crate::rows::ledger::{Cause, Lot};
use crate::rows::outcome::Reason;
use crate::rules::book::{Asked, Book, Given};
use crate::rules::cap::Recipient;
use crate::rules::entry::Entry;
use crate::rules::lot;
use crate::words::hold::AfterHold;
use crate::words::id::{CampaignId, CustomerId, GrantKey, RequestId};
use crate::words::key::GrantSlot;
use crate::words::lifecycle::Lifecycle;
use crate::words::time::Instant;
use crate::words::unit::{Quantity, Unit, UnitClass};

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReservationRequest {
    /// The asker's own identifier: the same request again gets the same answer.
    pub id: RequestId,
    /// Out of which campaign's budget.
    pub campaign: CampaignId,
    /// For whom.
    pub customer: CustomerId,
    /// Of what.
    pub unit: Unit,
    /// How much; all or nothing.
    pub quantity: Quantity,
    /// Until when; then it is released.
    pub until: Instant,
    /// Why, for the statement and the auditor.
    pub reason: String,
}

impl ReservationRequest {
    /// Returns where the grant stands, unless the customer has other ids.
    #[must_use]
    pub fn slot(&self) -> GrantSlot {
        GrantSlot { campaign: self.campaign.clone(), to: self.customer.clone(), key: key(&self.id) }
    }
}

/// Returns the grant key of a reservation.
#[must_use]
pub fn key(id: &RequestId) -> GrantKey {
    GrantKey::new(format!("reservation/{id}")).expect("a request id is a short key")
}

/// Why nothing was reserved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReserveError {
    /// The campaign does not give now.
    NotRunning,
    /// The time until which to reserve is over.
    UntilIsPast,
    /// Units of this class cannot be reserved: a credit limit, a rate boost.
    NotReservable(Unit),
    /// Nobody has said what this coupon or item is.
    UnknownUnit(Unit),
    /// The unit is not in the campaign's currency.
    OtherCurrency(Unit),
    /// The class of unit, limits, budgets or stock leave no room.
    NoRoom(Reason),
    /// The identifier was used for another request.
    OtherRequest,
}

impl fmt::Display for ReserveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotRunning => f.write_str("the campaign does not give now"),
            Self::UntilIsPast => f.write_str("the time until which to reserve is over"),
            Self::NotReservable(unit) => write!(f, "{unit} cannot be reserved"),
            Self::UnknownUnit(unit) => write!(f, "there is no unit {unit}"),
            Self::OtherCurrency(unit) => write!(f, "{unit} is not in the campaign's currency"),
            Self::NoRoom(reason) => f.write_str(reason.as_str()),
            Self::OtherRequest => f.write_str("the id was used for another request"),
        }
    }
}

impl std::error::Error for ReserveError {}

/// Returns the rows that a request looks at. The customer's is loaded; the book is of the present.
#[must_use]
pub fn wanted(request: &ReservationRequest, book: Book<'_>, facts: &Facts) -> Wanted {
    let customer = facts.who_stays(&request.customer);
    let identifiers = book.identifiers(customer, facts);
    let to = Recipient { customer, identifiers: &identifiers, other_ids: facts.other_ids(customer) };
    let mut wanted = book.wanted(to, &request.unit);
    wanted.grants.extend(facts.slots_of(&request.slot()));
    wanted
}

/// Reserves. Returns whether it is new, too. The caller has loaded [`wanted`].
///
/// # Errors
/// Why nothing was reserved.
pub fn reserve(
    facts: &mut Facts,
    request: &ReservationRequest,
    book: Book<'_>,
    now: Instant,
) -> Result<(Grant, bool), ReserveError> {
    let Book { campaign, catalogue, local } = book;
    let slots = facts.slots_of(&request.slot());
    if let Some(known) = slots.iter().find_map(|slot| facts.grants.get(slot).as_deref()) {
        let same = (&known.unit, known.quantity, &known.reason) == (&request.unit, request.quantity, &request.reason);
        return if same { Ok((known.clone(), false)) } else { Err(ReserveError::OtherRequest) };
    }
    let runs = campaign.lifecycle == Lifecycle::Running && campaign.takes(now) && campaign.grants_for(now);
    let funded = catalogue.are_open(&campaign.settings.pockets, now);
    if !runs || !funded || !campaign.is_within_windows(&local) {
        return Err(ReserveError::NotRunning);
    }
    if request.until <= now {
        return Err(ReserveError::UntilIsPast);
    }
    if matches!(request.unit.class(), UnitClass::CreditLimit | UnitClass::RateBoost) {
        return Err(ReserveError::NotReservable(request.unit.clone()));
    }
    if catalogue.misses(&request.unit) {
        return Err(ReserveError::UnknownUnit(request.unit.clone()));
    }
    if request.unit.currency().is_some_and(|currency| currency != campaign.settings.currency) {
        return Err(ReserveError::OtherCurrency(request.unit.clone()));
    }
    if !campaign.allows(request.unit.class()) {
        return Err(ReserveError::NoRoom(Reason::ClassNotAllowed));
    }
    let customer = facts.who_stays(&request.customer).clone();
    let identifiers = book.identifiers(&customer, facts);
    let to = Recipient { customer: &customer, identifiers: &identifiers, other_ids: facts.other_ids(&customer) };
    let caps = book.caps(to, &request.unit);
    let (room, reason) = book.room(Asked { to, unit: &request.unit, wanted: request.quantity }, &caps, facts);
    if room < request.quantity {
        return Err(ReserveError::NoRoom(reason));
    }
    let slot = GrantSlot { to: customer.clone(), ..request.slot() };
    book.count(caps, request.quantity, facts);
    let given = Given {
        lot: Lot { slot, issue: 1 },
        unit: request.unit.clone(),
        quantity: request.quantity,
        at: now,
        expires: None,
        counted_for: identifiers,
    };
    let grant = Grant {
        hold: Some(Hold { until: request.until, then: AfterHold::Void }),
        reason: request.reason.clone(),
        ..book.grant(given)
    };
    lot::give(facts, Entry { at: now, cause: &Cause::Request(request.id.clone()) }, grant.clone());
    Ok((grant, true))
}
