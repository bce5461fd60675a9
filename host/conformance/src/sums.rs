//! What grants come to over customers, and what counts are of one another: expectations that hold however chance falls.

use std::collections::{BTreeMap, BTreeSet};

use largesse_domain::unit::{Unit, UnitPattern};

use crate::difference::Difference;
use crate::scenario::{GrantExpected, RatioExpected, SumExpected};

/// How what was given differs from what it must come to.
pub(crate) fn sums(expected: &[SumExpected], given: &[GrantExpected]) -> Vec<Difference> {
    expected.iter().flat_map(|sum| of_sum(sum, given)).collect()
}

fn of_sum(sum: &SumExpected, given: &[GrantExpected]) -> Vec<Difference> {
    let pattern = match sum.unit.as_deref().map(str::parse::<UnitPattern>).transpose() {
        Ok(pattern) => pattern,
        Err(error) => return vec![Difference::wrong(format!("sums: {error}"))],
    };
    let of_unit = |grant: &&GrantExpected| {
        let matches = |pattern: &UnitPattern| grant.unit.parse::<Unit>().is_ok_and(|unit| pattern.matches(&unit));
        pattern.as_ref().is_none_or(matches)
    };
    let of_customer = |grant: &&GrantExpected| sum.customers.as_ref().is_none_or(|all| all.contains(&grant.to));
    let counted: Vec<&GrantExpected> = given.iter().filter(of_unit).filter(of_customer).collect();
    let holders: BTreeSet<&String> = counted.iter().map(|grant| &grant.to).collect();
    let of = sum.unit.as_deref().unwrap_or("everything");
    let whole = |what: &str, expected: Option<u64>, actual: u64| {
        let one = |number: u64| vec![format!("{number} {what} of {of}")];
        let differs = |expected| Difference { what: "sums".into(), missing: one(expected), unexpected: one(actual) };
        expected.filter(|expected| *expected != actual).map(differs)
    };
    let in_all = counted.iter().fold(0_u64, |sum, grant| sum.saturating_add(grant.quantity));
    let mut found = Vec::from_iter(whole("in all", sum.quantity, in_all));
    found.extend(whole("grants", sum.grants, counted.len() as u64));
    found.extend(whole("holders", sum.holders, holders.len() as u64));
    let outside = counted.iter().filter(|grant| {
        sum.at_least.is_some_and(|least| grant.quantity < least)
            || sum.at_most.is_some_and(|most| grant.quantity > most)
    });
    let outside: Vec<String> =
        outside.map(|grant| format!("{} {} to {}", grant.quantity, grant.unit, grant.to)).collect();
    if !outside.is_empty() {
        found.push(Difference { what: "sums".into(), missing: Vec::new(), unexpected: outside });
    }
    found
}

/// How counts differ from what they must be of one another.
pub(crate) fn ratios(expected: &[RatioExpected], measures: &BTreeMap<String, u64>) -> Vec<Difference> {
    expected.iter().filter_map(|ratio| of_ratio(ratio, measures)).collect()
}

fn of_ratio(ratio: &RatioExpected, measures: &BTreeMap<String, u64>) -> Option<Difference> {
    let count = |name: &str| u128::from(measures.get(name).copied().unwrap_or_default());
    let (part, whole) = (count(&ratio.part), count(&ratio.whole));
    let named = format!("{} of {}", ratio.part, ratio.whole);
    let differs = |missing: String, unexpected: String| {
        Some(Difference { what: "ratios".into(), missing: vec![missing], unexpected: vec![unexpected] })
    };
    if whole == 0 {
        return Some(Difference::wrong(format!("ratios: there is no {}", ratio.whole)));
    }
    let text = |places: u32| {
        let scale = 10_u128.pow(places);
        // Half and more is rounded up.
        let rounded = (part * 100 * scale * 2 + whole) / (whole * 2);
        match places {
            0 => rounded.to_string(),
            _ => format!("{}.{:0width$}", rounded / scale, rounded % scale, width = places as usize),
        }
    };
    let is_below = |bound: u32| part * 100 < u128::from(bound) * whole;
    if let Some(percent) = &ratio.percent {
        let places = percent.split_once('.').map_or(0, |(_, places)| places.len().min(6));
        let actual = text(u32::try_from(places).unwrap_or_default());
        if actual != *percent {
            return differs(format!("{named} = {percent} %"), format!("{named} = {actual} %"));
        }
    }
    if ratio.at_least.is_some_and(is_below) || ratio.below.is_some_and(|bound| !is_below(bound)) {
        let bounds = [
            ratio.at_least.map(|least| format!("at least {least} %")),
            ratio.below.map(|most| format!("below {most} %")),
        ];
        let bounds: Vec<String> = bounds.into_iter().flatten().collect();
        return differs(format!("{named} {}", bounds.join(", ")), format!("{named} = {} %", text(2)));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(to: &str, unit: &str, quantity: u64) -> GrantExpected {
        GrantExpected { to: to.into(), key: None, unit: unit.into(), quantity }
    }

    fn told(found: &[Difference]) -> Vec<String> {
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn sums_hold_whoever_got_what() {
        let given = [grant("a", "cash:CNY", 7), grant("b", "cash:CNY", 13), grant("b", "item:phone", 1)];
        let all = SumExpected { unit: Some("cash".into()), quantity: Some(20), grants: Some(2), ..Default::default() };
        let all = SumExpected { holders: Some(2), at_least: Some(7), at_most: Some(13), ..all };
        assert_eq!(sums(std::slice::from_ref(&all), &given), []);
        let wrong = SumExpected { quantity: Some(21), grants: Some(3), holders: Some(1), at_least: Some(8), ..all };
        assert_eq!(
            told(&sums(&[wrong], &given)),
            [
                "sums: missing 21 in all of cash; unexpected 20 in all of cash",
                "sums: missing 3 grants of cash; unexpected 2 grants of cash",
                "sums: missing 1 holders of cash; unexpected 2 holders of cash",
                "sums: unexpected 7 cash:CNY to a",
            ]
        );
        let of_one = SumExpected { customers: Some(vec!["b".into()]), quantity: Some(14), ..Default::default() };
        assert_eq!(sums(&[of_one], &given), []);
    }

    #[test]
    fn ratios_are_rounded_to_what_is_written() {
        let measures = [("a", 1), ("b", 3), ("c", 8), ("none", 0)].map(|(name, count)| (name.to_owned(), count)).into();
        let ratio = |part: &str, whole: &str, percent: &str| RatioExpected {
            part: part.into(),
            whole: whole.into(),
            percent: Some(percent.into()),
            at_least: None,
            below: None,
        };
        for (part, whole, percent) in [("a", "b", "33"), ("a", "b", "33.3"), ("a", "c", "12.5"), ("a", "c", "13")] {
            assert_eq!(ratios(&[ratio(part, whole, percent)], &measures), [], "{percent}");
        }
        let found = ratios(&[ratio("a", "b", "33.4"), ratio("a", "none", "1")], &measures);
        assert_eq!(
            told(&found),
            ["ratios: missing a of b = 33.4 %; unexpected a of b = 33.3 %", "ratios: there is no none"]
        );
        let bounded = RatioExpected { percent: None, at_least: Some(10), below: Some(13), ..ratio("a", "c", "") };
        assert_eq!(ratios(std::slice::from_ref(&bounded), &measures), []);
        let bounded = RatioExpected { below: Some(12), ..bounded };
        assert_eq!(
            told(&ratios(&[bounded], &measures)),
            ["ratios: missing a of c at least 10 %, below 12 %; unexpected a of c = 12.50 %"]
        );
    }
}
