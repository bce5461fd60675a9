//! What generated inputs are made from: parameters, event kinds, a seed.

use std::path::{Path, PathBuf};

use largesse_conformance::rules::{CASES, Options, ParamsUsed};
use largesse_domain::id::EventKind;
use largesse_domain::json::Json;
use largesse_service::Kind;
use serde_json::Value;

use super::build::read;
use crate::failure::{Failure, Result};

/// What to generate inputs from.
#[derive(Debug, clap::Args)]
pub(super) struct Inputs {
    /// Parameters to try it with, TOML or JSON: an object of them, or a campaign document; those that its schema shows, or that
    /// fit it, when absent
    #[arg(long, value_name = "FILE")]
    params: Vec<PathBuf>,
    /// The schema of an event kind of your own, in a file that is named after it, such as `walk.taken.json`
    #[arg(long = "kind", value_name = "FILE")]
    kinds: Vec<PathBuf>,
    /// What the inputs follow from; the same seed makes the same ones
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many inputs to generate
    #[arg(long, default_value_t = CASES, value_parser = parse_cases)]
    cases: usize,
}

fn parse_cases(text: &str) -> std::result::Result<usize, String> {
    match text.parse() {
        Ok(cases @ 1..=10_000_000) => Ok(cases),
        _ => Err("expected 1 to 10000000".into()),
    }
}

impl Inputs {
    /// Reads the files.
    pub(super) fn options(&self) -> Result<Options> {
        Ok(Options {
            params: self.params.iter().map(|file| read_params(file)).collect::<Result<_>>()?,
            kinds: self.kinds.iter().map(|file| read_kind(file)).collect::<Result<_>>()?,
            seed: self.seed,
            cases: self.cases,
        })
    }
}

/// Reads parameters: JSON or TOML, by themselves or in a campaign document.
pub(super) fn read_params(file: &Path) -> Result<ParamsUsed> {
    let text = read_text(file)?;
    let told = |failure: Failure| failure.context(format!("cannot read parameters from {}", file.display()));
    let value: Value = match file.extension() {
        Some(ending) if ending == "json" => serde_json::from_str(&text).map_err(|error| told(Failure::usage(error)))?,
        _ => toml::from_str(&text).map_err(|error| told(Failure::usage(error)))?,
    };
    let origin = file.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let of_campaign = value.get("policy").is_some_and(Value::is_string).then(|| value.get("params").cloned()).flatten();
    let value = of_campaign.unwrap_or(value);
    if !value.is_object() {
        return Err(told(Failure::usage(anyhow::anyhow!("expected an object"))));
    }
    Ok(ParamsUsed { origin, value })
}

/// Reads the schema of a kind from a file that is named after it.
pub(crate) fn read_kind(file: &Path) -> Result<Kind> {
    let name = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let named = format!("{} is not named after an event kind", file.display());
    let kind = EventKind::new(&name).map_err(|error| Failure::usage(error).context(named))?;
    Ok(Kind { kind, schema: Json::from_checked(read_text(file)?) })
}

fn read_text(file: &Path) -> Result<String> {
    String::from_utf8(read(file)?)
        .map_err(|error| Failure::usage(error).context(format!("cannot read {}", file.display())))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn parameters_are_read_by_themselves_or_in_a_campaign() {
        let folder = tempfile::tempdir().expect("a folder");
        let read = |name: &str, text: &str| {
            let file = folder.path().join(name);
            std::fs::write(&file, text).expect("a file");
            read_params(&file)
        };
        let expected = json!({"points": 5});
        for (name, text) in
            [("a.json", r#"{"points": 5}"#), ("b.toml", "points = 5"), ("c.toml", "policy = 'x'\n[params]\npoints = 5")]
        {
            let used = read(name, text).expect("parameters");
            assert_eq!((used.origin.as_str(), &used.value), (name, &expected));
        }
        assert_eq!(read("d.json", "[5]").expect_err("no object").kind.code(), 2);
        assert_eq!(read("e.json", "{").expect_err("no JSON").kind.code(), 2);
        assert!(read_kind(&folder.path().join("No Kind.json")).is_err());
    }
}
