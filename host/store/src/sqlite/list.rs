//! Lists, counts and single things.

use std::sync::Arc;

use largesse_documents::stored::{
    DecisionKeys, read_decision, read_manifest, read_settings, read_timer_body, read_versions,
};
use largesse_domain::budget::Usage;
use largesse_domain::campaign::{Campaign, Revision};
use largesse_domain::delivery::DeliveryId;
use largesse_domain::event::{Admission, BodyHash, Event, EventKey};
use largesse_domain::id::{CampaignId, CustomerId, DecisionId, EventSeq};
use largesse_domain::json::Json;
use largesse_domain::key::{UsageKey, UsedBy};
use largesse_domain::lifecycle::Lifecycle;
use largesse_domain::outcome::Decision;
use largesse_domain::policy::Policy;
use largesse_domain::time::{Instant, WindowIndex};
use largesse_domain::timer::{Timer, TimerKey};
use rusqlite::{Connection, Params, params};

use super::actors::decisions_of;
use super::convert::{Columns, column, window};
use super::records;
use crate::{Counters, DecisionFilter, Deferred, DeferredKey, Kind, StoreError};

/// Every row that a statement finds.
pub(super) fn all<T>(
    connection: &Connection,
    what: &'static str,
    sql: &str,
    params: impl Params,
    read: impl Fn(&mut Columns<'_>) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(&mut Columns::of(what, row))?);
    }
    Ok(found)
}

/// A bound on rows as SQLite takes it.
pub(super) fn at_most(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

pub(super) fn counters(connection: &Connection) -> Result<Counters, StoreError> {
    let sql = "SELECT coalesce((SELECT max(seq) FROM events), 0), coalesce((SELECT max(id) FROM decisions), 0), \
               coalesce((SELECT max(id) FROM deliveries), 0), \
               coalesce((SELECT max(number) FROM transfers), 0), (SELECT admitted FROM events ORDER BY seq DESC LIMIT 1)";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([])?;
    let row = rows.next()?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
    let mut row = Columns::of("counter", row);
    Ok(Counters {
        last_event: EventSeq(row.number()?),
        last_decision: DecisionId(row.number()?),
        last_delivery: DeliveryId(row.number()?),
        last_transfer: row.number()?,
        last_admitted: row.optional_instant()?,
    })
}

pub(super) fn due(
    connection: &Connection,
    campaigns: &[CampaignId],
    now: Instant,
    limit: usize,
) -> Result<Vec<Deferred>, StoreError> {
    let sql = "SELECT event, subscription, attempts, due FROM deferred \
               WHERE behind IS NULL AND campaign = ?1 AND due <= ?2 ORDER BY event, subscription LIMIT ?3";
    let mut found = Vec::new();
    for campaign in campaigns {
        let row = params![campaign.as_str(), now.as_millis(), at_most(limit)];
        found.extend(all(connection, "deferred decision", sql, row, |row| {
            let (event, subscription) = (EventSeq(row.number()?), row.id()?);
            let key = DeferredKey { campaign: campaign.clone(), event, subscription };
            Ok(Deferred { key, attempts: row.take()?, due: row.instant()?, behind: None })
        })?);
    }
    crate::earliest_first(&mut found, limit);
    Ok(found)
}

pub(super) fn queued(
    connection: &Connection,
    campaigns: &[CampaignId],
    limit: usize,
) -> Result<Vec<Deferred>, StoreError> {
    let sql = "SELECT event, subscription, attempts, due, behind FROM deferred \
               WHERE behind IS NOT NULL AND campaign = ?1 ORDER BY event, subscription LIMIT ?2";
    let mut found = Vec::new();
    for campaign in campaigns {
        let row = params![campaign.as_str(), at_most(limit)];
        found.extend(all(connection, "queued decision", sql, row, |row| {
            let (event, subscription) = (EventSeq(row.number()?), row.id()?);
            let key = DeferredKey { campaign: campaign.clone(), event, subscription };
            Ok(Deferred { key, attempts: row.take()?, due: row.instant()?, behind: Some(row.id()?) })
        })?);
    }
    crate::earliest_first(&mut found, limit);
    Ok(found)
}

pub(super) fn queues(connection: &Connection) -> Result<Vec<(CampaignId, CustomerId, u64)>, StoreError> {
    let sql = "SELECT campaign, behind, count(*) FROM deferred WHERE behind IS NOT NULL \
               GROUP BY campaign, behind ORDER BY campaign, behind";
    all(connection, "queued decision", sql, [], |row| Ok((row.id()?, row.id()?, row.number()?)))
}

pub(super) fn deferred_count(connection: &Connection, campaign: &CampaignId) -> Result<u64, StoreError> {
    let sql = "SELECT count(*) FROM deferred WHERE campaign = ?1";
    let count = all(connection, "count", sql, [campaign.as_str()], |row| row.number())?;
    Ok(count.into_iter().sum())
}

pub(super) fn deferred_on(connection: &Connection, event: EventSeq) -> Result<Vec<Deferred>, StoreError> {
    let sql = "SELECT campaign, subscription, attempts, due, behind FROM deferred WHERE event = ?1 ORDER BY campaign, subscription";
    all(connection, "deferred decision", sql, [column(event.0)?], |row| {
        let key = DeferredKey { campaign: row.id()?, event, subscription: row.id()? };
        Ok(Deferred { key, attempts: row.take()?, due: row.instant()?, behind: row.optional_id()? })
    })
}

pub(super) fn due_timers(
    connection: &Connection,
    campaigns: &[CampaignId],
    until: Instant,
    limit: usize,
) -> Result<Vec<(TimerKey, Timer)>, StoreError> {
    let sql = "SELECT key, due, body FROM timers WHERE waits_with = ?1 AND due <= ?2 ORDER BY due, key LIMIT ?3";
    let mut found = Vec::new();
    for waits_with in campaigns.iter().map(CampaignId::as_str).chain([""]) {
        let row = params![waits_with, until.as_millis(), at_most(limit)];
        found.extend(all(connection, "timer", sql, row, |row| {
            Ok((row.id()?, Timer { due: row.instant()?, body: row.form(read_timer_body)? }))
        })?);
    }
    crate::due_first(&mut found, limit);
    Ok(found)
}

pub(super) fn campaigns(connection: &Connection) -> Result<Vec<Campaign>, StoreError> {
    let sql = "SELECT id, version, lifecycle, settings, versions FROM campaigns ORDER BY id";
    let mut campaigns = all(connection, "campaign", sql, [], |row| {
        let (id, version) = (row.id()?, row.number()?);
        let word: String = row.take()?;
        let lifecycle = Lifecycle::ALL.into_iter().find(|lifecycle| lifecycle.as_str() == word);
        let lifecycle = lifecycle.ok_or_else(|| row.corrupt(format!("lifecycle {word:?}")))?;
        let settings = row.form(read_settings)?;
        let (activations, rollout, rollouts) = row.form(read_versions)?;
        Ok(Campaign { id, version, lifecycle, settings, revisions: Vec::new(), activations, rollout, rollouts })
    })?;
    let sql = "SELECT number, effective_from, params FROM revisions WHERE campaign = ?1 ORDER BY number";
    for campaign in &mut campaigns {
        campaign.revisions = all(connection, "revision", sql, [campaign.id.as_str()], |row| {
            let (number, effective_from) = (row.take()?, row.instant()?);
            Ok(Revision { number, effective_from, params: Json::from_checked(row.take::<String>()?) })
        })?;
    }
    Ok(campaigns)
}

pub(super) fn policies(connection: &Connection) -> Result<Vec<Policy>, StoreError> {
    let sql = "SELECT digest, size_bytes, contract, published_at, signed_by, manifest FROM policies ORDER BY place";
    all(connection, "policy", sql, [], |row| {
        let (digest, size_bytes) = (row.digest()?, row.number()?);
        let (contract, published_at, signed_by) = (row.take()?, row.instant()?, row.optional_id()?);
        Ok(Policy { digest, size_bytes, contract, published_at, signed_by, manifest: row.form(read_manifest)? })
    })
}

pub(super) fn kinds(connection: &Connection) -> Result<Vec<Kind>, StoreError> {
    all(connection, "event kind", "SELECT kind, schema FROM kinds ORDER BY kind", [], |row| {
        Ok(Kind { kind: row.id()?, schema: Json::from_checked(row.take::<String>()?) })
    })
}

fn event(row: &mut Columns<'_>) -> Result<(Admission, Event), StoreError> {
    let admission = Admission { seq: EventSeq(row.number()?), at: row.instant()? };
    let event = Event {
        key: EventKey { source: row.id()?, id: row.id()? },
        kind: row.id()?,
        actor: row.id()?,
        occurred: row.instant()?,
        data: Json::from_checked(row.take::<String>()?),
        body_hash: BodyHash(row.take()?),
    };
    Ok((admission, event))
}

pub(super) fn events(
    connection: &Connection,
    seqs: &[EventSeq],
) -> Result<Vec<Option<(Admission, Event)>>, StoreError> {
    let sql = "SELECT e.seq, e.admitted, e.source, e.id, e.kind, e.actor, e.occurred, x.data, e.body_hash FROM events e \
               CROSS JOIN event_data x ON x.seq = e.seq WHERE e.seq = ?1";
    let one = |seq: &EventSeq| Ok(all(connection, "event", sql, [column(seq.0)?], event)?.pop());
    seqs.iter().map(one).collect()
}

/// The columns that a decision is read from. The conditions choose among decisions `d`, events `e` and revisions `r`.
macro_rules! select_decisions {
    ($rest:literal) => {
        concat!(
            "SELECT e.seq, e.admitted, e.source, e.id, e.kind, e.actor, e.occurred, x.data, e.body_hash, \
             d.id, d.campaign, d.revision, r.params, d.policy, d.remains, c.body FROM decisions d \
             CROSS JOIN records c ON c.decision = d.id \
             CROSS JOIN events e ON e.seq = d.event \
             CROSS JOIN event_data x ON x.seq = e.seq \
             CROSS JOIN revisions r ON r.campaign = d.campaign AND r.number = d.revision ",
            $rest
        )
    };
}

fn decision_row(row: &mut Columns<'_>) -> Result<Decision, StoreError> {
    let (admission, event) = event(row)?;
    let keys = DecisionKeys {
        id: DecisionId(row.number()?),
        seq: admission.seq,
        event: Arc::new(event),
        campaign: row.id()?,
        revision: row.take()?,
        params: Json::from_checked(row.take::<String>()?),
        policy: row.digest()?,
    };
    let remains = row.packed()?;
    row.packed_form(|record| read_decision((&remains, record), keys))
}

pub(super) fn decisions_on(connection: &Connection, event: EventSeq) -> Result<Vec<Decision>, StoreError> {
    let sql = select_decisions!("WHERE d.event = ?1 ORDER BY d.id");
    all(connection, "decision", sql, [column(event.0)?], decision_row)
}

pub(super) fn decision(connection: &Connection, id: DecisionId) -> Result<Option<Decision>, StoreError> {
    let sql = select_decisions!("WHERE d.id = ?1");
    Ok(all(connection, "decision", sql, [column(id.0)?], decision_row)?.pop())
}

pub(super) fn decisions(
    connection: &Connection,
    filter: &DecisionFilter,
    after: DecisionId,
    limit: usize,
) -> Result<Vec<Decision>, StoreError> {
    let mut found = Vec::new();
    each_decision(connection, filter, (after, limit), &mut |decision| {
        found.push(decision);
        true
    })?;
    Ok(found)
}

/// Hands over decisions, in order, until it is told that it is enough.
pub(super) fn each_decision(
    connection: &Connection,
    filter: &DecisionFilter,
    (after, limit): (DecisionId, usize),
    take: &mut dyn FnMut(Decision) -> bool,
) -> Result<(), StoreError> {
    // Of those before it no record is left.
    let after = after.max(records::room(connection)?.decision);
    let (after, limit) = (column(after.0)?, at_most(limit));
    let campaign = filter.campaign.as_ref().map(CampaignId::as_str);
    let mut find = |sql, params: &[&dyn rusqlite::ToSql]| {
        let mut statement = connection.prepare_cached(sql)?;
        let mut rows = statement.query(params)?;
        while let Some(row) = rows.next()? {
            if !take(decision_row(&mut Columns::of("decision", row))?) {
                break;
            }
        }
        Ok(())
    };
    match (records::actors(filter), campaign) {
        (None, None) => {
            let sql = select_decisions!("WHERE d.id > ?1 ORDER BY d.id LIMIT ?2");
            find(sql, params![after, limit])
        }
        (None, Some(campaign)) => {
            let sql = select_decisions!("WHERE d.campaign = ?3 AND d.id > ?1 ORDER BY d.id LIMIT ?2");
            find(sql, params![after, limit, campaign])
        }
        (Some(actors), campaign) => {
            let sql = concat!(
                select_decisions!("WHERE d.id IN ("),
                decisions_of!("?3"),
                ") AND d.id > ?1 AND (?4 IS NULL OR d.campaign = ?4) ORDER BY d.id LIMIT ?2"
            );
            find(sql, params![after, limit, actors, campaign])
        }
    }
}

pub(super) fn inviters_of(
    connection: &Connection,
    invitee: &CustomerId,
) -> Result<Vec<(CampaignId, CustomerId)>, StoreError> {
    let sql = "SELECT campaign, inviter FROM bindings WHERE invitee = ?1 ORDER BY campaign";
    all(connection, "binding", sql, [invitee.as_str()], |row| Ok((row.id()?, row.id()?)))
}

/// Customers that may owe something, or have other ids.
pub(super) const CUSTOMERS_TO_AUDIT: &str =
    "SELECT id, body FROM customers WHERE body LIKE '%\"debts\"%' OR body LIKE '%\"also\"%' ORDER BY id";

pub(super) fn budget_usage(
    connection: &Connection,
    campaign: &CampaignId,
) -> Result<Vec<(UsageKey, Usage)>, StoreError> {
    let sql = "SELECT unit, span, place, amount, count FROM usage WHERE holder = ?1 AND kind = 0 \
               ORDER BY unit, span, place";
    all(connection, "count of use", sql, [campaign.as_str()], |row| {
        let (of, code, index) = (row.id()?, row.take::<i64>()?, row.take::<i64>()?);
        let window = window(code).ok_or_else(|| row.corrupt(format!("window {code}")))?;
        let window = WindowIndex { window, index };
        let key = UsageKey { by: UsedBy::Campaign(campaign.clone()), of, window };
        Ok((key, Usage { amount: row.quantity()?, count: row.number()? }))
    })
}

pub(super) fn verdict_counts(connection: &Connection, campaign: &CampaignId) -> Result<Vec<(String, u64)>, StoreError> {
    let sql = "SELECT verdict, count FROM verdict_counts WHERE campaign = ?1 ORDER BY verdict";
    all(connection, "count", sql, [campaign.as_str()], |row| Ok((row.take()?, row.number()?)))
}
