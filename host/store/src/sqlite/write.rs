//! A batch, row by row. Rows are written in the order of their keys, so that neighbours share the work on a page.

use std::collections::BTreeMap;

use largesse_documents::stored::{
    customer_text, identifiers_text, instants_text, manifest_text, record_text, remains_text, settings_text,
    timer_body_text, versions_text,
};
use largesse_domain::campaign::Campaign;
use largesse_domain::customer::Customer;
use largesse_domain::facts::{About, Rows};
use largesse_domain::grant::Grant;
use largesse_domain::hold::AfterHold;
use largesse_domain::id::{CampaignId, CustomerId, KeyName};
use largesse_failpoint::{Point, reach};
use rusqlite::{Connection, params};

use super::actors;
use super::chain;
use super::convert::{amount, column, dimension_code, holder, owner_code, window_code};
use super::groups;
use super::ledger;
use super::outbox;
use super::records;
use super::runs;
use super::versions;
use crate::chain::{Linked, sha256};
use crate::pack::pack;
use crate::{Batch, StoreError};

pub(super) type Written = Result<(), StoreError>;

/// Writes a batch inside the caller's transaction.
pub(super) fn batch(connection: &Connection, batch: &Batch) -> Written {
    policies(connection, batch)?;
    reach(Point::PoliciesWritten);
    kinds(connection, batch)?;
    ledger::catalogue_of(connection, batch)?;
    for campaign in &batch.campaigns {
        self::campaign(connection, campaign)?;
    }
    reach(Point::CampaignsWritten);
    if let Some(run) = &batch.run {
        runs::write(connection, run)?;
        reach(Point::RunWritten);
    }
    let event_bytes = events(connection, batch)?;
    reach(Point::EventsWritten);
    let record_bytes = decisions(connection, batch)?;
    records::note_written(connection, event_bytes + record_bytes)?;
    reach(Point::DecisionsWritten);
    deferred(connection, batch)?;
    reach(Point::DeferredWritten);
    rows(connection, &batch.rows)?;
    versions::write(connection, &batch.versions)?;
    reach(Point::VersionsWritten);
    outbox::write(connection, batch)?;
    reach(Point::OutboxWritten);
    records::trim(connection, batch)
}

fn policies(connection: &Connection, batch: &Batch) -> Written {
    for policy in &batch.policies {
        let digest = policy.digest.as_bytes();
        // Published again, it takes the last place.
        connection.prepare_cached("DELETE FROM policies WHERE digest = ?1")?.execute(params![digest])?;
        let sql = "INSERT INTO policies (digest, name, size_bytes, contract, published_at, signed_by, manifest) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let (size, at) = (column(policy.size_bytes)?, policy.published_at.as_millis());
        let signed_by = policy.signed_by.as_ref().map(KeyName::as_str);
        let (name, manifest) = (policy.manifest.name.as_str(), manifest_text(&policy.manifest));
        connection.prepare_cached(sql)?.execute(params![
            digest,
            name,
            size,
            policy.contract,
            at,
            signed_by,
            manifest
        ])?;
    }
    Ok(())
}

fn kinds(connection: &Connection, batch: &Batch) -> Written {
    let sql =
        "INSERT INTO kinds (kind, schema) VALUES (?1, ?2) ON CONFLICT (kind) DO UPDATE SET schema = excluded.schema";
    for kind in &batch.kinds {
        connection.prepare_cached(sql)?.execute([kind.kind.as_str(), kind.schema.as_str()])?;
    }
    Ok(())
}

fn campaign(connection: &Connection, campaign: &Campaign) -> Written {
    let sql = "INSERT INTO campaigns (id, version, lifecycle, settings, versions) VALUES (?1, ?2, ?3, ?4, ?5) \
               ON CONFLICT (id) DO UPDATE SET version = excluded.version, lifecycle = excluded.lifecycle, \
               settings = excluded.settings, versions = excluded.versions";
    let id = campaign.id.as_str();
    let (version, settings) = (column(campaign.version)?, settings_text(&campaign.settings));
    let versions = versions_text(&campaign.activations, campaign.rollout.as_ref(), campaign.rollouts);
    connection.prepare_cached(sql)?.execute(params![id, version, campaign.lifecycle.as_str(), settings, versions])?;
    let sql = "DELETE FROM revisions WHERE campaign = ?1 AND number > ?2";
    let last = campaign.revisions.last().map_or(0, |revision| revision.number);
    connection.prepare_cached(sql)?.execute(params![id, last])?;
    let sql = "INSERT INTO revisions (campaign, number, effective_from, params) VALUES (?1, ?2, ?3, ?4) \
               ON CONFLICT (campaign, number) DO UPDATE SET effective_from = excluded.effective_from, \
               params = excluded.params";
    let mut statement = connection.prepare_cached(sql)?;
    for revision in &campaign.revisions {
        let from = revision.effective_from.as_millis();
        statement.execute(params![id, revision.number, from, revision.params.as_str()])?;
    }
    Ok(())
}

/// Gives the bytes of their data.
fn events(connection: &Connection, batch: &Batch) -> Result<u64, StoreError> {
    if batch.events.is_empty() {
        return Ok(0);
    }
    let mut statement = connection.prepare_cached(
        "INSERT INTO events (seq, source, id, kind, actor, occurred, admitted, body_hash) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    let mut with_data = connection.prepare_cached("INSERT INTO event_data (seq, data) VALUES (?1, ?2)")?;
    let before = actors::last_event(connection)?;
    let mut bytes = 0;
    for (admission, event) in &batch.events {
        statement.execute(params![
            column(admission.seq.0)?,
            event.key.source.as_str(),
            event.key.id.as_str(),
            event.kind.as_str(),
            event.actor.as_str(),
            event.occurred.as_millis(),
            admission.at.as_millis(),
            event.body_hash.0,
        ])?;
        with_data.execute(params![column(admission.seq.0)?, event.data.as_str()])?;
        bytes += event.data.len() as u64;
    }
    actors::enter(connection, before)?;
    Ok(bytes)
}

/// Gives the bytes of their records.
fn decisions(connection: &Connection, batch: &Batch) -> Result<u64, StoreError> {
    if batch.decisions.is_empty() {
        return Ok(0);
    }
    let mut statement = connection.prepare_cached(
        "INSERT INTO decisions (id, event, campaign, revision, policy, remains, link) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    let mut with_record =
        connection.prepare_cached("INSERT INTO records (decision, made_at, body) VALUES (?1, ?2, ?3)")?;
    let mut bytes = 0;
    let mut end = chain::end(connection)?;
    let mut params = BTreeMap::new();
    let mut counts = BTreeMap::<_, i64>::new();
    for decision in &batch.decisions {
        if decision.id != end.next {
            return Err(StoreError::Database(format!("decision {} is not the next one", decision.id).into()));
        }
        let (remains, record) = (remains_text(decision), record_text(decision));
        let view = &decision.input.campaign;
        let digest = params.entry((&view.id, view.revision)).or_insert_with(|| sha256(view.params.as_str().as_bytes()));
        let link = Linked::of(decision, *digest, (&remains, &record)).link(&end.link);
        end.decision(decision.id, link);
        statement.execute(params![
            column(decision.id.0)?,
            column(decision.event.0)?,
            decision.campaign.as_str(),
            decision.input.campaign.revision,
            decision.policy.as_bytes(),
            pack(&remains),
            link.as_bytes(),
        ])?;
        let packed = pack(&record);
        bytes += packed.len() as u64;
        with_record.execute(params![column(decision.id.0)?, decision.made_at.as_millis(), packed])?;
        *counts.entry((decision.campaign.as_str(), decision.verdict.as_str())).or_default() += 1;
    }
    let mut statement = connection.prepare_cached(
        "INSERT INTO verdict_counts (campaign, verdict, count) VALUES (?1, ?2, ?3) \
         ON CONFLICT (campaign, verdict) DO UPDATE SET count = count + excluded.count",
    )?;
    for ((campaign, verdict), count) in counts {
        statement.execute(params![campaign, verdict, count])?;
    }
    Ok(bytes)
}

fn deferred(connection: &Connection, batch: &Batch) -> Written {
    for key in &batch.undeferred {
        let sql = "DELETE FROM deferred WHERE campaign = ?1 AND event = ?2 AND subscription = ?3";
        let row = params![key.campaign.as_str(), column(key.event.0)?, key.subscription.as_str()];
        connection.prepare_cached(sql)?.execute(row)?;
    }
    for deferred in &batch.deferred {
        let sql = "INSERT INTO deferred (campaign, event, subscription, attempts, due, behind) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (campaign, event, subscription) \
                   DO UPDATE SET attempts = excluded.attempts, due = excluded.due, behind = excluded.behind";
        let key = &deferred.key;
        connection.prepare_cached(sql)?.execute(params![
            key.campaign.as_str(),
            column(key.event.0)?,
            key.subscription.as_str(),
            deferred.attempts,
            deferred.due.as_millis(),
            deferred.behind.as_ref().map(CustomerId::as_str),
        ])?;
    }
    Ok(())
}

fn rows(connection: &Connection, rows: &Rows) -> Written {
    customers(connection, rows)?;
    states(connection, rows)?;
    reach(Point::StatesWritten);
    grants(connection, rows)?;
    reach(Point::GrantsWritten);
    abouts(connection, rows)?;
    claims(connection, rows)?;
    usage(connection, rows)?;
    reach(Point::UsageWritten);
    bindings(connection, rows)?;
    messages(connection, rows)?;
    groups::write(connection, rows)?;
    contacts(connection, rows)?;
    timers(connection, rows)?;
    reach(Point::TimersWritten);
    ledger::rows(connection, rows)?;
    reach(Point::LedgerWritten);
    Ok(())
}

/// The rows in the order that the table keeps them in.
fn sorted<'a, R, K: Ord + 'a>(rows: &'a [R], key: impl Fn(&'a R) -> K) -> Vec<&'a R> {
    let mut sorted: Vec<_> = rows.iter().collect();
    sorted.sort_by_key(|row| key(row));
    sorted
}

fn customers(connection: &Connection, rows: &Rows) -> Written {
    for (id, customer) in sorted(&rows.customers, |(id, _)| id) {
        if *customer == Customer::default() {
            connection.prepare_cached("DELETE FROM customers WHERE id = ?1")?.execute([id.as_str()])?;
            continue;
        }
        let sql =
            "INSERT INTO customers (id, body) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET body = excluded.body";
        connection.prepare_cached(sql)?.execute(params![id.as_str(), customer_text(customer)])?;
    }
    Ok(())
}

fn states(connection: &Connection, rows: &Rows) -> Written {
    for (key, state) in sorted(&rows.states, |(key, _)| (&key.campaign, key.owner.kind(), key.owner.id())) {
        let (campaign, kind, owner) = (key.campaign.as_str(), owner_code(key.owner.kind()), key.owner.id());
        let Some(state) = state else {
            let sql = "DELETE FROM states WHERE campaign = ?1 AND owner_kind = ?2 AND owner = ?3";
            connection.prepare_cached(sql)?.execute(params![campaign, kind, owner])?;
            continue;
        };
        let sql = "INSERT INTO states (campaign, owner_kind, owner, written_as, value) VALUES (?1, ?2, ?3, ?4, ?5) \
                   ON CONFLICT (campaign, owner_kind, owner) \
                   DO UPDATE SET written_as = excluded.written_as, value = excluded.value";
        let row = params![campaign, kind, owner, state.written_as, state.value.as_str()];
        connection.prepare_cached(sql)?.execute(row)?;
    }
    Ok(())
}

fn grants(connection: &Connection, rows: &Rows) -> Written {
    for (_, grant) in sorted(&rows.grants, |(slot, _)| (&slot.to, &slot.campaign, &slot.key)) {
        if let Some(grant) = grant {
            self::grant(connection, grant)?;
        }
    }
    Ok(())
}

fn grant(connection: &Connection, grant: &Grant) -> Written {
    // Of a grant that stands, only what became of it changes.
    let sql = "INSERT INTO grants (recipient, campaign, grant_key, issue, decision, about, unit, quantity, reversed, \
               owed, redeemed, paid, reserved, expired, key_freed, from_stock, granted_at, day, second_of_day, counted_for, \
               hold_until, after_hold, expires, principal_cap, reason) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, \
               ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25) \
               ON CONFLICT (recipient, campaign, grant_key, issue) DO UPDATE SET reversed = excluded.reversed, \
               owed = excluded.owed, redeemed = excluded.redeemed, paid = excluded.paid, reserved = excluded.reserved, \
               expired = excluded.expired, key_freed = excluded.key_freed, hold_until = excluded.hold_until, \
               after_hold = excluded.after_hold, expires = excluded.expires";
    connection.prepare_cached(sql)?.execute(params![
        grant.slot.to.as_str(),
        grant.slot.campaign.as_str(),
        grant.slot.key.as_str(),
        grant.issue,
        grant.decision.map(|decision| column(decision.0)).transpose()?,
        grant.about.as_ref().map(|about| about.as_str()),
        grant.unit.as_str(),
        amount(grant.quantity),
        amount(grant.reversed),
        amount(grant.owed),
        amount(grant.redeemed),
        amount(grant.paid),
        amount(grant.reserved),
        amount(grant.expired),
        grant.key_freed,
        grant.from_stock,
        grant.granted_at.as_millis(),
        grant.counted_on.day.0,
        grant.counted_on.second_of_day,
        (!grant.counted_for.is_empty()).then(|| identifiers_text(&grant.counted_for)),
        grant.hold.map(|hold| hold.until.as_millis()),
        grant.hold.map(|hold| hold.then == AfterHold::Void),
        grant.expires.map(|expires| expires.as_millis()),
        grant.principal_cap.map(amount),
        grant.reason,
    ])?;
    Ok(())
}

fn abouts(connection: &Connection, rows: &Rows) -> Written {
    for (key, about) in sorted(&rows.abouts, |(key, _)| key) {
        let (campaign, id) = (key.campaign.as_str(), key.about.as_str());
        if *about == About::default() {
            let sql = "DELETE FROM abouts WHERE campaign = ?1 AND about = ?2";
            connection.prepare_cached(sql)?.execute([campaign, id])?;
            continue;
        }
        let sql = "INSERT INTO abouts (campaign, about, cancelled, grants) VALUES (?1, ?2, ?3, ?4) \
                   ON CONFLICT (campaign, about) DO UPDATE SET cancelled = excluded.cancelled, grants = excluded.grants";
        let slots: Vec<_> = about.grants.iter().map(|slot| (slot.to.as_str(), slot.key.as_str())).collect();
        let slots = serde_json::to_string(&slots).expect("a list of texts is JSON");
        connection.prepare_cached(sql)?.execute(params![campaign, id, about.cancelled, slots])?;
    }
    Ok(())
}

fn claims(connection: &Connection, rows: &Rows) -> Written {
    for (key, holder) in sorted(&rows.claims, |(key, _)| key) {
        let (campaign, scope, by) = (key.campaign.as_str(), key.scope.as_str(), dimension_code(key.by));
        let Some(holder) = holder else {
            let sql = "DELETE FROM claims WHERE campaign = ?1 AND scope = ?2 AND dimension = ?3 AND value = ?4";
            connection.prepare_cached(sql)?.execute(params![campaign, scope, by, key.value])?;
            continue;
        };
        let sql = "INSERT INTO claims (campaign, scope, dimension, value, holder) VALUES (?1, ?2, ?3, ?4, ?5) \
                   ON CONFLICT (campaign, scope, dimension, value) DO UPDATE SET holder = excluded.holder";
        connection.prepare_cached(sql)?.execute(params![campaign, scope, by, key.value, holder.as_str()])?;
    }
    Ok(())
}

fn usage(connection: &Connection, rows: &Rows) -> Written {
    if rows.usage.is_empty() {
        return Ok(());
    }
    let mut statement = connection.prepare_cached(
        "INSERT INTO usage (holder, kind, who, unit, span, place, amount, count) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (holder, kind, who, unit, span, place) \
         DO UPDATE SET amount = excluded.amount, count = excluded.count",
    )?;
    for (key, usage) in sorted(&rows.usage, |(key, _)| key) {
        let (holder, kind, who) = holder(&key.by);
        statement.execute(params![
            holder,
            kind,
            who,
            key.of.to_string(),
            window_code(key.window.window),
            key.window.index,
            amount(usage.amount),
            column(usage.count)?,
        ])?;
    }
    Ok(())
}

fn bindings(connection: &Connection, rows: &Rows) -> Written {
    for (key, inviter) in sorted(&rows.bindings, |(key, _)| (&key.invitee, &key.campaign)) {
        let (invitee, campaign) = (key.invitee.as_str(), key.campaign.as_str());
        let Some(inviter) = inviter else {
            let sql = "DELETE FROM bindings WHERE invitee = ?1 AND campaign = ?2";
            connection.prepare_cached(sql)?.execute([invitee, campaign])?;
            continue;
        };
        let sql = "INSERT INTO bindings (invitee, campaign, inviter) VALUES (?1, ?2, ?3) \
                   ON CONFLICT (invitee, campaign) DO UPDATE SET inviter = excluded.inviter";
        connection.prepare_cached(sql)?.execute([invitee, campaign, inviter.as_str()])?;
    }
    Ok(())
}

fn messages(connection: &Connection, rows: &Rows) -> Written {
    for (slot, sent) in sorted(&rows.messages, |(slot, _)| (&slot.to, &slot.campaign, &slot.key)) {
        let sql = if *sent {
            "INSERT INTO messages (recipient, campaign, message_key) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING"
        } else {
            "DELETE FROM messages WHERE recipient = ?1 AND campaign = ?2 AND message_key = ?3"
        };
        connection.prepare_cached(sql)?.execute([slot.to.as_str(), slot.campaign.as_str(), slot.key.as_str()])?;
    }
    Ok(())
}

fn contacts(connection: &Connection, rows: &Rows) -> Written {
    for (customer, sent) in sorted(&rows.contacts, |(customer, _)| customer) {
        let sql = "INSERT INTO contacts (customer, sent) VALUES (?1, ?2) \
                   ON CONFLICT (customer) DO UPDATE SET sent = excluded.sent";
        connection.prepare_cached(sql)?.execute([customer.as_str(), &instants_text(sent)])?;
    }
    Ok(())
}

fn timers(connection: &Connection, rows: &Rows) -> Written {
    for (key, timer) in sorted(&rows.timers, |(key, _)| key) {
        let text = key.to_string();
        let Some(timer) = timer else {
            connection.prepare_cached("DELETE FROM timers WHERE key = ?1")?.execute([text])?;
            continue;
        };
        let sql = "INSERT INTO timers (key, waits_with, due, body) VALUES (?1, ?2, ?3, ?4) \
                   ON CONFLICT (key) DO UPDATE SET due = excluded.due, body = excluded.body";
        let waits_with = key.waits_with().map_or("", CampaignId::as_str);
        let row = params![text, waits_with, timer.due.as_millis(), timer_body_text(&timer.body)];
        connection.prepare_cached(sql)?.execute(row)?;
    }
    Ok(())
}
