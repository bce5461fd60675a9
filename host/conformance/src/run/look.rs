//! What is looked at after a step and at the end.

use largesse_store::Store;
use std::collections::BTreeMap;

use largesse_domain::facts::Wanted;
use largesse_domain::grant::Grant;
use largesse_domain::id::{CustomerId, EntityId};
use largesse_domain::key::StateKey;
use largesse_domain::owner::Owner;
use largesse_domain::unit::Quantity;
use serde_json::Value;
use toml::Spanned;

use super::{Failure, Report, Runner};
use crate::expect::amounts;
use crate::scenario::{GrantExpected, Scenario, line_of};

/// Compares what all steps gave, net of what they took back, with what it must come to.
pub(super) fn sums_of_all(scenario: &Scenario, text: &str, report: &mut Report) {
    let mut given: Vec<GrantExpected> = Vec::new();
    for step in report.steps.iter().flatten() {
        given.extend(step.grants.iter().cloned());
        for back in &step.revoked {
            let is_it =
                |grant: &&mut GrantExpected| (&grant.to, &grant.key, &grant.unit) == (&back.to, &back.key, &back.unit);
            if let Some(grant) = given.iter_mut().rev().find(is_it) {
                grant.quantity = grant.quantity.saturating_sub(back.quantity);
            }
        }
    }
    given.retain(|grant| grant.quantity > 0);
    for sum in &scenario.sums {
        let line = line_of(text, sum.span().start);
        let found = crate::sums::sums(std::slice::from_ref(sum.get_ref()), &given);
        report.failures.extend(found.into_iter().map(|difference| Failure { line, difference }));
    }
}

impl Runner<'_> {
    pub(super) async fn totals(&self, scenario: &Scenario, text: &str, report: &mut Report) {
        for (id, units) in &scenario.totals {
            let line = |unit: &Spanned<u64>| line_of(text, unit.span().start);
            match self.held(id, units.keys()).await {
                Ok(actual) => {
                    report.failures.extend(units.iter().filter_map(|(name, unit)| {
                        let difference = amounts("totals", (id, name), *unit.get_ref(), Some(&actual))?;
                        Some(Failure { line: line(unit), difference })
                    }));
                    report.totals.insert(id.clone(), actual);
                }
                Err(what) => report.failures.push(Failure::new(units.values().next().map_or(1, line), what)),
            }
        }
    }

    /// What a customer holds of units by one id, net of what was taken back.
    async fn held(&self, id: &str, units: impl Iterator<Item = &String>) -> Result<BTreeMap<String, u64>, String> {
        let customer = CustomerId::new(id).map_err(|error| error.to_string())?;
        let grants = self.read(move |store| store.grants_to(&customer)).await?;
        Ok(sums(&grants, units, Grant::net))
    }

    /// What a customer can use of units now, whichever id it was given to.
    pub(super) async fn available(
        &self,
        id: &str,
        units: impl Iterator<Item = &String>,
    ) -> Result<BTreeMap<String, u64>, String> {
        let (now, customer) = (self.service.clock().now(), CustomerId::new(id).map_err(|error| error.to_string())?);
        let of_all_ids = move |store: &dyn Store| {
            store.ids_of(&customer)?.iter().map(|id| store.grants_to(id)).collect::<Result<Vec<_>, _>>()
        };
        Ok(sums(&self.read(of_all_ids).await?.concat(), units, |grant| grant.available_at(now)))
    }

    /// What is kept of a customer or an entity.
    pub(super) async fn state(&self, id: &str) -> Result<Option<Value>, String> {
        let owners = [CustomerId::new(id).ok().map(Owner::Party), id.parse::<EntityId>().ok().map(Owner::Entity)];
        let keys = owners.into_iter().flatten().map(|owner| StateKey { campaign: self.campaign.clone(), owner });
        let wanted = Wanted { states: keys.collect(), ..Wanted::default() };
        let rows = self.read(move |store| store.load(&wanted)).await?;
        let Some(state) = rows.states.into_iter().find_map(|(_, state)| state) else { return Ok(None) };
        let mut value =
            serde_json::from_str(state.value.as_str()).map_err(|error| format!("the state of {id}: {error}"))?;
        without_nulls(&mut value);
        Ok(Some(value))
    }
}

/// Drops fields that are null, which a scenario file cannot have.
fn without_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, field| !field.is_null());
            fields.values_mut().for_each(without_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(without_nulls),
        _ => {}
    }
}

fn sums<'a>(
    grants: &[Grant],
    units: impl Iterator<Item = &'a String>,
    of: impl Fn(&Grant) -> Quantity,
) -> BTreeMap<String, u64> {
    let sum = |unit: &String| grants.iter().filter(|grant| grant.unit.as_str() == unit).map(|one| of(one).get()).sum();
    units.map(|unit| (unit.clone(), sum(unit))).collect()
}
