//! `largesse unit`: what coupons, items and points are, what they cost, and how many are on hand.

use std::path::PathBuf;

use largesse_documents::catalogue::{Movement, StockDocument, UnitDocument, UnitView, ValuationDocument};
use largesse_documents::receipt::StockAnswer;
use largesse_domain::unit::SpendOrder;
use largesse_http::views::UnitList;

use crate::campaign::read_file;
use crate::client::{Connection, step};
use crate::failure::Result;
use crate::listing::{Paging, with_next};
use crate::money::{count, money};
use crate::output::Output;
use crate::table::Table;

/// Say what coupons, items and points are, and count pieces on hand
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
    /// Set the terms of a unit, as a file says
    Set {
        /// The unit, such as coupon:tea
        unit: String,
        /// Its terms in TOML, or in JSON when the name ends with `.json`
        file: PathBuf,
    },
    /// List units with terms
    List(Paging),
    /// Show a unit
    Show {
        /// The unit
        unit: String,
    },
    /// Count pieces in, or write them off
    #[command(group = clap::ArgGroup::new("movement").required(true).args(["arrives", "written_off"]))]
    Stock {
        /// The unit
        unit: String,
        /// Your own identifier: the same change again changes nothing
        #[arg(long)]
        id: String,
        /// So many arrive
        #[arg(long, value_name = "PIECES")]
        arrives: Option<u64>,
        /// So many are lost, broken, or sent back
        #[arg(long, value_name = "PIECES")]
        written_off: Option<u64>,
    },
}

pub(crate) fn run(args: Args, output: Output) -> Result {
    let client = args.connection.client()?;
    let path = |unit: &str| format!("/v1/units/{}", step(unit));
    match args.action {
        Action::Set { unit, file } => {
            let named = || format!("cannot set {unit} as {} says", file.display());
            let document: UnitDocument = read_file(&file).map_err(|failure| failure.context(named()))?;
            let set: UnitView = client.put(&path(&unit), &[], &document).map_err(|failure| failure.context(named()))?;
            output.print(&set, || list_text(std::slice::from_ref(&set)))
        }
        Action::List(paging) => {
            let list: UnitList = paging.read(&client, "/v1/units")?;
            output.print(&list, || with_next(list_text(&list.items), &list))
        }
        Action::Show { unit } => {
            let unit: UnitView = client.get(&path(&unit))?;
            output.print(&unit, || list_text(std::slice::from_ref(&unit)))
        }
        Action::Stock { unit, id, arrives, written_off } => {
            let (quantity, movement) = match (arrives, written_off) {
                (Some(pieces), _) => (pieces, Movement::Arrives),
                (None, pieces) => (pieces.unwrap_or_default(), Movement::WrittenOff),
            };
            let document = StockDocument { id, quantity: quantity.into(), movement };
            let stock: StockAnswer = client.post_document(&format!("{}/stock", path(&unit)), &document)?;
            output.print(&stock, || format!("{} of {} on hand\n", count(stock.on_hand), stock.unit))
        }
    }
}

fn list_text(units: &[UnitView]) -> String {
    let mut table =
        Table::new(["unit", "title", ">cost", ">value", ">on hand", ">valid days", ">grace days", "spend", ">least"]);
    let number = |number: Option<u64>| number.map_or_else(|| "-".into(), count);
    for UnitView { unit, document, on_hand } in units {
        table.row([
            unit.clone(),
            document.title.clone(),
            valuation(document.cost.as_ref()),
            valuation(document.value.as_ref()),
            number(*on_hand),
            number(document.valid_days.map(u64::from)),
            count(document.grace_days.into()),
            SpendOrder::from(document.spend).as_str().into(),
            number(document.redeem_minimum),
        ]);
    }
    if table.is_empty() {
        "No unit has terms. `largesse unit set UNIT FILE` sets them.\n".into()
    } else {
        table.to_string()
    }
}

fn valuation(stated: Option<&ValuationDocument>) -> String {
    let Some(ValuationDocument { amount, per, currency }) = stated else { return "-".into() };
    let amount = i64::try_from(*amount).map(|amount| money(amount, currency)).unwrap_or_default();
    if *per == 1 { amount } else { format!("{amount} for {}", count(*per)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_listed() {
        let units = serde_json::json!([
            {"unit": "item:cup", "title": "A cup", "cost": {"amount": 900, "currency": "CNY"}, "stocked": true,
             "on_hand": 1_200},
            {"unit": "points", "title": "", "cost": {"amount": 1, "per": 100, "currency": "CNY"}, "stocked": false,
             "value": {"amount": 3, "per": 100, "currency": "CNY"},
             "valid_days": 365, "redeem_minimum": 500},
        ]);
        insta::assert_snapshot!(list_text(&serde_json::from_value::<Vec<_>>(units).unwrap()));
        assert!(list_text(&[]).starts_with("No unit"));
    }
}
