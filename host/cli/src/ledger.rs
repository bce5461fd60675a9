//! `largesse ledger`: the books: verify them, show the accounts of campaigns, export the journal.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use largesse_documents::ledger::{CostStanding, Standing};
use largesse_documents::{AccountsView, AuditView};
use largesse_http::views::{CampaignList, TransferPage};
use largesse_store::Store as _;

use crate::campaign::quantity;
use crate::client::{Client, Connection, step};
use crate::failure::{Failure, Result};
use crate::listing::read_all;
use crate::money::{count, money};
use crate::output::{Output, write_out};
use crate::stopped::Stopped;
use crate::table::Table;

/// Transfers that are asked for at a time.
const PAGE: usize = 1_000;

/// Verify the books, show accounts, export the journal
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
    /// Work every balance, count, debt and stock out anew from the transfers, and compare
    ///
    /// Prints how much was looked at. Ends with 1 and tells the first difference when there is one.
    Verify {
        /// Look into this data directory of a host that is stopped, rather than ask a running one
        #[arg(long, value_name = "DIR")]
        data_dir: Option<PathBuf>,
    },
    /// Show what was spent, promised, used, has expired and is owed, with its cost
    Accounts {
        /// Of this campaign; of all when absent
        campaign: Option<String>,
    },
    /// Print the journal: one transfer in JSON a line, in order
    Export {
        /// Begin behind the transfer with this number
        #[arg(long, value_name = "NUMBER", default_value_t = 0)]
        after: u64,
    },
}

pub(crate) fn run(args: Args, output: Output) -> Result {
    match args.action {
        Action::Verify { data_dir: Some(path) } => verdict(&audit_folder(&path)?, output),
        Action::Verify { data_dir: None } => verdict(&args.connection.client()?.get("/v1/ledger/audit")?, output),
        Action::Accounts { campaign } => {
            let accounts = accounts(&args.connection.client()?, campaign)?;
            output.print(&accounts, || {
                let texts: Vec<_> = accounts.iter().map(accounts_text).collect();
                if texts.is_empty() { "There is no campaign.\n".into() } else { texts.join("\n") }
            })
        }
        Action::Export { after } => export(&args.connection.client()?, after),
    }
}

/// Audits the database of a host that is stopped.
fn audit_folder(path: &Path) -> Result<AuditView> {
    let stopped = Stopped::open(path, "leave out --data-dir to ask the running host")?;
    let named = |error| Failure::from(error).context(format!("cannot audit {}", path.display()));
    Ok(AuditView::of(&stopped.store.audit().map_err(named)?))
}

fn verdict(audit: &AuditView, output: Output) -> Result {
    if output.json || audit.balanced {
        output.print(audit, || balanced_text(audit))?;
    }
    match &audit.difference {
        None => Ok(()),
        Some(difference) => {
            let failure =
                Failure::from(anyhow::Error::msg(difference.message.clone()).context("the books do not balance"));
            Err(failure.hint("stop the host, keep a copy of its database, and find out who else writes to it"))
        }
    }
}

fn balanced_text(audit: &AuditView) -> String {
    let Some(audited) = &audit.audited else { return String::new() };
    let counted = [
        (audited.transfers, "transfer", "transfers"),
        (audited.grants, "grant", "grants"),
        (audited.redemptions, "redemption", "redemptions"),
        (audited.positions, "campaign unit", "campaign units"),
        (audited.usage, "count of use", "counts of use"),
        (audited.debts, "debt", "debts"),
    ];
    let counted =
        counted.map(|(number, one, many)| format!("{} {}", count(number), if number == 1 { one } else { many }));
    format!("The books balance: {}.\n", counted.join(", "))
}

fn accounts(client: &Client, campaign: Option<String>) -> Result<Vec<AccountsView>> {
    let campaigns = match campaign {
        Some(campaign) => vec![campaign],
        None => {
            let list: CampaignList = read_all(client, "/v1/campaigns")?;
            list.items.into_iter().map(|campaign| campaign.id).collect()
        }
    };
    campaigns.iter().map(|id| client.get(&format!("/v1/campaigns/{}/accounts", step(id)))).collect()
}

fn accounts_text(accounts: &AccountsView) -> String {
    let mut text = format!("{}\n", accounts.campaign);
    if accounts.units.is_empty() {
        text.push_str("Nothing was granted yet.\n");
        return text;
    }
    let mut table = Table::new(["unit", ">spent", ">committed", ">liability", ">expense", ">breakage", ">owed"]);
    for unit in &accounts.units {
        table.row(cells(&unit.unit, &unit.quantity, |amount| quantity(&unit.unit, amount)));
    }
    for CostStanding { currency, standing } in &accounts.totals {
        let worth = |amount| i64::try_from(amount).map_or_else(|_| count(amount), |amount| money(amount, currency));
        table.row(cells("cost", standing, worth));
    }
    let _ = write!(text, "{table}");
    if !accounts.unpriced.is_empty() {
        let _ = writeln!(text, "Not in the cost, because nobody has set one: {}", accounts.unpriced.join(", "));
    }
    text
}

fn cells(name: &str, standing: &Standing, show: impl Fn(u64) -> String) -> [String; 7] {
    let Standing { spent, committed, liability, expense, breakage, owed } = *standing;
    let sign = if owed < 0 { "-" } else { "" };
    let owed = format!("{sign}{}", show(owed.unsigned_abs()));
    let [spent, committed, liability, expense, breakage] = [spent, committed, liability, expense, breakage].map(show);
    [name.to_owned(), spent, committed, liability, expense, breakage, owed]
}

fn export(client: &Client, mut after: u64) -> Result {
    loop {
        let page: TransferPage = client.get(&format!("/v1/transfers?after={after}&limit={PAGE}"))?;
        let mut lines = String::new();
        for transfer in &page.items {
            lines.push_str(&serde_json::to_string(transfer)?);
            lines.push('\n');
        }
        write_out(&lines)?;
        match page.next {
            Some(next) => after = next,
            None => return Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn accounts_are_shown_with_their_cost() {
        let standing = |spent: u64, owed: u64| json!({"spent": spent, "committed": 5, "liability": 500, "expense": 250, "breakage": 200, "owed": owed});
        let mut cost = standing(96_000, 1);
        cost["currency"] = "CNY".into();
        let accounts = json!({
            "campaign": "welcome", "units": [
                {"unit": "cash:CNY", "quantity": standing(95_500, 0), "cost": cost, "balances": {}},
                {"unit": "item:cup", "quantity": standing(955, 30), "balances": {}},
            ],
            "totals": [cost], "unpriced": ["item:cup"],
        });
        insta::assert_snapshot!(accounts_text(&serde_json::from_value(accounts).unwrap()));
    }

    #[test]
    fn the_verdict_names_counts_or_the_difference() {
        let audited = json!({"transfers": 12_345, "grants": 6_789, "redemptions": 12, "positions": 3, "usage": 7_000,
            "debts": 1});
        let balanced: AuditView = serde_json::from_value(json!({"balanced": true, "audited": audited})).unwrap();
        insta::assert_snapshot!(balanced_text(&balanced), @"The books balance: 12,345 transfers, 6,789 grants, 12 redemptions, 3 campaign units, 7,000 counts of use, 1 debt.");
        let difference = json!({"what": "wallet of grant k of c to u", "kept": "9", "found": "8",
            "cause": "transfer 4 by decision 2", "message": "wallet of grant k of c to u: kept is 9, but the books come to 8"});
        let differs: AuditView = serde_json::from_value(json!({"balanced": false, "difference": difference})).unwrap();
        let failure = verdict(&differs, Output { json: false }).unwrap_err();
        assert_eq!(failure.kind.code(), 1);
        insta::assert_snapshot!(failure.text(false));
    }

    #[test]
    fn a_folder_without_a_host_is_not_made() {
        let temp = tempfile::tempdir().unwrap();
        let missing = temp.path().join("nothing");
        assert_eq!(audit_folder(&missing).unwrap_err().kind.code(), 2);
        assert!(!missing.exists());
        assert!(audit_folder(temp.path()).unwrap_err().text(false).contains("no host has made its database"));
    }
}
