//! Places in programmes, weights in pools, other campaigns, counts.

use std::collections::BTreeMap;

use largesse_domain::effect::{Effect, Enrolment, Measurement, Placement, Proposal, ShareProposal, StateChange};
use largesse_domain::json::Json;
use largesse_domain::limits::MEASURES_MAX;
use largesse_domain::outcome::{Done, Outcome, Reason, Verdict};
use largesse_domain::pool::Pool;
use largesse_domain::programme::Programme;
use largesse_domain::time::When;
use largesse_domain::timer::TimerKey;
use largesse_domain::unit::Quantity;

use crate::calendar::noon;
use crate::script::Run;
use crate::store::{Setting, Store};

fn setting() -> Setting {
    let mut setting = Run::default().setting;
    setting.parties = vec!["u1".parse().unwrap()];
    let tiers = ["active", "dormant", "churned"].map(|tier| tier.parse().unwrap());
    let back = ("churned".parse().unwrap(), ["active".parse().unwrap()].into());
    let life = Programme {
        id: "life".parse().unwrap(),
        title: String::new(),
        tiers: tiers.to_vec(),
        moves: BTreeMap::from([back]),
    };
    setting.catalogue.programmes.insert(life.id.clone(), life);
    let settles = noon("2026-12-01").at;
    let total = Quantity::new(900).unwrap();
    setting.campaign.settings.pools =
        vec![Pool { id: "prize".parse().unwrap(), unit: "points".parse().unwrap(), total, settles }];
    setting
}

fn one(store: &mut Store, setting: &Setting, effect: Effect) -> Outcome {
    let proposal =
        Proposal { claims: Vec::new(), effects: vec![effect], state: StateChange::Keep, note: String::new() };
    match store.decide(setting, &proposal).unwrap() {
        Verdict::Accepted(mut outcomes) => outcomes.remove(0),
        other => panic!("{other:?}"),
    }
}

fn skipped(outcome: &Outcome) -> Option<Reason> {
    match outcome {
        Outcome::Skipped(_, reason) => Some(*reason),
        _ => None,
    }
}

fn place(programme: &str, tier: Option<&str>, until: Option<u64>) -> Effect {
    Effect::Place(Placement {
        to: "u1".parse().unwrap(),
        programme: programme.parse().unwrap(),
        tier: tier.map(|tier| tier.parse().unwrap()),
        until: until.map(When::AfterSeconds),
        reason: String::new(),
    })
}

#[test]
fn customers_move_as_the_programme_lets_them() {
    let (mut store, setting) = (Store::default(), setting());
    let mut moved = |programme, tier, until| skipped(&one(&mut store, &setting, place(programme, tier, until)));
    assert_eq!(moved("other", Some("active"), None), Some(Reason::NoSuchProgramme));
    assert_eq!(moved("life", Some("asleep"), None), Some(Reason::NoSuchTier));
    assert_eq!(moved("life", None, None), Some(Reason::AlreadyPlaced), "nobody is taken out of where they are not");
    assert_eq!(moved("life", Some("churned"), None), None);
    assert_eq!(moved("life", Some("churned"), None), Some(Reason::AlreadyPlaced));
    assert_eq!(moved("life", Some("dormant"), None), Some(Reason::MoveNotAllowed));
    assert_eq!(moved("life", Some("churned"), Some(60)), None, "the end changes");
    assert_eq!(moved("life", Some("active"), None), None);
    assert_eq!(moved("life", None, None), None);
    assert!(store.customers.values().all(|customer| customer.standings.is_empty()));
}

#[test]
fn a_move_tells_where_it_came_from_and_what_is_over_is_nowhere() {
    let (mut store, mut setting) = (Store::default(), setting());
    one(&mut store, &setting, place("life", Some("churned"), Some(60)));
    // A minute later the standing is over: into the programme any tier is a way.
    setting.occurred.at = setting.occurred.at.plus_millis(60_000).unwrap();
    let outcome = one(&mut store, &setting, place("life", Some("dormant"), None));
    let Outcome::Applied(Done::Placed { from, tier, .. }) = outcome else { panic!("{outcome:?}") };
    assert_eq!((from, tier.unwrap().as_str()), (None, "dormant"));
    let outcome = one(&mut store, &setting, place("life", Some("active"), None));
    let Outcome::Applied(Done::Placed { from, .. }) = outcome else { panic!("{outcome:?}") };
    assert_eq!(from.unwrap().as_str(), "dormant");
}

#[test]
fn weights_are_set_until_the_pool_is_settled() {
    let (mut store, mut setting) = (Store::default(), setting());
    let share = |pool: &str, weight| {
        Effect::Share(ShareProposal { pool: pool.parse().unwrap(), to: "u1".parse().unwrap(), weight })
    };
    assert_eq!(skipped(&one(&mut store, &setting, share("other", 1))), Some(Reason::NoSuchPool));
    assert_eq!(skipped(&one(&mut store, &setting, share("prize", 1))), None);
    assert_eq!(skipped(&one(&mut store, &setting, share("prize", 3))), None);
    assert_eq!(store.shares.values().map(|share| share.weight).collect::<Vec<_>>(), [3]);
    let campaign = setting.campaign.id.clone();
    let timer = &store.timers[&TimerKey::Pool { campaign, pool: "prize".parse().unwrap() }];
    assert_eq!(timer.due, setting.campaign.settings.pools[0].settles);
    setting.occurred = noon("2026-12-02");
    assert_eq!(skipped(&one(&mut store, &setting, share("prize", 5))), Some(Reason::PoolSettled));
}

#[test]
fn only_a_campaign_that_decides_takes_customers_on() {
    let (mut store, setting) = (Store::default(), setting());
    let enrol = |campaign: &str| {
        let (campaign, party) = (campaign.parse().unwrap(), "u1".parse().unwrap());
        Effect::Enrol(Enrolment { campaign, party, data: Json::empty_object() })
    };
    assert_eq!(skipped(&one(&mut store, &setting, enrol("nowhere"))), Some(Reason::NoSuchCampaign));
    assert_eq!(skipped(&one(&mut store, &setting, enrol("other"))), None);
}

#[test]
fn counts_add_up_and_are_bounded() {
    let (mut store, setting) = (Store::default(), setting());
    let count =
        |label: String, by: Quantity| Effect::Measure(Measurement { name: "visits".parse().unwrap(), label, by });
    let three = Quantity::new(3).unwrap();
    for label in 0..MEASURES_MAX {
        assert_eq!(skipped(&one(&mut store, &setting, count(label.to_string(), three))), None);
    }
    let more = one(&mut store, &setting, count("one-more".into(), three));
    assert_eq!(skipped(&more), Some(Reason::TooManyCounts));
    assert_eq!(skipped(&one(&mut store, &setting, count("7".into(), three))), None);
    let counts = &store.measures[&setting.campaign.id].0;
    assert_eq!(counts[&("visits".parse().unwrap(), "7".to_owned())].get(), 6);
    let most = one(&mut store, &setting, count("7".into(), Quantity::MAX));
    assert_eq!(skipped(&most), Some(Reason::TooManyCounts), "a count that leaves its range is not clamped");
}
