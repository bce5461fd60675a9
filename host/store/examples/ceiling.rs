//! How many decisions a second the store commits, beside what SQLite does with the same rows and no code of ours.
//!
//! ```text
//! cargo run --release -p largesse-store --example ceiling [folder]
//! ```
//!
//! A decision here is what a simple reward makes: an event, the decision, the owner's new state, a grant, the customer's
//! limit, and (once for each batch) a budget. Customers are taken from 100,000. Every batch is on disk before the next begins.
//! `ready` commits batches that are made beforehand; `plain` binds the same values, made beforehand too, by hand. Beside each
//! stands the processor time of a decision in microseconds, which neighbours on the machine disturb less.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a measuring program")]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant as Clock};

use largesse_documents::stored::decision_text;
use largesse_documents::time::local_time;
use largesse_domain::budget::{Usage, UsageKey, UsedBy};
use largesse_domain::campaign::{Audience, Campaign, OnFault, Revision, Settings, UnknownClaim};
use largesse_domain::decision::{CampaignView, Evaluation, Input, Output, Owner, Party, Phase};
use largesse_domain::effect::{Benefit, Effect, GrantProposal, Proposal, Shortfall, StateChange};
use largesse_domain::event::{Admission, BodyHash, Event, EventKey};
use largesse_domain::facts::{Rows, State, StateKey, Wanted};
use largesse_domain::grant::{Grant, GrantSlot};
use largesse_domain::id::{CustomerId, DecisionId, Digest, EventSeq};
use largesse_domain::json::Json;
use largesse_domain::lifecycle::Lifecycle;
use largesse_domain::outcome::{Decision, Done, Outcome, Verdict};
use largesse_domain::referral::{Attribution, TouchRule};
use largesse_domain::time::{Day, Instant, Moment, Window, WindowIndex};
use largesse_domain::unit::Quantity;
use largesse_store::{Batch, SqliteStore, Store};
use rusqlite::{Connection, params};

const CUSTOMERS: u64 = 100_000;
const SECONDS: u64 = 4;

fn main() {
    let folder = std::env::args().nth(1).unwrap_or_else(|| ".".into());
    println!(
        "{:>6} {:>18} {:>18} {:>18}   decisions/s (us of processor each)",
        "batch", "plain", "ready", "load+commit"
    );
    for size in [1, 64, 1_000] {
        let plain = plain(&fresh(&folder), size);
        let (ready, with_load) = (store(&fresh(&folder), size, false), store(&fresh(&folder), size, true));
        println!("{size:>6} {plain:>18} {ready:>18} {with_load:>18}");
    }
}

fn fresh(folder: &str) -> tempfile::TempDir {
    tempfile::tempdir_in(folder).unwrap()
}

fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(text: impl AsRef<str>) -> T {
    text.as_ref().parse().unwrap()
}

/// The same customer for the same event, all over the place.
fn customer(number: u64) -> CustomerId {
    id(format!("user-{:06}", number.wrapping_mul(0x9E37_79B9_7F4A_7C15) % CUSTOMERS))
}

fn moment(at: i64) -> Moment {
    let day = i32::try_from(at / 86_400_000).unwrap();
    Moment { at: Instant::from_millis(at).unwrap(), local: local_time(Day(day), 3_600).unwrap() }
}

const NOW: i64 = 1_790_000_000_000;

fn campaign() -> Campaign {
    let settings = Settings {
        title: "Daily check-in".into(),
        currency: id("CNY"),
        time_zone: "Asia/Shanghai".into(),
        opens: moment(NOW).at,
        closes: None,
        closing_days: 30,
        audience: Audience::default(),
        subscriptions: None,
        unit_classes: None,
        attribution: Attribution { touch: TouchRule::First, window_days: 30, bind_on: Vec::new() },
        unknown_claim: UnknownClaim::Deny,
        on_fault: OnFault::Skip,
        budgets: Vec::new(),
        limits: Vec::new(),
    };
    let params = Json::from_checked(r#"{"points":5,"milestones":[7,14,30]}"#);
    let revision = Revision { number: 1, effective_from: moment(NOW).at, policy: Digest::from_bytes([7; 32]), params };
    Campaign { id: id("check-in"), version: 1, lifecycle: Lifecycle::Running, settings, revisions: vec![revision] }
}

fn event(number: u64) -> (Admission, Arc<Event>) {
    let at = moment(NOW).at;
    let event = Event {
        key: EventKey { source: id("https://shop.example/app"), id: id(format!("evt-{number:012}")) },
        kind: id("checkin.done"),
        actor: customer(number),
        occurred: at,
        data: Json::from_checked(r#"{"action":"check-in","channel":"app","amount":1000}"#),
        body_hash: BodyHash([9; 32]),
    };
    (Admission { seq: EventSeq(number), at }, event.into())
}

fn key(number: u64) -> String {
    format!("day/{number}")
}

fn decision(number: u64, event: &Arc<Event>) -> Decision {
    let to = event.actor.clone();
    let quantity = Quantity::new(5).unwrap();
    let proposal = GrantProposal {
        key: id(key(number)),
        to: to.clone(),
        choices: vec![Benefit::Units { unit: id("points"), quantity }],
        on_shortfall: Shortfall::Skip,
        hold_until: None,
        expires: None,
        reason: "Checked in".into(),
    };
    let state = Json::from_checked(r#"{"days":[20717,20718,20719],"streak":3,"best":9}"#);
    let done = Done::Granted { grant: slot(number, &to), unit: id("points"), quantity, choice: 0 };
    Decision {
        id: DecisionId(number),
        event: EventSeq(number),
        campaign: id("check-in"),
        policy: Digest::from_bytes([7; 32]),
        wasi_profile: 1,
        input: Input {
            subscription: id("done"),
            event: event.clone(),
            occurred: moment(NOW),
            owner: Owner::Party(to.clone()),
            parties: vec![Party {
                role: id("actor"),
                customer: to,
                attributes: Json::from_checked(r#"{"registered_at":1780000000000}"#),
                tags: Vec::new(),
                balances: Vec::new(),
            }],
            campaign: CampaignView {
                id: id("check-in"),
                revision: 1,
                currency: id("CNY"),
                opens: moment(NOW).at,
                closes: None,
                phase: Phase::Open,
                params: campaign().revisions[0].params.clone(),
            },
            now: moment(NOW),
            seed: number.wrapping_mul(0x9E37_79B9_7F4A_7C15),
            state: Some(state.clone()),
        },
        state_read_as: Some(1),
        evaluation: Evaluation {
            output: Output::Proposal(Proposal {
                claims: Vec::new(),
                effects: vec![Effect::Grant(proposal)],
                state: StateChange::Put(state),
                note: String::new(),
            }),
            fuel: 123_456,
            log: String::new(),
        },
        verdict: Verdict::Accepted(vec![Outcome::Applied(done)]),
        made_at: moment(NOW).at,
    }
}

fn slot(number: u64, to: &CustomerId) -> GrantSlot {
    GrantSlot { campaign: id("check-in"), to: to.clone(), key: id(key(number)) }
}

fn grant(number: u64, to: &CustomerId) -> Grant {
    Grant {
        slot: slot(number, to),
        issue: 1,
        decision: DecisionId(number),
        about: None,
        unit: id("points"),
        quantity: Quantity::new(5).unwrap(),
        reversed: Quantity::ZERO,
        key_freed: false,
        granted_at: moment(NOW).at,
        counted_on: moment(NOW).local,
        hold_until: None,
        expires: None,
        principal_cap: None,
        reason: "Checked in".into(),
    }
}

fn usage_key(by: UsedBy) -> UsageKey {
    UsageKey {
        campaign: id("check-in"),
        by,
        of: id("points"),
        window: WindowIndex { window: Window::Campaign, index: 0 },
    }
}

fn batch(first: u64, size: u64) -> Batch {
    let mut batch = Batch::default();
    let (mut states, mut usage) = (BTreeMap::new(), BTreeMap::new());
    for number in first..first + size {
        let (admission, event) = event(number);
        let to = event.actor.clone();
        batch.decisions.push(decision(number, &event).into());
        batch.events.push((admission, event));
        let value = Json::from_checked(r#"{"days":[20717,20718,20719,20720],"streak":4,"best":9}"#);
        let owner = Owner::Party(to.clone());
        states.insert(StateKey { campaign: id("check-in"), owner }, Some(State { written_as: 1, value }));
        let grant = grant(number, &to);
        batch.rows.grants.push((grant.slot.clone(), Some(grant)));
        let used = Usage { amount: Quantity::new(number).unwrap(), count: number };
        usage.insert(usage_key(UsedBy::Customer(to)), used);
        usage.insert(usage_key(UsedBy::Campaign), used);
    }
    batch.rows = Rows {
        states: states.into_iter().collect(),
        usage: usage.into_iter().collect(),
        grants: batch.rows.grants,
        ..Rows::default()
    };
    batch
}

/// Decisions a second of [`Store::commit`]; with the reading that comes before it, when asked.
fn store(folder: &tempfile::TempDir, size: u64, with_load: bool) -> String {
    let store = SqliteStore::open(folder.path().join("largesse.db")).unwrap();
    store.commit(&Batch { campaigns: vec![campaign().into()], ..Batch::default() }).unwrap();
    measure(size, |first| {
        let batch = batch(first, size);
        let wanted = Wanted {
            states: batch.rows.states.iter().map(|(key, _)| key.clone()).collect(),
            usage: batch.rows.usage.iter().map(|(key, _)| key.clone()).collect(),
            grants: batch.rows.grants.iter().map(|(key, _)| key.clone()).collect(),
            customers: batch.events.iter().map(|(_, event)| event.actor.clone()).collect(),
            ..Wanted::default()
        };
        let keys: Vec<_> = batch.events.iter().map(|(_, event)| event.key.clone()).collect();
        let store = &store;
        move || {
            if with_load {
                store.seen(&keys).unwrap();
                store.load(&wanted).unwrap();
            }
            store.commit(&batch).unwrap();
        }
    })
}

/// Runs for some seconds; only what `prepare` returns is timed.
fn measure<F: FnOnce()>(size: u64, mut prepare: impl FnMut(u64) -> F) -> String {
    let (mut spent, mut busy, mut done) = (Duration::ZERO, 0, 0_u64);
    while spent < Duration::from_secs(SECONDS) {
        let run = prepare(done + 1);
        let (start, before) = (Clock::now(), processor_ns());
        run();
        busy += processor_ns() - before;
        spent += start.elapsed();
        done += size;
    }
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let (done, busy) = (done as f64, busy as f64);
    format!("{:.0} ({:.1})", done / spent.as_secs_f64(), busy / done / 1_000.0)
}

/// What this thread has used of a processor, in nanoseconds, where the system tells; else 0.
fn processor_ns() -> u64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    told.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// The values of a decision's rows, ready to bind.
struct Plain {
    number: i64,
    event: String,
    actor: String,
    body: String,
    key: String,
}

/// Decisions a second of prepared statements over the same schema, in the same order, without indexes left out or rows cached.
fn plain(folder: &tempfile::TempDir, size: u64) -> String {
    let path = folder.path().join("largesse.db");
    let store = SqliteStore::open(&path).unwrap();
    store.commit(&Batch { campaigns: vec![campaign().into()], ..Batch::default() }).unwrap();
    drop(store);
    let connection = connect(&path);
    measure(size, |first| {
        let rows = (first..first + size).map(|number| {
            let (_, event) = event(number);
            let (actor, body) = (event.actor.to_string(), decision_text(&decision(number, &event)));
            let number = i64::try_from(number).unwrap();
            Plain { number, event: event.key.id.to_string(), actor, body, key: key(first) }
        });
        let rows: Vec<_> = rows.collect();
        let connection = &connection;
        move || insert(connection, &rows)
    })
}

fn connect(path: &Path) -> Connection {
    let connection = Connection::open(path).unwrap();
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000; \
             PRAGMA cache_size = -65536; PRAGMA foreign_keys = 1;",
        )
        .unwrap();
    connection.set_prepared_statement_cache_capacity(32);
    connection
}

fn insert(connection: &Connection, rows: &[Plain]) {
    connection.execute_batch("BEGIN IMMEDIATE").unwrap();
    let prepare = |sql| connection.prepare_cached(sql).unwrap();
    let mut event =
        prepare("INSERT INTO events VALUES (?1, 'https://shop.example/app', ?2, 'checkin.done', ?3, ?4, ?4, ?5, ?6)");
    let data = r#"{"action":"check-in","channel":"app","amount":1000}"#;
    for row in rows {
        event.execute(params![row.number, row.event, row.actor, NOW, data, [9_u8; 32]]).unwrap();
    }
    let mut decision = prepare("INSERT INTO decisions VALUES (?1, ?1, 'check-in', 1, ?2, ?3)");
    for row in rows {
        decision.execute(params![row.number, [7_u8; 32], row.body]).unwrap();
    }
    let mut by_actor: Vec<_> = rows.iter().collect();
    by_actor.sort_by(|a, b| a.actor.cmp(&b.actor));
    let mut state = prepare("INSERT OR REPLACE INTO states VALUES ('check-in', 0, ?1, 1, ?2)");
    for row in &by_actor {
        let value = r#"{"days":[20717,20718,20719,20720],"streak":4,"best":9}"#;
        state.execute(params![row.actor, value]).unwrap();
    }
    let mut grant = prepare(
        "INSERT OR REPLACE INTO grants VALUES (?1, 'check-in', ?2, 1, ?3, NULL, 'points', 5, 0, 0, ?4, 20717, 3600, NULL, \
         NULL, NULL, 'Checked in')",
    );
    for row in &by_actor {
        grant.execute(params![row.actor, row.key, row.number, NOW]).unwrap();
    }
    let mut usage = prepare("INSERT OR REPLACE INTO usage VALUES ('check-in', ?1, 'points', 0, 0, ?2, ?2)");
    for row in &by_actor {
        usage.execute(params![row.actor, row.number]).unwrap();
    }
    usage.execute(params!["", rows[0].number]).unwrap();
    connection.execute_batch("COMMIT").unwrap();
}
