//! Units with their terms, and how many pieces of them are on hand.

use largesse_domain::catalogue::UnitTerms;
use largesse_domain::facts::Wanted;
use largesse_domain::unit::{Quantity, Unit};
use largesse_store::StoreError;

use super::{Committed, Query, QueryError};

/// A unit with terms.
#[derive(Clone, Debug, PartialEq)]
pub struct UnitOnHand {
    /// Its terms.
    pub terms: UnitTerms,
    /// The pieces on hand; none of a unit that is not stocked.
    pub on_hand: Quantity,
}

/// The terms of a unit.
#[derive(Clone, Debug)]
pub struct ShowUnit(pub Unit);

impl Query for ShowUnit {
    /// The unit; `None` when it has no terms.
    type Answer = Option<UnitOnHand>;

    fn read(self, committed: &Committed<'_>) -> Result<Self::Answer, QueryError> {
        let Some(terms) = committed.registry.catalogue.units.get(&self.0).cloned() else { return Ok(None) };
        let on_hand = OnHand(self.0).read(committed)?;
        Ok(Some(UnitOnHand { terms, on_hand }))
    }
}

/// How many pieces of a unit are on hand.
#[derive(Clone, Debug)]
pub struct OnHand(pub Unit);

impl Query for OnHand {
    /// So many; none of a unit that is not stocked.
    type Answer = Quantity;

    fn read(self, committed: &Committed<'_>) -> Result<Self::Answer, QueryError> {
        Ok(on_hand(committed, std::slice::from_ref(&self.0))?.pop().unwrap_or_default())
    }
}

/// A page of the units with terms.
#[derive(Clone, Debug)]
pub struct Units {
    /// After this unit.
    pub after: Option<Unit>,
    /// At most so many.
    pub limit: usize,
}

impl Query for Units {
    /// The units, in order.
    type Answer = Vec<UnitOnHand>;

    fn read(self, committed: &Committed<'_>) -> Result<Self::Answer, QueryError> {
        let Self { after, limit } = self;
        let all = committed.registry.catalogue.units.values();
        let later = all.filter(|terms| after.as_ref().is_none_or(|after| terms.unit > *after));
        let terms: Vec<UnitTerms> = later.take(limit).cloned().collect();
        let units: Vec<Unit> = terms.iter().map(|terms| terms.unit.clone()).collect();
        let on_hand = on_hand(committed, &units)?;
        Ok(terms.into_iter().zip(on_hand).map(|(terms, on_hand)| UnitOnHand { terms, on_hand }).collect())
    }
}

/// Pieces on hand, in the order asked.
fn on_hand(committed: &Committed<'_>, units: &[Unit]) -> Result<Vec<Quantity>, StoreError> {
    let wanted = Wanted { stocks: units.iter().cloned().collect(), ..Wanted::default() };
    let rows = committed.store.load(&wanted)?;
    let found =
        |unit: &Unit| rows.stocks.iter().find(|(known, _)| known == unit).map_or(Quantity::ZERO, |found| found.1);
    Ok(units.iter().map(found).collect())
}
