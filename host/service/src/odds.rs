//! Whether prizes can be won: what a policy offers, held against the stock before a campaign starts.

use largesse_domain::catalogue::Catalogue;
use largesse_domain::facts::Wanted;
use largesse_domain::policy::Offer;
use largesse_domain::problem::Problem;
use largesse_domain::unit::{Quantity, Unit};

use crate::{ChangeError, Service};

/// The stocks that have to be known to judge offers.
pub(crate) fn wanted(offers: &[Offer], catalogue: &Catalogue) -> Wanted {
    let stocked = offers.iter().map(|offer| &offer.unit).filter(|unit| catalogue.is_stocked(unit));
    Wanted { stocks: stocked.cloned().collect(), ..Wanted::default() }
}

/// What is dishonest about the offers: prizes on hand that nobody can win, and prizes drawn that are not there.
pub(crate) fn problems(offers: &[Offer], stocks: &[(Unit, Quantity)]) -> Vec<Problem> {
    let problem = |offer: &Offer| {
        let (_, on_hand) = stocks.iter().find(|(unit, _)| *unit == offer.unit)?;
        let message = match offer.chance? {
            0 if !on_hand.is_zero() => format!("{} is never drawn, and {on_hand} are on hand", offer.unit),
            chance if chance > 0 && *on_hand < offer.quantity => {
                format!("{} is drawn, and {on_hand} are on hand: fewer than one prize takes", offer.unit)
            }
            _ => return None,
        };
        Some(Problem { pointer: "/params".into(), message })
    };
    offers.iter().filter_map(problem).collect()
}

impl Service {
    /// Holds what the policy offers against the stock.
    pub(crate) async fn odds_problems(&self, offers: &[Offer]) -> Result<Vec<Problem>, ChangeError> {
        let stocked = wanted(offers, &self.registry().catalogue);
        let rows = self.read(move |store| store.load(&stocked)).await?;
        Ok(problems(offers, &rows.stocks))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(unit: &str, chance: Option<u32>) -> Offer {
        Offer { unit: unit.parse().unwrap(), quantity: Quantity::ONE, chance }
    }

    #[test]
    fn a_prize_on_hand_can_be_won_and_one_that_is_drawn_is_on_hand() {
        let stocks = [("item:phone", 1), ("item:mug", 0)]
            .map(|(unit, pieces)| (unit.parse().unwrap(), Quantity::new(pieces).unwrap()));
        let found = |offers: &[Offer]| problems(offers, &stocks).len();
        assert_eq!(found(&[offer("item:phone", Some(1)), offer("item:mug", Some(0))]), 0);
        assert_eq!(found(&[offer("item:phone", Some(0))]), 1);
        assert_eq!(found(&[offer("item:mug", Some(10_000))]), 1);
        // What is not drawn, or not stocked, is no prize of this kind.
        assert_eq!(found(&[offer("item:mug", None), offer("points", Some(0))]), 0);
    }
}
