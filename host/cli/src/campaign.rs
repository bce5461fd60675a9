//! `largesse campaign`: apply, look at, start, pause, resume and end campaigns, and see what they spend.

mod check;
mod draws;
mod quote;
mod show;

use std::path::{Path, PathBuf};

use largesse_documents::nearest::explained;
use largesse_documents::rollout::{ActivationAnswer, ActivationDocument, MigrationView};
use largesse_documents::{CampaignDocument, CampaignView, from_value};
use largesse_http::views::{ActivationList, CampaignList, SpendView, StuckStateList};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::client::{Client, Connection, step};
use crate::failure::{Failure, Result};
use crate::listing::{Paging, with_next};
use crate::output::Output;
use crate::rollout::{AcceptArgs, VersionArgs, answer_text};

pub(crate) use show::{quantity, spend_tables};

/// Run campaigns
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub(crate) struct Args {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Create a campaign, or change it, as a file says
    Apply {
        /// A campaign in TOML, or in JSON when its name ends with `.json`
        file: PathBuf,
        /// Its id; the file's name without ending when absent
        #[arg(long)]
        id: Option<String>,
    },
    /// Check campaign files: what keeps them from starting, and what they would never give
    ///
    /// Needs no host: the policies are components in a folder. With --server it also holds them against what is there: segments,
    /// programmes, pockets, destinations, other campaigns. Ends with 0 when there are no errors, though there may be warnings;
    /// with 1 when there are errors; with 2 when a file or a policy cannot be read.
    Check(check::CheckArgs),
    /// List campaigns
    List(Paging),
    /// Show a campaign
    Show {
        /// Its id
        id: String,
    },
    /// Start a campaign: it decides from its opening time on
    Start {
        /// Its id
        id: String,
    },
    /// Pause a campaign: it keeps events for later
    Pause {
        /// Its id
        id: String,
    },
    /// Resume a campaign: it first makes up for the pause
    Resume {
        /// Its id
        id: String,
    },
    /// End a campaign: late events and revocations still run while it closes
    End {
        /// Its id
        id: String,
    },
    /// Show what a campaign has spent and decided
    Spend {
        /// Its id
        id: String,
    },
    /// Ask a campaign's policy: what would this coupon take off this loan?
    Quote(quote::QuoteArgs),
    /// Show what a campaign is committed to draw by, and, once it has ended, that it did
    Draws(draws::DrawsArgs),
    /// Show what a campaign has counted
    Measures {
        /// Its id
        id: String,
    },
    /// Let another version of the policy decide
    Activate {
        /// Its id
        id: String,
        /// A name, a name@version, or a digest
        #[arg(long)]
        policy: String,
        #[command(flatten)]
        version: VersionArgs,
        /// Check everything and report, and change nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Go back to the last good version
    Rollback {
        /// Its id
        id: String,
        #[command(flatten)]
        accept: AcceptArgs,
    },
    /// List which versions decided, the latest first
    Activations {
        /// Its id
        id: String,
        #[command(flatten)]
        paging: Paging,
    },
    /// Migrate all states to what the active version writes, or see how far that is
    Migrate {
        /// Its id
        id: String,
        /// Only show how far the last migration is
        #[arg(long)]
        status: bool,
    },
    /// List the states that the active version cannot migrate
    StuckStates {
        /// Its id
        id: String,
        #[command(flatten)]
        paging: Paging,
    },
}

pub(crate) fn run(args: Args, output: Output) -> Result {
    let client = args.connection.client()?;
    let (id, command) = match args.action {
        Action::Check(check) => return check::run(&args.connection, &check, output),
        Action::Quote(args) => return quote::quote(&client, args, output),
        Action::Draws(args) => return draws::run(&client, &args, output),
        Action::Measures { id } => return quote::measures(&client, &id, output),
        Action::Apply { file, id } => {
            let (campaign, is_new) = apply_file(&client, &file, id)?;
            return output.print(&campaign, || show::applied_line(&campaign, is_new));
        }
        Action::List(paging) => {
            let list: CampaignList = paging.read(&client, "/v1/campaigns")?;
            return output.print(&list, || with_next(show::list_text(&list.items), &list));
        }
        Action::Show { id } => {
            let campaign: CampaignView = client.get(&path(&id))?;
            return output.print(&campaign, || show::text(&campaign));
        }
        Action::Spend { id } => {
            let spend = spend(&client, &id)?;
            return output.print(&spend, || spend_tables(&spend));
        }
        Action::Activate { id, policy, version, dry_run } => {
            let document = ActivationDocument {
                policy,
                params: version.read_params()?,
                effective_from: version.effective_from,
                accept_stuck_states: version.accept_stuck_states,
                dry_run,
            };
            let answer: ActivationAnswer = client.post_document(&format!("{}/activations", path(&id)), &document)?;
            return output.print(&answer, || answer_text(&answer));
        }
        Action::Rollback { id, accept } => {
            let answer: ActivationAnswer =
                client.post_document(&format!("{}/rollback", path(&id)), &accept.document())?;
            return output.print(&answer, || answer_text(&answer));
        }
        Action::Activations { id, paging } => {
            let list: ActivationList = paging.read(&client, &format!("{}/activations", path(&id)))?;
            return output.print(&list, || with_next(show::activations_text(&list), &list));
        }
        Action::Migrate { id, status } => {
            let path = format!("{}/migration", path(&id));
            let migration: MigrationView = if status { client.get(&path)? } else { client.post(&path)? };
            return output.print(&migration, || show::migration_text(&migration));
        }
        Action::StuckStates { id, paging } => {
            let list: StuckStateList = paging.read(&client, &format!("{}/stuck-states", path(&id)))?;
            return output.print(&list, || with_next(show::stuck_text(&list), &list));
        }
        Action::Start { id } => (id, "start"),
        Action::Pause { id } => (id, "pause"),
        Action::Resume { id } => (id, "resume"),
        Action::End { id } => (id, "end"),
    };
    let campaign = order(&client, &id, command)?;
    output.print(&campaign, || {
        format!("{} is {}\n{}", campaign.id, campaign.lifecycle, show::findings_text(&campaign.findings))
    })
}

fn path(id: &str) -> String {
    format!("/v1/campaigns/{}", step(id))
}

/// Starts, pauses, resumes or ends a campaign.
pub(crate) fn order(client: &Client, id: &str, command: &str) -> Result<CampaignView> {
    let done = client.post(&format!("{}/{command}", path(id)));
    done.map_err(|failure: Failure| failure.context(format!("cannot {command} the campaign {id}")))
}

/// What a campaign has spent.
pub(crate) fn spend(client: &Client, id: &str) -> Result<SpendView> {
    client.get(&format!("{}/spend", path(id)))
}

/// The campaign, if there is one.
pub(crate) fn find(client: &Client, id: &str) -> Result<Option<CampaignView>> {
    client.find(&path(id))
}

/// Creates or changes a campaign as a file says. The boolean says whether it is new.
pub(crate) fn apply_file(client: &Client, file: &Path, id: Option<String>) -> Result<(CampaignView, bool)> {
    apply_file_with(client, file, id, |_| ())
}

/// Applies the campaign of a file after a change to its document.
pub(crate) fn apply_file_with(
    client: &Client,
    file: &Path,
    id: Option<String>,
    change: impl FnOnce(&mut CampaignDocument),
) -> Result<(CampaignView, bool)> {
    let named = || format!("cannot apply {}", file.display());
    let mut document = read_file(file).map_err(|failure| failure.context(named()))?;
    change(&mut document);
    let id = id_of(file, id)?;
    apply(client, &id, &document).map_err(|failure| failure.context(named()))
}

/// The id of a campaign: as it is given, else the name of its file.
fn id_of(file: &Path, id: Option<String>) -> Result<String> {
    let stem = file.file_stem().and_then(|stem| stem.to_str());
    let unnamed = || Failure::usage(anyhow::anyhow!("the file's name does not give an id")).hint("give one with --id");
    id.or_else(|| stem.map(str::to_owned)).ok_or_else(unnamed)
}

/// Reads a document from a file, by the ending of its name.
pub(crate) fn read_file<T: DeserializeOwned>(file: &Path) -> Result<T> {
    read(file, &std::fs::read_to_string(file).map_err(Failure::usage)?)
}

/// Reads a file's text by its ending.
pub(crate) fn read<T: DeserializeOwned>(file: &Path, text: &str) -> Result<T> {
    let is_json = file.extension().is_some_and(|ending| ending == "json");
    let read: std::result::Result<T, String> = match is_json {
        true => serde_json::from_str(text).map_err(|error| error.to_string()),
        false => toml::from_str(text).map_err(|error| error.to_string()),
    };
    read.map_err(|message| {
        // Line and column are for the eye, the pointer says where in the document.
        let value = if is_json { serde_json::from_str(text).ok() } else { toml::from_str(text).ok() };
        let at = value.and_then(|value: Value| from_value::<T>(value).err()).filter(|at| !at.pointer.is_empty());
        let failure = Failure::usage(anyhow::Error::msg(explained(&message)));
        match at {
            Some(at) => Failure { problems: vec![at.into()], ..failure },
            None => failure,
        }
    })
}

/// Creates a campaign, or changes the one that is there, unless somebody else changes it at the same time.
pub(crate) fn apply(client: &Client, id: &str, document: &CampaignDocument) -> Result<(CampaignView, bool)> {
    let there = find(client, id)?;
    let condition = match &there {
        Some(campaign) => ("if-match", format!("\"{}\"", campaign.version)),
        None => ("if-none-match", "*".to_owned()),
    };
    let campaign = client.put(&path(id), &[(condition.0, &condition.1)], document)?;
    Ok((campaign, there.is_none()))
}
