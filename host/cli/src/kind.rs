//! `largesse kind`: the kinds of event that the host takes.

use std::path::{Path, PathBuf};

use largesse_http::views::{KindList, KindView};

use crate::client::{Client, Connection, step};
use crate::failure::{Failure, Result};
use crate::listing::{Paging, with_next};
use crate::output::Output;
use crate::table::Table;

/// Look at event kinds and register more
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
    /// List the kinds of event
    List(Paging),
    /// Print the JSON Schema of a kind's data
    Show {
        /// The kind, such as order.paid
        kind: String,
    },
    /// Register a kind of event, or change its schema
    Register {
        /// The JSON Schema of its data
        file: PathBuf,
        /// The kind; the file's name without ending when absent
        #[arg(long)]
        kind: Option<String>,
    },
}

pub(crate) fn run(args: Args, output: Output) -> Result {
    let client = args.connection.client()?;
    match args.action {
        Action::List(paging) => {
            let list: KindList = paging.read(&client, "/v1/kinds")?;
            output.print(&list, || with_next(list_text(&list), &list))
        }
        Action::Show { kind } => {
            let kind: KindView = client.get(&format!("/v1/kinds/{}", step(&kind)))?;
            Output { json: true }.print(&kind.schema, String::new)
        }
        Action::Register { file, kind } => {
            let registered = register(&client, &file, kind)?;
            output.print(&registered, || format!("registered {}\n", registered.kind))
        }
    }
}

/// Registers the kind that a file has the schema of; it is named after the file when no name is given.
pub(crate) fn register(client: &Client, file: &Path, kind: Option<String>) -> Result<KindView> {
    let named = || format!("cannot register {}", file.display());
    let text = std::fs::read(file).map_err(|error| Failure::usage(error).context(named()))?;
    let schema: serde_json::Value =
        serde_json::from_slice(&text).map_err(|error| Failure::usage(error).context(named()))?;
    let stem = file.file_stem().and_then(|stem| stem.to_str());
    let Some(kind) = kind.or_else(|| stem.map(str::to_owned)) else {
        let failure = Failure::usage(anyhow::anyhow!("the file's name does not give a kind"));
        return Err(failure.hint("give one with --kind"));
    };
    let registered = client.put(&format!("/v1/kinds/{}", step(&kind)), &[], &schema);
    registered.map_err(|failure| failure.context(named()))
}

fn list_text(list: &KindList) -> String {
    let mut table = Table::new(["kind", "description"]);
    for kind in &list.items {
        let description = kind.schema["description"].as_str().unwrap_or_default();
        table.row([kind.kind.clone(), description.lines().next().unwrap_or_default().to_owned()]);
    }
    table.to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn kinds_are_listed() {
        let items = json!({"items": [
            {"kind": "login", "schema": {"description": "The actor logged in."}},
            {"kind": "order.paid", "schema": {}}
        ]});
        insta::assert_snapshot!(list_text(&serde_json::from_value(items).unwrap()));
    }
}
