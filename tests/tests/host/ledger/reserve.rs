//! Policies reserve out of wallets and settle what is held, in the whole host.

use largesse_store::DecisionFilter;
use std::hash::{DefaultHasher, Hash, Hasher};

use largesse_domain::id::DecisionId;
use largesse_domain::ledger::Cause;
use largesse_domain::outcome::{Decision, Denied, Done, Outcome, Reason, Verdict};
use largesse_domain::redemption::RedemptionId;
use largesse_service::commands::SetDestination;
use largesse_service::pipeline::DryRun;

use super::*;

/// Seconds from nine to ten o'clock.
const HOUR: u64 = 3_600;

fn at_nine(data: Value) -> Value {
    at_time(NINE, data)
}

/// An event of `u1` whose id is made of its data.
fn at_time(time: &str, data: Value) -> Value {
    let mut event = event("day.checked-in", "u1", time, data);
    let mut hasher = DefaultHasher::new();
    event["data"].to_string().hash(&mut hasher);
    event["id"] = hasher.finish().to_string().into();
    event
}

fn reserve(key: &str, quantity: u64) -> Value {
    json!({"key": key, "unit": "points", "quantity": quantity, "until": HOUR})
}

fn with(mut value: Value, field: &str, other: impl Into<Value>) -> Value {
    value[field] = other.into();
    value
}

fn commit(key: &str) -> Value {
    json!({"reservation": key})
}

fn outcomes(decision: &Decision) -> Vec<String> {
    let Verdict::Accepted(outcomes) = &decision.verdict else { panic!("{:?}", decision.verdict) };
    let done = |done: &Done| match done {
        Done::Granted { quantity, .. } => format!("granted {quantity}"),
        Done::Reserved { quantity, .. } => format!("reserved {quantity}"),
        Done::Settled { how, quantity, .. } => format!("{} {quantity}", how.as_str()),
        other => format!("{other:?}"),
    };
    let word = |outcome: &Outcome| match outcome {
        Outcome::Applied(what) => done(what),
        Outcome::Reduced(what, reason) => format!("{}: {}", done(what), reason.as_str()),
        Outcome::Skipped(_, reason) => reason.as_str().to_owned(),
    };
    outcomes.iter().map(word).collect()
}

impl Host {
    async fn does(&self, data: Value) -> Vec<String> {
        outcomes(&self.send_one(at_nine(data)).await.decisions[0])
    }

    async fn is_denied(&self, data: Value) -> (Denied, Reason) {
        match &self.send_one(at_nine(data)).await.decisions[0].verdict {
            Verdict::Denied(denied, reason) => (denied.clone(), *reason),
            other => panic!("{other:?}"),
        }
    }

    async fn redemptions(&self) -> Vec<(String, &'static str, u64)> {
        let all = self
            .service
            .read(|store| store.redemptions_of(&[customer("u1")], None, usize::MAX))
            .await
            .expect("the store reads");
        let row = |one: &Redemption| (one.request.id.to_string(), one.state.as_str(), one.request.quantity.get());
        all.iter().map(row).collect()
    }

    async fn balances(&self) -> [i64; 4] {
        let position = self.position("points").await;
        [Account::Pending, Account::Wallet, Account::Reserved, Account::Expense].map(|of| position.balance(of))
    }

    async fn watched(&self) {
        let topics = ["redemption.changed", "grant.posted", "grant.revoked"];
        let document = json!({"url": "https://shop.example/hook", "topics": topics});
        let document: DestinationDocument = serde_json::from_value(document).expect("a destination");
        let (spec, fresh) = (document.read().expect("a destination"), Secret::new(&[1; 32]).expect("a secret"));
        self.service
            .run(SetDestination { id: "shop".parse().expect("an id"), spec, fresh })
            .await
            .expect("it is registered");
    }

    /// What was told: type, the redemption's id or the grant's key, its state or the reason, and the cause.
    async fn told(&self) -> Vec<(String, String, String, Value)> {
        let read = |store: &dyn largesse_store::Store| store.deliveries(&DeliveryFilter::default(), DeliveryId(0), 99);
        let deliveries = self.service.read(read).await.expect("the store reads");
        let tell = |delivery: &largesse_domain::delivery::Delivery| {
            let body: Value = serde_json::from_str(delivery.body.as_str()).expect("JSON");
            let text = |names: [&str; 2]| {
                let found = names.iter().find_map(|name| body["data"][*name].as_str());
                found.expect("one of the two").to_owned()
            };
            assert_eq!(body["data"]["campaign"], "gives", "{body}");
            let kind = body["type"].as_str().expect("a text").to_owned();
            (kind, text(["id", "key"]), text(["state", "reason"]), body["data"]["cause"].clone())
        };
        deliveries.iter().map(tell).collect()
    }

    fn redemption_request(&self, key: &str, how: RedemptionAction) -> SettleRedemption {
        let id: RedemptionId = format!("gives@{key}@u1").parse().expect("an id");
        SettleRedemption { id, customer: None, how }
    }
}

#[tokio::test]
async fn what_a_policy_reserved_is_committed_released_or_times_out() {
    let host = in_memory().await;
    host.watched().await;
    assert_eq!(host.does(json!({"grants": [points("a", 100), points("b", 50)]})).await, ["granted 100", "granted 50"]);
    let reserved = json!({"reserve": [reserve("order/7", 110), reserve("other", 10), reserve("late", 20)]});
    assert_eq!(host.does(reserved).await, ["reserved 110", "reserved 10", "reserved 20"]);
    assert_eq!(host.balances().await, [0, 10, 140, 0]);
    assert_eq!((host.grant("u1", "a").await.reserved.get(), host.grant("u1", "b").await.reserved.get()), (100, 40));
    assert_eq!(host.does(json!({"settle": [commit("order/7")]})).await, ["commit 110"]);
    assert_eq!(host.does(json!({"settle": [with(commit("other"), "release", true)]})).await, ["release 10"]);
    assert_eq!(host.balances().await, [0, 20, 20, 110]);
    host.pass(TEN).await;
    assert_eq!(host.balances().await, [0, 40, 0, 110]);
    let late = host.send_one(at_time(TEN, json!({"settle": [commit("late")]}))).await;
    assert_eq!(outcomes(&late.decisions[0]), ["timed-out"]);
    let all = [("late", "timed-out", 20), ("order/7", "redeemed", 110), ("other", "released", 10)];
    assert_eq!(host.redemptions().await, all.map(|(key, state, sum)| (format!("gives@{key}@u1"), state, sum)));
    let told = host.told().await;
    let seen: Vec<_> = told.iter().map(|(kind, id, state, _)| (kind.as_str(), id.as_str(), state.as_str())).collect();
    let changed = |key, state| ("redemption.changed", key, state);
    let (order, other, late) = ("gives@order/7@u1", "gives@other@u1", "gives@late@u1");
    let expected =
        [(order, "reserved"), (other, "reserved"), (late, "reserved"), (order, "redeemed"), (other, "released")];
    let expected: Vec<_> =
        expected.into_iter().chain([(late, "timed-out")]).map(|(id, state)| changed(id, state)).collect();
    assert_eq!(seen, expected);
    assert_eq!((&told[3].3["decision"], &told[5].3), (&json!(3), &json!({"host": true})));
    host.service.stop().await;
}

#[tokio::test]
async fn what_a_policy_reserved_is_settled_by_request() {
    let host = in_memory().await;
    host.does(json!({"grants": [points("a", 100)]})).await;
    host.does(json!({"reserve": [reserve("order/7", 60), reserve("other", 10)]})).await;
    let settled = host.ask(host.redemption_request("order/7", RedemptionAction::Commit)).await.expect("it is reserved");
    let (redemption, true) = settled else { panic!("{settled:?}") };
    assert_eq!((redemption.state, redemption.request.reference.as_str()), (RedemptionState::Redeemed, "as told"));
    host.ask(host.redemption_request("other", RedemptionAction::Release)).await.expect("it is reserved");
    let none = host.ask(host.redemption_request("none", RedemptionAction::Commit)).await;
    assert_eq!(none.unwrap_err(), RedeemError::NotFound.into());
    let again = json!({"settle": [commit("order/7"), commit("other")], "reserve": [reserve("other", 1)]});
    assert_eq!(host.does(again).await, ["nothing-to-settle", "nothing-to-settle", "already-reserved"]);
    let journal = host.service.read(|store| store.transfers(0, 99)).await.expect("the store reads");
    let causes: Vec<_> = journal.iter().map(|(_, transfer)| transfer.cause.clone()).collect();
    let decision = |number| Cause::Decision(DecisionId(number));
    let settle = |key: &str| match format!("gives@{key}@u1").parse() {
        Ok(RedemptionId::Policy(slot)) => Cause::Settle(slot),
        other => panic!("{other:?}"),
    };
    assert_eq!(causes, [decision(1), decision(2), decision(2), settle("order/7"), settle("other")]);
    assert_eq!(host.balances().await, [0, 40, 0, 60]);
    host.service.stop().await;
}

#[tokio::test]
async fn a_shortfall_is_what_the_policy_makes_of_it() {
    let host = in_memory().await;
    host.does(json!({"grants": [points("a", 30)]})).await;
    let short = |word: &str, key: &str| with(reserve(key, 40), "on_shortfall", word);
    let refused = json!({"reserve": [reserve("r0", 10), short("refuse", "r1")]});
    assert_eq!(host.is_denied(refused).await, (Denied::Effect(1), Reason::InsufficientBalance));
    assert_eq!(host.balances().await, [0, 30, 0, 0]);
    assert_eq!(host.redemptions().await, []);
    let rest = json!({"reserve": [short("skip", "r1"), short("reduce", "r2"), short("reduce", "r3")]});
    let expected = ["insufficient-balance", "reserved 30: insufficient-balance", "insufficient-balance"];
    assert_eq!(host.does(rest).await, expected);
    let past = json!({"reserve": [with(reserve("r4", 1), "until", 0)]});
    assert_eq!(host.does(past).await, ["timed-out"]);
    host.service.stop().await;
}

#[tokio::test]
async fn what_is_paid_for_is_given_or_neither() {
    let host = in_memory().await;
    host.does(json!({"grants": [points("a", 30)]})).await;
    let paid = |key: &str| {
        let tea = json!({"key": format!("tea/{key}"), "unit": "coupon:tea", "quantity": 1});
        json!({"settle": [with(commit(key), "required", true)], "grants": [tea]})
    };
    host.set_unit("coupon:tea", json!({"title": "A tea"})).await;
    assert_eq!(host.is_denied(paid("order/1")).await, (Denied::Effect(0), Reason::NothingToSettle));
    host.does(json!({"reserve": [reserve("order/2", 20)]})).await;
    assert_eq!(host.does(paid("order/2")).await, ["commit 20", "granted 1"]);
    // At once: reserved and used in one decision, told once.
    host.watched().await;
    let at_once = json!({"settle": [commit("x")], "reserve": [reserve("x", 5)]});
    assert_eq!(host.does(at_once).await, ["nothing-to-settle", "reserved 5"]);
    assert_eq!(host.told().await.len(), 1);
    assert_eq!(host.grants("u1").await.len(), 2);
    host.service.stop().await;
}

#[tokio::test]
async fn a_held_grant_is_committed_released_or_taken_back() {
    let host = in_memory().await;
    host.watched().await;
    let held = |key: &str, void: bool| with(with(points(key, 10), "hold", HOUR), "void", void);
    let grants = [held("given", true), held("released", true), held("lapsed", true), held("posted", false)];
    host.does(json!({"grants": grants})).await;
    assert_eq!(host.balances().await, [40, 0, 0, 0]);
    let settle = json!({"settle": [{"grant": "given"}, {"grant": "released", "release": true}, {"grant": "none"}]});
    assert_eq!(host.does(settle).await, ["commit 10", "release 10", "nothing-to-settle"]);
    assert_eq!(host.balances().await, [20, 10, 0, 0]);
    host.pass(TEN).await;
    assert_eq!(host.balances().await, [0, 20, 0, 0]);
    let late = host.send_one(at_time(TEN, json!({"settle": [{"grant": "lapsed"}, {"grant": "posted"}]}))).await;
    assert_eq!(outcomes(&late.decisions[0]), ["timed-out", "nothing-to-settle"]);
    for (key, state) in [("given", GrantState::Posted), ("released", GrantState::Reversed)] {
        assert_eq!(host.state(key).await, state);
    }
    let told = host.told().await;
    let mut seen: Vec<_> = told.iter().map(|(kind, key, _, _)| (kind.as_str(), key.as_str())).collect();
    seen.sort_unstable();
    let (posted, revoked) = ("grant.posted", "grant.revoked");
    assert_eq!(seen, [(posted, "given"), (posted, "posted"), (revoked, "lapsed"), (revoked, "released")]);
    assert_eq!(told[1].2, "as told", "the reason is the policy's");
    host.service.stop().await;
}

#[tokio::test]
async fn events_of_one_request_see_one_anothers_reservations() {
    let host = in_memory().await;
    let events = [
        json!({"grants": [points("a", 50)]}),
        json!({"reserve": [reserve("r", 50)]}),
        json!({"reserve": [with(reserve("more", 1), "on_shortfall", "skip")]}),
        json!({"settle": [with(commit("r"), "release", true)]}),
        json!({"reserve": [reserve("again", 50)], "settle": [commit("again")]}),
    ];
    host.send(events.map(at_nine).into()).await;
    let decisions = host.service.read(|store| store.decisions(&DecisionFilter::default(), DecisionId(0), 9)).await;
    let all: Vec<_> = decisions.expect("the store reads").iter().flat_map(outcomes).collect();
    let expected =
        ["granted 50", "reserved 50", "insufficient-balance", "release 50", "nothing-to-settle", "reserved 50"];
    assert_eq!(all, expected);
    host.service.stop().await;
}

#[tokio::test]
async fn each_campaign_has_keys_of_its_own_and_all_of_the_wallet() {
    let host = in_memory().await;
    host.campaign("also", "grants_as_told", terms()).await;
    let both = host.send_one(at_nine(json!({"grants": [points("a", 30)]}))).await;
    assert_eq!(both.decisions.len(), 2);
    let both = host.send_one(at_nine(json!({"reserve": [reserve("r", 25)]}))).await;
    assert!(both.decisions.iter().all(|decision| outcomes(decision) == ["reserved 25"]), "{both:?}");
    let ids: Vec<String> = host.redemptions().await.into_iter().map(|row| row.0).collect();
    assert_eq!(ids, ["also@r@u1", "gives@r@u1"]);
    // Of two campaigns' grants, the first given is used first, whoever reserves.
    let all = host
        .service
        .read(|store| store.redemptions_of(&[customer("u1")], None, usize::MAX))
        .await
        .expect("the store reads");
    let parts: usize = all.iter().map(|redemption| redemption.parts.len()).sum();
    assert_eq!(parts, 3, "{all:?}");
    host.service.stop().await;
}

#[tokio::test]
async fn a_dry_run_reserves_nothing() {
    let host = in_memory().await;
    host.does(json!({"grants": [points("a", 50)]})).await;
    let tried = host.service.dry_run(host.arrival(at_nine(json!({"reserve": [reserve("r", 50)]})))).await;
    let DryRun::Decided(answer) = tried.expect("the host answers") else { panic!("it is new") };
    assert_eq!(outcomes(&answer.decisions[0]), ["reserved 50"]);
    assert_eq!((host.balances().await, host.redemptions().await), ([0, 50, 0, 0], vec![]));
    host.service.stop().await;
}

#[tokio::test]
async fn a_stop_in_between_loses_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let host = Host::on_disk(folder.path());
    prepare(&host).await;
    host.does(json!({"grants": [points("a", 50), with(with(points("b", 7), "hold", HOUR), "void", true)]})).await;
    host.does(json!({"reserve": [reserve("used", 20), reserve("forgotten", 10)]})).await;
    host.service.stop().await;
    drop(host);
    let host = Host::on_disk(folder.path());
    assert_eq!(host.does(json!({"settle": [commit("used"), {"grant": "b"}]})).await, ["commit 20", "commit 7"]);
    host.service.stop().await;
    drop(host);
    let host = Host::on_disk(folder.path());
    host.pass(TEN).await;
    assert_eq!(host.balances().await, [0, 37, 0, 20]);
    let all = [("forgotten", "timed-out", 10), ("used", "redeemed", 20)];
    assert_eq!(host.redemptions().await, all.map(|(key, state, sum)| (format!("gives@{key}@u1"), state, sum)));
    host.service.stop().await;
}
