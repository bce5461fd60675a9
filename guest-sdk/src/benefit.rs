//! Benefits as operators write them in parameters, one form for all policies.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::answer::{Problem, Problems};
use crate::decision::{Benefit, Grant};
use crate::held::{AfterHold, Hold, Shortfall};
use crate::manifest::UnitClass;
use crate::money::AMOUNT_MAX;
use crate::param::UNIT;
use crate::term::Expiry;
use crate::when::When;

/// A benefit in parameters: a quantity of a unit, a credit-limit raise, or a rate boost.
///
/// ```toml
/// { unit = "points", quantity = 5 }
/// { unit = "coupon:interest-free-30d", quantity = 1, expires_after_days = 30 }
/// { unit = "points", quantity = 5, expires = { years = 1, end_of = "year" } }
/// { unit = "credit-limit:CNY", by = 50000, up_to = 20000000 }
/// { unit = "rate-boost:deposit", basis_points = 100, principal_cap = 1000000, expires_after_days = 30 }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BenefitParam {
    /// What is given, such as points, growth, cash:CNY, coupon:welcome, item:phone, draw-chances:wheel,
    /// entitlement:priority, credit-limit:CNY or rate-boost:deposit.
    #[schemars(regex(pattern = UNIT))]
    pub unit: String,
    /// How much of it; money in minor units. Not for credit-limit and rate-boost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = AMOUNT_MAX))]
    pub quantity: Option<u64>,
    /// credit-limit: raise by so much, in minor units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = AMOUNT_MAX))]
    pub by: Option<u64>,
    /// credit-limit: never above this limit, in minor units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = AMOUNT_MAX))]
    pub up_to: Option<u64>,
    /// rate-boost: by so many hundredths of a per cent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub basis_points: Option<u32>,
    /// rate-boost: on at most so much principal, in minor units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = AMOUNT_MAX))]
    pub principal_cap: Option<u64>,
    /// Good on the day of the event and so many days more, all of the last one; a raise or a boost lasts so many days, until the same
    /// time by the clock on the wall. Without it, and without `expires`, it does not expire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_after_days: Option<u32>,
    /// When it expires, in hours, months or years, with a unit of the calendar or on a date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Expiry>,
    /// Pending for so many days, until the same time by the clock on the wall. Without it, it is given at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold_days: Option<u32>,
    /// What to do when budget, stock or a limit does not allow all of it; refuse when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_shortfall: Option<ShortfallParam>,
}

/// What to do when budget, stock or a limit does not allow all of a benefit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ShortfallParam {
    /// Deny everything that the event would give.
    Refuse,
    /// Give what is left, if that is more than nothing.
    Reduce,
    /// Leave this benefit out, give the others.
    Skip,
}

impl BenefitParam {
    /// So much of a unit.
    pub fn units(unit: impl Into<String>, quantity: u64) -> Self {
        Self { unit: unit.into(), quantity: Some(quantity), ..Self::default() }
    }

    /// The class of its unit; `None` when the unit is misspelt.
    #[must_use]
    pub fn class(&self) -> Option<UnitClass> {
        UnitClass::of(&self.unit)
    }

    /// What is wrong with it; `pointer` names its place in the parameters. For [`crate::Policy::check`].
    #[must_use]
    pub fn problems(&self, pointer: &str) -> Vec<Problem> {
        let mut found = Vec::new();
        let mut problem = |field: &str, message: &str| found.push(Problem::new(format!("{pointer}/{field}"), message));
        // What is no unit does not fit the schema.
        let Some(class) = self.class() else { return found };
        let (raises, boosts) = (class == UnitClass::CreditLimit, class == UnitClass::RateBoost);
        let mut needs = |field: &str, value: Option<u64>, wanted: bool| match value {
            Some(_) if !wanted => problem(field, "does not go with this unit"),
            None if wanted => problem(field, "is missing for this unit"),
            _ => {}
        };
        needs("quantity", self.quantity, !raises && !boosts);
        needs("by", self.by, raises);
        needs("up_to", self.up_to, raises);
        needs("basis_points", self.basis_points.map(u64::from), boosts);
        needs("principal_cap", self.principal_cap, boosts && self.principal_cap.is_some());
        if let Some(expires) = self.expires {
            let mut problems = Problems::new();
            let message = "does not go with expires_after_days";
            problems.unless(self.expires_after_days.is_none(), format!("{pointer}/expires"), message);
            expires.check(&format!("{pointer}/expires"), &mut problems);
            found.extend(problems.done().err().into_iter().flatten());
        }
        found
    }

    /// When it is worth nothing; none when it does not expire.
    #[must_use]
    pub fn ends(&self) -> Option<When> {
        let lasts = matches!(self.class(), Some(UnitClass::CreditLimit | UnitClass::RateBoost));
        let after = if lasts { When::AfterDays } else { When::EndOfDay };
        self.expires.map(When::Expiry).or(self.expires_after_days.map(after))
    }

    /// What it gives.
    ///
    /// # Panics
    /// When [`BenefitParam::problems`] would have found a field missing: the host runs `check` before any decision.
    #[must_use]
    pub fn benefit(&self) -> Benefit {
        self.multiplied_by(1)
    }

    /// What it gives, so many times over: the quantity, the raise or the basis points, as far as numbers go.
    ///
    /// # Panics
    /// As [`BenefitParam::benefit`].
    #[must_use]
    pub fn multiplied_by(&self, times: u64) -> Benefit {
        let missing = "check accepted the parameters";
        let until = self.ends();
        match self.class() {
            Some(UnitClass::CreditLimit) => Benefit::CreditLimit {
                by: self.by.expect(missing).saturating_mul(times),
                up_to: self.up_to.expect(missing),
                until,
            },
            Some(UnitClass::RateBoost) => Benefit::RateBoost {
                holding: self.unit.split_once(':').map_or("", |(_, holding)| holding).to_owned(),
                basis_points: self
                    .basis_points
                    .expect(missing)
                    .saturating_mul(u32::try_from(times).unwrap_or(u32::MAX)),
                principal_cap: self.principal_cap,
                until,
            },
            _ => Benefit::units(self.unit.as_str(), self.quantity.expect(missing).saturating_mul(times)),
        }
    }

    /// A grant of it, with its expiry, hold and shortfall.
    ///
    /// # Panics
    /// As [`BenefitParam::benefit`].
    pub fn grant(&self, key: impl Into<String>, to: impl Into<String>) -> Grant {
        self.grant_of(key, to, self.benefit())
    }

    /// A grant of another benefit (a multiple, a computed amount) with this one's expiry, hold and shortfall.
    pub fn grant_of(&self, key: impl Into<String>, to: impl Into<String>, benefit: Benefit) -> Grant {
        let mut grant = Grant::new(key, to, benefit);
        if matches!(grant.choices[..], [Benefit::Units { .. }]) {
            grant.expires = self.ends();
        }
        grant.hold = self.hold_days.map(|days| Hold { until: When::after_days(days), then: AfterHold::Post });
        grant.on_shortfall = match self.on_shortfall {
            None | Some(ShortfallParam::Refuse) => Shortfall::Refuse,
            Some(ShortfallParam::Reduce) => Shortfall::Reduce,
            Some(ShortfallParam::Skip) => Shortfall::Skip,
        };
        grant
    }
}

/// What is wrong with a list of benefits.
#[must_use]
pub fn benefit_problems(benefits: &[BenefitParam], pointer: &str) -> Vec<Problem> {
    benefits.iter().enumerate().flat_map(|(index, benefit)| benefit.problems(&format!("{pointer}/{index}"))).collect()
}

/// Grants of a list of benefits under one name. The first has the name as its key, the others the name with `/2`, `/3`
/// and so on, because a key is granted once.
pub fn grants<'a>(
    benefits: &'a [BenefitParam],
    key: &'a str,
    to: &'a str,
    reason: &'a str,
) -> impl Iterator<Item = Grant> + 'a {
    benefits.iter().enumerate().map(move |(index, benefit)| {
        let key = if index == 0 { key.to_owned() } else { format!("{key}/{}", index + 1) };
        benefit.grant(key, to).reason(reason)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn problems(benefit: serde_json::Value) -> Vec<String> {
        let benefit: BenefitParam = serde_json::from_value(benefit).unwrap();
        benefit.problems("/reward").into_iter().map(|problem| problem.pointer).collect()
    }

    #[test]
    fn each_class_has_its_fields() {
        for good in [
            json!({"unit": "points", "quantity": 5}),
            json!({"unit": "credit-limit:CNY", "by": 50_000, "up_to": 20_000_000, "expires_after_days": 30}),
            json!({"unit": "rate-boost:deposit", "basis_points": 100}),
            json!({"unit": "rate-boost:deposit", "basis_points": 100, "principal_cap": 5}),
        ] {
            assert_eq!(problems(good.clone()), [""; 0], "{good}");
        }
        assert_eq!(problems(json!({"unit": "points"})), ["/reward/quantity"]);
        assert_eq!(problems(json!({"unit": "points", "quantity": 1, "by": 1})), ["/reward/by"]);
        assert_eq!(
            problems(json!({"unit": "credit-limit:CNY", "quantity": 1, "by": 1})),
            ["/reward/quantity", "/reward/up_to"]
        );
        assert_eq!(problems(json!({"unit": "points", "quantity": 1, "principal_cap": 1})), ["/reward/principal_cap"]);
    }

    #[test]
    fn a_typo_is_an_error() {
        assert!(serde_json::from_value::<BenefitParam>(json!({"unit": "points", "quantty": 5})).is_err());
    }

    #[test]
    fn grants_carry_what_the_parameter_says() {
        let param: BenefitParam = serde_json::from_value(json!({
            "unit": "coupon:x", "quantity": 2, "expires_after_days": 30, "hold_days": 7, "on_shortfall": "skip"
        }))
        .unwrap();
        let grant = param.grant("k", "u1");
        assert_eq!(grant.choices, [Benefit::units("coupon:x", 2)]);
        assert_eq!(grant.expires, Some(When::EndOfDay(30)));
        let hold = Hold { until: When::AfterDays(7), then: AfterHold::Post };
        assert_eq!(grant.hold, Some(hold));
        assert_eq!(grant.on_shortfall, Shortfall::Skip);
        let keys: Vec<_> = grants(&[param.clone(), param], "day/1", "u1", "").map(|grant| grant.key).collect();
        assert_eq!(keys, ["day/1", "day/1/2"]);
    }
}
