//! Versions: activations, rollouts, states that are stuck, stops, migrations.

use largesse_domain::activation::{Activation, ActivationCause, NextActivation};
use largesse_domain::decision::{Evaluation, Fault, FaultKind, Output};
use largesse_domain::facts::{Rows, State};
use largesse_domain::id::{DecisionId, Digest};
use largesse_domain::json::Json;
use largesse_domain::key::StateKey;
use largesse_domain::migration::{Migration, StuckState};
use largesse_domain::owner::Owner;
use largesse_domain::protection::Stop;
use largesse_domain::rollout::{Rollout, RolloutMode, ShadowDifference, Side, Tally, TallyKey};

use super::fixtures::{at, campaign, decision, event, id};
use crate::{Batch, Store, VersionChanges};

fn digest(byte: u8) -> Digest {
    Digest::from_bytes([byte; 32])
}

fn write(store: &dyn Store, versions: VersionChanges) {
    store.commit(&Batch { versions, ..Batch::default() }).unwrap();
}

fn activation(number: u32) -> Activation {
    Activation { number, policy: digest(2), revisions: vec![1, 2], at: at(5), cause: ActivationCause::Chosen }
}

/// What decides, what can be gone back to and what is tried is kept with the campaign; every activation is kept beside.
pub fn versions_at_work_are_kept(store: &dyn Store) {
    let mut spring = campaign("spring");
    spring.activations.activate(
        NextActivation { policy: digest(2), revisions: vec![1, 2], at: at(5), cause: ActivationCause::Chosen },
        true,
    );
    spring.rollouts = 3;
    for mode in [RolloutMode::Canary { percent: 7 }, RolloutMode::Shadow] {
        spring.rollout = Some(Rollout { number: 3, policy: digest(3), revisions: vec![2], mode, since: at(6) });
        let activations = [1, 2, 3].map(|number| (spring.id.clone(), activation(number)));
        let versions = VersionChanges { activations: activations.to_vec(), ..VersionChanges::default() };
        store.commit(&Batch { campaigns: vec![spring.clone().into()], versions, ..Batch::default() }).unwrap();
        assert_eq!(store.campaigns().unwrap(), [spring.clone()]);
    }
    let numbers = |before, limit| {
        let found = store.activations(&spring.id, before, limit).unwrap();
        found.into_iter().map(|activation| activation.number).collect::<Vec<_>>()
    };
    assert_eq!((numbers(u32::MAX, 9), numbers(3, 1), numbers(1, 9)), (vec![3, 2, 1], vec![2], vec![]));
    assert_eq!(store.activations(&spring.id, 3, 1).unwrap(), [activation(2)]);
    assert_eq!(store.activations(&id("autumn"), u32::MAX, 9).unwrap(), []);
}

/// Counts are as they were written last; differences are kept once, and listed page by page.
pub fn rollouts_are_counted(store: &dyn Store) {
    let key = |rollout, side| TallyKey { campaign: id("spring"), rollout, side };
    let tally = |decisions| Tally { decisions, faulted: 1, fuel: u64::from(u32::MAX) * 9, ..Tally::default() };
    for decisions in [4, 5] {
        let tallies = vec![(key(1, Side::Candidate), tally(decisions)), (key(2, Side::Active), tally(9))];
        write(store, VersionChanges { tallies, ..VersionChanges::default() });
    }
    assert_eq!(store.tallies(&id("spring"), 1).unwrap(), [(Side::Candidate, tally(5))]);
    assert_eq!(store.tallies(&id("spring"), 2).unwrap(), [(Side::Active, tally(9))]);
    assert_eq!(store.tallies(&id("spring"), 3).unwrap(), []);

    let events: Vec<_> = (1..=3).map(event).collect();
    let decisions = events.iter().zip(1..).map(|(event, number)| decision(number, event).into()).collect();
    let fault = Fault { kind: FaultKind::Trap, detail: "é".into() };
    let candidate = Evaluation { output: Output::Fault(fault), fuel: 7, log: "said\n".into() };
    let difference = |decision| ShadowDifference {
        campaign: id("spring"),
        rollout: 1,
        decision: DecisionId(decision),
        candidate: candidate.clone(),
    };
    let differences = [1, 2, 3].map(difference).to_vec();
    let versions = VersionChanges { differences: differences.clone(), ..VersionChanges::default() };
    let campaigns = vec![campaign("spring").into()];
    store.commit(&Batch { events, decisions, campaigns, versions: versions.clone(), ..Batch::default() }).unwrap();
    write(store, versions);
    let found = |rollout, after, limit| store.differences(&id("spring"), rollout, DecisionId(after), limit).unwrap();
    assert_eq!(found(1, 0, 9), differences);
    assert_eq!((found(1, 1, 1), found(2, 0, 9)), (vec![differences[1].clone()], vec![]));
}

/// A state is listed as stuck for as long as it is in the version that could not be read, and for the policy that could not.
pub fn stuck_states_are_listed(store: &dyn Store) {
    let owners = [Owner::Party(id("u1")), Owner::Party(id("u2")), Owner::Entity(id("u0"))];
    let key = |owner: &Owner| StateKey { campaign: id("spring"), owner: owner.clone() };
    let state = |written_as| State { written_as, value: Json::from_checked("{\"a\" :1}") };
    let put = |owner: &Owner, written_as| {
        let states = vec![(key(owner), Some(state(written_as)))];
        store.commit(&Batch { rows: Rows { states, ..Rows::default() }, ..Batch::default() }).unwrap();
    };
    owners.iter().zip([1, 1, 2]).for_each(|(owner, version)| put(owner, version));
    assert_eq!(store.state_versions(&id("spring")).unwrap(), [(1, 2), (2, 1)]);
    assert_eq!(store.state_versions(&id("autumn")).unwrap(), []);
    let other = |written_as, after, limit| store.states_other_than(&id("spring"), written_as, after, limit).unwrap();
    assert_eq!(other(2, None, 9), [(owners[0].clone(), state(1)), (owners[1].clone(), state(1))]);
    assert_eq!(other(3, Some(&owners[0]), 1), [(owners[1].clone(), state(1))]);
    assert_eq!(other(3, Some(&owners[1]), 9), [(owners[2].clone(), state(2))]);
    assert_eq!(other(3, Some(&owners[2]), 9), []);

    let stuck = |why: &str| StuckState { policy: digest(2), written_as: 1, why: why.into(), at: at(7) };
    let stuck_now = |why: &str| owners[..2].iter().map(|owner| (key(owner), stuck(why))).collect::<Vec<_>>();
    for why in ["too old", "far too old"] {
        write(store, VersionChanges { stuck: stuck_now(why), ..VersionChanges::default() });
    }
    let listed = |policy, after, limit| store.stuck_states(&id("spring"), &policy, after, limit).unwrap();
    assert_eq!(listed(digest(2), None, 9), stuck_now("far too old"));
    assert_eq!(listed(digest(2), Some(&owners[0]), 9), stuck_now("far too old")[1..]);
    assert_eq!((listed(digest(2), None, 1).len(), listed(digest(3), None, 9)), (1, vec![]));
    put(&owners[0], 2);
    assert_eq!(listed(digest(2), None, 9), stuck_now("far too old")[1..]);
}

/// A stop holds until it is lifted; of a campaign's migrations the last is kept.
pub fn stops_and_migrations_are_kept(store: &dyn Store) {
    let stop = |reason: &str| Some(Stop { reason: reason.into(), at: at(3) });
    let stops = vec![(digest(1), stop("pays twice")), (digest(2), stop("loops")), (digest(1), stop("pays thrice"))];
    write(store, VersionChanges { stops, ..VersionChanges::default() });
    write(store, VersionChanges { stops: vec![(digest(2), None), (digest(3), None)], ..VersionChanges::default() });
    assert_eq!(store.stops().unwrap(), [(digest(1), stop("pays thrice").unwrap())]);

    let begun = Migration {
        campaign: id("spring"),
        policy: digest(2),
        started: at(1),
        states: 9,
        migrated: 0,
        failed: 0,
        after: None,
        ended: None,
    };
    let carried_on = Migration { migrated: 3, failed: 1, after: Some(Owner::Entity(id("u0"))), ..begun.clone() };
    let other =
        Migration { campaign: id("autumn"), after: Some(Owner::Party(id("u0"))), ended: Some(at(4)), ..begun.clone() };
    let migrations = vec![begun, carried_on.clone(), other.clone()];
    write(store, VersionChanges { migrations, ..VersionChanges::default() });
    assert_eq!(store.migrations().unwrap(), [other, carried_on]);
}
