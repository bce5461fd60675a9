//! Several ids of one customer in the whole host: whatever comes under any of them is theirs, and is given once.

use largesse_store::DecisionFilter;
use std::path::Path;

use largesse_domain::customer::AttributeValue;
use largesse_domain::facts::Wanted;
use largesse_domain::grant::Grant;
use largesse_domain::id::{AttributeName, CustomerId, DecisionId, RequestId};
use largesse_domain::key::{GrantSlot, StateKey};
use largesse_domain::lifecycle::Command;
use largesse_domain::outcome::{Denied, Outcome, Reason, Verdict};
use largesse_domain::owner::Owner;
use largesse_domain::problem::Problem;
use largesse_domain::redeem::RedemptionAction;
use largesse_domain::redemption::{Part, RedemptionRequest, ReturnRequest};
use largesse_domain::reversal::{ReversalRequest, ReversalTarget};
use largesse_domain::unit::Quantity;
use largesse_service::commands::{Redeem, Reverse, SettleRedemption};
use largesse_service::intake::{self, Backfill, Rejected};
use largesse_service::pipeline::{Answer, EventResult};
use serde_json::{Value, json};

use crate::fixture::{Host, at, campaign, event, points_campaign, wait_for};

/// The first of March, at so many minutes past nine in Shanghai.
fn minute(past: u32) -> String {
    format!("2026-03-01T09:{past:02}:00+08:00")
}

fn merged(stays: &str, others: &[&str], past: u32) -> Value {
    event("identity.merged", stays, &minute(past), json!({"customers": others, "evidence": "login"}))
}

fn told(customer: &str, past: u32, key: &str, quantity: u64) -> Value {
    let grant = json!({"key": key, "unit": "points", "quantity": quantity});
    event("day.checked-in", customer, &minute(past), json!({"grants": [grant]}))
}

fn applied(customer: &str, past: u32) -> Value {
    event("credit.applied", customer, &minute(past), json!({"application": format!("a{past}")}))
}

fn customer(id: &str) -> CustomerId {
    CustomerId::new(id).expect("a customer id")
}

fn outcomes(answer: &Answer) -> &[Outcome] {
    match &answer.decisions[0].verdict {
        Verdict::Accepted(outcomes) => outcomes,
        other => panic!("not accepted: {other:?}"),
    }
}

fn newcomers() -> Value {
    json!({
        "currency": "CNY", "time_zone": "Asia/Shanghai", "opens": "2026-03-01T00:00:00+08:00",
        "unit_classes": ["coupon", "cash"], "subscriptions": ["user-registered", "credit-applied"],
        "budgets": [{"unit": "coupon", "total": 1_000}, {"unit": "cash:CNY", "total": 8_800_000}],
        "limits": [
            {"unit": "coupon", "window": "campaign", "count": 9}, {"unit": "cash:CNY", "window": "campaign", "amount": 88_000},
        ],
        "params": {"newcomer": {"registered": "in-campaign"}, "milestones": [
            {"on": "user-registered", "gifts": [{"unit": "coupon:interest-free-30d", "quantity": 1}]},
            {"on": "credit-applied", "gifts": [{"unit": "cash:CNY", "quantity": 8_800}]},
        ]},
    })
}

fn told_terms() -> Value {
    json!({
        "currency": "CNY", "time_zone": "Asia/Shanghai", "opens": "2026-03-01T00:00:00+08:00", "params": {},
        "unit_classes": ["points"], "budgets": [{"unit": "points", "total": 10_000}],
        "limits": [{"unit": "points", "window": "campaign", "amount": 5_000}],
    })
}

async fn giving(host: Host) -> Host {
    host.register_guest_kind().await;
    host.campaign("gives", "grants_as_told", told_terms()).await;
    host
}

impl Host {
    async fn all_of(&self, id: &str) -> Vec<(String, String)> {
        let id = customer(id);
        let grants = self.service.read(move |store| {
            let ids = store.ids_of(&id)?;
            ids.iter().map(|id| store.grants_to(id)).collect::<Result<Vec<_>, _>>()
        });
        let row = |grant: Grant| (grant.slot.to.to_string(), grant.slot.key.to_string());
        let mut grants: Vec<_> = grants.await.expect("the store reads").into_iter().flatten().map(row).collect();
        grants.sort();
        grants
    }

    async fn take(&self, id: &str, of: &str, quantity: u64) -> Vec<(String, u64)> {
        let request = RedemptionRequest {
            id: RequestId::new(id).expect("a request id").into(),
            customer: customer(of),
            unit: "points".parse().expect("a unit"),
            quantity: Quantity::new(quantity).expect("in range"),
            grant: None,
            reserve_until: None,
            reference: String::new(),
        };
        let (redemption, _) = self.service.run(Redeem(request)).await.expect("it is redeemed");
        let part = |part: &Part| (part.slot.to.to_string(), part.quantity.get());
        redemption.parts.iter().map(part).collect()
    }
}

fn pairs(rows: &[(&str, &str)]) -> Vec<(String, String)> {
    rows.iter().map(|(to, key)| ((*to).to_owned(), (*key).to_owned())).collect()
}

async fn one_person(host: Host) -> Host {
    host.campaign("welcome", "new_user_gift", newcomers()).await;
    host.send_one(event("user.registered", "cookie", &minute(0), json!({"channel": "web"}))).await;
    assert_eq!(
        host.send_one(applied("phone", 1)).await.decisions[0].verdict.as_str(),
        "refused",
        "nobody registered them"
    );
    host.send_one(merged("phone", &["device"], 2)).await;
    host.send_one(merged("phone", &["cookie"], 3)).await;
    host.send_one(event("login", "device", &minute(4), json!({}))).await;
    host.send_one(applied("device", 5)).await;
    host.send_one(merged("phone", &["number"], 6)).await;
    for again in ["number", "cookie", "device", "phone"] {
        let answer = host.send_one(applied(again, 7)).await;
        assert!(matches!(outcomes(&answer)[0], Outcome::Skipped(_, Reason::AlreadyGranted)), "{again}: {answer:?}");
    }
    assert_eq!(host.all_of("number").await, pairs(&[("cookie", "user-registered"), ("phone", "credit-applied")]));
    host
}

async fn one_profile(host: &Host) {
    let of_phone = host.service.read(|store| store.customer(&customer("phone")));
    let profile = of_phone.await.expect("the store reads").expect("they are known");
    assert_eq!(profile.also, ["device", "cookie", "number"].map(customer));
    let registered = &profile.attributes[&AttributeName::new("registered_at").expect("a name")];
    assert_eq!(registered.value, AttributeValue::Int(at(&minute(0)).as_millis()));
    let all = host.service.read(|store| {
        let filter = DecisionFilter { campaign: None, actors: store.ids_of(&customer("cookie"))? };
        store.decisions(&filter, DecisionId(0), 99)
    });
    let touchpoints = all.await.expect("the store reads");
    let senders: Vec<_> = touchpoints.iter().map(|decision| decision.input.event.actor.to_string()).collect();
    let sent = ["cookie", "phone", "phone", "phone", "device", "phone", "number", "cookie", "device", "phone"];
    assert_eq!(senders, sent, "as they were sent, merges among them");
    let owners: Vec<_> = touchpoints.iter().map(|decision| decision.input.owner.clone()).collect();
    assert!(owners[2..].iter().all(|owner| *owner == Owner::Party(customer("phone"))), "as they were decided");
}

#[tokio::test]
async fn four_ids_are_one_profile_and_a_milestone_is_rewarded_once() {
    let host = one_person(Host::in_memory()).await;
    one_profile(&host).await;
}

#[tokio::test]
async fn a_merge_outlives_a_stop() {
    let folder = tempfile::tempdir().unwrap();
    let open = |folder: &Path| Host::on_disk(folder);
    one_person(open(folder.path())).await.service.stop().await;
    let host = open(folder.path());
    one_profile(&host).await;
    let answer = host.send_one(applied("cookie", 9)).await;
    assert!(matches!(outcomes(&answer)[0], Outcome::Skipped(_, Reason::AlreadyGranted)), "{answer:?}");
    host.service.stop().await;
}

#[tokio::test]
async fn what_both_were_given_is_not_given_again() {
    let host = Host::in_memory();
    host.campaign("welcome", "new_user_gift", newcomers()).await;
    for (index, id) in ["a", "b"].into_iter().enumerate() {
        let past = u32::try_from(index).unwrap();
        host.send_one(event("user.registered", id, &minute(past), json!({"channel": "web"}))).await;
        host.send_one(applied(id, past)).await;
    }
    host.send_one(merged("a", &["b"], 10)).await;
    for again in ["a", "b"] {
        let answer = host.send_one(applied(again, 11)).await;
        assert!(matches!(outcomes(&answer)[0], Outcome::Skipped(_, Reason::AlreadyGranted)), "{answer:?}");
    }
    let given = [("a", "credit-applied"), ("a", "user-registered"), ("b", "credit-applied"), ("b", "user-registered")];
    assert_eq!(host.all_of("a").await, pairs(&given));
}

#[tokio::test]
async fn limits_add_up_and_wallets_are_one() {
    let host = giving(Host::in_memory()).await;
    host.send_one(told("a", 0, "first", 3_000)).await;
    host.send_one(told("b", 1, "second", 1_500)).await;
    host.send_one(merged("a", &["b"], 2)).await;
    let answer = host.send_one(told("b", 3, "third", 1_000)).await;
    let denied = Verdict::Denied(Denied::Effect(0), Reason::LimitReached);
    assert_eq!(answer.decisions[0].verdict, denied);
    host.send_one(told("b", 4, "fourth", 500)).await;
    assert_eq!(host.all_of("b").await, pairs(&[("a", "first"), ("a", "fourth"), ("b", "second")]));
    let parts = host.take("r1", "b", 4_800).await;
    assert_eq!(parts, [("a".to_owned(), 3_000), ("b".to_owned(), 1_500), ("a".to_owned(), 300)]);
    assert_eq!(host.take("r1", "b", 4_800).await, parts, "the same request again");
    // What was used and is taken back is owed by the one who stays, under whichever id it was given.
    let slot = GrantSlot { campaign: campaign("gives"), to: customer("a"), key: "second".parse().unwrap() };
    let (id, of) = (RequestId::new("back").unwrap(), ReversalTarget::Grant(slot, None));
    let reversal = ReversalRequest { id, of, reason: "a test".into() };
    host.service.run(Reverse(reversal)).await.expect("it is taken back");
    let known = host.service.read(|store| store.customer(&customer("a"))).await.unwrap().expect("they are known");
    assert_eq!(known.debts.values().map(|debt| debt.get()).collect::<Vec<_>>(), [1_500]);
}

#[tokio::test]
async fn what_another_id_was_given_comes_back_after_a_stop() {
    let folder = tempfile::tempdir().unwrap();
    let host = giving(Host::on_disk(folder.path())).await;
    host.send_one(told("b", 1, "first", 1_500)).await;
    host.send_one(merged("a", &["b"], 2)).await;
    assert_eq!(host.take("r1", "a", 1_500).await, [("b".to_owned(), 1_500)]);
    host.service.stop().await;
    drop(host);
    let host = Host::on_disk(folder.path());
    let how = RedemptionAction::Reverse(ReturnRequest::default());
    let settle = SettleRedemption { id: RequestId::new("r1").unwrap().into(), customer: None, how };
    host.service.run(settle).await.expect("it is given back");
    assert_eq!(host.take("r2", "a", 1_500).await, [("b".to_owned(), 1_500)]);
    host.service.stop().await;
}

#[tokio::test]
async fn a_merge_counts_within_its_batch() {
    let host = giving(Host::in_memory()).await;
    let events = vec![
        told("b", 0, "gift", 10),
        merged("a", &["b"], 1),
        told("b", 2, "gift", 10),
        told("a", 3, "gift", 10),
        told("b", 4, "more", 10),
        merged("c", &["a"], 5),
        told("b", 6, "more", 10),
    ];
    host.send(events).await;
    assert_eq!(host.all_of("b").await, pairs(&[("a", "more"), ("b", "gift")]));
    let ids = host.service.read(|store| store.ids_of(&customer("b"))).await.unwrap();
    assert_eq!(ids, ["c", "a", "b"].map(customer));
}

#[tokio::test]
async fn nobody_is_merged_with_themselves() {
    let host = Host::in_memory();
    let kinds = &host.service.registry().kinds;
    let both = merged("a", &["b", "a"], 0);
    let refused = intake::check(both, kinds, at(&minute(0)), &Backfill::Denied.into()).err();
    let message = "the subject of the event; nobody is merged with themselves".to_owned();
    let problems = vec![Problem { pointer: "/data/customers/1".into(), message }];
    assert_eq!(refused, Some(Rejected::Data { kind: "identity.merged".parse().unwrap(), problems }));
    for already in [merged("a", &["b"], 0), merged("a", &["b"], 1), merged("b", &["a"], 2)] {
        host.send_one(already).await;
    }
    let ids = host.service.read(|store| store.ids_of(&customer("b"))).await.unwrap();
    assert_eq!(ids, ["a", "b"].map(customer));
}

#[tokio::test]
async fn a_customer_has_at_most_sixteen_other_ids() {
    let host = Host::in_memory();
    let many: Vec<String> = (0..16).map(|n| format!("x{n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    host.send_one(merged("a", &many, 0)).await;
    host.send_one(merged("a", &["one-more"], 1)).await;
    let ids = host.service.read(|store| Ok((store.ids_of(&customer("a"))?, store.ids_of(&customer("one-more"))?)));
    let (of_a, of_other) = ids.await.unwrap();
    assert_eq!((of_a.len(), of_other), (17, vec![customer("one-more")]));
}

#[tokio::test]
async fn state_timers_and_what_was_put_off_go_on_for_the_one_who_stays() {
    let host = Host::in_memory();
    host.register_guest_kind().await;
    host.campaign("counts", "counts_days", points_campaign(1_000)).await;
    host.campaign("timed", "sets_timers", points_campaign(1_000)).await;
    let set = json!([{"name": "remind", "after": 1_800}, {"name": "never", "after": 1_800}]);
    let counted = json!({"misbehave": true});
    host.send_one(event("day.checked-in", "b", &minute(0), json!({"misbehave": true, "set": set}))).await;
    host.command("counts", Command::Pause).await;
    let waits = host.send_one(event("day.checked-in", "b", &minute(1), counted)).await;
    assert_eq!(waits.put_off.len(), 1);
    host.send_one(merged("a", &["b"], 2)).await;
    host.command("counts", Command::Resume).await;
    wait_for(async || host.all_of("a").await.contains(&("a".to_owned(), "day/2".to_owned()))).await;
    host.send_one(event("day.checked-in", "a", &minute(3), json!({"cancel": ["never"]}))).await;
    host.clock.set(at(&minute(40)));
    host.service.catch_up().await.unwrap();
    let given = host.all_of("a").await;
    let fired: Vec<_> = given.iter().filter(|(_, key)| key.starts_with("fired/")).collect();
    assert_eq!(fired.len(), 1, "{given:?}");
    assert!(fired[0].0 == "a" && fired[0].1.starts_with("fired/remind/"), "{given:?}");
    assert!(given.contains(&("b".to_owned(), "day/1".to_owned())), "{given:?}");
}

#[tokio::test]
async fn a_policy_makes_one_of_two_states() {
    let host = Host::in_memory();
    host.register_guest_kind().await;
    host.campaign("counts", "counts_days", points_campaign(1_000)).await;
    let counted = |id: &str, past| event("day.checked-in", id, &minute(past), json!({"misbehave": true}));
    for (id, past) in [("a", 0), ("b", 1), ("c", 2)] {
        host.send_one(counted(id, past)).await;
    }
    host.send_one(merged("a", &["b"], 3)).await;
    let read = async || {
        let of = |id| StateKey { campaign: campaign("counts"), owner: Owner::Party(customer(id)) };
        let wanted = Wanted { states: ["a", "b", "c"].map(of).into(), ..Wanted::default() };
        let rows = host.service.read(move |store| store.load(&wanted)).await.expect("the store reads");
        rows.states.into_iter().map(|(_, state)| state.map(|state| state.value.to_string())).collect::<Vec<_>>()
    };
    assert_eq!(read().await, [Some("2".to_owned()), None, Some("1".to_owned())]);
    let answer = host.send_one(counted("b", 4)).await;
    assert_eq!(answer.decisions[0].verdict, Verdict::Refused, "two days are enough");
    // Three would be too many: the policy refuses, and the one who stays keeps their own.
    host.send_one(merged("c", &["a"], 5)).await;
    assert_eq!(read().await, [Some("2".to_owned()), None, Some("1".to_owned())]);
    let answer = host.send_one(counted("a", 6)).await;
    assert_eq!(answer.decisions[0].input.state.as_ref().map(ToString::to_string), Some("1".to_owned()));
}

#[tokio::test]
async fn inviters_are_those_of_the_person() {
    let host = Host::in_memory();
    let document = json!({
        "currency": "CNY", "time_zone": "Asia/Shanghai", "opens": "2026-03-01T00:00:00+08:00",
        "unit_classes": ["cash"], "subscriptions": ["friend-user-realname-verified", "user-realname-verified"],
        "attribution": {"touch": "first", "window_days": 30, "bind_on": ["user.registered"]},
        "budgets": [{"unit": "cash:CNY", "total": 1_000_000}],
        "limits": [{"unit": "cash:CNY", "window": "campaign", "amount": 100_000}],
        "params": {"success": "user-realname-verified", "joiner": [{"unit": "cash:CNY", "quantity": 2_000}],
            "inviter": [{"unit": "cash:CNY", "quantity": 1_000}], "once_per": ["identity"]},
    });
    host.campaign("invite", "invite_for_credit", document).await;
    let registered = |id: &str, inviter: &str, past| {
        let data = if inviter.is_empty() { json!({}) } else { json!({"inviter": inviter}) };
        event("user.registered", id, &minute(past), data)
    };
    let verified =
        |id: &str, past| event("user.realname_verified", id, &minute(past), json!({"id_hash": format!("person-{id}")}));
    // The inviter is found under another id, and so is the invited one.
    host.send(vec![registered("ann", "", 0), registered("web", "ann", 1)]).await;
    host.send(vec![merged("app", &["web"], 2), merged("anna", &["ann"], 3), verified("app", 4)]).await;
    assert_eq!(host.all_of("web").await, pairs(&[("app", "joined")]));
    assert_eq!(host.all_of("ann").await, pairs(&[("anna", "invitee/app")]));
    // The inviter and the invited turn out to be one.
    host.send(vec![registered("eve", "", 5), registered("eva", "eve", 6), merged("eve", &["eva"], 7)]).await;
    host.send_one(verified("eva", 8)).await;
    assert_eq!(host.all_of("eve").await, pairs(&[("eve", "joined")]));
    let results = host.send(vec![verified("eva", 8)]).await;
    assert!(matches!(results[0], EventResult::Duplicate(_)), "what was sent is known by what was sent");
}
