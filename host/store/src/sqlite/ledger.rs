//! The ledger: transfers, positions, stocks, redemptions, and what operators say of units and pockets.

use largesse_documents::stored::{
    message_rules_text, pocket_text, read_customer, read_message_rules, read_pocket, read_redemption, read_segment,
    read_terms, redemption_text, segment_text, terms_text,
};
use largesse_domain::audit::{Audit, Audited, Difference, Part};
use largesse_domain::budget::Usage;
use largesse_domain::catalogue::{Catalogue, Pocket, UnitTerms};
use largesse_domain::facts::{Receipt, Rows};
use largesse_domain::id::{CampaignId, PocketId, RequestId};
use largesse_domain::json::Json;
use largesse_domain::key::{GrantSlot, PositionKey, UsageKey};
use largesse_domain::ledger::{Account, Lot, Position, Transfer};
use largesse_domain::redemption::{Redemption, RedemptionId};
use largesse_domain::run::Numbered;
use largesse_domain::segment::Segment;
use largesse_domain::time::WindowIndex;
use largesse_domain::unit::{Quantity, Unit};
use rusqlite::{Connection, params};

use super::convert::{
    Columns, account_code, amount, cause_text, column, read_account, read_cause, read_holder, window,
};
use super::groups;
use super::list::{all, at_most};
use super::load::{each, every_grant, find};
use super::{list, runs, write};
use crate::numbers::{Gapless, transfers_missing};
use crate::{Batch, StoreError};

/// Grants, or counts of use, that an audit holds at a time, more or less: some hundred MiB.
const AUDIT_ITEMS: u64 = 500_000;
/// Transfers that an audit reads at a time.
const AUDIT_TRANSFERS: usize = 10_000;

fn position(row: &mut Columns<'_>) -> Result<Position, StoreError> {
    let mut balances = [0; Account::ALL.len()];
    for balance in &mut balances {
        *balance = row.take()?;
    }
    Ok(Position(balances))
}

macro_rules! select_positions {
    ($key:literal, $rest:literal) => {
        concat!(
            "SELECT ",
            $key,
            "budget, pending, wallet, reserved, expense, breakage, debt, stock, supply FROM positions ",
            $rest
        )
    };
}

pub(super) fn positions<'a>(
    connection: &Connection,
    keys: impl Iterator<Item = &'a PositionKey>,
) -> Result<Vec<(PositionKey, Position)>, StoreError> {
    let sql = select_positions!("", "WHERE campaign = ?1 AND unit = ?2");
    each(connection, sql, keys, |statement, PositionKey { campaign, unit }| {
        let found = find("position", statement, [campaign.as_str(), unit.as_str()], position)?;
        Ok(found.unwrap_or_default())
    })
}

pub(super) fn stocks<'a>(
    connection: &Connection,
    keys: impl Iterator<Item = &'a Unit>,
) -> Result<Vec<(Unit, Quantity)>, StoreError> {
    each(connection, "SELECT on_hand FROM stocks WHERE unit = ?1", keys, |statement, unit| {
        Ok(find("stock", statement, [unit.as_str()], |row| row.quantity())?.unwrap_or_default())
    })
}

pub(super) fn redemptions<'a>(
    connection: &Connection,
    keys: impl Iterator<Item = &'a RedemptionId>,
) -> Result<Vec<(RedemptionId, Option<Redemption>)>, StoreError> {
    each(connection, "SELECT body FROM redemptions WHERE id = ?1", keys, |statement, id| {
        find("redemption", statement, [id.to_string()], |row| row.form(|text| read_redemption(id, text)))
    })
}

pub(super) fn receipts<'a>(
    connection: &Connection,
    keys: impl Iterator<Item = &'a RequestId>,
) -> Result<Vec<(RequestId, Option<Receipt>)>, StoreError> {
    each(connection, "SELECT asked, answer FROM receipts WHERE id = ?1", keys, |statement, id| {
        find("receipt", statement, [id.as_str()], |row| {
            let mut json = || row.take::<String>().map(Json::from_checked);
            Ok(Receipt { asked: json()?, answer: json()? })
        })
    })
}

pub(super) fn positions_of(
    connection: &Connection,
    campaign: Option<&CampaignId>,
) -> Result<Vec<(PositionKey, Position)>, StoreError> {
    let sql = select_positions!("campaign, unit, ", "WHERE ?1 IS NULL OR campaign = ?1 ORDER BY campaign, unit");
    all(connection, "position", sql, [campaign.map(CampaignId::as_str)], |row| {
        Ok((PositionKey { campaign: row.id()?, unit: row.id()? }, position(row)?))
    })
}

pub(super) fn all_stocks(connection: &Connection) -> Result<Vec<(Unit, Quantity)>, StoreError> {
    let sql = "SELECT unit, on_hand FROM stocks ORDER BY unit";
    all(connection, "stock", sql, [], |row| Ok((row.id()?, row.quantity()?)))
}

pub(super) fn units(connection: &Connection) -> Result<Vec<UnitTerms>, StoreError> {
    all(connection, "unit", "SELECT unit, terms FROM units ORDER BY unit", [], |row| {
        let unit: String = row.take()?;
        row.form(|text| read_terms(&unit, text))
    })
}

pub(super) fn pockets(connection: &Connection) -> Result<Vec<Pocket>, StoreError> {
    all(connection, "pocket", "SELECT id, body FROM pockets ORDER BY id", [], |row| {
        let id: String = row.take()?;
        row.form(|text| read_pocket(&id, text))
    })
}

fn segments(connection: &Connection) -> Result<Vec<Segment>, StoreError> {
    all(connection, "segment", "SELECT id, body FROM segments ORDER BY id", [], |row| {
        let id: String = row.take()?;
        row.form(|text| read_segment(&id, text))
    })
}

pub(super) fn transfers(connection: &Connection, after: u64, limit: usize) -> Result<Vec<(u64, Transfer)>, StoreError> {
    let sql = "SELECT number, at, cause, recipient, campaign, grant_key, issue, unit, quantity, debit, credit \
               FROM transfers WHERE number > ?1 ORDER BY number LIMIT ?2";
    // Nothing is numbered beyond what a column holds.
    let after = column(after).unwrap_or(i64::MAX);
    all(connection, "transfer", sql, params![after, at_most(limit)], |row| {
        let (number, at, cause) = (row.number()?, row.instant()?, read_cause(row)?);
        let (to, campaign, key) = (row.optional_id()?, row.optional_id()?, row.optional_id()?);
        let issue: Option<u32> = row.take()?;
        let lot = match (to, campaign, key, issue) {
            (Some(to), Some(campaign), Some(key), Some(issue)) => {
                Some(Lot { slot: GrantSlot { campaign, to, key }, issue })
            }
            _ => None,
        };
        let (unit, quantity) = (row.id()?, row.quantity()?);
        let (debit, credit) = (read_account(row)?, read_account(row)?);
        Ok((number, Transfer { at, cause, lot, unit, quantity, debit, credit }))
    })
}

pub(super) fn pocket_usage(connection: &Connection, pocket: &PocketId) -> Result<Vec<(UsageKey, Usage)>, StoreError> {
    let sql = "SELECT holder, kind, who, unit, span, place, amount, count FROM usage \
               WHERE holder = ?1 AND kind = 1 ORDER BY unit, span, place";
    all(connection, "count of use", sql, [pocket.as_str()], usage)
}

fn usage(row: &mut Columns<'_>) -> Result<(UsageKey, Usage), StoreError> {
    let by = read_holder(row)?;
    let (of, code, index) = (row.id()?, row.take::<i64>()?, row.take::<i64>()?);
    let window = window(code).ok_or_else(|| row.corrupt(format!("window {code}")))?;
    let key = UsageKey { by, of, window: WindowIndex { window, index } };
    Ok((key, Usage { amount: row.quantity()?, count: row.number()? }))
}

pub(super) fn catalogue(connection: &Connection) -> Result<Catalogue, StoreError> {
    let units = units(connection)?.into_iter().map(|terms| (terms.unit.clone(), terms));
    let pockets = pockets(connection)?.into_iter().map(|pocket| (pocket.id.clone(), pocket));
    let programmes = groups::programmes(connection)?.into_iter().map(|programme| (programme.id.clone(), programme));
    let segments = segments(connection)?.into_iter().map(|segment| (segment.id.clone(), segment));
    let sql = "SELECT body FROM message_rules";
    let messages = all(connection, "rules for messages", sql, [], |row| row.form(read_message_rules))?.pop();
    Ok(Catalogue {
        units: units.collect(),
        pockets: pockets.collect(),
        programmes: programmes.collect(),
        segments: segments.collect(),
        messages: messages.unwrap_or_default(),
    })
}

/// Works the books out anew, all of it from one moment, in as many parts as memory asks for.
pub(super) fn audit(connection: &Connection) -> Result<Result<Audited, Box<Difference>>, StoreError> {
    audit_by(connection, AUDIT_ITEMS)
}

/// The same with so many grants and counts of use in a part, more or less.
pub(super) fn audit_by(
    connection: &Connection,
    items_max: u64,
) -> Result<Result<Audited, Box<Difference>>, StoreError> {
    let sql = "SELECT max((SELECT count(*) FROM grants), (SELECT count(*) FROM usage))";
    let items: u64 = all(connection, "count", sql, [], |row| row.number())?.into_iter().sum();
    let mut audited = Audited::default();
    for part in Part::all(items.div_ceil(items_max)) {
        match audit_part(connection, part) {
            Ok(found) => audited = found,
            Err(Ended::Difference(difference)) => return Ok(Err(difference)),
            Err(Ended::Failed(error)) => return Err(error),
        }
    }
    Ok(Ok(audited))
}

/// Why an audit does not go on.
enum Ended {
    Difference(Box<Difference>),
    Failed(StoreError),
}

impl From<Box<Difference>> for Ended {
    fn from(difference: Box<Difference>) -> Self {
        Self::Difference(difference)
    }
}

impl From<StoreError> for Ended {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

impl From<rusqlite::Error> for Ended {
    fn from(error: rusqlite::Error) -> Self {
        Self::Failed(error.into())
    }
}

fn audit_part(connection: &Connection, part: Part) -> Result<Audited, Ended> {
    let (campaigns, catalogue) = (list::campaigns(connection)?, catalogue(connection)?);
    let mut audit = Audit::new(&campaigns, &catalogue, part);
    let runs = runs::list(connection, 0, usize::MAX)?;
    let mut gapless = Gapless::new(Numbered::Transfer, &runs);
    let mut last = 0;
    loop {
        let page = transfers(connection, last, AUDIT_TRANSFERS)?;
        let Some((number, _)) = page.last() else { break };
        last = *number;
        for (number, transfer) in &page {
            gapless.take(*number).map_err(transfers_missing)?;
            audit.transfer(*number, transfer)?;
        }
    }
    gapless.finish().map_err(transfers_missing)?;
    let sql = "SELECT id, body FROM redemptions ORDER BY id";
    each_row(connection, "redemption", sql, |row| {
        let id = row.id()?;
        audit.redemption(&row.form(|text| read_redemption(&id, text))?);
        Ok(())
    })?;
    every_grant(connection, |grant| Ok::<_, Ended>(audit.grant(&grant)?))?;
    each_row(connection, "customer", list::CUSTOMERS_TO_AUDIT, |row| {
        let (id, customer) = (row.id()?, row.form(read_customer)?);
        Ok(audit.customer(&id, &customer)?)
    })?;
    audit.positions(&positions_of(connection, None)?)?;
    let sql = "SELECT holder, kind, who, unit, span, place, amount, count FROM usage \
               ORDER BY holder, kind, who, unit, span, place";
    each_row(connection, "count of use", sql, |row| {
        let (key, used) = usage(row)?;
        Ok(audit.usage(&key, used)?)
    })?;
    Ok(audit.finish(&all_stocks(connection)?)?)
}

/// Hands over every row that a statement finds.
fn each_row(
    connection: &Connection,
    what: &'static str,
    sql: &str,
    mut take: impl FnMut(&mut Columns<'_>) -> Result<(), Ended>,
) -> Result<(), Ended> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        take(&mut Columns::of(what, row))?;
    }
    Ok(())
}

/// Writes what operators say.
pub(super) fn catalogue_of(connection: &Connection, batch: &Batch) -> write::Written {
    for terms in &batch.units {
        let sql =
            "INSERT INTO units (unit, terms) VALUES (?1, ?2) ON CONFLICT (unit) DO UPDATE SET terms = excluded.terms";
        connection.prepare_cached(sql)?.execute([terms.unit.as_str(), &terms_text(terms)])?;
    }
    for pocket in &batch.pockets {
        let sql = "INSERT INTO pockets (id, body) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET body = excluded.body";
        connection.prepare_cached(sql)?.execute([pocket.id.as_str(), &pocket_text(pocket)])?;
    }
    for segment in &batch.segments {
        let sql = "INSERT INTO segments (id, body) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET body = excluded.body";
        connection.prepare_cached(sql)?.execute([segment.id.as_str(), &segment_text(segment)])?;
    }
    if let Some(rules) = &batch.message_rules {
        let sql =
            "INSERT INTO message_rules (one, body) VALUES (1, ?1) ON CONFLICT (one) DO UPDATE SET body = excluded.body";
        connection.prepare_cached(sql)?.execute([message_rules_text(rules)])?;
    }
    groups::write_programmes(connection, batch)
}

/// Writes what changed in the ledger.
pub(super) fn rows(connection: &Connection, rows: &Rows) -> write::Written {
    for (key, position) in &rows.positions {
        let sql = "INSERT INTO positions (campaign, unit, budget, pending, wallet, reserved, expense, breakage, debt, \
                   stock, supply) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT (campaign, unit) \
                   DO UPDATE SET budget = excluded.budget, pending = excluded.pending, wallet = excluded.wallet, \
                   reserved = excluded.reserved, expense = excluded.expense, breakage = excluded.breakage, \
                   debt = excluded.debt, stock = excluded.stock, supply = excluded.supply";
        let [budget, pending, wallet, reserved, expense, breakage, debt, stock, supply] = position.0;
        let (campaign, unit) = (key.campaign.as_str(), key.unit.as_str());
        connection.prepare_cached(sql)?.execute(params![
            campaign, unit, budget, pending, wallet, reserved, expense, breakage, debt, stock, supply
        ])?;
    }
    for (unit, on_hand) in &rows.stocks {
        let sql = "INSERT INTO stocks (unit, on_hand) VALUES (?1, ?2) \
                   ON CONFLICT (unit) DO UPDATE SET on_hand = excluded.on_hand";
        connection.prepare_cached(sql)?.execute(params![unit.as_str(), amount(*on_hand)])?;
    }
    for redemption in rows.redemptions.iter().filter_map(|(_, redemption)| redemption.as_ref()) {
        let sql = "INSERT INTO redemptions (id, customer, body) VALUES (?1, ?2, ?3) \
                   ON CONFLICT (id) DO UPDATE SET body = excluded.body";
        let (id, customer) = (redemption.request.id.to_string(), redemption.request.customer.as_str());
        connection.prepare_cached(sql)?.execute([&id, customer, &redemption_text(redemption)])?;
    }
    for (id, receipt) in &rows.receipts {
        let Some(Receipt { asked, answer }) = receipt else { continue };
        let sql = "INSERT INTO receipts (id, asked, answer) VALUES (?1, ?2, ?3)";
        connection.prepare_cached(sql)?.execute([id.as_str(), asked.as_str(), answer.as_str()])?;
    }
    journal(connection, &rows.transfers)
}

/// The number of the next transfer: the first of the last run, when that has none yet.
fn next_transfer(connection: &Connection) -> Result<i64, StoreError> {
    let sql = "SELECT max(coalesce((SELECT max(number) FROM transfers), 0) + 1, \
               coalesce((SELECT first_transfer FROM runs ORDER BY number DESC LIMIT 1), 1))";
    Ok(connection.prepare_cached(sql)?.query_one([], |row| row.get(0))?)
}

fn journal(connection: &Connection, transfers: &[Transfer]) -> write::Written {
    if transfers.is_empty() {
        return Ok(());
    }
    let mut statement = connection.prepare_cached(
        "INSERT INTO transfers (at, cause, recipient, campaign, grant_key, issue, unit, quantity, debit, credit, number) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?;
    for (transfer, number) in transfers.iter().zip(next_transfer(connection)?..) {
        let slot = transfer.lot.as_ref().map(|lot| &lot.slot);
        statement.execute(params![
            transfer.at.as_millis(),
            cause_text(&transfer.cause),
            slot.map(|slot| slot.to.as_str()),
            slot.map(|slot| slot.campaign.as_str()),
            slot.map(|slot| slot.key.as_str()),
            transfer.lot.as_ref().map(|lot| lot.issue),
            transfer.unit.as_str(),
            amount(transfer.quantity),
            account_code(transfer.debit),
            account_code(transfer.credit),
            number,
        ])?;
    }
    Ok(())
}
