//! Versions that follow one another on a campaign: activation, states, rollouts, protection.

use std::sync::Arc;
use std::time::Duration;

use largesse_documents::rollout::VersionSpec;
use largesse_documents::{DestinationDocument, PolicyRef};
use largesse_domain::activation::ActivationCause;
use largesse_domain::campaign::Campaign;
use largesse_domain::decision::Output;
use largesse_domain::delivery::DeliveryId;
use largesse_domain::destination::Secret;
use largesse_domain::id::Digest;
use largesse_domain::json::Json;
use largesse_domain::lifecycle::{Command, Lifecycle};
use largesse_domain::outcome::Decision;
use largesse_domain::rollout::{RolloutMode, Side, Tally};
use largesse_service::ChangeError;
use largesse_service::commands::{AllowPolicy, MigrateStates, SetDestination, StopPolicy, StopRollout};
use largesse_service::commands::{Ordered, VersionOrder};
use largesse_service::pipeline::{Answer, ControlError, EventResult, Precondition, WhyPutOff};
use largesse_store::{DeliveryFilter, Store};
use serde_json::{Value, json};

use crate::fixture::{Host, at, campaign, component, event, points_campaign, wait_for};

const ID: &str = "counted";

/// A host with versions 1 to 4 of `counts`, of which version 1 decides.
struct Versions {
    host: Host,
    digests: [Digest; 4],
}

impl Versions {
    async fn start(host: Host, settings: Value) -> Self {
        host.register_guest_kind().await;
        let mut digests = Vec::new();
        for name in ["counts_as_1", "counts_as_2", "counts_as_3", "counts_as_4"] {
            digests.push(host.service.publish(component(name), None).await.expect("it is published").0.digest);
        }
        let mut document = points_campaign(1_000_000);
        document["params"] = json!({"points": 1});
        for (name, value) in settings.as_object().into_iter().flatten() {
            document[name] = value.clone();
        }
        host.campaign(ID, "counts_as_1", document).await;
        Self { host, digests: digests.try_into().expect("four") }
    }

    async fn in_memory() -> Self {
        Self::start(Host::in_memory(), json!({})).await
    }

    fn campaign(&self) -> Arc<Campaign> {
        Arc::clone(&self.host.service.registry().campaign(&campaign(ID)).expect("there is one").campaign)
    }

    fn number(&self, digest: Digest) -> usize {
        1 + self.digests.iter().position(|known| *known == digest).expect("one of the four")
    }

    fn active(&self) -> usize {
        self.number(self.campaign().activations.active.policy)
    }

    fn spec(&self, version: usize) -> VersionSpec {
        VersionSpec {
            policy: PolicyRef::ByDigest(self.digests[version - 1]),
            params: None,
            effective_from: None,
            accept_stuck_states: false,
        }
    }

    async fn order(&self, order: VersionOrder) -> Result<Ordered, ControlError> {
        match self.host.service.order(&campaign(ID), order, Precondition::None, false).await {
            Ok(ordered) => Ok(ordered),
            Err(ChangeError::Control(error)) => Err(error),
            Err(other) => panic!("{other:?}"),
        }
    }

    async fn activate(&self, version: usize) -> Result<Ordered, ControlError> {
        self.order(VersionOrder::Activate(self.spec(version), ActivationCause::Chosen)).await
    }

    async fn try_as(&self, version: usize, mode: RolloutMode) -> Result<Ordered, ControlError> {
        self.order(VersionOrder::Try(self.spec(version), mode)).await
    }

    async fn roll_back(&self) -> Result<Ordered, ControlError> {
        self.order(VersionOrder::RollBack { accept_stuck_states: false }).await
    }

    /// A check-in of a customer in a minute of its own.
    async fn check_in(&self, customer: &str, minute: u32, data: Value) -> Answer {
        self.host.send_one(at_minute(customer, minute, data)).await
    }

    /// Which version decided, and what it counted.
    async fn counted(&self, customer: &str, minute: u32) -> (usize, String) {
        let answer = self.check_in(customer, minute, json!({})).await;
        self.told(&answer.decisions[0])
    }

    fn told(&self, decision: &Decision) -> (usize, String) {
        let version = self.number(decision.policy);
        let Output::Proposal(proposal) = &decision.evaluation.output else {
            panic!("{:?}", decision.evaluation.output)
        };
        assert!(proposal.note.starts_with(&format!("version {version}, ")), "{} by {version}", proposal.note);
        let largesse_domain::effect::Effect::Grant(grant) = &proposal.effects[0] else { panic!("a grant") };
        (version, grant.key.to_string())
    }

    async fn tally(&self, side: Side) -> Tally {
        let rollout = self.campaign().rollouts;
        let read = move |store: &dyn Store| store.tallies(&campaign(ID), rollout);
        let tallies = self.host.service.read(read).await.expect("the store reads");
        tallies.iter().find(|(of, _)| *of == side).map_or_else(Tally::default, |(_, tally)| *tally)
    }
}

fn at_minute(customer: &str, minute: u32, data: Value) -> Value {
    let time = format!("2026-03-02T{:02}:{:02}:00Z", minute / 60, minute % 60);
    event("day.checked-in", customer, &time, data)
}

fn key(number: usize) -> String {
    format!("n/{number}")
}

#[tokio::test]
async fn another_version_decides_from_one_batch_to_the_next() {
    let versions = Versions::in_memory().await;
    assert_eq!(versions.counted("u1", 0).await, (1, key(1)));
    let done = versions.activate(2).await.expect("it fits");
    assert_eq!((done.plan.takes, done.plan.states.tried, done.plan.states.stuck), (vec![1], 1, 0));
    assert_eq!(versions.counted("u1", 1).await, (2, key(2)), "the state is carried over when it is first read");
    assert_eq!(versions.counted("u2", 2).await, (2, key(1)));
    // An event from before the activation that comes late is decided by the version that is active.
    assert_eq!(versions.counted("u3", 0).await, (2, key(1)));
    versions.roll_back().await.expect("version 1 reads what version 2 wrote");
    assert_eq!(versions.counted("u1", 3).await, (1, key(3)));
    assert_eq!(
        versions.roll_back().await.expect_err("what was left is not gone back to"),
        ControlError::NothingEarlier
    );
    let history = versions.host.service.read(|store| store.activations(&campaign(ID), u32::MAX, 9)).await;
    let history = history.expect("the store reads");
    let history: Vec<_> =
        history.iter().map(|one| (one.number, versions.number(one.policy), one.cause.as_str())).collect();
    assert_eq!(history, [(3, 1, "rolled-back"), (2, 2, "chosen"), (1, 1, "created")]);
}

#[tokio::test]
async fn what_is_active_survives_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let versions = Versions::start(Host::on_disk(folder.path()), json!({})).await;
    versions.counted("u1", 0).await;
    versions.activate(2).await.expect("it fits");
    versions.try_as(3, RolloutMode::Shadow).await.expect("it can be tried");
    versions.counted("u1", 1).await;
    versions.host.service.stop().await;
    let (before, Versions { host, digests }) = (versions.campaign(), versions);
    drop(host);
    let again = Versions { host: Host::on_disk_at(folder.path(), "2026-03-02T01:00:00Z"), digests };
    assert_eq!(again.campaign(), before);
    assert_eq!(again.counted("u1", 2).await, (2, key(3)));
    assert_eq!(again.tally(Side::Candidate).await.decisions, 2, "counting goes on");
}

#[tokio::test]
async fn states_of_three_versions_come_to_the_same() {
    let versions = Versions::in_memory().await;
    for customer in ["u1", "u2"] {
        versions.counted(customer, 0).await;
        versions.counted(customer, 1).await;
    }
    versions.activate(2).await.expect("it fits");
    assert_eq!(versions.counted("u1", 2).await, (2, key(3)));
    versions.activate(3).await.expect("it fits");
    assert_eq!(versions.counted("u1", 3).await, (3, key(4)), "by way of version 2");
    assert_eq!(versions.counted("u2", 2).await, (3, key(3)), "directly");
    let states = versions.host.service.read(|store| store.states_other_than(&campaign(ID), 9, None, 9)).await;
    let states: Vec<_> = states.expect("the store reads").into_iter().map(|(_, state)| state).collect();
    assert!(states.iter().all(|state| state.written_as == 3), "{states:?}");
    assert_eq!([states[0].value.as_str(), states[1].value.as_str()], [r#"{"total":4}"#, r#"{"total":3}"#]);
}

#[tokio::test]
async fn a_state_that_cannot_be_migrated_is_refused_listed_and_kept() {
    let versions = Versions::in_memory().await;
    versions.check_in("unlucky", 0, json!({"unlucky": true})).await;
    versions.counted("u1", 0).await;
    let Err(ControlError::StuckStates(report)) = versions.activate(2).await else { panic!("it is told") };
    assert_eq!((report.tried, report.stuck, report.examples[0].owner.id.as_str()), (2, 1, "unlucky"));
    assert_eq!(versions.active(), 1);
    let accepting = VersionSpec { accept_stuck_states: true, ..versions.spec(2) };
    versions.order(VersionOrder::Activate(accepting, ActivationCause::Chosen)).await.expect("as accepted");
    let answer = versions.check_in("unlucky", 20, json!({})).await;
    let Output::Refusal(refusal) = &answer.decisions[0].evaluation.output else { panic!("it is refused") };
    assert_eq!(refusal.code.as_str(), "state-not-migrated");
    assert_eq!(versions.counted("u1", 1).await, (2, key(2)), "the customer beside it is not affected");
    let digest = versions.digests[1];
    let stuck = versions.host.service.read(move |store| store.stuck_states(&campaign(ID), &digest, None, 9)).await;
    let stuck = stuck.expect("the store reads");
    assert_eq!((stuck.len(), stuck[0].0.owner.id(), stuck[0].1.written_as), (1, "unlucky", 1));
    versions.activate(3).await.expect("version 3 carries every count over");
    assert_eq!(versions.counted("unlucky", 21).await, (3, key(2)), "nothing was dropped");
}

#[tokio::test]
async fn all_states_are_migrated_ahead_while_events_go_on() {
    let versions = Versions::in_memory().await;
    let first = (0..700).map(|number| at_minute(&format!("u{number:03}"), 0, json!({}))).collect();
    versions.host.send(first).await;
    versions.check_in("unlucky", 0, json!({"unlucky": true})).await;
    let accepting = VersionSpec { accept_stuck_states: true, ..versions.spec(2) };
    versions.order(VersionOrder::Activate(accepting, ActivationCause::Chosen)).await.expect("as accepted");
    let begun = versions.host.service.run(MigrateStates(campaign(ID))).await.expect("it begins");
    assert_eq!((begun.states, begun.migrated), (701, 0));
    assert_eq!(versions.counted("u699", 1).await, (2, key(2)));
    let last =
        || async { versions.host.service.read(|store| store.migrations()).await.expect("the store reads").remove(0) };
    wait_for(async || last().await.ended.is_some()).await;
    let done = last().await;
    assert_eq!(done.failed, 1);
    assert!((699..=700).contains(&done.migrated), "one was written by its decision, or before it: {}", done.migrated);
    let left = versions.host.service.read(|store| store.state_versions(&campaign(ID))).await;
    assert_eq!(left.expect("the store reads"), [(1, 1), (2, 700)]);
}

#[tokio::test]
async fn parameters_are_checked_by_the_version_that_comes() {
    let versions = Versions::in_memory().await;
    let with = |params: &str, version| VersionSpec {
        params: Some(Json::from_checked(params.to_owned())),
        ..versions.spec(version)
    };
    let wrong = versions.order(VersionOrder::Activate(with(r#"{"pints":3}"#, 2), ActivationCause::Chosen)).await;
    assert!(
        matches!(&wrong, Err(ControlError::Problems(problems)) if problems[0].pointer == "/params/pints"),
        "{wrong:?}"
    );
    versions.host.clock.set(at("2026-03-02T00:30:00Z"));
    let done = versions.order(VersionOrder::Activate(with(r#"{"points":3}"#, 2), ActivationCause::Chosen)).await;
    assert_eq!(done.expect("it fits").campaign.activations.active.revisions, [1, 2]);
    for (minute, points) in [(31, 3), (29, 1)] {
        let customer = format!("at-{minute}");
        assert_eq!(versions.counted(&customer, minute).await.0, 2);
        assert_eq!(versions.host.grants(&customer).await[0].2, points, "parameters go by the event's own time");
    }
}

#[tokio::test]
async fn a_canary_keeps_its_owners() {
    let versions = Versions::in_memory().await;
    let canary = |percent| RolloutMode::Canary { percent };
    let send = async |minute| {
        let events = (0..300).map(|number| at_minute(&format!("u{number}"), minute, json!({}))).collect();
        let results = versions.host.send(events).await;
        let version = |result: &EventResult| {
            let EventResult::Admitted(answer) = result else { panic!("{result:?}") };
            assert_eq!(answer.decisions.len(), 1, "one version decides");
            versions.told(&answer.decisions[0]).0
        };
        results.iter().map(version).collect::<Vec<_>>()
    };
    versions.try_as(2, canary(20)).await.expect("each reads what the other writes");
    let first = send(0).await;
    let tried = first.iter().filter(|version| **version == 2).count();
    assert!((30..=90).contains(&tried), "{tried} of 300");
    assert_eq!(send(1).await, first, "the same owners");
    versions.try_as(2, canary(60)).await.expect("more of them");
    let more = send(2).await;
    assert!(first.iter().zip(&more).all(|(before, now)| *before == 1 || *now == 2), "nobody goes back");
    assert!(more.iter().filter(|version| **version == 2).count() > tried);
    let (active, candidate) = (versions.tally(Side::Active).await, versions.tally(Side::Candidate).await);
    assert_eq!(active.decisions + candidate.decisions, 900);
    assert_eq!((active.accepted, candidate.accepted), (active.decisions, candidate.decisions));
    versions.order(VersionOrder::Promote { accept_stuck_states: false }).await.expect("it is promoted");
    assert!(send(3).await.iter().all(|version| *version == 2), "and every state went with its owner");
    assert!(versions.campaign().rollout.is_none());
    assert_eq!(
        versions.order(VersionOrder::Promote { accept_stuck_states: false }).await.unwrap_err(),
        ControlError::NoRollout
    );
}

#[tokio::test]
async fn versions_that_do_not_read_each_other_are_not_mixed() {
    let versions = Versions::in_memory().await;
    let Err(ControlError::Problems(problems)) = versions.try_as(3, RolloutMode::Canary { percent: 5 }).await else {
        panic!("version 1 does not read what version 3 writes")
    };
    assert!(problems[0].message.contains("version 1.0.0 does not read the states that version 3.0.0 writes"));
    versions.try_as(3, RolloutMode::Shadow).await.expect("a shadow writes nothing");
    versions
        .host
        .service
        .run(StopRollout { id: campaign(ID), precondition: Precondition::None })
        .await
        .expect("it stops");
    assert!(versions.try_as(4, RolloutMode::Shadow).await.is_err(), "version 4 reads nothing of the others");
}

#[tokio::test]
async fn a_shadow_is_run_and_changes_nothing() {
    let versions = Versions::in_memory().await;
    versions.counted("u1", 0).await;
    let params = Some(Json::from_checked(r#"{"points":2}"#.to_owned()));
    let spec = VersionSpec { params, ..versions.spec(2) };
    versions.host.clock.set(at("2026-03-02T00:01:00Z"));
    versions.order(VersionOrder::Try(spec, RolloutMode::Shadow)).await.expect("it can be tried");
    for minute in 2..5 {
        assert_eq!(versions.counted("u1", minute).await.0, 1);
    }
    versions.check_in("u1", 5, json!({"fault": 2})).await;
    assert!(versions.host.grants("u1").await.iter().all(|(_, _, points)| *points == 1), "nothing of the candidate's");
    let (active, candidate) = (versions.tally(Side::Active).await, versions.tally(Side::Candidate).await);
    assert_eq!((active.decisions, active.accepted), (4, 4));
    assert_eq!((candidate.decisions, candidate.differing, candidate.faulted), (4, 4, 1));
    let read = |store: &dyn Store| store.differences(&campaign(ID), 1, largesse_domain::id::DecisionId(0), 9);
    let differences = versions.host.service.read(read).await.expect("the store reads");
    assert_eq!(differences.len(), 4);
    assert!(matches!(differences[0].candidate.output, Output::Proposal(_)));
    assert!(matches!(differences[3].candidate.output, Output::Fault(_)));
    versions
        .host
        .service
        .run(StopRollout { id: campaign(ID), precondition: Precondition::None })
        .await
        .expect("it stops");
    versions.try_as(2, RolloutMode::Shadow).await.expect("with the same parameters");
    versions.counted("u2", 6).await;
    assert_eq!(
        versions.tally(Side::Candidate).await,
        Tally { decisions: 1, accepted: 1, fuel: versions.tally(Side::Candidate).await.fuel, ..Tally::default() }
    );
}

#[tokio::test]
async fn a_version_that_faults_too_often_is_taken_out() {
    let settings = json!({"fault_threshold": {"percent": 2, "window": 100}});
    let versions = Versions::start(Host::in_memory(), settings).await;
    versions.counted("u1", 0).await;
    versions.activate(2).await.expect("it fits");
    versions.check_in("u2", 1, json!({"fault": 2})).await;
    assert_eq!(versions.active(), 2, "one in a hundred is borne");
    let answer = versions.check_in("u2", 2, json!({"fault": 2})).await;
    assert!(matches!(answer.decisions[0].evaluation.output, Output::Fault(_)));
    assert_eq!((versions.active(), versions.campaign().lifecycle), (1, Lifecycle::Running));
    assert_eq!(versions.campaign().activations.active.cause, ActivationCause::Protected);
    assert_eq!(versions.counted("u1", 3).await, (1, key(2)));
    versions.check_in("u2", 4, json!({"fault": 1})).await;
    versions.check_in("u2", 5, json!({"spin": 1})).await;
    assert_eq!(versions.campaign().lifecycle, Lifecycle::Paused, "there is nothing else to go back to");
    let kept = versions.check_in("u1", 6, json!({})).await;
    assert_eq!((kept.decisions.len(), kept.put_off[0].why), (0, WhyPutOff::Paused));
    versions.activate(3).await.expect("it fits");
    versions.host.command(ID, Command::Resume).await;
    wait_for(async || versions.host.grants("u1").await.len() == 3).await;
    assert_eq!(versions.counted("u1", 7).await, (3, key(4)), "what was kept is decided first");
}

#[tokio::test]
async fn what_the_host_does_about_a_bad_version_is_told() {
    let settings = json!({"fault_threshold": {"percent": 10, "window": 10}});
    let versions = Versions::start(Host::in_memory(), settings).await;
    let document = json!({"url": "https://example.org/hook", "topics": ["version.withdrawn"]});
    let document: DestinationDocument = serde_json::from_value(document).expect("a destination's document");
    let (spec, secret) = (document.read().expect("a destination"), Secret::new(&[1; 32]).expect("32 bytes"));
    let operators = "operators".parse().expect("a destination's id");
    versions.host.service.run(SetDestination { id: operators, spec, fresh: secret }).await.expect("it is registered");
    versions.activate(2).await.expect("it fits");
    versions.check_in("u1", 0, json!({"fault": 2})).await;
    let read = |store: &dyn Store| store.deliveries(&DeliveryFilter::default(), DeliveryId(0), 9);
    let told = versions.host.service.read(read).await.expect("the store reads");
    let [told] = &told[..] else { panic!("{told:?}") };
    let body: Value = serde_json::from_str(told.body.as_str()).expect("JSON");
    assert_eq!((&body["type"], &body["data"]["done"]), (&json!("version.withdrawn"), &json!("rolled-back")));
    assert_eq!(body["data"]["policy"], versions.digests[1].to_string());
    assert_eq!(body["data"]["active"], versions.digests[0].to_string());
    assert_eq!((&body["data"]["campaign"], told.customer.as_ref()), (&json!(ID), None));
}

#[tokio::test]
async fn what_is_put_off_for_faults_is_decided_by_the_good_version() {
    let settings = json!({"on_fault": "defer", "fault_threshold": {"percent": 20, "window": 10}});
    let versions = Versions::start(Host::in_memory(), settings).await;
    versions.activate(2).await.expect("it fits");
    for customer in ["u1", "u2"] {
        let answer = versions.check_in(customer, 0, json!({"fault": 2})).await;
        assert_eq!(answer.put_off[0].why, WhyPutOff::Fault);
    }
    assert_eq!(versions.active(), 1);
    versions.host.clock.set(at("2026-03-02T02:00:00Z"));
    wait_for(async || versions.host.grants("u1").await.len() == 1 && versions.host.grants("u2").await.len() == 1).await;
}

#[tokio::test]
async fn a_bad_candidate_is_no_longer_tried() {
    let settings = json!({"fault_threshold": {"percent": 10, "window": 10}});
    let versions = Versions::start(Host::in_memory(), settings).await;
    for mode in [RolloutMode::Shadow, RolloutMode::Canary { percent: 100 }] {
        versions.try_as(2, mode).await.expect("it can be tried");
        let minute = u32::from(mode != RolloutMode::Shadow);
        versions.check_in("u1", minute, json!({"fault": 2})).await;
        assert!(versions.campaign().rollout.is_none());
        assert_eq!((versions.active(), versions.campaign().lifecycle), (1, Lifecycle::Running));
    }
    assert_eq!(versions.counted("u1", 2).await.0, 1);
}

#[tokio::test]
async fn a_stopped_version_decides_nowhere() {
    let versions = Versions::in_memory().await;
    let service = &versions.host.service;
    versions.counted("u1", 0).await;
    versions.activate(2).await.expect("it fits");
    service.run(StopPolicy { policy: versions.digests[1], reason: "pays twice".into() }).await.expect("it is stopped");
    assert_eq!(versions.counted("u1", 1).await, (1, key(2)), "back to the last good one");
    let refused = versions.activate(2).await.expect_err("it is stopped");
    assert!(matches!(refused, ControlError::Stopped { .. }), "{refused}");
    service.run(StopPolicy { policy: versions.digests[0], reason: "pays thrice".into() }).await.expect("it is stopped");
    assert_eq!(versions.campaign().lifecycle, Lifecycle::Running);
    let kept = versions.check_in("u1", 2, json!({})).await;
    assert_eq!(kept.put_off.len(), 1, "events are kept");
    service.run(AllowPolicy(versions.digests[0])).await.expect("it is allowed");
    wait_for(async || versions.host.grants("u1").await.len() == 3).await;
    assert_eq!(versions.counted("u1", 3).await, (1, key(4)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn swaps_under_load_lose_nothing_and_mix_nothing() {
    let versions = Arc::new(Versions::in_memory().await);
    let sender = Arc::clone(&versions);
    let sending = tokio::spawn(async move {
        let mut decided = [0_usize; 4];
        // Swaps may keep step with requests for a while, so that one version gets all of them.
        for minute in 0..60 {
            if minute >= 12 && decided[0] > 0 && decided[1] > 0 {
                break;
            }
            let events = (0..200).map(|number| at_minute(&format!("u{number}"), minute, json!({}))).collect();
            for result in sender.host.send(events).await {
                let EventResult::Admitted(answer) = result else { panic!("{result:?}") };
                let (version, count) = sender.told(&answer.decisions[0]);
                assert_eq!(count, key(usize::try_from(minute).unwrap() + 1), "the count goes on whoever decides");
                decided[version - 1] += 1;
            }
        }
        decided
    });
    let mut swaps = 0;
    while !sending.is_finished() {
        versions.activate(1 + (swaps + 1) % 2).await.expect("it fits");
        swaps += 1;
        tokio::time::sleep(Duration::from_millis(1 + swaps as u64 % 3)).await;
    }
    let decided = sending.await.expect("no request fails");
    assert!(decided.iter().sum::<usize>() >= 2_400);
    assert!(swaps > 5 && decided[0] > 0 && decided[1] > 0, "{swaps} swaps, {decided:?}");
    assert_eq!(versions.campaign().activations.active.number as usize, swaps + 1);
}
