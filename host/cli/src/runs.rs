//! `largesse runs`: the runs of the host, and the numbers that each assigned.

use largesse_http::views::RunPage;

use crate::client::{Connection, with_query};
use crate::failure::Result;
use crate::output::Output;
use crate::table::Table;

/// List the runs of the host, with the first numbers that each assigned
///
/// Ids have no gaps but where a run begins: `decision verify` and `ledger verify` accept a gap there and nowhere else.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    connection: Connection,
    /// Only those after this one
    #[arg(long, value_name = "NUMBER")]
    after: Option<u64>,
    /// At most so many, up to 500
    #[arg(long, default_value_t = 100)]
    limit: u64,
}

pub(crate) fn run(args: &Args, output: Output) -> Result {
    let query = [("after", args.after.map(|after| after.to_string())), ("limit", Some(args.limit.to_string()))];
    let page: RunPage = args.connection.client()?.get(&with_query("/v1/runs", &query))?;
    output.print(&page, || text(&page))
}

fn text(page: &RunPage) -> String {
    let mut table = Table::new(["run", "opened", "version", "first event", ">decision", ">delivery", ">transfer"]);
    for run in &page.items {
        let first = &run.first;
        let [event, decision, delivery, transfer] =
            [first.event, first.decision, first.delivery, first.transfer].map(|number| number.to_string());
        let (opened, version) = (run.opened.clone(), run.version.clone());
        table.row([run.number.to_string(), opened, version, event, decision, delivery, transfer]);
    }
    let mut text = table.to_string();
    if let Some(next) = page.next {
        text.push_str(&format!("\nmore with --after {next}\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use largesse_http::views::{NumbersView, RunView};

    use super::*;

    #[test]
    fn the_largest_numbers_are_shown_whole() {
        let numbers = |number| NumbersView { event: number, decision: number, delivery: number, transfer: number };
        let run = RunView {
            number: 3,
            opened: "2026-11-22T00:00:00Z".into(),
            version: "1.0.0".into(),
            after: numbers(0),
            first: numbers(largesse_domain::limits::NUMBER_MAX),
        };
        let page = RunPage { items: vec![run], next: Some(3) };
        let read: RunPage = serde_json::from_str(&serde_json::to_string(&page).unwrap()).unwrap();
        assert_eq!(read, page);
        assert!(text(&page).contains("  9007199254740991"), "{}", text(&page));
        assert!(text(&page).ends_with("more with --after 3\n"));
    }
}
