//! Rows by their keys.

use std::collections::BTreeSet;
use std::sync::Arc;

use largesse_documents::stored::{Unreadable, read_customer, read_identifiers, read_instants, read_timer_body};
use largesse_documents::time::local_time;
use largesse_domain::budget::Usage;
use largesse_domain::customer::Customer;
use largesse_domain::event::{BodyHash, EventKey};
use largesse_domain::facts::{About, Rows, State, Wanted};
use largesse_domain::grant::{Grant, Hold};
use largesse_domain::hold::AfterHold;
use largesse_domain::id::{CustomerId, DecisionId, EventSeq, TimerName};
use largesse_domain::json::Json;
use largesse_domain::key::{AboutKey, BindingKey, ClaimKey, GrantSlot, MessageSlot, StateKey, UsageKey};
use largesse_domain::time::{Day, Instant};
use largesse_domain::timer::{Timer, TimerKey};
use rusqlite::{CachedStatement, Connection, Params, params};

use super::convert::{Columns, dimension_code, holder, owner_code, window_code};
use super::{groups, ledger};
use crate::StoreError;

/// The row that a statement finds, if any.
pub(super) fn find<T>(
    what: &'static str,
    statement: &mut CachedStatement<'_>,
    key: impl Params,
    read: impl FnOnce(&mut Columns<'_>) -> Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    let mut rows = statement.query(key)?;
    rows.next()?.map(|row| read(&mut Columns::of(what, row))).transpose()
}

/// One answer for each key, in the order of the keys.
pub(super) fn each<'a, K: Clone + 'a, V>(
    connection: &Connection,
    sql: &str,
    keys: impl IntoIterator<Item = &'a K>,
    mut read: impl FnMut(&mut CachedStatement<'_>, &K) -> Result<V, StoreError>,
) -> Result<Vec<(K, V)>, StoreError> {
    let mut keys = keys.into_iter().peekable();
    if keys.peek().is_none() {
        return Ok(Vec::new());
    }
    let mut statement = connection.prepare_cached(sql)?;
    keys.map(|key| Ok((key.clone(), read(&mut statement, key)?))).collect()
}

pub(super) fn seen(
    connection: &Connection,
    keys: &[EventKey],
) -> Result<Vec<Option<(EventSeq, BodyHash)>>, StoreError> {
    let sql = "SELECT seq, body_hash FROM events WHERE source = ?1 AND id = ?2";
    let found = each(connection, sql, keys, |statement, key| {
        find("event", statement, params![key.source.as_str(), key.id.as_str()], |row| {
            Ok((EventSeq(row.number()?), BodyHash(row.take()?)))
        })
    })?;
    Ok(found.into_iter().map(|(_, seen)| seen).collect())
}

pub(super) fn rows(connection: &Connection, wanted: &Wanted) -> Result<Rows, StoreError> {
    let in_wallets = each(connection, OPEN, &wanted.wallets, grants)?;
    let slots =
        in_wallets.iter().map(|(id, grants)| (id.clone(), grants.iter().map(|grant| grant.slot.clone()).collect()));
    let wallets = slots.collect();
    let in_wallets = in_wallets.into_iter().flat_map(|(_, grants)| grants);
    let mut grants = each(connection, LAST_ISSUE, &wanted.grants, last_issue)?;
    grants.extend(in_wallets.map(|grant| (grant.slot.clone(), Some(Arc::new(grant)))));
    Ok(Rows {
        customers: each(connection, CUSTOMER, &wanted.customers, |statement, id| {
            Ok(customer_row(statement, id)?.unwrap_or_default())
        })?,
        states: states(connection, wanted.states.iter())?,
        grants,
        abouts: abouts(connection, wanted.abouts.iter())?,
        claims: claims(connection, wanted.claims.iter())?,
        usage: usage(connection, wanted.usage.iter())?,
        bindings: bindings(connection, wanted.bindings.iter())?,
        messages: messages(connection, wanted.messages.iter())?,
        members: groups::members(connection, wanted)?,
        shares: groups::shares(connection, wanted)?,
        measures: groups::measures(connection, wanted)?,
        contacts: contacts(connection, wanted.contacts.iter())?,
        timers: timers(connection, wanted.timers.iter())?,
        timer_names: each(connection, TIMERS_OF, &wanted.timer_names, timer_names)?,
        wallets,
        positions: ledger::positions(connection, wanted.positions.iter())?,
        stocks: ledger::stocks(connection, wanted.stocks.iter())?,
        redemptions: ledger::redemptions(connection, wanted.redemptions.iter())?,
        receipts: ledger::receipts(connection, wanted.receipts.iter())?,
        transfers: Vec::new(),
    })
}

const CUSTOMER: &str = "SELECT body FROM customers WHERE id = ?1";

fn customer_row(statement: &mut CachedStatement<'_>, id: &CustomerId) -> Result<Option<Customer>, StoreError> {
    find("customer", statement, [id.as_str()], |row| row.form(read_customer))
}

pub(super) fn customer(connection: &Connection, id: &CustomerId) -> Result<Option<Customer>, StoreError> {
    customer_row(&mut connection.prepare_cached(CUSTOMER)?, id)
}

fn states<'a>(
    connection: &Connection,
    keys: impl Iterator<Item = &'a StateKey>,
) -> Result<Vec<(StateKey, Option<State>)>, StoreError> {
    let sql = "SELECT written_as, value FROM states WHERE campaign = ?1 AND owner_kind = ?2 AND owner = ?3";
    each(connection, sql, keys, |statement, StateKey { campaign, owner }| {
        find("state", statement, params![campaign.as_str(), owner_code(owner.kind()), owner.id()], |row| {
            Ok(State { written_as: row.take()?, value: Json::from_checked(row.take::<String>()?) })
        })
    })
}

macro_rules! select_grants {
    ($rest:literal) => {
        concat!(
            "SELECT recipient, campaign, grant_key, issue, decision, about, unit, quantity, reversed, owed, redeemed, \
             paid, reserved, expired, key_freed, from_stock, granted_at, day, second_of_day, counted_for, hold_until, \
             after_hold, expires, principal_cap, reason FROM grants ",
            $rest
        )
    };
}

const LAST_ISSUE: &str =
    select_grants!("WHERE recipient = ?1 AND campaign = ?2 AND grant_key = ?3 ORDER BY issue DESC LIMIT 1");
/// Of a customer those that may hold something. Issues before the last were wholly taken back.
const OPEN: &str = select_grants!(
    "WHERE recipient = ?1 AND quantity + owed > reversed + redeemed + paid + expired AND key_freed = 0 \
     ORDER BY granted_at, decision, campaign, grant_key"
);
const WALLET: &str = select_grants!("WHERE recipient = ?1 ORDER BY granted_at, decision, campaign, grant_key, issue");
/// Of several ids those after a place; see `GrantPlace`.
pub(super) const PAGE: &str = select_grants!(
    "WHERE recipient IN (SELECT value FROM json_each(?1)) \
     AND (granted_at, coalesce(decision, 0), campaign, grant_key, issue, recipient) > (?2, ?3, ?4, ?5, ?6, ?7) \
     ORDER BY granted_at, coalesce(decision, 0), campaign, grant_key, issue, recipient LIMIT ?8"
);
const UNORDERED: &str = select_grants!("WHERE recipient = ?1");
const EVERY: &str = select_grants!("WHERE ?1 = ?1 ORDER BY recipient, campaign, grant_key, issue");

pub(super) fn grant(row: &mut Columns<'_>) -> Result<Grant, StoreError> {
    let (to, campaign, key) = (row.id()?, row.id()?, row.id()?);
    Ok(Grant {
        slot: GrantSlot { campaign, to, key },
        issue: row.take()?,
        decision: row.optional_number()?.map(DecisionId),
        about: row.optional_id()?,
        unit: row.id()?,
        quantity: row.quantity()?,
        reversed: row.quantity()?,
        owed: row.quantity()?,
        redeemed: row.quantity()?,
        paid: row.quantity()?,
        reserved: row.quantity()?,
        expired: row.quantity()?,
        key_freed: row.take()?,
        from_stock: row.take()?,
        granted_at: row.instant()?,
        counted_on: {
            let (day, second) = (row.take()?, row.take()?);
            local_time(Day(day), second).ok_or_else(|| row.corrupt("no local time"))?
        },
        counted_for: match row.take::<Option<String>>()? {
            None => Vec::new(),
            Some(text) => read_identifiers(&text).map_err(|error| row.corrupt(error))?,
        },
        hold: {
            let (until, void) = (row.optional_instant()?, row.take::<Option<bool>>()?);
            let then = if void == Some(true) { AfterHold::Void } else { AfterHold::Post };
            until.map(|until| Hold { until, then })
        },
        expires: row.optional_instant()?,
        principal_cap: row.optional_quantity()?,
        reason: row.take()?,
    })
}

fn last_issue(statement: &mut CachedStatement<'_>, slot: &GrantSlot) -> Result<Option<Arc<Grant>>, StoreError> {
    let key = [slot.to.as_str(), slot.campaign.as_str(), slot.key.as_str()];
    find("grant", statement, key, |row| grant(row).map(Arc::new))
}

fn grants(statement: &mut CachedStatement<'_>, customer: &CustomerId) -> Result<Vec<Grant>, StoreError> {
    let mut rows = statement.query([customer.as_str()])?;
    let mut grants = Vec::new();
    while let Some(row) = rows.next()? {
        grants.push(grant(&mut Columns::of("grant", row))?);
    }
    Ok(grants)
}

pub(super) fn wallet(connection: &Connection, customer: &CustomerId) -> Result<Vec<Grant>, StoreError> {
    grants(&mut connection.prepare_cached(WALLET)?, customer)
}

/// Hands over the grants to a customer, in no order, until it is told that it is enough.
pub(super) fn each_grant_to(
    connection: &Connection,
    customer: &CustomerId,
    take: &mut dyn FnMut(Grant) -> bool,
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(UNORDERED)?;
    let mut rows = statement.query([customer.as_str()])?;
    while let Some(row) = rows.next()? {
        if !take(grant(&mut Columns::of("grant", row))?) {
            break;
        }
    }
    Ok(())
}

/// Hands over every grant, one after the other.
pub(super) fn every_grant<E: From<StoreError>>(
    connection: &Connection,
    mut take: impl FnMut(Grant) -> Result<(), E>,
) -> Result<(), E> {
    let mut statement = connection.prepare_cached(EVERY).map_err(StoreError::from)?;
    let mut rows = statement.query([0]).map_err(StoreError::from)?;
    while let Some(row) = rows.next().map_err(StoreError::from)? {
        take(grant(&mut Columns::of("grant", row))?)?;
    }
    Ok(())
}

fn abouts<'a>(
    connection: &Connection,
    keys: impl Iterator<Item = &'a AboutKey>,
) -> Result<Vec<(AboutKey, About)>, StoreError> {
    let sql = "SELECT cancelled, grants FROM abouts WHERE campaign = ?1 AND about = ?2";
    each(connection, sql, keys, |statement, AboutKey { campaign, about }| {
        let found = find("thing", statement, [campaign.as_str(), about.as_str()], |row| {
            let cancelled = row.take()?;
            let slots: Vec<(String, String)> = row.form(|text| serde_json::from_str(text).map_err(Unreadable::new))?;
            let slot = |(to, key): (String, String)| {
                let (to, key) = (to.parse().map_err(|e| row.corrupt(e))?, key.parse().map_err(|e| row.corrupt(e))?);
                Ok(GrantSlot { campaign: campaign.clone(), to, key })
            };
            Ok(About { cancelled, grants: slots.into_iter().map(slot).collect::<Result<_, StoreError>>()? })
        })?;
        Ok(found.unwrap_or_default())
    })
}

fn claims<'a>(
    connection: &Connection,
    keys: impl Iterator<Item = &'a ClaimKey>,
) -> Result<Vec<(ClaimKey, Option<CustomerId>)>, StoreError> {
    let sql = "SELECT holder FROM claims WHERE campaign = ?1 AND scope = ?2 AND dimension = ?3 AND value = ?4";
    each(connection, sql, keys, |statement, ClaimKey { campaign, scope, by, value }| {
        let key = params![campaign.as_str(), scope.as_str(), dimension_code(*by), value];
        find("claim", statement, key, |row| row.id())
    })
}

fn usage<'a>(
    connection: &Connection,
    keys: impl Iterator<Item = &'a UsageKey>,
) -> Result<Vec<(UsageKey, Usage)>, StoreError> {
    let sql = "SELECT amount, count FROM usage \
               WHERE holder = ?1 AND kind = ?2 AND who = ?3 AND unit = ?4 AND span = ?5 AND place = ?6";
    each(connection, sql, keys, |statement, UsageKey { by, of, window }| {
        let (holder, kind, who) = holder(by);
        let key = params![holder, kind, who, of.to_string(), window_code(window.window), window.index];
        let found =
            find("count of use", statement, key, |row| Ok(Usage { amount: row.quantity()?, count: row.number()? }))?;
        Ok(found.unwrap_or_default())
    })
}

fn bindings<'a>(
    connection: &Connection,
    keys: impl Iterator<Item = &'a BindingKey>,
) -> Result<Vec<(BindingKey, Option<CustomerId>)>, StoreError> {
    let sql = "SELECT inviter FROM bindings WHERE invitee = ?1 AND campaign = ?2";
    each(connection, sql, keys, |statement, BindingKey { campaign, invitee }| {
        find("binding", statement, [invitee.as_str(), campaign.as_str()], |row| row.id())
    })
}

fn messages<'a>(
    connection: &Connection,
    keys: impl Iterator<Item = &'a MessageSlot>,
) -> Result<Vec<(MessageSlot, bool)>, StoreError> {
    let sql = "SELECT 1 FROM messages WHERE recipient = ?1 AND campaign = ?2 AND message_key = ?3";
    each(connection, sql, keys, |statement, MessageSlot { campaign, to, key }| {
        Ok(statement.exists([to.as_str(), campaign.as_str(), key.as_str()])?)
    })
}

fn contacts<'a>(
    connection: &Connection,
    keys: impl Iterator<Item = &'a CustomerId>,
) -> Result<Vec<(CustomerId, Vec<Instant>)>, StoreError> {
    let sql = "SELECT sent FROM contacts WHERE customer = ?1";
    each(connection, sql, keys, |statement, customer| {
        Ok(find("contact", statement, [customer.as_str()], |row| row.form(read_instants))?.unwrap_or_default())
    })
}

fn timers<'a>(
    connection: &Connection,
    keys: impl Iterator<Item = &'a TimerKey>,
) -> Result<Vec<(TimerKey, Option<Timer>)>, StoreError> {
    let sql = "SELECT due, body FROM timers WHERE key = ?1";
    each(connection, sql, keys, |statement, key| {
        find("timer", statement, [key.to_string()], |row| {
            Ok(Timer { due: row.instant()?, body: row.form(read_timer_body)? })
        })
    })
}

const TIMERS_OF: &str = "SELECT key FROM timers WHERE key >= ?1 AND key < ?2";

fn timer_names(statement: &mut CachedStatement<'_>, of: &StateKey) -> Result<BTreeSet<TimerName>, StoreError> {
    let prefix = TimerKey::prefix_of(&of.campaign, &of.owner);
    // The prefix ends with a space, and `!` is what comes after a space.
    let end = format!("{}!", prefix.trim_end());
    let mut rows = statement.query([prefix, end])?;
    let mut names = BTreeSet::new();
    while let Some(row) = rows.next()? {
        let key: TimerKey = Columns::of("timer", row).id()?;
        names.extend(key.of_owner().map(|(_, name)| name.clone()));
    }
    Ok(names)
}
