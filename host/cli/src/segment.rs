//! `largesse segment`: sets of customers.

use std::fmt::Write as _;
use std::path::PathBuf;

use largesse_documents::segment::SegmentDocument;
use largesse_http::views::{SegmentList, SegmentView};

use crate::campaign::read_file;
use crate::client::{Connection, step};
use crate::failure::{Failure, Result};
use crate::listing::{Paging, with_next};
use crate::output::Output;

/// Name sets of customers that campaigns are for
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
    /// Set a segment, or change it, as a file says
    Set {
        /// A segment in TOML, or in JSON when its name ends with `.json`
        file: PathBuf,
        /// Its id; the file's name without ending when absent
        #[arg(long)]
        id: Option<String>,
    },
    /// List segments
    List(Paging),
    /// Show a segment
    Show {
        /// Its id
        id: String,
    },
}

pub(crate) fn run(args: Args, output: Output) -> Result {
    let client = args.connection.client()?;
    let path = |id: &str| format!("/v1/segments/{}", step(id));
    let segment: SegmentView = match args.action {
        Action::Set { file, id } => {
            let named = || format!("cannot set the segment of {}", file.display());
            let document: SegmentDocument = read_file(&file).map_err(|failure| failure.context(named()))?;
            let stem = file.file_stem().and_then(|stem| stem.to_str());
            let Some(id) = id.or_else(|| stem.map(str::to_owned)) else {
                let failure = Failure::usage(anyhow::anyhow!("the file's name does not give an id"));
                return Err(failure.hint("give one with --id"));
            };
            client.put(&path(&id), &[], &document).map_err(|failure| failure.context(named()))?
        }
        Action::List(paging) => {
            let list: SegmentList = paging.read(&client, "/v1/segments")?;
            return output.print(&list, || with_next(list_text(&list), &list));
        }
        Action::Show { id } => client.get(&path(&id))?,
    };
    output.print(&segment, || text(&segment))
}

fn list_text(list: &SegmentList) -> String {
    let texts: Vec<_> = list.items.iter().map(text).collect();
    if texts.is_empty() {
        "There is no segment. `largesse segment set FILE` makes one.\n".into()
    } else {
        texts.join("\n")
    }
}

fn text(segment: &SegmentView) -> String {
    let SegmentDocument { title, condition } = &segment.document;
    let mut text = segment.id.clone();
    if !title.is_empty() {
        let _ = write!(text, ": {title}");
    }
    let used = if segment.campaigns.is_empty() { "no campaign".to_owned() } else { segment.campaigns.join(", ") };
    let _ = writeln!(text, "\nused by {used}\nwhere {condition}");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_shown() {
        let list: SegmentList = serde_json::from_value(serde_json::json!({"items": [
            {"id": "adults", "title": "Of age", "where": "attributes.age >= 18", "campaigns": ["welcome", "daily"]},
            {"id": "vip", "title": "", "where": "'vip' in tags", "campaigns": []},
        ]}))
        .unwrap();
        insta::assert_snapshot!(list_text(&list));
    }
}
