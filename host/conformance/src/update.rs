//! Rewrites what a scenario expects to what happened. Comments, layout and everything that is not an expectation stay as they
//! are, and so does a step that could not be done or in which the policy faulted.

use std::collections::BTreeMap;

use toml_edit::{Array, DocumentMut, InlineTable, Item, RawString, TableLike, Value};

use crate::expect::Actual;
use crate::run::Report;
use crate::scenario::{GrantExpected, MessageExpected, Scenario, Step, TagExpected, TimerExpected};

/// The text of a scenario file with the expectations that were not met rewritten; `None` when there is nothing to rewrite. The
/// report is of a run of that text.
#[must_use]
pub fn updated(text: &str, report: &Report) -> Option<String> {
    let scenario = Scenario::read(text).ok()?;
    let mut document: DocumentMut = text.parse().ok()?;
    for ((table, step), actual) in steps(&mut document).into_iter().zip(&scenario.steps).zip(&report.steps) {
        if let Some(actual) = actual.as_ref().filter(|actual| actual.faults.is_empty()) {
            rewrite(table, step.get_ref(), actual);
        }
    }
    if let Some(totals) = document.get_mut("totals").and_then(Item::as_table_like_mut) {
        rewrite_amounts(totals, &report.totals);
    }
    let text_now = document.to_string();
    (text_now != text).then_some(text_now)
}

/// The steps, however they are written.
fn steps(document: &mut DocumentMut) -> Vec<&mut dyn TableLike> {
    match document.get_mut("step") {
        Some(Item::ArrayOfTables(tables)) => tables.iter_mut().map(|table| table as &mut dyn TableLike).collect(),
        Some(Item::Value(Value::Array(array))) => {
            let tables = array.iter_mut().filter_map(Value::as_inline_table_mut);
            tables.map(|table| table as &mut dyn TableLike).collect()
        }
        _ => Vec::new(),
    }
}

fn rewrite(table: &mut dyn TableLike, step: &Step, actual: &Actual) {
    let grants = |what, expected: &Option<Vec<GrantExpected>>, actual: &[GrantExpected], table: &mut dyn TableLike| {
        rewrite_list(table, what, (expected.as_deref(), actual), GrantExpected::fits, grant);
    };
    grants("grants", &step.grants, &actual.grants, table);
    grants("revoked", &step.revoked, &actual.revoked, table);
    grants("reserved", &step.reserved, &actual.reserved, table);
    grants("committed", &step.committed, &actual.committed, table);
    grants("released", &step.released, &actual.released, table);
    let texts = |what, expected: &Option<Vec<String>>, actual: &[String], table: &mut dyn TableLike| {
        rewrite_list(table, what, (expected.as_deref(), actual), String::eq, |text, _| Value::from(text.as_str()));
    };
    texts("skipped", &step.skipped, &actual.skipped, table);
    rewrite_list(table, "messages", (step.messages.as_deref(), &actual.messages), MessageExpected::fits, message);
    texts("cancelled", &step.cancelled, &actual.cancelled, table);
    rewrite_list(table, "tags", (step.tags.as_deref(), &actual.tags), TagExpected::eq, tag);
    rewrite_list(table, "timers", (step.timers.as_deref(), &actual.timers), TimerExpected::fits, timer);
    rewrite_noes(table, step, actual);
    if let Some(balances) = table.get_mut("balances").and_then(Item::as_table_like_mut) {
        rewrite_amounts(balances, &actual.balances);
    }
    if let Some(states) = table.get_mut("states").and_then(Item::as_table_like_mut) {
        for (owner, expected) in &step.states {
            match actual.states.get(owner).and_then(Option::as_ref) {
                Some(state) if state == expected => {}
                Some(state) => drop(from_json(state).map(|value| set(states, owner, value))),
                None => remove(states, owner),
            }
        }
    }
}

fn grant(grant: &GrantExpected, before: Option<&GrantExpected>) -> Value {
    let mut table = InlineTable::new();
    table.insert("to", grant.to.as_str().into());
    // Who did not care for the key goes on not to care.
    if let Some(key) = grant.key.as_ref().filter(|_| before.is_none_or(|before| before.key.is_some())) {
        table.insert("key", key.as_str().into());
    }
    table.insert("unit", grant.unit.as_str().into());
    table.insert("quantity", integer(grant.quantity));
    table.into()
}

/// What was said of the one before is said of this one, too.
fn message(message: &MessageExpected, before: Option<&MessageExpected>) -> Value {
    let nothing = MessageExpected::default();
    let before = before.unwrap_or(&nothing);
    let mut table = InlineTable::new();
    let mut text = |name: &str, value: &Option<String>, before: &Option<String>| {
        if let Some(value) = value.as_ref().filter(|_| before.is_some()) {
            table.insert(name, value.as_str().into());
        }
    };
    text("to", &message.to, &before.to);
    text("class", &message.class, &before.class);
    text("not_before", &message.not_before, &before.not_before);
    if let Some(channels) = message.channels.as_ref().filter(|_| before.channels.is_some()) {
        table.insert("channels", Array::from_iter(channels.iter().map(String::as_str)).into());
    }
    if let (Some(vars), Some(named)) = (&message.vars, &before.vars) {
        let vars = vars.iter().filter(|(name, _)| named.contains_key(*name));
        let vars = vars.filter_map(|(name, value)| Some((name.as_str(), from_json(value)?)));
        table.insert("vars", InlineTable::from_iter(vars).into());
    }
    if table.is_empty() {
        return message.template.as_str().into();
    }
    table.insert("template", message.template.as_str().into());
    table.into()
}

fn tag(tag: &TagExpected, _: Option<&TagExpected>) -> Value {
    let mut table = InlineTable::new();
    table.insert("to", tag.to.as_str().into());
    table.insert("tag", tag.tag.as_str().into());
    table.insert("present", tag.present.into());
    table.into()
}

fn timer(timer: &TimerExpected, before: Option<&TimerExpected>) -> Value {
    let mut table = InlineTable::new();
    if let Some(owner) = timer.owner.as_ref().filter(|_| before.is_none_or(|before| before.owner.is_some())) {
        table.insert("owner", owner.as_str().into());
    }
    table.insert("name", timer.name.as_str().into());
    table.insert("due", timer.due.as_str().into());
    table.into()
}

/// Quantities are at most 10^15.
fn integer(number: u64) -> Value {
    i64::try_from(number).unwrap_or(i64::MAX).into()
}

/// Rewrites a list that is expected: what fits stays, what did not happen gives its place to what did.
fn rewrite_list<T: Clone>(
    table: &mut dyn TableLike,
    what: &str,
    (expected, actual): (Option<&[T]>, &[T]),
    fits: impl Fn(&T, &T) -> bool,
    value: impl Fn(&T, Option<&T>) -> Value,
) {
    let Some(expected) = expected else { return };
    let mut new: Vec<&T> = actual.iter().collect();
    let mut unmet = Vec::new();
    for (place, wanted) in expected.iter().enumerate() {
        match new.iter().position(|got| fits(wanted, got)) {
            Some(found) => drop(new.remove(found)),
            None => unmet.push(place),
        }
    }
    if unmet.is_empty() && new.is_empty() {
        return;
    }
    // A list that is written as tables of its own becomes an array.
    if table.get(what).and_then(Item::as_array).is_none() {
        set(table, what, Array::from_iter(actual.iter().map(|got| value(got, None))).into());
        return;
    }
    let Some(array) = table.get_mut(what).and_then(Item::as_array_mut) else { return };
    let mut new = new.into_iter();
    let mut gone = Vec::new();
    for place in unmet {
        match new.next() {
            Some(got) => drop(array.replace(place, value(got, expected.get(place)))),
            None => gone.push(place),
        }
    }
    for place in gone.into_iter().rev() {
        let removed = array.remove(place);
        // What comes first stands where the first one stood.
        if let Some(first) = array.get_mut(0).filter(|_| place == 0) {
            first.decor_mut().clone_from(removed.decor());
        }
    }
    for got in new {
        push(array, value(got, None));
    }
}

/// Adds to an array, on a line of its own where the others have one.
fn push(array: &mut Array, mut value: Value) {
    let Some(last) = array.len().checked_sub(1).and_then(|last| array.get_mut(last)) else { return array.push(value) };
    // Without a comma behind it, the last one has the end of its line.
    let suffix = text_of(last.decor().suffix());
    last.decor_mut().set_suffix("");
    // A comment above the last one is not about this one; what stands behind its comma on its line is not either.
    let prefix = text_of(last.decor().prefix());
    let mut indent = prefix.rsplit_once('\n').map_or(" ".to_owned(), |(_, indent)| format!("\n{indent}"));
    let trailing = text_of(Some(array.trailing()));
    if let Some((comment, rest)) = trailing.split_once('\n').filter(|_| array.trailing_comma()) {
        indent.insert_str(0, comment);
        array.set_trailing(format!("\n{rest}"));
    }
    value.decor_mut().set_prefix(indent);
    value.decor_mut().set_suffix(suffix);
    array.push_formatted(value);
}

fn text_of(text: Option<&RawString>) -> String {
    text.and_then(RawString::as_str).unwrap_or_default().to_owned()
}

/// Removes a value; the end of an inline table keeps its look.
fn remove(table: &mut dyn TableLike, key: &str) {
    let suffix =
        table.remove(key).and_then(|item| Some(text_of(item.as_value()?.decor().suffix()))).unwrap_or_default();
    if let Some(last) = table.iter_mut().last().and_then(|(_, last)| last.as_value_mut()).filter(|_| !suffix.is_empty())
    {
        last.decor_mut().set_suffix(suffix);
    }
}

/// Rewrites an expected no. One that did not come gives its place to what came instead.
fn rewrite_noes(table: &mut dyn TableLike, step: &Step, actual: &Actual) {
    let noes = [("refused", &step.refused, &actual.refused), ("denied", &step.denied, &actual.denied)];
    for (what, expected, came) in noes {
        if expected.as_ref().is_none_or(|code| came.contains(code)) {
            continue;
        }
        if let Some(code) = came.first() {
            set(table, what, code.as_str().into());
            continue;
        }
        let comment = table.key(what).map(|key| text_of(key.leaf_decor().prefix()));
        table.remove(what);
        let other = noes.iter().find_map(|(other, _, came)| Some((*other, came.first()?)));
        let (place, value) = match other {
            Some((other, code)) => (other, Value::from(code.as_str())),
            None => ("grants", Array::from_iter(actual.grants.iter().map(|got| grant(got, None))).into()),
        };
        if table.get(place).is_none() {
            set(table, place, value);
        }
        if let (Some(comment), Some(mut key)) = (comment, table.key_mut(place)) {
            let own = text_of(key.leaf_decor().prefix());
            key.leaf_decor_mut().set_prefix(comment + &own);
        }
    }
}

/// Rewrites quantities by customer and unit.
fn rewrite_amounts(table: &mut dyn TableLike, actual: &BTreeMap<String, BTreeMap<String, u64>>) {
    for (customer, units) in actual {
        let Some(of_customer) = table.get_mut(customer).and_then(Item::as_table_like_mut) else { continue };
        for (unit, quantity) in units {
            let expected = of_customer.get(unit).and_then(Item::as_integer);
            if expected.and_then(|expected| u64::try_from(expected).ok()) != Some(*quantity) {
                set(of_customer, unit, integer(*quantity));
            }
        }
    }
}

/// Sets a value; what surrounds the one before it stays.
fn set(table: &mut dyn TableLike, key: &str, mut value: Value) {
    match table.get_mut(key) {
        Some(item) => {
            if let Some(before) = item.as_value() {
                value.decor_mut().clone_from(before.decor());
            }
            *item = Item::Value(value);
        }
        None => drop(table.insert(key, Item::Value(value))),
    }
}

/// JSON as TOML has it: without what is null.
fn from_json(value: &serde_json::Value) -> Option<Value> {
    Some(match value {
        serde_json::Value::Null => return None,
        serde_json::Value::Bool(truth) => (*truth).into(),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(whole) => whole.into(),
            None => number.as_f64()?.into(),
        },
        serde_json::Value::String(text) => text.as_str().into(),
        serde_json::Value::Array(items) => Array::from_iter(items.iter().filter_map(from_json)).into(),
        serde_json::Value::Object(fields) => {
            let fields = fields.iter().filter_map(|(name, field)| Some((name.as_str(), from_json(field)?)));
            InlineTable::from_iter(fields).into()
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"# A file that people wrote.
title = "Rewritten"

[campaign]
currency = "CNY"   # money

[[step]]
event = { kind = "checked_in", customer = "u1", time = "2026-03-01T09:00:00+08:00" }
grants = [
    # The first.
    { to = "u1", unit = "points", quantity = 5 },
    { to = "u1", key = "b", unit = "points", quantity = 7 }, # the second
]
# What is kept.
states = { u1 = { days = 1 }, u2 = { days = 2 } }

[[step]]
advance = "2026-03-02T09:00:00+08:00"
# It is too late.
refused = "late"

[[step]]
advance = "2026-03-03T09:00:00+08:00"
grants = [{ to = "u1", unit = "points", quantity = 1 }, { to = "u2", unit = "points", quantity = 2 }]
messages = []
timers = [{ name = "a", due = "2026-03-01T09:00:00+08:00" }]

[[step]]
advance = "2026-03-04T09:00:00+08:00"
grants = []
balances.u1 = { points = 3 } # to spend

[totals.u1]
points = 12 # in all
"coupon:x" = 1
"#;

    fn got(to: &str, key: &str, quantity: u64) -> GrantExpected {
        GrantExpected { to: to.into(), key: Some(key.into()), unit: "points".into(), quantity }
    }

    fn amounts(of: &str, units: &[(&str, u64)]) -> BTreeMap<String, BTreeMap<String, u64>> {
        let units = units.iter().map(|(unit, quantity)| ((*unit).to_owned(), *quantity));
        BTreeMap::from([(of.to_owned(), units.collect())])
    }

    #[test]
    fn only_what_was_not_met_changes() {
        let states = [("u1", Some(serde_json::json!({"days": 3, "of": ["a"]}))), ("u2", None)];
        let first = Actual {
            grants: vec![got("u1", "a", 6), got("u1", "b", 7), got("u1", "c", 8)],
            states: states.map(|(owner, state)| (owner.to_owned(), state)).into(),
            ..Actual::default()
        };
        let second = Actual { grants: vec![got("u1", "d", 1)], ..Actual::default() };
        let due = "2026-03-01T01:00:00Z".to_owned();
        let third = Actual {
            grants: vec![got("u2", "e", 2)],
            messages: vec![MessageExpected { template: "hello".into(), ..MessageExpected::default() }],
            timers: vec![TimerExpected { owner: Some("u1".into()), name: "a".into(), due }],
            ..Actual::default()
        };
        let faulted =
            Actual { faults: vec!["trap".into()], balances: amounts("u1", &[("points", 9)]), ..Actual::default() };
        let mut report = Report {
            steps: vec![Some(first), Some(second), Some(third), Some(faulted)],
            totals: amounts("u1", &[("points", 21), ("coupon:x", 1)]),
            ..Report::default()
        };
        let text = updated(TEXT, &report).unwrap();
        let expected = TEXT
            .replace("unit = \"points\", quantity = 5 }", "unit = \"points\", quantity = 6 }")
            .replace(
                "quantity = 7 }, # the second\n",
                "quantity = 7 }, # the second\n    { to = \"u1\", key = \"c\", unit = \"points\", quantity = 8 },\n",
            )
            .replace("{ u1 = { days = 1 }, u2 = { days = 2 } }", "{ u1 = { days = 3, of = [\"a\"] } }")
            .replace("refused = \"late\"", "grants = [{ to = \"u1\", key = \"d\", unit = \"points\", quantity = 1 }]")
            .replace("{ to = \"u1\", unit = \"points\", quantity = 1 }, { to = \"u2\"", "{ to = \"u2\"")
            .replace("messages = []", "messages = [\"hello\"]")
            .replace("points = 12 # in all", "points = 21 # in all");
        assert_eq!(text, expected);
        // What nothing is known of stays, and what is met.
        report.steps = vec![None, None, None, None];
        report.totals = amounts("u1", &[("points", 12), ("coupon:x", 1)]);
        assert_eq!(updated(TEXT, &report), None);
    }

    #[test]
    fn a_no_gives_its_place_to_another_no() {
        let text =
            "title = \"t\"\ncampaign = {}\n[[step]]\nadvance = \"2026-03-02T09:00:00Z\"\nrefused = \"late\" # why\n";
        let run = |actual: Actual| {
            let report = Report { steps: vec![Some(actual)], ..Report::default() };
            updated(text, &report).unwrap()
        };
        let early = Actual { refused: vec!["early".into()], ..Actual::default() };
        assert_eq!(run(early), text.replace("\"late\"", "\"early\""));
        let denied = run(Actual { denied: vec!["budget-exhausted".into()], ..Actual::default() });
        assert!(denied.ends_with("Z\"\ndenied = \"budget-exhausted\"\n"), "{denied}");
    }
}
