//! `largesse campaign draws`: what a campaign's draws follow from, and whether they do.

use anyhow::Context as _;
use largesse_documents::DecisionView;
use largesse_http::views::{DecisionPage, DrawsView};
use largesse_service::seed::{DrawKey, Purpose};
use serde::Serialize;

use crate::client::{Client, step, with_query};
use crate::failure::{Failure, Result};
use crate::money::count;
use crate::output::Output;

/// Decisions that are asked for at a time.
const PAGE: u64 = 500;

/// Which campaign, and what is looked at.
#[derive(Debug, clap::Args)]
pub(super) struct DrawsArgs {
    /// The campaign's id
    id: String,
    /// Hold it to this commitment, which was noted before
    #[arg(long, value_name = "SHA256")]
    commitment: Option<String>,
    /// Work out the seed of every decision anew; the campaign must have ended
    #[arg(long)]
    verify: bool,
}

#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    draws: DrawsView,
    #[serde(skip_serializing_if = "Option::is_none")]
    verified: Option<Verified>,
}

/// What was worked out anew.
#[derive(Default, Serialize)]
struct Verified {
    /// Decisions whose seed follows from the key.
    decisions: u64,
    /// Decisions that cannot be looked at: their record is removed.
    without_record: u64,
}

pub(super) fn run(client: &Client, args: &DrawsArgs, output: Output) -> Result {
    let draws: DrawsView = client.get(&format!("/v1/campaigns/{}/draws", step(&args.id)))?;
    if let Some(noted) = args.commitment.as_ref().filter(|noted| **noted != draws.commitment) {
        return Err(Failure::new(format!("{noted} was noted, and the host is committed to {}", draws.commitment)));
    }
    let verified = if args.verify { Some(verify(client, &draws)?) } else { None };
    let shown = Shown { draws, verified };
    output.print(&shown, || text(&shown))
}

fn verify(client: &Client, draws: &DrawsView) -> Result<Verified> {
    let key = draws.key.as_ref().ok_or_else(|| {
        Failure::new(format!("{} has not ended: nobody can look at its draws yet", draws.campaign))
            .hint("the key is told once it has; note the commitment until then")
    })?;
    let key: DrawKey = key.parse().context("the host told a key that is none")?;
    if key.commitment().to_string() != draws.commitment {
        return Err(Failure::new("the key is not the one that the host was committed to"));
    }
    let (mut verified, mut after) = (Verified::default(), Some(0));
    while let Some(last) = after {
        let campaign = Some(draws.campaign.clone());
        let query = [("campaign", campaign), ("after", Some(last.to_string())), ("limit", Some(PAGE.to_string()))];
        let page: DecisionPage = client.get(&with_query("/v1/decisions", &query))?;
        for item in page.items {
            if item.removed_at.is_some() {
                verified.without_record += 1;
                continue;
            }
            follows(&client.get(&format!("/v1/decisions/{}", item.id))?, &key)?;
            verified.decisions += 1;
        }
        after = page.next;
    }
    Ok(verified)
}

fn follows(decision: &DecisionView, key: &DrawKey) -> Result {
    let DecisionView { id, seed, owner, event, .. } = decision;
    let expected = key.seed((&owner.kind, &owner.id), (&event.source, &event.id), Purpose::Commit);
    if *seed == expected.to_string() {
        return Ok(());
    }
    Err(Failure::new(format!("decision {id} was made with the seed {seed}; from the key follows {expected}")))
}

fn text(Shown { draws, verified }: &Shown) -> String {
    let key = draws.key.as_deref().unwrap_or("told once the campaign has ended");
    let mut text = format!("commitment  {}\nkey         {key}\n", draws.commitment);
    if let Some(Verified { decisions, without_record }) = verified {
        text.push_str(&format!(
            "The key is the one committed to, and the seeds of {} decisions follow from it.\n",
            count(*decisions)
        ));
        if *without_record > 0 {
            text.push_str(&format!("The records of {} others are removed.\n", count(*without_record)));
        }
    }
    text
}
