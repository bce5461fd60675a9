//! What operators get wrong in campaigns, and what they are told: the place, what is allowed there, and what was probably meant.

use std::collections::BTreeSet;

use largesse_documents::{CampaignDocument, FindingView, from_value};
use largesse_domain::lifecycle::Command;
use largesse_domain::problem::Problem;
use largesse_service::commands::SetProgramme;
use largesse_service::lint::Code;
use largesse_service::pipeline::{ControlError, Precondition};
use largesse_service::{ChangeError, Looked};
use serde_json::{Value, json};

use crate::fixture::{Host, at, campaign, component};

/// A campaign that has nothing wrong with it.
fn right() -> Value {
    json!({
        "policy": "new-user-gift", "currency": "CNY", "time_zone": "Asia/Shanghai",
        "opens": "2026-03-01T00:00:00+08:00", "closes": "2026-04-01T00:00:00+08:00",
        "unit_classes": ["coupon", "cash"], "subscriptions": ["user-registered", "card-bound"],
        "budgets": [{"unit": "coupon", "total": 100}, {"unit": "cash:CNY", "total": 10_000}],
        "limits": [
            {"unit": "coupon", "window": "campaign", "count": 2},
            {"unit": "cash:CNY", "window": "campaign", "amount": 800},
        ],
        "params": {"milestones": [
            {"on": "user-registered", "gifts": [{"unit": "coupon:welcome", "quantity": 1}]},
            {"on": "card-bound", "gifts": [{"unit": "cash:CNY", "quantity": 800}]},
        ]},
    })
}

impl Host {
    async fn with_policies() -> Self {
        let host = Self::in_memory();
        for name in ["new_user_gift", "prize_draw", "points_mall", "journey"] {
            host.service.publish(component(name), None).await.expect("it is published");
        }
        for (id, condition) in [("vip", "attributes.member == true"), ("new", "'new' in tags")] {
            let document = json!({"where": condition});
            let document: largesse_documents::segment::SegmentDocument = from_value(document).expect("a segment");
            let segment = document.read(id.parse().expect("an id")).expect("a segment");
            host.service.set_segment(segment).await.expect("it is set");
        }
        let programme = json!({"tiers": ["silver", "gold"]});
        let programme: largesse_documents::programme::ProgrammeDocument = from_value(programme).expect("a programme");
        let programme = programme.read("members".parse().expect("an id")).expect("a programme");
        host.service.run(SetProgramme(programme)).await.expect("it is set");
        host
    }

    /// What is found about a document, as the command line prints it.
    async fn found_in(&self, document: Value) -> Vec<String> {
        let problem = |problem: Problem| format!("{}: {}", problem.pointer, problem.message);
        let problems = |problems: Vec<Problem>| problems.into_iter().map(problem).collect::<Vec<_>>();
        let document: CampaignDocument = match from_value(document) {
            Ok(document) => document,
            Err(problem) => return problems(vec![problem]),
        };
        let spec = match document.read() {
            Ok(spec) => spec,
            Err(found) => return problems(found),
        };
        match self.service.check_campaign(&campaign("new"), &spec).await {
            Ok(Looked { findings, .. }) => {
                let views = findings.iter().map(FindingView::from);
                views.map(|view| format!("{} {}: {}", view.code, view.pointer, view.message)).collect()
            }
            Err(ChangeError::Control(ControlError::Problems(found))) => problems(found),
            Err(other) => panic!("{other}"),
        }
    }
}

/// What is changed in the campaign that is right.
type Mistake = fn(&mut Value);

/// Gives a field another name.
fn rename(document: &mut Value, at: &str, from: &str, to: &str) {
    let object = document.pointer_mut(at).and_then(Value::as_object_mut).expect("an object");
    let value = object.remove(from).expect("the field is there");
    object.insert(to.to_owned(), value);
}

const MISTAKES: &[(Mistake, &str)] = &[
    (
        |d| rename(d, "", "currency", "curency"),
        r#"/curency: unknown field `curency`, expected one of `title`, `policy`, `params`, `currency`, `time_zone`, `opens`, `closes`, `closing_days`, `audience`, `subscriptions`, `unit_classes`, `attribution`, `unknown_claim`, `on_fault`, `fault_threshold`, `follow`, `budgets`, `limits`, `pockets`, `warn_at`, `pools`, `windows`, `stacking`, `gate`, `effective_from`; did you mean `currency`?"#,
    ),
    (
        |d| rename(d, "/budgets/0", "total", "totl"),
        r#"/budgets/0/totl: unknown field `totl`, expected one of `unit`, `total`, `per_day`; did you mean `total`?"#,
    ),
    (|d| d["budgets"][0]["total"] = json!(1.5), r#"/budgets/0/total: expected a whole number from 0, not 1.5"#),
    (|d| d["budgets"][0]["total"] = json!(-5), r#"/budgets/0/total: expected a whole number from 0, not -5"#),
    (
        |d| d["budgets"][0]["total"] = json!("100"),
        r#"/budgets/0/total: expected a whole number from 0, not the text "100""#,
    ),
    (
        |d| d["limits"][0]["window"] = "weekly".into(),
        r#"/limits/0/window: unknown variant `weekly`, expected one of `campaign`, `day`, `week`, `month`; did you mean `week`?"#,
    ),
    (
        |d| d["limits"][0]["per"] = "phone".into(),
        r#"/limits/0/per: unknown variant `phone`, expected one of `customer`, `identity`, `device`, `card`, `address`"#,
    ),
    (|d| d["closes"] = "2026-02-01T00:00:00+08:00".into(), r#"/closes: the campaign must close after it opens"#),
    (
        |d| d["opens"] = "2026-03-01".into(),
        r#"/opens: expected an RFC 3339 time with Z or an offset, in the years 1 to 9999, such as 2026-03-01T09:00:00+08:00"#,
    ),
    (
        |d| d["time_zone"] = "Asia/Shangai".into(),
        r#"/time_zone: "Asia/Shangai" is not an IANA time zone such as Asia/Shanghai or Etc/UTC; did you mean Asia/Shanghai?"#,
    ),
    (|d| d["currency"] = "yuan".into(), r#"/currency: not a currency: expected three capital letters (ISO 4217)"#),
    (
        |d| d["budgets"][1]["unit"] = "cash:USD".into(),
        r#"/budgets/1/unit: cash:USD is not in the campaign's currency, CNY"#,
    ),
    (
        |d| d["budgets"][0]["unit"] = "cupon".into(),
        r#"/budgets/0/unit: not a unit: expected points, growth, or a class and a name such as cash:CNY or coupon:welcome (the name at most 64 of A-Z, a-z, 0-9, '.', '_', '/' and -); did you mean coupon?"#,
    ),
    (
        |d| d["unit_classes"] = json!(["cupon"]),
        r#"/unit_classes/0: not a unit class: expected cash, points, growth, coupon, item, draw-chances, entitlement, credit-limit or rate-boost; did you mean coupon?"#,
    ),
    (|d| d["on_fault"] = "retry".into(), r#"/on_fault: unknown variant `retry`, expected `skip` or `defer`"#),
    (
        |d| d["policy"] = "new-user-gifts".into(),
        r#"/policy: the policy new-user-gifts is not published; there are: journey, new-user-gift, points-mall, prize-draw; did you mean new-user-gift?"#,
    ),
    (
        |d| d["policy"] = "new-user-gift@9.0.0".into(),
        r#"/policy: the policy new-user-gift@9.0.0 is not published; there are: new-user-gift@0.1.0; did you mean new-user-gift@0.1.0?"#,
    ),
    (
        |d| d["subscriptions"] = json!(["user-registerd", "card-bound"]),
        r#"not-ready /subscriptions/0: new-user-gift has no subscription user-registerd; it has: card-unbound, identity-merged, loan-cancelled, membership-refunded, user-registered, user-realname-verified, user-profile-completed, card-bound, account-followed, credit-applied, credit-approved, credit-rejected, loan-drawn, invest-purchased, invest-plan-set, membership-purchased; did you mean user-registered?"#,
    ),
    (
        |d| d["audience"] = json!({"segment": "vipp"}),
        r#"not-ready /audience/segment: there is no segment vipp; there are: new, vip; did you mean vip?"#,
    ),
    (|d| d["pockets"] = json!(["theme"]), r#"not-ready /pockets/0: there is no pocket theme; there are: none"#),
    (
        |d| rename(d, "/params", "milestones", "milestone"),
        r#"not-ready /params/milestone: there is no milestone here; there are: levels, levels_fall, milestones, newcomer; did you mean milestones?"#,
    ),
    (
        |d| d["params"]["milestones"][0]["on"] = "registered".into(),
        r#"not-ready /params/milestones/0/on: expected one of user-registered, user-realname-verified, user-profile-completed, card-bound, account-followed, credit-applied, credit-approved, credit-rejected, loan-drawn, invest-purchased, invest-plan-set, membership-purchased; did you mean user-registered?"#,
    ),
    (
        |d| rename(d, "/params/milestones/0/gifts/0", "quantity", "quantty"),
        r#"not-ready /params/milestones/0/gifts/0/quantty: there is no quantty here; there are: basis_points, by, expires, expires_after_days, hold_days, on_shortfall, principal_cap, quantity, unit, up_to; did you mean quantity?"#,
    ),
    (
        |d| d["params"]["milestones"][0]["gifts"][0]["quantity"] = json!(1.5),
        r#"not-ready /params/milestones/0/gifts/0/quantity: expected a whole number, not 1.5"#,
    ),
    (
        |d| d["params"]["milestones"][0]["gifts"][0]["quantity"] = json!(1.0),
        r#"not-ready /params/milestones/0/gifts/0/quantity: expected a whole number, written without a point: 1"#,
    ),
    (
        |d| d["params"]["milestones"][0]["gifts"][0]["quantity"] = json!(-1),
        r#"not-ready /params/milestones/0/gifts/0/quantity: -1 is less than the minimum of 1"#,
    ),
    (
        |d| d["params"]["milestones"][0]["gifts"][0]["unit"] = "cupon:welcome".into(),
        r#"not-ready /params/milestones/0/gifts/0/unit: cupon:welcome is not a unit: expected points, growth, or a class and a name such as cash:CNY or coupon:welcome; did you mean coupon:welcome?"#,
    ),
    (
        |d| d["params"]["milestones"][0]["once_per"] = json!(["phone"]),
        r#"not-ready /params/milestones/0/once_per/0: expected one of customer, identity, device, card, address"#,
    ),
    (
        |d| d["params"]["milestones"][1]["gifts"][0]["quantity"] = json!(900),
        r#"above-limit /params/milestones/1/gifts/0: gives 900 of cash:CNY at a time, and /limits/1/amount allows 800 for each customer and campaign: it is never given; raise the limit or give less"#,
    ),
    (
        |d| d["budgets"][1]["total"] = json!(700),
        r#"above-budget /params/milestones/1/gifts/0: gives 800 of cash:CNY at a time, and /budgets/1/total is 700: it is never given; raise the budget or give less"#,
    ),
    (
        |d| d["budgets"][1]["per_day"] = json!(700),
        r#"above-budget /params/milestones/1/gifts/0: gives 800 of cash:CNY at a time, and /budgets/1/per_day is 700: it is never given; raise the budget or give less"#,
    ),
    (
        |d| d["budgets"][0]["unit"] = "coupon:welcom".into(),
        r#"no-budget /params/milestones/0/gifts/0: gives coupon:welcome, and no budget counts it: add one for coupon:welcome or coupon to /budgets"#,
    ),
    (
        |d| d["params"]["milestones"][1]["gifts"][0]["unit"] = "cash:USD".into(),
        r#"other-currency /params/milestones/1/gifts/0: gives cash:USD, and the campaign's money is CNY: give it in CNY, or change /currency from CNY to USD"#,
    ),
    (
        |d| d["params"]["milestones"][1]["gifts"][0]["unit"] = "points".into(),
        r#"class-left-out /params/milestones/1/gifts/0: gives points, and /unit_classes leaves points out: add it there, or leave the field out"#,
    ),
    (
        |d| d["params"]["milestones"][1]["gifts"][0] = json!({"unit": "rate-boost:deposit", "basis_points": 10}),
        r#"class-not-granted /params/milestones/1/gifts/0: gives rate-boost:deposit, and new-user-gift grants cash, points, growth, coupon, item, draw-chances, entitlement, credit-limit: give something of these"#,
    ),
    (
        |d| d["limits"][0]["count"] = json!(0),
        r#"nothing /limits/0/count: is 0: no coupon is ever given; set a number above 0, or give no coupon"#,
    ),
    (
        |d| d["budgets"][0]["total"] = json!(0),
        r#"nothing /budgets/0/total: is 0: no coupon is ever given; set a number above 0, or give no coupon"#,
    ),
    (
        |d| {
            d["budgets"].as_array_mut().expect("it is there").remove(1);
        },
        r#"not-ready /budgets: no budget for cash, which new-user-gift may grant"#,
    ),
    (
        |d| {
            d["limits"].as_array_mut().expect("it is there").remove(1);
        },
        r#"not-ready /limits: no limit for each customer on cash, which new-user-gift may grant"#,
    ),
    (
        |d| d["subscriptions"] = json!(["user-registered"]),
        r#"subscription-left-out /params/milestones/1/on: speaks of card-bound, and /subscriptions leaves it out: add it there, or leave the field out"#,
    ),
    (
        |d| d["budgets"].as_array_mut().expect("it is there").push(json!({"unit": "points", "total": 5})),
        r#"unused /budgets/2: nothing gives points: take the budget out, or name points in /params"#,
    ),
    (
        |d| d["windows"] = json!([{"dates": ["05-01"]}]),
        r#"never-opens /windows: none of them opens between /opens and /closes: nothing is ever given; change the windows or the times"#,
    ),
    (
        |d| {
            d["opens"] = "2026-01-01T00:00:00+08:00".into();
            d["closes"] = "2026-02-28T00:00:00Z".into();
        },
        r#"over /closes: is over since 2026-02-28T00:00:00Z: events from then on give nothing; set a later time"#,
    ),
];

#[tokio::test]
async fn each_mistake_is_told_with_its_place_and_what_is_allowed() {
    let host = Host::with_policies().await;
    assert_eq!(host.found_in(right()).await, [""; 0], "nothing is wrong with what is right");
    let mut wrong = Vec::new();
    for (number, (mistake, expected)) in MISTAKES.iter().enumerate() {
        let mut document = right();
        mistake(&mut document);
        let told = host.found_in(document).await;
        if told.first().map(String::as_str) != Some(*expected) {
            wrong.push(format!("{number}: {told:#?}\n   expected {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn an_attribute_that_nothing_sets_is_told_with_those_that_events_set() {
    let host = Host::with_policies().await;
    let mut document = right();
    document["audience"] = json!({"where": "attributes.verifed_at > 0"});
    let told = host.found_in(document).await;
    assert_eq!(told.len(), 1, "{told:?}");
    let starts = "unknown-attribute /audience: asks for the attribute verifed_at, which no event kind sets";
    assert!(told[0].starts_with(starts) && told[0].ends_with("did you mean verified_at?"), "{told:?}");
}

#[test]
fn the_page_names_every_code() {
    let page = include_str!("../../../docs/checks.md");
    let missing: Vec<&str> =
        Code::ALL.iter().map(|code| code.as_str()).filter(|code| !page.contains(&format!("`{code}`"))).collect();
    assert_eq!(missing, [""; 0]);
    let words: BTreeSet<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(words.len(), Code::ALL.len());
}

/// What parameters of other policies name is held against what there is.
#[tokio::test]
async fn names_in_parameters_are_held_against_what_there_is() {
    let host = Host::with_policies().await;
    let mall = json!({
        "policy": "points-mall", "currency": "CNY", "time_zone": "Asia/Shanghai", "opens": "2026-03-01T00:00:00+08:00",
        "unit_classes": ["item"], "subscriptions": ["redemption-requested"],
        "budgets": [{"unit": "item", "total": 10}], "limits": [{"unit": "item", "window": "campaign", "amount": 1}],
        "params": {
            "programme": "member",
            "items": [{"item": "mug", "gives": [{"unit": "item:mug", "quantity": 1}], "price": {"points": 5}, "tiers": {"gold": {"points": 3}}}],
        },
    });
    assert_eq!(
        host.found_in(mall).await,
        [
            "unknown-programme /params/programme: there is no programme member; there are: members; did you mean members?"
        ]
    );
    let draw = json!({
        "policy": "prize-draw", "currency": "CNY", "time_zone": "Asia/Shanghai", "opens": "2026-03-01T00:00:00+08:00",
        "subscriptions": ["draw-requested"], "budgets": [{"unit": "item:mug", "total": 10}],
        "limits": [{"unit": "item:mug", "window": "campaign", "amount": 1}],
        "params": {"prizes": [
            {"id": "mug", "weight": 1, "reward": {"unit": "item:mug", "quantity": 2}},
            {"id": "phone", "weight": 1, "reward": {"unit": "item:phone", "quantity": 1}},
        ]},
    });
    // The policy itself says what it offers: these keep the campaign from starting.
    assert_eq!(
        host.found_in(draw.clone()).await,
        [
            "above-limit /params: gives 2 of item:mug at a time, and /limits/0/amount allows 1 for each customer and campaign: it is never given; raise the limit or give less",
            "no-budget /params: gives item:phone, and no budget counts it: add one for item:phone or item to /budgets",
        ]
    );
    host.apply("draw", draw, Precondition::Absent).await;
    let started = host.service.command(campaign("draw"), Command::Start, Precondition::None).await;
    let Err(ChangeError::Control(ControlError::Problems(problems))) = started else { panic!("{started:?}") };
    assert_eq!(problems.len(), 2, "{problems:?}");
}

/// A frame that only repeats what the parameters say can be left out, and what is given beside it is refused.
#[tokio::test]
async fn what_a_campaign_leaves_out_is_derived() {
    let host = Host::with_policies().await;
    let mut document = right();
    let fields = document.as_object_mut().expect("an object");
    fields.remove("unit_classes");
    fields.remove("subscriptions");
    assert_eq!(host.found_in(document.clone()).await, [""; 0]);
    host.apply("short", document.clone(), Precondition::Absent).await;
    host.command("short", Command::Start).await;
    let registry = host.service.registry();
    let active = registry.campaign(&campaign("short")).expect("it is there");
    let looked = host.service.look_at(&active.campaign).await.expect("it is looked at");
    assert_eq!(looked.findings, []);
    let classes = looked.derived.unit_classes.expect("they are derived");
    assert_eq!(classes, ["cash", "coupon"]);
    assert!(looked.derived.subscriptions.expect("all of them").contains(&"loan-drawn".to_owned()));
    // A class that comes with changed parameters needs a budget then.
    document["params"]["milestones"][0]["gifts"][0] = json!({"unit": "points", "quantity": 5});
    let told = host.found_in(document).await;
    assert!(told[0].starts_with("not-ready /budgets: no budget for points"), "{told:?}");
}

/// What is found is found of a campaign that runs, too, when its time is over.
#[tokio::test]
async fn a_campaign_whose_time_is_over_says_so() {
    let host = Host::with_policies().await;
    host.apply("spring", right(), Precondition::Absent).await;
    host.command("spring", Command::Start).await;
    let codes = async |host: &Host| {
        let registry = host.service.registry();
        let active = registry.campaign(&campaign("spring")).expect("it is there");
        let looked = host.service.look_at(&active.campaign).await.expect("it is looked at");
        looked.findings.into_iter().map(|finding| finding.code).collect::<Vec<_>>()
    };
    assert_eq!(codes(&host).await, []);
    host.clock.set(at("2026-04-01T00:00:00+08:00"));
    assert_eq!(codes(&host).await, [Code::Over]);
}
