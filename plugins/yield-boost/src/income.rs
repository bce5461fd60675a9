//! What a holding will have earned at the end of its term.

use largesse_sdk::money::{self, OutOfRange, WHOLE_BASIS_POINTS};
use largesse_sdk::{Enquiry, Refusal, Value, json};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::params::Params;
use crate::state::{Holding, State};

/// Days of a year of interest.
const YEAR_DAYS: u64 = 365;

/// The question `income`: what a holding earns over its term without boosts and, beyond that, with them. A boost counts for the
/// whole term, or for as many days as it has.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Income {
    /// Which; the last bought when absent.
    #[serde(default)]
    pub holding: Option<String>,
}

/// Answers the question.
pub(crate) fn answer(enquiry: &Enquiry<Params, State>) -> Result<Value, Refusal> {
    let asked: Income = enquiry.data()?;
    let state = enquiry.state.clone().unwrap_or_default();
    let mut holdings = state.holdings.iter().rev();
    let holding = holdings.find(|one| asked.holding.as_ref().is_none_or(|id| *id == one.id));
    let holding = holding.ok_or_else(|| Refusal::new("nothing-held", "the holding is not known"))?;
    Ok(json!({
        "holding": holding.id,
        "principal": holding.principal,
        "basis_points": holding.basis_points.saturating_add(holding.boosted()),
        "boost_basis_points": holding.boosted(),
        "income": interest(holding.principal, holding.basis_points, holding.days)?,
        "extra_income": extra(holding)?,
    }))
}

/// What the boosts add, each kind rounded by itself.
fn extra(holding: &Holding) -> Result<u64, OutOfRange> {
    let parts = holding.boosts.iter().map(|boost| {
        let days = boost.days.map_or(holding.days, |days| days.min(holding.days));
        interest(money::cap(holding.principal, boost.principal_cap), boost.basis_points, days)
    });
    money::sum(parts.collect::<Result<Vec<u64>, _>>()?)
}

fn interest(principal: u64, basis_points: u32, days: u32) -> Result<u64, OutOfRange> {
    let rate = u64::from(basis_points).saturating_mul(u64::from(days));
    money::ratio(principal, rate, YEAR_DAYS * u64::from(WHOLE_BASIS_POINTS))
}
