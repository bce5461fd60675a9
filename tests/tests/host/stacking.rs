//! Stacking: which of several campaigns give for one event.

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use largesse_domain::facts::Wanted;
use largesse_domain::id::{CustomerId, DecisionId};
use largesse_domain::key::StateKey;
use largesse_domain::lifecycle::Command;
use largesse_domain::outcome::{Decision, Denied, Reason, Verdict};
use largesse_domain::owner::Owner;
use largesse_service::ChangeError;
use largesse_service::commands::SetUnit;
use largesse_service::components::{self, Components};
use largesse_service::pipeline::{Answer, ControlError, DryRun, EventResult, Precondition};
use largesse_service::replay::{ReplayFilter, Replayed, replay};
use largesse_store::{DecisionFilter, SqliteStore};
use serde_json::{Value, json};

use crate::fixture::{Host, START, campaign, event, points_campaign, workers};

/// A campaign that gives so much of a unit for the first check-ins of each customer, up to what one customer may have of it.
fn gives((unit, quantity): (&str, u64), most: u64, stacking: Value) -> Value {
    let (class, _) = unit.split_once(':').unwrap_or((unit, ""));
    let mut document = points_campaign(1_000);
    document["unit_classes"] = json!([class]);
    document["budgets"] = json!([{"unit": unit, "total": 100_000}]);
    document["limits"] = json!([{"unit": unit, "window": "campaign", "amount": most}]);
    document["subscriptions"] = json!(["checked-in"]);
    let rewards = json!([{"unit": unit, "quantity": quantity, "on_shortfall": "skip"}]);
    document["params"] = json!({"daily": {"on": ["checked-in"], "rewards": rewards}});
    document["stacking"] = stacking;
    document
}

fn place(mode: &str, priority: i32) -> Value {
    json!({"group": "spring", "priority": priority, "mode": mode})
}

fn day(number: u32) -> Value {
    event("checked_in", "u1", &format!("2026-03-{number:02}T09:00:00+08:00"), json!({}))
}

/// Campaign and what its decision came to: `gave`, `nothing`, or the campaign that gives instead.
fn told(answer: &Answer) -> Vec<(String, String)> {
    let what = |decision: &Decision| match &decision.verdict {
        Verdict::Accepted(outcomes) if outcomes.iter().any(|outcome| format!("{outcome:?}").contains("Granted")) => {
            "gave".to_owned()
        }
        Verdict::Accepted(_) => "nothing".to_owned(),
        Verdict::Denied(Denied::Stacking(winner), Reason::Excluded) => winner.to_string(),
        other => format!("{other:?}"),
    };
    answer.decisions.iter().map(|decision| (decision.campaign.to_string(), what(decision))).collect()
}

fn expected(lines: &[(&str, &str)]) -> Vec<(String, String)> {
    lines.iter().map(|(campaign, what)| ((*campaign).to_owned(), (*what).to_owned())).collect()
}

impl Host {
    async fn check_ins(&self, campaigns: Vec<(&str, Value)>) {
        for (id, document) in campaigns {
            self.campaign(id, "check_in", document).await;
        }
    }

    /// The campaigns that remember the customer.
    async fn remembering(&self, campaigns: &[&str]) -> Vec<String> {
        let owner = Owner::Party(CustomerId::new("u1").expect("a customer id"));
        let key = |id: &&str| StateKey { campaign: campaign(id), owner: owner.clone() };
        let wanted = Wanted { states: campaigns.iter().map(key).collect(), ..Wanted::default() };
        let rows = self.service.read(move |store| store.load(&wanted)).await.expect("the store reads");
        let kept = rows.states.into_iter().filter(|(_, state)| state.is_some());
        let mut kept: Vec<_> = kept.map(|(key, _)| key.campaign.to_string()).collect();
        kept.sort();
        kept
    }

    /// Sends an event twice: the second answer is that to the first.
    async fn sends(&self, event: Value) -> Vec<(String, String)> {
        let first = self.send_one(event.clone()).await;
        match self.send(vec![event]).await.remove(0) {
            EventResult::Duplicate(again) => assert_eq!(again.decisions, first.decisions),
            other => panic!("{other:?}"),
        }
        told(&first)
    }

    async fn set_value(&self, unit: &str, amount: u64, per: u64) {
        let document = json!({"value": {"amount": amount, "per": per, "currency": "CNY"}});
        let document: largesse_documents::catalogue::UnitDocument = serde_json::from_value(document).expect("terms");
        let terms = document.read(unit.parse().expect("a unit")).expect("terms");
        self.service.run(SetUnit(terms)).await.expect("they are set");
    }

    async fn pointers(&self, id: &str, document: Value) -> Vec<String> {
        let document: largesse_documents::CampaignDocument = serde_json::from_value(document).expect("a document");
        let spec = document.read().expect("a campaign");
        match self.service.apply(campaign(id), spec, Precondition::Absent).await {
            Err(ChangeError::Control(ControlError::Problems(problems))) => {
                problems.into_iter().map(|problem| problem.pointer).collect()
            }
            other => panic!("{other:?}"),
        }
    }
}

/// Runs every decision again from its record.
fn replayed(folder: &std::path::Path) -> Replayed {
    let store = SqliteStore::open(folder.join("largesse.db")).expect("the database opens");
    let components = Dir::open_ambient_dir(folder.join(components::FOLDER), ambient_authority());
    let components = components.and_then(Components::in_folder).expect("the folder of components can be opened");
    let of = DecisionFilter::default();
    let filter = ReplayFilter { of, after: DecisionId(0), until: None, made: (None, None) };
    replay(&store, &components, std::slice::from_ref(&*workers()), &filter, &|_| ()).expect("the store reads")
}

#[tokio::test]
async fn all_of_a_group_give_in_order_of_priority() {
    let host = Host::in_memory();
    host.check_ins(vec![
        ("a", gives(("points", 1), 100, Value::Null)),
        ("b", gives(("points", 2), 100, place("all", -1))),
        ("c", gives(("points", 3), 100, place("all", 7))),
    ])
    .await;
    assert_eq!(host.sends(day(1)).await, expected(&[("c", "gave"), ("a", "gave"), ("b", "gave")]));
    assert_eq!(host.remembering(&["a", "b", "c"]).await, ["a", "b", "c"]);
}

#[tokio::test]
async fn the_first_that_gives_excludes_the_others() {
    let host = Host::in_memory();
    host.check_ins(vec![
        ("alone", gives(("points", 1), 100, Value::Null)),
        ("high", gives(("points", 5), 10, place("first", 9))),
        ("low-a", gives(("points", 7), 100, place("first", 1))),
        ("low-b", gives(("points", 8), 100, place("first", 1))),
    ])
    .await;
    let high_gives = [("high", "gave"), ("low-a", "high"), ("low-b", "high"), ("alone", "gave")];
    assert_eq!(host.sends(day(1)).await, expected(&high_gives));
    assert_eq!(host.remembering(&["high", "low-a", "low-b"]).await, ["high"], "what is excluded changes nothing");
    assert_eq!(host.sends(day(2)).await, expected(&high_gives));
    // Ten points are all that one customer may have of `high`: the next by id gives, and what gives nothing stands.
    let low_gives = [("high", "nothing"), ("low-a", "gave"), ("low-b", "low-a"), ("alone", "gave")];
    assert_eq!(host.sends(day(3)).await, expected(&low_gives));
    assert_eq!(host.remembering(&["high", "low-a", "low-b"]).await, ["high", "low-a"]);
    let held: u64 = host.grants("u1").await.iter().map(|(_, _, net)| net).sum();
    assert_eq!(held, 3 + 10 + 7);
}

#[tokio::test]
async fn the_best_is_the_one_worth_most_and_not_the_first() {
    let host = Host::in_memory();
    host.check_ins(vec![
        ("alone", gives(("points", 1), 100, Value::Null)),
        ("cash", gives(("cash:CNY", 20), 40, place("best", 5))),
        ("many-points", gives(("points", 90), 10_000, place("best", 3))),
        ("tea", gives(("coupon:tea", 1), 2, place("best", 1))),
    ])
    .await;
    // Nothing but money has a value.
    let cash_gives = [("cash", "gave"), ("many-points", "cash"), ("tea", "cash"), ("alone", "gave")];
    assert_eq!(host.sends(day(1)).await, expected(&cash_gives));
    host.set_value("coupon:tea", 900, 1).await;
    host.set_value("points", 1, 10).await;
    let tea_gives = [("tea", "gave"), ("cash", "tea"), ("many-points", "tea"), ("alone", "gave")];
    assert_eq!(host.sends(day(2)).await, expected(&tea_gives));
    assert_eq!(host.remembering(&["cash", "many-points", "tea"]).await, ["cash", "tea"]);
    assert_eq!(host.sends(day(3)).await, expected(&tea_gives));
    // A customer may have two cups of tea: from now on the coupon is worth nothing, for there is none.
    let late = [("cash", "gave"), ("many-points", "cash"), ("tea", "nothing"), ("alone", "gave")];
    assert_eq!(host.sends(day(4)).await, expected(&late));
    // And 0.40 of cash: of 90 points, 9 fen are left.
    let last = [("many-points", "gave"), ("cash", "nothing"), ("tea", "nothing"), ("alone", "gave")];
    assert_eq!(host.sends(day(5)).await, expected(&last));
}

#[tokio::test]
async fn of_those_worth_the_same_priority_and_then_the_id_decides() {
    let host = Host::in_memory();
    host.check_ins(vec![
        ("a", gives(("cash:CNY", 20), 100, place("best", 0))),
        ("b", gives(("cash:CNY", 20), 40, place("best", 2))),
        ("c", gives(("cash:CNY", 20), 100, place("best", 0))),
    ])
    .await;
    let b_gives = [("b", "gave"), ("a", "b"), ("c", "b")];
    assert_eq!(host.sends(day(1)).await, expected(&b_gives));
    assert_eq!(host.sends(day(2)).await, expected(&b_gives));
    assert_eq!(host.sends(day(3)).await, expected(&[("a", "gave"), ("b", "nothing"), ("c", "a")]));
}

#[tokio::test]
async fn a_dry_run_says_who_would_give() {
    let host = Host::in_memory();
    host.check_ins(vec![
        ("a", gives(("cash:CNY", 20), 100, place("best", 0))),
        ("b", gives(("cash:CNY", 30), 100, place("best", 0))),
    ])
    .await;
    let b_gives = expected(&[("b", "gave"), ("a", "b")]);
    let DryRun::Decided(answer) = host.service.dry_run(host.arrival(day(1))).await.expect("the host answers") else {
        panic!("it is decided");
    };
    assert_eq!(told(&answer), b_gives);
    assert_eq!(host.grants("u1").await, []);
    assert_eq!(host.sends(day(1)).await, b_gives);
}

#[tokio::test]
async fn what_was_put_off_comes_after_what_gave() {
    for mode in ["first", "best"] {
        let folder = tempfile::tempdir().expect("a folder");
        let host = Host::on_disk(folder.path());
        host.check_ins(vec![
            ("high", gives(("points", 9), 100, place(mode, 9))),
            ("low", gives(("points", 5), 100, place(mode, 1))),
        ])
        .await;
        host.command("high", Command::Pause).await;
        assert_eq!(told(&host.send_one(day(1)).await), expected(&[("low", "gave")]), "{mode}");
        host.command("low", Command::Pause).await;
        assert_eq!(told(&host.send_one(day(2)).await), [], "{mode}");
        host.service.stop().await;
        drop(host);
        let host = Host::on_disk_at(folder.path(), START);
        host.command("high", Command::Resume).await;
        host.command("low", Command::Resume).await;
        host.service.catch_up().await.expect("the host goes on");
        let decided = async |event: Value| match host.send(vec![event]).await.remove(0) {
            EventResult::Duplicate(answer) => told(&answer),
            other => panic!("{other:?}"),
        };
        assert_eq!(decided(day(1)).await, expected(&[("low", "gave"), ("high", "low")]), "{mode}");
        let of_second = decided(day(2)).await;
        assert_eq!(of_second.iter().filter(|(_, what)| what == "gave").count(), 1, "{mode}: {of_second:?}");
        assert_eq!(of_second.len(), 2, "{mode}");
        host.service.stop().await;
        drop(host);
        let replayed = replayed(folder.path());
        assert_eq!((replayed.identical, replayed.divergent), (4, 0), "{mode}");
    }
}

#[tokio::test]
async fn campaigns_of_a_group_say_the_same() {
    let host = Host::in_memory();
    host.check_ins(vec![("a", gives(("points", 1), 100, place("best", 0)))]).await;
    let with = |mut document: Value, field: &str, value: &str| {
        document["policy"] = "check-in".into();
        document[field] = value.into();
        document
    };
    let other = with(gives(("points", 1), 100, place("first", 0)), "title", "Other");
    assert_eq!(host.pointers("b", other).await, ["/stacking/mode"]);
    let foreign = with(gives(("points", 1), 100, place("best", 0)), "currency", "USD");
    assert_eq!(host.pointers("b", foreign).await, ["/stacking/group"]);
    let elsewhere = json!({"group": "autumn", "mode": "first"});
    host.check_ins(vec![("b", gives(("points", 1), 100, elsewhere))]).await;
}
