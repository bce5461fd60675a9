//! `largesse decision verify`: whether the records of decisions are those that the host wrote.

use std::path::PathBuf;

use largesse_domain::run::Numbered;
use largesse_store::{Anchor, Break, Chain as _, Store as _, Verified};
use serde_json::{Value, json};

use crate::failure::{Failure, Result};
use crate::money::count;
use crate::output::Output;
use crate::replay::bar;
use crate::stopped::Stopped;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The data directory of the host
    #[arg(long, value_name = "DIR", default_value = "data")]
    data_dir: PathBuf,
    /// A place that the chain must pass through: what `largesse decision head` printed once
    #[arg(long, value_name = "ID:LINK")]
    expect: Option<Anchor>,
}

pub(crate) fn run(args: &Args, output: Output) -> Result {
    let Stopped { store, dir: _dir } = Stopped::open(&args.data_dir, "stop the host first, or verify a copy")?;
    let named = |error| Failure::from(error).context(format!("cannot verify {}", args.data_dir.display()));
    let decisions = store.assigned(Numbered::Decision).map_err(named)?.count(0, u64::MAX);
    let bar = bar(decisions, !output.json);
    let verified = store.verify_chain(args.expect, &|looked_at| bar.inc(looked_at)).map_err(named);
    bar.finish_and_clear();
    verdict(verified?, output)
}

fn verdict(verified: std::result::Result<Verified, Break>, output: Output) -> Result {
    let seen = view(&verified);
    match verified {
        Ok(verified) => output.print(&seen, || text(&verified)),
        Err(broken) => {
            if output.json {
                output.print(&seen, String::new)?;
            }
            let failure =
                Failure::from(anyhow::Error::msg(broken.to_string()).context("the chain of decisions is broken"));
            Err(failure
                .hint("keep a copy of the database, compare it with a backup, and find out who else writes to it"))
        }
    }
}

fn view(verified: &std::result::Result<Verified, Break>) -> Value {
    match verified {
        Ok(Verified { checked, head }) => {
            json!({"verified": true, "checked": checked, "head": head.to_string()})
        }
        Err(broken) => {
            let Break { decision, what } = broken;
            let message = broken.to_string();
            json!({"verified": false, "broken": {"decision": decision.0, "what": what.as_str(), "message": message}})
        }
    }
}

fn text(Verified { checked, head }: &Verified) -> String {
    format!("The chain holds: {} decisions. It ends with\n{head}\n", count(*checked))
}

#[cfg(test)]
mod tests {
    use largesse_domain::id::DecisionId;
    use largesse_store::Wrong;

    use super::*;

    #[test]
    fn the_verdict_names_the_head_or_the_break() {
        insta::assert_snapshot!(text(&Verified { checked: 12_345, head: Anchor::ORIGIN }), @r"
        The chain holds: 12,345 decisions. It ends with
        0:0000000000000000000000000000000000000000000000000000000000000000
        ");
        let broken = |what| Break { decision: DecisionId(7), what };
        for what in [
            Wrong::Changed,
            Wrong::Missing(DecisionId(7)),
            Wrong::Missing(DecisionId(9)),
            Wrong::Inserted,
            Wrong::Cut(DecisionId(5)),
            Wrong::Rewritten,
            Wrong::Run(3),
            Wrong::RunMissing(3),
            Wrong::Numbers(Numbered::Delivery, 4, 4),
        ] {
            let failure = verdict(Err(broken(what)), Output { json: false }).unwrap_err();
            assert_eq!(failure.kind.code(), 1);
            assert!(failure.text(false).contains("the chain of decisions is broken"), "{failure:?}");
            assert_eq!(view(&Err(broken(what)))["broken"]["what"], what.as_str());
        }
        let texts = [
            Wrong::Changed,
            Wrong::Missing(DecisionId(9)),
            Wrong::Inserted,
            Wrong::Cut(DecisionId(5)),
            Wrong::Run(3),
            Wrong::RunMissing(3),
            Wrong::Numbers(Numbered::Delivery, 4, 4),
            Wrong::Numbers(Numbered::Event, 4, 5),
        ];
        insta::assert_snapshot!(texts.map(|what| broken(what).to_string()).join("\n"), @r"
        decision 7 does not fit its link: it was changed, or the one before it and its link
        decisions 7 to 9 are missing, or the run is that begins after them
        decision 7 was put in: the one after it follows on the one before it
        decision 7 is missing: the chain ends with 5, before the link that was noted, or goes on in another run
        run 3 does not fit its link: it was changed, or what comes before it
        run 3 is missing
        delivery 4 is missing
        events 4 to 5 are missing
        ");
    }
}
