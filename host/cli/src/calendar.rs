//! `largesse calendar`: when campaigns grant.

use largesse_http::views::CalendarList;

use crate::client::{Connection, step};
use crate::failure::Result;
use crate::listing::{Paging, with_next};
use crate::output::Output;
use crate::table::Table;

/// See when campaigns grant
///
/// Times are those of the clock on the wall of each campaign.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    connection: Connection,
    /// Only the campaigns that are for this customer now
    #[arg(long)]
    customer: Option<String>,
    /// The first day, such as 2026-03-01; today when absent
    #[arg(long, value_name = "DAY")]
    from: Option<String>,
    /// The last day; the first when absent
    #[arg(long, value_name = "DAY", requires = "from")]
    to: Option<String>,
    #[command(flatten)]
    paging: Paging,
}

pub(crate) fn run(args: &Args, output: Output) -> Result {
    let client = args.connection.client()?;
    let path = match &args.customer {
        Some(customer) => format!("/v1/customers/{}/calendar", step(customer)),
        None => "/v1/calendar".to_owned(),
    };
    let days = [("from", args.from.clone()), ("to", args.to.clone())];
    let list: CalendarList = args.paging.read_with(&client, &path, &days)?;
    output.print(&list, || with_next(text(&list), &list))
}

fn text(list: &CalendarList) -> String {
    if list.items.is_empty() {
        return "No campaign grants on these days.\n".into();
    }
    let mut rows: Vec<[String; 4]> = Vec::new();
    for item in &list.items {
        let shown = |time: &str| time.replace('T', " ");
        let named = |start: &str, end: &str| [shown(start), shown(end), item.campaign.clone(), item.title.clone()];
        rows.extend(item.occurrences.iter().map(|time| named(&time.start, &time.end)));
    }
    rows.sort();
    let mut table = Table::new(["from", "until", "campaign", "title"]);
    for row in rows {
        table.row(row);
    }
    table.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calendar_is_in_order_of_time() {
        let list: CalendarList = serde_json::from_value(serde_json::json!({"items": [
            {"campaign": "fridays", "title": "Every Friday from ten", "time_zone": "Asia/Shanghai", "occurrences": [
                {"start": "2025-01-03T10:00:00+08:00", "end": "2025-01-04T00:00:00+08:00"},
                {"start": "2025-01-10T10:00:00+08:00", "end": "2025-01-11T00:00:00+08:00"}]},
            {"campaign": "new-year", "title": "New Year", "time_zone": "Asia/Shanghai", "occurrences": [
                {"start": "2025-01-01T00:00:00+08:00", "end": "2025-01-02T00:00:00+08:00"}]},
        ]}))
        .unwrap();
        insta::assert_snapshot!(text(&list));
        assert_eq!(text(&CalendarList { items: Vec::new(), next: None }), "No campaign grants on these days.\n");
    }
}
