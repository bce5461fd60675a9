//! Whether what was granted, counted and told agrees: in the database, and through the interface.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use rusqlite::Connection;
use serde_json::Value;

use super::client::Client;
use super::load::{CAMPAIGNS, TIMED_KIND};
use super::memory::Memory;

/// So many decisions must have come by everything that can happen.
const DECISIONS_OF_A_LONG_TRIAL: usize = 500;

/// Looks into a copy of the database of a host that is dead, so that nothing of the original is touched: it is whole, counts
/// without gaps, and every count of use is the sum of its grants.
pub(crate) fn verify_books(data: &Path) {
    verify(data, true);
}

/// The same, of a host that tells no destination of what it grants.
pub(super) fn verify_books_untold(data: &Path) {
    verify(data, false);
}

fn verify(data: &Path, is_told: bool) {
    let copy = tempfile::tempdir().unwrap();
    for name in ["largesse.db", "largesse.db-wal"] {
        if data.join(name).exists() {
            std::fs::copy(data.join(name), copy.path().join(name)).unwrap();
        }
    }
    let path = copy.path().join("largesse.db");
    if !path.exists() {
        return;
    }
    let database = Connection::open(&path).unwrap();
    let text = |sql: &str| -> String { database.query_row(sql, [], |row| row.get(0)).unwrap() };
    assert_eq!(text("PRAGMA integrity_check"), "ok");
    let tables = "SELECT count(*) || '' FROM sqlite_schema WHERE name IN ('events', 'decisions', 'grants', 'usage')";
    match text(tables).as_str() {
        // The host died before its first start was over.
        "0" => return,
        count => assert_eq!(count, "4", "half a schema"),
    }
    let told = (
        "a delivery of a grant, or a grant",
        "SELECT (SELECT count(*) FROM grants) - (SELECT count(*) FROM deliveries WHERE topic = 'grant.granted')",
    );
    let counts = [
        ("a reference", "SELECT count(*) FROM pragma_foreign_key_check"),
        (
            "a count of verdicts",
            "SELECT (SELECT coalesce(sum(count), 0) FROM verdict_counts) - (SELECT count(*) FROM decisions)",
        ),
        ("a grant's decision", "SELECT count(*) FROM grants WHERE decision NOT IN (SELECT id FROM decisions)"),
    ];
    for (what, sql) in counts.into_iter().chain(is_told.then_some(told)) {
        let missing: i64 = database.query_row(sql, [], |row| row.get(0)).unwrap();
        assert_eq!(missing, 0, "{what} is missing");
    }
    verify_usage(&database);
    drop(database);
    let store = largesse_store::SqliteStore::open(path).unwrap();
    let audited = largesse_store::Store::audit(&store).unwrap();
    audited.unwrap_or_else(|difference| panic!("the books do not balance: {difference}"));
    // Of what is numbered nothing is missing within a run.
    let verified = largesse_store::Chain::verify_chain(&store, None, &|_| {}).unwrap();
    verified.unwrap_or_else(|broken| panic!("the chain is broken: {broken}"));
}

/// Amount and number of grants, by campaign, customer (or all), pattern, and day (or all).
type Used = HashMap<(String, String, String, Option<i64>), (i64, i64)>;

fn verify_usage(database: &Connection) {
    let mut used = Used::new();
    let mut grants = database
        .prepare("SELECT campaign, recipient, unit, day, quantity - reversed FROM grants WHERE quantity > reversed")
        .unwrap();
    let mut rows = grants.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let (campaign, recipient, unit): (String, String, String) =
            (row.get(0).unwrap(), row.get(1).unwrap(), row.get(2).unwrap());
        let (day, net): (i64, i64) = (row.get(3).unwrap(), row.get(4).unwrap());
        for who in [String::new(), recipient] {
            for pattern in patterns(&unit) {
                for span in [None, Some(day)] {
                    let sum = used.entry((campaign.clone(), who.clone(), pattern.to_owned(), span)).or_default();
                    *sum = (sum.0 + net, sum.1 + 1);
                }
            }
        }
    }
    // Weeks and months are counted with days; their numbers are the calendar's.
    let sql = "SELECT holder, who, unit, span, place, amount, count FROM usage WHERE span IN (0, 1) AND kind IN (0, 2)";
    let mut usage = database.prepare(sql).unwrap();
    let mut rows = usage.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let (span, place): (i64, i64) = (row.get(3).unwrap(), row.get(4).unwrap());
        let key = (row.get(0).unwrap(), row.get(1).unwrap(), row.get(2).unwrap(), (span == 1).then_some(place));
        let counted: (i64, i64) = (row.get(5).unwrap(), row.get(6).unwrap());
        assert_eq!(counted, used.get(&key).copied().unwrap_or_default(), "use is not the sum of its grants: {key:?}");
        used.remove(&key);
    }
    let uncounted = used.iter().find(|((_, who, pattern, span), _)| {
        who.is_empty() && span.is_none() && matches!(pattern.as_str(), "points" | "cash:CNY" | "coupon")
    });
    assert!(uncounted.is_none(), "grants that no budget counts: {uncounted:?}");
}

/// The unit, and every class that it belongs to.
fn patterns(unit: &str) -> Vec<&str> {
    let classes = unit.match_indices(':').map(|(at, _)| &unit[..at]);
    classes.chain([unit]).collect()
}

/// Who was granted what: campaign, customer, key; then unit and what is left of it.
type Grants = BTreeMap<(String, String, String), (String, u64)>;

/// Holds what the host tells to what it decided, and what it decided to what it acknowledged. Nothing when the host died.
pub(super) fn verify_answers(client: &Client, memory: &Memory) -> Option<()> {
    let decisions = all_decisions(client)?;
    for (seq, decision) in memory.decisions() {
        let id = decision["id"].as_u64().unwrap();
        let kept = decisions.get(&id).unwrap_or_else(|| panic!("an acknowledged decision is gone: {decision}"));
        assert_eq!((kept["event"]["seq"].as_u64(), &kept["outcomes"]), (Some(seq), &decision["outcomes"]));
    }
    let mut made = BTreeMap::new();
    for decision in decisions.values() {
        let key = (&decision["event"]["id"], &decision["campaign"], &decision["subscription"]);
        let key = format!("{key:?}");
        assert!(made.insert(key, decision).is_none(), "decided twice: {decision}");
    }
    let grants = grants(decisions.values());
    if decisions.len() > DECISIONS_OF_A_LONG_TRIAL {
        verify_reach(&decisions);
    }
    for (campaign, _) in CAMPAIGNS {
        let spend = client.get(&format!("/v1/campaigns/{campaign}/spend"))?;
        verify_spend(&spend, &grants);
        let told: u64 = spend["verdicts"].as_object().unwrap().values().filter_map(Value::as_u64).sum();
        let counted = decisions.values().filter(|decision| decision["campaign"] == campaign).count();
        assert_eq!(told, counted as u64, "{spend}");
    }
    verify_balances(client, &grants)
}

/// A trial in which nothing is at stake proves nothing: there must be grants, some that find no budget, some taken back.
fn verify_reach(decisions: &BTreeMap<u64, Value>) {
    let outcomes = || decisions.values().flat_map(|decision| decision["outcomes"].as_array().into_iter().flatten());
    let count = |wanted: fn(&Value) -> bool| outcomes().filter(|outcome| wanted(outcome)).count();
    let granted = count(|outcome| outcome["effect"] == "grant" && outcome["status"] != "skipped");
    let exhausted = count(|outcome| outcome["reason"] == "budget-exhausted")
        + decisions.values().filter(|decision| decision["reason"] == "budget-exhausted").count();
    let taken_back = count(|outcome| outcome["reversals"].as_array().is_some_and(|reversals| !reversals.is_empty()));
    assert!(
        granted > decisions.len() / 10 && exhausted > 0 && taken_back > 0,
        "{granted} grants, {exhausted} beyond a budget, {taken_back} taken back"
    );
    println!("{granted} grants, {exhausted} beyond a budget, {taken_back} taken back");
}

/// How many timers were set, and how many went off. Nothing when the host died.
pub(super) fn timers(client: &Client) -> Option<(usize, usize)> {
    let decisions = all_decisions(client)?;
    let of_kind = |kind: &'static str| decisions.values().filter(move |decision| decision["event"]["kind"] == kind);
    let set = of_kind(TIMED_KIND).flat_map(|decision| decision["outcomes"].as_array().unwrap());
    let set = set.filter(|outcome| outcome["effect"] == "schedule" && outcome["status"] == "applied").count();
    Some((set, of_kind("timer.fired").count()))
}

fn all_decisions(client: &Client) -> Option<BTreeMap<u64, Value>> {
    let (mut all, mut after) = (BTreeMap::new(), 0);
    loop {
        let mut page = client.get(&format!("/v1/decisions?limit=500&after={after}"))?;
        let Value::Array(items) = page["items"].take() else { panic!("{page}") };
        all.extend(items.into_iter().map(|item| (item["id"].as_u64().unwrap(), item)));
        match page["next"].as_u64() {
            Some(next) => after = next,
            None => return Some(all),
        }
    }
}

/// What stands of all grants; no key is granted while it stands.
fn grants<'a>(decisions: impl Iterator<Item = &'a Value>) -> Grants {
    let mut grants = Grants::new();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    for decision in decisions {
        for outcome in decision["outcomes"].as_array().unwrap() {
            let slot = |of: &Value| (text(&decision["campaign"]), text(&of["to"]), text(&of["key"]));
            if outcome["effect"] == "grant" && outcome["status"] != "skipped" {
                let granted = (text(&outcome["unit"]), outcome["quantity"].as_u64().unwrap());
                let before = grants.insert(slot(outcome), granted);
                assert!(before.is_none_or(|(_, left)| left == 0), "granted twice: {decision}");
            }
            for reversal in outcome["reversals"].as_array().into_iter().flatten() {
                let (_, left) = grants.get_mut(&slot(reversal)).expect("what is taken back was granted");
                *left = left.checked_sub(reversal["quantity"].as_u64().unwrap()).expect("no more than was left");
            }
        }
    }
    grants
}

fn verify_spend(spend: &Value, grants: &Grants) {
    let number = |value: &Value| value.as_u64().unwrap();
    for budget in spend["budgets"].as_array().unwrap() {
        let pattern = budget["unit"].as_str().unwrap();
        let counted = grants.iter().filter(|((campaign, ..), (unit, left))| {
            spend["campaign"] == **campaign && patterns(unit).contains(&pattern) && *left > 0
        });
        let (sum, count) = counted.fold((0, 0), |(sum, count), (_, (_, left))| (sum + left, count + 1));
        assert_eq!((number(&budget["used"]), number(&budget["grants"])), (sum, count), "{spend}");
        assert!(sum <= number(&budget["total"]), "overspent: {spend}");
        if let Some(per_day) = budget["per_day"].as_u64() {
            let days = budget["days"].as_array().map(Vec::as_slice).unwrap_or_default();
            assert!(days.iter().all(|day| number(&day["used"]) <= per_day), "overspent on a day: {spend}");
            assert_eq!(days.iter().map(|day| number(&day["used"])).sum::<u64>(), sum, "{spend}");
        }
    }
}

fn verify_balances(client: &Client, grants: &Grants) -> Option<()> {
    let mut sums: BTreeMap<&str, BTreeMap<&str, u64>> = BTreeMap::new();
    for ((_, to, _), (unit, left)) in grants {
        *sums.entry(to).or_default().entry(unit).or_default() += left;
    }
    for (customer, units) in sums {
        let balances = client.get(&format!("/v1/customers/{customer}/balances"))?;
        for (unit, sum) in units {
            let item = balances["items"].as_array().unwrap().iter().find(|item| item["unit"] == unit);
            let parts = item.map_or(0, |item| {
                ["available", "pending", "reserved", "redeemed", "expired"]
                    .iter()
                    .filter_map(|part| item[part].as_u64())
                    .sum()
            });
            assert_eq!(parts, sum, "{customer}: {unit}: {balances}");
        }
    }
    Some(())
}
