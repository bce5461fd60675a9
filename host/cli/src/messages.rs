//! `largesse messages`: what holds for marketing messages of all campaigns.

use std::fmt::Write as _;
use std::path::PathBuf;

use largesse_documents::message_rules::MessageRulesDocument;

use crate::campaign::read_file;
use crate::client::Connection;
use crate::failure::Result;
use crate::output::Output;

/// Say when marketing messages are sent
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
    /// Show the rules (consent, quiet hours, caps), or set them as a file says
    Rules {
        /// Rules in TOML, or in JSON when its name ends with `.json`
        file: Option<PathBuf>,
    },
}

const PATH: &str = "/v1/message-rules";

pub(crate) fn run(args: Args, output: Output) -> Result {
    let client = args.connection.client()?;
    let Action::Rules { file } = args.action;
    let rules: MessageRulesDocument = match file {
        Some(file) => {
            let named = || format!("cannot set the rules of {}", file.display());
            let document: MessageRulesDocument = read_file(&file).map_err(|failure| failure.context(named()))?;
            client.put(PATH, &[], &document).map_err(|failure| failure.context(named()))?
        }
        None => client.get(PATH)?,
    };
    output.print(&rules, || text(&rules))
}

fn text(rules: &MessageRulesDocument) -> String {
    let mut text = format!("consent: {}\n", rules.consent);
    for quiet in &rules.quiet {
        let _ = writeln!(text, "quiet: {} to {}", quiet.from, quiet.to);
    }
    for cap in &rules.caps {
        let _ = writeln!(text, "at most {} in {} h", cap.count, cap.hours);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_shown() {
        let rules = serde_json::json!({
            "consent": "required", "quiet": [{"from": "22:00", "to": "08:00"}], "caps": [{"count": 3, "hours": 24}],
        });
        let rules: MessageRulesDocument = serde_json::from_value(rules).unwrap();
        assert_eq!(text(&rules), "consent: required\nquiet: 22:00 to 08:00\nat most 3 in 24 h\n");
    }
}
