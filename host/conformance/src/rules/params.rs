//! The parameters that a policy is tried with, and wrong ones.

use jsonschema::Validator;
use largesse_domain::decision::{Fault, FaultKind};
use largesse_domain::json::Json;
use largesse_domain::limits::PARAMS_BYTES_MAX;
use largesse_engine::CheckError;
use largesse_service::schema::Schema;
use serde_json::{Map, Value, json};

use super::inputs::Generator;
use super::list::Rule;
use super::report::{Finding, ParamsUsed};
use super::stage::Stage;
use super::subject::Subject;
use super::tape::Tape;
use super::trial::run;
use super::values::Maker;

/// The dialect of JSON Schema that the contract asks for.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";
/// Parameters that are made by the schema, at most, and how many are tried for them.
const MADE: usize = 4;
const MADE_TRIES: u64 = 300;
/// Inputs that are decided with wrong parameters that `check` takes.
const INPUTS_EACH: usize = 3;

/// The parameters to try a policy with.
pub(super) struct Chosen {
    pub(super) used: Vec<ParamsUsed>,
    pub(super) finding: Finding,
}

impl Chosen {
    /// As the host keeps them.
    pub(super) fn json(&self) -> Vec<Json> {
        self.used.iter().map(|used| Json::from_checked(used.value.to_string())).collect()
    }
}

/// Reads the schema of the parameters.
pub(super) fn schema(subject: &dyn Subject) -> (Option<(Value, Validator)>, Finding) {
    let rule = Rule::ParamsSchema;
    let text = subject.manifest().params_schema.as_str();
    let fail = |why: String| (None, Finding::fail(rule, why));
    let schema: Value = match serde_json::from_str(text) {
        Ok(schema) => schema,
        Err(error) => return fail(error.to_string()),
    };
    if let Some(dialect) = schema.get("$schema").filter(|dialect| dialect.as_str() != Some(DIALECT)) {
        return fail(format!("`$schema` is {dialect}, not \"{DIALECT}\""));
    }
    // A host rejects what costs too much when the policy is published.
    if let Err(problem) = Schema::compile(&schema) {
        return fail(format!("{}: {}", problem.pointer, problem.message));
    }
    match jsonschema::draft202012::new(&schema) {
        Ok(validator) => (Some((schema, validator)), Finding::pass(rule, format!("{} bytes", text.len()))),
        Err(error) => fail(format!("{}: {error}", error.instance_path())),
    }
}

/// Chooses parameters: those given, else what the schema shows, else some that are made by it.
pub(super) fn choose(
    subject: &dyn Subject,
    (schema, validator): &(Value, Validator),
    (given, currency): (&[ParamsUsed], &str),
    seed: u64,
) -> Chosen {
    let shown = if given.is_empty() { shown_by(schema, validator) } else { given.to_vec() };
    if shown.is_empty() {
        return made(subject, (schema, validator), currency, seed);
    }
    let (mut used, mut refused) = (Vec::new(), None);
    for params in shown {
        match problem(subject, validator, &params.value) {
            None => used.push(params),
            Some(why) => drop(refused.get_or_insert((params, why))),
        }
    }
    let finding = match refused {
        Some((params, why)) => Finding::fail(Rule::Params, format!("{}: {why}", params.origin)).with(params.value),
        None => Finding::pass(Rule::Params, origins(&used)),
    };
    Chosen { used, finding }
}

/// The parameters to try a policy with whose own are not in question: of those given, the ones that it takes.
pub(super) fn taken(
    subject: &dyn Subject,
    schema: &(Value, Validator),
    (given, currency): (&[ParamsUsed], &str),
    seed: u64,
) -> Vec<Json> {
    let given = given.iter().filter(|one| problem(subject, &schema.1, &one.value).is_none());
    let given: Vec<_> = given.cloned().collect();
    choose(subject, schema, (&given, currency), seed).json()
}

fn origins(used: &[ParamsUsed]) -> String {
    let mut origins: Vec<&str> = used.iter().map(|params| params.origin.as_str()).collect();
    origins.dedup();
    format!("{}: {}", used.len(), origins.join(", "))
}

/// What the schema shows: its examples, its default, or an object of its properties' examples and defaults.
fn shown_by(schema: &Value, validator: &Validator) -> Vec<ParamsUsed> {
    let used = |origin: &str, value: &Value| ParamsUsed { origin: origin.to_owned(), value: value.clone() };
    let examples = schema.get("examples").and_then(Value::as_array).into_iter().flatten();
    let mut found: Vec<_> = examples.map(|example| used("the schema's examples", example)).collect();
    found.extend(schema.get("default").map(|default| used("the schema's default", default)));
    if found.is_empty() {
        let mut object = Map::new();
        for (name, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            let value = property.pointer("/examples/0").or(property.get("default"));
            object.extend(value.map(|value| (name.clone(), value.clone())));
        }
        // A default of nothing says nothing; one that is not whole is no example.
        let says =
            object.values().any(|value| !matches!(value, Value::Null | Value::Bool(false)) && *value != json!([]));
        let whole = Value::Object(object);
        if says && validator.is_valid(&whole) {
            found.push(used("the schema's properties", &whole));
        }
    }
    found
}

fn made(subject: &dyn Subject, (schema, validator): (&Value, &Validator), currency: &str, seed: u64) -> Chosen {
    let maker = Maker { root: schema, currency, hints: &unit_names(currency), people: 3 };
    let mut used: Vec<ParamsUsed> = Vec::new();
    let mut refused = Vec::new();
    for number in 0..MADE_TRIES {
        if used.len() == MADE {
            break;
        }
        let value = maker.make(&mut Tape::random(seed, number));
        if used.iter().any(|known| known.value == value) {
            continue;
        }
        match problem(subject, validator, &value) {
            None => used.push(ParamsUsed { origin: "made by the schema".to_owned(), value }),
            Some(why) => refused.push(why),
        }
    }
    let finding = match refused.first() {
        Some(why) if used.is_empty() => Finding::skipped(
            Rule::Params,
            format!("none are given, the schema shows none, and none that were made by it are taken ({why})"),
        ),
        _ => Finding::pass(Rule::Params, origins(&used)),
    };
    Chosen { used, finding }
}

/// Texts that parameters often hold.
fn unit_names(currency: &str) -> Vec<String> {
    vec!["points".to_owned(), format!("cash:{currency}"), "coupon:welcome".to_owned()]
}

/// Why the policy does not take the parameters.
pub(super) fn problem(subject: &dyn Subject, validator: &Validator, params: &Value) -> Option<String> {
    if let Some(error) = validator.iter_errors(params).next() {
        return Some(format!("the schema refuses {}: {error}", place(error.instance_path().as_str())));
    }
    subject.check(&Json::from_checked(params.to_string())).err().map(|error| error.to_string())
}

fn place(pointer: &str) -> &str {
    if pointer.is_empty() { "the whole" } else { pointer }
}

/// How wrong parameters are tried.
#[derive(Clone, Copy)]
pub(super) struct Wrong {
    pub(super) seed: u64,
    /// How many are made.
    pub(super) count: usize,
    /// Whether to decide with those that `check` takes: not where right ones already lead to faults.
    pub(super) decide: bool,
}

/// Changes parameters in many ways, has `check` look at them, and decides with those that it takes.
pub(super) fn wrong(
    subject: &dyn Subject,
    stage: &Stage,
    validator: &Validator,
    params: &[Json],
    Wrong { seed, count, decide }: Wrong,
) -> Finding {
    let rule = Rule::WrongParams;
    let bases: Vec<Value> = params.iter().filter_map(|params| serde_json::from_str(params.as_str()).ok()).collect();
    let harm = |value: &Value| {
        let json = Json::from_checked(value.to_string());
        if json.len() > PARAMS_BYTES_MAX {
            return Ok(false);
        }
        // The host holds parameters to the schema first: what `check` offers for others is never looked at.
        let offers = |fault: &Fault| fault.kind == FaultKind::InvalidOutput && !validator.is_valid(value);
        match subject.check(&json) {
            Err(CheckError::Fault(fault)) if offers(&fault) => return Ok(false),
            Err(CheckError::Fault(fault)) => return Err((fault.to_string(), json!({"params": value}))),
            Err(CheckError::Problems(_)) => return Ok(false),
            Ok(_) if !validator.is_valid(value) => return Ok(false),
            Ok(_) if !decide => return Ok(true),
            Ok(_) => {}
        }
        let params = [json];
        let generator = Generator::new(stage, subject.manifest(), &params, 3);
        let run = run(subject, &generator, (seed, INPUTS_EACH), None);
        match run.breaches.keys().find_map(|rule| run.failure(*rule)) {
            Some(finding) => Err((finding.seen, finding.input.unwrap_or_default())),
            None => Ok(true),
        }
    };
    let mut taken = 0;
    for number in 0..count as u64 {
        let mut tape = Tape::random(!seed, number);
        match harm(&mutated(&bases, &mut tape)) {
            Ok(is_taken) => taken += usize::from(is_taken),
            Err(first) => {
                let mut found = first;
                tape.shrunk(|tape| harm(&mutated(&bases, tape)).map_err(|smaller| found = smaller).is_err());
                return Finding::fail(rule, found.0).with(found.1);
            }
        }
    }
    let untried = if decide { "" } else { "; nothing was decided with them, for right ones lead to faults" };
    Finding::pass(rule, format!("{count} changed parameters: {taken} taken, {} refused{untried}", count - taken))
}

/// Parameters with one to three changes: another type, a field less, a field more, an extreme.
fn mutated(bases: &[Value], tape: &mut Tape) -> Value {
    let mut value = tape.pick(bases).cloned().unwrap_or_default();
    for _ in 0..=tape.below(3) {
        let mut places = Vec::new();
        collect_places(&value, String::new(), &mut places);
        let Some(place) = tape.pick(&places).and_then(|place| value.pointer_mut(place)) else { continue };
        mutate(place, tape);
    }
    value
}

fn collect_places(value: &Value, at: String, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                let name = name.replace('~', "~0").replace('/', "~1");
                collect_places(field, format!("{at}/{name}"), found);
            }
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| collect_places(item, format!("{at}/{index}"), found));
        }
        _ => {}
    }
    found.push(at);
}

fn mutate(place: &mut Value, tape: &mut Tape) {
    let others = [
        Value::Null,
        json!(false),
        json!(0),
        json!(-1),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(1.5),
        json!(""),
        json!("größe \u{0} \u{1f381}"),
        json!([]),
        json!({}),
        json!([[[]]]),
        json!(1_000_000_000_000_000_u64),
        json!(1),
    ];
    match (place, tape.below(4)) {
        (Value::Object(fields), 1) if !fields.is_empty() => {
            let names: Vec<String> = fields.keys().cloned().collect();
            fields.remove(tape.pick(&names).map_or("", String::as_str));
        }
        (Value::Object(fields), 2) => drop(fields.insert("unheard-of".to_owned(), json!(1))),
        (Value::Array(items), 1) => items.truncate(items.len().saturating_sub(1)),
        (Value::Array(items), 2) => {
            let times = tape.below(40);
            let first = items.first().cloned().unwrap_or_default();
            (0..=times).for_each(|_| items.push(first.clone()));
        }
        (place, _) => *place = tape.pick(&others).cloned().unwrap_or_default(),
    }
}
