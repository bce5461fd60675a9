//! Plain things to store, and every question that a store answers.

use std::fmt::{Debug, Write};
use std::sync::Arc;

use largesse_domain::activation::Activations;
use largesse_domain::budget::Usage;
use largesse_domain::campaign::{Campaign, OnFault, Revision, Settings, UnknownClaim};
use largesse_domain::decision::{CampaignView, Evaluation, Input, Output, Refusal};
use largesse_domain::delivery::{DeliveryId, DeliveryState};
use largesse_domain::dimension::Dimension;
use largesse_domain::event::{Admission, BodyHash, Event, EventKey};
use largesse_domain::facts::Wanted;
use largesse_domain::grant::Grant;
use largesse_domain::id::{CampaignId, CustomerId, DecisionId, Digest, EventSeq};
use largesse_domain::json::Json;
use largesse_domain::key::{
    AboutKey, BindingKey, ClaimKey, GrantSlot, MessageSlot, PositionKey, StateKey, UsageKey, UsedBy,
};
use largesse_domain::lifecycle::{Lifecycle, Phase};
use largesse_domain::outcome::{Decision, Verdict};
use largesse_domain::owner::Owner;
use largesse_domain::policy::{Manifest, Policy};
use largesse_domain::protection::FaultThreshold;
use largesse_domain::referral::{Attribution, TouchRule};
use largesse_domain::segment::Audience;
use largesse_domain::time::{Day, Instant, Moment, Window, WindowIndex};
use largesse_domain::timer::TimerKey;
use largesse_domain::unit::{Quantity, Unit, UnitPattern};

use crate::{Batch, DecisionFilter, Deferred, DeferredKey, DeliveryFilter, Kind, Removal, Store};

/// An identifier that is known to be right.
pub fn id<T: std::str::FromStr<Err: Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

/// So many milliseconds after 1970.
pub fn at(millis: i64) -> Instant {
    Instant::from_millis(millis).unwrap()
}

/// So much.
pub fn quantity(value: u64) -> Quantity {
    Quantity::new(value).unwrap()
}

/// A local time in 1970.
pub fn moment(millis: i64) -> Moment {
    let day = i32::try_from(millis / 86_400_000).unwrap();
    let local = largesse_documents::time::local_time(Day(day), 60).unwrap();
    Moment { at: at(millis), local }
}

/// An event of customer `u1` (odd numbers) or `u2`.
pub fn event(number: u64) -> (Admission, Arc<Event>) {
    let admission = Admission { seq: EventSeq(number), at: at(1_000) };
    let event = Event {
        key: EventKey { source: id("shop"), id: id(&format!("order-{number}")) },
        kind: id("order.paid"),
        actor: id(if number % 2 == 1 { "u1" } else { "u2" }),
        occurred: at(500),
        data: Json::from_checked(format!("{{\"n\" : {number}}}")),
        body_hash: BodyHash([u8::try_from(number).unwrap(); 32]),
    };
    (admission, event.into())
}

/// Parameters of a revision.
pub fn params(campaign: &str, number: u32) -> Json {
    Json::from_checked(format!("{{\"of\" : \"{campaign} {number}\"}}"))
}

/// A running campaign with two revisions.
pub fn campaign(name: &str) -> Campaign {
    let settings = Settings {
        title: "Spring \"2026\"".into(),
        currency: id("CNY"),
        time_zone: "Asia/Shanghai".into(),
        opens: at(0),
        closes: None,
        closing_days: 30,
        audience: Audience::Everyone,
        subscriptions: None,
        unit_classes: None,
        attribution: Attribution {
            touch: TouchRule::First,
            window_days: 30,
            bind_on: vec![id("user.registered")],
            distance: None,
        },
        unknown_claim: UnknownClaim::Deny,
        on_fault: OnFault::Skip,
        fault_threshold: FaultThreshold::default(),
        follow: false,
        budgets: Vec::new(),
        limits: Vec::new(),
        pockets: vec![id("shared")],
        warn_at: vec![80],
        pools: Vec::new(),
        windows: Vec::new(),
        stacking: None,
        gate: None,
    };
    let revision =
        |number: u32| Revision { number, effective_from: at(i64::from(number)), params: params(name, number) };
    Campaign {
        id: id(name),
        version: 1,
        lifecycle: Lifecycle::Running,
        settings,
        revisions: vec![revision(1), revision(2)],
        activations: Activations::first(Digest::from_bytes([1; 32]), vec![1, 2], at(0)),
        rollout: None,
        rollouts: 0,
    }
}

/// A refusal by campaign `spring`.
pub fn decision(number: u64, (admission, event): &(Admission, Arc<Event>)) -> Decision {
    let refusal = Refusal { code: id("too-small"), message: "é \"small\"\n".into() };
    Decision {
        id: DecisionId(number),
        event: admission.seq,
        campaign: id("spring"),
        policy: Digest::from_bytes([1; 32]),
        wasi_profile: 1,
        input: Arc::new(Input {
            subscription: id("paid"),
            event: event.clone(),
            occurred: Moment { at: event.occurred, ..moment(0) },
            owner: Owner::Party(event.actor.clone()),
            parties: Vec::new(),
            campaign: CampaignView {
                id: id("spring"),
                revision: 1,
                currency: id("CNY"),
                opens: at(0),
                closes: None,
                phase: Phase::Open,
                params: params("spring", 1),
            },
            now: moment(1_000),
            seed: u64::MAX,
            state: Some(Json::from_checked(" {\"x\" : 1.0}")),
        }),
        state_read_as: None,
        evaluation: Evaluation { output: Output::Refusal(refusal), fuel: 12_345, log: String::new() },
        verdict: Verdict::Refused,
        made_at: at(1_000),
    }
}

/// A decision put off.
pub fn deferred(campaign: &str, event: u64, due: i64) -> Deferred {
    let key = DeferredKey { campaign: id(campaign), event: EventSeq(event), subscription: id("paid") };
    Deferred { key, attempts: 1, due: at(due), behind: None }
}

/// A removal of the records up to a decision, and of the data of events up to one.
pub fn removal(decision: u64, event: u64) -> Removal {
    Removal { decision: DecisionId(decision), event: EventSeq(event), at: at(5_000) }
}

/// An event kind.
pub fn kind(name: &str, schema: &str) -> Kind {
    Kind { kind: id(name), schema: Json::from_checked(schema) }
}

/// A policy.
pub fn policy(name: &str, version: &str, byte: u8) -> Arc<Policy> {
    let manifest = Manifest {
        name: id(name),
        version: id(version),
        summary: String::new(),
        params_schema: Json::from_checked(" true "),
        state_writes: 1,
        state_reads: vec![1],
        roles: Vec::new(),
        subscriptions: Vec::new(),
        effects: Vec::new(),
        unit_classes: Vec::new(),
        questions: Vec::new(),
    };
    let (digest, contract) = (Digest::from_bytes([byte; 32]), "0.1".into());
    let signed_by = byte.is_multiple_of(2).then(|| id("release"));
    Policy { digest, manifest, size_bytes: 3, contract, published_at: at(i64::from(byte)), signed_by }.into()
}

/// A grant of 100 points.
pub fn grant(to: &str, key: &str, issue: u32, decision: u64) -> Grant {
    Grant {
        slot: GrantSlot { campaign: id("spring"), to: id(to), key: id(key) },
        issue,
        decision: Some(DecisionId(decision)),
        about: Some(id("order-1")),
        unit: id("points"),
        quantity: quantity(100),
        reversed: Quantity::ZERO,
        owed: Quantity::ZERO,
        redeemed: Quantity::ZERO,
        paid: Quantity::ZERO,
        reserved: Quantity::ZERO,
        expired: Quantity::ZERO,
        key_freed: false,
        from_stock: false,
        granted_at: at(5),
        counted_on: moment(86_400_000).local,
        counted_for: Vec::new(),
        hold: None,
        expires: Some(at(9_000)),
        principal_cap: None,
        reason: "thanks".into(),
    }
}

/// A batch with a little of most things.
pub fn first_day() -> Batch {
    let events: Vec<_> = (1..=4).map(event).collect();
    let decisions = events.iter().zip(1..).map(|(event, number)| decision(number, event).into());
    Batch {
        decisions: decisions.collect(),
        rows: super::random::rows_of(1),
        deferred: vec![deferred("spring", 2, 100)],
        campaigns: vec![campaign("spring").into()],
        policies: vec![policy("gift", "1.0.0", 1)],
        kinds: vec![kind("order.paid", "{}")],
        events,
        ..Batch::default()
    }
}

/// The names that tests use, five of a kind.
fn names<T: std::str::FromStr<Err: Debug>>(stem: &str) -> Vec<T> {
    (0..5).map(|number| id(&format!("{stem}{number}"))).collect()
}

/// All campaigns that tests use.
pub fn campaigns() -> Vec<CampaignId> {
    names("c").into_iter().chain([id("spring"), id("autumn")]).collect()
}

/// Every key that tests use.
pub fn universe() -> Wanted {
    let mut wanted = Wanted::default();
    let customers = names::<CustomerId>("u");
    wanted.customers.extend(customers.clone());
    wanted.contacts.extend(customers.clone());
    wanted.wallets.extend(customers.clone());
    for campaign in campaigns() {
        for customer in &customers {
            let owners = [Owner::Party(customer.clone()), Owner::Entity(id(customer.as_str()))];
            for owner in owners {
                let of = StateKey { campaign: campaign.clone(), owner: owner.clone() };
                wanted.states.insert(of.clone());
                wanted.timer_names.insert(of);
                let timer = |name| TimerKey::Policy { campaign: campaign.clone(), owner: owner.clone(), name };
                wanted.timers.extend([id("t0"), id("t1")].map(timer));
            }
            wanted.bindings.insert(BindingKey { campaign: campaign.clone(), invitee: customer.clone() });
            for key in ["k0", "k1", "k2"] {
                let (campaign, to) = (campaign.clone(), customer.clone());
                wanted.grants.insert(GrantSlot { campaign: campaign.clone(), to: to.clone(), key: id(key) });
                wanted.messages.insert(MessageSlot { campaign, to, key: id(key) });
            }
        }
        for about in names("a") {
            wanted.abouts.insert(AboutKey { campaign: campaign.clone(), about });
        }
        for by in largesse_domain::dimension::Dimension::ALL {
            let values = ["v0".to_owned(), "v1".to_owned()];
            let key = |value| ClaimKey { campaign: campaign.clone(), scope: id("s0"), by, value };
            wanted.claims.extend(values.map(key));
        }
        let customers = customers.iter().cloned().map(|customer| UsedBy::Customer(campaign.clone(), customer));
        let device = UsedBy::Identifier(campaign.clone(), Dimension::Device, id("d0"));
        for by in customers.chain([UsedBy::Campaign(campaign.clone()), device]) {
            wanted.usage.extend(usage_keys(&by));
        }
        for unit in ["points", "coupon:a"] {
            wanted.positions.insert(PositionKey { campaign: campaign.clone(), unit: id(unit) });
        }
    }
    wanted.usage.extend(usage_keys(&UsedBy::Pocket(id("shared"))));
    wanted.stocks.extend([id("item:phone"), id("coupon:a")]);
    wanted.redemptions.extend(names("r"));
    wanted
}

fn usage_keys(by: &UsedBy) -> impl Iterator<Item = UsageKey> {
    let patterns: [UnitPattern; 3] = [id("points"), id("coupon"), UnitPattern::Unit(Unit::new("coupon:a").unwrap())];
    let windows = [(Window::Campaign, 0), (Window::Day, -1), (Window::Week, 202_653), (Window::Month, 202_612)];
    let by = by.clone();
    patterns.into_iter().flat_map(move |of| {
        let by = by.clone();
        windows.map(move |(window, index)| UsageKey {
            by: by.clone(),
            of: of.clone(),
            window: WindowIndex { window, index },
        })
    })
}

/// A use of so much in one grant.
pub fn used(amount: u64) -> Usage {
    Usage { amount: quantity(amount), count: 1 }
}

/// What the store answers to every question about the universe: one line each.
pub fn answers(store: &dyn Store, universe: &Wanted) -> String {
    let mut text = String::new();
    let mut line = |question: &str, answer: &dyn Debug| writeln!(text, "{question}: {answer:?}").unwrap();
    line("rows", &store.load(universe).unwrap());
    line("counters", &store.counters().unwrap());
    line("head", &store.chain_head().unwrap());
    line("room", &store.room().unwrap());
    line("oldest", &store.oldest_records(9).unwrap());
    line("chain", &store.verify_chain(None, &|_| {}).unwrap());
    line("campaigns", &store.campaigns().unwrap());
    line("policies", &store.policies().unwrap());
    line("kinds", &store.kinds().unwrap());
    let seqs: Vec<_> = (0..40).map(EventSeq).collect();
    let events = store.events(&seqs).unwrap();
    let keys: Vec<_> = events.iter().flatten().map(|(_, event)| event.key.clone()).collect();
    line("seen", &store.seen(&keys).unwrap());
    line("events", &events);
    for number in 0..40 {
        line("on", &store.decisions_on(EventSeq(number)).unwrap());
        line("remains on", &store.remains_on(EventSeq(number)).unwrap());
        line("decision", &store.decision(DecisionId(number)).unwrap());
    }
    let all = campaigns();
    for (now, limit) in [(0, 9), (2, 9), (100, 2), (100, 9)] {
        line("due", &store.due(&all, at(now), limit).unwrap());
        line("due of some", &store.due(&all[1..3], at(now), limit).unwrap());
        line("timers", &store.due_timers(&all, at(now), limit).unwrap());
        line("timers of some", &store.due_timers(&all[1..3], at(now), limit).unwrap());
    }
    let single = universe.customers.iter().map(|customer| vec![customer.clone()]);
    let actors: Vec<_> = single.chain([Vec::new(), universe.customers.iter().cloned().collect()]).collect();
    for campaign in all.iter().cloned().map(Some).chain([None]) {
        for actor in &actors {
            let filter = DecisionFilter { campaign: campaign.clone(), actors: actor.clone() };
            line("list", &store.decisions(&filter, DecisionId(0), 99).unwrap());
            line("page", &store.decisions(&filter, DecisionId(3), 2).unwrap());
            line("remains", &store.remains(&filter, DecisionId(1), 3).unwrap());
            line("removed", &store.removed_count(&filter, DecisionId(1), DecisionId(9)).unwrap());
        }
    }
    line("destinations", &store.destinations().unwrap());
    for now in [0, 2, 100] {
        line("deliveries due", &["bank", "shop"].map(|name| store.deliveries_due(&id(name), at(now), 3).unwrap()));
    }
    let states = DeliveryState::ALL.map(Some).into_iter().chain([None]);
    for filter in states.map(|state| DeliveryFilter { state, destination: None }) {
        line("deliveries", &store.deliveries(&filter, DeliveryId(0), 99).unwrap());
    }
    line("stops", &store.stops().unwrap());
    line("migrations", &store.migrations().unwrap());
    for campaign in &all {
        line("activations", &store.activations(campaign, u32::MAX, 99).unwrap());
        line("tallies", &store.tallies(campaign, 1).unwrap());
        line("differences", &store.differences(campaign, 1, DecisionId(0), 99).unwrap());
        line("stuck", &store.stuck_states(campaign, &Digest::from_bytes([1; 32]), None, 99).unwrap());
        line("state versions", &store.state_versions(campaign).unwrap());
        line("other states", &store.states_other_than(campaign, 1, None, 99).unwrap());
        line("deferred", &store.deferred_count(campaign).unwrap());
        line("queues", &store.queues().unwrap());
        line("queued", &store.queued(std::slice::from_ref(campaign), 99).unwrap());
        line("budgets", &store.budget_usage(campaign).unwrap());
        line("verdicts", &store.verdict_counts(campaign).unwrap());
    }
    for customer in &universe.customers {
        line("customer", &store.customer(customer).unwrap());
        line("grants", &store.grants_to(customer).unwrap());
        line("inviters", &store.inviters_of(customer).unwrap());
    }
    text
}
