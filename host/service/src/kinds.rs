//! Event kinds: the schema of each, and what its annotations establish about customers.
//!
//! A kind is data: an operator can register a further one, or change one, while the host runs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use largesse_domain::customer::{AttributeValue, Fact};
use largesse_domain::dimension::Dimension;
use largesse_domain::id::{AttributeName, CustomerId, EntityId, EventKind, GroupKind, Identifier, InvalidId};
use largesse_domain::limits::{
    ATTRIBUTE_BYTES_MAX, EVENT_FACTS_MAX, KIND_ANNOTATIONS_MAX, KINDS_BYTES_MAX, KINDS_MAX, KINDS_SIZE_MAX,
};
use largesse_domain::problem::Problem;
use largesse_domain::time::Instant;
use largesse_store::Kind;
use serde_json::Value;

use crate::mask::MaskKey;
use crate::schema::Schema;

/// What the host reads from a schema beside its shape.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Annotation {
    Customer,
    Inviter,
    Same,
    Entity,
    Identifier(Dimension),
    Attribute(AttributeName),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Constant {
    FirstTime,
    Time,
    Value(AttributeValue),
}

/// One event kind, ready for use.
pub struct KindRules {
    kind: EventKind,
    schema: Schema,
    annotations: Vec<(String, Annotation)>,
    sets: Vec<(AttributeName, Constant)>,
    /// Of which kind of group the actor becomes, or is no longer, a member, and where the group is named.
    groups: Vec<(Membership, GroupKind, String)>,
    /// Where values stand that are masked.
    sensitive: Vec<String>,
    /// Where the word stands that is put behind the names of attributes.
    per: Option<String>,
}

/// What an event says of its actor and a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Membership {
    Joins,
    Leaves,
}

/// What an event's data establishes and names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// Facts about the actor.
    pub facts: Vec<Fact>,
    /// Customers that the event names.
    pub named: Vec<CustomerId>,
    /// Those of them who are the actor.
    pub same: Vec<CustomerId>,
}

impl KindRules {
    /// Reads a schema and its annotations.
    ///
    /// # Errors
    /// What is wrong with the schema or with an annotation, with a pointer into the schema.
    pub fn new(kind: EventKind, schema: &Value) -> Result<Self, Problem> {
        let problem = |pointer: &str, message: String| Problem { pointer: pointer.into(), message };
        let compiled = Schema::compile(schema)?;
        let mut annotations = Vec::new();
        let mut sensitive = Vec::new();
        collect(schema, "", "", &mut |schema, at, pattern| {
            if is_sensitive(schema, at)? {
                sensitive.push(pattern.to_owned());
            }
            annotations.extend(annotation(schema, at)?.map(|annotation| (pattern.to_owned(), annotation)));
            if annotations.len() + sensitive.len() > KIND_ANNOTATIONS_MAX {
                return Err(problem(
                    at,
                    format!("an event kind may have at most {KIND_ANNOTATIONS_MAX} annotated fields"),
                ));
            }
            Ok(())
        })?;
        for keyword in ["x-largesse-sets", "x-largesse-joins", "x-largesse-leaves"] {
            if schema.get(keyword).and_then(Value::as_object).is_some_and(|set| set.len() > KIND_ANNOTATIONS_MAX) {
                return Err(problem(
                    &format!("/{keyword}"),
                    format!("expected at most {KIND_ANNOTATIONS_MAX} entries"),
                ));
            }
        }
        let mut sets = Vec::new();
        for (name, value) in schema.get("x-largesse-sets").and_then(Value::as_object).into_iter().flatten() {
            let pointer = format!("/x-largesse-sets/{name}");
            let name = AttributeName::new(name).map_err(|error| problem(&pointer, error.to_string()))?;
            sets.push((name, constant(value).ok_or_else(|| problem(&pointer, CONSTANT.into()))?));
        }
        let mut groups = Vec::new();
        for (keyword, membership) in
            [("x-largesse-joins", Membership::Joins), ("x-largesse-leaves", Membership::Leaves)]
        {
            for (name, place) in schema.get(keyword).and_then(Value::as_object).into_iter().flatten() {
                let pointer = format!("/{keyword}/{name}");
                let name = GroupKind::new(name).map_err(|error| problem(&pointer, error.to_string()))?;
                let named = |(pattern, annotation): &(String, Annotation)| {
                    place.as_str() == Some(pattern) && *annotation == Annotation::Entity
                };
                let place = annotations.iter().find(|one| named(one)).map(|(pattern, _)| pattern.clone());
                let place = place.ok_or_else(|| problem(&pointer, GROUP.into()))?;
                groups.push((membership, name, place));
            }
        }
        let per = per(schema)?;
        Ok(Self { kind, schema: compiled, annotations, sets, groups, sensitive, per })
    }

    /// Reads the schema of a kind.
    ///
    /// # Errors
    /// Those of [`KindRules::new`].
    pub fn of(kind: &Kind) -> Result<Self, Problem> {
        let parsed = serde_json::from_str(kind.schema.as_str());
        let schema: Value = parsed.map_err(|error| Problem { pointer: String::new(), message: error.to_string() })?;
        Self::new(kind.kind.clone(), &schema)
    }

    /// How much of the host's memory its schema takes, counted in subschemas.
    fn size(&self) -> usize {
        self.schema.size()
    }

    /// The kind.
    #[must_use]
    pub fn kind(&self) -> &EventKind {
        &self.kind
    }

    /// What of the data does not fit the schema; pointers are into the data.
    #[must_use]
    pub fn problems(&self, data: &Value) -> Vec<Problem> {
        self.schema.problems(data)
    }

    /// The most steps that reading data of that many bytes takes: validating, finding annotated fields and masking.
    #[must_use]
    pub fn steps(&self, bytes: usize) -> u64 {
        /// To find a field, make a pointer to it and follow that.
        const STEPS_PER_BYTE: u64 = 64;
        let fields = (self.annotations.len() + self.sensitive.len()) as u64;
        self.schema.steps(bytes).saturating_add(fields * STEPS_PER_BYTE * bytes as u64)
    }

    /// The attributes that events of this kind set.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = &AttributeName> {
        let noted = self.annotations.iter().filter_map(|(_, annotation)| match annotation {
            Annotation::Attribute(name) => Some(name),
            _ => None,
        });
        self.sets.iter().map(|(name, _)| name).chain(noted)
    }

    /// Reports whether events of this kind merge customers.
    #[must_use]
    pub fn merges(&self) -> bool {
        self.annotations.iter().any(|(_, annotation)| *annotation == Annotation::Same)
    }

    /// Whether something in valid data may be masked.
    #[must_use]
    pub fn masks(&self) -> bool {
        !self.sensitive.is_empty()
    }

    /// Puts markers in the place of what nobody shall read.
    pub fn mask(&self, data: &mut Value, key: &MaskKey) {
        for pattern in &self.sensitive {
            let pointers: Vec<_> = matching(data, pattern).into_iter().map(|(pointer, _)| pointer).collect();
            for pointer in pointers {
                if let Some(Value::String(text)) = data.pointer_mut(&pointer) {
                    *text = key.marker(text);
                }
            }
        }
    }

    /// What valid data establishes and names.
    ///
    /// # Errors
    /// When an annotated field holds something that is not what the annotation says.
    pub fn read(&self, data: &Value, occurred: Instant) -> Result<Reading, Problem> {
        let mut reading = Reading::default();
        for (name, constant) in &self.sets {
            let name = name.clone();
            let time = AttributeValue::Int(occurred.as_millis());
            reading.facts.push(match constant {
                Constant::FirstTime => Fact::FirstAttribute(name, time),
                Constant::Time => Fact::Attribute(name, time),
                Constant::Value(value) => Fact::Attribute(name, value.clone()),
            });
        }
        for (membership, kind, place) in &self.groups {
            let Some(group) = data.pointer(place) else { continue };
            let named = group.as_str().map(EntityId::new);
            let group = named.and_then(Result::ok).ok_or_else(|| Problem {
                pointer: place.clone(),
                message: "expected 1 to 128 printable ASCII characters without spaces".into(),
            })?;
            reading.facts.push(match membership {
                Membership::Joins => Fact::Joined(kind.clone(), group),
                Membership::Leaves => Fact::Left(kind.clone(), group),
            });
        }
        for (pattern, annotation) in &self.annotations {
            for (pointer, value) in matching(data, pattern) {
                let read = read_field(annotation, value, &mut reading);
                read.map_err(|message| Problem { pointer: pointer.clone(), message })?;
                if reading.facts.len() + reading.named.len() > EVENT_FACTS_MAX {
                    let message = format!(
                        "an event may name at most {EVENT_FACTS_MAX} customers, identifiers and attributes; this is one more"
                    );
                    return Err(Problem { pointer, message });
                }
            }
        }
        if let Some(pointer) = &self.per
            && let Some(word) = data.pointer(pointer).and_then(Value::as_str)
        {
            let problem = |error: InvalidId| Problem { pointer: pointer.clone(), message: error.to_string() };
            for fact in &mut reading.facts {
                if let Fact::Attribute(name, _) | Fact::FirstAttribute(name, _) = fact {
                    *name = AttributeName::new(format!("{name}_{word}")).map_err(problem)?;
                }
            }
        }
        Ok(reading)
    }

    /// Where the data says of a customer that they are the actor.
    #[must_use]
    pub fn pointers_to_same(&self, data: &Value, customer: &CustomerId) -> Vec<String> {
        let same = self.annotations.iter().filter(|(_, annotation)| *annotation == Annotation::Same);
        let found = same.flat_map(|(pattern, _)| matching(data, pattern));
        found.filter(|(_, value)| value.as_str() == Some(customer.as_str())).map(|(pointer, _)| pointer).collect()
    }

    /// Whether the pointer leads to a field that names a customer.
    #[must_use]
    pub fn names_customer(&self, pointer: &str) -> bool {
        self.annotated(pointer, |annotation| matches!(annotation, Annotation::Customer | Annotation::Inviter))
    }

    /// Whether the pointer leads to an array of customers.
    #[must_use]
    pub fn names_members(&self, pointer: &str) -> bool {
        self.annotated(&format!("{pointer}/*"), |annotation| *annotation == Annotation::Customer)
    }

    /// Whether the pointer leads to a field that names an entity.
    #[must_use]
    pub fn names_entity(&self, pointer: &str) -> bool {
        self.annotated(pointer, |annotation| *annotation == Annotation::Entity)
    }

    fn annotated(&self, pointer: &str, is: impl Fn(&Annotation) -> bool) -> bool {
        self.annotations.iter().any(|(pattern, annotation)| pattern == pointer && is(annotation))
    }
}

const GROUP: &str = "expected a pointer to a field that is marked as an entity";
fn per(schema: &Value) -> Result<Option<String>, Problem> {
    const KEYWORD: &str = "/x-largesse-per";
    let Some(pointer) = schema.get(&KEYWORD[1..]) else { return Ok(None) };
    let names_property = |pointer: &&str| {
        let name = pointer.strip_prefix('/');
        name.is_some_and(|name| schema.pointer(&format!("/properties/{name}/type")) == Some(&Value::from("string")))
    };
    let message = "expected a pointer to a property that is a string";
    let problem = || Problem { pointer: KEYWORD.into(), message: message.into() };
    pointer.as_str().filter(names_property).map(|pointer| Some(pointer.to_owned())).ok_or_else(problem)
}

const CONSTANT: &str = "expected \"$first-time\", \"$time\", a string, an integer or a boolean";

fn constant(value: &Value) -> Option<Constant> {
    match value.as_str() {
        Some("$first-time") => Some(Constant::FirstTime),
        Some("$time") => Some(Constant::Time),
        _ => attribute_value(value).map(Constant::Value),
    }
}

fn attribute_value(value: &Value) -> Option<AttributeValue> {
    match value {
        Value::Bool(value) => Some(AttributeValue::Bool(*value)),
        Value::Number(number) => number.as_i64().map(AttributeValue::Int),
        Value::String(text) if text.len() <= ATTRIBUTE_BYTES_MAX => Some(AttributeValue::Text(text.clone())),
        // An amount: its minor units.
        Value::Object(amount) => amount.get("minor").and_then(Value::as_i64).map(AttributeValue::Int),
        _ => None,
    }
}

/// Walks the properties and items of a schema. `pattern` is a pointer into the data, with `*` for each item of an array.
fn collect(
    schema: &Value,
    at: &str,
    pattern: &str,
    found: &mut impl FnMut(&Value, &str, &str) -> Result<(), Problem>,
) -> Result<(), Problem> {
    found(schema, at, pattern)?;
    for (name, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        let token = name.replace('~', "~0").replace('/', "~1");
        collect(property, &format!("{at}/properties/{token}"), &format!("{pattern}/{token}"), found)?;
    }
    if let Some(items) = schema.get("items").filter(|items| items.is_object()) {
        collect(items, &format!("{at}/items"), &format!("{pattern}/*"), found)?;
    }
    Ok(())
}

fn annotation(schema: &Value, at: &str) -> Result<Option<Annotation>, Problem> {
    let problem =
        |keyword: &str, message: &str| Problem { pointer: format!("{at}/{keyword}"), message: message.into() };
    if let Some(role) = schema.get("x-largesse-role") {
        let annotation = match role.as_str() {
            Some("customer") => Annotation::Customer,
            Some("inviter") => Annotation::Inviter,
            Some("same") => Annotation::Same,
            Some("entity") => Annotation::Entity,
            _ => return Err(problem("x-largesse-role", "expected customer, inviter, same or entity")),
        };
        return Ok(Some(annotation));
    }
    if let Some(name) = schema.get("x-largesse-identifier") {
        let known = Dimension::ALL.into_iter().find(|dimension| Some(dimension.as_str()) == name.as_str());
        let dimension = known.filter(|dimension| *dimension != Dimension::Customer);
        let message = "expected identity, device, card or address";
        return Ok(Some(Annotation::Identifier(dimension.ok_or_else(|| problem("x-largesse-identifier", message))?)));
    }
    if let Some(name) = schema.get("x-largesse-attribute") {
        let name = name.as_str().and_then(|name| AttributeName::new(name).ok());
        let name = name.ok_or_else(|| problem("x-largesse-attribute", "expected an attribute name"))?;
        return Ok(Some(Annotation::Attribute(name)));
    }
    Ok(None)
}

/// Whether a field is masked. Only texts can be: a marker is one. Whom an event names cannot: they could not be addressed.
fn is_sensitive(schema: &Value, at: &str) -> Result<bool, Problem> {
    const KEYWORD: &str = "x-largesse-sensitive";
    let problem = |message: &str| Problem { pointer: format!("{at}/{KEYWORD}"), message: message.into() };
    match schema.get(KEYWORD) {
        None | Some(Value::Bool(false)) => Ok(false),
        Some(Value::Bool(true)) if schema.get("type").and_then(Value::as_str) != Some("string") => {
            Err(problem("only what has the type string can be masked"))
        }
        Some(Value::Bool(true)) if schema.get("x-largesse-role").is_some() => {
            Err(problem("a customer or an entity cannot be masked"))
        }
        Some(Value::Bool(true)) => Ok(true),
        Some(_) => Err(problem("expected true or false")),
    }
}

fn matching<'a>(data: &'a Value, pattern: &str) -> Vec<(String, &'a Value)> {
    let Some((head, tail)) = pattern.split_once("/*") else {
        return data.pointer(pattern).map(|value| (pattern.to_owned(), value)).into_iter().collect();
    };
    let items = data.pointer(head).and_then(Value::as_array).into_iter().flatten().enumerate();
    let inside = items.flat_map(|(index, item)| {
        matching(item, tail).into_iter().map(move |(pointer, value)| (format!("{head}/{index}{pointer}"), value))
    });
    inside.collect()
}

fn read_field(annotation: &Annotation, value: &Value, reading: &mut Reading) -> Result<(), String> {
    let text = || value.as_str().ok_or_else(|| "expected a string".to_owned());
    match annotation {
        Annotation::Entity => {}
        Annotation::Customer => reading.named.push(CustomerId::new(text()?).map_err(|error| error.to_string())?),
        Annotation::Same => {
            let same = CustomerId::new(text()?).map_err(|error| error.to_string())?;
            reading.named.push(same.clone());
            reading.same.push(same);
        }
        Annotation::Inviter => {
            let inviter = CustomerId::new(text()?).map_err(|error| error.to_string())?;
            reading.named.push(inviter.clone());
            reading.facts.push(Fact::Touch(inviter));
        }
        Annotation::Identifier(dimension) => {
            let value = Identifier::new(text()?).map_err(|error| error.to_string())?;
            reading.facts.push(Fact::Identifier(*dimension, value));
        }
        Annotation::Attribute(name) => {
            let value =
                attribute_value(value).ok_or("expected a string of at most 256 bytes, an integer or a boolean")?;
            reading.facts.push(Fact::Attribute(name.clone(), value));
        }
    }
    Ok(())
}

/// All event kinds at a time.
#[derive(Clone, Default)]
pub struct Kinds {
    rules: BTreeMap<EventKind, Arc<KindRules>>,
    schemas: BTreeMap<EventKind, Kind>,
    key: MaskKey,
}

impl Kinds {
    /// None yet. What events hold that nobody shall read is masked with this key.
    #[must_use]
    pub fn new(key: MaskKey) -> Self {
        Self { key, ..Self::default() }
    }

    /// What is masked with.
    #[must_use]
    pub fn key(&self) -> &MaskKey {
        &self.key
    }

    /// Whether an attribute is set by the first event of a kind and by no later one.
    #[must_use]
    pub fn is_first(&self, name: &AttributeName) -> bool {
        let mut sets = self.rules.values().flat_map(|rules| &rules.sets);
        sets.any(|(set, constant)| set == name && *constant == Constant::FirstTime)
    }

    /// Every attribute that events set.
    #[must_use]
    pub fn attributes(&self) -> BTreeSet<&AttributeName> {
        self.rules.values().flat_map(|rules| rules.attributes()).collect()
    }

    /// The rules of a kind.
    #[must_use]
    pub fn get(&self, kind: &EventKind) -> Option<&Arc<KindRules>> {
        self.rules.get(kind)
    }

    /// All kinds with their schemas, by name.
    pub fn all(&self) -> impl Iterator<Item = &Kind> {
        self.schemas.values()
    }

    /// Adds or replaces a kind.
    ///
    /// # Errors
    /// What is wrong with its schema, or that there are too many kinds.
    pub fn insert(&mut self, kind: Kind) -> Result<(), Problem> {
        let rules = KindRules::of(&kind)?;
        self.insert_rules(kind, Arc::new(rules))
    }

    /// Adds or replaces a kind whose schema is compiled.
    ///
    /// # Errors
    /// That there are too many kinds, or that they are too large together.
    pub fn insert_rules(&mut self, kind: Kind, rules: Arc<KindRules>) -> Result<(), Problem> {
        let problem = |message: String| Err(Problem { pointer: String::new(), message });
        let others = self.rules.iter().filter(|(name, _)| **name != kind.kind);
        let (count, size) =
            others.fold((1, rules.size()), |(count, size), (_, other)| (count + 1, size + other.size()));
        if count > KINDS_MAX {
            return problem(format!("there are {KINDS_MAX} event kinds, the most that a host may have"));
        }
        if size > KINDS_SIZE_MAX {
            return problem(format!(
                "with this schema those of all event kinds come to {size} subschemas; at most {KINDS_SIZE_MAX} are allowed"
            ));
        }
        let others = self.schemas.values().filter(|other| other.kind != kind.kind);
        let bytes = others.fold(kind.schema.len(), |bytes, other| bytes + other.schema.len());
        if bytes > KINDS_BYTES_MAX {
            return problem(format!(
                "with this schema those of all event kinds have {bytes} bytes; at most {KINDS_BYTES_MAX} are allowed"
            ));
        }
        self.rules.insert(kind.kind.clone(), rules);
        self.schemas.insert(kind.kind.clone(), kind);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
