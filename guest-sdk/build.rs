//! Writes the Rust types of the event kinds from their JSON Schemas in `wit/schemas`: a struct for the data of each kind, and
//! what the schema says of the kind as a constant.
//!
//! The part of JSON Schema that the bundled schemas use is small: objects of strings, integers, booleans, amounts of money, and
//! lists of strings or objects. Anything else fails the build with the name of the field.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

type Fallible<T> = Result<T, Box<dyn Error>>;

/// Property names that are words of Rust.
const KEYWORDS: [&str; 2] = ["final", "type"];
/// The pattern by which schemas mark a day.
const DAY: &str = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$";

fn main() -> Fallible<()> {
    let folder = Path::new(&std::env::var("CARGO_MANIFEST_DIR")?).join("../wit/schemas");
    println!("cargo:rerun-if-changed={}", folder.display());
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(&folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    let mut code = String::new();
    let mut all = String::new();
    for file in &files {
        let kind = file.file_stem().and_then(|stem| stem.to_str()).ok_or("a schema's name is not UTF-8")?;
        let schema: Value = serde_json::from_str(&std::fs::read_to_string(file)?)?;
        write_kind(kind, &schema, &mut code).map_err(|error| format!("{kind}: {error}"))?;
        writeln!(all, "{}::KIND,", camel(kind))?;
    }
    writeln!(code, "/// Every kind, by name.\npub const ALL: &[EventKind] = &[{all}];")?;
    std::fs::write(Path::new(&std::env::var("OUT_DIR")?).join("events.rs"), code)?;
    Ok(())
}

/// Writes the struct of a kind's data and its implementation of `EventData`.
fn write_kind(kind: &str, schema: &Value, code: &mut String) -> Fallible<()> {
    let name = camel(kind);
    let description = text(schema, "description").ok_or("has no description")?;
    write_struct(&name, description, schema, code)?;
    let about = text(schema, "x-largesse-about").map(|pointer| property(schema, pointer)).transpose()?;
    let amount = text(schema, "x-largesse-amount").map(|pointer| property(schema, pointer)).transpose()?;
    let returned = |field: Option<&str>, required: &str, optional: &str| match field {
        None => "None".to_owned(),
        Some(field) if is_required(schema, field) => required.replace('$', field),
        Some(field) => optional.replace('$', field),
    };
    let word = kind.replace(['.', '_'], "-");
    let pointer = about.map(|field| format!("/{field}"));
    writeln!(code, "impl EventData for {name} {{")?;
    writeln!(code, "const KIND: EventKind = EventKind {{ name: {kind:?}, word: {word:?}, about: {pointer:?},")?;
    writeln!(code, "amount: {amount:?}, description: {description:?} }};")?;
    let body = returned(about, "Some(&self.$)", "self.$.as_deref()");
    writeln!(code, "fn about(&self) -> Option<&str> {{ {body} }}")?;
    let body = returned(amount, "Some(&self.$)", "self.$.as_ref()");
    writeln!(code, "fn amount(&self) -> Option<&Money> {{ {body} }}\n}}")?;
    Ok(())
}

/// Writes a struct, and before it the structs of its parts.
fn write_struct(name: &str, description: &str, schema: &Value, code: &mut String) -> Fallible<()> {
    let mut fields = String::new();
    let none = Map::new();
    for (field, property) in schema.get("properties").and_then(Value::as_object).unwrap_or(&none) {
        let written = rust_type(&format!("{name}{}", camel(field)), property, code);
        let written = written.map_err(|error| format!("{field}: {error}"))?;
        let said = text(property, "description").ok_or_else(|| format!("{field} has no description"))?;
        writeln!(fields, "/// {said}")?;
        let optional = !is_required(schema, field);
        let written = match written.starts_with("Vec") {
            true if optional => {
                fields.push_str("#[serde(default)]\n");
                written
            }
            _ if optional => format!("Option<{written}>"),
            _ => written,
        };
        let raw = if KEYWORDS.contains(&field.as_str()) { "r#" } else { "" };
        writeln!(fields, "pub {raw}{field}: {written},")?;
    }
    writeln!(code, "/// {description}\n#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]")?;
    writeln!(code, "pub struct {name} {{\n{fields}}}")?;
    Ok(())
}

/// The Rust type of a property; `part` names the struct of its parts.
fn rust_type(part: &str, schema: &Value, code: &mut String) -> Fallible<String> {
    if text(schema, "$ref") == Some("#/$defs/amount") {
        return Ok("Money".to_owned());
    }
    let bound = |name: &str| schema.get(name).and_then(Value::as_i64);
    Ok(match text(schema, "type") {
        Some("string") if text(schema, "pattern") == Some(DAY) => "Date".to_owned(),
        Some("string") => "String".to_owned(),
        Some("boolean") => "bool".to_owned(),
        Some("integer") => match (bound("minimum"), bound("maximum")) {
            (Some(0..), Some(most)) if most <= i64::from(u32::MAX) => "u32".to_owned(),
            (Some(0..), _) => "u64".to_owned(),
            _ => "i64".to_owned(),
        },
        Some("array") => format!("Vec<{}>", rust_type(part, schema.get("items").ok_or("has no items")?, code)?),
        Some("object") if schema.get("properties").is_some() => {
            write_struct(part, text(schema, "description").ok_or("has no description")?, schema, code)?;
            part.to_owned()
        }
        Some("object") => "Value".to_owned(),
        other => return Err(format!("cannot be written in Rust: {other:?}").into()),
    })
}

fn text<'a>(schema: &'a Value, name: &str) -> Option<&'a str> {
    schema.get(name).and_then(Value::as_str)
}

/// The property that a pointer such as `/order` names.
fn property<'a>(schema: &Value, pointer: &'a str) -> Fallible<&'a str> {
    let name = pointer.strip_prefix('/').filter(|name| schema.pointer(&format!("/properties/{name}")).is_some());
    name.ok_or_else(|| format!("{pointer} names no property").into())
}

fn is_required(schema: &Value, field: &str) -> bool {
    let required = schema.get("required").and_then(Value::as_array);
    required.is_some_and(|required| required.iter().any(|name| name.as_str() == Some(field)))
}

/// `order.paid` and `checked_in` as `OrderPaid` and `CheckedIn`.
fn camel(name: &str) -> String {
    name.split(['.', '_'])
        .flat_map(|part| part[..1].to_uppercase().chars().chain(part[1..].chars()).collect::<Vec<_>>())
        .collect()
}
