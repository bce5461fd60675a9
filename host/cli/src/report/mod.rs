//! What a backtest or a simulation found, for people, for programs and for gates.

mod gate;
mod page;
mod text;

use std::path::PathBuf;

use largesse_documents::report::ReportView;

pub(crate) use gate::Gate;

use crate::failure::{Failure, Result};
use crate::output::Output;

/// What is done with a report.
#[derive(Debug, clap::Args)]
pub(crate) struct Reporting {
    /// Tell customers apart by the value of this attribute
    #[arg(long, value_name = "ATTRIBUTE")]
    pub(crate) segment: Option<String>,
    /// Write the report to this file too, as one page with charts that needs nothing else
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// End with 1 if so: `changed`, `faults` (more than then), `worse-off` (any customer), `exhausted` (a budget, and not then), or
    /// `UNIT>PERCENT` or `spend>PERCENT` (more by that)
    #[arg(long, value_name = "GATE")]
    fail_if: Vec<Gate>,
}

impl Reporting {
    /// Shows a report, and fails if a gate is closed to it. `title` is for the page.
    pub(crate) fn show(&self, report: &ReportView, title: &str, output: Output) -> Result {
        if let Some(file) = &self.html {
            let unwritten =
                |error| Failure::usage(error).context(format!("cannot write the report to {}", file.display()));
            std::fs::write(file, page::page(report, title)).map_err(unwritten)?;
        }
        output.print(report, || text::text(report))?;
        let objections: Vec<String> = self.fail_if.iter().filter_map(|gate| gate.objection(report)).collect();
        if objections.is_empty() { Ok(()) } else { Err(Failure::new(objections.join("; "))) }
    }
}
