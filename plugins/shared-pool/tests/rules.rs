//! What customers weigh, alone and in teams, and what `check` refuses.

use largesse_sdk::{Harness, Outcome, Value, json};
use shared_pool::SharedPool;

type Host = Harness<SharedPool>;

fn pointers(params: Value) -> Vec<String> {
    Host::problems(params).into_iter().map(|(pointer, _)| pointer).collect()
}

fn pay(host: &mut Host, customer: &str, day: u8) -> Outcome {
    let data = json!({"merchant": "m1", "amount": {"minor": 1_500, "currency": "CNY"}});
    host.event("payment.offline_succeeded", customer, &format!("2026-03-{day:02}T12:00:00+08:00"), data)
}

fn weights(outcome: &Outcome) -> Vec<(&str, u64)> {
    let shares = outcome.decisions.iter().flat_map(|decided| &decided.shares);
    shares.map(|share| (share.to.as_str(), share.weight)).collect()
}

fn team(size: u32) -> Value {
    json!({"size": size, "day_unit": "entitlement:pay-day", "tag": "in-team", "multiples": [{"days": 4, "times": 3}]})
}

#[test]
fn enough_days_weigh_one_and_no_more() {
    let mut host = Host::new(json!({"pool": "p", "on": ["payment-offline-succeeded"], "needs_days": 2}));
    assert_eq!(weights(&pay(&mut host, "u1", 1)), []);
    assert_eq!(pay(&mut host, "u1", 1).refused(), Some("already-counted"));
    assert_eq!(weights(&pay(&mut host, "u1", 9)), [("u1", 1)]);
    assert_eq!(weights(&pay(&mut host, "u1", 10)), [], "it is set already");
    assert_eq!(host.event("checked_in", "u2", "2026-03-01T12:00:00+08:00", json!({})).refused(), Some("not-counted"));
}

#[test]
fn a_share_is_given_once_and_only_of_the_own_pool() {
    let mut host = Host::new(json!({"pool": "p", "on": ["checked-in"], "needs_days": 2}));
    let mut settle = |pool: &str, unit: &str, amount: u64| {
        let data = json!({
            "campaign": "c", "customer": "u1", "pool": pool, "unit": unit, "amount": amount, "weight": 1, "weights": 2,
        });
        let settled = host.event("pool.settled", "u1", "2026-04-01T00:00:00+08:00", data);
        settled.grants().len()
    };
    assert_eq!(settle("q", "cash:CNY", 5), 0);
    assert_eq!(settle("p", "gold", 5), 0);
    assert_eq!(settle("p", "cash:CNY", 0), 0);
    assert_eq!(settle("p", "cash:CNY", 5), 1);
    assert_eq!(settle("p", "cash:CNY", 5), 0);
}

#[test]
fn whoever_is_not_admitted_counts_alone() {
    let mut host =
        Host::new(json!({"pool": "p", "on": ["payment-offline-succeeded"], "needs_days": 2, "team": team(2)}));
    let mut full = None;
    for customer in ["u1", "u2", "u3"] {
        host.joined("team", "t1", customer);
        let joined = host.event("team.joined", customer, "2026-03-01T09:00:00+08:00", json!({"team": "t1"}));
        full = joined.refused().map(str::to_owned);
    }
    assert_eq!(full.as_deref(), Some("team-full"));
    host.tag("u1", "in-team").tag("u2", "in-team");
    pay(&mut host, "u1", 1);
    pay(&mut host, "u1", 2);
    pay(&mut host, "u2", 1);
    assert_eq!(weights(&pay(&mut host, "u2", 2)), [("u1", 3), ("u2", 3)]);
    let alone = pay(&mut host, "u3", 1);
    assert_eq!((weights(&alone), alone.refused()), (vec![], Some("not-a-member")), "the team does not count it");
    assert_eq!(weights(&pay(&mut host, "u3", 2)), [("u3", 1)]);
    // Nobody can leave a team that never took them.
    let left = host.event("team.left", "u3", "2026-03-03T09:00:00+08:00", json!({"team": "t1"}));
    assert!(left.decisions.iter().all(|decided| decided.refusal.is_some()), "{left:?}");
}

#[test]
fn what_contradicts_itself_is_refused() {
    assert_eq!(pointers(json!({"pool": "", "on": [], "needs_days": 0})), ["/needs_days", "/on", "/pool"]);
    let unit = json!({"size": 1, "day_unit": "points", "tag": "", "multiples": []});
    let with = |team| json!({"pool": "p", "on": ["order-paid"], "needs_days": 1, "team": team});
    assert_eq!(pointers(with(unit)), ["/team/day_unit", "/team/multiples", "/team/size", "/team/tag"]);
    let falls = |times: u64| {
        let multiples = json!([{"days": 5, "times": times}, {"days": 5, "times": 2}]);
        with(json!({"size": 3, "day_unit": "entitlement:d", "tag": "t", "multiples": multiples}))
    };
    assert_eq!(pointers(falls(0)), ["/team/multiples/0/times"]);
    assert_eq!(pointers(falls(1)), ["/team/multiples/1/days"]);
    assert_eq!(pointers(with(team(3))), [""; 0]);
}
