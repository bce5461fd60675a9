//! Trying a condition on customers that are made up for it.

use std::collections::BTreeMap;
use std::sync::Arc;

use cel::{ExecutionError, Value};
use largesse_domain::limits::CONDITION_TRIAL_STEPS_MAX;
use largesse_domain::time::{Day, Instant, LocalTime, Moment};

use super::{Rule, map};

/// Attributes that are tried with values of every type, in every combination; further ones are numbers.
const ATTRIBUTES_VARIED: usize = 5;
/// How many types an attribute may have: a number, a text, true or false.
const TYPES: usize = 3;

/// Fails unless the condition comes to true or false for one of the customers.
pub(super) fn run(rule: &Rule) -> Result<(), String> {
    let varied = rule.reading.attributes.len().min(ATTRIBUTES_VARIED);
    let combinations = TYPES.pow(u32::try_from(varied).expect("a few"));
    let affordable = usize::try_from(CONDITION_TRIAL_STEPS_MAX / rule.steps().max(1)).unwrap_or(usize::MAX);
    let combinations = combinations.min(affordable.max(TYPES));
    let mut why = None;
    for combination in (0..combinations).map(Some).chain([None]) {
        match rule.evaluate(customer(rule, combination), &moment()) {
            Ok(Value::Bool(_)) => return Ok(()),
            Ok(other) => why = Some(format!("comes to {}, not to true or false", other.type_of())),
            Err(ExecutionError::NoSuchKey(_)) => {}
            Err(error) => why = why.or(Some(error.to_string())),
        }
    }
    why.map_or(Ok(()), Err)
}

/// What is known of a customer: everything that the rule asks for, attributes with types by the digits of the combination; or nothing.
fn customer(rule: &Rule, combination: Option<usize>) -> BTreeMap<&'static str, Value> {
    let known = |entries: Vec<(&str, Value)>| map(entries.into_iter().filter(|_| combination.is_some()));
    let mut digits = combination.unwrap_or_default();
    let attributes = rule.reading.attributes.iter().map(|name| {
        let value = match digits % TYPES {
            0 => Value::Int(1),
            1 => Value::from("a"),
            _ => Value::Bool(true),
        };
        digits /= TYPES;
        (name.as_str(), value)
    });
    let attributes = known(attributes.collect());
    let programmes = rule.reading.programmes.iter().map(|name| (name.as_str(), Value::from("a")));
    let standings = known(programmes.collect());
    let balances =
        map(rule.reading.units.iter().map(|unit| (unit.as_str(), Value::Int(i64::from(combination.is_some())))));
    let tags = if combination.is_some() { vec![Value::from("a"), Value::from("b")] } else { Vec::new() };
    let tags = Value::List(Arc::new(tags));
    BTreeMap::from([("attributes", attributes), ("tags", tags), ("balances", balances), ("standings", standings)])
}

/// The first moment of 1970 in Greenwich, a Thursday.
fn moment() -> Moment {
    let local = LocalTime {
        day: Day(0),
        year: 1970,
        month: 1,
        day_of_month: 1,
        weekday: 4,
        iso_year: 1970,
        iso_week: 1,
        second_of_day: 0,
    };
    Moment { at: Instant::from_millis(0).expect("1970 is within the years 1 to 9999"), local }
}
