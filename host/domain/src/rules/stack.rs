//! Stacking: which campaigns give for the same event, when several would.
//!
//! A decision that gives something and takes nothing back *takes part* in its group. Any other decision of the group stands as
//! it would without one: it neither wins nor is excluded.

use std::collections::BTreeMap;
use std::iter;

use crate::rows::catalogue::Catalogue;
use crate::rows::outcome::{Done, Outcome, Verdict};
use crate::words::unit::{Currency, Quantity, Unit};

/// Reports whether a decision with this verdict takes part in its group.
#[must_use]
pub fn takes_part(verdict: &Verdict) -> bool {
    let revokes = done(verdict).any(|done| matches!(done, Done::Revoked(_)));
    !revokes && given(verdict).next().is_some()
}

/// Returns what decisions give, to whomever, in minor units of the currency, rounded down for each unit. A unit whose value is not known, or is known in
/// another currency, counts nothing.
#[must_use]
pub fn worth<'a>(verdicts: impl IntoIterator<Item = &'a Verdict>, currency: Currency, catalogue: &Catalogue) -> u128 {
    let mut sums: BTreeMap<&Unit, u128> = BTreeMap::new();
    for (unit, quantity) in verdicts.into_iter().flat_map(given) {
        *sums.entry(unit).or_default() += u128::from(quantity.get());
    }
    let worth = |(unit, quantity): (&Unit, u128)| {
        let value = catalogue.value(unit).filter(|value| value.currency == currency);
        value.map_or(0, |value| value.rounded_down(quantity))
    };
    sums.into_iter().map(worth).fold(0, u128::saturating_add)
}

fn given(verdict: &Verdict) -> impl Iterator<Item = (&Unit, Quantity)> {
    done(verdict).filter_map(|done| match done {
        Done::Granted { unit, quantity, .. } => Some((unit, *quantity)),
        _ => None,
    })
}

fn done(verdict: &Verdict) -> impl Iterator<Item = &Done> {
    let mut outcomes = match verdict {
        Verdict::Accepted(outcomes) => outcomes.as_slice(),
        Verdict::Denied(..) | Verdict::Refused | Verdict::Faulted => &[],
    }
    .iter();
    iter::from_fn(move || {
        outcomes.find_map(|outcome| match outcome {
            Outcome::Applied(done) | Outcome::Reduced(done, _) => Some(done),
            Outcome::Skipped(..) => None,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::catalogue::{UnitTerms, Valuation};
    use crate::rows::effect::EffectKind;
    use crate::rows::outcome::{Denied, Reason};
    use crate::words::json::Json;
    use crate::words::key::GrantSlot;
    use crate::words::unit::SpendOrder;

    fn granted(unit: &str, quantity: u64) -> Outcome {
        let (campaign, to, key) = ("c".parse().unwrap(), "u".parse().unwrap(), "k".parse().unwrap());
        let grant = GrantSlot { campaign, to, key };
        let (unit, quantity) = (unit.parse().unwrap(), Quantity::new(quantity).unwrap());
        Outcome::Applied(Done::Granted { grant, unit, quantity, choice: 0 })
    }

    fn valued(unit: &str, (amount, per): (u64, u64), currency: &str) -> (Unit, UnitTerms) {
        let [amount, per] = [amount, per].map(|number| Quantity::new(number).unwrap());
        let terms = UnitTerms {
            unit: unit.parse().unwrap(),
            title: String::new(),
            cost: None,
            value: Some(Valuation { amount, per, currency: Currency::new(currency).unwrap() }),
            stocked: false,
            valid_days: None,
            spend: SpendOrder::ExpiresFirst,
            grace_days: 30,
            redeem_minimum: None,
            terms: Json::empty_object(),
        };
        (terms.unit.clone(), terms)
    }

    #[test]
    fn only_what_gives_and_takes_nothing_back_takes_part() {
        let skipped = Outcome::Skipped(EffectKind::Grant, Reason::LimitReached);
        let Outcome::Applied(done) = granted("points", 1) else { panic!("it is applied") };
        let reduced = Outcome::Reduced(done, Reason::LimitReached);
        let revoked = Outcome::Applied(Done::Revoked(Vec::new()));
        for (outcomes, expected) in [
            (vec![], false),
            (vec![skipped.clone()], false),
            (vec![skipped, granted("points", 1)], true),
            (vec![reduced], true),
            (vec![revoked.clone()], false),
            (vec![granted("points", 1), revoked], false),
        ] {
            assert_eq!(takes_part(&Verdict::Accepted(outcomes.clone())), expected, "{outcomes:?}");
        }
        for verdict in [Verdict::Denied(Denied::Effect(0), Reason::NoLimit), Verdict::Refused, Verdict::Faulted] {
            assert!(!takes_part(&verdict), "{verdict:?}");
        }
    }

    #[test]
    fn a_unit_is_worth_its_value_and_money_itself() {
        let units = [valued("points", (1, 100), "CNY"), valued("coupon:tea", (900, 1), "CNY")];
        let mut catalogue = Catalogue { units: units.into(), ..Catalogue::default() };
        let currency = Currency::new("CNY").unwrap();
        let worth_of =
            |catalogue: &Catalogue, outcomes: Vec<Outcome>| worth(&[Verdict::Accepted(outcomes)], currency, catalogue);
        assert_eq!(worth_of(&catalogue, vec![granted("cash:CNY", 30)]), 30);
        assert_eq!(worth_of(&catalogue, vec![granted("coupon:tea", 2), granted("item:cup", 9)]), 1_800);
        let halves = vec![granted("points", 50), granted("points", 149)];
        assert_eq!(worth_of(&catalogue, halves), 1, "added up, then rounded down");
        assert_eq!(worth_of(&catalogue, vec![granted("cash:USD", 30)]), 0, "another currency");
        catalogue.units.extend([valued("coupon:tea", (900, 1), "USD")]);
        assert_eq!(worth_of(&catalogue, vec![granted("coupon:tea", 2)]), 0, "valued in another currency");
    }
}
