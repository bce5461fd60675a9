//! `largesse campaign quote` and `measures`: what a policy answers, and what a campaign has counted.

use std::fmt::Write as _;

use largesse_documents::programme::MeasuresView;
use largesse_http::views::{QuoteDocument, QuoteView};
use serde_json::{Map, Value};

use crate::client::{Client, step};
use crate::failure::{Failure, Result};
use crate::money::count;
use crate::output::Output;
use crate::table::Table;

/// What is asked of whom.
#[derive(Debug, clap::Args)]
pub(super) struct QuoteArgs {
    /// The campaign's id
    id: String,
    /// Which of the policy's questions
    question: String,
    /// Who asks
    #[arg(long)]
    customer: String,
    /// With what: a JSON object
    #[arg(long, default_value = "{}")]
    data: String,
}

pub(super) fn quote(client: &Client, args: QuoteArgs, output: Output) -> Result {
    let QuoteArgs { id, question, customer, data } = args;
    let data: Map<String, Value> = serde_json::from_str(&data)
        .map_err(|error| Failure::usage(anyhow::anyhow!("--data is no JSON object: {error}")))?;
    let path = format!("/v1/campaigns/{}/quote", step(&id));
    let view: QuoteView = client.post_document(&path, &QuoteDocument { customer, question, data })?;
    output.print(&view, || quote_text(&view))
}

fn quote_text(view: &QuoteView) -> String {
    match (&view.answer, &view.refusal) {
        (Some(Value::Object(answer)), _) => answer.iter().fold(String::new(), |mut text, (name, value)| {
            let _ = writeln!(text, "{name}: {value}");
            text
        }),
        (_, Some(refusal)) => format!("refused: {} ({})\n", refusal.code, refusal.message),
        _ => "no answer\n".into(),
    }
}

pub(super) fn measures(client: &Client, id: &str, output: Output) -> Result {
    let view: MeasuresView = client.get(&format!("/v1/campaigns/{}/measures", step(id)))?;
    output.print(&view, || measures_text(&view))
}

fn measures_text(view: &MeasuresView) -> String {
    if view.items.is_empty() {
        return format!("{} has counted nothing.\n", view.campaign);
    }
    let mut table = Table::new(["measure", "of", ">count"]);
    for item in &view.items {
        table.row([item.measure.clone(), item.label.clone(), count(item.count)]);
    }
    table.to_string()
}
