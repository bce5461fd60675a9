//! `largesse programme`: tiers and stages in which customers stand.

use std::fmt::Write as _;
use std::path::PathBuf;

use largesse_documents::programme::{ProgrammeDocument, ProgrammeView};
use largesse_http::views::ProgrammeList;

use crate::campaign::read_file;
use crate::client::{Connection, step};
use crate::failure::{Failure, Result};
use crate::output::Output;

/// Make programmes in which customers stand: tiers of a membership, stages of a life
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
    /// Make a programme, or change it, as a file says
    Set {
        /// A programme in TOML, or in JSON when its name ends with `.json`
        file: PathBuf,
        /// Its id; the file's name without ending when absent
        #[arg(long)]
        id: Option<String>,
    },
    /// List programmes
    List,
    /// Show a programme
    Show {
        /// Its id
        id: String,
    },
}

pub(crate) fn run(args: Args, output: Output) -> Result {
    let client = args.connection.client()?;
    let path = |id: &str| format!("/v1/programmes/{}", step(id));
    let programme: ProgrammeView = match args.action {
        Action::Set { file, id } => {
            let named = || format!("cannot set the programme of {}", file.display());
            let document: ProgrammeDocument = read_file(&file).map_err(|failure| failure.context(named()))?;
            let stem = file.file_stem().and_then(|stem| stem.to_str());
            let Some(id) = id.or_else(|| stem.map(str::to_owned)) else {
                let failure = Failure::usage(anyhow::anyhow!("the file's name does not give an id"));
                return Err(failure.hint("give one with --id"));
            };
            client.put(&path(&id), &[], &document).map_err(|failure| failure.context(named()))?
        }
        Action::List => {
            let list: ProgrammeList = client.get("/v1/programmes")?;
            return output.print(&list, || list_text(&list));
        }
        Action::Show { id } => client.get(&path(&id))?,
    };
    output.print(&programme, || text(&programme))
}

fn list_text(list: &ProgrammeList) -> String {
    if list.items.is_empty() {
        return "There is no programme. `largesse programme set FILE` makes one.\n".into();
    }
    list.items.iter().map(text).collect::<Vec<_>>().join("\n")
}

fn text(programme: &ProgrammeView) -> String {
    let document = &programme.document;
    let mut text = programme.id.clone();
    if !document.title.is_empty() {
        let _ = write!(text, ": {}", document.title);
    }
    let _ = writeln!(text, "\n  {}", document.tiers.join(", "));
    for (from, next) in &document.moves {
        let next = if next.is_empty() { "nothing".to_owned() } else { next.join(" or ") };
        let _ = writeln!(text, "  after {from} comes {next}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programmes_are_shown() {
        let list: ProgrammeList = serde_json::from_value(serde_json::json!({"items": [
            {"id": "member", "title": "Members", "tiers": ["silver", "gold"]},
            {"id": "life", "title": "", "tiers": ["active", "dormant", "churned"],
             "moves": {"churned": ["active"], "dormant": ["active", "churned"], "active": []}},
        ]}))
        .unwrap();
        let expected = "member: Members\n  silver, gold\n\nlife\n  active, dormant, churned\n  after active comes \
                        nothing\n  after churned comes active\n  after dormant comes active or churned\n";
        assert_eq!(list_text(&list), expected);
    }
}
