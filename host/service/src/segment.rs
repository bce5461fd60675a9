//! Conditions on customers, in the Common Expression Language (CEL). The only module that knows it.
//!
//! What a condition may cost is bounded before it is ever evaluated: by the length of its text, by how deep it is nested, by the
//! largest value that it can build, and by the steps that it takes at most. In these, going through a list counts as often as a list
//! has elements, and copying, comparing or searching a value counts by its size. The sizes are those that a customer can have at most;
//! an evaluation on more than that is refused. `map` is not offered: values made of values could double with each use of it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, LazyLock};
use std::thread;

use cel::objects::{Key, Map};
use cel::{Context, Env, ExecutionError, IdedExpr, Value};
use largesse_domain::customer::{AttributeValue, Customer};
use largesse_domain::grant::Grant;
use largesse_domain::id::AttributeName;
use largesse_domain::limits::{ATTRIBUTE_BYTES_MAX, CONDITION_DEPTH_MAX, CONDITION_UNITS_MAX, TAGS_MAX};
use largesse_domain::segment::Condition;
use largesse_domain::time::{Instant, Moment};
use largesse_domain::unit::Unit;

mod reading;
#[cfg(test)]
mod tests;
mod trial;

use reading::Reading;

/// Stack of the thread that a condition is read on, in bytes: the parser goes down several levels for each that is written.
const READING_STACK_BYTES: usize = 32 * 1024 * 1024;
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

static ENV: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(Env::stdlib()));

/// A condition that can be evaluated.
#[derive(Debug)]
pub struct Rule {
    expression: IdedExpr,
    reading: Reading,
}

/// A customer at a time.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// The customer.
    pub customer: &'a Customer,
    /// What they hold; needed when the rule [sees balances](Rule::sees_balances).
    pub wallet: &'a [&'a Grant],
    /// The time asked about, in the campaign's zone.
    pub at: Moment,
    /// Balances are those of now.
    pub now: Instant,
}

impl Rule {
    /// Reads a condition.
    ///
    /// # Errors
    /// What is wrong with it, for whoever wrote it.
    pub fn read(condition: &Condition) -> Result<Self, String> {
        let text = condition.as_str();
        thread::scope(|scope| {
            let reader = thread::Builder::new().name("condition".into()).stack_size(READING_STACK_BYTES);
            let reader =
                reader.spawn_scoped(scope, || read(text)).map_err(|error| format!("cannot be read now: {error}"))?;
            reader.join().unwrap_or_else(|_| Err("cannot be read".to_owned()))
        })
    }

    /// Reads a condition and tries it on customers made up for it: one of whom nothing is known, and others who have what it asks
    /// for, with values of every type.
    ///
    /// # Errors
    /// What is wrong with it: it cannot be read, or comes to true or false for none of them.
    pub fn check(condition: &Condition) -> Result<(), String> {
        trial::run(&Self::read(condition)?)
    }

    /// Whether what the customer holds has to be known.
    #[must_use]
    pub fn sees_balances(&self) -> bool {
        self.reading.names.contains("balances")
    }

    /// The attributes that it names.
    #[must_use]
    pub fn attributes(&self) -> BTreeSet<AttributeName> {
        self.reading.attributes.iter().filter_map(|name| name.parse().ok()).collect()
    }

    /// The most steps that its evaluation takes.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.reading.steps
    }

    /// Whether it holds of a customer. What is asked for and not there makes it false.
    ///
    /// # Errors
    /// When it comes to no answer, and why.
    pub fn holds(&self, subject: &Subject<'_>) -> Result<bool, String> {
        let values = self.values(subject)?;
        match self.evaluate(values, &subject.at) {
            Ok(Value::Bool(holds)) => Ok(holds),
            Ok(other) => Err(format!("it comes to {}, not to true or false", other.type_of())),
            Err(ExecutionError::NoSuchKey(_)) => Ok(false),
            Err(error) => Err(error.to_string()),
        }
    }

    /// What it asks for of a customer.
    fn values(&self, subject: &Subject<'_>) -> Result<BTreeMap<&'static str, Value>, String> {
        let mut values = BTreeMap::new();
        let Reading { names, whole, attributes, programmes, units, .. } = &self.reading;
        if names.contains("attributes") {
            let wanted = |name: &str| whole.contains("attributes") || attributes.contains(name);
            let known = subject.customer.attributes.iter().filter(|(name, _)| wanted(name.as_str()));
            let known = known.map(|(name, attribute)| Ok((name.as_str(), value(&attribute.value)?)));
            values.insert("attributes", map(known.collect::<Result<Vec<_>, String>>()?.into_iter()));
        }
        if names.contains("tags") {
            let tags: Vec<Value> =
                subject.customer.tags_at(subject.at.at).map(|tag| Value::from(tag.as_str())).collect();
            if tags.len() > TAGS_MAX {
                return Err(format!("the customer has {} tags; at most {TAGS_MAX} can be looked at", tags.len()));
            }
            values.insert("tags", Value::List(Arc::new(tags)));
        }
        if self.sees_balances() {
            values.insert("balances", balances(units, whole.contains("balances"), subject.wallet, subject.now)?);
        }
        if names.contains("standings") {
            let wanted = |programme: &str| whole.contains("standings") || programmes.contains(programme);
            let standings = subject.customer.standings_at(subject.at.at);
            let standings = standings.filter(|(programme, _)| wanted(programme.as_str()));
            let standings =
                standings.map(|(programme, standing)| (programme.as_str(), Value::from(standing.tier.as_str())));
            values.insert("standings", map(standings));
        }
        Ok(values)
    }

    fn evaluate(&self, values: BTreeMap<&str, Value>, at: &Moment) -> Result<Value, ExecutionError> {
        let mut context = Context::with_env(Arc::clone(&ENV));
        for (name, value) in values {
            context.add_variable_from_value(name, value);
        }
        let now = at.at.as_millis();
        context.add_variable_from_value("now", now);
        context.add_variable_from_value("month", i64::from(at.local.month));
        context.add_variable_from_value("day", i64::from(at.local.day_of_month));
        context.add_variable_from_value("weekday", i64::from(at.local.weekday));
        let age_days = move |since: i64| now.saturating_sub(since).div_euclid(DAY_MS);
        context.add_function("age_days", age_days).expect("CEL has no such function");
        Value::resolve(&self.expression, &context)
    }
}

fn read(text: &str) -> Result<Rule, String> {
    let depth = u16::try_from(CONDITION_DEPTH_MAX).expect("the bound is small");
    let parsed = ENV.parser().enable_optional_syntax(false).max_recursion_depth(depth).parse(text);
    let expression = parsed.map_err(|errors| match errors.errors.first() {
        Some(error) if error.msg.contains("Recursion limit") => format!("nested deeper than {CONDITION_DEPTH_MAX}"),
        Some(error) => {
            let (line, column) = error.pos;
            let said = error.msg.split(" expecting {").next().unwrap_or_default();
            format!("line {line}, column {column}: {said}")
        }
        None => "not an expression".to_owned(),
    })?;
    let reading = Reading::of(&expression)?;
    Ok(Rule { expression, reading })
}

fn map<'a>(entries: impl Iterator<Item = (&'a str, Value)>) -> Value {
    let entries: HashMap<Key, Value> = entries.map(|(key, value)| (Key::from(key), value)).collect();
    Value::Map(Map { map: Arc::new(entries) })
}

fn value(value: &AttributeValue) -> Result<Value, String> {
    match value {
        AttributeValue::Bool(value) => Ok(Value::Bool(*value)),
        AttributeValue::Int(value) => Ok(Value::Int(*value)),
        AttributeValue::Text(value) if value.len() <= ATTRIBUTE_BYTES_MAX => Ok(Value::from(value.as_str())),
        AttributeValue::Text(value) => {
            Err(format!("an attribute has {} bytes; at most {ATTRIBUTE_BYTES_MAX} can be looked at", value.len()))
        }
    }
}

/// What can be used of each unit that is asked for by name, or of all of them.
fn balances(asked: &BTreeSet<Unit>, all: bool, wallet: &[&Grant], now: Instant) -> Result<Value, String> {
    let mut sums: BTreeMap<&Unit, u64> = asked.iter().map(|unit| (unit, 0)).collect();
    for grant in wallet.iter().filter(|grant| all || asked.contains(&grant.unit)) {
        let sum = sums.entry(&grant.unit).or_default();
        *sum = sum.saturating_add(grant.available_at(now).get());
    }
    if sums.len() > CONDITION_UNITS_MAX {
        return Err(format!("the customer has {} units; at most {CONDITION_UNITS_MAX} can be looked at", sums.len()));
    }
    let whole = |sum: u64| i64::try_from(sum).unwrap_or(i64::MAX);
    Ok(map(sums.into_iter().map(|(unit, sum)| (unit.as_str(), Value::Int(whole(sum))))))
}
