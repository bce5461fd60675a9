//! File, environment and flags, one over the other, with the place that each value comes from.

use std::collections::BTreeMap;
use std::path::Path;

use serde::de::DeserializeOwned;
use toml::de::{DeTable, DeValue};

use super::{Setting, Source};
use largesse_documents::nearest::nearest;

use crate::failure::{Failure, Result};

/// Something that can be configured.
#[derive(Clone, Copy)]
pub(crate) struct Key {
    /// Its name in the file; a dot leads into a table.
    pub(crate) name: &'static str,
    /// Its environment variable.
    pub(crate) variable: &'static str,
    /// Its flag; empty when it has none.
    pub(crate) flag: &'static str,
    /// The form of its value in the file.
    pub(crate) shape: Shape,
}

/// The form of a value in the file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Text,
    Number,
    /// `true` or `false`.
    Bool,
    /// An array of texts.
    Texts,
    /// An array of tables.
    Tables,
}

impl Shape {
    fn as_str(self) -> &'static str {
        match self {
            Self::Text => "a text in quotes",
            Self::Number => "a number",
            Self::Bool => "true or false",
            Self::Texts => "an array of texts in quotes",
            Self::Tables => "an array of tables",
        }
    }
}

/// What was found, the last layer on top.
pub(crate) struct Layers {
    keys: &'static [Key],
    /// The value's text, as [`value_text`] makes it.
    found: BTreeMap<&'static str, (String, Source)>,
}

impl Layers {
    pub(crate) fn new(keys: &'static [Key]) -> Self {
        Self { keys, found: BTreeMap::new() }
    }

    /// Adds what a file says. Refuses keys that nobody reads.
    pub(crate) fn add_file(&mut self, path: &Path, text: &str) -> Result {
        let parsed = DeTable::parse(text);
        let parsed =
            parsed.map_err(|error| Failure::usage(error).context(format!("{} is not TOML", path.display())))?;
        self.add_table(path, text, "", parsed.get_ref())
    }

    fn add_table(&mut self, path: &Path, text: &str, prefix: &str, table: &DeTable<'_>) -> Result {
        for (key, value) in table {
            let name = format!("{prefix}{}", key.get_ref());
            let line = text[..key.span().start].matches('\n').count() + 1;
            let from = Source::File { path: path.to_owned(), line };
            let below = format!("{name}.");
            if let Some(key) = self.keys.iter().find(|key| key.name == name) {
                let value = value_text(key, value.get_ref(), text);
                let wrong = || Failure::usage(anyhow::anyhow!("{name} must be {} ({from})", key.shape.as_str()));
                self.found.insert(key.name, (value.ok_or_else(wrong)?, from));
            } else if let DeValue::Table(table) = value.get_ref()
                && self.keys.iter().any(|key| key.name.starts_with(&below))
            {
                self.add_table(path, text, &below, table)?;
            } else {
                return Err(self.unknown(&name, &from));
            }
        }
        Ok(())
    }

    fn unknown(&self, name: &str, from: &Source) -> Failure {
        let failure = Failure::usage(anyhow::anyhow!("unknown key `{name}` ({from})"));
        match nearest(name, self.keys.iter().map(|key| key.name)) {
            Some(key) => failure.hint(format!("did you mean `{key}`?")),
            None => {
                let names: Vec<_> = self.keys.iter().map(|key| key.name).collect();
                failure.hint(format!("the keys are {}", names.join(", ")))
            }
        }
    }

    /// Adds what the environment says. Variables that nobody reads are pointed out and passed over: container platforms
    /// put their own beside ours.
    pub(crate) fn add_environment(&mut self, variables: Vec<(String, String)>, others: &[&str]) {
        for (variable, value) in variables {
            if let Some(key) = self.keys.iter().find(|key| key.variable == variable) {
                self.found.insert(key.name, (value, Source::Environment(variable)));
            } else if !others.contains(&&*variable) {
                let known = self.keys.iter().map(|key| key.variable).chain(others.iter().copied());
                if let Some(near) = nearest(&variable, known) {
                    eprintln!("warning: nothing reads the variable {variable}; did you mean {near}?");
                }
            }
        }
    }

    /// Adds what a flag says.
    pub(crate) fn add_flag(&mut self, name: &str, value: Option<&str>) {
        let key = self.keys.iter().find(|key| key.name == name);
        if let (Some(key), Some(value)) = (key, value) {
            self.found.insert(key.name, (value.to_owned(), Source::Flag(key.flag)));
        }
    }

    /// The value of a key. `read` says what was expected when it does not fit.
    pub(crate) fn text<T>(
        &self,
        name: &str,
        default: T,
        read: impl Fn(&str) -> std::result::Result<T, String>,
    ) -> Result<Setting<T>> {
        let Some((text, from)) = self.found.get(name) else {
            return Ok(Setting { value: default, from: Source::Default });
        };
        match read(text) {
            Ok(value) => Ok(Setting { value, from: from.clone() }),
            Err(expected) => Err(Failure::usage(anyhow::anyhow!("{name} must be {expected}, not `{text}` ({from})"))),
        }
    }

    /// Whether a key is `true`.
    pub(crate) fn is_so(&self, name: &str, default: bool) -> Result<Setting<bool>> {
        self.text(name, default, |text| text.parse().map_err(|_| "true or false".to_owned()))
    }

    /// The items of the array under a key.
    pub(crate) fn items<T: DeserializeOwned>(&self, name: &str) -> Result<Setting<Vec<T>>> {
        let Some((text, from)) = self.found.get(name) else {
            return Ok(Setting { value: Vec::new(), from: Source::Default });
        };
        #[derive(serde::Deserialize)]
        struct Holder<T> {
            items: Vec<T>,
        }
        let holder: std::result::Result<Holder<T>, _> = toml::from_str(&format!("items = {text}"));
        let wrong = |error: toml::de::Error| {
            Failure::usage(anyhow::anyhow!("{}", error.message())).context(format!("{name} cannot be read ({from})"))
        };
        Ok(Setting { value: holder.map_err(wrong)?.items, from: from.clone() })
    }
}

/// The value as text: plain for texts, numbers and `true` or `false`, TOML for arrays.
fn value_text(key: &Key, value: &DeValue<'_>, text: &str) -> Option<String> {
    match (key.shape, value) {
        (Shape::Text, DeValue::String(text)) => Some(text.to_string()),
        (Shape::Number, DeValue::Integer(number)) => Some(number.as_str().to_owned()),
        (Shape::Bool, DeValue::Boolean(is_so)) => Some(is_so.to_string()),
        (Shape::Texts | Shape::Tables, DeValue::Array(_)) => {
            let whole = toml::Value::Table(toml::from_str(text).ok()?);
            Some(key.name.split('.').try_fold(&whole, |table, step| table.get(step))?.to_string())
        }
        _ => None,
    }
}
