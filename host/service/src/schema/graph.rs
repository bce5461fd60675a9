//! The parts of a JSON Schema and how they apply to a value: the graph that its cost is worked out on.
//!
//! Keywords whose work does not show in the schema alone (dynamic references, schemas in other documents, content that is decoded
//! and validated again) are rejected here.

use std::collections::{HashMap, HashSet};

use largesse_domain::limits::{SCHEMA_PARTS_MAX, SCHEMA_POINTER_BYTES_MAX, SCHEMA_REFERENCES_MAX};
use largesse_domain::problem::Problem;
use serde_json::{Map, Value};

use super::pattern::Patterns;

/// The dialect of every schema.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";
/// Keywords that are rejected, with what to write instead.
const REJECTED: [(&str, &str); 9] = [
    ("$dynamicRef", "use $ref"),
    ("$dynamicAnchor", "use $defs and $ref"),
    ("$recursiveRef", "use $ref"),
    ("$recursiveAnchor", "use $defs and $ref"),
    ("$anchor", "use a JSON pointer in $ref"),
    ("$vocabulary", "the vocabularies are those of draft 2020-12"),
    ("dependencies", "use dependentRequired or dependentSchemas"),
    ("additionalItems", "use prefixItems and items"),
    ("contentSchema", "embedded documents are not validated"),
];

/// How a schema applies another one to the same value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Applied {
    /// `$ref`.
    Reference,
    /// `allOf`, `then`, `else`, `dependentSchemas`: its errors are the value's.
    Always,
    /// `anyOf`, `oneOf`, `if`: it is tried first, and then its errors may be collected.
    Choice,
    /// `not`: it is tried, and never reports an error of its own.
    Test,
}

/// Work of a part's own keywords, in steps.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Own {
    /// For each value.
    pub(super) value: u64,
    /// For each byte of the value itself, its members' names included.
    pub(super) byte: u64,
    /// For each byte of the value and all that it contains.
    pub(super) tree: u64,
    /// Steps for each byte of the members' names to see which are evaluated.
    pub(super) marking: u64,
    /// Most errors of its own for one value.
    pub(super) errors: u64,
}

/// A schema or subschema.
#[derive(Debug, Default)]
pub(super) struct Part<'a> {
    origin: Origin<'a>,
    pub(super) own: Own,
    /// Applied to the same value.
    pub(super) in_place: Vec<(Applied, usize)>,
    /// `properties` and `additionalProperties`: at most one applies to a member.
    pub(super) members: Vec<usize>,
    /// `additionalProperties`, which is one of them.
    pub(super) additional: Option<usize>,
    /// `prefixItems` and `items`: at most one applies to an item.
    pub(super) items: Vec<usize>,
    /// Each may apply to every child.
    pub(super) each: Vec<usize>,
    /// `propertyNames`.
    pub(super) names: Option<usize>,
    /// Whether it asks which children are evaluated.
    pub(super) marks: bool,
    /// All that stand within it.
    pub(super) within: Vec<usize>,
}

/// Where a part stands.
#[derive(Debug, Default)]
enum Origin<'a> {
    #[default]
    Root,
    Below {
        parent: usize,
        keyword: &'a str,
        key: Option<String>,
    },
    At(&'a str),
}

/// All parts of a schema; the first is the whole.
#[derive(Debug)]
pub(super) struct Graph<'a> {
    root: &'a Value,
    pub(super) parts: Vec<Part<'a>>,
    numbers: HashMap<*const Value, usize>,
    unread: Vec<(usize, &'a Value)>,
    patterns: Patterns<'a>,
    targets: HashSet<&'a str>,
}

impl<'a> Graph<'a> {
    /// Reads a schema.
    ///
    /// # Errors
    /// What is not allowed in it, with a pointer into it.
    pub(super) fn of(root: &'a Value) -> Result<Self, Problem> {
        let mut graph = Self {
            root,
            parts: Vec::new(),
            numbers: HashMap::new(),
            unread: Vec::new(),
            patterns: Patterns::default(),
            targets: HashSet::new(),
        };
        graph.add(root, Origin::Root)?;
        while let Some((number, schema)) = graph.unread.pop() {
            if let Value::Object(object) = schema {
                graph.read(number, object)?;
            }
        }
        Ok(graph)
    }

    /// The JSON pointer to a part.
    pub(super) fn pointer(&self, number: usize) -> String {
        let mut tokens = Vec::new();
        let mut at = number;
        loop {
            match &self.parts[at].origin {
                Origin::Root => break,
                Origin::At(pointer) => {
                    tokens.push((*pointer).to_owned());
                    break;
                }
                Origin::Below { parent, keyword, key } => {
                    let key = key.as_ref().map(|key| format!("/{}", escaped(key)));
                    tokens.push(format!("/{keyword}{}", key.unwrap_or_default()));
                    at = *parent;
                }
            }
        }
        tokens.reverse();
        tokens.concat()
    }

    /// The states of all patterns together.
    pub(super) fn pattern_states(&self) -> usize {
        self.patterns.states()
    }

    /// Those that references lead to.
    pub(super) fn targets(&self) -> impl Iterator<Item = usize> {
        let references = self.parts.iter().flat_map(|part| &part.in_place);
        references.filter(|(applied, _)| *applied == Applied::Reference).map(|(_, target)| *target)
    }

    fn problem(&self, number: usize, keyword: &str, message: impl Into<String>) -> Problem {
        Problem { pointer: format!("{}/{keyword}", self.pointer(number)), message: message.into() }
    }

    fn add(&mut self, schema: &'a Value, origin: Origin<'a>) -> Result<usize, Problem> {
        if let Some(number) = self.numbers.get(&std::ptr::from_ref(schema)) {
            return Ok(*number);
        }
        let number = self.parts.len();
        self.parts.push(Part { origin, ..Part::default() });
        self.parts[number].own.value = 1;
        if number >= SCHEMA_PARTS_MAX {
            let message = format!("a schema may have at most {SCHEMA_PARTS_MAX} subschemas");
            return Err(Problem { pointer: self.pointer(number), message });
        }
        let pointer = self.pointer(number);
        if pointer.len() > SCHEMA_POINTER_BYTES_MAX {
            let message = format!("the JSON pointer of a subschema may have at most {SCHEMA_POINTER_BYTES_MAX} bytes");
            let shown = pointer.char_indices().nth(SCHEMA_POINTER_BYTES_MAX).map_or(pointer.len(), |(end, _)| end);
            return Err(Problem { pointer: pointer[..shown].to_owned(), message });
        }
        self.numbers.insert(std::ptr::from_ref(schema), number);
        self.unread.push((number, schema));
        Ok(number)
    }

    fn below(
        &mut self,
        number: usize,
        keyword: &'a str,
        key: Option<String>,
        schema: &'a Value,
    ) -> Result<usize, Problem> {
        let child = self.add(schema, Origin::Below { parent: number, keyword, key })?;
        self.parts[number].within.push(child);
        Ok(child)
    }

    /// The subschemas in a keyword's value: one, an array of them, or a map of them.
    fn all_below(
        &mut self,
        number: usize,
        keyword: &'a str,
        value: &'a Value,
        map: bool,
    ) -> Result<Vec<usize>, Problem> {
        match value {
            Value::Array(schemas) => {
                let schemas = schemas.iter().enumerate();
                schemas.map(|(index, schema)| self.below(number, keyword, Some(index.to_string()), schema)).collect()
            }
            Value::Object(schemas) if map => {
                schemas.iter().map(|(key, schema)| self.below(number, keyword, Some(key.clone()), schema)).collect()
            }
            schema => Ok(vec![self.below(number, keyword, None, schema)?]),
        }
    }

    fn read(&mut self, number: usize, schema: &'a Map<String, Value>) -> Result<(), Problem> {
        for (keyword, value) in schema {
            self.check_keyword(number, keyword, value)?;
            self.read_applicator(number, keyword, value)?;
            self.read_assertion(number, keyword, value)?;
        }
        Ok(())
    }

    fn check_keyword(&self, number: usize, keyword: &str, value: &Value) -> Result<(), Problem> {
        if let Some((_, advice)) = REJECTED.iter().find(|(rejected, _)| *rejected == keyword) {
            return Err(self.problem(number, keyword, format!("{keyword} is not supported: {advice}")));
        }
        match keyword {
            "$schema" if value.as_str().map(|dialect| dialect.trim_end_matches('#')) != Some(DIALECT) => {
                Err(self.problem(number, keyword, format!("expected \"{DIALECT}\"")))
            }
            "$id" if number != 0 => Err(self.problem(number, keyword, "only the whole schema may have an $id")),
            _ => Ok(()),
        }
    }

    fn read_applicator(&mut self, number: usize, keyword: &'a str, value: &'a Value) -> Result<(), Problem> {
        let applied = match keyword {
            "$ref" => {
                let target = self.target(number, value)?;
                self.parts[number].in_place.push((Applied::Reference, target));
                return Ok(());
            }
            "allOf" | "then" | "else" | "dependentSchemas" => Some(Applied::Always),
            "anyOf" | "oneOf" | "if" => Some(Applied::Choice),
            "not" => Some(Applied::Test),
            "properties"
            | "patternProperties"
            | "$defs"
            | "definitions"
            | "additionalProperties"
            | "items"
            | "prefixItems"
            | "contains"
            | "propertyNames"
            | "unevaluatedItems"
            | "unevaluatedProperties" => None,
            _ => return Ok(()),
        };
        let map = matches!(keyword, "dependentSchemas" | "properties" | "patternProperties" | "$defs" | "definitions");
        let children = self.all_below(number, keyword, value, map)?;
        let part = &mut self.parts[number];
        part.own.value += 1 + children.len() as u64;
        match (applied, keyword) {
            (Some(applied), _) => part.in_place.extend(children.into_iter().map(|child| (applied, child))),
            (None, "properties" | "additionalProperties") => {
                // Of few properties each is compared with a member's name.
                part.own.byte += 1 + children.len().min(16) as u64 / 4;
                part.own.marking += 1;
                if keyword == "additionalProperties" {
                    part.additional = children.first().copied();
                }
                part.members.extend(children);
            }
            (None, "items" | "prefixItems") => part.items.extend(children),
            (None, "propertyNames") => part.names = children.first().copied(),
            (None, "unevaluatedItems" | "unevaluatedProperties") => {
                part.marks = true;
                part.each.extend(children);
            }
            (None, "patternProperties" | "contains") => part.each.extend(children),
            (None, _) => {}
        }
        if keyword == "patternProperties" {
            for pattern in value.as_object().into_iter().flat_map(Map::keys) {
                let states = self.states(number, keyword, pattern)?;
                let own = &mut self.parts[number].own;
                own.byte += 2 * states;
                own.marking += states;
            }
        }
        Ok(())
    }

    fn read_assertion(&mut self, number: usize, keyword: &str, value: &'a Value) -> Result<(), Problem> {
        let count = |value: &Value| value.as_array().map_or(1, Vec::len) as u64;
        let mut own = self.parts[number].own;
        own.errors += 1;
        match keyword {
            "pattern" => own.byte += value.as_str().map_or(Ok(0), |pattern| self.states(number, keyword, pattern))?,
            "minLength" | "maxLength" => own.byte += 1,
            "contentEncoding" | "contentMediaType" => own.byte += 4,
            // Its items are hashed, and those of a short array compared in pairs.
            "uniqueItems" => own.tree += 16,
            "required" => (own.value, own.errors) = (own.value + count(value), own.errors + count(value)),
            "dependentRequired" => {
                let required: u64 = value.as_object().into_iter().flat_map(Map::values).map(count).sum();
                (own.value, own.errors) = (own.value + required, own.errors + required);
            }
            "enum" | "const" => {
                let values = if keyword == "enum" { value.as_array().map_or(&[][..], Vec::as_slice) } else { &[] };
                for value in values.iter().chain((keyword == "const").then_some(value)) {
                    let text = value.as_str().map_or(0, str::len) as u64;
                    own.value += 1 + text / 16;
                    own.tree += u64::from(value.is_object() || value.is_array());
                }
            }
            "type" | "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" | "multipleOf" | "minItems"
            | "maxItems" | "minProperties" | "maxProperties" | "minContains" | "maxContains" | "format" => {}
            // What applies subschemas may fail as well; what is unknown costs nothing.
            _ => {
                self.parts[number].own.errors = own.errors;
                return Ok(());
            }
        }
        own.value += 1;
        self.parts[number].own = own;
        Ok(())
    }

    fn states(&mut self, number: usize, keyword: &str, pattern: &'a str) -> Result<u64, Problem> {
        let states = self.patterns.add(pattern);
        states.map_err(|message| match keyword {
            "pattern" => self.problem(number, keyword, message),
            _ => self.problem(number, &format!("{keyword}/{}", escaped(pattern)), message),
        })
    }

    /// The part that a reference leads to.
    fn target(&mut self, number: usize, value: &'a Value) -> Result<usize, Problem> {
        let pointer = value.as_str().and_then(|reference| reference.strip_prefix('#'));
        let pointer =
            pointer.filter(|pointer| (pointer.is_empty() || pointer.starts_with('/')) && !pointer.contains('%'));
        let Some(pointer) = pointer else {
            let message = "expected a JSON pointer within this schema, such as \"#/$defs/name\"";
            return Err(self.problem(number, "$ref", message));
        };
        let Some(target) = self.root.pointer(pointer) else {
            return Err(self.problem(number, "$ref", "leads to nothing in this schema"));
        };
        if !target.is_object() && !target.is_boolean() {
            return Err(self.problem(number, "$ref", "leads to something that is not a schema"));
        }
        self.targets.insert(pointer);
        if self.targets.len() > SCHEMA_REFERENCES_MAX {
            let message = format!("a schema may refer to at most {SCHEMA_REFERENCES_MAX} different subschemas");
            return Err(self.problem(number, "$ref", message));
        }
        self.add(target, Origin::At(pointer))
    }
}

fn escaped(token: &str) -> String {
    token.replace('~', "~0").replace('/', "~1")
}
