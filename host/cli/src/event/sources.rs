//! `largesse event sources`: how far the events of each source were taken, to know which to send again after a restore.

use std::path::PathBuf;

use largesse_documents::time::instant_text;
use largesse_domain::cascade::is_own_source;
use largesse_store::SourceEnd;
use serde_json::{Value, json};

use crate::failure::{Failure, Result};
use crate::money::count;
use crate::output::Output;
use crate::stopped::Stopped;
use crate::table::Table;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The data directory of the host
    #[arg(long, value_name = "DIR", default_value = "data")]
    data_dir: PathBuf,
}

pub(crate) fn run(args: &Args, output: Output) -> Result {
    let Stopped { store, dir: _dir } = Stopped::open(&args.data_dir, "stop the host first, or look into a copy")?;
    let named = |error| Failure::from(error).context(format!("cannot read {}", args.data_dir.display()));
    let mut sources = store.sources().map_err(named)?;
    // What the host made itself it makes again.
    sources.retain(|end| !is_own_source(&end.source));
    let views: Vec<Value> = sources.iter().map(view).collect();
    output.print(&json!({"items": views}), || text(&sources))
}

fn view(SourceEnd { source, events, last, admitted, occurred }: &SourceEnd) -> Value {
    json!({
        "source": source.as_str(), "events": events, "last": last.as_str(), "admitted": instant_text(*admitted),
        "occurred": instant_text(*occurred),
    })
}

fn text(sources: &[SourceEnd]) -> String {
    if sources.is_empty() {
        return "No event was taken.\n".to_owned();
    }
    let mut table = Table::new(["source", ">events", "last taken", "its id", "its time"]);
    for SourceEnd { source, events, last, admitted, occurred } in sources {
        let (source, last) = (source.to_string(), last.to_string());
        table.row([source, count(*events), instant_text(*admitted), last, instant_text(*occurred)]);
    }
    table.to_string()
}
