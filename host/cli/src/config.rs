//! The host's configuration: one TOML file, environment over it, flags over both; checked once, printed by `largesse config`.

mod delivering;
mod layers;
mod serving;
mod show;

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::path::PathBuf;

use largesse_domain::limits::{INVITER_DISTANCE_DEFAULT, INVITER_DISTANCE_MAX, KEEP_DAYS_MAX, WORKERS_MAX};
use largesse_http::{TokenEntry, Tokens};
use largesse_service::signature::TrustedKey;

use crate::failure::{Failure, Result};
use delivering::Delivering;
use layers::{Layers, Shape};
use serving::Serving;

pub(crate) use delivering::CertificateFiles;
pub(crate) use show::{ShowArgs, show};

/// The file read when none is named, if it exists.
const FILE_DEFAULT: &str = "largesse.toml";
/// Where a host listens that was not told where.
const LISTEN_DEFAULT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 7480);

/// Where the configuration comes from, as flags.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct ConfigArgs {
    /// The configuration file; `largesse.toml` in the current directory when there is one
    #[arg(long, value_name = "FILE", env = "LARGESSE_CONFIG", hide_env_values = true)]
    pub(crate) config: Option<PathBuf>,
    /// Where to listen, an address and a port (LARGESSE_LISTEN)
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<String>,
    /// Where everything is kept (LARGESSE_DATA_DIR)
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<String>,
    /// How many decisions run at the same time (LARGESSE_WORKERS)
    #[arg(long, value_name = "NUMBER")]
    pub(crate) workers: Option<String>,
    /// For staging: publish the components in this folder whenever they change, and let them decide in the campaigns that follow their
    /// policies (LARGESSE_WATCH)
    #[arg(long, value_name = "DIR")]
    pub(crate) watch: Option<String>,
    /// Let other bytes take a policy's name and version, for staging (LARGESSE_POLICIES_REPLACE_VERSIONS)
    #[arg(long)]
    pub(crate) replace_versions: bool,
    /// `text` or `json` (LARGESSE_LOG_FORMAT)
    #[arg(long, value_name = "FORMAT")]
    pub(crate) log_format: Option<String>,
    /// `error`, `warn`, `info`, `debug`, or directives such as `info,largesse=debug` (LARGESSE_LOG_LEVEL)
    #[arg(long, value_name = "LEVEL")]
    pub(crate) log_level: Option<String>,
}

/// A value and where it comes from.
#[derive(Clone, Debug)]
pub(crate) struct Setting<T> {
    pub(crate) value: T,
    pub(crate) from: Source,
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Default,
    File { path: PathBuf, line: usize },
    Environment(String),
    Flag(&'static str),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Environment(variable) => write!(f, "environment {variable}"),
            Self::Flag(flag) => write!(f, "flag {flag}"),
        }
    }
}

/// The effective configuration.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) listen: Setting<SocketAddr>,
    pub(crate) data_dir: Setting<PathBuf>,
    pub(crate) workers: Setting<NonZeroUsize>,
    pub(crate) log_format: Setting<LogFormat>,
    pub(crate) log_level: Setting<String>,
    pub(crate) watch: Setting<Option<PathBuf>>,
    pub(crate) trusted_keys: Setting<Vec<TrustedKey>>,
    pub(crate) require_signature: Setting<bool>,
    pub(crate) replace_versions: Setting<bool>,
    pub(crate) interpreters: Setting<bool>,
    /// How far off inviters are shown to policies.
    pub(crate) inviter_distance: Setting<u8>,
    /// Records of decisions made within so many days are kept.
    pub(crate) keep_days: Setting<Option<u32>>,
    /// Records that take at most so many bytes are kept.
    pub(crate) keep_bytes: Setting<Option<u64>>,
    /// How connections are bounded, and how the host stops.
    pub(crate) serving: Serving,
    /// Certificates of deliveries.
    pub(crate) delivering: Delivering,
    pub(crate) tokens: Setting<Vec<TokenEntry>>,
}

/// How logs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogFormat {
    Text,
    Json,
}

impl LogFormat {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
        }
    }
}

/// Everything that can be configured: name, variable, flag, and the form of its value.
const KEYS: [layers::Key; 22] = [
    layers::Key { name: "listen", variable: "LARGESSE_LISTEN", flag: "--listen", shape: Shape::Text },
    layers::Key { name: "data_dir", variable: "LARGESSE_DATA_DIR", flag: "--data-dir", shape: Shape::Text },
    layers::Key { name: "workers", variable: "LARGESSE_WORKERS", flag: "--workers", shape: Shape::Number },
    layers::Key { name: "log.format", variable: "LARGESSE_LOG_FORMAT", flag: "--log-format", shape: Shape::Text },
    layers::Key { name: "log.level", variable: "LARGESSE_LOG_LEVEL", flag: "--log-level", shape: Shape::Text },
    layers::Key { name: "watch", variable: "LARGESSE_WATCH", flag: "--watch", shape: Shape::Text },
    layers::Key {
        name: "policies.trusted_keys",
        variable: "LARGESSE_POLICIES_TRUSTED_KEYS",
        flag: "",
        shape: Shape::Texts,
    },
    layers::Key {
        name: "policies.require_signature",
        variable: "LARGESSE_POLICIES_REQUIRE_SIGNATURE",
        flag: "",
        shape: Shape::Bool,
    },
    layers::Key {
        name: "policies.replace_versions",
        variable: "LARGESSE_POLICIES_REPLACE_VERSIONS",
        flag: "--replace-versions",
        shape: Shape::Bool,
    },
    layers::Key {
        name: "policies.interpreters",
        variable: "LARGESSE_POLICIES_INTERPRETERS",
        flag: "",
        shape: Shape::Bool,
    },
    layers::Key {
        name: "policies.inviter_distance",
        variable: "LARGESSE_POLICIES_INVITER_DISTANCE",
        flag: "",
        shape: Shape::Number,
    },
    layers::Key { name: "records.keep_days", variable: "LARGESSE_RECORDS_KEEP_DAYS", flag: "", shape: Shape::Number },
    layers::Key { name: "records.keep_bytes", variable: "LARGESSE_RECORDS_KEEP_BYTES", flag: "", shape: Shape::Number },
    serving::KEYS[0],
    serving::KEYS[1],
    serving::KEYS[2],
    serving::KEYS[3],
    serving::KEYS[4],
    delivering::KEYS[0],
    delivering::KEYS[1],
    delivering::KEYS[2],
    layers::Key { name: "tokens", variable: "LARGESSE_TOKENS", flag: "", shape: Shape::Tables },
];

/// Variables that other commands read.
const OTHER_VARIABLES: [&str; 4] = ["LARGESSE_CONFIG", "LARGESSE_DATA", "LARGESSE_SERVER", "LARGESSE_TOKEN"];

impl Config {
    /// Reads the file, the environment and the flags.
    pub(crate) fn read(args: &ConfigArgs) -> Result<Self> {
        let file = match &args.config {
            Some(path) => Some(path.clone()),
            None => Some(PathBuf::from(FILE_DEFAULT)).filter(|path| path.exists()),
        };
        let text = match &file {
            Some(path) => {
                let read = std::fs::read_to_string(path);
                Some((path.clone(), read.map_err(|error| unreadable(path, error))?))
            }
            None => None,
        };
        // Another program's variable need not be text; ours are.
        let environment = std::env::vars_os().filter_map(|(name, value)| Some((name.to_str()?.to_owned(), value)));
        let ours = environment.filter(|(name, _)| name.starts_with("LARGESSE_"));
        let lossy = ours.map(|(name, value)| (name, value.to_string_lossy().into_owned())).collect();
        Self::layered(text.as_ref().map(|(path, text)| (path.as_path(), text.as_str())), lossy, args)
    }

    fn layered(
        file: Option<(&std::path::Path, &str)>,
        environment: Vec<(String, String)>,
        args: &ConfigArgs,
    ) -> Result<Self> {
        let mut layers = Layers::new(&KEYS);
        if let Some((path, text)) = file {
            layers.add_file(path, text)?;
        }
        layers.add_environment(environment, &OTHER_VARIABLES);
        for (name, value) in [
            ("listen", &args.listen),
            ("data_dir", &args.data_dir),
            ("workers", &args.workers),
            ("log.format", &args.log_format),
            ("log.level", &args.log_level),
            ("watch", &args.watch),
        ] {
            layers.add_flag(name, value.as_deref());
        }
        layers.add_flag("policies.replace_versions", args.replace_versions.then_some("true"));
        let cores = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let trusted_keys = read_trusted_keys(&layers)?;
        let require_signature = read_require_signature(&layers, &trusted_keys.value)?;
        Ok(Self {
            listen: layers.text("listen", LISTEN_DEFAULT, |text| {
                text.parse().map_err(|_| "an address and a port, such as 127.0.0.1:7480".to_owned())
            })?,
            data_dir: layers.text("data_dir", PathBuf::from("data"), |text| {
                if text.is_empty() { Err("a directory".to_owned()) } else { Ok(PathBuf::from(text)) }
            })?,
            workers: layers.text("workers", cores, |text| {
                let workers = text.parse().ok().filter(|workers: &NonZeroUsize| workers.get() <= WORKERS_MAX);
                workers.ok_or_else(|| format!("a number from 1 to {WORKERS_MAX}"))
            })?,
            log_format: layers.text("log.format", LogFormat::Text, |text| match text {
                "text" => Ok(LogFormat::Text),
                "json" => Ok(LogFormat::Json),
                _ => Err("text or json".to_owned()),
            })?,
            log_level: layers.text("log.level", "info".to_owned(), |text| {
                let checked = tracing_subscriber::EnvFilter::try_new(text);
                checked
                    .map(|_| text.to_owned())
                    .map_err(|_| "a level, or directives such as info,largesse=debug".into())
            })?,
            watch: layers.text("watch", None, |text| {
                if text.is_empty() { Err("a folder".to_owned()) } else { Ok(Some(PathBuf::from(text))) }
            })?,
            trusted_keys,
            require_signature,
            replace_versions: layers.is_so("policies.replace_versions", false)?,
            interpreters: layers.is_so("policies.interpreters", false)?,
            inviter_distance: layers.text("policies.inviter_distance", INVITER_DISTANCE_DEFAULT, |text| {
                let distance = text.parse().ok().filter(|distance| (1..=INVITER_DISTANCE_MAX).contains(distance));
                distance.ok_or_else(|| format!("a number from 1 to {INVITER_DISTANCE_MAX}"))
            })?,
            keep_days: layers.text("records.keep_days", None, |text| {
                let days = text.parse().ok().filter(|days| (1..=KEEP_DAYS_MAX).contains(days));
                days.map(Some).ok_or_else(|| format!("a number of days from 1 to {KEEP_DAYS_MAX}"))
            })?,
            keep_bytes: layers.text("records.keep_bytes", None, |text| {
                let bytes = text.parse().ok().filter(|bytes| *bytes > 0);
                bytes.map(Some).ok_or_else(|| "a number of bytes from 1".to_owned())
            })?,
            serving: Serving::read(&layers)?,
            delivering: Delivering::read(&layers)?,
            tokens: read_tokens(&layers)?,
        })
    }
}

fn unreadable(path: &std::path::Path, error: std::io::Error) -> Failure {
    Failure::usage(error).context(format!("cannot read the configuration {}", path.display()))
}

fn read_trusted_keys(layers: &Layers) -> Result<Setting<Vec<TrustedKey>>> {
    let Setting { value: texts, from } = layers.items::<String>("policies.trusted_keys")?;
    let wrong = |error| {
        let failure = Failure::usage(error).context(format!("policies.trusted_keys cannot be used ({from})"));
        failure.hint("`largesse policy keygen` prints lines that can be used")
    };
    let value = texts.iter().map(|text| text.parse()).collect::<std::result::Result<_, _>>().map_err(wrong)?;
    Ok(Setting { value, from })
}

/// Where a key is trusted a signature is required, unless something else is said.
fn read_require_signature(layers: &Layers, trusted: &[TrustedKey]) -> Result<Setting<bool>> {
    let required = layers.is_so("policies.require_signature", !trusted.is_empty())?;
    if required.value && trusted.is_empty() {
        let from = required.from;
        let failure =
            Failure::usage(anyhow::anyhow!("policies.require_signature is true, but no key is trusted ({from})"));
        return Err(failure.hint("`largesse policy keygen` makes a key and prints the line for policies.trusted_keys"));
    }
    Ok(required)
}

fn read_tokens(layers: &Layers) -> Result<Setting<Vec<TokenEntry>>> {
    let tokens = layers.items::<TokenEntry>("tokens")?;
    if let Err(error) = Tokens::new(&tokens.value) {
        let failure = Failure::usage(error).context(format!("tokens cannot be used ({})", tokens.from));
        return Err(failure.hint("`largesse token new` prints lines that can be used"));
    }
    Ok(tokens)
}

#[cfg(test)]
mod tests;
