//! `largesse token`: tokens are made here, kept by whoever uses them, and known to the host by their hash only.

use std::fmt::Write as _;

use largesse_http::{Role, TokenEntry, mint_token};
use serde_json::json;

use crate::failure::Result;
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
    },
}

pub(crate) fn run(args: Args, output: Output) -> Result {
    let Action::New { name, roles, backfill } = args.action;
    let (token, entry) = make(name, roles, backfill)?;
    let lines = lines(&entry);
    output.print(&json!({"token": token, "configuration": entry}), || {
        format!("{token}\n\n# For the host's configuration; the token itself is not kept anywhere:\n{lines}")
    })
}

/// A new token, and what the host is told of it.
pub(crate) fn make(name: String, roles: Vec<Role>, backfill: bool) -> Result<(String, TokenEntry)> {
    let (token, sha256) = mint_token().map_err(no_random)?;
    Ok((token, TokenEntry { name, roles, backfill, sha256 }))
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
    let roles: Vec<_> = entry.roles.iter().map(|role| format!("\"{}\"", role.as_str())).collect();
    let name = toml::Value::from(entry.name.as_str());
    let mut text = format!("[[tokens]]\nname = {name}\nroles = [{}]\n", roles.join(", "));
    if entry.backfill {
        text.push_str("backfill = true\n");
    }
    let _ = writeln!(text, "sha256 = \"{}\"", entry.sha256);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_known_by_its_hash() {
        let (token, entry) = make("shop \"x\"".into(), vec![Role::Ingest, Role::Viewer], true).unwrap();
        assert_ne!(make(String::new(), Vec::new(), false).unwrap().0, token);
        let read: toml::Table = toml::from_str(&lines(&entry)).unwrap();
        let read: TokenEntry = read["tokens"][0].clone().try_into().unwrap();
        assert_eq!(read, entry);
    }

    #[test]
    fn hexadecimal_goes_both_ways() {
        assert_eq!(unhex(&hex(&[0xab; 32])), Some([0xab; 32]));
        assert_eq!(unhex("ab"), None);
        assert_eq!(unhex(&"+f".repeat(32)), None);
    }
}
