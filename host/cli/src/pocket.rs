//! `largesse pocket`: budgets that several campaigns share.

use std::fmt::Write as _;
use std::path::PathBuf;

use largesse_documents::catalogue::PocketDocument;
use largesse_http::views::{AllocationItem, PocketList, PocketView};

use crate::campaign::{quantity, read_file};
use crate::client::{Connection, step};
use crate::failure::{Failure, Result};
use crate::listing::{Paging, with_next};
use crate::money::count;
use crate::output::Output;
use crate::table::Table;

/// Make budgets that several campaigns share
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
    /// Make a pocket, or change it, as a file says
    Set {
        /// A pocket in TOML, or in JSON when its name ends with `.json`
        file: PathBuf,
        /// Its id; the file's name without ending when absent
        #[arg(long)]
        id: Option<String>,
    },
    /// List pockets
    List(Paging),
    /// Show a pocket with its use
    Show {
        /// Its id
        id: String,
    },
}

pub(crate) fn run(args: Args, output: Output) -> Result {
    let client = args.connection.client()?;
    let path = |id: &str| format!("/v1/pockets/{}", step(id));
    let pocket: PocketView = match args.action {
        Action::Set { file, id } => {
            let named = || format!("cannot set the pocket of {}", file.display());
            let document: PocketDocument = read_file(&file).map_err(|failure| failure.context(named()))?;
            let stem = file.file_stem().and_then(|stem| stem.to_str());
            let Some(id) = id.or_else(|| stem.map(str::to_owned)) else {
                let failure = Failure::usage(anyhow::anyhow!("the file's name does not give an id"));
                return Err(failure.hint("give one with --id"));
            };
            client.put(&path(&id), &[], &document).map_err(|failure| failure.context(named()))?
        }
        Action::List(paging) => {
            let list: PocketList = paging.read(&client, "/v1/pockets")?;
            return output.print(&list, || with_next(list_text(&list), &list));
        }
        Action::Show { id } => client.get(&path(&id))?,
    };
    output.print(&pocket, || text(&pocket))
}

fn list_text(list: &PocketList) -> String {
    let texts: Vec<_> = list.items.iter().map(text).collect();
    if texts.is_empty() {
        "There is no pocket. `largesse pocket set FILE` makes one.\n".into()
    } else {
        texts.join("\n")
    }
}

fn text(pocket: &PocketView) -> String {
    let mut text = pocket.id.clone();
    if !pocket.title.is_empty() {
        let _ = write!(text, ": {}", pocket.title);
    }
    let shared = if pocket.campaigns.is_empty() { "no campaign".to_owned() } else { pocket.campaigns.join(", ") };
    let _ = writeln!(text, "\nshared by {shared}");
    for (word, time) in [("opens", &pocket.opens), ("closes", &pocket.closes)] {
        if let Some(time) = time {
            let _ = writeln!(text, "{word} {time}");
        }
    }
    let mut table = Table::new(["budget", ">grants", ">used", ">left", ">of"]);
    for budget in &pocket.budgets {
        table.row([
            budget.unit.clone(),
            count(budget.grants),
            quantity(&budget.unit, budget.used),
            quantity(&budget.unit, budget.left),
            quantity(&budget.unit, budget.total),
        ]);
    }
    let _ = write!(text, "{table}");
    for AllocationItem { unit, allocated, left } in &pocket.allocations {
        let (allocated, left) = (quantity(unit, *allocated), quantity(unit, *left));
        let _ = writeln!(text, "set apart of {unit}: {allocated}, left: {left}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pockets_are_shown() {
        let list: PocketList = serde_json::from_value(serde_json::json!({"items": [
            {"id": "spring", "title": "Spring money", "campaigns": ["welcome", "daily"], "warn_at": [80, 100],
             "budgets": [{"unit": "cash:CNY", "total": 100_000, "used": 8_800, "left": 91_200, "grants": 1}],
             "opens": "2026-03-01T00:00:00Z", "closes": "2026-06-01T00:00:00Z", "allocates": true,
             "allocations": [{"unit": "cash:CNY", "allocated": 60_000, "left": 40_000}]},
            {"id": "idle", "title": "", "campaigns": [], "warn_at": [], "allocates": false,
             "budgets": [{"unit": "points", "total": 5_000, "used": 0, "left": 5_000, "grants": 0}]},
        ]}))
        .unwrap();
        insta::assert_snapshot!(list_text(&list));
    }
}
