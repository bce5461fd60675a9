//! `largesse rollout`: try a version beside the one that decides, compare them, promote it or stop.

use std::fmt::Write as _;
use std::path::PathBuf;

use largesse_documents::rollout::{ActivationAnswer, ModeWord, RolloutDocument, StatesReport};
use largesse_http::views::{AcceptDocument, DifferenceList, RolloutStatus};

use crate::campaign::read_file;
use crate::client::{Connection, step, with_query};
use crate::failure::{Failure, Result};
use crate::money::count;
use crate::output::Output;
use crate::table::Table;

/// Try a version of a policy beside the one that decides
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
    /// Try a version: it decides for a share of the owners, or runs in the shadow of the active one; again with another share
    Start {
        /// The campaign's id
        campaign: String,
        /// A name, a name@version, or a digest
        #[arg(long)]
        policy: String,
        /// Of a hundred owners, for how many it decides
        #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(1..=100))]
        canary: Option<u8>,
        /// Run it on what the active version decides, without effect
        #[arg(long, conflicts_with = "canary", required_unless_present = "canary")]
        shadow: bool,
        #[command(flatten)]
        version: VersionArgs,
    },
    /// Compare the two versions
    Status {
        /// The campaign's id
        campaign: String,
    },
    /// List where the shadow asked for something else
    Differences {
        /// The campaign's id
        campaign: String,
        /// After this decision
        #[arg(long, value_name = "DECISION")]
        after: Option<u64>,
        /// At most so many, 1 to 1000
        #[arg(long)]
        limit: Option<usize>,
    },
    /// Let the version that is tried decide for everyone
    Promote {
        /// The campaign's id
        campaign: String,
        #[command(flatten)]
        accept: AcceptArgs,
    },
    /// Stop trying the version; the active one decides for everyone
    Stop {
        /// The campaign's id
        campaign: String,
    },
}

/// What goes with a version.
#[derive(Debug, clap::Args)]
pub(crate) struct VersionArgs {
    /// Parameters for it, in TOML, or in JSON when the name ends with `.json`
    #[arg(long, value_name = "FILE")]
    pub(crate) params: Option<PathBuf>,
    /// From which event time on the parameters apply, in RFC 3339; from now on when absent
    #[arg(long, value_name = "TIME", requires = "params")]
    pub(crate) effective_from: Option<String>,
    /// Go on although there are states that it cannot migrate: the decisions of their owners are refused
    #[arg(long)]
    pub(crate) accept_stuck_states: bool,
}

/// What is accepted on the way to another version.
#[derive(Debug, clap::Args)]
pub(crate) struct AcceptArgs {
    /// Go on although there are states that it cannot migrate: the decisions of their owners are refused
    #[arg(long)]
    accept_stuck_states: bool,
    /// Check everything and report, and change nothing
    #[arg(long)]
    dry_run: bool,
}

impl AcceptArgs {
    pub(crate) fn document(&self) -> AcceptDocument {
        AcceptDocument { accept_stuck_states: self.accept_stuck_states, dry_run: self.dry_run }
    }
}

impl VersionArgs {
    /// The parameters, when a file is given.
    pub(crate) fn read_params(&self) -> Result<Option<serde_json::Map<String, serde_json::Value>>> {
        let read = |file: &PathBuf| {
            let named = || format!("cannot read parameters from {}", file.display());
            read_file(file).map_err(|failure: Failure| failure.context(named()))
        };
        self.params.as_ref().map(read).transpose()
    }
}

pub(crate) fn run(args: Args, output: Output) -> Result {
    let client = args.connection.client()?;
    let path = |campaign: &str| format!("/v1/campaigns/{}/rollout", step(campaign));
    match args.action {
        Action::Start { campaign, policy, canary, version, .. } => {
            let document = RolloutDocument {
                policy,
                mode: if canary.is_some() { ModeWord::Canary } else { ModeWord::Shadow },
                percent: canary,
                params: version.read_params()?,
                effective_from: version.effective_from,
                accept_stuck_states: version.accept_stuck_states,
            };
            let answer: ActivationAnswer = client.put(&path(&campaign), &[], &document)?;
            output.print(&answer, || answer_text(&answer))
        }
        Action::Status { campaign } => {
            let status: RolloutStatus = client.get(&path(&campaign))?;
            output.print(&status, || status_text(&status))
        }
        Action::Differences { campaign, after, limit } => {
            let query =
                [("after", after.map(|after| after.to_string())), ("limit", limit.map(|limit| limit.to_string()))];
            let list: DifferenceList = client.get(&with_query(&format!("{}/differences", path(&campaign)), &query))?;
            output.print(&list, || differences_text(&list))
        }
        Action::Promote { campaign, accept } => {
            let path = format!("{}/promote", path(&campaign));
            let answer: ActivationAnswer = client.post_document(&path, &accept.document())?;
            output.print(&answer, || answer_text(&answer))
        }
        Action::Stop { campaign } => {
            client.delete(&path(&campaign))?;
            output.print(&serde_json::json!({"campaign": campaign}), || format!("nothing is tried in {campaign}\n"))
        }
    }
}

fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}

/// What came of asking for another version.
pub(crate) fn answer_text(answer: &ActivationAnswer) -> String {
    let ActivationAnswer { campaign, active, rollout, dry_run, revisions_left, states, .. } = answer;
    let mut text = if *dry_run {
        format!("{campaign}: it can be done; nothing was changed\n")
    } else {
        format!("{campaign}: {} decides ({}, activation {})\n", short(&active.policy), active.cause, active.number)
    };
    if let Some(rollout) = rollout.as_ref().filter(|_| !dry_run) {
        let how =
            rollout.percent.map_or("in its shadow".to_owned(), |percent| format!("for {percent} % of the owners"));
        let _ = writeln!(text, "{} is tried {how} (rollout {})", short(&rollout.policy), rollout.number);
    }
    if !revisions_left.is_empty() {
        let numbers: Vec<_> = revisions_left.iter().map(u32::to_string).collect();
        let _ = writeln!(text, "it does not take the parameters of revision {}", numbers.join(", "));
    }
    text + &states_text(states)
}

fn states_text(states: &StatesReport) -> String {
    let mut text = String::new();
    let all: Vec<_> =
        states.by_version.iter().map(|(version, number)| format!("{} in version {version}", count(*number))).collect();
    if !all.is_empty() {
        let _ =
            writeln!(text, "states: {}; {} tried, {} stuck", all.join(", "), count(states.tried), count(states.stuck));
    }
    for stuck in &states.examples {
        let _ = writeln!(text, "  {} {}: {}", stuck.owner.kind, stuck.owner.id, stuck.why);
    }
    text
}

fn status_text(status: &RolloutStatus) -> String {
    let rollout = &status.rollout;
    let how = rollout.percent.map_or("shadow".to_owned(), |percent| format!("canary of {percent} %"));
    let mut text = format!("{}: {how} since {}\n\n", status.campaign, rollout.since);
    let mut table = Table::new([
        "version",
        "digest",
        ">decisions",
        ">accepted",
        ">denied",
        ">refused",
        ">faulted",
        ">differing",
        ">mean fuel",
    ]);
    for version in &status.versions {
        let of_shadow = rollout.percent.is_none() && version.side == "candidate";
        table.row([
            version.side.clone(),
            short(&version.policy).to_owned(),
            count(version.decisions),
            count(version.accepted),
            if of_shadow { "-".into() } else { count(version.denied) },
            count(version.refused),
            count(version.faulted),
            if of_shadow { count(version.differing) } else { "-".into() },
            count(version.mean_fuel),
        ]);
    }
    let _ = write!(text, "{table}");
    text
}

fn differences_text(list: &DifferenceList) -> String {
    if list.items.is_empty() {
        return "The shadow has asked for the same everywhere.\n".into();
    }
    let mut table = Table::new([">decision", "the candidate", "what"]);
    for item in &list.items {
        let (did, what) = match (&item.proposal, &item.refusal, &item.fault) {
            (Some(proposal), _, _) => ("proposed", proposal_text(proposal)),
            (_, Some(refusal), _) => ("refused", format!("{}: {}", refusal.code, refusal.message)),
            (_, _, Some(fault)) => ("faulted", format!("{}: {}", fault.kind, fault.detail)),
            _ => ("did", "nothing".to_owned()),
        };
        table.row([item.decision.to_string(), did.to_owned(), what]);
    }
    table.to_string()
}

fn proposal_text(proposal: &largesse_documents::effect::ProposalView) -> String {
    serde_json::to_value(proposal).map(|value| value["effects"].to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read<T: serde::de::DeserializeOwned>(value: serde_json::Value) -> T {
        serde_json::from_value(value).unwrap()
    }

    fn active() -> serde_json::Value {
        json!({"number": 3, "policy": "ab".repeat(32), "revisions": [1, 2], "at": "2026-03-01T00:00:00Z",
            "cause": "chosen"})
    }

    #[test]
    fn an_answer_is_shown() {
        let answer = |dry_run: bool, rollout: serde_json::Value| {
            answer_text(&read(json!({"campaign": "daily", "version": 4, "dry_run": dry_run, "active": active(),
                "rollout": rollout, "revisions_left": [1], "states": {"by_version": {"1": 12_000, "2": 3}, "tried": 10_000,
                "stuck": 1, "examples": [{"owner": {"kind": "party", "id": "u1"}, "policy": "ab", "written_as": 1,
                "why": "too old", "at": "2026-03-01T00:00:00Z"}]}})))
        };
        insta::assert_snapshot!(answer(true, serde_json::Value::Null));
        let rollout = json!({"number": 2, "policy": "cd".repeat(32), "revisions": [2], "mode": "canary", "percent": 5,
            "since": "2026-03-01T00:00:00Z"});
        insta::assert_snapshot!(answer(false, rollout));
    }

    #[test]
    fn both_versions_are_shown_beside_one_another() {
        let version = |side: &str, digest: &str| {
            json!({"side": side, "policy": digest.repeat(32), "decisions": 1_200, "accepted": 1_000, "denied": 10,
                "refused": 180, "faulted": 10, "differing": 7, "mean_fuel": 40_123})
        };
        let rollout = json!({"number": 2, "policy": "cd".repeat(32), "revisions": [2], "mode": "shadow",
            "since": "2026-03-01T00:00:00Z"});
        let versions = [version("active", "ab"), version("candidate", "cd")];
        insta::assert_snapshot!(status_text(&read(
            json!({"campaign": "daily", "rollout": rollout, "versions": versions})
        )));
        let differences = json!({"items": [
            {"decision": 7, "refusal": {"code": "late", "message": "too late"}, "fuel": 1, "log": ""},
            {"decision": 8, "fault": {"kind": "trap", "detail": "unreachable"}, "fuel": 1, "log": ""},
        ]});
        insta::assert_snapshot!(differences_text(&read(differences)));
    }
}
