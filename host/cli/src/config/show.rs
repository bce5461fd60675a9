//! `largesse config`: the effective configuration, as a file that could be used, with the place of each value.

use std::fmt::Write as _;

use serde_json::json;

use super::{Config, ConfigArgs, Setting};
use crate::failure::Result;
use crate::output::Output;
use crate::token;

/// Print the effective configuration and where each value comes from
#[derive(Debug, clap::Args)]
pub(crate) struct ShowArgs {
    #[command(flatten)]
    config: ConfigArgs,
}

/// Prints the configuration; hashes of tokens are left out.
pub(crate) fn show(args: &ShowArgs, output: Output) -> Result {
    let config = Config::read(&args.config)?;
    output.print(&as_json(&config), || as_toml(&config))
}

/// The values as TOML, with their names.
fn settings(config: &Config) -> Vec<(&'static str, Setting<toml::Value>)> {
    fn setting<T>(setting: &Setting<T>, value: impl Into<toml::Value>) -> Setting<toml::Value> {
        Setting { value: value.into(), from: setting.from.clone() }
    }
    let Config { listen, data_dir, workers, log_format, log_level, .. } = config;
    let Config {
        watch,
        trusted_keys,
        require_signature,
        replace_versions,
        interpreters,
        inviter_distance,
        keep_days,
        keep_bytes,
        ..
    } = config;
    let trusted: Vec<String> = trusted_keys.value.iter().map(ToString::to_string).collect();
    let count = i64::try_from(workers.value.get()).unwrap_or(i64::MAX);
    let mut settings = vec![
        ("listen", setting(listen, listen.value.to_string())),
        ("data_dir", setting(data_dir, data_dir.value.display().to_string())),
        ("workers", setting(workers, count)),
        ("log.format", setting(log_format, log_format.value.as_str())),
        ("log.level", setting(log_level, log_level.value.as_str())),
        ("policies.trusted_keys", setting(trusted_keys, trusted)),
        ("policies.require_signature", setting(require_signature, require_signature.value)),
        ("policies.replace_versions", setting(replace_versions, replace_versions.value)),
        ("policies.interpreters", setting(interpreters, interpreters.value)),
        ("policies.inviter_distance", setting(inviter_distance, i64::from(inviter_distance.value))),
    ];
    if let Some(days) = keep_days.value {
        settings.push(("records.keep_days", setting(keep_days, i64::from(days))));
    }
    if let Some(bytes) = keep_bytes.value {
        settings.push(("records.keep_bytes", setting(keep_bytes, i64::try_from(bytes).unwrap_or(i64::MAX))));
    }
    settings.extend(config.serving.settings());
    settings.extend(config.delivering.settings());
    if let Some(folder) = &watch.value {
        settings.push(("watch", setting(watch, folder.display().to_string())));
    }
    settings
}

pub(super) fn as_toml(config: &Config) -> String {
    let lines: Vec<_> = settings(config)
        .into_iter()
        .map(|(name, setting)| (format!("{name} = {}", setting.value), setting.from))
        .collect();
    let width = lines.iter().map(|(line, _)| line.chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for (line, from) in lines {
        let _ = writeln!(text, "{line:width$}  # {from}");
    }
    if config.tokens.value.is_empty() {
        let _ = writeln!(text, "{:width$}  # {}", "tokens = []", config.tokens.from);
    }
    for token in &config.tokens.value {
        let _ = writeln!(text, "\n[[tokens]]  # {}", config.tokens.from);
        text.push_str(&token::identity(token));
        let _ = writeln!(text, "backfill = {}", token.backfill);
        text.push_str(&token::limits(token));
        let _ = writeln!(text, "sha256 = \"(not shown)\"");
    }
    text
}

pub(super) fn as_json(config: &Config) -> serde_json::Value {
    let mut object: serde_json::Map<_, _> = settings(config)
        .into_iter()
        .map(|(name, setting)| (name.to_owned(), json!({"value": setting.value, "from": setting.from.to_string()})))
        .collect();
    let mut tokens = json!(config.tokens.value);
    for token in tokens.as_array_mut().into_iter().flatten().filter_map(serde_json::Value::as_object_mut) {
        token.remove("sha256");
    }
    object.insert("tokens".into(), json!({"value": tokens, "from": config.tokens.from.to_string()}));
    object.into()
}
