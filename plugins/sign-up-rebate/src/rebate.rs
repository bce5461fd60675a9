//! How much is due.

use largesse_sdk::{Refusal, ladder, money};

use crate::params::Rebate;

/// A whole in basis points, of which each has a hundred parts by the per cent of a term.
const SHARE_PARTS: u64 = money::WHOLE_BASIS_POINTS as u64 * 100;

impl Rebate {
    /// What is due on an amount and a term; 0 when nothing is.
    ///
    /// # Errors
    /// Refuses with `bad-amount` when it would be above 10^15.
    pub fn due(&self, amount: u64, term: Option<u64>) -> Result<u64, Refusal> {
        let term = term.unwrap_or(0);
        if amount < self.min_amount || self.min_term.is_some_and(|least| term < least) {
            return Ok(0);
        }
        let percent = u64::from(ladder::highest(&self.term, |step| step.from, term).map_or(100, |step| step.percent));
        let due = match (self.fixed, self.rate) {
            // Share and term are one product: what is left over is rounded once.
            (None, Some(rate)) => self.rounding.ratio(amount, u64::from(rate.basis_points) * percent, SHARE_PARTS)?,
            (Some(fixed), _) => self.rounding.ratio(fixed, percent, 100)?,
            (None, None) => {
                let step = ladder::highest(&self.steps, |step| step.from, amount).map_or(0, |step| step.quantity);
                self.rounding.ratio(step, percent, 100)?
            }
        };
        Ok(money::cap(due, self.at_most.or(self.rate.and_then(|rate| rate.at_most))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use largesse_sdk::{Harness, json};

    use crate::SignUpRebate;

    fn rebate(value: largesse_sdk::Value) -> Rebate {
        let mut whole = json!({"id": "x", "on": "loan-drawn", "unit": "cash:CNY"});
        let (Some(whole_map), Some(given)) = (whole.as_object_mut(), value.as_object()) else { panic!("an object") };
        whole_map.extend(given.clone());
        serde::Deserialize::deserialize(whole).unwrap()
    }

    #[test]
    fn a_step_is_reached_at_its_amount() {
        let ladder = rebate(json!({"steps": [{"from": 100, "quantity": 1}, {"from": 200, "quantity": 5}]}));
        for (amount, due) in [(0, 0), (99, 0), (100, 1), (199, 1), (200, 5), (u64::MAX, 5)] {
            assert_eq!(ladder.due(amount, None), Ok(due), "{amount}");
        }
    }

    #[test]
    fn the_cap_is_after_the_term() {
        let rate = rebate(json!({
            "rate": {"basis_points": 100, "at_most": 140}, "term": [{"from": 12, "percent": 150}], "min_amount": 5,
        }));
        for (amount, term, due) in [
            (4, None, 0),
            (5, None, 0),
            (50, None, 1),
            (10_000, Some(11), 100),
            (10_000, Some(12), 140),
            (9_000, Some(12), 135),
        ] {
            assert_eq!(rate.due(amount, term), Ok(due), "{amount} {term:?}");
        }
        assert_eq!(rate.due(u64::MAX, None).unwrap_err().code, "bad-amount");
    }

    #[test]
    fn parameters_that_make_no_sense_are_named() {
        let problems = |rebates: largesse_sdk::Value| -> Vec<String> {
            let found = Harness::<SignUpRebate>::problems(json!({ "rebates": rebates }));
            found.into_iter().map(|(pointer, _)| pointer).collect()
        };
        let fixed = json!({"id": "a", "on": "user-registered", "unit": "cash:CNY", "fixed": 1});
        assert_eq!(problems(json!([fixed])), [""; 0]);
        assert_eq!(problems(json!([])), ["/rebates"]);
        assert_eq!(problems(json!([fixed, fixed])), ["/rebates/1/id"]);
        let bad =
            json!({"id": "a", "on": "user-registered", "unit": "cash:CNY", "rate": {"basis_points": 1}, "every": true});
        assert_eq!(problems(json!([bad])), ["/rebates/0/on", "/rebates/0/every"]);
        let falling = json!([{"from": 5, "quantity": 1}, {"from": 5, "quantity": 2}]);
        let of = |unit: &str| json!([{"id": "a", "on": "order-paid", "unit": unit, "steps": falling, "fixed": 1}]);
        assert_eq!(problems(of("item")), ["/rebates/0/unit"]);
        assert_eq!(problems(of("points")), ["/rebates/0", "/rebates/0/steps/1/from"]);
    }
}
