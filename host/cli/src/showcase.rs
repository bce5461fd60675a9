//! What `quickstart` and `demo` share: a host in this process with the four policies and a campaign of each.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use largesse_documents::CampaignDocument;
use largesse_documents::programme::{ProgrammeDocument, ProgrammeView};
use largesse_documents::time::instant_text;
use largesse_domain::limits::INVITER_DISTANCE_MAX;
use largesse_domain::time::Instant;
use largesse_engine::Allowance;
use largesse_http::{ConnectionBounds, Role, TokenEntry};
use largesse_service::{Gaps, PublicationRules, Retention};

use crate::campaign::{self, read_file};
use crate::client::{Client, step};
use crate::config::CertificateFiles;
use crate::failure::{Failure, Result};
use crate::host::{Host, Options};
use crate::policy;

/// The policies, by the names of their files without ending.
const POLICIES: [&str; 4] = ["new_user_gift", "sign_up_rebate", "invite_for_credit", "check_in"];

/// How long the campaigns run from the start of the host, in milliseconds: ten years, so that no data directory that is kept outlives them.
const RUN_MS: i64 = 10 * 365 * 24 * 60 * 60 * 1_000;

/// Where policies and campaigns are.
#[derive(Debug, clap::Args)]
pub(crate) struct Sources {
    /// The directory with the compiled policies
    #[arg(long, value_name = "DIR", default_value = "target/wasm32-wasip2/guest")]
    pub(crate) plugins: PathBuf,
    /// The directory with the campaigns
    #[arg(long, value_name = "DIR", default_value = "demo/campaigns")]
    pub(crate) campaigns: PathBuf,
}

/// A host that runs, and a client with every right.
pub(crate) struct Showcase {
    pub(crate) host: Host,
    pub(crate) client: Client,
}

impl Showcase {
    /// Starts a host that takes one token.
    pub(crate) fn start(listen: SocketAddr, data_dir: &Path, token: &str, entry: TokenEntry) -> Result<Self> {
        let workers = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let data_dir = data_dir.to_owned();
        // Policies that were built again since the last time are still the same version.
        let rules = PublicationRules { replace_versions: true, ..PublicationRules::default() };
        let tokens = vec![entry];
        let host = Host::start(&Options {
            gaps: Gaps::None,
            listen,
            data_dir,
            workers,
            tokens,
            rules,
            retention: Retention::default(),
            allowance: Allowance::Compiled,
            inviter_distance: INVITER_DISTANCE_MAX,
            connections: ConnectionBounds::default(),
            drain_time: Duration::ZERO,
            certificates: CertificateFiles::default(),
            watch: None,
        })?;
        let client = Client::new(&format!("http://{}", host.address()), Some(token.to_owned()))?;
        Ok(Self { host, client })
    }

    /// Publishes the policies, and others beside them. Gives their names with versions.
    pub(crate) fn publish(&self, plugins: &Path, others: &[&str]) -> Result<Vec<String>> {
        let publish = |name: &&str| {
            let file = plugins.join(format!("{name}.wasm"));
            if !file.exists() {
                let failure = Failure::usage(anyhow::anyhow!("there is no {}", file.display()));
                return Err(failure.hint("`make plugins` builds the policies; --plugins says where they are"));
            }
            let policy = policy::publish(&self.client, &file, None)?;
            Ok(format!("{}@{}", policy.name, policy.version))
        };
        POLICIES.iter().chain(others).map(publish).collect()
    }

    /// Applies every campaign of a directory that is not there yet, and starts those that are drafts. A campaign without an end
    /// closes relative to now. Returns their ids.
    pub(crate) fn run_campaigns(&self, folder: &Path) -> Result<Vec<String>> {
        let closes = now().plus_millis(RUN_MS).unwrap_or(Instant::MAX);
        self.make_programmes(&folder.join("programmes"))?;
        let mut ids = Vec::new();
        for file in campaign_files(folder)? {
            let id = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_owned();
            let campaign = match campaign::find(&self.client, &id)? {
                Some(campaign) => campaign,
                None => {
                    let closing = |document: &mut CampaignDocument| {
                        document.closes.get_or_insert_with(|| instant_text(closes));
                    };
                    campaign::apply_file_with(&self.client, &file, None, closing)?.0
                }
            };
            if campaign.lifecycle == "draft" {
                campaign::order(&self.client, &id, "start")?;
            }
            ids.push(id);
        }
        Ok(ids)
    }

    /// Makes the programmes of a folder, where there is one: those in which the campaigns place customers.
    fn make_programmes(&self, folder: &Path) -> Result<()> {
        if !folder.is_dir() {
            return Ok(());
        }
        for file in campaign_files(folder)? {
            let id = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
            let document: ProgrammeDocument = read_file(&file)?;
            let _: ProgrammeView = self.client.put(&format!("/v1/programmes/{}", step(id)), &[], &document)?;
        }
        Ok(())
    }
}

/// The time by this machine's clock.
pub(crate) fn now() -> Instant {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).ok().and_then(Instant::from_millis).unwrap_or(Instant::MAX)
}

/// The token of a showcase: it may do everything.
pub(crate) fn rights() -> (String, Vec<Role>, bool) {
    ("showcase".to_owned(), vec![Role::Ingest, Role::Admin], true)
}

fn campaign_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let unreadable = |error: std::io::Error| {
        let failure = Failure::usage(error).context(format!("cannot read the campaigns in {}", folder.display()));
        failure.hint("run this in the repository, or say where the campaigns are with --campaigns")
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|ending| ending == "toml") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
