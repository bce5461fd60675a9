//! What the campaigns in `demo/data` give on the two data sets of real customers comes to what somebody else worked out for the same
//! rules. Needs the data sets: set `LARGESSE_DATA` to a folder that has `berka.ndjson.gz` and `cdnow.ndjson.gz`.
//!
//! The policies run natively, each customer's events in order; the campaigns' windows of time and budgets are wide enough for all.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use largesse_documents::time::read_instant;
use largesse_sdk::{Harness, OwnerKind, Policy, Value};

/// How many customers share a harness: it looks through all that it gave.
const TOGETHER: usize = 64;

/// The events of each customer, by time.
type Customers = BTreeMap<String, Vec<Value>>;

/// The events of a data set; nothing when there is none to be had.
fn customers(name: &str) -> Option<Customers> {
    let Some(folder) = std::env::var_os("LARGESSE_DATA") else {
        // Past the test runner, which keeps what passing tests print.
        let note = format!("skipped the totals of {name}: LARGESSE_DATA is not set, so there are no events\n");
        std::io::stderr().write_all(note.as_bytes()).expect("standard error is open");
        return None;
    };
    let file = File::open(PathBuf::from(folder).join(format!("{name}.ndjson.gz"))).expect("the data set is there");
    let mut customers = Customers::new();
    for line in BufReader::new(MultiGzDecoder::new(file)).lines() {
        let event: Value = serde_json::from_str(&line.expect("it is packed with gzip")).expect("each line is an event");
        customers.entry(event["subject"].as_str().expect("a customer").to_owned()).or_default().push(event);
    }
    Some(customers)
}

/// What a campaign gives.
#[derive(Debug, Default, PartialEq, Eq)]
struct Totals {
    /// By unit.
    given: BTreeMap<String, u64>,
    /// Where customers stand at the end, by tier.
    tiers: BTreeMap<String, u64>,
}

/// Sends a data set into a campaign of `demo/data`, and lets time go on until the end.
fn run<P: Policy>(file: &str, customers: &Customers, until: &str) -> Totals {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../demo/data").join(file);
    let text = std::fs::read_to_string(path).expect("the campaign is there");
    let campaign: toml::Table = text.parse().expect("it is TOML");
    let word = |name: &str| campaign[name].as_str().expect("a text").to_owned();
    let heard: Vec<String> = campaign["subscriptions"].as_array().expect("a list").iter().map(kind).collect();
    let mut totals = Totals::default();
    let all: Vec<_> = customers.iter().collect();
    for some in all.chunks(TOGETHER) {
        let host = Harness::<P>::new(&campaign["params"]).currency(&word("currency")).offset_minutes(60);
        let mut host = host.open_between(&word("opens"), None);
        let mut events: Vec<&Value> = some.iter().flat_map(|(_, events)| events.iter()).collect();
        events.sort_by_key(|event| event["time"].as_str());
        for event in events.into_iter().filter(|event| heard.iter().any(|kind| event["type"] == **kind)) {
            let text = |field: &str| event[field].as_str().expect("a text");
            host.advance(text("time"));
            if text("type") == "user.registered" {
                let at = read_instant(text("time")).expect("a time").as_millis();
                host.attribute(text("subject"), "registered_at", at);
            }
            let outcome = host.event(text("type"), text("subject"), text("time"), &event["data"]);
            for (_, _, unit, quantity) in outcome.grants() {
                *totals.given.entry(unit.to_owned()).or_default() += quantity;
            }
        }
        host.advance(until);
        for (customer, _) in some {
            if let Some(tier) = host.state(OwnerKind::Party, customer)["tier"].as_str() {
                *totals.tiers.entry(tier.to_owned()).or_default() += 1;
            }
        }
    }
    totals
}

/// `user-registered` as the kind `user.registered`.
fn kind(subscription: &toml::Value) -> String {
    subscription.as_str().expect("a text").replacen('-', ".", 1)
}

fn given(totals: &[(&str, u64)]) -> BTreeMap<String, u64> {
    totals.iter().map(|(unit, quantity)| ((*unit).to_owned(), *quantity)).collect()
}

#[test]
fn the_bank() {
    let Some(customers) = customers("berka") else { return };
    let until = "1994-04-01T00:00:00+01:00";
    let gifts = run::<new_user_gift::NewUserGift>("berka/new-user-gift.toml", &customers, until);
    assert_eq!(gifts.given, given(&[("coupon:welcome", 4_500), ("points", 89_200)]));
    let cash = run::<sign_up_rebate::SignUpRebate>("berka/sign-up-rebate.toml", &customers, until);
    assert_eq!(cash.given, given(&[("cash:CZK", 27_969_000)]));
    let tiers = run::<tiers::Tiers>("berka/tiers.toml", &customers, until);
    assert_eq!(tiers.tiers, given(&[("silver", 948), ("gold", 208), ("platinum", 1)]));
}

#[test]
fn the_shop() {
    let Some(customers) = customers("cdnow") else { return };
    let until = "2022-07-02T00:00:00+01:00";
    let gifts = run::<new_user_gift::NewUserGift>("cdnow/new-user-gift.toml", &customers, until);
    assert_eq!(gifts.given, given(&[("coupon:welcome", 23_544)]));
    let spending = run::<points_mall::PointsMall>("cdnow/points-mall.toml", &customers, until);
    assert_eq!(spending.given, given(&[("points", 2_453_159)]));
    let days = run::<check_in::CheckIn>("cdnow/check-in.toml", &customers, until);
    assert_eq!(days.given, given(&[("points", 333_480)]));
}
