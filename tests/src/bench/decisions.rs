//! One decision: the policy as a native function against the same policy in a fresh sandbox.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;
use largesse_domain::decision::{CampaignView, Input, Output, Party};
use largesse_domain::event::{BodyHash, Event, EventKey};
use largesse_domain::id::CustomerId;
use largesse_domain::json::Json;
use largesse_domain::lifecycle::Phase;
use largesse_domain::owner::Owner;
use largesse_domain::time::{self, Moment};
use largesse_domain::unit::Currency;
use largesse_engine::Job;
use largesse_sdk::__private::exports::largesse::policy::policy::Guest;
use largesse_sdk::__private::{Adapter, largesse::policy::types as wit};
use largesse_service::zone::Zone;

use super::stats::{Times, median, rate};
use super::{component, workers};

type Native = fn(wit::Input) -> Result<wit::Decision, wit::Refusal>;

struct Subject {
    name: &'static str,
    native: Native,
    subscription: &'static str,
    kind: &'static str,
    roles: &'static [&'static str],
    data: &'static str,
    params: &'static str,
    state: Option<&'static str>,
}

const SUBJECTS: [Subject; 4] = [
    Subject {
        name: "check-in",
        native: Adapter::<check_in::CheckIn>::decide,
        subscription: "checked-in",
        kind: "checked_in",
        roles: &["customer"],
        data: "{}",
        params: r#"{"daily":{"on":["checked-in"],"rewards":[{"unit":"points","quantity":5}],"streaks":[{"days":7,"every":true,"rewards":[{"unit":"points","quantity":20}]}]}}"#,
        state: None,
    },
    Subject {
        name: "new-user-gift",
        native: Adapter::<new_user_gift::NewUserGift>::decide,
        subscription: "user-registered",
        kind: "user.registered",
        roles: &["customer"],
        data: r#"{"channel":"app"}"#,
        params: r#"{"milestones":[{"on":"user-registered","gifts":[{"unit":"coupon:interest-free-30d","quantity":1}]}]}"#,
        state: None,
    },
    Subject {
        name: "sign-up-rebate",
        native: Adapter::<sign_up_rebate::SignUpRebate>::decide,
        subscription: "order-paid",
        kind: "order.paid",
        roles: &["customer"],
        data: r#"{"order":"o1","amount":{"minor":12000,"currency":"CNY"}}"#,
        params: r#"{"rebates":[{"id":"orders","on":"order-paid","every":true,"unit":"cash:CNY","rate":{"basis_points":100,"at_most":500}}]}"#,
        state: None,
    },
    Subject {
        name: "invite-for-credit",
        native: Adapter::<invite_for_credit::InviteForCredit>::decide,
        subscription: "friend-user-realname-verified",
        kind: "user.realname_verified",
        roles: &["actor", "inviter-1"],
        data: r#"{"id_hash":"person-1"}"#,
        params: r#"{"success":"user-realname-verified","inviter":[{"unit":"cash:CNY","quantity":2000}]}"#,
        state: None,
    },
];

const AT: i64 = 1_772_326_800_000;

fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().expect("an identifier")
}

fn input(subject: &Subject) -> Input {
    let zone = Zone::new("Asia/Shanghai").expect("a zone");
    let moment: Moment = zone.moment(time::Instant::from_millis(AT).expect("a time"));
    let party = |(index, role): (usize, &&str)| Party {
        role: id(role),
        customer: id(&format!("u{index}")),
        attributes: Json::empty_object(),
        tags: Vec::new(),
        balances: Vec::new(),
        standings: Vec::new(),
        grants: Vec::new(),
    };
    let owner: CustomerId = id(&format!("u{}", subject.roles.len() - 1));
    Input {
        subscription: id(subject.subscription),
        event: Arc::new(Event {
            key: EventKey { source: id("/bench"), id: id("1") },
            kind: id(subject.kind),
            actor: id("u0"),
            occurred: moment.at,
            data: Json::from_checked(subject.data),
            body_hash: BodyHash([0; 32]),
        }),
        occurred: moment,
        owner: Owner::Party(owner),
        parties: subject.roles.iter().enumerate().map(party).collect(),
        campaign: CampaignView {
            id: id("bench"),
            revision: 1,
            currency: Currency::new("CNY").expect("a currency"),
            opens: time::Instant::from_millis(AT - 86_400_000).expect("a time"),
            closes: None,
            phase: Phase::Open,
            params: Json::from_checked(subject.params),
        },
        now: moment,
        seed: 7,
        state: subject.state.map(Json::from_checked),
    }
}

fn moment_of(moment: Moment) -> wit::Moment {
    let local = moment.local;
    let local = wit::LocalTime {
        day: local.day.0,
        year: local.year,
        month: local.month,
        day_of_month: local.day_of_month,
        weekday: local.weekday,
        iso_year: local.iso_year,
        iso_week: local.iso_week,
        second_of_day: local.second_of_day,
    };
    wit::Moment { at: moment.at.as_millis(), local }
}

/// The same input as the native function takes it.
fn native_input(input: &Input) -> wit::Input {
    let party = |party: &Party| wit::Party {
        role: party.role.to_string(),
        customer: party.customer.to_string(),
        attributes: party.attributes.to_string(),
        tags: Vec::new(),
        balances: Vec::new(),
        standings: Vec::new(),
        grants: Vec::new(),
    };
    wit::Input {
        subscription: input.subscription.to_string(),
        event: wit::Event {
            source: input.event.key.source.to_string(),
            id: input.event.key.id.to_string(),
            kind: input.event.kind.to_string(),
            occurred: moment_of(input.occurred),
            data: input.event.data.to_string(),
        },
        owner: wit::Owner { kind: wit::OwnerKind::Party, id: input.owner.id().to_owned() },
        parties: input.parties.iter().map(party).collect(),
        campaign: wit::Campaign {
            id: input.campaign.id.to_string(),
            revision: input.campaign.revision,
            currency: input.campaign.currency.to_string(),
            opens: input.campaign.opens.as_millis(),
            closes: None,
            phase: wit::Phase::Open,
            params: input.campaign.params.to_string(),
        },
        now: moment_of(input.now),
        seed: input.seed,
        state: input.state.as_ref().map(ToString::to_string),
    }
}

pub(super) fn run() -> Result<()> {
    println!(
        "One decision, in microseconds: the native function, and the component in a fresh sandbox for each decision"
    );
    println!(
        "{:<20} {:>13} {:>13} {:>13} {:>13} {:>9}",
        "policy", "native median", "p99", "fresh median", "p99", "fuel"
    );
    let one = workers(1)?;
    for subject in &SUBJECTS {
        let input = Arc::new(input(subject));
        let loaded = one.load(&component(&subject.name.replace('-', "_"))?)?;
        let job = Job { policy: loaded, input: Arc::clone(&input) };
        let evaluation = one.decide_all(vec![job.clone()]).remove(0);
        anyhow::ensure!(matches!(evaluation.output, Output::Proposal(_)), "{}: {:?}", subject.name, evaluation.output);
        let native = Times::of(20_000, || {
            black_box((subject.native)(native_input(&input)).is_ok());
        });
        let fresh = Times::of(20_000, || {
            black_box(one.decide_all(vec![job.clone()]));
        });
        println!(
            "{:<20} {:>13.2} {:>13.2} {:>13.1} {:>13.1} {:>9}",
            subject.name,
            native.micros(50),
            native.micros(99),
            fresh.micros(50),
            fresh.micros(99),
            evaluation.fuel
        );
    }
    workers_side_by_side()
}

/// How much two workers do more than one: medians of alternating rounds.
fn workers_side_by_side() -> Result<()> {
    let input = Arc::new(input(&SUBJECTS[0]));
    let (one, two) = (workers(1)?, workers(2)?);
    let bytes = component("check_in")?;
    let jobs = |policy| vec![Job { policy, input: Arc::clone(&input) }; 4_000];
    let (of_one, of_two) = (jobs(one.load(&bytes)?), jobs(two.load(&bytes)?));
    let (mut singly, mut together) = (Vec::new(), Vec::new());
    for _ in 0..15 {
        for (workers, jobs, rates) in [(&one, &of_one, &mut singly), (&two, &of_two, &mut together)] {
            let jobs = jobs.clone();
            let (count, start) = (jobs.len(), Instant::now());
            black_box(workers.decide_all(jobs));
            rates.push(rate(count, start.elapsed()));
        }
    }
    let (singly, together) = (median(singly), median(together));
    println!("\ncheck-in, one worker {singly:.0} decisions/s, two {together:.0}/s: x{:.2}\n", together / singly);
    Ok(())
}
