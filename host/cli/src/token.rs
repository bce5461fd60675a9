//! `largesse token`: makes tokens. Whoever uses one keeps it; the host knows its hash only.

use std::fmt::Write as _;

use largesse_http::{Role, TokenEntry, Tokens, mint_token};
use serde_json::json;

use crate::failure::{Failure, Result};
use crate::output::Output;

/// Make tokens
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Make a token: print it once, with the lines for the configuration
    New {
        /// Whose it is; shows in logs
        #[arg(long)]
        name: String,
        /// What it may do: ingest (send events), fulfil (confirm and fail grants), viewer (read), operator (run campaigns, and
        /// the former two) or admin (publish policies, register event kinds and destinations, and all that an operator may);
        /// may be given several times
        #[arg(long = "role", required = true, value_name = "ROLE")]
        roles: Vec<Role>,
        /// Let it send events that are more than 7 days old
        #[arg(long)]
        backfill: bool,
        #[command(flatten)]
        limits: Limits,
    },
}

/// What a token is limited to beside its roles.
#[derive(Debug, Default, clap::Args)]
struct Limits {
    /// Let it send events from this source only, exact or a prefix that ends in `*`; may be given several times
    #[arg(long = "source", value_name = "PATTERN")]
    sources: Vec<String>,
    /// Let it send events of this kind only, such as `order.paid` or `order.*`; may be given several times. Kinds that merge
    /// customers, such as identity.merged, have to be given
    #[arg(long = "kind", value_name = "PATTERN")]
    kinds: Vec<String>,
    /// Events that it may send in a second, on average
    #[arg(long, value_name = "NUMBER")]
    events_per_second: Option<u32>,
    /// Events that it may send at once [default: those of one second]
    #[arg(long, value_name = "NUMBER", requires = "events_per_second")]
    burst: Option<u32>,
    /// Requests that it may send in a second, on average
    #[arg(long, value_name = "NUMBER")]
    requests_per_second: Option<u32>,
    /// Requests of it that may be in hand at a time [default: 256]
    #[arg(long, value_name = "NUMBER")]
    in_flight: Option<u32>,
}

pub(crate) fn run(args: Args, output: Output) -> Result {
    let Action::New { name, roles, backfill, limits } = args.action;
    let some = |patterns: Vec<String>| (!patterns.is_empty()).then_some(patterns);
    let unhashed = TokenEntry {
        backfill,
        sources: some(limits.sources),
        kinds: some(limits.kinds),
        events_per_second: limits.events_per_second,
        burst: limits.burst,
        requests_per_second: limits.requests_per_second,
        in_flight: limits.in_flight,
        ..TokenEntry::new(&name, &roles, "")
    };
    let (token, entry) = mint(unhashed)?;
    let checked = Tokens::new(std::slice::from_ref(&entry));
    checked.map_err(|error| Failure::usage(error).context("the host would not take this token"))?;
    let lines = lines(&entry);
    output.print(&json!({"token": token, "configuration": entry}), || {
        format!("{token}\n\n# For the host's configuration; the token itself is not kept anywhere:\n{lines}")
    })
}

/// Makes a token for a host that is tried on this machine: it may send every kind of event.
pub(crate) fn make_local(name: &str, roles: &[Role], backfill: bool) -> Result<(String, TokenEntry)> {
    mint(TokenEntry { backfill, kinds: Some(vec!["*".to_owned()]), ..TokenEntry::new(name, roles, "") })
}

/// Makes a token, and adds its hash to what the host is told of it.
fn mint(entry: TokenEntry) -> Result<(String, TokenEntry)> {
    let (token, sha256) = mint_token().map_err(no_random)?;
    Ok((token, TokenEntry { sha256, ..entry }))
}

pub(crate) fn no_random(error: getrandom::Error) -> anyhow::Error {
    anyhow::anyhow!("the system gives no random numbers: {error}")
}

/// 32 bytes that nobody can guess.
pub(crate) fn random() -> Result<[u8; 32]> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(no_random)?;
    Ok(bytes)
}

/// Bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// 32 bytes from hexadecimal.
pub(crate) fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(bytes)
}

/// The lines for the configuration.
fn lines(entry: &TokenEntry) -> String {
    let backfill = if entry.backfill { "backfill = true\n" } else { "" };
    let TokenEntry { sha256, .. } = entry;
    format!("[[tokens]]\n{}{backfill}{}sha256 = \"{sha256}\"\n", identity(entry), limits(entry))
}

/// The name and roles of a token, as lines for the configuration.
pub(crate) fn identity(entry: &TokenEntry) -> String {
    let roles = texts(entry.roles.iter().map(|role| role.as_str()));
    format!("name = {}\nroles = {roles}\n", toml::Value::from(entry.name.as_str()))
}

/// What a token is limited to, as lines for the configuration.
pub(crate) fn limits(entry: &TokenEntry) -> String {
    let patterns = [("sources", &entry.sources), ("kinds", &entry.kinds)];
    let numbers = [
        ("events_per_second", entry.events_per_second),
        ("burst", entry.burst),
        ("requests_per_second", entry.requests_per_second),
        ("in_flight", entry.in_flight),
    ];
    let mut text = String::new();
    for (field, patterns) in patterns {
        if let Some(patterns) = patterns {
            let _ = writeln!(text, "{field} = {}", texts(patterns.iter().map(String::as_str)));
        }
    }
    for (field, number) in numbers {
        if let Some(number) = number {
            let _ = writeln!(text, "{field} = {number}");
        }
    }
    text
}

fn texts<'a>(texts: impl Iterator<Item = &'a str>) -> toml::Value {
    texts.collect::<Vec<_>>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_known_by_its_hash() {
        let limited = TokenEntry {
            sources: Some(vec!["/shop".into(), "/till/\"*".into()]),
            kinds: Some(vec!["order.*".into()]),
            events_per_second: Some(50),
            burst: Some(2_000),
            requests_per_second: Some(10),
            in_flight: Some(4),
            backfill: true,
            ..TokenEntry::new("shop \"x\"", &[Role::Ingest, Role::Viewer], "")
        };
        let (token, entry) = mint(limited).unwrap();
        assert_ne!(mint(entry.clone()).unwrap().0, token);
        let read: toml::Table = toml::from_str(&lines(&entry)).unwrap();
        let read: TokenEntry = read["tokens"][0].clone().try_into().unwrap();
        assert_eq!(read, entry);
        let (_, plain) = make_local("a", &[Role::Admin], false).unwrap();
        insta::assert_snapshot!(lines(&plain).replace(&plain.sha256, "(hash)"), @r#"
        [[tokens]]
        name = "a"
        roles = ["admin"]
        kinds = ["*"]
        sha256 = "(hash)"
        "#);
    }

    #[test]
    fn hexadecimal_goes_both_ways() {
        assert_eq!(unhex(&hex(&[0xab; 32])), Some([0xab; 32]));
        assert_eq!(unhex("ab"), None);
        assert_eq!(unhex(&"+f".repeat(32)), None);
    }
}
