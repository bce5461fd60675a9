//! `largesse serve`: runs a host.

use largesse_service::{PublicationRules, Retention};

use crate::config::{Config, ConfigArgs, LogFormat};
use crate::failure::Result;
use crate::host::{Host, Options, allowance, drawn_gaps, start_logging};
use crate::open_files;

/// Milliseconds of a day.
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// Run a host
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    config: ConfigArgs,
}

pub(crate) fn run(args: &Args) -> Result {
    let config = Config::read(&args.config)?;
    start_logging(&config.log_level.value, config.log_format.value == LogFormat::Json);
    if config.tokens.value.is_empty() {
        tracing::warn!("no token is configured, so nobody can do anything; `largesse token new` makes one");
    }
    let connections = config.serving.bounds();
    open_files::raise(connections.max);
    let host = Host::start(&Options {
        listen: config.listen.value,
        data_dir: config.data_dir.value.clone(),
        workers: config.workers.value,
        tokens: config.tokens.value,
        watch: config.watch.value.clone(),
        gaps: drawn_gaps()?,
        allowance: allowance(config.interpreters.value),
        rules: PublicationRules {
            // In a watched folder the version under work is saved again and again.
            replace_versions: config.replace_versions.value || config.watch.value.is_some(),
            trusted_keys: config.trusted_keys.value,
            require_signature: config.require_signature.value,
        },
        retention: Retention {
            keep_ms: config.keep_days.value.map(|days| i64::from(days) * DAY_MS),
            keep_bytes: config.keep_bytes.value,
        },
        inviter_distance: config.inviter_distance.value,
        connections,
        drain_time: config.serving.drain_time(),
        certificates: config.delivering.files(),
    })?;
    let signals = host.signals()?;
    tracing::info!(
        address = %host.address(),
        data_dir = %config.data_dir.value.display(),
        workers = config.workers.value.get(),
        version = env!("CARGO_PKG_VERSION"),
        "listening"
    );
    host.run(signals)?;
    tracing::info!("stopped");
    Ok(())
}
