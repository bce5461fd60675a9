//! The outbox in SQLite.
//!
//! Of each customer the first delivery that waits for a destination is marked as `first`, so that what is due is found
//! without reading what waits behind it.

use largesse_documents::delivery::settled_words;
use largesse_documents::destination::{destination_text, read_destination};
use largesse_domain::delivery::{Delivery, DeliveryId, DeliveryState, Progress, Settled, Settlement};
use largesse_domain::destination::Destination;
use largesse_domain::id::{CustomerId, DestinationId};
use largesse_domain::json::Json;
use largesse_domain::key::GrantSlot;
use largesse_domain::ledger::Lot;
use largesse_domain::time::Instant;
use rusqlite::{Connection, OptionalExtension, params};

use super::SqliteStore;
use super::convert::{Columns, column};
use super::list::{all, at_most};
use crate::outbox::{DELETED, DeliveryFilter, Outbox, OutboxChange};
use crate::{Batch, StoreError};

type Written = Result<(), StoreError>;

/// Writes the outbox of a batch inside the caller's transaction.
pub(super) fn write(connection: &Connection, batch: &Batch) -> Written {
    for change in &batch.outbox {
        match change {
            OutboxChange::Set(destination) => set(connection, destination)?,
            OutboxChange::Delete(id) => delete(connection, id)?,
            OutboxChange::Post(delivery) => post(connection, delivery)?,
            OutboxChange::Note(id, progress) => note(connection, *id, progress)?,
            OutboxChange::Replay(id, now) => replay(connection, *id, *now)?,
            OutboxChange::Settle(id, settlement) => settle(connection, *id, settlement)?,
        }
    }
    Ok(())
}

fn set(connection: &Connection, destination: &Destination) -> Written {
    let sql = "INSERT INTO destinations (id, body) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET body = excluded.body";
    connection.prepare_cached(sql)?.execute([destination.id.as_str(), &destination_text(destination)])?;
    Ok(())
}

fn delete(connection: &Connection, id: &DestinationId) -> Written {
    connection.prepare_cached("DELETE FROM destinations WHERE id = ?1")?.execute([id.as_str()])?;
    let sql = "UPDATE deliveries SET state = 'dead', first = 0, last_error = ?2 \
               WHERE destination = ?1 AND state = 'waiting'";
    connection.prepare_cached(sql)?.execute([id.as_str(), DELETED])?;
    Ok(())
}

/// A customer as the column holds it: '' for nobody.
fn lane(customer: Option<&CustomerId>) -> &str {
    customer.map_or("", CustomerId::as_str)
}

fn post(connection: &Connection, delivery: &Delivery) -> Written {
    let sql = "INSERT INTO deliveries (id, destination, customer, topic, grant_campaign, grant_key, grant_issue, body, \
               made_at, state, attempts, due, last_error, first) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?10 = 'waiting' AND NOT EXISTS \
               (SELECT 1 FROM deliveries WHERE destination = ?2 AND customer = ?3 AND state = 'waiting'))";
    let grant = delivery.grant.as_ref();
    connection.prepare_cached(sql)?.execute(params![
        column(delivery.id.0)?,
        delivery.destination.as_str(),
        lane(delivery.customer.as_ref()),
        delivery.topic.as_str(),
        grant.map(|grant| grant.slot.campaign.as_str()),
        grant.map(|grant| grant.slot.key.as_str()),
        grant.map(|grant| grant.issue),
        delivery.body.as_str(),
        delivery.made_at.as_millis(),
        delivery.progress.state.as_str(),
        delivery.progress.attempts,
        delivery.progress.due.as_millis(),
        delivery.progress.last_error,
    ])?;
    delivery.settlement.as_ref().map_or(Ok(()), |settlement| settle(connection, delivery.id, settlement))
}

fn note(connection: &Connection, id: DeliveryId, progress: &Progress) -> Written {
    let sql = "UPDATE deliveries SET state = ?2, attempts = ?3, due = ?4, last_error = ?5 \
               WHERE id = ?1 AND (state = 'waiting' OR ?2 = 'delivered') RETURNING destination, customer";
    let (attempts, due) = (progress.attempts, progress.due.as_millis());
    let row = params![column(id.0)?, progress.state.as_str(), attempts, due, progress.last_error];
    changed(connection, sql, row)
}

fn replay(connection: &Connection, id: DeliveryId, now: Instant) -> Written {
    let sql = "UPDATE deliveries SET state = 'waiting', attempts = 0, due = ?2, last_error = NULL \
               WHERE id = ?1 AND state <> 'waiting' RETURNING destination, customer";
    changed(connection, sql, params![column(id.0)?, now.as_millis()])
}

/// Changes a delivery, and marks the first of those about its customer anew.
fn changed(connection: &Connection, sql: &str, row: &[&dyn rusqlite::ToSql]) -> Written {
    let mut update = connection.prepare_cached(sql)?;
    let lane = update.query_row(row, |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))).optional()?;
    let Some((destination, customer)) = lane else { return Ok(()) };
    let sql = "UPDATE deliveries SET first = 0 WHERE destination = ?1 AND customer = ?2 AND first = 1";
    connection.prepare_cached(sql)?.execute([&destination, &customer])?;
    let sql = "UPDATE deliveries SET first = 1 WHERE id = (SELECT min(id) FROM deliveries \
               WHERE destination = ?1 AND customer = ?2 AND state = 'waiting')";
    connection.prepare_cached(sql)?.execute([&destination, &customer])?;
    Ok(())
}

fn settle(connection: &Connection, id: DeliveryId, settlement: &Settlement) -> Written {
    let sql = "INSERT INTO settlements (delivery, settled, reason, at) VALUES (?1, ?2, ?3, ?4)";
    let (settled, reason) = settled_words(&settlement.settled);
    connection.prepare_cached(sql)?.execute(params![column(id.0)?, settled, reason, settlement.at.as_millis()])?;
    Ok(())
}

/// The columns that a delivery is read from.
macro_rules! select_deliveries {
    ($rest:literal) => {
        concat!(
            "SELECT d.id, d.destination, d.customer, d.topic, d.grant_campaign, d.grant_key, d.grant_issue, d.body, \
             d.made_at, d.state, d.attempts, d.due, d.last_error, s.settled, s.reason, s.at \
             FROM deliveries d LEFT JOIN settlements s ON s.delivery = d.id ",
            $rest
        )
    };
}

fn delivery_row(row: &mut Columns<'_>) -> Result<Delivery, StoreError> {
    let (id, destination) = (DeliveryId(row.number()?), row.id()?);
    let customer: String = row.take()?;
    let customer = match customer.as_str() {
        "" => None,
        text => Some(CustomerId::new(text).map_err(|error| row.corrupt(error))?),
    };
    let topic = row.id()?;
    let (campaign, key, issue) = (row.optional_id()?, row.optional_id()?, row.take()?);
    let grant = match (campaign, key, issue, &customer) {
        (Some(campaign), Some(key), Some(issue), Some(to)) => {
            Some(Lot { slot: GrantSlot { campaign, to: to.clone(), key }, issue })
        }
        (None, None, None, _) => None,
        _ => return Err(row.corrupt("part of a grant")),
    };
    Ok(Delivery {
        id,
        destination,
        customer,
        topic,
        grant,
        body: Json::from_checked(row.take::<String>()?),
        made_at: row.instant()?,
        progress: Progress { state: row.id()?, attempts: row.take()?, due: row.instant()?, last_error: row.take()? },
        settlement: settlement(row)?,
    })
}

fn settlement(row: &mut Columns<'_>) -> Result<Option<Settlement>, StoreError> {
    let (word, reason): (Option<String>, Option<String>) = (row.take()?, row.take()?);
    let settled = match (word.as_deref(), reason) {
        (None, _) => return Ok(None),
        (Some("confirmed"), None) => Settled::Confirmed,
        (Some("failed"), Some(reason)) => Settled::Failed(reason),
        (Some(word), _) => return Err(row.corrupt(format!("settled as {word:?}"))),
    };
    Ok(Some(Settlement { settled, at: row.instant()? }))
}

impl Outbox for SqliteStore {
    fn destinations(&self) -> Result<Vec<Destination>, StoreError> {
        self.read(|connection| {
            all(connection, "destination", "SELECT id, body FROM destinations ORDER BY id", [], |row| {
                let (id, text) = (row.id()?, row.take::<String>()?);
                read_destination(id, &text).map_err(|error| row.corrupt(error))
            })
        })
    }

    fn delivery(&self, id: DeliveryId) -> Result<Option<Delivery>, StoreError> {
        let sql = select_deliveries!("WHERE d.id = ?1");
        self.read(|connection| Ok(all(connection, "delivery", sql, [column(id.0)?], delivery_row)?.pop()))
    }

    fn deliveries(
        &self,
        filter: &DeliveryFilter,
        after: DeliveryId,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        // What is not delivered is found by its state, all else in the order of deliveries.
        let sql = match filter.state {
            Some(DeliveryState::Waiting | DeliveryState::Dead) => select_deliveries!(
                "WHERE d.state = ?3 AND d.state <> 'delivered' AND d.id > ?1 AND (?4 IS NULL OR d.destination = ?4) \
                 ORDER BY d.id LIMIT ?2"
            ),
            Some(DeliveryState::Delivered) | None => select_deliveries!(
                "WHERE d.id > ?1 AND (?3 IS NULL OR d.state = ?3) AND (?4 IS NULL OR d.destination = ?4) \
                 ORDER BY d.id LIMIT ?2"
            ),
        };
        let state = filter.state.map(DeliveryState::as_str);
        let destination = filter.destination.as_ref().map(DestinationId::as_str);
        self.read(|connection| {
            let wanted = params![column(after.0)?, at_most(limit), state, destination];
            all(connection, "delivery", sql, wanted, delivery_row)
        })
    }

    fn deliveries_due(
        &self,
        destination: &DestinationId,
        now: Instant,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        let sql = select_deliveries!(
            "WHERE d.destination = ?1 AND d.first = 1 AND d.due <= ?2 ORDER BY d.due, d.id LIMIT ?3"
        );
        let wanted = params![destination.as_str(), now.as_millis(), at_most(limit)];
        self.read(|connection| all(connection, "delivery", sql, wanted, delivery_row))
    }
}
