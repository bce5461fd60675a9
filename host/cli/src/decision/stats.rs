//! `largesse decision stats`: how much room decisions take.

use std::path::PathBuf;

use largesse_store::Sizes;
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
    let Stopped { store, dir: _dir } = Stopped::open(&args.data_dir, "stop the host first, or look at a copy")?;
    let sizes = store.sizes().map_err(|error| {
        Failure::from(error).context(format!("cannot measure the database in {}", args.data_dir.display()))
    })?;
    output.print(&view(&sizes), || text(&sizes))
}

fn view(sizes: &Sizes) -> Value {
    let Sizes { decisions, records, text_bytes, packed_bytes, tables, free_bytes } = sizes;
    let tables: Vec<Value> = tables.iter().map(|(table, bytes)| json!({"table": table, "bytes": bytes})).collect();
    json!({"decisions": decisions, "records": records, "text_bytes": text_bytes, "packed_bytes": packed_bytes, "tables": tables,
        "free_bytes": free_bytes})
}

fn text(sizes: &Sizes) -> String {
    let Sizes { decisions, records, text_bytes, packed_bytes, tables, free_bytes } = sizes;
    let mut table = Table::new(["what", ">bytes", ">per decision"]);
    let mut row = |what: String, bytes: u64| {
        let each = bytes.checked_div(*decisions).map(count).unwrap_or_default();
        table.row([what, count(bytes), each]);
    };
    row("records, as texts".to_owned(), *text_bytes);
    row("records, packed".to_owned(), *packed_bytes);
    let all: u64 = tables.iter().map(|(_, bytes)| bytes).sum();
    let (large, small): (Vec<_>, Vec<_>) = tables.iter().partition(|(_, bytes)| bytes.saturating_mul(50) >= all);
    for (name, bytes) in large {
        row(format!("table {name}"), *bytes);
    }
    row("other tables".to_owned(), small.iter().map(|(_, bytes)| bytes).sum());
    row("all tables".to_owned(), all);
    row("free pages".to_owned(), *free_bytes);
    format!("{} decisions, {} records of them\n\n{table}", count(*decisions), count(*records))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_shown_for_each_decision() {
        let tables =
            vec![("decisions".to_owned(), 1_234_567), ("events".to_owned(), 65_536), ("kinds".to_owned(), 4_096)];
        let sizes = Sizes {
            decisions: 1_000,
            records: 900,
            text_bytes: 760_000,
            packed_bytes: 190_999,
            tables,
            free_bytes: 8_192,
        };
        insta::assert_snapshot!(text(&sizes), @r"
        1,000 decisions, 900 records of them

        WHAT                   BYTES  PER DECISION
        records, as texts    760,000           760
        records, packed      190,999           190
        table decisions    1,234,567         1,234
        table events          65,536            65
        other tables           4,096             4
        all tables         1,304,199         1,304
        free pages             8,192             8
        ");
        let nothing =
            Sizes { decisions: 0, records: 0, text_bytes: 0, packed_bytes: 0, tables: Vec::new(), free_bytes: 0 };
        assert!(text(&nothing).starts_with("0 decisions, 0 records of them\n"));
    }
}
