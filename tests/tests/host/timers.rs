//! Timers in the whole host: they go off once, in order, for their owner, and survive a stop.

use largesse_domain::id::DecisionId;
use largesse_domain::lifecycle::{Command, Lifecycle};
use largesse_domain::outcome::{Decision, Done, Outcome, Reason, Verdict};
use largesse_domain::owner::Owner;
use largesse_domain::time::Instant;
use largesse_domain::timer::{EVENT_KIND, EVENT_SOURCE};
use largesse_service::intake::{self, Backfill, Rejected};
use largesse_service::pipeline::{EventResult, Precondition};
use largesse_service::{ChangeError, Kind};
use largesse_store::DecisionFilter;
use serde_json::{Value, json};

use crate::fixture::{Host, at, campaign, event, points_campaign, wait_for};

const NINE: &str = "2026-03-01T09:00:00+08:00";

fn check_in(customer: &str, time: &str, told: Value) -> Value {
    event("day.checked-in", customer, time, told)
}

fn set(name: &str, after: u64) -> Value {
    json!({"set": [{"name": name, "after": after}]})
}

async fn prepare(host: &Host) {
    host.register_guest_kind().await;
    host.campaign("timed", "sets_timers", points_campaign(1_000_000)).await;
}

async fn in_memory() -> Host {
    let host = Host::in_memory();
    prepare(&host).await;
    host
}

/// Lets time pass until then.
async fn pass(host: &Host, until: &str) {
    host.clock.set(at(until));
    host.service.catch_up().await.expect("the host takes it");
}

/// The decisions on timers that went off, in order.
async fn fired(host: &Host) -> Vec<Decision> {
    let all = host.service.read(|store| store.decisions(&DecisionFilter::default(), DecisionId(0), usize::MAX));
    let decisions = all.await.expect("the store reads");
    decisions.into_iter().filter(|decision| decision.input.event.kind.as_str() == EVENT_KIND).collect()
}

/// The names of the timers that went off, in order.
async fn names(host: &Host) -> Vec<String> {
    let name = |decision: &Decision| {
        let data: Value = serde_json::from_str(decision.input.event.data.as_str()).expect("data are JSON");
        data["timer"].as_str().expect("a timer has a name").to_owned()
    };
    fired(host).await.iter().map(name).collect()
}

/// How many timers are set.
async fn left(host: &Host) -> usize {
    let campaigns = [campaign("timed")];
    let all = host.service.read(move |store| store.due_timers(&campaigns, Instant::MAX, usize::MAX));
    all.await.expect("the store reads").len()
}

fn outcomes(decision: &Decision) -> &[Outcome] {
    match &decision.verdict {
        Verdict::Accepted(outcomes) => outcomes,
        other => panic!("not accepted: {other:?}"),
    }
}

#[tokio::test]
async fn a_timer_goes_off_once_as_an_event_of_its_own() {
    let host = in_memory().await;
    let answer = host.send_one(check_in("u1", NINE, set("remind", 60))).await;
    let due = at("2026-03-01T09:01:00+08:00");
    let expected = Outcome::Applied(Done::Scheduled { name: "remind".parse().unwrap(), due });
    assert_eq!(outcomes(&answer.decisions[0])[1], expected);
    pass(&host, "2026-03-01T09:00:59.999+08:00").await;
    assert_eq!(names(&host).await, [""; 0]);
    pass(&host, "2026-03-01T09:05:00+08:00").await;
    pass(&host, "2026-03-02T09:05:00+08:00").await;
    let fired = fired(&host).await;
    let [decision] = &fired[..] else { panic!("{fired:?}") };
    let event = &decision.input.event;
    assert_eq!((event.key.source.as_str(), event.actor.as_str(), event.occurred), (EVENT_SOURCE, "u1", due));
    let follows = event.key.id.as_str().strip_prefix("remind:").unwrap();
    assert_eq!(follows.len(), 32, "it follows from what set the timer, not from a number");
    assert_eq!(decision.input.now.at, at("2026-03-01T09:05:00+08:00"), "it is admitted when it goes off");
    let data: Value = serde_json::from_str(event.data.as_str()).unwrap();
    let note = json!({"again": 0, "every": 0, "panic": false});
    assert_eq!(data, json!({"campaign": "timed", "timer": "remind", "data": note, "customer": "u1"}));
    assert_eq!(host.grants("u1").await.len(), 2);
    assert_eq!(left(&host).await, 0);
    host.service.stop().await;
}

#[tokio::test]
async fn it_goes_off_without_being_asked() {
    let host = in_memory().await;
    host.send_one(check_in("u1", NINE, set("remind", 60))).await;
    host.clock.set(at("2026-03-01T09:01:00+08:00"));
    wait_for(async || left(&host).await == 0).await;
    host.service.stop().await;
}

#[tokio::test]
async fn a_timer_is_replaced_and_cancelled_by_name() {
    let host = in_memory().await;
    host.send_one(check_in("u1", NINE, set("remind", 60))).await;
    host.send_one(check_in("u1", "2026-03-01T09:00:30+08:00", set("remind", 60))).await;
    pass(&host, "2026-03-01T09:01:29+08:00").await;
    assert_eq!((names(&host).await, left(&host).await), (vec![], 1), "it was put to a later time");
    let cancel = json!({"cancel": ["remind"]});
    let answer = host.send_one(check_in("u1", "2026-03-01T09:01:29+08:00", cancel.clone())).await;
    let expected = Outcome::Applied(Done::TimerCancelled { name: "remind".parse().unwrap() });
    assert_eq!(outcomes(&answer.decisions[0])[1], expected);
    let again = host.send_one(check_in("u1", "2026-03-01T09:01:29.500+08:00", cancel)).await;
    assert!(matches!(outcomes(&again.decisions[0])[1], Outcome::Skipped(_, Reason::NoSuchTimer)));
    pass(&host, "2026-03-02T09:00:00+08:00").await;
    assert_eq!((names(&host).await, left(&host).await), (vec![], 0));
    host.service.stop().await;
}

/// The events reach the decider after the timers are due and, but for a rare look in between, before it looks at the clock:
/// what they say is in memory only when it does. A timer that they dropped, or put to a later time, does not go off.
#[tokio::test]
async fn what_the_gathering_batch_says_of_a_timer_counts() {
    let host = in_memory().await;
    for customer in ["a", "b", "c"] {
        host.send_one(check_in(customer, NINE, set("remind", 60))).await;
    }
    let late = "2026-03-01T09:02:00+08:00";
    let told = vec![check_in("a", late, json!({"cancel": ["remind"]})), check_in("b", late, set("remind", 3_600))];
    let results = host.send(told).await;
    let [EventResult::Admitted(cancelled), EventResult::Admitted(replaced)] = &results[..] else {
        panic!("{results:?}")
    };
    let dropped = matches!(outcomes(&cancelled.decisions[0])[1], Outcome::Applied(Done::TimerCancelled { .. }));
    host.service.catch_up().await.expect("the host takes it");
    let before = |decision: &&Decision| decision.event < replaced.seq;
    let all = fired(&host).await;
    let of = |customer: &str| all.iter().filter(|one| one.input.event.actor.as_str() == customer).collect::<Vec<_>>();
    assert_eq!(of("a").len(), usize::from(!dropped), "dropped, or gone off");
    assert_eq!(of("b").len(), of("b").into_iter().filter(before).count(), "not after it was put to a later time");
    assert_eq!(of("c").len(), 1);
    pass(&host, "2026-03-01T10:02:00+08:00").await;
    assert_eq!((fired(&host).await.len(), left(&host).await), (all.len() + 1, 0));
    host.service.stop().await;
}

#[tokio::test]
async fn late_timers_go_off_in_order_after_a_stop_and_never_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let host = Host::on_disk(folder.path());
    prepare(&host).await;
    for (customer, name, after) in
        [("u1", "third", 300), ("u2", "first", 60), ("u3", "second", 120), ("u4", "far", 90_000)]
    {
        host.send_one(check_in(customer, NINE, set(name, after))).await;
    }
    host.service.stop().await;
    drop(host);
    for times in 1..=3 {
        let host = Host::on_disk(folder.path());
        pass(&host, "2026-03-01T12:00:00+08:00").await;
        assert_eq!(names(&host).await, ["first", "second", "third"], "start {times}");
        assert_eq!(left(&host).await, 1);
        host.service.stop().await;
    }
    let host = Host::on_disk(folder.path());
    pass(&host, "2026-03-03T12:00:00+08:00").await;
    assert_eq!(names(&host).await, ["first", "second", "third", "far"]);
    host.service.stop().await;
}

#[tokio::test]
async fn a_chain_of_timers_catches_up_link_by_link() {
    let host = in_memory().await;
    let told = json!({"set": [{"name": "daily", "after": 0, "note": {"again": 3, "every": 1}}]});
    host.send_one(check_in("u1", NINE, told)).await;
    for _ in 0..4 {
        pass(&host, "2026-03-02T00:00:00+08:00").await;
    }
    let times: Vec<_> = fired(&host).await.iter().map(|decision| decision.input.event.occurred).collect();
    let minutes = [0, 1, 2, 3].map(|minute| at(NINE).plus_millis(minute * 60_000).unwrap());
    assert_eq!(times, minutes, "a timer set because of a timer leaves a minute");
    assert_eq!(left(&host).await, 0);
    host.service.stop().await;
}

#[tokio::test]
async fn an_entitys_timer_is_told_for_the_entity() {
    let host = in_memory().await;
    let told = json!({"team": "reds", "set": [{"name": "score", "after": 60}]});
    host.send_one(check_in("u1", NINE, told)).await;
    host.send_one(check_in("u1", NINE.replace("09:", "08:").as_str(), set("score", 7_200))).await;
    pass(&host, "2026-03-01T09:30:00+08:00").await;
    let fired = fired(&host).await;
    let [decision] = &fired[..] else { panic!("{fired:?}") };
    assert_eq!(decision.input.owner, Owner::Entity("reds".parse().unwrap()));
    assert_eq!(decision.input.subscription.as_str(), "team-timers");
    assert_eq!(left(&host).await, 1, "the customer's timer of that name is another");
    host.service.stop().await;
}

#[tokio::test]
async fn only_the_campaign_that_set_it_is_told() {
    let host = in_memory().await;
    host.campaign("other", "sets_timers", points_campaign(1_000)).await;
    let mut document = points_campaign(1_000);
    document["opens"] = "2026-03-02T00:00:00+08:00".into();
    host.campaign("later", "sets_timers", document).await;
    let answer = host.send_one(check_in("u1", NINE, set("remind", 60))).await;
    assert_eq!(answer.decisions.len(), 2);
    pass(&host, "2026-03-03T09:00:00+08:00").await;
    let told: Vec<String> = fired(&host).await.iter().map(|decision| decision.campaign.to_string()).collect();
    assert_eq!(told, ["other", "timed"], "one event for each of the two that set one");
    host.service.stop().await;
}

#[tokio::test]
async fn timers_of_a_paused_campaign_wait_and_can_still_be_cancelled() {
    let host = in_memory().await;
    for customer in ["u1", "u2"] {
        host.send_one(check_in(customer, NINE, set("remind", 3_600))).await;
    }
    host.command("timed", Command::Pause).await;
    host.send_one(check_in("u1", "2026-03-01T09:30:00+08:00", json!({"cancel": ["remind"]}))).await;
    pass(&host, "2026-03-01T12:00:00+08:00").await;
    assert_eq!((names(&host).await, left(&host).await), (vec![], 2));
    host.command("timed", Command::Resume).await;
    wait_for(async || left(&host).await == 0).await;
    let fired = fired(&host).await;
    let actors: Vec<&str> = fired.iter().map(|decision| decision.input.event.actor.as_str()).collect();
    assert_eq!(actors, ["u2"], "what was put off by the pause is decided first");
    host.service.stop().await;
}

#[tokio::test]
async fn a_closing_campaign_is_told_and_one_that_is_over_is_not() {
    let host = Host::in_memory();
    host.register_guest_kind().await;
    let mut document = points_campaign(1_000);
    document["closes"] = "2026-03-02T00:00:00+08:00".into();
    document["closing_days"] = 2.into();
    host.campaign("timed", "sets_timers", document).await;
    host.send_one(check_in("u1", NINE, set("closing", 86_400))).await;
    host.send_one(check_in("u2", NINE, set("over", 5 * 86_400))).await;
    pass(&host, "2026-03-02T12:00:00+08:00").await;
    let fired_then = fired(&host).await;
    assert!(matches!(outcomes(&fired_then[0])[..], [Outcome::Skipped(_, Reason::CampaignEnded)]), "{fired_then:?}");
    pass(&host, "2026-03-04T12:00:00+08:00").await;
    assert_eq!(left(&host).await, 1);
    pass(&host, "2026-03-07T12:00:00+08:00").await;
    assert_eq!((names(&host).await, left(&host).await), (vec!["closing".to_owned()], 0));
    host.service.stop().await;
}

#[tokio::test]
async fn a_campaign_does_not_end_over_timers_that_were_due_by_its_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let host = Host::on_disk(folder.path());
    host.register_guest_kind().await;
    let mut document = points_campaign(1_000);
    document["closes"] = "2026-03-02T00:00:00+08:00".into();
    document["closing_days"] = 2.into();
    host.campaign("timed", "sets_timers", document).await;
    host.send_one(check_in("u1", NINE, set("in-time", 3_600))).await;
    host.send_one(check_in("u2", NINE, set("too-late", 4 * 86_400))).await;
    host.service.stop().await;
    drop(host);
    let host = Host::on_disk(folder.path());
    pass(&host, "2026-03-20T00:00:00+08:00").await;
    let lifecycle = || {
        let registry = host.service.registry();
        registry.campaign(&campaign("timed")).expect("it is there").campaign.lifecycle
    };
    wait_for(async || lifecycle() == Lifecycle::Ended).await;
    assert_eq!((names(&host).await, left(&host).await), (vec!["in-time".to_owned()], 0));
    host.service.stop().await;
}

#[tokio::test]
async fn a_fault_on_a_timer_is_put_off_like_any_other() {
    let host = Host::in_memory();
    host.register_guest_kind().await;
    let mut document = points_campaign(1_000);
    document["on_fault"] = "defer".into();
    host.campaign("timed", "sets_timers", document).await;
    let told = json!({"set": [{"name": "bad", "after": 60, "note": {"panic": true}}]});
    host.send_one(check_in("u1", NINE, told)).await;
    pass(&host, "2026-03-01T09:01:00+08:00").await;
    assert_eq!(left(&host).await, 0, "it has gone off");
    assert_eq!(fired(&host).await, [], "and is decided later");
    let deferred = host.service.read(|store| store.deferred_count(&campaign("timed"))).await.expect("the store reads");
    assert_eq!(deferred, 1);
    host.service.stop().await;
}

#[tokio::test]
async fn very_many_timers_go_off_each_once() {
    const MANY: usize = 1_300;
    let host = in_memory().await;
    let events = (0..MANY).map(|number| check_in(&format!("u{number}"), NINE, set("remind", 60)));
    host.send(events.collect()).await;
    assert_eq!(left(&host).await, MANY);
    host.clock.set(at("2026-03-01T10:00:00+08:00"));
    // Events keep coming meanwhile: a busy host does not starve its timers.
    for number in 0..20 {
        host.send_one(check_in("busy", &format!("2026-03-01T10:00:{number:02}+08:00"), json!({}))).await;
    }
    assert!(left(&host).await < MANY, "none went off while events came");
    while left(&host).await > 0 {
        host.service.catch_up().await.expect("the host takes it");
    }
    let fired = fired(&host).await;
    let mut actors: Vec<&str> = fired.iter().map(|decision| decision.input.event.actor.as_str()).collect();
    actors.sort_unstable();
    actors.dedup();
    assert_eq!((fired.len(), actors.len()), (MANY, MANY));
    host.service.stop().await;
}

#[tokio::test]
async fn nobody_else_tells_of_timers() {
    let host = in_memory().await;
    let kinds = &host.service.registry().kinds;
    let data = json!({"campaign": "timed", "timer": "t", "data": {}, "customer": "u1"});
    let forged = |source: &str, kind: &str| {
        let mut event = event(kind, "u1", NINE, data.clone());
        event["source"] = source.into();
        match intake::check(event, kinds, host.clock.now(), &Backfill::Allowed.into()) {
            Err(Rejected::Envelope(problems)) => {
                problems.into_iter().map(|problem| problem.pointer).collect::<Vec<_>>()
            }
            other => panic!("{:?}", other.err()),
        }
    };
    assert_eq!(forged("/elsewhere", EVENT_KIND), ["/type"]);
    assert_eq!(forged(EVENT_SOURCE, "day.checked-in"), ["/source"]);
    assert_eq!(forged(EVENT_SOURCE, EVENT_KIND), ["/source", "/type"]);
    let schema = largesse_domain::json::Json::empty_object();
    let changed = host.service.register(Kind { kind: EVENT_KIND.parse().unwrap(), schema }).await;
    assert!(matches!(changed, Err(ChangeError::Control(_))), "{changed:?}");
    host.service.stop().await;
}

#[tokio::test]
async fn a_campaign_that_would_not_be_told_is_not_taken() {
    let host = in_memory().await;
    let mut document = points_campaign(1_000);
    document["subscriptions"] = json!(["check-in"]);
    document["policy"] = host.service.registry().policies().next().expect("published").policy.digest.to_string().into();
    let document: largesse_documents::CampaignDocument = serde_json::from_value(document).expect("a campaign document");
    let spec = document.read().expect("a campaign");
    let refused = host.service.apply(campaign("deaf"), spec, Precondition::Absent).await.expect_err("it sets timers");
    assert!(format!("{refused:?}").contains("timer.fired"), "{refused:?}");
    host.service.stop().await;
}
