//! `largesse quickstart`: a host to try things with, on an embedded database, with a campaign of each policy.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use largesse_documents::time::instant_text;
use largesse_domain::time::Instant;
use largesse_http::TokenEntry;
use serde::{Deserialize, Serialize};

use crate::failure::{Failure, Result};
use crate::host::start_logging;
use crate::output::write_out;
use crate::showcase::{Showcase, Sources, now, rights};
use crate::token;

/// Start a host to try things with: four policies, a campaign of each, a token, and a curl line that works
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Where everything is kept; starting again goes on with what is there
    #[arg(long, value_name = "DIR", default_value = "data/quickstart")]
    dir: PathBuf,
    /// Where to listen
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7480")]
    listen: SocketAddr,
    #[command(flatten)]
    sources: Sources,
}

/// The token of a quickstart, kept so that the next start has the same.
#[derive(Serialize, Deserialize)]
struct Kept {
    token: String,
    entry: TokenEntry,
}

pub(crate) fn run(args: &Args) -> Result {
    start_logging("warn", false);
    let Kept { token, entry } = keep_token(&args.dir)?;
    let showcase = Showcase::start(args.listen, &args.dir, &token, entry)?;
    let prepared = showcase.publish(&args.sources.plugins, &[]).and_then(|policies| {
        let campaigns = showcase.run_campaigns(&args.sources.campaigns)?;
        Ok((policies, campaigns))
    });
    let (policies, campaigns) = match prepared {
        Ok(prepared) => prepared,
        Err(failure) => {
            showcase.host.stop();
            return Err(failure);
        }
    };
    let signals = showcase.host.signals()?;
    write_out(&greeting(showcase.host.address(), &token, &policies, &campaigns, now()))?;
    showcase.host.run(signals)
}

/// The token of the directory, made when it is new. Only the owner can read it.
fn keep_token(dir: &Path) -> Result<Kept> {
    let path = dir.join("token.json");
    let named = |error: anyhow::Error| Failure::from(error).context(format!("cannot use {}", path.display()));
    match std::fs::read(&path) {
        Ok(text) => return serde_json::from_slice(&text).map_err(|error| named(error.into())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(named(error.into())),
    }
    let (name, roles, backfill) = rights();
    let (token, entry) = token::make_local(&name, &roles, backfill)?;
    let kept = Kept { token, entry };
    let write = || -> anyhow::Result<()> {
        std::fs::create_dir_all(dir)?;
        let mut options = std::fs::OpenOptions::new();
        options.create_new(true).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        serde_json::to_writer(options.open(&path)?, &kept)?;
        Ok(())
    };
    write().map_err(named)?;
    Ok(kept)
}

fn greeting(address: SocketAddr, token: &str, policies: &[String], campaigns: &[String], now: Instant) -> String {
    let time = instant_text(now);
    let millis = now.as_millis();
    format!(
        r#"Largesse is running.

  address    http://{address}
  token      {token}
  policies   {}
  campaigns  {}

Send an event: a customer registers, and is welcomed.

curl -sS http://{address}/v1/events \
  -H 'Authorization: Bearer {token}' \
  -H 'Content-Type: application/cloudevents+json' \
  -d '{{"specversion":"1.0","id":"hello-{millis}","source":"/readme","type":"user.registered","subject":"alice","time":"{time}","data":{{"channel":"web"}}}}'

Then look at what became of it, in another terminal:

  export LARGESSE_SERVER=http://{address} LARGESSE_TOKEN={token}
  largesse customer show alice
  largesse decision list
  largesse campaign spend new-user-gift

(`cargo run --release -q -p largesse --` stands for `largesse` until it is installed.) Ctrl-C stops the host.
"#,
        policies.join(", "),
        campaigns.join(", "),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greeting_has_a_line_to_paste() {
        let now = Instant::from_millis(1_795_000_000_000).unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], 7480));
        let text = greeting(address, "lgs_1", &["check-in@0.1.0".into()], &["check-in".into(), "x".into()], now);
        insta::assert_snapshot!(text);
    }

    #[test]
    fn the_token_is_kept() {
        let temp = tempfile::tempdir().unwrap();
        let dir = temp.path().join("quick");
        let first = keep_token(&dir).unwrap();
        assert_eq!(keep_token(&dir).unwrap().token, first.token);
        std::fs::write(dir.join("token.json"), "{").unwrap();
        assert!(keep_token(&dir).is_err());
    }
}
